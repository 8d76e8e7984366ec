//! The second and the fourth step of RFC 9293 §3.10.7.4: resets, and SYNs, which draw some.

use super::{Policy, RstInTimeWait, RstInWindow, SynInWindow};
use crate::tcp::{Segment, Seq, State};

impl Policy {
    /// Whether a reset left of the window ends the connection, in a state that has received the peer's FIN. RFC 9293
    /// §3.10.7.4 drops it.
    pub(in crate::tcp) fn accepts_reset_before_fin(&self, segment: &Segment, rcv_nxt: Seq, state: State) -> bool {
        let after_fin = matches!(state, State::CloseWait | State::Closing | State::LastAck);
        self.rst_before_fin && after_fin && segment.seq + 1 == rcv_nxt
    }

    /// Whether resets do nothing in this state. RFC 1337 §3, fix (F1).
    pub(in crate::tcp) fn ignores_resets_in(&self, state: State) -> bool {
        state == State::TimeWait && self.rst_in_time_wait == RstInTimeWait::Ignore
    }

    /// Whether a reset in the window ends the connection wherever it lies there. RFC 5961 §3.2: only one at RCV.NXT does.
    pub(in crate::tcp) fn accepts_reset_anywhere(&self) -> bool {
        self.rst_in_window == RstInWindow::Close
    }

    /// Whether the reset that a SYN in the window draws has an ACK.
    pub(in crate::tcp) fn reset_of_syn_acknowledges(&self) -> bool {
        self.reset_with_ack && self.syn_in_window != SynInWindow::BareReset
    }
}
