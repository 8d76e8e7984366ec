//! Recorded cases: what the test suites of real stacks expect, and what a kernel was measured to do, replayed.
//!
//! packetdrill scripts are cases, too.
//!
//! A case is a sequence of calls, segments and timers, and what is expected of it; a row of a kernel's transition
//! table is a case of one segment.

mod case;
mod file;
mod host;
mod number;
mod packetdrill;
mod record;
mod replay;
mod returned;
mod row;
mod segment;
mod start;
mod step;
mod words;

pub use case::{
    AppCall, Arrival, CallResult, Case, CaseEvent, CaseStep, CaseTimer, Environment, Expectations,
    ExpectedSegment, SegmentOrder, SocketError, StepTime, Tolerance,
};
pub use file::{Profile, parse};
pub use host::Sent;
pub use number::{CaseNumber, TimeSpan};
pub use packetdrill::parse as parse_packetdrill;
pub use record::line;
pub use replay::{CaseOutcome, Replayed, ReplayedStep, StepDifference, replay};
