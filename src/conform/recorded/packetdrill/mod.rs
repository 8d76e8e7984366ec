//! packetdrill scripts: the common subset, replayed as recorded cases are.
//!
//! A script opens a connection; from then on its lines are the steps of a case. What a script says of a segment
//! that is sent is compared with what is sent next, in whichever step that was, and with when it is sent, as
//! packetdrill does.
//!
//! <https://github.com/google/packetdrill>

mod call;
mod opening;
mod script;
mod segment;
mod shell;
mod syntax;

use std::sync::Arc;

use self::opening::Opening;
use self::script::{Action, CaseEvent as Line, Time};
use super::case::{
    AppCall, Case, CaseEvent, CaseStep, Expectations, ExpectedSegment, SegmentOrder, StepTime, Tolerance,
};
use super::words::Mistake;
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile};
use crate::policy::NamedPolicy;
use crate::tcp::State;

/// The time by which packetdrill lets a segment be early or late by default, in microseconds.
const TOLERANCE: u64 = 4_000;

/// What a script may let it be at most, in microseconds: an hour.
const LARGEST_TOLERANCE: u64 = 3_600_000_000;

/// The case of a script, under a policy. A script that is about something that is not modelled is a case that is
/// out of scope.
///
/// # Errors
/// Each mistake, with its place.
pub fn parse(file: &Arc<SourceFile>, policy: &Arc<NamedPolicy>) -> Result<Case, Diagnostics> {
    let script = syntax::parse(&file.text).map_err(|Mistake { at, title, label, help }| Diagnostic {
        help,
        ..Diagnostic::new(title).at(file, at, label)
    })?;
    if script.events.is_empty() {
        let empty = Diagnostic::new(format!("`{}` has no events", file.path));
        return Err(empty.help("an event is a time and what happens, as in +0 close(4) = 0").into());
    }
    let back = |(before, event): (u64, &Line<'_>)| matches!(event.time, Time::Absolute(time, _) if time < before);
    if let Some((_, event)) = times(&script.events).zip(&script.events).find(|step| back(*step)) {
        let mistake = Diagnostic::new("this is earlier than the event before it");
        return Err(mistake.at(file, event.at.clone(), "expected a later time, or one as in +.1").into());
    }
    for event in &script.events {
        if let Action::Call(call) = &event.action
            && let Some(possible) = call::impossible(call)
        {
            let mistake = Diagnostic::new(format!("`{}` cannot return this", call.name));
            return Err(mistake.at(file, event.at.clone(), format!("expected {possible}")).into());
        }
    }
    let tolerance = tolerance(file, &script.options)?;
    let reader = |opening, start| Reader {
        file,
        policy,
        ifdef: None,
        start,
        tolerance,
        opening,
        clock: Clock::default(),
        entries: Vec::new(),
    };
    let mut ordinary = reader(Opening::default(), State::Established);
    let read = ordinary.read(&script.events);
    // Another opening than the ordinary one is replayed, too. Before it nobody is connected: a port without a
    // listener was told from that.
    let (read, reader) = if read.is_err() && ordinary.opening.shift().is_none() {
        let mut replayed = reader(Opening::replayed(), State::Listen);
        (replayed.read(&script.events), replayed)
    } else {
        (read, ordinary)
    };
    let entries = match read {
        Ok(()) => reader.entries,
        Err(NotModelled { at, feature }) => {
            let line = file.line_of(at);
            vec![Entry::of(CaseEvent::NotModelled(format!("line {line}: {feature}")))]
        }
    };
    Ok(case(file, policy, reader.start, entries))
}

/// When the event before each event has happened, at the earliest, in microseconds after the start.
fn times(events: &[Line<'_>]) -> impl Iterator<Item = u64> {
    let mut clock = Clock::default();
    events.iter().map(move |event| {
        let before = clock.now;
        clock.go_to(event.time);
        before
    })
}

/// `--tolerance_usecs`: by how much a segment may be early or late, in microseconds.
fn tolerance(file: &Arc<SourceFile>, options: &[(&str, &str)]) -> Result<u64, Diagnostics> {
    let Some((_, value)) = options.iter().find(|(name, _)| *name == "tolerance_usecs") else {
        return Ok(TOLERANCE);
    };
    let number = value.parse::<u64>().ok().filter(|number| *number <= LARGEST_TOLERANCE);
    number.ok_or_else(|| {
        let place = file.text.find("--tolerance_usecs").unwrap_or(0);
        let mistake = Diagnostic::new(format!("`{value}` is no tolerance"));
        let label = format!("expected microseconds, at most {LARGEST_TOLERANCE}");
        mistake.at(file, place..place + "--tolerance_usecs".len(), label).into()
    })
}

fn case(file: &SourceFile, policy: &Arc<NamedPolicy>, start: State, entries: Vec<Entry>) -> Case {
    let mut case = Case {
        name: file.stem().to_owned(),
        line: 1,
        policy: Arc::clone(policy),
        start,
        steps: Vec::new(),
        expected: Expectations {
            segments: Vec::new(),
            states: Vec::new(),
            other_states: Vec::new(),
            end: None,
            error: None,
            order: SegmentOrder::InTurn,
        },
    };
    for Entry { step, sent, state, other_state } in entries {
        case.steps.push(step);
        let number = case.steps.len();
        case.expected.segments.extend(sent.map(|sent| (number, Some(sent))));
        case.expected.states.extend(state.map(|state| (number, state)));
        case.expected.other_states.extend(other_state.map(|state| (number, state)));
    }
    case
}

/// A step and what is expected of it.
struct Entry {
    step: CaseStep,
    sent: Option<ExpectedSegment>,
    /// The state after it.
    state: Option<State>,
    /// A state that is not that after it.
    other_state: Option<State>,
}

impl Entry {
    fn of(event: CaseEvent) -> Self {
        Self { step: CaseStep::at_once("", event), sent: None, state: None, other_state: None }
    }
}

/// A script is about something that is not modelled: what, and the first byte of its place.
struct NotModelled {
    at: usize,
    feature: String,
}

/// When events happen.
#[derive(Debug)]
struct Clock {
    /// The last event, at the earliest, in microseconds since the start of the script.
    now: u64,
    /// The opening was over then.
    opened: u64,
    /// The last event, as steps have it: lines that are no steps take time, too.
    time: StepTime,
    /// The event before it.
    before: StepTime,
}

impl Default for Clock {
    fn default() -> Self {
        Self { now: 0, opened: 0, time: StepTime::AT_ONCE, before: StepTime::AT_ONCE }
    }
}

impl Clock {
    /// Goes on to an event.
    fn go_to(&mut self, time: Time) {
        self.before = self.time;
        match time {
            Time::Absolute(from, _) => {
                self.now = from.max(self.now);
                self.time = self.since_opening(from);
            }
            Time::Relative(from, _) => {
                self.now = self.now.saturating_add(from);
                self.time = self.time.later(from);
            }
            Time::Any => {}
        }
    }

    /// The opening is over. Before the connection is open no time passes for it.
    fn open(&mut self) {
        self.opened = self.now;
        self.time = StepTime::AT_ONCE;
    }

    fn since_opening(&self, time: u64) -> StepTime {
        StepTime::AfterStart(time.saturating_sub(self.opened))
    }

    /// The time of the next step. What follows counts from when it has happened.
    fn take(&mut self) -> StepTime {
        std::mem::replace(&mut self.time, StepTime::AT_ONCE)
    }
}

struct Reader<'a> {
    file: &'a SourceFile,
    policy: &'a NamedPolicy,
    /// Whether the lines between `#ifdef` and `#endif` that are being read count.
    ifdef: Option<bool>,
    start: State,
    tolerance: u64,
    opening: Opening,
    clock: Clock,
    entries: Vec<Entry>,
}

impl Reader<'_> {
    fn read(&mut self, lines: &[Line<'_>]) -> Result<(), NotModelled> {
        // What follows the last segment, call or question is there to clean up.
        let counts = |line: &Line<'_>| match line.action {
            Action::Shell(command) => !matches!(shell::asks_for(command), Ok(None)),
            Action::Directive(_) => false,
            _ => true,
        };
        let end = lines.iter().rposition(counts).map_or(0, |last| last + 1);
        for line in lines.iter().take(end) {
            if self.is_left_out(line).map_err(|feature| NotModelled { at: line.at.start, feature })? {
                continue;
            }
            self.clock.go_to(line.time);
            self.line(line).map_err(|feature| NotModelled { at: line.at.start, feature })?;
        }
        let is_asked =
            |entry: &Entry| entry.sent.is_some() || entry.state.is_some() || entry.other_state.is_some();
        match lines.last() {
            Some(last) if self.opening.shift().is_none() => {
                Err(NotModelled { at: last.at.start, feature: "a new connection that is not opened".to_owned() })
            }
            Some(last) if self.opening.is_replayed() && !self.entries.iter().any(is_asked) => {
                let feature = "a script that expects neither a segment nor a state".to_owned();
                Err(NotModelled { at: last.at.start, feature })
            }
            _ => Ok(()),
        }
    }

    /// Whether a line is one for the preprocessor, or left out by one. A name is defined if it is the policy's.
    fn is_left_out(&mut self, line: &Line<'_>) -> Result<bool, String> {
        let Action::Directive(directive) = line.action else {
            return Ok(self.ifdef == Some(false));
        };
        let words: Vec<&str> = directive.split_whitespace().collect();
        self.ifdef = match (words.as_slice(), self.ifdef) {
            (["ifdef", name], None) => Some(name.eq_ignore_ascii_case(&self.policy.name)),
            (["ifndef", name], None) => Some(!name.eq_ignore_ascii_case(&self.policy.name)),
            (["else"], Some(included)) => Some(!included),
            (["endif"], Some(_)) => None,
            _ => return Err("a line for the preprocessor".to_owned()),
        };
        Ok(true)
    }

    fn line(&mut self, line: &Line<'_>) -> Result<(), String> {
        match line.action {
            Action::Shell(command) => {
                if let Some((state, is)) = shell::asks_for(command)? {
                    return self.look(line, state, is);
                }
                for event in shell::settings(command)? {
                    let entry = self.entry(line, event);
                    self.entries.push(entry);
                }
                return Ok(());
            }
            Action::Code(code) => {
                let state = shell::asserts(code).ok_or("code between %{ and }%")?;
                return self.look(line, state, true);
            }
            _ => {}
        }
        if self.opening.shift().is_none() && self.opening.is_refused(&line.action) {
            self.start = State::Closed;
            self.clock.open();
        }
        let Some(shift) = self.opening.shift() else {
            let events = match &line.action {
                Action::Call(call) if self.opening.takes(call)? => Vec::new(),
                Action::Call(call) => call::event(call, &mut self.opening)?.into_iter().collect(),
                other => self.opening.take(other)?,
            };
            if self.opening.shift().is_some() {
                self.clock.open();
            }
            for event in events {
                let entry = self.entry(line, event);
                self.entries.push(entry);
            }
            return Ok(());
        };
        let mut sent = None;
        let mut settings = Vec::new();
        let event = match &line.action {
            Action::Inbound(packet) => {
                if !packet.flags.contains('S') || !self.opening.is_replayed() {
                    self.opening.take_timestamp(packet)?;
                }
                for event in self.opening.replay(packet, true)? {
                    let entry = self.entry(line, event);
                    self.entries.push(entry);
                }
                CaseEvent::Arrival(segment::arrival(packet, &self.opening, shift)?)
            }
            Action::Outbound(packet) => {
                settings = self.opening.replay(packet, false)?;
                let text = self.text(line);
                sent = Some(segment::expected(packet, &self.opening, text)?);
                CaseEvent::Awaited(self.tolerance_of(line.time))
            }
            Action::Call(call) if self.opening.is_replayed() && self.opening.takes(call)? => match call.name {
                "connect" => CaseEvent::Call(AppCall::Connect, None),
                _ => return Ok(()),
            },
            Action::Call(call) => match call::event(call, &mut self.opening)? {
                Some(event) => event,
                None => return Ok(()),
            },
            Action::NotModelled(feature) => return Err((*feature).to_owned()),
            Action::Shell(_) | Action::Code(_) | Action::Directive(_) => return Ok(()),
        };
        let returns = match &line.action {
            // What follows until it returns is its doing.
            Action::Call(call) if call.name != "connect" => call.returns,
            _ => None,
        };
        let returns = returns.map(|returns| match line.time {
            Time::Absolute(..) => self.clock.since_opening(returns),
            Time::Relative(..) | Time::Any => self.clock.before.later(returns),
        });
        let mut entry = self.entry(line, event);
        entry.step.returns = returns;
        entry.sent = sent;
        self.entries.push(entry);
        for event in settings {
            let entry = self.entry(line, event);
            self.entries.push(entry);
        }
        Ok(())
    }

    /// By how much a segment may be early or late; `None`: as much as it likes.
    fn tolerance_of(&self, time: Time) -> Option<Tolerance> {
        let lasts = match time {
            Time::Any => return None,
            Time::Absolute(from, to) | Time::Relative(from, to) => to.map_or(0, |to| to.saturating_sub(from)),
        };
        Some(Tolerance { early: self.tolerance, late: self.tolerance.saturating_add(lasts) })
    }

    /// A question whether the connection is in a state, or is not.
    fn look(&mut self, line: &Line<'_>, state: State, is: bool) -> Result<(), String> {
        if self.opening.shift().is_none() {
            return Err("the state of a connection that is not open yet".to_owned());
        }
        let mut entry = self.entry(line, CaseEvent::Look);
        *(if is { &mut entry.state } else { &mut entry.other_state }) = Some(state);
        self.entries.push(entry);
        Ok(())
    }

    fn entry(&mut self, line: &Line<'_>, event: CaseEvent) -> Entry {
        let at = if self.opening.shift().is_some() { self.clock.take() } else { StepTime::AT_ONCE };
        let number = self.file.line_of(line.at.start);
        let step = CaseStep { text: self.text(line), line: Some(number), at, returns: None, event };
        Entry { step, sent: None, state: None, other_state: None }
    }

    /// The line as it stands in the file, with single spaces.
    fn text(&self, line: &Line<'_>) -> String {
        let text = self.file.text.get(line.at.clone()).unwrap_or_default();
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use proptest::prelude::*;

    use super::*;
    use crate::conform::recorded::{CaseOutcome, StepDifference, replay};
    use crate::policy::Policies;

    /// A server whose connection is open; `win` is shifted by 2.
    const OPENED: &str = "\
        0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n\
        +0 bind(3, ..., ...) = 0\n\
        +0 listen(3, 1) = 0\n\
        +0 < S 100:100(0) win 5000 <mss 500,nop,wscale 2>\n\
        +0 > S. 700:700(0) ack 101 <...>\n\
        +.5 < . 101:101(0) ack 701 win 1000\n\
        +0 accept(3, ..., ...) = 4\n";

    fn named(policy: &str) -> Arc<NamedPolicy> {
        Arc::clone(Policies::shipped().unwrap().named(policy).unwrap())
    }

    fn outcome(script: &str, policy: &str) -> String {
        match parse(&SourceFile::new("script.pkt", script), &named(policy)) {
            Err(mistakes) => mistakes.to_string(),
            Ok(case) => match replay(&case).outcome {
                CaseOutcome::Match => "match".to_owned(),
                CaseOutcome::OutOfScope(feature) => feature,
                CaseOutcome::Differs(differences) => {
                    let line = |step: usize| case.steps.get(step - 1).and_then(|step| step.line).unwrap();
                    let all = differences.iter().map(|StepDifference { step, expected, seen }| {
                        format!("line {}: {expected} | {seen}", line(*step))
                    });
                    all.collect::<Vec<_>>().join("\n")
                }
            },
        }
    }

    fn after_opening(lines: &str, policy: &str) -> String {
        outcome(&format!("{OPENED}{lines}"), policy)
    }

    #[test]
    fn numbers_windows_and_segments_are_those_of_the_opening() {
        let script = "\
            +0 write(4, ..., 5000) = 5000\n\
            // The window is 4,000 octets; how text is divided does not matter.\n\
            +0 > . 701:1901(1200) ack 101\n\
            +0 > P. 1901:4701(2800) ack 101\n\
            +0 close(4) = 0\n\
            +.1 < . 101:101(0) ack 4701 win 1000\n\
            +0 > FP. 4701:5701(1000) ack 101\n\
            // What is sent again is one segment.\n\
            +.2 > . 4701:5201(500) ack 101\n\
            +.1 < . 101:101(0) ack 5702 win 1000\n\
            +0 < F. 101:101(0) ack 5702 win 1000\n\
            +0 > . 5702:5702(0) ack 102\n";
        assert_eq!(after_opening(script, "linux"), "match");
        // Each number counts.
        for (right, wrong) in [
            ("ack 4701 win 1000", "ack 4700 win 1000"),
            ("> FP. 4701:5701(1000)", "> F. 4701:5701(1000)"),
            ("> FP. 4701:5701(1000)", "> P. 4701:5701(1000)"),
            ("4701:5201(500) ack 101", "4701:5201(500) ack 102"),
            ("> . 5702:5702(0) ack 102", "> R 5702:5702(0)"),
            ("+.2 > . 4701", "+.1 > . 4701"),
            ("close(4) = 0", "close(4) = -1 EPIPE"),
        ] {
            let changed = script.replace(right, wrong);
            let is_harmless = wrong.starts_with("> F. ");
            assert_eq!(after_opening(&changed, "linux") == "match", is_harmless, "{right} -> {wrong}");
        }
    }

    #[test]
    fn a_client_opens_and_text_and_resets_are_as_in_cases() {
        let script = "\
            --tolerance_usecs=10000\n\
            `../common/defaults.sh`\n\
            0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n\
            +0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0\n\
            +0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)\n\
            +0 > S 0:0(0) <...>\n\
            +0 < S. 0:0(0) ack 1 win 5840 <mss 1000>\n\
            +0 > . 1:1(0) ack 1\n\
            +0 setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0\n\
            /* Blocks until text is there. */\n\
            +0...0.1 read(3, ..., 100) = 40\n\
            +.1 < P. 1:41(40) ack 1 win 5840\n\
            +0 > . 1:1(0) ack 41\n\
            +0 read(3, ..., 100) = -1 EAGAIN (Resource temporarily unavailable)\n\
            +0 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0\n\
            +0 close(3) = 0\n\
            +0 > R. 1:1(0) ack 41\n\
            +0 `/tmp/restore.sh`\n";
        assert_eq!(outcome(script, "linux"), "match");
        let unread = script.replace("read(3, ..., 100) = 40", "read(3, ..., 100) = 41");
        assert_eq!(outcome(&unread, "linux"), "line 11: 41 octets | 40 octets");
    }

    /// Another opening than the ordinary one is replayed like what follows it.
    #[test]
    fn any_opening_is_replayed() {
        let connects = "\
            0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n\
            1 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)\n\
            +0 > S 700:700(0) win 65535 <mss 1460,nop,wscale 6,sackOK,TS val 100 ecr 0>\n";
        let closes = "+0 close(3) = 0\n+0 > F. 701:701(0) ack 101\n+0 < F. 101:101(0) ack 702 win 9\n+0 > . 702:702(0) ack 102\n";
        // What does not acknowledge the SYN is reset, and the SYN is sent again.
        let old = "\
            +.1 < S. 100:100(0) ack 700 win 9 <mss 1000>\n\
            +0 > R 700:700(0)\n\
            2 > S 700:700(0) win 65535 <...>\n\
            +0 < S. 100:100(0) ack 701 win 9 <mss 1000>\n\
            +0 > . 701:701(0) ack 101\n";
        assert_eq!(outcome(&format!("{connects}{old}{closes}"), "freebsd"), "match");
        let early = old.replace("2 > S 700", "1.5 > S 700");
        let late = "line 6: 1.5 > S 700:700(0) win 65535 <...> | nothing sent";
        assert!(outcome(&format!("{connects}{early}{closes}"), "freebsd").starts_with(late));
        // Both connect at once.
        let crossing = "\
            +.1 < S 100:100(0) win 9 <mss 1000>\n\
            +0 > S. 700:700(0) ack 101\n\
            +0 %{ assert tcpi_state == TCPI_SYN_RECEIVED }%\n\
            +.1 < . 101:101(0) ack 701 win 9\n\
            +0 %{ assert tcpi_state == TCPI_ESTABLISHED }%\n";
        assert_eq!(outcome(&format!("{connects}{crossing}{closes}"), "freebsd"), "match");
        // That there was no error yet does not take the one that comes.
        let refused = "\
            +0 getsockopt(3, SOL_SOCKET, SO_ERROR, [0], [4]) = 0\n\
            +.1 < R. 0:0(0) ack 701\n\
            +0 getsockopt(3, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0\n";
        assert_eq!(outcome(&format!("{connects}{refused}"), "linux"), "match");
        // Nothing but a SYN opens a connection.
        let listens = "\
            0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n\
            +0 bind(3, ..., ...) = 0\n\
            +0 listen(3, 1) = 0\n";
        let stray = "+.1 < . 17:20(3) ack 34 win 9\n+0 > R 34:34(0)\n";
        assert_eq!(outcome(&format!("{listens}{stray}"), "rfc9293"), "match");
        assert_eq!(
            outcome(&format!("{listens}{}", stray.replace("34:34", "35:35")), "rfc9293"),
            "line 5: +0 > R 35:35(0) | RST seq=34 win=65535"
        );
        let dropped = "\
            +0 `sysctl -w net.inet.tcp.drop_synfin=1`\n\
            +.1 < SF 17:17(0) win 9 <mss 1000>\n\
            +1 < S 27:27(0) win 9 <mss 1000>\n\
            +0 > S. 0:0(0) ack 28\n";
        assert_eq!(outcome(&format!("{listens}{dropped}"), "freebsd"), "match");
        let taken = dropped.replace("synfin=1", "synfin=0");
        let answered = "line 7: +0 > S. 0:0(0) ack 28 | SYN,ACK seq=0 ack=18 win=65535";
        assert!(outcome(&format!("{listens}{taken}"), "freebsd").starts_with(answered));
        // A listener takes the next SYN, and numbers count from that of its own.
        let again = "\
            +.1 < S 0:0(0) win 9 <mss 1000>\n\
            +0 > S. 700:700(0) ack 1\n\
            +.1 < R 1:1(0)\n\
            +.1 < S 50:50(0) win 9 <mss 1000>\n\
            +0 > S. 900:900(0) ack 51\n\
            +.1 < . 51:51(0) ack 901 win 9\n\
            +0 accept(3, ..., ...) = 4\n\
            +0 close(4) = 0\n\
            +0 > F. 901:901(0) ack 51\n";
        assert_eq!(outcome(&format!("{listens}{again}"), "freebsd"), "match");
        assert_eq!(
            outcome(&format!("{listens}+0 close(3) = 0\n"), "linux"),
            "line 4: a script that expects neither a segment nor a state"
        );
        let fast = "+.1 < S 0:0(0) win 9 <mss 1000,FO aabbccdd>\n+0 > S. 0:0(0) ack 1\n";
        assert_eq!(outcome(&format!("{listens}{fast}+0 close(3) = 0\n"), "linux"), "line 4: Fast Open");
    }

    /// A SYN may open a new connection after `TIME_WAIT`.
    #[test]
    fn a_syn_reopens_what_waits() {
        let script = "\
            +0 close(4) = 0\n\
            +0 > F. 701:701(0) ack 101\n\
            +.1 < F. 101:101(0) ack 702 win 9\n\
            +0 > . 702:702(0) ack 102\n\
            +1 < S 5000:5000(0) win 9 <mss 1000>\n\
            +0 > S. 9000:9000(0) ack 5001\n\
            +.1 < R 5001:5001(0)\n";
        assert_eq!(after_opening(script, "linux"), "match");
        let old = script.replace("5000:5000", "90:90").replace("ack 5001", "ack 91");
        assert_eq!(
            after_opening(&old, "linux"),
            "line 13: +0 > S. 9000:9000(0) ack 91 | ACK seq=2 ack=2 win=65535"
        );
    }

    /// A reset ends the connection, settings count, and what is asked of the system is a question for the state.
    #[test]
    fn shell_commands_are_read_and_not_run() {
        let script = |insecure: u8, state: &str| {
            let reset = format!("+0 < R 110:110(0) win 0\n+0 `sockstat -P tcp | grep -c {state} | grep 1`\n");
            after_opening(&format!("+0 `sysctl -w net.inet.tcp.insecure_rst={insecure}`\n{reset}"), "freebsd")
        };
        assert_eq!(script(1, "CLOSED"), "match");
        assert_eq!(script(0, "ESTABLISHED"), "match");
        assert_eq!(script(0, "CLOSED"), "line 10: CLOSED | ESTABLISHED");
        let waiting = "+0 close(4) = 0\n+0 > F. 701:701(0) ack 101\n+0 < F. 101:101(0) ack 702 win 9\n+0 > . 702:702(0) ack 102\n";
        let is_over = "+0 `tcpdrop -s TIME_WAIT`\n+0 `sockstat | grep CLOSED`\n";
        assert_eq!(after_opening(&format!("{waiting}{is_over}"), "freebsd"), "match");
    }

    /// What is asked of the system is read word by word, also at the end: anything else might be the opposite.
    #[test]
    fn questions_for_a_state_are_read_as_they_are_asked() {
        let asked = |question: &str| {
            let fin = "+0 < F. 101:101(0) ack 701 win 9\n+0 > . 701:701(0) ack 102\n";
            after_opening(&format!("{fin}+0 `sockstat -P tcp {question}`\n"), "freebsd")
        };
        for (question, outcome) in [
            ("| grep -c CLOSE_WAIT | grep 1", "match"),
            ("| grep 'packetdril' | awk '{print $8}' | grep \"CLOSE_WAIT\"", "match"),
            ("| grep -c ESTABLISHED | grep 0", "match"),
            ("| grep -c CLOSE_WAIT | grep 0", "line 10: another state than CLOSE_WAIT | CLOSE_WAIT"),
            ("| grep -c ESTABLISHED | grep \"1\"", "line 10: ESTABLISHED | CLOSE_WAIT"),
            ("| grep -v CLOSE_WAIT", "line 10: the command `sockstat -P tcp | grep -v CLOSE_WAIT`"),
            (
                "| grep CLOSE_WAIT | wc -l | grep 0",
                "line 10: the command `sockstat -P tcp | grep CLOSE_WAIT | wc -l | grep 0`",
            ),
        ] {
            assert_eq!(asked(question), outcome, "{question}");
        }
    }

    /// A relative time counts from when the event before has happened: under `linux` the FIN is sent again after
    /// 0.2, 0.6, 1.4 and 3 seconds.
    #[test]
    fn relative_times_count_from_when_the_event_before_happened() {
        let closes = "+0 close(4) = 0\n+0 > F. 701:701(0) ack 101\n";
        let after = |lines: &str| after_opening(&format!("{closes}{lines}"), "linux");
        let again = |time: &str| format!("{time} > F. 701:701(0) ack 101\n");
        for times in [["*", "+.4"], ["+.1~+.3", "+.4"], [".65~.75", "+.4"], ["*", "1.1"]] {
            assert_eq!(after(&times.map(again).concat()), "match", "{times:?}");
        }
        // The timeout of FIN_WAIT_2 is 60 s.
        let rest = |seconds: u8| {
            format!(
                "+.1 < . 101:101(0) ack 702 win 9\n+{seconds} < F. 101:101(0) ack 702 win 9\n+0 > . 702:702(0) ack 102\n"
            )
        };
        let any = ["*"; 4].map(again).concat();
        let spelt_out = ["+.2", "+.4", "+.8", "+1.6"].map(again).concat();
        for times in [any, spelt_out] {
            assert_eq!(after(&format!("{times}{}", rest(59))), "match");
            assert_eq!(
                after(&format!("{times}{}", rest(61))),
                "line 16: +0 > . 702:702(0) ack 102 | RST seq=2 win=65535"
            );
        }
        // A call that is not compared takes its time, and one that blocks counts from its own beginning.
        let fcntl = "+.1 fcntl(4, F_SETFL, O_RDWR) = 0\n+.1 > F. 701:701(0) ack 101\n";
        assert_eq!(after(fcntl), "match");
        let blocks = "+0...0.3 read(4, ..., 9) = 5\n+.1 < P. 101:106(5) ack 701 win 9\n+0 > . 701:701(0) ack 106\n\
            +.3 close(4) = 0\n+0 > F. 701:701(0) ack 106\n+.2 > F. 701:701(0) ack 106\n";
        assert_eq!(after_opening(blocks, "linux"), "match");
    }

    /// A segment that is sent at another time than the script has is a difference, early as late.
    #[test]
    fn a_segment_that_is_sent_too_early_differs() {
        let script = |options: &str, time: &str| {
            let sends = "+0 write(4, ..., 5) = 5\n+0 > P. 701:706(5) ack 101\n";
            outcome(&format!("{options}{OPENED}{sends}{time} > P. 701:706(5) ack 101\n"), "linux")
        };
        for time in ["+.2", "+ 0.2", "+.204", "+.196", "+.204~+.3", "+.1~+.196", "*"] {
            assert_eq!(script("", time), "match", "{time}");
        }
        assert_eq!(
            script("", "+5"),
            "line 10: +5 > P. 701:706(5) ack 101 | ACK seq=1 ack=1 len=5 win=65535 4800ms too early"
        );
        for time in ["+.205", "+.195", "+.205~+.3", "+.1~+.195"] {
            assert_ne!(script("--tolerance_usecs=4000\n", time), "match", "{time}");
        }
        assert_eq!(script("--tolerance_usecs=200000\n", "+.3"), "match");
        assert!(script("--tolerance_usecs=abc\n", "+.2").contains("`abc` is no tolerance"));
    }

    /// Where both ends use timestamps, what lacks one or goes back might be dropped.
    #[test]
    fn timestamps_are_looked_at() {
        let stamped = OPENED
            .replace("wscale 2>", "wscale 2,nop,nop,TS val 1000 ecr 0>")
            .replace("win 1000", "win 1000 <nop,nop,TS val 1001 ecr 1>");
        let fin = |options: &str| {
            outcome(
                &format!("{stamped}+0 < F. 101:101(0) ack 701 win 9{options}\n+0 > . 701:701(0) ack 102\n"),
                "linux",
            )
        };
        assert_eq!(fin(" <nop,nop,TS val 1001 ecr 1>"), "match");
        assert_eq!(fin(" <nop,nop,TS val 999 ecr 1>"), "line 8: a timestamp that goes back");
        assert_eq!(fin(""), "line 8: a segment without a timestamp, where both ends use them");
    }

    /// `keepcnt` times `keepintvl` is FreeBSD's timeout of `FIN_WAIT_2`.
    #[test]
    fn settings_that_change_a_timeout_are_not_passed_over() {
        let set =
            |setting: &str| after_opening(&format!("+0 `sysctl -w {setting}`\n+0 close(4) = 0\n"), "freebsd");
        assert_eq!(set("net.inet.tcp.keepintvl=75000"), "match");
        assert_eq!(set("net.inet.tcp.keepintvl=1000"), "line 8: the setting net.inet.tcp.keepintvl=1000");
    }

    /// `tcp_retries2` is not that of orphans: there `tcp_orphan_retries` counts, by default 8.
    #[test]
    fn retries_are_not_those_of_orphans() {
        let fins =
            ["+0", "+.2", "+.4", "+.8", "+1.6"].map(|time| format!("{time} > F. 701:701(0) ack 101\n")).concat();
        let script = |setting: &str| {
            after_opening(&format!("+0 `sysctl -w net.ipv4.{setting}=3`\n+0 close(4) = 0\n{fins}"), "linux")
        };
        assert_eq!(script("tcp_retries2"), "match");
        assert_ne!(script("tcp_orphan_retries"), "match");
    }

    /// Options of the socket that listens are no longer those of a connection that is there; and what is switched
    /// off is off.
    #[test]
    fn only_options_of_the_connection_count() {
        let lingers = |descriptor: u8, on: u8| {
            format!("+0 setsockopt({descriptor}, SOL_SOCKET, SO_LINGER, {{onoff={on}, linger=0}}, 8) = 0\n")
        };
        let closes = "+0 close(4) = 0\n+0 > F. 701:701(0) ack 101\n";
        for options in [lingers(3, 1), lingers(4, 1) + &lingers(4, 0)] {
            assert_eq!(after_opening(&(options + closes), "linux"), "match");
        }
        assert_ne!(after_opening(&(lingers(4, 1) + closes), "linux"), "match");
    }

    #[test]
    fn results_are_numbers_and_a_reset_connection_is_not_shut_down() {
        let text = "+0 < P. 101:111(10) ack 701 win 9\n+0 > . 701:701(0) ack 111\n";
        let read = |result: &str| after_opening(&format!("{text}+0 read(4, ..., 100) = {result}\n"), "linux");
        assert_eq!(read("0xa"), "match");
        assert_eq!(read("0xb"), "line 10: 11 octets | 10 octets");
        assert_eq!(read("x5"), "line 10: the result x5 of read");
        let shut = |result: &str| {
            after_opening(
                &format!("+0 < R. 101:101(0) ack 701 win 0\n+0 shutdown(4, SHUT_WR) = {result}\n"),
                "linux",
            )
        };
        assert_eq!(shut("-1 ENOTCONN (x)"), "match");
        assert_eq!(shut("0"), "line 9: success | an error: there is no connection");
    }

    /// Code may ask for the state, as shell commands do.
    #[test]
    fn code_asks_for_the_state() {
        let script =
            |state: &str| format!("+0 < F. 101:101(0) ack 701 win 9\n+0 %{{ assert tcpi_state == {state} }}%\n");
        assert_eq!(after_opening(&script("TCPI_CLOSE_WAIT"), "linux"), "match");
        assert_eq!(after_opening(&script("TCP_CLOSE_WAIT, tcpi_state"), "linux"), "match");
        assert_eq!(after_opening(&script("TCP_CLOSE"), "linux"), "line 9: CLOSED | CLOSE_WAIT");
        let early = OPENED.replace("+.5 <", "+0 %{ assert tcpi_state == TCPI_ESTABLISHED }%\n+.5 <");
        assert_eq!(outcome(&early, "linux"), "line 6: ESTABLISHED | SYN_RECEIVED");
    }

    /// `#ifdef` asks for the policy.
    #[test]
    fn lines_of_another_stack_are_left_out() {
        let script = "\
            +0 < F. 101:101(0) ack 701 win 9\n\
            #ifdef FreeBSD\n\
            +0 > . 701:701(0) ack 102\n\
            #else\n\
            +0 > R 701:701(0)\n\
            #endif\n\
            #ifndef FreeBSD\n\
            +0 `nobody knows that`\n\
            #endif\n\
            +0 close(4) = 0\n";
        assert_eq!(after_opening(script, "freebsd"), "match");
        assert_eq!(after_opening(script, "linux"), "line 15: the command `nobody knows that`");
    }

    /// What is only looked at is read afterwards.
    #[test]
    fn peeking_reads_nothing() {
        let script = "\
            +0 < P. 101:141(40) ack 701 win 9\n\
            +0 > . 701:701(0) ack 141\n\
            +0 recv(4, ..., 30, MSG_PEEK) = 30\n\
            +0 recv(4, ..., 100, MSG_PEEK) = 40\n\
            +0 recv(4, ..., 100, 0) = 40\n\
            +0 recv(4, ..., 100, MSG_PEEK) = -1 EAGAIN (Resource temporarily unavailable)\n";
        assert_eq!(after_opening(script, "linux"), "match");
    }

    #[test]
    fn without_a_listener_a_segment_is_refused() {
        let script = "0 < F. 7:9(2) ack 5 win 100\n+0 > R 5:5(0)\n+0 < F 7:9(2) win 100\n+0 > R. 0:0(0) ack 10\n";
        assert_eq!(outcome(script, "freebsd"), "match");
    }

    #[test]
    fn what_is_not_read_is_named() {
        let mut text = String::new();
        for lines in [
            "+0 < [ect0] . 101:101(0) ack 701 win 9",
            "+0 < icmp unreachable [1:1001(1000)]",
            "+0 < . 101:101(0) ack 701 win 9 <sack 702:703>",
            "+0 < U. 101:101(0) ack 701 win 9 urg 3",
            "+0 > SE. 701:701(0) ack 101",
            "+0 %{ assert tcpi_state == 1 }%",
            "+0 %{ assert tcpi_unacked == 1 }%",
            "+0 < F. 101:101(0)! ack 701 win 9",
            "+0 > S. ...(0) ack 101",
            "+0 < F. 101:101(0) ack 701 win 9 <nop>/udp(1 > 9)",
            "+0 `ip route flush`\n+0 close(4) = 0",
            "+0 `sysctl -w net.ipv4.tcp_abort_on_overflow=1`\n+0 close(4) = 0",
            "+0 ioctl(4, SIOCINQ, [0]) = 0",
            "+0 sendmsg(4, {msg_name(...)=...,\n msg_iov(1)=[{...,5}]}, 0) = 5",
            "+0 read(4, ..., 5, MSG_OOB) = 5",
            "+0 read(4, 0x7, 5) = -1 EFAULT (Bad address)",
            "+0 setsockopt(4, SOL_SOCKET, SO_KEEPALIVE, [1], 4) = 0",
            "+0 setsockopt(4, SOL_SOCKET, SO_LINGER, {onoff=1, linger=5}, 8) = 0",
            "+0 close(9) = 0",
            "+0 accept(3, ..., ...) = 5",
            "#if LINUX",
            "#ifdef LINUX\n#ifdef LINUX",
            "#endif",
        ] {
            let _ = writeln!(text, "{lines}\n  {}", after_opening(lines, "linux"));
        }
        for script in ["0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3", "0 socket(..., SOCK_DGRAM, IPPROTO_UDP) = 3"]
        {
            let _ = writeln!(text, "{script}\n  {}", outcome(script, "linux"));
        }
        let other = OPENED.replace("+.5 < .", "+.5 < R.");
        let _ = writeln!(text, "a reset instead of the last ACK\n  {}", outcome(&other, "linux"));
        insta::assert_snapshot!(text);
    }

    #[test]
    fn mistakes_are_where_they_are() {
        let scripts = [
            "",
            "// nothing",
            "close(4) = 0",
            "+ close(4) = 0",
            "+0 close(4)",
            "+0 close(4 = 0",
            "+0 < Q 1:1(0)",
            "+0 < F. 1(0) ack 1",
            "+0 < F. 1:1 ack 1",
            "+0 > F. 1:1(0) ack",
            "+0 > F. 1:1(0) ack 4294967296",
            "+0 > F. 1:1(0) ack 1 <mss",
            "+0 `sysctl",
            "/* on and on",
            "+0 close(4) = 0\n+0 clos 4",
            "+0 %{ assert tcpi_state == 1",
            "99999999 close(4) = 0",
            "+0 < F. 101:999(0) ack 1",
            "+0 > . 1:7(5) ack 1",
            "+0 < . 1:1(0) ack 1 win 65536",
            "+.5 close(4) = 0\n0.1 close(4) = 0",
            "+0 close(4) = -2",
            "+0 close(4) = 4",
            "+0 close(4) = 0 EPIPE",
            "+0 read(4, ..., 5) = 6",
        ];
        insta::assert_snapshot!(scripts.map(|script| outcome(script, "linux")).join("\n\n"));
    }

    proptest! {
        /// Any text is read as a script and written back, or has a mistake within it.
        #[test]
        fn every_script_is_read_or_refused(
            lines in prop::collection::vec(prop_oneof![
                Just("+.1 < F. 101:101(0) ack 701 win 9".to_owned()),
                Just("+0 close(4) = 0".to_owned()),
                Just("* > . 701:701(0) ack 102".to_owned()),
                "[+]?[0-9.]{0,5}(~[+]?[0-9.]{1,4})? [<>] [SFRP.]{0,3} [0-9]{1,10}:[0-9]{1,10}\\([0-9]{1,6}\\)( ack [0-9]{1,10})?( win [0-9]{1,6})?",
                "[+]0(\\.\\.\\.[0-9.]{1,4})? (read|write|shutdown|close|setsockopt)\\([0-9A-Z_., ({\\[]{0,12}\\) = [0-9-]{1,3}",
                "[`%{}()<>./*+0-9a-z \"-]{0,20}",
                any::<String>(),
            ], 0..8),
            opened in any::<bool>(),
        ) {
            let script = format!("{}{}", if opened { OPENED } else { "" }, lines.join("\n"));
            match parse(&SourceFile::new("script.pkt", script.as_str()), &named("linux")) {
                Ok(case) => drop(replay(&case)),
                Err(mistakes) => {
                    let span = &mistakes.0[0].primary;
                    prop_assert!(span.as_ref().is_none_or(|place| script.get(place.span.clone()).is_some()));
                    let _ = mistakes.render(true);
                }
            }
        }
    }
}
