//! The fifth step of RFC 9293 §3.10.7.4: which acknowledgments are acceptable.

use super::{AckOfUnsent, OldestAck, Policy, WithoutAck};
use crate::tcp::{Segment, Seq, State};

impl Policy {
    /// Whether the text and the FIN of a segment without the ACK flag are processed. RFC 9293 §3.10.7.4: "if the ACK bit is
    /// off, drop the segment and return".
    pub(in crate::tcp) fn processes_without_ack(&self) -> bool {
        self.without_ack == WithoutAck::Process
    }

    /// The oldest acknowledgment that is acceptable, where SND.UNA is `una`, the first number after the SYN `first`, and
    /// MAX.SND.WND `largest_window` octets. RFC 5961 §5.2.
    pub(in crate::tcp) fn oldest_acceptable_ack(&self, una: Seq, first: Seq, largest_window: u32) -> Seq {
        let reach = match self.oldest_ack {
            OldestAck::WindowBack => largest_window,
            OldestAck::First => una.since(first).min(largest_window),
        };
        Seq(una.0.wrapping_sub(reach))
    }

    /// Whether of a segment that acknowledges what was never sent only the acknowledgment is disregarded. RFC 9293
    /// §3.10.7.4: "send an ACK, drop the segment, and return".
    pub(in crate::tcp) fn disregards_ack_of_unsent(&self, state: State) -> bool {
        state == State::Established && self.ack_of_unsent == AckOfUnsent::AnswerUnlessEstablished
    }

    /// Whether an ACK of nothing new is answered in this state. RFC 9293 §3.10.7.4: "it can be ignored".
    pub(in crate::tcp) fn answers_duplicate_ack(&self, segment: &Segment, state: State) -> bool {
        self.last_ack_answers && state == State::LastAck && segment.sequence_length() == 0
    }
}
