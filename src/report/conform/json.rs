//! The outcomes of recorded cases, as one JSON document.

use std::collections::BTreeMap;

use serde::Serialize;

use super::replayed::{Replay, step_text};
use crate::conform::recorded::{Case, CaseOutcome, ReplayedStep, StepDifference};
use crate::json;

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
    policy: &'a str,
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

/// All cases, with the exit code that the command will have.
#[must_use]
pub fn document(replays: &[Replay<'_>], trace: bool, exit_code: u8) -> String {
    let cases = replays.iter().map(|Replay { file, case, replayed }| {
        let (outcome, differences, feature) = match &replayed.outcome {
            CaseOutcome::Match => ("match", &[][..], None),
            CaseOutcome::Differs(differences) => ("differs", &differences[..], None),
            CaseOutcome::OutOfScope(feature) => ("out of scope", &[][..], Some(feature.as_str())),
        };
        let differences = differences.iter();
        CaseReport {
            name: &case.name,
            file,
            line: case.line,
            policy: &case.policy.name,
            outcome,
            differences: differences
                .map(|StepDifference { step, expected, seen }| DifferenceReport { step: *step, expected, seen })
                .collect(),
            feature,
            steps: trace.then(|| replayed.steps.iter().map(|step| step_report(case, step)).collect()),
        }
    });
    let cases = cases.collect();
    let report = Report { version: VERSION, lastack: env!("CARGO_PKG_VERSION"), exit_code, cases };
    json::document(&report)
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
