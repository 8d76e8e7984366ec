//! Bounds on differences of moments: `< c` and `≤ c`, as exact integers.

use std::fmt;

use crate::model::MAX_DURATION;

/// An upper bound on a difference: strict (`< c`) or not (`≤ c`), where `c` is a whole number of ticks.
///
/// `< c` is kept as 2c and `≤ c` as 2c + 1, so that the tighter of two bounds is the smaller number.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Bound(pub(super) i16);

impl Bound {
    /// The longest duration, in ticks, that zones are computed with: the sum of any two bounds then fits in 16
    /// bits.
    pub(super) const MAX_TICKS: u32 = MAX_DURATION;

    /// `≤ 0`
    pub(super) const ZERO: Self = Self::at_most(0);

    /// `≤ c`, where `c` lies within plus and minus [`Bound::MAX_TICKS`].
    pub(super) const fn at_most(c: i16) -> Self {
        Self(2 * c + 1)
    }

    /// `< c` where this is `≤ c` or `< c`.
    pub(super) const fn strict(self) -> Self {
        Self(self.0 & !1)
    }

    /// The bound on the sum of two differences: strict if either is.
    ///
    /// It wraps where a sum has no meaning: in the lanes of a row whose timer does not run. Those are never read.
    pub(super) const fn plus(self, other: Self) -> Self {
        Self(self.0.wrapping_add(other.0).wrapping_sub((self.0 | other.0) & 1))
    }
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", if self.0 & 1 == 0 { "<" } else { "≤" }, self.0 >> 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against the definition: a value meets `< c` or `≤ c`, tried on halves, which tell the two apart.
        #[test]
        fn bounds_are_ordered_and_added_as_sets(
            (a, b) in (-20i16..20, -20i16..20), (strict_a, strict_b) in (any::<bool>(), any::<bool>()),
        ) {
            let bound = |c, strict| if strict { Bound::at_most(c).strict() } else { Bound::at_most(c) };
            let meets = |halves: i16, c: i16, strict: bool| if strict { halves < 2 * c } else { halves <= 2 * c };
            let halves = || -100i16..100;
            let is_within = halves().all(|half| !meets(half, a, strict_a) || meets(half, b, strict_b));
            prop_assert_eq!(bound(a, strict_a) <= bound(b, strict_b), is_within);
            prop_assert_eq!(bound(a, strict_a).plus(bound(b, strict_b)), bound(a + b, strict_a || strict_b));
        }
    }

    #[test]
    fn sums_of_the_longest_durations_fit() {
        let most = i16::try_from(Bound::MAX_TICKS).unwrap();
        assert_eq!(Bound::at_most(most).plus(Bound::at_most(most)).0, i16::MAX - 2);
        assert_eq!(Bound::at_most(-most).strict().plus(Bound::at_most(-most).strict()).0, -4 * 8_191);
        assert_eq!(format!("{:?} {:?}", Bound::at_most(-3), Bound::at_most(2).strict()), "≤ -3 < 2");
    }
}
