//! Verdicts as one JSON document.

use serde::{Deserialize, Serialize};

use crate::check::{
    ActionKind, Checked, Coverage, CrossCheck, Disagreement, ExpectedVerdict, GateResult, Judged, Outcome, Tally,
    TicksCheck,
};
use crate::json;
use crate::model::EndpointEvent;
use crate::report::policy;
use crate::sweep::Part;
use crate::tcp::State;

/// Raised with every change that a reader could trip over.
pub(super) const VERSION: u32 = 5;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    lastack: &'static str,
    passed: bool,
    exit_code: u8,
    /// Only with `--partition`.
    #[serde(skip_serializing_if = "Option::is_none")]
    partition: Option<&'a Partition>,
    counts: CountsReport,
    scenarios: Vec<ScenarioReport<'a>>,
}

/// Which part of a check a report is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// The part.
    #[serde(flatten)]
    pub part: Part,
    /// How many scenarios the whole check has.
    pub scenarios: usize,
    /// What is checked, in short: the same of all parts.
    pub selection: String,
}

/// The numbers of verdicts, by their results.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CountsReport {
    verdicts: usize,
    compared: usize,
    missed: usize,
    violated: usize,
    holds: usize,
    undecided: usize,
    undecided_not_compared: usize,
    possible: usize,
    impossible: usize,
    vacuous: usize,
    not_applicable: usize,
}

impl CountsReport {
    /// The numbers of both.
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            verdicts: self.verdicts.saturating_add(other.verdicts),
            compared: self.compared.saturating_add(other.compared),
            missed: self.missed.saturating_add(other.missed),
            violated: self.violated.saturating_add(other.violated),
            holds: self.holds.saturating_add(other.holds),
            undecided: self.undecided.saturating_add(other.undecided),
            undecided_not_compared: self.undecided_not_compared.saturating_add(other.undecided_not_compared),
            possible: self.possible.saturating_add(other.possible),
            impossible: self.impossible.saturating_add(other.impossible),
            vacuous: self.vacuous.saturating_add(other.vacuous),
            not_applicable: self.not_applicable.saturating_add(other.not_applicable),
        }
    }
}

#[derive(Serialize)]
struct ScenarioReport<'a> {
    name: &'a str,
    about: &'a str,
    file: &'a str,
    /// Settings and scale that have changed the world.
    changes: &'a [String],
    /// The names of the policies that A and B have.
    policies: [&'a str; 2],
    /// What the file sets otherwise than the policy that a setting names.
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<String>,
    /// The timers of policies that are no whole number of ticks, and what they have become.
    #[serde(skip_serializing_if = "Option::is_none")]
    rounded: Option<String>,
    /// Only where delays are any real time.
    #[serde(skip_serializing_if = "Option::is_none")]
    zones: Option<usize>,
    /// Only where delays are whole ticks, and in the asynchronous world.
    #[serde(skip_serializing_if = "Option::is_none")]
    states: Option<usize>,
    transitions: usize,
    /// Absent where several threads explored: they do not find the shortest ways.
    #[serde(skip_serializing_if = "Option::is_none")]
    depth: Option<usize>,
    /// What states, the set of them and the steps between them take in memory; 0 in the asynchronous world.
    bytes: usize,
    seconds: f64,
    /// Why not every state was seen.
    stopped: Option<String>,
    properties: Vec<PropertyReport<'a>>,
    /// Only with `--cross-check`.
    #[serde(skip_serializing_if = "Option::is_none")]
    cross_check: Option<CrossCheckReport<'a>>,
    /// Only with `--coverage`.
    #[serde(skip_serializing_if = "Option::is_none")]
    coverage: Option<CoverageReport<'a>>,
}

#[derive(Serialize)]
struct CrossCheckReport<'a> {
    /// Why stateright did not come to its end.
    stopped: Option<String>,
    verdicts: usize,
    differences: Vec<DifferenceReport<'a>>,
    /// Only where the verdicts are those of real time.
    #[serde(skip_serializing_if = "Option::is_none")]
    ticks: Option<TicksReport>,
}

#[derive(Serialize)]
struct TicksReport {
    verdicts: usize,
    proved: usize,
    ties: usize,
    /// Why the world of closed delays was not explored to its end.
    closed_stopped: Option<String>,
}

#[derive(Serialize)]
struct DifferenceReport<'a> {
    what: &'a str,
    lastack: &'a str,
    by: &'static str,
    other: &'a str,
}

#[derive(Serialize)]
struct CoverageReport<'a> {
    actions: Vec<ActionReport>,
    transitions: Vec<TransitionReport>,
    premises: Vec<PremiseReport<'a>>,
}

#[derive(Serialize)]
struct ActionReport {
    action: String,
    times: u64,
}

#[derive(Serialize)]
struct TransitionReport {
    from: &'static str,
    event: String,
    to: &'static str,
    times: u64,
}

#[derive(Serialize)]
struct PremiseReport<'a> {
    property: &'a str,
    /// Absent where the property is not about an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    premise: &'a str,
    states: u64,
}

#[derive(Serialize)]
struct PropertyReport<'a> {
    name: &'a str,
    verdict: &'static str,
    instances: Vec<InstanceReport<'a>>,
}

#[derive(Serialize)]
struct InstanceReport<'a> {
    /// Absent where the property is not about an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    verdict: &'static str,
    /// Absent if there is no trace, or its steps were not counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<usize>,
    /// Absent where the verdict is compared with nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<ComparisonReport<'a>>,
}

#[derive(Serialize)]
struct ComparisonReport<'a> {
    verdict: &'static str,
    /// Absent where the scenario states none.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<usize>,
    is_missed: bool,
    /// Absent where the scenario states nothing: the property is then expected to hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'a str>,
}

/// The report, with a final line break.
#[must_use]
pub fn report(all: &[Checked]) -> String {
    document(all, None)
}

/// The report of a part of a check. A part without a scenario passes.
#[must_use]
pub fn report_of_part(all: &[Checked], partition: &Partition) -> String {
    document(all, Some(partition))
}

fn document(all: &[Checked], partition: Option<&Partition>) -> String {
    let is_empty_part = partition.is_some() && all.is_empty();
    let passed = if is_empty_part { GateResult::AsExpected } else { GateResult::of(all) };
    let report = Report {
        version: VERSION,
        lastack: env!("CARGO_PKG_VERSION"),
        passed: passed == GateResult::AsExpected,
        exit_code: passed.exit_code(),
        partition,
        counts: counts(Tally::of(all)),
        scenarios: all.iter().map(scenario).collect(),
    };
    json::document(&report)
}

fn counts(tally: Tally) -> CountsReport {
    let Tally { verdicts, compared, missed, violated, holds, undecided, undecided_not_compared, .. } = tally;
    let Tally { possible, impossible, vacuous, not_applicable, .. } = tally;
    CountsReport {
        verdicts,
        compared,
        missed,
        violated,
        holds,
        undecided,
        undecided_not_compared,
        possible,
        impossible,
        vacuous,
        not_applicable,
    }
}

fn scenario(checked: &Checked) -> ScenarioReport<'_> {
    ScenarioReport {
        name: &checked.scenario.name,
        about: &checked.scenario.about,
        file: &checked.scenario.source.path,
        changes: &checked.scenario.changes,
        policies: checked.scenario.policies.each_ref().map(|policy| policy.name.as_str()),
        kept: policy::kept(&checked.scenario),
        rounded: policy::rounded(&checked.scenario),
        zones: checked.scenario.is_real_time().then_some(checked.stats.states),
        states: (!checked.scenario.is_real_time()).then_some(checked.stats.states),
        transitions: checked.stats.transitions,
        depth: checked.stats.depth,
        bytes: checked.stats.bytes,
        seconds: checked.stats.elapsed.as_secs_f64(),
        stopped: checked.stopped.map(|stopped| stopped.to_string()),
        properties: checked.results.iter().map(property).collect(),
        cross_check: checked.cross_check.as_ref().map(second_opinion),
        coverage: checked.coverage.as_ref().map(coverage),
    }
}

fn second_opinion(cross_check: &CrossCheck) -> CrossCheckReport<'_> {
    CrossCheckReport {
        stopped: cross_check.stopped.map(|stopped| stopped.to_string()),
        verdicts: cross_check.verdicts,
        differences: cross_check.disagreements.iter().map(difference).collect(),
        ticks: cross_check.ticks.map(|TicksCheck { verdicts, proved, ties, closed_stopped }| TicksReport {
            verdicts,
            proved,
            ties,
            closed_stopped: closed_stopped.map(|stopped| stopped.to_string()),
        }),
    }
}

fn difference(difference: &Disagreement) -> DifferenceReport<'_> {
    let Disagreement { what, lastack, by, other } = difference;
    DifferenceReport { what, lastack, by: by.name(), other }
}

fn coverage(coverage: &Coverage) -> CoverageReport<'_> {
    let action = |(kind, times): (&ActionKind, &u64)| ActionReport { action: kind.to_string(), times: *times };
    let transition = |((from, event, to), times): (&(State, EndpointEvent, State), &u64)| TransitionReport {
        from: from.name(),
        event: event.to_string(),
        to: to.name(),
        times: *times,
    };
    CoverageReport {
        actions: coverage.actions.iter().map(action).collect(),
        transitions: coverage.transitions.iter().map(transition).collect(),
        premises: coverage
            .premises
            .iter()
            .map(|((property, premise, end), states)| PremiseReport {
                property,
                end: end.map(|end| end.to_string()),
                premise,
                states: *states,
            })
            .collect(),
    }
}

fn property(outcome: &Outcome) -> PropertyReport<'_> {
    PropertyReport {
        name: &outcome.property.name,
        verdict: outcome.verdict.name(),
        instances: outcome.instances.iter().map(instance).collect(),
    }
}

fn instance<'j>(judged: &'j Judged) -> InstanceReport<'j> {
    let comparison = |comparison: &'j ExpectedVerdict| ComparisonReport {
        verdict: comparison.verdict.name(),
        steps: comparison.stated.as_ref().and_then(|stated| stated.steps),
        is_missed: judged.is_missed(),
        because: comparison.stated.as_ref().map(|stated| stated.because.as_str()),
    };
    InstanceReport {
        end: judged.instance.end.map(|end| end.to_string()),
        verdict: judged.verdict.name(),
        steps: judged.steps,
        expected: judged.expected.as_ref().map(comparison),
    }
}
