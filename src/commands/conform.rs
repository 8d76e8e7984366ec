//! `lastack conform`

use super::print;
use crate::check::Passed;
use crate::cli::ConformArgs;
use crate::conform::{Outcome, PROFILES, read_cases, replay};
use crate::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::report::conform;
use crate::report::terminal::Terminal;
use crate::source::read_source;

/// Holds the endpoint against recorded cases, or against the running kernel.
pub fn run(args: &ConformArgs) -> Result<Passed, Diagnostics> {
    if args.kernel { kernel(args) } else { cases(args) }
}

/// Replays recorded cases.
fn cases(args: &ConformArgs) -> Result<Passed, Diagnostics> {
    let profile = |name: &String| {
        let known = PROFILES.iter().find(|profile| profile.name == *name);
        known.ok_or_else(|| Diagnostics::from(unknown(name)))
    };
    let policy = args.policy.as_ref().map(profile).transpose()?.map(|profile| &profile.policy);
    let mut cases = Vec::new();
    let mut mistakes = Diagnostics::default();
    for path in &args.files {
        match read_source(path).map_err(Diagnostics::from).and_then(|file| read_cases(&file)) {
            Ok(more) => cases.extend(more),
            Err(more) => mistakes.0.extend(more.0),
        }
    }
    let with_outcome = |case| {
        let outcome = replay(&case, policy).outcome;
        (case, outcome)
    };
    let all: Vec<_> = mistakes.or(cases)?.into_iter().map(with_outcome).collect();
    print(&conform::report(&all, Terminal::of_stdout()))?;
    let differs = all.iter().any(|(_, outcome)| matches!(outcome, Outcome::Differs(_)));
    Ok(if differs { Passed::No } else { Passed::Yes })
}

fn unknown(name: &str) -> Diagnostic {
    let names = PROFILES.map(|profile| profile.name);
    let help = nearest(name, names)
        .map_or_else(|| format!("there are {}", names.join(", ")), |near| format!("there is `{near}`"));
    Diagnostic::new(format!("there is no policy `{name}`")).help(help)
}

/// Drives the running kernel and says where it and the endpoint differ.
#[cfg(target_os = "linux")]
fn kernel(args: &ConformArgs) -> Result<Passed, Diagnostics> {
    use std::sync::Arc;

    use crate::conform::kernel::{self, Capture, Compared, Error, Kernel};
    use crate::report;

    let failed = |error: Error| Diagnostic::new(error.to_string());
    Kernel::is_available().map_err(failed)?;
    let known = kernel::known()?;
    let capture = args.capture.as_deref().map(Capture::create).transpose().map_err(failed)?.map(Arc::new);
    let compared = kernel::compare(&known, args.walks, capture.as_ref()).map_err(failed)?;
    if let Some(capture) = capture.and_then(Arc::into_inner) {
        capture.finish().map_err(failed)?;
    }
    print(&report::kernel::compared(
        &kernel::release().map_err(failed)?,
        &compared,
        &known,
        Terminal::of_stdout(),
    ))?;
    let Compared { comparison, missing, .. } = &compared;
    let checked = known.check(comparison);
    let as_known = checked.unlisted.is_empty() && checked.unseen.is_empty() && missing.is_empty();
    Ok(if as_known { Passed::Yes } else { Passed::No })
}

/// There is no such kernel.
#[cfg(not(target_os = "linux"))]
fn kernel(_: &ConformArgs) -> Result<Passed, Diagnostics> {
    Err(Diagnostic::new("`--kernel` takes Linux").into())
}
