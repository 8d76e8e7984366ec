//! Replaying a case, step by step.

mod comparison;

use std::collections::VecDeque;

use super::case::{AppCall, Case, CaseEvent, CaseStep, CaseTimer, SegmentOrder, StepTime};
use super::host::{Host, Sent};
use super::returned::Returned;
use crate::model::EndpointEvent;
use crate::tcp::{Call, Sending, State, Timer};

/// How the replay of a case came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseOutcome {
    /// All that the case expects is so.
    Match,
    /// Something is not: all of it, in the order of the steps. What follows the first may follow from it.
    Differs(Vec<StepDifference>),
    /// The case is about something that is not modelled.
    OutOfScope(String),
}

/// Something that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepDifference {
    /// The step; 0 is the way to the start.
    pub step: usize,
    /// What the case expects.
    pub expected: String,
    /// What the endpoint did.
    pub seen: String,
}

/// A case, replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replayed {
    /// How it came out.
    pub outcome: CaseOutcome,
    /// What the endpoint did, from the start of the case's own steps; nothing if it is out of scope.
    pub transitions: Vec<(State, EndpointEvent, State)>,
    /// What was seen in each step, the way to the start first; nothing if it is out of scope.
    pub steps: Vec<ReplayedStep>,
}

/// What was seen in a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayedStep {
    /// The step's number; 0 is the way to the start.
    pub number: usize,
    /// What the call returned, if the step is one.
    pub returned: Option<String>,
    /// What was sent, in this order.
    pub sent: Vec<Sent>,
    /// The state after the step.
    pub state: State,
    /// The timers that run after the step, and how many milliseconds are left of each.
    pub timers: Vec<(CaseTimer, u64)>,
}

/// Replays a case against the endpoint under the policy that it names.
///
/// ```
/// use lastack::conform::recorded::{CaseOutcome, Profile, parse, replay};
/// use lastack::diagnostic::SourceFile;
/// use lastack::policy::Policies;
///
/// let line = r#"{"id": "a-fin-is-acknowledged", "profile": "rfc9293", "start_state": "ESTABLISHED",
///     "events": ["rcv FIN,ACK seq=1 ack=1"], "expect_segments": ["@1 ACK seq=1 ack=2"],
///     "expect_end_state": "CLOSE_WAIT"}"#;
/// let policies = Policies::shipped()?;
/// let file = SourceFile::new("mine.jsonl", line.replace('\n', " "));
/// let (cases, mistakes) = parse(&file, Profile::Named(&policies));
/// assert!(mistakes.0.is_empty(), "{mistakes}");
/// assert_eq!(replay(&cases[0]).outcome, CaseOutcome::Match);
/// # Ok::<(), lastack::diagnostic::Diagnostics>(())
/// ```
#[must_use]
pub fn replay(case: &Case) -> Replayed {
    match replay_in_scope(case) {
        Ok(replayed) => replayed,
        Err(feature) => {
            Replayed { outcome: CaseOutcome::OutOfScope(feature), transitions: Vec::new(), steps: Vec::new() }
        }
    }
}

/// The mistake is what the case is about that is not modelled.
fn replay_in_scope(case: &Case) -> Result<Replayed, String> {
    if let Some(feature) = case.not_modelled() {
        return Err(feature.to_owned());
    }
    let mut replay = Replay {
        case,
        host: Host::new(*case.policy.policy()),
        waiting: VecDeque::new(),
        happened: 0,
        blocked: Vec::new(),
        steps: Vec::new(),
        differences: Vec::new(),
    };
    replay.go_to(case.start);
    for (number, step) in (1..).zip(&case.steps) {
        replay.take(number, step)?;
    }
    replay.unblock(None)?;
    replay.check_end();
    let Replay { host, mut steps, mut differences, .. } = replay;
    // A call that blocks has happened after the steps behind it.
    steps.sort_by_key(|step| step.number);
    differences.sort_by_key(|difference| difference.step);
    let outcome = if differences.is_empty() { CaseOutcome::Match } else { CaseOutcome::Differs(differences) };
    Ok(Replayed { outcome, transitions: host.transitions, steps })
}

/// A case that is being replayed.
struct Replay<'a> {
    case: &'a Case,
    host: Host,
    /// What was sent and not yet compared, where segments are compared in turn.
    waiting: VecDeque<Sent>,
    /// When the step before has happened, in microseconds after the start.
    happened: u64,
    /// Calls that block: when they return, and what they are.
    blocked: Vec<(u64, usize, &'a CaseStep)>,
    steps: Vec<ReplayedStep>,
    differences: Vec<StepDifference>,
}

impl<'a> Replay<'a> {
    /// Takes the shortest ordinary way to the start.
    fn go_to(&mut self, start: State) {
        self.host.start_in(start, call_on_the_way(self.case));
        let sent = std::mem::take(&mut self.host.sent);
        self.note(0, None, &sent);
        self.check_the_way(&sent);
        if self.host.endpoint.state != start {
            self.differs(0, format!("{start} at the start"), self.host.endpoint.state);
        }
        self.check_states(0);
        // The way is not what is compared.
        self.host.transitions.clear();
    }

    fn take(&mut self, number: usize, step: &'a CaseStep) -> Result<(), String> {
        let at = self.time(step.at);
        let returns = step.returns.map(|returns| self.time(returns)).filter(|returns| *returns > at);
        self.unblock(Some((at, step)))?;
        // What is awaited happens when it is sent.
        if matches!(step.event, CaseEvent::Awaited(_)) {
            return self.take_now(number, step, at);
        }
        self.happened = at.max(self.happened);
        if let Some(returns) = returns {
            self.blocked.push((returns, number, step));
            return Ok(());
        }
        self.host.wait_until(at / 1_000)?;
        self.take_now(number, step, at)
    }

    /// Takes a step; what it awaits is sent at `at`, in microseconds after the start.
    fn take_now(&mut self, number: usize, step: &CaseStep, at: u64) -> Result<(), String> {
        let returned = self.apply(&step.event, at)?;
        if self.polls_after(&step.event) {
            self.host.poll(u32::MAX);
        }
        if let Some(cut) = self.host.cut.take() {
            return Err(cut);
        }
        let sent = std::mem::take(&mut self.host.sent);
        self.note(number, returned, &sent);
        match self.case.expected.order {
            SegmentOrder::InStep => self.check_segments(number, &sent),
            SegmentOrder::InTurn => {
                self.waiting.extend(sent);
                self.check_next(number, step, at);
            }
        }
        self.check_result(number, step, returned);
        self.check_states(number);
        Ok(())
    }

    /// When that is, in microseconds after the start.
    fn time(&self, time: StepTime) -> u64 {
        match time {
            StepTime::AfterStart(time) => time,
            StepTime::AfterStep(time) => self.happened.saturating_add(time),
        }
    }

    /// A call that blocks returns after the segments that arrive by then, and before the next call: before this
    /// step, or at the end.
    fn unblock(&mut self, next: Option<(u64, &CaseStep)>) -> Result<(), String> {
        let is_over = |returns: u64| {
            next.is_none_or(|(at, step)| {
                returns < at || returns == at && matches!(step.event, CaseEvent::Call(..))
            })
        };
        self.blocked.sort_by_key(|(returns, _, _)| *returns);
        let over = self.blocked.partition_point(|(returns, _, _)| is_over(*returns));
        for (returns, number, step) in self.blocked.drain(..over).collect::<Vec<_>>() {
            self.host.wait_until(returns / 1_000)?;
            self.take_now(number, step, returns)?;
        }
        Ok(())
    }

    /// What a call has returned, if the event is one.
    fn apply(&mut self, event: &CaseEvent, at: u64) -> Result<Option<Returned>, String> {
        let host = &mut self.host;
        if event.span().is_some_and(|span| span.is_negative(&host.policy)) {
            return Err("a negative time".to_owned());
        }
        match event {
            CaseEvent::Call(call, _) => return Ok(Some(host.app(call))),
            CaseEvent::Arrival(arrival) => host.arrive(arrival),
            CaseEvent::Expiry(timer) => host.expire(*timer),
            CaseEvent::Wait(span) => host.wait(span)?,
            CaseEvent::Poll(most) => host.poll(most.unwrap_or(u32::MAX)),
            CaseEvent::Environment(environment) => host.set(environment),
            CaseEvent::Awaited(_) if !self.waiting.is_empty() => {}
            CaseEvent::Awaited(tolerance) => {
                let until = tolerance.map(|tolerance| at.saturating_add(tolerance.late) / 1_000);
                host.wait_for_a_segment(until)?;
            }
            // Nothing arrives; and a case with something that is not modelled is not replayed.
            CaseEvent::Lost | CaseEvent::Look | CaseEvent::NotModelled(_) => {}
        }
        Ok(None)
    }

    /// A stack that is polled is polled after each step but one that leaves what it sends in the queue; unless the
    /// case says itself when. What the case expects has no part in it.
    fn polls_after(&self, event: &CaseEvent) -> bool {
        let queues = matches!(event, CaseEvent::Call(AppCall::Send { queued: true, .. }, _));
        self.host.policy.transmission.sending != Sending::AtOnce && !queues && !self.case.polls()
    }

    fn note(&mut self, number: usize, returned: Option<Returned>, sent: &[Sent]) {
        self.steps.push(ReplayedStep {
            number,
            returned: returned.map(|returned| returned.to_string()),
            sent: sent.to_vec(),
            state: self.host.endpoint.state,
            timers: self.host.timers(),
        });
    }
}

/// What has closed on the way to the start: `shutdown`, unless a timer expires in the case that only runs after
/// `close()`.
fn call_on_the_way(case: &Case) -> Call {
    let of_orphans = CaseEvent::Expiry(CaseTimer::Of(Timer::FinWait2));
    let expires = case.steps.iter().any(|step| step.event == of_orphans);
    let closes = case.steps.iter().any(|step| matches!(step.event, CaseEvent::Call(AppCall::Close, _)));
    if expires && !closes { Call::Close } else { Call::Shutdown }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conform::recorded::{Profile, parse};
    use crate::diagnostic::SourceFile;
    use crate::policy::Policies;

    fn outcome(profile: &str, start: &str, events: &[&str], end: &str) -> CaseOutcome {
        let line = serde_json::json!({
            "id": "mine", "profile": profile, "start_state": start, "events": events, "expect_end_state": end,
        });
        let policies = Policies::shipped().unwrap();
        let (cases, mistakes) = parse(&SourceFile::new("mine.jsonl", line.to_string()), Profile::Named(&policies));
        assert!(mistakes.0.is_empty(), "{mistakes}");
        replay(&cases[0]).outcome
    }

    fn in_established(events: &[&str]) -> CaseOutcome {
        outcome("linux", "ESTABLISHED", events, "ESTABLISHED")
    }

    fn differs(step: usize, expected: &str, seen: &str) -> CaseOutcome {
        CaseOutcome::Differs(vec![StepDifference { step, expected: expected.to_owned(), seen: seen.to_owned() }])
    }

    /// A result of 0 is no octets: of reading the end, of other calls success.
    #[test]
    fn a_result_of_0_is_no_octets() {
        let arrives = "rcv ACK seq=1 ack=1 len=5";
        assert_eq!(in_established(&[arrives, "app recv 5 -> 0"]), differs(2, "EOF", "5 octets"));
        assert_eq!(in_established(&["app send 5 -> 0"]), differs(1, "0 octets", "5 octets"));
        assert_eq!(in_established(&[arrives, "app recv 5 -> ok", "app send 5 -> 5"]), CaseOutcome::Match);
        let closes = ["rcv FIN,ACK seq=1 ack=1", "app recv -> 0", "app close -> 0"];
        assert_eq!(outcome("linux", "ESTABLISHED", &closes, "LAST_ACK"), CaseOutcome::Match);
    }

    /// What a call is to read or send it reads or sends, unless the case says what it returns.
    #[test]
    fn a_call_without_a_result_succeeds() {
        let closes = ["app shutdown_wr", "app send 5"];
        let error = "an error: the connection is closing";
        for send in ["app send 5", "app send 5 (unsent)"] {
            assert_eq!(
                outcome("linux", "FIN_WAIT_1", &[send], "FIN_WAIT_1"),
                differs(1, "5 octets", error),
                "{send}"
            );
        }
        let fails = closes.map(|step| step.replace("send 5", "send 5 -> error"));
        assert_eq!(
            outcome("linux", "ESTABLISHED", &fails.each_ref().map(String::as_str), "FIN_WAIT_1"),
            CaseOutcome::Match
        );
        assert_eq!(in_established(&["app recv 5"]), differs(1, "5 octets", "nothing yet"));
        assert_eq!(in_established(&["app send 5", "app recv"]), CaseOutcome::Match);
    }

    /// Zephyr closes when the peer's FIN arrives: it is never in `CLOSE_WAIT`.
    #[test]
    fn a_start_that_is_not_reached_is_a_difference() {
        assert_eq!(
            outcome("zephyr", "CLOSE_WAIT", &[], "LAST_ACK"),
            differs(0, "CLOSE_WAIT at the start", "LAST_ACK")
        );
    }

    /// What cannot be replayed to its end is out of scope: a time before the step itself, and more than can be
    /// sent.
    #[test]
    fn limits_are_out_of_scope() {
        let out = |feature: &str| CaseOutcome::OutOfScope(feature.to_owned());
        assert_eq!(in_established(&["wait MSL-2h"]), out("a negative time"));
        assert_eq!(in_established(&["wait 2s-1999ms"]), CaseOutcome::Match);
        let many = ["env mss 1", "env peer_window 20000", "app send 20000"];
        assert_eq!(
            in_established(&many),
            out("a case in which one event is answered by more than 10000 segments")
        );
    }
}
