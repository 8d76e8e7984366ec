//! How a run of the program ends.

use std::io::Write;
use std::process::ExitCode;

use super::output::print;
use crate::diagnostic::Diagnostics;

/// How a command ended, unless a mistake kept it from running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExitStatus {
    /// 0: everything is as expected.
    Success,
    /// 2: something is undecided, or not known.
    Undecided,
    /// 1: something is not as expected.
    Failure,
}

/// Writes the mistake in a command line, or the help that it asks for, and returns the exit code.
#[must_use]
pub fn not_run(why: &clap::Error) -> ExitCode {
    if why.use_stderr() {
        // If stderr is gone, there is nowhere left to write.
        let _ = why.print();
        return ExitCode::from(2);
    }
    exit_code(print(&why.render().ansi().to_string()).map(|()| ExitStatus::Success))
}

/// The exit code of a run, after its diagnostics were written to stderr.
#[must_use]
pub fn exit_code(result: Result<ExitStatus, Diagnostics>) -> ExitCode {
    match result {
        Ok(ExitStatus::Success) => ExitCode::SUCCESS,
        Ok(ExitStatus::Failure) => ExitCode::from(1),
        Ok(ExitStatus::Undecided) => ExitCode::from(2),
        Err(mistakes) => {
            // If stderr is gone, there is nowhere left to write.
            let _ = writeln!(anstream::stderr(), "{}", mistakes.render(true));
            ExitCode::from(2)
        }
    }
}
