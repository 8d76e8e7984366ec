//! The explanation of a capture, for people.

use std::fmt::Write;

use super::view::{View, plural, seconds};
use crate::capture::{
    Capture, Cause, Ending, Finding, FindingKind, FirstToClose, Forged, Handshake, Side, Unacknowledged,
};
use crate::report::terminal::Terminal;
use crate::tcp::State;

/// Where the text of a line begins, after its label.
const INDENT: usize = 14;

/// The most connections that are shown by default.
const MOST_SHOWN: usize = 20;
/// So few connections are all shown.
const FEW: usize = 3;

/// Which connections are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// All of them.
    pub verbose: bool,
    /// All of these kinds; none: those that something is wrong with.
    pub only: Vec<FindingKind>,
}

/// The number of connections that ended in each way, the worst first; then, one by one, those with a fault.
#[must_use]
pub fn report(capture: &Capture, findings: &[Finding], detail: &Listing, terminal: Terminal) -> String {
    let mut text = summary(capture, findings);
    let mut shown = View::all(capture, findings);
    let is_asked_for = detail.verbose || !detail.only.is_empty();
    shown.retain(|view| view.is_any_of(&detail.only));
    if !detail.verbose {
        shown.sort_by_key(|view| view.diagnosis.kinds().next());
    }
    if !is_asked_for && findings.len() > FEW {
        shown.retain(|view| view.diagnosis.kinds().any(FindingKind::is_wrong));
    }
    let most = if is_asked_for { usize::MAX } else { MOST_SHOWN };
    for view in shown.iter().take(most) {
        text.push('\n');
        view.block(&mut text, terminal);
    }
    let hidden = findings.len() - shown.len().min(most);
    if hidden > 0 && !is_asked_for {
        let more = plural(hidden as u64, "connection");
        let _ = writeln!(text, "\n{more} more: --verbose shows all, --only KIND those of a kind");
    }
    text
}

/// The numbers of connections of each kind, and of the packets that were passed over.
fn summary(capture: &Capture, findings: &[Finding]) -> String {
    let explained = findings.iter().filter(|finding| finding.diagnosis.is_explained()).count();
    let verdict = match findings.len() {
        0 => String::new(),
        all if all == explained => ": every packet is explained".to_owned(),
        all => format!(": {explained} explained, {} not", all - explained),
    };
    let all = plural(capture.connections.len() as u64, "connection");
    let looked_at =
        if findings.len() == capture.connections.len() { all } else { format!("{} of {all}", findings.len()) };
    let mut text = format!("{looked_at} in {}{verdict}\n", plural(capture.packets, "packet"));
    let kinds: Vec<FindingKind> = findings.iter().flat_map(|finding| finding.diagnosis.kinds()).collect();
    for &kind in FindingKind::ALL {
        let count = kinds.iter().filter(|one| **one == kind).count();
        if count > 0 {
            let _ = writeln!(text, "  {:<16}{count:>6}", kind.name());
        }
    }
    for passed_over in passed_over(capture) {
        let _ = writeln!(text, "  {passed_over}");
    }
    text
}

/// The packets in no connection, a line for each kind.
fn passed_over(capture: &Capture) -> Vec<String> {
    let over = &capture.passed_over;
    let mut lines = Vec::new();
    let others = over.carried.iter().filter(|(carried, _)| !carried.may_hide_tcp());
    let others: Vec<String> = others.map(|(carried, count)| format!("{count} of {carried}")).collect();
    if !others.is_empty() {
        lines.push(format!("passed over, without TCP: {}", others.join(", ")));
    }
    if over.may_hide_tcp() {
        lines.push(format!("passed over, and TCP may be in it: {over}"));
    }
    lines
}

impl View<'_> {
    fn block(&self, text: &mut String, terminal: Terminal) {
        let Self { connection, diagnosis, .. } = self;
        let (a, b) = (diagnosis.a, diagnosis.a.other());
        let _ = writeln!(text, "{}", self.ends());
        let mut line = |label: &str, prose: &str| {
            let _ = writeln!(text, "  {label:<12}{}", terminal.prose(prose, INDENT));
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
        if let Some(reuse) = &self.reuse {
            line("reuses", &self.reuses(reuse));
        }
        if !connection.old_copies.is_empty() {
            line("old copies", &self.old_copies());
        }
        if connection.is_established() {
            for side in [a, b] {
                line(&self.name(side).to_string(), &self.path(side));
            }
            line("first", &self.first());
        } else {
            for side in [a, b].into_iter().filter(|side| !diagnosis.opening(*side).changes.is_empty()) {
                line(&self.name(side).to_string(), &self.opening(side));
            }
        }
        for side in [a, b] {
            if let Some(again) = self.again(side) {
                line("sent again", &again);
            }
        }
        for side in [a, b] {
            let lost = diagnosis.explanation(side).lost;
            if lost > 0 {
                line("lost", &self.lost(side, lost));
            }
        }
        for side in [a, b] {
            let missed = diagnosis.missed(side);
            if missed > 0 {
                line("missed", &self.missed(side, missed));
            }
        }
        line("ended", &self.ending());
        if let Some(explained) = self.explained() {
            line("explained", &explained);
        }
        if let Some((side, number)) = diagnosis.unexplained_opening() {
            line("unexplained", &self.unexplained_opening(side, number));
        }
        if let Some((side, unexplained)) = diagnosis.unexplained() {
            line("unexplained", &self.unexplained(side, unexplained));
        }
    }

    /// The states that an end went through.
    fn path(&self, side: Side) -> String {
        let explanation = self.diagnosis.explanation(side);
        if explanation.changes.is_empty() {
            return "no packet of it was captured".to_owned();
        }
        let mut path = String::new();
        let mut changes = explanation.changes.as_slice();
        // How most connections are opened needs no words.
        let opening = self.diagnosis.opening(side);
        if !opening.is_ordinary()
            && let ([.., last], [first, later @ ..]) = (opening.changes.as_slice(), changes)
            && (last.state, first.cause) == (first.state, Cause::Start)
        {
            (path, changes) = (self.opening(side), later);
        }
        let mut sent = None;
        for change in changes {
            let when = match change.cause {
                Cause::Start => String::new(),
                Cause::Sent | Cause::Received(_) => format!("({})", self.at(change.index)),
                // Its own packet came first: the answer to it is not in the capture.
                Cause::Unseen if sent == Some(change.index) => format!("(after {})", self.at(change.index)),
                Cause::Unseen => format!("(by {})", self.at(change.index)),
                Cause::TimeWait => format!("(2MSL have passed by {})", self.at(change.index)),
                Cause::FinWait2 => format!("(the timeout of FIN_WAIT_2, by {})", self.at(change.index)),
                Cause::GaveUp => format!("(it gave up by {})", self.at(change.index)),
                Cause::Gone => format!("(it knows of no such connection by {})", self.at(change.index)),
            };
            let arrow = if path.is_empty() { "" } else { " → " };
            let _ = write!(path, "{arrow}{} {when}", change.state);
            path.truncate(path.trim_end().len());
            sent = (change.cause == Cause::Sent).then_some(change.index);
        }
        let possibly: Vec<&str> = explanation.possibly.iter().map(|state| state.name()).collect();
        if !possibly.is_empty() {
            let _ = write!(path, "; or {}", possibly.join(" or "));
            if let Some(Cause::Received(index)) = explanation.changes.last().map(|change| change.cause)
                && let Some(packet) = self.packet(index)
            {
                let _ = write!(path, ", if packet {} was lost", packet.number);
            }
        }
        let before: Vec<&str> = explanation.states_if_closed_before().into_iter().map(State::name).collect();
        if !before.is_empty() {
            let _ = write!(path, "; or {}, if an end had closed before the capture began", before.join(" or "));
        }
        path
    }

    fn first(&self) -> String {
        match self.diagnosis.first {
            FirstToClose::Nobody => "neither end closes".to_owned(),
            FirstToClose::One(side, index) => format!("{} closes ({})", self.name(side), self.at(index)),
            FirstToClose::Unseen(side, index) => {
                format!(
                    "{} closes: its FIN was not captured, but has arrived by {}",
                    self.name(side),
                    self.at(index)
                )
            }
            FirstToClose::OrBefore(side, index) => format!(
                "{} closes ({}), unless {} had closed before the capture began, which it does not show",
                self.name(side),
                self.at(index),
                self.name(side.other())
            ),
            FirstToClose::Both(_, one, other) => {
                format!("both close: the FINs cross ({}; {})", self.at(one), self.at(other))
            }
        }
    }

    /// The state of an end, and those that it may be in as well if an end had closed before the capture began.
    fn state_of(&self, side: Side, state: State) -> String {
        let others = self.alternatives(side, state);
        [state].iter().chain(&others).map(|state| state.name()).collect::<Vec<&str>>().join(" or ")
    }

    fn again(&self, side: Side) -> Option<String> {
        let again = self.diagnosis.again(side);
        let name = self.name(side);
        let mut parts = Vec::new();
        if again.text > 0 {
            parts.push(format!("{} of text", plural(again.text as u64, "segment")));
        }
        if !again.fin_gaps.is_empty() {
            // A dozen show whether they double, and where that ends.
            let gaps: Vec<String> = again.fin_gaps.iter().take(12).map(|gap| seconds(*gap)).collect();
            let more = if again.fin_gaps.len() > gaps.len() { ", …" } else { "" };
            let times = again.fin_gaps.len() as u64;
            parts.push(format!("its FIN {}, after {}{more}", plural(times, "time"), gaps.join(", ")));
        }
        (!parts.is_empty()).then(|| format!("{name}: {}", parts.join("; ")))
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

    fn missed(&self, side: Side, missed: u32) -> String {
        if missed == 1 {
            let name = self.name(side);
            return format!(
                "an octet or the FIN of {name}, which the other end acknowledges: it is not in the capture"
            );
        }
        format!(
            "{} of {}, which the other end acknowledges: they are not in the capture",
            plural(u64::from(missed), "octet"),
            self.name(side)
        )
    }

    pub(super) fn ending(&self) -> String {
        let ending = &self.diagnosis.ending;
        let state = |side: Side, state: &Option<State>| {
            state.map_or("an unknown state".to_owned(), |state| self.state_of(side, state))
        };
        let what = match ending {
            Ending::NotEstablished(Handshake::Refused(index)) => format!("refused ({})", self.at(*index)),
            Ending::NotEstablished(Handshake::GivenUp(index)) => {
                format!("not established: a reset ended the handshake ({})", self.at(*index))
            }
            Ending::NotEstablished(Handshake::OldConnection(answer)) => {
                format!("not established: an old connection answered (packet {})", answer.number)
            }
            Ending::NotEstablished(Handshake::TooEarly { is_answered, since }) => {
                let answer = if *is_answered { "answered, and the answer was not" } else { "not answered" };
                format!("too early. The SYN was {answer}, but the capture ends {} after it", seconds(*since))
            }
            Ending::NotEstablished(Handshake::Unanswered | Handshake::Unfinished) => self.attempts(),
            Ending::Open => "not at all".to_owned(),
            Ending::Clean { .. } => "cleanly".to_owned(),
            Ending::Reset { by, index, from, to, .. } => format!(
                "by a reset of {} ({}) in {}; {} was in {}",
                self.name(*by),
                self.at(*index),
                state(*by, from),
                self.name(by.other()),
                state(by.other(), to)
            ),
            Ending::GaveUp { side, state, silence } => format!(
                "{} gave up in {}: the capture goes on for {} in silence",
                self.name(*side),
                self.state_of(*side, *state),
                seconds(*silence)
            ),
            Ending::Unanswered { side, state: of, what, repeated, is_before_fin, .. } => {
                let what = match what {
                    Unacknowledged::KeepAlive => "keep-alives".to_owned(),
                    _ => format!("{} of text", plural(u64::from(repeated.len), "octet")),
                };
                let fin = if *is_before_fin { ", and its FIN waits behind that" } else { "" };
                format!(
                    "unanswered: {} is in {} and has sent {what} {} times in {} (packets {} to {}); nothing \
                     acknowledges it{fin}",
                    self.name(*side),
                    state(*side, of),
                    repeated.times,
                    seconds(repeated.lasts()),
                    repeated.first.0,
                    repeated.last.0,
                )
            }
            Ending::ClosedWindow { side, since, probes } => format!(
                "stuck: {} has offered no window for {}, and {} has asked {}",
                self.name(*side),
                seconds(*since),
                self.name(side.other()),
                plural(u64::from(*probes), "time")
            ),
            Ending::TooEarly { side, state, since }
            | Ending::HalfClosed { side, state, since }
            | Ending::Stuck { side, state, since } => format!(
                "{}: {} is in {}, {} before the capture ends",
                ending.kind().name().replace('-', " "),
                self.name(*side),
                self.state_of(*side, *state),
                seconds(*since)
            ),
            Ending::NotShown { side, state, .. } | Ending::BeginsLate { side, state } => format!(
                "the capture does not show it: {} was last seen in {}",
                self.name(*side),
                self.state_of(*side, *state)
            ),
            Ending::Storm(storm) => format!(
                "in a storm: packets {} to {} repeat the same two segments {} times in {}",
                storm.first,
                storm.last,
                storm.packets / 2,
                seconds(storm.lasts)
            ),
            Ending::Unknown => "in an unknown way".to_owned(),
        };
        if let Ending::Reset { by, forged: Some(forged), .. } = ending {
            return format!("{what}. {}", self.forged(*by, *forged));
        }
        let mut sentence = format!("{what}. {}", ending.meaning());
        if let Ending::Clean { reset: Some(index), .. } = ending {
            let _ = write!(
                sentence,
                " A reset comes later ({}), which can end nothing but TIME_WAIT.",
                self.at(*index)
            );
        }
        sentence
    }

    /// The number of attempts of the end that opens, or of the one that answers.
    fn attempts(&self) -> String {
        let tries = Side::BOTH.into_iter().filter_map(|side| {
            let repeated = self.connection.progress(side).unacknowledged?;
            (repeated.times > 1).then_some((side, repeated))
        });
        match tries.max_by_key(|(_, repeated)| repeated.times) {
            Some((side, repeated)) => format!(
                "not established, though {} has tried {} times in {}",
                self.name(side),
                repeated.times,
                seconds(repeated.lasts())
            ),
            None => "not established".to_owned(),
        }
    }

    /// The evidence that a reset is not from the end that it names.
    pub(super) fn forged(&self, by: Side, forged: Forged) -> String {
        let name = self.name(by);
        match forged {
            Forged::HopLimit { is, usual } => format!(
                "Its hop limit is {is}, that of {name}'s other packets {usual}: something on the way has sent it."
            ),
            Forged::Identification { is, last } => format!(
                "Its IP identification is {is}, that of {name}'s packet before {last}, and {name} counts them: something \
                 on the way has sent it."
            ),
            Forged::GoesOn { number } => {
                format!("{name} goes on with packet {number}: something on the way has sent the reset.")
            }
        }
    }

    /// The packets that are explained, unless some packet is not.
    fn explained(&self) -> Option<String> {
        let Self { connection, diagnosis, .. } = self;
        if diagnosis.unexplained().is_some() || diagnosis.unexplained_opening().is_some() {
            return None;
        }
        if let Some(index) = diagnosis.too_many() {
            return Some(format!("too many possibilities: given up at {}", self.at(index)));
        }
        if let Some(number) = connection.not_kept {
            return Some(format!("too many packets: given up at packet {number}"));
        }
        if !connection.is_established() && diagnosis.openings.iter().all(|opening| opening.changes.is_empty()) {
            return Some("nothing: the first SYN was not captured, or it carries text".to_owned());
        }
        let probes: usize = diagnosis.explanations.iter().map(|explanation| explanation.passed_over).sum();
        let from = connection.packets.front().filter(|packet| packet.number != connection.first.0);
        let all =
            from.map_or("every packet".to_owned(), |packet| format!("every packet from {} on", packet.number));
        Some(if probes > 0 {
            format!("{all}; passed over: {} of a keep-alive or a closed window", plural(probes as u64, "packet"))
        } else {
            all
        })
    }
}
