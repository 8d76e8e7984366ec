//! The shortest way to a state that violates a property, or is an example of it.

use std::fmt;

use stateright::Checker;

use super::explore::{Aim, Explored, SOUGHT};
use super::{Instance, Limits, Stopped};
use crate::tcp::State;
use crate::world::{End, Observe, Step, World};

/// A behaviour from the initial state on, as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The states of A and B at first.
    pub initial: [State; 2],
    /// The steps in order.
    pub steps: Vec<Step>,
}

/// Why there is no trace to show although there may be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTrace {
    /// The search ended early.
    Stopped(Stopped),
    /// What the search found is not a behaviour of the world: a fault of this program.
    NotReplayed,
}

impl fmt::Display for NoTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopped(stopped) => stopped.fmt(f),
            Self::NotReplayed => {
                f.write_str("the path that was found does not replay: this is a fault of lastack")
            }
        }
    }
}

/// The shortest trace that decides one of the instances, with that instance, replayed in a world made afresh.
/// `Ok(None)`: every state was seen, and none decides any.
pub(super) fn shortest<W: World>(
    fresh: impl Fn() -> W,
    instances: &[Instance],
    limits: Limits<'_>,
) -> Result<Option<(Instance, Trace)>, NoTrace> {
    let explored = Explored::new(fresh(), instances.to_vec(), Aim::Path, limits);
    // One thread: only then is stateright's search breadth-first, and the first path found a shortest one.
    let (checker, _) = explored.run(1, limits, |_| {});
    match (checker.discovery(SOUGHT), checker.model().stopped()) {
        (Some(path), _) => replay(&fresh(), instances, path.into_actions()).map(Some).ok_or(NoTrace::NotReplayed),
        (None, Some(stopped)) => Err(NoTrace::Stopped(stopped)),
        (None, None) => Ok(None),
    }
}

/// Takes the actions one by one: each must be enabled where it is taken, and only the last state may decide an
/// instance.
fn replay<W: World>(world: &W, instances: &[Instance], actions: Vec<W::Action>) -> Option<(Instance, Trace)> {
    let decided = |state: &W::State| instances.iter().find(|instance| instance.is_revealed_by(state)).cloned();
    let mut state = world.init_states().pop()?;
    let initial = End::BOTH.map(|end| state.end(end).state);
    let mut steps = Vec::new();
    let mut enabled = Vec::new();
    for action in actions {
        world.actions(&state, &mut enabled);
        if decided(&state).is_some() || !enabled.contains(&action) {
            return None;
        }
        enabled.clear();
        let next = world.next_state(&state, action.clone())?;
        steps.push(world.tell(&state, &action, &next));
        state = next;
    }
    decided(&state).map(|instance| (instance, Trace { initial, steps }))
}
