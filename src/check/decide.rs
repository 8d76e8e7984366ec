//! Everything that is decided of a timed world, from one exploration.

use std::num::NonZero;
use std::slice::from_ref;
use std::thread;
use std::time::Instant;

use crate::explore::graph::{Edge, Node};
use crate::explore::search::{StateGraph, Until, explore};
use crate::explore::states::States;
use crate::explore::{Extent, Limits, Phase, Stopped};
use crate::invariant::broken;
use crate::liveness::fairness::Promises;
use crate::liveness::search::{Endings, Forbidden, Time, Walk};
use crate::property::{Claim, Predicate};
use crate::property::{Instance, Verdict};
use crate::trace::NoTrace;
use crate::trace::{Found, Trace, replay, replay_for_ever};
use crate::world::{Action, Fairness, Scenario, TimedWorld};

/// What an exploration of a timed world has shown.
pub(super) struct Decided {
    pub(super) extent: Extent,
    pub(super) stopped: Option<Stopped>,
    /// One for each instance.
    pub(super) verdicts: Vec<Verdict>,
    /// For each instance, a fair run that refutes it.
    pub(super) walks: Vec<Option<Walk>>,
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
    progress: &dyn Fn(Phase, &Extent),
) -> Decided {
    let start = Instant::now();
    let world = TimedWorld::new(scenario.config);
    let exploring = |extent: &Extent| progress(Phase::Exploration, extent);
    let explored = explore(&world, instances, Until::Exhausted, threads, limits, &exploring);
    let mut stopped = explored.stopped;
    // What is known: that a state or a behaviour reveals the instance, or that none does.
    let mut known: Vec<Option<bool>> = instances
        .iter()
        .zip(&explored.revealed)
        .map(|(instance, revealed)| match revealed {
            Some(_) => Some(true),
            None => (stopped.is_none() && !instance.is_liveness()).then_some(false),
        })
        .collect();
    let mut walks: Vec<Option<Walk>> = instances.iter().map(|_| None).collect();
    if stopped.is_none() && instances.iter().any(Instance::is_liveness) {
        progress(Phase::Cycles, &explored.extent);
        let promises = Promises { world: &world, fairness: scenario.fairness, states: &explored.states };
        let decided = Endings::new(&explored.graph, &promises, limits).and_then(|mut endings| {
            let each = instances.iter().zip(&mut known).zip(&mut walks);
            for ((instance, known), walk) in each.filter(|((instance, _), _)| instance.is_liveness()) {
                *walk = find(&mut endings, &explored.states, instance)?;
                *known = Some(walk.is_some());
            }
            Ok(())
        });
        stopped = decided.err();
    }
    let verdict = |((instance, known), exercised): ((&Instance, &Option<bool>), &bool)| {
        instance.verdict(*known == Some(true), known.is_some(), *exercised)
    };
    let verdicts = instances.iter().zip(&known).zip(&explored.exercised).map(verdict).collect();
    let extent = Extent { elapsed: start.elapsed(), ..explored.extent };
    Decided { extent, stopped, verdicts, walks, explored, world }
}

/// A behaviour that decides an instance, replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The run; of a lasso, the stem and once the cycle.
    pub trace: Trace,
    /// For each of its steps, the place of its action among those that are enabled where it is taken.
    pub places: Vec<usize>,
}

impl Decided {
    /// For each instance, how many steps the behaviour has that decides it, where there is one.
    pub(super) fn steps(&self) -> Vec<Option<usize>> {
        let each = self.explored.revealed.iter().zip(&self.walks);
        each.map(|(revealed, walk)| match (revealed, walk) {
            (Some(node), _) => Some(self.explored.depth_of(*node)),
            (None, Some(walk)) => Some(walk.stem.len() + walk.cycle.len()),
            (None, None) => None,
        })
        .collect()
    }

    /// For each instance, the behaviour that decides it, where there is one: the shortest path, or a stem and a cycle.
    pub(super) fn evidence(
        &self,
        scenario: &Scenario,
        instances: &[Instance],
    ) -> Result<Vec<Option<Evidence>>, NoTrace> {
        let fresh = TimedWorld::new(scenario.config);
        let each = instances.iter().zip(&self.explored.revealed).zip(&self.walks);
        each.map(|((instance, revealed), walk)| match (revealed, walk) {
            (Some(node), _) => {
                let (_, evidence) = path_to(&self.world, &fresh, &self.explored, from_ref(instance), *node)?;
                Ok(Some(evidence))
            }
            (None, Some(walk)) => {
                let states = &self.explored.states;
                let trace = replay_walk(&self.world, &fresh, scenario.fairness, states, instance, walk)
                    .ok_or(NoTrace::NotReplayed)?;
                let places = walk.stem.iter().chain(&walk.cycle).map(|(_, place)| *place).collect();
                Ok(Some(Evidence { trace, places }))
            }
            (None, None) => Ok(None),
        })
        .collect()
    }
}

/// The shortest path to a state that reveals one of the instances, replayed, and that instance.
fn path_to(
    world: &TimedWorld,
    fresh: &TimedWorld,
    explored: &StateGraph,
    instances: &[Instance],
    node: Node,
) -> Result<(Instance, Evidence), NoTrace> {
    let path = explored.graph.path_to(node);
    let actions = actions(world, &explored.states, &path);
    let (instance, trace) = replay(fresh, instances, &actions).ok_or(NoTrace::NotReplayed)?;
    Ok((instance, Evidence { trace, places: path.into_iter().map(|(_, place)| place).collect() }))
}

/// A counterexample (or example) that decides any of these instances in a scenario's timed world: the shortest path,
/// or the shortest stem and a short cycle.
pub(super) fn shortest(scenario: &Scenario, instances: &[Instance], limits: Limits<'_>) -> Result<Found, NoTrace> {
    let world = TimedWorld::new(scenario.config);
    let is_liveness = instances.iter().any(Instance::is_liveness);
    let until = if is_liveness { Until::Exhausted } else { Until::Revealed };
    let threads = thread::available_parallelism().map_or(1, NonZero::get);
    let explored = explore(&world, instances, until, threads, limits, &|_| {});
    let fresh = TimedWorld::new(scenario.config);
    if let Some(node) = explored.revealed.iter().flatten().min() {
        let (instance, evidence) = path_to(&world, &fresh, &explored, instances, *node)?;
        return Ok(Some((instance, evidence.trace)));
    }
    if let Some(stopped) = explored.stopped {
        return Err(NoTrace::Stopped(stopped));
    }
    let promises = Promises { world: &world, fairness: scenario.fairness, states: &explored.states };
    let mut endings = Endings::new(&explored.graph, &promises, limits).map_err(NoTrace::Stopped)?;
    let mut walks = Vec::new();
    for instance in instances {
        let found = find(&mut endings, &explored.states, instance).map_err(NoTrace::Stopped)?;
        walks.extend(found.map(|walk| (instance, walk)));
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
) -> Option<Trace> {
    let stem = actions(world, states, &walk.stem);
    let cycle = actions(world, states, &walk.cycle);
    replay_for_ever(fresh, fairness, instance, &stem, &cycle)
}

/// The actions that edges stand for.
fn actions(world: &TimedWorld, states: &States, edges: &[Edge]) -> Vec<Action> {
    let action = |(from, place): &Edge| {
        let mut enabled = Vec::new();
        world.enabled(states.get(*from), &mut enabled);
        let action = enabled.get(*place).copied();
        action.unwrap_or_else(|| broken(format_args!("state {from} has no action {place}")))
    };
    edges.iter().map(action).collect()
}

/// A fair run that a liveness property forbids.
fn find(
    endings: &mut Endings<'_, Promises<'_>>,
    states: &States,
    instance: &Instance,
) -> Result<Option<Walk>, Stopped> {
    let this = instance.this();
    let holds = |p: &Predicate, node| p.holds(states.get(node), this);
    let anywhere = Forbidden { triggers: &|_| true, within: &|_| true, recurs: &|_| true, time: Time::Passes };
    match instance.property.formula.claim() {
        Claim::Eventually(p) => {
            // The initial state is the first. To come back to it is to start anew.
            endings.find(&Forbidden { triggers: &|node| node == 0, within: &|node| !holds(p, node), ..anywhere })
        }
        Claim::AlwaysEventually(p) => endings.find(&Forbidden { within: &|node| !holds(p, node), ..anywhere }),
        Claim::EventuallyAlways(p) => endings.find(&Forbidden { recurs: &|node| !holds(p, node), ..anywhere }),
        Claim::LeadsTo(p, q) => endings.find(&Forbidden {
            triggers: &|node| holds(p, node),
            within: &|node| !holds(q, node),
            ..anywhere
        }),
        Claim::TimePasses => endings.find(&Forbidden { time: Time::Stops, ..anywhere }),
        // A single state decides these.
        Claim::Always(_) | Claim::Never(_) | Claim::Possible(_) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::Arc;

    use super::*;
    use crate::check::Library;
    use crate::diagnostic::SourceFile;
    use crate::property::Property;
    use crate::world::{Deliveries, WorldState};

    /// A small world with cycles and endings in which nothing is owed to anybody, as a plain graph.
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
            let library = Library::read(&[], &[]).unwrap();
            let settings: Vec<_> =
                settings.iter().map(|text| crate::world::Setting::parse(text).unwrap()).collect();
            let mut scenario = (*library.scenarios(&[name.to_owned()], &settings, 1).unwrap()[0]).clone();
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

        /// The nodes of a set from which some behaviour never leaves it: the greatest set whose members may stop or
        /// lead to a member.
        fn for_ever(&self, set: &[bool]) -> Vec<bool> {
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

        /// The node is passed again and again on some behaviour, or in the end.
        fn recurs(&self, node: usize) -> bool {
            let mut reached: BTreeSet<usize> = self.rows[node].iter().copied().collect();
            let mut pending: Vec<usize> = reached.iter().copied().collect();
            while let Some(at) = pending.pop() {
                pending.extend(self.rows[at].iter().copied().filter(|to| reached.insert(*to)));
            }
            self.stops[node] || reached.contains(&node)
        }

        /// Whether some walk never ends and has no tick: the greatest set whose members lead to one without a tick.
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

        /// Whether some behaviour makes the claim false. Every node of the graph is reachable.
        fn is_violated(&self, instance: &Instance) -> bool {
            let of = |p: &Predicate, value: bool| -> Vec<bool> {
                self.states.iter().map(|state| p.holds(state, instance.this()) == value).collect()
            };
            match instance.property.formula.claim() {
                Claim::Eventually(p) => self.for_ever(&of(p, false))[0],
                Claim::AlwaysEventually(p) => self.for_ever(&of(p, false)).contains(&true),
                Claim::EventuallyAlways(p) => {
                    of(p, false).iter().enumerate().any(|(node, is_false)| *is_false && self.recurs(node))
                }
                Claim::LeadsTo(p, q) => {
                    of(p, true).iter().zip(self.for_ever(&of(q, false))).any(|(is, stays)| *is && stays)
                }
                Claim::Always(p) => of(p, false).contains(&true),
                Claim::Never(p) | Claim::Possible(p) => of(p, true).contains(&true),
                Claim::TimePasses => self.stands_still(),
            }
        }

        /// Whether a state says anything for or against the claim.
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
            let decided = decide(&small.scenario, &instances, 1, Limits::NONE, &|_, _| {});
            assert_eq!(decided.extent.states, small.states.len());
            for (instance, verdict) in instances.iter().zip(decided.verdicts) {
                let expected = instance.verdict(small.is_violated(instance), true, small.is_exercised(instance));
                assert_eq!(verdict, expected, "{} in {}", instance.property.formula, small.scenario.name);
                seen.insert((instance.property.formula.temporal().name(), verdict));
                if instance.is_liveness() && verdict == Verdict::Violated {
                    let found = shortest(&small.scenario, std::slice::from_ref(instance), Limits::NONE);
                    assert!(matches!(found, Ok(Some(_))), "{}", instance.property.formula);
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
