//! `lastack merge`

use std::path::Path;
use std::sync::Arc;

use crate::cli::MergeArgs;
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile};
use crate::process::exit::ExitStatus;
use crate::process::journal::read_results;
use crate::process::output::{Output, print};
use crate::report::check::merge::{MergedReport, is_report, merged_reports};
use crate::report::sweep::human;
use crate::report::terminal::Terminal;
use crate::sweep::{Results, SweepOutcome, merged};

/// Puts parts together.
///
/// # Errors
/// Files that are none, or do not belong together; output that cannot be written.
pub fn run(args: &MergeArgs) -> Result<ExitStatus, Diagnostics> {
    let output = args.output.as_deref().map(Output::new).transpose()?;
    let sources = read(&args.files)?;
    let write = |text: &str| match &output {
        Some(output) => output.write(text.as_bytes()),
        None => print(text),
    };
    if sources.iter().any(|source| is_report(&source.text)) {
        if args.format.is_some() {
            let mistake = Diagnostic::new("a report of `check` stays JSON");
            return Err(mistake.help("`--format` is for the results of `sweep`").into());
        }
        let MergedReport { text, exit } = merged_reports(&sources)?;
        write(&text)?;
        return Ok(exit.into());
    }
    let mut mistakes = Diagnostics::default();
    let mut parts = Vec::new();
    for source in sources {
        parts.extend(mistakes.take(Results::parse(&source)).map(|results| (source, results)));
    }
    let parts = mistakes.or(parts)?;
    let results = merged(&parts)?;
    let terminal = if output.is_some() { Terminal::PLAIN } else { Terminal::of_stdout() };
    let table = || {
        let table = human::report(&results, None, terminal);
        if output.is_some() { anstream::adapter::strip_str(&table).to_string() } else { table }
    };
    write(&args.format().document(&results).unwrap_or_else(table))?;
    Ok(SweepOutcome::of(&results).into())
}

fn read(files: &[impl AsRef<Path>]) -> Result<Vec<Arc<SourceFile>>, Diagnostics> {
    let mut mistakes = Diagnostics::default();
    let mut sources = Vec::new();
    for path in files.iter().map(AsRef::as_ref) {
        let text = mistakes.take(read_results(path));
        sources.extend(text.map(|text| SourceFile::new(path.display().to_string(), text)));
    }
    mistakes.or(sources)
}
