//! The seventh and the eighth step of RFC 9293 §3.10.7.4: text and FINs that are late, or beyond a hole.

use serde::{Deserialize, Serialize};

/// The treatment of text and FINs that are late, or beyond a hole. RFC 9293 §3.10.7.4, seventh and eighth step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextPolicy {
    /// The treatment of text and FIN beyond a hole.
    pub out_of_order: OutOfOrder,
    /// The treatment of text that arrives after `close()`.
    pub late_text: LateText,
    /// After `close()` a FIN beyond a hole is answered with the reset that the text in the hole would draw. Linux,
    /// `tcp_rcv_state_process` (measured on 6.18).
    pub reset_before_hole: bool,
    /// Text beyond the peer's FIN is answered with a reset. netstack3 (`segment_arrives_when_close_wait`); RFC
    /// 9293 §3.10.7.4, seventh step: "This should not occur …. Ignore the segment text."
    pub reset_text_after_fin: bool,
    /// The effect of sockets' `shutdown(SHUT_RD)`.
    pub shutdown_read: ShutdownRead,
}

impl TextPolicy {
    /// As RFC 9293 has it.
    pub const RFC_9293: Self = Self {
        out_of_order: OutOfOrder::Hold,
        late_text: LateText::Reset,
        reset_before_hole: false,
        reset_text_after_fin: false,
        shutdown_read: ShutdownRead::Nothing,
    };

    /// Whether text that arrives after `close()` draws a reset. RFC 9293 §3.6.1 (RFC 1122 §4.2.2.13).
    pub(in crate::tcp) fn resets_text_after_close(self) -> bool {
        self.late_text != LateText::Receive
    }

    /// Whether text draws a reset that arrives after both directions were shut, but not by `close()`.
    pub(in crate::tcp) fn resets_text_after_shutdown_read(self) -> bool {
        matches!(self.shutdown_read, ShutdownRead::ResetLate | ShutdownRead::ResetUnread)
    }

    /// Whether a segment counts as late text, which no application will read: its text, or what is treated like
    /// text.
    pub(in crate::tcp) fn counts_as_late_text(self, has_text: bool, has_fin: bool) -> bool {
        has_text || has_fin && self.reset_before_hole
    }

    /// Whether text is discarded, though it is acknowledged, once the application has promised to read no more.
    pub(in crate::tcp) fn discards_text_after_shutdown_read(self) -> bool {
        self.shutdown_read == ShutdownRead::Discard
    }

    /// Whether text beyond a hole is held until the hole is filled. RFC 9293 §3.10.7.4 (SHLD-31).
    pub(in crate::tcp) fn holds_text(self) -> bool {
        self.out_of_order != OutOfOrder::Drop
    }

    /// Whether a FIN beyond a hole is held until the hole is filled. RFC 9293 §3.10.7.4 (SHLD-31).
    pub(in crate::tcp) fn holds_fin(self) -> bool {
        self.out_of_order == OutOfOrder::Hold
    }

    /// Whether a FIN beyond a hole is answered at once, as text there is. RFC 5681 §4.2.
    pub(in crate::tcp) fn answers_fin_beyond_hole(self) -> bool {
        self.out_of_order != OutOfOrder::HoldText
    }

    /// Whether text beyond the peer's FIN is answered with a reset. RFC 9293 §3.10.7.4: "This should not occur ….
    /// Ignore the segment text."
    pub(in crate::tcp) fn resets_text_after_fin(self) -> bool {
        self.reset_text_after_fin
    }

    /// Whether the reset that late text draws is that of an abort, at SND.NXT, and not the one that CLOSED would
    /// answer with. RFC 9293 §3.6.1 (RFC 1122 §4.2.2.13) leaves it open.
    pub(in crate::tcp) fn late_text_aborts(self) -> bool {
        self.late_text == LateText::Abort
    }
}

/// The treatment of text, and of a FIN, that arrives out of order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutOfOrder {
    /// Held until the hole is filled. RFC 9293 §3.10.7.4: "SHOULD be held for later processing (SHLD-31)".
    Hold,
    /// Text is held; of a FIN, nothing is noted, nor is it answered. smoltcp.
    HoldText,
    /// Dropped; the peer has to send it again. RFC 9293 §3.10.7.4 permits it: SHLD-31 is no MUST.
    Drop,
}

/// The treatment of text that arrives after `close()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LateText {
    /// It is received. smoltcp, netstack3 and CS144: their `close` is RFC 9293's CLOSE (§3.10.4), which closes one
    /// direction.
    Receive,
    /// It closes the connection, with the reset that CLOSED would answer it with, `<SEQ=SEG.ACK><CTL=RST>`. RFC
    /// 9293 §3.6.1 (RFC 1122 §4.2.2.13); Linux (measured on 6.18), FreeBSD (`dropwithreset`).
    Reset,
    /// The same, with the reset of an abort, at SND.NXT. gVisor (`resetConnectionLocked`), lwIP (`tcp_abort`);
    /// lwIP has received the text by then, and waits for what precedes it.
    Abort,
}

/// The effect of sockets' `shutdown(SHUT_RD)`, which RFC 9293 does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShutdownRead {
    /// Nothing: text is still accepted.
    Nothing,
    /// Text that arrives in `FIN_WAIT_1` and `FIN_WAIT_2` draws a reset, as after `close()`. Linux,
    /// `tcp_rcv_state_process`.
    ResetLate,
    /// That, and text that is unread is reset at once if the other direction is shut, as by `close()`. gVisor
    /// (`TestRstOnCloseWithUnreadDataFinConvertRst`).
    ResetUnread,
    /// Text is acknowledged and discarded. FreeBSD, `sorflush`.
    Discard,
}
