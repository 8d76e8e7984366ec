//! The state of the timed world, packed: `Copy`, canonical, at most 64 bytes.
//!
//! Packing refuses what does not fit; nothing wraps, saturates or is left out. The network's own layout is beside
//! its rules, in `network`.

mod end;
mod timers;
mod world;

pub(super) use end::PackedEnd;
pub(crate) use end::is_representable;
pub use timers::Timers;
pub use world::WorldState;
