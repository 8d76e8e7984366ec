//! The first step of RFC 9293 §3.10.7.4: which segments are acceptable, and what counts of those that are not.

use serde::{Deserialize, Serialize};

use crate::tcp::segment::{Segment, Seq};

/// Which segments are acceptable, and what counts of those that are not. RFC 9293 §3.10.7.4, first step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct SequencePolicy {
    /// A segment at RCV.NXT + RCV.WND is acceptable, though there is no room for its text. RFC 9293 §3.4 excludes
    /// it; Linux (`tcp_sequence`, measured on 6.18) and gVisor (`tcp_outside_the_window_test.go`) include it.
    pub window_includes_end: bool,
    /// A FIN takes no room: behind text that fills the window, or bare at RCV.NXT when the window is closed, it is
    /// received. RFC 9293 §3.10.7.4, Table 6, and its trimming count it as an octet. Linux (`tcp_sequence`,
    /// measured on 6.18), FreeBSD (`tcp_do_segment`), gVisor (`Acceptable`) and smoltcp (`test_zero_window_fin`)
    /// do not.
    pub fin_without_room: bool,
    /// Text beyond the window's right edge is cut off. RFC 9293 §3.10.7.4. Otherwise such a segment is taken whole
    /// if nothing is unread, and dropped if something is: Linux (`tcp_sequence`, measured on 6.18).
    pub trims_text: bool,
    /// Whether the acknowledgment of a segment counts that lies left of the window.
    pub old_segments: OldSegments,
    /// When the window is closed, the acknowledgment and the window of a segment at RCV.NXT count all the same.
    /// RFC 9293 §3.10.7.4: "special allowance should be made to accept valid ACKs". Linux, gVisor and smoltcp do
    /// not look at them.
    pub probe_acknowledges: bool,
}

impl SequencePolicy {
    /// As RFC 9293 has it.
    pub const RFC_9293: Self = Self {
        window_includes_end: false,
        fin_without_room: false,
        trims_text: true,
        old_segments: OldSegments::Answer,
        probe_acknowledges: true,
    };

    /// Whether a segment with text beyond the window's right edge is refused as a whole, where text waits to be
    /// read or does not. RFC 9293 §3.10.7.4 trims it.
    pub(in crate::tcp) fn refuses_text_beyond_window(self, is_unread: bool) -> bool {
        !self.trims_text && is_unread
    }

    /// Whether a segment at the window's right edge is acceptable. RFC 9293 §3.4, Table 6: it is not, unless the
    /// window is closed and the segment is empty.
    pub(in crate::tcp) fn accepts_at_window_end(self) -> bool {
        self.window_includes_end
    }

    /// Whether a FIN at RCV.NXT without text is acceptable when the window is closed. RFC 9293 §3.4, Table 6: it
    /// is not.
    pub(in crate::tcp) fn accepts_bare_fin(self, segment: &Segment, rcv_nxt: Seq) -> bool {
        let is_bare = segment.flags.fin && !segment.flags.rst && segment.sequence_length() == 1;
        self.fin_without_room && is_bare && segment.seq == rcv_nxt
    }

    /// Whether the acknowledgment of a segment counts that lies left of the window. RFC 9293 §3.10.7.4 drops the
    /// segment.
    pub(in crate::tcp) fn accepts_old_ack(self, segment: &Segment, rcv_nxt: Seq) -> bool {
        let is_old = segment.seq.precedes(rcv_nxt) && segment.flags.ack && !segment.flags.syn;
        let counts = match self.old_segments {
            OldSegments::Answer => false,
            OldSegments::AcknowledgeAdjacent => segment.seq + segment.sequence_length() == rcv_nxt,
            OldSegments::Acknowledge => true,
        };
        is_old && counts
    }

    /// Whether a segment left of the window is answered whose acknowledgment has led from CLOSING to `TIME_WAIT`.
    pub(in crate::tcp) fn answers_old_ack_of_fin(self) -> bool {
        self.old_segments != OldSegments::AcknowledgeAdjacent
    }

    /// Whether the acknowledgment of a segment at RCV.NXT counts when the window of `window` octets is closed. RFC
    /// 9293 §3.10.7.4: "special allowance should be made to accept valid ACKs".
    pub(in crate::tcp) fn accepts_ack_of_probe(self, segment: &Segment, rcv_nxt: Seq, window: u32) -> bool {
        let is_probe = window == 0 && segment.seq == rcv_nxt && segment.flags.ack && !segment.flags.syn;
        self.probe_acknowledges && is_probe
    }

    /// Whether text beyond the window's right edge is cut off, where there is room for `room` octets from the
    /// segment's beginning on. For what begins at the edge there is none.
    pub(in crate::tcp) fn trims_to(self, room: u32) -> bool {
        self.trims_text || room == 0
    }

    /// Whether a FIN is received where its text leaves no room for it: behind text that fills the window, or, if
    /// the segment is at RCV.NXT, bare.
    pub(in crate::tcp) fn receives_fin_without_room(self, room: u32, is_next: bool) -> bool {
        self.fin_without_room && (room > 0 || is_next)
    }
}

/// Whether the acknowledgment of a segment counts that lies left of the window. It is answered all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OldSegments {
    /// It does not. RFC 9293 §3.10.7.4, first step, drops the segment.
    Answer,
    /// If the segment ends at RCV.NXT; and where that leads to `TIME_WAIT`, nothing is answered. Linux,
    /// `tcp_sequence` (measured on 6.18).
    AcknowledgeAdjacent,
    /// It does. BSD (`close-wait-ipv4.pkt`).
    Acknowledge,
}
