//! How a connection is opened. RFC 9293 §3.5, §3.8.3.

use serde::{Deserialize, Serialize};

/// How often a SYN is sent again, and what one does to `TIME_WAIT`. RFC 9293 §3.5, §3.6.1, §3.8.3. Worlds begin with both ends
/// ESTABLISHED.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenPolicy {
    /// Retransmissions of a SYN after which the next timeout closes, silently; `None`: as `retries`. RFC 9293 §3.8.3 (MUST-23):
    /// for at least 3 minutes. Linux has it as `tcp_syn_retries`.
    pub syn_retries: Option<u32>,
    /// The same for a SYN,ACK; `None`: as `retries`. Linux has it as `tcp_synack_retries`.
    pub syn_ack_retries: Option<u32>,
    /// The effect of a SYN on `TIME_WAIT`, where somebody listens on the port.
    pub syn_in_time_wait: SynInTimeWait,
}

impl OpenPolicy {
    /// As RFC 9293 has it.
    pub const RFC_9293: Self =
        Self { syn_retries: None, syn_ack_retries: None, syn_in_time_wait: SynInTimeWait::Challenge };
}

/// The effect of a SYN on `TIME_WAIT`, where somebody listens on the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SynInTimeWait {
    /// It draws a challenge ACK, as in any other state. RFC 9293 §3.10.7.4, fourth step; RFC 5961 §4.2.
    Challenge,
    /// It opens a new connection if its number is above every one that the peer has used. RFC 9293 §3.6.1 (MAY-2), RFC 1122
    /// §4.2.2.13; RFC 6191 without timestamps. Linux, `tcp_timewait_state_process`; FreeBSD, `tcp_twcheck`.
    ReopenIfAbove,
}
