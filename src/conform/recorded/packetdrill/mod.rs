//! packetdrill scripts: the common subset, replayed as recorded cases are.
//!
//! A script opens a connection; from then on its lines are the steps of a case. What a script says of a segment that is
//! sent is compared with what is sent next, in whichever step that was, as packetdrill does.
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
use super::case::{Case, CaseEvent, CaseStep, Expectations, ExpectedSegment, SegmentOrder};
use super::words::Mistake;
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile};
use crate::policy::NamedPolicy;
use crate::tcp::State;

/// The time by which packetdrill lets a segment be late by default, in microseconds.
const TOLERANCE: u64 = 4_000;

/// The case of a script, under a policy. A script that is about something that is not modelled is a case that is out of
/// scope.
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
    let tolerance = script.options.iter().find(|(name, _)| *name == "tolerance_usecs");
    let tolerance = tolerance.and_then(|(_, value)| value.parse().ok()).unwrap_or(TOLERANCE).min(1_000_000);
    let mut reader = Reader {
        file,
        policy,
        ifdef: None,
        start: State::Established,
        tolerance,
        opening: Opening::default(),
        clock: Clock::default(),
        entries: Vec::new(),
        blocked: None,
    };
    let read = reader.read(&script.events);
    let start = reader.start;
    let entries = match read {
        Ok(()) => reader.entries,
        Err(NotModelled { at, feature }) => {
            let line = file.line_of(at);
            vec![Entry::of(CaseEvent::NotModelled(format!("line {line}: {feature}")))]
        }
    };
    Ok(case(file, policy, start, entries))
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
            end: None,
            error: None,
            order: SegmentOrder::InTurn,
        },
    };
    for Entry { step, sent, state } in entries {
        case.steps.push(step);
        let number = case.steps.len();
        case.expected.segments.extend(sent.map(|sent| (number, Some(sent))));
        case.expected.states.extend(state.map(|state| (number, state)));
    }
    case
}

/// A step and what is expected of it.
struct Entry {
    step: CaseStep,
    sent: Option<ExpectedSegment>,
    state: Option<State>,
}

impl Entry {
    fn of(event: CaseEvent) -> Self {
        Self { step: CaseStep { text: String::new(), line: None, at: None, event }, sent: None, state: None }
    }
}

/// A script is about something that is not modelled: what, and the first byte of its place.
struct NotModelled {
    at: usize,
    feature: String,
}

/// When events happen, in microseconds since the start of the script.
#[derive(Debug, Default)]
struct Clock {
    /// The event before.
    now: u64,
    /// The opening was over.
    opened: u64,
}

impl Clock {
    /// Goes on to an event; until when it may happen.
    fn go_to(&mut self, time: Time) -> u64 {
        let (from, to) = match time {
            Time::Absolute(from, to) => (from, to),
            Time::Relative(from, to) => (self.now + from, to.map(|to| self.now + to)),
            Time::Any => (self.now, None),
        };
        self.now = from.max(self.now);
        to.unwrap_or(from).max(self.now)
    }

    /// Milliseconds since the opening was over.
    fn milliseconds(&self, time: u64) -> u64 {
        time.saturating_sub(self.opened) / 1_000
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
    /// A call that blocks, and when it returns, in microseconds since the start of the script.
    blocked: Option<(u64, Entry)>,
}

impl Reader<'_> {
    fn read(&mut self, lines: &[Line<'_>]) -> Result<(), NotModelled> {
        // What follows the last segment, call or question is there to clean up.
        let counts = |line: &Line<'_>| match line.action {
            Action::Shell(command) => shell::asks_for(command).is_some(),
            Action::Directive(_) => false,
            _ => true,
        };
        let end = lines.iter().rposition(counts).map_or(0, |last| last + 1);
        for line in lines.iter().take(end) {
            if self.is_left_out(line).map_err(|feature| NotModelled { at: line.at.start, feature })? {
                continue;
            }
            let before = self.clock.now;
            let until = self.clock.go_to(line.time);
            self.unblock(line);
            self.line(line, before, until).map_err(|feature| NotModelled { at: line.at.start, feature })?;
        }
        self.entries.extend(self.blocked.take().map(|(_, entry)| entry));
        match lines.last() {
            Some(last) if self.opening.shift().is_none() => {
                Err(NotModelled { at: last.at.start, feature: "a new connection that is not opened".to_owned() })
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

    /// Reads a line, which may happen from now on until then; the event before it happened at `before`.
    fn line(&mut self, line: &Line<'_>, before: u64, until: u64) -> Result<(), String> {
        match line.action {
            Action::Shell(command) => {
                if let Some(state) = shell::asks_for(command) {
                    return self.look(line, state);
                }
                for event in shell::settings(command)? {
                    let entry = self.entry(line, event);
                    self.entries.push(entry);
                }
                return Ok(());
            }
            Action::Code(code) => {
                let state = shell::asserts(code).ok_or("code between %{ and }%")?;
                return self.look(line, state);
            }
            _ => {}
        }
        if self.opening.shift().is_none() && self.opening.is_refused(&line.action) {
            self.start = State::Closed;
            self.clock.opened = self.clock.now;
        }
        let Some(shift) = self.opening.shift() else {
            let events = match &line.action {
                Action::Call(call) if self.opening.takes(call)? => Vec::new(),
                Action::Call(call) => call::event(call, &mut self.opening)?.into_iter().collect(),
                other => self.opening.take(other)?,
            };
            if self.opening.shift().is_some() {
                self.clock.opened = self.clock.now;
            }
            for event in events {
                let entry = self.entry(line, event);
                self.entries.push(entry);
            }
            return Ok(());
        };
        let numbers = self.opening.numbers();
        let mut sent = None;
        let event = match &line.action {
            Action::Inbound(packet) => CaseEvent::Arrival(segment::arrival(packet, numbers, shift)?),
            Action::Outbound(packet) => {
                let text = self.text(line);
                sent = Some(segment::expected(packet, numbers, text)?);
                let waits =
                    self.clock.milliseconds(until + self.tolerance) - self.clock.milliseconds(self.clock.now);
                CaseEvent::Awaited(if line.time == Time::Any { None } else { Some(waits) })
            }
            Action::Call(call) => match call::event(call, &mut self.opening)? {
                Some(event) => event,
                None => return Ok(()),
            },
            Action::NotModelled(feature) => return Err((*feature).to_owned()),
            Action::Shell(_) | Action::Code(_) | Action::Directive(_) => return Ok(()),
        };
        let mut entry = self.entry(line, event);
        entry.sent = sent;
        if let Action::Call(call) = &line.action
            && let Some(returns) = call.returns
        {
            let returns = if matches!(line.time, Time::Relative(..)) { before + returns } else { returns };
            if returns > self.clock.now {
                entry.step.at = Some(self.clock.milliseconds(returns));
                self.blocked = Some((returns, entry));
                return Ok(());
            }
        }
        self.entries.push(entry);
        Ok(())
    }

    /// A question for the state.
    fn look(&mut self, line: &Line<'_>, state: State) -> Result<(), String> {
        if self.opening.shift().is_none() {
            return Err("the state of a connection that is not open yet".to_owned());
        }
        let mut entry = self.entry(line, CaseEvent::Look);
        entry.state = Some(state);
        self.entries.push(entry);
        Ok(())
    }

    /// A call that blocks returns after the segments that arrive by then, and before the next call.
    fn unblock(&mut self, line: &Line<'_>) {
        let is_over = |(returns, _): &mut (u64, Entry)| {
            *returns < self.clock.now || *returns == self.clock.now && matches!(line.action, Action::Call(_))
        };
        if let Some((_, entry)) = self.blocked.take_if(is_over) {
            self.entries.push(entry);
        }
    }

    fn entry(&self, line: &Line<'_>, event: CaseEvent) -> Entry {
        // Before the connection is open no time passes for it.
        let is_timed = line.time != Time::Any && self.opening.shift().is_some();
        let at = is_timed.then(|| self.clock.milliseconds(self.clock.now));
        let number = self.file.line_of(line.at.start);
        let step = CaseStep { text: self.text(line), line: Some(number), at, event };
        Entry { step, sent: None, state: None }
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

    /// Code may ask for the state, as shell commands do.
    #[test]
    fn code_asks_for_the_state() {
        let script =
            |state: &str| format!("+0 < F. 101:101(0) ack 701 win 9\n+0 %{{ assert tcpi_state == {state} }}%\n");
        assert_eq!(after_opening(&script("TCPI_CLOSE_WAIT"), "linux"), "match");
        assert_eq!(after_opening(&script("TCP_CLOSE_WAIT, tcpi_state"), "linux"), "match");
        assert_eq!(after_opening(&script("TCP_CLOSE"), "linux"), "line 9: CLOSED | CLOSE_WAIT");
        let early = OPENED.replace("+.5 <", "+0 %{ assert tcpi_state == TCPI_ESTABLISHED }%\n+.5 <");
        assert_eq!(outcome(&early, "linux"), "line 6: the state of a connection that is not open yet");
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
