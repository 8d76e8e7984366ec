//! What the model makes of a capture, for people.

use std::fmt::Write;

use super::human::counted;
use super::terminal::Terminal;
use crate::capture::{
    Capture, Cause, Closing, Connection, Ending, First, Handshake, Packet, Side, Unexplained, Why,
};
use crate::tcp::{Segment, Seq, State};

/// Where the text of a line begins, after its label.
const INDENT: usize = 14;

/// A connection and what the model makes of it, as it is reported.
pub(super) struct View<'a> {
    pub(super) capture: &'a Capture,
    pub(super) connection: &'a Connection,
    pub(super) closing: &'a Closing,
}

/// Everything, for people.
#[must_use]
pub fn human(capture: &Capture, closings: &[Closing], terminal: Terminal) -> String {
    let mut text = String::new();
    for (connection, closing) in capture.connections.iter().zip(closings) {
        View { capture, connection, closing }.block(&mut text, terminal);
        text.push('\n');
    }
    let explained = closings.iter().filter(|closing| closing.is_explained()).count();
    let verdict = match closings.len() {
        0 => String::new(),
        all if all == explained => ": every packet is explained".to_owned(),
        all => format!(": {explained} explained, {} not", all - explained),
    };
    let connections = plural(closings.len() as u64, "connection");
    let _ = writeln!(text, "{connections} in {}{verdict}", plural(capture.packets, "packet"));
    for passed_over in passed_over(capture) {
        let _ = writeln!(text, "  {passed_over}");
    }
    text
}

/// What is in no connection, a line each.
fn passed_over(capture: &Capture) -> Vec<String> {
    let over = &capture.passed_over;
    let mut lines = Vec::new();
    for (count, what) in [
        (over.no_tcp, "not TCP, or in a tunnel"),
        (over.fragments, "fragments of IP packets, which are not put together"),
        (over.cut_off, "too short for TCP's header"),
    ] {
        if count > 0 {
            lines.push(format!("passed over: {}, {what}", plural(count, "packet")));
        }
    }
    if !over.unknown_links.is_empty() {
        let types: Vec<String> = over.unknown_links.iter().map(ToString::to_string).collect();
        lines.push(format!("passed over: packets of unknown link types ({})", types.join(", ")));
    }
    lines
}

fn plural(count: u64, what: &str) -> String {
    counted(usize::try_from(count).unwrap_or(usize::MAX), what)
}

/// What a reset can be whose number comes after the next.
fn beyond(seq: Seq, next: Seq) -> String {
    if !next.precedes(seq) {
        return String::new();
    }
    let octets = plural(u64::from(seq.since(next)), "octet");
    format!(" This one is {octets} beyond: what is between was lost before it could be captured, or it is forged.")
}

/// Nanoseconds as seconds.
fn seconds(nanoseconds: i64) -> String {
    let milliseconds = nanoseconds.unsigned_abs() / 1_000_000;
    let sign = if nanoseconds < 0 { "-" } else { "" };
    format!("{sign}{}.{:03} s", milliseconds / 1000, milliseconds % 1000)
}

impl View<'_> {
    pub(super) fn name(&self, side: Side) -> char {
        if side == self.closing.a { 'A' } else { 'B' }
    }

    pub(super) fn packet(&self, index: usize) -> Option<&Packet> {
        self.connection.packets.get(index)
    }

    /// A packet's number and time, in parentheses.
    fn at(&self, index: usize) -> String {
        self.packet(index).map_or_else(String::new, |packet| {
            format!("packet {}, {}", packet.number, seconds(packet.time.saturating_sub(self.capture.start)))
        })
    }

    /// The number that an end's own numbers are told from: its SYN's, or one before the first that was seen.
    fn origin(&self, side: Side) -> Seq {
        let before = self.connection.before(side);
        let of_first = || {
            let mut packets = self.connection.packets.iter();
            let told = packets.clone().find(|packet| packet.from != side && packet.segment.flags.ack);
            let own = packets.find(|packet| packet.from == side);
            own.map(|packet| packet.segment.seq).or(told.map(|packet| packet.segment.ack))
        };
        let first = before.next.or_else(of_first).map(|first| first + u32::MAX);
        before.syn.or(first).unwrap_or_default()
    }

    /// A segment with its numbers as the world writes them: its sender's first octet is 1.
    pub(super) fn relative(&self, side: Side, segment: &Segment) -> Segment {
        let number = |seq: Seq, side| Seq(seq.since(self.origin(side)));
        Segment {
            // A reset from nowhere has number 0 whatever the numbers of the connection are.
            seq: if segment.flags.rst && segment.seq == Seq(0) { Seq(0) } else { number(segment.seq, side) },
            ack: if segment.flags.ack { number(segment.ack, 1 - side) } else { Seq(0) },
            ..*segment
        }
    }

    fn block(&self, text: &mut String, terminal: Terminal) {
        let Self { connection, closing, .. } = self;
        let (a, b) = (closing.a, 1 - closing.a);
        let [first, second] = connection.ends;
        let ends = if a == 0 { [first, second] } else { [second, first] };
        let [of_a, of_b] = ends;
        let _ = writeln!(text, "A {of_a}  B {of_b}");
        let mut line = |label: &str, told: &str| {
            let _ = writeln!(text, "  {label:<12}{}", terminal.prose(told, INDENT));
        };
        let start = self.capture.start;
        line(
            "packets",
            &format!(
                "{} of A, {} of B; {} to {} in the file, {} to {}",
                connection.sent(a),
                connection.sent(b),
                connection.first.0,
                connection.last.0,
                seconds(connection.first.1.saturating_sub(start)),
                seconds(connection.last.1.saturating_sub(start)),
            ),
        );
        if connection.is_established() {
            for side in [a, b] {
                line(&self.name(side).to_string(), &self.path(side));
            }
            line("first", &self.first());
        }
        for side in [a, b] {
            if let Some(again) = self.again(side) {
                line("sent again", &again);
            }
        }
        for side in [a, b] {
            let lost = closing.explanation(side).lost;
            if lost > 0 {
                line("lost", &self.lost(side, lost));
            }
        }
        line("ended", &self.ending());
        if let Some(explained) = self.explained() {
            line("explained", &explained);
        }
        if let Some((side, unexplained)) = closing.unexplained() {
            line("unexplained", &self.unexplained(side, unexplained));
        }
    }

    /// The states that an end went through.
    fn path(&self, side: Side) -> String {
        let explanation = self.closing.explanation(side);
        if explanation.changes.is_empty() {
            return "no packet of it was captured".to_owned();
        }
        let mut path = String::new();
        for change in &explanation.changes {
            let when = match change.cause {
                Cause::Start => String::new(),
                Cause::Sent | Cause::Received(_) => format!("({})", self.at(change.index)),
                Cause::Unseen => format!("(by {})", self.at(change.index)),
                Cause::TimeWait => format!("(2MSL have passed by {})", self.at(change.index)),
                Cause::FinWait2 => format!("(the timeout of FIN_WAIT_2, by {})", self.at(change.index)),
                Cause::GaveUp => format!("(it gave up by {})", self.at(change.index)),
                Cause::UnseenReset => {
                    format!("(it aborted by {}, its reset was not captured)", self.at(change.index))
                }
            };
            let arrow = if path.is_empty() { "" } else { " → " };
            let _ = write!(path, "{arrow}{} {when}", change.state);
            path.truncate(path.trim_end().len());
        }
        let possibly: Vec<&str> = explanation.possibly.iter().map(|state| state.name()).collect();
        if !possibly.is_empty() {
            let _ = write!(path, "; or {}, if that packet was lost", possibly.join(" or "));
        }
        path
    }

    fn first(&self) -> String {
        match self.closing.first {
            First::Nobody => "nobody closes".to_owned(),
            First::One(side, index) => format!("{} closes ({})", self.name(side), self.at(index)),
            First::Both(one, other) => {
                format!("both close: the FINs cross ({}; {})", self.at(one), self.at(other))
            }
        }
    }

    fn again(&self, side: Side) -> Option<String> {
        let again = self.closing.again(side);
        let name = self.name(side);
        let mut told = Vec::new();
        if again.text > 0 {
            told.push(format!("{} of text", plural(again.text as u64, "segment")));
        }
        if !again.fin_gaps.is_empty() {
            // A dozen say what doubles and where it ends.
            let gaps: Vec<String> = again.fin_gaps.iter().take(12).map(|gap| seconds(*gap)).collect();
            let more = if again.fin_gaps.len() > gaps.len() { ", …" } else { "" };
            let times = again.fin_gaps.len() as u64;
            told.push(format!("its FIN {}, after {}{more}", plural(times, "time"), gaps.join(", ")));
        }
        (!told.is_empty()).then(|| format!("{name}: {}", told.join("; ")))
    }

    fn lost(&self, side: Side, lost: u32) -> String {
        let name = self.name(side);
        match lost {
            1 => format!("an octet or the FIN of {name}, before it could be captured; nothing acknowledges it"),
            _ => format!(
                "{} of {name}, before they could be captured; nothing acknowledges them",
                plural(u64::from(lost), "octet")
            ),
        }
    }

    fn ending(&self) -> String {
        let ending = &self.closing.ending;
        let state = |state: &Option<State>| state.map_or("a state that cannot be told", State::name);
        let what = match ending {
            Ending::NotEstablished(Handshake::Refused(index)) => format!("refused ({})", self.at(*index)),
            Ending::NotEstablished(Handshake::GivenUp(index)) => {
                format!("not established: a reset ended the handshake ({})", self.at(*index))
            }
            Ending::NotEstablished(Handshake::Unanswered | Handshake::Unfinished) => "not established".to_owned(),
            Ending::Open => "not at all".to_owned(),
            Ending::Clean => "cleanly".to_owned(),
            Ending::Reset { by, index, from, to, .. } => format!(
                "by a reset of {} ({}) in {}; {} was in {}",
                self.name(*by),
                self.at(*index),
                state(from),
                self.name(1 - by),
                state(to)
            ),
            Ending::GaveUp { side, state, silence } => format!(
                "{} gave up in {state}: the capture goes on for {} in silence",
                self.name(*side),
                seconds(*silence)
            ),
            Ending::Waiting { side, state, since, .. } => format!(
                "{}: {} is in {state}, {} before the capture ends",
                ending.name().replace('-', " "),
                self.name(*side),
                seconds(*since)
            ),
            Ending::Unknown => "in a way that cannot be told".to_owned(),
        };
        format!("{what}. {}", ending.meaning())
    }

    /// What is explained, unless some packet is not.
    fn explained(&self) -> Option<String> {
        let Self { connection, closing, .. } = self;
        if closing.unexplained().is_some() {
            return None;
        }
        if let Some(index) = closing.too_many() {
            return Some(format!("too many possibilities: given up at {}", self.at(index)));
        }
        if let Some(number) = connection.not_kept {
            return Some(format!("too many packets: given up at packet {number}"));
        }
        if !connection.is_established() {
            return Some("nothing: the model begins at ESTABLISHED".to_owned());
        }
        let probes: usize = closing.explanations.iter().map(|explanation| explanation.passed_over).sum();
        let from = connection.packets.front().filter(|packet| packet.number != connection.first.0);
        let all =
            from.map_or("every packet".to_owned(), |packet| format!("every packet from {} on", packet.number));
        Some(if probes > 0 {
            format!("{all}; passed over: {} of a keep-alive or a closed window", plural(probes as u64, "packet"))
        } else {
            all
        })
    }

    /// The first packet that is not explained, and why not.
    fn unexplained(&self, side: Side, unexplained: &Unexplained) -> String {
        let Some(packet) = self.packet(unexplained.index) else { return String::new() };
        let name = self.name(side);
        let states: Vec<&str> = unexplained.states.iter().map(|state| state.name()).collect();
        let instead: Vec<String> =
            unexplained.instead.iter().map(|segment| self.relative(side, segment).to_string()).collect();
        let instead =
            if instead.is_empty() { String::new() } else { format!(" It could send {}.", instead.join(" or ")) };
        format!(
            "{} of {name}: {}. {} {name} is in {}.{instead}",
            self.at(unexplained.index),
            self.relative(side, &packet.segment),
            self.reason(side, unexplained),
            states.join(" or ")
        )
    }

    /// Why the packet is not explained.
    pub(super) fn reason(&self, side: Side, unexplained: &Unexplained) -> String {
        let name = self.name(side);
        let own = |seq: Seq| seq.since(self.origin(side));
        let peers = |seq: Seq| seq.since(self.origin(1 - side));
        match unexplained.why {
            Why::AcknowledgesUnseen(end) => format!(
                "It acknowledges what is not in the capture, which lacks what the other end has sent with the number \
                 {}.",
                peers(end)
            ),
            Why::AfterFin(fin) => {
                format!("{name}'s FIN has the number {}, and nothing comes after a FIN.", own(fin))
            }
            Why::LeavesOut(next) => format!(
                "{name}'s next number is {}, and what is between that and this packet is not in the capture.",
                own(next)
            ),
            Why::FinInText(end) => {
                format!("{name} has sent text up to the number {}, and a FIN comes after it.", own(end))
            }
            Why::Missed(next) => format!(
                "{name}'s next number is {}; what is between that and this packet is not in the capture, and the \
                 other end acknowledges it: the capture has missed it.",
                own(next)
            ),
            Why::ResetNumber(next) => format!(
                "A reset has the number that is its sender's next, {}, or that the segment acknowledges which it \
                 answers.{}",
                own(next),
                self.packet(unexplained.index).map_or_else(String::new, |packet| beyond(packet.segment.seq, next))
            ),
            Why::Closed => format!("{name} is CLOSED, and sends resets at most."),
            Why::NoAck => {
                "Every segment of a connection that is established carries an acknowledgment.".to_owned()
            }
            Why::Other => "No state has these numbers.".to_owned(),
        }
    }
}
