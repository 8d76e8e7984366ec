//! A connection: what was captured between two ends, from one SYN to the next.

mod intake;
mod numbers;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use super::captured_packet::{Packet, Side};
use super::encapsulation::{Encapsulation, Tag};
use super::progress::{Progress, Storm, StormWatch};
use crate::tcp::{Segment, Seq, State};

/// How many packets before the first FIN or reset belong to the closing phase.
const PACKETS_BEFORE_CLOSING: usize = 16;
/// The most packets of the connection before that are noted.
pub(super) const MOST_OLD_COPIES: usize = 64;

/// A segment as it was captured, before it is known of which connection it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Captured {
    /// The number of the packet in the file, from 1.
    pub number: u64,
    /// When it was captured, in nanoseconds since 1970.
    pub time: i64,
    /// Who sent it.
    pub from: SocketAddr,
    /// To whom.
    pub to: SocketAddr,
    /// The tags and tunnels that it was in.
    pub inside: Encapsulation,
    /// Its numbers and flags.
    pub segment: Segment,
    /// RFC 9293 §3.1: the window that it offers, not scaled.
    pub window: u16,
    /// IPv4's time to live, or IPv6's hop limit.
    pub hop_limit: u8,
    /// IPv4's identification; 0 in IPv6.
    pub identification: u16,
}

impl Captured {
    pub(super) fn packet(&self, from: Side) -> Packet {
        let Self { number, time, segment, window, hop_limit, identification, .. } = *self;
        Packet { number, time, from, segment, window, hop_limit, identification }
    }
}

/// A SYN was answered by an older connection between the same ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OldAnswer {
    /// The number of the packet that answered.
    pub number: u64,
    /// The state that the end which answered was in, as far as the FINs show.
    pub state: State,
}

/// The knowledge of one end's packets before the closing phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Before {
    /// The number of its SYN, whenever that was captured.
    pub syn: Option<Seq>,
    /// The number after all that it has sent.
    pub next: Option<Seq>,
    /// The latest number that it has acknowledged.
    pub acked: Option<Seq>,
    /// The earliest.
    pub first_acked: Option<Seq>,
}

/// The packets between two ends, from one SYN to the next.
#[derive(Clone, Debug)]
pub struct Connection {
    /// The ends.
    pub ends: [SocketAddr; 2],
    /// What the packets of each end were inside of; none of an end that was not captured. Where an end's packets
    /// came in several ways, the first.
    pub inside: [Option<Arc<Encapsulation>>; 2],
    /// In how many other encapsulations the capture has connections between the same ends.
    pub namesakes: usize,
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
    /// The end that has begun another connection between the same ports, and the number of the packet.
    pub anew: Option<(Side, u64)>,
    /// Its SYN was answered by an older connection.
    pub old_answer: Option<OldAnswer>,
    /// The place of the connection that had the same ports before, among all.
    pub previous: Option<usize>,
    /// The numbers of packets of that one which were captured after this one had begun: copies that came late.
    pub old_copies: Vec<u64>,
    /// The last exchange of the same segments without end.
    pub storm: Option<Storm>,
    /// Segments with text of the closing phase that were joined to others, and had all been captured before, of
    /// each end.
    pub repeated: [usize; 2],
    /// The packets of the opening, once the first of them is not among `packets` any more.
    forgotten_opening: Box<[Packet]>,
    progress: [Progress; 2],
    watch: StormWatch,
    /// The initial numbers of SYNs that may turn out to be the right ones.
    syns: Vec<(Side, Seq)>,
    /// The ends that have sent a FIN, in that order.
    fins: [Option<Side>; 2],
    /// More than SYNs, FINs and resets was captured.
    has_plain: bool,
    closing: bool,
    /// An end has sent more than SYNs and resets, after its SYN or in answer to one.
    went_on: bool,
}

impl Connection {
    pub(super) fn new(ends: [SocketAddr; 2], packet: &Packet) -> Self {
        Self {
            ends,
            inside: [None, None],
            namesakes: 0,
            before: [Before::default(); 2],
            packets: VecDeque::new(),
            first: (packet.number, packet.time),
            last: (packet.number, packet.time),
            sent: [0, 0],
            not_kept: None,
            anew: None,
            old_answer: None,
            previous: None,
            old_copies: Vec::new(),
            storm: None,
            repeated: [0, 0],
            forgotten_opening: Box::default(),
            progress: [Progress::default(); 2],
            watch: StormWatch::default(),
            syns: Vec::new(),
            fins: [None, None],
            has_plain: false,
            closing: false,
            went_on: false,
        }
    }

    /// Which end has this address.
    pub(super) fn side_of(&self, address: SocketAddr) -> Side {
        let [first, _] = self.ends;
        if address == first { Side::First } else { Side::Second }
    }

    /// What came before the closing phase, of one end.
    #[must_use]
    pub fn before(&self, side: Side) -> &Before {
        side.of(&self.before)
    }

    /// The tags and tunnels that the first packet of one end was inside of, the outermost first; empty if there
    /// were none.
    #[must_use]
    pub fn inside(&self, side: Side) -> &[Tag] {
        side.of(&self.inside).as_deref().map_or(&[], Encapsulation::tags)
    }

    /// How many packets one end has sent.
    #[must_use]
    pub fn sent(&self, side: Side) -> u64 {
        *side.of(&self.sent)
    }

    /// The connection has come out of the handshake: more than SYNs and resets was captured of an end that had
    /// sent or acknowledged a SYN, or no SYN was captured.
    #[must_use]
    pub fn is_established(&self) -> bool {
        self.went_on || self.before.iter().all(|before| before.syn.is_none())
    }

    /// How far an end has come, and what it waits for.
    #[must_use]
    pub fn progress(&self, side: Side) -> &Progress {
        side.of(&self.progress)
    }

    /// Only segments with SYN, FIN or RST were captured, of a connection that has a FIN: what is between them, and
    /// every bare ACK, was filtered out.
    #[must_use]
    pub fn is_filtered(&self) -> bool {
        !self.has_plain && self.fins.iter().any(Option::is_some)
    }

    /// A SYN is not in the capture or nothing follows on it, and nothing else is known from before the packets
    /// that were kept.
    #[must_use]
    pub fn begins_midway(&self) -> bool {
        let [first, second] = &self.before;
        first.next.or(second.next).is_none() && Side::BOTH.iter().any(|side| self.first_number(*side).is_none())
    }

    /// Neither end's SYN is in the capture: an end may have closed before it began.
    #[must_use]
    pub fn begins_late(&self) -> bool {
        self.before.iter().all(|before| before.syn.is_none())
    }

    /// The number of an end's first octet, if its SYN was captured and what follows on that, too.
    #[must_use]
    pub fn first_number(&self, side: Side) -> Option<Seq> {
        self.before(side).syn.filter(|_| !self.is_filtered()).map(|syn| syn + 1)
    }

    /// The packets with which it is opened: the first ones, until both ends have gone on from there; at most 16.
    #[must_use]
    pub fn opening(&self) -> Vec<Packet> {
        if !self.forgotten_opening.is_empty() {
            return self.forgotten_opening.to_vec();
        }
        let mut went_on = [false; 2];
        let mut packets = Vec::new();
        for packet in self.packets.iter().take(PACKETS_BEFORE_CLOSING) {
            packets.push(*packet);
            *packet.from.of_mut(&mut went_on) |= !packet.segment.flags.syn && !packet.segment.flags.rst;
            if went_on == [true; 2] {
                break;
            }
        }
        packets
    }

    /// The state of an end after the captured FINs, for a question about a connection that is over.
    pub(super) fn state_by_fins(&self, side: Side) -> State {
        match self.fins {
            [Some(first), Some(_)] if first == side => State::TimeWait,
            [Some(_), Some(_)] => State::LastAck,
            [Some(first), None] if first == side => State::FinWait2,
            [Some(_), None] => State::CloseWait,
            [None, _] => State::Established,
        }
    }
}
