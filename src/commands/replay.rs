//! `lastack replay`

use std::io::Read;
use std::path::Path;

use crate::capture::{Capture, Finding, Selection, findings};
use crate::cli::ReplayArgs;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::process::exit::ExitStatus;
use crate::process::output::print;
use crate::report::capture::human::Listing;
use crate::report::terminal::Terminal;
use crate::source::open_stream;

/// Explains how the connections of a capture were closed.
///
/// # Errors
/// A mistake in the command line or in the capture, or output that cannot be written.
pub fn run(args: &ReplayArgs) -> Result<ExitStatus, Diagnostics> {
    let name = args.file.display().to_string();
    let capture = Capture::read(stream(&args.file)?);
    let selection =
        Selection { ports: args.ports.clone(), hosts: args.hosts.clone(), since: args.since.map(|since| since.0) };
    if let Some(number) = args.connection {
        return draw(args, &name, &capture, number);
    }
    let findings = findings(&capture, &selection);
    let listing = Listing { verbose: args.verbose, only: args.only.clone() };
    print(&args.format.report(&name, &capture, &findings, &listing, Terminal::of_stdout()))?;
    let mut mistakes = capture.mistakes();
    if findings.is_empty() && !capture.connections.is_empty() {
        mistakes.push("no connection has these ends, or lasts as long".to_owned());
    }
    let mistakes = mistakes.into_iter().map(|what| Diagnostic::new(format!("`{name}`: {what}")));
    Diagnostics(mistakes.collect()).or(findings.iter().map(passed).max().unwrap_or(ExitStatus::Success))
}

/// Draws one connection.
fn draw(args: &ReplayArgs, name: &str, capture: &Capture, number: u32) -> Result<ExitStatus, Diagnostics> {
    let number = usize::try_from(number).unwrap_or(usize::MAX);
    let Some(finding) = Finding::of(capture, number) else {
        let all = capture.connections.len();
        let mistakes = capture.mistakes().into_iter().map(|what| Diagnostic::new(format!("`{name}`: {what}")));
        let missing = Diagnostic::new(format!("`{name}`: there is no connection {number}, only {all}"));
        return Err(Diagnostics(mistakes.chain([missing]).collect()));
    };
    print(&args.format.drawing(name, capture, &finding, Terminal::of_stdout()))?;
    Ok(passed(&finding))
}

/// The file, or standard input. In `tcpdump -w - | lastack replay -`, Ctrl-C ends the capture, and what was
/// captured is read to its end; the second ends this process.
fn stream(file: &Path) -> Result<Box<dyn Read + Send>, Diagnostic> {
    if file == Path::new("-") {
        // The flag is not read; but with a handler the signal does not end the process.
        let _ = crate::process::signals::interruption();
    }
    open_stream(file)
}

fn passed(finding: &Finding) -> ExitStatus {
    match &finding.diagnosis {
        diagnosis if diagnosis.is_explained() => ExitStatus::Success,
        diagnosis if diagnosis.is_cut_short() => ExitStatus::Undecided,
        _ => ExitStatus::Failure,
    }
}
