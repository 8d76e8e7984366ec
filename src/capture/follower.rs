//! Following one end: its hypotheses, and the segments of both ends.

use super::captured_packet::{Packet, Side};
use super::connection::Connection;
use super::cost;
use super::hypothesis::{Cause, Change, Hypotheses, Hypothesis, before, canonical};
use super::peer::{PeerObservation, SegmentLog, hold};
use crate::tcp::{Call, Endpoint, Flags, Held, Policy, RstInTimeWait, Segment, Seq};

/// Where stacks differ, the choice that explains most; what the other choice does instead is among the hypotheses,
/// too: that a segment has not arrived, that an ACK is sent at once or later, that a timer takes as long as it
/// will.
pub(super) const POLICY: Policy = {
    let mut policy = Policy::rfc9293(1);
    policy.wait.rst_in_time_wait = RstInTimeWait::Close;
    policy.resets.rst_before_fin = true;
    policy
};
/// [`POLICY`], of an end that gives up at the next timeout.
pub(super) const GIVES_UP: Policy = {
    let mut policy = POLICY;
    policy.retransmission.retries = Some(0);
    policy
};

/// An end that is followed: what was captured of it and of its peer.
pub(super) struct Follower<'a> {
    pub(super) connection: &'a Connection,
    pub(super) side: Side,
    pub(super) peer: PeerObservation,
    /// The segments of the end itself.
    pub(super) own: SegmentLog,
    /// The latest number that the peer acknowledges.
    pub(super) acknowledged: Seq,
    /// How many numbers the end has used for what was lost before it could be captured.
    pub(super) lost: u32,
    /// Up to this number, what the end has sent is supposed because the capture has missed it.
    pub(super) missed: Option<Seq>,
    /// SND.NXT and RCV.NXT before the first packet.
    start: (Seq, Seq),
}

impl<'a> Follower<'a> {
    pub(super) fn new(connection: &'a Connection, side: Side) -> Self {
        let peer = side.other();
        let first = |side| {
            let mut own =
                connection.packets.iter().filter(move |packet| packet.from == side && !packet.segment.flags.syn);
            own.clone().find(|packet| !packet.segment.flags.rst).or_else(|| own.next())
        };
        let next = |side| {
            let before = connection.before(side);
            before.next.or(connection.first_number(side)).or_else(|| first(side).map(|packet| packet.segment.seq))
        };
        let acked = |side| {
            let own = first(side).filter(|packet| packet.segment.flags.ack);
            let peers = first(side.other());
            let before = connection.before(side).acked.or(connection.first_number(side.other()));
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
        let mut log = SegmentLog::of(connection, peer, next(peer));
        let mut so_far = Held::default();
        // In the middle, the last number before it may have been that of a FIN: see `suppose_beginning`.
        if let Some(end) = next(peer).filter(|end| rcv_nxt.precedes(*end) && !connection.begins_midway()) {
            log.suppose_text(rcv_nxt, end);
            hold(&mut so_far, rcv_nxt, end);
        }
        let mut own = SegmentLog::of(connection, side, Some(snd_nxt));
        let acknowledged = |by| {
            let packets = connection.packets.iter().filter(move |packet| packet.from == by);
            packets.filter(|packet| packet.segment.flags.ack).map(|packet| packet.segment.ack)
        };
        if connection.begins_midway() {
            log.suppose_beginning(rcv_nxt, acknowledged(side));
            so_far.clone_from(log.text());
            own.suppose_beginning(snd_nxt, acknowledged(peer));
        }
        let acknowledged = acknowledged(peer).fold(snd_nxt, Seq::max);
        let lost = own.suppose_lost(acknowledged, connection.is_filtered());
        let peer = PeerObservation { log, so_far, is_uncaptured: connection.sent(peer) == 0 };
        Self { connection, side, peer, own, acknowledged, lost, missed: None, start: (snd_nxt, rcv_nxt) }
    }

    /// The hypotheses before the first packet.
    pub(super) fn beginning(&self) -> Hypotheses {
        let (snd_nxt, rcv_nxt) = self.start;
        let established = |snd_nxt: Seq, rcv_nxt| {
            canonical(&Endpoint { snd_una: before(snd_nxt), snd_nxt, rcv_nxt, ..Endpoint::established() })
        };
        let peers_fin = self.peers_fin_before(rcv_nxt);
        let mut beginnings =
            vec![(established(snd_nxt, rcv_nxt), if peers_fin == Some(0) { cost::UNSEEN } else { 0 })];
        // The capture may begin in the middle of the close: the last numbers may have been those of FINs.
        let shut = |endpoint: &mut Endpoint| endpoint.on_call(Call::Shutdown, &POLICY);
        let fin = |endpoint: &mut Endpoint| {
            let Endpoint { rcv_nxt: seq, snd_una: ack, .. } = *endpoint;
            endpoint.on_segment(&Segment { flags: Flags::FIN_ACK, seq, ack, len: 0 }, &POLICY)
        };
        if let Some(cost) = peers_fin {
            let mut received = established(snd_nxt, before(rcv_nxt));
            fin(&mut received);
            beginnings.push((received, cost));
        }
        let sent_before =
            [self.connection.begins_midway().then_some(snd_nxt), self.fin_sent_again().map(|seq| seq + 1)];
        for snd_nxt in sent_before.into_iter().flatten() {
            let mut sent = established(before(snd_nxt), rcv_nxt);
            shut(&mut sent);
            beginnings.push((sent, cost::UNSEEN));
            if let Some(cost) = peers_fin {
                let mut last = established(before(snd_nxt), before(rcv_nxt));
                fin(&mut last);
                shut(&mut last);
                let mut closing = established(before(snd_nxt), before(rcv_nxt));
                shut(&mut closing);
                fin(&mut closing);
                beginnings.extend([last, closing].map(|endpoint| (endpoint, cost.max(cost::UNSEEN))));
            }
        }
        if self.connection.begins_midway() {
            // Or what is captured first was sent again.
            if let Some(ack) = self.first_acknowledgment().filter(|ack| snd_nxt.precedes(*ack)) {
                beginnings.push((established(ack, rcv_nxt), cost::UNSEEN));
            }
        }
        let mut hypotheses = Hypotheses::default();
        for (endpoint, cost) in beginnings {
            let endpoint = canonical(&endpoint);
            let path = vec![Change { state: endpoint.state, index: 0, cause: Cause::Start }];
            // There is room for these.
            let _ = hypotheses.add(Hypothesis { endpoint, cost, path });
        }
        hypotheses
    }

    /// The cost of supposing that the end had received the peer's FIN before the capture began, as the number
    /// before `rcv_nxt`; none if it had not. It had if that FIN is sent again in the capture. It had not if the
    /// connection began in the capture, or if what the peer has sent since then, or what the end has acknowledged,
    /// goes beyond `rcv_nxt`.
    fn peers_fin_before(&self, rcv_nxt: Seq) -> Option<u32> {
        let (connection, peer) = (self.connection, self.side.other());
        if !connection.begins_midway() && !connection.begins_late() {
            return None;
        }
        let (own, peers) = (connection.before(self.side), connection.before(peer));
        let end = |packet: &Packet| packet.segment.seq + packet.segment.sequence_length();
        let goes_on = |packet: &Packet| {
            let Segment { flags, ack, .. } = packet.segment;
            let number = if packet.from == peer { end(packet) } else { ack };
            !flags.rst && (packet.from == peer || flags.ack) && rcv_nxt.precedes(number)
        };
        if own.first_acked != own.acked
            || peers.next.is_some_and(|next| rcv_nxt.precedes(next))
            || connection.packets.iter().any(goes_on)
        {
            return None;
        }
        let is_it = |packet: &Packet| packet.from == peer && packet.segment.flags.fin && end(packet) == rcv_nxt;
        Some(if connection.packets.iter().any(is_it) { 0 } else { cost::UNSEEN })
    }

    /// The number of the end's FIN, if that is the first that was captured of it, and may have been sent before.
    fn fin_sent_again(&self) -> Option<Seq> {
        let mut own = self.connection.packets.iter().filter(|packet| packet.from == self.side);
        let first = own.next().filter(|packet| packet.segment.flags.fin && self.connection.begins_midway())?;
        Some(first.segment.seq + first.segment.len)
    }

    /// The first acknowledgment of the peer.
    fn first_acknowledgment(&self) -> Option<Seq> {
        let mut packets = self.connection.packets.iter();
        let acknowledges = |packet: &&Packet| packet.from != self.side && packet.segment.flags.ack;
        packets.find(acknowledges).map(|packet| packet.segment.ack)
    }
}
