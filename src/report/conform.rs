//! What became of recorded cases.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::terminal::Terminal;
use crate::conform::recorded::{Case, Difference, Outcome};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// Where the name of a case begins, in columns.
const NAME_INDENT: usize = 14;
/// Where what is said of a difference begins, in columns.
const INDENT: usize = 24;

/// A case, the path of its file, and how it came out.
pub type Replay<'a> = (&'a str, &'a Case, Outcome);

/// A line a case, what differs below it, and how many there are of each.
#[must_use]
pub fn human(replays: &[Replay<'_>], terminal: Terminal) -> String {
    let mut text = String::new();
    let [mut matches, mut differ, mut out_of_scope] = [0usize; 3];
    for (_, case, outcome) in replays {
        let name = terminal.shown(&case.name);
        match outcome {
            Outcome::Match => {
                matches += 1;
                let _ = writeln!(text, "{GOOD}match{GOOD:#}         {name}");
            }
            Outcome::Differs(Difference { step, expected, seen }) => {
                differ += 1;
                let _ = writeln!(text, "{BAD}differs{BAD:#}       {} ({})", name, case.policy.name());
                let _ = writeln!(
                    text,
                    "              {:<10}{}",
                    format!("step {step}"),
                    terminal.prose(&step_text(case, *step), INDENT)
                );
                let _ = writeln!(text, "              expected  {}", terminal.prose(expected, INDENT));
                let _ = writeln!(text, "              seen      {}", terminal.prose(seen, INDENT));
            }
            Outcome::OutOfScope(feature) => {
                out_of_scope += 1;
                let _ =
                    writeln!(text, "out of scope  {}", terminal.prose(&format!("{name}: {feature}"), NAME_INDENT));
            }
        }
    }
    let _ = writeln!(
        text,
        "\n{} {}: {matches} match, {differ} {}, {out_of_scope} out of scope",
        replays.len(),
        if replays.len() == 1 { "case" } else { "cases" },
        if differ == 1 { "differs" } else { "differ" },
    );
    text
}

fn step_text(case: &Case, step: usize) -> String {
    match step.checked_sub(1).and_then(|index| case.steps.get(index)) {
        Some(step) => step.text.clone(),
        None => format!("the way to {}", case.start),
    }
}

/// Raised with every change that a reader could trip over.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    lastack: &'static str,
    exit_code: u8,
    cases: Vec<CaseReport<'a>>,
}

#[derive(Serialize)]
struct CaseReport<'a> {
    name: &'a str,
    file: &'a str,
    line: usize,
    policy: &'static str,
    /// `match`, `differs` or `out of scope`.
    outcome: &'static str,
    /// Where it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<DifferenceReport<'a>>,
    /// What is not modelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    feature: Option<&'a str>,
}

#[derive(Serialize)]
struct DifferenceReport<'a> {
    step: usize,
    expected: &'a str,
    seen: &'a str,
}

/// The same as one JSON document.
#[must_use]
pub fn json(replays: &[Replay<'_>]) -> String {
    let cases = replays.iter().map(|(file, case, outcome)| {
        let (name, difference, feature) = match outcome {
            Outcome::Match => ("match", None, None),
            Outcome::Differs(Difference { step, expected, seen }) => {
                ("differs", Some(DifferenceReport { step: *step, expected, seen }), None)
            }
            Outcome::OutOfScope(feature) => ("out of scope", None, Some(feature.as_str())),
        };
        CaseReport {
            name: &case.name,
            file,
            line: case.line,
            policy: case.policy.name(),
            outcome: name,
            difference,
            feature,
        }
    });
    let cases: Vec<CaseReport<'_>> = cases.collect();
    let exit_code = u8::from(cases.iter().any(|case| case.difference.is_some()));
    let report = Report { version: VERSION, lastack: env!("CARGO_PKG_VERSION"), exit_code, cases };
    // Nothing of it can fail to be written: its keys are strings.
    let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
    text.push('\n');
    text
}
