//! What an exploration has shown, beside what was expected of it.

use std::sync::Arc;

use super::{Coverage, CrossCheck, Extent, Instance, Stopped, Verdict};
use crate::property::{Property, Temporal};
use crate::world::{End, Expectation, Scenario};

/// What a scenario's exploration has shown.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// How far the exploration came.
    pub extent: Extent,
    /// Why it ended early.
    pub stopped: Option<Stopped>,
    /// Each property's verdict.
    pub results: Vec<Outcome>,
    /// What stateright says, if it was asked and the world is one that lastack explores itself.
    pub cross_check: Option<CrossCheck>,
    /// What was taken how often, if it was asked and likewise.
    pub coverage: Option<Coverage>,
}

/// What is known of one property in one scenario.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The property.
    pub property: Arc<Property>,
    /// The verdict on all its instances together.
    pub verdict: Verdict,
    /// The verdict on each.
    pub instances: Vec<(Option<End>, Verdict)>,
    /// Each verdict that is compared with an expected one; none in a world that was changed.
    pub comparisons: Vec<Comparison>,
}

/// A verdict beside the expected one.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// The property or the instance.
    pub name: String,
    /// The verdict on it.
    pub verdict: Verdict,
    /// What is expected.
    pub expected: Verdict,
    /// Why, if the scenario states it; what it does not state is expected to hold.
    pub because: Option<String>,
}

/// How a gate ended, as an exit code of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Passed {
    /// 0: every verdict is the expected one.
    Yes,
    /// 2: some verdict is undecided, and no other is unexpected.
    Undecided,
    /// 1: some verdict is not the expected one.
    No,
}

impl Checked {
    /// Whether this scenario lets the gate pass.
    #[must_use]
    pub fn passed(&self) -> Passed {
        let passed = |outcome: &Outcome| match outcome.verdict {
            _ if outcome.comparisons.iter().any(Comparison::is_missed) => Passed::No,
            // A changed world has no expectations: then holding is what is asked for.
            Verdict::Violated if self.scenario.is_changed() => Passed::No,
            _ if outcome.is_undecided() => Passed::Undecided,
            _ => Passed::Yes,
        };
        // Even if it has decided what was asked: an exploration that was cut short passes nothing.
        let cut_short = |is_cut_short| if is_cut_short { Passed::Undecided } else { Passed::Yes };
        let cross_check = self.cross_check.as_ref().map_or(Passed::Yes, |cross_check| {
            if cross_check.differences.is_empty() { cut_short(cross_check.stopped.is_some()) } else { Passed::No }
        });
        let explored = cut_short(self.stopped.is_some()).max(cross_check);
        self.results.iter().map(passed).fold(explored, Passed::max)
    }
}

impl Outcome {
    /// The verdict, or one that is compared, is undecided.
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        let compared = self.comparisons.iter().map(|comparison| comparison.verdict);
        compared.chain([self.verdict]).any(|verdict| verdict == Verdict::Undecided)
    }

    pub(super) fn new(
        property: &Arc<Property>,
        instances: Vec<(Option<End>, Verdict)>,
        scenario: &Scenario,
    ) -> Self {
        let verdicts = instances.iter().map(|(_, verdict)| *verdict);
        let verdict = verdicts.reduce(Verdict::together).unwrap_or(Verdict::NotApplicable);
        let stated = |name: &str| scenario.expectations.iter().find(|expectation| expectation.property == name);
        let compare = |name: String, verdict: Verdict, expectation: &Expectation| Comparison {
            name,
            verdict,
            expected: expectation.verdict.into(),
            because: Some(expectation.because.clone()),
        };
        let together = stated(&property.name);
        let mut comparisons: Vec<_> =
            together.map(|expectation| compare(property.name.clone(), verdict, expectation)).into_iter().collect();
        for (end, verdict) in instances.iter().copied() {
            let name = Instance { property: Arc::clone(property), end }.name();
            match end.and_then(|_| stated(&name)) {
                Some(expectation) => comparisons.push(compare(name, verdict, expectation)),
                None if together.is_none() && !scenario.is_changed() && is_expected_to_hold(property, verdict) => {
                    comparisons.push(Comparison { name, verdict, expected: Verdict::Holds, because: None });
                }
                None => {}
            }
        }
        Self { property: Arc::clone(property), verdict, instances, comparisons }
    }
}

impl Comparison {
    /// The verdict is another than the expected one. What is undecided is not missed.
    #[must_use]
    pub fn is_missed(&self) -> bool {
        self.verdict != self.expected && self.verdict != Verdict::Undecided
    }
}

/// Every property is expected to hold; what is possible is compared only where a scenario states it, and what
/// does not apply, or says nothing of any state, is compared with nothing.
fn is_expected_to_hold(property: &Property, verdict: Verdict) -> bool {
    property.formula.temporal() != Temporal::Possible
        && !matches!(verdict, Verdict::NotApplicable | Verdict::Vacuous)
}
