//! The state of the timed world, packed: `Copy`, canonical, at most 64 bytes, or 128 where a second connection is
//! opened.
//!
//! Packing refuses what does not fit; nothing wraps, saturates or is left out. The network's own layout is beside
//! its rules, in `network`.

mod closing_end;
mod end;
mod layout;
mod reopening_end;
#[cfg(test)]
mod tests;
mod timers;
mod world;

pub(super) use end::PackedEnd;
pub(crate) use end::is_representable;
pub use layout::{Layout, OneIncarnation, TwoIncarnations};
pub use timers::Timers;
pub use world::WorldState;
