//! A run of exact times, made step by step.

use super::exact_replay::{in_flight_segment, parts_of, snapshot};
use super::replay::{RunEnding, Trace};
use crate::model::{Config, End, Event, Step};
use crate::realtime::{ExactEvent, ExactWorld, Moment, Refusal};

/// A run of exact times that goes on as it is told.
#[derive(Clone, Debug)]
pub struct Stepwise<'c> {
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
        Self { world, trace }
    }

    /// The world as it is now.
    #[must_use]
    pub fn world(&self) -> &ExactWorld<'c> {
        &self.world
    }

    /// The run so far.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// Lets so many parts of a tick pass.
    ///
    /// # Errors
    /// If time cannot pass so far; then nothing has happened.
    pub fn pass(&mut self, parts: u32) -> Result<(), Refusal> {
        let mut next = self.world.clone();
        let expired = next.pass_until(self.world.now() + Moment::from(parts))?;
        let expired = expired.iter().map(|copy| in_flight_segment(&next, copy)).collect();
        self.trace.steps.push(Step { event: Event::Pass(parts), sent: None, expired, after: snapshot(&next) });
        self.world = next;
        Ok(())
    }

    /// Lets something happen now.
    ///
    /// # Errors
    /// If it cannot; then nothing has happened.
    pub fn happen(&mut self, event: &ExactEvent) -> Result<(), Refusal> {
        let shown = match event {
            ExactEvent::Call(end, call) => Event::Call(*end, *call),
            ExactEvent::Timeout(end, timer) => Event::Timeout(*end, *timer),
            ExactEvent::Deliver(copy) => Event::Deliver(in_flight_segment(&self.world, copy)),
            ExactEvent::Lose(copy) => Event::Lose(in_flight_segment(&self.world, copy)),
            ExactEvent::Duplicate(copy) => Event::Duplicate(in_flight_segment(&self.world, copy)),
        };
        let mut next = self.world.clone();
        let sent = next.happen(self.world.now(), event)?.map(|copy| in_flight_segment(&next, &copy));
        self.trace.steps.push(Step { event: shown, sent, expired: Vec::new(), after: snapshot(&next) });
        self.world = next;
        Ok(())
    }
}
