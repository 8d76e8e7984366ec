//! One way from a scenario to its verdicts: `decide` explores its world, in whole ticks once, in real time again
//! for what stays open, and decides every instance of every property that is asked for. The gate ([`check()`],
//! [`check_one`]) holds these verdicts against what the scenario expects; [`Decisions`] and [`shortest_trace`]
//! replay the runs that show them, and [`other_trace`] looks for others; [`decide_together`] has one exploration
//! for several worlds of a sweep. Along a single run, a formula is evaluated by `along_path`.

mod along_path;
mod alternatives;
mod coverage;
mod cross_check;
mod decide;
mod decided;
mod every_copy;
mod evidence;
mod gate;
mod library;
mod outcome;
mod shipped;
mod together;
mod validate;
mod which;
mod zone_verdicts;

pub(crate) use along_path::{Forever, FormulaAlongPath, evaluate, is_true_of};
pub use alternatives::{OtherTrace, other_trace};
pub use coverage::{ActionKind, Coverage};
pub use cross_check::{CrossCheck, Disagreement, Other, TicksCheck};
pub use evidence::{Decision, Decisions, Evidence, ShortestTrace, shortest_trace};
pub use gate::{Options, check, check_one};
pub use library::Library;
pub use outcome::{Checked, ExpectedVerdict, GateResult, Judged, Outcome, Tally};
pub use shipped::is_shipped;
pub use together::{Together, decide_together};
pub use validate::{is_applicable, unobservable, validate, validate_asked};
pub use which::Which;
