//! What real stacks differ in.

use serde::Deserialize;

/// The choices that the RFCs leave to an endpoint, or that stacks make against them.
///
/// Every duration is in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a choice of its own that stacks make one way or the other"
)]
pub struct Policy {
    /// The retransmission timeout before any backoff, in ticks, at least 1. RFC 6298 §2.
    pub rto: u32,
    /// The timeout doubles with each retransmission. RFC 6298 §5.5.
    pub backoff: bool,
    /// The longest timeout that doubling leads to, in ticks. RFC 6298 §2.5.
    pub rto_max: u32,
    /// Retransmissions without progress after which the next timeout closes, silently; `None`: never.
    /// RFC 9293 §3.8.3, RFC 1122 §4.2.3.5 (R2).
    pub retries: Option<u32>,
    /// How long `TIME_WAIT` lasts, in ticks. RFC 9293 §3.6.1 says 2 MSL.
    pub time_wait: u32,
    /// A FIN that arrives again in `TIME_WAIT` restarts the 2MSL timer. RFC 9293 §3.10.7.4, eighth step.
    pub restart_time_wait: bool,
    /// What a reset does to `TIME_WAIT`.
    pub rst_in_time_wait: RstInTimeWait,
    /// What a reset in the window, but not at RCV.NXT, does.
    pub rst_in_window: RstInWindow,
    /// What becomes of a segment that acknowledges less than was acknowledged before.
    pub old_ack: OldAck,
    /// In `LAST_ACK`, an ACK of nothing new draws an ACK. No RFC says so; smoltcp does it.
    pub last_ack_answers_acks: bool,
    /// What becomes of text and FIN beyond a hole.
    pub out_of_order: OutOfOrder,
    /// Whether the number just beyond the window counts as inside.
    pub window_edge: WindowEdge,
    /// A reset at RCV.NXT − 1 closes once the peer's FIN has been received and is not its first answer: the peer may
    /// not know that its FIN has arrived. No RFC says so; Linux does it in `CLOSE_WAIT`, `CLOSING` and `LAST_ACK`
    /// (`tcp_reset_check`).
    pub rst_before_fin: bool,
    /// A segment without an ACK flag, no reset and no SYN, is dropped before its sequence number is looked at. RFC 9293
    /// §3.10.7.4 looks at the number first, and answers what is outside of the window; Linux at the flag
    /// (`tcp_rcv_established`).
    pub ack_flag_first: bool,
    /// Which acknowledgments are too old to come from the peer.
    pub oldest_ack: OldestAck,
    /// What becomes of the acknowledgment on a segment whose numbers are all old.
    pub old_segment: OldSegment,
    /// What answers a FIN that crosses ours.
    pub crossing_fin: CrossingFin,
    /// Which segments `TIME_WAIT` answers.
    pub in_time_wait: InTimeWait,
    /// Text that nobody will read is answered with a reset. RFC 9293 §3.6.1 (RFC 1122 §4.2.2.13, RFC 2525 §2.17).
    /// Stacks whose `close` is RFC 9293's CLOSE go on receiving instead.
    pub reset_unread: bool,
    /// The reset of an abort carries an acknowledgment. RFC 9293 §3.10.5 says `<SEQ=SND.NXT><CTL=RST>`; Linux, FreeBSD
    /// and gVisor acknowledge.
    pub abort_acknowledges: bool,
    /// Who gives up because of the user timeout sends a reset. RFC 9293 §3.10.8 says nothing of one; smoltcp sends it.
    pub user_timeout_resets: bool,
    /// The most octets of text in a segment, at least 1. RFC 9293 §3.7.1.
    pub segment_size: u32,
    /// How long `FIN_WAIT_2` lasts after sockets' `close()`, in ticks; `None`: for ever. RFC 9293 has no
    /// such timer; Linux has it as `tcp_fin_timeout`, BSD as `net.inet.tcp.finwait2_timeout`.
    pub fin_wait_2_timeout: Option<u32>,
    /// How long an ACK may wait for a segment to ride on, in ticks; `None`: not at all. RFC 9293 §3.8.6.3,
    /// RFC 5681 §4.2.
    pub delayed_ack: Option<u32>,
}

/// What a reset at RCV.NXT does to an endpoint in `TIME_WAIT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RstInTimeWait {
    /// It closes the connection. RFC 9293 §3.10.7.4, second step.
    Close,
    /// Every reset is dropped, without an answer. RFC 1337 §3, fix (F1).
    Ignore,
}

/// What a reset does that is in the window, but not at RCV.NXT.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RstInWindow {
    /// It draws an ACK. RFC 9293 §3.10.7.4, second step (RFC 5961 §3.2).
    Challenge,
    /// It closes the connection, as before RFC 5961. smoltcp does it.
    Close,
}

/// What becomes of a segment with SEG.ACK < SND.UNA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OldAck {
    /// Only its acknowledgment is ignored. RFC 9293 §3.10.7.4, fifth step: "If the ACK is a duplicate …, it can be
    /// ignored".
    Ignore,
    /// It is dropped with its text and its FIN, and draws no answer, whatever its sequence number. smoltcp does it.
    Drop,
}

/// Whether RCV.NXT + RCV.WND, the first number beyond the receive window, counts as inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WindowEdge {
    /// It does not. RFC 9293 §3.10.7.4, Table 6.
    Outside,
    /// It does: Linux (`tcp_sequence`) and gVisor, so that the reset of a peer that has filled the window is seen.
    Inside,
}

/// Which acknowledgments are too old: they are answered, and the segment is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OldestAck {
    /// Those below SND.UNA − MAX.SND.WND. RFC 5961 §5.2.
    Window,
    /// Of those, too, whatever was never acknowledged before: Linux counts what has been (`tcp_ack`).
    Acknowledged,
}

/// What becomes of the acknowledgment on a segment whose numbers were all received before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OldSegment {
    /// It is not looked at: the segment is answered and dropped. RFC 9293 §3.10.7.4, first step.
    Answer,
    /// It counts, and what is left of the connection then answers the segment: 4.4BSD and its descendants trim old
    /// text away and go on.
    Acknowledge,
}

/// What answers a FIN that arrives while our own is not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CrossingFin {
    /// An ACK. RFC 9293 §3.10.7.4, eighth step, and Figure 13.
    Acknowledge,
    /// Our FIN, once more, which acknowledges as well: FreeBSD.
    Resend,
}

/// Which segments an endpoint in `TIME_WAIT` answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum InTimeWait {
    /// Those that RFC 9293 §3.10.7.4 answers in the other states, too, and each FIN.
    Process,
    /// Every one but a reset and a bare segment at RCV.NXT, whatever it acknowledges, ACK flag or not; no reset is
    /// challenged, and every acknowledgment that is answered restarts the 2MSL timer: Linux
    /// (`tcp_timewait_state_process`).
    AnswerAll,
    /// Every ACK but the one that is expected, `<SEQ=RCV.NXT><ACK=SND.NXT>`, so that two ends cannot answer each other
    /// for ever; no reset is challenged, and without an ACK flag there is no answer: FreeBSD (`tcp_twcheck`), gVisor.
    AnswerAcks,
}

/// What becomes of text, and of a FIN, that arrives before what precedes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutOfOrder {
    /// Held until the hole is filled. RFC 9293 §3.10.7.4: "SHOULD be held for later processing (SHLD-31)".
    Hold,
    /// Text is held; of a FIN, nothing is noted, nor is it answered. smoltcp does it.
    HoldText,
    /// Dropped; the peer has to send it again. RFC 9293 §3.10.7.4 permits it: SHLD-31 is no MUST.
    Drop,
}

impl Policy {
    /// RFC 9293's rules of closing, for a given segment lifetime in ticks. The timeout is fixed at one MSL, a
    /// departure from RFC 6298 §5.5; nobody gives up, and no ACK is delayed.
    #[must_use]
    pub const fn rfc9293(msl: u32) -> Self {
        Self {
            rto: msl,
            backoff: false,
            rto_max: msl.saturating_mul(4),
            retries: None,
            time_wait: msl.saturating_mul(2),
            restart_time_wait: true,
            rst_in_time_wait: RstInTimeWait::Close,
            rst_in_window: RstInWindow::Challenge,
            old_ack: OldAck::Ignore,
            last_ack_answers_acks: false,
            out_of_order: OutOfOrder::Hold,
            window_edge: WindowEdge::Outside,
            rst_before_fin: false,
            ack_flag_first: false,
            oldest_ack: OldestAck::Window,
            old_segment: OldSegment::Answer,
            crossing_fin: CrossingFin::Acknowledge,
            in_time_wait: InTimeWait::Process,
            reset_unread: true,
            abort_acknowledges: false,
            user_timeout_resets: false,
            segment_size: 1,
            fin_wait_2_timeout: None,
            delayed_ack: None,
        }
    }

    /// RFC 9293 with RFC 1337's fix (F1): resets do not end `TIME_WAIT`.
    #[must_use]
    pub const fn rfc1337(msl: u32) -> Self {
        Self { rst_in_time_wait: RstInTimeWait::Ignore, ..Self::rfc9293(msl) }
    }

    /// What Linux 6.18 decides, with RFC 9293's durations and `tcp_rfc1337=0`.
    #[must_use]
    pub const fn linux(msl: u32) -> Self {
        Self {
            window_edge: WindowEdge::Inside,
            rst_before_fin: true,
            ack_flag_first: true,
            oldest_ack: OldestAck::Acknowledged,
            in_time_wait: InTimeWait::AnswerAll,
            abort_acknowledges: true,
            ..Self::rfc9293(msl)
        }
    }

    /// What FreeBSD's test suite expects of FreeBSD, with RFC 9293's durations.
    #[must_use]
    pub const fn freebsd(msl: u32) -> Self {
        Self {
            rst_in_time_wait: RstInTimeWait::Ignore,
            old_segment: OldSegment::Acknowledge,
            crossing_fin: CrossingFin::Resend,
            in_time_wait: InTimeWait::AnswerAcks,
            abort_acknowledges: true,
            ..Self::rfc9293(msl)
        }
    }

    /// What gVisor's tests expect of a stack, with RFC 9293's durations.
    #[must_use]
    pub const fn gvisor(msl: u32) -> Self {
        Self {
            window_edge: WindowEdge::Inside,
            in_time_wait: InTimeWait::AnswerAcks,
            abort_acknowledges: true,
            ..Self::rfc9293(msl)
        }
    }

    /// What smoltcp 0.14 decides, with RFC 9293's durations: smoltcp's own (a timeout from 1 s to 60 s, 10 s of
    /// `TIME_WAIT`) do not follow from the segment lifetime.
    #[must_use]
    pub const fn smoltcp(msl: u32) -> Self {
        Self {
            rst_in_window: RstInWindow::Close,
            old_ack: OldAck::Drop,
            last_ack_answers_acks: true,
            out_of_order: OutOfOrder::HoldText,
            reset_unread: false,
            abort_acknowledges: true,
            user_timeout_resets: true,
            ..Self::rfc9293(msl)
        }
    }
}
