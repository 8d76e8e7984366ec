//! The results of an exploration: a verdict on each instance, and what was explored.

use crate::explore::search::StateGraph;
use crate::explore::{ExplorationStats, Stopped};
use crate::liveness::streett::Lasso;
use crate::model::{Layout, OneIncarnation, TimedWorld, TwoIncarnations};
use crate::property::Verdict;
use crate::trace::Trace;

/// The results of an exploration of a scenario's world for the instances that were to be decided.
pub(super) struct Decided {
    pub(super) stats: ExplorationStats,
    /// Why it ended early.
    pub(super) stopped: Option<Stopped>,
    /// One for each instance, in their order.
    pub(super) each: Vec<DecidedInstance>,
    /// What was explored of a timed world; stateright keeps what it has explored of the asynchronous one.
    pub(super) timed: Option<ExploredTicks>,
}

/// The result of one instance.
pub(super) struct DecidedInstance {
    pub(super) verdict: Verdict,
    /// How many steps the shortest run has that decides it, where there is one: of a lasso, the stem and the cycle
    /// together. In real time those are what the ends do ([`Trace::acts`]). In real time and in the asynchronous
    /// world it is looked for only where it is wanted.
    pub(super) steps: Option<usize>,
    /// In real time, and where the network is a set, the run that decides it, where there is one.
    pub(super) run: Option<Trace>,
}

impl Decided {
    /// The verdict on each instance.
    pub(super) fn verdicts(&self) -> impl Iterator<Item = Verdict> + '_ {
        self.each.iter().map(|decided| decided.verdict)
    }
}

impl DecidedInstance {
    /// Without a run.
    pub(super) fn of(verdict: Verdict) -> Self {
        Self { verdict, steps: None, run: None }
    }
}

/// What was explored of a timed world that opens nothing, or of one that opens a connection.
pub(super) enum ExploredTicks {
    One(ExploredWorld<OneIncarnation>),
    Two(ExploredWorld<TwoIncarnations>),
}

/// The states of a timed world, and what refutes or shows each instance.
pub(super) struct ExploredWorld<L: Layout> {
    pub(super) world: TimedWorld<L>,
    pub(super) explored: StateGraph<L>,
    /// For each instance, a fair run that refutes it.
    pub(super) lassos: Vec<Option<Lasso>>,
}
