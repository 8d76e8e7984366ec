//! `lastack show`

use super::{library, limits, print, settings};
use crate::check::{NoTrace, Passed, shortest_trace, validate};
use crate::cli::ShowArgs;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::report::ladder;
use crate::report::terminal::Terminal;

/// Draws the shortest counterexample or example.
pub fn run(args: &ShowArgs) -> Result<Passed, Diagnostics> {
    let library = library(&args.library)?;
    let instances = library.instances(&args.property)?;
    let properties: Vec<_> = instances.iter().map(|instance| instance.property.clone()).collect();
    let names = [args.scenario.clone()];
    let scenarios = library.scenarios(&names, &settings(&args.world)?, args.world.scale)?;
    validate(&library, &scenarios, &properties)?;

    for scenario in &scenarios {
        match shortest_trace(scenario, &instances, limits(&args.limits)) {
            Ok(Some((instance, trace))) => {
                print(&ladder::draw(scenario, &instance, &trace, Terminal::of_stdout()))?;
            }
            Ok(None) => print(&ladder::nothing_to_draw(scenario, &args.property, &properties))?,
            Err(NoTrace::Stopped(stopped)) => {
                print(&format!("{} is undecided in {}: {stopped}\n", args.property, scenario.name))?;
                return Ok(Passed::Undecided);
            }
            Err(fault @ NoTrace::NotReplayed) => return Err(Diagnostic::new(fault.to_string()).into()),
        }
    }
    Ok(Passed::Yes)
}
