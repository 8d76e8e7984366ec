//! `lastack check`

use super::{library, limits, print, settings};
use crate::check::{self, Checked, Passed};
use crate::cli::{CheckArgs, Format};
use crate::diagnostic::Diagnostics;
use crate::report::{human, json, progress::Progress};

/// Explores scenarios and reports each verdict.
pub fn run(args: &CheckArgs) -> Result<Passed, Diagnostics> {
    let library = library(&args.library)?;
    let properties = library.properties(&args.properties)?;
    let names = if args.own { library.own_scenarios() } else { &args.scenarios };
    let scenarios = library.scenarios(names, &settings(&args.world)?, args.world.scale)?;
    check::validate(&library, &scenarios, &properties)?;

    let progress = Progress::on_stderr();
    let mut all: Vec<Checked> = Vec::new();
    let mut written = Ok(());
    check::check(
        &scenarios,
        &properties,
        args.threads.map(usize::from),
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
