//! The seventh and the eighth step of RFC 9293 §3.10.7.4: text that is late, beyond a hole or beyond the window, and FINs.

use super::{LateText, OutOfOrder, Policy, ShutdownRead};

impl Policy {
    /// Whether text beyond the window's right edge is cut off, where there is room for `room` octets from the segment's
    /// beginning on. For what begins at the edge there is none.
    pub(in crate::tcp) fn trims_to(&self, room: u32) -> bool {
        self.trims_text || room == 0
    }

    /// Whether a FIN is received where its text leaves no room for it: behind text that fills the window, or, if the
    /// segment is at RCV.NXT, bare.
    pub(in crate::tcp) fn receives_fin_without_room(&self, room: u32, is_next: bool) -> bool {
        self.fin_without_room && (room > 0 || is_next)
    }

    /// Whether text that arrives after `close()` draws a reset. RFC 9293 §3.6.1 (RFC 1122 §4.2.2.13).
    pub(in crate::tcp) fn resets_text_after_close(&self) -> bool {
        self.late_text != LateText::Receive
    }

    /// Whether text draws a reset that arrives after both directions were shut, but not by `close()`.
    pub(in crate::tcp) fn resets_text_after_shutdown_read(&self) -> bool {
        matches!(self.shutdown_read, ShutdownRead::ResetLate | ShutdownRead::ResetUnread)
    }

    /// Whether what nobody will read is text, or as good as text.
    pub(in crate::tcp) fn counts_as_late_text(&self, has_text: bool, has_fin: bool) -> bool {
        has_text || has_fin && self.reset_before_hole
    }

    /// Whether text is thrown away, though it is acknowledged, once the application has promised to read no more.
    pub(in crate::tcp) fn discards_text_after_shutdown_read(&self) -> bool {
        self.shutdown_read == ShutdownRead::Discard
    }

    /// Whether text beyond a hole is held until the hole is filled. RFC 9293 §3.10.7.4 (SHLD-31).
    pub(in crate::tcp) fn holds_text(&self) -> bool {
        self.out_of_order != OutOfOrder::Drop
    }
}
