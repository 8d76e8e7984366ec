//! Everything that is decided of a timed world, from one exploration.

use super::explorer::{StateGraph, Until, explore};
use super::graph::Edge;
use super::liveness::{Endings, Forbidden, Walk};
use super::promises::Promises;
use super::states::States;
use super::trace::{Found, replay, replay_for_ever};
use super::{Extent, Instance, Limits, NoTrace, Stopped, Verdict};
use crate::property::{Claim, Predicate};
use crate::world::{Action, Fairness, Scenario, TimedWorld};

/// What an exploration of a timed world has shown.
pub(super) struct Decided {
    pub(super) extent: Extent,
    pub(super) stopped: Option<Stopped>,
    /// One for each instance.
    pub(super) verdicts: Vec<Verdict>,
    /// What was explored, and of which world.
    pub(super) explored: StateGraph,
    pub(super) world: TimedWorld,
}

/// Explores a scenario's timed world and decides each instance.
pub(super) fn decide(
    scenario: &Scenario,
    instances: &[Instance],
    threads: usize,
    limits: Limits<'_>,
    progress: &dyn Fn(&Extent),
) -> Decided {
    let start = std::time::Instant::now();
    let world = TimedWorld::new(scenario.config);
    let explored = explore(&world, instances, Until::Exhausted, threads, limits, progress);
    let mut stopped = explored.stopped;
    let mut violated: Vec<bool> = explored.revealed.iter().map(Option::is_some).collect();
    if stopped.is_none() {
        let promises = Promises { world: &world, fairness: scenario.fairness, states: &explored.states };
        let mut endings = Endings::new(&explored.graph, &promises);
        if endings.time_stops() {
            stopped = Some(Stopped::NoTick);
        }
        for (instance, violated) in instances.iter().zip(&mut violated) {
            stopped = stopped.or_else(|| limits.cut_off());
            if stopped.is_none() && instance.is_liveness() {
                *violated = find(&mut endings, &explored.states, instance).is_some();
            }
        }
    }
    let verdict = |(instance, violated): (&Instance, &bool)| instance.verdict(*violated, stopped.is_none());
    let verdicts = instances.iter().zip(&violated).map(verdict).collect();
    let extent = Extent { elapsed: start.elapsed(), ..explored.extent };
    Decided { extent, stopped, verdicts, explored, world }
}

/// The shortest counterexample (or example) that decides any of these instances in a scenario's timed world.
pub(super) fn shortest(scenario: &Scenario, instances: &[Instance], limits: Limits<'_>) -> Result<Found, NoTrace> {
    let world = TimedWorld::new(scenario.config);
    let is_liveness = instances.iter().any(Instance::is_liveness);
    let until = if is_liveness { Until::Exhausted } else { Until::Revealed };
    let explored = explore(&world, instances, until, 1, limits, &|_| {});
    let fresh = TimedWorld::new(scenario.config);
    if let Some(node) = explored.revealed.iter().flatten().min() {
        let path = explored.graph.path_to(*node).ok_or(NoTrace::NotReplayed)?;
        let actions = actions(&world, &explored.states, &path).ok_or(NoTrace::NotReplayed)?;
        return replay(&fresh, instances, &actions).map(Some).ok_or(NoTrace::NotReplayed);
    }
    if let Some(stopped) = explored.stopped {
        return Err(NoTrace::Stopped(stopped));
    }
    let promises = Promises { world: &world, fairness: scenario.fairness, states: &explored.states };
    let mut endings = Endings::new(&explored.graph, &promises);
    if endings.time_stops() {
        return Err(NoTrace::Stopped(Stopped::NoTick));
    }
    let mut walks = Vec::new();
    for instance in instances.iter().filter(|instance| instance.is_liveness()) {
        walks.extend(find(&mut endings, &explored.states, instance).map(|walk| (instance, walk)));
    }
    let Some((instance, walk)) = walks.into_iter().min_by_key(|(_, walk)| walk.stem.len() + walk.cycle.len())
    else {
        return Ok(None);
    };
    let found = replay_walk(&world, &fresh, scenario.fairness, &explored.states, instance, &walk);
    found.map(|trace| Some((instance.clone(), trace))).ok_or(NoTrace::NotReplayed)
}

fn replay_walk(
    world: &TimedWorld,
    fresh: &TimedWorld,
    fairness: Fairness,
    states: &States,
    instance: &Instance,
    walk: &Walk,
) -> Option<super::Trace> {
    let stem = actions(world, states, &walk.stem)?;
    let cycle = actions(world, states, &walk.cycle)?;
    replay_for_ever(fresh, fairness, instance, &stem, &cycle)
}

/// The actions that edges stand for.
fn actions(world: &TimedWorld, states: &States, edges: &[Edge]) -> Option<Vec<Action>> {
    let action = |(from, place): &Edge| {
        let mut enabled = Vec::new();
        world.enabled(states.get(*from)?, &mut enabled);
        enabled.get(*place).copied()
    };
    edges.iter().map(action).collect()
}

/// A fair behaviour that a liveness property forbids.
fn find(endings: &mut Endings<'_, Promises<'_>>, states: &States, instance: &Instance) -> Option<Walk> {
    let this = instance.this();
    let holds = |p: &Predicate, node| states.get(node).is_some_and(|state| p.holds(state, this));
    let anywhere = Forbidden { triggers: &|_| true, at_first: false, within: &|_| true, recurs: &|_| true };
    match instance.property.formula.claim() {
        Claim::Eventually(p) => {
            endings.find(&Forbidden { at_first: true, within: &|node| !holds(p, node), ..anywhere })
        }
        Claim::AlwaysEventually(p) => endings.find(&Forbidden { within: &|node| !holds(p, node), ..anywhere }),
        Claim::EventuallyAlways(p) => endings.find(&Forbidden { recurs: &|node| !holds(p, node), ..anywhere }),
        Claim::LeadsTo(p, q) => endings.find(&Forbidden {
            triggers: &|node| holds(p, node),
            within: &|node| !holds(q, node),
            ..anywhere
        }),
        // A single state decides these.
        Claim::Always(_) | Claim::Never(_) | Claim::Possible(_) => None,
    }
}
