//! The process and its system: memory, signals, files and streams, progress on a terminal, the exit code.

pub mod exit;
pub(crate) mod journal;
pub(crate) mod memory;
pub(crate) mod output;
pub(crate) mod progress;
pub(crate) mod signals;
pub(crate) mod tally;
