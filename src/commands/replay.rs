//! `lastack replay`

use super::{print, write_stdout};
use crate::capture::{Capture, Closing};
use crate::check::Passed;
use crate::cli::{DocumentFormat, ReplayArgs};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::report::terminal::Terminal;
use crate::report::{replay, replay_json};
use crate::source::open;

/// Explains how the connections of a capture were closed.
pub fn run(args: &ReplayArgs) -> Result<Passed, Diagnostics> {
    let name = args.file.display().to_string();
    let capture = Capture::read(open(&args.file)?);
    let closings: Vec<Closing> = capture.connections.iter().map(|one| Closing::of(one, capture.end)).collect();
    match args.format {
        DocumentFormat::Human => print(&replay::human(&capture, &closings, Terminal::of_stdout()))?,
        DocumentFormat::Json => write_stdout(replay_json::report(&name, &capture, &closings).as_bytes())?,
    }
    let mistakes = capture.mistakes().into_iter().map(|what| Diagnostic::new(format!("`{name}`: {what}")));
    Diagnostics(mistakes.collect()).or(closings.iter().map(passed).max().unwrap_or(Passed::Yes))
}

fn passed(closing: &Closing) -> Passed {
    match closing.is_explained() {
        true => Passed::Yes,
        false if closing.is_cut_short() => Passed::Undecided,
        false => Passed::No,
    }
}
