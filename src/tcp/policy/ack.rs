//! The fifth step of RFC 9293 §3.10.7.4, which acknowledgments are acceptable; and those that are sent.

use serde::{Deserialize, Serialize};

use crate::tcp::segment::{Flags, Segment, Seq};
use crate::tcp::state::State;

/// Which acknowledgments are acceptable, and how an endpoint acknowledges. RFC 9293 §3.10.7.4, fifth step;
/// §3.8.6.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
pub struct AckPolicy {
    /// The treatment of a segment without any of the flags ACK, RST and SYN.
    pub without_ack: WithoutAck,
    /// A segment with SEG.ACK < SND.UNA is dropped with its text and its FIN, and draws no answer, whatever its
    /// sequence number. smoltcp, `process`; RFC 9293 §3.10.7.4, fifth step, ignores the acknowledgment alone.
    pub drops_old_acks: bool,
    /// The oldest acceptable acknowledgment.
    pub oldest_ack: OldestAck,
    /// The treatment of a segment that acknowledges numbers that were never sent.
    pub ack_of_unsent: AckOfUnsent,
    /// In `LAST_ACK`, an ACK of nothing new is answered with an ACK. smoltcp (`test_last_ack_ack_not_of_fin`);
    /// RFC 9293 §3.10.7.4, fifth step: "it can be ignored".
    pub last_ack_answers: bool,
    /// An ACK that is due while our FIN is unacknowledged carries the FIN again. BSD's `tcp_output`
    /// (`closing-ipv4.pkt`); RFC 9293 §3.10.7.4 sends an ACK. Without `old_segments = "acknowledge"`, which
    /// BSD has too, two such ends in CLOSING answer each other's FINs forever.
    pub fin_with_acks: bool,
    /// How long an ACK may wait for a segment to ride on, in ticks; `None`: not at all. RFC 9293 §3.8.6.3,
    /// RFC 5681 §4.2.
    pub delayed_ack: Option<u32>,
    /// The ACK of a FIN does not wait, whatever `delayed_ack` says. FreeBSD, lwIP (`tcp_process`), gVisor
    /// (`consumeSegment`). Where it may, the FIN of the one who answers can carry it: three segments close instead
    /// of four.
    pub acks_fin_at_once: bool,
}

impl AckPolicy {
    /// The fields that are lengths of time, and the least that each can be set to, in ticks.
    pub const DURATIONS: &[(&str, u32)] = &[("delayed_ack", 1)];

    /// The same fields, for a change of the unit.
    pub(super) fn durations_mut(&mut self) -> impl Iterator<Item = &mut u32> {
        self.delayed_ack.iter_mut()
    }

    /// As RFC 9293 has it.
    pub const RFC_9293: Self = Self {
        without_ack: WithoutAck::DropAcceptable,
        drops_old_acks: false,
        oldest_ack: OldestAck::WindowBack,
        ack_of_unsent: AckOfUnsent::Answer,
        last_ack_answers: false,
        fin_with_acks: false,
        delayed_ack: None,
        acks_fin_at_once: false,
    };

    /// Whether a segment is dropped wherever it lies, without an answer, before its sequence number is looked at;
    /// `una` is SND.UNA. RFC 9293 §3.10.7.4 drops none.
    pub(in crate::tcp) fn drops_before_sequence_check(self, segment: &Segment, una: Seq) -> bool {
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

    /// Whether the text and the FIN of a segment without the ACK flag are processed. RFC 9293 §3.10.7.4: "if the
    /// ACK bit is off, drop the segment and return".
    pub(in crate::tcp) fn processes_without_ack(self) -> bool {
        self.without_ack == WithoutAck::Process
    }

    /// The oldest acknowledgment that is acceptable, where SND.UNA is `una`, the first octet's number `first`, and
    /// MAX.SND.WND `largest_window` octets. RFC 5961 §5.2.
    pub(in crate::tcp) fn oldest_acceptable_ack(self, una: Seq, first: Seq, largest_window: u32) -> Seq {
        let reach = match self.oldest_ack {
            OldestAck::WindowBack => largest_window,
            // The SYN itself has a number before the first octet's.
            OldestAck::First if una.precedes(first) => 0,
            OldestAck::First => una.since(first).min(largest_window),
        };
        Seq(una.0.wrapping_sub(reach))
    }

    /// Whether of a segment that acknowledges what was never sent only the acknowledgment is disregarded. RFC 9293
    /// §3.10.7.4: "send an ACK, drop the segment, and return".
    pub(in crate::tcp) fn disregards_ack_of_unsent(self, state: State) -> bool {
        state == State::Established && self.ack_of_unsent == AckOfUnsent::AnswerUnlessEstablished
    }

    /// Whether an ACK of nothing new is answered in this state. RFC 9293 §3.10.7.4: "it can be ignored".
    pub(in crate::tcp) fn answers_duplicate_ack(self, segment: &Segment, state: State) -> bool {
        self.last_ack_answers && state == State::LastAck && segment.sequence_length() == 0
    }

    /// How long the ACK of what is in order may wait for a segment to ride on, in ticks; `None`: not at all. RFC
    /// 9293 §3.8.6.3.
    pub(in crate::tcp) fn ack_may_wait_for(self) -> Option<u32> {
        self.delayed_ack
    }

    /// Whether the ACK of a FIN that has led to this state may wait, as that of text may. Our own FIN can ride on
    /// it only in `CLOSE_WAIT`. RFC 9293 §3.8.6.3.
    pub(in crate::tcp) fn ack_of_fin_may_wait(self, state: State) -> bool {
        state == State::CloseWait && !self.acks_fin_at_once
    }
}

/// The treatment of a segment without any of the flags ACK, RST and SYN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WithoutAck {
    /// It is dropped if it is acceptable, and answered if it is not. RFC 9293 §3.10.7.4, first and fifth step.
    DropAcceptable,
    /// It is dropped, wherever it lies. Linux, `tcp_rcv_established` (measured on 6.18).
    Drop,
    /// The same, and of one with a SYN. smoltcp, `process`.
    DropWithSyn,
    /// Its text and FIN are processed. lwIP (`test_tcp_active_close`).
    Process,
}

/// The oldest acceptable acknowledgment; older ones are answered and dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OldestAck {
    /// SND.UNA − MAX.SND.WND. RFC 5961 §5.2.
    WindowBack,
    /// The first number that can have been acknowledged. Linux, `tcp_ack`, subtracts at most what was acknowledged
    /// (measured on 6.18); FreeBSD, `tcp_do_segment`, goes back to ISS + 1 at most.
    First,
}

/// The treatment of a segment that acknowledges numbers that were never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AckOfUnsent {
    /// It is dropped and answered with an ACK. RFC 9293 §3.10.7.4, fifth step.
    Answer,
    /// The same, except in ESTABLISHED, where only its acknowledgment is disregarded. gVisor,
    /// `handleRcvdSegmentClosing` (`TestTCPCloseWithData`, `tcp_unacc_seq_ack_test.go`).
    AnswerUnlessEstablished,
}
