//! When something is sent, and in how many segments. RFC 9293 §3.8.1, §3.10.4. No world has that: there, an end sends at once, and
//! an octet or a FIN a segment.

use serde::{Deserialize, Serialize};

/// When something is sent, and in how many segments. RFC 9293 §3.8.1, §3.10.4. In a world it is as in RFC 9293.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransmissionPolicy {
    /// Who decides when something is sent.
    pub sending: Sending,
    /// A retransmission takes all that is unacknowledged, text and FIN, into one segment; otherwise what was one
    /// segment is sent again as one. RFC 9293 §3.8.1 allows both. Stacks that keep a buffer instead of a queue of
    /// segments: smoltcp, Fuchsia (`established_active_close`).
    pub repacketizes: bool,
    /// The FIN is sent only if the peer has room for it. It takes a sequence number (RFC 9293 §3.4), and Linux counts
    /// it (`tcp_snd_wnd_test`); smoltcp (`fin_wait_1_retransmit_reset_after_ack`), FreeBSD, lwIP and gVisor do not.
    pub fin_needs_window: bool,
}

impl TransmissionPolicy {
    /// As RFC 9293 has it.
    pub const RFC_9293: Self = Self { sending: Sending::AtOnce, repacketizes: false, fin_needs_window: true };
}

/// Who decides when something is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sending {
    /// The endpoint sends as soon as it can.
    AtOnce,
    /// Text, FIN and the ACK of what is in order or beyond a hole wait until whoever drives the stack polls it
    /// (`Endpoint::poll`). smoltcp's `dispatch`.
    Polled,
    /// Text and FIN wait, an ACK does not; and who polls says how much may be sent. netstack3's `poll_send`.
    PolledForText,
}
