//! What real stacks differ in. A question that an endpoint asks at a step of RFC 9293 §3.10.7.4 is a method in the file of that
//! step.

mod ack;
mod reset;
mod sequence;
mod text;
mod wait;

use serde::{Deserialize, Serialize};

use super::State;

/// The choices that the RFCs leave to an endpoint, or that stacks make against them.
///
/// Every duration is in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own")]
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
    /// The same once the application has called `close()`; `None`: as `retries` says. Linux has it as
    /// `tcp_orphan_retries`.
    pub orphan_retries: Option<u32>,
    /// Who gives up, after the last retry or the user timeout, sends a reset. RFC 9293 §3.10.8 sends none;
    /// smoltcp does (`test_fin_wait_1_timeout`), and so do CS144's sponge and FreeBSD (`tcp_drop`).
    pub reset_on_giving_up: bool,
    /// A retransmission takes all that is unacknowledged, text and FIN, into one segment; otherwise what was one
    /// segment is sent again as one. RFC 9293 §3.8.1 allows both. Stacks that keep a buffer instead of a queue of
    /// segments: smoltcp, Fuchsia (`established_active_close`).
    pub repacketizes: bool,
    /// When what was outstanding at a timeout is sent again, beyond the earliest segment. With `repacketizes` there is
    /// nothing beyond: the timeout has sent all of it again.
    pub after_timeout: AfterTimeout,
    /// How long `TIME_WAIT` lasts, in ticks. RFC 9293 §3.6.1 says 2 MSL.
    pub time_wait: u32,
    /// A FIN that arrives again in `TIME_WAIT` restarts the 2MSL timer. RFC 9293 §3.10.7.4, eighth step.
    pub restart_time_wait: bool,
    /// Whatever is not acceptable in `TIME_WAIT`, unless it is a reset, restarts the 2MSL timer, too. smoltcp,
    /// `process`.
    pub unacceptable_restarts: bool,
    /// What a reset does to `TIME_WAIT`.
    pub rst_in_time_wait: RstInTimeWait,
    /// What `TIME_WAIT` acknowledges.
    pub time_wait_answers: TimeWaitAnswers,
    /// What a reset in the window, but not at RCV.NXT, does.
    pub rst_in_window: RstInWindow,
    /// What a SYN in the window does.
    pub syn_in_window: SynInWindow,
    /// A reset at RCV.NXT − 1 closes once the peer's FIN was received (`CLOSE_WAIT`, `CLOSING`, `LAST_ACK`): a peer
    /// that aborts after its FIN may not count it. Linux, `tcp_reset_check` (measured on 6.18); RFC 9293 drops it.
    pub rst_before_fin: bool,
    /// What becomes of a segment that has none of the flags ACK, RST and SYN.
    pub without_ack: WithoutAck,
    /// A segment at RCV.NXT + RCV.WND is acceptable, though there is no room for its text. RFC 9293 §3.4 excludes it;
    /// Linux (`tcp_sequence`, measured on 6.18) and gVisor (`tcp_outside_the_window_test.go`) include it.
    pub window_includes_end: bool,
    /// A FIN takes no room: behind text that fills the window, or bare at RCV.NXT when the window is closed, it is
    /// received. RFC 9293 §3.10.7.4, Table 6, and its trimming count it as an octet. Linux (`tcp_sequence`, measured on
    /// 6.18), FreeBSD (`tcp_do_segment`), gVisor (`Acceptable`) and smoltcp (`test_zero_window_fin`) do not.
    pub fin_without_room: bool,
    /// When the window is closed, the acknowledgment and the window of a segment at RCV.NXT count all the same. RFC
    /// 9293 §3.10.7.4: "special allowance should be made to accept valid ACKs". Linux, gVisor and smoltcp do not look
    /// at them.
    pub probe_acknowledges: bool,
    /// Text beyond the window's right edge is cut off. RFC 9293 §3.10.7.4. Otherwise such a segment is taken whole if
    /// nothing is unread, and dropped if something is: Linux (`tcp_sequence`, measured on 6.18).
    pub trims_text: bool,
    /// Whether the acknowledgment of a segment counts that lies left of the window.
    pub old_segments: OldSegments,
    /// How old an acknowledgment may be.
    pub oldest_ack: OldestAck,
    /// A segment with SEG.ACK < SND.UNA is dropped with its text and its FIN, and draws no answer, whatever its
    /// sequence number. smoltcp, `process`; RFC 9293 §3.10.7.4, fifth step, ignores the acknowledgment alone.
    pub drops_old_acks: bool,
    /// What becomes of a segment that acknowledges what was never sent.
    pub ack_of_unsent: AckOfUnsent,
    /// In `LAST_ACK`, an ACK of nothing new is answered with an ACK. smoltcp (`test_last_ack_ack_not_of_fin`);
    /// RFC 9293 §3.10.7.4, fifth step: "it can be ignored".
    pub last_ack_answers: bool,
    /// An ACK that is due while our FIN is unacknowledged carries the FIN again. BSD's `tcp_output`
    /// (`closing-ipv4.pkt`); RFC 9293 §3.10.7.4 sends an ACK. Without [`OldSegments::Acknowledge`], which BSD has
    /// too, two such ends in CLOSING answer each other's FINs forever.
    pub fin_with_acks: bool,
    /// What becomes of text and FIN beyond a hole.
    pub out_of_order: OutOfOrder,
    /// How long `FIN_WAIT_2` lasts after sockets' `close()`, in ticks; `None`: forever. RFC 9293 has no such timer;
    /// Linux has it as `tcp_fin_timeout`, FreeBSD in `tcp_usrclosed`.
    pub fin_wait_2_timeout: Option<u32>,
    /// A `FIN_WAIT_2` after `close()` keeps no socket, and only what `TIME_WAIT` would: acknowledgments do not matter
    /// any more, a reset or a SYN in the window ends it, and a reset outside is answered with an ACK. Linux,
    /// `tcp_timewait_state_process` (measured on 6.18).
    pub fin_wait_2_without_socket: bool,
    /// `close()` with text that was not read sends a reset instead of a FIN. RFC 9293 §3.6.1 (RFC 2525 §2.17). FreeBSD
    /// throws the text away and sends a FIN (`tcp_disconnect`), and so do those whose `close` is RFC 9293's CLOSE.
    pub reset_unread: bool,
    /// What becomes of text that arrives after `close()`.
    pub late_text: LateText,
    /// After `close()` a FIN beyond a hole is answered with the reset that the text in the hole would draw. Linux,
    /// `tcp_rcv_state_process` (measured on 6.18).
    pub reset_before_hole: bool,
    /// Text beyond the peer's FIN is answered with a reset. netstack3 (`segment_arrives_when_close_wait`); RFC 9293
    /// §3.10.7.4, seventh step: "This should not occur …. Ignore the segment text."
    pub reset_text_after_fin: bool,
    /// The peer's FIN in ESTABLISHED closes this direction, too, without a call. Zephyr, `tcp_in`.
    pub closes_on_fin: bool,
    /// What follows from sockets' `shutdown(SHUT_RD)`.
    pub shutdown_read: ShutdownRead,
    /// A reset that ends a connection from our side carries an ACK. Linux (`tcp_send_active_reset`, measured on 6.18),
    /// BSD (`tcp_outflags`), lwIP (`tcp_rst`), gVisor and smoltcp; RFC 9293 §3.10.5 sends `<SEQ=SND.NXT><CTL=RST>`.
    pub reset_with_ack: bool,
    /// Who is CLOSED acknowledges with every reset. lwIP (`tcp_rst`); RFC 9293 §3.10.7.1 only if the segment does not.
    pub closed_acknowledges: bool,
    /// In which states an abort sends a reset.
    pub abort_resets: AbortResets,
    /// An abort ends `TIME_WAIT`. RFC 9293 §3.10.5. In Linux (measured on 6.18), FreeBSD and gVisor what waits
    /// belongs to no application any more.
    pub abort_ends_time_wait: bool,
    /// The FIN is sent only if the peer has room for it. It takes a sequence number (RFC 9293 §3.4), and Linux counts
    /// it (`tcp_snd_wnd_test`); smoltcp (`fin_wait_1_retransmit_reset_after_ack`), FreeBSD, lwIP and gVisor do not.
    pub fin_needs_window: bool,
    /// What the FIN waits for.
    pub fin_sending: FinSending,
    /// What probes a closed window.
    pub window_probe: WindowProbe,
    /// How long after the window has closed the first probe is sent, in ticks, and each of the others after twice as long
    /// as the one before; `None`: one retransmission timeout (RFC 9293 §3.8.6.1). lwIP: 1.5 s (`tcp_persist_backoff`).
    pub persist_first: Option<u32>,
    /// The shortest interval between probes of a closed window, in ticks. RFC 9293 §3.8.6.1 begins with the
    /// retransmission timeout; FreeBSD with 5 s (`TCPTV_PERSMIN`).
    pub persist_min: u32,
    /// The longest, in ticks. FreeBSD, lwIP: 60 s; Linux, gVisor: `rto_max`.
    pub persist_max: u32,
    /// After `close()`, an end that probes gives up at the longest interval, even if the peer answers. Linux,
    /// `tcp_probe_timer` (measured on 6.18: after 330 s); RFC 9293 §3.8.6.1 (MUST-37) keeps it.
    pub orphan_probes_end: bool,
    /// Who has closed and probes gives up when it has not heard the peer for so many ticks; `None`: as the retries say.
    /// FreeBSD, `tcp_timer_persist` (`TCPTV_PERSMAX`).
    pub closing_silence: Option<u32>,
    /// A reset after the peer's FIN is an EPIPE to the application; else an ECONNRESET like any other. Linux, `tcp_reset`
    /// (measured on 6.18); FreeBSD does not tell them apart (`rcv-rst-close-wait`).
    pub epipe_after_fin: bool,
    /// Who decides when something is sent.
    pub sending: Sending,
    /// How long an ACK may wait for a segment to ride on, in ticks; `None`: not at all. RFC 9293 §3.8.6.3,
    /// RFC 5681 §4.2.
    pub delayed_ack: Option<u32>,
}

/// When what was outstanding at a retransmission timeout is sent again. RFC 6298 §5.4 has the earliest segment sent at
/// once; an event sends one segment at most, so that of the two that slow start would let go on an ACK the second waits for
/// the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AfterTimeout {
    /// Each ACK that moves SND.UNA, but not beyond SND.NXT as it was at the timeout (RFC 6582 §3.2: `recover`), lets the
    /// earliest segment go. RFC 5681 §3.1: "after retransmitting the dropped segment the TCP sender uses the slow start
    /// algorithm", a MUST by RFC 9293 §3.8.2 (MUST-19). Linux (`tcp_xmit_retransmit_queue`), FreeBSD (`tcp_timer_rexmt`),
    /// lwIP (`tcp_rexmit_rto_prepare`), gVisor (`retransmitTimerExpired`), libtpa (`tcp_timeout_rto`), Zephyr.
    NextOnAck,
    /// Each waits for a timeout of its own, as RFC 6298 §5 alone has it. CS144 (`TCPSender::tick`), Demikernel
    /// (`retransmitter`); `NetX`, which goes on by ACKs only after a fast retransmit (`_nx_tcp_socket_state_ack_check`).
    OnePerTimeout,
}

/// What a reset at RCV.NXT does to an endpoint in `TIME_WAIT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RstInTimeWait {
    /// It closes the connection. RFC 9293 §3.10.7.4, second step.
    Close,
    /// Every reset is dropped, without an answer. RFC 1337 §3, fix (F1).
    Ignore,
}

/// What `TIME_WAIT` acknowledges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeWaitAnswers {
    /// What any state does, and a FIN. RFC 9293 §3.10.7.4.
    InOrder,
    /// Everything but resets and an empty segment at RCV.NXT, whatever it acknowledges; what carries an ACK restarts
    /// the wait, that empty segment too, and a reset elsewhere draws nothing. Linux, `tcp_timewait_state_process`
    /// (measured on 6.18, but for what the empty segment restarts).
    AllButEmpty,
    /// Everything with an ACK but resets and the bare ACK that has both of the expected numbers. Without an ACK, even
    /// a SYN is dropped. The peer's FIN restarts the wait. FreeBSD, `tcp_twcheck` (`rcv-ack-time-wait`,
    /// `rcv-syn-time-wait`).
    AllButExpected,
    /// What carries an ACK, unless it is a reset or is at RCV.NXT and has no text. The peer's FIN restarts the wait.
    /// gVisor, `handleTimeWaitSegment`.
    Elsewhere,
    /// What takes sequence numbers, and a FIN restarts the wait; but a SYN in the window draws a reset, and the wait
    /// goes on. lwIP, `tcp_timewait_input` (`test_tcp_gen_rst_in_TIME_WAIT`).
    WithLength,
    /// Nothing, and nothing restarts the wait. picoTCP, `tcp_fsm`; RFC 9293 §3.10.7.4 has a FIN acknowledged.
    Nothing,
}

/// What a reset in the window, but not at RCV.NXT, does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RstInWindow {
    /// It draws a challenge ACK. RFC 9293 §3.10.7.4, second step; RFC 5961 §3.2.
    Challenge,
    /// It closes the connection. RFC 793 §3.4; smoltcp, Zephyr, FreeBSD with `net.inet.tcp.insecure_rst=1`.
    Close,
}

/// What a SYN in the window does.
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

/// Whether the acknowledgment of a segment counts that lies left of the window. It is answered all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OldSegments {
    /// It does not. RFC 9293 §3.10.7.4, first step, drops the segment.
    Answer,
    /// If the segment ends at RCV.NXT; and where that leads to `TIME_WAIT`, nothing is answered. Linux, `tcp_sequence`
    /// (measured on 6.18).
    AcknowledgeAdjacent,
    /// It does. BSD (`close-wait-ipv4.pkt`).
    Acknowledge,
}

/// In which states an abort sends a reset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AbortResets {
    /// Where an end has not said yet that it is done: not in CLOSING, `LAST_ACK` and `TIME_WAIT`. RFC 9293 §3.10.5;
    /// Linux (`tcp_need_reset`), gVisor, netstack3.
    WhileOpen,
    /// Everywhere but in `TIME_WAIT`. FreeBSD (`tcp_drop`), lwIP (`tcp_abandon`).
    UnlessTimeWait,
    /// Everywhere. smoltcp (`abort`).
    Always,
}

/// What becomes of a segment that has none of the flags ACK, RST and SYN.
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

/// How old an acknowledgment may be; what is older is answered and dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OldestAck {
    /// SND.UNA − MAX.SND.WND. RFC 5961 §5.2.
    WindowBack,
    /// The first number that can have been acknowledged. Linux, `tcp_ack`, subtracts at most what was acknowledged
    /// (measured on 6.18); FreeBSD, `tcp_do_segment`, goes back to ISS + 1 at most.
    First,
}

/// What becomes of a segment that acknowledges what was never sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AckOfUnsent {
    /// It is dropped and answered with an ACK. RFC 9293 §3.10.7.4, fifth step.
    Answer,
    /// The same, except in ESTABLISHED, where only its acknowledgment is disregarded. gVisor,
    /// `handleRcvdSegmentClosing` (`TestTCPCloseWithData`, `tcp_unacc_seq_ack_test.go`).
    AnswerUnlessEstablished,
}

/// What becomes of text that arrives after `close()`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LateText {
    /// It is received. smoltcp, netstack3 and CS144: their `close` is RFC 9293's CLOSE (§3.10.4), which closes one
    /// direction.
    Receive,
    /// It closes the connection, with the reset that CLOSED would answer it with, `<SEQ=SEG.ACK><CTL=RST>`. RFC 9293
    /// §3.6.1 (RFC 1122 §4.2.2.13); Linux (measured on 6.18), FreeBSD (`dropwithreset`).
    Reset,
    /// The same, with the reset of an abort, at SND.NXT. gVisor (`resetConnectionLocked`), lwIP (`tcp_abort`); lwIP has
    /// received the text by then, and waits for what precedes it.
    Abort,
}

/// What follows from sockets' `shutdown(SHUT_RD)`, of which RFC 9293 knows nothing.
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
    /// Text is acknowledged and thrown away. FreeBSD, `sorflush`.
    Discard,
}

/// What a FIN waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FinSending {
    /// For nothing: it rides on the last of the text. RFC 9293 §3.10.4.
    WithText,
    /// It is a segment of its own and never rides on text that waits. gVisor (`sendData`, issue 13393).
    Alone,
    /// Until all text is acknowledged, or the peer's FIN is there. Zephyr (`net_tcp_put`, `tcp_in`: `in_close`).
    AfterAcks,
}

/// What probes a closed window. RFC 9293 §3.8.6.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WindowProbe {
    /// The next octet, or the FIN if no text is left. RFC 9293 §3.8.6.1: "at least one octet of new data"; BSD
    /// (`TF_FORCEDATA`), smoltcp, lwIP (`tcp_zero_window_probe`).
    NextOctet,
    /// An ACK with the number SND.UNA − 1, which the peer has to answer. Linux, `tcp_xmit_probe_skb` (measured on 6.18);
    /// Zephyr, `tcp_send_zwp`.
    OldNumber,
    /// The same, with an octet of text. gVisor, `sendZeroWindowProbe`.
    OldOctet,
}

/// Who decides when something is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sending {
    /// The endpoint sends as soon as it can.
    AtOnce,
    /// Text, FIN and the ACK of what is in order or beyond a hole wait until whoever drives the stack polls it
    /// ([`Endpoint::poll`](super::Endpoint::poll)). smoltcp's `dispatch`.
    Polled,
    /// Text and FIN wait, an ACK does not; and who polls says how much may be sent. netstack3's `poll_send`.
    PolledForText,
}

/// What becomes of text, and of a FIN, that arrives before what precedes it.
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

impl Policy {
    /// Whether an abort in this state sends a reset. RFC 9293 §3.10.5.
    #[must_use]
    pub fn abort_resets_in(&self, state: State) -> bool {
        match (self.abort_resets, state) {
            (_, State::Closed)
            | (AbortResets::WhileOpen, State::Closing | State::LastAck | State::TimeWait)
            | (AbortResets::UnlessTimeWait, State::TimeWait) => false,
            (AbortResets::WhileOpen | AbortResets::UnlessTimeWait | AbortResets::Always, _) => true,
        }
    }

    /// Whether an abort in this state ends the connection. RFC 9293 §3.10.5.
    #[must_use]
    pub fn abort_ends_in(&self, state: State) -> bool {
        match state {
            State::Closed => false,
            State::TimeWait => self.abort_ends_time_wait,
            _ => true,
        }
    }

    /// RFC 9293's rules of closing, for a given segment lifetime in ticks. The timeout is fixed at one MSL, a
    /// departure from RFC 6298 §5.5; nobody gives up, and no ACK is delayed.
    #[must_use]
    pub const fn rfc9293(msl: u32) -> Self {
        Self {
            rto: msl,
            backoff: false,
            rto_max: msl.saturating_mul(4),
            retries: None,
            orphan_retries: None,
            reset_on_giving_up: false,
            repacketizes: false,
            after_timeout: AfterTimeout::NextOnAck,
            time_wait: msl.saturating_mul(2),
            restart_time_wait: true,
            unacceptable_restarts: false,
            rst_in_time_wait: RstInTimeWait::Close,
            time_wait_answers: TimeWaitAnswers::InOrder,
            rst_in_window: RstInWindow::Challenge,
            syn_in_window: SynInWindow::Challenge,
            rst_before_fin: false,
            without_ack: WithoutAck::DropAcceptable,
            window_includes_end: false,
            fin_without_room: false,
            probe_acknowledges: true,
            trims_text: true,
            old_segments: OldSegments::Answer,
            oldest_ack: OldestAck::WindowBack,
            drops_old_acks: false,
            ack_of_unsent: AckOfUnsent::Answer,
            last_ack_answers: false,
            fin_with_acks: false,
            out_of_order: OutOfOrder::Hold,
            fin_wait_2_timeout: None,
            fin_wait_2_without_socket: false,
            reset_unread: true,
            late_text: LateText::Reset,
            reset_before_hole: false,
            reset_text_after_fin: false,
            closes_on_fin: false,
            shutdown_read: ShutdownRead::Nothing,
            reset_with_ack: false,
            closed_acknowledges: false,
            abort_resets: AbortResets::WhileOpen,
            abort_ends_time_wait: true,
            fin_needs_window: true,
            fin_sending: FinSending::WithText,
            window_probe: WindowProbe::NextOctet,
            persist_first: None,
            persist_min: 0,
            persist_max: msl.saturating_mul(4),
            orphan_probes_end: false,
            closing_silence: None,
            epipe_after_fin: false,
            sending: Sending::AtOnce,
            delayed_ack: None,
        }
    }

    /// RFC 9293 with RFC 1337's fix (F1): resets do not end `TIME_WAIT`.
    #[must_use]
    pub const fn rfc1337(msl: u32) -> Self {
        Self { rst_in_time_wait: RstInTimeWait::Ignore, ..Self::rfc9293(msl) }
    }
}
