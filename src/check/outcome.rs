//! The results of an exploration, beside the expected ones.

use std::sync::Arc;

use super::coverage::Coverage;
use super::cross_check::CrossCheck;
use crate::explore::{ExplorationStats, Stopped};
use crate::property::{Instance, Verdict};
use crate::property::{Property, Temporal};
use crate::scenario::{Expectation, Expected, Scenario};

/// The results of a scenario's exploration.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The scenario.
    pub scenario: Arc<Scenario>,
    /// How far the exploration came.
    pub stats: ExplorationStats,
    /// Why it ended early.
    pub stopped: Option<Stopped>,
    /// Each property's verdict.
    pub results: Vec<Outcome>,
    /// Second opinions, if they were wanted and the world is one that lastack explores itself.
    pub cross_check: Option<CrossCheck>,
    /// The coverage, on the same conditions.
    pub coverage: Option<Coverage>,
}

/// The verdict on one property in one scenario, with its expectation.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The property.
    pub property: Arc<Property>,
    /// The verdict on all its instances together.
    pub verdict: Verdict,
    /// The verdict on each, beside what is expected of it.
    pub instances: Vec<Judged>,
}

/// The verdict on an instance of a property.
#[derive(Clone, Debug)]
pub struct Judged {
    /// The instance.
    pub instance: Instance,
    /// The verdict on it.
    pub verdict: Verdict,
    /// How many steps its shortest trace has; of a lasso, stem and cycle together. `None` where it has no trace;
    /// and in real time and in the asynchronous world, unless the scenario states a number.
    pub steps: Option<usize>,
    /// The expected verdict; `None` if the verdict is not compared.
    pub expected: Option<ExpectedVerdict>,
}

/// What a verdict is compared with.
#[derive(Clone, Debug)]
pub struct ExpectedVerdict {
    /// The verdict that is expected.
    pub verdict: Verdict,
    /// Where the scenario states it; what it does not state is expected to hold.
    pub stated: Option<Expectation>,
}

/// The numbers of verdicts, one for each instance of a property in a scenario, by their results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All but those that are vacuous or not applicable and compared with nothing.
    pub verdicts: usize,
    /// Those that are compared with an expected one.
    pub compared: usize,
    /// Those of them that are not as expected.
    pub missed: usize,
    /// `violated` in a world that was changed, where nothing is expected.
    pub violated: usize,
    /// `undecided`, compared or not.
    pub undecided: usize,
    /// `undecided`, where nothing is expected.
    pub undecided_not_compared: usize,
    /// `holds` in a world that was changed, where nothing is expected.
    pub holds: usize,
    /// `possible`, where the scenario states nothing.
    pub possible: usize,
    /// `impossible`, where the scenario states nothing.
    pub impossible: usize,
    /// `vacuous`: they hold, but their premise is never true.
    pub vacuous: usize,
    /// `not applicable`.
    pub not_applicable: usize,
}

impl Tally {
    /// Counts the verdicts of some scenarios.
    #[must_use]
    pub fn of(all: &[Checked]) -> Self {
        let mut tally = Self::default();
        for judged in all.iter().flat_map(Checked::judged) {
            tally.verdicts += usize::from(
                judged.expected.is_some() || !matches!(judged.verdict, Verdict::Vacuous | Verdict::NotApplicable),
            );
            tally.compared += usize::from(judged.expected.is_some());
            tally.missed += usize::from(judged.is_missed());
            tally.undecided += usize::from(judged.verdict == Verdict::Undecided);
            match judged.verdict {
                _ if judged.expected.is_some() => {}
                Verdict::Undecided => tally.undecided_not_compared += 1,
                Verdict::Violated => tally.violated += 1,
                Verdict::Possible => tally.possible += 1,
                Verdict::Impossible => tally.impossible += 1,
                Verdict::Vacuous => tally.vacuous += 1,
                Verdict::NotApplicable => tally.not_applicable += 1,
                Verdict::Holds => tally.holds += 1,
            }
        }
        tally
    }
}

/// How a gate ended. Of several scenarios the greatest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum GateResult {
    /// 0: every verdict is the expected one.
    AsExpected,
    /// 2: some verdict is undecided, and no other is unexpected.
    Undecided,
    /// 1: some verdict is not the expected one.
    Unexpected,
}

impl GateResult {
    /// How the gate over these scenarios ended; without any, nothing is decided.
    #[must_use]
    pub fn of(all: &[Checked]) -> Self {
        all.iter().map(Checked::result).max().unwrap_or(Self::Undecided)
    }

    /// The exit code: 0, 1 or 2.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::AsExpected => 0,
            Self::Unexpected => 1,
            Self::Undecided => 2,
        }
    }

    /// What ended with this exit code; `None` if nothing does.
    #[must_use]
    pub const fn of_exit_code(code: u8) -> Option<Self> {
        match code {
            0 => Some(Self::AsExpected),
            1 => Some(Self::Unexpected),
            2 => Some(Self::Undecided),
            _ => None,
        }
    }
}

impl Checked {
    /// The verdict on each instance of each property.
    pub fn judged(&self) -> impl Iterator<Item = &Judged> {
        self.results.iter().flat_map(|outcome| &outcome.instances)
    }

    /// Whether its exploration was begun: after the end of the time, or after Ctrl-C, none is.
    #[must_use]
    pub fn is_begun(&self) -> bool {
        self.stats.states > 0 || !matches!(self.stopped, Some(Stopped::Interrupted | Stopped::Timeout))
    }

    /// How the gate over this scenario alone ends.
    #[must_use]
    pub fn result(&self) -> GateResult {
        let passed = |judged: &Judged| match judged.verdict {
            _ if judged.is_missed() => GateResult::Unexpected,
            // A changed world has no expectations: then each property should hold.
            Verdict::Violated if self.scenario.is_changed() => GateResult::Unexpected,
            Verdict::Undecided => GateResult::Undecided,
            _ => GateResult::AsExpected,
        };
        // An exploration that was cut short passes nothing, even if it has decided every property.
        let cut_short = |is_cut_short| if is_cut_short { GateResult::Undecided } else { GateResult::AsExpected };
        let cross_check = self.cross_check.as_ref().map_or(GateResult::AsExpected, |cross_check| {
            if cross_check.disagreements.is_empty() {
                cut_short(cross_check.stopped.is_some() && !cross_check.is_out_of_reach())
            } else {
                GateResult::Unexpected
            }
        });
        let explored = cut_short(self.stopped.is_some()).max(cross_check);
        self.judged().map(passed).fold(explored, GateResult::max)
    }
}

impl Outcome {
    /// The verdict on some instance is undecided.
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        self.instances.iter().any(|judged| judged.verdict == Verdict::Undecided)
    }

    /// Judges a property's instances in a scenario, each by its verdict and the length of its shortest trace.
    pub(crate) fn new(
        property: &Arc<Property>,
        instances: Vec<(Instance, Verdict, Option<usize>)>,
        scenario: &Scenario,
    ) -> Self {
        let verdicts = || instances.iter().map(|(_, verdict, _)| *verdict);
        let verdict = Verdict::of_all(verdicts());
        // A property that holds at one end, or may hold at an end that was not asked for, may be vacuous at the
        // other.
        let is_about_an_end = instances.len() < Instance::all(property).len()
            || verdicts().any(|verdict| verdict != Verdict::Vacuous);
        let judge = |(instance, verdict, steps)| Judged::new(instance, verdict, steps, scenario, is_about_an_end);
        Self { property: Arc::clone(property), verdict, instances: instances.into_iter().map(judge).collect() }
    }
}

impl Judged {
    fn new(
        instance: Instance,
        verdict: Verdict,
        steps: Option<usize>,
        scenario: &Scenario,
        is_about_an_end: bool,
    ) -> Self {
        let stated = scenario.expectation(&instance.name(), &instance.property.name);
        let is_expected_to_hold = !scenario.is_changed() && is_expected_to_hold(&instance.property, verdict);
        // That a property holds says nothing of the end at which it is vacuous, unless the expectation names this
        // end.
        let says_nothing = verdict == Verdict::Vacuous
            && is_about_an_end
            && instance.end.is_some()
            && stated.is_some_and(|stated| {
                stated.property == instance.property.name && stated.verdict == Expected::Holds
            });
        let expected = match stated {
            _ if says_nothing => None,
            Some(stated) => Some(ExpectedVerdict { verdict: stated.verdict.into(), stated: Some(stated.clone()) }),
            None if is_expected_to_hold => Some(ExpectedVerdict { verdict: Verdict::Holds, stated: None }),
            None => None,
        };
        Self { instance, verdict, steps, expected }
    }

    /// The verdict is another than the expected one, or its shortest trace has another length than the scenario
    /// states. What is undecided is not missed.
    #[must_use]
    pub fn is_missed(&self) -> bool {
        let Some(expected) = self.expected.as_ref().filter(|_| self.verdict != Verdict::Undecided) else {
            return false;
        };
        let steps = expected.stated.as_ref().and_then(|stated| stated.steps);
        self.verdict != expected.verdict || steps.is_some() && steps != self.steps
    }
}

/// Every property is expected to hold; what is possible is compared only where a scenario states it, and what
/// does not apply, or is vacuous, is not compared.
fn is_expected_to_hold(property: &Property, verdict: Verdict) -> bool {
    property.formula.temporal() != Temporal::Possible
        && !matches!(verdict, Verdict::NotApplicable | Verdict::Vacuous)
}
