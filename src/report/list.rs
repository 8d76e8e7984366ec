//! The lists of scenarios, properties, policies, and the vocabulary of formulas.

use std::fmt::Write;
use std::sync::Arc;

use super::terminal::Terminal;
use crate::check::Library;
use crate::policy::{FieldSetting, NamedPolicy, Origin};
use crate::property::vocabulary as terms;
use crate::scenario::Scenario;

const INDENT: usize = 4;

/// Where the source of a field begins, in columns.
const FIELD_INDENT: usize = 6;

/// Scenarios, properties and policies, each with what it is about.
#[must_use]
pub fn library(library: &Library, scenarios: &[Arc<Scenario>], terminal: Terminal) -> String {
    let mut text = "Scenarios\n".to_owned();
    for scenario in scenarios {
        let _ = writeln!(text, "  {}\n    {}", scenario.name, terminal.prose(&scenario.about, INDENT));
    }
    text.push_str("\nProperties\n");
    for property in &library.properties {
        let _ = writeln!(
            text,
            "  {}\n    {}\n    {}",
            property.name,
            terminal.prose(&property.about, INDENT),
            terminal.prose(&property.formula.to_string(), INDENT)
        );
        if !property.sources.is_empty() {
            let _ = writeln!(text, "    {}", terminal.prose(&property.sources.join(", "), INDENT));
        }
    }
    text.push_str("\nPolicies\n");
    for policy in library.policies.iter() {
        let _ = writeln!(text, "  {}\n    {}", policy.name, terminal.prose(&policy.about, INDENT));
    }
    text
}

/// The fields of a policy, with their sources, and what no field describes.
#[must_use]
pub fn policy(policy: &NamedPolicy, terminal: Terminal) -> String {
    let mut text = format!("{}\n    {}\n", policy.name, terminal.prose(&policy.about, INDENT));
    if !policy.sources.is_empty() {
        let _ = writeln!(text, "    {}", terminal.prose(&policy.sources.join(", "), INDENT));
    }
    let _ = writeln!(text, "    {}\n", terminal.prose(&policy.file.path, INDENT));
    let (base, own): (Vec<&FieldSetting>, Vec<&FieldSetting>) =
        policy.each_field().partition(|field| field.origin == Origin::Base);
    for field in own {
        text.push_str(&of_field(field, terminal));
    }
    if !policy.omits.is_empty() {
        text.push_str("\n  No field describes:\n\n");
    }
    for omitted in &policy.omits {
        let _ = writeln!(text, "    {}", terminal.prose(omitted, INDENT));
    }
    if !base.is_empty() {
        text.push_str("\n  As in rfc9293:\n\n");
    }
    for field in base {
        text.push_str(&of_field(field, terminal));
    }
    text
}

/// A field and its source; if an extended policy sets it, with the name of that policy.
fn of_field(field: &FieldSetting, terminal: Terminal) -> String {
    let source = field.source.as_deref().unwrap_or("no source is given");
    let source = match field.origin {
        Origin::Extended => format!("{}: {source}", field.file.stem()),
        Origin::Base | Origin::Policy | Origin::Scenario => source.to_owned(),
    };
    format!("  {} = {}\n      {}\n", field.name, field.value, terminal.prose(&source, FIELD_INDENT))
}

/// Every term of the formula language, with a sentence and an example.
#[must_use]
pub fn vocabulary(terminal: Terminal) -> String {
    let mut text = String::new();
    for term in terms() {
        let example = terminal.prose(term.example, INDENT);
        let _ = writeln!(text, "  {}\n    {}\n    {example}", term.term, terminal.prose(term.meaning, INDENT));
    }
    text
}
