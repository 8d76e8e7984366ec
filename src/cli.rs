//! The command line.

mod common;
mod help;
mod simulate;
mod step;
mod sweep;
mod values;

pub use common::{DetailArgs, LibraryArgs, LimitArgs, WorldArgs};
pub use simulate::SimulateArgs;
pub use step::StepArgs;
pub use sweep::{MergeArgs, SweepArgs};

use std::net::{IpAddr, SocketAddr};
use std::num::NonZero;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use self::common::add_paths;
use self::values::{Since, address, further_report, kind, nth, since, transition};
use crate::capture::FindingKind;
use crate::configuration::Configuration;
use crate::diagnostic::Diagnostics;
use crate::realtime::AvoidedTransition;
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
    /// Follow random runs of a scenario that is too large to be explored
    #[command(after_help = simulate::HELP)]
    Simulate(SimulateArgs),
    /// Decide a property in every world of a scenario whose keys are varied
    #[command(after_help = sweep::SWEEP_HELP)]
    Sweep(Box<SweepArgs>),
    /// Put the parts of a sweep, or of a check, together that were made with --partition
    #[command(after_help = sweep::MERGE_HELP)]
    Merge(MergeArgs),
    /// Browse a scenario: its verdicts, the run that shows each, and its world, to be walked through step by step
    #[command(after_help = help::EXPLORE)]
    Explore(ExploreArgs),
    /// Walk through a scenario by hand: the state, what may happen, choose, undo, go on from a counterexample
    #[command(after_help = step::HELP)]
    Step(StepArgs),
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
            Self::Simulate(args) => {
                args.threads = args.threads.or(configuration.threads);
                args.timeout = args.timeout.or(configuration.timeout);
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
            Self::Step(args) => {
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

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The scenario, by its name or file
    #[arg(value_name = "SCENARIO", required_unless_present = "replay")]
    pub scenario: Option<String>,

    /// The property, by its name or file, or one of its two instances, as in `no-premature-closed@A`
    #[arg(value_name = "PROPERTY", required_unless_present = "replay")]
    pub property: Option<String>,

    /// Show the one with this number by length: each is another than those before it in what some end does
    #[arg(long, value_name = "N", value_parser = nth())]
    pub nth: Option<NonZero<u16>>,

    /// Show one in which no end, or not this one, goes from one state to the other, as in `FIN_WAIT_1:CLOSING` or
    /// `FIN_WAIT_1:CLOSING@A`; repeatable
    #[arg(long, value_name = "FROM:TO[@END]", value_parser = transition)]
    pub avoid: Vec<AvoidedTransition>,

    /// Replay a trace that was saved as JSON or ITF on today's model, and say at which step they part
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scenario", "property", "nth", "avoid", "settings", "scale"])]
    pub replay: Option<PathBuf>,

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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
