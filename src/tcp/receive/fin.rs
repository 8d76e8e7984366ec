//! The eighth step: the FIN bit.

use super::answer::AckDecision;
use super::text::Trimmed;
use crate::tcp::endpoint::Trigger;
use crate::tcp::time_wait::restart_time_wait_if_due;
use crate::tcp::{Effects, Endpoint, Held, Policy, Segment, Seq, State};

impl Endpoint {
    /// RFC 9293 §3.10.7.4: "If the FIN bit is set, … advance RCV.NXT over the FIN, and send an acknowledgment for
    /// the FIN".
    ///
    /// What precedes a FIN that is held may have arrived just now.
    pub(super) fn check_fin_bit(
        &mut self,
        segment: &Segment,
        trimmed: &Trimmed,
        policy: &Policy,
        effects: &mut Effects,
    ) -> AckDecision {
        let decision = if trimmed.fin {
            self.take_fin(trimmed.end, policy, effects)
        } else if segment.flags.fin && !self.fin_received {
            // There was no room for it.
            AckDecision::Immediate
        } else {
            AckDecision::None
        };
        if !self.fin_received && self.held.take_fin(self.rcv_nxt) {
            self.consume_fin(policy, effects);
            return AckDecision::Immediate;
        }
        decision
    }

    /// A FIN with this number.
    fn take_fin(&mut self, number: Seq, policy: &Policy, effects: &mut Effects) -> AckDecision {
        if self.fin_received {
            // A second FIN beyond the first is nothing that a peer sends. Only TIME_WAIT answers it: "Restart the
            // 2 MSL time-wait timeout" (RFC 9293 §3.10.7.4). The other states drop it, as Linux does.
            if self.state == State::TimeWait {
                restart_time_wait_if_due(policy, effects);
                return AckDecision::Immediate;
            }
            return AckDecision::None;
        }
        if self.rcv_nxt.precedes(number) {
            if policy.text.holds_fin() {
                self.held.hold_fin(number);
            }
            return if policy.text.answers_fin_beyond_hole() { AckDecision::Immediate } else { AckDecision::None };
        }
        if number.precedes(self.rcv_nxt) {
            return AckDecision::None;
        }
        let decision = self.decision_in_order();
        self.consume_fin(policy, effects);
        if policy.acks.ack_of_fin_may_wait(self.state) { decision } else { AckDecision::Immediate }
    }

    /// RFC 9293 §3.10.7.4: "advance RCV.NXT over the FIN".
    pub(in crate::tcp) fn consume_fin(&mut self, policy: &Policy, effects: &mut Effects) {
        self.rcv_nxt = self.rcv_nxt + 1;
        self.fin_received = true;
        // Nothing follows a FIN.
        self.held = Held::default();
        self.transition(Trigger::FinReceived, policy, effects);
        if policy.closing.closes_with_peer(self.state) {
            self.shutdown(policy, effects);
        }
    }
}
