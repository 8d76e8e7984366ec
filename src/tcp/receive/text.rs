//! The seventh step: the segment's text.

use std::ops::ControlFlow;

use super::answer::AckDecision;
use crate::tcp::transmission::reset_in_answer_to;
use crate::tcp::{Effects, EndedBy, Endpoint, Flags, Policy, Segment, Seq, State};

/// What the window has room for of a segment. It may begin before RCV.NXT, and beyond it.
pub(super) struct Trimmed {
    /// The first number.
    pub(super) start: Seq,
    /// The number after the last octet of text: that of the FIN, if there is one.
    pub(super) end: Seq,
    /// Octets of text.
    len: u32,
    /// A FIN follows the text, and there is room for it.
    pub(super) fin: bool,
}

impl Endpoint {
    /// RFC 9293 §3.10.7.4: "trimming off any portions that lie outside the window (including SYN and FIN)". Only
    /// the right edge is cut here.
    pub(super) fn trim(&self, segment: &Segment, policy: &Policy) -> Trimmed {
        let Segment { seq, len, flags: Flags { fin, .. }, .. } = *segment;
        let room = self.receive_window().wrapping_sub(seq.since(self.rcv_nxt));
        let (len, fin) = if policy.sequence.trims_to(room) {
            let fits =
                len < room || len == room && policy.sequence.receives_fin_without_room(room, seq == self.rcv_nxt);
            (len.min(room), fin && fits)
        } else {
            (len, fin)
        };
        Trimmed { start: seq, end: seq + len, len, fin }
    }

    /// RFC 9293 §3.10.7.4: "Once in the ESTABLISHED state, it is possible to deliver segment data to user RECEIVE
    /// buffers"; and in `FIN_WAIT_1` and `FIN_WAIT_2`.
    ///
    /// In the states after the peer's FIN: "This should not occur …. Ignore the segment text."
    pub(super) fn process_text(
        &mut self,
        segment: &Segment,
        trimmed: &Trimmed,
        policy: &Policy,
        effects: &mut Effects,
    ) -> ControlFlow<(), AckDecision> {
        let is_new = self.rcv_nxt.precedes(trimmed.end);
        if !matches!(self.state, State::Established | State::FinWait1 | State::FinWait2) {
            if is_new && trimmed.len > 0 && policy.text.resets_text_after_fin() {
                self.reset(false, effects);
                self.end(EndedBy::Abort, effects);
                return ControlFlow::Break(());
            }
            return ControlFlow::Continue(AckDecision::None);
        }
        if is_new && self.reader_closed(policy) && policy.text.counts_as_late_text(trimmed.len > 0, trimmed.fin) {
            self.reset_late_text(segment, policy, effects);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(match (trimmed.len, segment.len) {
            (1.., _) => self.take_text(trimmed.start, trimmed.end, policy),
            // All of it lies beyond the window.
            (0, 1..) => AckDecision::Immediate,
            (0, 0) => AckDecision::None,
        })
    }

    /// RFC 9293 §3.10.7.4: "Once the TCP endpoint takes responsibility for the data, it advances RCV.NXT over the
    /// data accepted". Text beyond a hole: "Segments with higher beginning sequence numbers SHOULD be held for
    /// later processing (SHLD-31)".
    fn take_text(&mut self, start: Seq, end: Seq, policy: &Policy) -> AckDecision {
        if self.rcv_nxt.precedes(start) {
            if policy.text.holds_text() {
                self.held.hold_text(start, end);
            }
            return AckDecision::Immediate;
        }
        if !self.rcv_nxt.precedes(end) {
            return AckDecision::None;
        }
        let decision = self.decision_in_order();
        let next = self.held.take_text(end);
        if !(self.transfer.reading_shut && policy.text.discards_text_after_shutdown_read()) {
            self.unread = self.unread.saturating_add(next.since(self.rcv_nxt));
        }
        self.rcv_nxt = next;
        decision
    }

    /// The application will not read what arrives from now on, and the peer is to know.
    fn reader_closed(&self, policy: &Policy) -> bool {
        self.reader_gone && policy.text.resets_text_after_close()
            || self.transfer.reading_shut && self.close_called && policy.text.resets_text_after_shutdown_read()
    }

    /// RFC 9293 §3.6.1 (RFC 1122 §4.2.2.13): data that no application will read is answered with a reset.
    fn reset_late_text(&mut self, segment: &Segment, policy: &Policy, effects: &mut Effects) {
        if policy.text.late_text_aborts() {
            self.reset(policy.resets.reset_acknowledges(), effects);
            self.end(EndedBy::Abort, effects);
        } else {
            self.end(EndedBy::Abort, effects);
            effects.segment = reset_in_answer_to(segment, policy);
        }
    }
}
