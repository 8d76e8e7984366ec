//! What binds the moments of a run's events: their order, timers, flights, and in a lasso that its cycle repeats.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use super::step::{Fate, SymbolicAction};
use super::timetable::{Constraint, Repetition};
use crate::invariant::broken;
use crate::model::{Answer, Config, End, Incarnation, WorldEnd};
use crate::tcp::{Call, Policy, Segment, Timer, TimerChange};

/// An event of a run without its moment, and what became of the segment that was sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Untimed {
    pub(super) action: SymbolicAction,
    pub(super) fate: Fate,
    /// A duplicate of what arrives stays in flight.
    pub(super) stays: bool,
}

/// The constraints of a run: event 0 is the beginning, and those of the run follow.
pub(super) fn of_run(config: &Config, run: &[Untimed]) -> Vec<Constraint> {
    let mut constraints = Constraints::new(config);
    constraints.follow(0, run);
    constraints.end(run.len())
}

/// The constraints of a run, and those that make its events after the first `stem` a cycle: whatever is set or
/// sent before the cycle, and runs or is in flight at its beginning, has one like it at its end that is later by
/// the time of the cycle. `None` if the cycle does not end with what it began with.
pub(super) fn of_lasso(
    config: &Config,
    run: &[Untimed],
    stem: usize,
) -> Option<(Vec<Constraint>, Vec<Repetition>)> {
    let (once, cycle) = run.split_at_checked(stem)?;
    let mut constraints = Constraints::new(config);
    constraints.follow(0, once);
    let first = constraints.state();
    constraints.follow(stem, cycle);
    let last = constraints.state();
    let repetitions = first.repeated_by(&last)?;
    Some((constraints.end(run.len()), repetitions))
}

/// A copy: the end that it goes to, and what else distinguishes it from others.
type Sent = (End, Segment, Incarnation);

/// What was set or sent and still matters, and the ends.
struct SinceWhen {
    ends: [WorldEnd; 2],
    timers: [[Option<(usize, i64)>; Timer::ALL.len()]; 2],
    in_flight: Vec<(Sent, usize)>,
}

impl SinceWhen {
    fn repeated_by(&self, later: &Self) -> Option<Vec<Repetition>> {
        let mut repetitions = Vec::new();
        if self.ends != later.ends || self.in_flight.len() != later.in_flight.len() {
            return None;
        }
        let timers = self.timers.iter().flatten().zip(later.timers.iter().flatten());
        for pair in timers {
            match pair {
                (None, None) => {}
                (Some((after, ticks)), Some((event, later_ticks))) => {
                    repetitions.push(Repetition { event: *event, after: *after, ticks: ticks - later_ticks });
                }
                _ => return None,
            }
        }
        // Equal copies are interchangeable: the older for the older.
        let mut left = later.in_flight.clone();
        for (sent, after) in &self.in_flight {
            let place = left.iter().position(|(other, _)| other == sent)?;
            let (_, event) = left.remove(place);
            repetitions.push(Repetition { event, after: *after, ticks: 0 });
        }
        Some(repetitions)
    }
}

struct Constraints<'c> {
    config: &'c Config,
    all: Vec<Constraint>,
    ends: [WorldEnd; 2],
    /// For each timer of each end that runs, in the order of [`Timer::ALL`]: the event that has set it, and for
    /// how long.
    timers: [[Option<(usize, i64)>; Timer::ALL.len()]; 2],
    /// Each copy in flight with the event that has sent it, in the order of their sending.
    in_flight: Vec<(Sent, usize)>,
}

impl<'c> Constraints<'c> {
    fn new(config: &'c Config) -> Self {
        let ends = End::BOTH.map(|end| WorldEnd::established(&config.end(end).application));
        Self { config, all: Vec::new(), ends, timers: [[None; Timer::ALL.len()]; 2], in_flight: Vec::new() }
    }

    /// Follows a run, or the rest of one of which so many events were.
    fn follow(&mut self, before: usize, run: &[Untimed]) {
        for (event, untimed) in (before + 1..).zip(run) {
            self.is_not_before(event, event - 1);
            self.event(event, untimed);
        }
    }

    fn state(&self) -> SinceWhen {
        let (ends, in_flight) = (self.ends.clone(), self.in_flight.clone());
        SinceWhen { ends, timers: self.timers, in_flight }
    }

    /// All of them, with those of the end, which this event is: timers that still run are not overdue, and copies
    /// that are still in flight have not expired.
    fn end(mut self, last: usize) -> Vec<Constraint> {
        for (end, timers) in End::BOTH.into_iter().zip(self.timers) {
            let slack = slack_of(&self.config.end(end).policy);
            for (set, ticks) in timers.into_iter().flatten() {
                self.is_within(last, set, ticks + slack);
            }
        }
        for (_, sent) in std::mem::take(&mut self.in_flight) {
            self.arrives(last, sent);
        }
        self.all
    }

    fn event(&mut self, event: usize, Untimed { action, fate, stays }: &Untimed) {
        let end = action.end();
        let policy = self.config.end(end).policy;
        let slack = slack_of(&policy);
        let [a, b] = &mut self.ends;
        let known = if end == End::A { a } else { b };
        // A connection out of TIME_WAIT, which has lasted for long enough.
        let reuse = known.reuse(&self.config.end(end).application, &policy).map(|(left, _)| i64::from(left));
        let Answer { effects, incarnation } = match *action {
            SymbolicAction::Call(_, call) => known.call(call, &policy),
            SymbolicAction::Timeout(_, timer) => known.timeout(timer, &policy),
            SymbolicAction::Deliver(_, segment, incarnation) => known.arrival(&segment, incarnation, &policy),
        };
        known.endpoint.on_call(Call::Receive, &policy);
        let has_waited = matches!(action, SymbolicAction::Call(_, Call::Connect(_)));
        let expires = |timer| matches!(action, SymbolicAction::Timeout(_, expired) if *expired == timer);
        for (place, (timer, change)) in Timer::ALL.into_iter().zip(effects.timers).enumerate() {
            let [a, b] = &mut self.timers;
            let own = &mut (if end == End::A { a } else { b })[place];
            let was = *own;
            match change {
                TimerChange::Set(ticks) => *own = Some((event, ticks.into())),
                TimerChange::Cancel => *own = None,
                TimerChange::Keep if expires(timer) => *own = None,
                TimerChange::Keep => continue,
            }
            if let Some((set, ticks)) = was {
                self.is_within(event, set, ticks + slack);
                if expires(timer) {
                    self.is_within(set, event, -ticks);
                }
                if let Some(left) = reuse.filter(|_| has_waited && timer == Timer::TimeWait) {
                    self.is_within(set, event, left - ticks);
                }
            }
        }
        if let SymbolicAction::Deliver(to, segment, incarnation) = *action {
            let equal = |(sent, _): &(Sent, usize)| *sent == (to, segment, incarnation);
            let oldest = self.in_flight.iter().position(equal);
            let oldest = oldest.unwrap_or_else(|| broken(format_args!("{segment} arrives and is not in flight")));
            let copy = self.in_flight.remove(oldest);
            self.arrives(event, copy.1);
            if *stays {
                self.in_flight.insert(oldest, copy);
            }
        }
        if let Some(segment) = effects.segment {
            let kept = usize::from(!fate.is_lost) + usize::from(fate.duplicates);
            self.in_flight.extend(std::iter::repeat_n(((end.peer(), segment, incarnation), event), kept));
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

/// How late the timers of an end may be.
fn slack_of(policy: &Policy) -> i64 {
    policy.timers.timer_slack.into()
}
