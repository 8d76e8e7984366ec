//! Exploring a world with stateright's checker, within limits.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use stateright::{Checker, Model, Property};

use super::limits::{ExplorationStats, Limits, Stopped};
use crate::model::World;
use crate::property::{Instance, Known, Verdict};

/// The goal of stateright's run on a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// See every state, and note which instances are revealed. stateright would copy a path to each state that
    /// violates a property, however many there are; so it is given one property that takes notes instead.
    EveryState,
    /// Find a path to a state that reveals an instance.
    ShortestPath,
}

/// More threads than this find nothing to do.
const MOST_THREADS: usize = 32;

/// The memory that stateright takes for a state, in bytes; a generous estimate, for it does not report it.
const BYTES_PER_STATE: usize = 1 << 10;

/// The name that stateright knows a path's property by.
pub(crate) const SOUGHT: &str = "sought";

/// A world with a check of each of its states.
pub(crate) struct StaterightRun<W> {
    pub(crate) world: W,
    instances: Vec<Instance>,
    revealed: Vec<AtomicBool>,
    exercised: Vec<AtomicBool>,
    goal: Goal,
    expanded: AtomicUsize,
    max_states: usize,
    /// How many states the memory is enough for.
    most_states: usize,
    stopped: OnceLock<Stopped>,
    /// The exploration is over; stateright may still ask for the actions along a path.
    over: AtomicBool,
}

impl<W: World> StaterightRun<W> {
    pub(crate) fn new(world: W, instances: Vec<Instance>, goal: Goal, limits: Limits<'_>) -> Self {
        Self {
            world,
            revealed: instances.iter().map(|_| AtomicBool::new(false)).collect(),
            exercised: instances.iter().map(|_| AtomicBool::new(false)).collect(),
            instances,
            goal,
            expanded: AtomicUsize::new(0),
            max_states: limits.max_states.unwrap_or(usize::MAX),
            most_states: limits.max_memory.map_or(usize::MAX, |most| most / BYTES_PER_STATE),
            stopped: OnceLock::new(),
            over: AtomicBool::new(false),
        }
    }

    /// Explores until stateright is done or a limit is hit, telling `progress` now and then.
    pub(crate) fn explore(
        self,
        threads: usize,
        limits: Limits<'_>,
        mut progress: impl FnMut(&ExplorationStats),
    ) -> (impl Checker<Self>, ExplorationStats) {
        let start = Instant::now();
        let checker = self.checker().threads(threads.clamp(1, MOST_THREADS)).spawn_bfs();
        let mut pause = Duration::from_micros(50);
        while !checker.is_done() {
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
            if checker.is_done() {
                break;
            }
            let bytes = checker.unique_state_count().saturating_mul(BYTES_PER_STATE);
            let is_too_much = limits.max_memory.is_some_and(|most| bytes > most);
            if let Some(stopped) = limits.cut_off().or(is_too_much.then_some(Stopped::MaxMemory)) {
                checker.model().stop(stopped);
            }
            progress(&stats(&checker, threads, start));
        }
        let checker = checker.join();
        checker.model().over.store(true, Ordering::Relaxed);
        let stats = stats(&checker, threads, start);
        (checker, stats)
    }

    /// Why the exploration is to stop, or has stopped, early.
    pub(crate) fn stopped(&self) -> Option<Stopped> {
        self.world.limit().map(Stopped::Limit).or_else(|| self.stopped.get().copied())
    }

    /// The verdict on each instance, from the states that were looked at.
    pub(crate) fn verdicts(&self) -> Vec<Verdict> {
        let is_exhausted = self.stopped().is_none();
        let known = self.instances.iter().zip(&self.revealed).zip(&self.exercised);
        known
            .map(|((instance, revealed), exercised)| {
                let known = |found: &AtomicBool| Known::of(found.load(Ordering::Relaxed), is_exhausted);
                instance.verdict(known(revealed), known(exercised))
            })
            .collect()
    }

    fn stop(&self, why: Stopped) {
        // The first reason is the reason.
        let _ = self.stopped.set(why);
    }

    /// Counts one more state that is to be looked at; false if that is one too many.
    fn count_state(&self) -> bool {
        let expanded = self.expanded.fetch_add(1, Ordering::Relaxed);
        if expanded >= self.max_states {
            self.stop(Stopped::MaxStates);
            return false;
        }
        if expanded >= self.most_states {
            self.stop(Stopped::MaxMemory);
            return false;
        }
        true
    }

    /// Notes the instances that a state exercises or reveals, and returns whether it reveals any. They are not
    /// evaluated again.
    fn record_witness(&self, state: &W::State) -> bool {
        let mut any = false;
        for ((instance, revealed), exercised) in self.instances.iter().zip(&self.revealed).zip(&self.exercised) {
            if !exercised.load(Ordering::Relaxed) && instance.is_exercised_by(state) {
                exercised.store(true, Ordering::Relaxed);
            }
            if !revealed.load(Ordering::Relaxed) && instance.is_revealed_by(state) {
                revealed.store(true, Ordering::Relaxed);
                any = true;
            }
        }
        any
    }
}

fn stats<W: World>(checker: &impl Checker<StaterightRun<W>>, threads: usize, start: Instant) -> ExplorationStats {
    let states = checker.unique_state_count();
    // Each was looked at when it was expanded, up to the first that was one too many.
    let expanded = checker.model().expanded.load(Ordering::Relaxed);
    ExplorationStats {
        states,
        frontier: states.saturating_sub(expanded),
        // stateright counts the initial state as generated, and begins to count depth with it.
        transitions: checker.state_count().saturating_sub(1),
        depth: (threads == 1).then(|| checker.max_depth().saturating_sub(1)),
        bytes: 0,
        elapsed: start.elapsed(),
    }
}

impl<W: World> Model for StaterightRun<W> {
    type State = W::State;
    type Action = W::Action;

    fn init_states(&self) -> Vec<W::State> {
        self.world.init_states().into_iter().map(|state| self.world.canonical(state)).collect()
    }

    /// Nothing, once the exploration is to stop: what is still queued then runs dry.
    fn actions(&self, state: &W::State, actions: &mut Vec<W::Action>) {
        if self.stopped().is_none() || self.over.load(Ordering::Relaxed) {
            self.world.actions(state, actions);
        }
    }

    fn next_state(&self, state: &W::State, action: W::Action) -> Option<W::State> {
        self.world.next_state(state, action).map(|state| self.world.canonical(state))
    }

    fn properties(&self) -> Vec<Property<Self>> {
        match self.goal {
            Goal::EveryState => vec![
                Property::always("looked at", |explored: &Self, state: &W::State| {
                    if explored.count_state() {
                        explored.record_witness(state);
                    }
                    true
                }),
                // stateright stops when it has discovered something of every property: of this one, never.
                Property::sometimes("exhausted", |_: &Self, _: &W::State| false),
            ],
            Goal::ShortestPath => {
                vec![Property::sometimes(SOUGHT, |explored: &Self, state: &W::State| {
                    explored.count_state() && explored.record_witness(state)
                })]
            }
        }
    }
}
