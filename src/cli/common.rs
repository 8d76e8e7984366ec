//! The arguments that several commands have.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::configuration::{Configuration, duration, size};

/// Changes of a scenario's world.
#[derive(Debug, Args)]
pub struct WorldArgs {
    /// Set a field of the scenario, as in `network.losses=2`; its expectations are then dropped; repeatable
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub settings: Vec<String>,

    /// Whole ticks of 1/K: every duration is multiplied, and delays are whole ticks instead of any real time;
    /// expectations are then dropped
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=16))]
    pub scale: u32,
}

/// The amount of text in the human-readable report.
#[derive(Debug, Args)]
pub struct DetailArgs {
    /// Print only what keeps the gate from passing, and the total; no progress
    #[arg(short, long, conflicts_with = "verbose")]
    pub quiet: bool,

    /// Print each instance's verdict, each scenario's `about`, and the memory and speed of its exploration.
    /// Without this, a named scenario has a verdict for each property; if none is named, a scenario that passes
    /// has one line
    #[arg(short, long)]
    pub verbose: bool,
}

/// Limits of an exploration.
#[derive(Debug, Args)]
pub struct LimitArgs {
    /// Stop each exploration after this many expanded states, or zones found in real time; verdicts not decided by
    /// then are `undecided`
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_states: Option<u64>,

    /// Stop when all explorations together would take more memory than this, as in 500MiB or 8GiB [default: nine
    /// tenths of the available memory]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub max_memory: Option<usize>,

    /// Stop after this time, as in 500ms, 1m30s, or 30 for 30s; verdicts not decided by then are `undecided`
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,
}

impl LimitArgs {
    /// What is not given is as the configuration has it.
    pub(super) fn add(&mut self, configuration: &Configuration) {
        self.max_states = self.max_states.or(configuration.max_states);
        self.max_memory = self.max_memory.or(configuration.max_memory);
        self.timeout = self.timeout.or(configuration.timeout);
    }
}

/// Folders of a user's own files.
#[derive(Debug, Args)]
pub struct LibraryArgs {
    /// Add the properties of a folder, or of one file; repeatable
    #[arg(long = "properties", value_name = "DIR")]
    pub property_folders: Vec<PathBuf>,

    /// Add the scenarios of a folder, or of one file; repeatable
    #[arg(long = "scenarios", value_name = "DIR")]
    pub scenario_folders: Vec<PathBuf>,

    /// Add the policies of a folder; repeatable
    #[arg(long = "policies", value_name = "DIR")]
    pub policy_folders: Vec<PathBuf>,
}

impl LibraryArgs {
    /// Adds what the configuration has.
    pub(super) fn add(&mut self, configuration: &Configuration) {
        add_paths(&mut self.scenario_folders, &configuration.scenarios);
        add_paths(&mut self.property_folders, &configuration.properties);
        add_paths(&mut self.policy_folders, &configuration.policies);
    }
}

/// Puts the configured paths before those that are given, without what is given, too.
pub(super) fn add_paths(given: &mut Vec<PathBuf>, configured: &[PathBuf]) {
    let real = |path: &PathBuf| fs::canonicalize(path).unwrap_or_else(|_| path.clone());
    let known: Vec<PathBuf> = given.iter().map(real).collect();
    given.splice(..0, configured.iter().filter(|path| !known.contains(&real(path))).cloned());
}
