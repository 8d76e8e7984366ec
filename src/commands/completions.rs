//! `lastack completions`

use clap::CommandFactory;
use clap_complete::generate;

use crate::cli::{Cli, CompletionsArgs};
use crate::diagnostic::Diagnostics;
use crate::process::exit::ExitStatus;
use crate::process::output::write_stdout;

/// Writes the script of a shell.
///
/// # Errors
/// Output that cannot be written.
pub fn run(args: &CompletionsArgs) -> Result<ExitStatus, Diagnostics> {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "lastack", &mut script);
    write_stdout(&script)?;
    Ok(ExitStatus::Success)
}
