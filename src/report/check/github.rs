//! Verdicts for GitHub Actions: annotations, which point into files, and a job's summary in Markdown.

use std::fmt::Write;

use indicatif::HumanCount;

use super::human::{result, result_of, size, uncompared};
use super::show_command::ShowCommand;
use super::verdict_note::{VerdictNote, verdict_notes};
use crate::check::{Checked, CrossCheck, GateResult, Outcome, is_shipped};
use crate::report::quantity::{counted, seconds};
use crate::text::{visible, visible_lines};

/// One annotation a line, for each thing that keeps the gate from passing: errors for unexpected verdicts,
/// warnings for what was not explored to the end.
#[must_use]
pub fn annotations(all: &[Checked], show_command: &ShowCommand) -> String {
    let mut text = String::new();
    for checked in all {
        for Finding { level, place: (file, first, last), title, body, command } in findings(checked, show_command)
        {
            let message: Vec<String> = [Some(body), command].into_iter().flatten().collect();
            let _ = writeln!(
                text,
                "::{level} file={},line={first},endLine={last},title={}::{}",
                property(file.strip_prefix("./").unwrap_or(file)),
                property(&title),
                data(&message.join("\n")),
            );
        }
    }
    text
}

/// What a job's page shows.
#[must_use]
pub fn summary(all: &[Checked], show_command: &ShowCommand) -> String {
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
    for finding in all.iter().flat_map(|checked| findings(checked, show_command)) {
        let _ = writeln!(text, "\n### {}\n\n{}", markdown(&finding.title), markdown(&finding.body));
        if let Some(command) = finding.command {
            let fence = fence(&command);
            let _ = writeln!(text, "\n{fence}sh\n{command}\n{fence}");
        }
    }
    text
}

/// Something that keeps the gate from passing.
struct Finding<'c> {
    /// `error` or `warning`.
    level: &'static str,
    /// The file, and the first and last line.
    place: (&'c str, usize, usize),
    title: String,
    body: String,
    /// What shows more.
    command: Option<String>,
}

fn findings<'c>(checked: &'c Checked, show_command: &ShowCommand) -> Vec<Finding<'c>> {
    let scenario = &checked.scenario;
    let of_scenario = |level, title: String, body: String| Finding {
        level,
        place: (&scenario.source.path, 1, 1),
        title,
        body,
        command: None,
    };
    let of_verdict = |note: VerdictNote<'c>| Finding {
        level: "error",
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
        command: note.has_trace().then(|| show_command.show(scenario, &note.name)),
    };
    let mut findings: Vec<Finding> = Vec::new();
    if let Some(stopped) = checked.stopped {
        let undecided = checked.results.iter().filter(|outcome| outcome.is_undecided());
        let names: Vec<&str> = undecided.map(|outcome| outcome.property.name.as_str()).collect();
        let open = if names.is_empty() { String::new() } else { format!("; undecided: {}", names.join(", ")) };
        let title = format!("{} was not explored to the end", scenario.name);
        findings.push(of_scenario("warning", title, format!("{stopped}{open}")));
    }
    if let Some(cross_check) = &checked.cross_check {
        let CrossCheck { disagreements, stopped, .. } = cross_check;
        for disagreement in disagreements {
            let title = format!("{} differs in {}", disagreement.by.name(), scenario.name);
            findings.push(of_scenario("error", title, disagreement.to_string()));
        }
        if let Some(stopped) = stopped.filter(|_| !cross_check.is_out_of_reach()) {
            let title = format!("{} was not explored to the end by stateright", scenario.name);
            findings.push(of_scenario("warning", title, stopped.to_string()));
        }
    }
    let verdict_notes = checked.results.iter().flat_map(|outcome: &Outcome| verdict_notes(checked, outcome));
    findings.extend(verdict_notes.filter(|note| note.is_surprise).map(of_verdict));
    findings
}

/// As the message of a workflow command.
fn data(text: &str) -> String {
    visible_lines(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As the value of a workflow command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
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

/// A line of backticks that does not occur in the text.
fn fence(text: &str) -> String {
    let longest = text.split(|char| char != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `escapeData` and `escapeProperty` of actions/toolkit.
    #[test]
    fn workflow_commands_are_escaped() {
        let text = "100 %: a,b\r\nc::error::%0A";
        assert_eq!(data(text), "100 %25: a,b%0D%0Ac::error::%250A");
        assert_eq!(property(text), "100 %25%3A a%2Cb%0D%0Ac%3A%3Aerror%3A%3A%250A");
        assert_eq!(data("\u{202e}a\u{1b}"), "\\u{202e}a\\u{1b}");
    }

    #[test]
    fn markdown_is_escaped() {
        let text = "a | b\n<script> `c` FIN_WAIT_1 *d* [e](f) &amp; # g ~h~ $i$ \\";
        let escaped = r"a \| b \<script\> \`c\` FIN\_WAIT\_1 \*d\* \[e\](f) \&amp; \# g \~h\~ &#36;i&#36; \\";
        assert_eq!(markdown(text), escaped);
        assert_eq!(markdown("\u{202e}a"), r"\\u\{202e\}a");
        assert_eq!(fence("lastack show"), "```");
        assert_eq!(fence("`a` ````"), "`````");
    }
}
