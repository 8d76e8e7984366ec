//! Explaining: which states of the endpoint can have sent what was captured.
//!
//! Each end is followed by itself. A belief is a state of [`Endpoint`], the one that the checker explores. What the
//! end may have received, a call of its application and its timers move beliefs; a packet that it has sent leaves
//! those that send just this. A packet that leaves none is one that no path of the model explains.

use super::belief::{Belief, Beliefs, Cause, Change, TooMany, before, canonical};
use super::connection::{Connection, Packet, Side};
use super::cost;
use super::heard::{Heard, OUT_OF_ORDER, Sayings, Sent};
use crate::tcp::{Call, Effects, EndedBy, Endpoint, Flags, Policy, RstInTimeWait, Segment, Seq, State, Timer};

/// Where stacks differ, the choice that explains most; what the other choice does instead is among the beliefs, too:
/// that a segment has not arrived, that an ACK is sent at once or later, that a timer takes as long as it will.
const POLICY: Policy = Policy { rst_in_time_wait: RstInTimeWait::Close, ..Policy::rfc9293(1) };
/// [`POLICY`], of an end that gives up at the next timeout.
const GIVES_UP: Policy = Policy { retries: Some(0), ..POLICY };

/// From this on, in nanoseconds, a silence tells something: what is unacknowledged would have been sent again.
pub(super) const SILENCE: i64 = 3_000_000_000;

/// An end with more unexplained packets than this is not followed any further: nothing more is learnt.
const MOST_STRAYS: usize = 100;

/// The first packet of an end that no path of the model explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unexplained {
    /// The index of the packet.
    pub index: usize,
    /// In which states the end could be.
    pub states: Vec<State>,
    /// What it could have sent instead, besides new text and resets.
    pub instead: Vec<Segment>,
    /// What is wrong with the packet.
    pub why: Why,
}

/// What is wrong with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It acknowledges what is not in the capture; of the peer, nothing from this number on is.
    AcknowledgesUnseen(Seq),
    /// It comes after a FIN that had this number.
    AfterFin(Seq),
    /// It leaves out what begins with this number.
    LeavesOut(Seq),
    /// Its FIN is at a number where text was sent; the text ended here.
    FinInText(Seq),
    /// It is a reset, and neither its sender's next number, which this is, nor one that the peer has acknowledged.
    ResetNumber(Seq),
    /// It is no reset, and its sender is CLOSED.
    Closed,
    /// It has neither the ACK flag nor RST nor SYN.
    NoAck,
    /// None of these.
    Other,
}

/// What the model makes of one end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Story {
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
    /// How many packets are not explained.
    strays: usize,
}

impl Story {
    /// The state at the end, by the simplest account.
    #[must_use]
    pub fn state(&self) -> Option<State> {
        self.changes.last().map(|change| change.state)
    }

    /// The state in which the end was just before it sent or received the packet with this index.
    #[must_use]
    pub fn state_before(&self, index: usize) -> Option<State> {
        let change = self.changes.iter().take_while(|change| change.index < index || change.cause == Cause::Start);
        change.last().map(|change| change.state)
    }
}

/// Follows one end through the closing phase.
///
/// The story is empty if nothing of the end was captured, or if the connection was never established: the model
/// begins at ESTABLISHED. `silence` is how long, in nanoseconds, the capture goes on after the last packet.
#[must_use]
pub fn explain(connection: &Connection, side: Side, silence: i64) -> Story {
    let mut story = Story::default();
    if connection.sent(side) == 0 || !connection.is_established() {
        return story;
    }
    let follower = Follower::new(connection, side);
    let mut beliefs = follower.beginning();
    let mut last_sent = None;
    for (index, packet) in connection.packets.iter().enumerate() {
        // The handshake is no part of the model, and who repeats its SYN is still in it.
        if packet.segment.flags.syn {
            continue;
        }
        let step = if packet.from == side {
            last_sent = Some(index);
            follower.sent(&beliefs, index, &packet.segment, &mut story)
        } else {
            if packet.segment.flags.fin {
                beliefs.doubt_unanswered_fin(last_sent);
            }
            follower.received(&beliefs, index, &packet.segment)
        };
        if story.strays > MOST_STRAYS {
            break;
        }
        if let Ok(next) = step {
            beliefs = next;
        } else {
            story.too_many = Some(index);
            break;
        }
    }
    let is_silent = silence >= SILENCE;
    if is_silent {
        beliefs.doubt_unanswered_fin(last_sent);
    }
    if let Some(best) = beliefs.best() {
        story.changes.clone_from(&best.path);
        story.end = Some(best.endpoint.clone());
        for belief in &beliefs.0 {
            let state = belief.endpoint.state;
            let close = belief.cost <= best.cost + cost::LATE && state != best.endpoint.state;
            // Who has something unacknowledged would have sent it again by now.
            let would_be_heard = is_silent && belief.endpoint.fin_sent && !belief.endpoint.fin_acked();
            if close && !would_be_heard && !story.possibly.contains(&state) {
                story.possibly.push(state);
            }
        }
    }
    story
}

/// What it takes to follow one end.
struct Follower<'a> {
    connection: &'a Connection,
    side: Side,
    heard: Heard,
    /// What the end itself has sent.
    own: Sayings,
    /// SND.NXT and RCV.NXT before the first packet.
    start: (Seq, Seq),
}

impl<'a> Follower<'a> {
    fn new(connection: &'a Connection, side: Side) -> Self {
        let peer = 1 - side;
        let first = |side| {
            let mut own =
                connection.packets.iter().filter(move |packet| packet.from == side && !packet.segment.flags.syn);
            own.clone().find(|packet| !packet.segment.flags.rst).or_else(|| own.next())
        };
        let next = |side| {
            let before = connection.before(side);
            before.next.or(before.syn.map(|syn| syn + 1)).or_else(|| first(side).map(|packet| packet.segment.seq))
        };
        let acked = |side| {
            let own = first(side).filter(|packet| packet.segment.flags.ack);
            let peers = first(1 - side);
            let before = connection.before(side).acked.or(connection.before(1 - side).syn.map(|syn| syn + 1));
            before.or(match (own, peers) {
                // What was captured first of the peer may be what this acknowledges.
                (Some(own), Some(peers))
                    if peers.number < own.number && peers.segment.seq.precedes(own.segment.ack) =>
                {
                    Some(peers.segment.seq)
                }
                (Some(own), _) => Some(own.segment.ack),
                (None, peers) => peers.map(|packet| packet.segment.seq),
            })
        };
        let snd_nxt = next(side).or_else(|| acked(peer)).unwrap_or_default();
        let rcv_nxt = acked(side).or_else(|| next(peer)).unwrap_or_default();
        let mut sayings = Sayings::of(connection, peer, next(peer));
        if let Some(end) = next(peer) {
            sayings.suppose_text(rcv_nxt, end);
        }
        let mut own = Sayings::of(connection, side, Some(snd_nxt));
        if connection.begins_midway() {
            let acknowledged = |by| {
                let packets = connection.packets.iter().filter(move |packet| packet.from == by);
                packets.filter(|packet| packet.segment.flags.ack).map(|packet| packet.segment.ack)
            };
            sayings.suppose_beginning(rcv_nxt, acknowledged(side));
            own.suppose_beginning(snd_nxt, acknowledged(peer));
        }
        let heard = Heard { sayings, unheard: connection.sent(peer) == 0 };
        Self { connection, side, heard, own, start: (snd_nxt, rcv_nxt) }
    }

    /// What is believed before the first packet.
    fn beginning(&self) -> Beliefs {
        let (snd_nxt, rcv_nxt) = self.start;
        let established = |snd_nxt: Seq, rcv_nxt| {
            canonical(&Endpoint { snd_una: before(snd_nxt), snd_nxt, rcv_nxt, ..Endpoint::established() })
        };
        let mut beginnings = vec![(established(snd_nxt, rcv_nxt), 0)];
        if self.connection.begins_midway() {
            // The capture may begin in the middle of the close: the last numbers may have been those of FINs.
            let shut = |endpoint: &mut Endpoint| endpoint.on_call(Call::Shutdown, &POLICY);
            let fin = |endpoint: &mut Endpoint| {
                let Endpoint { rcv_nxt: seq, snd_una: ack, .. } = *endpoint;
                endpoint.on_segment(&Segment { flags: Flags::FIN_ACK, seq, ack, len: 0 }, &POLICY)
            };
            let mut sent = established(before(snd_nxt), rcv_nxt);
            shut(&mut sent);
            let mut received = established(snd_nxt, before(rcv_nxt));
            fin(&mut received);
            let mut last = established(before(snd_nxt), before(rcv_nxt));
            fin(&mut last);
            shut(&mut last);
            let mut closing = established(before(snd_nxt), before(rcv_nxt));
            shut(&mut closing);
            fin(&mut closing);
            beginnings.extend([sent, received, last, closing].map(|endpoint| (endpoint, cost::UNSEEN)));
            // Or what is captured first was sent again.
            if let Some(ack) = self.first_acknowledgment().filter(|ack| snd_nxt.precedes(*ack)) {
                beginnings.push((established(ack, rcv_nxt), cost::UNSEEN));
            }
        }
        let mut beliefs = Beliefs::default();
        for (endpoint, cost) in beginnings {
            let endpoint = canonical(&endpoint);
            let path = vec![Change { state: endpoint.state, index: 0, cause: Cause::Start }];
            // There is room for these.
            let _ = beliefs.add(Belief { endpoint, cost, path });
        }
        beliefs
    }

    /// What the peer acknowledges in the first of its packets that does.
    fn first_acknowledgment(&self) -> Option<Seq> {
        let mut packets = self.connection.packets.iter();
        let acknowledges = |packet: &&Packet| packet.from != self.side && packet.segment.flags.ack;
        packets.find(acknowledges).map(|packet| packet.segment.ack)
    }

    /// The end has sent this.
    fn sent(
        &self,
        beliefs: &Beliefs,
        index: usize,
        segment: &Segment,
        story: &mut Story,
    ) -> Result<Beliefs, TooMany> {
        let possible = self.with_silent_steps(beliefs, index)?;
        let mut next = Beliefs::default();
        for belief in &possible.0 {
            let ways = if segment.flags.rst {
                self.ways_to_reset(belief, segment, index)
            } else {
                self.ways_to_send(belief, segment, index)
            };
            for way in ways {
                next.add(way)?;
            }
        }
        if next.0.is_empty() {
            let is_copy = self.own.resets.iter().any(|(first, reset)| *first < index && reset == segment);
            if !is_copy {
                story.strays += 1;
                story.unexplained.get_or_insert_with(|| self.unexplained(beliefs, index, segment));
            }
            return Ok(beliefs.clone());
        }
        if !segment.flags.rst
            && is_probe(segment)
            && beliefs.0.iter().all(|belief| repeats_last(&belief.endpoint, segment))
        {
            story.passed_over += 1;
        }
        Ok(next)
    }

    /// The peer's packet was captured: as a rule it arrives now, but it may be late or lost.
    fn received(&self, beliefs: &Beliefs, index: usize, segment: &Segment) -> Result<Beliefs, TooMany> {
        let mut next = Beliefs::default();
        for belief in &beliefs.0 {
            let after = self.arrival(&belief.endpoint, segment);
            match after.map(|endpoint| belief.then(&endpoint, 0, index, Cause::Received(index))) {
                Some(after) if after.endpoint != belief.endpoint => {
                    next.add(after)?;
                    next.add(Belief { cost: belief.cost + cost::LATE, ..belief.clone() })?;
                }
                _ => {
                    next.add(belief.clone())?;
                }
            }
        }
        Ok(next)
    }

    /// The endpoint after one of the peer's segments. Its text is not counted before the end acknowledges it; none
    /// if nothing else comes of it.
    fn arrival(&self, endpoint: &Endpoint, segment: &Segment) -> Option<Endpoint> {
        let Segment { flags, seq, ack, len } = *segment;
        let arriving = if flags.rst {
            *segment
        } else if flags.fin && !endpoint.fin_received {
            Segment { seq: seq + len, len: 0, ..*segment }
        } else if endpoint.fin_sent && ack == endpoint.snd_nxt {
            Segment { flags: Flags::ACK, seq: endpoint.rcv_nxt, ack, len: 0 }
        } else {
            return None;
        };
        let Some(mut after) = self.heard.caught_up(endpoint, arriving.seq, &POLICY) else {
            // Something before it is missing, but it acknowledges.
            let only_ack = Segment { flags: Flags::ACK, ..*segment };
            return if flags.rst { None } else { self.arrival(endpoint, &only_ack) };
        };
        arrive(&mut after, &arriving);
        Some(after)
    }

    /// The beliefs and all that they can become before the packet with this index, without a packet being captured.
    fn with_silent_steps(&self, beliefs: &Beliefs, index: usize) -> Result<Beliefs, TooMany> {
        let mut all = beliefs.clone();
        let mut new = beliefs.0.clone();
        while let Some(belief) = new.pop() {
            for next in self.silent_steps(&belief, index) {
                if next.endpoint != belief.endpoint && all.add(next.clone())? {
                    new.push(next);
                }
            }
        }
        Ok(all)
    }

    fn silent_steps(&self, belief: &Belief, index: usize) -> Vec<Belief> {
        let endpoint = &belief.endpoint;
        let mut steps = Vec::new();
        if endpoint.state == State::Closed {
            return steps;
        }
        let acknowledgment = Segment { flags: Flags::ACK, seq: endpoint.rcv_nxt, ack: endpoint.snd_nxt, len: 0 };
        let acknowledged =
            self.heard.acknowledged(endpoint.snd_nxt, index).map(|captured| (captured, acknowledgment));
        let heard = self.heard.fins(index).chain(self.heard.resets(index)).copied().chain(acknowledged);
        for (captured, segment) in heard {
            if let Some(after) = self.arrival(endpoint, &segment) {
                let cost = if captured > index { cost::UNSEEN } else { 0 };
                steps.push(belief.then(&after, cost, index, Cause::Received(captured)));
            }
        }
        // What the end itself has sent may be captured later than what it drew.
        let own = self.connection.packets.iter().skip(index + 1).take(OUT_OF_ORDER);
        for Packet { segment, .. } in own.filter(|packet| packet.from == self.side && !packet.segment.flags.syn) {
            let end = segment.seq + segment.len;
            let is_next = !endpoint.snd_nxt.precedes(segment.seq)
                && endpoint.snd_nxt.precedes(segment.seq + segment.sequence_length());
            let mut after = endpoint.clone();
            if is_next && send(&mut after, end, segment.flags.fin).is_some() {
                steps.push(belief.then(&after, cost::UNSEEN, index, Cause::Unseen));
            }
        }
        if self.connection.begins_midway()
            && let Some(end) = self.own.end.filter(|end| endpoint.snd_nxt.precedes(*end))
        {
            steps.extend(self.sending_from(belief, end, index));
        }
        if self.heard.unheard {
            let fin = Segment { flags: Flags::FIN_ACK, ack: endpoint.snd_una, ..acknowledgment };
            let reset = Segment { flags: Flags::RST, ack: Seq(0), ..acknowledgment };
            for (segment, cost) in [(acknowledgment, cost::LATE), (fin, cost::UNSEEN), (reset, cost::UNSEEN)] {
                steps.extend(
                    self.arrival(endpoint, &segment).map(|after| belief.then(&after, cost, index, Cause::Unseen)),
                );
            }
        }
        let mut silently = |event: &dyn Fn(&mut Endpoint) -> Effects, cost, cause| {
            let mut after = endpoint.clone();
            event(&mut after);
            steps.push(belief.then(&after, cost, index, cause));
        };
        silently(&|endpoint| endpoint.on_timeout(Timer::TimeWait, &POLICY), cost::EXPIRED, Cause::TimeWait);
        silently(&|endpoint| endpoint.on_timeout(Timer::FinWait2, &POLICY), cost::EXPIRED, Cause::FinWait2);
        silently(&|endpoint| endpoint.on_timeout(Timer::Retransmission, &GIVES_UP), cost::GAVE_UP, Cause::GaveUp);
        silently(&|endpoint| endpoint.on_call(Call::Abort, &POLICY), cost::UNSEEN_RESET, Cause::UnseenReset);
        steps
    }

    /// What is believed once everything has arrived that a segment with this acknowledgment tells of.
    fn acknowledging(&self, belief: &Belief, ack: Seq, index: usize) -> Vec<Belief> {
        let endpoint = &belief.endpoint;
        if !self.heard.unheard || endpoint.rcv_nxt == ack {
            let after = self.heard.caught_up(endpoint, ack, &POLICY);
            return after.map(|after| belief.then(&after, 0, index, Cause::Unseen)).into_iter().collect();
        }
        // Text or FIN? A single octet is rarely sent.
        let alone = before(ack) == endpoint.rcv_nxt;
        let text = self.heard.caught_up(endpoint, ack, &POLICY);
        let text = text.map(|after| belief.then(&after, if alone { cost::LATE } else { 0 }, index, Cause::Unseen));
        // As a rule, a FIN acknowledges what was sent before.
        let fins = [(endpoint.snd_nxt, 0), (endpoint.snd_una, cost::LATE)].map(|(acknowledged, cost)| {
            let fin = Segment { flags: Flags::FIN_ACK, seq: before(ack), ack: acknowledged, len: 0 };
            let after = self.arrival(endpoint, &fin).filter(|after| after.rcv_nxt == ack);
            after.map(|after| {
                belief.then(&after, if alone { cost } else { cost::LATE + cost }, index, Cause::Unseen)
            })
        });
        text.into_iter().chain(fins.into_iter().flatten()).collect()
    }

    /// What is believed once everything before `seq` was sent, some of it to be captured only later.
    fn sending_from(&self, belief: &Belief, seq: Seq, index: usize) -> Vec<Belief> {
        let next = belief.endpoint.snd_nxt;
        if !next.precedes(seq) {
            return vec![belief.clone()];
        }
        let mut ways = Vec::new();
        for (end, fin) in [(seq, false), (before(seq), true)] {
            let captured = self.own.has_text(next, end) && (!fin || self.own.fin_after(end, index));
            let mut after = belief.endpoint.clone();
            if captured && send(&mut after, end, fin).is_some() {
                ways.push(belief.then(&after, cost::UNSEEN, index, Cause::Unseen));
            }
        }
        ways
    }

    /// How the end may have sent a segment that is no reset.
    fn ways_to_send(&self, belief: &Belief, segment: &Segment, index: usize) -> Vec<Belief> {
        let Segment { flags, seq, ack, len } = *segment;
        let mut ways = Vec::new();
        if !flags.ack {
            return ways;
        }
        // The octet of a keep-alive or of a probe has the number of the FIN, if one was sent.
        let is_fin = |(captured, fin): &Sent| *captured < index && fin.seq == seq;
        if len == 1 && is_probe(segment) && self.own.fins.iter().any(is_fin) {
            return self.ways_to_send(belief, &Segment { seq: seq + 1, len: 0, ..*segment }, index);
        }
        if ack.precedes(belief.endpoint.rcv_nxt) {
            ways.extend(late(belief, segment, index));
            return ways;
        }
        for belief in self.acknowledging(belief, ack, index) {
            for belief in self.sending_from(&belief, seq, index) {
                let mut after = belief.endpoint.clone();
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
                    let owed = after.on_timeout(Timer::DelayedAck, &POLICY).segment;
                    owed.filter(|owed| owed.seq == seq)
                };
                if sent.is_some_and(|sent| sent.ack == ack) {
                    ways.push(belief.then(&after, 0, index, Cause::Sent));
                } else {
                    ways.extend(late(&belief, segment, index));
                }
            }
        }
        ways
    }

    /// How the end may have sent a reset.
    fn ways_to_reset(&self, belief: &Belief, reset: &Segment, index: usize) -> Vec<Belief> {
        let endpoint = &belief.endpoint;
        let mut ways = Vec::new();
        if endpoint.state == State::Closed {
            let anything = Segment { flags: Flags::ACK, seq: endpoint.rcv_nxt, ack: reset.seq, len: 0 };
            let unheard = (self.heard.unheard && !endpoint.snd_nxt.precedes(reset.seq)).then_some(&anything);
            for asked in self.heard.asked(reset, index).chain(unheard) {
                let answer = endpoint.clone().on_segment(asked, &POLICY).segment;
                if answer.is_some_and(|answer| is_reset_like(&answer, reset)) {
                    ways.push(belief.then(endpoint, 0, index, Cause::Sent));
                }
            }
            // The reset of its abort may be captured late.
            if endpoint.ended_by == Some(EndedBy::Abort) && reset.seq == endpoint.snd_nxt {
                ways.push(belief.then(endpoint, cost::LATE, index, Cause::Sent));
            }
            return ways;
        }
        let now =
            if reset.flags.ack { self.acknowledging(belief, reset.ack, index) } else { vec![belief.clone()] };
        for belief in now.iter().flat_map(|belief| self.sending_from(belief, reset.seq, index)) {
            for call in [Call::Abort, Call::Close] {
                let mut after = belief.endpoint.clone();
                let sent = after.on_call(call, &POLICY).segment;
                if sent.is_some_and(|sent| is_reset_like(&sent, reset)) {
                    ways.push(belief.then(&after, 0, index, Cause::Sent));
                }
            }
        }
        if endpoint.fin_sent {
            for asked in self.heard.asked(reset, index).filter(|asked| asked.len > 0) {
                let start = endpoint.rcv_nxt.max(asked.seq);
                let Some(mut after) = self.heard.caught_up(endpoint, start, &POLICY) else { continue };
                after.reader_gone = true;
                let answer = after.on_segment(asked, &POLICY).segment;
                if answer.is_some_and(|answer| is_reset_like(&answer, reset)) {
                    ways.push(belief.then(&after, 0, index, Cause::Sent));
                }
            }
        }
        ways
    }

    /// Why no belief explains the segment.
    fn unexplained(&self, beliefs: &Beliefs, index: usize, segment: &Segment) -> Unexplained {
        let mut likely: Vec<&Belief> = beliefs.0.iter().collect();
        likely.sort_by_key(|belief| belief.cost);
        let least = likely.first().map_or(0, |belief| belief.cost);
        likely.retain(|belief| belief.cost <= least + cost::LATE);
        let (mut states, mut instead) = (Vec::new(), Vec::new());
        for belief in &likely {
            if !states.contains(&belief.endpoint.state) {
                states.push(belief.endpoint.state);
            }
            let again = belief.endpoint.clone().on_timeout(Timer::Retransmission, &POLICY).segment;
            let again = again.filter(|again| again.flags.fin);
            let fin = belief.endpoint.clone().on_call(Call::Shutdown, &POLICY).segment;
            let mut owing = belief.endpoint.clone();
            owing.ack_delayed = owing.state != State::Closed;
            let ack = owing.on_timeout(Timer::DelayedAck, &POLICY).segment;
            for sent in [ack, fin, again].into_iter().flatten() {
                if !instead.contains(&sent) {
                    instead.push(sent);
                }
            }
        }
        let why = likely.first().map_or(Why::Other, |belief| self.why(&belief.endpoint, segment));
        Unexplained { index, states, instead, why }
    }

    fn why(&self, endpoint: &Endpoint, segment: &Segment) -> Why {
        let Segment { flags, seq, ack, len } = *segment;
        let end = seq + segment.sequence_length();
        let unseen = self.heard.sayings.end.filter(|end| flags.ack && !self.heard.unheard && end.precedes(ack));
        if flags.rst {
            Why::ResetNumber(endpoint.snd_nxt)
        } else if !flags.ack {
            Why::NoAck
        } else if let Some(end) = unseen {
            Why::AcknowledgesUnseen(end)
        } else if endpoint.fin_sent && endpoint.snd_nxt.precedes(end) {
            Why::AfterFin(before(endpoint.snd_nxt))
        } else if endpoint.snd_nxt.precedes(seq) {
            Why::LeavesOut(endpoint.snd_nxt)
        } else if flags.fin && (seq + len).precedes(endpoint.snd_nxt) {
            Why::FinInText(endpoint.snd_nxt)
        } else if endpoint.state == State::Closed {
            Why::Closed
        } else {
            Why::Other
        }
    }
}

/// The segment arrives. An acknowledgment older than what is acknowledged says nothing new; the endpoint would
/// measure it against its constant window, which real connections scale.
fn arrive(endpoint: &mut Endpoint, segment: &Segment) {
    let known = endpoint.snd_una;
    let ack = if segment.flags.ack && segment.ack.precedes(known) { known } else { segment.ack };
    endpoint.on_segment(&Segment { ack, ..*segment }, &POLICY);
}

/// The end sends its new text up to `end`, and then its FIN, all in one segment. The endpoint sends the first octet
/// and the FIN; octets between them go along.
fn send(endpoint: &mut Endpoint, end: Seq, fin: bool) -> Option<Segment> {
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

/// What is believed if the segment was sent before, and is captured late or once more.
fn late(belief: &Belief, segment: &Segment, index: usize) -> Option<Belief> {
    let cost = if belief.endpoint.state == State::Closed { cost::ODD } else { cost::LATE };
    was_sent(&belief.endpoint, segment).then(|| belief.then(&belief.endpoint, cost, index, Cause::Sent))
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
fn repeats_last(endpoint: &Endpoint, segment: &Segment) -> bool {
    segment.seq + 1 == endpoint.snd_nxt && (endpoint.fin_acked() || !endpoint.fin_sent)
}

/// RFC 9293 §3.8.4, §3.8.6.1: a keep-alive or a probe has at most one octet.
fn is_probe(segment: &Segment) -> bool {
    segment.len <= 1 && !segment.flags.fin
}

/// The captured reset is the one that the endpoint sends. RFC 9293 §3.10.5 writes that of an abort without an
/// acknowledgment; stacks add one.
fn is_reset_like(sent: &Segment, captured: &Segment) -> bool {
    sent.flags.rst
        && sent.seq == captured.seq
        && (!sent.flags.ack || captured.flags.ack && sent.ack == captured.ack)
}
