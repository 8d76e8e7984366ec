//! A scenario's fairness constraints on the runs of the timed world.

use super::streett::{Mover, StreettConditions, StreettPair};
use crate::explore::graph::Node;
use crate::explore::states::States;
use crate::model::{Action, End, Fairness, Layout, OneIncarnation, SegmentCopy, TimedWorld, WorldState};

/// The fairness of the network and of the applications, for the explored states of a world.
pub(crate) struct FairnessConstraints<'a, L: Layout = OneIncarnation> {
    pub(crate) world: &'a TimedWorld<L>,
    pub(crate) fairness: Fairness,
    pub(crate) states: &'a States<L>,
}

/// The pairs below this are segments, by their numbers. Who has sent a segment is no part of it.
const SEGMENTS: StreettPair = SegmentCopy::SEGMENT_NUMBERS;

impl<L: Layout> FairnessConstraints<'_, L> {
    fn enabled(&self, node: Node) -> Vec<Action> {
        let mut actions = Vec::new();
        self.world.enabled(self.states.get(node), &mut actions);
        actions
    }
}

impl<L: Layout> StreettConditions for FairnessConstraints<'_, L> {
    fn pairs(&self) -> StreettPair {
        SEGMENTS + 2
    }

    /// A segment in flight requests its delivery. A close is requested everywhere, which makes it weakly fair: a
    /// state in which it is not enabled grants it as well.
    fn requests(&self, node: Node) -> Vec<StreettPair> {
        let closes = End::BOTH.into_iter().filter(|_| self.fairness.applications).map(close);
        closes.chain(promised(self.states.get(node), self.fairness).map(delivery)).collect()
    }

    fn grants(&self, node: Node) -> Vec<StreettPair> {
        let enabled = self.enabled(node);
        End::BOTH.into_iter().filter(|end| !may_close(&enabled, *end)).map(close).collect()
    }

    fn edge_grants(&self, node: Node) -> Vec<Vec<StreettPair>> {
        self.enabled(node).into_iter().map(|action| granted_by(action).into_iter().collect()).collect()
    }

    fn may_stop(&self, node: Node) -> bool {
        may_stop(self.world, self.fairness, self.states.get(node))
    }

    fn movers(&self, node: Node) -> Vec<Mover> {
        let mover = |action: &Action| match action {
            Action::Call(..) | Action::Timeout(..) | Action::Deliver(_) => Mover::End,
            Action::Lose(_) | Action::Duplicate(_) => Mover::Network,
            Action::Tick => Mover::Time,
        };
        self.enabled(node).iter().map(mover).collect()
    }
}

/// The copies in flight that the network, where it is fair, has to deliver if they are in flight again and again.
fn promised<L: Layout>(state: &WorldState<L>, fairness: Fairness) -> impl Iterator<Item = SegmentCopy> {
    state.network().distinct().filter(move |copy| fairness.network.include(copy.kind(), copy.to()))
}

/// Whether an end's close is among these actions.
fn may_close(actions: &[Action], end: End) -> bool {
    actions.iter().any(|action| matches!(action, Action::Call(of, call) if *of == end && call.is_close()))
}

/// A run stops only where nothing is enabled but calls that fairness does not promise.
fn may_stop<L: Layout>(world: &TimedWorld<L>, fairness: Fairness, state: &WorldState<L>) -> bool {
    // A copy in flight can be delivered: for most states this look is enough.
    if !state.network().is_empty() {
        return false;
    }
    let mut actions = Vec::new();
    world.enabled(state, &mut actions);
    actions
        .iter()
        .all(|action| matches!(action, Action::Call(_, call) if !(fairness.applications && call.is_close())))
}

/// The pair that an action grants.
fn granted_by(action: Action) -> Option<StreettPair> {
    match action {
        Action::Deliver(copy) => Some(delivery(copy)),
        Action::Call(end, call) if call.is_close() => Some(close(end)),
        _ => None,
    }
}

fn close(end: End) -> StreettPair {
    SEGMENTS + end as StreettPair
}

fn delivery(copy: SegmentCopy) -> StreettPair {
    copy.segment_number()
}
