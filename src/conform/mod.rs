//! Whether the endpoint does what other implementations of TCP do.

mod lockstep;
mod path;
mod stack;

pub use lockstep::{Divergence, Reaction, Run, run};
pub use path::{Acknowledges, Class, LocalEvent, LocalPath, Place, Transition, Ways};
pub use stack::Stack;
