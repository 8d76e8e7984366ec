//! The kinds of events at an end, without the numbers of segments.

use std::fmt;

use super::observe::Kind;
use crate::tcp::{Call, Timer};

/// What can happen at an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EndpointEvent {
    /// A segment arrives.
    Arrival(Kind),
    /// Its application calls.
    Call(Call),
    /// A timer expires.
    Timeout(Timer),
}

impl EndpointEvent {
    /// Everything that can happen at an end in worlds of whole ticks, where applications read at once and nothing
    /// is opened.
    pub fn all() -> impl Iterator<Item = Self> {
        let calls = [Call::Send, Call::Shutdown, Call::Close, Call::Abort];
        Kind::CLOSING
            .iter()
            .copied()
            .map(Self::Arrival)
            .chain(calls.into_iter().map(Self::Call))
            .chain(Timer::ALL.into_iter().map(Self::Timeout))
    }
}

impl fmt::Display for EndpointEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arrival(kind) => f.write_str(kind.name()),
            Self::Call(call) => f.write_str(call.name()),
            Self::Timeout(timer) => write!(f, "{} timer", timer.name()),
        }
    }
}
