//! What an endpoint sends: queued text and FIN, acknowledgments, resets. RFC 9293 §3.8.6, §3.10.5.

use super::endpoint::Endpoint;
use super::event::{Effects, Timer, TimerChange};
use super::policy::{FinSending, Policy};
use super::segment::{Flags, Segment, Seq};
use super::state::{EndedBy, State};

impl Endpoint {
    /// Text, or a FIN, is waiting to be sent.
    #[must_use]
    pub fn is_sending(&self) -> bool {
        let fin_due = self.close_called
            && !self.fin_sent
            && matches!(self.state, State::FinWait1 | State::Closing | State::LastAck);
        self.transfer.unsent > 0 || fin_due
    }

    /// RFC 9293 §3.10.2: SEND of so many octets, which are only queued; [`Endpoint::poll`] sends them. A state
    /// that sends no more ignores it; before ESTABLISHED it waits.
    pub fn queue(&mut self, octets: u32) {
        let sends = [State::SynSent, State::SynReceived, State::Established, State::CloseWait];
        if sends.contains(&self.state) {
            self.transfer.unsent = self.transfer.unsent.saturating_add(octets);
        }
    }

    /// RFC 9293 §3.10.2: SEND of so many octets: [`Endpoint::queue`], and what one segment holds and the peer has
    /// room for is sent, unless the stack is polled.
    pub fn send_text(&mut self, octets: u32, policy: &Policy) -> Effects {
        let mut effects = Effects::default();
        self.queue(octets);
        self.transmit_unless_polled(policy, &mut effects);
        effects
    }

    /// Whoever drives a stack that is polled lets it send what waits: at most so many octets of text, and if that
    /// is all, the FIN; or else an ACK. A stack that is not polled has sent it already, as far as the peer's
    /// window allows.
    pub fn poll(&mut self, most: u32, policy: &Policy) -> Effects {
        let mut effects = Effects::default();
        self.transmit(most, policy, &mut effects);
        if effects.segment.is_none() && policy.transmission.acks_when_polled() && self.ack_delayed {
            self.acknowledge(policy, &mut effects);
        }
        effects
    }

    pub(super) fn transmit_unless_polled(&mut self, policy: &Policy, effects: &mut Effects) {
        if policy.transmission.sends_at_once() {
            self.transmit(u32::MAX, policy, effects);
        }
    }

    /// RFC 9293 §3.8.6: sends the text that waits, as far as the peer has room and one segment holds it, and the
    /// FIN if it comes next. What remains waits for the next [`Endpoint::poll`], and so does all of it behind a
    /// segment that is sent again.
    pub(super) fn transmit(&mut self, most: u32, policy: &Policy, effects: &mut Effects) {
        let opens = matches!(self.state, State::SynSent | State::SynReceived);
        if !self.is_sending() || opens || effects.segment.is_some() {
            return;
        }
        let room = self.transfer.send_window.size.saturating_sub(self.snd_nxt.since(self.snd_una));
        if room > 0 && self.transfer.persist.runs {
            self.stop_persisting();
        }
        let len = self.transfer.unsent.min(room).min(most).min(self.transfer.mss);
        self.transfer.unsent -= len;
        let fin = self.is_sending()
            && self.transfer.unsent == 0
            && (len < room || !policy.transmission.fin_needs_window)
            && match policy.closing.fin_sending {
                FinSending::WithText => true,
                FinSending::Alone => len == 0,
                FinSending::AfterAcks => len == 0 && (self.snd_una == self.snd_nxt || self.fin_received),
            };
        if fin {
            self.fin_sent = true;
        }
        if len > 0 || fin {
            self.send_new(if fin { Flags::FIN_ACK } else { Flags::ACK }, len, policy, effects);
        }
        self.persist_if_closed(policy, effects);
    }

    /// Sends a segment that takes sequence space for the first time. RFC 6298 §5.1: the timer is started if it
    /// is not running.
    pub(super) fn send_new(&mut self, flags: Flags, len: u32, policy: &Policy, effects: &mut Effects) {
        if self.snd_una == self.snd_nxt {
            effects.change(Timer::Retransmission, TimerChange::Set(self.timeout(policy)));
        }
        let start = self.snd_nxt;
        self.send(flags, start, len, effects);
        self.snd_nxt = start + len + u32::from(flags.syn) + u32::from(flags.fin);
        if self.snd_nxt != start + 1 {
            self.transfer.segments.push((start, self.snd_nxt));
        }
    }

    /// Sends an ACK that is due for what has arrived.
    pub(super) fn acknowledge(&mut self, policy: &Policy, effects: &mut Effects) {
        if policy.acks.fin_with_acks && self.fin_sent && !self.fin_acked() {
            self.send(Flags::FIN_ACK, Seq(self.snd_nxt.0.wrapping_sub(1)), 0, effects);
        } else {
            self.send(Flags::ACK, self.snd_nxt, 0, effects);
        }
    }

    /// RFC 5961 §3.2, §4.2, §5.2: a challenge ACK, `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`.
    pub(super) fn challenge(&mut self, effects: &mut Effects) {
        self.send(Flags::ACK, self.snd_nxt, 0, effects);
    }

    /// RFC 9293 §3.10.5: `<SEQ=SND.NXT><CTL=RST>`.
    pub(super) fn reset(&mut self, with_ack: bool, effects: &mut Effects) {
        if with_ack {
            self.send(Flags::RST_ACK, self.snd_nxt, 0, effects);
        } else {
            effects.segment = Some(Segment { flags: Flags::RST, seq: self.snd_nxt, ack: Seq(0), len: 0 });
        }
    }

    /// RFC 9293 §3.6.1 (RFC 2525 §2.17): the peer must learn that its data was not read.
    pub(super) fn reset_unread(&mut self, effects: &mut Effects) {
        self.send(Flags::RST_ACK, self.snd_nxt, 0, effects);
        self.end(EndedBy::Abort, effects);
    }

    /// RFC 9293 §3.8.3, §3.10.8: the peer does not answer.
    pub(super) fn give_up(&mut self, policy: &Policy, effects: &mut Effects) {
        if policy.retransmission.reset_on_giving_up {
            self.reset(policy.resets.reset_acknowledges(), effects);
        }
        self.end(EndedBy::GiveUp, effects);
    }

    /// Sends a segment that acknowledges all that was received, unless it is a first SYN; an ACK that was waiting
    /// rides on it.
    pub(super) fn send(&mut self, flags: Flags, seq: Seq, len: u32, effects: &mut Effects) {
        if self.ack_delayed {
            self.ack_delayed = false;
            effects.change(Timer::DelayedAck, TimerChange::Cancel);
        }
        let ack = if flags.ack { self.rcv_nxt } else { Seq(0) };
        effects.segment = Some(Segment { flags, seq, ack, len });
    }
}

/// RFC 9293 §3.10.7.1: CLOSED answers everything but a reset with a reset; so do states without a connection that
/// has what a segment acknowledges (§3.10.7.2–4).
pub(super) fn reset_in_answer_to(segment: &Segment, policy: &Policy) -> Option<Segment> {
    let seq = if segment.flags.ack { segment.ack } else { Seq(0) };
    let next = segment.seq + segment.sequence_length();
    match segment.flags {
        Flags { rst: true, .. } => None,
        Flags { ack: true, .. } if !policy.resets.closed_acknowledges => {
            Some(Segment { flags: Flags::RST, seq, ack: Seq(0), len: 0 })
        }
        _ => Some(Segment { flags: Flags::RST_ACK, seq, ack: next, len: 0 }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::testing::{POLICY, ack, offered, segment};
    use crate::tcp::{Call, Repacketizing, Sending};

    /// RFC 9293 §3.10.4: "queue this until all preceding SENDs have been segmentized".
    #[test]
    fn text_waits_for_the_window_and_the_fin_for_the_text() {
        let mut endpoint = offered(6);
        assert_eq!(endpoint.send_text(12, &POLICY).segment, Some(segment(Flags::ACK, 1, 1, 6)));
        assert_eq!(endpoint.on_call(Call::Shutdown, &POLICY).segment, None);
        assert_eq!((endpoint.state, endpoint.fin_sent), (State::FinWait1, false));
        // All that was sent is acknowledged, but not the FIN: it was not sent.
        assert_eq!(endpoint.on_segment(&ack(1, 7), &POLICY).segment, Some(segment(Flags::ACK, 7, 1, 6)));
        assert_eq!((endpoint.state, endpoint.fin_acked()), (State::FinWait1, false));
        // The FIN takes a number, and there is room for none.
        assert!(endpoint.is_sending());
        assert_eq!(endpoint.on_segment(&ack(1, 13), &POLICY).segment, Some(segment(Flags::FIN_ACK, 13, 1, 0)));
        endpoint.on_segment(&ack(1, 14), &POLICY);
        assert_eq!((endpoint.state, endpoint.acked(), endpoint.is_sending()), (State::FinWait2, 12, false));
    }

    /// RFC 6298 §5.4: "Retransmit the earliest segment".
    #[test]
    fn what_was_one_segment_is_sent_again_as_one() {
        let mut endpoint = Endpoint::established();
        endpoint.send_text(5, &POLICY);
        endpoint.send_text(1, &POLICY);
        endpoint.queue(2);
        endpoint.on_call(Call::Shutdown, &POLICY);
        let again =
            |endpoint: &mut Endpoint, policy: &Policy| endpoint.on_timeout(Timer::Retransmission, policy).segment;
        assert_eq!(again(&mut endpoint, &POLICY), Some(segment(Flags::ACK, 1, 1, 5)));
        endpoint.on_segment(&ack(1, 3), &POLICY);
        assert_eq!(again(&mut endpoint, &POLICY), Some(segment(Flags::ACK, 3, 1, 3)));
        let all_at_once = POLICY.with(|policy| policy.transmission.repacketizes = Repacketizing::Octets);
        assert_eq!(again(&mut endpoint.clone(), &all_at_once), Some(segment(Flags::FIN_ACK, 3, 1, 6)));
        endpoint.on_segment(&ack(1, 6), &POLICY);
        assert_eq!(again(&mut endpoint, &POLICY), Some(segment(Flags::ACK, 6, 1, 1)));
        endpoint.on_segment(&ack(1, 7), &POLICY);
        assert_eq!(again(&mut endpoint, &POLICY), Some(segment(Flags::FIN_ACK, 7, 1, 2)));
        endpoint.on_segment(&ack(1, 9), &POLICY);
        assert_eq!(again(&mut endpoint, &POLICY), Some(segment(Flags::FIN_ACK, 9, 1, 0)));
    }

    /// What a retransmission takes together is no more than a segment holds.
    #[test]
    fn what_is_put_together_again_is_a_segment_at_most() {
        let policy = POLICY.with(|policy| policy.transmission.repacketizes = Repacketizing::Octets);
        let mut endpoint = Endpoint::established();
        endpoint.transfer.mss = 4;
        for _ in 0..3 {
            endpoint.send_text(2, &policy);
        }
        endpoint.on_call(Call::Shutdown, &policy);
        let again = endpoint.on_timeout(Timer::Retransmission, &policy).segment;
        assert_eq!(again, Some(segment(Flags::ACK, 1, 1, 4)));
        // A part of that is acknowledged: what follows it goes, not what was sent again already.
        assert_eq!(endpoint.on_segment(&ack(1, 3), &policy).segment, Some(segment(Flags::FIN_ACK, 5, 1, 2)));
        assert_eq!(endpoint.on_segment(&ack(1, 5), &policy).segment, None);
    }

    /// Linux puts small segments together, and takes none apart.
    #[test]
    fn whole_segments_are_put_together_as_far_as_they_fit() {
        let policy = POLICY.with(|policy| policy.transmission.repacketizes = Repacketizing::WholeSegments);
        let sent = |texts: &[u32], mss: u32, window: u32| {
            let mut endpoint = offered(window);
            endpoint.transfer.mss = mss;
            for octets in texts {
                endpoint.send_text(*octets, &policy);
            }
            endpoint.on_call(Call::Shutdown, &policy);
            endpoint
        };
        let again = |mut endpoint: Endpoint| endpoint.on_timeout(Timer::Retransmission, &policy).segment;
        assert_eq!(again(sent(&[3, 4], 9, 99)), Some(segment(Flags::FIN_ACK, 1, 1, 7)));
        assert_eq!(again(sent(&[6, 6], 9, 99)), Some(segment(Flags::ACK, 1, 1, 6)));
        assert_eq!(again(sent(&[6, 2, 2], 9, 99)), Some(segment(Flags::ACK, 1, 1, 8)));
        assert_eq!(again(sent(&[9], 9, 99)), Some(segment(Flags::ACK, 1, 1, 9)), "a full one takes no FIN");
        let mut shrunk = sent(&[3, 4], 9, 99);
        shrunk.on_segment_offering(&ack(1, 1), 5, &policy);
        assert_eq!(again(shrunk), Some(segment(Flags::ACK, 1, 1, 3)));
    }

    /// Zephyr.
    #[test]
    fn a_fin_may_wait_until_all_text_is_acknowledged() {
        let alone = POLICY.with(|policy| policy.closing.fin_sending = FinSending::Alone);
        let after_acks = POLICY.with(|policy| policy.closing.fin_sending = FinSending::AfterAcks);
        for policy in [alone, after_acks] {
            let mut endpoint = Endpoint::established();
            endpoint.queue(2);
            assert_eq!(endpoint.on_call(Call::Shutdown, &policy).segment, Some(segment(Flags::ACK, 1, 1, 2)));
            assert_eq!((endpoint.state, endpoint.fin_sent), (State::FinWait1, false));
            let polled = endpoint.clone().poll(u32::MAX, &policy).segment;
            assert_eq!(polled.is_some(), policy.closing.fin_sending == FinSending::Alone);
            assert_eq!(endpoint.on_segment(&ack(1, 3), &policy).segment, Some(segment(Flags::FIN_ACK, 3, 1, 0)));
            endpoint.on_segment(&ack(1, 4), &policy);
            assert_eq!(endpoint.state, State::FinWait2);
        }
        // The peer's FIN ends the wait.
        let mut endpoint = Endpoint::established();
        endpoint.send_text(1, &after_acks);
        endpoint.on_call(Call::Shutdown, &after_acks);
        let crossing = endpoint.on_segment(&segment(Flags::FIN_ACK, 1, 1, 0), &after_acks).segment;
        assert_eq!(crossing, Some(segment(Flags::FIN_ACK, 2, 2, 0)));
        // And it waits behind what is sent again.
        let mut endpoint = Endpoint::established();
        endpoint.send_text(1, &after_acks);
        endpoint.send_text(1, &after_acks);
        endpoint.on_call(Call::Shutdown, &after_acks);
        endpoint.on_timeout(Timer::Retransmission, &after_acks);
        let next = endpoint.on_segment(&ack(1, 2), &after_acks).segment;
        assert_eq!(next, Some(segment(Flags::ACK, 2, 1, 1)));
        assert_eq!(endpoint.on_segment(&ack(1, 3), &after_acks).segment, Some(segment(Flags::FIN_ACK, 3, 1, 0)));
    }

    #[test]
    fn what_is_polled_waits_and_rides_together() {
        let policy = POLICY.with(|policy| policy.transmission.sending = Sending::Polled);
        let mut endpoint = Endpoint::established();
        assert_eq!(endpoint.send_text(6, &policy), Effects::default());
        assert_eq!(endpoint.on_segment(&segment(Flags::FIN_ACK, 1, 1, 0), &policy), Effects::default());
        assert_eq!(endpoint.poll(u32::MAX, &policy).segment, Some(segment(Flags::ACK, 1, 2, 6)));
        assert_eq!(endpoint.poll(u32::MAX, &policy), Effects::default());

        let for_text = POLICY.with(|policy| policy.transmission.sending = Sending::PolledForText);
        let mut endpoint = Endpoint::established();
        endpoint.send_text(6, &for_text);
        assert_eq!(endpoint.on_segment(&segment(Flags::FIN_ACK, 1, 1, 0), &for_text).segment, Some(ack(1, 2)));
        endpoint.on_call(Call::Shutdown, &for_text);
        assert_eq!(endpoint.poll(2, &for_text).segment, Some(segment(Flags::ACK, 1, 2, 2)));
        assert_eq!(endpoint.poll(4, &for_text).segment, Some(segment(Flags::FIN_ACK, 3, 2, 4)));
    }
}
