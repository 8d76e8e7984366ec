//! The quick tests, as one program: a module each for a command, a document or a claim.

// clippy.toml allows these in tests, and does not see that a test's helpers are part of it.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

#[cfg(unix)] // Its scripts are for bash.
mod action;
mod asynchronous;
mod bugs;
mod citations;
mod cli;
#[cfg(unix)] // Elsewhere the program has another name.
mod command_line;
#[path = "../smoltcp/comparison.rs"]
mod comparison;
mod configuration;
mod conformance;
#[path = "../smoltcp/driver.rs"]
mod driver;
#[cfg(unix)] // What it starts is ended as Ctrl-C does, by SIGINT.
mod explorer;
mod fidelity;
mod figures;
#[path = "../support/folder.rs"]
mod folder;
mod forms;
mod gallery;
mod gate;
mod generated;
mod law;
#[cfg(unix)] // Elsewhere the program has another name.
mod manual;
mod openings;
mod policies;
mod random_worlds;
mod readme;
mod realtime;
mod realtime_runs;
mod replay;
mod reports;
#[path = "../support/run.rs"]
mod run;
#[cfg(unix)]
#[path = "../support/running.rs"]
mod running;
mod sarif;
mod scenarios;
mod schemas;
#[path = "../support/shown.rs"]
mod shown;
mod shows;
#[path = "../support/stack_table.rs"]
mod stack_table;
mod stacks;
mod step;
mod structure;
mod sweeps;
mod traces;
mod transition_table;
mod verdicts;

/// Whether pages that a test writes are to be written, as snapshots are: `INSTA_UPDATE=always cargo test --test
/// it`.
fn writes_what_is_new() -> bool {
    std::env::var_os("INSTA_UPDATE").is_some_and(|value| value == "always")
}
