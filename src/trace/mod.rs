//! A counterexample or an example: its steps, replayed, and what every picture and format of it is made from.

pub mod caption;
mod every_copy;
mod exact_replay;
mod lasso;
mod replay;
mod saved;
mod stepwise;
mod ticks;
pub(crate) mod timeline;

pub(crate) use every_copy::{exercises_with_every_copy, lasso_with_every_copy, run_with_every_copy};
pub use exact_replay::{exact_run, places_in_ticks};
pub(crate) use lasso::{
    NotForever, exact_ending, is_false_of_run, replay_exact_ending, replay_exact_lasso, replay_lasso, time_passes,
};
pub use replay::{FairnessReason, Found, NoTrace, RunEnding, Trace, replay_actions};
pub(crate) use replay::{replay, shortest_by_stateright};
pub(crate) use saved::{SavedCopy, SavedEvent};
pub use stepwise::Stepwise;
pub(crate) use stepwise::replay_exact_run;
pub use ticks::Ticks;
pub(crate) use ticks::{MAX_CHOSEN_PARTS, fractions_in_ascii, greatest_common_divisor, too_long};
