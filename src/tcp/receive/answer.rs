//! What is sent when all steps were taken: one segment at most, which acknowledges all that has arrived.

use crate::tcp::{Effects, Endpoint, Policy, Timer, TimerChange};

/// Whether text or a FIN calls for an acknowledgment, the more urgent the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum AckDecision {
    /// It does not.
    None,
    /// At the latest when the policy's `delayed_ack` has passed.
    Delayed,
    /// At once.
    Immediate,
}

impl Endpoint {
    /// What is next in order may be acknowledged later. RFC 5681 §4.2: not if it fills all or part of a hole.
    pub(super) fn decision_in_order(&self) -> AckDecision {
        if self.held.is_empty() { AckDecision::Delayed } else { AckDecision::Immediate }
    }

    /// RFC 9293 §3.10.7.4: "This acknowledgment should be piggybacked on a segment being transmitted if possible
    /// without incurring undue delay". RFC 9293 §3.8.6.3: delayed acknowledgments.
    pub(super) fn answer(&mut self, decision: AckDecision, policy: &Policy, effects: &mut Effects) {
        if policy.transmission.acks_when_polled() {
            self.ack_delayed |= decision != AckDecision::None && effects.segment.is_none();
            return;
        }
        self.transmit_unless_polled(policy, effects);
        match (decision, policy.acks.ack_may_wait_for()) {
            (AckDecision::None, _) => {}
            // It rides on what was sent just now.
            _ if effects.segment.is_some() => {}
            (AckDecision::Delayed, Some(_)) if self.ack_delayed => {}
            (AckDecision::Delayed, Some(ticks)) => {
                self.ack_delayed = true;
                effects.change(Timer::DelayedAck, TimerChange::Set(ticks));
            }
            (AckDecision::Delayed, None) | (AckDecision::Immediate, _) => self.acknowledge(policy, effects),
        }
    }
}
