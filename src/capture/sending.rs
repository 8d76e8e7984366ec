//! The ways in which an end may have sent a packet.

use super::captured_packet::Packet;
use super::cost;
use super::follower::{Follower, POLICY};
use super::hypothesis::{Cause, Hypothesis, before};
use super::peer::{OUT_OF_ORDER, Sent};
use crate::tcp::{Call, EndedBy, Endpoint, Flags, Segment, Seq, State, Timer};

/// No packet is captured later than this after its sender became CLOSED, in nanoseconds.
pub(super) const LATE_AT_MOST: i64 = 500_000_000;
/// A reset later than this, in nanoseconds, answers nothing that was captured before.
const ANSWERED_WITHIN: i64 = 1_000_000_000;

impl Follower<'_> {
    /// The hypotheses once everything has arrived that this acknowledgment covers.
    pub(super) fn acknowledging(&self, hypothesis: &Hypothesis, ack: Seq, index: usize) -> Vec<Hypothesis> {
        let endpoint = &hypothesis.endpoint;
        if !self.peer.is_uncaptured || endpoint.rcv_nxt == ack {
            let after = self.peer.caught_up(endpoint, ack, &POLICY);
            return after
                .map(|(after, cost)| hypothesis.then(&after, cost, index, Cause::Unseen))
                .into_iter()
                .collect();
        }
        // Text or FIN? A single octet is rarely sent.
        let alone = before(ack) == endpoint.rcv_nxt;
        let text = self.peer.caught_up(endpoint, ack, &POLICY);
        let text = text.map(|(after, _)| {
            hypothesis.then(&after, if alone { cost::SINGLE_OCTET } else { 0 }, index, Cause::Unseen)
        });
        // As a rule, a FIN acknowledges what was sent before.
        let fins = [(endpoint.snd_nxt, 0), (endpoint.snd_una, cost::OLD_ACK)].map(|(acknowledged, cost)| {
            let fin = Segment { flags: Flags::FIN_ACK, seq: before(ack), ack: acknowledged, len: 0 };
            let after = self.arrivals(endpoint, &fin, None).into_iter().find(|(after, _)| after.rcv_nxt == ack);
            after.map(|(after, _)| {
                hypothesis.then(
                    &after,
                    if alone { cost } else { cost::FIN_BEHIND_TEXT + cost },
                    index,
                    Cause::Unseen,
                )
            })
        });
        text.into_iter().chain(fins.into_iter().flatten()).collect()
    }

    /// The hypotheses once everything before `seq` was sent, some of it to be captured only later.
    pub(super) fn sending_from(&self, hypothesis: &Hypothesis, seq: Seq, index: usize) -> Vec<Hypothesis> {
        let next = hypothesis.endpoint.snd_nxt;
        if !next.precedes(seq) {
            return vec![hypothesis.clone()];
        }
        let mut ways = Vec::new();
        for (end, fin) in [(seq, false), (before(seq), true)] {
            let captured = self.own.has_text(next, end) && (!fin || self.own.fin_after(end, index));
            let mut after = hypothesis.endpoint.clone();
            if captured && send(&mut after, end, fin).is_some() {
                // Text or FIN? A single octet is rarely sent.
                let cost =
                    if !fin && before(seq) == next { cost::UNSEEN + cost::SINGLE_OCTET } else { cost::UNSEEN };
                ways.push(hypothesis.then(&after, cost, index, Cause::Unseen));
            }
        }
        ways
    }

    /// The hypotheses once everything before `seq` was sent, which the peer acknowledges though the capture lacks
    /// it.
    fn having_missed(&self, hypothesis: &Hypothesis, seq: Seq, index: usize) -> Option<Hypothesis> {
        let mut after = hypothesis.endpoint.clone();
        let is_acknowledged = !self.acknowledged.precedes(seq);
        (is_acknowledged && send(&mut after, seq, false).is_some())
            .then(|| hypothesis.then(&after, cost::UNSEEN, index, Cause::Unseen))
    }

    /// How the end may have sent a segment that is no reset.
    pub(super) fn ways_to_send(
        &self,
        hypothesis: &Hypothesis,
        segment: &Segment,
        index: usize,
    ) -> Vec<Hypothesis> {
        let Segment { flags, seq, ack, len } = *segment;
        let mut ways = Vec::new();
        if !flags.ack {
            return ways;
        }
        // The octet of a keep-alive or of a probe has the number of the FIN, if one was sent.
        let is_fin = |(captured, fin): &Sent| *captured < index && fin.seq == seq;
        if len == 1 && is_probe(segment) && self.own.fins.iter().any(is_fin) {
            return self.ways_to_send(hypothesis, &Segment { seq: seq + 1, len: 0, ..*segment }, index);
        }
        if ack.precedes(hypothesis.endpoint.rcv_nxt) {
            ways.extend(self.late(hypothesis, segment, index));
            return ways;
        }
        for hypothesis in self.acknowledging(hypothesis, ack, index) {
            for hypothesis in self.sending_from(&hypothesis, seq, index) {
                let mut after = hypothesis.endpoint.clone();
                let end = seq + len;
                let is_new = len > 0 && after.snd_nxt.precedes(end) || flags.fin && !after.fin_sent;
                let sent = if is_new {
                    send(&mut after, end, flags.fin)
                } else if len > 0 || flags.fin {
                    let again = after.on_timeout(Timer::Retransmission, &POLICY).segment;
                    again.filter(|_| was_sent(&after, segment))
                } else {
                    // That an ACK is due, or that a window is opened, is always possible.
                    after.ack_delayed = after.state != State::Closed;
                    let due = after.on_timeout(Timer::DelayedAck, &POLICY).segment;
                    due.filter(|due| due.seq == seq)
                };
                if sent.is_some_and(|sent| sent.ack == ack) {
                    ways.push(hypothesis.then(&after, 0, index, Cause::Sent));
                } else {
                    ways.extend(self.late(&hypothesis, segment, index));
                }
            }
        }
        ways
    }

    /// The hypotheses if the segment was sent before, and is captured late or once more.
    fn late(&self, hypothesis: &Hypothesis, segment: &Segment, index: usize) -> Option<Hypothesis> {
        let endpoint = &hypothesis.endpoint;
        if !was_sent(endpoint, segment) {
            return None;
        }
        let is_closed = endpoint.state == State::Closed;
        // A timer takes longer than a packet may be late.
        let is_timer =
            |cause: Cause| matches!(cause, Cause::TimeWait | Cause::FinWait2 | Cause::GaveUp | Cause::Start);
        let closed = hypothesis.path.last().filter(|change| !is_timer(change.cause));
        if is_closed && !closed.is_some_and(|change| self.is_soon(change.index, index)) {
            return None;
        }
        // Nobody sends a FIN again that is acknowledged.
        let is_over = segment.flags.fin && endpoint.fin_acked();
        if is_over && !self.has_just_sent_fin(index) {
            return None;
        }
        let cost = if is_closed || is_over { cost::AFTER_CLOSE } else { cost::LATE };
        Some(hypothesis.then(endpoint, cost, index, Cause::Sent))
    }

    /// The packet with the second index comes soon after the first.
    fn is_soon(&self, earlier: usize, later: usize) -> bool {
        self.time(later).saturating_sub(self.time(earlier)) <= LATE_AT_MOST
    }

    /// The end's FIN was captured soon before this, of which this may be a copy, or not at all yet.
    fn has_just_sent_fin(&self, index: usize) -> bool {
        let is_fin = |packet: &&Packet| packet.from == self.side && packet.segment.flags.fin;
        let mut earlier = self.connection.packets.range(..index).rev();
        // If packets were captured in another order than they were sent in, their times may show it.
        let time = self.time(index);
        let is_out_of_order = earlier.clone().take(OUT_OF_ORDER).any(|packet| packet.time > time);
        let last = earlier.find(is_fin);
        is_out_of_order || last.is_none_or(|fin| time.saturating_sub(fin.time) <= LATE_AT_MOST)
    }

    /// The reset has no ACK flag and comes at once after a segment that acknowledges its number, and was not
    /// answered.
    fn answers(&self, reset: &Segment, index: usize) -> bool {
        let Some(last) = index.checked_sub(1).and_then(|last| self.connection.packets.get(last)) else {
            return false;
        };
        // A bare ACK of what the end has just sent finds it there.
        let probes = last.segment.seq + 1 == self.peer.log.end.unwrap_or(last.segment.seq);
        !reset.flags.ack
            && (last.segment.sequence_length() > 0 || probes)
            && last.from != self.side
            && last.segment.flags.ack
            && !last.segment.flags.rst
            && last.segment.ack == reset.seq
            && self.time(index).saturating_sub(last.time) < ANSWERED_WITHIN
    }

    fn time(&self, index: usize) -> i64 {
        self.connection.packets.get(index).map_or(0, |packet| packet.time)
    }

    /// How the end may have sent a reset.
    pub(super) fn ways_to_reset(&self, hypothesis: &Hypothesis, reset: &Segment, index: usize) -> Vec<Hypothesis> {
        let endpoint = &hypothesis.endpoint;
        let mut ways = Vec::new();
        if endpoint.state == State::Closed {
            let anything = Segment { flags: Flags::ACK, seq: endpoint.rcv_nxt, ack: reset.seq, len: 0 };
            let is_unseen = self.peer.is_uncaptured && !endpoint.snd_nxt.precedes(reset.seq)
                || self.peer.acknowledged_long_ago(reset.seq);
            let unseen = is_unseen.then_some(&anything);
            for asked in self.peer.asked(reset, index).chain(unseen) {
                let answer = endpoint.clone().on_segment(asked, &POLICY).segment;
                if answer.is_some_and(|answer| is_reset_like(&answer, reset)) {
                    ways.push(hypothesis.then(endpoint, 0, index, Cause::Sent));
                }
            }
            // The reset of its abort may be captured late.
            if endpoint.ended_by == Some(EndedBy::Abort) && reset.seq == endpoint.snd_nxt {
                ways.push(hypothesis.then(endpoint, cost::LATE, index, Cause::Sent));
            }
            return ways;
        }
        let now = if reset.flags.ack {
            self.acknowledging(hypothesis, reset.ack, index)
        } else {
            vec![hypothesis.clone()]
        };
        let before = now.iter().flat_map(|hypothesis| {
            let ways = self.sending_from(hypothesis, reset.seq, index);
            if ways.is_empty() {
                self.having_missed(hypothesis, reset.seq, index).into_iter().collect()
            } else {
                ways
            }
        });
        for hypothesis in before {
            for call in [Call::Abort, Call::Close] {
                let mut after = hypothesis.endpoint.clone();
                let Endpoint { state, snd_nxt, rcv_nxt, .. } = after;
                let sent = after.on_call(call, &POLICY).segment;
                // RFC 9293 §3.10.5 lets an abort be silent once both have closed; 4.4BSD's `tcp_drop` does, and so
                // do others.
                let is_over = matches!(state, State::Closing | State::LastAck | State::TimeWait);
                let is_abort_after_close =
                    call == Call::Abort && is_over && (reset.seq, reset.ack) == (snd_nxt, rcv_nxt);
                if is_abort_after_close && reset.flags.ack {
                    ways.push(hypothesis.then(&after, cost::SAID_ABORT, index, Cause::Sent));
                }
                if sent.is_some_and(|sent| is_reset_like(&sent, reset)) {
                    let cost = if self.answers(reset, index) { cost::BARE_ABORT } else { 0 };
                    ways.push(hypothesis.then(&after, cost, index, Cause::Sent));
                }
            }
        }
        if endpoint.fin_sent {
            for asked in self.peer.asked(reset, index).filter(|asked| asked.len > 0 || asked.flags.fin) {
                let start = endpoint.rcv_nxt.max(asked.seq);
                // Text beyond a hole is as bad, and a FIN beyond one shows that there is text.
                let tells_of_text =
                    Segment { len: start.since(endpoint.rcv_nxt), seq: endpoint.rcv_nxt, ..*asked };
                let caught_up = self.peer.caught_up(endpoint, start, &POLICY);
                let (mut after, asked) = match caught_up {
                    Some((after, _)) => (after, asked),
                    None => (endpoint.clone(), &tells_of_text),
                };
                after.reader_gone = true;
                let answer = after.on_segment(asked, &POLICY).segment;
                if answer.is_some_and(|answer| is_reset_like(&answer, reset)) {
                    ways.push(hypothesis.then(&after, 0, index, Cause::Sent));
                }
            }
        }
        ways
    }
}

/// The end sends its new text up to `end`, and then its FIN, all in one segment. The endpoint sends the first
/// octet and the FIN; octets between them go along.
pub(super) fn send(endpoint: &mut Endpoint, end: Seq, fin: bool) -> Option<Segment> {
    let mut sent = None;
    if endpoint.snd_nxt.precedes(end) {
        sent = Some(endpoint.on_call(Call::Send, &POLICY).segment?);
        endpoint.snd_nxt = end;
    }
    if fin {
        if endpoint.snd_nxt != end {
            return None;
        }
        sent = Some(endpoint.on_call(Call::Shutdown, &POLICY).segment?);
    }
    sent
}

/// The segment repeats what the endpoint has sent before, or was sent before and is captured late.
fn was_sent(endpoint: &Endpoint, segment: &Segment) -> bool {
    let Segment { flags, seq, ack, len } = *segment;
    let end = seq + segment.sequence_length();
    if endpoint.snd_nxt.precedes(end) || endpoint.rcv_nxt.precedes(ack) {
        return false;
    }
    if flags.fin {
        return endpoint.fin_sent && end == endpoint.snd_nxt;
    }
    !endpoint.fin_sent || len == 0 || end != endpoint.snd_nxt
}

/// The segment has the number before the next, and everything up to that is acknowledged.
pub(super) fn repeats_last(endpoint: &Endpoint, segment: &Segment) -> bool {
    segment.seq + 1 == endpoint.snd_nxt && (endpoint.fin_acked() || !endpoint.fin_sent)
}

/// RFC 9293 §3.8.4, §3.8.6.1: a keep-alive or a probe has at most one octet.
pub(super) fn is_probe(segment: &Segment) -> bool {
    segment.len <= 1 && !segment.flags.fin
}

/// The captured reset is the one that the endpoint sends. RFC 9293 §3.10.5 writes that of an abort without an
/// acknowledgment; stacks add one.
pub(super) fn is_reset_like(sent: &Segment, captured: &Segment) -> bool {
    sent.flags.rst
        && sent.seq == captured.seq
        && (!sent.flags.ack || captured.flags.ack && sent.ack == captured.ack)
}
