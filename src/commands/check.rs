//! `lastack check`

use std::env;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::limits::{limits, threads};
use super::selection::Selection;
use crate::check::{self, Checked, GateResult, Options, ShortestTrace, Which, shortest_trace};
use crate::cli::CheckArgs;
use crate::diagnostic::Diagnostics;
use crate::process::exit::ExitStatus;
use crate::process::output::print;
use crate::process::output::{Output, cannot_write, step_summary, written_once};
use crate::process::progress::Progress;
use crate::process::signals::interrupted;
use crate::property::{Instance, Property};
use crate::report::check::configuration::configuration as report_configuration;
use crate::report::check::drawing::{Drawing, to_draw};
use crate::report::check::human::Detail;
use crate::report::check::json::{self, Partition};
use crate::report::check::markdown;
use crate::report::check::show_command::ShowCommand;
use crate::report::check::{Format, coverage, github, human};
use crate::report::terminal::Terminal;
use crate::scenario::Scenario;
use crate::scenario::Setting;
use crate::sweep::{Part, digest};

/// Explores scenarios and reports each verdict.
///
/// # Errors
/// A mistake in the command line or in a file, or output that cannot be written.
pub fn run(args: &CheckArgs) -> Result<ExitStatus, Diagnostics> {
    let selection = Selection::read(&args.library, &args.scenarios, &args.properties)?;
    let asked = Asked::new(args, &selection)?;
    let reports = Reports::open(args)?;
    let show_command = show_command(args, &selection);
    let is_for_people = args.format == Format::Human || reports.output.is_some();
    let all = explore(args, &asked, &show_command, is_for_people)?;
    if is_for_people {
        print(&end(args, &all, Terminal::of_stdout()))?;
    }
    let drawings =
        if reports.have_drawings(args) { drawings(args, &selection, &all, &show_command)? } else { Vec::new() };
    let report = |format| match &asked.partition {
        Some(partition) if format == Format::Json => json::report_of_part(&all, partition),
        _ => report(format, args, &all, &show_command, &drawings),
    };
    match reports.output {
        Some(output) => output.write(report(args.format).as_bytes())?,
        None if !is_for_people => print(&report(args.format))?,
        None => {}
    }
    for (format, output) in reports.further {
        output.write(report(format).as_bytes())?;
    }
    if let Some((path, mut file)) = reports.step_summary {
        let summary = markdown::summary(&all, &show_command, &drawings);
        file.write_all(summary.as_bytes()).map_err(|error| cannot_write(&path, &error))?;
    }
    if asked.partition.is_some() && all.is_empty() {
        return Ok(ExitStatus::Success);
    }
    Ok(GateResult::of(&all).into())
}

/// Writes the mistakes that kept a check from beginning as annotations to stdout.
pub fn annotate(mistakes: &Diagnostics) {
    // They are written to stderr for people, too: nothing else is to be done if stdout is gone.
    let _ = print(&github::mistakes(mistakes, &working_folder()));
}

/// What is to be decided.
struct Asked {
    /// The instances that are named; all, if none is.
    only: Vec<Instance>,
    properties: Vec<Arc<Property>>,
    /// Those that are about one of these; of a part, its own.
    scenarios: Vec<Arc<Scenario>>,
    partition: Option<Partition>,
}

impl Asked {
    fn new(args: &CheckArgs, selection: &Selection) -> Result<Self, Diagnostics> {
        let library = &selection.library;
        let only = library.all_instances(&selection.properties)?;
        let named: Vec<String> = only.iter().map(|instance| instance.property.name.clone()).collect();
        let properties = library.properties(Which::named(&named))?;
        let scenarios = scenarios(args, selection)?;
        check::validate(library, &scenarios, &properties)?;
        let is_asked =
            |scenario: &Arc<Scenario>| properties.iter().any(|property| scenario.is_about(&property.name));
        let (scenarios, unasked): (Vec<_>, Vec<_>) = scenarios.into_iter().partition(is_asked);
        note_unasked(&unasked);
        let partition = args.partition.map(|part| partition(args, &scenarios, &properties, part));
        let scenarios = match args.partition {
            Some(part) => own(scenarios, part),
            None => scenarios,
        };
        Ok(Self { only, properties, scenarios, partition })
    }
}

/// Where reports are written. They are opened before anything is explored.
struct Reports {
    /// That of `--format`, if it is not written to stdout.
    output: Option<Output>,
    further: Vec<(Format, Output)>,
    step_summary: Option<(PathBuf, File)>,
}

impl Reports {
    fn open(args: &CheckArgs) -> Result<Self, Diagnostics> {
        let output = args.output.as_deref().map(Output::new).transpose()?;
        let further = args.further_reports.iter().map(|(format, file)| Ok((*format, Output::new(file)?)));
        let further = further.collect::<Result<Vec<_>, Diagnostics>>()?;
        let of_further = args.further_reports.iter().map(|(_, file)| &**file);
        written_once(args.output.as_deref().into_iter().chain(of_further))?;
        let step_summary = if args.format == Format::Github { step_summary()? } else { None };
        Ok(Self { output, further, step_summary })
    }

    fn have_drawings(&self, args: &CheckArgs) -> bool {
        let mut formats = self.further.iter().map(|(format, _)| *format).chain([args.format]);
        formats.any(Format::has_drawings)
    }
}

/// Explores the scenarios, and prints each for people as soon as it is decided.
fn explore(
    args: &CheckArgs,
    asked: &Asked,
    show_command: &ShowCommand,
    is_for_people: bool,
) -> Result<Vec<Checked>, Diagnostics> {
    let (terminal, detail) = (Terminal::of_stdout(), detail(args));
    if let Some(configuration) = args.configuration.as_ref().filter(|_| is_for_people && detail == Detail::Verbose)
    {
        print(&report_configuration(configuration, terminal))?;
    }
    let threads = threads(args.threads.map(usize::from));
    let progress = Progress::on_stderr(detail != Detail::Quiet);
    let mut all: Vec<Checked> = Vec::new();
    let mut written = Ok(());
    check::check(
        &asked.scenarios,
        &asked.properties,
        &Options {
            threads: Some(threads),
            limits: limits(&args.limits, threads),
            cross_check: args.cross_check,
            coverage: args.coverage,
            only: Which::named(&asked.only),
        },
        // Nothing must be drawn over what the terminal has made of Ctrl-C.
        &|scenario, phase, stats| {
            if interrupted() { progress.finish() } else { progress.update(scenario, phase, stats) }
        },
        |checked| {
            progress.done(&checked.scenario, || {
                if is_for_people && written.is_ok() {
                    written = print(&human::scenario(&checked, show_command, detail, terminal));
                }
            });
            all.push(checked);
        },
    );
    progress.finish();
    written?;
    Ok(all)
}

/// The scenarios of a part.
fn own(scenarios: Vec<Arc<Scenario>>, part: Part) -> Vec<Arc<Scenario>> {
    let own = scenarios.into_iter().enumerate().filter(|(number, _)| part.has(*number));
    own.map(|(_, scenario)| scenario).collect()
}

/// What the parts of the same check have in common.
fn partition(
    args: &CheckArgs,
    scenarios: &[Arc<Scenario>],
    properties: &[Arc<Property>],
    part: Part,
) -> Partition {
    let of_scenario =
        |one: &Arc<Scenario>| format!("{} {} {:?}", one.name, one.world_in_words(), one.expectations);
    let of_property = |one: &Arc<Property>| format!("{} {}", one.name, one.formula);
    let CheckArgs { properties: asked, world, limits, cross_check, coverage, .. } = args;
    let options = format!("{asked:?} {world:?} {:?} {cross_check} {coverage}", limits.max_states);
    let texts = scenarios.iter().map(of_scenario).chain(properties.iter().map(of_property)).chain([options]);
    Partition { part, scenarios: scenarios.len(), selection: digest(texts) }
}

impl From<GateResult> for ExitStatus {
    fn from(result: GateResult) -> Self {
        match result {
            GateResult::AsExpected => Self::Success,
            GateResult::Undecided => Self::Undecided,
            GateResult::Unexpected => Self::Failure,
        }
    }
}

fn detail(args: &CheckArgs) -> Detail {
    match (args.detail.quiet, args.detail.verbose) {
        (true, _) => Detail::Quiet,
        (false, true) => Detail::Verbose,
        // Of all of them, every verdict would be hundreds of lines.
        (false, false) if args.scenarios.is_empty() => Detail::Brief,
        (false, false) => Detail::Plain,
    }
}

/// What people read below the scenarios.
fn end(args: &CheckArgs, all: &[Checked], terminal: Terminal) -> String {
    if let (Some(part), []) = (args.partition, all) {
        return format!("no scenario is in the part {part}\n");
    }
    let table = if args.coverage { coverage::of_explorations(all, terminal) } else { String::new() };
    table + &human::not_begun(all) + &human::summary(all, detail(args), terminal)
}

/// The whole report in a format.
fn report(
    format: Format,
    args: &CheckArgs,
    all: &[Checked],
    show_command: &ShowCommand,
    drawings: &[Drawing],
) -> String {
    let plain = || {
        let scenario = |checked| human::scenario(checked, show_command, detail(args), Terminal::PLAIN);
        let text = all.iter().map(scenario).collect::<String>() + &end(args, all, Terminal::PLAIN);
        anstream::adapter::strip_str(&text).to_string()
    };
    format.document(all, show_command, drawings, &working_folder()).unwrap_or_else(plain)
}

/// The way from the root of the repository to the working folder, in a job of GitHub's; elsewhere they are the
/// same.
fn working_folder() -> PathBuf {
    let root = env::var_os("GITHUB_WORKSPACE").and_then(|root| fs::canonicalize(root).ok());
    let here = env::current_dir().and_then(fs::canonicalize).ok();
    let way = root.zip(here).and_then(|(root, here)| here.strip_prefix(root).map(Path::to_path_buf).ok());
    way.unwrap_or_default()
}

/// The first unexpected counterexamples and examples, drawn. One that is not found within the limits is left out:
/// the report has its command.
fn drawings(
    args: &CheckArgs,
    selection: &Selection,
    all: &[Checked],
    show_command: &ShowCommand,
) -> Result<Vec<Drawing>, Diagnostics> {
    let mut drawings = Vec::new();
    for (checked, name) in to_draw(all, show_command) {
        let instances = selection.library.instances(&name)?;
        let limits = limits(&args.limits, threads(args.threads.map(usize::from)));
        if let Ok(ShortestTrace::Found(instance, trace)) = shortest_trace(&checked.scenario, &instances, limits) {
            drawings.push(Drawing::new(&checked.scenario, name, &instance, &trace));
        }
    }
    Ok(drawings)
}

fn note_unasked(scenarios: &[Arc<Scenario>]) {
    match scenarios {
        [] => {}
        [scenario] => not_checked(&scenario.name, "is about none of these properties"),
        several => {
            not_checked(&format!("{} scenarios", several.len()), "are about none of these properties");
        }
    }
}

/// The scenarios that are named, or all that have what is set.
fn scenarios(args: &CheckArgs, selection: &Selection) -> Result<Vec<Arc<Scenario>>, Diagnostics> {
    let library = &selection.library;
    let settings = Setting::parse_all(&args.world.settings)?;
    let resolved = |names: &[String]| library.scenarios(names, &settings, args.world.scale);
    if !args.scenarios.is_empty() {
        return resolved(&selection.scenarios);
    }
    let every = || library.scenarios.iter().map(|scenario| scenario.name().to_owned()).collect();
    let all: Vec<String> = if args.own { library.own_scenarios().to_vec() } else { every() };
    let reasons = library.scenarios_lacking(&settings);
    let (lacking, having): (Vec<_>, Vec<_>) = all.into_iter().partition(|name| reasons.contains_key(name));
    if having.is_empty() {
        return resolved(&lacking);
    }
    let found = resolved(&having)?;
    for (name, reason) in reasons.iter().filter(|(name, _)| lacking.contains(name)) {
        not_checked(name, reason);
    }
    Ok(found)
}

fn not_checked(scenario: &str, why: &str) {
    // If stderr is gone, there is nowhere left to write.
    let _ = writeln!(anstream::stderr(), "not checked: {scenario}, which {why}");
}

/// The options that `lastack show` needs, too.
fn show_command(args: &CheckArgs, selection: &Selection) -> ShowCommand {
    let added = |option: &str, path: &std::path::Path| [option.to_owned(), path.display().to_string()];
    let scenarios = selection.scenario_paths.iter().flat_map(|path| added("--scenarios", path));
    let properties = selection.property_paths.iter().flat_map(|path| added("--properties", path));
    let policies = args.library.policy_folders.iter().flat_map(|path| added("--policies", path));
    let settings = args.world.settings.iter().flat_map(|setting| ["--set".to_owned(), setting.clone()]);
    let scale = (args.world.scale != 1).then(|| ["--scale".to_owned(), args.world.scale.to_string()]);
    let folders = scenarios.chain(properties).chain(policies);
    ShowCommand { options: folders.chain(settings).chain(scale.into_iter().flatten()).collect() }
}
