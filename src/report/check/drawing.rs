//! The traces that reports for pages and for code scanning have of what keeps the gate from passing.

use super::finding::{Finding, findings};
use super::show_command::ShowCommand;
use crate::check::Checked;
use crate::property::Instance;
use crate::report::trace::mermaid;
use crate::scenario::Scenario;
use crate::trace::{Trace, caption};

/// So many traces are drawn at most: a page with more is not read.
pub const MOST_DRAWINGS: usize = 5;

/// A trace that was drawn.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// The scenario.
    pub scenario: String,
    /// The property or the instance.
    pub name: String,
    /// Mermaid's text.
    pub diagram: String,
    /// How the run goes on forever, in a clause; `None` where its last state is what is shown.
    pub ending: Option<String>,
}

impl Drawing {
    /// Draws the trace of a finding with this name.
    #[must_use]
    pub fn new(scenario: &Scenario, name: String, instance: &Instance, trace: &Trace) -> Self {
        let diagram = mermaid::diagram(scenario, instance, trace);
        Self { scenario: scenario.name.clone(), name, diagram, ending: caption::ending_in_a_clause(trace) }
    }
}

/// The scenarios and properties whose traces the reports have, the first [`MOST_DRAWINGS`].
pub fn to_draw<'c>(all: &'c [Checked], show_command: &ShowCommand) -> impl Iterator<Item = (&'c Checked, String)> {
    let of_scenario =
        |checked: &'c Checked| findings(checked, show_command).into_iter().map(move |finding| (checked, finding));
    let with_trace = |(checked, finding): (&'c Checked, Finding<'c>)| Some((checked, finding.drawn?.0));
    all.iter().flat_map(of_scenario).filter_map(with_trace).take(MOST_DRAWINGS)
}

/// The drawing of a finding with this name, if it is among them.
pub(super) fn drawing_of<'d>(drawings: &'d [Drawing], scenario: &Scenario, name: &str) -> Option<&'d Drawing> {
    drawings.iter().find(|drawing| drawing.scenario == scenario.name && drawing.name == name)
}
