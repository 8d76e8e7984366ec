//! `lastack simulate`

use std::slice::from_ref;
use std::sync::Arc;
use std::time::Instant;

use super::limits::threads;
use super::selection::{Selection, one, properties_of};
use crate::check::{is_applicable, validate_asked};
use crate::cli::SimulateArgs;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::explore::Limits;
use crate::process::exit::ExitStatus;
use crate::process::output::{Output, print, write_stdout};
use crate::process::signals::interruption;
use crate::process::tally::TallyBar;
use crate::property::{Instance, Temporal};
use crate::report::check::coverage;
use crate::report::simulation;
use crate::report::terminal::Terminal;
use crate::report::trace::{TraceFormat, ladder};
use crate::scenario::{Scenario, WorldKind};
use crate::simulation::{SimulationOptions, simulate};

/// Follows random runs of a scenario, and reports what they have violated.
///
/// # Errors
/// A mistake in the command line or in a file, or output that cannot be written.
pub fn run(args: &SimulateArgs) -> Result<ExitStatus, Diagnostics> {
    let selection = Selection::read(&args.library, from_ref(&args.scenario), &args.properties)?;
    let (scenario, instances) = asked(args, &selection)?;
    let output = args.output.as_deref().map(Output::new).transpose()?;
    let deadline = args.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let options = SimulationOptions {
        seed: args.seed,
        runs: args.runs,
        most_events: usize::try_from(args.events).unwrap_or(usize::MAX),
        coverage: args.coverage,
        threads: threads(args.threads.map(usize::from)),
        limits: Limits { deadline, interrupted: interruption(), ..Limits::NONE },
    };
    let bar = TallyBar::on_stderr(usize::try_from(args.runs).unwrap_or(usize::MAX), 0, "runs");
    let found = simulate(&scenario, &instances, options, &|| bar.add(1));
    bar.finish();

    let terminal = Terminal::of_stdout();
    let shown = instances.iter().zip(&found.found).filter_map(|(instance, one)| Some((instance, one.as_ref()?)));
    let is_violation = |instance: &Instance| instance.property.formula.temporal() != Temporal::Possible;
    // A counterexample rather than an example.
    let first = shown.clone().find(|(instance, _)| is_violation(instance)).or_else(|| shown.clone().next());
    let is_for_people = args.format() == TraceFormat::Text || output.is_some();
    if is_for_people {
        print(&simulation::report(&scenario, &instances, &found, args.seed, terminal))?;
        if args.coverage {
            print(&coverage::table(&found.coverage, false, terminal))?;
        }
    }
    if let Some((instance, revealing)) = first {
        if let Some(output) = &output {
            output.write(&args.format().write(&scenario, instance, &revealing.trace, Terminal::PLAIN)?)?;
        } else if args.format() == TraceFormat::Text {
            let drawn = ladder::draw(&scenario, instance, &revealing.trace, terminal);
            print(&format!("\n{}", ladder::coloured(&drawn)))?;
        } else {
            write_stdout(&args.format().write(&scenario, instance, &revealing.trace, Terminal::PLAIN)?)?;
        }
    }
    Ok(if shown.clone().any(|(instance, _)| is_violation(instance)) {
        ExitStatus::Failure
    } else if found.stopped.is_some() {
        ExitStatus::Undecided
    } else {
        ExitStatus::Success
    })
}

/// The scenario, and the instances that it can be asked: those that are named, or of all that it is about.
fn asked(args: &SimulateArgs, selection: &Selection) -> Result<(Arc<Scenario>, Vec<Instance>), Diagnostics> {
    let library = &selection.library;
    one(&selection.scenarios, "scenario", &args.scenario)?;
    let scenarios = selection.resolved(&args.world)?;
    let scenario = scenarios.first().cloned().ok_or_else(|| Diagnostic::new("there is no such scenario"))?;
    if !scenario.is_real_time() {
        let mistake = Diagnostic::new(format!("`{}` is not in real time", scenario.name));
        let help = if scenario.kind == WorldKind::Timed {
            "random runs have delays of any length: `network.delays = \"any\"`"
        } else {
            "the asynchronous world has no time; `lastack check` explores it"
        };
        return Err(mistake.help(help).into());
    }
    let named = library.all_instances(&selection.properties)?;
    let all = || library.properties.iter().filter(|property| scenario.is_about(&property.name));
    let instances = if named.is_empty() { all().flat_map(Instance::all).collect() } else { named };
    validate_asked(library, &scenarios, &properties_of(&instances))?;
    let applicable =
        instances.into_iter().filter(|instance| is_applicable(&scenario, &instance.property)).collect();
    Ok((scenario, applicable))
}
