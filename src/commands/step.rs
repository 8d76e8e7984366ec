//! `lastack step`

use std::io::{self, BufRead, IsTerminal, Read};
use std::path::Path;
use std::slice::from_ref;
use std::sync::Arc;

use super::limits::{limits_but_interruption, threads};
use super::selection::{Selection, one, properties_of};
use crate::check::{Library, ShortestTrace, is_applicable, shortest_trace, validate, validate_asked};
use crate::cli::StepArgs;
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile};
use crate::process::exit::ExitStatus;
use crate::process::journal::read_document;
use crate::process::output::{Output, print};
use crate::property::Instance;
use crate::report::terminal::Terminal;
use crate::report::trace::saved::SavedTrace;
use crate::scenario::{Scenario, Setting, WorldKind};
use crate::stepping::{Reply, Session};
use crate::trace::{NoTrace, caption};

/// No line is longer, in bytes.
const LONGEST_LINE: u64 = 1 << 16;

/// Walks through a scenario as the lines of stdin say.
///
/// # Errors
/// A mistake in the command line or in a file, a counterexample that there is not, or, unless stdin is a terminal,
/// a line that cannot be done.
pub fn run(args: &StepArgs) -> Result<ExitStatus, Diagnostics> {
    let saved = args.load.as_deref().map(read_trace).transpose()?;
    let properties: Vec<String> = args.property.iter().cloned().collect();
    let scenarios: Vec<String> = args.scenario.iter().cloned().collect();
    let selection = Selection::read(&args.library, &scenarios, &properties)?;
    let scenario = scenario(args, &selection, saved.as_ref())?;
    if scenario.kind != WorldKind::Timed {
        let title = format!("`{}` has no clock: only a timed world can be walked through", scenario.name);
        return Err(Diagnostic::new(title).help("`lastack show` draws its counterexamples").into());
    }
    let is_of_it = |instance: &Instance| {
        scenario.is_about(&instance.property.name) && is_applicable(&scenario, &instance.property)
    };
    let instances = selection.library.properties.iter().flat_map(Instance::all).filter(is_of_it).collect();
    let mut session = Session::new(&scenario, instances, Terminal::of_stdout());
    let opened = match (&saved, &args.property) {
        (Some((name, saved)), _) => {
            Some(session.load(saved, args.step).map_err(|mistakes| in_file(name, mistakes))?)
        }
        (None, Some(property)) => {
            let named = one(&selection.properties, "property", property)?;
            Some(open_counterexample(args, &selection.library, &scenario, named, &mut session)?)
        }
        (None, None) => None,
    };
    print(&session.greeting(opened.as_deref()))?;
    lines(&mut session)
}

/// A line after the other. A person is told what cannot be done, and may go on; a script ends there.
fn lines(session: &mut Session<'_>) -> Result<ExitStatus, Diagnostics> {
    let is_person = io::stdin().is_terminal();
    for number in 1_u64.. {
        print("> ")?;
        let Some(line) = line(number)? else {
            print("\n")?;
            break;
        };
        if let (false, Ok(line)) = (is_person, &line) {
            print(&format!("{}\n", Terminal::of_stdout().shown(line)))?;
        }
        match line.and_then(|line| done(session, &line)) {
            Ok(Some(text)) => print(&text)?,
            Ok(None) => break,
            Err(mistakes) if is_person => print(&format!("{}\n", mistakes.render(true)))?,
            Err(mistakes) => return Err(in_file(&format!("line {number} of the input"), mistakes)),
        }
    }
    Ok(ExitStatus::Success)
}

/// What there is to show; `None` at the end of the session.
fn done(session: &mut Session<'_>, line: &str) -> Result<Option<String>, Diagnostics> {
    Ok(match session.obey(line)? {
        Reply::Text(text) => Some(text),
        Reply::Load(file, step) => {
            let (name, saved) = read_trace(&file)?;
            Some(session.load(&saved, step).map_err(|mistakes| in_file(&name, mistakes))?)
        }
        Reply::Save(file, text, what) => {
            Output::new(&file)?.write(text.as_bytes())?;
            Some(what)
        }
        Reply::Quit => None,
    })
}

/// The next line without its end, or what is wrong with it; `None` at the end of the input.
fn line(number: u64) -> Result<Option<Result<String, Diagnostics>>, Diagnostic> {
    let mut line = Vec::new();
    let mut stdin = io::stdin().lock();
    let read = stdin.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut line);
    if read.map_err(|error| Diagnostic::new(format!("line {number} of the input cannot be read: {error}")))? == 0 {
        return Ok(None);
    }
    let refused = |what: String| Some(Err(Diagnostic::new(what).into()));
    if line.len() as u64 == LONGEST_LINE && !line.ends_with(b"\n") {
        // The rest of it is no line of its own.
        let _ = stdin.skip_until(b'\n');
        return Ok(refused(format!("it is longer than {LONGEST_LINE} bytes")));
    }
    Ok(match String::from_utf8(line) {
        Ok(line) => Some(Ok(line.trim_end_matches(['\n', '\r']).to_owned())),
        Err(_) => refused("it is not UTF-8".to_owned()),
    })
}

/// A trace that was saved, and the name of its file.
fn read_trace(file: &Path) -> Result<(String, SavedTrace), Diagnostics> {
    let name = file.display().to_string();
    let saved = SavedTrace::parse(&SourceFile::new(name.clone(), read_document(file)?))?;
    Ok((name, saved))
}

/// The mistakes, each with where it was made.
fn in_file(place: &str, mistakes: Diagnostics) -> Diagnostics {
    let of = |mistake: Diagnostic| Diagnostic { title: format!("{place}: {}", mistake.title), ..mistake };
    Diagnostics(mistakes.0.into_iter().map(of).collect())
}

/// The scenario that is named, or else that of the trace, with what had changed its world.
fn scenario(
    args: &StepArgs,
    selection: &Selection,
    saved: Option<&(String, SavedTrace)>,
) -> Result<Arc<Scenario>, Diagnostics> {
    let library = &selection.library;
    let scenarios = match (&args.scenario, saved) {
        (Some(given), _) => {
            one(&selection.scenarios, "scenario", given)?;
            selection.resolved(&args.world)?
        }
        (None, Some((_, saved))) => {
            if !args.world.settings.is_empty() || args.world.scale != 1 {
                let title = "`--set` and `--scale` need a SCENARIO: a trace has its own";
                return Err(Diagnostic::new(title).into());
            }
            let settings = Setting::parse_all(&saved.settings)?;
            library.scenarios(from_ref(&saved.scenario), &settings, saved.scale)?
        }
        (None, None) => Vec::new(),
    };
    let scenario = scenarios.first().cloned().ok_or_else(|| Diagnostic::new("there is no such scenario"))?;
    validate(library, from_ref(&scenario), &library.properties)?;
    Ok(scenario)
}

/// Opens the shortest counterexample or example of what is named.
fn open_counterexample(
    args: &StepArgs,
    library: &Library,
    scenario: &Arc<Scenario>,
    name: &str,
    session: &mut Session<'_>,
) -> Result<String, Diagnostics> {
    let instances = library.instances(name)?;
    validate_asked(library, from_ref(scenario), &properties_of(&instances))?;
    let limits = limits_but_interruption(&args.limits, threads(None));
    match shortest_trace(scenario, &instances, limits) {
        Ok(ShortestTrace::Found(_, trace)) => session.open_found(&trace, args.step),
        Ok(ShortestTrace::Nothing(verdict)) => {
            let nothing = caption::nothing_to_draw(scenario, name, verdict);
            Err(Diagnostic::new(nothing.trim_end()).into())
        }
        Err(NoTrace::Stopped(stopped)) => {
            Err(Diagnostic::new(format!("{name} is undecided in {}: {stopped}", scenario.name)).into())
        }
        Err(fault @ NoTrace::NotReplayed) => Err(Diagnostic::new(fault.to_string()).into()),
    }
}
