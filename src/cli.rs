//! The command line.

mod help;
mod sweep;
mod values;

pub use sweep::{MergeArgs, SweepArgs};

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use self::values::{Since, address, further_report, kind, since};
use crate::capture::FindingKind;
use crate::configuration::{Configuration, duration, size};
use crate::diagnostic::Diagnostics;
use crate::report::capture::ReplayFormat;
use crate::report::check::Format;
use crate::report::conform::DocumentFormat;
use crate::report::trace::TraceFormat;
use crate::sweep::Part;

/// A model checker for one protocol: how TCP closes a connection
#[derive(Debug, Parser)]
#[command(version, after_help = help::ALL, max_term_width = 100)]
pub struct Cli {
    /// Read this file instead of the nearest `lastack.toml`, from the working folder upwards
    #[arg(long, value_name = "FILE", global = true, help_heading = "Configuration")]
    pub config: Option<PathBuf>,

    /// Read no `lastack.toml`
    #[arg(long, global = true, conflicts_with = "config", help_heading = "Configuration")]
    pub no_config: bool,

    /// The subcommand.
    #[command(subcommand)]
    pub command: Command,
}

impl Cli {
    /// The command, with what the project's configuration says where the command line does not.
    ///
    /// # Errors
    /// A mistake in the configuration.
    pub fn configured(self, folder: &Path) -> Result<Command, Diagnostics> {
        let configuration = match self.config {
            Some(file) => Some(Configuration::read(&file)?),
            None if self.no_config => None,
            None => Configuration::of_folder(folder)?,
        };
        Ok(match configuration {
            Some(configuration) => self.command.configured(&configuration),
            None => self.command,
        })
    }
}

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Explore scenarios exhaustively and compare each verdict with the expected one
    #[command(after_help = help::CHECK)]
    Check(CheckArgs),
    /// Draw the shortest counterexample of a property in a scenario, or its shortest example if it is possible
    #[command(after_help = help::SHOW)]
    Show(ShowArgs),
    /// Decide a property in every world of a scenario whose keys are varied
    #[command(after_help = sweep::SWEEP_HELP)]
    Sweep(Box<SweepArgs>),
    /// Put the parts of a sweep, or of a check, together that were made with --partition
    #[command(after_help = sweep::MERGE_HELP)]
    Merge(MergeArgs),
    /// Browse a scenario step by step in stateright's web explorer, with a link to each counterexample and each
    /// example
    #[command(after_help = help::EXPLORE)]
    Explore(ExploreArgs),
    /// Compare the endpoint with other TCPs: recorded cases, or the running kernel
    #[command(after_help = help::CONFORM)]
    Conform(ConformArgs),
    /// Explain how the connections in a capture were closed, and diagnose those that were not
    #[command(after_help = help::REPLAY)]
    Replay(ReplayArgs),
    /// List scenarios, properties and policies, the fields of a policy, or the vocabulary of formulas
    #[command(after_help = help::LIST)]
    List(ListArgs),
    /// Write a script that completes the command line in a shell
    #[command(after_help = help::COMPLETIONS)]
    Completions(CompletionsArgs),
}

impl Command {
    fn configured(mut self, configuration: &Configuration) -> Self {
        match &mut self {
            Self::Check(args) => {
                args.own |= configuration.own && args.scenarios.is_empty();
                args.threads = args.threads.or(configuration.threads);
                args.limits.add(configuration);
                args.library.add(configuration);
                args.configuration = Some(configuration.clone());
            }
            Self::Show(args) => {
                args.limits.add(configuration);
                args.library.add(configuration);
            }
            Self::Sweep(args) => {
                args.threads = args.threads.or(configuration.threads);
                args.limits.add(configuration);
                args.library.add(configuration);
            }
            Self::Explore(args) => {
                args.limits.add(configuration);
                args.library.add(configuration);
            }
            Self::Conform(args) => add_paths(&mut args.policy_folders, &configuration.policies),
            Self::List(args) => args.library.add(configuration),
            Self::Replay(_) | Self::Merge(_) | Self::Completions(_) => {}
        }
        self
    }
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// Scenarios to check, each by its name or by the path of its file; of a folder, all [default: all]
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

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The scenario, by its name or file
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,

    /// The property, by its name or file, or one of its two instances, as in `no-premature-closed@A`
    #[arg(value_name = "PROPERTY")]
    pub property: String,

    /// Changes of the world.
    #[command(flatten)]
    pub world: WorldArgs,

    /// The format of the trace
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: TraceFormat,

    /// Write the trace to FILE (atomically)
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Limits of the exploration.
    #[command(flatten)]
    pub limits: LimitArgs,

    /// Files besides those that are compiled in.
    #[command(flatten)]
    pub library: LibraryArgs,
}

/// Arguments of `explore`.
#[derive(Debug, Args)]
pub struct ExploreArgs {
    /// The scenario, by its name or file
    #[arg(value_name = "SCENARIO")]
    pub scenario: String,

    /// List only this property, by its name or file, or one of its two instances, as in `no-premature-closed@A`;
    /// repeatable
    #[arg(short, long = "property", value_name = "NAME")]
    pub properties: Vec<String>,

    /// Address to listen at; port 0 is any that is free
    #[arg(long, value_name = "IP:PORT", default_value = "127.0.0.1:3000", value_parser = address)]
    pub address: SocketAddr,

    /// Allow an address that other computers can reach; anybody who can reach it can browse
    #[arg(long)]
    pub allow_remote: bool,

    /// Changes of the world.
    #[command(flatten)]
    pub world: WorldArgs,

    /// Limits of the exploration.
    #[command(flatten)]
    pub limits: LimitArgs,

    /// Files besides those that are compiled in.
    #[command(flatten)]
    pub library: LibraryArgs,
}

/// Arguments of `conform`.
#[derive(Debug, Args)]
pub struct ConformArgs {
    /// Files of recorded cases, or of rows of a transition table, one JSON object a line; `*.pkt` are packetdrill
    /// scripts
    #[arg(value_name = "FILE", required_unless_present = "kernel", conflicts_with = "kernel")]
    pub files: Vec<PathBuf>,

    /// The policy to replay all of them under [default: that of each case; of a row, linux]
    #[arg(long, value_name = "NAME", conflicts_with = "kernel")]
    pub policy: Option<String>,

    /// Add the policies of a folder; repeatable
    #[arg(long = "policies", value_name = "DIR", conflicts_with = "kernel")]
    pub policy_folders: Vec<PathBuf>,

    /// Show each step: the segments sent, the results of calls, the state, and the running timers
    #[arg(short = 'v', long, conflicts_with = "kernel")]
    pub trace: bool,

    /// Replay the cases that can be read even if others cannot; the exit code is 2 nevertheless
    #[arg(long, conflicts_with = "kernel")]
    pub keep_going: bool,

    /// The format of the report
    #[arg(long, value_name = "FORMAT", default_value = "human", conflicts_with = "kernel")]
    pub format: DocumentFormat,

    /// Drive the running kernel (Linux, as root) in a network namespace of its own, and compare its segments and
    /// states with the endpoint's
    #[arg(long)]
    pub kernel: bool,

    /// Write every packet to this file, in pcap's format
    #[arg(long, value_name = "FILE", requires = "kernel")]
    pub capture: Option<PathBuf>,

    /// Write the kernel's reactions on the paths that cover every transition to this file, as recorded cases,
    /// without those that differ
    #[arg(long, value_name = "FILE", requires = "kernel")]
    pub record: Option<PathBuf>,

    /// Number of random walks of each end of each world, besides the paths that cover every transition
    #[arg(long, value_name = "N", default_value_t = 5, requires = "kernel")]
    pub walks: u64,
}

/// Arguments of `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// List the vocabulary of formulas instead
    #[arg(long, conflicts_with = "policy")]
    pub vocabulary: bool,

    /// List the fields of a policy, with their sources
    #[arg(long, value_name = "NAME")]
    pub policy: Option<String>,

    /// Files besides those that are compiled in.
    #[command(flatten)]
    pub library: LibraryArgs,
}

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The capture, pcap or pcapng, compressed with gzip or not; `-` reads standard input
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    /// Show connections of these kinds only
    #[arg(long, value_name = "KIND,…", value_delimiter = ',', value_parser = kind())]
    pub only: Vec<FindingKind>,

    /// Look only at connections that have this port at either end; repeatable
    #[arg(long = "port", value_name = "PORT")]
    pub ports: Vec<u16>,

    /// Look only at connections that have this address at either end; repeatable
    #[arg(long = "host", value_name = "ADDRESS")]
    pub hosts: Vec<IpAddr>,

    /// Look only at connections with a packet this many seconds after the beginning of the capture, or later
    #[arg(long, value_name = "SECONDS", value_parser = since)]
    pub since: Option<Since>,

    /// Show every connection, in the order of their first packets
    #[arg(short, long)]
    pub verbose: bool,

    /// The format of the report
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    pub format: ReplayFormat,

    /// Draw this connection, by its number in the report; with `--format text`, which is then the default, or
    /// `svg`
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), required_if_eq_any([("format", "text"), ("format", "svg")]))]
    pub connection: Option<u32>,
}

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Changes of a scenario's world.
#[derive(Debug, Args)]
pub struct WorldArgs {
    /// Set a field of the scenario, as in `network.losses=2`; its expectations are then dropped; repeatable. If no
    /// scenario is named, those that have no such field are left out
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
    /// Stop each exploration after this many expanded states; verdicts not decided by then are `undecided`
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
    fn add(&mut self, configuration: &Configuration) {
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
    fn add(&mut self, configuration: &Configuration) {
        add_paths(&mut self.scenario_folders, &configuration.scenarios);
        add_paths(&mut self.property_folders, &configuration.properties);
        add_paths(&mut self.policy_folders, &configuration.policies);
    }
}

/// Puts the configured paths before those that are given, without what is given, too.
fn add_paths(given: &mut Vec<PathBuf>, configured: &[PathBuf]) {
    let real = |path: &PathBuf| fs::canonicalize(path).unwrap_or_else(|_| path.clone());
    let known: Vec<PathBuf> = given.iter().map(real).collect();
    given.splice(..0, configured.iter().filter(|path| !known.contains(&real(path))).cloned());
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
