//! One verdict on a scenario: that of some instances together.

use super::decide::{Decided, Shortest, decide};
use super::validate::is_applicable;
use crate::explore::{Limits, Stopped};
use crate::property::{Instance, Verdict};
use crate::scenario::Scenario;
use crate::trace::Trace;

/// The verdict on some instances of a property together.
#[derive(Clone, Debug)]
pub struct Together {
    /// The verdict.
    pub verdict: Verdict,
    /// How many steps the shortest trace has that shows it, where that was asked for and there is one.
    pub steps: Option<usize>,
    /// Why the exploration ended early.
    pub stopped: Option<Stopped>,
    /// In real time, the runs that decide an instance, with that instance; they need not be shortest ones.
    pub runs: Vec<(Instance, Trace)>,
}

/// Decides some instances of a property in a scenario, whether or not the scenario is about it.
#[must_use]
pub fn decide_together(
    scenario: &Scenario,
    instances: &[Instance],
    counts_steps: bool,
    threads: usize,
    limits: Limits<'_>,
) -> Together {
    if !instances.iter().all(|instance| is_applicable(scenario, &instance.property)) {
        return Together { verdict: Verdict::NotApplicable, steps: None, stopped: None, runs: Vec::new() };
    }
    let Decided { verdicts, mut steps, mut stopped, traces, .. } =
        decide(scenario, instances, Shortest::Stated, threads, limits, &|_, _| {});
    let verdict = verdicts.into_iter().reduce(Verdict::together).unwrap_or(Verdict::NotApplicable);
    if counts_steps && matches!(verdict, Verdict::Violated | Verdict::Possible) {
        let shortest = decide(scenario, instances, Shortest::All, threads, limits, &|_, _| {});
        (steps, stopped) = (shortest.steps, shortest.stopped);
    }
    let steps = steps.into_iter().flatten().min().filter(|_| counts_steps);
    let runs = instances.iter().zip(traces).filter_map(|(instance, trace)| Some((instance.clone(), trace?)));
    Together { verdict, steps, stopped, runs: runs.collect() }
}
