//! Whether a packet belongs to a connection, by its numbers.

use super::{Connection, PACKETS_BEFORE_CLOSING};
use crate::capture::captured_packet::{Packet, Side};
use crate::capture::progress::Progress;
use crate::tcp::{Flags, Segment, Seq};

/// A packet that is captured in two places is captured there within this, in nanoseconds; stacks send nothing
/// again as soon.
const COPIED_WITHIN: i64 = 100_000_000;
/// So many octets beyond what is known, or before it, a number is still of the same connection.
const REACH_OCTETS: u32 = 1 << 16;

impl Connection {
    /// A SYN with a number of its own, after one with another: the ports are used anew. One that answers another
    /// SYN may be made anew as long as the handshake lasts.
    pub(in crate::capture) fn is_over_with(&self, packet: &Packet) -> bool {
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
    pub(super) fn is_candidate(&self, side: Side, syn: Seq) -> bool {
        self.syns.contains(&(side, syn))
    }

    /// The handshake has only begun, and the packet has other numbers.
    pub(in crate::capture) fn is_foreign(&self, packet: &Packet) -> bool {
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

    /// The number comes soon after the other, modulo 2³². Where text is filtered out, a FIN is far from the SYN.
    pub(super) fn is_near(&self, earlier: Seq, number: Seq, flags: Flags) -> bool {
        let reach = if flags.fin && !self.has_plain { 1 << 31 } else { REACH_OCTETS };
        number.since(earlier) < reach
    }

    /// The packet is the next of this connection, by its numbers alone: it comes in tags or tunnels in which
    /// nothing of its sender came before, and neither repeats what is over nor what was just captured elsewhere.
    pub(in crate::capture) fn goes_on_with(&self, packet: &Packet) -> bool {
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
        let ack = if flags.ack { self.is_within(peer, ack, REACH_OCTETS, flags) } else { None };
        !(seq == Some(false) || ack == Some(false)) && (seq.is_some() || ack.is_some())
    }

    /// The number comes soon after the latest of this end, and at most `back` before what is acknowledged; none if
    /// no number of the end is known.
    fn is_within(&self, side: Side, number: Seq, back: u32, flags: Flags) -> Option<bool> {
        let Progress { next, acknowledged, .. } = *self.progress(side);
        let latest = [next, acknowledged].into_iter().flatten().reduce(Seq::max)?;
        let least = acknowledged.map_or(latest + REACH_OCTETS.wrapping_neg(), |known| known + back.wrapping_neg());
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
        self.packets.iter().rev().take(PACKETS_BEFORE_CLOSING).any(is_copy)
    }

    /// The packet has numbers of this connection and none of the next one with the same ports, in which it is
    /// `in_next`; or it repeats, IP identification included, what was captured of this one.
    pub(in crate::capture) fn has_copy(&self, packet: &Packet, next: &Self, in_next: &Packet) -> bool {
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
    pub(in crate::capture) fn has_numbers_of(&self, packet: &Packet) -> bool {
        Side::BOTH.into_iter().all(|side| {
            let Some(number) = number_of(side, packet) else { return true };
            let Some(next) = self.progress(side).next else { return false };
            let first = self.before(side).syn.unwrap_or(next + REACH_OCTETS.wrapping_neg());
            number.since(first) <= next.since(first).saturating_add(REACH_OCTETS)
        })
    }
}

/// The numbers of one end in a packet: its own, or those that it acknowledges.
pub(super) fn number_of(side: Side, packet: &Packet) -> Option<Seq> {
    let Segment { flags, seq, ack, .. } = packet.segment;
    if packet.from == side { Some(seq) } else { flags.ack.then_some(ack) }
}
