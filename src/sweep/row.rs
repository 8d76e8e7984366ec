//! The least value with which a property holds, where all else is the same.
//!
//! A row has the worlds that differ in that value alone, the least first. Where nothing speaks against it, they
//! are taken to be violated up to some value and to hold from there on, and that value is found by bisection. Then
//! every world below it is shown to be violated: the counterexample of the last of them is replayed in it, at
//! moments of its own; where it is no run of that world, that world is explored. So the least value is one
//! whatever the row looks like. If some verdict does not fit, all of the row is explored.

use super::world_result::WorldResult;
use crate::property::Verdict;

/// A row, and what is known of it.
#[derive(Clone, Debug)]
pub struct Row<'r> {
    /// Of each world, the least value first.
    pub known: Vec<Option<&'r WorldResult>>,
    /// Bisection is allowed.
    pub bisects: bool,
}

/// What is done next in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextInRow {
    /// The world with this place is explored.
    Explore(usize),
    /// The counterexample of a world is replayed in another one with a lesser value, which is explored if that
    /// does not work.
    Replay {
        /// The place of the world with the counterexample.
        from: usize,
        /// The place of the world with the lesser value.
        to: usize,
    },
    /// Nothing.
    Done,
}

/// What a row comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Least {
    /// The place of the least value with which the property holds; `None` if none is known.
    pub place: Option<usize>,
    /// Every world with a lesser value is violated, or refused; without a least value, every world of the row.
    pub is_certain: bool,
    /// No world with a greater value is known not to hold.
    pub is_monotone: bool,
    /// How many worlds of the row were explored.
    pub explored: usize,
}

impl Row<'_> {
    /// What is done next: depends on nothing but what is known.
    #[must_use]
    pub fn next(&self) -> NextInRow {
        let Some(top) = self.known.len().checked_sub(1) else {
            return NextInRow::Done;
        };
        let unknown = |place: &usize| matches!(self.known.get(*place), Some(None));
        if !self.bisects || !self.fits() {
            return (0..=top).find(unknown).map_or(NextInRow::Done, NextInRow::Explore);
        }
        // Below `holds` nothing holds that is known, and above `violated` nothing is violated.
        let holds = self.places(Verdict::Holds).next().unwrap_or(top + 1);
        let violated = self.places(Verdict::Violated).next_back();
        let first_open = violated.map_or(0, |place| place + 1);
        if unknown(&top) {
            return NextInRow::Explore(top);
        }
        if first_open < holds {
            return NextInRow::Explore(first_open.midpoint(holds));
        }
        let below = violated.unwrap_or(0);
        match (0..below).rev().find(unknown) {
            Some(to) => NextInRow::Replay { from: below, to },
            None => NextInRow::Done,
        }
    }

    /// What it comes to.
    #[must_use]
    pub fn least(&self) -> Least {
        let place = self.places(Verdict::Holds).next();
        let is = |result: Option<&WorldResult>, verdict| result.is_some_and(|one| one.verdict == Some(verdict));
        // What is refused is no world.
        let is_refused = |result: Option<&WorldResult>| result.is_some_and(|one| one.verdict.is_none());
        let below = self.known.iter().take(place.unwrap_or(self.known.len()));
        let above = self.known.iter().skip(place.unwrap_or(self.known.len()));
        let explored = self.known.iter().flatten().filter(|one| one.verdict.is_some() && one.is_explored());
        Least {
            place,
            is_certain: below.into_iter().all(|one| is(*one, Verdict::Violated) || is_refused(*one)),
            is_monotone: above
                .into_iter()
                .all(|one| one.is_none() || is(*one, Verdict::Holds) || is_refused(*one)),
            explored: explored.count(),
        }
    }

    fn places(&self, verdict: Verdict) -> impl DoubleEndedIterator<Item = usize> {
        let all = self.known.iter().enumerate();
        all.filter_map(move |(place, one)| one.is_some_and(|one| one.verdict == Some(verdict)).then_some(place))
    }

    /// What is known is violated up to some value, and holds from there on.
    fn fits(&self) -> bool {
        let is_decided = |one: &&WorldResult| matches!(one.verdict, Some(Verdict::Holds | Verdict::Violated));
        let (first_holds, last_violated) =
            (self.places(Verdict::Holds).next(), self.places(Verdict::Violated).next_back());
        self.known.iter().flatten().all(is_decided)
            && first_holds.zip(last_violated).is_none_or(|(holds, violated)| violated < holds)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::world_result::Method;
    use super::*;

    /// Decides a row of these verdicts; which worlds were explored, which were replayed, and what it comes to.
    fn decided(row: &[Verdict], bisects: bool, transfers: bool) -> (usize, usize, Least) {
        let mut known: BTreeMap<usize, WorldResult> = BTreeMap::new();
        let result = |verdict, method| WorldResult { verdict: Some(verdict), steps: None, why: None, method };
        let mut replayed = 0;
        loop {
            let row_so_far = Row { known: (0..row.len()).map(|place| known.get(&place)).collect(), bisects };
            match row_so_far.next() {
                NextInRow::Explore(place) => {
                    assert!(known.insert(place, result(row[place], Method::Explored)).is_none());
                }
                NextInRow::Replay { from, to } => {
                    assert!(to < from && row[from] == Verdict::Violated);
                    let works = transfers && row[to] == Verdict::Violated;
                    let method = if works { Method::Replayed } else { Method::Explored };
                    replayed += usize::from(works);
                    assert!(known.insert(to, result(row[to], method)).is_none());
                }
                NextInRow::Done => return (known.len() - replayed, replayed, row_so_far.least()),
            }
        }
    }

    const H: Verdict = Verdict::Holds;
    const V: Verdict = Verdict::Violated;

    #[test]
    fn bisection_explores_few_worlds() {
        let row = [V, V, V, V, V, V, V, V, V, H, H, H, H, H, H, H, H];
        let least = |explored| Least { place: Some(9), is_certain: true, is_monotone: true, explored };
        assert_eq!(decided(&row, true, true), (5, 8, least(5)));
        assert_eq!(decided(&row, false, true), (17, 0, least(17)));
        // Without a run that is one below, all that is below is explored.
        let (explored, replayed, found) = decided(&row, true, false);
        assert!(explored < 17 && replayed == 0 && found == least(explored));
    }

    #[test]
    fn what_does_not_fit_is_explored_in_full() {
        let (explored, _, found) = decided(&[V, H, V, V, V, V, H, H], true, true);
        assert_eq!((explored, found.place, found.is_monotone), (6, Some(1), false));
        let (explored, _, found) = decided(&[V, V, V, Verdict::Undecided, H], true, true);
        assert_eq!((explored, found.place, found.is_certain), (5, Some(4), false));
    }

    proptest! {
        /// The least value is that of all verdicts, whatever they are, and certain if nothing below it is open.
        #[test]
        fn the_least_value_is_the_least(
            row in prop::collection::vec(
                prop::sample::select(vec![H, H, V, V, Verdict::Undecided, Verdict::Vacuous]),
                1..12,
            ),
            transfers: bool,
            bisects: bool,
        ) {
            let (_, _, found) = decided(&row, bisects, transfers);
            let all_violated = |verdicts: &[Verdict]| verdicts.iter().all(|verdict| *verdict == V);
            let place = row.iter().position(|verdict| *verdict == H);
            if found.is_certain {
                prop_assert_eq!(found.place, place);
                prop_assert!(all_violated(&row[..place.unwrap_or(row.len())]));
            } else {
                prop_assert!(row.iter().any(|verdict| ![H, V].contains(verdict)));
            }
        }
    }
}
