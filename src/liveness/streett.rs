//! Streett pairs (E, F), E requested and F granted; and the runs that a property forbids.
//!
//! Strong fairness requests a pair wherever its action is enabled. Weak fairness requests it everywhere, and where
//! the action is not enabled grants it as well.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use crate::explore::graph::{Edge, Node};

/// A pair of Streett's condition: what is requested again and again on a fair run is granted again and again. A
/// number below [`StreettConditions::pairs`].
pub(crate) type StreettPair = u16;

/// What moves along an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mover {
    /// A tick of time passes.
    Time,
    /// Something happens at an end: a call, a timer, an arrival.
    End,
    /// The network loses or duplicates a copy.
    Network,
}

/// The fairness constraints on runs, state by state.
pub(crate) trait StreettConditions {
    /// How many pairs there are.
    fn pairs(&self) -> StreettPair;
    /// The pairs that a state requests.
    fn requests(&self, node: Node) -> Vec<StreettPair>;
    /// The pairs that being in a state grants.
    fn grants(&self, node: Node) -> Vec<StreettPair>;
    /// The pairs that each of a state's edges grants, in their order.
    fn edge_grants(&self, node: Node) -> Vec<Vec<StreettPair>>;
    /// A run may stop in this state forever although it has edges; where there are none it does.
    fn may_stop(&self, node: Node) -> bool;
    /// What moves along each of a state's edges, in their order.
    fn movers(&self, node: Node) -> Vec<Mover>;
}

/// The runs that a property forbids, as an automaton of one step: from a state that is a `trigger` on they stay
/// `within` a set forever, and are again and again in a state that `recurs`.
pub(crate) struct Violation<'p> {
    /// From here on.
    pub(crate) trigger: &'p dyn Fn(Node) -> bool,
    /// Forever in these.
    pub(crate) within: &'p dyn Fn(Node) -> bool,
    /// Again and again in these.
    pub(crate) recurs: &'p dyn Fn(Node) -> bool,
    /// Whether time stops on its cycle, or passes, as on that of any run.
    pub(crate) time: Time,
}

/// What becomes of time along a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Time {
    /// It has a tick, as that of a run has, which must be fair.
    Passes,
    /// It has none, fair or not.
    Stops,
}

/// A run: a stem, and a cycle that repeats forever. Without a cycle it stops where the stem ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lasso {
    /// The way to the cycle.
    pub(crate) stem: Vec<Edge>,
    /// What repeats.
    pub(crate) cycle: Vec<Edge>,
}

/// Which pairs were requested on a part or on a cycle, and which of them were granted.
pub(super) struct Ledger {
    requested: Vec<bool>,
    granted: Vec<bool>,
}

impl Ledger {
    /// Nothing is requested of so many pairs.
    pub(super) fn new(pairs: usize) -> Self {
        Self { requested: vec![false; pairs], granted: vec![false; pairs] }
    }

    /// Notes that a pair is requested.
    pub(super) fn request(&mut self, pair: StreettPair) {
        self.requested[usize::from(pair)] = true;
    }

    /// Notes that pairs are granted.
    pub(super) fn grant(&mut self, pairs: impl IntoIterator<Item = StreettPair>) {
        for pair in pairs {
            self.granted[usize::from(pair)] = true;
        }
    }

    /// For each pair, whether it is requested and not granted.
    pub(super) fn open(&self) -> Vec<bool> {
        self.requested.iter().zip(&self.granted).map(|(requested, granted)| *requested && !granted).collect()
    }
}
