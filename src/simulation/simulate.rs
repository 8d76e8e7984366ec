//! Many random runs on several threads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use fastrand::Rng;

use super::run::{PARTS, RandomRun, random_run};
use super::shorten::shortened;
use crate::check::Coverage;
use crate::explore::threads::spawn_workers;
use crate::explore::{Limits, Stopped};
use crate::invariant::broken;
use crate::property::Instance;
use crate::realtime::Witness;
use crate::scenario::Scenario;
use crate::trace::{RunEnding, Trace, replay_exact_run};

/// How much is simulated.
#[derive(Clone, Copy, Debug)]
pub struct SimulationOptions<'a> {
    /// What all randomness comes from.
    pub seed: u64,
    /// How many runs.
    pub runs: u64,
    /// After how many events a run is given up.
    pub most_events: usize,
    /// Count what is taken.
    pub coverage: bool,
    /// On how many threads; at least 1.
    pub threads: usize,
    /// When it has to end.
    pub limits: Limits<'a>,
}

/// What the runs have shown.
#[derive(Clone, Debug, Default)]
pub struct Simulation {
    /// How many runs there were.
    pub runs: u64,
    /// How many of them have come to an end.
    pub over: u64,
    /// How many events they have together.
    pub events: u64,
    /// What was taken, if that was counted.
    pub coverage: Coverage,
    /// For each instance, the first run, by its number, that reveals it.
    pub found: Vec<Option<Revealing>>,
    /// Why it ended early.
    pub stopped: Option<Stopped>,
}

/// A run that reveals an instance.
#[derive(Clone, Debug)]
pub struct Revealing {
    /// The number of the run, from 1.
    pub run: u64,
    /// How many events it had.
    pub events: usize,
    /// The run without what it does not need, replayed.
    pub trace: Trace,
}

/// The sums over the runs so far.
#[derive(Default)]
struct Sums {
    simulation: Simulation,
    /// For each instance, the number of the run, and the run.
    first: Vec<Option<(u64, Witness)>>,
}

/// Follows random runs of a world in real time. The same seed gives the same results on any number of threads,
/// unless it ends early.
#[must_use]
pub fn simulate(
    scenario: &Scenario,
    instances: &[Instance],
    options: SimulationOptions<'_>,
    done: &(dyn Fn() + Sync),
) -> Simulation {
    let sums = Mutex::new(Sums { first: vec![None; instances.len()], ..Sums::default() });
    let next = AtomicU64::new(0);
    thread::scope(|scope| {
        let work = || {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let Ok(stopped) = sums.lock().map(|sums| sums.simulation.stopped) else {
                    return;
                };
                if number >= options.runs || stopped.is_some() {
                    return;
                }
                if let Some(stopped) = options.limits.cut_off() {
                    if let Ok(mut sums) = sums.lock() {
                        sums.simulation.stopped = Some(stopped);
                    }
                    return;
                }
                let mut rng = rng_of(options.seed, number);
                let run = random_run(&scenario.config, instances, options.most_events, options.coverage, &mut rng);
                sums.lock().unwrap_or_else(PoisonError::into_inner).add(number, run);
                done();
            }
        };
        spawn_workers(scope, options.threads.max(1), work);
    });
    let Sums { mut simulation, first } = sums.into_inner().unwrap_or_else(PoisonError::into_inner);
    let of_instance = |(instance, first): (&Instance, Option<(u64, Witness)>)| {
        let (run, witness) = first?;
        let events = witness.events.len();
        let short = shortened(&scenario.config, instance, witness);
        // What was shortened has been replayed; here once more, for its steps.
        let refused = |why| broken(format_args!("no run reveals {}: {why}", instance.name()));
        let mut trace = replay_exact_run(&scenario.config, &short).unwrap_or_else(refused);
        if instance.is_liveness() {
            trace.ending = RunEnding::Stops { calls: Vec::new() };
        }
        Some(Revealing { run: run + 1, events, trace })
    };
    simulation.found = instances.iter().zip(first).map(of_instance).collect();
    simulation
}

/// Numbers at random for a run: another seed, or another run, has others.
fn rng_of(seed: u64, number: u64) -> Rng {
    let mut rng = Rng::with_seed(seed);
    let first = rng.u64(..);
    Rng::with_seed(first ^ number.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

impl Sums {
    fn add(&mut self, number: u64, run: RandomRun) {
        self.simulation.runs += 1;
        self.simulation.over += u64::from(run.is_over);
        self.simulation.events += run.events.len() as u64;
        self.simulation.coverage.add(&run.coverage);
        for (first, revealed) in self.first.iter_mut().zip(run.revealed) {
            let Some(length) = revealed.filter(|_| first.as_ref().is_none_or(|(known, _)| number < *known)) else {
                continue;
            };
            let events = run.events.iter().take(length).copied().collect();
            *first = Some((number, Witness { parts: PARTS, events }));
        }
    }
}
