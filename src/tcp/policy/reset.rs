//! The second and the fourth step of RFC 9293 §3.10.7.4: resets, and SYNs, which draw some.

use serde::{Deserialize, Serialize};

use crate::tcp::segment::{Segment, Seq};
use crate::tcp::state::State;

/// The effects of resets and SYNs, and the form of the resets that are sent. RFC 9293 §3.10.7.4, second and fourth
/// step; RFC 5961.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct ResetPolicy {
    /// The effect of a reset that is in the window, but not at RCV.NXT.
    pub rst_in_window: RstInWindow,
    /// A reset at RCV.NXT − 1 closes once the peer's FIN was received (`CLOSE_WAIT`, `CLOSING`, `LAST_ACK`): a
    /// peer that aborts after its FIN may not count it. Linux, `tcp_reset_check` (measured on 6.18); RFC 9293
    /// drops it.
    pub rst_before_fin: bool,
    /// The effect of a SYN in the window.
    pub syn_in_window: SynInWindow,
    /// A reset that ends a connection from our side carries an ACK. Linux (`tcp_send_active_reset`, measured on
    /// 6.18), BSD (`tcp_outflags`), lwIP (`tcp_rst`), gVisor and smoltcp; RFC 9293 §3.10.5 sends
    /// `<SEQ=SND.NXT><CTL=RST>`.
    pub reset_with_ack: bool,
    /// An end that is CLOSED acknowledges with every reset. lwIP (`tcp_rst`); RFC 9293 §3.10.7.1 only if the
    /// segment does not.
    pub closed_acknowledges: bool,
    /// A reset after the peer's FIN is an EPIPE to the application; else an ECONNRESET like any other. Linux,
    /// `tcp_reset` (measured on 6.18); FreeBSD does not distinguish them (`rcv-rst-close-wait`).
    pub epipe_after_fin: bool,
}

impl ResetPolicy {
    /// As RFC 9293 has it.
    pub const RFC_9293: Self = Self {
        rst_in_window: RstInWindow::Challenge,
        rst_before_fin: false,
        syn_in_window: SynInWindow::Challenge,
        reset_with_ack: false,
        closed_acknowledges: false,
        epipe_after_fin: false,
    };

    /// Whether a reset left of the window ends the connection, in a state that has received the peer's FIN. RFC
    /// 9293 §3.10.7.4 drops it.
    pub(in crate::tcp) fn accepts_reset_before_fin(self, segment: &Segment, rcv_nxt: Seq, state: State) -> bool {
        let after_fin = matches!(state, State::CloseWait | State::Closing | State::LastAck);
        self.rst_before_fin && after_fin && segment.seq + 1 == rcv_nxt
    }

    /// Whether a reset in the window ends the connection wherever it lies there. RFC 5961 §3.2: only one at
    /// RCV.NXT does.
    pub(in crate::tcp) fn accepts_reset_anywhere(self) -> bool {
        self.rst_in_window == RstInWindow::Close
    }

    /// What a SYN in the window does. RFC 9293 §3.10.7.4 challenges it.
    pub(in crate::tcp) fn effect_of_syn_in_window(self) -> SynInWindow {
        self.syn_in_window
    }

    /// Whether a reset that ends a connection from our side has an ACK. RFC 9293 §3.10.5: it has none.
    pub(in crate::tcp) fn reset_acknowledges(self) -> bool {
        self.reset_with_ack
    }

    /// Whether the reset that a SYN in the window draws has an ACK.
    pub(in crate::tcp) fn reset_of_syn_acknowledges(self) -> bool {
        self.reset_with_ack && self.syn_in_window != SynInWindow::BareReset
    }
}

/// The effect of a reset that is in the window, but not at RCV.NXT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RstInWindow {
    /// It draws a challenge ACK. RFC 9293 §3.10.7.4, second step; RFC 5961 §3.2.
    Challenge,
    /// It closes the connection. RFC 793 §3.4; smoltcp, Zephyr, FreeBSD with `net.inet.tcp.insecure_rst=1`.
    Close,
}

/// The effect of a SYN in the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SynInWindow {
    /// It draws a challenge ACK. RFC 9293 §3.10.7.4, fourth step; RFC 5961 §4.2.
    Challenge,
    /// It closes the connection, with a reset. RFC 793 §3.9: "If the SYN is in the window it is an error, send a
    /// reset"; FreeBSD with `net.inet.tcp.insecure_syn=1`, Zephyr.
    Reset,
    /// The same, and the reset never has an ACK. netstack3 (`segment_arrives_when_established`).
    BareReset,
    /// It is dropped. smoltcp.
    Drop,
}
