//! `lastack conform`

use std::path::Path;
use std::sync::Arc;

use crate::cli::ConformArgs;
use crate::conform::recorded::{self, Case, CaseOutcome, Profile, replay};
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile};
use crate::policy::Policies;
use crate::process::exit::ExitStatus;
use crate::process::output::Output;
use crate::process::output::print;
use crate::report::conform as report;
use crate::report::terminal::Terminal;
use crate::source::read_source;

/// Holds the endpoint against recorded cases, or against the running kernel.
///
/// # Errors
/// A mistake in the command line or in a file, or a kernel that cannot be driven.
pub fn run(args: &ConformArgs) -> Result<ExitStatus, Diagnostics> {
    if args.kernel { kernel(args) } else { cases(args) }
}

/// Replays every case of the files: once all of them have been read, or with `--keep-going` all that can be read.
fn cases(args: &ConformArgs) -> Result<ExitStatus, Diagnostics> {
    let policies = Policies::read(&args.policy_folders)?;
    let profile = match &args.policy {
        Some(name) => Profile::One(policies.named(name)?),
        None => Profile::Named(&policies),
    };
    let mut mistakes = Diagnostics::default();
    let mut files = Vec::new();
    for path in &args.files {
        if let Some(file) = mistakes.take(read_source(path)) {
            let (cases, more) = parse(&file, path, profile);
            mistakes.0.extend(more.0);
            files.push((file, cases));
        }
    }
    if !args.keep_going && !mistakes.0.is_empty() {
        return Err(mistakes);
    }
    let replays: Vec<_> = files
        .iter()
        .flat_map(|(file, cases)| {
            cases.iter().map(|case| report::Replay { file: &file.path, case, replayed: replay(case) })
        })
        .collect();
    let differs = replays.iter().any(|replay| matches!(replay.replayed.outcome, CaseOutcome::Differs(_)));
    let exit_code = if mistakes.0.is_empty() { u8::from(differs) } else { 2 };
    print(&args.format.report(&replays, args.trace, exit_code, Terminal::of_stdout()))?;
    mistakes.or(if differs { ExitStatus::Failure } else { ExitStatus::Success })
}

/// The cases of a file: of a packetdrill script there is one.
fn parse(file: &Arc<SourceFile>, path: &Path, profile: Profile<'_>) -> (Vec<Case>, Diagnostics) {
    if path.extension().is_some_and(|extension| extension == "pkt") {
        let policy = match profile {
            Profile::One(policy) => Ok(policy),
            // A script does not name a stack; most are for Linux.
            Profile::Named(policies) => policies.named("linux").map_err(Diagnostics::from),
        };
        match policy.and_then(|policy| recorded::parse_packetdrill(file, policy)) {
            Ok(case) => (vec![case], Diagnostics::default()),
            Err(mistakes) => (Vec::new(), mistakes),
        }
    } else {
        recorded::parse(file, profile)
    }
}

/// Drives the running kernel, and reports its differences from the endpoint.
#[cfg(target_os = "linux")]
fn kernel(args: &ConformArgs) -> Result<ExitStatus, Diagnostics> {
    use crate::conform::kernel::{self, CaptureFile, Error, Kernel};
    use crate::process::output::written_once;
    use crate::report;

    let failed = |error: Error| Diagnostic::new(error.to_string());
    Kernel::is_available().map_err(failed)?;
    let known = kernel::known()?;
    let record = args.record.as_deref().map(Output::new).transpose()?;
    written_once(args.record.as_deref().into_iter().chain(args.capture.as_deref()))?;
    let capture = args.capture.as_deref().map(CaptureFile::create).transpose().map_err(failed)?.map(Arc::new);
    let compared = kernel::compare(&known, args.walks, capture.as_ref()).map_err(failed)?;
    if let Some(capture) = capture.and_then(Arc::into_inner) {
        capture.finish().map_err(failed)?;
    }
    if let Some(record) = record {
        let lines: String = compared.cases.values().flat_map(|line| [line, "\n"]).collect();
        record.write(lines.as_bytes())?;
    }
    let checked = known.check(&compared.comparison);
    let release = kernel::release().map_err(failed)?;
    print(&report::conform::kernel::compared(&release, &compared, &checked, Terminal::of_stdout()))?;
    let as_known = checked.unlisted.is_empty() && checked.unseen.is_empty() && compared.missing.is_empty();
    Ok(if as_known { ExitStatus::Success } else { ExitStatus::Failure })
}

/// There is no such kernel.
#[cfg(not(target_os = "linux"))]
fn kernel(_: &ConformArgs) -> Result<ExitStatus, Diagnostics> {
    Err(Diagnostic::new("`--kernel` takes Linux").into())
}
