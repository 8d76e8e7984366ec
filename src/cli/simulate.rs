//! The arguments of `simulate`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::common::{LibraryArgs, WorldArgs};
use super::values::format_of;
use crate::configuration::duration;
use crate::report::trace::TraceFormat;

/// What stands below the help of `simulate`.
pub(super) const HELP: &str = "\
Examples:
  lastack simulate data-in-flight --set network.losses=5 --set a.sends=4
  lastack simulate two-losses -p no-premature-closed@A --seed 7 --runs 100000
  lastack simulate one-msl -p no-premature-closed --format svg -o found.svg

Exit codes:
  0  no run has violated anything, which proves nothing
  1  a property is violated
  2  the command line or a file is wrong, or the end came before all runs";

/// Arguments of `simulate`.
#[derive(Debug, Args)]
pub struct SimulateArgs {
    /// The scenario, by its name or file
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,

    /// Look only at this property, by its name or file, or one of its two instances, as in
    /// `no-premature-closed@A`; repeatable
    #[arg(short, long = "property", value_name = "NAME")]
    pub properties: Vec<String>,

    /// What all randomness comes from: the same seed gives the same runs, on any number of threads
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,

    /// Number of runs
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub runs: u64,

    /// Give a run up after so many events
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub events: u32,

    /// Count how often each action, each transition of an endpoint and each premise of a property was taken
    #[arg(long)]
    pub coverage: bool,

    /// The format of the counterexample that is shown [default: that of FILE by its suffix, as in `one.svg`; else
    /// text]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<TraceFormat>,

    /// Write the counterexample to FILE (atomically)
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Changes of the world.
    #[command(flatten)]
    pub world: WorldArgs,

    /// Number of threads [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// Stop after this time, as in 500ms, 1m30s, or 30 for 30s
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,

    /// Files besides those that are compiled in.
    #[command(flatten)]
    pub library: LibraryArgs,
}

impl SimulateArgs {
    /// The format that is asked for, or that of the file by its name.
    #[must_use]
    pub fn format(&self) -> TraceFormat {
        self.format.or_else(|| format_of(self.output.as_deref()?)).unwrap_or(TraceFormat::Text)
    }
}
