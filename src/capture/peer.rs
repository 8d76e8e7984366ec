//! The observations of an end: the peer's packets in the capture, and which of them may have arrived by then.

use std::collections::HashMap;

use super::captured_packet::{Packet, Side};
use super::connection::Connection;
use super::cost;
use super::hypothesis::before;
use crate::tcp::{Endpoint, Flags, Held, Policy, Segment, Seq};

/// How many packets of the connection a packet may be captured too early or too late: what is captured where
/// many processors receive is not always in order.
pub(super) const OUT_OF_ORDER: usize = 16;
/// How many segments of a kind are kept as what may have arrived: no peer sends as many different FINs or resets,
/// and of those with one acknowledgment the first are as good as the others.
const MOST_OF_A_KIND: usize = 16;
/// The most ranges of text that are kept apart; a capture with more gaps in one closing phase explains nothing.
const MOST_RANGES: usize = 1 << 10;
/// More octets than these are not supposed to have been lost before they could be captured, all of them.
const MOST_LOST: u32 = 1 << 20;
/// The longest text that is handed to an endpoint at once: it fits into its window.
const LONGEST_TEXT: u32 = 1 << 15;

/// A segment that the peer has sent, and the index of the first packet that carried it.
pub(super) type Sent = (usize, Segment);

/// The segments that one end has sent in the closing phase.
#[derive(Debug, Default)]
pub(super) struct SegmentLog {
    /// Its text, from what came before the closing phase on.
    text: Held,
    /// Its FINs, without text, each number and acknowledgment once.
    pub(super) fins: Vec<Sent>,
    /// The number of a FIN that must have been sent, and was not captured.
    pub(super) supposed_fin: Option<Seq>,
    /// The last packet with the FIN of a number.
    last_fin: HashMap<Seq, usize>,
    /// Its resets, each once.
    pub(super) resets: Vec<Sent>,
    /// Everything else that carries an acknowledgment, by what it acknowledges.
    acks: HashMap<Seq, Vec<Sent>>,
    /// Segments without an acknowledgment, without resets.
    without_ack: Vec<Sent>,
    /// The first and the last number that it acknowledged before the closing phase.
    old_acks: Option<(Seq, Seq)>,
    /// The number after the last captured octet, text and FIN.
    pub(super) end: Option<Seq>,
}

impl SegmentLog {
    /// The segments of `side`, its text from `start` on.
    pub(super) fn of(connection: &Connection, side: Side, start: Option<Seq>) -> Self {
        let before = connection.before(side);
        let old_acks = before.first_acked.zip(before.acked);
        let mut log = Self { end: start, old_acks, ..Self::default() };
        for (index, packet) in connection.packets.iter().enumerate() {
            if packet.from == side {
                log.add(index, packet);
            }
        }
        log
    }

    fn add(&mut self, index: usize, packet: &Packet) {
        let segment = packet.segment;
        let Segment { flags, seq, ack, len } = segment;
        if flags.rst {
            push_new(&mut self.resets, index, segment);
            return;
        }
        let end = seq + segment.sequence_length();
        self.end = Some(self.end.map_or(end, |known| known.max(end)));
        let text = seq + u32::from(flags.syn);
        if len > 0 {
            hold(&mut self.text, text, text + len);
        }
        if flags.fin {
            let fin = Segment { flags, seq: text + len, ack, len: 0 };
            push_new(&mut self.fins, index, fin);
            self.last_fin.insert(fin.seq, index);
        }
        if flags.ack {
            let known = self.acks.entry(ack).or_default();
            // Text draws other resets than an ACK does.
            let is_alike = |(_, one): &&Sent| (one.len > 0, one.flags.fin) == (len > 0, flags.fin);
            if known.iter().filter(is_alike).count() < MOST_OF_A_KIND {
                known.push((index, segment));
            }
        } else if self.without_ack.len() < MOST_OF_A_KIND {
            self.without_ack.push((index, segment));
        }
    }

    /// All of its text.
    pub(super) fn text(&self) -> &Held {
        &self.text
    }

    /// The text before `start` is taken as sent.
    pub(super) fn suppose_text(&mut self, start: Seq, end: Seq) {
        if start.precedes(end) {
            hold(&mut self.text, start, end);
        }
    }

    /// The capture begins in the middle: what comes before the latest number, or is acknowledged, was sent, though
    /// it may not have been captured. The last of it may have been a FIN.
    pub(super) fn suppose_beginning(&mut self, start: Seq, acknowledged: impl Iterator<Item = Seq>) {
        let Some(end) = acknowledged.chain(self.end).reduce(Seq::max) else { return };
        self.end = Some(end);
        let last = before(end);
        let fin = self.fins.first().map(|(_, fin)| fin.seq);
        if fin.is_none() && start.precedes(end) && !self.has_text(last, end) {
            self.suppose_fin(last);
        }
        let end = fin.unwrap_or(end);
        self.suppose_text(start, end);
    }

    /// What was sent, was not captured, and is not acknowledged up to any number beyond `acknowledged`, was lost
    /// before it came to where packets are captured: text, or a FIN at the end of it. How many numbers that are.
    pub(super) fn suppose_lost(&mut self, acknowledged: Seq, text_is_filtered: bool) -> u32 {
        let Some(end) = self.end.filter(|end| acknowledged.precedes(*end)) else { return 0 };
        if end.since(acknowledged) > MOST_LOST && !text_is_filtered {
            return 0;
        }
        let fin = self.fins.iter().map(|(_, fin)| fin.seq).reduce(Seq::max);
        let end = fin.unwrap_or(end).max(acknowledged);
        let last = before(end);
        if fin.is_none() && !self.has_text(last, end) {
            self.last_fin.insert(last, usize::MAX);
        }
        let mut captured = 0;
        for &(from, to) in self.text.text() {
            let from = from.max(acknowledged);
            captured += if from.precedes(to) { to.since(from) } else { 0 };
        }
        self.suppose_text(acknowledged, end);
        if text_is_filtered { 0 } else { end.since(acknowledged).saturating_sub(captured) }
    }

    /// What was acknowledged up to `end` was sent, though the capture has missed it from `start` on. The last of
    /// it may have been a FIN, if nothing follows.
    ///
    /// Returns where its text ends.
    pub(super) fn suppose_missed(&mut self, start: Seq, end: Seq) -> Seq {
        let last = before(end);
        let is_last = self.end.is_none_or(|known| !end.precedes(known)) && !self.has_text(last, end);
        let may_be_fin = is_last && self.fins.is_empty();
        if may_be_fin && start.precedes(end) {
            self.suppose_fin(last);
        }
        // A single octet is rarely sent.
        let is_fin = self.last_fin.contains_key(&last) && (!may_be_fin || start == last);
        let text_end = if is_fin { last } else { end };
        self.suppose_text(start, text_end);
        self.end = Some(self.end.map_or(end, |known| known.max(end)));
        text_end
    }

    /// A FIN with this number may have been sent, though it was not captured.
    fn suppose_fin(&mut self, number: Seq) {
        self.last_fin.insert(number, usize::MAX);
        self.supposed_fin = Some(number);
        self.fins.push((0, Segment { flags: Flags::FIN_ACK, seq: number, ack: Seq(0), len: 0 }));
    }

    /// Everything from `start` up to `end` is text that was captured.
    pub(super) fn has_text(&self, start: Seq, end: Seq) -> bool {
        covers(&self.text, start, end)
    }

    /// How many octets from `start` up to `end` were not captured.
    pub(super) fn missing(&self, start: Seq, end: Seq) -> u32 {
        let mut missing = if start.precedes(end) { end.since(start) } else { 0 };
        for &(from, to) in self.text.text() {
            let (from, to) = (from.max(start), if to.precedes(end) { to } else { end });
            missing = missing.saturating_sub(if from.precedes(to) { to.since(from) } else { 0 });
        }
        let is_within = |fin: Seq| !fin.precedes(start) && fin.precedes(end);
        let has_fin = self.fins.iter().any(|(_, fin)| is_within(fin.seq));
        missing.saturating_sub(u32::from(has_fin))
    }

    /// Where what follows on `start` ends, before the first gap: text and FIN.
    pub(super) fn without_gap(&self, start: Seq) -> Seq {
        let holds = |&&(from, to): &&(Seq, Seq)| !start.precedes(from) && start.precedes(to);
        let end = self.text.text().iter().find(holds).map_or(start, |(_, to)| *to);
        if self.last_fin.contains_key(&end) { end + 1 } else { end }
    }

    /// A packet after `index` carries the FIN with this number.
    pub(super) fn fin_after(&self, number: Seq, index: usize) -> bool {
        self.last_fin.get(&number).is_some_and(|last| *last > index)
    }
}

/// Everything from `start` up to `end` is there.
fn covers(text: &Held, start: Seq, end: Seq) -> bool {
    start == end || text.text().iter().any(|&(from, to)| !start.precedes(from) && !to.precedes(end))
}

/// RFC 9293 §3.10.7.4: all of the segment comes before the number that is expected next. 4.4BSD looks at its
/// acknowledgment all the same, and Linux does if it ends there.
pub(super) fn is_old(segment: &Segment, expected: Seq) -> bool {
    (segment.seq + segment.sequence_length()).precedes(expected)
}

/// Adds to a set of octets, unless it has more gaps than there can be.
pub(super) fn hold(text: &mut Held, start: Seq, end: Seq) {
    if text.text().len() < MOST_RANGES {
        text.hold_text(start, end);
    }
}

fn push_new(known: &mut Vec<Sent>, index: usize, segment: Segment) {
    if known.len() < MOST_OF_A_KIND && known.iter().all(|(_, one)| *one != segment) {
        known.push((index, segment));
    }
}

/// The segments of the peer, as one end observes them.
#[derive(Debug)]
pub(super) struct PeerObservation {
    pub(super) log: SegmentLog,
    /// Its text up to the packet that is looked at, and what is taken as sent before the closing phase.
    pub(super) so_far: Held,
    /// No packet of the peer was captured at all: anything that it might have sent may have arrived.
    pub(super) is_uncaptured: bool,
}

impl PeerObservation {
    /// Was captured by `index`, or soon enough after it to have been there.
    fn by(index: usize) -> impl Fn(&&Sent) -> bool {
        move |(captured, _)| *captured < index + OUT_OF_ORDER
    }

    /// FINs that may have arrived at `index`.
    pub(super) fn fins(&self, index: usize) -> impl Iterator<Item = &Sent> {
        self.log.fins.iter().filter(Self::by(index))
    }

    /// Resets that may have arrived at `index`.
    pub(super) fn resets(&self, index: usize) -> impl Iterator<Item = &Sent> {
        self.log.resets.iter().filter(Self::by(index))
    }

    /// A segment that acknowledges up to `ack` and may have arrived at `index`: rather one that has a number which
    /// is still looked at when `expected` is the next.
    pub(super) fn acknowledged(&self, ack: Seq, expected: Seq, index: usize) -> Option<Sent> {
        let all = self.log.acks.get(&ack)?.iter().filter(Self::by(index)).copied();
        all.min_by_key(|(_, segment)| is_old(segment, expected))
    }

    /// The number was acknowledged by a packet before `index`.
    pub(super) fn acknowledged_before(&self, number: Seq, index: usize) -> bool {
        let first = self.log.acks.get(&number).and_then(|all| all.first());
        first.is_some_and(|(captured, _)| *captured < index)
    }

    /// Segments that may have drawn, by `index`, a reset with this number: with its ACK flag, and without.
    pub(super) fn asked(&self, reset: &Segment, index: usize) -> impl Iterator<Item = &Segment> {
        let with: &[Sent] = self.log.acks.get(&reset.seq).map_or(&[], Vec::as_slice);
        with.iter().chain(&self.log.without_ack).filter(Self::by(index)).map(|(_, segment)| segment)
    }

    /// A FIN comes before this number, was captured before the packet with this index, and would be consumed if it
    /// arrived.
    pub(super) fn overtakes_fin(&self, endpoint: &Endpoint, number: Seq, index: usize) -> bool {
        let mut fins = self.log.fins.iter().filter(|(captured, _)| *captured < index);
        fins.any(|(_, fin)| fin.seq.precedes(number) && self.log.has_text(endpoint.rcv_nxt, fin.seq))
    }

    /// The peer has acknowledged this number before the closing phase, or may have.
    pub(super) fn acknowledged_long_ago(&self, number: Seq) -> bool {
        self.log.old_acks.is_some_and(|(first, last)| !number.precedes(first) && !last.precedes(number))
    }

    /// The peer's next packet was captured.
    pub(super) fn hear(&mut self, segment: &Segment) {
        let text = segment.seq + u32::from(segment.flags.syn);
        if segment.len > 0 {
            hold(&mut self.so_far, text, text + segment.len);
        }
    }

    /// The capture has missed what the end acknowledges up to `end`, from `start` on.
    pub(super) fn suppose_missed(&mut self, start: Seq, end: Seq) {
        let end = self.log.suppose_missed(start, end);
        if start.precedes(end) {
            hold(&mut self.so_far, start, end);
        }
    }

    /// The endpoint after the text up to `end` has arrived, and what it costs that some of it is captured only
    /// later; none if the endpoint does not take it, or if it was not captured.
    ///
    /// The endpoint decides whether it takes text at all; the length of the text does not matter.
    pub(super) fn caught_up(&self, endpoint: &Endpoint, end: Seq, policy: &Policy) -> Option<(Endpoint, u32)> {
        let start = endpoint.rcv_nxt;
        if start == end {
            return Some((endpoint.clone(), 0));
        }
        if !start.precedes(end) || !(self.is_uncaptured || self.log.has_text(start, end)) {
            return None;
        }
        let cost = if self.is_uncaptured || covers(&self.so_far, start, end) { 0 } else { cost::UNSEEN };
        let mut endpoint = endpoint.clone();
        let len = end.since(start).min(LONGEST_TEXT);
        endpoint.on_segment(&Segment { flags: Flags::ACK, seq: start, ack: endpoint.snd_una, len }, policy);
        if endpoint.rcv_nxt != start + len {
            return None;
        }
        endpoint.rcv_nxt = end;
        Some((endpoint, cost))
    }
}
