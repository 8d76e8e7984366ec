//! The gate: scenarios against properties, each verdict compared with the expected one.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use stateright::Checker;

use super::explore::{Aim, Explored};
use super::trace::shortest;
use super::{Extent, Instance, Library, Limits, NoTrace, Stopped, Trace, Verdict};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::property::{Observation, Property, Temporal};
use crate::world::{End, Expectation, Expected, Scenario, TimedWorld, World, WorldKind, asynchronous_world};

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
        let cut_short = if self.stopped.is_some() { Passed::Undecided } else { Passed::Yes };
        self.results.iter().map(passed).fold(cut_short, Passed::max)
    }
}

/// Finds what cannot be asked: expectations, in any file, of no property; and selected properties that speak of
/// what a selected scenario lacks.
pub fn validate(
    library: &Library,
    scenarios: &[Arc<Scenario>],
    properties: &[Arc<Property>],
) -> Result<(), Diagnostics> {
    let mut mistakes = Diagnostics::default();
    for scenario in library.scenarios(&[], &[], 1)? {
        for expectation in &scenario.expectations {
            mistakes.0.extend(misstated(library, &scenario, expectation));
        }
    }
    for scenario in scenarios {
        for property in properties {
            mistakes.0.extend(lacking(scenario, property));
        }
    }
    if !scenarios.iter().any(|scenario| properties.iter().any(|property| is_applicable(scenario, property))) {
        let title = "no selected property is applicable to a selected scenario";
        mistakes
            .0
            .push(Diagnostic::new(title).help("the asynchronous world counts no losses, duplicates or retries"));
    }
    mistakes.or(())
}

fn misstated(library: &Library, scenario: &Scenario, expectation: &Expectation) -> Option<Diagnostic> {
    let name = &expectation.property;
    let place = |mistake: Diagnostic, label: &str| mistake.at(&scenario.source, expectation.span.clone(), label);
    let property = match library.instances(name) {
        Ok(instances) => instances.into_iter().next()?.property,
        Err(unknown) => {
            return unknown.0.into_iter().next().map(|mistake| place(mistake, "expected a property's name"));
        }
    };
    let temporal = property.formula.temporal();
    let label = match (temporal, expectation.verdict) {
        (Temporal::Possible, Expected::Possible | Expected::Impossible)
        | (Temporal::Always | Temporal::Never, Expected::Holds | Expected::Violated) => return None,
        (Temporal::Possible, _) => "expected the verdict \"possible\" or \"impossible\"",
        (Temporal::Always | Temporal::Never, _) => "expected the verdict \"holds\" or \"violated\"",
    };
    let title = format!("`{name}` is a property of the form `{} …`", temporal.name());
    Some(place(Diagnostic::new(title), label))
}

/// A property that counts what the timed world of a scenario does not count.
fn lacking(scenario: &Scenario, property: &Property) -> Option<Diagnostic> {
    if scenario.kind == WorldKind::Asynchronous {
        return None;
    }
    let config = &scenario.config;
    let counts_retries = End::BOTH.iter().all(|end| config.end(*end).policy.retries.is_some());
    let lacks = [
        (Observation::Retransmissions, counts_retries, "both ends have `retries`"),
        (Observation::Losses, config.losses.is_some(), "`network.losses` is a number"),
    ];
    lacks.into_iter().find_map(|(observation, is_counted, condition)| {
        let span = property.formula.mentions(observation).filter(|_| !is_counted)?;
        Some(
            Diagnostic::new(format!(
                "`{}` are not counted in the scenario `{}`",
                observation.name(),
                scenario.name
            ))
            .at(&property.file, span, format!("counted where {condition}"))
            .help("check this property in other scenarios, or others in this one, with --property"),
        )
    })
}

/// Checks the scenarios and hands them over in their order.
///
/// `threads` scenarios are explored at once; if there are fewer scenarios, each on several threads. `None`: one
/// scenario a core, and each on one thread, which alone makes a search breadth-first.
pub fn check(
    scenarios: &[Arc<Scenario>],
    properties: &[Arc<Property>],
    threads: Option<usize>,
    limits: Limits<'_>,
    progress: &(dyn Fn(&Scenario, &Extent) + Sync),
    mut done: impl FnMut(Checked),
) {
    let cores = || thread::available_parallelism().map_or(1, NonZero::get);
    let at_once = threads.unwrap_or_else(cores).clamp(1, scenarios.len().max(1));
    let threads = threads.map_or(1, |threads| (threads / at_once).max(1));
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..at_once {
            let (next, sender) = (&next, sender.clone());
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(scenario) = scenarios.get(index) else {
                        return;
                    };
                    let checked =
                        check_one(scenario, properties, threads, limits, &|extent| progress(scenario, extent));
                    if sender.send((index, checked)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        let mut waiting: Vec<Option<Checked>> = scenarios.iter().map(|_| None).collect();
        let mut handed_over = 0;
        for (index, checked) in receiver {
            if let Some(slot) = waiting.get_mut(index) {
                *slot = Some(checked);
            }
            while let Some(checked) = waiting.get_mut(handed_over).and_then(Option::take) {
                done(checked);
                handed_over += 1;
            }
        }
    });
}

/// Explores one scenario, once, and decides the properties in it.
pub fn check_one(
    scenario: &Arc<Scenario>,
    properties: &[Arc<Property>],
    threads: usize,
    limits: Limits<'_>,
    progress: &dyn Fn(&Extent),
) -> Checked {
    let (applicable, foreign): (Vec<_>, Vec<_>) =
        properties.iter().cloned().partition(|property| is_applicable(scenario, property));
    let instances: Vec<Instance> = applicable.iter().flat_map(Instance::all).collect();
    let (extent, stopped, verdicts) = match scenario.kind {
        WorldKind::Timed => survey(TimedWorld::new(scenario.config), instances, threads, limits, progress),
        WorldKind::Asynchronous => {
            survey(asynchronous_world(&scenario.config), instances, threads, limits, progress)
        }
    };
    // The verdicts are in the order of the instances, and those in the order of their properties.
    let mut verdicts = verdicts.into_iter();
    let mut results: Vec<_> = Vec::new();
    for property in &applicable {
        let instances = Instance::all(property).into_iter().map(|instance| instance.end).zip(verdicts.by_ref());
        results.push(Outcome::new(property, instances.collect(), scenario));
    }
    for property in &foreign {
        let instances = Instance::all(property).into_iter().map(|instance| (instance.end, Verdict::NotApplicable));
        results.push(Outcome::new(property, instances.collect(), scenario));
    }
    results.sort_by(|one, other| one.property.name.cmp(&other.property.name));
    Checked { scenario: Arc::clone(scenario), extent, stopped, results }
}

/// The shortest counterexample (or example) that decides any of these instances in a scenario.
pub fn shortest_trace(
    scenario: &Scenario,
    instances: &[Instance],
    limits: Limits<'_>,
) -> Result<Option<(Instance, Trace)>, NoTrace> {
    match scenario.kind {
        WorldKind::Timed => shortest(|| TimedWorld::new(scenario.config), instances, limits),
        WorldKind::Asynchronous => shortest(|| asynchronous_world(&scenario.config), instances, limits),
    }
}

/// The asynchronous world counts nothing.
#[must_use]
pub fn is_applicable(scenario: &Scenario, property: &Property) -> bool {
    let counters = [Observation::Retransmissions, Observation::Losses, Observation::Duplicates];
    scenario.kind == WorldKind::Timed
        || counters.iter().all(|counter| property.formula.mentions(*counter).is_none())
}

fn survey<W: World>(
    world: W,
    instances: Vec<Instance>,
    threads: usize,
    limits: Limits<'_>,
    progress: &dyn Fn(&Extent),
) -> (Extent, Option<Stopped>, Vec<Verdict>) {
    let explored = Explored::new(world, instances.clone(), Aim::Survey, limits);
    let (checker, extent) = explored.run(threads, limits, progress);
    let stopped = checker.model().stopped();
    let verdicts = instances
        .into_iter()
        .zip(checker.model().revealed())
        .map(|(instance, revealed)| instance.verdict(revealed, stopped.is_none()))
        .collect();
    (extent, stopped, verdicts)
}

impl Outcome {
    /// The verdict, or one that is compared, is undecided.
    #[must_use]
    pub fn is_undecided(&self) -> bool {
        let compared = self.comparisons.iter().map(|comparison| comparison.verdict);
        compared.chain([self.verdict]).any(|verdict| verdict == Verdict::Undecided)
    }

    fn new(property: &Arc<Property>, instances: Vec<(Option<End>, Verdict)>, scenario: &Scenario) -> Self {
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
/// does not apply is compared with nothing.
fn is_expected_to_hold(property: &Property, verdict: Verdict) -> bool {
    property.formula.temporal() != Temporal::Possible && verdict != Verdict::NotApplicable
}
