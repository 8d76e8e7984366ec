//! Runs of exact times: their events, states as reports show them, and the same as paths in whole ticks.

use super::replay::{NoTrace, Trace};
use crate::invariant::broken;
use crate::model::{End, Event, InFlightSegment, Layout, Observe, Snapshot, TimedWorld, Timers, World};
use crate::realtime::{Copy, ExactEvent, ExactWorld, Moment, Witness};
use crate::tcp::Timer;

/// A run of real time as events and their moments, without the passing of time between them.
///
/// # Panics
/// If the run is one of a world without a clock, where copies have no age.
#[must_use]
pub fn exact_run(trace: &Trace) -> Witness {
    let mut now: Moment = 0;
    let mut events = Vec::new();
    for step in &trace.steps {
        match step.event {
            Event::Pass(parts) => now += Moment::from(parts),
            event => events.extend(exact_event(&event, now).map(|event| (now, event))),
        }
    }
    Witness { parts: trace.parts, events }
}

/// What happens at a moment, where copies are known by their age; `None` if time passes.
pub(super) fn exact_event(event: &Event, now: Moment) -> Option<ExactEvent> {
    let copy = |shown: InFlightSegment| Copy {
        to: shown.to,
        segment: shown.segment,
        incarnation: shown.incarnation,
        sent: now - Moment::from(shown.age.unwrap_or_else(|| broken(format_args!("a copy of no age: {shown:?}")))),
        is_duplicate: shown.is_duplicate,
    };
    match *event {
        Event::Pass(_) => None,
        Event::Call(end, call) => Some(ExactEvent::Call(end, call)),
        Event::Timeout(end, timer) => Some(ExactEvent::Timeout(end, timer)),
        Event::Deliver(shown) => Some(ExactEvent::Deliver(copy(shown))),
        Event::Lose(shown) => Some(ExactEvent::Lose(copy(shown))),
        Event::Duplicate(shown) => Some(ExactEvent::Duplicate(copy(shown))),
    }
}

/// A run of real time in a world whose ticks are the parts of its ticks, or `finer` times as fine: for each step
/// there, the place of its action among those that are enabled. `Ok(None)`: the world has no room for it, or is a
/// set.
///
/// # Errors
/// If it is no run there: a fault of this program.
pub fn places_in_ticks<L: Layout>(
    world: &TimedWorld<L>,
    trace: &Trace,
    finer: u32,
) -> Result<Option<Vec<usize>>, NoTrace> {
    // A set has no actions for a run with every copy.
    let Some(mut state) = world.initial().ok().filter(|_| !world.network_is_set()) else {
        return Ok(None);
    };
    let mut places = Vec::new();
    let mut enabled = Vec::new();
    for step in &trace.steps {
        let (event, times) = match step.event {
            Event::Pass(parts) => (Event::Pass(1), parts.saturating_mul(finer)),
            other => (in_finer_ticks(other, finer), 1),
        };
        for _ in 0..times {
            enabled.clear();
            world.enabled(&state, &mut enabled);
            let place = enabled.iter().position(|action| world.event(action) == event);
            let (place, action) =
                place.and_then(|place| Some((place, *enabled.get(place)?))).ok_or(NoTrace::NotReplayed)?;
            let Ok(next) = world.step(&state, action) else {
                return Ok(None);
            };
            places.push(place);
            state = next;
        }
        let there = world.snapshot(&state);
        if sorted(there) != sorted(snapshot_in_finer_ticks(&step.after, finer)) {
            return Err(NoTrace::NotReplayed);
        }
    }
    Ok(Some(places))
}

pub(super) fn in_finer_ticks(event: Event, finer: u32) -> Event {
    match event {
        Event::Deliver(copy) => Event::Deliver(copy_in_finer_ticks(copy, finer)),
        Event::Lose(copy) => Event::Lose(copy_in_finer_ticks(copy, finer)),
        Event::Duplicate(copy) => Event::Duplicate(copy_in_finer_ticks(copy, finer)),
        Event::Pass(parts) => Event::Pass(parts.saturating_mul(finer)),
        Event::Call(..) | Event::Timeout(..) => event,
    }
}

fn copy_in_finer_ticks(copy: InFlightSegment, finer: u32) -> InFlightSegment {
    InFlightSegment { age: copy.age.map(|age| age.saturating_mul(finer)), ..copy }
}

fn snapshot_in_finer_ticks(snapshot: &Snapshot, finer: u32) -> Snapshot {
    let mut snapshot = snapshot.clone();
    for copy in &mut snapshot.in_flight {
        *copy = copy_in_finer_ticks(*copy, finer);
    }
    for timers in snapshot.timers.iter_mut().flatten() {
        for timer in Timer::ALL {
            timers.set(timer, timers.get(timer).map(|left| left.saturating_mul(finer)));
        }
    }
    snapshot
}

/// Sorts the copies in flight, which are a bag.
fn sorted(mut snapshot: Snapshot) -> Snapshot {
    snapshot.in_flight.sort_by_key(|copy| (copy.to, copy.segment, copy.incarnation, copy.age, copy.is_duplicate));
    snapshot
}

/// A state, as reports show it.
pub(super) fn snapshot(world: &ExactWorld<'_>) -> Snapshot {
    let timers = |end: End| {
        let mut timers = Timers::default();
        for timer in Timer::ALL {
            timers.set(timer, world.latest(end, timer).map(|latest| parts_of(latest - world.now())));
        }
        timers
    };
    sorted(Snapshot {
        ends: End::BOTH.map(|end| Observe::end(world, end)),
        timers: Some(End::BOTH.map(timers)),
        in_flight: world.in_flight().iter().map(|copy| in_flight_segment(world, copy)).collect(),
        losses: world.losses(),
        duplicates: world.duplicates(),
    })
}

pub(super) fn in_flight_segment(world: &ExactWorld<'_>, copy: &Copy) -> InFlightSegment {
    let Copy { to, segment, incarnation, sent, is_duplicate } = *copy;
    InFlightSegment { to, segment, incarnation, age: Some(parts_of(world.now() - sent)), is_duplicate }
}

/// Time that has passed, or that is left.
pub(super) fn parts_of(time: Moment) -> u32 {
    u32::try_from(time).unwrap_or_else(|_| broken(format_args!("a time of {time} parts of a tick")))
}
