//! What a world cannot represent.

use std::fmt;

use super::{Network, SegmentCopy, Timers};
use crate::tcp::Segment;

/// A bound of the representation that an exploration ran into: it ends there, undecided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// More copies in flight than there is room for.
    Copies,
    /// A segment that a copy cannot carry.
    Segment(Segment),
    /// A copy older than its age can be written.
    Age,
    /// Numbers or timers of an endpoint beyond what a state can hold.
    Endpoint,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Copies => write!(
                f,
                "more than {} copies in flight: lower network.duplicates, network.losses, network.msl or an \
                 end's `sends`, or raise tcp.rto",
                Network::CAPACITY
            ),
            Self::Segment(segment) => write!(
                f,
                "the network cannot carry `{segment}`: it has room for numbers up to {}; lower an end's `sends`",
                SegmentCopy::MAX_NUMBER
            ),
            Self::Age => {
                write!(f, "a copy older than {} ticks: lower network.msl", SegmentCopy::MAX_AGE)
            }
            Self::Endpoint => write!(
                f,
                "an endpoint needs a number above {} or a timer above {} ticks: lower `sends`, `retries` or the \
                 duration",
                SegmentCopy::MAX_NUMBER,
                Timers::MAX
            ),
        }
    }
}

impl std::error::Error for Limit {}
