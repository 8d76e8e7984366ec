//! Everything that is decided of a timed world, from one exploration.

use std::num::NonZero;
use std::slice::from_ref;
use std::thread;
use std::time::Instant;

use super::explorer::{StateGraph, Until, explore};
use super::graph::{Edge, Node};
use super::liveness::{Endings, Forbidden, Walk};
use super::promises::Promises;
use super::states::States;
use super::trace::{Found, Trace, replay, replay_for_ever};
use super::{Extent, Instance, Limits, NoTrace, Phase, Stopped, Verdict};
use crate::property::{Claim, Predicate};
use crate::world::{Action, Fairness, Scenario, TimedWorld};

/// What an exploration of a timed world has shown.
pub(super) struct Decided {
    pub(super) extent: Extent,
    pub(super) stopped: Option<Stopped>,
    /// One for each instance.
    pub(super) verdicts: Vec<Verdict>,
    /// For each instance, a fair behaviour without end that refutes it.
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
    if stopped.is_none() {
        progress(Phase::Cycles, &explored.extent);
        let promises = Promises { world: &world, fairness: scenario.fairness, states: &explored.states };
        let decided = endings(&explored, &promises, limits).and_then(|mut endings| {
            let each = instances.iter().zip(&mut known).zip(&mut walks);
            for ((instance, known), walk) in each.filter(|((instance, _), _)| instance.is_liveness()) {
                *walk = find(&mut endings, &explored.states, instance)?;
                *known = Some(walk.is_some());
            }
            Ok(())
        });
        stopped = decided.err();
    }
    // Where time can stop the model is at fault: then nothing holds.
    let is_sound = stopped != Some(Stopped::NoTick);
    let verdict = |(instance, known): (&Instance, &Option<bool>)| {
        instance.verdict(*known == Some(true), known.is_some() && is_sound)
    };
    let verdicts = instances.iter().zip(&known).map(verdict).collect();
    let extent = Extent { elapsed: start.elapsed(), ..explored.extent };
    Decided { extent, stopped, verdicts, walks, explored, world }
}

/// A behaviour that decides an instance, replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The behaviour; of one without end, the stem and once the cycle.
    pub trace: Trace,
    /// For each of its steps, the place of its action among those that are enabled where it is taken.
    pub places: Vec<usize>,
}

impl Decided {
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
    let path = explored.graph.path_to(node).ok_or(NoTrace::NotReplayed)?;
    let actions = actions(world, &explored.states, &path).ok_or(NoTrace::NotReplayed)?;
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
    let mut endings = endings(&explored, &promises, limits).map_err(NoTrace::Stopped)?;
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

/// Where behaviours can stay for ever, once it is known that time does not stop in any of them.
fn endings<'g>(
    explored: &'g StateGraph,
    promises: &'g Promises<'g>,
    limits: Limits<'g>,
) -> Result<Endings<'g, Promises<'g>>, Stopped> {
    let mut endings = Endings::new(&explored.graph, promises, limits)?;
    if endings.time_stops()? { Err(Stopped::NoTick) } else { Ok(endings) }
}

fn replay_walk(
    world: &TimedWorld,
    fresh: &TimedWorld,
    fairness: Fairness,
    states: &States,
    instance: &Instance,
    walk: &Walk,
) -> Option<Trace> {
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
fn find(
    endings: &mut Endings<'_, Promises<'_>>,
    states: &States,
    instance: &Instance,
) -> Result<Option<Walk>, Stopped> {
    let this = instance.this();
    let holds = |p: &Predicate, node| states.get(node).is_some_and(|state| p.holds(state, this));
    let anywhere = Forbidden { triggers: &|_| true, within: &|_| true, recurs: &|_| true };
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
            let (mut rows, mut stops) = (Vec::new(), Vec::new());
            while let Some(state) = states.get(rows.len()).copied() {
                let mut enabled = Vec::new();
                world.enabled(&state, &mut enabled);
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
            Self { scenario, states, rows, stops }
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
            }
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
                let expected = instance.verdict(small.is_violated(instance), true);
                assert_eq!(verdict, expected, "{} in {}", instance.property.formula, small.scenario.name);
                seen.insert((instance.property.formula.temporal().name(), verdict));
                if instance.is_liveness() && verdict == Verdict::Violated {
                    let found = shortest(&small.scenario, std::slice::from_ref(instance), Limits::NONE);
                    assert!(matches!(found, Ok(Some(_))), "{}", instance.property.formula);
                }
            }
        }
        assert_eq!(seen.len(), 14, "each operator with both verdicts: {seen:?}");
    }
}
