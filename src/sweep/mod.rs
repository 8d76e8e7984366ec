//! A sweep: one property in every world of a scenario whose keys are varied.
//!
//! * `axis`: the keys that are varied, and their values.
//! * `plan`: the worlds of a sweep, and what is asked of them.
//! * `head`: what tells a sweep from others, and how its worlds are numbered.
//! * `part`: the share of one of several machines.
//! * `row`: the least value of an axis with which the property holds.
//! * `decide`: the worlds, decided on several threads.
//! * `results`: the verdicts, and the file that they are kept in.
//! * `outcome`: how it ended.
//! * `merge`: the results of several machines, in one.

mod axis;
mod decide;
mod head;
mod merge;
mod outcome;
mod part;
mod plan;
mod results;
mod row;
mod world_result;

pub use axis::{Axis, AxisValue, MAX_WORLDS};
pub use decide::{DecideOptions, decide};
pub use head::{AxisHead, Head};
pub use merge::merged;
pub use outcome::SweepOutcome;
pub use part::{Part, digest};
pub use plan::{Plan, PlannedWorld, Request};
pub use results::Results;
pub use row::{Least, NextInRow, Row};
pub use world_result::{Method, WorldResult};
