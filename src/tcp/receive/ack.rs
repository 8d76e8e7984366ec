//! The fifth step: the ACK field.

use std::ops::ControlFlow;

use crate::tcp::endpoint::Trigger;
use crate::tcp::transmission::reset_in_answer_to;
use crate::tcp::{Effects, Endpoint, Policy, Segment, Seq, State};

impl Endpoint {
    /// RFC 9293 §3.10.7.4: "if the ACK bit is off, drop the segment and return".
    ///
    /// RFC 9293 §3.10.7.4 (RFC 5961 §5.2): "the ACK value is acceptable only if it is in the range of ((SND.UNA -
    /// MAX.SND.WND) =< SEG.ACK =< SND.NXT)"; any other is discarded, "and an ACK sent back".
    pub(super) fn check_ack_field(
        &mut self,
        segment: &Segment,
        window: Option<u32>,
        policy: &Policy,
        effects: &mut Effects,
    ) -> ControlFlow<()> {
        if self.state == State::SynReceived {
            return self.take_ack_of_syn(segment, window, policy, effects);
        }
        if !segment.flags.ack {
            return if policy.acks.processes_without_ack() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            };
        }
        let oldest =
            policy.acks.oldest_acceptable_ack(self.snd_una, self.iss + 1, self.transfer.send_window.largest);
        let is_too_old = segment.ack.precedes(oldest);
        if !is_too_old {
            self.on_answer_to_probe(segment.ack, policy);
        }
        // RFC 9293 §3.10.7.4: "If the ACK acks something not yet sent (SEG.ACK > SND.NXT), then send an ACK, drop
        // the segment, and return".
        let is_of_unsent = self.snd_nxt.precedes(segment.ack);
        if is_too_old || is_of_unsent && !policy.acks.disregards_ack_of_unsent(self.state) {
            self.challenge(effects);
            return ControlFlow::Break(());
        }
        if is_of_unsent { ControlFlow::Continue(()) } else { self.take_ack(segment, window, policy, effects) }
    }

    /// RFC 9293 §3.10.7.4, `SYN_RECEIVED`: "If SND.UNA < SEG.ACK =< SND.NXT, then enter ESTABLISHED state and
    /// continue processing"; "If the segment acknowledgment is not acceptable, form a reset segment and send it."
    fn take_ack_of_syn(
        &mut self,
        segment: &Segment,
        window: Option<u32>,
        policy: &Policy,
        effects: &mut Effects,
    ) -> ControlFlow<()> {
        if !segment.flags.ack {
            return ControlFlow::Break(());
        }
        if !self.acknowledges_syn(segment) {
            effects.segment = reset_in_answer_to(segment, policy);
            return ControlFlow::Break(());
        }
        if let Some(size) = window {
            self.transfer.send_window.begin(segment.seq, segment.ack, size);
        }
        self.on_progress(segment.ack, policy, effects);
        self.establish(policy, effects);
        ControlFlow::Continue(())
    }

    /// RFC 9293 §3.10.7.4: "If SND.UNA =< SEG.ACK =< SND.NXT, the send window should be updated", and "If the ACK
    /// is a duplicate (SEG.ACK =< SND.UNA), it can be ignored".
    fn take_ack(
        &mut self,
        segment: &Segment,
        window: Option<u32>,
        policy: &Policy,
        effects: &mut Effects,
    ) -> ControlFlow<()> {
        if let Some(size) = window.filter(|_| !segment.ack.precedes(self.snd_una)) {
            self.transfer.send_window.update(segment.seq, segment.ack, size);
        }
        if self.snd_una.precedes(segment.ack) {
            self.on_new_ack(segment.ack, policy, effects);
            // The peer has acknowledged our FIN in LAST_ACK.
            return if self.state == State::Closed { ControlFlow::Break(()) } else { ControlFlow::Continue(()) };
        }
        if policy.acks.answers_duplicate_ack(segment, self.state) {
            self.challenge(effects);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    /// RFC 9293 §3.10.7.4: "If SND.UNA < SEG.ACK =< SND.NXT, then set SND.UNA <- SEG.ACK", and what follows when
    /// our FIN is acknowledged.
    pub(super) fn on_new_ack(&mut self, ack: Seq, policy: &Policy, effects: &mut Effects) {
        self.on_progress(ack, policy, effects);
        if self.fin_acked() {
            self.transition(Trigger::AckOfFin, policy, effects);
        }
    }
}
