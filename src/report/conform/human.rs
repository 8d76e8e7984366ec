//! The outcomes of recorded cases, for people.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::replayed::{Replay, step_text};
use crate::conform::recorded::{Case, CaseOutcome, Replayed, ReplayedStep, StepDifference};
use crate::report::terminal::Terminal;

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// Where the name of a case begins, in columns.
const NAME_INDENT: usize = 14;
/// The column at which the text about a step begins.
const INDENT: usize = 24;

/// A line a case, what differs below it, and how many there are of each. With `trace`, each step of each case that
/// is in scope.
#[must_use]
pub fn render(replays: &[Replay<'_>], trace: bool, terminal: Terminal) -> String {
    let mut text = String::new();
    let [mut matches, mut differ, mut out_of_scope] = [0usize; 3];
    for Replay { case, replayed: Replayed { outcome, steps, .. }, .. } in replays {
        let name = terminal.shown(&case.name);
        let differences: &[StepDifference] = match outcome {
            CaseOutcome::Match => {
                matches += 1;
                let policy = if trace { format!(" ({})", case.policy.name) } else { String::new() };
                let _ = writeln!(text, "{GOOD}match{GOOD:#}         {name}{policy}");
                &[]
            }
            CaseOutcome::Differs(differences) => {
                differ += 1;
                let _ = writeln!(text, "{BAD}differs{BAD:#}       {name} ({})", case.policy.name);
                differences
            }
            CaseOutcome::OutOfScope(feature) => {
                out_of_scope += 1;
                let _ =
                    writeln!(text, "out of scope  {}", terminal.prose(&format!("{name}: {feature}"), NAME_INDENT));
                continue;
            }
        };
        let shown = steps.iter().filter_map(|step| {
            let of_step: Vec<&StepDifference> = differences.iter().filter(|one| one.step == step.number).collect();
            (trace || !of_step.is_empty()).then_some((step, of_step))
        });
        for (step, of_step) in shown {
            let mut line = |label: &str, seen: &str| {
                let _ = writeln!(text, "              {label:<10}{}", terminal.prose(seen, INDENT));
            };
            line(&place(case, step.number), &step_text(case, step.number));
            if trace {
                for (label, seen) in seen_in(step) {
                    line(label, &seen);
                }
            }
            for StepDifference { expected, seen, .. } in of_step {
                line("expected", expected);
                line("seen", seen);
            }
        }
    }
    let _ = writeln!(
        text,
        "\n{} {}: {matches} match, {differ} {}, {out_of_scope} out of scope",
        replays.len(),
        if replays.len() == 1 { "case" } else { "cases" },
        if differ == 1 { "differs" } else { "differ" },
    );
    text
}

/// Where a step stands: in a file that has a line for each, that line.
fn place(case: &Case, step: usize) -> String {
    let line = step.checked_sub(1).and_then(|index| case.steps.get(index)?.line);
    line.map_or_else(|| format!("step {step}"), |line| format!("line {line}"))
}

/// What a step did, each with its name.
fn seen_in(step: &ReplayedStep) -> Vec<(&'static str, String)> {
    let ReplayedStep { number: _, returned, sent, state, timers } = step;
    let mut all: Vec<(&'static str, String)> = Vec::new();
    all.extend(returned.iter().map(|returned| ("returned", returned.clone())));
    all.extend(sent.iter().map(|sent| ("sent", sent.to_string())));
    all.push(("state", state.to_string()));
    if !timers.is_empty() {
        let timers = timers.iter().map(|(timer, left)| format!("{} in {left}ms", timer.name()));
        all.push(("timers", timers.collect::<Vec<_>>().join(", ")));
    }
    all
}
