//! A formula of one's own, evaluated along a path.

use super::exploration::Exploration;
use super::request::{Refusal, Status};
use super::walk::WalkedPath;
use crate::check::{self, Forever, FormulaAlongPath};
use crate::model::{Event, Layout};
use crate::trace::{RunEnding, time_passes};

/// Evaluates a formula along a path.
pub(super) fn evaluate<L: Layout>(
    exploration: &Exploration<L>,
    places: &[usize],
    text: &str,
) -> Result<FormulaAlongPath, Refusal> {
    let walked = exploration.model.walk(places);
    let WalkedPath { states, .. } = walked.map_err(|astray| Refusal::new(Status::NotFound, astray.to_string()))?;
    let decided = exploration.decided_by(places, None);
    let ending = decided.iter().find_map(|decision| {
        let evidence = decision.evidence.as_ref()?;
        matches!(evidence.trace.ending, RunEnding::Repeats { .. } | RunEnding::Stops { .. }).then_some(evidence)
    });
    // The state that a cycle comes back to is the one in which it began; a run that ends stays in its last.
    let goes_on = ending.map(|evidence| match evidence.trace.ending {
        RunEnding::Repeats { from, .. } => {
            let ticks = exploration.model.ticks_per_tick() / evidence.trace.parts.max(1);
            let before = evidence.trace.steps.iter().take(from).map(|step| match step.event {
                Event::Pass(parts) => parts.saturating_mul(ticks) as usize,
                _ => 1,
            });
            let time_passes = time_passes(&evidence.trace, from);
            Forever { states: states.len() - 1, from: before.sum(), time_passes }
        }
        RunEnding::Open | RunEnding::Stops { .. } => {
            Forever { states: states.len(), from: states.len() - 1, time_passes: true }
        }
    });
    check::evaluate(&exploration.scenario, text, &states, goes_on).map_err(|mistakes| {
        // The words of a terminal, without its colours.
        Refusal::new(Status::Unprocessable, mistakes.render(false))
    })
}
