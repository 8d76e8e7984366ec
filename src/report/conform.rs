//! Recorded cases beside the endpoint, for people.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use super::terminal::Terminal;
use crate::conform::{Case, CaseDifference, Outcome};

const BAD: Style = AnsiColor::Red.on_default().bold();

/// Where what is said of a case begins, in columns.
const INDENT: usize = 14;

/// A line or two a case, and what it all comes to.
#[must_use]
pub fn report(all: &[(Case, Outcome)], terminal: Terminal) -> String {
    let mut text = String::new();
    for (case, outcome) in all {
        let id = terminal.shown(&case.id);
        match outcome {
            Outcome::Match => {
                let _ = writeln!(text, "match         {id}");
            }
            Outcome::Differs(CaseDifference { step, expected, seen }) => {
                let said = format!("step {step}: expected {expected}; seen: {seen}");
                let said = terminal.prose(&said, INDENT);
                let _ = writeln!(text, "{BAD}differs{BAD:#}       {id}\n{:INDENT$}{said}", "");
            }
            Outcome::OutOfScope(feature) => {
                let _ = writeln!(text, "out of scope  {id}\n{:INDENT$}{}", "", terminal.prose(feature, INDENT));
            }
        }
    }
    let count = |is: fn(&Outcome) -> bool| all.iter().filter(|(_, outcome)| is(outcome)).count();
    let _ = writeln!(
        text,
        "\n{} cases: {} match, {} differ, {} are out of scope",
        all.len(),
        count(|outcome| *outcome == Outcome::Match),
        count(|outcome| matches!(outcome, Outcome::Differs(_))),
        count(|outcome| matches!(outcome, Outcome::OutOfScope(_))),
    );
    text
}
