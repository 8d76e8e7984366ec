//! What a scenario's fairness asks of the behaviours of the timed world.

use super::graph::Node;
use super::liveness::{Fair, Obligation};
use super::states::States;
use crate::tcp::Call;
use crate::world::{Action, End, Fairness, SegmentCopy, TimedWorld, WorldState};

/// The promises of the network and of the applications, for the explored states of a world.
pub(super) struct Promises<'a> {
    pub(super) world: &'a TimedWorld,
    pub(super) fairness: Fairness,
    pub(super) states: &'a States,
}

/// The obligations below this are segments: those with this code above its five lowest bits.
const SEGMENTS: Obligation = 1 << 11;

impl Promises<'_> {
    fn enabled(&self, node: Node) -> Vec<Action> {
        let mut actions = Vec::new();
        if let Some(state) = self.states.get(node) {
            self.world.enabled(state, &mut actions);
        }
        actions
    }
}

impl Fair for Promises<'_> {
    fn obligations(&self) -> Obligation {
        SEGMENTS + 2
    }

    /// A segment that is in flight asks for its delivery. A close is asked for everywhere: a state in which it is not
    /// enabled answers it as well.
    fn asks(&self, node: Node) -> Vec<Obligation> {
        let closes = End::BOTH.into_iter().filter(|_| self.fairness.applications).map(close);
        let segments =
            self.states.get(node).into_iter().flat_map(|state| owed(state, self.fairness)).map(delivery);
        closes.chain(segments).collect()
    }

    fn answers(&self, node: Node) -> Vec<Obligation> {
        let enabled = self.enabled(node);
        End::BOTH.into_iter().filter(|end| !may_close(&enabled, *end)).map(close).collect()
    }

    fn edges_answer(&self, node: Node) -> Vec<Option<Obligation>> {
        self.enabled(node).into_iter().map(answer).collect()
    }

    fn may_stop(&self, node: Node) -> bool {
        // Said beforehand, so that nothing is enumerated for every state where it cannot matter.
        !self.fairness.applications
            && self.states.get(node).is_some_and(|state| may_stop(self.world, self.fairness, state))
    }

    fn tick(&self, node: Node) -> Option<usize> {
        self.enabled(node).iter().position(|action| *action == Action::Tick)
    }
}

/// The copies in flight that a fair network has to deliver if they are in flight again and again.
fn owed(state: &WorldState, fairness: Fairness) -> impl Iterator<Item = SegmentCopy> {
    state.network().distinct().filter(move |copy| fairness.network.include(copy.kind(), copy.to()))
}

/// Whether an end's close is among these actions.
pub(super) fn may_close(actions: &[Action], end: End) -> bool {
    actions.iter().any(|action| matches!(action, Action::Call(of, call) if *of == end && closes(*call)))
}

/// A behaviour stops only where nothing is enabled or, without application fairness, nothing but calls.
pub(super) fn may_stop(world: &TimedWorld, fairness: Fairness, state: &WorldState) -> bool {
    let mut actions = Vec::new();
    world.enabled(state, &mut actions);
    actions.iter().all(|action| matches!(action, Action::Call(..)) && !fairness.applications)
}

/// A call that an application has promised.
pub(super) fn closes(call: Call) -> bool {
    matches!(call, Call::Shutdown | Call::Close)
}

fn answer(action: Action) -> Option<Obligation> {
    match action {
        Action::Deliver(copy) => Some(delivery(copy)),
        Action::Call(end, call) if closes(call) => Some(close(end)),
        _ => None,
    }
}

fn close(end: End) -> Obligation {
    SEGMENTS + end as Obligation
}

fn delivery(copy: SegmentCopy) -> Obligation {
    copy.segment_code() >> 5
}
