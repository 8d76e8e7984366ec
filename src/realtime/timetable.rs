//! Times for the events of a run: differences constrained, least fractions of a tick, earliest moments, cycles that repeat.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

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

/// What a cycle ends with comes later than what it began with by the time of the cycle: the one event happens that time and so
/// many ticks after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Repetition {
    pub(super) event: usize,
    pub(super) after: usize,
    /// May be below 0; it is where a timer runs longer than the one that it repeats.
    pub(super) ticks: i64,
}

/// A constraint in parts of a tick: a bound, and how often the time of the cycle is added to it.
#[derive(Clone, Copy)]
struct Edge {
    event: usize,
    after: usize,
    bound: i64,
    times: i64,
}

/// The earliest moments of so many events, of which none is before event 0, with as few parts to a tick as possible; `None`
/// if no real moments meet the constraints.
///
/// In parts of 1/K of a tick a strict bound of c is one of K·c − 1. A cycle of constraints whose bounds sum to W and of
/// which s are strict leaves room if K·W ≥ s. So if there are real moments at all, as many parts as there are strict
/// constraints are enough.
pub(super) fn schedule(events: usize, constraints: &[Constraint]) -> Option<Timetable> {
    (1..=most_parts(constraints)).find_map(|parts| {
        let edges: Vec<Edge> = constraints.iter().map(|constraint| edge(constraint, parts)).collect();
        Some(Timetable { parts, moments: earliest(events, &edges, 0).ok()? })
    })
}

/// The same for a run with a cycle, and the time of the cycle, which is at least `shortest` parts of a tick: the shortest
/// that will do. `None` if there are no such moments, or only in more parts of a tick than there are strict constraints.
pub(super) fn schedule_cycle(
    events: usize,
    constraints: &[Constraint],
    repetitions: &[Repetition],
    shortest: i64,
) -> Option<(Timetable, i64)> {
    (1..=most_parts(constraints)).find_map(|parts| {
        let both_ways = repetitions.iter().flat_map(|one| {
            let Repetition { event, after, ticks } = *one;
            let bound = i64::from(parts) * ticks;
            [Edge { event, after, bound, times: 1 }, Edge { event: after, after: event, bound: -bound, times: -1 }]
        });
        let edges: Vec<Edge> =
            constraints.iter().map(|constraint| edge(constraint, parts)).chain(both_ways).collect();
        let mut time = shortest;
        loop {
            match earliest(events, &edges, time) {
                Ok(moments) => return Some((Timetable { parts, moments }, time)),
                // Constraints that leave no room sum to less than 0: to so much, and so many times the time of the cycle.
                Err((bound, times)) if times > 0 => time = (time + 1).max(-bound.div_euclid(times)),
                // A longer time leaves even less.
                Err(_) => return None,
            }
        }
    })
}

fn most_parts(constraints: &[Constraint]) -> u32 {
    let strict = constraints.iter().filter(|constraint| constraint.is_strict).count();
    u32::try_from(strict.max(1)).unwrap_or(u32::MAX)
}

fn edge(constraint: &Constraint, parts: u32) -> Edge {
    let Constraint { event, after, ticks, is_strict } = *constraint;
    Edge { event, after, bound: i64::from(parts) * ticks - i64::from(is_strict), times: 0 }
}

/// Bellman and Ford's shortest ways from event 0, of constraints turned round: the length of each is how much earlier than
/// event 0 an event may be at most. If there is a cycle of less than 0, its bound and its times.
fn earliest(events: usize, edges: &[Edge], time: i64) -> Result<Vec<i64>, (i64, i64)> {
    let mut before: Vec<i64> = vec![0; events];
    // The edge that each event's length comes from.
    let mut by: Vec<Option<usize>> = vec![None; events];
    let mut shortened = None;
    for _ in 0..=events {
        shortened = None;
        for (place, edge) in edges.iter().enumerate() {
            // event − after ≤ bound, where each is the negative of what is computed.
            let length = before[edge.event] + edge.bound + edge.times * time;
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
        invariant!(before.first().is_none_or(|first| *first == 0), "the beginning of a run was moved");
        return Ok(before.into_iter().map(|length| -length).collect());
    };
    // What can be shortened so often is on a cycle, or behind one.
    let edge_to = |at: usize| by[at].unwrap_or_else(|| broken(format_args!("event {at} was never shortened")));
    for _ in 0..events {
        at = edges[edge_to(at)].event;
    }
    let (start, mut sum) = (at, (0, 0));
    loop {
        let edge = edges[edge_to(at)];
        sum = (sum.0 + edge.bound, sum.1 + edge.times);
        at = edge.event;
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

    fn again(event: usize, after: usize) -> Repetition {
        Repetition { event, after, ticks: 0 }
    }

    /// A timer of 3 ticks that is set anew when a flight shorter than 2 ticks arrives, which answers one that takes as long: a
    /// round takes 3 ticks or less, and if each has to take longer than one and a half flights can, parts of a tick.
    #[test]
    fn the_time_of_a_cycle_is_found_with_its_moments() {
        // Event 1 begins the cycle, 2 is an arrival, 3 ends it.
        let order: Vec<_> = (0..3).map(|event| within(event, event + 1, 0)).collect();
        let flights = [below(2, 1, 2), below(3, 2, 2)];
        let all = |more: &[Constraint]| [&order[..], &flights, more].concat();
        let cycle = [again(3, 1)];
        let found = schedule_cycle(4, &all(&[]), &cycle, 1).unwrap();
        assert_eq!(found, (Timetable { parts: 1, moments: vec![0, 0, 0, 1] }, 1));
        // Not before 3 ticks: of whole ticks two flights take 2, of halves 3.
        let found = schedule_cycle(4, &all(&[within(1, 3, -3)]), &cycle, 1).unwrap();
        assert_eq!(found, (Timetable { parts: 2, moments: vec![0, 0, 3, 6] }, 6));
        assert_eq!(schedule_cycle(4, &all(&[within(1, 3, -4)]), &cycle, 1), None);
        // What was set at event 0, a tick before the cycle, is set anew at event 2: a tick before the cycle ends.
        let found = schedule_cycle(4, &all(&[within(0, 1, -1)]), &[again(3, 1), again(2, 0)], 1).unwrap();
        assert_eq!(found, (Timetable { parts: 1, moments: vec![0, 1, 1, 2] }, 1));
        // All at once, but what was set before the cycle is set again on it.
        let at_once = all(&[within(3, 1, 0)]);
        assert_eq!(schedule_cycle(4, &at_once, &[again(3, 1), again(2, 1)], 0).map(|(_, time)| time), Some(0));
        let late = all(&[within(3, 1, 0), within(0, 1, -1)]);
        assert_eq!(schedule_cycle(4, &late, &[again(3, 1), again(2, 0)], 0), None);
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
            let most = i64::from(most_parts(&all));
            let brute = (1..=most.min(2)).find_map(|parts| {
                let times = grid(parts).filter_map(|moments| {
                    let time = moments[3] - moments[1];
                    (time >= 1 && meets(&moments, parts, time)).then_some(time)
                });
                Some((parts, times.min()?))
            });
            if let Some((Timetable { parts, moments }, time)) = schedule_cycle(4, &all, &cycle, 1) {
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
