//! What takes long: laws over grids, fairness and finer ticks.

// clippy.toml allows these in tests, and does not see that a test's helpers are part of it.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

mod fairness;
mod law;
mod real_time;
mod scale;
#[path = "../support/stack_table.rs"]
mod stack_table;
mod stacks;
