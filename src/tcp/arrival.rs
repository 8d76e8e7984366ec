//! A segment arrives: RFC 9293 §3.10.7, in the RFC's order.

use super::endpoint::{Arrow, FIRST};
use super::time_wait::restart_time_wait;
use super::transmission::answer_of_closed;
use super::{
    AckOfUnsent, Effects, EndedBy, Endpoint, Flags, Held, LateText, OldSegments, OldestAck, OutOfOrder, Policy,
    RstInTimeWait, RstInWindow, Segment, Sending, Seq, ShutdownRead, State, SynInWindow, TimeWaitAnswers, Timer,
    TimerChange, WithoutAck,
};

/// Whether a segment that was processed calls for an acknowledgment, the more urgent the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Acknowledge {
    No,
    /// At the latest when the policy's `delayed_ack` has passed.
    Soon,
    Now,
}

impl Endpoint {
    /// RFC 9293 §3.10.7: SEGMENT ARRIVES.
    ///
    /// Nothing is known of the window that the segment offers, and the peer's stays as it is.
    pub fn on_segment(&mut self, segment: &Segment, policy: &Policy) -> Effects {
        self.on_arrival(segment, None, policy)
    }

    /// The same of a segment that offers a window of so many octets. RFC 9293 §3.1: SEG.WND.
    pub fn on_segment_offering(&mut self, segment: &Segment, window: u32, policy: &Policy) -> Effects {
        self.on_arrival(segment, Some(window), policy)
    }

    fn on_arrival(&mut self, segment: &Segment, window: Option<u32>, policy: &Policy) -> Effects {
        let mut effects = Effects::default();
        match self.state {
            State::Closed => effects.segment = answer_of_closed(segment, policy),
            State::TimeWait if policy.time_wait_answers != TimeWaitAnswers::InOrder => {
                self.wait_on(segment, policy, &mut effects);
            }
            State::FinWait2 if self.reader_gone && policy.fin_wait_2_without_socket => {
                self.wait_for_fin(segment, policy, &mut effects);
            }
            _ if self.drops_unseen(segment, policy) => {}
            _ => self.process(segment, window, policy, &mut effects),
        }
        effects
    }

    /// The policy drops such a segment wherever it lies.
    fn drops_unseen(&self, segment: &Segment, policy: &Policy) -> bool {
        let Flags { syn, fin: _, rst, ack } = segment.flags;
        let without_ack = match policy.without_ack {
            WithoutAck::Drop => !syn,
            WithoutAck::DropWithSyn => true,
            WithoutAck::DropAcceptable | WithoutAck::Process => false,
        };
        let old_ack = ack && segment.ack.precedes(self.snd_una);
        !rst && (!ack && without_ack || old_ack && policy.drops_old_acks)
    }

    /// RFC 9293 §3.10.7.4: in any state but CLOSED.
    fn process(&mut self, segment: &Segment, window: Option<u32>, policy: &Policy, effects: &mut Effects) {
        let Flags { syn, fin: _, rst, ack } = segment.flags;

        // RFC 9293 §3.10.7.4: First, check sequence number. "If an incoming segment is not acceptable, an
        // acknowledgment should be sent in reply (unless the RST bit is set …)".
        if !self.is_acceptable(segment, policy) {
            let aborted = self.fin_received && self.state != State::TimeWait && segment.seq + 1 == self.rcv_nxt;
            if rst && aborted && policy.rst_before_fin {
                self.end(EndedBy::Rst, effects);
            } else if !rst {
                self.answer_unacceptable(segment, window, policy, effects);
            }
            return;
        }

        // RFC 9293 §3.10.7.4: Second, check the RST bit. RFC 5961 §3.2: only a reset at RCV.NXT is believed.
        if rst {
            if self.state == State::TimeWait && policy.rst_in_time_wait == RstInTimeWait::Ignore {
                return;
            }
            if segment.seq == self.rcv_nxt || policy.rst_in_window == RstInWindow::Close {
                self.end(EndedBy::Rst, effects);
            } else {
                self.send(Flags::ACK, self.snd_nxt, 0, effects);
            }
            return;
        }

        // RFC 9293 §3.10.7.4: Fourth, check the SYN bit. RFC 5961 §4.2: a challenge ACK, in every state.
        if syn {
            self.on_syn(policy, effects);
            return;
        }

        let (una, recover) = (self.snd_una, self.recover);
        // RFC 9293 §3.10.7.4: Fifth, check the ACK field; "if the ACK bit is off, drop the segment and return".
        if !ack && policy.without_ack != WithoutAck::Process
            || ack && !self.on_ack(segment, window, policy, effects)
        {
            return;
        }

        // RFC 9293 §3.10.7.4: Seventh and eighth.
        let acknowledge = self.on_text_and_fin(segment, policy, effects);
        // Only now, so that it acknowledges what has arrived.
        self.recover_after(una, recover, policy, effects);
        match policy.sending {
            Sending::AtOnce => self.transmit(u32::MAX, policy, effects),
            Sending::PolledForText => {}
            Sending::Polled => {
                self.ack_delayed |= acknowledge != Acknowledge::No && effects.segment.is_none();
                return;
            }
        }
        match (acknowledge, policy.delayed_ack) {
            (Acknowledge::No, _) => {}
            // It rides on what was sent just now.
            _ if effects.segment.is_some() => {}
            (Acknowledge::Soon, Some(_)) if self.ack_delayed => {}
            (Acknowledge::Soon, Some(ticks)) => {
                self.ack_delayed = true;
                effects.change(Timer::DelayedAck, TimerChange::Set(ticks));
            }
            (Acknowledge::Soon, None) | (Acknowledge::Now, _) => self.acknowledge(policy, effects),
        }
    }

    /// RFC 9293 §3.10.7.4, Table 6: does the segment begin or end in the receive window? One that reaches over both
    /// edges is not acceptable. RFC 5961 §3.2: of a reset, only the sequence number counts.
    pub(super) fn is_acceptable(&self, segment: &Segment, policy: &Policy) -> bool {
        let window = self.receive_window();
        let in_window = |number: Seq| number.since(self.rcv_nxt) < window;
        let at_end = segment.seq.since(self.rcv_nxt) == window;
        let len = segment.sequence_length();
        if len > 0 && !segment.flags.rst {
            let bare_fin = segment.flags.fin && len == 1 && segment.seq == self.rcv_nxt;
            let too_long = (self.rcv_nxt + window).precedes(segment.seq + segment.len);
            if too_long && !policy.trims_text && self.unread > 0 {
                return false;
            }
            return in_window(segment.seq)
                || in_window(segment.seq + (len - 1))
                || bare_fin && policy.fin_without_room
                || at_end && policy.window_includes_end;
        }
        in_window(segment.seq) || at_end && (window == 0 || policy.window_includes_end)
    }

    /// What the first step answers, and what else it does where the policy goes beyond RFC 9293.
    fn answer_unacceptable(
        &mut self,
        segment: &Segment,
        window: Option<u32>,
        policy: &Policy,
        effects: &mut Effects,
    ) {
        let Segment { flags, seq, ack, len: _ } = *segment;
        if self.state == State::TimeWait && (flags.fin || policy.unacceptable_restarts) {
            restart_time_wait(policy, effects);
        }
        let counts = match policy.old_segments {
            OldSegments::Answer => false,
            OldSegments::AcknowledgeAdjacent => seq + segment.sequence_length() == self.rcv_nxt,
            OldSegments::Acknowledge => true,
        };
        let old = seq.precedes(self.rcv_nxt) && flags.ack && !flags.syn;
        let new_ack = self.snd_una.precedes(ack) && !self.snd_nxt.precedes(ack);
        let before = self.state;
        // "If the RCV.WND is zero, no segments will be acceptable, but special allowance should be made to accept valid
        // ACKs".
        let is_probe = self.receive_window() == 0 && seq == self.rcv_nxt && flags.ack && !flags.syn;
        if counts && old || policy.probe_acknowledges && is_probe {
            if let Some(size) = window.filter(|_| new_ack || ack == self.snd_una) {
                self.send_window.update(seq, ack, size);
            }
            if new_ack {
                let (una, recover) = (self.snd_una, self.recover);
                self.on_new_ack(ack, policy, effects);
                self.recover_after(una, recover, policy, effects);
            }
            self.transmit_unless_polled(policy, effects);
        }
        let is_over = self.state == State::TimeWait && before == State::Closing;
        match self.state {
            State::Closed => {}
            // The ACK rides on what was sent just now.
            _ if effects.segment.is_some() => {}
            _ if is_over && policy.old_segments == OldSegments::AcknowledgeAdjacent => {}
            // RFC 5961 §4.2: a challenge ACK, as anywhere else.
            _ if flags.syn => self.send(Flags::ACK, self.snd_nxt, 0, effects),
            _ => self.acknowledge(policy, effects),
        }
    }

    /// RFC 9293 §3.10.7.4, fourth step: a SYN in the window.
    fn on_syn(&mut self, policy: &Policy, effects: &mut Effects) {
        match policy.syn_in_window {
            SynInWindow::Challenge => self.send(Flags::ACK, self.snd_nxt, 0, effects),
            SynInWindow::Reset | SynInWindow::BareReset => {
                let is_bare = policy.syn_in_window == SynInWindow::BareReset;
                self.reset(policy.reset_with_ack && !is_bare, effects);
                self.end(EndedBy::Rst, effects);
            }
            SynInWindow::Drop => {}
        }
    }

    /// RFC 9293 §3.10.7.4, fifth step: a segment's acknowledgment. Whether the segment is processed any further.
    fn on_ack(&mut self, segment: &Segment, window: Option<u32>, policy: &Policy, effects: &mut Effects) -> bool {
        // RFC 5961 §5.2: SND.UNA − MAX.SND.WND ≤ SEG.ACK ≤ SND.NXT, else an ACK and the segment is dropped.
        let reach = match policy.oldest_ack {
            OldestAck::WindowBack => self.send_window.largest,
            OldestAck::First => self.snd_una.since(FIRST).min(self.send_window.largest),
        };
        let oldest = Seq(self.snd_una.0.wrapping_sub(reach));
        if !segment.ack.precedes(oldest) {
            self.on_answer_to_probe(segment.ack);
        }
        let of_unsent = self.snd_nxt.precedes(segment.ack);
        let disregards =
            policy.ack_of_unsent == AckOfUnsent::AnswerUnlessEstablished && self.state == State::Established;
        if segment.ack.precedes(oldest) || of_unsent && !disregards {
            self.send(Flags::ACK, self.snd_nxt, 0, effects);
            return false;
        }
        if let Some(size) = window.filter(|_| !of_unsent && !segment.ack.precedes(self.snd_una)) {
            self.send_window.update(segment.seq, segment.ack, size);
        }
        if self.snd_una.precedes(segment.ack) && !of_unsent {
            self.on_new_ack(segment.ack, policy, effects);
            if self.state == State::Closed {
                return false;
            }
        } else if self.state == State::LastAck && policy.last_ack_answers && segment.sequence_length() == 0 {
            self.send(Flags::ACK, self.snd_nxt, 0, effects);
            return false;
        }
        true
    }

    /// RFC 9293 §3.10.7.4, fifth step: "then set SND.UNA <- SEG.ACK", and what follows when our FIN is acknowledged.
    fn on_new_ack(&mut self, ack: Seq, policy: &Policy, effects: &mut Effects) {
        self.on_progress(ack, policy, effects);
        if self.fin_acked() {
            self.follow(Arrow::AckOfFin, policy, effects);
        }
    }

    /// RFC 9293 §3.10.7.4: Seventh, process the segment text; "this should not occur" once a FIN was received. Eighth,
    /// check the FIN bit.
    fn on_text_and_fin(&mut self, segment: &Segment, policy: &Policy, effects: &mut Effects) -> Acknowledge {
        let (len, fin) = self.trimmed(segment, policy);
        let (start, end) = (segment.seq, segment.seq + len);
        let beyond_a_hole = !self.held.is_empty();
        let reads_text = matches!(self.state, State::Established | State::FinWait1 | State::FinWait2);
        let new_text = len > 0 && self.rcv_nxt.precedes(end);
        let before_hole = fin && policy.reset_before_hole && self.rcv_nxt.precedes(end);
        if reads_text && self.nobody_reads(policy) && (new_text || before_hole) {
            // RFC 9293 §3.6.1 (RFC 1122 §4.2.2.13): data that nobody will read is answered with a reset.
            if policy.late_text == LateText::Abort {
                self.reset(policy.reset_with_ack, effects);
                self.end(EndedBy::Abort, effects);
            } else {
                self.end_with_reset(segment.ack, effects);
            }
            return Acknowledge::No;
        }
        if !reads_text && new_text && policy.reset_text_after_fin {
            self.end_with_reset(self.snd_nxt, effects);
            return Acknowledge::No;
        }
        let mut acknowledge = match (reads_text, len, segment.len) {
            (true, 1.., _) => self.on_text(start, end, policy),
            // All of it lies beyond the window.
            (true, 0, 1..) => Acknowledge::Now,
            _ => Acknowledge::No,
        };
        if fin {
            acknowledge = acknowledge.max(self.on_fin(end, policy, effects));
        } else if segment.flags.fin && !self.fin_received {
            // There was no room for it.
            acknowledge = Acknowledge::Now;
        }
        if !self.fin_received && self.held.take_fin(self.rcv_nxt) {
            self.consume_fin(policy, effects);
            acknowledge = Acknowledge::Now;
        }
        // RFC 5681 §4.2: an ACK is not delayed when the segment fills all or part of a hole.
        if beyond_a_hole && acknowledge == Acknowledge::Soon {
            acknowledge = Acknowledge::Now;
        }
        acknowledge
    }

    /// Closes with a reset that has this number and no ACK.
    fn end_with_reset(&mut self, seq: Seq, effects: &mut Effects) {
        self.end(EndedBy::Abort, effects);
        effects.segment = Some(Segment { flags: Flags::RST, seq, ack: Seq(0), len: 0 });
    }

    /// The application will not read what arrives from now on, and the peer is to know.
    fn nobody_reads(&self, policy: &Policy) -> bool {
        let shut = match policy.shutdown_read {
            ShutdownRead::ResetLate | ShutdownRead::ResetUnread => self.reading_shut && self.close_called,
            ShutdownRead::Nothing | ShutdownRead::Discard => false,
        };
        self.reader_gone && policy.late_text != LateText::Receive || shut
    }

    /// RFC 9293 §3.10.7.4: "trimming off any portions that lie outside the window (including SYN and FIN)". The
    /// octets of text up to the window's right edge, and whether there is room for the FIN behind them.
    fn trimmed(&self, segment: &Segment, policy: &Policy) -> (u32, bool) {
        let Segment { flags: Flags { fin, .. }, len, .. } = *segment;
        let room = self.receive_window().wrapping_sub(segment.seq.since(self.rcv_nxt));
        // For what begins at the edge there is no room at all.
        if !policy.trims_text && room > 0 {
            return (len, fin);
        }
        let needs_none = policy.fin_without_room && (room > 0 || segment.seq == self.rcv_nxt);
        (len.min(room), fin && (len < room || len == room && needs_none))
    }

    /// Text from `start` up to, but not including, `end`.
    fn on_text(&mut self, start: Seq, end: Seq, policy: &Policy) -> Acknowledge {
        if self.rcv_nxt.precedes(start) {
            if policy.out_of_order != OutOfOrder::Drop {
                self.held.hold_text(start, end);
            }
            return Acknowledge::Now;
        }
        if !self.rcv_nxt.precedes(end) {
            return Acknowledge::No;
        }
        let next = self.held.take_text(end);
        if !(self.reading_shut && policy.shutdown_read == ShutdownRead::Discard) {
            self.unread = self.unread.saturating_add(next.since(self.rcv_nxt));
        }
        self.rcv_nxt = next;
        Acknowledge::Soon
    }

    /// A FIN with this number.
    fn on_fin(&mut self, number: Seq, policy: &Policy, effects: &mut Effects) -> Acknowledge {
        if self.fin_received {
            // A second FIN beyond the first is nothing that a peer sends. Only TIME_WAIT answers it: "Restart the
            // 2 MSL time-wait timeout" (RFC 9293 §3.10.7.4). The other states drop it, as Linux does.
            if self.state == State::TimeWait {
                restart_time_wait(policy, effects);
                return Acknowledge::Now;
            }
            return Acknowledge::No;
        }
        if self.rcv_nxt.precedes(number) {
            match policy.out_of_order {
                OutOfOrder::Hold => self.held.hold_fin(number),
                OutOfOrder::HoldText => return Acknowledge::No,
                OutOfOrder::Drop => {}
            }
            return Acknowledge::Now;
        }
        if number.precedes(self.rcv_nxt) {
            return Acknowledge::No;
        }
        self.consume_fin(policy, effects);
        if self.state == State::CloseWait { Acknowledge::Soon } else { Acknowledge::Now }
    }

    /// RFC 9293 §3.10.7.4: "advance RCV.NXT over the FIN".
    pub(super) fn consume_fin(&mut self, policy: &Policy, effects: &mut Effects) {
        self.rcv_nxt = self.rcv_nxt + 1;
        self.fin_received = true;
        // Nothing follows a FIN.
        self.held = Held::default();
        self.follow(Arrow::FinReceived, policy, effects);
        if policy.closes_on_fin && self.state == State::CloseWait {
            self.shutdown(policy, effects);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::Call;
    use crate::tcp::endpoint::WINDOW;
    use crate::tcp::testing::{POLICY, ack, calling, data, fin, segment};

    #[test]
    fn text_beyond_a_hole_is_held_and_delivered_in_order() {
        let mut endpoint = Endpoint::established();
        assert_eq!(endpoint.on_segment(&fin(3, 1), &POLICY).segment, Some(ack(1, 1)));
        assert_eq!(endpoint.on_segment(&data(2, 1), &POLICY).segment, Some(ack(1, 1)));
        assert_eq!((endpoint.delivered(), endpoint.state), (0, State::Established));
        assert_eq!(endpoint.on_segment(&data(1, 1), &POLICY).segment, Some(ack(1, 4)));
        assert_eq!((endpoint.delivered(), endpoint.unread, endpoint.state), (2, 2, State::CloseWait));
    }

    #[test]
    fn what_is_dropped_beyond_a_hole_must_be_sent_again() {
        let policy = Policy { out_of_order: OutOfOrder::Drop, ..POLICY };
        let mut endpoint = Endpoint::established();
        endpoint.on_segment(&fin(2, 1), &policy);
        assert!(endpoint.held.is_empty());
        assert_eq!(endpoint.on_segment(&data(1, 1), &policy).segment, Some(ack(1, 2)));
        assert_eq!(endpoint.state, State::Established);
    }

    /// An ACK beyond a hole still acknowledges. RFC 9293 §3.10.7.4, fifth step.
    #[test]
    fn an_acknowledgment_out_of_order_counts() {
        let mut endpoint = calling(&POLICY, &[Call::Send]);
        endpoint.on_segment(&data(2, 2), &POLICY);
        assert_eq!(endpoint.acked(), 1);
    }

    /// RFC 9293 §3.8.6.3, RFC 5681 §4.2.
    #[test]
    fn only_the_ack_of_text_in_order_and_of_the_first_fin_is_delayed() {
        let policy = Policy { delayed_ack: Some(3), ..POLICY };
        let delayed = |effects: &Effects| effects.timers[3];
        let mut endpoint = Endpoint::established();
        let first = endpoint.on_segment(&data(1, 1), &policy);
        assert_eq!((first.segment, delayed(&first)), (None, TimerChange::Set(3)));
        let second = endpoint.on_segment(&data(2, 1), &policy);
        assert_eq!((second.segment, delayed(&second)), (None, TimerChange::Keep));
        let beyond = endpoint.on_segment(&data(4, 1), &policy);
        assert_eq!((beyond.segment, delayed(&beyond)), (Some(ack(1, 3)), TimerChange::Cancel));
        let filled = endpoint.on_segment(&data(3, 1), &policy);
        assert_eq!((filled.segment, delayed(&filled)), (Some(ack(1, 5)), TimerChange::Keep));
        let fin_waits = endpoint.on_segment(&fin(5, 1), &policy);
        assert_eq!((fin_waits.segment, delayed(&fin_waits)), (None, TimerChange::Set(3)));
        let due = endpoint.on_timeout(Timer::DelayedAck, &policy);
        assert_eq!(due.segment, Some(ack(1, 6)));
        assert_eq!(endpoint.on_timeout(Timer::DelayedAck, &policy), Effects::default());

        let mut closing = calling(&policy, &[Call::Shutdown]);
        assert_eq!(closing.on_segment(&fin(1, 1), &policy).segment, Some(ack(2, 2)));
    }

    /// RFC 9293 §3.10.7.1.
    #[test]
    fn closed_answers_everything_but_a_reset() {
        let mut endpoint = calling(&POLICY, &[Call::Abort]);
        assert_eq!(endpoint.on_segment(&fin(7, 5), &POLICY).segment, Some(segment(Flags::RST, 5, 0, 0)));
        let without_ack = Segment { flags: Flags { fin: true, ..Flags::default() }, ..fin(7, 0) };
        let answer = Segment { len: 0, ..segment(Flags::RST_ACK, 0, 10, 0) };
        assert_eq!(endpoint.on_segment(&Segment { len: 2, ..without_ack }, &POLICY).segment, Some(answer));
        assert_eq!(endpoint.on_segment(&segment(Flags::RST, 7, 0, 0), &POLICY), Effects::default());
    }

    /// RFC 9293 §3.10.7.4, first and second step.
    #[test]
    fn a_segment_is_trimmed_to_the_window() {
        let mut endpoint = Endpoint::established();
        let whole_window = segment(Flags::FIN_ACK, 1, 1, WINDOW);
        assert_eq!(endpoint.on_segment(&whole_window, &POLICY).segment, Some(ack(1, 65_536)));
        assert_eq!((endpoint.state, endpoint.delivered()), (State::Established, WINDOW));

        let mut endpoint = Endpoint::established();
        endpoint.on_segment(&segment(Flags::ACK, WINDOW, 1, 9), &POLICY);
        assert_eq!(endpoint.held.text(), [(Seq(WINDOW), Seq(WINDOW + 1))]);
        let half_old = segment(Flags::FIN_ACK, 0, 1, 2);
        assert_eq!(endpoint.on_segment(&half_old, &POLICY).segment, Some(ack(1, 3)));
        assert_eq!(endpoint.state, State::CloseWait);

        let mut endpoint = Endpoint::established();
        assert_eq!(endpoint.on_segment(&segment(Flags::RST, 0, 0, 2), &POLICY), Effects::default());
    }

    #[test]
    fn nothing_is_held_beyond_a_fin() {
        let mut endpoint = Endpoint::established();
        endpoint.on_segment(&fin(3, 1), &POLICY);
        endpoint.on_segment(&data(5, 1), &POLICY);
        endpoint.on_segment(&segment(Flags::FIN_ACK, 1, 1, 2), &POLICY);
        assert_eq!((endpoint.state, endpoint.rcv_nxt, endpoint.held.is_empty()), (State::CloseWait, Seq(4), true));

        let mut endpoint = Endpoint::established();
        endpoint.on_segment(&fin(3, 1), &POLICY);
        endpoint.on_segment(&segment(Flags::ACK, 1, 1, 4), &POLICY);
        assert_eq!((endpoint.state, endpoint.held.is_empty()), (State::Established, true));
    }
}
