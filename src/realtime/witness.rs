//! A run that leads to a zone, with moments: what shows that something is violated or possible.
//!
//! A zone says that there are times, not which. The run that first led to it is taken up once more, event by event: each
//! pair of events that a timer, a flight or their order binds gives a constraint, and the earliest moments
//! that meet them all, in the largest parts of a tick that will do, make it a run of exact times. That is then lived
//! through in [`ExactWorld`], from the beginning. Only a run that the exact world accepts is handed out.

use super::exact::{Copy, ExactEvent, ExactWorld, Moment, Refusal};
use super::passed::Node;
use super::search::Explored;
use super::step::{Fate, SymbolicAction, SymbolicState};
use super::stop::Stop;
use super::timetable::{Constraint, Timetable, schedule};
use crate::invariant::broken;
use crate::model::{Config, End};
use crate::tcp::{Call, Endpoint, Segment, Timer, TimerChange};

/// A run of exact times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// How many parts a tick has.
    pub parts: u32,
    /// What happens, and when: in parts of a tick from the beginning on.
    pub events: Vec<(Moment, ExactEvent)>,
}

/// Why there is no witness although a zone reveals something: a fault, and no verdict may rest on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoWitness {
    /// No moments meet the constraints of the run.
    NoTimes,
    /// The exact world refuses the event with this number.
    Refused(usize, Refusal),
    /// The exact world's last state does not reveal what the zone did.
    NotRevealed,
    /// The run could not be taken up again.
    Stopped(Stop),
}

/// An event of a run without its moment, and what became of the segment that was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Untimed {
    pub(super) action: SymbolicAction,
    pub(super) fate: Fate,
}

impl Witness {
    /// How many steps it has: calls, timeouts and arrivals. What the network loses or duplicates is decided with the step that
    /// sends it, and is no step of its own.
    #[must_use]
    pub fn steps(&self) -> usize {
        let is_step = |event: &ExactEvent| !matches!(event, ExactEvent::Lose(_) | ExactEvent::Duplicate(_));
        self.events.iter().filter(|(_, event)| is_step(event)).count()
    }

    /// Lives through the run; the world at its end.
    ///
    /// # Errors
    /// The number of the first event that is not enabled at its moment, and why.
    pub fn replay<'c>(&self, config: &'c Config) -> Result<ExactWorld<'c>, NoWitness> {
        let mut world = ExactWorld::new(config, self.parts);
        for (number, (at, event)) in self.events.iter().enumerate() {
            world.happen(*at, event).map_err(|refusal| NoWitness::Refused(number, refusal))?;
        }
        Ok(world)
    }
}

impl Explored<'_> {
    /// A run of exact times whose last state decides a question, by its number; `None` if no state does.
    ///
    /// # Errors
    /// If the exact world does not agree. That is a fault of the program.
    pub fn witness(
        &mut self,
        config: &Config,
        question: &super::Question<'_>,
        number: usize,
    ) -> Result<Option<Witness>, NoWitness> {
        let Some(node) = self.revealed.get(number).copied().flatten() else {
            return Ok(None);
        };
        let run = self.run_to(node).map_err(NoWitness::Stopped)?;
        let witness = timed(config, &run)?;
        if !question.is_revealed_by(&witness.replay(config)?) {
            return Err(NoWitness::NotRevealed);
        }
        Ok(Some(witness))
    }

    /// The events that first led to a zone.
    pub(super) fn run_to(&mut self, node: Node) -> Result<Vec<Untimed>, Stop> {
        let back = |node: &Node| self.passed.parent(*node);
        let mut path: Vec<Node> = std::iter::successors(Some(node), back).collect();
        path.reverse();
        let states: Vec<SymbolicState> =
            path.into_iter().map(|node| self.passed.get(node, &self.steps.catalog)).collect();
        states.iter().zip(states.iter().skip(1)).map(|(from, to)| self.event_between(from, to)).collect()
    }

    /// The steps with these places among those that leave the zones of a path: each is the zone, and the place.
    pub(super) fn run_along(&mut self, path: &[(Node, usize)]) -> Result<Vec<Untimed>, Stop> {
        let mut run = Vec::new();
        for (zone, place) in path {
            let state = self.passed.get(*zone, &self.steps.catalog);
            let mut nth = 0;
            self.steps.each(&state, |_, successor| {
                if nth == *place {
                    let fate = successor.sent.map(|(_, fate)| fate).unwrap_or_default();
                    run.push(Untimed { action: successor.action, fate });
                }
                nth += 1;
                Ok(())
            })?;
        }
        Ok(run)
    }

    /// The first event that leads from one zone to another.
    fn event_between(&mut self, from: &SymbolicState, to: &SymbolicState) -> Result<Untimed, Stop> {
        let mut found = None;
        self.steps.each(from, |_, successor| {
            if found.is_none() && successor.state.is_same(to) {
                let fate = successor.sent.map(|(_, fate)| fate).unwrap_or_default();
                found = Some(Untimed { action: successor.action, fate });
            }
            Ok(())
        })?;
        found.map_or_else(|| broken(format_args!("no event leads from a zone to its successor")), Ok)
    }
}

/// A run with moments, where it is possible in the exact world.
pub(super) fn timed(config: &Config, run: &[Untimed]) -> Result<Witness, NoWitness> {
    let constraints = Constraints::of(config, run);
    let Timetable { parts, moments } = schedule(run.len() + 1, &constraints).ok_or(NoWitness::NoTimes)?;
    let mut world = ExactWorld::new(config, parts);
    let mut events: Vec<(Moment, ExactEvent)> = Vec::new();
    let mut happen = |world: &mut ExactWorld<'_>, at: Moment, event: ExactEvent| {
        let sent = world.happen(at, &event).map_err(|refusal| NoWitness::Refused(events.len(), refusal));
        events.push((at, event));
        sent
    };
    for (Untimed { action, fate }, at) in run.iter().zip(moments.into_iter().skip(1)) {
        let event = match *action {
            SymbolicAction::Call(end, call) => ExactEvent::Call(end, call),
            SymbolicAction::Timeout(end, timer) => ExactEvent::Timeout(end, timer),
            SymbolicAction::Deliver(to, segment) => {
                let equal = world.in_flight().iter().filter(|copy| (copy.to, copy.segment) == (to, segment));
                let oldest = equal.min_by_key(|copy| copy.sent).copied();
                // The exact world refuses what is not in flight.
                ExactEvent::Deliver(oldest.unwrap_or(Copy { to, segment, sent: at, is_duplicate: false }))
            }
        };
        if let Some(original) = happen(&mut world, at, event)? {
            for event in fates(original, *fate) {
                happen(&mut world, at, event)?;
            }
        }
    }
    Ok(Witness { parts, events })
}

/// What happens to a copy as soon as it is sent.
fn fates(original: Copy, fate: Fate) -> impl Iterator<Item = ExactEvent> {
    let made = usize::from(fate.duplicates) + usize::from(fate.in_vain);
    let duplicate = Copy { is_duplicate: true, ..original };
    std::iter::repeat_n(ExactEvent::Duplicate(original), made)
        .chain(std::iter::repeat_n(ExactEvent::Lose(duplicate), fate.in_vain.into()))
        .chain(fate.is_lost.then_some(ExactEvent::Lose(original)))
}

/// What binds the moments of a run's events: event 0 is the beginning, and those of the run follow.
struct Constraints<'c> {
    config: &'c Config,
    all: Vec<Constraint>,
    endpoints: [Endpoint; 2],
    /// For each timer of each end that runs, in the order of [`Timer::ALL`]: the event that has set it, and for how long.
    timers: [[Option<(usize, i64)>; 4]; 2],
    /// Each copy in flight with the event that has sent it, in the order of their sending.
    in_flight: Vec<(End, Segment, usize)>,
}

impl<'c> Constraints<'c> {
    fn of(config: &'c Config, run: &[Untimed]) -> Vec<Constraint> {
        let endpoints = [Endpoint::established(), Endpoint::established()];
        let (timers, in_flight) = ([[None; 4]; 2], Vec::new());
        let mut constraints = Self { config, all: Vec::new(), endpoints, timers, in_flight };
        for (event, untimed) in (1..).zip(run) {
            constraints.is_not_before(event, event - 1);
            constraints.event(event, untimed);
        }
        // Timers that still run are not overdue, and copies that are still in flight have not expired.
        for (set, ticks) in constraints.timers.into_iter().flatten().flatten() {
            constraints.is_within(run.len(), set, ticks);
        }
        for (.., sent) in std::mem::take(&mut constraints.in_flight) {
            constraints.arrives(run.len(), sent);
        }
        constraints.all
    }

    fn event(&mut self, event: usize, Untimed { action, fate }: &Untimed) {
        let (SymbolicAction::Call(end, _) | SymbolicAction::Timeout(end, _) | SymbolicAction::Deliver(end, _)) =
            *action;
        let policy = self.config.end(end).policy;
        let [a, b] = &mut self.endpoints;
        let endpoint = if end == End::A { a } else { b };
        let effects = match *action {
            SymbolicAction::Call(_, call) => endpoint.on_call(call, &policy),
            SymbolicAction::Timeout(_, timer) => endpoint.on_timeout(timer, &policy),
            SymbolicAction::Deliver(_, segment) => endpoint.on_segment(&segment, &policy),
        };
        endpoint.on_call(Call::Receive, &policy);
        let expires = |timer| matches!(action, SymbolicAction::Timeout(_, expired) if *expired == timer);
        for (place, (timer, change)) in Timer::ALL.into_iter().zip(effects.timers).enumerate() {
            let [a, b] = &mut self.timers;
            let Some(own) = (if end == End::A { a } else { b }).get_mut(place) else { continue };
            let was = *own;
            match change {
                TimerChange::Set(ticks) => *own = Some((event, ticks.into())),
                TimerChange::Cancel => *own = None,
                TimerChange::Keep if expires(timer) => *own = None,
                TimerChange::Keep => continue,
            }
            if let Some((set, ticks)) = was {
                self.is_within(event, set, ticks);
                if expires(timer) {
                    // Exactly then.
                    self.is_within(set, event, -ticks);
                }
            }
        }
        if let SymbolicAction::Deliver(to, segment) = *action {
            let equal =
                |(its_to, its_segment, _): &(End, Segment, usize)| (*its_to, *its_segment) == (to, segment);
            if let Some(oldest) = self.in_flight.iter().position(equal) {
                let (.., sent) = self.in_flight.remove(oldest);
                self.arrives(event, sent);
            }
        }
        if let Some(segment) = effects.segment {
            let kept = usize::from(!fate.is_lost) + usize::from(fate.duplicates);
            self.in_flight.extend(std::iter::repeat_n((end.peer(), segment, event), kept));
        }
    }

    fn is_not_before(&mut self, event: usize, earlier: usize) {
        self.is_within(earlier, event, 0);
    }

    fn is_within(&mut self, event: usize, after: usize, ticks: i64) {
        self.all.push(Constraint { event, after, ticks, is_strict: false });
    }

    /// A copy that was sent then is not as old as the MSL.
    fn arrives(&mut self, event: usize, sent: usize) {
        self.all.push(Constraint { event, after: sent, ticks: self.config.msl.into(), is_strict: true });
    }
}
