//! A recorded case beside the endpoint.

use std::fmt;

use super::case::{Case, Expected};
use super::grammar::{CaseState, Happening, Pattern, Returns};
use super::host::Host;
use crate::check::Event;
use crate::tcp::{EndedBy, Endpoint, Policy, Segment, State};

/// What became of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The endpoint did all that is expected, and nothing else where something is.
    Match,
    /// It did something else.
    Differs(CaseDifference),
    /// The case needs what the model leaves out.
    OutOfScope(String),
}

/// The first thing in which a case and the endpoint differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseDifference {
    /// In which step, from 1; 0 is the way to the first state.
    pub step: usize,
    /// What the case expects.
    pub expected: String,
    /// What the endpoint does.
    pub seen: String,
}

/// A step as it went.
struct Taken {
    /// The endpoint before it.
    before: Endpoint,
    /// What arrived in it.
    arrived: Option<Segment>,
    /// What was sent in it.
    sent: Vec<Segment>,
    /// What the call said.
    returned: Result<(), Returns>,
    /// The state after it.
    state: State,
}

/// A case that was replayed.
#[derive(Clone, Debug)]
pub struct Replayed {
    /// What became of it.
    pub outcome: Outcome,
    /// Each transition of the endpoint: its state, what happened, and its state then.
    pub transitions: Vec<(State, Event, State)>,
}

/// Replays a case under its own profile's policy, or another.
#[must_use]
pub fn replay(case: &Case, policy: Option<&Policy>) -> Replayed {
    let out_of_scope = |feature| Replayed { outcome: Outcome::OutOfScope(feature), transitions: Vec::new() };
    if let Some(feature) = feature_left_out(case) {
        return out_of_scope(feature);
    }
    let CaseState::Closing(start) = case.start else {
        return out_of_scope(HANDSHAKE.to_owned());
    };
    let mut host = Host::new(*policy.unwrap_or(&case.profile.policy));
    let before = host.endpoint.clone();
    host.go_to(start);
    let way =
        Taken { before, arrived: None, sent: host.take_sent(), returned: Ok(()), state: host.endpoint.state };
    let mut taken = vec![way];
    for happening in &case.steps {
        taken.push(take(&mut host, happening));
    }

    let mut differences: Vec<CaseDifference> = case
        .expected
        .iter()
        .filter_map(|expected| match expected {
            Expected::Sent(step, patterns) => segments(&taken, *step, patterns, case),
            Expected::State(step, state) => states(&taken, *step, *state),
            Expected::Error(error) => errors(&host.endpoint, error.as_deref(), case.steps.len()),
        })
        .chain(returns(case, &taken))
        .collect();
    differences.sort_by_key(|difference| difference.step);
    let outcome = differences.into_iter().next().map_or(Outcome::Match, Outcome::Differs);
    Replayed { outcome, transitions: host.into_transitions() }
}

const HANDSHAKE: &str = "the handshake of a connection";

/// What the case needs and the model leaves out.
fn feature_left_out(case: &Case) -> Option<String> {
    let of_steps = case.steps.iter().find_map(|happening| match happening {
        Happening::Unmodelled(feature) => Some(feature.clone()),
        Happening::Arrival(pattern) => pattern.unmodelled.clone(),
        _ => None,
    });
    let of_expected = case.expected.iter().find_map(|expected| match expected {
        Expected::Sent(_, patterns) => patterns.iter().find_map(|pattern| {
            let is_new = pattern.flags.syn || pattern.seq.as_ref().is_some_and(super::grammar::Number::is_new);
            if is_new { Some(HANDSHAKE.to_owned()) } else { pattern.unmodelled.clone() }
        }),
        Expected::State(_, CaseState::Handshake) => Some(HANDSHAKE.to_owned()),
        Expected::State(..) | Expected::Error(_) => None,
    });
    of_steps.or(of_expected)
}

fn take(host: &mut Host, happening: &Happening) -> Taken {
    let before = host.endpoint.clone();
    let mut arrived = None;
    let mut returned = Ok(());
    match happening {
        Happening::App(call, _) => returned = host.app(*call),
        Happening::Arrival(pattern) => {
            let segment = pattern.at(&before);
            host.arrive(&segment);
            arrived = Some(segment);
        }
        Happening::Timer(timer) => host.expire(*timer),
        Happening::Wait(span) => host.wait(span),
        Happening::Retries(retries) => host.set_retries(*retries),
        Happening::UserTimeout | Happening::Drop | Happening::Unmodelled(_) => {}
    }
    Taken { before, arrived, sent: host.take_sent(), returned, state: host.endpoint.state }
}

fn segments(taken: &[Taken], step: usize, patterns: &[Pattern], case: &Case) -> Option<CaseDifference> {
    let this = taken.get(step)?;
    let fits = |sent: &[Segment]| {
        sent.len() == patterns.len()
            && sent
                .iter()
                .zip(patterns)
                .all(|(sent, pattern)| pattern.fits(sent, &this.before, this.arrived.as_ref()))
    };
    // What was sent on the way may be told with the first step, if that is one in which nothing can be sent.
    let is_silent =
        matches!(case.steps.first(), Some(Happening::UserTimeout | Happening::Retries(_) | Happening::Drop));
    let way_is_told = case.expected.iter().any(|expected| matches!(expected, Expected::Sent(0, _)));
    let with_way = || {
        let way = taken.first().map_or(&[][..], |way| &way.sent);
        let mut suffixes = (0..way.len()).filter_map(|from| way.get(from..));
        suffixes.any(|way| fits(&[way, &this.sent].concat()))
    };
    // A state that was prepared may have sent more on the way than the last segment, which is what is told.
    let way_ends_so = step == 0 && (0..this.sent.len()).any(|from| this.sent.get(from..).is_some_and(&fits));
    if fits(&this.sent) || way_ends_so || (step == 1 && is_silent && !way_is_told && with_way()) {
        return None;
    }
    let expected = if patterns.is_empty() {
        "nothing is sent".to_owned()
    } else {
        let all: Vec<String> = patterns.iter().map(|pattern| told(pattern, this)).collect();
        all.join(", ")
    };
    let seen = if this.sent.is_empty() {
        "nothing is sent".to_owned()
    } else {
        this.sent.iter().map(in_full).collect::<Vec<_>>().join(", ")
    };
    Some(CaseDifference { step, expected, seen })
}

fn states(taken: &[Taken], step: usize, expected: CaseState) -> Option<CaseDifference> {
    let seen = taken.get(step)?.state;
    let CaseState::Closing(expected) = expected else {
        return None;
    };
    (seen != expected).then(|| CaseDifference { step, expected: expected.to_string(), seen: seen.to_string() })
}

fn returns<'a>(case: &'a Case, taken: &'a [Taken]) -> impl Iterator<Item = CaseDifference> + 'a {
    case.steps.iter().zip(taken.iter().skip(1)).enumerate().filter_map(|(index, (happening, taken))| {
        let Happening::App(_, expected) = happening else {
            return None;
        };
        let expected = expected.map_or(Ok(()), Err);
        let is_so = match expected {
            Err(Returns::Error) => taken.returned.is_err(),
            other => taken.returned == other,
        };
        let difference = |result: Result<(), Returns>| match result {
            Ok(()) => "the call succeeds".to_owned(),
            Err(returned) => format!("the call returns {returned}"),
        };
        (!is_so).then(|| CaseDifference {
            step: index + 1,
            expected: difference(expected),
            seen: difference(taken.returned),
        })
    })
}

fn errors(endpoint: &Endpoint, expected: Option<&str>, step: usize) -> Option<CaseDifference> {
    let seen = socket_error(endpoint);
    let told = |error: Option<&str>| error.unwrap_or("no error").to_owned();
    (seen != expected).then(|| CaseDifference { step, expected: told(expected), seen: told(seen) })
}

/// What a socket's owner is told of the end: RFC 9293 §3.10.7.4, "connection reset", in sockets' words. A reset after
/// the peer's FIN breaks the pipe (Linux's `tcp_reset`); nobody is left to be told in `TIME_WAIT`.
fn socket_error(endpoint: &Endpoint) -> Option<&'static str> {
    match (endpoint.ended_by?, endpoint.left?) {
        (EndedBy::Rst, State::CloseWait) => Some("EPIPE"),
        (EndedBy::Rst, State::TimeWait) | (EndedBy::Fin | EndedBy::Abort, _) => None,
        (EndedBy::Rst, _) => Some("ECONNRESET"),
        (EndedBy::GiveUp, _) => Some("ETIMEDOUT"),
    }
}

impl fmt::Display for Returns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Eof => "EOF",
            Self::BrokenPipe => "EPIPE",
            Self::Error => "an error",
        })
    }
}

/// A pattern with its numbers as they are in this step.
fn told(pattern: &Pattern, taken: &Taken) -> String {
    let number = |name: &str, number: &Option<super::grammar::Number>| {
        number.as_ref().map(|number| format!("{name}={}", number.at(&taken.before, taken.arrived.as_ref())))
    };
    let fields = [
        Some(pattern.flags.to_string()),
        number("seq", &pattern.seq),
        number("ack", &pattern.ack),
        number("len", &pattern.len),
    ];
    fields.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

/// A segment with all of its flags, as cases write it.
fn in_full(segment: &Segment) -> String {
    let Segment { flags, seq, ack, len } = segment;
    let ack = if flags.ack { format!(" ack={ack}") } else { String::new() };
    let len = if *len > 0 { format!(" len={len}") } else { String::new() };
    format!("{flags} seq={seq}{ack}{len}")
}
