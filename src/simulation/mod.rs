//! Random runs of a world that is too large to be explored: what they violate is violated, and what they do not
//! violate is not known to hold.
//!
//! * `run`: one run, at random.
//! * `simulate`: many of them on several threads; what they reveal, and how often each step was taken.
//! * `shorten`: a run that reveals something, without what it does not need.

mod run;
mod shorten;
mod simulate;

pub use simulate::{Simulation, SimulationOptions, simulate};
