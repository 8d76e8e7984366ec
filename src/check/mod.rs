//! Deciding properties of worlds: exploration, traces, verdicts, and the gate over all scenarios.

mod components;
mod coverage;
mod cross_check;
mod decide;
mod explorer;
mod findings;
mod gate;
mod graph;
mod library;
mod limits;
mod liveness;
mod outcome;
mod promises;
mod reachable;
mod shipped;
mod states;
mod survey;
mod trace;
mod validate;
mod verdict;

pub use coverage::{ActionKind, Coverage, Event};
pub use cross_check::{CrossCheck, Difference};
pub use decide::Evidence;
pub use findings::{Finding, Findings};
pub use gate::{Options, check, check_one, shortest_trace};
pub use library::Library;
pub use limits::{Extent, Limits, Phase, Stopped};
pub use outcome::{Checked, Comparison, Judged, Outcome, Passed, Tally};
pub use reachable::Reachable;
pub use survey::BYTES as STATERIGHT_BYTES;
pub use trace::{Ending, Fate, Found, NoTrace, Trace, told};
pub use validate::{is_applicable, validate, validate_asked};
pub use verdict::{Instance, Verdict};
