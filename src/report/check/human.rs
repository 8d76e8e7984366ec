//! Verdicts for people at a terminal.

use std::fmt::Write;
use std::slice;

use anstyle::{AnsiColor, Style};
use indicatif::{HumanBytes, HumanCount};

use super::show_command::ShowCommand;
use super::verdict_note::{VerdictLine, VerdictNote, verdict_line_of_each, verdict_lines};
use crate::check::{Checked, CrossCheck, GateResult, Tally, TicksCheck};
use crate::property::Verdict;
use crate::report::policy;
use crate::report::quantity::{counted, per_second, seconds};
use crate::report::terminal::Terminal;

const BOLD: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// The column at which the text about a verdict begins.
const INDENT: usize = 14;

/// How much people want to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The verdicts that keep the gate from passing, and the total.
    Quiet,
    /// The same, and a line for each scenario that passes.
    Brief,
    /// Every verdict.
    Plain,
    /// Every instance's verdict, what the scenario is about, and what its exploration took.
    Verbose,
}

impl Detail {
    fn has_all_verdicts(self) -> bool {
        matches!(self, Self::Plain | Self::Verbose)
    }
}

/// One scenario: how large its world is, and each property's verdict.
#[must_use]
pub fn scenario(checked: &Checked, show_command: &ShowCommand, detail: Detail, terminal: Terminal) -> String {
    if !checked.is_begun() || detail == Detail::Quiet && checked.result() == GateResult::AsExpected {
        return String::new();
    }
    let stats = checked.stats;
    let size = format!(
        "{:>15} {:>22}  {:<9} {:>6}",
        counted(stats.states, checked.scenario.unit()),
        counted(stats.transitions, "transition"),
        stats.depth.map_or(String::new(), |depth| format!("depth {depth:>3}")),
        seconds(stats.elapsed),
    );
    // Large numbers take what a short name leaves.
    let rest = 80_usize.saturating_sub(size.len());
    let mut text = format!("{BOLD}{:<rest$}{BOLD:#}{size}\n", checked.scenario.name);
    if detail == Detail::Brief && checked.result() == GateResult::AsExpected {
        return text;
    }
    let mut line = |style: Style, name: &str, line: &str| {
        let _ = writeln!(text, "  {style}{name:<12}{style:#}{}", terminal.prose(line, INDENT));
    };
    if detail == Detail::Verbose {
        line(Style::new(), "about", &checked.scenario.about);
        line(Style::new(), "file", &checked.scenario.source.path);
        if stats.bytes > 0 {
            let each = stats.bytes / stats.states.max(1);
            let unit = checked.scenario.unit();
            let memory = format!("{}, {each} bytes a {unit}", HumanBytes(stats.bytes as u64));
            line(Style::new(), "memory", &memory);
        }
        let speed = HumanCount(per_second(stats.transitions, stats.elapsed));
        line(Style::new(), "speed", &format!("{speed} transitions a second"));
    }
    if detail == Detail::Verbose {
        for (place, field) in policy::in_force(&checked.scenario).iter().enumerate() {
            line(Style::new(), if place == 0 { "policy" } else { "" }, field);
        }
    }
    if checked.scenario.is_changed() {
        line(Style::new(), "set", &checked.scenario.changes.join(", "));
    }
    if let Some(kept) = policy::kept(&checked.scenario) {
        line(Style::new(), "kept", &kept);
    }
    if let Some(rounded) = policy::rounded(&checked.scenario) {
        line(Style::new(), "rounded", &rounded);
    }
    if let Some(stopped) = &checked.stopped {
        let key = if stopped.leaves_only_runs_open() { "open" } else { "stopped" };
        line(BAD, key, &stopped.to_string());
    }
    if let Some(cross_check) = &checked.cross_check {
        second_opinion(cross_check, detail, line);
    }
    for verdict in [
        Verdict::Holds,
        Verdict::Vacuous,
        Verdict::Possible,
        Verdict::Impossible,
        Verdict::Violated,
        Verdict::Undecided,
        Verdict::NotApplicable,
    ] {
        text.push_str(&of_verdict(verdict, checked, show_command, detail, terminal));
    }
    text
}

/// The properties, and instances, that have this verdict.
fn of_verdict(
    verdict: Verdict,
    checked: &Checked,
    show_command: &ShowCommand,
    detail: Detail,
    terminal: Terminal,
) -> String {
    let mut text = String::new();
    let lines_of = |outcome| {
        // A property that does not apply to the world has one verdict for both ends.
        let is_apart = detail == Detail::Verbose && verdict != Verdict::NotApplicable;
        if is_apart { verdict_line_of_each(checked, outcome) } else { verdict_lines(checked, outcome) }
    };
    let all = checked.results.iter().flat_map(lines_of).filter(|line| line.verdict == verdict);
    let (with_note, plain): (Vec<VerdictLine>, Vec<VerdictLine>) = all.partition(|line| line.note.is_some());
    if !plain.is_empty() && (detail.has_all_verdicts() || verdict == Verdict::Undecided) {
        let name = if verdict == Verdict::NotApplicable { "n/a" } else { verdict.name() };
        let plain = terminal.wrapped(plain.iter().map(|line| line.name.as_str()), ", ", INDENT);
        let _ = writeln!(text, "  {name:<12}{plain}");
    }
    let notes = with_note.iter().filter_map(|line| line.note.as_ref());
    for note in notes.filter(|note| detail.has_all_verdicts() || note.is_surprise) {
        text.push_str(&rendered(note, checked, show_command, terminal));
    }
    text
}

/// The results of stateright, line by line.
fn second_opinion(cross_check: &CrossCheck, detail: Detail, mut line: impl FnMut(Style, &str, &str)) {
    let CrossCheck { disagreements, verdicts, stopped, ticks } = cross_check;
    for disagreement in disagreements {
        line(BAD, "differs", &disagreement.to_string());
    }
    if cross_check.is_out_of_reach() {
        let why = stopped.map_or_else(String::new, |limit| format!("whole ticks have no room for it: {limit}"));
        line(Style::new(), "unchecked", &why);
        return;
    }
    if let Some(stopped) = stopped {
        line(BAD, "unchecked", &format!("stateright: {stopped}"));
    } else if disagreements.is_empty() && detail.has_all_verdicts() {
        let of_states = match verdicts {
            0 => String::new(),
            some => format!(", and {} on states", counted(*some, "verdict")),
        };
        let ticks_of = if ticks.is_some() { " of whole ticks" } else { "" };
        let text = format!("the same states and transitions{ticks_of}{of_states} by stateright");
        line(Style::new(), "checked", &text);
    }
    if let Some(ticks) = ticks.filter(|_| disagreements.is_empty() && detail.has_all_verdicts()) {
        line(Style::new(), "", &of_ticks(&ticks));
    }
}

/// The comparison of verdicts in real time with whole ticks.
fn of_ticks(ticks: &TicksCheck) -> String {
    let TicksCheck { verdicts, proved, ties, closed_stopped } = ticks;
    let compared = format!("{} by whole ticks", counted(*verdicts, "verdict"));
    match closed_stopped {
        Some(stopped) => format!("{compared}; the world of closed delays: {stopped}"),
        None => format!("{compared}; {proved} proved by the world of closed delays, {}", counted(*ties, "tie")),
    }
}

fn rendered(note: &VerdictNote<'_>, checked: &Checked, show_command: &ShowCommand, terminal: Terminal) -> String {
    let style = if note.is_surprise { BAD } else { GOOD };
    let indent = " ".repeat(INDENT);
    let mut text = format!("  {style}{:<12}{style:#}{}\n", note.verdict.name(), note.name);
    let reason = terminal.prose(&note.reason(), INDENT);
    let style = if note.is_surprise { BAD } else { Style::new() };
    if !reason.is_empty() {
        let _ = writeln!(text, "{indent}{style}{reason}{style:#}");
    }
    if note.is_surprise && note.has_trace() {
        // One line, however long: a broken one could not be copied.
        let _ = writeln!(text, "{indent}{}", show_command.show(&checked.scenario, &note.name));
    }
    text
}

/// The number of scenarios that were not begun, and why, if there are any.
#[must_use]
pub fn not_begun(all: &[Checked]) -> String {
    let not_begun: Vec<&Checked> = all.iter().filter(|checked| !checked.is_begun()).collect();
    let Some(why) = not_begun.iter().find_map(|checked| checked.stopped) else {
        return String::new();
    };
    format!("{BAD}not begun{BAD:#}: {}: {why}\n", counted(not_begun.len(), "scenario"))
}

/// The total. Its last line has the result, whatever the exit code, and the numbers of verdicts that were not
/// compared.
#[must_use]
pub fn summary(all: &[Checked], detail: Detail, terminal: Terminal) -> String {
    let (passed, result) = result(all);
    let style = if passed == GateResult::AsExpected { GOOD } else { BAD };
    let gap = if detail == Detail::Quiet && passed == GateResult::AsExpected { "" } else { "\n" };
    let (size, line) = (size(all), format!("{result}{}", uncompared(all)));
    let fits = size.len() + ": ".len() + line.len() <= terminal.width;
    let separator = if fits { ' ' } else { '\n' };
    let line = terminal.prose(&line, 0);
    // The result comes first, and is shorter than any line.
    let (result, rest) = line.split_at_checked(result.len()).unwrap_or((&line, ""));
    format!("{gap}{size}:{separator}{style}{result}{style:#}{rest}\n")
}

/// The numbers of verdicts, scenarios, zones or states, and transitions.
pub(super) fn size(all: &[Checked]) -> String {
    let of_unit = |unit: &str| {
        all.iter().filter(|checked| checked.scenario.unit() == unit).map(|checked| checked.stats.states).sum()
    };
    let units = ["zone", "state"].map(|unit| (of_unit(unit), unit));
    let found: Vec<String> =
        units.into_iter().filter(|(number, _)| *number > 0).map(|(number, unit)| counted(number, unit)).collect();
    let found = if found.is_empty() { counted(0, "state") } else { found.join(", ") };
    format!(
        "{} in {}, {found} and {}",
        counted(Tally::of(all).verdicts, "verdict"),
        counted(all.len(), "scenario"),
        counted(all.iter().map(|checked| checked.stats.transitions).sum(), "transition"),
    )
}

/// The result of the gate, with the number of each kind of fault that keeps it from passing.
pub(super) fn result(all: &[Checked]) -> (GateResult, String) {
    let tally = Tally::of(all);
    let passed = GateResult::of(all);
    let differs =
        |checked: &&Checked| checked.cross_check.as_ref().is_some_and(|one| !one.disagreements.is_empty());
    let differing = all.iter().filter(differs).count();
    let mut faults: Vec<String> = Vec::new();
    if differing > 0 {
        faults.push(format!("a second opinion differs in {}", counted(differing, "scenario")));
    }
    let of_others = |number: usize, what: &str| match (tally.compared, number) {
        (0, _) => what.to_owned(),
        (_, 1) => format!("other {what}"),
        _ => format!("others {what}"),
    };
    for (number, what) in [
        (tally.missed, "not as expected".to_owned()),
        (tally.undecided - tally.undecided_not_compared, "undecided".to_owned()),
        (tally.violated, of_others(tally.violated, "violated")),
        (tally.undecided_not_compared, of_others(tally.undecided_not_compared, "undecided")),
    ] {
        if number > 0 {
            faults.push(format!("{} {what}", HumanCount(number as u64)));
        }
    }
    let result = match (passed, tally.compared) {
        _ if !faults.is_empty() => faults.join(", "),
        (GateResult::AsExpected, 0) => "nothing is violated".to_owned(),
        (GateResult::AsExpected, _) => "each is the expected one".to_owned(),
        _ if all.iter().any(|checked| checked.stopped.is_some()) => "not explored to the end".to_owned(),
        _ => "not explored to the end by stateright".to_owned(),
    };
    match tally.compared {
        0 => (passed, result),
        some => (passed, format!("{} compared, {result}", HumanCount(some as u64))),
    }
}

/// The numbers of verdicts that are not compared, and of what is no verdict, for each kind that occurs.
pub(super) fn uncompared(all: &[Checked]) -> String {
    let tally = Tally::of(all);
    let counts = |label: &str, kinds: &[(usize, &str)]| {
        let kinds = kinds.iter().filter(|(number, _)| *number > 0);
        let counts: Vec<String> =
            kinds.map(|(number, kind)| format!("{} {kind}", HumanCount(*number as u64))).collect();
        if counts.is_empty() { String::new() } else { format!("; {label}{}", counts.join(", ")) }
    };
    let label = if tally.compared > 0 { "not compared: " } else { "" };
    let holds = if tally.holds == 1 { "holds" } else { "hold" };
    let verdicts = [(tally.holds, holds), (tally.possible, "possible"), (tally.impossible, "impossible")];
    let others = [(tally.vacuous, "vacuous"), (tally.not_applicable, "n/a")];
    counts(label, &verdicts) + &counts("besides: ", &others)
}

/// The result of one scenario.
pub(super) fn result_of(checked: &Checked) -> String {
    result(slice::from_ref(checked)).1
}
