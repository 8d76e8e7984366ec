//! Zones: sets of moments at which timers are due and copies have to have arrived.
//!
//! A zone says which times are possible in one discrete part. Its variables run backwards: of a timer, the time
//! that is *left* until it has to expire, at least 0; of a copy, the time that is left until its age is the MSL,
//! more than 0. So no constant of a timer occurs in a zone, a timer has to expire when it has 0 left (and may,
//! when it has no more than its end's slack), and time passes for all of them alike.
//!
//! Between `now` (always 0) and the timers a zone is a difference bound matrix: an upper bound on every difference
//! of two. Of a copy only upper bounds are kept: on what it has left, alone and over what each timer has left.
//! Nothing else matters of it. A copy is only ever asked whether it may still arrive, so whatever is possible with
//! less time left is possible with more; a zone may therefore contain, with any times, those at which copies have
//! less left, and the time that one copy has left limits that of no other. This is the abstraction Extra⁺LU
//! (Behrmann, Bouyer, Larsen and Pelánek, STTT 2006) of a clock that is compared with nothing but an upper bound,
//! intersected with the invariants again; the tests compare the two.
//!
//! *Canonical*: every bound is as tight as the others make it. Then equal sets are equal bounds, and inclusion is
//! `≤` bound by bound. Every operation keeps a canonical zone canonical, in time proportional to its size; nothing
//! is cubic.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use super::bound::Bound;
use crate::invariant::{broken, invariant};

/// The most copies in flight that a zone has room for.
pub(super) const CAPACITY: usize = 20;

/// The lane of `now`; the others are timers.
const NOW: usize = 0;

/// How many lanes a row has: `now`, the timers, and what makes it a power of two.
const LANES: usize = 8;

/// For each lane, that of the same timer of the other end.
const MIRROR: [usize; LANES] = [NOW, 4, 5, 6, 1, 2, 3, 7];

/// Which timers run: bit `1 << lane` for each; bit 0 is `now`, which always does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Running(pub(super) u8);

impl Running {
    pub(super) const NONE: Self = Self(1);

    fn mirrored(self) -> Self {
        Self(self.lanes().map(|lane| 1 << MIRROR[lane]).sum())
    }

    /// The lanes of `now` and of the timers that run, ascending.
    pub(super) fn lanes(self) -> impl Iterator<Item = usize> + Clone {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let lane = rest.trailing_zeros() as usize;
            rest &= rest.wrapping_sub(1);
            (lane < LANES).then_some(lane)
        })
    }
}

/// Upper bounds on what a variable has left beyond what each lane's variable has. Lanes that do not run hold
/// anything.
#[derive(Clone, Copy, Default, Debug)]
struct Row([Bound; LANES]);

impl Row {
    fn mirrored(&self) -> Self {
        Self(MIRROR.map(|lane| self.0[lane]))
    }

    /// Tightens every bound by the way through one lane: to it, and on by that lane's own bounds.
    fn tighten(&mut self, to: Bound, onwards: &Self) {
        for (own, on) in self.0.iter_mut().zip(onwards.0) {
            *own = (*own).min(to.plus(on));
        }
    }
}

/// A zone that is not empty, and canonical.
#[derive(Clone)]
pub(super) struct Zone {
    running: Running,
    in_flight: u8,
    /// For each lane that runs, the bounds on what its variable has left beyond each other's.
    timers: [Row; LANES],
    /// For each copy in flight, in the order of the bag.
    copies: [Row; CAPACITY],
}

impl Zone {
    /// No timer runs and nothing is in flight.
    pub(super) fn new() -> Self {
        let mut timers = [Row::default(); LANES];
        timers[NOW].0[NOW] = Bound::ZERO;
        Self { running: Running::NONE, in_flight: 0, timers, copies: [Row::default(); CAPACITY] }
    }

    /// How many copies are in flight.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.into()
    }

    /// A timer that may be so many ticks late may expire: at some of the zone's times it has no more than that
    /// left.
    pub(super) fn may_be_due(&self, lane: usize, slack: i16) -> bool {
        // It may, unless it is known to have more.
        self.timers[NOW].0[lane].plus(Bound::at_most(slack)) >= Bound::ZERO
    }

    /// A timer that may expire does, and runs no more.
    pub(super) fn expire(&mut self, lane: usize, slack: i16) {
        self.constrain_at_most(lane, slack);
        self.stop(lane);
    }

    /// Only the times at which a timer has at most so many ticks left; there have to be some
    /// ([`may_be_due`](Self::may_be_due)).
    pub(super) fn constrain_at_most(&mut self, lane: usize, left: i16) {
        invariant!(self.may_be_due(lane, left), "at no time of a zone a timer has at most {left} ticks left");
        // A way from it to now, and from there on.
        let from_now = self.timers[NOW];
        for row in self.timers.iter_mut().chain(&mut self.copies[..usize::from(self.in_flight)]) {
            row.tighten(row.0[lane].plus(Bound::at_most(left)), &from_now);
        }
    }

    /// A timer runs no more. The rest is as tight as it was.
    pub(super) fn stop(&mut self, lane: usize) {
        self.running.0 &= !(1 << lane);
    }

    /// A timer that does not run, or runs, has exactly so many ticks left from now on.
    pub(super) fn set(&mut self, lane: usize, ticks: i16) {
        let (after, before) = (Bound::at_most(ticks), Bound::at_most(-ticks));
        self.running.0 |= 1 << lane;
        for row in self.timers.iter_mut().chain(&mut self.copies[..usize::from(self.in_flight)]) {
            row.0[lane] = row.0[NOW].plus(before);
        }
        let mut own = self.timers[NOW];
        for bound in &mut own.0 {
            *bound = bound.plus(after);
        }
        own.0[lane] = Bound::ZERO;
        self.timers[lane] = own;
    }

    /// The copy in this place leaves the network.
    pub(super) fn remove(&mut self, place: usize) {
        let in_flight = usize::from(self.in_flight);
        self.copies.copy_within(place + 1..in_flight, place);
        self.in_flight -= 1;
    }

    /// A copy is sent, and has so many ticks left; those from this place on move up. There is room for it.
    pub(super) fn insert(&mut self, place: usize, ticks: i16) {
        let in_flight = usize::from(self.in_flight);
        self.copies.copy_within(place..in_flight, place + 1);
        let mut row = self.timers[NOW];
        for bound in &mut row.0 {
            *bound = bound.plus(Bound::at_most(ticks));
        }
        self.copies[place] = row;
        self.in_flight += 1;
    }

    /// The zone in which A and B have changed places. Each copy comes from this place.
    pub(super) fn mirrored(&self, copies_from: &[usize]) -> Self {
        let mut mirrored = Self { running: self.running.mirrored(), ..self.clone() };
        for (row, lane) in mirrored.timers.iter_mut().zip(MIRROR) {
            *row = self.timers[lane].mirrored();
        }
        for (row, place) in mirrored.copies.iter_mut().zip(copies_from) {
            *row = self.copies[*place].mirrored();
        }
        mirrored
    }

    /// Time may pass: as long as no timer is due, and until a copy has nothing left.
    pub(super) fn delay(&mut self) {
        // What is left gets less, down to 0 and no further: all that remains is how far apart things are.
        let mut least = Row([Bound::ZERO; LANES]);
        for lane in self.running.lanes().skip(1) {
            for (bound, own) in least.0.iter_mut().zip(self.timers[lane].0) {
                *bound = (*bound).min(own);
            }
        }
        for row in &self.copies[..usize::from(self.in_flight)] {
            // A copy has more than 0 left.
            for (bound, own) in least.0.iter_mut().zip(row.0) {
                *bound = (*bound).min(own.strict());
            }
        }
        least.0[NOW] = Bound::ZERO;
        self.timers[NOW] = least;
    }

    /// Appends the numbers of the bounds that determine the zone. Zones of one discrete part have equally many, in
    /// one order.
    pub(super) fn pack(&self, numbers: &mut Vec<i16>) {
        for from in self.running.lanes() {
            let others = self.running.lanes().filter(|to| *to != from);
            numbers.extend(others.map(|to| self.timers[from].0[to].0));
        }
        for row in &self.copies[..usize::from(self.in_flight)] {
            numbers.extend(self.running.lanes().map(|to| row.0[to].0));
        }
    }

    /// The zone that bounds of these numbers determine.
    pub(super) fn unpack(running: Running, in_flight: u8, numbers: &[i16]) -> Self {
        let mut zone = Self { running, in_flight, ..Self::new() };
        let mut bounds = numbers.iter().map(|number| Bound(*number));
        let mut next = || bounds.next().unwrap_or_else(|| broken(format_args!("a bound of a zone is missing")));
        for from in running.lanes() {
            zone.timers[from].0[from] = Bound::ZERO;
            for to in running.lanes().filter(|to| *to != from) {
                zone.timers[from].0[to] = next();
            }
        }
        for row in &mut zone.copies[..usize::from(in_flight)] {
            for to in running.lanes() {
                row.0[to] = next();
            }
        }
        zone
    }

    /// How many bounds a zone has.
    pub(super) fn size(running: Running, in_flight: usize) -> usize {
        let lanes = running.lanes().count();
        lanes * (lanes - 1) + in_flight * lanes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::matrix::{Limit, Matrix};
    use super::*;

    /// A zone, and beside it the same set as a matrix of forward clocks that is never made wider.
    struct Both {
        zone: Zone,
        exact: Matrix,
        /// What each clock of the matrix belongs to, from clock 1 on, and when it is over: the timers, then the
        /// copies.
        timers: Vec<(usize, i16)>,
        copies: usize,
        msl: i16,
        /// How late the timer in each lane may be.
        slack: [i16; LANES],
    }

    #[derive(Clone, Debug)]
    enum Operation {
        /// The timer in this lane, to so many ticks and as many late.
        Set(usize, i16),
        Stop(usize),
        Expire(usize),
        Insert(usize),
        Remove(usize),
        Delay,
    }

    fn any_operation() -> impl Strategy<Value = Operation> {
        let lane = prop::sample::select(vec![1usize, 2, 4]);
        prop_oneof![
            2 => (lane.clone(), 0i16..4).prop_map(|(lane, ticks)| Operation::Set(lane, ticks)),
            1 => lane.clone().prop_map(Operation::Stop),
            3 => lane.prop_map(Operation::Expire),
            2 => (0usize..4).prop_map(Operation::Insert),
            1 => (0usize..4).prop_map(Operation::Remove),
            3 => Just(Operation::Delay),
        ]
    }

    /// Of three timers; most are exact.
    fn any_slack() -> impl Strategy<Value = [i16; 3]> {
        prop::array::uniform3(prop_oneof![2 => Just(0i16), 1 => 1i16..3])
    }

    impl Both {
        fn new(msl: i16, [one, two, four]: [i16; 3]) -> Self {
            let slack = [0, one, two, 0, four, 0, 0, 0];
            Self { zone: Zone::new(), exact: Matrix::new(), timers: Vec::new(), copies: 0, msl, slack }
        }

        fn place(&self, lane: usize) -> Option<usize> {
            self.timers.iter().position(|(of, _)| *of == lane)
        }

        fn stop(&mut self, lane: usize) {
            if let Some(place) = self.place(lane) {
                self.exact.remove(1 + place);
                self.timers.remove(place);
            }
        }

        /// What the invariants leave of a matrix.
        fn invariant(&self, matrix: Matrix) -> Matrix {
            let timers = self.timers.iter().map(|(_, ticks)| Limit::at_most((*ticks).into()));
            let copies = (0..self.copies).map(|_| Limit::below(self.msl.into()));
            let all = timers.chain(copies).enumerate();
            all.fold(matrix, |matrix, (place, limit)| matrix.and(1 + place, 0, limit).expect("not empty"))
        }

        fn apply(&mut self, operation: &Operation) {
            match *operation {
                Operation::Set(lane, ticks) => {
                    self.stop(lane);
                    self.exact.insert(1 + self.timers.len());
                    let latest = ticks + self.slack[lane];
                    self.timers.push((lane, latest));
                    self.zone.set(lane, latest);
                }
                Operation::Stop(lane) => {
                    self.stop(lane);
                    self.zone.stop(lane);
                }
                Operation::Expire(lane) => {
                    let Some(place) = self.place(lane) else { return };
                    let slack = self.slack[lane];
                    let earliest = i32::from(self.timers[place].1 - slack);
                    let due = self.exact.clone().and(0, 1 + place, Limit::at_most(-earliest));
                    assert_eq!(self.zone.may_be_due(lane, slack), due.is_some());
                    if let Some(due) = due {
                        self.exact = due;
                        self.stop(lane);
                        self.zone.expire(lane, slack);
                    }
                }
                Operation::Insert(place) if self.copies < 4 => {
                    let place = place.min(self.copies);
                    self.exact.insert(1 + self.timers.len() + place);
                    self.copies += 1;
                    self.zone.insert(place, self.msl);
                }
                Operation::Remove(place) if place < self.copies => {
                    self.exact.remove(1 + self.timers.len() + place);
                    self.copies -= 1;
                    self.zone.remove(place);
                }
                Operation::Insert(_) | Operation::Remove(_) => {}
                Operation::Delay => {
                    self.exact.up();
                    self.exact = self.invariant(self.exact.clone());
                    self.zone.delay();
                }
            }
        }

        /// When each clock is over: clock 0, the timers, the copies.
        fn ends(&self) -> Vec<i32> {
            let timers = self.timers.iter().map(|(_, ticks)| i32::from(*ticks));
            std::iter::once(0).chain(timers).chain((0..self.copies).map(|_| i32::from(self.msl))).collect()
        }

        /// The bounds of the zone, as those of a matrix of what is left would be.
        fn bound(&self, of: usize, over: usize) -> Bound {
            let lane = |clock: usize| if clock == 0 { NOW } else { self.timers[clock - 1].0 };
            match of.checked_sub(1 + self.timers.len()) {
                Some(copy) => self.zone.copies[copy].0[lane(over)],
                None => self.zone.timers[lane(of)].0[lane(over)],
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

        /// Whatever happens, a zone is Extra⁺LU of the exact matrix, where timers are compared from both sides and
        /// copies from above alone, within the invariants; and it says exactly when a timer may be due.
        #[test]
        fn a_zone_is_the_abstraction_of_the_exact_matrix(
            msl in 1i16..4, slack in any_slack(), operations in prop::collection::vec(any_operation(), 0..24),
        ) {
            let mut both = Both::new(msl, slack);
            for operation in operations.iter().chain([&Operation::Delay]) {
                both.apply(operation);
                if !matches!(operation, Operation::Delay) {
                    continue;
                }
                let ends = both.ends();
                let timers = both.timers.len();
                let upper: Vec<_> = ends.iter().map(|end| Some(*end)).collect();
                let lower: Vec<_> =
                    upper.iter().enumerate().map(|(clock, end)| end.filter(|_| clock <= timers)).collect();
                let wide = both.invariant(both.exact.extra_lu_plus(&lower, &upper));
                for (of, over) in (0..ends.len()).flat_map(|of| (0..=timers).map(move |over| (of, over))) {
                    if of == over {
                        continue;
                    }
                    // (end − age of the one) − (end − age of the other)
                    let Limit::Of { c, weak } = wide.0[over][of] else { panic!("{of} {over}") };
                    let c = i16::try_from(c + ends[of] - ends[over]).unwrap();
                    let expected = if weak { Bound::at_most(c) } else { Bound::at_most(c).strict() };
                    prop_assert_eq!(both.bound(of, over), expected, "{} over {}", of, over);
                }
            }
        }

        /// A zone is what the exact matrix contains, and all times at which copies have less left: by single
        /// points.
        #[test]
        fn a_zone_has_the_times_of_the_exact_matrix_and_those_with_less_left(
            msl in 1i16..4,
            slack in any_slack(),
            operations in prop::collection::vec(any_operation(), 0..16),
            halves in prop::collection::vec(0i32..8, 7),
        ) {
            let mut both = Both::new(msl, slack);
            for operation in &operations {
                both.apply(operation);
            }
            both.apply(&Operation::Delay);
            let ends = both.ends();
            let timers = both.timers.len();
            let left: Vec<i32> = std::iter::once(0).chain(halves).take(ends.len()).collect();
            // Everything twice, so that halves are whole.
            let mut exact = both.exact.clone();
            for limit in exact.0.iter_mut().flatten() {
                if let Limit::Of { c, .. } = limit {
                    *c *= 2;
                }
            }
            let mut some = Some(exact);
            for (clock, left) in left.iter().enumerate().skip(1) {
                let age = 2 * ends[clock] - left;
                some = some.and_then(|some| some.and(clock, 0, Limit::at_most(age)));
                if clock <= timers {
                    some = some.and_then(|some| some.and(0, clock, Limit::at_most(-age)));
                }
            }
            let has_time = left.iter().skip(1 + timers).all(|left| *left > 0);
            let meets = |of: usize, over: usize| {
                let Bound(code) = both.bound(of, over);
                let difference = left[of] - left[over];
                // In halves, at most c is at most 2c, which is below 2c + 1; and below c is below 2c.
                difference < i32::from(code)
            };
            let is_in_zone = (0..ends.len()).all(|of| (0..=timers).all(|over| of == over || meets(of, over)));
            prop_assert_eq!(is_in_zone && has_time, some.is_some() && has_time);
        }

        #[test]
        fn packing_keeps_the_bounds_that_count(
            msl in 1i16..4, slack in any_slack(), operations in prop::collection::vec(any_operation(), 0..16),
        ) {
            let mut both = Both::new(msl, slack);
            for operation in &operations {
                both.apply(operation);
            }
            let mut numbers = Vec::new();
            both.zone.pack(&mut numbers);
            let (running, in_flight) = (both.zone.running, both.zone.in_flight);
            prop_assert_eq!(numbers.len(), Zone::size(running, both.copies));
            let unpacked = Zone::unpack(running, in_flight, &numbers);
            let mut again = Vec::new();
            unpacked.pack(&mut again);
            prop_assert_eq!(&numbers, &again);
        }
    }
}
