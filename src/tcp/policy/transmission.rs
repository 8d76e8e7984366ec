//! When something is sent, and in how many segments. RFC 9293 §3.8.1, §3.10.4. No world has that: there, an end
//! sends at once, and an octet or a FIN a segment.

use serde::{Deserialize, Serialize};

/// When something is sent, and in how many segments. RFC 9293 §3.8.1, §3.10.4. In a world it is as in RFC 9293.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransmissionPolicy {
    /// Whether the endpoint decides when to send, or the driver of a stack that is polled.
    pub sending: Sending,
    /// What a retransmission takes into one segment, text and FIN. RFC 9293 §3.8.1 leaves it open.
    pub repacketizes: Repacketizing,
    /// The FIN is sent only if the peer has room for it. It takes a sequence number (RFC 9293 §3.4), and Linux
    /// counts it (`tcp_snd_wnd_test`); smoltcp (`fin_wait_1_retransmit_reset_after_ack`), FreeBSD, lwIP and gVisor
    /// do not.
    pub fin_needs_window: bool,
    /// After a timeout, an ACK that moves SND.UNA and closes the window lets the earliest segment go all the same,
    /// as the window's probe. Otherwise it waits for the timer (RFC 9293 §3.8.6, SHLD-16): what lies beyond the
    /// window may be sent again (MAY-7). Linux, `__tcp_retransmit_skb`.
    pub resends_into_closed_window: bool,
}

impl TransmissionPolicy {
    /// As RFC 9293 has it.
    pub const RFC_9293: Self = Self {
        sending: Sending::AtOnce,
        repacketizes: Repacketizing::Never,
        fin_needs_window: true,
        resends_into_closed_window: false,
    };

    /// Whether text and FIN are sent as soon as the window permits, and do not wait to be polled. RFC 9293
    /// §3.10.4.
    pub(in crate::tcp) fn sends_at_once(self) -> bool {
        self.sending == Sending::AtOnce
    }

    /// Whether the ACK of what has arrived waits to be polled, too. RFC 9293 §3.10.7.4 sends it at once, or when
    /// its delay is over.
    pub(in crate::tcp) fn acks_when_polled(self) -> bool {
        self.sending == Sending::Polled
    }
}

/// How much of what is unacknowledged a retransmission takes into one segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Repacketizing {
    /// A retransmission resends the segment as it was. lwIP, gVisor.
    Never,
    /// Whole segments, as long as they fit into one and into the peer's window. Linux (`tcp_retrans_try_collapse`,
    /// measured on 6.18; `tcp_retrans_collapse` is on by default).
    WholeSegments,
    /// As many octets as a segment holds: it keeps a buffer, no queue of segments. FreeBSD (`tcp_output`, from
    /// SND.NXT), smoltcp, Fuchsia (`established_active_close`), Zephyr (`tcp_resend_data`).
    Octets,
}

/// Whether the endpoint decides when to send, or the driver of a stack that is polled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sending {
    /// The endpoint sends as soon as it can.
    AtOnce,
    /// Text, FIN and the ACK of what is in order or beyond a hole wait until the driver of the stack polls it.
    /// smoltcp's `dispatch`.
    Polled,
    /// Text and FIN wait, an ACK does not; and the driver limits the amount that is sent. netstack3's `poll_send`.
    PolledForText,
}
