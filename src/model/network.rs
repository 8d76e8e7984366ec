//! The network: a bag of copies of segments, in two bytes each, or four where two incarnations send them.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use std::fmt;

use super::limit::{Limit, MAX_COPIES};
use super::observe::{End, Kind};
use super::opening::Incarnation;
use super::segment_copy::SegmentCopy;

/// What a copy is kept as: its code, in as many bytes as it needs.
pub trait CopyCode: Copy + Ord + Default + fmt::Debug + Send + Sync + Into<u32> + TryFrom<u32> + 'static {}

impl CopyCode for u16 {}
impl CopyCode for u32 {}

/// The bag of copies in flight, sorted, so that equal bags are equal bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Network<C = u16> {
    /// The first `in_flight` are copies, ascending; the rest is 0.
    pub(super) codes: [C; MAX_COPIES],
    pub(super) in_flight: u8,
}

impl Network {
    /// How many copies there is room for.
    pub const CAPACITY: usize = MAX_COPIES;
}

impl<C: CopyCode> Network<C> {
    /// Nothing is in flight.
    #[must_use]
    pub fn empty() -> Self {
        Self { codes: [C::default(); MAX_COPIES], in_flight: 0 }
    }

    /// Nothing is in flight any more.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.in_flight == 0
    }

    /// The copies in flight, in order; equal ones one after another.
    pub fn copies(&self) -> impl DoubleEndedIterator<Item = SegmentCopy> + ExactSizeIterator {
        self.codes().iter().map(|code| copy(*code))
    }

    /// The copies in flight without repetition: equal copies are interchangeable.
    pub fn distinct(&self) -> impl Iterator<Item = SegmentCopy> {
        self.codes().chunk_by(PartialEq::eq).filter_map(|equal| equal.first().map(|code| copy(*code)))
    }

    /// Adds a copy.
    ///
    /// # Errors
    /// A limit, if the bag is full, or has no room for such a copy.
    pub fn insert(&mut self, copy: SegmentCopy) -> Result<(), Limit> {
        let code = C::try_from(copy.code()).map_err(|_| Limit::Segment(copy.segment()))?;
        let place = self.codes().partition_point(|other| *other <= code);
        let last = usize::from(self.in_flight);
        if last == MAX_COPIES {
            return Err(Limit::Copies);
        }
        self.codes[place..=last].rotate_right(1);
        self.codes[place] = code;
        self.in_flight += 1;
        Ok(())
    }

    /// Takes one copy out; false if there is none like it.
    pub fn remove(&mut self, copy: SegmentCopy) -> bool {
        let place = C::try_from(copy.code()).ok().and_then(|code| self.codes().binary_search(&code).ok());
        let Some(place) = place else {
            return false;
        };
        self.in_flight -= 1;
        let last = usize::from(self.in_flight);
        self.codes[place..=last].rotate_left(1);
        self.codes[last] = C::default();
        true
    }

    /// How many originals the next tick would lose.
    #[must_use]
    pub fn expiring(&self, msl: u32) -> usize {
        self.copies().filter(|copy| copy.age() + 1 >= msl && !copy.is_duplicate()).count()
    }

    /// The bag one tick later: what reaches the MSL has left it.
    ///
    /// # Errors
    /// A limit, if a copy has no room for the age.
    pub fn aged(&self, msl: u32) -> Result<Self, Limit> {
        let mut aged = Self::empty();
        let staying = self.copies().filter(|copy| copy.age() + 1 < msl);
        for (slot, copy) in aged.codes.iter_mut().zip(staying) {
            *slot = C::try_from(copy.older()?.code()).map_err(|_| Limit::Age)?;
            aged.in_flight += 1;
        }
        Ok(aged)
    }

    /// How many copies of this kind (`None`: of any) are on their way to `to`.
    #[must_use]
    pub fn count(&self, kind: Option<Kind>, to: End) -> u32 {
        let wanted = |copy: &SegmentCopy| copy.to() == to && kind.is_none_or(|kind| copy.kind() == kind);
        self.copies().filter(wanted).map(|_| 1).sum()
    }

    /// How many of those the first incarnation has sent.
    #[must_use]
    pub fn count_old(&self, kind: Option<Kind>, to: End) -> u32 {
        let wanted = |copy: &SegmentCopy| copy.to() == to && kind.is_none_or(|kind| copy.kind() == kind);
        let old = self.copies().filter(|copy| copy.incarnation() == Incarnation::First);
        old.filter(wanted).map(|_| 1).sum()
    }

    fn codes(&self) -> &[C] {
        &self.codes[..usize::from(self.in_flight)]
    }
}

fn copy<C: CopyCode>(code: C) -> SegmentCopy {
    SegmentCopy::of_code(code.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tcp::{Flags, Segment, Seq};

    fn ack() -> SegmentCopy {
        SegmentCopy::original(End::A, &Segment { flags: Flags::ACK, seq: Seq(1), ack: Seq(1), len: 0 }).unwrap()
    }

    fn any_copy() -> impl Strategy<Value = SegmentCopy> {
        (any::<bool>(), 0..5usize, 1u32..=15, 0u32..=15, 0u32..4, any::<[bool; 2]>()).prop_map(
            |(to_b, kind, seq, ack, age, [is_duplicate, is_new])| {
                let (flags, len) = match Kind::ALL[kind] {
                    Kind::Ack => (Flags::ACK, 0),
                    Kind::Data => (Flags::ACK, 1),
                    Kind::Fin => (Flags::FIN_ACK, 0),
                    Kind::Syn => (Flags::SYN_ACK, 0),
                    Kind::Rst if ack == 0 => (Flags::RST, 0),
                    Kind::Rst => (Flags::RST_ACK, 0),
                };
                let to = if to_b { End::B } else { End::A };
                let segment = Segment { flags, seq: Seq(seq), ack: Seq(ack), len };
                let of = if is_new || segment.flags.syn { Incarnation::Second } else { Incarnation::First };
                let mut copy = SegmentCopy::original(to, &segment).unwrap().of(of);
                for _ in 0..age {
                    copy = copy.older().unwrap();
                }
                if is_duplicate { copy.duplicate() } else { copy }
            },
        )
    }

    /// Copies that two bytes are enough for.
    fn any_narrow_copy() -> impl Strategy<Value = SegmentCopy> {
        any_copy().prop_filter("four bytes", |copy| u16::try_from(copy.code()).is_ok())
    }

    /// Against a sorted vector.
    fn is_a_bag<C: CopyCode>(
        inserted: &[SegmentCopy],
        removed: Vec<prop::sample::Index>,
        msl: u32,
    ) -> Result<(), TestCaseError> {
        let mut network = Network::<C>::empty();
        let mut oracle = inserted.to_vec();
        for copy in inserted {
            network.insert(*copy).unwrap();
        }
        for index in removed {
            if !oracle.is_empty() {
                let copy = oracle.swap_remove(index.index(oracle.len()));
                prop_assert!(network.remove(copy));
                prop_assert_eq!(network.remove(copy), oracle.contains(&copy));
                if oracle.contains(&copy) {
                    network.insert(copy).unwrap();
                }
            }
        }
        oracle.sort();
        prop_assert_eq!(network.copies().collect::<Vec<_>>(), oracle.clone());
        prop_assert_eq!(network.is_empty(), oracle.is_empty());
        let old = |copy: &&SegmentCopy| copy.age() + 1 >= msl;
        prop_assert_eq!(
            network.expiring(msl),
            oracle.iter().filter(old).filter(|copy| !copy.is_duplicate()).count()
        );
        prop_assert_eq!(
            network.aged(msl).unwrap().copies().collect::<Vec<_>>(),
            oracle.iter().filter(|copy| !old(copy)).map(|copy| copy.older().unwrap()).collect::<Vec<_>>()
        );
        for (kind, to) in Kind::ALL.into_iter().flat_map(|kind| End::BOTH.map(|to| (kind, to))) {
            let such = || oracle.iter().filter(|copy| (copy.kind(), copy.to()) == (kind, to));
            let of_first = such().filter(|copy| copy.incarnation() == Incarnation::First).count();
            prop_assert_eq!(network.count(Some(kind), to) as usize, such().count());
            prop_assert_eq!(network.count_old(Some(kind), to) as usize, of_first);
        }
        let mut distinct = oracle.clone();
        distinct.dedup();
        prop_assert_eq!(network.distinct().collect::<Vec<_>>(), distinct);

        // Equal bags are equal bytes, in whatever order they came about.
        let mut again = Network::<C>::empty();
        for copy in oracle.iter().rev() {
            again.insert(*copy).unwrap();
        }
        prop_assert!(again == network);
        Ok(())
    }

    proptest! {
        #[test]
        fn the_network_is_a_bag(
            inserted in prop::collection::vec(any_narrow_copy(), 0..=Network::CAPACITY),
            removed in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
            msl in 1u32..6,
        ) {
            is_a_bag::<u16>(&inserted, removed, msl)?;
        }

        #[test]
        fn the_network_of_two_incarnations_is_a_bag(
            inserted in prop::collection::vec(any_copy(), 0..=Network::CAPACITY),
            removed in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
            msl in 1u32..6,
        ) {
            is_a_bag::<u32>(&inserted, removed, msl)?;
        }
    }

    #[test]
    fn a_full_network_refuses_a_copy_and_stays_as_it_was() {
        let mut network = Network::<u16>::empty();
        for _ in 0..Network::CAPACITY {
            network.insert(ack()).unwrap();
        }
        let full = network;
        assert_eq!(network.insert(ack()), Err(Limit::Copies));
        assert!(network == full);
    }

    #[test]
    fn what_takes_four_bytes_does_not_go_into_two() {
        let new = ack().of(Incarnation::Second);
        let mut network = Network::<u16>::empty();
        assert_eq!(network.insert(new), Err(Limit::Segment(new.segment())));
        assert!(network.is_empty() && !network.remove(new));
    }

    #[test]
    fn a_copy_that_would_be_too_old_is_refused() {
        let mut network = Network::<u16>::empty();
        network.insert(ack()).unwrap();
        for _ in 0..SegmentCopy::MAX_AGE {
            network = network.aged(100).unwrap();
        }
        assert_eq!(network.aged(SegmentCopy::MAX_AGE + 1).map(|aged| aged.copies().len()), Ok(0));
        assert!(network.aged(100) == Err(Limit::Age));
    }
}
