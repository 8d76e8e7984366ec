//! One file a subcommand: it puts the parts together and has no logic of its own.

pub mod check;
pub mod conform;
pub mod explore;
pub mod list;
mod memory;
mod output;
mod progress;
pub mod replay;
mod selection;
pub mod show;
mod signals;

use std::io::{self, Write};
use std::num::NonZero;
use std::process::ExitCode;
use std::thread;
use std::time::Instant;

use crate::check::Passed;
use crate::cli::{LimitArgs, WorldArgs};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::explore::Limits;
use crate::world::Setting;

use self::signals::{interrupted, interruption};

/// The exit code of a command line that is no command, or that asks for help; that is written.
#[must_use]
pub fn not_run(why: &clap::Error) -> ExitCode {
    if why.use_stderr() {
        // Nobody is left to be told if stderr is gone.
        let _ = why.print();
        return ExitCode::from(2);
    }
    exit_code(print(&why.render().ansi().to_string()).map(|()| Passed::Yes))
}

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

fn settings(args: &WorldArgs) -> Result<Vec<Setting>, Diagnostics> {
    Setting::parse_all(&args.settings)
}

/// The limits of so many threads, from now on; the first Ctrl-C becomes one, the second ends the process at once.
fn limits(args: &LimitArgs, threads: usize) -> Limits<'static> {
    let wanted = args.max_memory.or_else(|| memory::available().map(nine_tenths));
    // What is not allowed cannot be had, whoever wants it.
    let allowed = memory::allowed(threads).map(nine_tenths);
    Limits {
        max_states: args.max_states.map(|states| usize::try_from(states).unwrap_or(usize::MAX)),
        max_memory: wanted.into_iter().chain(allowed).min(),
        deadline: args.timeout.and_then(|timeout| Instant::now().checked_add(timeout)),
        interrupted: interruption(),
    }
}

fn nine_tenths(bytes: usize) -> usize {
    bytes / 10 * 9
}

/// How many threads there are to be, of so many that were asked for or one a core: fewer where their memory is not
/// allowed.
fn threads(asked: Option<usize>) -> usize {
    let cores = || thread::available_parallelism().map_or(1, NonZero::get);
    asked.unwrap_or_else(cores).min(memory::most_threads())
}

/// Writes for people to stdout, in colours where it wants them.
fn print(text: &str) -> Result<(), Diagnostics> {
    written(anstream::stdout().write_all(text.as_bytes()))
}

/// Writes to stdout what is for programs.
fn write_stdout(bytes: &[u8]) -> Result<(), Diagnostics> {
    written(io::stdout().write_all(bytes))
}

/// A reader that has gone away ends the process: nobody must take for a success what nobody has read.
fn written(result: io::Result<()>) -> Result<(), Diagnostics> {
    match result.and_then(|()| io::stdout().flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => signals::end_by_closed_pipe(),
        Err(error) => Err(Diagnostic::new(format!("cannot write to stdout: {error}")).into()),
    }
}
