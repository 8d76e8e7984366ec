//! Replaying a case, and comparing.

use super::case::written;
use super::host::{Host, Returned, Sent};
use super::{AppCall, CallResult, Case, CaseState, CaseTimer, Event, ExpectedSegment, Number, SocketError, Step};
use crate::check::Event as EndEvent;
use crate::tcp::{Call, Sending, State, Timer};

/// How the replay of a case came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All that the case expects is so.
    Match,
    /// Something is not.
    Differs(Difference),
    /// The case is about something that is not modelled.
    OutOfScope(String),
}

/// The first thing that is not as expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
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
    pub outcome: Outcome,
    /// What the endpoint did, from the start of the case's own steps; nothing if it is out of scope.
    pub transitions: Vec<(State, EndEvent, State)>,
}

/// Why a replay ends early.
enum Stop {
    Differs(Difference),
    OutOfScope(String),
}

/// Replays a case against the endpoint under the policy that it names.
#[must_use]
pub fn replay(case: &Case) -> Replayed {
    let mut host = Host::new(case.policy.policy());
    let outcome = match case.scope() {
        Err(feature) => Outcome::OutOfScope(feature),
        Ok((start, end)) => {
            host.start_in(start, text_on_the_way(case), call_on_the_way(case));
            match steps(case, end, &mut host) {
                Ok(()) => Outcome::Match,
                Err(Stop::Differs(difference)) => Outcome::Differs(difference),
                Err(Stop::OutOfScope(feature)) => Outcome::OutOfScope(feature),
            }
        }
    };
    Replayed { outcome, transitions: host.transitions }
}

/// Octets that the FIN on the way to the start had with it, as far as the case lists it.
fn text_on_the_way(case: &Case) -> u32 {
    let on_the_way = case.expected.segments.iter().filter(|(step, _)| *step == 0);
    on_the_way.filter_map(|(_, segment)| segment.as_ref().map(|segment| segment.len)).max().unwrap_or(0)
}

/// What has closed on the way to the start: `shutdown`, unless a timer is said to expire that only runs after
/// `close()`.
fn call_on_the_way(case: &Case) -> Call {
    let of_orphans = Event::Expiry(CaseTimer::Of(Timer::FinWait2));
    let expires = case.steps.iter().any(|step| step.event == of_orphans);
    let closes = case.steps.iter().any(|step| matches!(step.event, Event::Call(AppCall::Close, _)));
    if expires && !closes { Call::Close } else { Call::Shutdown }
}

fn steps(case: &Case, end: State, host: &mut Host) -> Result<(), Stop> {
    poll_if_due(case, 0, host);
    on_the_way(case, host)?;
    check_states(case, 0, host)?;
    // The way is not what is compared.
    host.transitions.clear();
    for (number, step) in (1..).zip(&case.steps) {
        let returned = take(step, host)?;
        poll_if_due(case, number, host);
        check_segments(case, number, host)?;
        check_result(step, number, returned)?;
        check_states(case, number, host)?;
    }
    let last = case.steps.len();
    let state = host.endpoint.state;
    if state != end {
        return Err(differs(last, format!("{end} in the end"), state.name()));
    }
    match case.expected.error {
        Some(error) if error != host.socket_error() => {
            let name = |error: Option<SocketError>| error.map_or("no error", SocketError::name);
            Err(differs(last, format!("SO_ERROR: {}", name(error)), name(host.socket_error())))
        }
        _ => Ok(()),
    }
}

/// Takes a step. Text and FIN that wait for a poll leave before time passes, and before the peer acknowledges them: it
/// cannot acknowledge what was not sent.
fn take(step: &Step, host: &mut Host) -> Result<Option<Returned>, Stop> {
    if host.policy.sending != Sending::AtOnce && host.endpoint.is_sending() {
        let must_have_left = match &step.event {
            Event::Arrival(arrival) => host.endpoint.snd_nxt.precedes(host.segment(arrival).ack),
            Event::Expiry(_) | Event::Wait(_) => true,
            _ => false,
        };
        if must_have_left {
            host.poll(u32::MAX);
            host.sent.clear();
        }
    }
    match &step.event {
        Event::Call(call, _) => return Ok(Some(host.app(call))),
        Event::Arrival(arrival) => host.arrive(arrival),
        Event::Expiry(timer) => host.expire(*timer),
        Event::Wait(span) => host.wait(span).map_err(Stop::OutOfScope)?,
        Event::Environment(environment) => host.set(environment),
        // Nothing arrives; and a case with something that is not modelled is not replayed.
        Event::Lost | Event::NotModelled(_) => {}
    }
    Ok(None)
}

/// Whoever recorded a case of a stack that is polled has polled it where the case speaks of what it sends; where the
/// case does not, it may wait. Where it is said with each poll how much may be sent, the case shows what was
/// said.
fn poll_if_due(case: &Case, step: usize, host: &mut Host) {
    match host.policy.sending {
        Sending::Polled if case.speaks_of(step) => host.poll(u32::MAX),
        Sending::PolledForText if case.speaks_of(step) => {
            let of_step = case.expected.segments.iter().filter(|(of, _)| *of == step);
            for (_, segment) in of_step {
                match segment {
                    None => host.poll(u32::MAX),
                    Some(segment) if segment.len > 0 || segment.flags.fin => host.poll(segment.len),
                    Some(_) => {}
                }
            }
        }
        Sending::AtOnce | Sending::Polled | Sending::PolledForText => {}
    }
}

/// What is listed of the way to the start was sent on it, in this order; or nothing was.
fn on_the_way(case: &Case, host: &mut Host) -> Result<(), Stop> {
    let sent = std::mem::take(&mut host.sent);
    let mut rest = sent.iter();
    for (_, expected) in case.expected.segments.iter().filter(|(step, _)| *step == 0) {
        match expected {
            Some(expected) if !rest.any(|sent| is_as_expected(sent, expected, host)) => {
                return Err(differs(0, format!("{} on the way", expected.text), listed(&sent)));
            }
            None if !sent.is_empty() => return Err(differs(0, "nothing sent on the way", listed(&sent))),
            _ => {}
        }
    }
    Ok(())
}

fn check_segments(case: &Case, step: usize, host: &mut Host) -> Result<(), Stop> {
    let sent = std::mem::take(&mut host.sent);
    if !case.speaks_of(step) {
        return Ok(());
    }
    let of_step = case.expected.segments.iter().filter(|(of, _)| *of == step);
    let expected: Vec<&ExpectedSegment> = of_step.filter_map(|(_, segment)| segment.as_ref()).collect();
    let all = expected.len() == sent.len()
        && expected.iter().zip(&sent).all(|(expected, sent)| is_as_expected(sent, expected, host));
    if all {
        return Ok(());
    }
    let texts: Vec<&str> = expected.iter().map(|segment| segment.text.as_str()).collect();
    let expected = if texts.is_empty() { "nothing sent".to_owned() } else { texts.join("; ") };
    Err(differs(step, expected, listed(&sent)))
}

fn is_as_expected(sent: &Sent, expected: &ExpectedSegment, host: &Host) -> bool {
    let ExpectedSegment { text: _, flags, seq, ack, len, window, not_modelled: _ } = expected;
    let is = |number: &Option<Number>, value| number.as_ref().is_none_or(|number| host.value(number) == value);
    *flags == sent.segment.flags
        && is(seq, sent.segment.seq)
        && is(ack, sent.segment.ack)
        && *len == sent.segment.len
        && window.is_none_or(|window| window == sent.window)
}

fn check_result(step: &Step, number: usize, returned: Option<Returned>) -> Result<(), Stop> {
    let (Event::Call(call, expected), Some(returned)) = (&step.event, returned) else { return Ok(()) };
    let (right, wanted) = match (call, expected) {
        (_, Some(expected)) => {
            let name = match expected {
                CallResult::Success => "success".to_owned(),
                CallResult::Eof => "EOF".to_owned(),
                CallResult::Closing => "an error: the connection is closing".to_owned(),
                CallResult::BrokenPipe => "EPIPE".to_owned(),
                CallResult::Failed(error) => error.name().to_owned(),
                CallResult::Nothing => "nothing yet".to_owned(),
                CallResult::Octets(octets) => format!("{octets} octets"),
                CallResult::Error => "an error".to_owned(),
            };
            (returned.is(*expected), name)
        }
        (AppCall::Receive(Some(octets)), None) => {
            (returned == Returned::Octets(*octets), format!("{octets} octets"))
        }
        _ => return Ok(()),
    };
    if right { Ok(()) } else { Err(differs(number, wanted, returned.to_string())) }
}

fn check_states(case: &Case, step: usize, host: &Host) -> Result<(), Stop> {
    let state = host.endpoint.state;
    let wrong =
        case.expected.states.iter().find(|(of, expected)| *of == step && *expected != CaseState::Known(state));
    match wrong {
        None => Ok(()),
        Some((_, expected)) => Err(differs(step, expected.to_string(), state.name())),
    }
}

fn differs(step: usize, expected: impl Into<String>, seen: impl Into<String>) -> Stop {
    Stop::Differs(Difference { step, expected: expected.into(), seen: seen.into() })
}

fn listed(sent: &[Sent]) -> String {
    let texts: Vec<String> =
        sent.iter().map(|sent| format!("{} win={}", written(&sent.segment), sent.window)).collect();
    if texts.is_empty() { "nothing sent".to_owned() } else { texts.join("; ") }
}
