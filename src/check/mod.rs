//! Deciding properties of worlds: exploration, traces, verdicts, and the gate over all scenarios.

mod explore;
mod gate;
mod library;
mod outcome;
mod shipped;
mod trace;
mod validate;
mod verdict;

pub use explore::{Extent, Limits, Stopped};
pub use gate::{check, check_one, shortest_trace};
pub use library::Library;
pub use outcome::{Checked, Comparison, Outcome, Passed};
pub use trace::{NoTrace, Trace};
pub use validate::{is_applicable, validate};
pub use verdict::{Instance, Verdict};
