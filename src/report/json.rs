//! Verdicts as one JSON document.

use serde::Serialize;

use crate::check::{Checked, Outcome, Passed};

/// Raised with every change that a reader could trip over.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    lastack: &'static str,
    passed: bool,
    exit_code: u8,
    scenarios: Vec<ScenarioReport<'a>>,
}

#[derive(Serialize)]
struct ScenarioReport<'a> {
    name: &'a str,
    about: &'a str,
    file: &'a str,
    /// Settings and scale that have changed the world.
    changes: &'a [String],
    states: usize,
    transitions: usize,
    /// Absent where several threads explored: they do not find the shortest ways.
    #[serde(skip_serializing_if = "Option::is_none")]
    depth: Option<usize>,
    seconds: f64,
    /// Why not every state was seen.
    stopped: Option<String>,
    properties: Vec<PropertyReport<'a>>,
}

#[derive(Serialize)]
struct PropertyReport<'a> {
    name: &'a str,
    verdict: &'static str,
    instances: Vec<InstanceReport>,
    /// Each verdict that is compared with an expected one; none where settings or a scale have changed the world.
    comparisons: Vec<ComparisonReport<'a>>,
}

#[derive(Serialize)]
struct InstanceReport {
    /// Absent where the property is not about an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    verdict: &'static str,
}

#[derive(Serialize)]
struct ComparisonReport<'a> {
    name: &'a str,
    verdict: &'static str,
    expected: &'static str,
    is_missed: bool,
    /// Absent where the scenario states nothing: the property is then expected to hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'a str>,
}

/// The report, with a final line break.
#[must_use]
pub fn report(all: &[Checked]) -> String {
    let passed = all.iter().map(Checked::passed).max().unwrap_or(Passed::Undecided);
    let report = Report {
        version: VERSION,
        lastack: env!("CARGO_PKG_VERSION"),
        passed: passed == Passed::Yes,
        exit_code: match passed {
            Passed::Yes => 0,
            Passed::No => 1,
            Passed::Undecided => 2,
        },
        scenarios: all.iter().map(scenario).collect(),
    };
    // Only maps with other keys than strings, and failing writers, can fail.
    serde_json::to_string_pretty(&report).map_or_else(|error| error.to_string(), |text| text + "\n")
}

fn scenario(checked: &Checked) -> ScenarioReport<'_> {
    ScenarioReport {
        name: &checked.scenario.name,
        about: &checked.scenario.about,
        file: &checked.scenario.source.path,
        changes: &checked.scenario.changes,
        states: checked.extent.states,
        transitions: checked.extent.transitions,
        depth: checked.extent.depth,
        seconds: checked.extent.elapsed.as_secs_f64(),
        stopped: checked.stopped.map(|stopped| stopped.to_string()),
        properties: checked.results.iter().map(property).collect(),
    }
}

fn property(outcome: &Outcome) -> PropertyReport<'_> {
    PropertyReport {
        name: &outcome.property.name,
        verdict: outcome.verdict.name(),
        instances: outcome
            .instances
            .iter()
            .map(|(end, verdict)| InstanceReport { end: end.map(|end| end.to_string()), verdict: verdict.name() })
            .collect(),
        comparisons: outcome
            .comparisons
            .iter()
            .map(|comparison| ComparisonReport {
                name: &comparison.name,
                verdict: comparison.verdict.name(),
                expected: comparison.expected.name(),
                is_missed: comparison.is_missed(),
                because: comparison.because.as_deref(),
            })
            .collect(),
    }
}
