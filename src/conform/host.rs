//! An endpoint with its timers, its application and a record of what it sends.

use super::grammar::{AppCall, CaseTimer, Returns, Span};
use crate::check::Event;
use crate::tcp::{Call, Effects, Endpoint, Flags, Policy, Segment, Seq, State, Timer, TimerChange, WINDOW};
use crate::world::Kind;

/// How many timers may expire in one wait: a day of retransmissions every second is fewer.
const MOST_EXPIRIES: usize = 100_000;

/// An endpoint, driven by hand. Its clock counts milliseconds.
#[derive(Clone, Debug)]
pub(super) struct Host {
    /// The endpoint: the one that the checker explores.
    pub(super) endpoint: Endpoint,
    policy: Policy,
    /// How long each timer still runs, in the order of [`Timer::ALL`].
    timers: [Option<u32>; 4],
    /// What was sent and not yet taken.
    sent: Vec<Segment>,
    /// Octets that the application has read.
    read: u32,
    /// `shutdown(SHUT_RD)` was called.
    reads_no_more: bool,
    /// `close()` or an abort was called: there is no socket any more.
    is_closed: bool,
    /// Each transition of the endpoint, as coverage counts them.
    transitions: Vec<(State, Event, State)>,
}

impl Host {
    /// An endpoint in ESTABLISHED.
    #[must_use]
    pub(super) fn new(policy: Policy) -> Self {
        Self {
            endpoint: Endpoint::established(),
            policy,
            timers: [None; 4],
            sent: Vec::new(),
            read: 0,
            reads_no_more: false,
            is_closed: false,
            transitions: Vec::new(),
        }
    }

    /// Gives up after so many retransmissions.
    pub(super) fn set_retries(&mut self, retries: u32) {
        self.policy.retries = Some(retries);
    }

    /// Each transition that the endpoint has taken: its state, what happened, and its state then.
    pub(super) fn into_transitions(self) -> Vec<(State, Event, State)> {
        self.transitions
    }

    /// What was sent since it was last asked.
    pub(super) fn take_sent(&mut self) -> Vec<Segment> {
        std::mem::take(&mut self.sent)
    }

    /// The shortest ordinary way from ESTABLISHED to a state.
    pub(super) fn go_to(&mut self, state: State) {
        let fin = |ack| Segment { flags: Flags::FIN_ACK, seq: Seq(1), ack: Seq(ack), len: 0 };
        let ack_of_fin = Segment { flags: Flags::ACK, seq: Seq(1), ack: Seq(2), len: 0 };
        match state {
            State::Established => {}
            State::FinWait1 => self.call(Call::Shutdown),
            State::FinWait2 => {
                self.go_to(State::FinWait1);
                self.arrive(&ack_of_fin);
            }
            State::CloseWait => self.arrive(&fin(1)),
            State::Closing => {
                self.go_to(State::FinWait1);
                self.arrive(&fin(1));
            }
            State::LastAck => {
                self.go_to(State::CloseWait);
                self.call(Call::Shutdown);
            }
            State::TimeWait => {
                self.go_to(State::FinWait2);
                self.arrive(&fin(2));
            }
            State::Closed => {
                self.go_to(State::LastAck);
                self.arrive(&Segment { seq: Seq(2), ..ack_of_fin });
            }
        }
    }

    /// A segment arrives.
    pub(super) fn arrive(&mut self, segment: &Segment) {
        let event = Kind::of(segment).map(Event::Arrival);
        self.react(event, |endpoint, policy| endpoint.on_segment(segment, policy));
    }

    /// The application calls; what the call returns, unless it succeeds.
    pub(super) fn app(&mut self, call: AppCall) -> Result<(), Returns> {
        match call {
            AppCall::Close | AppCall::Abort if self.is_closed => Err(Returns::Error),
            AppCall::Close => {
                self.is_closed = true;
                self.call(Call::Close);
                Ok(())
            }
            AppCall::Abort => {
                self.is_closed = true;
                self.call(Call::Abort);
                Ok(())
            }
            AppCall::ShutdownWrite => {
                self.call(Call::Shutdown);
                Ok(())
            }
            AppCall::ShutdownRead => {
                self.reads_no_more = true;
                Ok(())
            }
            AppCall::ShutdownBoth => {
                self.reads_no_more = true;
                self.call(Call::Shutdown);
                Ok(())
            }
            AppCall::Send(octets) => self.send(octets),
            AppCall::Receive(octets) => self.receive(octets),
        }
    }

    fn send(&mut self, octets: u32) -> Result<(), Returns> {
        if !matches!(self.endpoint.state, State::Established | State::CloseWait) {
            return Err(Returns::BrokenPipe);
        }
        let mut left = octets;
        // What does not fit into the window stays with the application.
        while left > 0 && self.endpoint.snd_nxt.since(self.endpoint.snd_una) < WINDOW {
            let before = self.endpoint.snd_nxt;
            self.react(Some(Event::Call(Call::Send)), |endpoint, policy| endpoint.on_send(left, policy));
            left -= self.endpoint.snd_nxt.since(before).clamp(1, left);
        }
        Ok(())
    }

    fn receive(&mut self, octets: Option<u32>) -> Result<(), Returns> {
        let readable = self.endpoint.delivered().saturating_sub(self.read);
        if readable == 0 {
            let is_over = self.endpoint.fin_received || self.reads_no_more;
            return Err(if is_over { Returns::Eof } else { Returns::Error });
        }
        if octets.is_some_and(|octets| octets > readable) {
            return Err(Returns::Error);
        }
        self.read += octets.unwrap_or(readable);
        if self.read == self.endpoint.delivered() {
            self.call(Call::Receive);
        }
        Ok(())
    }

    /// A timer expires now, whatever it still had to run; one that does not run does nothing.
    pub(super) fn expire(&mut self, timer: CaseTimer) {
        let timer = match timer {
            CaseTimer::Retransmission => Timer::Retransmission,
            CaseTimer::TimeWait => Timer::TimeWait,
            CaseTimer::FinWait2 => Timer::FinWait2,
            CaseTimer::User => {
                return self.react(None, Endpoint::on_user_timeout);
            }
        };
        if Timer::ALL.into_iter().zip(self.timers).any(|(one, left)| one == timer && left.is_some()) {
            self.fire(timer);
        }
    }

    /// Time passes; timers expire as they become due, at most [`MOST_EXPIRIES`] of them.
    pub(super) fn wait(&mut self, span: &Span) {
        let of_rto = span.rto.saturating_mul(i64::from(self.policy.rto));
        let of_msl = span.msl.saturating_mul(i64::from(self.policy.time_wait)) / 2;
        let mut left = of_rto.saturating_add(of_msl).saturating_add(span.milliseconds);
        for _ in 0..MOST_EXPIRIES {
            let next =
                Timer::ALL.into_iter().zip(self.timers).filter_map(|(timer, due)| Some((due?, timer))).min();
            let Some((due, timer)) = next.filter(|(due, _)| i64::from(*due) <= left) else {
                break;
            };
            left -= i64::from(due);
            self.advance(due);
            self.fire(timer);
        }
        self.advance(u32::try_from(left.max(0)).unwrap_or(u32::MAX));
    }

    /// A timer has expired: unless it is set again it does not run any more.
    fn fire(&mut self, timer: Timer) {
        for (one, left) in Timer::ALL.into_iter().zip(&mut self.timers) {
            if one == timer {
                *left = None;
            }
        }
        self.react(Some(Event::Timeout(timer)), |endpoint, policy| endpoint.on_timeout(timer, policy));
    }

    fn advance(&mut self, milliseconds: u32) {
        for left in self.timers.iter_mut().flatten() {
            *left = left.saturating_sub(milliseconds);
        }
    }

    fn call(&mut self, call: Call) {
        self.react(Some(Event::Call(call)), |endpoint, policy| endpoint.on_call(call, policy));
    }

    /// Lets the endpoint react; what is no event of coverage is not recorded as one.
    fn react(&mut self, event: Option<Event>, react: impl FnOnce(&mut Endpoint, &Policy) -> Effects) {
        let before = self.endpoint.state;
        let effects = react(&mut self.endpoint, &self.policy);
        self.transitions.extend(event.map(|event| (before, event, self.endpoint.state)));
        self.sent.extend(effects.segment);
        for (left, change) in self.timers.iter_mut().zip(effects.timers) {
            match change {
                TimerChange::Keep => {}
                TimerChange::Set(milliseconds) => *left = Some(milliseconds),
                TimerChange::Cancel => *left = None,
            }
        }
    }
}
