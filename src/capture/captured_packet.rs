//! A segment of a connection, as it was captured.

use crate::tcp::Segment;

/// One of the two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Side {
    /// The end that sent the first packet that was captured.
    First,
    /// The other end.
    Second,
}

impl Side {
    /// Both ends.
    pub const BOTH: [Self; 2] = [Self::First, Self::Second];

    /// The other end.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }

    /// What a pair has of this end, if it has that of the first end first.
    #[must_use]
    pub const fn of<T>(self, pair: &[T; 2]) -> &T {
        let [first, second] = pair;
        match self {
            Self::First => first,
            Self::Second => second,
        }
    }

    /// As [`Side::of`], to be changed.
    pub const fn of_mut<T>(self, pair: &mut [T; 2]) -> &mut T {
        let [first, second] = pair;
        match self {
            Self::First => first,
            Self::Second => second,
        }
    }
}

/// A segment that was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Its number in the file, from 1.
    pub number: u64,
    /// When it was captured, in nanoseconds since 1970.
    pub time: i64,
    /// Who sent it.
    pub from: Side,
    /// Its numbers and flags.
    pub segment: Segment,
    /// RFC 9293 §3.1: the window that it offers, not scaled.
    pub window: u16,
    /// IPv4's time to live, or IPv6's hop limit.
    pub hop_limit: u8,
    /// IPv4's identification; 0 in IPv6.
    pub identification: u16,
}
