//! What a run has to do with its system: memory, signals, files and streams, progress on a terminal, the exit code.

pub mod exit;
pub(crate) mod memory;
pub(crate) mod output;
pub(crate) mod progress;
pub(crate) mod signals;
