//! How a sweep ended.

use super::results::Results;
use super::row::NextInRow;
use crate::property::Verdict;

/// How a sweep ended; of several worlds the greatest counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SweepOutcome {
    /// 0: nothing is violated; with a least value, there is one in each row.
    Holds,
    /// 2: something is undecided.
    Undecided,
    /// 1: something is violated; with a least value, some row has none.
    Violated,
    /// 2, too, whatever was found: the sweep did not come to its end.
    Unfinished,
}

impl SweepOutcome {
    /// How the sweep with these results ended. What is refused has no verdict, and counts for nothing.
    #[must_use]
    pub fn of(results: &Results) -> Self {
        let head = &results.head;
        let of_row = |worlds: Vec<usize>| {
            let row = head.row(&worlds, &results.known);
            if row.next() != NextInRow::Done {
                return Self::Unfinished;
            }
            let has = |verdict| row.known.iter().flatten().any(|one| one.verdict == Some(verdict));
            let least = row.least();
            let is_found = head.least.is_some() && least.place.is_some();
            match (has(Verdict::Undecided), has(Verdict::Violated)) {
                _ if is_found && least.is_certain => Self::Holds,
                (true, _) if head.least.is_some() => Self::Undecided,
                (_, true) if !is_found => Self::Violated,
                (true, _) => Self::Undecided,
                // All that has a verdict holds vacuously: that is no least value.
                (false, _) if head.least.is_some() && !is_found && has(Verdict::Vacuous) => Self::Violated,
                (false, _) => Self::Holds,
            }
        };
        // A part without a world has nothing that could fail.
        head.own_rows().into_iter().map(of_row).max().unwrap_or(Self::Holds)
    }
}
