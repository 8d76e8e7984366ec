//! Every verdict on a scenario: in whole ticks from one exploration of its world, in real time as
//! [`zone_verdicts`](super::zone_verdicts) has it.

use std::slice::from_ref;
use std::time::Instant;

use stateright::Checker;

use super::decided::{Decided, DecidedInstance, ExploredTicks, ExploredWorld};
use super::every_copy::{FoundInSet, WithEveryCopy};
use super::zone_verdicts::decide_in_real_time;
use crate::explore::search::{StateGraph, Until, explore};
use crate::explore::stateright::{Goal, StaterightRun};
use crate::explore::{ExplorationStats, Limits, Phase, Stopped};
use crate::invariant::{broken, invariant};
use crate::liveness::counterexample::find;
use crate::liveness::fairness::FairnessConstraints;
use crate::liveness::search::FairRunSearch;
use crate::liveness::streett::Lasso;
use crate::model::{Layout, TimedWorld, asynchronous_world};
use crate::property::{Instance, Known, Verdict};
use crate::scenario::{Scenario, WorldKind};
use crate::trace::{NoTrace, Trace, shortest_by_stateright};

/// Of which instances the shortest runs are wanted, where those are dearer than any others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shortest {
    /// Of those of which the scenario states a number of steps.
    Stated,
    /// Of all. (The asynchronous world has no runs to show but what stateright looks for by itself.)
    All,
}

/// Explores a scenario's world and decides each instance, which must be applicable to it.
pub(super) fn decide(
    scenario: &Scenario,
    instances: &[Instance],
    shortest: Shortest,
    threads: usize,
    limits: Limits<'_>,
    progress: &dyn Fn(Phase, &ExplorationStats),
) -> Decided {
    if let Some(stopped) = limits.cut_off() {
        // It is not begun.
        let each = instances.iter().map(|_| DecidedInstance::of(Verdict::Undecided)).collect();
        return Decided { stats: ExplorationStats::default(), stopped: Some(stopped), each, timed: None };
    }
    let decided = match scenario.kind {
        WorldKind::Timed if scenario.is_real_time() => {
            let wants = |instance| shortest == Shortest::All || states_steps(scenario, instance);
            let wants_shortest: Vec<bool> = instances.iter().map(wants).collect();
            decide_in_real_time(scenario, instances, &wants_shortest, shortest == Shortest::All, limits, progress)
        }
        WorldKind::Timed => decide_timed(scenario, instances, threads, limits, progress),
        WorldKind::Asynchronous => decide_asynchronous(scenario, instances, threads, limits, progress),
    };
    let (verdicts, asked) = (decided.each.len(), instances.len());
    invariant!(verdicts == asked, "{verdicts} verdicts on {asked} instances");
    decided
}

/// Whether a scenario states how many steps the shortest run has.
fn states_steps(scenario: &Scenario, instance: &Instance) -> bool {
    let stated = scenario.expectation(&instance.name(), &instance.property.name);
    stated.is_some_and(|stated| stated.steps.is_some())
}

/// Explores the world in whole ticks, for every `network.delays` of the scenario.
pub(super) fn decide_timed(
    scenario: &Scenario,
    instances: &[Instance],
    threads: usize,
    limits: Limits<'_>,
    progress: &dyn Fn(Phase, &ExplorationStats),
) -> Decided {
    if scenario.config.opens() {
        decide_states(scenario, instances, (threads, limits), progress, ExploredTicks::Two)
    } else {
        decide_states(scenario, instances, (threads, limits), progress, ExploredTicks::One)
    }
}

fn decide_states<L: Layout>(
    scenario: &Scenario,
    instances: &[Instance],
    (threads, limits): (usize, Limits<'_>),
    progress: &dyn Fn(Phase, &ExplorationStats),
    timed: impl FnOnce(ExploredWorld<L>) -> ExploredTicks,
) -> Decided {
    let start = Instant::now();
    let world = TimedWorld::with_layout(scenario.config);
    let exploring = |stats: &ExplorationStats| progress(Phase::Exploration, stats);
    let explored = explore(&world, instances, Until::Exhausted, threads, limits, &exploring);
    let mut stopped = explored.stopped;
    let mut results = decided_by_states(instances, &explored);
    if stopped.is_none() && instances.iter().any(Instance::is_liveness) {
        progress(Phase::Cycles, &explored.stats);
        let constraints =
            FairnessConstraints { world: &world, fairness: scenario.fairness, states: &explored.states };
        stopped = search_lassos(instances, &explored, &constraints, limits, &mut results).err();
    }
    if world.network_is_set() {
        let found = FoundInSet { world: &world, fairness: scenario.fairness, explored: &explored };
        if !replay_with_every_copy(instances, &found, &mut results) {
            stopped.get_or_insert(Stopped::NoRunWithEveryCopy);
        }
    }
    let (mut each, mut lassos) = (Vec::new(), Vec::new());
    let found = explored.revealed.iter().zip(&explored.exercised);
    for ((instance, result), (revealed, exercised)) in instances.iter().zip(results).zip(found) {
        let InstanceResult { known, lasso, run } = result;
        let verdict = instance.verdict(known, Known::of(*exercised, explored.stopped.is_none()));
        let steps = match (revealed, &lasso) {
            _ if world.network_is_set() => run.as_ref().map(|run| run.steps.len()),
            (Some(node), _) => Some(explored.depth_of(*node)),
            (None, Some(lasso)) => Some(lasso.stem.len() + lasso.cycle.len()),
            (None, None) => None,
        };
        each.push(DecidedInstance { verdict, steps, run });
        lassos.push(lasso);
    }
    let stats = ExplorationStats { elapsed: start.elapsed(), ..explored.stats };
    let timed = Some(timed(ExploredWorld { world, explored, lassos }));
    Decided { stats, stopped, each, timed }
}

/// The results of an instance in a world of whole ticks.
struct InstanceResult {
    /// Whether a state or a run reveals it.
    known: Known,
    /// A fair run that reveals it.
    lasso: Option<Lasso>,
    /// The run that reveals it with every copy, where the network is a set.
    run: Option<Trace>,
}

/// The results that the states have: those of properties of runs are not known, unless a state reveals them.
fn decided_by_states<L: Layout>(instances: &[Instance], explored: &StateGraph<L>) -> Vec<InstanceResult> {
    let result = |(instance, revealed): (&Instance, &Option<_>)| {
        let is_exhausted = explored.stopped.is_none() && !instance.is_liveness();
        InstanceResult { known: Known::of(revealed.is_some(), is_exhausted), lasso: None, run: None }
    };
    instances.iter().zip(&explored.revealed).map(result).collect()
}

/// Decides the properties of runs by fair runs that refute them.
fn search_lassos<L: Layout>(
    instances: &[Instance],
    explored: &StateGraph<L>,
    constraints: &FairnessConstraints<'_, L>,
    limits: Limits<'_>,
    results: &mut [InstanceResult],
) -> Result<(), Stopped> {
    let mut search = FairRunSearch::new(&explored.graph, constraints, limits)?;
    for (instance, result) in instances.iter().zip(results).filter(|(instance, _)| instance.is_liveness()) {
        result.lasso = find(&mut search, &explored.states, instance)?;
        result.known = Known::of(result.lasso.is_some(), true);
    }
    Ok(())
}

/// Where the network is a set, keeps what a run with every copy shows, or what holds for certain; all else is not
/// known any more. True if nothing is.
fn replay_with_every_copy<L: Layout>(
    instances: &[Instance],
    found: &FoundInSet<'_, L>,
    results: &mut [InstanceResult],
) -> bool {
    let mut is_all_known = true;
    for ((instance, result), exercised) in instances.iter().zip(results).zip(&found.explored.exercised) {
        if result.known == Known::Open {
            continue;
        }
        let is_revealed = result.known == Known::Found;
        match found.with_every_copy(instance, is_revealed, result.lasso.as_ref(), *exercised) {
            WithEveryCopy::Nothing => {}
            WithEveryCopy::Run(run) => result.run = Some(*run),
            WithEveryCopy::Open => {
                result.known = Known::Open;
                is_all_known = false;
            }
        }
    }
    is_all_known
}

/// stateright explores this world: it is stateright's own `ActorModel`.
fn decide_asynchronous(
    scenario: &Scenario,
    instances: &[Instance],
    threads: usize,
    limits: Limits<'_>,
    progress: &dyn Fn(Phase, &ExplorationStats),
) -> Decided {
    let world = asynchronous_world(&scenario.config);
    let run = StaterightRun::new(world, instances.to_vec(), Goal::EveryState, limits);
    let (checker, stats) = run.explore(threads, limits, |stats| progress(Phase::Exploration, stats));
    let mut stopped = checker.model().stopped();
    let mut each: Vec<_> = checker.model().verdicts().into_iter().map(DecidedInstance::of).collect();
    for (instance, decided) in instances.iter().zip(&mut each) {
        let is_shown = matches!(decided.verdict, Verdict::Violated | Verdict::Possible);
        if !is_shown || !states_steps(scenario, instance) {
            continue;
        }
        match shortest_by_stateright(|| asynchronous_world(&scenario.config), from_ref(instance), limits) {
            Ok(found) => decided.steps = found.map(|(_, trace)| trace.steps.len()),
            // Its expectation has two parts, and one is not known.
            Err(NoTrace::Stopped(why)) => {
                stopped.get_or_insert(why);
                decided.verdict = Verdict::Undecided;
            }
            Err(fault @ NoTrace::NotReplayed) => broken(format_args!("{}: {fault}", instance.name())),
        }
    }
    Decided { stats, stopped, each, timed: None }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::*;
    use crate::check::{Library, ShortestTrace, shortest_trace};
    use crate::diagnostic::SourceFile;
    use crate::model::{Action, Deliveries, Fairness, WorldState};
    use crate::property::Property;
    use crate::property::{Claim, Predicate};
    use crate::scenario::Delays;

    /// A small world with cycles and no fairness constraint, as a plain graph.
    struct Small {
        scenario: Scenario,
        states: Vec<WorldState>,
        rows: Vec<Vec<usize>>,
        /// For each node, which of its edges is a tick.
        ticks: Vec<Option<usize>>,
        stops: Vec<bool>,
    }

    impl Small {
        fn new(name: &str, settings: &[&str]) -> Self {
            let library = Library::shipped().unwrap();
            let settings: Vec<_> =
                settings.iter().map(|text| crate::scenario::Setting::parse(text).unwrap()).collect();
            let mut scenario = (*library.scenarios(&[name.to_owned()], &settings, 1).unwrap()[0]).clone();
            scenario.delays = Delays::WholeTicks;
            scenario.fairness = Fairness { applications: false, network: Deliveries::NONE };
            let world = TimedWorld::new(scenario.config);
            let mut states = vec![world.initial().unwrap()];
            let (mut rows, mut ticks, mut stops) = (Vec::new(), Vec::new(), Vec::new());
            while let Some(state) = states.get(rows.len()).copied() {
                let mut enabled = Vec::new();
                world.enabled(&state, &mut enabled);
                ticks.push(enabled.iter().position(|action| *action == Action::Tick));
                stops.push(enabled.iter().all(|action| matches!(action, Action::Call(..))));
                let mut row = Vec::new();
                for action in enabled {
                    let next = world.step(&state, action).unwrap();
                    row.push(states.iter().position(|known| *known == next).unwrap_or(states.len()));
                    if row.last() == Some(&states.len()) {
                        states.push(next);
                    }
                }
                rows.push(row);
            }
            Self { scenario, states, rows, ticks, stops }
        }

        /// The nodes of a set from which some run never leaves it: the greatest set whose members may stop or
        /// lead to a member.
        fn forever(&self, set: &[bool]) -> Vec<bool> {
            let mut stays = set.to_vec();
            loop {
                let next: Vec<bool> = (0..set.len())
                    .map(|node| stays[node] && (self.stops[node] || self.rows[node].iter().any(|to| stays[*to])))
                    .collect();
                if next == stays {
                    return stays;
                }
                stays = next;
            }
        }

        /// The node is passed again and again on some run, or in the end.
        fn recurs(&self, node: usize) -> bool {
            let mut reached: BTreeSet<usize> = self.rows[node].iter().copied().collect();
            let mut pending: Vec<usize> = reached.iter().copied().collect();
            while let Some(at) = pending.pop() {
                pending.extend(self.rows[at].iter().copied().filter(|to| reached.insert(*to)));
            }
            self.stops[node] || reached.contains(&node)
        }

        /// Whether some walk never ends and has no tick: the greatest set whose members lead to one without a
        /// tick.
        fn stands_still(&self) -> bool {
            let mut stays = vec![true; self.rows.len()];
            loop {
                let leads = |node: usize| {
                    let edges = self.rows[node].iter().enumerate();
                    edges.filter(|(place, _)| Some(*place) != self.ticks[node]).any(|(_, to)| stays[*to])
                };
                let next: Vec<bool> = (0..stays.len()).map(|node| stays[node] && leads(node)).collect();
                if next == stays {
                    return stays.contains(&true);
                }
                stays = next;
            }
        }

        /// Whether some run makes the claim false. Every node of the graph is reachable.
        fn is_violated(&self, instance: &Instance) -> bool {
            let of = |p: &Predicate, value: bool| -> Vec<bool> {
                self.states.iter().map(|state| p.holds(state, instance.this()) == value).collect()
            };
            match instance.property.formula.claim() {
                Claim::Eventually(p) => self.forever(&of(p, false))[0],
                Claim::AlwaysEventually(p) => self.forever(&of(p, false)).contains(&true),
                Claim::EventuallyAlways(p) => {
                    of(p, false).iter().enumerate().any(|(node, is_false)| *is_false && self.recurs(node))
                }
                Claim::LeadsTo(p, q) => {
                    of(p, true).iter().zip(self.forever(&of(q, false))).any(|(is, stays)| *is && stays)
                }
                Claim::Always(p) => of(p, false).contains(&true),
                Claim::Never(p) | Claim::Possible(p) => of(p, true).contains(&true),
                Claim::TimePasses => self.stands_still(),
            }
        }

        /// Whether a state counts for or against the claim.
        fn is_exercised(&self, instance: &Instance) -> bool {
            // The only one of these formulas that suppose something.
            let Claim::LeadsTo(p, _) = instance.property.formula.claim() else { return true };
            self.states.iter().any(|state| p.holds(state, instance.this()))
        }
    }

    /// Against fixed points instead of components, without fairness.
    #[test]
    fn verdicts_are_those_of_fixed_points() {
        let predicates = [
            "self.state == CLOSED",
            "self.state == LAST_ACK",
            "self.state in {TIME_WAIT, CLOSED}",
            "self.fin_acked",
            "in_flight(FIN, self)",
            "not in_flight(ANY, self)",
            "peer.close_called and not in_flight(ACK, peer)",
            "self.ended_by == FIN or peer.ended_by == FIN",
            "true",
            "false",
        ];
        let mut formulas = Vec::new();
        for p in predicates {
            let temporals =
                ["always", "never", "possible", "eventually", "always eventually", "eventually always"];
            formulas.extend(temporals.map(|temporal| format!("{temporal} {p}")));
            formulas.extend(predicates.map(|q| format!("{p} leads to {q}")));
        }
        formulas.push("time passes".to_owned());
        let property = |formula: &String| {
            let text = format!("about = 'x'\nformula = '{formula}'\nsources = ['x']\n");
            Arc::new(Property::from_source(SourceFile::new("any.toml", text)).unwrap())
        };
        let instances: Vec<Instance> =
            formulas.iter().flat_map(|formula| Instance::all(&property(formula))).collect();
        let mut seen = BTreeSet::new();
        for small in [
            Small::new("dead-network", &["network.duplicates=0"]),
            Small::new("gives-up", &["network.duplicates=0", "tcp.retries=1"]),
            Small::new("never-closes", &["network.losses=0"]),
        ] {
            let decided = decide_timed(&small.scenario, &instances, 1, Limits::NONE, &|_, _| {});
            assert_eq!(decided.stats.states, small.states.len());
            for (instance, verdict) in instances.iter().zip(decided.verdicts()) {
                let revealed = Known::of(small.is_violated(instance), true);
                let expected = instance.verdict(revealed, Known::of(small.is_exercised(instance), true));
                assert_eq!(verdict, expected, "{} in {}", instance.property.formula, small.scenario.name);
                seen.insert((instance.property.formula.temporal().name(), verdict));
                if instance.is_liveness() && verdict == Verdict::Violated {
                    let found = shortest_trace(&small.scenario, std::slice::from_ref(instance), Limits::NONE);
                    assert!(matches!(found, Ok(ShortestTrace::Found(..))), "{}", instance.property.formula);
                }
            }
        }
        assert_eq!(
            seen.len(),
            16,
            "each operator with both verdicts, `leads to` with three, but time passes: {seen:?}"
        );
    }
}
