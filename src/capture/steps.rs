//! The steps of an end without a captured packet of its own: it receives, its timers expire, it aborts unseen.

use super::captured_packet::Packet;
use super::cost;
use super::follower::{Follower, GIVES_UP, POLICY};
use super::hypothesis::{Cause, Hypotheses, Hypothesis, TooMany};
use super::peer::{OUT_OF_ORDER, is_old};
use super::sending::send;
use crate::tcp::{Call, Effects, Endpoint, Flags, Segment, Seq, State, Timer};

/// No stack leaves `TIME_WAIT`, or gives up `FIN_WAIT_2`, sooner than this, in nanoseconds.
const SHORTEST_TIMER: i64 = 500_000_000;

impl Follower<'_> {
    /// The peer's packet was captured: as a rule it arrives now, but it may be late or lost.
    pub(super) fn received(
        &self,
        hypotheses: &Hypotheses,
        index: usize,
        segment: &Segment,
    ) -> Result<Hypotheses, TooMany> {
        let mut next = Hypotheses::default();
        for hypothesis in &hypotheses.0 {
            let mut cost = 0;
            for (endpoint, unlikely) in self.arrivals(&hypothesis.endpoint, segment, Some(index)) {
                let after = hypothesis.then(&endpoint, unlikely, index, Cause::Received(index));
                if after.endpoint != hypothesis.endpoint {
                    next.add(after)?;
                    // If it is likely that it has arrived, it is unlikely that it has not.
                    cost = if unlikely == 0 { cost::LATE } else { cost };
                }
            }
            next.add(Hypothesis { cost: hypothesis.cost.saturating_add(cost), ..hypothesis.clone() })?;
        }
        Ok(next)
    }

    /// The endpoint after one of the peer's segments, if something comes of it but its text, which is not counted
    /// before the end acknowledges it; and what that costs. `captured` is the index of the packet, if it was
    /// captured.
    pub(super) fn arrivals(
        &self,
        endpoint: &Endpoint,
        segment: &Segment,
        captured: Option<usize>,
    ) -> Vec<(Endpoint, u32)> {
        let Segment { flags, seq, ack, len } = *segment;
        let mut all = Vec::new();
        if flags.rst {
            let caught_up = self.peer.caught_up(endpoint, seq, &POLICY);
            let (mut after, cost) = caught_up.unwrap_or_else(|| (endpoint.clone(), 0));
            arrive(&mut after, segment);
            all.push((after, cost));
            return all;
        }
        if flags.fin && !endpoint.fin_received {
            if let Some((mut after, cost)) = self.peer.caught_up(endpoint, seq + len, &POLICY) {
                arrive(&mut after, &Segment { seq: seq + len, len: 0, ..*segment });
                all.push((after, cost));
            }
            if all.iter().any(|(_, cost)| *cost == 0) {
                return all;
            }
            // Something before it is missing, but it acknowledges.
        }
        if endpoint.fin_sent && ack == endpoint.snd_nxt {
            let mut after = endpoint.clone();
            arrive(&mut after, &Segment { flags: Flags::ACK, seq: endpoint.rcv_nxt, ack, len: 0 });
            let overtakes = !endpoint.fin_received
                && captured.is_some_and(|captured| self.peer.overtakes_fin(endpoint, seq, captured));
            let is_late = is_old(segment, endpoint.rcv_nxt);
            all.push((after, if overtakes || is_late { cost::LATE } else { 0 }));
        }
        all
    }

    /// The hypotheses and all that they can become before the packet with this index, without a packet being
    /// captured.
    pub(super) fn with_silent_steps(&self, hypotheses: &Hypotheses, index: usize) -> Result<Hypotheses, TooMany> {
        let mut all = hypotheses.clone();
        let mut new = hypotheses.0.clone();
        while let Some(hypothesis) = new.pop() {
            for next in self.silent_steps(&hypothesis, index) {
                if next.endpoint != hypothesis.endpoint && all.add(next.clone())? {
                    new.push(next);
                }
            }
        }
        Ok(all)
    }

    /// The hypotheses when the capture is at its end, and all that is in flight has arrived: what is captured
    /// after an end's last segment may have arrived after that.
    pub(super) fn with_last_arrivals(&self, hypotheses: &Hypotheses) -> Result<Hypotheses, TooMany> {
        let end = self.connection.packets.len();
        let mut all = hypotheses.clone();
        let mut new = hypotheses.0.clone();
        while let Some(hypothesis) = new.pop() {
            let entered = hypothesis.path.last().map_or(0, |change| change.index);
            for (captured, segment, cost) in self.may_arrive(&hypothesis.endpoint, end) {
                for (after, unlikely) in self.arrivals(&hypothesis.endpoint, &segment, captured) {
                    let index = captured.unwrap_or(end).min(end.saturating_sub(1)).max(entered);
                    let cause = captured.map_or(Cause::Unseen, Cause::Received);
                    let next = hypothesis.then(&after, cost.max(unlikely), index, cause);
                    if next.endpoint != hypothesis.endpoint && all.add(next.clone())? {
                        new.push(next);
                    }
                }
            }
        }
        Ok(all)
    }

    /// The peer's segments from which something may come at `index`, the index of each packet if it was captured,
    /// and what it costs.
    fn may_arrive(&self, endpoint: &Endpoint, index: usize) -> Vec<(Option<usize>, Segment, u32)> {
        let acknowledged = self.peer.acknowledged(endpoint.snd_nxt, endpoint.rcv_nxt, index);
        let captured = self.peer.fins(index).chain(self.peer.resets(index)).copied().chain(acknowledged);
        let cost = |captured: usize| if captured > index { cost::UNSEEN } else { 0 };
        let is_supposed = |segment: &Segment| segment.flags.fin && self.peer.log.supposed_fin == Some(segment.seq);
        let mut all: Vec<_> = captured
            .map(|(captured, segment)| ((!is_supposed(&segment)).then_some(captured), segment, cost(captured)))
            .collect();
        let acknowledgment = Segment { flags: Flags::ACK, seq: endpoint.rcv_nxt, ack: endpoint.snd_nxt, len: 0 };
        if self.peer.is_uncaptured || self.connection.is_filtered() {
            all.push((None, acknowledgment, cost::LATE));
        }
        if self.peer.is_uncaptured {
            let fin = Segment { flags: Flags::FIN_ACK, ack: endpoint.snd_una, ..acknowledgment };
            let reset = Segment { flags: Flags::RST, ack: Seq(0), ..acknowledgment };
            all.extend([fin, reset].map(|segment| (None, segment, cost::UNSEEN)));
        }
        all
    }

    fn silent_steps(&self, hypothesis: &Hypothesis, index: usize) -> Vec<Hypothesis> {
        let endpoint = &hypothesis.endpoint;
        let mut steps = Vec::new();
        if endpoint.state == State::Closed {
            return steps;
        }
        for (captured, segment, cost) in self.may_arrive(endpoint, index) {
            let cause = captured.map_or(Cause::Unseen, Cause::Received);
            let arrivals = self.arrivals(endpoint, &segment, captured).into_iter();
            steps.extend(
                arrivals.map(|(after, unlikely)| hypothesis.then(&after, cost.max(unlikely), index, cause)),
            );
        }
        // A segment of the end itself may be captured later than the answer that it drew.
        let own = self.connection.packets.iter().skip(index + 1).take(OUT_OF_ORDER);
        for Packet { segment, .. } in own.filter(|packet| packet.from == self.side && !packet.segment.flags.syn) {
            let end = segment.seq + segment.len;
            let is_next = !endpoint.snd_nxt.precedes(segment.seq)
                && endpoint.snd_nxt.precedes(segment.seq + segment.sequence_length());
            let mut after = endpoint.clone();
            if is_next && send(&mut after, end, segment.flags.fin).is_some() {
                steps.push(hypothesis.then(&after, cost::UNSEEN, index, Cause::Unseen));
            }
        }
        let end = self.own.end.filter(|_| self.connection.begins_midway() || self.lost > 0);
        for end in [end, self.missed].into_iter().flatten().filter(|end| endpoint.snd_nxt.precedes(*end)) {
            steps.extend(self.sending_from(hypothesis, end, index));
        }
        let mut silently = |event: &dyn Fn(&mut Endpoint) -> Effects, cost, cause| {
            let mut after = endpoint.clone();
            event(&mut after);
            steps.push(hypothesis.then(&after, cost, index, cause));
        };
        if self.may_expire(hypothesis, index) {
            silently(&|endpoint| endpoint.on_timeout(Timer::TimeWait, &POLICY), cost::EXPIRED, Cause::TimeWait);
            silently(&|endpoint| endpoint.on_timeout(Timer::FinWait2, &POLICY), cost::EXPIRED, Cause::FinWait2);
        }
        // Nobody gives up whose text and FIN are acknowledged.
        if self.connection.progress(self.side).unacknowledged.is_some() {
            silently(
                &|endpoint| endpoint.on_timeout(Timer::Retransmission, &GIVES_UP),
                cost::GAVE_UP,
                Cause::GaveUp,
            );
        }
        // It shows in nothing but resets.
        if self.own.resets.iter().any(|(captured, _)| *captured >= index) {
            silently(&|endpoint| endpoint.on_call(Call::Abort, &POLICY), cost::GONE, Cause::Gone);
        }
        steps
    }
}

impl Follower<'_> {
    /// The end has been in its state for so long that a timer of seconds may have expired.
    fn may_expire(&self, hypothesis: &Hypothesis, index: usize) -> bool {
        let time = |index: usize| self.connection.packets.get(index).map(|packet| packet.time);
        let entered = hypothesis.path.last().filter(|change| change.cause != Cause::Start);
        let since = entered.and_then(|change| Some(time(index)?.saturating_sub(time(change.index)?)));
        since.is_none_or(|since| since >= SHORTEST_TIMER)
    }
}

/// The segment arrives. An acknowledgment of numbers that are acknowledged already is no news; the endpoint would
/// measure it against its constant window, which real connections scale.
fn arrive(endpoint: &mut Endpoint, segment: &Segment) {
    let known = endpoint.snd_una;
    let ack = if segment.flags.ack && segment.ack.precedes(known) { known } else { segment.ack };
    endpoint.on_segment(&Segment { ack, ..*segment }, &POLICY);
}
