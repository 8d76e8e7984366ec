//! The arguments of `sweep`.

use std::path::PathBuf;

use clap::Args;

use super::common::{LibraryArgs, LimitArgs, WorldArgs};
use super::values::format_of;
use crate::report::sweep::SweepFormat;
use crate::sweep::Part;

/// What stands below the help of `sweep`.
pub(super) const HELP: &str = "\
Examples:
  lastack sweep sequential -p no-premature-closed@A --vary tcp.time_wait=0..8 --vary network.losses=0..3
  lastack sweep sequential -p no-premature-closed@A --vary tcp.rto=1..4 --vary network.losses=0..3 \\
      --vary tcp.time_wait=0..16 --least tcp.time_wait --format svg -o least.svg
  lastack sweep data-in-flight -p both-close --vary a.sends=0..3 --vary b.sends=0..3 --resume sends.jsonl

Exit codes:
  0  nothing is violated; with --least: each row has a least value
  1  something is violated; with --least: some row has no value that holds
  2  the command line or a file is wrong, something is undecided, or the sweep did not end
--resume continues with the worlds that Ctrl-C, SIGTERM, SIGHUP or --timeout left undecided.";

/// Arguments of `sweep`.
#[derive(Debug, Args)]
pub struct SweepArgs {
    /// The scenario, by its name or file
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,

    /// The property, by its name or file, or one of its two instances, as in `no-premature-closed@A`
    #[arg(short, long, value_name = "NAME")]
    pub property: String,

    /// A key of the scenario, as for --set, and its values: numbers as in `0..12` (both ends are in it), `0..12/2`
    /// (every second) or `1..4 msl`, and lists as in `1,2,5` or `any-time,never`; repeatable. Each combination is
    /// a world
    #[arg(long, value_name = "KEY=VALUES", required = true)]
    pub vary: Vec<String>,

    /// Find the least value of this key that holds, for each combination of the others: by bisection where the
    /// verdicts allow it, and then each lesser value is shown to be violated
    #[arg(long, value_name = "KEY")]
    pub least: Option<String>,

    /// Count the steps of the shortest counterexample, or example, of each world (CSV and JSON have them)
    #[arg(long)]
    pub steps: bool,

    /// Keep each result in FILE as soon as it is known, and take up what FILE has already
    #[arg(long, value_name = "FILE")]
    pub resume: Option<PathBuf>,

    /// Decide only the part with this number, of so many; `merge` puts them together
    #[arg(long, value_name = "NUMBER/OF")]
    pub partition: Option<Part>,

    /// The format of the report [default: that of FILE by its suffix, as in `one.svg`; else human]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<SweepFormat>,

    /// Write the report to FILE (atomically); the terminal still gets the table
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Changes of every world.
    #[command(flatten)]
    pub world: WorldArgs,

    /// Number of threads: as many worlds, or rows of --least, are explored at once [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// Limits of the exploration.
    #[command(flatten)]
    pub limits: LimitArgs,

    /// Files besides those that are compiled in.
    #[command(flatten)]
    pub library: LibraryArgs,
}

impl SweepArgs {
    /// The format that is asked for, or that of the file by its name.
    #[must_use]
    pub fn format(&self) -> SweepFormat {
        self.format.or_else(|| format_of(self.output.as_deref()?)).unwrap_or(SweepFormat::Human)
    }
}
