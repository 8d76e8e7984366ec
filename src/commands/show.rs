//! `lastack show`

mod saved;

use std::io::{self, IsTerminal, Write};
use std::num::NonZero;
use std::slice;
use std::sync::Arc;

use super::limits::{limits, threads};
use super::selection::{Selection, one, properties_of};
use crate::check::{OtherTrace, ShortestTrace, other_trace, shortest_trace, validate_asked};
use crate::cli::ShowArgs;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::invariant::broken;
use crate::process::exit::ExitStatus;
use crate::process::output::Output;
use crate::process::output::{print, write_stdout};
use crate::property::Instance;
use crate::report::quantity::counted;
use crate::report::terminal::Terminal;
use crate::report::trace::{TraceFormat, ladder};
use crate::scenario::Scenario;
use crate::trace::caption;
use crate::trace::{NoTrace, Trace};

/// Writes the shortest counterexample or example.
///
/// # Errors
/// A mistake in the command line or in a file, or output that cannot be written.
pub fn run(args: &ShowArgs) -> Result<ExitStatus, Diagnostics> {
    let (Some(scenario_given), Some(property_given)) = (&args.scenario, &args.property) else {
        let no_file = || broken(format_args!("neither a scenario and a property nor a file are given"));
        return saved::run(args, args.replay.as_deref().unwrap_or_else(no_file));
    };
    if args.format() == TraceFormat::Pcap && args.output.is_none() && io::stdout().is_terminal() {
        let help = "write it to a file with `--output FILE`, or pipe it on";
        return Err(Diagnostic::new("a capture is not for a terminal").help(help).into());
    }
    let output = args.output.as_deref().map(Output::new).transpose()?;
    let selection =
        Selection::read(&args.library, slice::from_ref(scenario_given), slice::from_ref(property_given))?;
    let library = &selection.library;
    let property = one(&selection.properties, "property", property_given)?;
    let scenario = one(&selection.scenarios, "scenario", scenario_given)?;
    if library.instances(scenario).is_ok() && library.scenarios.iter().any(|one| one.name() == property) {
        let help = format!("write `lastack show {property} {scenario}`");
        return Err(Diagnostic::new("the scenario stands before the property").help(help).into());
    }
    let instances = library.instances(property)?;
    let scenarios = selection.resolved(&args.world)?;
    validate_asked(library, &scenarios, &properties_of(&instances))?;

    if args.nth.is_some() || !args.avoid.is_empty() {
        return other(args, property, &scenarios, &instances, output.as_ref());
    }
    for scenario in &scenarios {
        match shortest_trace(scenario, &instances, limits(&args.limits, threads(None))) {
            Ok(ShortestTrace::Found(instance, trace)) => {
                write_trace(args.format(), output.as_ref(), scenario, &instance, &trace)?;
            }
            Ok(ShortestTrace::Nothing(verdict)) => {
                explain(args, &caption::nothing_to_draw(scenario, property, verdict))?;
            }
            Err(NoTrace::Stopped(stopped)) => {
                explain(args, &format!("{property} is undecided in {}: {stopped}\n", scenario.name))?;
                return Ok(ExitStatus::Undecided);
            }
            Err(fault @ NoTrace::NotReplayed) => return Err(Diagnostic::new(fault.to_string()).into()),
        }
    }
    Ok(ExitStatus::Success)
}

/// Writes another counterexample or example than the shortest.
fn other(
    args: &ShowArgs,
    property: &str,
    scenarios: &[Arc<Scenario>],
    instances: &[Instance],
    output: Option<&Output>,
) -> Result<ExitStatus, Diagnostics> {
    let nth = args.nth.map_or(NonZero::<usize>::MIN, NonZero::from);
    for scenario in scenarios {
        match other_trace(scenario, instances, nth, &args.avoid, limits(&args.limits, threads(None)))? {
            OtherTrace::Found(instance, trace) => write_trace(args.format(), output, scenario, &instance, &trace)?,
            OtherTrace::Fewer(0) => {
                explain(args, &format!("{property} has no such trace in {}\n", scenario.name))?;
            }
            OtherTrace::Fewer(number) => {
                let found = counted(number, "such trace");
                explain(args, &format!("{property} has {found} in {}, and no more\n", scenario.name))?;
            }
            OtherTrace::Stopped(number, stopped) => {
                let found = counted(number, "such trace");
                let name = &scenario.name;
                explain(
                    args,
                    &format!("whether {property} has more than {found} in {name} is undecided: {stopped}\n"),
                )?;
                return Ok(ExitStatus::Undecided);
            }
        }
    }
    Ok(ExitStatus::Success)
}

fn write_trace(
    format: TraceFormat,
    output: Option<&Output>,
    scenario: &Scenario,
    instance: &Instance,
    trace: &Trace,
) -> Result<(), Diagnostics> {
    if format == TraceFormat::Text && output.is_none() {
        return print(&ladder::coloured(&ladder::draw(scenario, instance, trace, Terminal::of_stdout())));
    }
    let bytes = format.write(scenario, instance, trace, Terminal::PLAIN)?;
    match output {
        Some(output) => output.write(&bytes),
        None => write_stdout(&bytes),
    }
}

/// Writes why there is no trace: to stdout if that is for people, else to stderr.
fn explain(args: &ShowArgs, what: &str) -> Result<(), Diagnostics> {
    if args.format() == TraceFormat::Text && args.output.is_none() {
        return print(what);
    }
    // If stderr is gone, there is nowhere left to write.
    let _ = write!(anstream::stderr(), "{what}");
    Ok(())
}
