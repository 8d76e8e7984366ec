//! Verdicts in SARIF 2.1.0, which code scanning reads: a result for each thing that keeps the gate from passing.

use std::fmt::Write;
use std::path::Path;

use serde::Serialize;

use super::drawing::{Drawing, drawing_of};
use super::finding::{DIFFERS, Finding, NOT_EXPLORED, findings};
use super::repository::in_repository;
use super::show_command::ShowCommand;
use crate::check::Checked;
use crate::invariant::broken;
use crate::json;
use crate::text::visible_lines;

/// Where the format is defined.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    column_kind: &'static str,
    results: Vec<SarifResult>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: String,
    short_description: Message,
    /// The formula.
    #[serde(skip_serializing_if = "Option::is_none")]
    full_description: Option<Message>,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: String,
    rule_index: usize,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    partial_fingerprints: Fingerprints,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    end_line: usize,
}

/// What makes two results of different runs the same: its title has the property, the verdict and the scenario.
#[derive(Serialize)]
struct Fingerprints {
    #[serde(rename = "title/v1")]
    title: String,
}

/// The log, with a final line break.
#[must_use]
pub fn report(all: &[Checked], show_command: &ShowCommand, drawings: &[Drawing], working_folder: &Path) -> String {
    let rules = rules(all);
    let of_scenario = |checked: &Checked| -> Vec<SarifResult> {
        let of_finding = |finding: Finding<'_>| {
            let name = finding.drawn.as_ref().map(|(name, _)| name);
            let drawing = name.and_then(|name| drawing_of(drawings, &checked.scenario, name));
            result(finding, drawing.and_then(|drawing| drawing.ending.clone()), &rules, working_folder)
        };
        findings(checked, show_command).into_iter().map(of_finding).collect()
    };
    let results = all.iter().flat_map(of_scenario).collect();
    let driver = Driver { name: "lastack", semantic_version: env!("CARGO_PKG_VERSION"), rules };
    let run = Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", results };
    let log = Log { schema: SCHEMA, version: "2.1.0", runs: [run] };
    json::document(&log)
}

/// Each property that was decided, and what else can be broken.
fn rules(all: &[Checked]) -> Vec<Rule> {
    let message = |text: &str| Message { text: visible_lines(text).into_owned() };
    let rule = |id: &str, what: &str| Rule {
        id: id.to_owned(),
        short_description: message(what),
        full_description: None,
    };
    let mut rules = vec![
        rule(NOT_EXPLORED, "Each scenario is explored to the end."),
        rule(DIFFERS, "Second opinions are the same."),
    ];
    for property in all.iter().flat_map(|checked| &checked.results).map(|outcome| &outcome.property) {
        if !rules.iter().any(|rule| rule.id == property.name) {
            let full_description = Some(message(&property.formula.to_string()));
            rules.push(Rule { full_description, ..rule(&property.name, &property.about) });
        }
    }
    rules
}

fn result(finding: Finding<'_>, ending: Option<String>, rules: &[Rule], working_folder: &Path) -> SarifResult {
    let Finding { level, rule, place: (file, start_line, end_line), title, body, drawn } = finding;
    let lines = [Some(title.clone()), Some(body), ending, drawn.map(|(_, command)| command)];
    let text = lines.into_iter().flatten().collect::<Vec<_>>().join("\n");
    let physical_location = PhysicalLocation {
        artifact_location: ArtifactLocation { uri: uri(&in_repository(file, working_folder)) },
        region: Region { start_line, end_line },
    };
    let rule_index = rules.iter().position(|known| known.id == rule);
    SarifResult {
        rule_index: rule_index.unwrap_or_else(|| broken(format_args!("`{rule}` is no rule of the log"))),
        rule_id: rule,
        level: level.name(),
        message: Message { text: visible_lines(&text).into_owned() },
        locations: [Location { physical_location }],
        partial_fingerprints: Fingerprints { title },
    }
}

/// A path as a URI reference (RFC 3986), relative where the path is.
fn uri(path: &str) -> String {
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_uris() {
        assert_eq!(uri("my scenarios/a%b.toml"), "my%20scenarios/a%25b.toml");
        assert_eq!(uri("/tmp/a:b.toml"), "file:///tmp/a%3Ab.toml");
        assert_eq!(uri("../x/ü.toml"), "../x/%C3%BC.toml");
    }
}
