//! One verdict on a scenario: that of some instances together.

use super::decide::{Shortest, decide};
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

/// Decides some instances of a property in a scenario, whether or not the scenario is about it. If one is not
/// applicable there, the verdict is [`Verdict::NotApplicable`], and nothing is explored.
///
/// With `counts_steps`, where a run decides the verdict, the world is explored once more for the shortest.
/// `limits` are those of each exploration. `threads` is at least 1; real time is explored by one.
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
    let decided = decide(scenario, instances, Shortest::Stated, threads, limits, &|_, _| {});
    let verdict = Verdict::of_all(decided.verdicts());
    let has_run = matches!(verdict, Verdict::Violated | Verdict::Possible);
    let (steps, stopped) = if counts_steps && has_run {
        let shortest = decide(scenario, instances, Shortest::All, threads, limits, &|_, _| {});
        (shortest.each.iter().filter_map(|found| found.steps).min(), shortest.stopped)
    } else {
        (None, decided.stopped)
    };
    let runs = instances.iter().zip(decided.each);
    let runs = runs.filter_map(|(instance, found)| Some((instance.clone(), found.run?))).collect();
    Together { verdict, steps, stopped, runs }
}
