//! Where the parts of a trace stand in its picture.
//!
//! Time runs downwards, to scale: a tick takes up the same space everywhere; what happens in one instant takes up
//! rows. All lengths are in the units of the picture, which are pixels where it is not scaled.

use crate::model::{End, Event, Snapshot, Step};
use crate::report::drawing::{LIFELINES, Point};
use crate::tcp::{State, Timer};
use crate::trace::Trace;
use crate::trace::timeline::{SegmentTimeline, TracedCopy};

/// From one row to the next.
const ROW: f64 = 28.;

/// The height of the label below a copy that arrives.
pub(super) const LABEL: f64 = 12.;

/// The height of a tick, in pixels, except in a long run.
const TICK_PIXELS: f64 = 44.;

/// The most height that all of time takes up, in pixels, if the labels leave a choice.
const MAX_WAIT_PIXELS: f64 = 40. * TICK_PIXELS;

/// The least height from an instant in which nothing happens to the next, in pixels.
const MIN_WAIT_PIXELS: f64 = 16.;

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

/// What happens between two times that time passes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Instant {
    /// Its moment, in parts of a tick.
    pub(super) moment: u32,
    /// Time 0, or the rule.
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
    /// What the 2MSL timer ran for at first, in parts of a tick.
    pub(super) wait: Option<u32>,
    /// Where that timer was set anew.
    pub(super) restarts: Vec<f64>,
}

/// All of a trace.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layout {
    /// One for each step.
    pub(super) rows: Vec<Row>,
    /// Time 0, and one for each time that time passes.
    pub(super) instants: Vec<Instant>,
    /// What a part of a tick takes up.
    pub(super) part: f64,
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
        let mut now = Instant { moment: 0, from: top, to: top };
        let scale = part_of(trace);
        for (step, part) in trace.steps.iter().zip(&timeline.parts) {
            if let Event::Pass(parts) = step.event {
                instants.push(now);
                // The labels of what has expired stand above the rule.
                let labels = LINE * count(part.expired.len().saturating_sub(1));
                let rule = now.to + round(scale * f64::from(parts)) + labels;
                now = Instant { moment: now.moment.saturating_add(parts), from: rule, to: rule };
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
        let mut layout = Self { rows, instants, part: scale, ways: Vec::new(), stays: Vec::new(), end, bottom };
        for (place, copy) in timeline.all.iter().enumerate() {
            let way = layout.way(timeline, place, copy);
            layout.ways.push(way);
        }
        layout.stays = End::BOTH.iter().flat_map(|end| layout.stays_of(*end, trace)).collect();
        layout
    }

    fn way(&self, timeline: &SegmentTimeline, place: usize, copy: &TracedCopy) -> Way {
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

    /// Where a moment is that the run has come to; within an instant, all of that.
    pub(super) fn moment(&self, moment: u32) -> Option<Instant> {
        let after = self.instants.iter().position(|instant| instant.moment >= moment)?;
        let next = self.instants.get(after).copied()?;
        if next.moment == moment {
            return Some(next);
        }
        let last = self.instants.get(after.checked_sub(1)?)?;
        let share = f64::from(moment - last.moment) / f64::from(next.moment - last.moment);
        let y = between(last.to, next.from, share);
        Some(Instant { moment, from: y, to: y })
    }

    /// Where the last thing happens before this step.
    pub(super) fn before(&self, step: usize) -> f64 {
        step.checked_sub(1).and_then(|last| self.rows.get(last)).map_or(self.top(), |row| row.sends)
    }
}

/// What a part of a tick takes up: the same everywhere.
fn part_of(trace: &Trace) -> f64 {
    let passes = |step: &Step| match step.event {
        Event::Pass(parts) => Some(f64::from(parts)),
        _ => None,
    };
    let whole: f64 = trace.steps.iter().filter_map(passes).sum();
    // Rules between which nothing happens have nothing but time to keep them apart.
    let steps = trace.steps.iter().zip(trace.steps.iter().skip(1));
    let idle = steps.filter(|(one, next)| passes(one).is_some() && passes(next).is_some());
    let shortest = idle.filter_map(|(_, next)| passes(next)).reduce(f64::min);
    let least = shortest.map_or(0., |parts| MIN_WAIT_PIXELS / parts);
    (TICK_PIXELS / f64::from(trace.parts.max(1))).min((MAX_WAIT_PIXELS / whole.max(1.)).max(least))
}

/// A copy arrives that was under way for a time: its age is written beside it.
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

/// How far across a copy is that does not arrive: of several that are somewhere at the same time, each elsewhere,
/// and all beyond the middle, so that none is where one from the other side is.
fn share_of_way(index: Option<usize>, all: usize) -> f64 {
    index.map_or(0.62, |index| 0.52 + 0.2 * (count(index) + 0.5) / count(all).max(1.))
}

fn between(from: f64, to: f64, share: f64) -> f64 {
    round(from + (to - from) * share)
}

fn round(y: f64) -> f64 {
    (y * 10.).round() / 10.
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

/// What the 2MSL timer still runs, in parts of a tick.
fn wait(end: End, world: &Snapshot) -> Option<u32> {
    let [a, b] = world.timers?;
    match end {
        End::A => a.get(Timer::TimeWait),
        End::B => b.get(Timer::TimeWait),
    }
}
