//! Why an exploration of zones ended before it had seen everything.

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
