//! Verdicts for GitHub Actions: annotations, which point into files.

use std::fmt::Write;
use std::path::Path;

use super::drawing::{Drawing, drawing_of};
use super::finding::{Finding, findings};
use super::repository::in_repository;
use super::show_command::ShowCommand;
use crate::check::Checked;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::text::visible_lines;

/// One annotation a line, for each thing that keeps the gate from passing: errors for unexpected verdicts,
/// warnings for what was not explored to the end.
#[must_use]
pub fn annotations(
    all: &[Checked],
    show_command: &ShowCommand,
    drawings: &[Drawing],
    working_folder: &Path,
) -> String {
    let mut text = String::new();
    for checked in all {
        for Finding { level, place: (file, first, last), title, body, drawn, .. } in
            findings(checked, show_command)
        {
            let drawing = drawn.as_ref().and_then(|(name, _)| drawing_of(drawings, &checked.scenario, name));
            let ending = drawing.and_then(|drawing| drawing.ending.clone());
            let command = drawn.map(|(_, command)| command);
            let message: Vec<String> = [Some(body), ending, command].into_iter().flatten().collect();
            let _ = writeln!(
                text,
                "::{} file={},line={first},endLine={last},title={}::{}",
                level.name(),
                property(&in_repository(file, working_folder)),
                property(&title),
                data(&message.join("\n")),
            );
        }
    }
    text
}

/// One annotation a line, for each mistake that keeps a check from beginning, at its place if it is in a file.
#[must_use]
pub fn mistakes(all: &Diagnostics, working_folder: &Path) -> String {
    let mut text = String::new();
    for Diagnostic { title, primary, help, .. } in &all.0 {
        let primary = primary.as_ref();
        let place = primary.filter(|place| !place.file.is_of_an_option()).map(|place| {
            let (line, column) = place.file.place_of(place.span.start);
            let file = property(&in_repository(&place.file.path, working_folder));
            format!("file={file},line={line},col={column},")
        });
        let label = primary.map(|place| place.label.as_str()).filter(|label| !label.is_empty());
        let more: Vec<&str> = label.into_iter().chain(help.as_deref()).collect();
        let message = if more.is_empty() { title.clone() } else { more.join("\n") };
        let place = place.unwrap_or_default();
        let _ = writeln!(text, "::error {place}title={}::{}", property(title), data(&message));
    }
    text
}

/// As the message of a workflow command.
fn data(text: &str) -> String {
    visible_lines(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// As the value of a workflow command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;

    /// As `escapeData` and `escapeProperty` of actions/toolkit.
    #[test]
    fn workflow_commands_are_escaped() {
        let text = "100 %: a,b\r\nc::error::%0A";
        assert_eq!(data(text), "100 %25: a,b%0D%0Ac::error::%250A");
        assert_eq!(property(text), "100 %25%3A a%2Cb%0D%0Ac%3A%3Aerror%3A%3A%250A");
        assert_eq!(data("\u{202e}a\u{1b}"), "\\u{202e}a\\u{1b}");
    }

    #[test]
    fn mistakes_are_at_their_places() {
        let file = SourceFile::new("mine/a.toml", "about = 'é'\né = 1, b = 2\n");
        let all = Diagnostics(vec![
            Diagnostic::new("`b`, twice").at(&file, 21..22, "once: here").help("leave it out"),
            Diagnostic::new("cut off").at(&file, 99..99, ""),
            Diagnostic::new("no such key").at(&SourceFile::new("--set", "a=1"), 0..1, "expected another"),
            Diagnostic::new("cannot read `mine`"),
        ]);
        let expected = "\
            ::error file=sub/mine/a.toml,line=2,col=8,title=`b`%2C twice::once: here%0Aleave it out\n\
            ::error file=sub/mine/a.toml,line=3,col=1,title=cut off::cut off\n\
            ::error title=no such key::expected another\n\
            ::error title=cannot read `mine`::cannot read `mine`\n";
        assert_eq!(mistakes(&all, Path::new("sub")), expected);
    }
}
