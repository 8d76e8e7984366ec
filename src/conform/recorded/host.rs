//! What surrounds the endpoint when a case is replayed: an application, timers, and a record of what it sends.

mod application;
mod clock;

use std::fmt;

use super::case::written;
use super::case::{Arrival, Environment};
use super::number::{CaseNumber, TimeSpan};
use crate::model::EndpointEvent;
use crate::model::Kind;
use crate::tcp::{
    Call, Effects, EndedBy, Endpoint, Policy, Repacketizing, RstInTimeWait, RstInWindow, Segment, Sending, Seq,
    State, SynInWindow, Timer, TimerChange,
};

/// In no case are more segments sent in answer to one event.
const MOST_SEGMENTS: usize = 10_000;

/// A segment that was sent, the window that it offered, and when that was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The segment.
    pub segment: Segment,
    /// SEG.WND, in octets.
    pub window: u32,
    /// Milliseconds after the start.
    pub at: u64,
}

impl fmt::Display for Sent {
    /// `FIN,ACK seq=1 ack=1 win=65535`, as cases write it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} win={}", written(&self.segment), self.window)
    }
}

/// The endpoint and what surrounds it; a tick is a millisecond.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(super) struct Host {
    pub(super) endpoint: Endpoint,
    pub(super) policy: Policy,
    /// The state before, what happened, and the state after.
    pub(super) transitions: Vec<(State, EndpointEvent, State)>,
    /// What was sent since it was last taken out.
    pub(super) sent: Vec<Sent>,
    /// SEG.SEQ and SEG.ACK of the segment that arrived last.
    pub(super) arrived: (Seq, Seq),
    /// Milliseconds after the start.
    pub(super) now: u64,
    /// Why the case is out of scope: an event was not answered to its end.
    pub(super) cut: Option<String>,
    /// How often timers have expired while time passed.
    expiries: usize,
    /// When timers are due, in the order of [`Timer::ALL`].
    due: [Option<u64>; Timer::ALL.len()],
    user_timeout: Option<u64>,
    /// SND.UNA, and since when it has been outstanding.
    outstanding: Option<(Seq, u64)>,
    lingers_not: bool,
    /// What has both SYN and FIN is dropped before the endpoint sees it.
    drops_syn_fin: bool,
    /// The case has set how often orphans retransmit.
    orphans_are_set: bool,
    /// The application knows how the connection ended.
    end_is_known: bool,
    /// Octets that were unread when the connection ended without the application's doing.
    left_over: u32,
}

impl Host {
    pub(super) fn new(policy: Policy) -> Self {
        // Somebody listens on the port, as in the suites that the cases are from.
        let mut endpoint = Endpoint::established();
        endpoint.listen();
        Self {
            endpoint,
            policy,
            transitions: Vec::new(),
            sent: Vec::new(),
            arrived: (Seq(0), Seq(0)),
            now: 0,
            cut: None,
            expiries: 0,
            due: [None; Timer::ALL.len()],
            user_timeout: None,
            outstanding: None,
            lingers_not: false,
            drops_syn_fin: false,
            orphans_are_set: false,
            end_is_known: false,
            left_over: 0,
        }
    }

    /// A number of the case, for the endpoint as it is.
    pub(super) fn value(&self, number: &CaseNumber) -> Seq {
        number.value(&self.endpoint, self.arrived)
    }

    /// The segment that an arrival stands for now.
    pub(super) fn segment(&self, arrival: &Arrival) -> Segment {
        let Arrival { flags, seq, ack, len, window: _ } = arrival;
        let ack = if flags.ack { self.value(ack) } else { Seq(0) };
        Segment { flags: *flags, seq: self.value(seq), ack, len: *len }
    }

    /// A segment of the peer arrives.
    pub(super) fn arrive(&mut self, arrival: &Arrival) {
        self.arrive_as(self.segment(arrival), arrival.window);
    }

    pub(super) fn arrive_as(&mut self, segment: Segment, window: Option<u32>) {
        self.arrived = (segment.seq, segment.ack);
        if self.drops_syn_fin && segment.flags.syn && segment.flags.fin {
            return;
        }
        self.take(arrival_of(&segment), |endpoint, policy| match window {
            Some(window) => endpoint.on_segment_offering(&segment, window, policy),
            None => endpoint.on_segment(&segment, policy),
        });
    }

    /// Lets the stack send at most so many octets of what waits.
    pub(super) fn poll(&mut self, most: u32) {
        self.take(None, |endpoint, policy| endpoint.poll(most, policy));
    }

    pub(super) fn set(&mut self, environment: &Environment) {
        let Self { endpoint, policy, .. } = self;
        match environment {
            Environment::OwnWindow(octets) => endpoint.transfer.rcv_buffer = *octets,
            Environment::PeerWindow(octets) => {
                endpoint.transfer.send_window.resize(*octets);
                if policy.transmission.sending == Sending::AtOnce {
                    self.poll(u32::MAX);
                }
            }
            Environment::SegmentSize(octets) => endpoint.transfer.mss = *octets,
            Environment::Retries(retries) => policy.retransmission.retries = Some(*retries),
            Environment::AllRetries(retries) => {
                policy.retransmission.retries = Some(*retries);
                if !self.orphans_are_set {
                    policy.retransmission.orphan_retries = None;
                }
            }
            Environment::OrphanRetries(retries) => {
                policy.retransmission.orphan_retries = Some(*retries);
                self.orphans_are_set = true;
            }
            Environment::RetransCollapse(true) => policy.transmission.repacketizes = Repacketizing::WholeSegments,
            Environment::RetransCollapse(false) => policy.transmission.repacketizes = Repacketizing::Never,
            Environment::Rfc1337(true) => policy.wait.rst_in_time_wait = RstInTimeWait::Ignore,
            Environment::Rfc1337(false) => policy.wait.rst_in_time_wait = RstInTimeWait::Close,
            Environment::InsecureRst(true) => policy.resets.rst_in_window = RstInWindow::Close,
            Environment::InsecureRst(false) => policy.resets.rst_in_window = RstInWindow::Challenge,
            Environment::InsecureSyn(true) => policy.resets.syn_in_window = SynInWindow::Reset,
            Environment::InsecureSyn(false) => policy.resets.syn_in_window = SynInWindow::Challenge,
            Environment::DropSynFin(drops) => self.drops_syn_fin = *drops,
            Environment::FinWait2Timeout(span) => policy.wait.fin_wait_2_timeout = Some(ticks(span, policy)),
            Environment::TimeWait(span) => policy.wait.time_wait = ticks(span, policy),
            Environment::RetransmissionTimeout(span) => {
                policy.retransmission.rto = ticks(span, policy).max(1);
                policy.retransmission.rto_max = policy.retransmission.rto_max.max(policy.retransmission.rto);
            }
        }
    }

    pub(super) fn call(&mut self, call: Call) {
        self.take(Some(EndpointEvent::Call(call)), |endpoint, policy| endpoint.on_call(call, policy));
    }

    /// Lets the endpoint take an event, and send all that it then can: it sends one segment at a time. What is no
    /// event of any world is not recorded as one.
    pub(super) fn take(
        &mut self,
        event: Option<EndpointEvent>,
        react: impl FnOnce(&mut Endpoint, &Policy) -> Effects,
    ) {
        self.take_once(event, react);
        for _ in 0..MOST_SEGMENTS {
            let before = self.sent.len();
            if self.policy.transmission.sending != Sending::AtOnce || !self.endpoint.is_sending() {
                return;
            }
            self.take_once(None, |endpoint, policy| endpoint.poll(u32::MAX, policy));
            if self.sent.len() == before {
                return;
            }
        }
        self.cut = Some(format!("a case in which one event is answered by more than {MOST_SEGMENTS} segments"));
    }

    fn take_once(&mut self, event: Option<EndpointEvent>, react: impl FnOnce(&mut Endpoint, &Policy) -> Effects) {
        let Endpoint { state: from, unread, .. } = self.endpoint;
        let window = self.endpoint.receive_window();
        let effects = react(&mut self.endpoint, &self.policy);
        self.transitions.extend(event.map(|event| (from, event, self.endpoint.state)));
        if from != State::Closed && self.endpoint.ended_by.is_some_and(|by| by != EndedBy::Abort) {
            self.left_over = unread;
        }
        if let Some(segment) = effects.segment {
            // A reset that ends the connection offers what was there before.
            let is_over = self.endpoint.state == State::Closed && from != State::Closed;
            let window = if is_over { window } else { self.endpoint.receive_window() };
            self.sent.push(Sent { segment, window, at: self.now });
        }
        for (timer, change) in Timer::ALL.into_iter().zip(effects.timers) {
            match change {
                TimerChange::Keep => {}
                TimerChange::Set(ticks) => *timer.of_mut(&mut self.due) = Some(self.now + u64::from(ticks)),
                TimerChange::Cancel => *timer.of_mut(&mut self.due) = None,
            }
        }
        let Endpoint { state, snd_una, snd_nxt, .. } = self.endpoint;
        self.outstanding = match self.outstanding {
            _ if snd_una == snd_nxt && !self.endpoint.is_sending() || state == State::Closed => None,
            Some((una, since)) if una == snd_una => Some((una, since)),
            _ => Some((snd_una, self.now)),
        };
    }
}

/// A time in ticks of a millisecond.
fn ticks(span: &TimeSpan, policy: &Policy) -> u32 {
    u32::try_from(span.milliseconds(policy)).unwrap_or(u32::MAX)
}

/// The arrival of a segment as the worlds have it: there text comes in single octets.
fn arrival_of(segment: &Segment) -> Option<EndpointEvent> {
    Kind::of(&Segment { len: segment.len.min(1), ..*segment }).map(EndpointEvent::Arrival)
}
