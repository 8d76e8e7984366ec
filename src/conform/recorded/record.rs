//! Writing a case down: a path that an implementation was driven along, and what it did.

use serde::Serialize;

use super::case::CaseTimer;
use super::case::written;
use crate::conform::{EndpointInput, EndpointPath, Reaction};
use crate::json;
use crate::tcp::{Call, State, Timer};

/// A line of a file of cases.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    profile: &'a str,
    start_state: &'static str,
    events: Vec<String>,
    expect_segments: Vec<String>,
    state_checks: Vec<String>,
    expect_end_state: &'static str,
}

/// The line, without its end, of a case: what was seen after each event of a path, by someone who gives up after
/// so many retransmissions. There is none of what a case cannot have: a second connection, or a second
/// retransmission of a SYN.
#[must_use]
pub fn line(
    id: &str,
    profile: &str,
    path: &EndpointPath,
    seen: &[Reaction],
    retries: Option<u32>,
) -> Option<String> {
    let (start, events) = match path.events.as_slice() {
        [EndpointInput::Listen, events @ ..] => (State::Listen, events),
        [EndpointInput::Connect, events @ ..] => (State::SynSent, events),
        events => (State::Established, events),
    };
    let seen = seen.get(path.events.len() - events.len()..)?;
    let ends = |two: &[Reaction]| match two {
        [from, to] => to.state == State::Listen && !matches!(from.state, State::Listen | State::SynReceived),
        _ => false,
    };
    let timeouts = events.iter().filter(|event| **event == EndpointInput::Timeout(Timer::Retransmission)).count();
    if seen.windows(2).any(ends) || start != State::Established && timeouts > 1 {
        return None;
    }
    let mut line = Line {
        id,
        profile,
        start_state: start.name(),
        events: Vec::new(),
        expect_segments: Vec::new(),
        state_checks: Vec::new(),
        expect_end_state: seen.last().map_or(start, |last| last.state).name(),
    };
    let retransmits = timeouts > 0;
    if retransmits {
        // As in the namespace that the kernel runs in, so that whatever was one segment is sent again as one.
        line.events.push("env retrans_collapse 0".to_owned());
    }
    if let Some(retries) = retries.filter(|_| retransmits) {
        line.events.push(format!("env retries {retries}"));
    }
    for (event, Reaction { sent, state, delivered }) in events.iter().zip(seen) {
        line.events.push(step(event)?);
        let number = line.events.len();
        if sent.is_empty() {
            line.expect_segments.push(format!("@{number} none"));
        }
        line.expect_segments.extend(sent.iter().map(|segment| format!("@{number} {}", written(segment))));
        line.state_checks.push(format!("@{number} {state}"));
        if *delivered > 0 {
            line.events.push(format!("app recv {delivered}"));
        }
    }
    Some(json::line(&line))
}

/// The step of a case; none if it opens, which only the start of a case does.
fn step(event: &EndpointInput) -> Option<String> {
    Some(match event {
        EndpointInput::Connect | EndpointInput::Listen => return None,
        EndpointInput::Call(call) => format!(
            "app {}",
            match call {
                Call::Send => "send 1",
                Call::Receive => "recv",
                Call::Shutdown => "shutdown_wr",
                Call::Close => "close",
                Call::Abort => "abort",
                Call::Connect(_) => "connect",
            }
        ),
        EndpointInput::Arrival(segment) => format!("rcv {}", written(segment)),
        EndpointInput::Timeout(timer) => format!("timer {}", CaseTimer::Of(*timer).name()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conform::recorded::{CaseOutcome, Profile, parse, replay};
    use crate::conform::run;
    use crate::conform::testing::SelfStack;
    use crate::diagnostic::SourceFile;
    use crate::policy::Policies;
    use crate::tcp::{Flags, Segment, Seq};

    #[test]
    fn what_is_written_down_is_read_back_and_matches() {
        let policies = Policies::shipped().unwrap();
        let policy =
            policies.named("linux").unwrap().untimed(2).with(|policy| policy.retransmission.retries = Some(1));
        let arrival =
            |flags, seq, ack, len| EndpointInput::Arrival(Segment { flags, seq: Seq(seq), ack: Seq(ack), len });
        let path = EndpointPath {
            events: vec![
                EndpointInput::Call(Call::Send),
                arrival(Flags::ACK, 1, 2, 1),
                EndpointInput::Call(Call::Close),
                EndpointInput::Timeout(Timer::Retransmission),
                arrival(Flags::FIN_ACK, 2, 2, 0),
                EndpointInput::Timeout(Timer::Retransmission),
            ],
        };
        let seen = run(&path, &policy, &mut SelfStack::new(&path, policy)).unwrap().seen;
        let line = line("mine/gives-up", "linux", &path, &seen, policy.retransmission.retries).unwrap();
        insta::assert_snapshot!(line);
        let (cases, _) = parse(&SourceFile::new("cases.jsonl", line.as_str()), Profile::Named(&policies));
        assert_eq!(replay(&cases[0]).outcome, CaseOutcome::Match);
        let other = line.replace("@9 none", "@9 RST seq=3");
        let (cases, _) = parse(&SourceFile::new("cases.jsonl", other), Profile::Named(&policies));
        assert!(matches!(replay(&cases[0]).outcome, CaseOutcome::Differs(_)));
    }
}
