//! The first step: the sequence number.

use std::ops::ControlFlow;

use crate::tcp::time_wait::restart_time_wait_if_due;
use crate::tcp::{Effects, EndedBy, Endpoint, Policy, Segment, Seq, State};

impl Endpoint {
    /// RFC 9293 §3.10.7.4: "If an incoming segment is not acceptable, an acknowledgment should be sent in reply
    /// (unless the RST bit is set, if so drop the segment and return)".
    pub(super) fn check_sequence_number(
        &mut self,
        segment: &Segment,
        window: Option<u32>,
        policy: &Policy,
        effects: &mut Effects,
    ) -> ControlFlow<()> {
        if self.is_acceptable(segment, policy) {
            return ControlFlow::Continue(());
        }
        if !segment.flags.rst {
            self.answer_unacceptable(segment, window, policy, effects);
        } else if policy.resets.accepts_reset_before_fin(segment, self.rcv_nxt, self.state) {
            self.end(EndedBy::Rst, effects);
        }
        ControlFlow::Break(())
    }

    /// RFC 9293 §3.10.7.4 (§3.4, Table 6): "There are four cases for the acceptability test for an incoming
    /// segment". Of a segment that takes sequence numbers, the first or the last lies in the window; one that
    /// reaches over both edges is not acceptable.
    ///
    /// RFC 5961 §3.2: of a reset, only its own number counts.
    pub(in crate::tcp) fn is_acceptable(&self, segment: &Segment, policy: &Policy) -> bool {
        let (next, window) = (self.rcv_nxt, self.receive_window());
        let edge = next + window;
        let in_window = |number: Seq| number.since(next) < window;
        let len = if segment.flags.rst { 0 } else { segment.sequence_length() };
        let is_beyond = len > 0 && edge.precedes(segment.seq + segment.len);
        if is_beyond && policy.sequence.refuses_text_beyond_window(self.unread > 0) {
            return false;
        }
        let by_table = match (len, window) {
            (0, 0) => segment.seq == next,
            (0, 1..) => in_window(segment.seq),
            (1.., 0) => false,
            (1.., 1..) => in_window(segment.seq) || in_window(segment.seq + (len - 1)),
        };
        by_table
            || segment.seq == edge && policy.sequence.accepts_at_window_end()
            || policy.sequence.accepts_bare_fin(segment, next)
    }

    /// RFC 9293 §3.10.7.4: `<SEQ=SND.NXT><ACK=RCV.NXT><CTL=ACK>`, and "drop the unacceptable segment and return";
    /// but its acknowledgment may count, and a FIN restarts `TIME_WAIT`.
    fn answer_unacceptable(
        &mut self,
        segment: &Segment,
        window: Option<u32>,
        policy: &Policy,
        effects: &mut Effects,
    ) {
        if self.state == State::TimeWait && policy.wait.unacceptable_segment_restarts(segment) {
            restart_time_wait_if_due(policy, effects);
        }
        let before = self.state;
        // RFC 9293 §3.10.7.4: "If the RCV.WND is zero, no segments will be acceptable, but special allowance
        // should be made to accept valid ACKs".
        let is_synchronized = self.state != State::SynReceived;
        if is_synchronized && policy.sequence.accepts_old_ack(segment, self.rcv_nxt)
            || policy.sequence.accepts_ack_of_probe(segment, self.rcv_nxt, self.receive_window())
        {
            self.take_ack_of_unacceptable(segment, window, policy, effects);
        }
        let is_ack_of_fin = before == State::Closing && self.state == State::TimeWait;
        match self.state {
            State::Closed => {}
            // The ACK rides on what was sent just now.
            _ if effects.segment.is_some() => {}
            _ if is_ack_of_fin && !policy.sequence.answers_old_ack_of_fin() => {}
            // RFC 5961 §4.2: a challenge ACK, as anywhere else.
            _ if segment.flags.syn => self.challenge(effects),
            _ => self.acknowledge(policy, effects),
        }
    }

    /// The fifth step, of a segment that is not acceptable.
    fn take_ack_of_unacceptable(
        &mut self,
        segment: &Segment,
        window: Option<u32>,
        policy: &Policy,
        effects: &mut Effects,
    ) {
        let is_new = self.snd_una.precedes(segment.ack) && !self.snd_nxt.precedes(segment.ack);
        if let Some(size) = window.filter(|_| is_new || segment.ack == self.snd_una) {
            self.transfer.send_window.update(segment.seq, segment.ack, size);
        }
        if is_new {
            let una = self.snd_una;
            self.on_new_ack(segment.ack, policy, effects);
            self.recover_after(una, policy, effects);
        }
        self.transmit_unless_polled(policy, effects);
    }
}
