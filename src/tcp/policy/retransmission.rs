//! The retransmission timer, and giving up. RFC 6298, RFC 9293 §3.8.3.

use serde::{Deserialize, Serialize};

/// How unacknowledged segments are sent again, and when an endpoint gives up. RFC 6298 §2, §5; RFC 9293 §3.8.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetransmissionPolicy {
    /// The retransmission timeout before any backoff, in ticks; not 0. RFC 6298 §2.
    pub rto: u32,
    /// The timeout doubles each time that it expires. RFC 6298 §5.5.
    pub backoff: bool,
    /// The longest timeout that doubling leads to, in ticks. RFC 6298 §2.5.
    pub rto_max: u32,
    /// Retransmissions without progress after which the next timeout closes, silently unless `reset_on_giving_up`;
    /// `None`: never. RFC 9293 §3.8.3, RFC 1122 §4.2.3.5 (R2).
    pub retries: Option<u32>,
    /// The same once the application has called `close()`; `None`: as `retries`. Linux has it as
    /// `tcp_orphan_retries`.
    pub orphan_retries: Option<u32>,
    /// An end that gives up, after the last retry or the user timeout, sends a reset. RFC 9293 §3.10.8 sends none;
    /// smoltcp does (`test_fin_wait_1_timeout`), and so do CS144's sponge and FreeBSD (`tcp_drop`).
    pub reset_on_giving_up: bool,
    /// When the segments that were outstanding at a timeout are sent again, beyond what the timeout itself sends:
    /// the earliest, or with `repacketizes` as much as a segment holds.
    pub after_timeout: AfterTimeout,
}

impl RetransmissionPolicy {
    /// The fields that are lengths of time, and the least that each can be set to, in ticks.
    pub const DURATIONS: &[(&str, u32)] = &[("rto", 1), ("rto_max", 1)];

    /// The same fields, for a change of the unit.
    pub(super) fn durations_mut(&mut self) -> impl Iterator<Item = &mut u32> {
        [&mut self.rto, &mut self.rto_max].into_iter()
    }

    /// As RFC 9293 has it, for an MSL of `msl` ticks, at least 1.
    #[must_use]
    pub const fn rfc9293(msl: u32) -> Self {
        Self {
            rto: msl,
            backoff: false,
            rto_max: msl.saturating_mul(4),
            retries: None,
            orphan_retries: None,
            reset_on_giving_up: false,
            after_timeout: AfterTimeout::NextOnAck,
        }
    }
}

/// When the segments that were outstanding at a retransmission timeout are sent again. RFC 6298 §5.4 has the
/// earliest segment sent at once; an event sends one segment at most, so that of the two that slow start would let
/// go on an ACK the second waits for the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AfterTimeout {
    /// Each ACK that moves SND.UNA, but not beyond SND.NXT as it was at the timeout (RFC 6582 §3.2: `recover`),
    /// lets the earliest segment go. RFC 5681 §3.1: "after retransmitting the dropped segment the TCP sender uses
    /// the slow start algorithm", a MUST by RFC 9293 §3.8.2 (MUST-19). Linux (`tcp_xmit_retransmit_queue`),
    /// FreeBSD (`tcp_timer_rexmt`), lwIP (`tcp_rexmit_rto_prepare`), gVisor (`retransmitTimerExpired`), libtpa
    /// (`tcp_timeout_rto`), Zephyr.
    NextOnAck,
    /// Each waits for a timeout of its own, as RFC 6298 §5 alone has it. CS144 (`TCPSender::tick`), Demikernel
    /// (`retransmitter`); `NetX`, which goes on by ACKs only after a fast retransmit
    /// (`_nx_tcp_socket_state_ack_check`).
    OnePerTimeout,
}
