//! Times for the events of a run: differences constrained, least fractions of a tick, earliest moments, cycles
//! that repeat.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use super::stop::Stop;
use crate::invariant::{broken, invariant};

/// The one event happens at most (or less than) so many ticks after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Constraint {
    pub(super) event: usize,
    pub(super) after: usize,
    /// May be below 0.
    pub(super) ticks: i64,
    pub(super) is_strict: bool,
}

/// Moments for events that meet every constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Timetable {
    /// How many parts a tick has: as few as possible.
    pub(super) parts: u32,
    /// The earliest moment of each event, in those parts; that of event 0 is 0.
    pub(super) moments: Vec<i64>,
}

/// What a cycle ends with comes later than what it began with by the time of the cycle: the one event happens that
/// time and so many ticks after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Repetition {
    pub(super) event: usize,
    pub(super) after: usize,
    /// May be below 0; it is where a timer runs longer than the one that it repeats.
    pub(super) ticks: i64,
}

/// A constraint, and how often the time of the cycle is added to its bound.
#[derive(Clone, Copy)]
struct Edge {
    event: usize,
    after: usize,
    ticks: i64,
    /// 1 if it is strict, and otherwise 0.
    strict: i64,
    times: i64,
}

/// A time: first in units, then in parts that are smaller than any part of a unit.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Length(i64, i64);

/// What the edges of a cycle sum to.
struct Sum {
    ticks: i64,
    strict: i64,
    times: i64,
}

/// The earliest moments of so many events, of which none is before event 0, with as few parts to a tick as
/// possible; `None` if no real moments meet the constraints.
///
/// In parts of 1/K of a tick a strict bound of c is one of K·c − 1. A cycle of constraints whose bounds sum to W
/// and of which s are strict leaves room if K·W ≥ s; and for some K if W > 0, or W = 0 and s = 0.
pub(super) fn schedule(events: usize, constraints: &[Constraint]) -> Option<Timetable> {
    let edges: Vec<Edge> = constraints.iter().map(edge).collect();
    let little = |edge: &Edge| Length(edge.ticks, -edge.strict);
    earliest(events, &edges, little).ok()?;
    let mut parts = 1;
    loop {
        match earliest(events, &edges, |edge| Length(parts * edge.ticks - edge.strict, 0)) {
            Ok(moments) => return Some(timetable(parts, moments)),
            Err(Sum { ticks, strict, .. }) => {
                invariant!(ticks > 0, "constraints leave room to real moments, and to no parts of a tick");
                parts = rounded_up(strict, ticks);
            }
        }
    }
}

/// The same for a run with a cycle, and the time of the cycle, which is at least `shortest` parts of a tick: the
/// shortest that will do. `None` if there are no such moments, or only in more parts of a tick than there are
/// strict constraints.
///
/// # Errors
/// [`Stop::CutOff`]. It is asked before each number of parts, and before each time of the cycle.
pub(super) fn schedule_cycle(
    events: usize,
    constraints: &[Constraint],
    repetitions: &[Repetition],
    shortest: i64,
    is_cut_off: &dyn Fn() -> bool,
) -> Result<Option<(Timetable, i64)>, Stop> {
    let both_ways = repetitions.iter().flat_map(|Repetition { event, after, ticks }| {
        let later = Edge { event: *event, after: *after, ticks: *ticks, strict: 0, times: 1 };
        [later, Edge { event: *after, after: *event, ticks: -ticks, strict: 0, times: -1 }]
    });
    let edges: Vec<Edge> = constraints.iter().map(edge).chain(both_ways).collect();
    let heed = || if is_cut_off() { Err(Stop::CutOff) } else { Ok(()) };
    heed()?;
    if !has_real_moments(events, &edges, shortest) {
        return Ok(None);
    }
    for parts in 1..=edges.iter().map(|edge| edge.strict).sum::<i64>().max(1) {
        let mut time = shortest;
        loop {
            heed()?;
            let length = |edge: &Edge| Length(parts * edge.ticks - edge.strict + edge.times * time, 0);
            match earliest(events, &edges, length) {
                Ok(moments) => return Ok(Some((timetable(parts, moments), time))),
                // Constraints that leave no room sum to less than 0: to so much, and so many times the time of the
                // cycle.
                Err(Sum { ticks, strict, times }) if times > 0 => {
                    time = rounded_up(strict - parts * ticks, times);
                }
                // A longer time leaves even less.
                Err(_) => break,
            }
        }
    }
    Ok(None)
}

/// Whether there are moments in some parts of a tick, however many it has, and some time of the cycle. That time
/// is a fraction of ticks and of such parts.
fn has_real_moments(events: usize, edges: &[Edge], shortest: i64) -> bool {
    let (mut ticks, mut parts, mut divisor) = (0, shortest, 1);
    loop {
        let length = |edge: &Edge| {
            Length(divisor * edge.ticks + edge.times * ticks, edge.times * parts - divisor * edge.strict)
        };
        match earliest(events, edges, length) {
            Ok(_) => return true,
            Err(sum) if sum.times > 0 => (ticks, parts, divisor) = (-sum.ticks, sum.strict, sum.times),
            Err(_) => return false,
        }
    }
}

fn edge(constraint: &Constraint) -> Edge {
    let Constraint { event, after, ticks, is_strict } = *constraint;
    Edge { event, after, ticks, strict: is_strict.into(), times: 0 }
}

fn timetable(parts: i64, moments: Vec<Length>) -> Timetable {
    let parts = u32::try_from(parts).unwrap_or_else(|_| broken(format_args!("{parts} parts of a tick")));
    Timetable { parts, moments: moments.into_iter().map(|moment| moment.0).collect() }
}

/// The fraction, rounded up to a whole number. The divisor is more than 0.
fn rounded_up(dividend: i64, divisor: i64) -> i64 {
    -(-dividend).div_euclid(divisor)
}

/// Bellman and Ford's shortest ways from event 0, of constraints turned round: the length of each is how much
/// earlier than event 0 an event may be at most. If there is a cycle of less than 0, what it sums to.
fn earliest(events: usize, edges: &[Edge], length_of: impl Fn(&Edge) -> Length) -> Result<Vec<Length>, Sum> {
    let lengths: Vec<Length> = edges.iter().map(length_of).collect();
    let mut before = vec![Length::default(); events];
    // The edge that each event's length comes from.
    let mut by: Vec<Option<usize>> = vec![None; events];
    let mut shortened = None;
    for _ in 0..=events {
        shortened = None;
        for (place, (edge, length)) in edges.iter().zip(&lengths).enumerate() {
            // event − after ≤ bound, where each is the negative of what is computed.
            let from = before[edge.event];
            let length = Length(from.0 + length.0, from.1 + length.1);
            if length < before[edge.after] {
                before[edge.after] = length;
                by[edge.after] = Some(place);
                shortened = Some(edge.after);
            }
        }
        if shortened.is_none() {
            break;
        }
    }
    let Some(mut at) = shortened else {
        // Event 0 comes first: whatever would make it earlier would make it earlier again and again.
        invariant!(before.first().is_none_or(|first| *first == Length(0, 0)), "the beginning of a run was moved");
        return Ok(before.into_iter().map(|length| Length(-length.0, -length.1)).collect());
    };
    // What can be shortened so often is on a cycle, or behind one.
    let edge_to = |at: usize| by[at].unwrap_or_else(|| broken(format_args!("event {at} was never shortened")));
    for _ in 0..events {
        at = edges[edge_to(at)].event;
    }
    let (start, mut sum) = (at, Sum { ticks: 0, strict: 0, times: 0 });
    loop {
        let Edge { event, ticks, strict, times, .. } = edges[edge_to(at)];
        sum = Sum { ticks: sum.ticks + ticks, strict: sum.strict + strict, times: sum.times + times };
        at = event;
        if at == start {
            return Err(sum);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn within(event: usize, after: usize, ticks: i64) -> Constraint {
        Constraint { event, after, ticks, is_strict: false }
    }

    fn below(event: usize, after: usize, ticks: i64) -> Constraint {
        Constraint { is_strict: true, ..within(event, after, ticks) }
    }

    /// k flights in a chain, each shorter than one tick, that take at least k − 1 ticks together.
    #[test]
    fn a_chain_of_flights_needs_parts_of_a_tick() {
        for flights in 1..6usize {
            let mut all: Vec<_> =
                (0..flights).flat_map(|one| [below(one + 1, one, 1), within(one, one + 1, 0)]).collect();
            let ticks = i64::try_from(flights).unwrap();
            all.push(within(0, flights, 1 - ticks));
            let found = schedule(flights + 1, &all).unwrap();
            assert_eq!(
                (found.parts, found.moments[flights]),
                (u32::try_from(flights).unwrap(), (ticks - 1) * ticks)
            );
            all.push(within(0, flights, -ticks));
            assert_eq!(schedule(flights + 1, &all), None);
        }
    }

    /// Of four events.
    fn cyclic(all: &[Constraint], cycle: &[Repetition], shortest: i64) -> Option<(Timetable, i64)> {
        schedule_cycle(4, all, cycle, shortest, &|| false).unwrap()
    }

    fn again(event: usize, after: usize) -> Repetition {
        Repetition { event, after, ticks: 0 }
    }

    /// A timer of 3 ticks that is set anew when a flight shorter than 2 ticks arrives, which answers one that
    /// takes as long: a round takes 3 ticks or less, and if each has to take longer than one and a half flights
    /// can, parts of a tick.
    #[test]
    fn the_time_of_a_cycle_is_found_with_its_moments() {
        // Event 1 begins the cycle, 2 is an arrival, 3 ends it.
        let order: Vec<_> = (0..3).map(|event| within(event, event + 1, 0)).collect();
        let flights = [below(2, 1, 2), below(3, 2, 2)];
        let all = |more: &[Constraint]| [&order[..], &flights, more].concat();
        let cycle = [again(3, 1)];
        let found = cyclic(&all(&[]), &cycle, 1).unwrap();
        assert_eq!(found, (Timetable { parts: 1, moments: vec![0, 0, 0, 1] }, 1));
        // Not before 3 ticks: of whole ticks two flights take 2, of halves 3.
        let found = cyclic(&all(&[within(1, 3, -3)]), &cycle, 1).unwrap();
        assert_eq!(found, (Timetable { parts: 2, moments: vec![0, 0, 3, 6] }, 6));
        assert_eq!(cyclic(&all(&[within(1, 3, -4)]), &cycle, 1), None);
        // What was set at event 0, a tick before the cycle, is set anew at event 2: a tick before the cycle ends.
        let found = cyclic(&all(&[within(0, 1, -1)]), &[again(3, 1), again(2, 0)], 1).unwrap();
        assert_eq!(found, (Timetable { parts: 1, moments: vec![0, 1, 1, 2] }, 1));
        // All at once, but what was set before the cycle is set again on it.
        let at_once = all(&[within(3, 1, 0)]);
        assert_eq!(cyclic(&at_once, &[again(3, 1), again(2, 1)], 0).map(|(_, time)| time), Some(0));
        let late = all(&[within(3, 1, 0), within(0, 1, -1)]);
        assert_eq!(cyclic(&late, &[again(3, 1), again(2, 0)], 0), None);
    }

    /// Flights in a chain, of which the cycle has the last: that they cannot take as long as they should is known
    /// before any parts of a tick are tried.
    #[test]
    fn limits_are_asked_before_each_number_of_parts() {
        let flights = 40;
        let mut all: Vec<_> =
            (0..flights).flat_map(|one| [below(one + 1, one, 1), within(one, one + 1, 0)]).collect();
        let cycle = [again(flights, flights - 1)];
        let ticks = i64::try_from(flights).unwrap();
        let asked = std::cell::Cell::new(0);
        let mut schedule = |least: i64, most_asked: i64| {
            asked.set(0);
            all.push(within(0, flights, -least));
            let ask = || {
                asked.set(asked.get() + 1);
                asked.get() > most_asked
            };
            schedule_cycle(flights + 1, &all, &cycle, 1, &ask).map(|found| found.map(|(all, _)| all.parts))
        };
        assert_eq!(schedule(0, 0), Err(Stop::CutOff));
        assert_eq!(schedule(ticks - 1, 10), Err(Stop::CutOff));
        assert_eq!(schedule(ticks - 1, 1_000), Ok(Some(40)));
        assert_eq!(schedule(ticks, 1), Ok(None));
    }

    proptest! {
        /// Against trying all moments of a small grid.
        #[test]
        fn cycles_take_the_shortest_time_that_will_do(
            constraints in prop::collection::vec((0usize..4, 0usize..4, -2i64..4, any::<bool>()), 1..7),
            repetitions in prop::collection::vec((1usize..4, 0usize..3, -1i64..2), 0..3),
        ) {
            let mut all: Vec<_> = constraints
                .into_iter()
                .filter(|(event, after, ..)| event != after)
                .map(|(event, after, ticks, is_strict)| Constraint { event, after, ticks, is_strict })
                .collect();
            all.extend((0..3).map(|event| within(event, event + 1, 0)));
            all.push(within(3, 0, 6));
            let cycle: Vec<_> = repetitions
                .into_iter()
                .map(|(event, after, ticks)| Repetition { event, after, ticks })
                .chain([again(3, 1)])
                .collect();
            let meets = |moments: &[i64], parts: i64, time: i64| {
                all.iter().all(|one| {
                    let difference = moments[one.event] - moments[one.after];
                    if one.is_strict { difference < parts * one.ticks } else { difference <= parts * one.ticks }
                }) && cycle.iter().all(|one| moments[one.event] - moments[one.after] == time + parts * one.ticks)
            };
            let grid = |parts: i64| {
                let range = move |from: i64| from..=6 * parts;
                range(0).flat_map(move |b| range(b).flat_map(move |c| range(c).map(move |d| [0, b, c, d])))
            };
            let most = all.iter().map(|one| i64::from(one.is_strict)).sum::<i64>().max(1);
            let brute = (1..=most.min(2)).find_map(|parts| {
                let times = grid(parts).filter_map(|moments| {
                    let time = moments[3] - moments[1];
                    (time >= 1 && meets(&moments, parts, time)).then_some(time)
                });
                Some((parts, times.min()?))
            });
            if let Some((Timetable { parts, moments }, time)) = cyclic(&all, &cycle, 1) {
                prop_assert!(meets(&moments, parts.into(), time));
                prop_assert!(parts > 2 || brute == Some((parts.into(), time)), "{brute:?}");
            } else {
                prop_assert_eq!(brute, None);
            }
        }

        /// Against trying all moments of a small grid.
        #[test]
        fn moments_are_the_earliest_in_the_fewest_parts(
            constraints in prop::collection::vec((0usize..4, 0usize..4, -2i64..4, any::<bool>()), 1..8),
        ) {
            let mut all: Vec<_> = constraints
                .into_iter()
                .filter(|(event, after, ..)| event != after)
                .map(|(event, after, ticks, is_strict)| Constraint { event, after, ticks, is_strict })
                .collect();
            all.extend((1..4).map(|event| within(0, event, 0)));
            let meets = |moments: &[i64], parts: i64| all.iter().all(|one| {
                let difference = moments[one.event] - moments[one.after];
                if one.is_strict { difference < parts * one.ticks } else { difference <= parts * one.ticks }
            });
            let grid = |parts: i64| {
                // Each of three events is at most 2 ticks and one part behind another.
                let range = move || 0..=9 * parts;
                range().flat_map(move |b| range().flat_map(move |c| range().map(move |d| [0, b, c, d])))
            };
            let brute = (1..4).find_map(|parts| {
                let found: Vec<[i64; 4]> = grid(parts).filter(|moments| meets(moments, parts)).collect();
                let least = |event: usize| found.iter().map(|moments| moments[event]).min();
                Some((parts, (0..4).map(least).collect::<Option<Vec<i64>>>()?))
            });
            match schedule(4, &all) {
                Some(Timetable { parts, moments }) if parts < 4 => {
                    prop_assert!(meets(&moments, parts.into()));
                    prop_assert_eq!(brute, Some((i64::from(parts), moments)));
                }
                Some(_) | None => prop_assert_eq!(brute, None),
            }
        }
    }
}
