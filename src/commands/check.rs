//! `lastack check`

use super::{library, limits, print, settings};
use crate::check::{self, Checked, Options, Passed};
use crate::cli::{CheckArgs, Format};
use crate::diagnostic::Diagnostics;
use crate::report::{coverage, human, json, progress::Progress, terminal::Terminal};

/// Explores scenarios and reports each verdict.
pub fn run(args: &CheckArgs) -> Result<Passed, Diagnostics> {
    let library = library(&args.library)?;
    let properties = library.properties(&args.properties)?;
    let names = if args.own { library.own_scenarios() } else { &args.scenarios };
    let scenarios = library.scenarios(names, &settings(&args.world)?, args.world.scale)?;
    check::validate(&library, &scenarios, &properties)?;

    let terminal = Terminal::of_stdout();
    let progress = Progress::on_stderr();
    let mut all: Vec<Checked> = Vec::new();
    let mut written = Ok(());
    check::check(
        &scenarios,
        &properties,
        &Options {
            threads: args.threads.map(usize::from),
            limits: limits(&args.limits),
            cross_check: args.cross_check,
            coverage: args.coverage,
        },
        &|scenario, extent| progress.update(scenario, extent),
        |checked| {
            progress.done(&checked.scenario, || {
                if args.format == Format::Human && written.is_ok() {
                    written = print(&human::scenario(&checked, terminal));
                }
            });
            all.push(checked);
        },
    );
    progress.finish();
    written?;
    match args.format {
        Format::Human => {
            if args.coverage {
                print(&coverage::table(&all, terminal))?;
            }
            print(&human::summary(&all))?;
        }
        Format::Json => print(&json::report(&all))?,
    }
    Ok(all.iter().map(Checked::passed).max().unwrap_or(Passed::Undecided))
}
