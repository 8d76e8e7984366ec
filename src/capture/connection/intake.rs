//! How a connection takes in its packets: the handshake, the closing phase, and what is joined or forgotten.

use super::numbers::number_of;
use super::{Connection, PACKETS_BEFORE_CLOSING};
use crate::capture::captured_packet::{Packet, Side};
use crate::tcp::{Flags, Segment, Seq};

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

impl Connection {
    /// Takes in one more packet; true if more packets are kept now than before.
    pub(in crate::capture) fn add(&mut self, packet: Packet, may_grow: bool) -> bool {
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
        if self.closing || (self.packets.len() <= PACKETS_BEFORE_CLOSING && may_grow) {
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
