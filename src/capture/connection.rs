//! A connection: what was captured between two ends, from one SYN to the next.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use super::captured_packet::{Packet, Side};
use super::encapsulation::{Encapsulation, Tag};
use super::progress::{Progress, Storm, StormWatch};
use crate::tcp::{Flags, Segment, Seq, State};

/// How many packets before the first FIN or reset belong to the closing phase.
const BEFORE: usize = 16;
/// The most packets of one closing phase that are kept.
const MOST_PACKETS: usize = 1 << 16;
/// From so many packets of a closing phase on, text that follows on text is kept as one longer segment.
const MERGED_FROM: usize = 1 << 9;
/// How many packets are searched for what the next may be joined to.
const MERGED_BACK: usize = 8;
/// So many packets of a storm are kept.
const STORM_KEPT: u64 = 64;
/// The most initial numbers of one end in one handshake.
const MOST_SYNS: usize = 4;
/// A packet that is captured in two places is captured there within this, in nanoseconds; stacks send nothing
/// again as soon.
const COPIED_WITHIN: i64 = 100_000_000;
/// So many octets beyond what is known, or before it, a number is still of the same connection.
const REACH: u32 = 1 << 16;
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

    /// A SYN with a number of its own, after one with another: the ports are used anew. One that answers another
    /// SYN may be made anew as long as the handshake lasts.
    pub(super) fn is_over_with(&self, packet: &Packet) -> bool {
        let Segment { flags, seq, .. } = packet.segment;
        match self.before(packet.from).syn {
            _ if !flags.syn => false,
            Some(syn) => syn != seq && !self.is_candidate(packet.from, seq) && (!flags.ack || self.went_on),
            // A SYN that is captured too late begins nothing: its number comes just before what is known.
            None => {
                let mut numbers = self.packets.iter().filter_map(|known| number_of(packet.from, known)).peekable();
                numbers.peek().is_some() && !numbers.any(|number| self.is_near(seq + 1, number, flags))
            }
        }
    }

    /// An end has sent a SYN with this number.
    fn is_candidate(&self, side: Side, syn: Seq) -> bool {
        self.syns.contains(&(side, syn))
    }

    /// The handshake has only begun, and the packet has other numbers.
    pub(super) fn is_foreign(&self, packet: &Packet) -> bool {
        let has_other = |side| match (self.before(side).syn, number_of(side, packet)) {
            (Some(_), Some(number)) => {
                // Who acknowledges a SYN acknowledges more than its number.
                let is_before = |syn: Seq| side != packet.from && syn == number;
                let fits = |syn| self.is_near(syn, number, packet.segment.flags) && !is_before(syn);
                !self.syns.iter().any(|&(of, syn)| of == side && fits(syn))
            }
            _ => false,
        };
        !self.went_on && !packet.segment.flags.syn && Side::BOTH.into_iter().any(has_other)
    }

    /// The packets with which it is opened: the first ones, until both ends have gone on from there; at most 16.
    #[must_use]
    pub fn opening(&self) -> Vec<Packet> {
        if !self.forgotten_opening.is_empty() {
            return self.forgotten_opening.to_vec();
        }
        let mut went_on = [false; 2];
        let mut packets = Vec::new();
        for packet in self.packets.iter().take(BEFORE) {
            packets.push(*packet);
            *packet.from.of_mut(&mut went_on) |= !packet.segment.flags.syn && !packet.segment.flags.rst;
            if went_on == [true; 2] {
                break;
            }
        }
        packets
    }

    /// The number comes soon after the other, modulo 2³². Where text is filtered out, a FIN is far from the SYN.
    fn is_near(&self, earlier: Seq, number: Seq, flags: Flags) -> bool {
        let reach = if flags.fin && !self.has_plain { 1 << 31 } else { REACH };
        number.since(earlier) < reach
    }

    /// The packet is the next of this connection, by its numbers alone: it comes in tags or tunnels in which
    /// nothing of its sender came before, and neither repeats what is over nor what was just captured elsewhere.
    pub(super) fn goes_on_with(&self, packet: &Packet) -> bool {
        let Segment { flags, seq, ack, .. } = packet.segment;
        let (own, peer) = (packet.from, packet.from.other());
        if self.was_just_captured(packet) {
            return false;
        }
        if flags.syn {
            let answers = flags.ack && self.before(own).syn.is_none() && self.is_candidate(peer, ack + u32::MAX);
            return !self.went_on && self.is_candidate(own, seq) || answers;
        }
        // A reset that answers a SYN has the number 0.
        let tells_seq = !(flags.rst && flags.ack && seq == Seq(0));
        let seq = if tells_seq { self.is_within(own, seq, 1, flags) } else { None };
        let ack = if flags.ack { self.is_within(peer, ack, REACH, flags) } else { None };
        !(seq == Some(false) || ack == Some(false)) && (seq.is_some() || ack.is_some())
    }

    /// The number comes soon after the latest of this end, and at most `back` before what is acknowledged; none if
    /// no number of the end is known.
    fn is_within(&self, side: Side, number: Seq, back: u32, flags: Flags) -> Option<bool> {
        let Progress { next, acknowledged, .. } = *self.progress(side);
        let latest = [next, acknowledged].into_iter().flatten().reduce(Seq::max)?;
        let least = acknowledged.map_or(latest + REACH.wrapping_neg(), |known| known + back.wrapping_neg());
        let is_old = number.precedes(least);
        Some(!is_old && (number.precedes(latest) || self.is_near(latest, number, flags)))
    }

    /// The same packet was captured just before: somewhere else on its way.
    fn was_just_captured(&self, packet: &Packet) -> bool {
        let is_copy = |known: &Packet| {
            (known.from, known.segment, known.identification)
                == (packet.from, packet.segment, packet.identification)
                && packet.time.saturating_sub(known.time).abs() <= COPIED_WITHIN
        };
        self.packets.iter().rev().take(BEFORE).any(is_copy)
    }

    /// The packet has numbers of this connection and none of the next one with the same ports, in which it is
    /// `in_next`; or it repeats, IP identification included, what was captured of this one.
    pub(super) fn has_copy(&self, packet: &Packet, next: &Self, in_next: &Packet) -> bool {
        let Packet { from, segment, identification, .. } = *packet;
        if segment.flags.rst || !self.is_established() {
            return false;
        }
        if segment.flags.syn {
            return self.before(from).syn == Some(segment.seq) && !next.is_candidate(in_next.from, segment.seq);
        }
        let is_known =
            |known: &Packet| (known.from, known.segment, known.identification) == (from, segment, identification);
        identification != 0 && self.packets.iter().any(is_known)
            || next.went_on && !next.has_numbers_of(in_next) && self.has_numbers_of(packet)
    }

    /// What the packet has and acknowledges are numbers that its ends have used here, or will use soon.
    pub(super) fn has_numbers_of(&self, packet: &Packet) -> bool {
        Side::BOTH.into_iter().all(|side| {
            let Some(number) = number_of(side, packet) else { return true };
            let Some(next) = self.progress(side).next else { return false };
            let first = self.before(side).syn.unwrap_or(next + REACH.wrapping_neg());
            number.since(first) <= next.since(first).saturating_add(REACH)
        })
    }

    /// Takes in one more packet; true if more packets are kept now than before.
    pub(super) fn add(&mut self, packet: Packet, may_grow: bool) -> bool {
        let Segment { flags, .. } = packet.segment;
        self.last = (packet.number, packet.time);
        *packet.from.of_mut(&mut self.sent) += 1;
        self.shake_hands(&packet);
        self.has_plain |= !(flags.syn || flags.fin || flags.rst);
        if flags.fin
            && !self.fins.contains(&Some(packet.from))
            && let Some(place) = self.fins.iter_mut().find(|place| place.is_none())
        {
            *place = Some(packet.from);
        }
        let [first, second] = &mut self.progress;
        let (own, peers) = match packet.from {
            Side::First => (first, second),
            Side::Second => (second, first),
        };
        own.send(&packet);
        peers.hear(&packet);
        own.ask(&packet, peers.closed_window.is_some());
        self.closing |= flags.fin || flags.rst;
        let storm = self.watch.watch(&packet);
        self.storm = storm.or(self.storm);
        if storm.is_some_and(|storm| storm.packets > STORM_KEPT) || self.is_merged(&packet) {
            return false;
        }
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
        if self.packets.front().is_some_and(|oldest| oldest.number == self.first.0) {
            self.forgotten_opening = self.opening().into();
        }
        if let Some(oldest) = self.packets.pop_front() {
            self.forget(&oldest);
        }
        false
    }

    /// The part of the packet in the handshake. Of SYNs with different numbers, the one counts that the other end
    /// acknowledges.
    fn shake_hands(&mut self, packet: &Packet) {
        let Segment { flags, seq, .. } = packet.segment;
        if flags.syn && !self.went_on {
            if !self.is_candidate(packet.from, seq) && self.syns.len() < MOST_SYNS {
                self.syns.push((packet.from, seq));
            }
            packet.from.of_mut(&mut self.before).syn = Some(seq);
        } else if flags.syn {
            packet.from.of_mut(&mut self.before).syn.get_or_insert(seq);
        }
        if flags.syn || flags.rst || self.went_on {
            return;
        }
        for side in [packet.from, packet.from.other()] {
            let Some(number) = number_of(side, packet) else { continue };
            let follows =
                |&&(of, syn): &&(Side, Seq)| of == side && syn != number && self.is_near(syn, number, flags);
            let nearest = self.syns.iter().filter(follows).min_by_key(|(_, syn)| number.since(*syn));
            if let Some(&(_, syn)) = nearest {
                side.of_mut(&mut self.before).syn = Some(syn);
                self.went_on = true;
            }
        }
    }

    /// Joins a packet to the one that it follows on, where there are many: text to the text before it, and an ACK
    /// to the ACK before it. What is text is captured before what acknowledges it, as it was.
    fn is_merged(&mut self, packet: &Packet) -> bool {
        let Segment { flags, seq, ack, len } = packet.segment;
        if self.packets.len() < MERGED_FROM || flags != Flags::ACK {
            return false;
        }
        // FINs and resets stay where they are, and an ACK stays behind the text that it acknowledges.
        let back = if len == 0 { 1 } else { MERGED_BACK };
        let mut kept =
            self.packets.iter_mut().rev().take(back).take_while(|known| known.segment.flags == Flags::ACK);
        let Some(known) = kept.find(|known| known.from == packet.from) else { return false };
        let last = known.segment;
        if last.flags != Flags::ACK || (last.len == 0) != (len == 0) {
            return false;
        }
        if len == 0 {
            let follows = last.seq == seq && !ack.precedes(last.ack);
            if follows {
                known.segment.ack = ack;
            }
            return follows;
        }
        let end = last.seq + last.len;
        if last.ack != ack || end.precedes(seq) || seq.precedes(last.seq) {
            return false;
        }
        if end.precedes(seq + len) {
            known.segment.len = (seq + len).since(last.seq);
        } else {
            *packet.from.of_mut(&mut self.repeated) += 1;
        }
        true
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

    /// Notes what remains of a packet that is not kept.
    fn forget(&mut self, packet: &Packet) {
        let Segment { flags, seq, ack, .. } = packet.segment;
        let before = packet.from.of_mut(&mut self.before);
        let end = seq + packet.segment.sequence_length();
        before.next = Some(before.next.map_or(end, |next| next.max(end)));
        if flags.ack {
            before.acked = Some(before.acked.map_or(ack, |acked| acked.max(ack)));
            before.first_acked =
                Some(before.first_acked.map_or(ack, |acked| if ack.precedes(acked) { ack } else { acked }));
        }
    }
}

/// The numbers of one end in a packet: its own, or those that it acknowledges.
fn number_of(side: Side, packet: &Packet) -> Option<Seq> {
    let Segment { flags, seq, ack, .. } = packet.segment;
    if packet.from == side { Some(seq) } else { flags.ack.then_some(ack) }
}
