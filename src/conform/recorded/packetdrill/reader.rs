//! From the lines of a script to the steps of a case.

use std::sync::Arc;

use super::call;
use super::clock::Clock;
use super::opening::Opening;
use super::script::{Action, CaseEvent as Line, Time};
use super::{segment, shell};
use crate::conform::recorded::{
    AppCall, Case, CaseEvent, CaseStep, Expectations, ExpectedSegment, SegmentOrder, StepTime, Tolerance,
};
use crate::diagnostic::SourceFile;
use crate::policy::NamedPolicy;
use crate::tcp::State;

/// The case of the lines of a script; one that is out of scope if a line is about what is not modelled.
pub(super) fn case(file: &SourceFile, policy: &Arc<NamedPolicy>, tolerance: u64, lines: &[Line<'_>]) -> Case {
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
    let read = ordinary.read(lines);
    // Another opening than the ordinary one is replayed, too. Before it nobody is connected: a port without a
    // listener was told from that.
    let (read, reader) = if read.is_err() && ordinary.opening.shift().is_none() {
        let mut replayed = reader(Opening::replayed(), State::Listen);
        (replayed.read(lines), replayed)
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
    assembled(file, policy, reader.start, entries)
}

fn assembled(file: &SourceFile, policy: &Arc<NamedPolicy>, start: State, entries: Vec<Entry>) -> Case {
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
            // Where a segment is refused, that nothing answers it is expected, too.
            Some(last) if self.start == State::Listen && !self.entries.iter().any(is_asked) => {
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
                "listen" if self.start == State::Closed => CaseEvent::Call(AppCall::Listen, None),
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
        if self.start == State::Listen && self.opening.is_ahead() {
            // That it is in no state of a connection is true.
            let is_so = !is && state != State::Closed;
            let feature = "the state of a socket that neither listens nor connects";
            return if is_so { Ok(()) } else { Err(feature.to_owned()) };
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
    use crate::conform::recorded::packetdrill::testing::{after_opening, outcome};

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
}
