//! The command `lastack`: parse, run, exit code.

use std::env;
use std::process::ExitCode;

use clap::Parser;
use lastack::cli::{Cli, Command};
use lastack::commands::{check, completions, conform, explore, list, merge, replay, show, simulate, step, sweep};
use lastack::diagnostic::Diagnostics;
use lastack::process::exit::{ExitStatus, exit_code, not_run};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(why) => return not_run(&why),
    };
    // Without a working folder there is none to look in.
    let folder = env::current_dir().unwrap_or_default();
    let annotates = cli.command.annotates();
    let result = cli.configured(&folder).and_then(|command| run(&command));
    if let Err(mistakes) = &result
        && annotates
    {
        check::annotate(mistakes);
    }
    exit_code(result)
}

fn run(command: &Command) -> Result<ExitStatus, Diagnostics> {
    match command {
        Command::Check(args) => check::run(args),
        Command::Show(args) => show::run(args),
        Command::Simulate(args) => simulate::run(args),
        Command::Sweep(args) => sweep::run(args),
        Command::Merge(args) => merge::run(args),
        Command::Explore(args) => explore::run(args),
        Command::Replay(args) => replay::run(args),
        Command::List(args) => list::run(args),
        Command::Step(args) => step::run(args),
        Command::Conform(args) => conform::run(args),
        Command::Completions(args) => completions::run(args),
    }
}
