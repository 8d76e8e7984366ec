//! Every verdict on a scenario of real time: delays of any length below the MSL.
//!
//! Properties of states are decided in the zones of [`crate::realtime`], properties of runs in their graph. Each
//! run that reveals something is lived through at exact times before it counts. What one step leaves open, the
//! next decides:
//!
//! 1. an exploration in which a zone covers those that it includes; with its graph, if there are properties of
//!    runs. It decides most properties of states, and the properties of runs that no walk of the graph refutes, or
//!    that a walk with exact times refutes;
//! 2. for properties of states (`settle`): an exploration by shortest runs; where duplicates are unlimited, one
//!    with more copies, one with every copy, and one with that by shortest runs;
//! 3. for properties of runs: a graph in which only equal zones are one.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

mod results;
mod settle;

use std::time::{Duration, Instant};

use self::results::{InstanceSoFar, Results};
use super::decided::{Decided, DecidedInstance};
use crate::explore::{ExplorationStats, Limits, Phase, Stopped};
use crate::invariant::broken;
use crate::liveness::streett::Lasso;
use crate::liveness::zone_fairness::{RunsVerdict, ZoneFairness, decide_runs, mentions_network};
use crate::property::{Claim, Instance, Known};
use crate::realtime::graph::{ZoneGraph, Zones};
use crate::realtime::{
    Ended, ExploredZones, NoWitness, Question, SearchOptions, Stop, Witness, ZoneLimits, ZoneStats, explore,
};
use crate::scenario::Scenario;
use crate::trace::{Trace, replay_exact_ending, replay_exact_lasso, replay_exact_run};

/// Explores a scenario in real time and decides each instance, which must be applicable to it. Of those that are
/// wanted so, the run is a shortest one; if the search for it is stopped, `any_run_if_stopped` has them decided by
/// any run that was found.
pub(super) fn decide_in_real_time(
    scenario: &Scenario,
    instances: &[Instance],
    wants_shortest: &[bool],
    any_run_if_stopped: bool,
    limits: Limits<'_>,
    progress: &dyn Fn(Phase, &ExplorationStats),
) -> Decided {
    let start = Instant::now();
    let mut results = Results::none(instances.len());
    let task = Task { scenario, instances, wants_shortest, any_run_if_stopped, limits, start, progress };
    let stopped = if instances.iter().any(Instance::is_liveness) {
        task.runs(&mut results)
    } else {
        task.states_alone(&mut results)
    };
    if stopped.is_err() {
        results.take_longer_runs();
    }
    let stats = ExplorationStats { elapsed: start.elapsed(), ..results.stats };
    let each = instances.iter().zip(results.each).map(|(instance, known)| {
        let InstanceSoFar { revealed, exercised, run, steps, .. } = known;
        DecidedInstance { verdict: instance.verdict(revealed, exercised), steps, run }
    });
    Decided { stats, stopped: stopped.err(), each: each.collect(), timed: None }
}

/// The instances to decide, and the limits.
struct Task<'a> {
    scenario: &'a Scenario,
    instances: &'a [Instance],
    /// Of each instance, whether its run should be a shortest one.
    wants_shortest: &'a [bool],
    /// If the search for these is stopped, they get longer ones.
    any_run_if_stopped: bool,
    limits: Limits<'a>,
    start: Instant,
    progress: &'a dyn Fn(Phase, &ExplorationStats),
}

impl Task<'_> {
    /// Decides properties of states, if there are no others.
    fn states_alone(&self, results: &mut Results) -> Result<(), Stopped> {
        let questions = self.questions();
        self.states(&self.explore(&questions, SearchOptions::default())?, results)?;
        self.settle(results)
    }

    fn explore(&self, questions: &[Question<'_>], options: SearchOptions) -> Result<ExploredZones<'_>, Stopped> {
        let is_cut_off = || self.limits.cut_off().is_some();
        let limits = zone_limits(self.limits, &is_cut_off);
        let exploring = |stats: &ZoneStats| self.exploring(stats);
        let explored = explore(&self.scenario.config, questions, options, &limits, &exploring);
        explored.map_err(|stop| stopped_by(stop, self.limits))
    }

    /// Decides properties of states, and for every instance whether a state exercises it. An instance that needs
    /// another run stays open: a shortest one may be wanted; or, where duplicates are unlimited, a state that
    /// reveals or exercises it may have been found that the world does not have.
    fn states(&self, explored: &ExploredZones<'_>, results: &mut Results) -> Result<(), Stopped> {
        results.stats = stats_of(&explored.stats);
        for number in 0..self.instances.len() {
            let is_revealed = explored.reveals(number);
            // After an exploration that was stopped there is no other.
            let waits = self.wants_shortest[number] && (explored.stopped().is_none() || !self.any_run_if_stopped);
            if is_revealed && (!waits || self.any_run_if_stopped) {
                match self.witness(explored, number, number) {
                    Ok(trace) if waits => results.each[number].longer = Some(trace),
                    Ok(trace) => results.reveal(number, trace),
                    Err(fault) => self.refused(number, fault, self.network_is_set())?,
                }
            } else if !is_revealed && explored.ended == Ended::Exhausted && !self.instances[number].is_liveness() {
                results.each[number].revealed = Known::Absent;
            }
            let may_do_more = self.network_is_set();
            results.each[number].exercised = self.exercised(explored, number, number, may_do_more)?;
        }
        explored.stopped().map_or(Ok(()), |stop| Err(stopped_by(stop, self.limits)))
    }

    /// What an exploration shows of whether a state exercises an instance, the question with this place among
    /// those asked. If the exploration may do more than the world, a run has to lead to that state, unless every
    /// state exercises the instance.
    fn exercised(
        &self,
        explored: &ExploredZones<'_>,
        place: usize,
        number: usize,
        may_do_more: bool,
    ) -> Result<Known, Stopped> {
        let is_found = explored.exercises(place);
        let has_premise = self.instances[number].property.formula.premise().is_some();
        if !(may_do_more && is_found && has_premise) {
            return Ok(Known::of(is_found, explored.ended == Ended::Exhausted));
        }
        let is_run = explored.is_exercised(&self.scenario.config, &self.question(number));
        Ok(Known::of(is_run.map_err(|stop| stopped_by(stop, self.limits))?, false))
    }

    /// The instances that states decide and that are not decided yet.
    fn open_states(&self, results: &Results) -> Vec<usize> {
        let is_open = |number: &usize| {
            !self.instances[*number].is_liveness() && results.each[*number].revealed == Known::Open
        };
        (0..self.instances.len()).filter(is_open).collect()
    }

    /// Duplicates are unlimited: an exploration may find what the world does not have.
    fn network_is_set(&self) -> bool {
        self.scenario.config.duplicates.is_none()
    }

    /// The run of exact times by which an exploration has revealed an instance, the question with this place among
    /// those asked.
    fn witness(&self, explored: &ExploredZones<'_>, place: usize, number: usize) -> Result<Trace, NoWitness> {
        let config = &self.scenario.config;
        let witness = explored.witness(config, &self.question(number), place)?;
        Ok(self.replayed(number, &witness.ok_or(NoWitness::NotRevealed)?))
    }

    /// The shortest run that reveals an instance, by a shortest walk in a graph where zones cover those that they
    /// include; `None` if that walk is no run.
    fn shortest_run(&self, graph: &ZoneGraph<'_>, number: usize) -> Result<Option<Trace>, Stopped> {
        let question = self.question(number);
        let Some(walk) = graph.shortest_walk(&question) else {
            return Ok(None);
        };
        let revealed = graph.witness(&walk).and_then(|witness| {
            let is_revealed = question.is_revealed_by(&witness.replay(&self.scenario.config)?);
            is_revealed.then_some(witness).ok_or(NoWitness::NotRevealed)
        });
        match revealed {
            Ok(witness) => Ok(Some(self.replayed(number, &witness))),
            // A walk through zones that include others may have no times.
            Err(why) => {
                let may_do_more = self.network_is_set() || why == NoWitness::NoTimes;
                self.refused(number, why, may_do_more).map(|()| None)
            }
        }
    }

    fn replayed(&self, number: usize, witness: &Witness) -> Trace {
        let refused = |why| broken(format_args!("no run reveals {}: {why}", self.instances[number].name()));
        replay_exact_run(&self.scenario.config, witness).unwrap_or_else(refused)
    }

    /// The exact world has no run that reveals an instance as an exploration has. Where what was explored may do
    /// more than the world, that is no fault, and the instance stays open.
    fn refused(&self, number: usize, why: NoWitness, may_do_more: bool) -> Result<(), Stopped> {
        match why {
            NoWitness::Stopped(stop) => Err(stopped_by(stop, self.limits)),
            NoWitness::NoTimes | NoWitness::Refused(..) | NoWitness::NotRevealed if may_do_more => Ok(()),
            fault => broken(format_args!("no run decides {}: {fault:?}", self.instances[number].name())),
        }
    }

    /// Decides everything, from graphs of zones. If no walk in the graph in which zones cover those that they
    /// include refutes a property, no run does. If a walk does that cannot be given times, or the matter stays
    /// open, the graph in which only equal zones are merged decides.
    fn runs(&self, results: &mut Results) -> Result<(), Stopped> {
        let open = self.states_and_runs(Zones::Included, results)?;
        // A limit that is hit there keeps no run from being decided.
        let settled = self.settle(results);
        let is_beyond = |(number, _): &(usize, Stopped)| mentions_network(&self.instances[*number]);
        let (beyond, open): (Vec<_>, Vec<_>) = open.into_iter().partition(is_beyond);
        let still_open = self.runs_among_equal(open, results)?;
        still_open.first().or(beyond.first()).map_or(settled, |(_, why)| Err(*why))
    }

    /// Decides states and runs from one graph, and returns the properties of runs that stay open, with why.
    fn states_and_runs(&self, zones: Zones, results: &mut Results) -> Result<Vec<(usize, Stopped)>, Stopped> {
        let graph = self.graph(zones)?;
        self.states(&graph.explored, results)?;
        for number in self.open_states(results) {
            if let Some(trace) = self.shortest_run(&graph, number)? {
                results.reveal_by_shortest(number, trace);
            }
        }
        (self.progress)(Phase::Cycles, &results.stats);
        let liveness = (0..self.instances.len()).filter(|number| self.instances[*number].is_liveness());
        self.runs_in(&graph, zones, liveness.collect(), results)
    }

    /// Decides what runs decide of these in the graph in which only equal zones are one, and returns those that
    /// stay open, with why.
    fn runs_among_equal(
        &self,
        open: Vec<(usize, Stopped)>,
        results: &mut Results,
    ) -> Result<Vec<(usize, Stopped)>, Stopped> {
        if open.is_empty() {
            return Ok(open);
        }
        let graph = self.graph(Zones::Equal)?;
        if let Some(stop) = graph.explored.stopped() {
            return Err(stopped_by(stop, self.limits));
        }
        let open = open.into_iter().map(|(number, _)| number).collect();
        self.runs_in(&graph, Zones::Equal, open, results)
    }

    fn graph(&self, zones: Zones) -> Result<ZoneGraph<'_>, Stopped> {
        let is_cut_off = || self.limits.cut_off().is_some();
        // A zone has about five edges, and what is kept of those and of the search takes three times its own
        // memory.
        let limits = Limits { max_memory: self.limits.max_memory.map(|all| all / 4), ..self.limits };
        let limits = zone_limits(limits, &is_cut_off);
        let questions = self.questions();
        let exploring = |stats: &ZoneStats| self.exploring(stats);
        let graph = ZoneGraph::explore(&self.scenario.config, &questions, zones, &limits, &exploring);
        graph.map_err(|stop| stopped_by(stop, self.limits))
    }

    /// Decides what runs decide of these instances, and returns those that stay open, with why.
    fn runs_in(
        &self,
        graph: &ZoneGraph<'_>,
        zones: Zones,
        open: Vec<usize>,
        results: &mut Results,
    ) -> Result<Vec<(usize, Stopped)>, Stopped> {
        let fairness = ZoneFairness { graph, fairness: self.scenario.fairness };
        let mut fair_runs = fairness.fair_runs(self.limits)?;
        let mut still_open = Vec::new();
        for number in open {
            let lasso = match decide_runs(&mut fair_runs, graph, self.limits, &self.instances[number])? {
                RunsVerdict::Refuted(lasso) => lasso,
                RunsVerdict::Holds => {
                    results.each[number].revealed = Known::Absent;
                    continue;
                }
                RunsVerdict::Unknown => {
                    still_open.push((number, Stopped::RunsInRealTime));
                    continue;
                }
            };
            // At once: a limit that is hit later does not take back what was found.
            match self.endless_run(graph, &self.instances[number], &lasso) {
                Ok(Some(trace)) if self.wants_shortest[number] => results.reveal_by_shortest(number, trace),
                Ok(Some(trace)) => results.reveal(number, trace),
                Ok(None) => still_open.push((number, Stopped::NoRepeatingTimes)),
                Err(why) => {
                    // A walk through zones that include others may have no times.
                    let is_no_run = zones == Zones::Included && why == NoWitness::NoTimes;
                    self.refused(number, why, self.network_is_set() || is_no_run)?;
                    still_open.push((number, Stopped::NoRepeatingTimes));
                }
            }
        }
        Ok(still_open)
    }

    /// The run of exact times that a lasso of zones stands for; `None` if no times were found with which its cycle
    /// repeats.
    fn endless_run(
        &self,
        graph: &ZoneGraph<'_>,
        instance: &Instance,
        lasso: &Lasso,
    ) -> Result<Option<Trace>, NoWitness> {
        let Scenario { config, fairness, .. } = self.scenario;
        let trace = if lasso.cycle.is_empty() {
            replay_exact_ending(config, *fairness, instance, &graph.witness(&lasso.stem)?)
        } else {
            let passes = !matches!(instance.property.formula.claim(), Claim::TimePasses);
            let is_cut_off = || self.limits.cut_off().is_some();
            let found = graph.cyclic_witness(&lasso.stem, &lasso.cycle, passes, &is_cut_off)?;
            let Some(witness) = found else {
                return Ok(None);
            };
            replay_exact_lasso(config, *fairness, instance, &witness)
        };
        trace.ok_or(NoWitness::NotRevealed).map(Some)
    }

    fn questions(&self) -> Vec<Question<'_>> {
        (0..self.instances.len()).map(|number| self.question(number)).collect()
    }

    fn question(&self, number: usize) -> Question<'_> {
        let instance = &self.instances[number];
        Question::of(&instance.property.formula, instance.this())
    }

    fn exploring(&self, stats: &ZoneStats) {
        let stats = ExplorationStats { elapsed: self.start.elapsed(), ..stats_of(stats) };
        (self.progress)(Phase::Exploration, &stats);
    }
}

pub(super) fn zone_limits<'a>(limits: Limits<'_>, is_cut_off: &'a dyn Fn() -> bool) -> ZoneLimits<'a> {
    ZoneLimits { max_zones: limits.max_states, max_memory: limits.max_memory, is_cut_off }
}

/// Zones are what an exploration of real time has for states.
fn stats_of(found: &ZoneStats) -> ExplorationStats {
    let ZoneStats { zones, transitions, frontier, bytes, .. } = *found;
    // Zones are not expanded in the order of their distance.
    let (states, depth, elapsed) = (zones, None, Duration::ZERO);
    ExplorationStats { states, frontier, transitions, depth, bytes, elapsed }
}

pub(super) fn stopped_by(stop: Stop, limits: Limits<'_>) -> Stopped {
    use crate::model::Limit;
    match stop {
        Stop::World(limit) => Stopped::Limit(limit),
        Stop::Segment(segment) => Stopped::Limit(Limit::Segment(segment)),
        Stop::Copies => Stopped::Limit(Limit::Copies),
        Stop::Duration(ticks) => Stopped::LongDuration(ticks),
        Stop::Numbers => Stopped::Numbers,
        Stop::Zones => Stopped::MaxStates,
        Stop::Memory => Stopped::MaxMemory,
        // Time does not go back, and an interruption is not taken back.
        Stop::CutOff => {
            limits.cut_off().unwrap_or_else(|| broken(format_args!("nothing has cut off the exploration")))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::{Config as Runs, RngAlgorithm, TestRng, TestRunner};

    use super::*;
    use crate::check::Library;
    use crate::model::{Deliveries, Fairness};
    use crate::realtime::testing::any_config;

    fn any_fairness() -> impl Strategy<Value = Fairness> {
        (any::<bool>(), any::<bool>()).prop_map(|(applications, delivers)| Fairness {
            applications,
            network: if delivers { Deliveries::ALL } else { Deliveries::NONE },
        })
    }

    /// Whatever is decided where equal zones alone are one is decided alike where a zone stands for those that it
    /// includes, with equality for what that leaves open.
    #[test]
    fn inclusion_decides_runs_as_equality_does() {
        let library = Library::shipped().unwrap();
        let shipped = library.scenarios(&["sequential".to_owned()], &[], 1).unwrap().remove(0);
        let liveness = library.properties.iter().filter(|property| property.formula.temporal().is_liveness());
        let instances: Vec<Instance> = liveness.flat_map(Instance::all).collect();
        let limits = Limits { max_states: Some(1_500), ..Limits::NONE };
        let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
        let mut runner = TestRunner::new_with_rng(Runs::default(), rng);
        let (mut worlds, mut decided_by_both, mut refuted) = (0, 0, 0);
        for _ in 0..300 {
            let (config, fairness) = (any_config(), any_fairness()).new_tree(&mut runner).unwrap().current();
            let scenario = Scenario { config, fairness, ..Scenario::clone(&shipped) };
            let task = Task {
                scenario: &scenario,
                instances: &instances,
                wants_shortest: &vec![false; instances.len()],
                any_run_if_stopped: false,
                limits,
                start: Instant::now(),
                progress: &|_, _| {},
            };
            let none = || Results::none(instances.len());
            let (mut by_inclusion, mut by_equality) = (none(), none());
            let _ = task.runs(&mut by_inclusion);
            let _ = task.states_and_runs(Zones::Equal, &mut by_equality);
            worlds += usize::from(by_equality.each.iter().any(|one| one.revealed != Known::Open));
            for ((instance, one), other) in instances.iter().zip(&by_inclusion.each).zip(&by_equality.each) {
                if other.revealed != Known::Open {
                    assert_eq!(one.revealed, other.revealed, "{} {fairness:?} {config:?}", instance.name());
                    decided_by_both += 1;
                    refuted += usize::from(one.revealed == Known::Found);
                }
            }
        }
        assert!(worlds > 150 && decided_by_both > 1_000 && refuted > 100, "{worlds} {decided_by_both} {refuted}");
    }
}
