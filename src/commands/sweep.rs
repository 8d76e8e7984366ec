//! `lastack sweep`

use std::io::Write;
use std::slice;

use super::limits::{limits, threads};
use super::selection::{Selection, one};
use crate::cli::SweepArgs;
use crate::diagnostic::{Diagnostics, SourceFile};
use crate::process::exit::ExitStatus;
use crate::process::journal::Journal;
use crate::process::output::{Output, print, written_once};
use crate::process::tally::TallyBar;
use crate::report::sweep::{SweepFormat, human};
use crate::report::terminal::Terminal;
use crate::sweep::{DecideOptions, Part, Plan, Request, Results, SweepOutcome, decide};

/// Decides a property in every world of a scenario whose keys are varied.
///
/// # Errors
/// A mistake in the command line or in a file, or output that cannot be written.
pub fn run(args: &SweepArgs) -> Result<ExitStatus, Diagnostics> {
    let selection =
        Selection::read(&args.library, slice::from_ref(&args.scenario), slice::from_ref(&args.property))?;
    let request = Request {
        scenario: one(&selection.scenarios, "scenario", &args.scenario)?,
        property: one(&selection.properties, "property", &args.property)?,
        settings: &args.world.settings,
        scale: args.world.scale,
        vary: &args.vary,
        least: args.least.as_deref(),
        steps: args.steps,
        max_states: args.limits.max_states,
        part: args.partition.unwrap_or(Part::WHOLE),
    };
    let plan = Plan::new(&selection.library, &request)?;
    let output = args.output.as_deref().map(Output::new).transpose()?;
    written_once(args.output.as_deref().into_iter().chain(args.resume.as_deref()))?;
    let (mut journal, mut results) = taken_up(args, &plan)?;

    let threads = threads(args.threads.map(usize::from));
    let options = DecideOptions { threads, limits: limits(&args.limits, threads) };
    let of_rows = |rows: Vec<Vec<usize>>| rows.iter().map(Vec::len).sum::<usize>();
    let (all, open) = (of_rows(plan.head.own_rows()), of_rows(plan.head.open_rows(&results.known)));
    let bar = TallyBar::on_stderr(all, all - open, "worlds");
    let mut record = |line: &str| journal.as_mut().map_or(Ok(()), |journal| journal.add(line));
    let stopped = decide(&plan, &mut results, options, &mut record, &|worlds| bar.add(worlds));
    bar.finish();
    let stopped = stopped?;
    if let Some(journal) = journal.filter(|_| stopped.is_none()) {
        // In the order of the worlds, whatever the order was in which they were decided.
        journal.end(&results.text())?;
    }
    report(args, &plan, &results, output.as_ref())?;
    if let Some(why) = stopped {
        let help = if args.resume.is_some() {
            "the same command goes on from here"
        } else {
            "`--resume FILE` would keep results"
        };
        print(&format!("not explored to the end: {why}; {help}\n"))?;
    }
    Ok(SweepOutcome::of(&results).into())
}

impl From<SweepOutcome> for ExitStatus {
    fn from(outcome: SweepOutcome) -> Self {
        match outcome {
            SweepOutcome::Holds => Self::Success,
            SweepOutcome::Undecided | SweepOutcome::Unfinished => Self::Undecided,
            SweepOutcome::Violated => Self::Failure,
        }
    }
}

/// The file that results are kept in, if there is one, and what it has already.
fn taken_up(args: &SweepArgs, plan: &Plan) -> Result<(Option<Journal>, Results), Diagnostics> {
    let none = Results::none(plan.head.clone());
    let Some(path) = &args.resume else {
        return Ok((None, none));
    };
    let mut journal = Journal::open(path)?;
    let mut results = none;
    if !journal.text().is_empty() {
        let source = SourceFile::new(path.display().to_string(), journal.text());
        let kept = Results::parse(&source)?;
        kept.belong_to(&plan.head, &source)?;
        results = kept;
    }
    journal.begin(&results.first_line())?;
    Ok((Some(journal), results))
}

/// Writes the report: the format to the file, or to stdout; with a file, the table to stdout. What is rounded
/// stands in the table, or goes to stderr.
fn report(args: &SweepArgs, plan: &Plan, results: &Results, output: Option<&Output>) -> Result<(), Diagnostics> {
    let rounded = human::rounded(plan);
    let table = |terminal| human::report(results, rounded.as_deref(), terminal);
    if args.format() == SweepFormat::Human || output.is_some() {
        print(&table(Terminal::of_stdout()))?;
    } else if let Some(rounded) = &rounded {
        // If stderr is gone, there is nowhere left to write.
        let _ = writeln!(anstream::stderr(), "rounded: {rounded}");
    }
    let unstyled = || anstream::adapter::strip_str(&table(Terminal::PLAIN)).to_string();
    match (output, args.format().document(results)) {
        (Some(file), document) => file.write(document.unwrap_or_else(unstyled).as_bytes()),
        (None, Some(document)) => print(&document),
        (None, None) => Ok(()),
    }
}
