//! A sweep for people at a terminal.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::grid::{Field, Grid, Grids};
use super::sign::Sign;
use crate::property::Verdict;
use crate::report::policy;
use crate::report::quantity::counted;
use crate::report::terminal::Terminal;
use crate::sweep::{AxisHead, Part, Plan, PlannedWorld, Results, SweepOutcome};
use anstyle::{AnsiColor, Style};

const BOLD: Style = Style::new().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();

/// The column at which a text behind a word begins.
const INDENT: usize = 14;

/// The table, what its signs mean, and the total in the last line; before it, what [`rounded`] has of its plan.
#[must_use]
pub fn report(results: &Results, rounded: Option<&str>, terminal: Terminal) -> String {
    let head = &results.head;
    let mut text = format!("{BOLD}{} in {}{BOLD:#}\n", head.property, head.scenario);
    let mut settings = head.settings.clone();
    settings.extend((head.scale != 1).then(|| format!("scale {}", head.scale)));
    if !settings.is_empty() {
        let _ = writeln!(text, "  {:<12}{}", "set", terminal.prose(&settings.join(", "), INDENT));
    }
    if head.partition != Part::WHOLE {
        let _ = writeln!(text, "  {:<12}{}", "partition", head.partition);
    }
    if let Some(rounded) = rounded {
        let _ = writeln!(text, "  {:<12}{}", "rounded", terminal.prose(rounded, INDENT));
    }
    let grids = Grids::of(results);
    if let Some(key) = least_of_all(results) {
        let _ = writeln!(text, "  {:<12}{key}, for each of the others", "least");
    }
    for grid in &grids.all {
        text.push('\n');
        text.push_str(&drawn(grid, &grids, terminal));
    }
    text.push('\n');
    text.push_str(&legend(&grids, terminal));
    text.push_str(&reasons(results, terminal));
    text + &total(results)
}

/// Timers that are no whole number of ticks, and what they have become: of the first world that has some.
#[must_use]
pub fn rounded(plan: &Plan) -> Option<String> {
    let ready = || plan.worlds.iter().filter_map(PlannedWorld::ready);
    let mut all = ready().filter_map(|scenario| policy::rounded(scenario));
    let first = all.next()?;
    Some(format!("in {} of {}; in the first, {first}", 1 + all.count(), counted(ready().count(), "world")))
}

/// The key of which the least value stands in the table.
fn least_of_all(results: &Results) -> Option<&str> {
    results.head.least.as_deref().filter(|_| results.head.vary.len() > 1)
}

/// A grid, in as many blocks of columns as the terminal needs.
fn drawn(grid: &Grid<'_>, grids: &Grids<'_>, terminal: Terminal) -> String {
    let mut text = String::new();
    if !grid.others.is_empty() {
        let others: Vec<String> = grid.others.iter().map(|(key, value)| format!("{key} = {value}")).collect();
        let _ = writeln!(text, "{}", terminal.shown(&others.join(", ")));
    }
    let shown = |value: &String| terminal.shown(value);
    let values = |axis: Option<&AxisHead>| {
        axis.map_or_else(|| vec![String::new()], |axis| axis.values.iter().map(shown).collect())
    };
    let (columns, lines) = (values(grids.x), values(grids.y));
    let width = |text: &str| text.chars().count();
    let key = grids.y.map_or("", |axis| axis.key.as_str());
    let margin = lines.iter().map(|line| width(line)).chain([width(key)]).max().unwrap_or_default();
    let fields: Vec<Vec<(String, Style)>> =
        grid.rows.iter().map(|row| row.iter().map(|field| rendered(*field, terminal)).collect()).collect();
    let of_fields = fields.iter().flatten().map(|(text, _)| width(text));
    let column = columns.iter().map(|value| width(value)).chain(of_fields).max().unwrap_or(1) + 1;
    let most = (terminal.width.saturating_sub(margin + 1) / column).max(1);
    for (block, names) in columns.chunks(most).enumerate() {
        if let Some(x) = grids.x {
            let _ = writeln!(text, "{:margin$}  {}", "", x.key);
        }
        let mut line = format!("{key:<margin$} ");
        for name in names {
            let _ = write!(line, "{name:>column$}");
        }
        let _ = writeln!(text, "{}", line.trim_end());
        for (line, row) in lines.iter().zip(&fields) {
            let _ = write!(text, "{line:>margin$} ");
            for (field, style) in row.iter().skip(block * most).take(most) {
                let gap = column.saturating_sub(width(field));
                let _ = write!(text, "{:gap$}{style}{field}{style:#}", "");
            }
            text.push('\n');
        }
    }
    text
}

fn rendered(field: Field<'_>, terminal: Terminal) -> (String, Style) {
    match field {
        Field::World(sign) => {
            let (sign_in_utf8, in_ascii) = sign.characters();
            let shown = if terminal.utf8 { sign_in_utf8 } else { in_ascii };
            (shown.to_string(), sign.style())
        }
        Field::Least(field) => {
            (marked(&field.text(), terminal), if field.value.is_some() { Style::new() } else { BAD })
        }
    }
}

/// A least value, or a mark on one, in the characters of the terminal.
fn marked(text: &str, terminal: Terminal) -> String {
    if terminal.utf8 { text.to_owned() } else { text.replace('≤', "<=").replace('·', ".") }
}

/// What the signs mean that are there.
fn legend(grids: &Grids<'_>, terminal: Terminal) -> String {
    let mut words: Vec<String> = grids
        .signs()
        .into_iter()
        .map(|sign| {
            let (in_utf8, in_ascii) = sign.characters();
            format!("{} {}", if terminal.utf8 { in_utf8 } else { in_ascii }, sign.name())
        })
        .collect();
    words.extend(grids.marks().into_iter().map(|(mark, meaning)| format!("{} {meaning}", marked(mark, terminal))));
    if words.is_empty() {
        return String::new();
    }
    format!("{}\n", terminal.wrapped(words.iter().map(String::as_str), ", ", 0))
}

/// Why worlds are undecided or refused, each reason once.
fn reasons(results: &Results, terminal: Terminal) -> String {
    let mut all: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for result in results.known.values() {
        if let Some(why) = &result.why {
            *all.entry((result.name(), why)).or_default() += 1;
        }
    }
    let line = |((verdict, why), number): ((&str, &str), usize)| {
        let text = format!("{}: {why}", counted(number, "world"));
        format!("  {verdict:<12}{}\n", terminal.prose(&text, INDENT))
    };
    all.into_iter().map(line).collect()
}

/// The numbers of worlds, and what they come to.
fn total(results: &Results) -> String {
    let head = &results.head;
    let own: Vec<usize> = head.own_rows().into_iter().flatten().collect();
    let mut counts: BTreeMap<Sign, usize> = BTreeMap::new();
    for world in &own {
        *counts.entry(Sign::of(results.known.get(world))).or_default() += 1;
    }
    let style = if SweepOutcome::of(results) == SweepOutcome::Holds { GOOD } else { BAD };
    let numbers: Vec<String> =
        counts.iter().map(|(sign, number)| format!("{number} {}", in_words(*sign, *number))).collect();
    let numbers = numbers.join(", ");
    if own.is_empty() {
        return format!("{style}no world is in the part {}{style:#}\n", head.partition);
    }
    let mut text = format!("{}: {style}{numbers}{style:#}\n", counted(own.len(), "world"));
    let replayed = results.known.values().filter(|one| !one.is_explored()).count();
    if replayed > 0 {
        let _ = writeln!(text, "Of those that are violated, {replayed} by the counterexample of another world.");
    }
    if let (Some(key), [row]) = (&head.least, head.rows().as_slice()) {
        let row = head.row(row, &results.known);
        let value = row.least().place.and_then(|place| head.vary.first()?.values.get(place));
        if let (Some(value), true) = (value, row.least().is_certain) {
            let _ = writeln!(text, "The least {key} that holds is {value}.");
        }
    }
    text
}

/// As in `3 hold` and `1 holds`.
fn in_words(sign: Sign, number: usize) -> &'static str {
    match sign {
        Sign::Of(Verdict::Holds) if number != 1 => "hold",
        _ => sign.name(),
    }
}
