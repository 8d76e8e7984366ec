//! The worlds of a sweep, decided on several threads.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use super::plan::{Plan, PlannedWorld};
use super::results::Results;
use super::row::NextInRow;
use super::world_result::{Method, WorldResult};
use crate::check::{Together, decide_together};
use crate::diagnostic::Diagnostics;
use crate::explore::threads::spawn_workers;
use crate::explore::{Limits, Stopped};
use crate::property::{Instance, Verdict};
use crate::scenario::Scenario;
use crate::trace::{Trace, exact_run};

/// How far a sweep may go.
#[derive(Clone, Copy, Debug)]
pub struct DecideOptions<'a> {
    /// On how many threads; at least 1.
    pub threads: usize,
    /// How far each exploration may go; the memory is that of all together, and the deadline is that of the sweep.
    pub limits: Limits<'a>,
}

/// Decides what is open in the plan's part, and adds it to the results. `record` gets each line of their file as
/// soon as it is known, and `done` the number of worlds that a row was, as soon as it is over. What the end of the
/// time, or the user, leaves undecided is not added; then that is why it ended early.
///
/// # Errors
/// The first error of `record`. No more worlds are decided then.
pub fn decide(
    plan: &Plan,
    results: &mut Results,
    options: DecideOptions<'_>,
    record: &mut dyn FnMut(&str) -> Result<(), Diagnostics>,
    done: &(dyn Fn(usize) + Sync),
) -> Result<Option<Stopped>, Diagnostics> {
    let rows = plan.head.open_rows(&results.known);
    let at_once = options.threads.clamp(1, rows.len().max(1));
    let max_memory = options.limits.max_memory.map(|all| all / at_once);
    let limits = Limits { max_memory, ..options.limits };
    let known: Vec<BTreeMap<usize, WorldResult>> = rows.iter().map(|row| of_row(results, row)).collect();
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        let work = |sender: &mpsc::Sender<Message>| {
            loop {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let (Some(row), Some(known)) = (rows.get(place), known.get(place)) else {
                    return;
                };
                let threads = options.threads / at_once;
                let worker = RowWorker { plan, row, threads, limits, counterexamples: BTreeMap::new() };
                match worker.decide(known.clone(), sender) {
                    Some(stopped) => {
                        // If nobody listens any more, nothing is lost.
                        let _ = sender.send(Message::Stopped(stopped));
                        return;
                    }
                    None => done(row.len()),
                }
            }
        };
        spawn_workers(scope, at_once, move || work(&sender));
        let mut stopped = None;
        for message in receiver {
            match message {
                Message::Result(world, result) => record(&results.add(world, result))?,
                Message::Stopped(why) => stopped = Some(why),
            }
        }
        Ok(stopped)
    })
}

enum Message {
    Result(usize, WorldResult),
    Stopped(Stopped),
}

fn of_row(results: &Results, row: &[usize]) -> BTreeMap<usize, WorldResult> {
    row.iter().filter_map(|world| Some((*world, results.known.get(world)?.clone()))).collect()
}

/// Decides a row.
struct RowWorker<'a> {
    plan: &'a Plan,
    row: &'a [usize],
    threads: usize,
    limits: Limits<'a>,
    /// The runs that show that worlds are violated, by their numbers.
    counterexamples: BTreeMap<usize, Vec<(Instance, Trace)>>,
}

impl RowWorker<'_> {
    /// Why the row ended early, if it did.
    fn decide(
        mut self,
        mut known: BTreeMap<usize, WorldResult>,
        sender: &mpsc::Sender<Message>,
    ) -> Option<Stopped> {
        loop {
            let step = match self.plan.head.row(self.row, &known).next() {
                NextInRow::Done => return None,
                NextInRow::Explore(place) => self.world(place).map(|world| (world, None)),
                NextInRow::Replay { from, to } => self.world(to).map(|world| (world, self.world(from))),
            };
            let (world, from) = step?;
            let replayed = from.and_then(|from| self.replayed(from, world));
            let result = match replayed.map_or_else(|| self.explored(world), Ok) {
                Ok(result) => result,
                Err(stopped) => return Some(stopped),
            };
            known.insert(world, result.clone());
            if sender.send(Message::Result(world, result)).is_err() {
                return None;
            }
        }
    }

    fn world(&self, place: usize) -> Option<usize> {
        self.row.get(place).copied()
    }

    fn scenario(&self, world: usize) -> Option<&Scenario> {
        self.plan.worlds.get(world)?.ready().map(|scenario| &**scenario)
    }

    /// The result of an exploration.
    fn explored(&mut self, world: usize) -> Result<WorldResult, Stopped> {
        let Some(scenario) = self.scenario(world) else {
            let why = match self.plan.worlds.get(world) {
                Some(PlannedWorld::Refused(why)) => why.clone(),
                _ => String::new(),
            };
            return Ok(WorldResult { verdict: None, steps: None, why: Some(why), method: Method::Explored });
        };
        let counts = self.plan.head.steps;
        let decided = decide_together(scenario, &self.plan.instances, counts, self.threads, self.limits);
        let Together { verdict, steps, stopped, runs } = decided;
        let is_open = verdict == Verdict::Undecided
            || counts && steps.is_none() && matches!(verdict, Verdict::Violated | Verdict::Possible);
        let cut_off = stopped.filter(|why| matches!(why, Stopped::Timeout | Stopped::Interrupted));
        if let Some(cut_off) = cut_off.filter(|_| is_open) {
            return Err(cut_off);
        }
        if verdict == Verdict::Violated {
            self.counterexamples.insert(world, runs);
        }
        let why = stopped.filter(|_| verdict == Verdict::Undecided).map(|why| why.to_string());
        Ok(WorldResult { verdict: Some(verdict), steps, why, method: Method::Explored })
    }

    /// The result of a replay of the counterexample of another world; `None` if that shows nothing.
    fn replayed(&mut self, from: usize, to: usize) -> Option<WorldResult> {
        if !self.counterexamples.contains_key(&from) {
            // It was explored before the sweep was taken up again.
            self.explored(from).ok()?;
        }
        let runs = self.counterexamples.get(&from)?;
        let (of_run, of_world) = (self.scenario(from)?, self.scenario(to)?);
        if !of_run.is_real_time() || !of_world.is_real_time() {
            return None;
        }
        let is_violated = |(instance, trace): &(Instance, Trace)| {
            let moved = exact_run(trace).retimed(&of_run.config, &of_world.config)?;
            moved.replay(&of_world.config).ok().filter(|last| instance.is_revealed_by(last))
        };
        runs.iter().find_map(is_violated)?;
        Some(WorldResult { verdict: Some(Verdict::Violated), steps: None, why: None, method: Method::Replayed })
    }
}
