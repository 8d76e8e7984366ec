//! What random runs have shown, for people.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use indicatif::HumanCount;

use crate::property::Instance;
use crate::report::quantity::counted;
use crate::report::terminal::Terminal;
use crate::scenario::Scenario;
use crate::simulation::Simulation;
use crate::trace::caption::shown;

const BOLD: Style = Style::new().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// The column at which a text behind a word begins.
const INDENT: usize = 14;

/// How much was simulated, what a run has revealed, and what none has.
#[must_use]
pub fn report(
    scenario: &Scenario,
    instances: &[Instance],
    found: &Simulation,
    seed: u64,
    terminal: Terminal,
) -> String {
    let size = format!(
        "seed {seed}: {}, {} of them to their end, {}",
        counted(usize::try_from(found.runs).unwrap_or(usize::MAX), "run"),
        HumanCount(found.over),
        counted(usize::try_from(found.events).unwrap_or(usize::MAX), "event"),
    );
    let mut text = format!("{BOLD}{}{BOLD:#}, {size}\n", scenario.name);
    if scenario.is_changed() {
        let _ = writeln!(text, "  {:<12}{}", "set", terminal.prose(&scenario.changes.join(", "), INDENT));
    }
    if let Some(stopped) = found.stopped {
        let _ = writeln!(text, "  {BAD}{:<12}{BAD:#}{stopped}", "stopped");
    }
    let mut none = Vec::new();
    for (instance, revealing) in instances.iter().zip(&found.found) {
        let Some(revealing) = revealing else {
            none.push(instance.name());
            continue;
        };
        let style = if shown(instance) == crate::property::Verdict::Violated { BAD } else { Style::new() };
        let _ = writeln!(text, "  {style}{:<12}{style:#}{}", shown(instance).name(), instance.name());
        let acts = counted(revealing.trace.acts(), "step");
        let of = format!("by run {}, after {}; ", revealing.run, counted(revealing.events, "event"));
        let _ = writeln!(text, "{:INDENT$}{of}shortened to {acts} of an end", "");
    }
    if !none.is_empty() {
        let names = terminal.wrapped(none.iter().map(String::as_str), ", ", INDENT);
        let _ = writeln!(text, "  {:<12}{names}", "not shown");
        text.push_str("What no run has shown is undecided: `lastack check` explores all of them.\n");
    }
    text
}
