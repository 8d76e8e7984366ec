//! What keeps the gate from passing, with its place in a file: for annotations, code scanning and summaries.

use super::show_command::ShowCommand;
use super::verdict_note::{VerdictNote, verdict_notes};
use crate::check::{Checked, CrossCheck, Outcome, is_shipped};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// A verdict is not the expected one, or a second opinion differs.
    Error,
    /// Something was not explored to the end.
    Warning,
}

impl Level {
    /// As annotations and SARIF call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// The rule that is broken where an exploration ends early.
pub(super) const NOT_EXPLORED: &str = "explored-to-the-end";

/// The rule that is broken where a second opinion differs.
pub(super) const DIFFERS: &str = "second-opinions-agree";

/// Something that keeps the gate from passing.
pub(super) struct Finding<'c> {
    /// How bad it is.
    pub(super) level: Level,
    /// The property, or what else is broken.
    pub(super) rule: String,
    /// The file, and its first and last line, from 1.
    pub(super) place: (&'c str, usize, usize),
    /// What it is, in a line.
    pub(super) title: String,
    /// What was expected, and why.
    pub(super) body: String,
    /// The instance or property of which a trace can be drawn, and the command that draws it.
    pub(super) drawn: Option<(String, String)>,
}

/// Everything that keeps a scenario from passing.
pub(super) fn findings<'c>(checked: &'c Checked, show_command: &ShowCommand) -> Vec<Finding<'c>> {
    let scenario = &checked.scenario;
    let of_scenario = |level, rule: &str, title: String, body: String| Finding {
        level,
        rule: rule.to_owned(),
        place: (&scenario.source.path, 1, 1),
        title,
        body,
        drawn: None,
    };
    let of_verdict = |note: VerdictNote<'c>| Finding {
        level: Level::Error,
        rule: note.name.split('@').next().unwrap_or_default().to_owned(),
        // A reader's repository does not have the files that are compiled in.
        place: if note.is_of_shipped_file() && !is_shipped(&scenario.source) {
            (&scenario.source.path, 1, 1)
        } else {
            (note.path(), *note.lines().start(), *note.lines().end())
        },
        title: format!("{} {} in {}", note.name, note.kind_label(), scenario.name),
        body: match note.reason() {
            none if none.is_empty() => format!("with {}", scenario.changes.join(", ")),
            reason => reason,
        },
        drawn: note.has_trace().then(|| (note.name.clone(), show_command.show(scenario, &note.name))),
    };
    let mut findings: Vec<Finding> = Vec::new();
    if let Some(stopped) = checked.stopped {
        let undecided = checked.results.iter().filter(|outcome| outcome.is_undecided());
        let names: Vec<&str> = undecided.map(|outcome| outcome.property.name.as_str()).collect();
        let open = if names.is_empty() { String::new() } else { format!("; undecided: {}", names.join(", ")) };
        let title = if stopped.leaves_only_runs_open() {
            format!("{} undecided in {}", names.join(", "), scenario.name)
        } else {
            format!("{} was not explored to the end", scenario.name)
        };
        findings.push(of_scenario(Level::Warning, NOT_EXPLORED, title, format!("{stopped}{open}")));
    }
    if let Some(cross_check) = &checked.cross_check {
        let CrossCheck { disagreements, stopped, .. } = cross_check;
        for disagreement in disagreements {
            let title = format!("{} differs in {}", disagreement.by.name(), scenario.name);
            findings.push(of_scenario(Level::Error, DIFFERS, title, disagreement.to_string()));
        }
        if let Some(stopped) = stopped.filter(|_| !cross_check.is_out_of_reach()) {
            let title = format!("{} was not explored to the end by stateright", scenario.name);
            findings.push(of_scenario(Level::Warning, NOT_EXPLORED, title, stopped.to_string()));
        }
    }
    let verdict_notes = checked.results.iter().flat_map(|outcome: &Outcome| verdict_notes(checked, outcome));
    findings.extend(verdict_notes.filter(|note| note.is_surprise).map(of_verdict));
    findings
}
