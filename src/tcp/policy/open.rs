//! How a connection is opened. RFC 9293 §3.5, §3.8.3.

use serde::{Deserialize, Serialize};

/// How often a SYN is sent again, and what one does to `TIME_WAIT`. RFC 9293 §3.5, §3.6.1, §3.8.3. In a world it
/// matters where an end opens a new connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenPolicy {
    /// The retransmission timeout of a SYN, and of a SYN,ACK, before any backoff, in ticks; not 0; `None`:
    /// `rto`. RFC 6298 §2.1 has 1 second until a round trip was measured, and `rto` is what stacks come to where
    /// round trips are short.
    pub syn_rto: Option<u32>,
    /// Retransmissions of a SYN after which the next timeout closes, silently; `None`: as `retries`. RFC 9293
    /// §3.8.3 (MUST-23): for at least 3 minutes. Linux has it as `tcp_syn_retries`.
    pub syn_retries: Option<u32>,
    /// The same for a SYN,ACK; `None`: as `retries`. Linux has it as `tcp_synack_retries`.
    pub syn_ack_retries: Option<u32>,
    /// The effect of a SYN on `TIME_WAIT`, where somebody listens on the port.
    pub syn_in_time_wait: SynInTimeWait,
}

impl OpenPolicy {
    /// The fields that are lengths of time, and the least that each can be set to, in ticks.
    pub const DURATIONS: &[(&str, u32)] = &[("syn_rto", 1)];

    /// The same fields, for a change of the unit.
    pub(super) fn durations_mut(&mut self) -> impl Iterator<Item = &mut u32> {
        self.syn_rto.iter_mut()
    }

    /// As RFC 9293 has it.
    pub const RFC_9293: Self = Self {
        syn_rto: None,
        syn_retries: None,
        syn_ack_retries: None,
        syn_in_time_wait: SynInTimeWait::Challenge,
    };
}

/// The effect of a SYN on `TIME_WAIT`, where somebody listens on the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SynInTimeWait {
    /// It draws a challenge ACK, as in any other state. RFC 9293 §3.10.7.4, fourth step; RFC 5961 §4.2.
    Challenge,
    /// It opens a new connection if its number is above every one that the peer has used. RFC 9293 §3.6.1 (MAY-2),
    /// RFC 1122 §4.2.2.13; RFC 6191 without timestamps. Linux, `tcp_timewait_state_process`; FreeBSD,
    /// `tcp_twcheck`.
    ReopenIfAbove,
}
