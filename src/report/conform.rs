//! What became of recorded cases.

use std::collections::BTreeMap;
use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use super::terminal::Terminal;
use crate::conform::recorded::{Case, Difference, Outcome, Replayed, ReplayedStep};

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// Where the name of a case begins, in columns.
const NAME_INDENT: usize = 14;
/// Where what is said of a step begins, in columns.
const INDENT: usize = 24;

/// A case that was replayed.
#[derive(Debug)]
pub struct Replay<'a> {
    /// The path of its file.
    pub file: &'a str,
    /// The case.
    pub case: &'a Case,
    /// What was seen.
    pub replayed: Replayed,
}

/// A line a case, what differs below it, and how many there are of each. With `trace`, each step of each case that is
/// in scope.
#[must_use]
pub fn human(replays: &[Replay<'_>], trace: bool, terminal: Terminal) -> String {
    let mut text = String::new();
    let [mut matches, mut differ, mut out_of_scope] = [0usize; 3];
    for Replay { case, replayed: Replayed { outcome, steps, .. }, .. } in replays {
        let name = terminal.shown(&case.name);
        let differences: &[Difference] = match outcome {
            Outcome::Match => {
                matches += 1;
                let policy = if trace { format!(" ({})", case.policy.name()) } else { String::new() };
                let _ = writeln!(text, "{GOOD}match{GOOD:#}         {name}{policy}");
                &[]
            }
            Outcome::Differs(differences) => {
                differ += 1;
                let _ = writeln!(text, "{BAD}differs{BAD:#}       {name} ({})", case.policy.name());
                differences
            }
            Outcome::OutOfScope(feature) => {
                out_of_scope += 1;
                let _ =
                    writeln!(text, "out of scope  {}", terminal.prose(&format!("{name}: {feature}"), NAME_INDENT));
                continue;
            }
        };
        let shown = steps.iter().filter_map(|step| {
            let of_step: Vec<&Difference> = differences.iter().filter(|one| one.step == step.number).collect();
            (trace || !of_step.is_empty()).then_some((step, of_step))
        });
        for (step, of_step) in shown {
            let mut line = |what: &str, said: &str| {
                let _ = writeln!(text, "              {what:<10}{}", terminal.prose(said, INDENT));
            };
            line(&place(case, step.number), &step_text(case, step.number));
            if trace {
                for (what, said) in seen_in(step) {
                    line(what, &said);
                }
            }
            for Difference { expected, seen, .. } in of_step {
                line("expected", expected);
                line("seen", seen);
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

/// Where a step stands: in a file that has a line for each, that line.
fn place(case: &Case, step: usize) -> String {
    let line = step.checked_sub(1).and_then(|index| case.steps.get(index)?.line);
    line.map_or_else(|| format!("step {step}"), |line| format!("line {line}"))
}

fn step_text(case: &Case, step: usize) -> String {
    match step.checked_sub(1).and_then(|index| case.steps.get(index)) {
        Some(step) => step.text.clone(),
        None => format!("the way to {}", case.start),
    }
}

/// What a step did, each with its name.
fn seen_in(step: &ReplayedStep) -> Vec<(&'static str, String)> {
    let ReplayedStep { number: _, returned, sent, state, timers } = step;
    let mut all: Vec<(&'static str, String)> = Vec::new();
    all.extend(returned.iter().map(|returned| ("returned", returned.clone())));
    all.extend(sent.iter().map(|sent| ("sent", sent.to_string())));
    all.push(("state", state.to_string()));
    if !timers.is_empty() {
        let timers = timers.iter().map(|(timer, left)| format!("{} in {left}ms", timer.name()));
        all.push(("timers", timers.collect::<Vec<_>>().join(", ")));
    }
    all
}

/// Raised with every change that a reader could trip over.
const VERSION: u32 = 2;

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
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differences: Vec<DifferenceReport<'a>>,
    /// What is not modelled.
    #[serde(skip_serializing_if = "Option::is_none")]
    feature: Option<&'a str>,
    /// What was seen in each step.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<Vec<StepReport<'a>>>,
}

#[derive(Serialize)]
struct DifferenceReport<'a> {
    step: usize,
    expected: &'a str,
    seen: &'a str,
}

#[derive(Serialize)]
struct StepReport<'a> {
    step: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    returned: Option<&'a str>,
    sent: Vec<String>,
    state: &'static str,
    /// Milliseconds that are left, by the timer's name.
    timers: BTreeMap<&'static str, u64>,
}

/// The same as one JSON document, with the exit code that the command will have.
#[must_use]
pub fn json(replays: &[Replay<'_>], trace: bool, exit_code: u8) -> String {
    let cases = replays.iter().map(|Replay { file, case, replayed }| {
        let (outcome, differences, feature) = match &replayed.outcome {
            Outcome::Match => ("match", &[][..], None),
            Outcome::Differs(differences) => ("differs", &differences[..], None),
            Outcome::OutOfScope(feature) => ("out of scope", &[][..], Some(feature.as_str())),
        };
        let differences = differences.iter();
        CaseReport {
            name: &case.name,
            file,
            line: case.line,
            policy: case.policy.name(),
            outcome,
            differences: differences
                .map(|Difference { step, expected, seen }| DifferenceReport { step: *step, expected, seen })
                .collect(),
            feature,
            steps: trace.then(|| replayed.steps.iter().map(|step| step_report(case, step)).collect()),
        }
    });
    let cases = cases.collect();
    let report = Report { version: VERSION, lastack: env!("CARGO_PKG_VERSION"), exit_code, cases };
    // Nothing of it can fail to be written: its keys are strings.
    let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
    text.push('\n');
    text
}

fn step_report<'a>(case: &Case, step: &'a ReplayedStep) -> StepReport<'a> {
    let ReplayedStep { number, returned, sent, state, timers } = step;
    StepReport {
        step: *number,
        line: number.checked_sub(1).and_then(|index| case.steps.get(index)?.line),
        text: step_text(case, *number),
        returned: returned.as_deref(),
        sent: sent.iter().map(ToString::to_string).collect(),
        state: state.name(),
        timers: timers.iter().map(|(timer, left)| (timer.name(), *left)).collect(),
    }
}
