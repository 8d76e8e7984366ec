//! Policies: the differences between real stacks, grouped by the steps of RFC 9293.
//!
//! A group is a file: its fields, what RFC 9293 has there, the questions that the endpoint asks at that step, and
//! the words that its fields know. In files of policies and scenarios the fields of all groups stand side by side.

mod ack;
mod close;
mod open;
mod persist;
mod reset;
mod retransmission;
mod sequence;
mod text;
mod timer_slack;
mod transmission;
mod wait;

use serde::{Deserialize, Serialize};

pub use ack::{AckOfUnsent, AckPolicy, OldestAck, WithoutAck};
pub use close::{AbortResets, ClosePolicy, FinSending};
pub use open::{OpenPolicy, SynInTimeWait};
pub use persist::{PersistPolicy, WindowProbe};
pub use reset::{ResetPolicy, RstInWindow, SynInWindow};
pub use retransmission::{AfterTimeout, RetransmissionPolicy};
pub use sequence::{OldSegments, SequencePolicy};
pub use text::{LateText, OutOfOrder, ShutdownRead, TextPolicy};
pub use timer_slack::TimerPolicy;
pub use transmission::{Repacketizing, Sending, TransmissionPolicy};
pub use wait::{RstInTimeWait, TimeWaitAnswers, WaitPolicy};

/// The choices that the RFCs leave to an endpoint, or that stacks make against them.
///
/// Every duration is in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// How unacknowledged segments are sent again, and when an endpoint gives up.
    pub retransmission: RetransmissionPolicy,
    /// Which segments are acceptable.
    pub sequence: SequencePolicy,
    /// The effects of resets and SYNs.
    pub resets: ResetPolicy,
    /// Which acknowledgments are acceptable, and how an endpoint acknowledges.
    pub acks: AckPolicy,
    /// The treatment of text and FINs that are late, or beyond a hole.
    pub text: TextPolicy,
    /// When a FIN is sent, and what `close()` and an abort do.
    pub closing: ClosePolicy,
    /// How `TIME_WAIT` and `FIN_WAIT_2` wait.
    pub wait: WaitPolicy,
    /// How late timers are.
    pub timers: TimerPolicy,
    /// When something is sent, and in how many segments. In a world as in RFC 9293.
    pub transmission: TransmissionPolicy,
    /// How a closed window is probed. Never in a world.
    pub persist: PersistPolicy,
    /// How a connection is opened. In worlds that open one.
    pub opening: OpenPolicy,
}

impl Policy {
    /// RFC 9293's rules of closing, for a segment lifetime of `msl` ticks, at least 1. The timeout is fixed at one
    /// MSL, a departure from RFC 6298 §5.5; no end gives up, and no ACK is delayed.
    #[must_use]
    pub const fn rfc9293(msl: u32) -> Self {
        Self {
            retransmission: RetransmissionPolicy::rfc9293(msl),
            sequence: SequencePolicy::RFC_9293,
            resets: ResetPolicy::RFC_9293,
            acks: AckPolicy::RFC_9293,
            text: TextPolicy::RFC_9293,
            closing: ClosePolicy::RFC_9293,
            wait: WaitPolicy::rfc9293(msl),
            timers: TimerPolicy::RFC_9293,
            transmission: TransmissionPolicy::RFC_9293,
            persist: PersistPolicy::rfc9293(msl),
            opening: OpenPolicy::RFC_9293,
        }
    }

    /// RFC 9293 with RFC 1337's fix (F1): resets do not end `TIME_WAIT`. `msl` is in ticks, at least 1.
    #[must_use]
    pub const fn rfc1337(msl: u32) -> Self {
        let mut policy = Self::rfc9293(msl);
        policy.wait.rst_in_time_wait = RstInTimeWait::Ignore;
        policy
    }

    /// This policy in ticks of 1/`scale`: every duration that a world has is multiplied by `scale`, at least 1.
    #[must_use]
    pub fn scaled(self, scale: u32) -> Self {
        self.with(|policy| {
            let Self { retransmission, wait, acks, timers, opening, .. } = policy;
            let durations = retransmission
                .durations_mut()
                .chain(wait.durations_mut())
                .chain(acks.durations_mut())
                .chain(timers.durations_mut())
                .chain(opening.durations_mut());
            for ticks in durations {
                *ticks = ticks.saturating_mul(scale);
            }
        })
    }

    /// This policy, but for a change.
    ///
    /// ```
    /// use lastack::tcp::{OutOfOrder, Policy};
    ///
    /// let drops = Policy::rfc9293(2).with(|policy| policy.text.out_of_order = OutOfOrder::Drop);
    /// assert_eq!(drops.wait, Policy::rfc9293(2).wait);
    /// ```
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}
