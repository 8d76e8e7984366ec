//! Verdicts in Markdown, as a job's summary or a comment shows them.

use std::fmt::Write;

use indicatif::HumanCount;

use super::drawing::{Drawing, drawing_of};
use super::finding::{Finding, findings};
use super::human::{result, result_of, size, uncompared};
use super::show_command::ShowCommand;
use crate::check::{Checked, GateResult};
use crate::report::quantity::{counted, seconds};
use crate::text::visible;

/// What a job's page shows: a table of the scenarios, and what keeps the gate from passing.
#[must_use]
pub fn summary(all: &[Checked], show_command: &ShowCommand, drawings: &[Drawing]) -> String {
    let mut text = format!("## lastack check\n\n{}: **{}**{}\n\n", size(all), result(all).1, uncompared(all));
    text.push_str("| scenario | size | transitions | depth | time | result |\n");
    text.push_str("|---|--:|--:|--:|--:|---|\n");
    for checked in all {
        let stats = checked.stats;
        let changes = match checked.scenario.changes.join(", ") {
            none if none.is_empty() => none,
            changes => format!(" with {}", markdown(&changes)),
        };
        let mark = if checked.result() == GateResult::AsExpected { "" } else { "**" };
        let _ = writeln!(
            text,
            "| {}{changes} | {} | {} | {} | {} | {mark}{}{mark} |",
            checked.scenario.name,
            counted(stats.states, checked.scenario.unit()),
            HumanCount(stats.transitions as u64),
            stats.depth.map_or(String::new(), |depth| depth.to_string()),
            seconds(stats.elapsed),
            result_of(checked),
        );
    }
    for checked in all {
        for Finding { title, body, drawn, .. } in findings(checked, show_command) {
            let _ = writeln!(text, "\n### {}\n\n{}", markdown(&title), markdown(&body));
            let Some((name, command)) = drawn else { continue };
            let _ = writeln!(text, "\n{}", fenced("sh", &command));
            if let Some(drawing) = drawing_of(drawings, &checked.scenario, &name) {
                let _ = writeln!(text, "\n{}", fenced("mermaid", drawing.diagram.trim_end()));
            }
        }
    }
    text
}

/// As text in Markdown, also within a table: nothing in it is read as markup, and it is one line.
fn markdown(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for char in visible(&line).chars() {
        // A dollar begins a formula; a backslash before it does not always help.
        match char {
            '$' => escaped.push_str("&#36;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '<' | '>' | '|' | '&' | '#' | '~' => {
                escaped.push('\\');
                escaped.push(char);
            }
            _ => escaped.push(char),
        }
    }
    escaped
}

/// A block of code, between lines of backticks that do not occur in it.
fn fenced(language: &str, code: &str) -> String {
    let longest = code.split(|char| char != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{code}\n{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_is_escaped() {
        let text = "a | b\n<script> `c` FIN_WAIT_1 *d* [e](f) &amp; # g ~h~ $i$ \\";
        let escaped = r"a \| b \<script\> \`c\` FIN\_WAIT\_1 \*d\* \[e\](f) \&amp; \# g \~h\~ &#36;i&#36; \\";
        assert_eq!(markdown(text), escaped);
        assert_eq!(markdown("\u{202e}a"), r"\\u\{202e\}a");
        assert_eq!(fenced("sh", "lastack show"), "```sh\nlastack show\n```");
        assert_eq!(fenced("sh", "`a` ````"), "`````sh\n`a` ````\n`````");
    }
}
