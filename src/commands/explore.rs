//! `lastack explore`

use std::slice;
use std::thread;
use std::time::Duration;

use super::limits::{limits, threads};
use super::selection::{Selection, one, properties_of};
use crate::check::{Decisions, is_applicable, validate, validate_asked};
use crate::cli::ExploreArgs;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::explore::{ExplorationStats, Stopped};
use crate::explorer::{Exploration, Listening, Summary, serve};
use crate::model::{Layout, OneIncarnation, TwoIncarnations};
use crate::process::exit::ExitStatus;
use crate::process::output::print;
use crate::process::progress::Progress;
use crate::process::signals::interrupted;
use crate::property::Instance;
use crate::report::terminal::Terminal;
use crate::scenario::WorldKind;
use crate::trace::NoTrace;

/// Between two looks at Ctrl-C.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves the explorer's page until Ctrl-C.
///
/// # Errors
/// A mistake in the command line or in a file, or an address that cannot be listened at.
pub fn run(args: &ExploreArgs) -> Result<ExitStatus, Diagnostics> {
    let selection = Selection::read(&args.library, slice::from_ref(&args.scenario), &args.properties)?;
    let library = &selection.library;
    let asked = library.all_instances(&selection.properties)?;
    one(&selection.scenarios, "scenario", &args.scenario)?;
    let scenarios = selection.resolved(&args.world)?;
    let Some(scenario) = scenarios.first() else {
        return Ok(ExitStatus::Undecided);
    };
    let instances = if asked.is_empty() {
        validate(library, &scenarios, &library.properties)?;
        let properties = library.properties.iter().filter(|property| scenario.is_about(&property.name));
        properties.flat_map(Instance::all).collect::<Vec<_>>()
    } else {
        validate_asked(library, &scenarios, &properties_of(&asked))?;
        let is_asked = |one: &Instance| asked.iter().any(|other| other.name() == one.name());
        library.properties.iter().flat_map(Instance::all).filter(is_asked).collect()
    };
    let (instances, foreign): (Vec<Instance>, Vec<Instance>) =
        instances.into_iter().partition(|one| is_applicable(scenario, &one.property));
    let mut not_applicable: Vec<String> = foreign.into_iter().map(|one| one.property.name.clone()).collect();
    not_applicable.dedup();
    if scenario.kind != WorldKind::Timed {
        let title = format!("`{}` has no clock: only a timed world can be explored", scenario.name);
        return Err(Diagnostic::new(title).help("`lastack show` draws its counterexamples").into());
    }
    if !args.address.ip().is_loopback() && !args.allow_remote {
        let title = format!("{} is not an address of this computer alone", args.address.ip());
        return Err(Diagnostic::new(title).help("`--allow-remote` lets others browse, too").into());
    }
    let listening = Listening::at(args.address)?;

    let threads = threads(None);
    let limits = limits(&args.limits, threads);
    let progress = Progress::on_stderr(true);
    let update = |phase, stats: &ExplorationStats| progress.update(scenario, phase, stats);
    let decisions = Decisions::of(scenario, instances, threads, limits, &update)
        .map_err(|fault: NoTrace| Diagnostic::new(fault.to_string()))?;
    progress.finish();
    if interrupted() {
        print(&format!("{}: {}\n", scenario.name, Stopped::Interrupted))?;
        return Ok(ExitStatus::Undecided);
    }
    let is_complete = decisions.stopped.is_none();
    if scenario.config.opens() {
        start(Exploration::<TwoIncarnations>::new(scenario, decisions, not_applicable), listening)?;
    } else {
        start(Exploration::<OneIncarnation>::new(scenario, decisions, not_applicable), listening)?;
    }
    while !interrupted() {
        thread::sleep(PAUSE);
    }
    Ok(if is_complete { ExitStatus::Success } else { ExitStatus::Undecided })
}

/// Serves an exploration, and prints where.
fn start<L: Layout>(exploration: Exploration<L>, listening: Listening) -> Result<(), Diagnostics> {
    let address = listening.address()?;
    let summary = Summary { exploration: &exploration, address }.text(Terminal::of_stdout());
    serve(exploration, listening)?;
    print(&summary)
}
