//! Replaying a case, and comparing.

use std::collections::VecDeque;
use std::fmt::Display;

use super::case::{
    AppCall, CallResult, Case, CaseEvent, CaseStep, CaseTimer, ExpectedSegment, SegmentOrder, SocketError,
    StepTime, Tolerance,
};
use super::host::{Host, Sent};
use super::number::CaseNumber;
use super::returned::Returned;
use crate::model::EndpointEvent;
use crate::tcp::{Call, Flags, Segment, Sending, State, Timer};

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

    /// What is listed of the way to the start was sent on it, in this order; or nothing was.
    fn check_the_way(&mut self, sent: &[Sent]) {
        let mut rest = sent.iter();
        for (_, expected) in self.case.expected.segments.iter().filter(|(step, _)| *step == 0) {
            match expected {
                Some(expected) if !rest.any(|sent| is_as_expected(sent, expected, &self.host)) => {
                    return self.differs(0, format!("{} on the way", expected.text), listed(sent));
                }
                None if !sent.is_empty() => return self.differs(0, "nothing sent on the way", listed(sent)),
                _ => {}
            }
        }
    }

    /// The segments that the case has for a step are all that is sent in it, in this order.
    fn check_segments(&mut self, number: usize, sent: &[Sent]) {
        let of_step: Vec<&Option<ExpectedSegment>> = self
            .case
            .expected
            .segments
            .iter()
            .filter_map(|(step, segment)| (*step == number).then_some(segment))
            .collect();
        if of_step.is_empty() {
            return;
        }
        let expected: Vec<&ExpectedSegment> = of_step.into_iter().flatten().collect();
        let all = expected.len() == sent.len()
            && expected.iter().zip(sent).all(|(expected, sent)| is_as_expected(sent, expected, &self.host));
        if !all {
            let texts: Vec<&str> = expected.iter().map(|segment| segment.text.as_str()).collect();
            let expected = if texts.is_empty() { "nothing sent".to_owned() } else { texts.join("; ") };
            self.differs(number, expected, listed(sent));
        }
    }

    /// The segment that the case has for a step is the one that was sent next, and then.
    fn check_next(&mut self, number: usize, step: &CaseStep, at: u64) {
        let case = self.case;
        let CaseEvent::Awaited(tolerance) = step.event else { return };
        // Time goes on in milliseconds.
        let is_in_time = |sent: &Sent| {
            tolerance.is_none_or(|Tolerance { early, late }| {
                (at.saturating_sub(early) / 1_000..=at.saturating_add(late) / 1_000).contains(&sent.at)
            })
        };
        self.happened = self.happened.max(self.host.now.saturating_mul(1_000));
        for (_, expected) in case.expected.segments.iter().filter(|(step, _)| *step == number) {
            let Some(expected) = expected else { continue };
            match self.next_sent(expected.len) {
                Some(sent) if is_as_expected(&sent, expected, &self.host) => {
                    if !is_in_time(&sent) {
                        let seen = format!("{sent} {}", apart(sent.at, at / 1_000));
                        self.differs(number, &expected.text, seen);
                    }
                }
                sent => self.differs(number, &expected.text, listed(sent.as_slice())),
            }
        }
    }

    /// What was sent next; of text in order so many octets, if there are as many.
    fn next_sent(&mut self, len: u32) -> Option<Sent> {
        let mut first = self.waiting.pop_front()?;
        while first.segment.len < len
            && self.waiting.front().is_some_and(|next| continues(&first.segment, &next.segment))
            && let Some(next) = self.waiting.pop_front()
        {
            first.segment.len += next.segment.len;
            first.segment.flags.fin = next.segment.flags.fin;
        }
        if len > 0 && first.segment.len > len {
            let Segment { flags, seq, ack, len: all } = first.segment;
            let rest = Segment { flags, seq: seq + len, ack, len: all - len };
            self.waiting.push_front(Sent { segment: rest, ..first });
            first.segment = Segment { flags: Flags { fin: false, ..flags }, seq, ack, len };
        }
        Some(first)
    }

    fn check_result(&mut self, number: usize, step: &CaseStep, returned: Option<Returned>) {
        let (CaseEvent::Call(call, expected), Some(returned)) = (&step.event, returned) else { return };
        let (right, wanted) = match (call, expected) {
            (_, Some(expected)) => (returned.is(*expected), expected.to_string()),
            // Without a result, as many are read or sent as are asked for.
            (AppCall::Receive(Some(octets)) | AppCall::Send { octets, queued: false }, None) => {
                (returned == Returned::Octets(*octets), CallResult::Octets(*octets).to_string())
            }
            (AppCall::Send { octets, queued: true }, None) => {
                (returned == Returned::Done, CallResult::Octets(*octets).to_string())
            }
            _ => return,
        };
        if !right {
            self.differs(number, wanted, returned);
        }
    }

    fn check_states(&mut self, number: usize) {
        let state = self.host.endpoint.state;
        let case = self.case;
        for (step, expected) in &case.expected.states {
            if *step == number && *expected != state {
                self.differs(number, expected, state);
            }
        }
        for (step, other) in &case.expected.other_states {
            if *step == number && *other == state {
                self.differs(number, format!("another state than {other}"), state);
            }
        }
    }

    fn check_end(&mut self) {
        let last = self.case.steps.len();
        let state = self.host.endpoint.state;
        let case = self.case;
        if let Some(end) = &case.expected.end
            && *end != state
        {
            self.differs(last, format!("{end} at the end"), state);
        }
        if let Some(error) = self.case.expected.error {
            let seen = self.host.socket_error();
            let name = |error: Option<SocketError>| error.map_or("no error", SocketError::name);
            if error != seen {
                self.differs(last, format!("SO_ERROR: {}", name(error)), name(seen));
            }
        }
    }

    fn differs(&mut self, step: usize, expected: impl Display, seen: impl Display) {
        self.differences.push(StepDifference { step, expected: expected.to_string(), seen: seen.to_string() });
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

/// Text that follows on other text, and is sent with the same acknowledgment.
fn continues(first: &Segment, next: &Segment) -> bool {
    let text_alone = Flags::ACK;
    first.flags == text_alone
        && first.len > 0
        && next.len > 0
        && Flags { fin: false, ..next.flags } == text_alone
        && next.seq == first.seq + first.len
        && next.ack == first.ack
}

fn is_as_expected(sent: &Sent, expected: &ExpectedSegment, host: &Host) -> bool {
    let ExpectedSegment { text: _, flags, seq, ack, len, window, not_modelled: _ } = expected;
    let is = |number: &Option<CaseNumber>, value| number.as_ref().is_none_or(|number| host.value(number) == value);
    *flags == sent.segment.flags
        && is(seq, sent.segment.seq)
        && is(ack, sent.segment.ack)
        && *len == sent.segment.len
        && window.is_none_or(|window| window == sent.window)
}

/// By how much a time is another than the one that was expected, both in milliseconds.
fn apart(seen: u64, expected: u64) -> String {
    let late = if seen > expected { "late" } else { "early" };
    format!("{}ms too {late}", seen.abs_diff(expected))
}

fn listed(sent: &[Sent]) -> String {
    let texts: Vec<String> = sent.iter().map(ToString::to_string).collect();
    if texts.is_empty() { "nothing sent".to_owned() } else { texts.join("; ") }
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
