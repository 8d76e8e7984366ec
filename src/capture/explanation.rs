//! Explaining: which states of the endpoint can have sent what was captured.
//!
//! Each end is followed by itself. A hypothesis is a state of [`Endpoint`], the one that the checker explores.
//! What the end may have received, a call of its application and its timers move hypotheses; a packet that it has
//! sent leaves those that send just this. A packet that leaves none is one that no path of the model explains.

use super::captured_packet::{Packet, Side};
use super::connection::Connection;
use super::cost;
use super::follower::Follower;
use super::hypothesis::{Cause, Change, ClosedBefore, Hypotheses, Hypothesis, TooMany};
use super::sending::{is_probe, repeats_last};
use super::unexplained::{Unexplained, Why};
use crate::tcp::{Endpoint, Segment, Seq, State};

/// From this on, in nanoseconds, a silence is evidence: unacknowledged numbers would have been sent again.
pub(super) const SILENCE_NANOSECONDS: i64 = 3_000_000_000;

/// An end with more unexplained packets than this is not followed any further: nothing more is learnt.
const MOST_STRAYS: usize = 100;
/// RFC 7323 §2.2: no more octets than these are on their way.
const LARGEST_WINDOW: u32 = 1 << 30;

/// What the model makes of one end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The simplest account of the states that it went through; empty if no packet of it was captured.
    pub changes: Vec<Change>,
    /// How it became CLOSED, by the simplest account.
    pub end: Option<Endpoint>,
    /// Other states in which it may be at the end, if one packet was lost on its way.
    pub possibly: Vec<State>,
    /// Other accounts, in which an end had closed before the capture began, if that does not show whether it had.
    pub closed_before: Vec<ClosedBefore>,
    /// The first packet that is not explained.
    pub unexplained: Option<Unexplained>,
    /// The index of the packet at which there were too many possibilities.
    pub too_many: Option<usize>,
    /// Packets that are no part of the model and were passed over: keep-alives and probes of a closed window.
    pub passed_over: usize,
    /// Numbers that it has used for text, or for a FIN, that is neither captured nor acknowledged: it was lost
    /// before it came to where packets are captured.
    pub lost: u32,
    /// Numbers that it has used, that the other end has acknowledged, and that the capture has missed.
    pub missed: u32,
    /// The same of the other end, as this end's acknowledgments show.
    pub missed_of_peer: u32,
    /// By the simplest account, the end and the other had closed before the capture began.
    had_closed: (bool, bool),
    /// How many packets are not explained.
    strays: usize,
}

impl Explanation {
    fn note_stray(&mut self, unexplained: Unexplained) {
        self.unexplained.get_or_insert(unexplained);
        self.strays += 1;
    }

    /// Whether the change with this number follows the packet that stands beside it; if not, that packet only
    /// shows what came before. A change that no packet shows follows one all the same that the end has sent
    /// itself: it is the answer to that.
    #[must_use]
    pub fn follows_its_packet(&self, number: usize) -> bool {
        let Some(change) = self.changes.get(number) else { return false };
        let before = number.checked_sub(1).and_then(|before| self.changes.get(before));
        let answers = before.is_some_and(|one| one.cause == Cause::Sent && one.index == change.index);
        matches!(change.cause, Cause::Sent | Cause::Received(_)) || answers
    }

    /// The state at the end, by the simplest account.
    #[must_use]
    pub fn state(&self) -> Option<State> {
        self.changes.last().map(|change| change.state)
    }

    /// The states at the end by the accounts of [`Explanation::closed_before`], as far as they are others.
    #[must_use]
    pub fn states_if_closed_before(&self) -> Vec<State> {
        let mut states = Vec::new();
        for change in self.closed_before.iter().filter_map(|account| account.changes.last()) {
            if Some(change.state) != self.state() && !states.contains(&change.state) {
                states.push(change.state);
            }
        }
        states
    }

    /// By some account, the end itself had sent its FIN before the capture began.
    #[must_use]
    pub fn may_have_closed_before(&self) -> bool {
        self.had_closed.0 || self.closed_before.iter().any(|account| account.own)
    }

    /// By some account, the other end had.
    #[must_use]
    pub fn peer_may_have_closed_before(&self) -> bool {
        self.had_closed.1 || self.closed_before.iter().any(|account| account.peers)
    }

    /// The state in which the end was just before it sent or received the packet with this index.
    #[must_use]
    pub fn state_before(&self, index: usize) -> Option<State> {
        state_before(&self.changes, index)
    }
}

/// The state in which an end was by this account, just before it sent or received the packet with this index.
#[must_use]
pub fn state_before(path: &[Change], index: usize) -> Option<State> {
    let is_before = |change: &&Change| match change.cause {
        Cause::Start => true,
        Cause::Sent => change.index < index,
        Cause::Received(captured) => change.index < index || captured < index,
        // An unseen change came before the packet that shows it.
        _ => change.index <= index,
    };
    path.iter().take_while(is_before).last().map(|change| change.state)
}

/// Follows one end through the closing phase.
///
/// The explanation is empty if nothing of the end was captured, or if the connection was never established: the
/// model begins at ESTABLISHED. `end` is when the capture ends, in nanoseconds since 1970.
///
/// ```
/// use lastack::capture::{Capture, Side, explain};
///
/// let file = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures/half-close.pcap"));
/// let capture = Capture::read(&file[..]);
/// let [a, b] = Side::BOTH.map(|side| explain(&capture.connections[0], side, capture.end));
/// assert!(a.unexplained.is_none() && b.unexplained.is_none());
/// println!("{:?} and {:?}", a.state(), b.state());
/// ```
#[must_use]
pub fn explain(connection: &Connection, side: Side, end: i64) -> Explanation {
    let mut explanation = Explanation::default();
    if connection.sent(side) == 0 || !connection.is_established() {
        return explanation;
    }
    let mut follower = Follower::new(connection, side);
    explanation.lost = follower.lost;
    let mut hypotheses = follower.beginning();
    let mut efforts = Efforts::default();
    let mut acked: Option<Seq> = None;
    for (index, packet) in connection.packets.iter().enumerate() {
        if packet.from != side {
            follower.peer.hear(&packet.segment);
        }
        // The handshake is no part of the model, and who repeats its SYN is still in it.
        if packet.segment.flags.syn {
            continue;
        }
        if efforts.cease_by(packet.time) && !efforts.is_cut_off() {
            hypotheses.doubt_not_sent_again();
        }
        let step = if packet.from == side {
            if packet.segment.flags.ack {
                acked = Some(acked.map_or(packet.segment.ack, |known| known.max(packet.segment.ack)));
            }
            efforts.add(packet);
            follower.explain_sent(&hypotheses, index, packet, &mut explanation)
        } else {
            efforts.fins_since += u32::from(packet.segment.flags.fin);
            if packet.segment.flags.fin && !connection.is_filtered() {
                hypotheses.doubt_unanswered_fin(acked);
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
    hypotheses = follower.with_last_arrivals(&hypotheses).unwrap_or(hypotheses);
    if end.saturating_sub(connection.last.1) >= SILENCE_NANOSECONDS && !connection.is_filtered() {
        hypotheses.doubt_unanswered_fin(acked);
    }
    if efforts.cease_by(end) && !efforts.is_cut_off() {
        hypotheses.doubt_not_sent_again();
    }
    if let Some(best) = hypotheses.best() {
        explanation.changes.clone_from(&best.path);
        explanation.end = Some(best.endpoint.clone());
        for hypothesis in &hypotheses.0 {
            let state = hypothesis.endpoint.state;
            let is_close = hypothesis.cost <= best.cost + cost::MARGIN && state != best.endpoint.state;
            if is_close && !explanation.possibly.contains(&state) {
                explanation.possibly.push(state);
            }
        }
        if connection.begins_late() {
            let is_fin = |packet: &Packet| packet.from != side && packet.segment.flags.fin;
            let peers_fin_is_captured = connection.packets.iter().any(is_fin);
            let ClosedBefore { own, peers, .. } = best.closed_before(peers_fin_is_captured);
            explanation.had_closed = (own, peers);
            explanation.closed_before = hypotheses.closed_before(best, peers_fin_is_captured);
        }
    }
    explanation
}

/// When an end has sent what is unacknowledged: text or its FIN.
#[derive(Debug, Default)]
struct Efforts {
    /// The last number of what was sent last, and when that was sent first and last.
    last: Option<(Seq, i64, i64)>,
    /// How often it was sent.
    times: u32,
    /// Its silence was noticed.
    is_noticed: bool,
    /// How often the other end has sent a FIN since this one was heard.
    fins_since: u32,
}

impl Efforts {
    /// An end that has sent the same more often may have given up.
    const BEFORE_GIVING_UP: u32 = 4;

    /// A FIN that comes again and again would have been answered: what this end sends does not get as far as to
    /// where packets are captured, or the end is gone. That it sends nothing again is no evidence then.
    fn is_cut_off(&self) -> bool {
        self.fins_since > 1
    }

    fn add(&mut self, packet: &Packet) {
        self.fins_since = 0;
        let segment = &packet.segment;
        if segment.sequence_length() == 0 || segment.flags.rst {
            return;
        }
        let end = segment.seq + segment.sequence_length();
        let first = self.last.filter(|(known, ..)| *known == end).map(|(_, first, _)| first);
        self.times = if first.is_some() { self.times + 1 } else { 1 };
        self.last = Some((end, first.unwrap_or(packet.time), packet.time));
        self.is_noticed = false;
    }

    /// By this time it would have sent the same again, and has not; true once.
    ///
    /// RFC 6298 §5.5: the time to the next doubles, and is then as long as all those before and one more.
    fn cease_by(&mut self, time: i64) -> bool {
        let Some((_, first, last)) = self.last else { return false };
        let patience = last.saturating_sub(first).max(0).saturating_mul(2).saturating_add(SILENCE_NANOSECONDS);
        let ceases = time.saturating_sub(last) >= patience && self.times < Self::BEFORE_GIVING_UP;
        ceases && !std::mem::replace(&mut self.is_noticed, true)
    }
}

/// The hypotheses about an end after a packet that it has sent.
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

    /// Updates the hypotheses when the end has sent this packet; if it is not explained, that is noted.
    fn explain_sent(
        &mut self,
        hypotheses: &Hypotheses,
        index: usize,
        packet: &Packet,
        explanation: &mut Explanation,
    ) -> Result<Hypotheses, TooMany> {
        let segment = &packet.segment;
        let mut step = self.sent(hypotheses, index, segment)?;
        // The capture may have missed something of either end.
        for _ in 0..2 {
            let Step::Stray(unexplained) = &step else { break };
            let why = unexplained.why;
            match self.missed_before(why, segment, index) {
                Some((own, peers)) => {
                    explanation.missed += own;
                    explanation.missed_of_peer += peers;
                }
                None if matches!(why, Why::Missed(_)) => explanation.note_stray(unexplained.clone()),
                None => break,
            }
            self.suppose_missed(why, segment);
            step = self.sent(hypotheses, index, segment)?;
        }
        Ok(match step {
            Step::Explained(next) => {
                explanation.passed_over += usize::from(self.is_keep_alive(hypotheses, index, segment));
                next
            }
            Step::Copy => hypotheses.clone(),
            Step::Stray(unexplained) => {
                explanation.note_stray(unexplained);
                hypotheses.clone()
            }
        })
    }

    /// The missing numbers were acknowledged: the capture has missed them, and they count as sent from here on, so
    /// that what follows can be explained.
    fn suppose_missed(&mut self, why: Why, segment: &Segment) {
        match why {
            Why::Missed(next) => {
                self.own.suppose_missed(next, segment.seq);
                self.missed = Some(segment.seq);
            }
            Why::AcknowledgesUnseen(seen) => self.peer.suppose_missed(seen, segment.ack),
            _ => {}
        }
    }

    /// How many numbers of the end and of its peer the capture has missed, if that is why the packet is not
    /// explained.
    ///
    /// A gap contradicts nothing. What does: a FIN one number late, which the peer waits for; and an
    /// acknowledgment of what the peer has never sent, as its FIN or its own numbers show.
    fn missed_before(&self, why: Why, segment: &Segment, index: usize) -> Option<(u32, u32)> {
        match why {
            Why::Missed(next) => {
                let end = segment.seq + segment.sequence_length();
                let is_late_fin = segment.flags.fin && segment.seq == next + 1 && self.acknowledged + 1 == end;
                (!is_late_fin).then(|| (self.own.missing(next, segment.seq), 0))
            }
            Why::AcknowledgesUnseen(seen) => {
                let numbers = segment.ack.since(seen);
                let peers = || {
                    let packets = self.connection.packets.iter().enumerate();
                    packets.filter(|(_, packet)| packet.from != self.side && !packet.segment.flags.rst)
                };
                let end = |packet: &Packet| packet.segment.seq + packet.segment.sequence_length();
                let beyond_fin =
                    peers().any(|(_, packet)| packet.segment.flags.fin && end(packet).precedes(segment.ack));
                let later = peers().filter(|(at, _)| *at > index).map(|(_, packet)| end(packet)).reduce(Seq::max);
                let is_unsent = later.is_some_and(|later| (later + u32::from(numbers > 1)).precedes(segment.ack));
                let is_gap = numbers < LARGEST_WINDOW && !beyond_fin && !is_unsent;
                is_gap.then(|| (0, self.peer.log.missing(seen, segment.ack)))
            }
            _ => None,
        }
    }

    /// RFC 9293 §3.8.4, §3.8.6.1: a keep-alive or a probe of a closed window repeats, at most, the last octet,
    /// which is acknowledged already.
    fn is_keep_alive(&self, hypotheses: &Hypotheses, index: usize, segment: &Segment) -> bool {
        let repeats = |hypothesis: &Hypothesis| {
            repeats_last(&hypothesis.endpoint, segment)
                && (segment.len == 0 || self.peer.acknowledged_before(hypothesis.endpoint.snd_nxt, index))
        };
        !segment.flags.rst && is_probe(segment) && hypotheses.best().is_some_and(repeats)
    }
}
