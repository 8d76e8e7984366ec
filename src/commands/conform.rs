//! `lastack conform`

use super::print;
use crate::check::Passed;
use crate::cli::ConformArgs;
use crate::conform::{Outcome, PROFILES, read_cases, replay};
use crate::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::report::conform;
use crate::report::terminal::Terminal;
use crate::source::read_source;

/// Replays recorded cases against the endpoint.
pub fn run(args: &ConformArgs) -> Result<Passed, Diagnostics> {
    let policy = match &args.policy {
        None => None,
        Some(name) => {
            Some(&PROFILES.iter().find(|profile| profile.name == *name).ok_or_else(|| unknown(name))?.policy)
        }
    };
    let mut cases = Vec::new();
    let mut mistakes = Diagnostics::default();
    for path in &args.files {
        match read_source(path).map_err(Diagnostics::from).and_then(|file| read_cases(&file)) {
            Ok(more) => cases.extend(more),
            Err(more) => mistakes.0.extend(more.0),
        }
    }
    let all: Vec<_> = mistakes
        .or(cases)?
        .into_iter()
        .map(|case| {
            let outcome = replay(&case, policy);
            (case, outcome)
        })
        .collect();
    print(&conform::report(&all, Terminal::of_stdout()))?;
    let differs = all.iter().any(|(_, outcome)| matches!(outcome, Outcome::Differs(_)));
    Ok(if differs { Passed::No } else { Passed::Yes })
}

fn unknown(name: &str) -> Diagnostic {
    let names = PROFILES.map(|profile| profile.name);
    let mistake = Diagnostic::new(format!("there is no policy `{name}`"));
    let help = nearest(name, names).map_or_else(|| names.join(", "), |near| format!("`{near}`"));
    mistake.help(format!("there is {help}"))
}
