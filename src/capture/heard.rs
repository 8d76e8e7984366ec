//! What an end may have heard: the peer's packets in the capture, and which of them may have arrived by then.

use std::collections::HashMap;

use super::belief::before;
use super::connection::{Connection, Packet, Side};
use crate::tcp::{Endpoint, Flags, Held, Policy, Segment, Seq};

/// How many packets of the connection a packet may be captured too early or too late: what is captured where
/// many processors receive is not always in order.
pub(super) const OUT_OF_ORDER: usize = 16;
/// How many segments of a kind are kept as what may have arrived: no peer sends as many different FINs or resets,
/// and of those with one acknowledgment the first are as good as the others.
const MOST: usize = 16;
/// The most ranges of text that are kept apart; a capture with more gaps in one closing phase explains nothing.
const MOST_RANGES: usize = 1 << 10;
/// The longest text that is handed to an endpoint at once: it fits into its window.
const LONGEST_TEXT: u32 = 1 << 15;

/// A segment that the peer has sent, and the index of the first packet that carried it.
pub(super) type Sent = (usize, Segment);

/// What one end has sent in the closing phase.
#[derive(Debug, Default)]
pub(super) struct Sayings {
    /// Its text, from what came before the closing phase on.
    text: Held,
    /// Its FINs, without text, each number and acknowledgment once.
    pub(super) fins: Vec<Sent>,
    /// The last packet with the FIN of a number.
    last_fin: HashMap<Seq, usize>,
    /// Its resets, each once.
    pub(super) resets: Vec<Sent>,
    /// Everything else that carries an acknowledgment, by what it acknowledges.
    acks: HashMap<Seq, Vec<Sent>>,
    /// Segments without an acknowledgment, without resets.
    without_ack: Vec<Sent>,
    /// What follows the last octet that was captured, text and FIN.
    pub(super) end: Option<Seq>,
}

impl Sayings {
    /// What `side` has sent, its text from `start` on.
    pub(super) fn of(connection: &Connection, side: Side, start: Option<Seq>) -> Self {
        let mut sayings = Self { end: start, ..Self::default() };
        for (index, packet) in connection.packets.iter().enumerate() {
            if packet.from == side {
                sayings.add(index, packet);
            }
        }
        sayings
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
            if known.len() < MOST {
                known.push((index, segment));
            }
        } else if self.without_ack.len() < MOST {
            self.without_ack.push((index, segment));
        }
    }

    /// The text before `start` is taken as sent.
    pub(super) fn suppose_text(&mut self, start: Seq, end: Seq) {
        if start.precedes(end) {
            hold(&mut self.text, start, end);
        }
    }

    /// The capture begins in the middle: what comes before the latest number, or is acknowledged, was sent, though it
    /// may not have been captured. The last of it may have been a FIN.
    pub(super) fn suppose_beginning(&mut self, start: Seq, acknowledged: impl Iterator<Item = Seq>) {
        let Some(end) = acknowledged.chain(self.end).reduce(Seq::max) else { return };
        self.end = Some(end);
        let last = before(end);
        let fin = self.fins.first().map(|(_, fin)| fin.seq);
        if fin.is_none() && start.precedes(end) && !self.has_text(last, end) {
            self.last_fin.insert(last, usize::MAX);
            self.fins.push((0, Segment { flags: Flags::FIN_ACK, seq: last, ack: Seq(0), len: 0 }));
        }
        let end = fin.unwrap_or(end);
        self.suppose_text(start, end);
    }

    /// Everything from `start` up to `end` is text that was captured.
    pub(super) fn has_text(&self, start: Seq, end: Seq) -> bool {
        start == end || self.text.text().iter().any(|&(from, to)| !start.precedes(from) && !to.precedes(end))
    }

    /// A packet after `index` carries the FIN with this number.
    pub(super) fn fin_after(&self, number: Seq, index: usize) -> bool {
        self.last_fin.get(&number).is_some_and(|last| *last > index)
    }
}

/// Adds to a set of octets, unless it has more gaps than there can be.
pub(super) fn hold(text: &mut Held, start: Seq, end: Seq) {
    if text.text().len() < MOST_RANGES {
        text.hold_text(start, end);
    }
}

fn push_new(known: &mut Vec<Sent>, index: usize, segment: Segment) {
    if known.len() < MOST && known.iter().all(|(_, one)| *one != segment) {
        known.push((index, segment));
    }
}

/// What the peer has sent, as one end hears of it.
#[derive(Debug)]
pub(super) struct Heard {
    pub(super) sayings: Sayings,
    /// No packet of the peer was captured at all: anything that it might have sent may have arrived.
    pub(super) unheard: bool,
}

impl Heard {
    /// Was captured by `index`, or soon enough after it to have been there.
    fn by(index: usize) -> impl Fn(&&Sent) -> bool {
        move |(captured, _)| *captured < index + OUT_OF_ORDER
    }

    /// FINs that may have arrived at `index`.
    pub(super) fn fins(&self, index: usize) -> impl Iterator<Item = &Sent> {
        self.sayings.fins.iter().filter(Self::by(index))
    }

    /// Resets that may have arrived at `index`.
    pub(super) fn resets(&self, index: usize) -> impl Iterator<Item = &Sent> {
        self.sayings.resets.iter().filter(Self::by(index))
    }

    /// When a segment was captured that acknowledges up to `ack`, if it may have arrived at `index`.
    pub(super) fn acknowledged(&self, ack: Seq, index: usize) -> Option<usize> {
        let first = self.sayings.acks.get(&ack)?.first()?;
        Some(first).filter(Self::by(index)).map(|(captured, _)| *captured)
    }

    /// Segments that may have drawn, by `index`, a reset with this number: with its ACK flag, and without.
    pub(super) fn asked(&self, reset: &Segment, index: usize) -> impl Iterator<Item = &Segment> {
        let with: &[Sent] = self.sayings.acks.get(&reset.seq).map_or(&[], Vec::as_slice);
        with.iter().chain(&self.sayings.without_ack).filter(Self::by(index)).map(|(_, segment)| segment)
    }

    /// The endpoint after the text up to `end` has arrived; none if it does not take it, or if it was not captured.
    ///
    /// The endpoint is asked whether it takes text at all; how long the text is, is of no consequence to it.
    pub(super) fn caught_up(&self, endpoint: &Endpoint, end: Seq, policy: &Policy) -> Option<Endpoint> {
        let start = endpoint.rcv_nxt;
        if start == end {
            return Some(endpoint.clone());
        }
        if !start.precedes(end) || !(self.unheard || self.sayings.has_text(start, end)) {
            return None;
        }
        let mut endpoint = endpoint.clone();
        let len = end.since(start).min(LONGEST_TEXT);
        endpoint.on_segment(&Segment { flags: Flags::ACK, seq: start, ack: endpoint.snd_una, len }, policy);
        if endpoint.rcv_nxt != start + len {
            return None;
        }
        endpoint.rcv_nxt = end;
        Some(endpoint)
    }
}
