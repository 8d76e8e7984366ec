//! The explanation of a capture, for people.

use std::fmt::Write;

use super::view::{View, plural, seconds};
use crate::capture::{Capture, Cause, Finding, FindingKind, FirstToClose, Side};
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
        let mut skipped = 0;
        // How most connections are opened needs no words.
        let opening = self.diagnosis.opening(side);
        if !opening.is_ordinary()
            && let ([.., last], [first, ..]) = (opening.changes.as_slice(), explanation.changes.as_slice())
            && (last.state, first.cause) == (first.state, Cause::Start)
        {
            (path, skipped) = (self.opening(side), 1);
        }
        for (number, change) in explanation.changes.iter().enumerate().skip(skipped) {
            let when = match change.cause {
                Cause::Start => String::new(),
                Cause::Sent | Cause::Received(_) => format!("({})", self.at(change.index)),
                Cause::Unseen if explanation.follows_its_packet(number) => {
                    format!("(after {})", self.at(change.index))
                }
                Cause::Unseen => format!("(by {})", self.at(change.index)),
                Cause::TimeWait => format!("(2MSL have passed by {})", self.at(change.index)),
                Cause::FinWait2 => format!("(the timeout of FIN_WAIT_2, by {})", self.at(change.index)),
                Cause::GaveUp => format!("(it gave up by {})", self.at(change.index)),
                Cause::Gone => format!("(it knows of no such connection by {})", self.at(change.index)),
            };
            let arrow = if path.is_empty() { "" } else { " → " };
            let _ = write!(path, "{arrow}{} {when}", change.state);
            path.truncate(path.trim_end().len());
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
