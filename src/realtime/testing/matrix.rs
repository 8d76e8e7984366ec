//! Difference bound matrices as the literature has them: what zones and their search are tested against.
//!
//! Clocks run forwards; clock 0 is always 0. After Bengtsson and Yi, "Timed Automata: Semantics, Algorithms and
//! Tools" (2004), with the abstraction Extra⁺LU of Behrmann, Bouyer, Larsen and Pelánek, "Lower and Upper Bounds
//! in Zone-Based Abstractions of Timed Automata" (STTT 2006). Plain and slow, and nothing in it is shared with
//! [`crate::realtime::zone`].

use std::ops::Add;

/// `< c` or `≤ c`, or no bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::realtime) enum Limit {
    Of { c: i32, weak: bool },
    None,
}

impl Limit {
    pub(in crate::realtime) fn at_most(c: i32) -> Self {
        Self::Of { c, weak: true }
    }

    pub(in crate::realtime) fn below(c: i32) -> Self {
        Self::Of { c, weak: false }
    }
}

impl Add for Limit {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        match (self, other) {
            (Self::Of { c: a, weak: one }, Self::Of { c: b, weak: two }) => {
                Self::Of { c: a + b, weak: one && two }
            }
            _ => Self::None,
        }
    }
}

/// For clocks x and y (by number), `[x][y]` bounds x − y.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::realtime) struct Matrix(pub(in crate::realtime) Vec<Vec<Limit>>);

impl Matrix {
    /// Only clock 0.
    pub(in crate::realtime) fn new() -> Self {
        Self(vec![vec![Limit::at_most(0)]])
    }

    pub(in crate::realtime) fn clocks(&self) -> usize {
        self.0.len()
    }

    /// Floyd and Warshall's shortest paths; `None` if the zone is empty.
    pub(in crate::realtime) fn closed(mut self) -> Option<Self> {
        for via in 0..self.clocks() {
            for x in 0..self.clocks() {
                for y in 0..self.clocks() {
                    self.0[x][y] = self.0[x][y].min(self.0[x][via] + self.0[via][y]);
                }
            }
        }
        (0..self.clocks()).all(|x| self.0[x][x] >= Limit::at_most(0)).then_some(self)
    }

    /// The part where x − y is within a limit.
    pub(in crate::realtime) fn and(mut self, x: usize, y: usize, limit: Limit) -> Option<Self> {
        self.0[x][y] = self.0[x][y].min(limit);
        self.closed()
    }

    /// Time passes.
    pub(in crate::realtime) fn up(&mut self) {
        for x in 1..self.clocks() {
            self.0[x][0] = Limit::None;
        }
    }

    /// Forgets what is known of a clock.
    pub(in crate::realtime) fn free(&mut self, clock: usize) {
        for y in 0..self.clocks() {
            if y != clock {
                self.0[clock][y] = Limit::None;
                self.0[y][clock] = self.0[y][0];
            }
        }
    }

    /// Sets a clock to 0.
    pub(in crate::realtime) fn reset(&mut self, clock: usize) {
        for y in 0..self.clocks() {
            self.0[clock][y] = self.0[0][y];
            self.0[y][clock] = self.0[y][0];
        }
        self.0[clock][clock] = Limit::at_most(0);
    }

    /// A new clock in this place, at 0.
    pub(in crate::realtime) fn insert(&mut self, clock: usize) {
        for row in &mut self.0 {
            row.insert(clock, Limit::None);
        }
        self.0.insert(clock, vec![Limit::None; self.clocks() + 1]);
        self.reset(clock);
    }

    /// Without this clock.
    pub(in crate::realtime) fn remove(&mut self, clock: usize) {
        self.0.remove(clock);
        for row in &mut self.0 {
            row.remove(clock);
        }
    }

    pub(in crate::realtime) fn includes(&self, other: &Self) -> bool {
        self.0.iter().flatten().zip(other.0.iter().flatten()).all(|(own, other)| other <= own)
    }

    /// Extra⁺LU for the greatest constants that clocks are compared with from below and from above; `None`: with
    /// none. Clock 0 has 0 and 0.
    pub(in crate::realtime) fn extra_lu_plus(&self, lower: &[Option<i32>], upper: &[Option<i32>]) -> Self {
        // Greater than the constant, of which there may be none: then it is minus infinity.
        let is_above = |c: i32, constant: Option<i32>| constant.is_none_or(|constant| c > constant);
        let lowest = |x: usize| match self.0[0][x] {
            Limit::Of { c, .. } => -c,
            Limit::None => 0,
        };
        let mut wider = self.clone();
        for (x, lower) in lower.iter().copied().enumerate() {
            for y in (0..self.clocks()).filter(|y| *y != x) {
                let Limit::Of { c, .. } = self.0[x][y] else { continue };
                if is_above(c, lower) || is_above(lowest(x), lower) {
                    wider.0[x][y] = Limit::None;
                } else if is_above(lowest(y), upper[y]) {
                    wider.0[x][y] =
                        if x == 0 { upper[y].map_or(Limit::None, |u| Limit::below(-u)) } else { Limit::None };
                }
            }
        }
        wider.closed().expect("what is wider is not empty")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Points are looked at in quarters of a tick or, where a value between two others has to be found, in halves.
    const GRID: i32 = 4;
    const CLOCKS: usize = 3;

    fn any_limit() -> impl Strategy<Value = Limit> {
        prop_oneof![(-2..3i32, any::<bool>()).prop_map(|(c, weak)| Limit::Of { c, weak }), Just(Limit::None),]
    }

    fn any_zone() -> impl Strategy<Value = Option<Matrix>> {
        prop::collection::vec(any_limit(), (CLOCKS + 1) * (CLOCKS + 1)).prop_map(|limits| {
            let mut matrix = Matrix(limits.chunks(CLOCKS + 1).map(<[_]>::to_vec).collect());
            for x in 0..=CLOCKS {
                matrix.0[x][x] = Limit::at_most(0);
                matrix.0[0][x] = matrix.0[0][x].min(Limit::at_most(0));
            }
            matrix.closed()
        })
    }

    /// Whether values, in parts of the grid and with that of clock 0, meet every limit.
    fn has(matrix: &Matrix, values: &[i32]) -> bool {
        let meets = |x: usize, y: usize| match matrix.0[x][y] {
            Limit::Of { c, weak: true } => values[x] - values[y] <= c * GRID,
            Limit::Of { c, weak: false } => values[x] - values[y] < c * GRID,
            Limit::None => true,
        };
        (0..values.len()).all(|x| (0..values.len()).all(|y| meets(x, y)))
    }

    fn points(most: i32, step: usize) -> impl Iterator<Item = [i32; CLOCKS + 1]> {
        let range = move || (0..=most * GRID).step_by(step);
        range().flat_map(move |a| range().flat_map(move |b| range().map(move |c| [0, a, b, c])))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

        /// Each operation against what it means for single points.
        #[test]
        fn operations_are_those_of_sets(zone in any_zone(), limit in any_limit(), clock in 1..=CLOCKS, other in 0..=CLOCKS) {
            let Some(zone) = zone else { return Ok(()) };
            let mut later = zone.clone();
            later.up();
            let mut freed = zone.clone();
            freed.free(clock);
            freed.0[0][clock] = Limit::at_most(0);
            let mut at_zero = zone.clone();
            at_zero.reset(clock);
            let cut = (clock != other).then(|| zone.clone().and(clock, other, limit));
            for point in points(4, 2) {
                let earlier = |by: i32| point.map(|value| value - by);
                let mut before = (0..=4 * GRID).map(|by| { let mut values = earlier(by); values[0] = 0; values });
                let was = before.any(|values| values.iter().all(|value| *value >= 0) && has(&zone, &values));
                prop_assert_eq!(has(&later, &point), was, "later");
                let mut somewhere = (0..=12 * GRID).map(|value| { let mut values = point; values[clock] = value; values });
                let is_free = somewhere.any(|values| has(&zone, &values));
                prop_assert_eq!(has(&freed, &point), is_free, "free");
                if point[clock] == 0 {
                    prop_assert_eq!(has(&at_zero, &point), is_free, "reset");
                }
                if let Some(cut) = &cut {
                    let meets = match limit {
                        Limit::Of { c, weak: true } => point[clock] - point[other] <= c * GRID,
                        Limit::Of { c, weak: false } => point[clock] - point[other] < c * GRID,
                        Limit::None => true,
                    };
                    prop_assert_eq!(cut.as_ref().is_some_and(|cut| has(cut, &point)), meets && has(&zone, &point), "and");
                }
            }
        }

        #[test]
        fn inclusion_is_that_of_sets(one in any_zone(), two in any_zone()) {
            let (Some(one), Some(two)) = (one, two) else { return Ok(()) };
            let is_included = points(6, 1).all(|point| !has(&one, &point) || has(&two, &point));
            prop_assert_eq!(two.includes(&one), is_included);
        }
    }
}
