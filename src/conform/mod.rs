//! Whether the endpoint does what other implementations of TCP do.

mod case;
mod comparison;
mod grammar;
mod host;
#[cfg(target_os = "linux")]
pub mod kernel;
mod known;
mod lockstep;
mod path;
mod profile;
mod replay;
mod stack;
#[cfg(test)]
mod testing;

pub use case::{Case, Expected, read_cases};
pub use comparison::{Comparison, Difference};
pub use known::{Checked, Known};
pub use lockstep::{Divergence, Reaction, Run, run};
pub use path::{Acknowledges, Class, LocalEvent, LocalPath, Place, Transition, Ways};
pub use profile::{PROFILES, Profile};
pub use replay::{CaseDifference, Outcome, Replayed, replay};
pub use stack::Stack;
