//! A world walked by hand: the state, what may happen, and what is chosen, line by line.
//!
//! A [`Session`] takes a line and answers with a text; it touches neither terminal nor file. The world is the
//! one of exact times by which every counterexample is replayed, so that each of them can be gone on from.

mod answer;
mod command;
mod session;

pub use command::CommandName;
pub use session::{Reply, Session};
