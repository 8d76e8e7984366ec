//! A counterexample or an example: its steps, replayed, and what every picture and format of it is made from.

pub mod caption;
mod replay;
pub(crate) mod timeline;

pub use replay::{FairnessReason, Found, NoTrace, RunEnding, Trace, replay_actions};
pub(crate) use replay::{replay, replay_lasso, shortest_by_stateright};
