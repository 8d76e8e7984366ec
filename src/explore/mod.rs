//! The states that a world of whole ticks reaches, exactly: the search, the visited set, the graph and the limits;
//! and the same by stateright's own checker.

pub(crate) mod blocks;
mod chunk;
pub(crate) mod graph;
mod limits;
mod reachable;
pub(crate) mod search;
pub(crate) mod stateright;
pub(crate) mod states;
pub(crate) mod threads;
mod visited;

pub use limits::{ExplorationStats, Limits, Phase, Stopped};
pub use reachable::Reachable;
