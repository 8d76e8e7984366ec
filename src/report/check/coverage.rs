//! How often explorations have taken each action and each transition, for people.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};
use indicatif::HumanCount;

use crate::check::{ActionKind, Checked, Coverage};
use crate::model::EndpointEvent;
use crate::report::terminal::Terminal;
use crate::tcp::State;

const BOLD: Style = Style::new().bold();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// Columns of a number.
const NUMBER: usize = 14;

/// All that the explorations have taken together, what none of them has, and the scenarios that were not counted.
#[must_use]
pub fn of_explorations(all: &[Checked], terminal: Terminal) -> String {
    let mut coverage = Coverage::default();
    let mut uncounted = Vec::new();
    for checked in all {
        match &checked.coverage {
            Some(one) => coverage.add(one),
            None => uncounted.push(checked.scenario.name.as_str()),
        }
    }
    let mut text = String::new();
    if !uncounted.is_empty() {
        let note = format!("not counted: {}, which stateright explores", uncounted.join(", "));
        let _ = writeln!(text, "\n{}", terminal.prose(&note, 0));
    }
    if uncounted.len() < all.len() {
        let is_exhaustive = all.iter().all(|checked| checked.stopped.is_none());
        text.push_str(&table(&coverage, is_exhaustive, terminal));
    }
    text
}

/// How often each action, transition and premise was taken, or true. What none was is `never` only where
/// everything was explored (`is_exhaustive`): else the table says that it may still occur.
#[must_use]
pub fn table(coverage: &Coverage, is_exhaustive: bool, terminal: Terminal) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "\n{BOLD}actions{BOLD:#}, and how often each was taken");
    for (kind, times) in &coverage.actions {
        let _ = writeln!(text, "{:>NUMBER$}  {kind}", HumanCount(*times).to_string());
    }
    let never: Vec<String> = ActionKind::all()
        .filter(|kind| !coverage.actions.contains_key(kind))
        .map(|kind| kind.to_string())
        .collect();
    text.push_str(&none_of(&never, terminal));

    let _ = writeln!(text, "\n{BOLD}transitions of an endpoint{BOLD:#}");
    let opens = coverage.transitions.keys().any(|(from, ..)| !State::CLOSING.contains(from));
    let states: &[State] = if opens { &State::ALL } else { State::CLOSING };
    for &state in states {
        let _ = writeln!(text, "  {state}");
        for ((from, event, to), times) in &coverage.transitions {
            if *from == state {
                let to = if to == from { String::new() } else { terminal.shown(&format!(" → {to}")) };
                let _ = writeln!(text, "{:>NUMBER$}  {event}{to}", HumanCount(*times).to_string());
            }
        }
        let was_taken = |event: &EndpointEvent| {
            coverage.transitions.keys().any(|(from, one, _)| *from == state && one == event)
        };
        let never: Vec<String> =
            EndpointEvent::all().filter(|event| !was_taken(event)).map(|event| event.to_string()).collect();
        text.push_str(&none_of(&never, terminal));
    }

    if !coverage.premises.is_empty() {
        let _ = writeln!(text, "\n{BOLD}premises{BOLD:#}, and in how many states each was true");
    }
    for ((property, premise, end), times) in &coverage.premises {
        let of_end = end.map_or(String::new(), |end| format!("@{end}"));
        let premise = terminal.prose(&format!("{property}{of_end}: {premise}"), NUMBER + 2);
        let _ = writeln!(text, "{:>NUMBER$}  {premise}", HumanCount(*times).to_string());
    }
    if !is_exhaustive {
        text.push_str("Exploration was incomplete: actions and premises not seen may still occur.\n");
        return text;
    }
    for (property, premise) in coverage.vacuous() {
        let warning = format!("{property} is vacuous here: `{premise}` is never true");
        let _ = writeln!(text, "{WARNING}warning{WARNING:#}  {}", terminal.prose(&warning, 9));
    }
    text
}

/// The names of those that were never taken.
fn none_of(names: &[String], terminal: Terminal) -> String {
    if names.is_empty() {
        return String::new();
    }
    let names = terminal.wrapped(names.iter().map(String::as_str), ", ", NUMBER + 2);
    format!("{:>NUMBER$}  {names}\n", "never")
}
