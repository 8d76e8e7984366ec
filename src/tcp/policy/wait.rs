//! How `TIME_WAIT`, `FIN_WAIT_2` and `LAST_ACK` wait. RFC 9293 §3.6.1, RFC 1337.

use std::iter;

use serde::{Deserialize, Serialize};

use crate::tcp::segment::Segment;
use crate::tcp::state::State;

/// How long `TIME_WAIT`, `FIN_WAIT_2` and `LAST_ACK` last, and what they do meanwhile. RFC 9293 §3.6.1, RFC 1337.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitPolicy {
    /// How long `TIME_WAIT` lasts, in ticks. RFC 9293 §3.6.1: 2 MSL.
    pub time_wait: u32,
    /// A FIN that arrives again in `TIME_WAIT` restarts the 2MSL timer. RFC 9293 §3.10.7.4, eighth step.
    pub restart_time_wait: bool,
    /// With `restart_time_wait`, a segment that is not acceptable in `TIME_WAIT`, unless it is a reset, restarts
    /// the 2MSL timer, too. smoltcp, `process`.
    pub unacceptable_restarts: bool,
    /// The effect of a reset on `TIME_WAIT`.
    pub rst_in_time_wait: RstInTimeWait,
    /// The segments that `TIME_WAIT` acknowledges.
    pub time_wait_answers: TimeWaitAnswers,
    /// How long `FIN_WAIT_2` lasts after sockets' `close()`, in ticks; `None`: forever. RFC 9293 has no such
    /// timer; Linux has it as `tcp_fin_timeout`, FreeBSD in `tcp_usrclosed`.
    pub fin_wait_2_timeout: Option<u32>,
    /// A `FIN_WAIT_2` after `close()` keeps no socket, and only what `TIME_WAIT` would: acknowledgments do not
    /// matter any more, a reset or a SYN in the window ends it, and a reset outside is answered with an ACK.
    /// Linux, `tcp_timewait_state_process` (measured on 6.18).
    pub fin_wait_2_without_socket: bool,
    /// How long `LAST_ACK` lasts, in ticks, whatever its retries; `None`: as long as they do. RFC 9293 has no such
    /// timer; lwIP has it in `tcp_slowtmr`.
    pub last_ack_timeout: Option<u32>,
}

impl WaitPolicy {
    /// The fields that are lengths of time, and the least that each can be set to, in ticks.
    pub const DURATIONS: &[(&str, u32)] = &[("time_wait", 0), ("fin_wait_2_timeout", 1), ("last_ack_timeout", 1)];

    /// The same fields, for a change of the unit.
    pub(super) fn durations_mut(&mut self) -> impl Iterator<Item = &mut u32> {
        let Self { time_wait, fin_wait_2_timeout, last_ack_timeout, .. } = self;
        iter::once(time_wait).chain([fin_wait_2_timeout, last_ack_timeout].into_iter().flatten())
    }

    /// As RFC 9293 has it, for an MSL of `msl` ticks, at least 1.
    #[must_use]
    pub const fn rfc9293(msl: u32) -> Self {
        Self {
            time_wait: msl.saturating_mul(2),
            restart_time_wait: true,
            unacceptable_restarts: false,
            rst_in_time_wait: RstInTimeWait::Close,
            time_wait_answers: TimeWaitAnswers::InOrder,
            fin_wait_2_timeout: None,
            fin_wait_2_without_socket: false,
            last_ack_timeout: None,
        }
    }

    /// Whether `TIME_WAIT` processes segments in the order of RFC 9293 §3.10.7.4, like any other state.
    pub(in crate::tcp) fn time_wait_is_in_order(self) -> bool {
        self.time_wait_answers == TimeWaitAnswers::InOrder
    }

    /// Whether `FIN_WAIT_2` has no socket any more, where the application has called `close()`
    /// (`reader_gone`) or has not. RFC 9293 keeps the connection.
    pub(in crate::tcp) fn orphan_has_no_socket(self, reader_gone: bool) -> bool {
        reader_gone && self.fin_wait_2_without_socket
    }

    /// Whether a segment that is not acceptable in `TIME_WAIT`, and is no reset, restarts the wait.
    pub(in crate::tcp) fn unacceptable_segment_restarts(self, segment: &Segment) -> bool {
        segment.flags.fin || self.unacceptable_restarts
    }

    /// Whether resets do nothing in this state. RFC 1337 §3, fix (F1).
    pub(in crate::tcp) fn ignores_resets_in(self, state: State) -> bool {
        state == State::TimeWait && self.rst_in_time_wait == RstInTimeWait::Ignore
    }
}

/// The effect of a reset at RCV.NXT on an endpoint in `TIME_WAIT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RstInTimeWait {
    /// It closes the connection. RFC 9293 §3.10.7.4, second step.
    Close,
    /// Every reset is dropped, without an answer. RFC 1337 §3, fix (F1).
    Ignore,
}

/// The segments that `TIME_WAIT` acknowledges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeWaitAnswers {
    /// The segments that any state acknowledges, and a FIN. RFC 9293 §3.10.7.4.
    InOrder,
    /// Everything but resets and an empty segment at RCV.NXT, whatever it acknowledges; a segment with an ACK
    /// restarts the wait, that empty segment too, and a reset elsewhere draws nothing. Linux,
    /// `tcp_timewait_state_process` (measured on 6.18, but for what the empty segment restarts).
    AllButEmpty,
    /// Everything with an ACK but resets and the bare ACK that has both of the expected numbers. Without an ACK,
    /// even a SYN is dropped. The peer's FIN restarts the wait. FreeBSD, `tcp_twcheck` (`rcv-ack-time-wait`,
    /// `rcv-syn-time-wait`).
    AllButExpected,
    /// A segment with an ACK, unless it is a reset, or is at RCV.NXT and has no text. The peer's FIN restarts the
    /// wait. gVisor, `handleTimeWaitSegment`.
    Elsewhere,
    /// A segment that takes sequence numbers; a FIN restarts the wait. But a SYN in the window draws a reset, and
    /// the wait goes on. lwIP, `tcp_timewait_input` (`test_tcp_gen_rst_in_TIME_WAIT`).
    WithLength,
    /// Nothing, and nothing restarts the wait. picoTCP, `tcp_fsm`; RFC 9293 §3.10.7.4 has a FIN acknowledged.
    Nothing,
}
