//! The first step of RFC 9293 §3.10.7.4: which segments are acceptable, and what counts of those that are not.

use super::{OldSegments, Policy, WithoutAck};
use crate::tcp::{Flags, Segment, Seq};

impl Policy {
    /// Whether a segment is dropped wherever it lies, without an answer, before its sequence number is looked at;
    /// `una` is SND.UNA. RFC 9293 §3.10.7.4 drops none.
    pub(in crate::tcp) fn drops_before_sequence_check(&self, segment: &Segment, una: Seq) -> bool {
        let Flags { syn, fin: _, rst, ack } = segment.flags;
        match (rst, ack) {
            (true, _) => false,
            (false, true) => self.drops_old_acks && segment.ack.precedes(una),
            (false, false) => match self.without_ack {
                WithoutAck::Drop => !syn,
                WithoutAck::DropWithSyn => true,
                WithoutAck::DropAcceptable | WithoutAck::Process => false,
            },
        }
    }

    /// Whether a segment with text beyond the window's right edge is refused as a whole, where text waits to be read or
    /// does not. RFC 9293 §3.10.7.4 trims it.
    pub(in crate::tcp) fn refuses_text_beyond_window(&self, is_unread: bool) -> bool {
        !self.trims_text && is_unread
    }

    /// Whether a segment at the window's right edge is acceptable. RFC 9293 §3.4, Table 6: it is not, unless the window
    /// is closed and the segment is empty.
    pub(in crate::tcp) fn accepts_at_window_end(&self) -> bool {
        self.window_includes_end
    }

    /// Whether a FIN at RCV.NXT without text is acceptable when the window is closed. RFC 9293 §3.4, Table 6: it is not.
    pub(in crate::tcp) fn accepts_bare_fin(&self, segment: &Segment, rcv_nxt: Seq) -> bool {
        let is_bare = segment.flags.fin && !segment.flags.rst && segment.sequence_length() == 1;
        self.fin_without_room && is_bare && segment.seq == rcv_nxt
    }

    /// Whether the acknowledgment of a segment counts that lies left of the window. RFC 9293 §3.10.7.4 drops the segment.
    pub(in crate::tcp) fn accepts_old_ack(&self, segment: &Segment, rcv_nxt: Seq) -> bool {
        let is_old = segment.seq.precedes(rcv_nxt) && segment.flags.ack && !segment.flags.syn;
        let counts = match self.old_segments {
            OldSegments::Answer => false,
            OldSegments::AcknowledgeAdjacent => segment.seq + segment.sequence_length() == rcv_nxt,
            OldSegments::Acknowledge => true,
        };
        is_old && counts
    }

    /// Whether a segment left of the window is answered whose acknowledgment has led from CLOSING to `TIME_WAIT`.
    pub(in crate::tcp) fn answers_old_ack_of_fin(&self) -> bool {
        self.old_segments != OldSegments::AcknowledgeAdjacent
    }

    /// Whether the acknowledgment of a segment at RCV.NXT counts when the window of `window` octets is closed. RFC 9293
    /// §3.10.7.4: "special allowance should be made to accept valid ACKs".
    pub(in crate::tcp) fn accepts_ack_of_probe(&self, segment: &Segment, rcv_nxt: Seq, window: u32) -> bool {
        let is_probe = window == 0 && segment.seq == rcv_nxt && segment.flags.ack && !segment.flags.syn;
        self.probe_acknowledges && is_probe
    }
}
