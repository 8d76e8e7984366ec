//! Deciding properties of worlds: exploration, traces, verdicts, and the gate over all scenarios.

mod explore;
mod gate;
mod library;
mod shipped;
mod trace;
mod verdict;

pub use explore::{Extent, Limits, Stopped};
pub use gate::{Checked, Comparison, Outcome, Passed, check, check_one, is_applicable, shortest_trace, validate};
pub use library::Library;
pub use trace::{NoTrace, Trace};
pub use verdict::{Instance, Verdict};
