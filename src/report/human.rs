//! Verdicts for people at a terminal.

use std::fmt::Write;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use indicatif::HumanCount;

use super::text::{prose, wrapped};
use crate::check::{Checked, Outcome, Passed, Verdict};

const BOLD: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// Where what is said of a verdict begins, in columns.
const INDENT: usize = 14;

/// One scenario: how large its world is, and each property's verdict.
#[must_use]
pub fn scenario(checked: &Checked) -> String {
    let extent = checked.extent;
    let mut text = String::new();
    let _ = writeln!(
        text,
        "{BOLD}{:<24}{BOLD:#}{:>9} states {:>11} transitions  depth {:>3} {:>9}",
        checked.scenario.name,
        HumanCount(extent.states as u64).to_string(),
        HumanCount(extent.transitions as u64).to_string(),
        extent.depth,
        seconds(extent.elapsed),
    );
    if let Some(stopped) = &checked.stopped {
        let _ = writeln!(text, "  {BAD}undecided{BAD:#}   {}", prose(&stopped.to_string(), INDENT));
    }
    for verdict in [
        Verdict::Holds,
        Verdict::Possible,
        Verdict::Impossible,
        Verdict::Violated,
        Verdict::Undecided,
        Verdict::NotApplicable,
    ] {
        let of_this_verdict = || checked.results.iter().filter(|outcome| outcome.verdict == verdict);
        let plain: Vec<&str> = of_this_verdict()
            .filter(|outcome| outcome.is_expected && outcome.stated.is_empty())
            .map(|outcome| outcome.property.name.as_str())
            .collect();
        if !plain.is_empty() {
            let name = if verdict == Verdict::NotApplicable { "n/a" } else { verdict.name() };
            let _ = writeln!(text, "  {name:<12}{}", wrapped(plain, ", ", INDENT));
        }
        for outcome in of_this_verdict().filter(|outcome| !outcome.is_expected || !outcome.stated.is_empty()) {
            text.push_str(&remarkable(checked, outcome));
        }
    }
    text
}

/// A verdict that the scenario speaks of, or should have.
fn remarkable(checked: &Checked, outcome: &Outcome) -> String {
    let style = if outcome.is_expected { GOOD } else { BAD };
    let mut text = String::new();
    let _ = write!(text, "  {style}{:<12}{style:#}{}", outcome.verdict.name(), outcome.property.name);
    let decisive: Vec<String> = outcome
        .instances
        .iter()
        .filter(|(_, verdict)| *verdict == outcome.verdict)
        .filter_map(|(end, _)| end.map(|end| end.to_string()))
        .collect();
    if !decisive.is_empty() && decisive.len() < outcome.instances.len() {
        let _ = write!(text, "@{}", decisive.join(""));
    }
    text.push('\n');
    let indent = " ".repeat(INDENT);
    for stated in &outcome.stated {
        let expected = Verdict::from(stated.verdict);
        let of = if stated.property == outcome.property.name { "" } else { &stated.property };
        let remark = format!(
            "{}expected{}{of}: {}",
            if outcome.is_expected { "" } else { "not as " },
            if of.is_empty() { "" } else { " of " },
            stated.because
        );
        let remark = if expected == outcome.verdict { remark } else { format!("{remark} (stated: {expected})") };
        let _ = writeln!(text, "{indent}{}", prose(&remark, INDENT));
    }
    if !outcome.is_expected {
        if outcome.stated.is_empty() {
            let _ = writeln!(text, "{indent}{BAD}expected to hold{BAD:#}");
        }
        if outcome.verdict != Verdict::Undecided {
            let _ = writeln!(text, "{indent}lastack show {} {}", checked.scenario.name, outcome.property.name);
        }
    }
    text
}

/// What it all comes to.
#[must_use]
pub fn summary(all: &[Checked]) -> String {
    let outcomes = || all.iter().flat_map(|checked| &checked.results);
    let unexpected = outcomes().filter(|outcome| !outcome.is_expected).count();
    let undecided = outcomes().filter(|outcome| outcome.verdict == Verdict::Undecided).count();
    let violated = outcomes().filter(|outcome| outcome.verdict == Verdict::Violated).count();
    let states: usize = all.iter().map(|checked| checked.extent.states).sum();
    let transitions: usize = all.iter().map(|checked| checked.extent.transitions).sum();
    let passed = all.iter().map(Checked::passed).max().unwrap_or(Passed::Undecided);
    let (style, result) = match passed {
        Passed::Yes if all.iter().any(|checked| checked.scenario.is_changed) => {
            (GOOD, "nothing is violated".to_owned())
        }
        Passed::Yes => (GOOD, "each is the expected one".to_owned()),
        Passed::Undecided => (BAD, format!("{undecided} undecided")),
        Passed::No if unexpected == 0 => (BAD, format!("{violated} violated")),
        Passed::No => (BAD, format!("{unexpected} unexpected")),
    };
    format!(
        "\n{} verdicts in {}, {} states and {} transitions: {style}{result}{style:#}\n",
        outcomes().count(),
        if all.len() == 1 { "1 scenario".to_owned() } else { format!("{} scenarios", all.len()) },
        HumanCount(states as u64),
        HumanCount(transitions as u64),
    )
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.2} s", elapsed.as_secs_f64())
}
