//! `lastack show --replay`: a saved trace on today's model.

use std::path::Path;
use std::slice::from_ref;

use crate::check::Library;
use crate::cli::ShowArgs;
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile};
use crate::process::exit::ExitStatus;
use crate::process::journal::read_document;
use crate::process::output::print;
use crate::report::quantity::counted;
use crate::report::trace::saved::{SavedReplay, SavedTrace};
use crate::scenario::{Setting, WorldKind};
use crate::trace::{NotForever, RunEnding};

/// Replays a saved trace, and says whether it is a run of today's model.
///
/// # Errors
/// A file that is no trace, or whose scenario or property does not exist any more.
pub(super) fn run(args: &ShowArgs, file: &Path) -> Result<ExitStatus, Diagnostics> {
    let source = SourceFile::new(file.display().to_string(), read_document(file)?);
    let saved = SavedTrace::parse(&source)?;
    let added = &args.library;
    let library = Library::read(&added.property_folders, &added.scenario_folders, &added.policy_folders)?;
    let settings = Setting::parse_all(&saved.settings)?;
    let scenarios = library.scenarios(from_ref(&saved.scenario), &settings, saved.scale)?;
    let scenario = scenarios.first().ok_or_else(|| Diagnostic::new("there is no such scenario"))?;
    let instances = saved.instance.as_ref().map(|name| library.instances(name)).transpose()?.unwrap_or_default();
    let instance = match (&saved.instance, instances.as_slice()) {
        (None, _) => None,
        (Some(_), [instance]) => Some(instance),
        (Some(name), _) => {
            return Err(Diagnostic::new(format!("`{name}` is not one instance of a property")).into());
        }
    };
    if scenario.kind != WorldKind::Timed {
        return Err(Diagnostic::new("a trace of the asynchronous world is not replayed").into());
    }
    let SavedReplay { trace, saved: steps, parted, not_forever, is_revealed } = saved.replay(scenario, instance);
    let name = &scenario.name;
    let of = counted(steps, "step");
    if let Some((step, differences)) = parted {
        print(&format!("They part at step {step} of {of}, in {name}:\n"))?;
        for difference in differences {
            print(&format!("  {difference}\n"))?;
        }
        return Ok(ExitStatus::Failure);
    }
    let is_run = format!("The {of} are a run of {name}");
    let shown = instance.map(|instance| (instance.name(), crate::trace::caption::shown(instance)));
    if let Some(why) = not_forever {
        let why = match why {
            NotForever::IsUnfair => "fairness rules out that it goes on as it did",
            NotForever::GoesOn => "it does not end with these: more has to happen",
            NotForever::DoesNotComeBack => "it does not come back to where its cycle began",
        };
        let so = shown.map(|(name, verdict)| format!(": {name} is not {verdict} there")).unwrap_or_default();
        print(&format!("{is_run}, but {why}{so}.\n"))?;
        return Ok(ExitStatus::Failure);
    }
    let (Some(instance), Some((instance_name, verdict))) = (instance, shown) else {
        print(&format!("{is_run}.\n"))?;
        return Ok(ExitStatus::Success);
    };
    if instance.is_liveness() && trace.ending == RunEnding::Open {
        print(&format!("{is_run}; what becomes of it, and so of {instance_name}, is not judged.\n"))?;
        return Ok(ExitStatus::Success);
    }
    if is_revealed {
        print(&format!("{is_run}, and {instance_name} is {verdict} there.\n"))?;
        return Ok(ExitStatus::Success);
    }
    print(&format!("{is_run}, but {instance_name} is not {verdict} there.\n"))?;
    Ok(ExitStatus::Failure)
}
