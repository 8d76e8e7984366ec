//! A copy of a segment in flight, as a number.

use std::fmt;

use super::limit::{Limit, MAX_AGE, MAX_NUMBER};
use super::observe::{End, Kind};
use super::opening::Incarnation;
use crate::invariant::broken;
use crate::tcp::{Flags, Segment, Seq};

/// One instance of a segment in flight: where it goes, what it is, its age, and whether the network made it.
///
/// A number, its parts the most significant first: incarnation (1 bit), whether it is a SYN (1), destination (1),
/// kind (2), `seq` (4), `ack` (4), age in ticks (4), duplicate (1). The order of copies is the order of these
/// numbers. Of a SYN the kind says whether it has an ACK. A reset with an `ack` of 0 has no ACK flag: no end
/// acknowledges 0, for an initial number is at least that.
///
/// A copy of the first incarnation that is no SYN has the first two bits 0: two bytes are enough for it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SegmentCopy(u32);

impl SegmentCopy {
    /// The greatest sequence number that fits.
    pub const MAX_NUMBER: u32 = MAX_NUMBER;
    /// The greatest age that fits, in ticks.
    pub const MAX_AGE: u32 = MAX_AGE;

    /// How many numbers there are for the segments of one incarnation, by
    /// [`segment_number`](Self::segment_number).
    pub const SEGMENT_NUMBERS: u16 = 1 << 12;

    /// The lowest bits are of the copy alone: its age, and whether it is a duplicate.
    const BITS_OF_COPY: u32 = 5;
    const DUPLICATE: u32 = 1;
    const ONE_TICK: u32 = 1 << 1;
    const SYN: u32 = 1 << 16;
    const SECOND: u32 = 1 << 17;

    /// A segment of the first incarnation on its way to `to`, just sent.
    ///
    /// # Errors
    /// A limit, if a copy has no room for the segment.
    pub fn original(to: End, segment: &Segment) -> Result<Self, Limit> {
        let refused = Err(Limit::Segment(*segment));
        let Some(kind) = Kind::of(segment) else {
            return refused;
        };
        let (seq, ack) = (segment.seq.0, segment.ack.0);
        let ack_tells_the_flag = kind != Kind::Rst || segment.flags.ack == (ack != 0);
        if seq > Self::MAX_NUMBER || ack > Self::MAX_NUMBER || !ack_tells_the_flag {
            return refused;
        }
        let kind = match kind {
            Kind::Syn => Self::SYN | u32::from(segment.flags.ack) << 13,
            other => (other as u32) << 13,
        };
        Ok(Self((to as u32) << 15 | kind | seq << 9 | ack << 5))
    }

    /// This copy, as if `incarnation` had sent it.
    #[must_use]
    pub fn of(self, incarnation: Incarnation) -> Self {
        match incarnation {
            Incarnation::First => Self(self.0 & !Self::SECOND),
            Incarnation::Second => Self(self.0 | Self::SECOND),
        }
    }

    /// The incarnation that has sent it.
    #[must_use]
    pub fn incarnation(self) -> Incarnation {
        if self.0 & Self::SECOND == 0 { Incarnation::First } else { Incarnation::Second }
    }

    /// The end that it goes to.
    #[must_use]
    pub fn to(self) -> End {
        if self.0 >> 15 & 1 == 0 { End::A } else { End::B }
    }

    /// What kind of segment it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        if self.0 & Self::SYN != 0 {
            return Kind::Syn;
        }
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
        self.0 >> 1 & 15
    }

    /// The network made it.
    #[must_use]
    pub fn is_duplicate(self) -> bool {
        self.0 & Self::DUPLICATE != 0
    }

    /// The segment itself.
    #[must_use]
    pub fn segment(self) -> Segment {
        let (seq, ack) = (Seq(self.0 >> 9 & 15), Seq(self.0 >> 5 & 15));
        let (flags, len) = match self.kind() {
            Kind::Ack => (Flags::ACK, 0),
            Kind::Data => (Flags::ACK, 1),
            Kind::Fin => (Flags::FIN_ACK, 0),
            Kind::Rst if ack == Seq(0) => (Flags::RST, 0),
            Kind::Rst => (Flags::RST_ACK, 0),
            Kind::Syn if self.0 >> 13 & 1 == 0 => (Flags::SYN, 0),
            Kind::Syn => (Flags::SYN_ACK, 0),
        };
        Segment { flags, seq, ack, len }
    }

    /// What the network makes of it when it duplicates it: a duplicate of the same age.
    #[must_use]
    pub fn duplicate(self) -> Self {
        Self(self.0 | Self::DUPLICATE)
    }

    /// A number for its segment, where it goes and who has sent it: the same for all its copies, and with low bits
    /// of 0 in place of the copy's age and of whether it is a duplicate.
    #[must_use]
    pub fn segment_code(self) -> u32 {
        self.0 >> Self::BITS_OF_COPY << Self::BITS_OF_COPY
    }

    /// A number for its segment and where it goes, whoever has sent it; below
    /// [`SEGMENT_NUMBERS`](Self::SEGMENT_NUMBERS).
    #[must_use]
    pub fn segment_number(self) -> u16 {
        let number = self.of(Incarnation::First).0 >> Self::BITS_OF_COPY;
        let number = u16::try_from(number).ok().filter(|number| *number < Self::SEGMENT_NUMBERS);
        number.unwrap_or_else(|| broken(format_args!("{self} has no number")))
    }

    /// The same copy one tick later.
    ///
    /// # Errors
    /// A limit, if there is no room for the age.
    pub(super) fn older(self) -> Result<Self, Limit> {
        if self.age() == Self::MAX_AGE { Err(Limit::Age) } else { Ok(Self(self.0 + Self::ONE_TICK)) }
    }

    /// All of it.
    pub(super) fn code(self) -> u32 {
        self.0
    }

    /// The copy with this code.
    pub(super) fn of_code(code: u32) -> Self {
        Self(code)
    }
}

impl fmt::Display for SegmentCopy {
    /// `FIN seq=1 ack=1 → B`, `(new)` where the second incarnation has sent it, and `(duplicate)` where it is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let new = if self.incarnation() == Incarnation::Second { " (new)" } else { "" };
        let duplicate = if self.is_duplicate() { " (duplicate)" } else { "" };
        write!(f, "{} → {}{new}{duplicate}", self.segment(), self.to())
    }
}

impl fmt::Debug for SegmentCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} age={}", self.age())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_keeps_its_segment() {
        let all = |seq, ack| {
            let reset = if ack == 0 { Flags::RST } else { Flags::RST_ACK };
            let flags = [(Flags::ACK, 0), (Flags::ACK, 1), (Flags::FIN_ACK, 0), (reset, 0)];
            let syns = [(Flags::SYN, 0), (Flags::SYN_ACK, 0)];
            flags.into_iter().chain(syns).map(move |(flags, len)| Segment {
                flags,
                seq: Seq(seq),
                ack: Seq(ack),
                len,
            })
        };
        let numbers = || 0..=SegmentCopy::MAX_NUMBER;
        let segments = numbers().flat_map(|seq| numbers().flat_map(move |ack| all(seq, ack)));
        let mut codes = std::collections::HashSet::new();
        for segment in segments {
            for (to, incarnation) in [(End::A, Incarnation::First), (End::B, Incarnation::Second)] {
                let sent = SegmentCopy::original(to, &segment).unwrap().of(incarnation);
                let mut copy = sent;
                for age in 0..=SegmentCopy::MAX_AGE {
                    for one in [copy, copy.duplicate()] {
                        assert_eq!((one.to(), one.segment(), one.incarnation()), (to, segment, incarnation));
                        assert_eq!((one.age(), Some(one.kind())), (age, Kind::of(&segment)));
                        assert_eq!((one.is_duplicate(), one.segment_code()), (one != copy, sent.segment_code()));
                        assert!(codes.insert(one.code()));
                        let is_narrow = incarnation == Incarnation::First && !segment.flags.syn;
                        assert_eq!(u16::try_from(one.code()).is_ok(), is_narrow, "{one}");
                    }
                    let older = copy.older();
                    assert_eq!(older.is_err(), age == SegmentCopy::MAX_AGE);
                    copy = older.unwrap_or(copy);
                }
            }
        }
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
