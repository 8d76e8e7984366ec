//! How a closed window is probed. RFC 9293 §3.8.6.1. No world has that: there, no window closes.

use serde::{Deserialize, Serialize};

/// How a closed window is probed, and for how long. RFC 9293 §3.8.6.1. No window of a world closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersistPolicy {
    /// The segment that probes a closed window.
    pub window_probe: WindowProbe,
    /// How long after the window has closed the first probe is sent, in ticks, and each of the others after twice
    /// as long as the one before; `None`: one retransmission timeout (RFC 9293 §3.8.6.1). lwIP: 1.5 s
    /// (`tcp_persist_backoff`).
    pub persist_first: Option<u32>,
    /// The shortest interval between probes of a closed window, in ticks. RFC 9293 §3.8.6.1 begins with the
    /// retransmission timeout; FreeBSD with 5 s (`TCPTV_PERSMIN`).
    pub persist_min: u32,
    /// The longest interval between probes of a closed window, in ticks. FreeBSD, lwIP: 60 s; Linux, gVisor:
    /// `rto_max`.
    pub persist_max: u32,
    /// After `close()`, an end that probes gives up at the longest interval, even if the peer answers. Linux,
    /// `tcp_probe_timer` (measured on 6.18: after 330 s); RFC 9293 §3.8.6.1 (MUST-37) keeps it.
    pub orphan_probes_end: bool,
    /// An end that has closed and probes gives up when it has not heard the peer for this long, in ticks; `None`:
    /// the retries decide. FreeBSD, `tcp_timer_persist` (`TCPTV_PERSMAX`).
    pub closing_silence: Option<u32>,
}

impl PersistPolicy {
    /// The fields that are lengths of time, and the least that each can be set to, in ticks.
    pub const DURATIONS: &[(&str, u32)] =
        &[("persist_first", 1), ("persist_max", 1), ("persist_min", 0), ("closing_silence", 1)];

    /// As RFC 9293 has it, for an MSL of `msl` ticks, at least 1.
    #[must_use]
    pub const fn rfc9293(msl: u32) -> Self {
        Self {
            window_probe: WindowProbe::NextOctet,
            persist_first: None,
            persist_min: 0,
            persist_max: msl.saturating_mul(4),
            orphan_probes_end: false,
            closing_silence: None,
        }
    }
}

/// The segment that probes a closed window. RFC 9293 §3.8.6.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WindowProbe {
    /// The next octet, or the FIN if no text is left. RFC 9293 §3.8.6.1: "at least one octet of new data"; BSD
    /// (`TF_FORCEDATA`), smoltcp, lwIP (`tcp_zero_window_probe`).
    NextOctet,
    /// An ACK with the number SND.UNA − 1, which the peer has to answer. Linux, `tcp_xmit_probe_skb` (measured on
    /// 6.18); Zephyr, `tcp_send_zwp`.
    OldNumber,
    /// The same, with an octet of text. gVisor, `sendZeroWindowProbe`.
    OldOctet,
}
