//! Real time: what a world reaches when delays are of any length below the MSL.
//!
//! In whole ticks a copy arrives 0, 1, … MSL − 1 ticks after it was sent; finer ticks reach more, and no fineness
//! is enough for all worlds (`docs/real-time.md`). Here times are real numbers. The states that differ in nothing
//! but times are explored together, as a *discrete part* ([`DiscretePart`]) and a *zone*: a convex set of times
//! that differences of clocks describe (Dill 1989; Alur and Dill 1994).
//!
//! * `bound`, `zone`: the sets of times, and what events and the passing of time make of them.
//! * `catalog`: ends and segments by number, and what an endpoint does with an event, asked once.
//! * `step`: what may happen, and where it leads. Losses and duplicates are decided at the sending.
//! * `symmetry`: where both ends are alike, half of it.
//! * `passed`, `search`: what was found, and in which order it is looked for.
//! * `question`: what is asked.
//! * `graph`: every zone by itself and every step, for what runs decide.
//! * `constraints`, `timetable`, `witness`, `cyclic`: concrete times for a run that was found, in the largest
//!   fractions of a tick that will do; and such that a cycle repeats.
//! * `alternatives`: other runs than the shortest.
//! * `exact`: the world once more, at exact times, which has to accept the witness.
//!
//! # Why its own zones
//!
//! The crate `clock-zones` (0.4.1, of May 2021) has difference bound matrices over integers with strict and
//! non-strict bounds. Three things decided against it. It adds `< 0` and `≤ 0` to `≤ 0` (its `Bound::add` joins
//! the bits that say "not strict" by *or*), so that x < 2 and y − x ≤ 1 come to y ≤ 3: flights shorter than the
//! MSL are nothing but strict bounds, and such a zone contains times that the world does not have. It has no
//! extrapolation by lower and upper bounds (LU), without which there are several times as many zones. And its
//! matrices are square, closed in cubic time, with a bound for any two copies in flight, where one for each copy
//! and timer is enough: what costs is the number of copies. The matrices of the literature are here as well, in
//! `testing/matrix`, to test zones against; and those are tested against single points.

mod alternatives;
mod bound;
mod catalog;
mod constraints;
mod cyclic;
mod exact;
pub(crate) mod graph;
mod part;
mod passed;
mod question;
mod search;
mod step;
mod stop;
mod symmetry;
#[cfg(test)]
pub(crate) mod testing;
mod timetable;
mod witness;
mod zone;

pub use alternatives::{Alternatives, AvoidedTransition, FoundRuns, alternatives};
pub use cyclic::CyclicWitness;
pub use exact::{Copy, ExactEvent, ExactWorld, Moment, Refusal};
pub use part::DiscretePart;
pub use question::Question;
pub use search::{Ended, ExploredZones, SearchOptions, ZoneLimits, ZoneStats, explore};
pub use step::{Fate, KeptCopies, SymbolicAction};
pub use stop::Stop;
pub use witness::{NoWitness, Witness};
