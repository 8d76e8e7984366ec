//! Times for the events of a run: differences constrained, least fractions of a tick, earliest moments.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

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

/// The earliest moments of so many events, of which none is before event 0, with as few parts to a tick as possible; `None`
/// if no real moments meet the constraints.
///
/// In parts of 1/K of a tick a strict bound of c is one of K·c − 1. A cycle of constraints whose bounds sum to W and of
/// which s are strict leaves room if K·W ≥ s. So if there are real moments at all, as many parts as there are strict
/// constraints are enough.
pub(super) fn schedule(events: usize, constraints: &[Constraint]) -> Option<Timetable> {
    let strict = constraints.iter().filter(|constraint| constraint.is_strict).count();
    let most = u32::try_from(strict.max(1)).ok()?;
    (1..=most).find_map(|parts| Some(Timetable { parts, moments: earliest(events, constraints, parts)? }))
}

/// Bellman and Ford's shortest ways from event 0, of constraints turned round: the length of each is how much earlier than
/// event 0 an event may be at most. `None` if there is a cycle of less than 0.
fn earliest(events: usize, constraints: &[Constraint], parts: u32) -> Option<Vec<i64>> {
    let mut before: Vec<i64> = vec![0; events];
    for _ in 0..=events {
        let mut is_settled = true;
        for constraint in constraints {
            let bound = i64::from(parts) * constraint.ticks - i64::from(constraint.is_strict);
            // event − after ≤ bound, where each is the negative of what is computed.
            let length = before[constraint.event] + bound;
            if length < before[constraint.after] {
                before[constraint.after] = length;
                is_settled = false;
            }
        }
        if is_settled {
            return (before.first() == Some(&0)).then(|| before.into_iter().map(|length| -length).collect());
        }
    }
    None
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

    proptest! {
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
                let range = move || 0..=7 * parts;
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
