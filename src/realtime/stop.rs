//! Why an exploration of zones ended before it had seen everything.

use std::fmt;

use super::bound::Bound;
use super::zone::CAPACITY;
use crate::model::Limit;
use crate::tcp::Segment;

/// A limit that was hit: what was asked is undecided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// An endpoint that worlds cannot represent.
    World(Limit),
    /// A segment of a kind that worlds do not have.
    Segment(Segment),
    /// More copies in flight than there is room for.
    Copies,
    /// A duration, in ticks, that zones are not computed with.
    Duration(u32),
    /// More different ends, segments, zones or bounds than can be numbered.
    Numbers,
    /// As many zones were found as were asked for at most.
    Zones,
    /// As much memory was taken as was allowed.
    Memory,
    /// The time is up, or somebody has asked for the end.
    CutOff,
}

impl From<Limit> for Stop {
    fn from(limit: Limit) -> Self {
        Self::World(limit)
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::World(limit) => limit.fmt(f),
            Self::Segment(segment) => write!(f, "worlds have no segment like `{segment}`"),
            Self::Copies => write!(
                f,
                "more than {CAPACITY} copies in flight: lower network.losses, network.msl, an end's \
                 `sends` or counted network.duplicates, or raise tcp.rto"
            ),
            Self::Duration(ticks) => {
                write!(f, "a duration of {ticks} ticks: in real time there is room for {}", Bound::MAX_TICKS)
            }
            Self::Numbers => f.write_str("there are more zones, ends or segments than can be numbered"),
            Self::Zones => f.write_str("the most zones that were asked for were found"),
            Self::Memory => f.write_str("the most memory that was allowed was taken"),
            Self::CutOff => f.write_str("the exploration was cut off"),
        }
    }
}

impl std::error::Error for Stop {}
