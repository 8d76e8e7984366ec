//! Whether the endpoint does what other implementations of TCP do.

mod comparison;
mod lockstep;
mod path;
mod stack;
#[cfg(test)]
mod testing;

pub use comparison::{Comparison, Difference};
pub use lockstep::{Divergence, Reaction, Run, run};
pub use path::{Acknowledges, Class, LocalEvent, LocalPath, Place, Transition, Ways};
pub use stack::Stack;
