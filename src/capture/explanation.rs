//! Explaining: which states of the endpoint can have sent what was captured.
//!
//! Each end is followed by itself. A hypothesis is a state of [`Endpoint`], the one that the checker explores. What the
//! end may have received, a call of its application and its timers move hypotheses; a packet that it has sent leaves
//! those that send just this. A packet that leaves none is one that no path of the model explains.

use super::connection::{Connection, Side};
use super::cost;
use super::follower::Follower;
use super::hypothesis::{Cause, Change, Hypotheses, Hypothesis, TooMany};
use super::sending::{is_probe, repeats_last};
use super::unexplained::{Unexplained, Why};
use crate::tcp::{Endpoint, Segment, State};

/// From this on, in nanoseconds, a silence tells something: what is unacknowledged would have been sent again.
pub(super) const SILENCE: i64 = 3_000_000_000;

/// An end with more unexplained packets than this is not followed any further: nothing more is learnt.
const MOST_STRAYS: usize = 100;
/// What the model makes of one end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The simplest account of the states that it went through; empty if no packet of it was captured.
    pub changes: Vec<Change>,
    /// How it became CLOSED, by the simplest account.
    pub end: Option<Endpoint>,
    /// Other states in which it may be at the end, if one packet was lost on its way.
    pub possibly: Vec<State>,
    /// The first packet that is not explained.
    pub unexplained: Option<Unexplained>,
    /// The index of the packet at which there were too many possibilities.
    pub too_many: Option<usize>,
    /// Packets that are no part of the model and were passed over: keep-alives and probes of a closed window.
    pub passed_over: usize,
    /// Numbers that it has used for text, or for a FIN, that is neither captured nor acknowledged: it was lost before it
    /// came to where packets are captured.
    pub lost: u32,
    /// How many packets are not explained.
    strays: usize,
}

impl Explanation {
    /// The state at the end, by the simplest account.
    #[must_use]
    pub fn state(&self) -> Option<State> {
        self.changes.last().map(|change| change.state)
    }

    /// The state in which the end was just before it sent or received the packet with this index.
    #[must_use]
    pub fn state_before(&self, index: usize) -> Option<State> {
        let is_before = |change: &&Change| match change.cause {
            Cause::Start => true,
            Cause::Sent => change.index < index,
            Cause::Received(captured) => change.index < index || captured < index,
            // What was not seen came before the packet that shows it.
            _ => change.index <= index,
        };
        self.changes.iter().take_while(is_before).last().map(|change| change.state)
    }
}

/// Follows one end through the closing phase.
///
/// The explanation is empty if nothing of the end was captured, or if the connection was never established: the model
/// begins at ESTABLISHED. `silence` is how long, in nanoseconds, the capture goes on after the last packet.
#[must_use]
pub fn explain(connection: &Connection, side: Side, silence: i64) -> Explanation {
    let mut explanation = Explanation::default();
    if connection.sent(side) == 0 || !connection.is_established() {
        return explanation;
    }
    let mut follower = Follower::new(connection, side);
    explanation.lost = follower.lost;
    let mut hypotheses = follower.beginning();
    let mut last_sent = None;
    for (index, packet) in connection.packets.iter().enumerate() {
        if packet.from != side {
            follower.peer.hear(&packet.segment);
        }
        // The handshake is no part of the model, and who repeats its SYN is still in it.
        if packet.segment.flags.syn {
            continue;
        }
        let step = if packet.from == side {
            last_sent = Some(index);
            let mut step = follower.sent(&hypotheses, index, &packet.segment);
            if let Ok(Step::Stray(unexplained)) = &step {
                explanation.unexplained.get_or_insert_with(|| unexplained.clone());
                explanation.strays += 1;
            }
            // The capture may have missed something of either end.
            for _ in 0..2 {
                if let Ok(Step::Stray(unexplained)) = &step
                    && follower.suppose_missed(unexplained.why, &packet.segment)
                {
                    step = follower.sent(&hypotheses, index, &packet.segment);
                }
            }
            step.map(|step| match step {
                Step::Explained(next) => {
                    explanation.passed_over +=
                        usize::from(follower.is_keep_alive(&hypotheses, index, &packet.segment));
                    next
                }
                Step::Copy | Step::Stray(_) => hypotheses.clone(),
            })
        } else {
            if packet.segment.flags.fin {
                hypotheses.doubt_unanswered_fin(last_sent);
            }
            follower.received(&hypotheses, index, &packet.segment)
        };
        if explanation.strays > MOST_STRAYS {
            break;
        }
        if let Ok(next) = step {
            hypotheses = next;
        } else {
            explanation.too_many = Some(index);
            break;
        }
    }
    let is_silent = silence >= SILENCE;
    if is_silent {
        hypotheses.doubt_unanswered_fin(last_sent);
    }
    if let Some(best) = hypotheses.best() {
        explanation.changes.clone_from(&best.path);
        explanation.end = Some(best.endpoint.clone());
        for hypothesis in &hypotheses.0 {
            let state = hypothesis.endpoint.state;
            let close = hypothesis.cost <= best.cost + cost::LATE && state != best.endpoint.state;
            // Who has something unacknowledged would have sent it again by now.
            let would_be_heard = is_silent && hypothesis.endpoint.fin_sent && !hypothesis.endpoint.fin_acked();
            if close && !would_be_heard && !explanation.possibly.contains(&state) {
                explanation.possibly.push(state);
            }
        }
    }
    explanation
}

/// What a packet that an end has sent makes of what is believed of it.
enum Step {
    /// This is believed then.
    Explained(Hypotheses),
    /// It is a reset that was captured before.
    Copy,
    /// No path of the model explains it.
    Stray(Unexplained),
}

impl Follower<'_> {
    /// The end has sent this.
    fn sent(&self, hypotheses: &Hypotheses, index: usize, segment: &Segment) -> Result<Step, TooMany> {
        let possible = self.with_silent_steps(hypotheses, index)?;
        let mut next = Hypotheses::default();
        for hypothesis in &possible.0 {
            let ways = if segment.flags.rst {
                self.ways_to_reset(hypothesis, segment, index)
            } else {
                self.ways_to_send(hypothesis, segment, index)
            };
            for way in ways {
                next.add(way)?;
            }
        }
        if !next.0.is_empty() {
            return Ok(Step::Explained(next));
        }
        let is_copy = self.own.resets.iter().any(|(first, reset)| *first < index && reset == segment);
        Ok(if is_copy { Step::Copy } else { Step::Stray(self.unexplained(hypotheses, index, segment)) })
    }

    /// What is missing was acknowledged: the capture has missed it, and it is taken as sent from here on, so that what
    /// follows can be explained.
    fn suppose_missed(&mut self, why: Why, segment: &Segment) -> bool {
        match why {
            Why::Missed(next) => {
                self.own.suppose_missed(next, segment.seq);
                self.missed = Some(segment.seq);
                true
            }
            Why::AcknowledgesUnseen(seen) => {
                self.peer.suppose_missed(seen, segment.ack);
                true
            }
            _ => false,
        }
    }

    /// RFC 9293 §3.8.4, §3.8.6.1: a keep-alive or a probe of a closed window repeats, at most, the last octet, which is
    /// acknowledged already.
    fn is_keep_alive(&self, hypotheses: &Hypotheses, index: usize, segment: &Segment) -> bool {
        let repeats = |hypothesis: &Hypothesis| {
            repeats_last(&hypothesis.endpoint, segment)
                && (segment.len == 0 || self.peer.acknowledged_before(hypothesis.endpoint.snd_nxt, index))
        };
        !segment.flags.rst && is_probe(segment) && hypotheses.best().is_some_and(repeats)
    }
}
