//! What is known of each instance while a scenario of real time is explored.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use crate::explore::ExplorationStats;
use crate::property::Known;
use crate::trace::Trace;

/// The results so far.
pub(super) struct Results {
    /// Of each instance.
    pub(super) each: Vec<InstanceSoFar>,
    pub(super) stats: ExplorationStats,
}

/// What is known of an instance so far.
#[derive(Clone)]
pub(super) struct InstanceSoFar {
    /// Of what reveals it.
    pub(super) revealed: Known,
    /// Of a state that exercises it.
    pub(super) exercised: Known,
    /// The run that reveals it.
    pub(super) run: Option<Trace>,
    /// A run that reveals it while a shortest one is looked for.
    pub(super) longer: Option<Trace>,
    /// How many steps the shortest run has that reveals it, where that was wanted.
    pub(super) steps: Option<usize>,
}

impl Results {
    pub(super) fn none(instances: usize) -> Self {
        let (revealed, exercised) = (Known::Open, Known::Open);
        let nothing = InstanceSoFar { revealed, exercised, run: None, longer: None, steps: None };
        Self { each: vec![nothing; instances], stats: ExplorationStats::default() }
    }

    pub(super) fn reveal(&mut self, number: usize, run: Trace) {
        self.each[number].revealed = Known::Found;
        self.each[number].run = Some(run);
    }

    /// Where the search for shortest runs was stopped, by what was found before.
    pub(super) fn take_longer_runs(&mut self) {
        for number in 0..self.each.len() {
            let known = &mut self.each[number];
            if let Some(run) = known.longer.take().filter(|_| known.revealed == Known::Open) {
                self.reveal(number, run);
            }
        }
    }

    /// By a run that is as short as any.
    pub(super) fn reveal_by_shortest(&mut self, number: usize, run: Trace) {
        self.each[number].steps = Some(run.acts());
        self.reveal(number, run);
    }
}
