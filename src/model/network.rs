//! The network: a bag of copies of segments, in two bytes each.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use std::fmt;

use super::limit::Limit;
use super::limit::{MAX_AGE, MAX_COPIES, MAX_NUMBER};
use super::observe::{End, Kind};
use crate::invariant::broken;
use crate::tcp::{Flags, Segment, Seq};

/// One instance of a segment in flight: where it goes, what it is, its age, and whether the network made it.
///
/// Packed into 16 bits, the most significant first: destination (1), kind (2), `seq` (4), `ack` (4), age in
/// ticks (4), duplicate (1). The order of copies is the order of these numbers. A reset with an `ack` of 0 has no
/// ACK flag: both ends' first octets have the number 1, so neither acknowledges 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SegmentCopy(u16);

impl SegmentCopy {
    /// The greatest sequence number that fits.
    pub const MAX_NUMBER: u32 = MAX_NUMBER;
    /// The greatest age that fits, in ticks.
    pub const MAX_AGE: u32 = MAX_AGE;

    const DUPLICATE: u16 = 1;
    const ONE_TICK: u16 = 1 << 1;

    /// A segment on its way to `to`, just sent.
    ///
    /// # Errors
    /// A limit, if a copy has no room for the segment.
    pub fn original(to: End, segment: &Segment) -> Result<Self, Limit> {
        let Some(kind) = Kind::of(segment).filter(|kind| *kind != Kind::Syn) else {
            return Err(Limit::Segment(*segment));
        };
        let (seq, ack) = (segment.seq.0, segment.ack.0);
        let ack_tells_the_flag = kind != Kind::Rst || segment.flags.ack == (ack != 0);
        if seq > Self::MAX_NUMBER || ack > Self::MAX_NUMBER || !ack_tells_the_flag {
            return Err(Limit::Segment(*segment));
        }
        #[expect(clippy::cast_possible_truncation, reason = "each part is checked or has few values")]
        let code = (to as u16) << 15 | (kind as u16) << 13 | (seq as u16) << 9 | (ack as u16) << 5;
        Ok(Self(code))
    }

    /// The end that it goes to.
    #[must_use]
    pub fn to(self) -> End {
        if self.0 >> 15 == 0 { End::A } else { End::B }
    }

    /// What kind of segment it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self.0 >> 13 & 3 {
            0 => Kind::Ack,
            1 => Kind::Data,
            2 => Kind::Fin,
            _ => Kind::Rst,
        }
    }

    /// How long it has been in flight, in ticks.
    #[must_use]
    pub fn age(self) -> u32 {
        u32::from(self.0 >> 1 & 15)
    }

    /// The network made it.
    #[must_use]
    pub fn is_duplicate(self) -> bool {
        self.0 & Self::DUPLICATE != 0
    }

    /// The segment itself.
    #[must_use]
    pub fn segment(self) -> Segment {
        let (seq, ack) = (Seq(u32::from(self.0 >> 9 & 15)), Seq(u32::from(self.0 >> 5 & 15)));
        let (flags, len) = match self.kind() {
            Kind::Ack => (Flags::ACK, 0),
            Kind::Data => (Flags::ACK, 1),
            Kind::Fin => (Flags::FIN_ACK, 0),
            Kind::Rst if ack == Seq(0) => (Flags::RST, 0),
            Kind::Rst => (Flags::RST_ACK, 0),
            Kind::Syn => broken(format_args!("a copy has no room for a SYN")),
        };
        Segment { flags, seq, ack, len }
    }

    /// What the network makes of it when it duplicates it: a duplicate of the same age.
    #[must_use]
    pub fn duplicate(self) -> Self {
        Self(self.0 | Self::DUPLICATE)
    }

    /// A number for its segment and where it goes: the same for all its copies, and with five low bits of 0.
    #[must_use]
    pub fn segment_code(self) -> u16 {
        self.0 & !0x1f
    }

    /// A copy, just sent, of the segment with this code.
    #[must_use]
    pub fn of_segment_code(code: u16) -> Self {
        Self(code & !0x1f)
    }

    pub(super) fn code(self) -> u16 {
        self.0
    }
}

impl fmt::Display for SegmentCopy {
    /// `FIN seq=1 ack=1 → B`, and `(duplicate)` where it is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} → {}", self.segment(), self.to())?;
        if self.is_duplicate() { f.write_str(" (duplicate)") } else { Ok(()) }
    }
}

impl fmt::Debug for SegmentCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} age={}", self.age())
    }
}

/// The bag of copies in flight, sorted, so that equal bags are equal bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Network {
    /// The first `in_flight` are copies, ascending; the rest is 0.
    pub(super) copies: [SegmentCopy; Network::CAPACITY],
    pub(super) in_flight: u8,
}

impl Network {
    /// How many copies there is room for.
    pub const CAPACITY: usize = MAX_COPIES;

    /// Nothing is in flight.
    pub const EMPTY: Self = Self { copies: [SegmentCopy(0); Self::CAPACITY], in_flight: 0 };

    /// The copies in flight, in order; equal ones one after another.
    #[must_use]
    pub fn copies(&self) -> &[SegmentCopy] {
        &self.copies[..usize::from(self.in_flight)]
    }

    /// The copies in flight without repetition: equal copies are interchangeable.
    pub fn distinct(&self) -> impl Iterator<Item = SegmentCopy> {
        self.copies().chunk_by(PartialEq::eq).filter_map(|equal| equal.first().copied())
    }

    /// Adds a copy.
    ///
    /// # Errors
    /// A limit, if the bag is full.
    pub fn insert(&mut self, copy: SegmentCopy) -> Result<(), Limit> {
        let place = self.copies().partition_point(|other| *other <= copy);
        let last = usize::from(self.in_flight);
        if last == Self::CAPACITY {
            return Err(Limit::Copies);
        }
        self.copies[place..=last].rotate_right(1);
        self.copies[place] = copy;
        self.in_flight += 1;
        Ok(())
    }

    /// Takes one copy out; false if there is none like it.
    pub fn remove(&mut self, copy: SegmentCopy) -> bool {
        let Ok(place) = self.copies().binary_search(&copy) else {
            return false;
        };
        self.in_flight -= 1;
        let last = usize::from(self.in_flight);
        self.copies[place..=last].rotate_left(1);
        self.copies[last] = SegmentCopy(0);
        true
    }

    /// How many originals the next tick would lose.
    #[must_use]
    pub fn expiring(&self, msl: u32) -> usize {
        self.copies().iter().filter(|copy| copy.age() + 1 >= msl && !copy.is_duplicate()).count()
    }

    /// The bag one tick later: what reaches the MSL has left it.
    ///
    /// # Errors
    /// A limit, if a copy has no room for the age.
    pub fn aged(&self, msl: u32) -> Result<Self, Limit> {
        let mut aged = Self::EMPTY;
        let staying = self.copies().iter().filter(|copy| copy.age() + 1 < msl);
        for (slot, copy) in aged.copies.iter_mut().zip(staying) {
            if copy.age() == SegmentCopy::MAX_AGE {
                return Err(Limit::Age);
            }
            *slot = SegmentCopy(copy.0 + SegmentCopy::ONE_TICK);
            aged.in_flight += 1;
        }
        Ok(aged)
    }

    /// How many copies of this kind (`None`: of any) are on their way to `to`.
    #[must_use]
    pub fn count(&self, kind: Option<Kind>, to: End) -> u32 {
        let wanted = |copy: &&SegmentCopy| copy.to() == to && kind.is_none_or(|kind| copy.kind() == kind);
        self.copies().iter().filter(wanted).map(|_| 1).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_copy() -> impl Strategy<Value = SegmentCopy> {
        any_sent().prop_map(|(_, _, copy)| copy)
    }

    /// A segment, its age, and its copy.
    fn any_sent() -> impl Strategy<Value = (Segment, u32, SegmentCopy)> {
        (any::<bool>(), 0..4usize, 1u32..=15, 0u32..=15, 0u32..4, any::<bool>()).prop_map(
            |(to_b, kind, seq, ack, age, duplicate)| {
                let (flags, len) = match Kind::ALL[kind] {
                    Kind::Ack => (Flags::ACK, 0),
                    Kind::Data => (Flags::ACK, 1),
                    Kind::Fin => (Flags::FIN_ACK, 0),
                    Kind::Syn => unreachable!("not among the first four"),
                    Kind::Rst if ack == 0 => (Flags::RST, 0),
                    Kind::Rst => (Flags::RST_ACK, 0),
                };
                let to = if to_b { End::B } else { End::A };
                let segment = Segment { flags, seq: Seq(seq), ack: Seq(ack), len };
                let mut copy = SegmentCopy::original(to, &segment).unwrap();
                copy.0 += SegmentCopy::ONE_TICK * u16::try_from(age).unwrap();
                (segment, age, if duplicate { copy.duplicate() } else { copy })
            },
        )
    }

    proptest! {
        #[test]
        fn a_copy_keeps_its_segment((segment, age, copy) in any_sent()) {
            prop_assert_eq!((copy.segment(), copy.age()), (segment, age));
            let again = SegmentCopy::original(copy.to(), &segment).unwrap();
            prop_assert_eq!((again.to(), again.kind(), again.age()), (copy.to(), copy.kind(), 0));
            prop_assert!(!again.is_duplicate() && copy.duplicate().is_duplicate());
        }

        /// Against a sorted vector.
        #[test]
        fn the_network_is_a_bag(
            inserted in prop::collection::vec(any_copy(), 0..=Network::CAPACITY),
            removed in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
            msl in 1u32..6,
        ) {
            let mut network = Network::EMPTY;
            let mut oracle = inserted.clone();
            for copy in &inserted {
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
            prop_assert_eq!(network.copies(), oracle.as_slice());
            let old = |copy: &SegmentCopy| copy.age() + 1 >= msl;
            prop_assert_eq!(
                network.expiring(msl),
                oracle.iter().filter(|copy| old(copy) && !copy.is_duplicate()).count()
            );
            prop_assert_eq!(
                network.aged(msl).unwrap().copies().iter().map(|copy| copy.0).collect::<Vec<_>>(),
                oracle.iter().filter(|copy| !old(copy)).map(|copy| copy.0 + 2).collect::<Vec<_>>()
            );
            let mut distinct = oracle.clone();
            distinct.dedup();
            prop_assert_eq!(network.distinct().collect::<Vec<_>>(), distinct);

            // Equal bags are equal bytes, in whatever order they came about.
            let mut again = Network::EMPTY;
            for copy in oracle.iter().rev() {
                again.insert(*copy).unwrap();
            }
            prop_assert!(again == network);
        }
    }

    #[test]
    fn a_full_network_refuses_a_copy_and_stays_as_it_was() {
        let segment = Segment { flags: Flags::ACK, seq: Seq(1), ack: Seq(1), len: 0 };
        let copy = SegmentCopy::original(End::A, &segment).unwrap();
        let mut network = Network::EMPTY;
        for _ in 0..Network::CAPACITY {
            network.insert(copy).unwrap();
        }
        let full = network;
        assert_eq!(network.insert(copy), Err(Limit::Copies));
        assert!(network == full);
    }

    #[test]
    fn a_copy_that_would_be_too_old_is_refused() {
        let segment = Segment { flags: Flags::ACK, seq: Seq(1), ack: Seq(1), len: 0 };
        let mut network = Network::EMPTY;
        network.insert(SegmentCopy::original(End::A, &segment).unwrap()).unwrap();
        for _ in 0..SegmentCopy::MAX_AGE {
            network = network.aged(100).unwrap();
        }
        assert_eq!(network.aged(SegmentCopy::MAX_AGE + 1).map(|aged| aged.copies().len()), Ok(0));
        assert!(network.aged(100) == Err(Limit::Age));
    }

    #[test]
    fn what_no_copy_can_carry_is_refused() {
        let segment = Segment { flags: Flags::ACK, seq: Seq(16), ack: Seq(1), len: 0 };
        assert_eq!(SegmentCopy::original(End::A, &segment), Err(Limit::Segment(segment)));
        let others = [
            Segment { seq: Seq(15), ack: Seq(16), ..segment },
            Segment { seq: Seq(1), len: 2, ..segment },
            Segment { flags: Flags::RST_ACK, seq: Seq(1), ack: Seq(0), len: 0 },
            Segment { flags: Flags::RST, seq: Seq(1), ack: Seq(1), len: 0 },
        ];
        for segment in others {
            assert_eq!(SegmentCopy::original(End::A, &segment), Err(Limit::Segment(segment)));
        }
    }
}
