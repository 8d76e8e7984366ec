//! Discrete parts: what a state of real time is without its times.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use super::catalog::{Catalog, EndNumber, SegmentNumber, timer_in};
use super::step::SymbolicState;
use crate::model::{End, Incarnation, Kind, Observe, Observed, WorldEnd};
use crate::tcp::{Segment, Timer};

/// A discrete part: both ends, which of their timers run, and the segments in flight.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DiscretePart {
    /// Of A and of B, the end and the timers that run, in the order of [`Timer::ALL`].
    pub ends: [(WorldEnd, Vec<Timer>); 2],
    /// A segment for each copy in flight, with the end that it goes to and the incarnation that has sent it,
    /// sorted.
    pub in_flight: Vec<(End, Segment, Incarnation)>,
}

/// A discrete part as properties see it.
pub(super) struct Part<'a> {
    pub(super) catalog: &'a Catalog<'a>,
    pub(super) ends: [EndNumber; 2],
    pub(super) copies: &'a [SegmentNumber],
    pub(super) losses: u8,
    pub(super) duplicates: u8,
}

impl<'a> Part<'a> {
    pub(super) fn of(state: &'a SymbolicState, catalog: &'a Catalog<'a>) -> Self {
        let SymbolicState { ends, losses, duplicates, .. } = *state;
        Self { catalog, ends, copies: state.copies(), losses, duplicates }
    }
}

impl Part<'_> {
    /// The same with everything spelt out.
    pub(super) fn spelt_out(&self) -> DiscretePart {
        let end = |end: End| {
            let known = self.catalog.end(self.ends[end as usize]);
            let mut running: Vec<Timer> = (0..known.running.len())
                .filter(|place| known.running[*place])
                .map(|place| timer_in(place, known.end.endpoint.state))
                .collect();
            running.sort();
            (known.end.clone(), running)
        };
        let segments = self.copies.iter().map(|number| self.catalog.segment(*number));
        let mut in_flight: Vec<_> = segments.map(|one| (one.to, one.segment, one.incarnation)).collect();
        in_flight.sort();
        DiscretePart { ends: End::BOTH.map(end), in_flight }
    }
}

impl Observe for Part<'_> {
    fn end(&self, end: End) -> Observed {
        *self.catalog.observed(self.ends[end as usize])
    }

    fn in_flight(&self, kind: Option<Kind>, to: End) -> u32 {
        let segments = self.copies.iter().map(|number| self.catalog.segment(*number));
        segments.filter(|one| one.to == to && kind.is_none_or(|kind| kind == one.kind)).map(|_| 1).sum()
    }

    fn in_flight_old(&self, kind: Option<Kind>, to: End) -> u32 {
        let segments = self.copies.iter().map(|number| self.catalog.segment(*number));
        let old = segments.filter(|one| one.to == to && one.incarnation == Incarnation::First);
        old.filter(|one| kind.is_none_or(|kind| kind == one.kind)).map(|_| 1).sum()
    }

    fn losses(&self) -> u32 {
        self.losses.into()
    }

    fn duplicates(&self) -> u32 {
        self.duplicates.into()
    }
}
