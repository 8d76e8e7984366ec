//! The command line.

mod check;
mod common;
mod completions;
mod conform;
mod explore;
mod list;
mod merge;
mod replay;
mod show;
mod simulate;
mod step;
mod sweep;
mod values;

pub use check::CheckArgs;
pub use common::{DetailArgs, LibraryArgs, LimitArgs, WorldArgs};
pub use completions::CompletionsArgs;
pub use conform::ConformArgs;
pub use explore::ExploreArgs;
pub use list::ListArgs;
pub use merge::MergeArgs;
pub use replay::ReplayArgs;
pub use show::ShowArgs;
pub use simulate::SimulateArgs;
pub use step::StepArgs;
pub use sweep::SweepArgs;

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

use self::common::add_paths;
use crate::configuration::Configuration;
use crate::diagnostic::Diagnostics;
use crate::report::check::Format;

/// What stands below the help of `lastack` itself.
const HELP: &str = "\
Exit codes of check; the others have their own, which their --help lists:
  0  every verdict is the expected one
  1  some verdict is not
  2  the command line or a file is wrong, nothing was selected, or a verdict is undecided";

/// A model checker for one protocol: how TCP closes a connection
#[derive(Debug, Parser)]
#[command(version, after_help = HELP, max_term_width = 100)]
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
        // Nothing is set for some commands, and a mistake in the file keeps none of these from running.
        if self.command.has_no_configuration() {
            return Ok(self.command);
        }
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
    #[command(after_help = check::HELP)]
    Check(CheckArgs),
    /// Draw the shortest counterexample of a property in a scenario, or its shortest example if it is possible
    #[command(after_help = show::HELP)]
    Show(ShowArgs),
    /// Follow random runs of a scenario that is too large to be explored
    #[command(after_help = simulate::HELP)]
    Simulate(SimulateArgs),
    /// Decide a property in every world of a scenario whose keys are varied
    #[command(after_help = sweep::HELP)]
    Sweep(Box<SweepArgs>),
    /// Put the parts of a sweep, or of a check, together that were made with --partition
    #[command(after_help = merge::HELP)]
    Merge(MergeArgs),
    /// Browse a scenario: its verdicts, the run that shows each, and its world, to be walked through step by step
    #[command(after_help = explore::HELP)]
    Explore(ExploreArgs),
    /// Walk through a scenario by hand: the state, what may happen, choose, undo, go on from a counterexample
    #[command(after_help = step::HELP)]
    Step(StepArgs),
    /// Compare the endpoint with other TCPs: recorded cases, or the running kernel
    #[command(after_help = conform::HELP)]
    Conform(ConformArgs),
    /// Explain how the connections in a capture were closed, and diagnose those that were not
    #[command(after_help = replay::HELP)]
    Replay(ReplayArgs),
    /// List scenarios, properties and policies, the fields of a policy, or the vocabulary of formulas
    #[command(after_help = list::HELP)]
    List(ListArgs),
    /// Write a script that completes the command line in a shell
    #[command(after_help = completions::HELP)]
    Completions(CompletionsArgs),
}

impl Command {
    /// It is a check whose report is annotations on stdout: so its mistakes are, too.
    #[must_use]
    pub fn annotates(&self) -> bool {
        matches!(self, Self::Check(args) if args.format == Format::Github && args.output.is_none())
    }

    fn has_no_configuration(&self) -> bool {
        matches!(self, Self::Replay(_) | Self::Merge(_) | Self::Completions(_))
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
