//! `lastack explore`

use std::io::Write;
use std::slice;
use std::thread;
use std::time::Duration;

use super::limits::{limits, threads};
use super::selection::{Selection, one};
use crate::check::{Decisions, is_applicable, validate, validate_asked};
use crate::cli::ExploreArgs;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::explore::{ExplorationStats, Phase, STATERIGHT_BYTES, Stopped};
use crate::explorer::{Explorable, Listening, Server, Summary};
use crate::model::{OneIncarnation, SegmentCopy, TwoIncarnations};
use crate::process::exit::ExitStatus;
use crate::process::output::print;
use crate::process::progress::Progress;
use crate::process::signals::interrupted;
use crate::property::Instance;
use crate::report::terminal::Terminal;
use crate::scenario::{Delays, Scenario, Setting, WorldKind};
use crate::trace::NoTrace;

/// Between two looks at the server, and at Ctrl-C.
const PAUSE: Duration = Duration::from_millis(50);

/// Serves stateright's explorer until Ctrl-C.
///
/// # Errors
/// A mistake in the command line or in a file, or an address that cannot be listened at.
pub fn run(args: &ExploreArgs) -> Result<ExitStatus, Diagnostics> {
    let selection = Selection::read(&args.library, slice::from_ref(&args.scenario), &args.properties)?;
    let library = &selection.library;
    let asked = library.all_instances(&selection.properties)?;
    one(&selection.scenarios, "scenario", &args.scenario)?;
    let scenarios =
        library.scenarios(&selection.scenarios, &Setting::parse_all(&args.world.settings)?, args.world.scale)?;
    let Some(scenario) = scenarios.first() else {
        return Ok(ExitStatus::Undecided);
    };
    let instances = if asked.is_empty() {
        validate(library, &scenarios, &library.properties)?;
        let properties = library.properties.iter().filter(|property| scenario.is_about(&property.name));
        properties.flat_map(Instance::all).collect::<Vec<_>>()
    } else {
        let properties: Vec<_> = asked.iter().map(|instance| instance.property.clone()).collect();
        validate_asked(library, &scenarios, &properties)?;
        let is_asked = |one: &Instance| asked.iter().any(|other| other.name() == one.name());
        library.properties.iter().flat_map(Instance::all).filter(is_asked).collect()
    };
    let is_applicable = |one: &Instance| is_applicable(scenario, &one.property);
    let instances = instances.into_iter().filter(is_applicable).collect();
    if scenario.kind != WorldKind::Timed {
        let title = format!("`{}` has no clock: only a timed world can be explored", scenario.name);
        return Err(Diagnostic::new(title).help("`lastack show` draws its counterexamples").into());
    }
    if scenario.config.msl > SegmentCopy::MAX_AGE + 1 {
        let most = SegmentCopy::MAX_AGE + 1;
        let title = format!("the page shows whole ticks, and of `{}` an MSL of {most} at most", scenario.name);
        return Err(Diagnostic::new(title)
            .help("choose a longer tick; `lastack show` draws its counterexamples")
            .into());
    }
    if !args.address.ip().is_loopback() && !args.allow_remote {
        let title = format!("{} is not an address of this computer alone", args.address.ip());
        return Err(Diagnostic::new(title).help("`--allow-remote` lets others browse, too").into());
    }
    let listening = Listening::at(args.address)?;
    let address = listening.address()?;

    let threads = threads(None);
    let limits = limits(&args.limits, threads);
    let progress = Progress::on_stderr(true);
    let update = |phase, stats: &ExplorationStats| progress.update(scenario, phase, stats);
    let fault = |fault: NoTrace| Diagnostic::new(fault.to_string());
    let decisions = Decisions::of(scenario, instances, threads, limits, &update).map_err(fault)?;
    // stateright knows whole ticks alone. In real time its world has ticks as fine as the counterexamples need.
    let in_ticks = if scenario.delays == Delays::Any {
        let config = scenario.config.scaled(decisions.ticks_per_tick);
        let ticks = Scenario { config, delays: Delays::WholeTicks, ..Scenario::clone(scenario) };
        Some(Decisions::of(&ticks, Vec::new(), threads, limits, &update).map_err(fault)?)
    } else {
        None
    };
    let explored = in_ticks.as_ref().unwrap_or(&decisions);
    let not_run = not_run(explored, limits.max_memory);
    let (config, scale, each) = (scenario.config, decisions.ticks_per_tick, &*decisions.each);
    let mut server = if config.opens() {
        Server::start(&Explorable::<TwoIncarnations>::new(config, scale, each), listening)?
    } else {
        Server::start(&Explorable::<OneIncarnation>::new(config, scale, each), listening)?
    };
    let states = explored.stats.states;
    if not_run.is_none() {
        let seen = |states| {
            progress.update(
                scenario,
                Phase::CrossCheck,
                &ExplorationStats { states, ..ExplorationStats::default() },
            );
        };
        server.complete(states, &interrupted, &seen)?;
    }
    progress.finish();
    if interrupted() {
        print(&format!("{}: {}\n", scenario.name, Stopped::Interrupted))?;
        return Ok(ExitStatus::Undecided);
    }
    let summary = Summary { scenario, decisions: &decisions, in_ticks: in_ticks.as_ref(), address, not_run };
    print(&summary.text(Terminal::of_stdout()))?;

    while !interrupted() {
        if server.revive()? {
            if not_run.is_none() {
                server.complete(states, &interrupted, &|_| {})?;
            }
            // If stderr is gone, there is nowhere left to write.
            let _ = writeln!(anstream::stderr(), "stateright's server had stopped; it was started again");
        }
        thread::sleep(PAUSE);
    }
    Ok(if decisions.stopped.is_some() { ExitStatus::Undecided } else { ExitStatus::Success })
}

/// Why stateright does not visit every state.
fn not_run(decisions: &Decisions, max_memory: Option<usize>) -> Option<&'static str> {
    let bytes = decisions.stats.states.saturating_mul(STATERIGHT_BYTES);
    if decisions.stopped.is_some() {
        Some(
            "the state space was not fully explored, so stateright's page covers only the states that were visited",
        )
    } else if max_memory.is_some_and(|most| bytes > most) {
        Some(
            "stateright would need too much memory for every state, so its page covers only the states that were visited",
        )
    } else {
        None
    }
}
