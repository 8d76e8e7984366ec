//! Connections: the packets of a capture, sorted by the two ends that they are between.

use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;

use crate::tcp::{Segment, Seq};

/// How many packets before the first FIN or reset belong to the closing phase.
const BEFORE: usize = 16;
/// The most packets of one closing phase that are kept.
const MOST_PACKETS: usize = 1 << 16;
/// The most packets of all connections together that are kept.
const MOST_PACKETS_IN_ALL: usize = 1 << 21;
/// The most connections.
const MOST_CONNECTIONS: usize = 1 << 16;

/// One of the two ends: 0 is who sent the first packet that was captured.
pub type Side = usize;

/// A segment that was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Its number in the file, from 1.
    pub number: u64,
    /// When it was captured, in nanoseconds since 1970.
    pub time: i64,
    /// Who sent it.
    pub from: Side,
    /// What it says.
    pub segment: Segment,
}

/// What is known of one end's packets before the closing phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Before {
    /// The number of its SYN, whenever that was captured.
    pub syn: Option<Seq>,
    /// The number after all that it has sent.
    pub next: Option<Seq>,
    /// The latest number that it has acknowledged.
    pub acked: Option<Seq>,
}

/// What was captured between two ends, from one SYN to the next.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The ends.
    pub ends: [SocketAddr; 2],
    /// What came before `packets`, of each end.
    pub before: [Before; 2],
    /// The closing phase: from 16 packets before the first FIN or reset on. Without one, the last 16 packets.
    pub packets: VecDeque<Packet>,
    /// The number of the first packet and its time.
    pub first: (u64, i64),
    /// The number of the last packet and its time.
    pub last: (u64, i64),
    /// How many packets each end has sent.
    pub sent: [u64; 2],
    /// The first packet of the closing phase that was not kept because there are too many.
    pub not_kept: Option<u64>,
    /// Who has begun another connection between the same ports, and the number of the packet that did.
    pub anew: Option<(Side, u64)>,
    closing: bool,
    /// An end has sent more than SYNs and resets, after its SYN or in answer to one.
    went_on: bool,
}

impl Connection {
    fn new(ends: [SocketAddr; 2], packet: &Packet) -> Self {
        Self {
            ends,
            before: [Before::default(); 2],
            packets: VecDeque::new(),
            first: (packet.number, packet.time),
            last: (packet.number, packet.time),
            sent: [0, 0],
            not_kept: None,
            anew: None,
            closing: false,
            went_on: false,
        }
    }

    /// What came before the closing phase, of one end.
    #[must_use]
    pub fn before(&self, side: Side) -> &Before {
        let [first, second] = &self.before;
        if side == 0 { first } else { second }
    }

    /// How many packets one end has sent.
    #[must_use]
    pub fn sent(&self, side: Side) -> u64 {
        let [first, second] = self.sent;
        if side == 0 { first } else { second }
    }

    /// The connection has come out of the handshake: more than SYNs and resets was captured of an end that had sent or
    /// acknowledged a SYN, or no SYN was captured.
    #[must_use]
    pub fn is_established(&self) -> bool {
        self.went_on || self.before.iter().all(|before| before.syn.is_none())
    }

    /// A SYN is not in the capture, and nothing else is known from before the packets that were kept.
    #[must_use]
    pub fn begins_midway(&self) -> bool {
        let [first, second] = &self.before;
        first.next.or(second.next).is_none() && (first.syn.is_none() || second.syn.is_none())
    }

    /// A SYN with a number of its own, after one with another: the ports are used anew. One that answers another SYN may
    /// be made anew as long as the handshake lasts.
    fn is_over_with(&self, packet: &Packet) -> bool {
        let Segment { flags, seq, .. } = packet.segment;
        match self.before(packet.from).syn {
            _ if !flags.syn => false,
            Some(syn) => syn != seq && (!flags.ack || self.went_on),
            // A SYN that is captured too late begins nothing: its number comes just before what is known.
            None => {
                let mut numbers = self.packets.iter().filter_map(|known| number_of(packet.from, known)).peekable();
                numbers.peek().is_some() && !numbers.any(|number| is_near(seq + 1, number))
            }
        }
    }

    /// The handshake has only begun, and the packet has other numbers.
    fn is_foreign(&self, packet: &Packet) -> bool {
        let has_other = |side| match (self.before(side).syn, number_of(side, packet)) {
            (Some(syn), Some(number)) => !is_near(syn, number),
            _ => false,
        };
        !self.went_on && !packet.segment.flags.syn && (has_other(0) || has_other(1))
    }

    /// Takes in one more packet; true if more packets are kept now than before.
    fn add(&mut self, packet: Packet, may_grow: bool) -> bool {
        let Segment { flags, seq, .. } = packet.segment;
        self.last = (packet.number, packet.time);
        if let Some(sent) = self.sent.get_mut(packet.from) {
            *sent += 1;
        }
        if flags.syn
            && let Some(before) = self.before.get_mut(packet.from)
        {
            before.syn = before.syn.filter(|_| self.went_on).or(Some(seq));
        }
        let has_syn = |side| {
            let number = number_of(side, &packet);
            self.before(side).syn.zip(number).is_some_and(|(syn, number)| syn != number && is_near(syn, number))
        };
        self.went_on |= !flags.syn && !flags.rst && (has_syn(packet.from) || has_syn(1 - packet.from));
        self.closing |= flags.fin || flags.rst;
        if self.closing && (self.packets.len() >= MOST_PACKETS || !may_grow) {
            self.not_kept.get_or_insert(packet.number);
        }
        if self.not_kept.is_some() {
            return false;
        }
        self.packets.push_back(packet);
        if self.closing || (self.packets.len() <= BEFORE && may_grow) {
            return true;
        }
        if let Some(oldest) = self.packets.pop_front() {
            self.forget(&oldest);
        }
        false
    }

    /// What a packet that is not kept leaves behind.
    fn forget(&mut self, packet: &Packet) {
        let Segment { flags, seq, ack, .. } = packet.segment;
        if let Some(before) = self.before.get_mut(packet.from) {
            let end = seq + packet.segment.sequence_length();
            before.next = Some(before.next.map_or(end, |next| next.max(end)));
            if flags.ack {
                before.acked = Some(before.acked.map_or(ack, |acked| acked.max(ack)));
            }
        }
    }
}

/// What a packet tells of the numbers of one end: its own, or what it acknowledges.
fn number_of(side: Side, packet: &Packet) -> Option<Seq> {
    let Segment { flags, seq, ack, .. } = packet.segment;
    if packet.from == side { Some(seq) } else { flags.ack.then_some(ack) }
}

/// The number comes soon after the other, modulo 2³².
fn is_near(earlier: Seq, number: Seq) -> bool {
    number.since(earlier) < 1 << 16
}

/// The connections of a capture, in the order of their first packets.
#[derive(Clone, Debug, Default)]
pub struct Connections {
    /// The connections.
    pub all: Vec<Connection>,
    /// The number of the first packet that belongs to a connection too many.
    pub not_followed: Option<u64>,
    kept: usize,
    /// Which connection there is now between two ends, the lesser address first, and which there was before.
    current: HashMap<[SocketAddr; 2], (usize, Option<usize>)>,
}

impl Connections {
    /// Takes in a segment.
    pub fn add(&mut self, number: u64, time: i64, from: SocketAddr, to: SocketAddr, segment: Segment) {
        let key = if from <= to { [from, to] } else { [to, from] };
        let current = self.current.get(&key).copied();
        if let Some((index, previous)) = current {
            let packet = |connection: &Connection| {
                let [first, _] = connection.ends;
                Packet { number, time, from: usize::from(first != from), segment }
            };
            let is_foreign = |connection: &Connection| connection.is_foreign(&packet(connection));
            // A SYN to an end that has an old connection on these ports: the old numbers are told, and reset.
            let index = previous.filter(|_| self.all.get(index).is_some_and(is_foreign)).unwrap_or(index);
            if let Some(connection) = self.all.get_mut(index) {
                let packet = packet(connection);
                if !connection.is_over_with(&packet) {
                    self.kept += usize::from(connection.add(packet, self.kept < MOST_PACKETS_IN_ALL));
                    return;
                }
                connection.anew = Some((packet.from, number));
            }
        }
        if self.all.len() >= MOST_CONNECTIONS {
            self.not_followed.get_or_insert(number);
            return;
        }
        let packet = Packet { number, time, from: 0, segment };
        let mut connection = Connection::new([from, to], &packet);
        self.kept += usize::from(connection.add(packet, self.kept < MOST_PACKETS_IN_ALL));
        self.current.insert(key, (self.all.len(), current.map(|(index, _)| index)));
        self.all.push(connection);
    }
}
