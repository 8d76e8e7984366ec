//! Whether the endpoint does what other implementations of TCP do.

mod comparison;
#[cfg(target_os = "linux")]
pub mod kernel;
mod known;
mod lockstep;
mod path;
pub mod recorded;
mod stack;
#[cfg(test)]
mod testing;

pub use comparison::{Comparison, Difference};
pub use known::{Known, ListCheck};
pub use lockstep::{Divergence, Reaction, Run, run};
pub use path::{Acknowledges, Class, EndpointInput, EndpointPath, PathGenerator, Place, Transition};
pub use stack::Stack;
