//! The run that decides an instance, replayed before it is shown.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use std::num::NonZero;
use std::slice::from_ref;
use std::thread;

use super::decide::{Shortest, decide};
use super::decided::{Decided, DecidedInstance, ExploredTicks, ExploredWorld};
use super::every_copy::actions;
use crate::explore::graph::Node;
use crate::explore::search::{StateGraph, Until, explore};
use crate::explore::{ExplorationStats, Limits, Phase, Stopped};
use crate::model::{Layout, OneIncarnation, TimedWorld, TwoIncarnations, asynchronous_world};
use crate::property::{Instance, Known, Verdict};
use crate::scenario::{Scenario, WorldKind};
use crate::trace::{
    Found, NoTrace, Trace, greatest_common_divisor, places_in_ticks, replay, replay_lasso, shortest_by_stateright,
};

/// A run that decides an instance, replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The run; of a lasso, the stem and once the cycle.
    pub trace: Trace,
    /// For each of its steps, the place of its action among those that are enabled where it is taken. A run of
    /// real time has them in ticks of [`Decisions::ticks_per_tick`], of which more pass. `None` where whole ticks
    /// have no room for the run, and where the network is a set, which has no actions for every copy.
    pub places: Option<Vec<usize>>,
}

/// The evidence that one exploration of a scenario's timed world has found, or one in real time.
#[derive(Clone, Debug)]
pub struct Decisions {
    /// How far it came.
    pub stats: ExplorationStats,
    /// Why it ended early.
    pub stopped: Option<Stopped>,
    /// One for each instance, in their order.
    pub each: Vec<Decision>,
    /// How many ticks of the world that the evidence is a path in make up a tick of the scenario: more than 1
    /// where a run of real time needs fractions of a tick.
    pub ticks_per_tick: u32,
}

/// The evidence on one instance.
#[derive(Clone, Debug)]
pub struct Decision {
    /// The instance.
    pub instance: Instance,
    /// What is known of it.
    pub verdict: Verdict,
    /// How many steps the shortest run has that decides it, as [`Judged::steps`](super::Judged::steps) has it.
    pub steps: Option<usize>,
    /// The counterexample or the example, replayed, where there is one.
    pub evidence: Option<Evidence>,
}

impl Decisions {
    /// Explores the world once, and decides the instances, which must be applicable to it.
    ///
    /// # Errors
    /// [`NoTrace::NotReplayed`] if what was found is no run of the world: a fault of this program.
    pub fn of(
        scenario: &Scenario,
        instances: Vec<Instance>,
        threads: usize,
        limits: Limits<'_>,
        progress: &dyn Fn(Phase, &ExplorationStats),
    ) -> Result<Self, NoTrace> {
        let decided = decide(scenario, &instances, Shortest::All, threads, limits, progress);
        if scenario.is_real_time() {
            return if scenario.config.opens() {
                Self::of_real_time::<TwoIncarnations>(scenario, instances, decided)
            } else {
                Self::of_real_time::<OneIncarnation>(scenario, instances, decided)
            };
        }
        let mut each = Vec::new();
        for (index, (instance, found)) in instances.into_iter().zip(&decided.each).enumerate() {
            let evidence = evidence(&decided, found, scenario, (&instance, index))?;
            each.push(Decision { instance, verdict: found.verdict, steps: found.steps, evidence });
        }
        Ok(Self { stats: decided.stats, stopped: decided.stopped, each, ticks_per_tick: 1 })
    }

    /// The runs of real time as paths in whole ticks, all in the same: as many of them as there is room for.
    fn of_real_time<L: Layout>(
        scenario: &Scenario,
        instances: Vec<Instance>,
        decided: Decided,
    ) -> Result<Self, NoTrace> {
        let mut scale = 1;
        let mut shown: Vec<&Trace> = Vec::new();
        for trace in decided.each.iter().filter_map(|found| found.run.as_ref()) {
            let Some(finer) = least_common_multiple(scale, trace.parts) else {
                continue;
            };
            let world = TimedWorld::<L>::with_layout(scenario.config.scaled(finer));
            let mut all_fit = true;
            for one in shown.iter().copied().chain([trace]) {
                all_fit = all_fit && places_in_ticks(&world, one, finer / one.parts)?.is_some();
            }
            if all_fit {
                scale = finer;
                shown.push(trace);
            }
        }
        let world = TimedWorld::<L>::with_layout(scenario.config.scaled(scale));
        let mut each = Vec::new();
        for (instance, found) in instances.into_iter().zip(decided.each) {
            let DecidedInstance { verdict, steps, run } = found;
            let places = match &run {
                Some(trace) if scale % trace.parts == 0 => places_in_ticks(&world, trace, scale / trace.parts)?,
                _ => None,
            };
            let evidence = run.map(|trace| Evidence { trace, places });
            each.push(Decision { instance, verdict, steps, evidence });
        }
        Ok(Self { stats: decided.stats, stopped: decided.stopped, each, ticks_per_tick: scale })
    }
}

/// `None` if it is too large.
fn least_common_multiple(one: u32, other: u32) -> Option<u32> {
    (one / greatest_common_divisor(one, other)).checked_mul(other)
}

/// What a search for the shortest trace has come to.
#[derive(Clone, Debug)]
pub enum ShortestTrace {
    /// It is this one, and decides this instance.
    Found(Instance, Box<Trace>),
    /// There is none: the verdict on all instances together.
    Nothing(Verdict),
}

impl ShortestTrace {
    /// Where nothing was found, that decides nothing if the search was stopped.
    fn of(found: Found, stopped: Option<Stopped>, verdict: impl FnOnce() -> Verdict) -> Result<Self, NoTrace> {
        match (found, stopped) {
            (Some((instance, trace)), _) => Ok(Self::Found(instance, Box::new(trace))),
            (None, Some(stopped)) => Err(NoTrace::Stopped(stopped)),
            (None, None) => Ok(Self::Nothing(verdict())),
        }
    }

    /// The instance and the trace, if there is one.
    #[must_use]
    pub fn found(self) -> Found {
        match self {
            Self::Found(instance, trace) => Some((instance, *trace)),
            Self::Nothing(_) => None,
        }
    }
}

/// The shortest counterexample (or example) that decides any of these instances in a scenario; of several, one
/// that a single state decides before one that takes a lasso. Where there is none, the verdict. In real time, if
/// the search was stopped, it is a run that was found by then, and there may be shorter ones.
///
/// # Errors
/// [`NoTrace::Stopped`] if a limit ended the search before it found one, so that there may be one;
/// [`NoTrace::NotReplayed`] if what it found is no run of the world, a fault of this program.
pub fn shortest_trace(
    scenario: &Scenario,
    instances: &[Instance],
    limits: Limits<'_>,
) -> Result<ShortestTrace, NoTrace> {
    if scenario.kind == WorldKind::Asynchronous {
        let found = shortest_by_stateright(|| asynchronous_world(&scenario.config), instances, limits)?;
        if found.is_some() {
            return ShortestTrace::of(found, None, || Verdict::NotApplicable);
        }
        let decided = decide(scenario, instances, Shortest::All, 1, limits, &|_, _| {});
        return ShortestTrace::of(None, decided.stopped, || Verdict::of_all(decided.verdicts()));
    }
    if scenario.is_real_time() {
        return in_real_time(scenario, instances, limits, &|_, _| {});
    }
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    // What a set reveals may not be a run.
    let network_is_set = scenario.config.duplicates.is_none();
    if network_is_set || instances.iter().any(Instance::is_liveness) {
        let decided = decide(scenario, instances, Shortest::All, threads, limits, &|_, _| {});
        let found = shortest_of(&decided, scenario, instances)?;
        return ShortestTrace::of(found, decided.stopped, || Verdict::of_all(decided.verdicts()));
    }
    if scenario.config.opens() {
        first_revealed::<TwoIncarnations>(scenario, instances, (threads, limits))
    } else {
        first_revealed::<OneIncarnation>(scenario, instances, (threads, limits))
    }
}

/// The shortest run of real time; if the search for it was stopped, any that was found by then.
fn in_real_time(
    scenario: &Scenario,
    instances: &[Instance],
    limits: Limits<'_>,
    progress: &dyn Fn(Phase, &ExplorationStats),
) -> Result<ShortestTrace, NoTrace> {
    let decided = decide(scenario, instances, Shortest::All, 1, limits, progress);
    let found = shortest_of(&decided, scenario, instances)?.or_else(|| {
        let mut runs = instances.iter().zip(&decided.each);
        runs.find_map(|(instance, found)| Some((instance.clone(), found.run.clone()?)))
    });
    ShortestTrace::of(found, decided.stopped, || Verdict::of_all(decided.verdicts()))
}

/// The shortest path in whole ticks to a state that decides an instance. It is found before every state is known.
fn first_revealed<L: Layout>(
    scenario: &Scenario,
    instances: &[Instance],
    (threads, limits): (usize, Limits<'_>),
) -> Result<ShortestTrace, NoTrace> {
    let world = TimedWorld::<L>::with_layout(scenario.config);
    let explored = explore(&world, instances, Until::Revealed, threads, limits, &|_| {});
    let Some(node) = explored.revealed.iter().flatten().min() else {
        let each = instances.iter().zip(&explored.exercised);
        let each = each.map(|(instance, exercised)| instance.verdict(Known::Absent, Known::of(*exercised, true)));
        return ShortestTrace::of(None, explored.stopped, || Verdict::of_all(each));
    };
    let (instance, evidence) = path_to(&world, scenario, &explored, instances, *node)?;
    Ok(ShortestTrace::Found(instance, Box::new(evidence.trace)))
}

fn shortest_of(decided: &Decided, scenario: &Scenario, instances: &[Instance]) -> Result<Found, NoTrace> {
    let all = instances.iter().zip(&decided.each).enumerate();
    let with_length = all.filter_map(|(index, (instance, found))| {
        let length = (instance.is_liveness(), found.steps?);
        Some((length, index, instance, found))
    });
    let Some((_, index, instance, shortest)) = with_length.min_by_key(|(length, ..)| *length) else {
        return Ok(None);
    };
    if let Some(trace) = shortest.run.clone() {
        return Ok(Some((instance.clone(), trace)));
    }
    let evidence = evidence(decided, shortest, scenario, (instance, index))?;
    Ok(evidence.map(|evidence| (instance.clone(), evidence.trace)))
}

/// The run that decides the instance with this index, where there is one: the shortest path, or a stem and a
/// cycle.
fn evidence(
    decided: &Decided,
    found: &DecidedInstance,
    scenario: &Scenario,
    (instance, index): (&Instance, usize),
) -> Result<Option<Evidence>, NoTrace> {
    let is_set = scenario.config.duplicates.is_none();
    if is_set && decided.timed.is_some() {
        return Ok(found.run.clone().map(|trace| Evidence { trace, places: None }));
    }
    match &decided.timed {
        Some(ExploredTicks::One(timed)) => evidence_in_ticks(timed, scenario, instance, index),
        Some(ExploredTicks::Two(timed)) => evidence_in_ticks(timed, scenario, instance, index),
        None => Ok(None),
    }
}

fn evidence_in_ticks<L: Layout>(
    timed: &ExploredWorld<L>,
    scenario: &Scenario,
    instance: &Instance,
    index: usize,
) -> Result<Option<Evidence>, NoTrace> {
    let ExploredWorld { world, explored, lassos } = timed;
    match (explored.revealed[index], &lassos[index]) {
        (Some(node), _) => {
            let (_, evidence) = path_to(world, scenario, explored, from_ref(instance), node)?;
            Ok(Some(evidence))
        }
        (None, Some(lasso)) => {
            let stem = actions(world, &explored.states, &lasso.stem);
            let cycle = actions(world, &explored.states, &lasso.cycle);
            let fresh = TimedWorld::<L>::with_layout(scenario.config);
            let trace = replay_lasso(&fresh, scenario.fairness, instance, &stem, &cycle);
            let places = lasso.stem.iter().chain(&lasso.cycle).map(|(_, place)| *place).collect();
            Ok(Some(Evidence { trace: trace.ok_or(NoTrace::NotReplayed)?, places: Some(places) }))
        }
        (None, None) => Ok(None),
    }
}

/// The shortest path to a state that reveals one of the instances, replayed in a world made afresh, and that
/// instance.
fn path_to<L: Layout>(
    world: &TimedWorld<L>,
    scenario: &Scenario,
    explored: &StateGraph<L>,
    instances: &[Instance],
    node: Node,
) -> Result<(Instance, Evidence), NoTrace> {
    let path = explored.graph.path_to(node);
    let actions = actions(world, &explored.states, &path);
    let fresh = TimedWorld::<L>::with_layout(scenario.config);
    let (instance, trace) = replay(&fresh, instances, &actions).ok_or(NoTrace::NotReplayed)?;
    let places = path.into_iter().map(|(_, place)| place).collect();
    Ok((instance, Evidence { trace, places: Some(places) }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Library;
    use crate::model::TimedWorld;
    use crate::scenario::Setting;
    use crate::trace::RunEnding;
    use std::cell::{Cell, RefCell};
    use std::sync::atomic::{AtomicBool, Ordering};

    /// One exploration finds for each instance what a search for it alone finds; the places lead to the same
    /// steps.
    #[test]
    fn each_instance_has_its_shortest_trace() {
        let library = Library::shipped().unwrap();
        let mut endings = [0; 3];
        for name in ["one-msl", "dead-network", "gives-up"] {
            let whole_ticks = Setting::parse("network.delays=\"whole-ticks\"").unwrap();
            let scenario = library.scenarios(&[name.to_owned()], &[whole_ticks], 1).unwrap().remove(0);
            let instances: Vec<Instance> = library.properties.iter().flat_map(Instance::all).collect();
            let found = Decisions::of(&scenario, instances, 1, Limits::NONE, &|_, _| {}).unwrap();
            let world = TimedWorld::new(scenario.config);
            for Decision { instance, verdict, evidence, .. } in found.each {
                let alone = shortest_trace(&scenario, std::slice::from_ref(&instance), Limits::NONE).unwrap();
                assert_eq!(evidence.is_some(), matches!(verdict, Verdict::Violated | Verdict::Possible));
                let (trace, of_none) = match alone {
                    ShortestTrace::Found(_, trace) => (Some(*trace), None),
                    ShortestTrace::Nothing(verdict) => (None, Some(verdict)),
                };
                assert_eq!(evidence.as_ref().map(|one| &one.trace), trace.as_ref());
                assert_eq!(of_none, evidence.is_none().then_some(verdict), "{}", instance.name());
                let Some(Evidence { trace, places: Some(places) }) = evidence else {
                    continue;
                };
                endings[match trace.ending {
                    RunEnding::Open => 0,
                    RunEnding::Stops { .. } => 1,
                    RunEnding::Repeats { .. } => 2,
                }] += 1;
                assert_eq!(places.len(), trace.steps.len());
                let mut state = world.initial().unwrap();
                for (place, step) in places.into_iter().zip(trace.steps) {
                    let mut enabled = Vec::new();
                    world.enabled(&state, &mut enabled);
                    state = world.step(&state, enabled[place]).unwrap();
                    assert_eq!(
                        crate::model::End::BOTH.map(|end| state.endpoint(end).0.state),
                        step.after.states()
                    );
                }
            }
        }
        assert!(endings.iter().all(|count| *count > 0), "{endings:?}");
    }

    /// Looks for the shortest counterexample of `no-premature-closed` in `one-msl`. `goes_on` is asked now and
    /// then. Returned are how many steps the one has that was found, and how many explorations were begun.
    fn searched(max_states: Option<usize>, mut goes_on: impl FnMut() -> bool) -> (Option<usize>, usize) {
        let library = Library::shipped().unwrap();
        let scenario = library.scenarios(&["one-msl".to_owned()], &[], 1).unwrap().remove(0);
        let instances = library.instances("no-premature-closed").unwrap();
        let (interrupted, begun) = (AtomicBool::new(false), Cell::new(0));
        let limits = Limits { max_states, interrupted: &interrupted, ..Limits::NONE };
        let goes_on = RefCell::new(&mut goes_on);
        let found = in_real_time(&scenario, &instances, limits, &|_, stats| {
            begun.set(begun.get() + usize::from(stats.states == 1));
            interrupted.fetch_or(!(goes_on.borrow_mut())(), Ordering::Relaxed);
        });
        (found.ok().map(|found| found.found().unwrap().1.acts()), begun.get())
    }

    /// What was found before the search is stopped is shown, though the search for a shorter one is not done, or
    /// not begun; and nothing is explored once more.
    #[test]
    fn a_run_that_was_found_before_the_search_stops_is_shown() {
        let (shortest, explorations) = searched(None, || true);
        assert_eq!((shortest.is_some(), explorations), (true, 2), "any run, and a shortest one");
        let interrupted_after = |looks: usize| {
            let mut left = 0..looks;
            searched(None, || left.next().is_some())
        };
        assert_eq!(interrupted_after(0), (None, 1));
        let (found, explorations) = interrupted_after(1);
        assert!(found >= shortest && explorations == 2, "the search for a shortest one is just begun: {found:?}");
        let limited: Vec<_> = (100..500).step_by(50).map(|most| searched(Some(most), || true)).collect();
        let in_the_first =
            |(found, explorations): &(Option<usize>, usize)| *found >= shortest && *explorations == 1;
        assert!(limited.iter().any(in_the_first), "{limited:?}");
    }
}
