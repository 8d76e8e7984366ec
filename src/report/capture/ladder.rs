//! One connection as a ladder, like a counterexample: two lifelines, the states down their sides, and every
//! packet.

use std::fmt::Write;

use super::rungs::{Change, Drawing, Rung};
use super::view::{View, seconds};
use crate::capture::{Capture, Finding, Side};
use crate::report::terminal::Terminal;
use crate::report::terminal::in_ascii;
use crate::tcp::State;

/// Columns beside the lifelines: times, packets and states.
const SIDES: usize = 46;
/// A pause that is longer, in nanoseconds, is a row of its own.
const PAUSE: i64 = 500_000_000;
/// What stands below a packet that is not explained.
const UNEXPLAINED: &str = "✗ not explained";

/// A connection that is among the findings.
#[must_use]
pub fn draw(capture: &Capture, finding: &Finding, terminal: Terminal) -> String {
    let views = View::all(capture, std::slice::from_ref(finding));
    let mut text = String::new();
    for view in &views {
        let drawing = view.drawing();
        let _ = writeln!(text, "{}", view.ends());
        for line in &drawing.head {
            let _ = writeln!(text, "  {}", terminal.prose(line, 2));
        }
        Ladder { view, terminal, middle: terminal.width.saturating_sub(SIDES), text: &mut text }.draw(&drawing);
        for line in &drawing.foot {
            let _ = writeln!(text, "  {}", terminal.prose(line, 2));
        }
    }
    text
}

struct Ladder<'a> {
    view: &'a View<'a>,
    terminal: Terminal,
    /// Columns between the lifelines.
    middle: usize,
    text: &'a mut String,
}

impl Ladder<'_> {
    fn draw(&mut self, drawing: &Drawing<'_>) {
        let middle = self.middle;
        let _ = writeln!(self.text, "\n{:>10} {:>7}  {:<12}{:middle$}  B", "seconds", "packet", "A", "");
        self.row("", "", drawing.start, ('│', '│'), "");
        for rung in &drawing.rungs {
            self.rung(rung);
        }
        self.text.push('\n');
    }

    fn rung(&mut self, rung: &Rung<'_>) {
        if rung.pause > PAUSE {
            let middle = self.middle;
            let pause = format!("{:┄^middle$}", format!(" {} ", seconds(rung.pause)));
            self.row("", "", [None, None], ('┼', '┼'), &pause);
        }
        for change in &rung.before {
            self.change(*change);
        }
        let time = seconds(rung.time);
        let number = rung.packet.number.to_string();
        // One change of each end stands beside the packet, those that follow it below.
        let first = |side| rung.after.iter().find(move |change| change.side == side).copied();
        let beside: Vec<Change> = Side::BOTH.into_iter().filter_map(first).collect();
        let (label, more) = self.label(&rung.label);
        let arrow = self.arrow(rung.packet.from, &label);
        self.row(time.trim_end_matches(" s"), &number, self.states(&beside), ('├', '┤'), &arrow);
        if let Some(more) = more {
            let middle = self.middle;
            self.row("", "", [None, None], ('│', '│'), &format!("{more:^middle$}"));
        }
        for side in Side::BOTH {
            for change in rung.after.iter().filter(|change| change.side == side).skip(1) {
                self.change(*change);
            }
        }
        if let Some(why) = &rung.unexplained {
            let middle = self.middle;
            self.row("", "", [None, None], ('│', '│'), &format!("{UNEXPLAINED:^middle$}"));
            let _ = writeln!(self.text, "{:21}{}", "", self.terminal.prose(why, 21));
        }
    }

    /// A change that has a row of its own, and beside the end's lifeline its cause, if that is no packet.
    fn change(&mut self, change: Change) {
        let words = format!(" {} ", change.by);
        let middle = self.middle;
        let middle = if self.is_left(change.side) { words } else { format!("{words:>middle$}") };
        self.row("", "", self.states(&[change]), ('│', '│'), &middle);
    }

    /// The words of a label that fit on an arrow, and below it those that do not: a number that is cut off would
    /// be another.
    fn label(&self, label: &str) -> (String, Option<String>) {
        let longest = self.middle.saturating_sub(6);
        if label.chars().count() <= longest {
            return (label.to_owned(), None);
        }
        let dots = if self.terminal.utf8 { "…" } else { "..." };
        let mut length = dots.chars().count();
        let words: Vec<&str> = label.split(' ').collect();
        let fitting = words.iter().take_while(|word| {
            length += word.chars().count() + 1;
            length <= longest
        });
        let (first, others) = words.split_at(fitting.count());
        (format!("{} {dots}", first.join(" ")), Some(format!("{dots} {}", others.join(" "))))
    }

    fn arrow(&self, from: Side, label: &str) -> String {
        let name = format!(" {label} ");
        let dashes = self.middle.saturating_sub(name.chars().count() + 1);
        let (before, after) = ("─".repeat(dashes / 2), "─".repeat(dashes - dashes / 2));
        if self.is_left(from) { format!("{before}{name}{after}▸") } else { format!("◂{before}{name}{after}") }
    }

    fn is_left(&self, side: Side) -> bool {
        self.view.sides().first() == Some(&side)
    }

    fn states(&self, changes: &[Change]) -> [Option<State>; 2] {
        let of = |side: Side| changes.iter().find(|change| change.side == side).map(|change| change.state);
        self.view.sides().map(of)
    }

    fn row(
        &mut self,
        time: &str,
        number: &str,
        [left, right]: [Option<State>; 2],
        lifelines: (char, char),
        middle: &str,
    ) {
        let left = left.map_or("", State::name);
        let right = right.map_or("", State::name);
        let width = self.middle;
        let (a, b) = lifelines;
        let row = format!("{time:>10} {number:>7}  {left:<12}{a}{middle:<width$}{b} {right}");
        let row = if self.terminal.utf8 { row } else { row.chars().map(in_ascii).collect() };
        let _ = writeln!(self.text, "{}", row.trim_end());
    }
}
