//! `lastack check`

use std::io::Write;

use super::output::{Output, cannot_write, step_summary};
use super::{library, limits, print, settings};
use crate::check::{self, Checked, Options, Passed};
use crate::cli::{CheckArgs, Format};
use crate::diagnostic::Diagnostics;
use crate::report::hint::Hint;
use crate::report::human::Detail;
use crate::report::{coverage, github, human, json, junit, progress::Progress, terminal::Terminal};

/// Explores scenarios and reports each verdict.
pub fn run(args: &CheckArgs) -> Result<Passed, Diagnostics> {
    let library = library(&args.library)?;
    let properties = library.properties(&args.properties)?;
    let names = if args.own { library.own_scenarios() } else { &args.scenarios };
    let scenarios = library.scenarios(names, &settings(&args.world)?, args.world.scale)?;
    check::validate(&library, &scenarios, &properties)?;
    let output = args.output.as_deref().map(Output::new).transpose()?;
    let step_summary = if args.format == Format::Github { step_summary()? } else { None };

    let hint = hint(args);
    let terminal = Terminal::of_stdout();
    let detail = match (args.detail.quiet, args.detail.verbose) {
        (true, _) => Detail::Quiet,
        (false, false) => Detail::Plain,
        (false, true) => Detail::Verbose,
    };
    let is_for_people = args.format == Format::Human || output.is_some();
    let progress = Progress::on_stderr(detail != Detail::Quiet);
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
        &|scenario, phase, extent| progress.update(scenario, phase, extent),
        |checked| {
            progress.done(&checked.scenario, || {
                if is_for_people && written.is_ok() {
                    written = print(&human::scenario(&checked, &hint, detail, terminal));
                }
            });
            all.push(checked);
        },
    );
    progress.finish();
    written?;
    let end = |terminal| {
        let table = if args.coverage { coverage::table(&all, terminal) } else { String::new() };
        table + &human::summary(&all, detail, terminal)
    };
    if is_for_people {
        print(&end(terminal))?;
    }
    let report = || match args.format {
        Format::Human => {
            let scenario = |checked| human::scenario(checked, &hint, detail, Terminal::PLAIN);
            let text = all.iter().map(scenario).collect::<String>() + &end(Terminal::PLAIN);
            anstream::adapter::strip_str(&text).to_string()
        }
        Format::Json => json::report(&all),
        Format::Junit => junit::report(&all, &hint),
        Format::Github => github::annotations(&all, &hint),
    };
    match output {
        Some(output) => output.write(report().as_bytes())?,
        None if !is_for_people => print(&report())?,
        None => {}
    }
    if let Some((path, mut file)) = step_summary {
        let summary = github::summary(&all, &hint);
        file.write_all(summary.as_bytes()).map_err(|error| cannot_write(&path, &error))?;
    }
    Ok(all.iter().map(Checked::passed).max().unwrap_or(Passed::Undecided))
}

/// What `lastack show` has to be told, too.
fn hint(args: &CheckArgs) -> Hint {
    let folder = |option: &str, folder: &std::path::Path| [option.to_owned(), folder.display().to_string()];
    let scenarios = args.library.scenario_folders.iter().flat_map(|path| folder("--scenarios", path));
    let properties = args.library.property_folders.iter().flat_map(|path| folder("--properties", path));
    let settings = args.world.settings.iter().flat_map(|setting| ["--set".to_owned(), setting.clone()]);
    let scale = (args.world.scale != 1).then(|| ["--scale".to_owned(), args.world.scale.to_string()]);
    Hint { options: scenarios.chain(properties).chain(settings).chain(scale.into_iter().flatten()).collect() }
}
