//! A recorded case: what happens, and what is expected of it.

use std::fmt::{self, Write};
use std::sync::Arc;

use strum::{EnumString, IntoStaticStr, VariantNames};

use super::number::{CaseNumber, TimeSpan};
use crate::policy::NamedPolicy;
use crate::tcp::{Flags, Segment, State, Timer};

/// One line of a file of cases, or one row of a kernel's transition table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Its `id`; a row has its state and its event.
    pub name: String,
    /// The line of its file, from 1.
    pub line: usize,
    /// The rules that it is replayed under.
    pub policy: Arc<NamedPolicy>,
    /// Where it starts, after the shortest ordinary way there.
    pub start: State,
    /// What happens, step by step; the first has number 1.
    pub steps: Vec<CaseStep>,
    /// What is expected.
    pub expected: Expectations,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseStep {
    /// How the file writes it.
    pub text: String,
    /// Its line, in a file where each step has one.
    pub line: Option<usize>,
    /// When it happens.
    pub at: StepTime,
    /// When it returns, if it is a call that blocks. The steps up to then come before it.
    pub returns: Option<StepTime>,
    /// What happens.
    pub event: CaseEvent,
}

impl CaseStep {
    /// A step that follows at once, in a file where a step has no line of its own.
    pub(super) fn at_once(text: &str, event: CaseEvent) -> Self {
        Self { text: text.to_owned(), line: None, at: StepTime::AT_ONCE, returns: None, event }
    }
}

/// A time of a case, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepTime {
    /// So long after the start.
    AfterStart(u64),
    /// So long after the step before has happened.
    AfterStep(u64),
}

impl StepTime {
    /// As soon as the step before has happened.
    pub const AT_ONCE: Self = Self::AfterStep(0);

    /// So many microseconds later.
    #[must_use]
    pub fn later(self, by: u64) -> Self {
        match self {
            Self::AfterStart(time) => Self::AfterStart(time.saturating_add(by)),
            Self::AfterStep(time) => Self::AfterStep(time.saturating_add(by)),
        }
    }
}

/// By how much a segment may be sent at another time than that of the step that awaits it, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tolerance {
    /// So much earlier.
    pub early: u64,
    /// So much later.
    pub late: u64,
}

/// What is expected of a case, by step; step 0 is the way to its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectations {
    /// How segments belong to steps.
    pub order: SegmentOrder,
    /// The segments that are sent in answer to steps; a step that is not among them may be answered by any.
    pub segments: Vec<(usize, Option<ExpectedSegment>)>,
    /// The states after steps.
    pub states: Vec<(usize, State)>,
    /// States that are not those after steps.
    pub other_states: Vec<(usize, State)>,
    /// The state after the last step, if the case speaks of it.
    pub end: Option<State>,
    /// `SO_ERROR` at the end, if it was recorded.
    pub error: Option<Option<SocketError>>,
}

/// How the segments that a case expects belong to its steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SegmentOrder {
    /// What is listed of a step is all that is sent in it.
    InStep,
    /// What is listed of a step is what is sent next, in it or before it. How text is divided into segments does
    /// not matter.
    InTurn,
}

/// What happens in a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseEvent {
    /// The application calls, and expects a result.
    Call(AppCall, Option<CallResult>),
    /// A segment arrives.
    Arrival(Arrival),
    /// A timer expires, if it runs.
    Expiry(CaseTimer),
    /// Time passes.
    Wait(TimeSpan),
    /// Whoever drives a stack that is polled polls it; of text, at most so many octets may be sent.
    Poll(Option<u32>),
    /// The surroundings are set.
    Environment(Environment),
    /// A segment that the peer sent is lost.
    Lost,
    /// Nothing: the state is read.
    Look,
    /// A segment is awaited, which is sent at the step's time; without a tolerance, at any time.
    Awaited(Option<Tolerance>),
    /// Something that is not modelled, by its name.
    NotModelled(String),
}

impl CaseEvent {
    /// The time that it is about.
    pub(super) fn span(&self) -> Option<&TimeSpan> {
        match self {
            Self::Wait(span)
            | Self::Call(AppCall::SetUserTimeout(span) | AppCall::SetFinWait2Timeout(span), _)
            | Self::Environment(
                Environment::FinWait2Timeout(span)
                | Environment::TimeWait(span)
                | Environment::RetransmissionTimeout(span),
            ) => Some(span),
            _ => None,
        }
    }
}

/// A call of the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AppCall {
    /// Sockets' `connect()`: OPEN, active.
    Connect,
    /// Sockets' `listen()`: OPEN, passive.
    Listen,
    /// Sockets' `close()`.
    Close,
    /// `shutdown(SHUT_WR)`.
    ShutdownWrite,
    /// `shutdown(SHUT_RD)`.
    ShutdownRead,
    /// `shutdown(SHUT_RDWR)`.
    ShutdownBoth,
    /// ABORT: a `close()` that does not linger.
    Abort,
    /// SEND of so many octets; some stay with the endpoint until something else makes it send.
    Send {
        /// How many.
        octets: u32,
        /// They are only queued.
        queued: bool,
    },
    /// RECEIVE of so many octets, or of all that there are.
    Receive(Option<u32>),
    /// What RECEIVE of so many octets would return.
    Peek(u32),
    /// How long what was sent may stay unacknowledged.
    SetUserTimeout(TimeSpan),
    /// `SO_LINGER` with no time: `close()` is [`AppCall::Abort`] then.
    SetLingerZero,
    /// `SO_LINGER` that is off.
    UnsetLinger,
    /// `SO_ERROR`: how the connection ended, which is returned once.
    TakeError,
    /// `TCP_LINGER2`: `fin_wait_2_timeout` of the policy.
    SetFinWait2Timeout(TimeSpan),
}

/// What a call returns besides success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallResult {
    /// It succeeded; of RECEIVE, sockets return 0 octets where there is nothing more to come.
    Success,
    /// RECEIVE: there is nothing more to come.
    Eof,
    /// RFC 9293 §3.10.2, §3.10.3: "error: connection closing". This direction is closed.
    Closing,
    /// The same of SEND, in sockets' words.
    BrokenPipe,
    /// The connection has ended so; returned once.
    Failed(SocketError),
    /// RECEIVE: there is nothing yet (`EAGAIN`).
    Nothing,
    /// So many octets.
    Octets(u32),
    /// Any error.
    Error,
}

impl fmt::Display for CallResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Success => f.write_str("success"),
            Self::Eof => f.write_str("EOF"),
            Self::Closing => f.write_str("an error: the connection is closing"),
            Self::BrokenPipe => f.write_str("EPIPE"),
            Self::Failed(error) => f.write_str(error.name()),
            Self::Nothing => f.write_str("nothing yet"),
            Self::Octets(octets) => write!(f, "{octets} octets"),
            Self::Error => f.write_str("an error"),
        }
    }
}

/// A segment that arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// Its control bits.
    pub flags: Flags,
    /// SEG.SEQ.
    pub seq: CaseNumber,
    /// SEG.ACK; it counts for nothing without the flag.
    pub ack: CaseNumber,
    /// Octets of text.
    pub len: u32,
    /// SEG.WND; without it the window is as it was.
    pub window: Option<u32>,
}

/// A timer by the name that cases give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseTimer {
    /// One of the endpoint's.
    Of(Timer),
    /// The user timeout.
    UserTimeout,
    /// The persist timer: the endpoint's retransmission timer while the window is closed.
    Persist,
}

impl CaseTimer {
    /// Its name in cases.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Of(Timer::Retransmission) => "RTO",
            Self::Of(Timer::TimeWait) => "2MSL",
            Self::Of(Timer::FinWait2) => "FIN_WAIT_2",
            Self::Of(Timer::DelayedAck) => "DELAYED_ACK",
            Self::Of(Timer::LastAck) => "LAST_ACK",
            Self::UserTimeout => "USER_TIMEOUT",
            Self::Persist => "PERSIST",
        }
    }
}

/// A setting of the surroundings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Environment {
    /// How many octets of text the endpoint keeps.
    OwnWindow(u32),
    /// SND.WND.
    PeerWindow(u32),
    /// The largest segment that the peer takes, in octets of text.
    SegmentSize(u32),
    /// `retries` of the policy, and of orphans as well, unless `orphan_retries` is set.
    AllRetries(u32),
    /// `retries` of the policy; Linux's `tcp_retries2`.
    Retries(u32),
    /// `orphan_retries` of the policy; Linux's `tcp_orphan_retries`.
    OrphanRetries(u32),
    /// Linux's `tcp_retrans_collapse`: whether small segments are put together when they are sent again.
    RetransCollapse(bool),
    /// `rst_in_time_wait` of the policy; Linux's `tcp_rfc1337`.
    Rfc1337(bool),
    /// `rst_in_window` of the policy; FreeBSD's `insecure_rst`.
    InsecureRst(bool),
    /// `syn_in_window` of the policy; FreeBSD's `insecure_syn`.
    InsecureSyn(bool),
    /// Whether a segment with SYN and FIN is dropped before TCP sees it; FreeBSD's `drop_synfin`.
    DropSynFin(bool),
    /// `fin_wait_2_timeout` of the policy; Linux's `tcp_fin_timeout`.
    FinWait2Timeout(TimeSpan),
    /// `time_wait` of the policy.
    TimeWait(TimeSpan),
    /// `rto` of the policy.
    RetransmissionTimeout(TimeSpan),
}

/// A segment that is expected to be sent. What is `None` may be anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedSegment {
    /// How the file writes it.
    pub text: String,
    /// Its control bits; PSH is not modelled and not compared.
    pub flags: Flags,
    /// SEG.SEQ.
    pub seq: Option<CaseNumber>,
    /// SEG.ACK.
    pub ack: Option<CaseNumber>,
    /// Octets of text; none unless the file has some.
    pub len: u32,
    /// SEG.WND: the room that there is for text.
    pub window: Option<u32>,
    /// Something of it that is not modelled.
    pub not_modelled: Option<String>,
}

/// The values of `SO_ERROR` after a connection has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumString, IntoStaticStr, VariantNames)]
pub enum SocketError {
    /// It was reset.
    #[strum(serialize = "ECONNRESET")]
    ConnectionReset,
    /// It was reset before it was open.
    #[strum(serialize = "ECONNREFUSED")]
    ConnectionRefused,
    /// It was reset after the peer's FIN.
    #[strum(serialize = "EPIPE")]
    BrokenPipe,
    /// Nobody answered.
    #[strum(serialize = "ETIMEDOUT")]
    TimedOut,
}

impl SocketError {
    /// Its name in `errno.h`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Case {
    /// The first thing in it that is not modelled, if anything is.
    pub(super) fn not_modelled(&self) -> Option<&str> {
        let of_steps = self.steps.iter().filter_map(|step| match &step.event {
            CaseEvent::NotModelled(feature) => Some(feature),
            _ => None,
        });
        let expected = self.expected.segments.iter().filter_map(|(_, segment)| segment.as_ref());
        let of_segments = expected.filter_map(|segment| segment.not_modelled.as_ref());
        of_steps.chain(of_segments).next().map(String::as_str)
    }

    /// The case has events for the polls of a stack that is polled.
    pub(super) fn polls(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.event, CaseEvent::Poll(_)))
    }
}

/// A segment as cases write it: `FIN,ACK seq=1 ack=1 len=6`; one without flags has PSH, which does not count.
pub(super) fn written(segment: &Segment) -> String {
    let Segment { flags, seq, ack, len } = segment;
    let flags_set = if *flags == Flags::default() { "PSH".to_owned() } else { flags.to_string() };
    let mut text = format!("{flags_set} seq={seq}");
    if flags.ack {
        let _ = write!(text, " ack={ack}");
    }
    if *len > 0 {
        let _ = write!(text, " len={len}");
    }
    text
}
