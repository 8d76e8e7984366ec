//! Where the parts of a trace stand in its picture.
//!
//! Time runs downwards. A tick takes up the same space everywhere; what happens between two ticks, that is in one
//! instant, takes up rows. All lengths are in the units of the picture, which are pixels where it is not scaled.

use crate::model::{End, Event, Snapshot, Step};
use crate::report::drawing::{LIFELINES, Point};
use crate::tcp::{State, Timer};
use crate::trace::Trace;
use crate::trace::timeline::{Copy, SegmentTimeline};

/// From one row to the next.
const ROW: f64 = 28.;

/// What the label of a copy that arrives takes up below it.
pub(super) const LABEL: f64 = 12.;

/// From an instant to the next.
const TICK: f64 = 44.;

/// From one label to the next, where several belong to one place.
pub(super) const LINE: f64 = 15.;

/// Where a step stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Row {
    /// What happens.
    pub(super) at: f64,
    /// The segment that is sent in answer.
    pub(super) sends: f64,
}

/// The way of a copy between the lifelines.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Way {
    /// The sender's lifeline; for a duplicate the way of what it is a duplicate of.
    pub(super) from: Point,
    /// Where it arrives, again and again in a network that is a set.
    pub(super) arrives: Vec<Point>,
    /// Where it is lost.
    pub(super) lost: Option<Point>,
    /// Where it is at the end, if it is in flight.
    pub(super) open: Option<Point>,
}

impl Way {
    /// Where the way leads to.
    fn goals(&self) -> impl Iterator<Item = Point> {
        self.arrives.iter().copied().chain(self.lost).chain(self.open)
    }

    /// The point of the way at a height.
    fn at(&self, y: f64) -> Point {
        let to = self.goals().last().unwrap_or(self.from);
        let share = if to.y > self.from.y { (y - self.from.y) / (to.y - self.from.y) } else { 0. };
        Point { x: between(self.from.x, to.x, share.clamp(0., 1.)), y }
    }
}

/// What lies between two ticks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Instant {
    /// Time 0, or the rule of the tick.
    pub(super) from: f64,
    /// Its last row.
    pub(super) to: f64,
}

/// An end in one state.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stay {
    pub(super) end: End,
    pub(super) state: State,
    pub(super) from: f64,
    pub(super) to: f64,
    /// The ticks that the 2MSL timer ran for at first.
    pub(super) wait: Option<u32>,
    /// Where that timer was set anew.
    pub(super) restarts: Vec<f64>,
}

/// All of a trace.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    /// One for each step.
    pub(super) rows: Vec<Row>,
    /// Time 0, and one for each tick.
    pub(super) instants: Vec<Instant>,
    /// One for each copy.
    pub(super) ways: Vec<Way>,
    pub(super) stays: Vec<Stay>,
    /// Where the lifelines end.
    pub(super) end: f64,
    /// Where the labels of what is in flight end.
    pub(super) bottom: f64,
}

impl Layout {
    /// Lays a trace out from `top` downwards.
    pub(super) fn of(trace: &Trace, timeline: &SegmentTimeline, top: f64) -> Self {
        let (mut rows, mut instants) = (Vec::new(), Vec::new());
        let mut now = Instant { from: top, to: top };
        for (step, part) in trace.steps.iter().zip(&timeline.parts) {
            if step.event == Event::Tick {
                instants.push(now);
                // The labels of what has expired stand above the rule.
                let rule = now.to + TICK + LINE * count(part.expired.len().saturating_sub(1));
                now = Instant { from: rule, to: rule };
                rows.push(Row { at: rule, sends: rule });
            } else {
                let at = now.to + ROW;
                now.to = at + if is_aged(step) { LABEL } else { 0. } + if part.sent.is_some() { ROW } else { 0. };
                rows.push(Row { at, sends: now.to });
            }
        }
        instants.push(now);
        let end = now.to + ROW;
        let bottom = end + LINE * count(timeline.in_flight.len());
        let mut layout = Self { rows, instants, ways: Vec::new(), stays: Vec::new(), end, bottom };
        for (place, copy) in timeline.all.iter().enumerate() {
            let way = layout.way(timeline, place, copy);
            layout.ways.push(way);
        }
        layout.stays = End::BOTH.iter().flat_map(|end| layout.stays_of(*end, trace)).collect();
        layout
    }

    fn way(&self, timeline: &SegmentTimeline, place: usize, copy: &Copy) -> Way {
        let row = |step: usize| self.rows.get(step).copied().unwrap_or(Row { at: self.end, sends: self.end });
        let receiver = lifeline(copy.to);
        let since = row(copy.since);
        let original = copy.duplicate_of.and_then(|original| self.ways.get(original));
        let from = match original {
            Some(original) => original.at(since.at),
            None => Point { x: lifeline(copy.to.peer()), y: since.sends },
        };
        let arrives: Vec<Point> =
            copy.delivered.iter().map(|step| Point { x: receiver, y: row(*step).at }).collect();
        let lost = copy.lost.map(|step| {
            let expired = timeline.parts.get(step).map_or(&[][..], |part| &part.expired);
            let share = share_of_way(expired.iter().position(|other| *other == place), expired.len());
            Point { x: between(from.x, receiver, share), y: row(step).at }
        });
        let open = timeline.in_flight.iter().position(|(_, other)| *other == place);
        let open = open.map(|index| {
            let share = share_of_way(Some(index), timeline.in_flight.len());
            Point { x: between(from.x, receiver, share), y: self.end }
        });
        Way { from, arrives, lost, open }
    }

    fn stays_of(&self, end: End, trace: &Trace) -> Vec<Stay> {
        let stay = |state, from, wait| Stay { end, state, from, to: self.end, wait, restarts: Vec::new() };
        let mut before = &trace.initial;
        let mut stays = Vec::new();
        let mut now = stay(state(end, before), self.top(), wait(end, before));
        for (step, row) in trace.steps.iter().zip(&self.rows) {
            if state(end, &step.after) != now.state {
                let next = stay(state(end, &step.after), row.at, wait(end, &step.after));
                now.to = row.at;
                stays.push(std::mem::replace(&mut now, next));
            } else if wait(end, &step.after) > wait(end, before) {
                now.restarts.push(row.at);
            }
            before = &step.after;
        }
        stays.push(now);
        stays
    }

    /// Time 0.
    pub(super) fn top(&self) -> f64 {
        self.instants.first().map_or(self.end, |instant| instant.from)
    }

    /// Where the last thing happens before this step.
    pub(super) fn before(&self, step: usize) -> f64 {
        step.checked_sub(1).and_then(|last| self.rows.get(last)).map_or(self.top(), |row| row.sends)
    }
}

/// A copy arrives that was under way for a time: its age is told.
pub(super) fn is_aged(step: &Step) -> bool {
    matches!(step.event, Event::Deliver(flight) if flight.age.is_some_and(|age| age > 0))
}

/// The lifeline of an end.
pub(super) fn lifeline(end: End) -> f64 {
    let [a, b] = LIFELINES;
    match end {
        End::A => a,
        End::B => b,
    }
}

/// How far across a copy is that does not arrive: of several that are somewhere at the same time, each elsewhere, and
/// all beyond the middle, so that none is where one from the other side is.
fn share_of_way(index: Option<usize>, all: usize) -> f64 {
    index.map_or(0.62, |index| 0.52 + 0.2 * (count(index) + 0.5) / count(all).max(1.))
}

fn between(from: f64, to: f64, share: f64) -> f64 {
    ((from + (to - from) * share) * 10.).round() / 10.
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

fn state(end: End, world: &Snapshot) -> State {
    let [a, b] = world.states();
    match end {
        End::A => a,
        End::B => b,
    }
}

/// The ticks that the 2MSL timer still runs.
fn wait(end: End, world: &Snapshot) -> Option<u32> {
    let [a, b] = world.timers?;
    match end {
        End::A => a.get(Timer::TimeWait),
        End::B => b.get(Timer::TimeWait),
    }
}
