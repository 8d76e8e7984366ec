//! One file a subcommand: it puts the parts together and has no logic of its own.

pub mod check;
pub mod conform;
pub mod explore;
pub mod list;
mod output;
pub mod replay;
pub mod show;

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use sysinfo::System;

use crate::check::{Library, Limits, Passed};
use crate::cli::{LibraryArgs, LimitArgs, WorldArgs};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::world::Setting;

/// Set by the first Ctrl-C; the exploration then ends, and says so.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// The exit code of a run, after its diagnostics were written to stderr.
#[must_use]
pub fn exit_code(result: Result<Passed, Diagnostics>) -> ExitCode {
    match result {
        Ok(Passed::Yes) => ExitCode::SUCCESS,
        Ok(Passed::No) => ExitCode::from(1),
        Ok(Passed::Undecided) => ExitCode::from(2),
        Err(mistakes) => {
            // Nobody is left to be told if stderr is gone.
            let _ = writeln!(anstream::stderr(), "{}", mistakes.render(true));
            ExitCode::from(2)
        }
    }
}

fn library(args: &LibraryArgs) -> Result<Library, Diagnostics> {
    Library::read(&args.property_folders, &args.scenario_folders)
}

fn settings(args: &WorldArgs) -> Result<Vec<Setting>, Diagnostics> {
    let mut mistakes = Diagnostics::default();
    let mut settings = Vec::new();
    for text in &args.settings {
        match Setting::parse(text) {
            Ok(setting) => settings.push(setting),
            Err(more) => mistakes.0.extend(more.0),
        }
    }
    mistakes.or(settings)
}

/// The limits, from now on; the first Ctrl-C becomes one, the second ends the process at once.
fn limits(args: &LimitArgs) -> Limits<'static> {
    // Without a handler, Ctrl-C still ends the process.
    let _ = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(2);
        }
    });
    Limits {
        max_states: args.max_states.map(|states| usize::try_from(states).unwrap_or(usize::MAX)),
        max_memory: args.max_memory.or_else(|| available_memory().map(|available| available / 10 * 9)),
        deadline: args.timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
        interrupted: &INTERRUPTED,
    }
}

/// Whether there was a Ctrl-C.
fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// How much memory this process could still take, in bytes, as far as the system says.
fn available_memory() -> Option<usize> {
    let mut system = System::new().ok()?;
    system.refresh_memory();
    let within_group = system.cgroup_limits().map_or(u64::MAX, |limits| limits.free_memory);
    let available = system.available_memory().min(within_group);
    usize::try_from(available).ok().filter(|available| *available > 0)
}

/// Writes for people to stdout, in colours where it wants them.
fn print(text: &str) -> Result<(), Diagnostics> {
    written(anstream::stdout().write_all(text.as_bytes()))
}

/// Writes to stdout what is for programs.
fn write_stdout(bytes: &[u8]) -> Result<(), Diagnostics> {
    written(io::stdout().write_all(bytes))
}

/// A reader that has gone away is no error: the exit code still tells the verdict.
fn written(result: io::Result<()>) -> Result<(), Diagnostics> {
    match result.and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Diagnostic::new(format!("cannot write to stdout: {error}")).into())
        }
        _ => Ok(()),
    }
}
