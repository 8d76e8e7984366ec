//! What there is: scenarios, properties, and the words of formulas.

use std::fmt::Write;
use std::sync::Arc;

use super::terminal::Terminal;
use crate::check::Library;
use crate::property::vocabulary as terms;
use crate::world::Scenario;

const INDENT: usize = 4;

/// Scenarios and properties, each with what it is about.
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
    text
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
