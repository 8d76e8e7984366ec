//! A run of exact times, made step by step.

use super::exact_replay::{exact_event, in_finer_ticks, in_flight_segment, parts_of, snapshot};
use super::replay::{RunEnding, Trace};
use super::ticks::too_long;
use crate::invariant::broken;
use crate::model::{Config, End, Event, InFlightSegment, Step};
use crate::realtime::{ExactEvent, ExactWorld, Moment, Refusal, Witness};
use crate::tcp::Timer;

/// A run of exact times that goes on by one step at a time.
#[derive(Clone, Debug)]
pub struct Stepwise<'c> {
    config: &'c Config,
    /// The world before each step.
    before: Vec<ExactWorld<'c>>,
    world: ExactWorld<'c>,
    trace: Trace,
}

impl<'c> Stepwise<'c> {
    /// The run that has not begun, in a time whose ticks have so many parts.
    #[must_use]
    pub fn new(config: &'c Config, parts: u32) -> Self {
        let world = ExactWorld::new(config, parts);
        let slack = End::BOTH.map(|end| parts_of(world.slack(end)));
        let trace = Trace { initial: snapshot(&world), steps: Vec::new(), ending: RunEnding::Open, parts, slack };
        Self { config, before: Vec::new(), world, trace }
    }

    /// The world as it is now.
    #[must_use]
    pub fn world(&self) -> &ExactWorld<'c> {
        &self.world
    }

    /// The world at first, and after each step.
    #[must_use]
    pub fn worlds(&self) -> Vec<ExactWorld<'c>> {
        self.before.iter().chain([&self.world]).cloned().collect()
    }

    /// The run so far.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Its first steps, so many of them.
    #[must_use]
    pub fn up_to(&self, steps: usize) -> Self {
        let mut shorter = self.clone();
        if let Some(world) = self.before.get(steps) {
            shorter.world = world.clone();
            shorter.before.truncate(steps);
            shorter.trace.steps.truncate(steps);
        }
        shorter
    }

    /// This run in a time whose parts are `finer` times as fine; it is at least 1.
    #[must_use]
    pub fn refined(&self, finer: u32) -> Self {
        let mut run = Self::new(self.config, self.trace.parts.saturating_mul(finer));
        for step in &self.trace.steps {
            let event = in_finer_ticks(step.event, finer);
            run.take(&event).unwrap_or_else(|why| broken(format_args!("a run is none in finer ticks: {why}")));
        }
        run
    }

    /// What may happen now, apart from the passing of time: calls, then timers, then what becomes of each copy,
    /// the oldest first. Equal copies are one.
    #[must_use]
    pub fn enabled(&self) -> Vec<Event> {
        let world = &self.world;
        let calls = End::BOTH.into_iter().flat_map(|end| world.calls(end).map(move |call| Event::Call(end, call)));
        let timers = End::BOTH
            .into_iter()
            .flat_map(|end| Timer::ALL.into_iter().map(move |timer| Event::Timeout(end, timer)));
        let mut copies: Vec<InFlightSegment> = Vec::new();
        for copy in world.in_flight().iter().map(|copy| in_flight_segment(world, copy)) {
            if !copies.contains(&copy) {
                copies.push(copy);
            }
        }
        let of_copies = [Event::Deliver, Event::Lose, Event::Duplicate]
            .into_iter()
            .flat_map(|event| copies.iter().copied().map(event));
        // The world itself says what may happen.
        let can = |event: &Event| {
            let event = exact_event(event, world.now());
            event.is_some_and(|event| world.clone().happen(world.now(), &event).is_ok())
        };
        calls.chain(timers).chain(of_copies).filter(can).collect()
    }

    /// Whether the clock can count so many parts of a tick beyond now.
    ///
    /// # Errors
    /// If it cannot: how long a run may be.
    pub fn can_last(&self, parts: u32) -> Result<(), String> {
        match parts_of(self.world.now()).checked_add(parts) {
            Some(_) => Ok(()),
            None => Err(too_long(self.trace.parts)),
        }
    }

    /// Takes an event: something happens, or time passes.
    ///
    /// # Errors
    /// If it cannot; then nothing has happened.
    pub fn take(&mut self, event: &Event) -> Result<(), Refusal> {
        let (next, step) = self.next(event)?;
        self.push(next, step);
        Ok(())
    }

    /// What an event would come to: the world after it, and the step that leads there.
    ///
    /// # Errors
    /// If it cannot happen.
    pub fn next(&self, event: &Event) -> Result<(ExactWorld<'c>, Step), Refusal> {
        match (exact_event(event, self.world.now()), *event) {
            (Some(event), _) => self.after(&event),
            (None, Event::Pass(parts)) => self.later(parts),
            (None, other) => broken(format_args!("{other:?} is no event")),
        }
    }

    /// Lets so many parts of a tick pass.
    ///
    /// # Errors
    /// If time cannot pass so far; then nothing has happened.
    pub fn pass(&mut self, parts: u32) -> Result<(), Refusal> {
        let (next, step) = self.later(parts)?;
        self.push(next, step);
        Ok(())
    }

    /// Lets something happen now.
    ///
    /// # Errors
    /// If it cannot; then nothing has happened.
    pub fn happen(&mut self, event: &ExactEvent) -> Result<(), Refusal> {
        let (next, step) = self.after(event)?;
        self.push(next, step);
        Ok(())
    }

    fn later(&self, parts: u32) -> Result<(ExactWorld<'c>, Step), Refusal> {
        let mut next = self.world.clone();
        let expired = next.pass_until(self.world.now() + Moment::from(parts))?;
        let expired = expired.iter().map(|copy| in_flight_segment(&next, copy)).collect();
        let step = Step { event: Event::Pass(parts), sent: None, expired, after: snapshot(&next) };
        Ok((next, step))
    }

    fn after(&self, event: &ExactEvent) -> Result<(ExactWorld<'c>, Step), Refusal> {
        let shown = match event {
            ExactEvent::Call(end, call) => Event::Call(*end, *call),
            ExactEvent::Timeout(end, timer) => Event::Timeout(*end, *timer),
            ExactEvent::Deliver(copy) => Event::Deliver(in_flight_segment(&self.world, copy)),
            ExactEvent::Lose(copy) => Event::Lose(in_flight_segment(&self.world, copy)),
            ExactEvent::Duplicate(copy) => Event::Duplicate(in_flight_segment(&self.world, copy)),
        };
        let mut next = self.world.clone();
        let sent = next.happen(self.world.now(), event)?.map(|copy| in_flight_segment(&next, &copy));
        let step = Step { event: shown, sent, expired: Vec::new(), after: snapshot(&next) };
        Ok((next, step))
    }

    fn push(&mut self, next: ExactWorld<'c>, step: Step) {
        self.trace.steps.push(step);
        self.before.push(std::mem::replace(&mut self.world, next));
    }
}

/// The states that a run of exact times leads through, and the steps between them.
pub(super) struct ExactRun<'c> {
    /// The world at first, and after each step.
    pub(super) states: Vec<ExactWorld<'c>>,
    pub(super) trace: Trace,
    /// For each event of the run, the place of its step.
    pub(super) places: Vec<usize>,
}

/// Replays a run in the exact world: between its events, time passes.
pub(super) fn replay_exactly<'c>(config: &'c Config, witness: &Witness) -> Result<ExactRun<'c>, Refusal> {
    let mut run = Stepwise::new(config, witness.parts);
    let mut places = Vec::new();
    for (at, event) in &witness.events {
        match at - run.world.now() {
            0 => {}
            time if time < 0 => return Err(Refusal::Past),
            time => run.pass(parts_of(time))?,
        }
        places.push(run.trace.steps.len());
        run.happen(event)?;
    }
    let Stepwise { before: mut states, world, trace, .. } = run;
    states.push(world);
    Ok(ExactRun { states, trace, places })
}

/// Replays a run that leads to a state.
///
/// # Errors
/// If the exact world refuses it.
pub(crate) fn replay_exact_run(config: &Config, witness: &Witness) -> Result<Trace, Refusal> {
    Ok(replay_exactly(config, witness)?.trace)
}
