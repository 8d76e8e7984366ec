//! The arguments of `check`.

use std::path::PathBuf;

use clap::Args;

use super::common::{DetailArgs, LibraryArgs, LimitArgs, WorldArgs};
use super::values::further_report;
use crate::configuration::Configuration;
use crate::report::check::Format;
use crate::sweep::Part;

/// What stands below the help of `check`.
pub(super) const HELP: &str = "\
Examples:
  lastack check                                                            the gate: all scenarios
  lastack check one-msl -p no-premature-closed                             one question
  lastack check sequential --set network.losses=2                          a changed world
  lastack check --own --scenarios my-scenarios --report junit=lastack.xml  in a CI

Exit codes:
  0  every verdict is the expected one
  1  some verdict is not
  2  the command line or a file is wrong, nothing was selected, or a verdict is undecided
Ctrl-C, SIGTERM and SIGHUP leave verdicts undecided. If the reader of its output goes away, SIGPIPE ends it.";

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Scenarios to check, each by its name or by the path of its file; of a folder, all [default: all, but for
    /// those that lack a field that is set]
    #[arg(value_name = "SCENARIO")]
    pub scenarios: Vec<String>,

    /// Check only the scenarios of the folders given with --scenarios
    #[arg(long, requires = "scenario_folders", conflicts_with = "scenarios")]
    pub own: bool,

    /// Check only this property, by its name or file, or one of its two instances, as in `no-premature-closed@A`;
    /// repeatable
    #[arg(short, long = "property", value_name = "NAME")]
    pub properties: Vec<String>,

    /// Changes of the world.
    #[command(flatten)]
    pub world: WorldArgs,

    /// Number of threads: as many scenarios are explored at once; if there are fewer scenarios, each on several
    /// threads [default: one a core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// Limits of the exploration.
    #[command(flatten)]
    pub limits: LimitArgs,

    /// Check only the part with this number of so many: of the scenarios, each OF-th; `merge` puts JSON reports
    /// together
    #[arg(long, value_name = "NUMBER/OF")]
    pub partition: Option<Part>,

    /// Get second opinions (stateright's checker, whole ticks, the world of closed delays), and fail if one
    /// differs
    #[arg(long)]
    pub cross_check: bool,

    /// Count how often each action, each transition of an endpoint and each premise of a property was taken
    #[arg(long)]
    pub coverage: bool,

    /// The format of the report
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: Format,

    /// Write the report to FILE (atomically); the terminal still gets the human-readable report
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Write another report as well, as in junit=lastack.xml; repeatable
    #[arg(long = "report", value_name = "FORMAT=FILE", value_parser = further_report)]
    pub further_reports: Vec<(Format, PathBuf)>,

    /// The amount of text in the human-readable report.
    #[command(flatten)]
    pub detail: DetailArgs,

    /// Files besides those that are compiled in.
    #[command(flatten)]
    pub library: LibraryArgs,

    /// What the project's file has set.
    #[arg(skip)]
    pub configuration: Option<Configuration>,
}
