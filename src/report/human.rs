//! Verdicts for people at a terminal.

use std::fmt::Write;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::HumanCount;

use super::terminal::Terminal;
use crate::check::{Checked, Comparison, CrossCheck, Difference, Outcome, Passed, Verdict};

const BOLD: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// Where what is said of a verdict begins, in columns.
const INDENT: usize = 14;

/// One scenario: how large its world is, and each property's verdict.
#[must_use]
pub fn scenario(checked: &Checked, terminal: Terminal) -> String {
    let extent = checked.extent;
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{BOLD}{:<24}{BOLD:#}{:>16} {:>23}  {:<9} {:>7}",
        checked.scenario.name,
        counted(extent.states, "state"),
        counted(extent.transitions, "transition"),
        extent.depth.map_or(String::new(), |depth| format!("depth {depth:>3}")),
        seconds(extent.elapsed),
    );
    if checked.scenario.is_changed() {
        let _ = writeln!(text, "  {:<12}{}", "set", terminal.prose(&checked.scenario.changes.join(", "), INDENT));
    }
    if let Some(stopped) = &checked.stopped {
        let _ = writeln!(text, "  {BAD}{:<12}{BAD:#}{}", "stopped", terminal.prose(&stopped.to_string(), INDENT));
    }
    if let Some(cross_check) = &checked.cross_check {
        text.push_str(&second_opinion(cross_check, terminal));
    }
    for verdict in [
        Verdict::Holds,
        Verdict::Possible,
        Verdict::Impossible,
        Verdict::Violated,
        Verdict::Undecided,
        Verdict::NotApplicable,
    ] {
        let is_plain = |outcome: &Outcome| !outcome.comparisons.iter().any(is_remarkable);
        let of_this_verdict = || checked.results.iter().filter(|outcome| outcome.verdict == verdict);
        let plain: Vec<&str> = of_this_verdict()
            .filter(|outcome| is_plain(outcome))
            .map(|outcome| outcome.property.name.as_str())
            .collect();
        if !plain.is_empty() {
            let name = if verdict == Verdict::NotApplicable { "n/a" } else { verdict.name() };
            let _ = writeln!(text, "  {name:<12}{}", terminal.wrapped(plain, ", ", INDENT));
        }
        for outcome in of_this_verdict() {
            for comparison in open(outcome) {
                let _ = writeln!(text, "  {BAD}{:<12}{BAD:#}{}", comparison.verdict.name(), comparison.name);
            }
            for comparison in remarkable(outcome) {
                text.push_str(&remark(checked, outcome, &comparison, terminal));
            }
        }
    }
    text
}

/// What stateright says.
fn second_opinion(cross_check: &CrossCheck, terminal: Terminal) -> String {
    let CrossCheck { differences, verdicts, stopped } = cross_check;
    let mut text = String::new();
    for Difference { what, lastack, stateright } in differences {
        let difference =
            terminal.prose(&format!("{what}: {lastack} by lastack, {stateright} by stateright"), INDENT);
        let _ = writeln!(text, "  {BAD}{:<12}{BAD:#}{difference}", "differs");
    }
    if let Some(stopped) = stopped {
        let _ = writeln!(
            text,
            "  {BAD}{:<12}{BAD:#}{}",
            "unchecked",
            terminal.prose(&format!("stateright: {stopped}"), INDENT)
        );
    } else if differences.is_empty() {
        let of_states = match verdicts {
            0 => String::new(),
            some => format!(", and {} on states", counted(*some, "verdict")),
        };
        let same = terminal.prose(&format!("the same states and transitions{of_states} by stateright"), INDENT);
        let _ = writeln!(text, "  {:<12}{same}", "checked");
    }
    text
}

/// The comparisons that are worth a line of their own. Two instances that both do not hold share one.
fn remarkable(outcome: &Outcome) -> Vec<Comparison> {
    let is_surprise = |one: &Comparison| one.because.is_none() && one.is_missed();
    match outcome.comparisons.as_slice() {
        [one, other] if is_surprise(one) && is_surprise(other) => {
            vec![Comparison { name: outcome.property.name.clone(), ..one.clone() }]
        }
        all => all.iter().filter(|comparison| is_remarkable(comparison)).cloned().collect(),
    }
}

/// The comparisons that are undecided although the property is not.
fn open(outcome: &Outcome) -> impl Iterator<Item = &Comparison> {
    let comparisons = outcome.comparisons.iter().filter(|_| outcome.verdict != Verdict::Undecided);
    comparisons.filter(|comparison| comparison.verdict == Verdict::Undecided)
}

/// Worth a line of its own: what the scenario states, and what is not as expected.
fn is_remarkable(comparison: &Comparison) -> bool {
    comparison.is_missed() || (comparison.because.is_some() && comparison.verdict != Verdict::Undecided)
}

fn remark(checked: &Checked, outcome: &Outcome, comparison: &Comparison, terminal: Terminal) -> String {
    let (verdict, expected) = (comparison.verdict, comparison.expected);
    let style = if comparison.is_missed() { BAD } else { GOOD };
    // Of two instances, the one that decides the matter is named.
    let decisive: Vec<_> = outcome.instances.iter().filter(|(_, each)| *each == verdict).collect();
    let end = match decisive.as_slice() {
        [(Some(end), _)] if comparison.name == outcome.property.name => format!("@{end}"),
        _ => String::new(),
    };
    let mut text = format!("  {style}{:<12}{style:#}{}{end}\n", verdict.name(), comparison.name);
    let indent = " ".repeat(INDENT);
    let because = comparison.because.as_ref().map_or(String::new(), |because| format!(": {because}"));
    if comparison.is_missed() {
        let expected = terminal.prose(&format!("expected {expected}{because}"), INDENT);
        let _ = writeln!(text, "{indent}{BAD}{expected}{BAD:#}");
        if matches!(verdict, Verdict::Violated | Verdict::Possible) {
            let _ = writeln!(text, "{indent}lastack show {} {}", checked.scenario.name, comparison.name);
        }
    } else {
        let _ = writeln!(text, "{indent}{}", terminal.prose(&format!("as expected{because}"), INDENT));
    }
    text
}

/// What it all comes to.
#[must_use]
pub fn summary(all: &[Checked]) -> String {
    let outcomes = || all.iter().flat_map(|checked| &checked.results);
    let of = |verdict: Verdict| outcomes().filter(|outcome| outcome.verdict == verdict).count();
    let missed = outcomes().flat_map(|outcome| &outcome.comparisons).filter(|one| one.is_missed()).count();
    let passed = all.iter().map(Checked::passed).max().unwrap_or(Passed::Undecided);
    let is_changed = all.iter().any(|checked| checked.scenario.is_changed());
    let undecided = outcomes().filter(|outcome| outcome.is_undecided()).count();
    let differs = |checked: &&Checked| checked.cross_check.as_ref().is_some_and(|one| !one.differences.is_empty());
    let differing = all.iter().filter(differs).count();
    let (style, result) = match passed {
        Passed::Yes if is_changed => (GOOD, "nothing is violated".to_owned()),
        Passed::Yes => (GOOD, "each is the expected one".to_owned()),
        Passed::Undecided if undecided == 0 => (BAD, "not explored to the end".to_owned()),
        Passed::Undecided => (BAD, format!("{undecided} undecided")),
        Passed::No if differing > 0 => (BAD, format!("stateright differs in {}", counted(differing, "scenario"))),
        Passed::No if is_changed => (BAD, format!("{} violated", of(Verdict::Violated))),
        Passed::No => (BAD, format!("{missed} not as expected")),
    };
    format!(
        "\n{} in {}, {} and {}: {style}{result}{style:#}\n",
        counted(outcomes().count(), "verdict"),
        counted(all.len(), "scenario"),
        counted(all.iter().map(|checked| checked.extent.states).sum(), "state"),
        counted(all.iter().map(|checked| checked.extent.transitions).sum(), "transition"),
    )
}

/// A number of things.
fn counted(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", HumanCount(number as u64))
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.2} s", elapsed.as_secs_f64())
}
