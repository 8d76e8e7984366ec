//! Whether the endpoint does what other implementations of TCP do.

mod comparison;
mod input;
#[cfg(target_os = "linux")]
pub mod kernel;
mod known;
mod lockstep;
mod numbering;
mod opening_paths;
mod path;
pub mod recorded;
mod stack;
#[cfg(test)]
mod testing;
mod transition;

pub use comparison::{Comparison, Difference};
pub use input::EndpointInput;
pub use known::{Known, ListCheck};
pub use lockstep::{Divergence, Reaction, Run, run};
pub use numbering::Numbering;
pub use opening_paths::{Openings, opening_paths};
pub use path::{EndpointPath, PathGenerator};
pub use stack::Stack;
pub use transition::{Acknowledges, Class, Place, Transition};
