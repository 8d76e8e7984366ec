//! The shortest way to a state that violates a property, or is an example of it.

use std::fmt;

use stateright::Checker;

use super::explore::{Aim, Explored, SOUGHT};
use super::{Instance, Limits, Stopped};
use crate::tcp::State;
use crate::world::{End, Flight, Observe, Step, World};

/// A behaviour from the initial state on, as it is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The states of A and B at first.
    pub initial: [State; 2],
    /// The steps in order.
    pub steps: Vec<Step>,
}

impl Trace {
    /// What is in flight at the end.
    #[must_use]
    pub fn in_flight(&self) -> &[Flight] {
        self.steps.last().map_or(&[], |step| &step.in_flight)
    }
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

/// Finds a shortest trace that decides the instance, and replays it in a world made afresh. `Ok(None)`: every
/// state was seen, and none decides it.
fn trace<W: World>(
    fresh: impl Fn() -> W,
    instance: &Instance,
    limits: Limits<'_>,
) -> Result<Option<Trace>, NoTrace> {
    let explored = Explored::new(fresh(), vec![instance.clone()], Aim::Path, limits);
    // One thread: only then is stateright's search breadth-first, and the first path found a shortest one.
    let (checker, _) = explored.run(1, limits, |_| {});
    match (checker.discovery(SOUGHT), checker.model().stopped()) {
        (Some(path), _) => replay(&fresh(), instance, path.into_actions()).map(Some).ok_or(NoTrace::NotReplayed),
        (None, Some(stopped)) => Err(NoTrace::Stopped(stopped)),
        (None, None) => Ok(None),
    }
}

/// The shortest of the instances' traces, with the instance that it decides. `Ok(None)`: there is none.
pub(super) fn shortest<W: World>(
    fresh: impl Fn() -> W,
    instances: &[Instance],
    limits: Limits<'_>,
) -> Result<Option<(Instance, Trace)>, NoTrace> {
    let mut shortest: Option<(Instance, Trace)> = None;
    let mut unsure = None;
    for instance in instances {
        match trace(&fresh, instance, limits) {
            Ok(None) => {}
            Ok(Some(trace)) => {
                if shortest.as_ref().is_none_or(|(_, other)| trace.steps.len() < other.steps.len()) {
                    shortest = Some((instance.clone(), trace));
                }
            }
            Err(NoTrace::NotReplayed) => return Err(NoTrace::NotReplayed),
            Err(stopped) => unsure = Some(stopped),
        }
    }
    match (shortest, unsure) {
        (None, Some(stopped)) => Err(stopped),
        (shortest, _) => Ok(shortest),
    }
}

/// Takes the actions one by one: each must be enabled where it is taken, and only the last state may decide the
/// instance.
fn replay<W: World>(world: &W, instance: &Instance, actions: Vec<W::Action>) -> Option<Trace> {
    let mut state = world.init_states().pop()?;
    let initial = End::BOTH.map(|end| state.end(end).state);
    let mut steps = Vec::new();
    let mut enabled = Vec::new();
    for action in actions {
        world.actions(&state, &mut enabled);
        if instance.is_revealed_by(&state) || !enabled.contains(&action) {
            return None;
        }
        enabled.clear();
        let next = world.next_state(&state, action.clone())?;
        steps.push(world.tell(&state, &action, &next));
        state = next;
    }
    instance.is_revealed_by(&state).then_some(Trace { initial, steps })
}
