//! `lastack check`

use std::num::NonZero;
use std::thread;

use super::{library, limits, print, settings};
use crate::check::{self, Checked, Passed};
use crate::cli::{CheckArgs, Format};
use crate::diagnostic::Diagnostics;
use crate::report::{human, json, progress::Progress};

/// Explores scenarios and reports each verdict.
pub fn run(args: &CheckArgs) -> Result<Passed, Diagnostics> {
    let library = library(&args.library)?;
    let properties = library.properties(&args.properties)?;
    let scenarios = library.scenarios(&args.scenarios, &settings(&args.world)?, args.world.scale)?;
    check::validate(&library, &scenarios, &properties)?;

    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let (at_once, threads) = match args.threads {
        // Beyond one thread a scenario, stateright's search is no longer breadth-first: only on request.
        None => (cores, 1),
        Some(threads) => (usize::from(threads), (usize::from(threads) / scenarios.len().max(1)).max(1)),
    };
    let progress = Progress::on_stderr();
    let mut all: Vec<Checked> = Vec::new();
    let mut written = Ok(());
    check::check(
        &scenarios,
        &properties,
        (at_once, threads),
        limits(&args.limits),
        &|scenario, extent| progress.update(scenario, extent),
        |checked| {
            progress.done(&checked.scenario, || {
                if args.format == Format::Human && written.is_ok() {
                    written = print(&human::scenario(&checked));
                }
            });
            all.push(checked);
        },
    );
    progress.finish();
    written?;
    match args.format {
        Format::Human => print(&human::summary(&all))?,
        Format::Json => print(&json::report(&all))?,
    }
    Ok(all.iter().map(Checked::passed).max().unwrap_or(Passed::Undecided))
}
