//! One way from a scenario to its verdicts, and the gate over all scenarios.

mod coverage;
mod cross_check;
mod decide;
mod findings;
mod gate;
mod library;
mod outcome;
mod shipped;
mod validate;

pub use coverage::{ActionKind, Coverage, Event};
pub use cross_check::{CrossCheck, Difference};
pub use decide::Evidence;
pub use findings::{Finding, Findings};
pub use gate::{Options, check, check_one, shortest_trace};
pub use library::Library;
pub use outcome::{Checked, Comparison, Judged, Outcome, Passed, Tally};
pub use validate::{is_applicable, validate, validate_asked};
