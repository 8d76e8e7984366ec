//! Replaying: the path to a state that violates a property or is an example of it, or a lasso that violates one.

use std::fmt;

use stateright::Checker;

use super::ticks::Ticks;
use crate::explore::stateright::{Goal, SOUGHT, StaterightRun};
use crate::explore::{Limits, Stopped};
use crate::model::{End, Event, Snapshot, Step, World};
use crate::property::Instance;
use crate::tcp::{Call, Segment};

/// A run from the initial state on, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The world at first.
    pub initial: Snapshot,
    /// The steps in order.
    pub steps: Vec<Step>,
    /// What becomes of it after the last step.
    pub ending: RunEnding,
    /// How many parts a tick has: ages, timers and the passing of time are in such parts. 1 in whole ticks.
    pub parts: u32,
    /// How late the timers of A and of B may be, in those parts.
    pub slack: [u32; 2],
}

impl Trace {
    /// The world after the last step.
    #[must_use]
    pub fn last(&self) -> &Snapshot {
        self.steps.last().map_or(&self.initial, |step| &step.after)
    }

    /// How many steps are something that an end does: a call, an arrival, or a timer that expires. The network's
    /// losses and duplications, and the passing of time, are none.
    #[must_use]
    pub fn acts(&self) -> usize {
        let is_act = |step: &&Step| matches!(step.event, Event::Call(..) | Event::Timeout(..) | Event::Deliver(_));
        self.steps.iter().filter(is_act).count()
    }

    /// A length of time that is so many parts of a tick.
    #[must_use]
    pub fn time(&self, parts: u32) -> Ticks {
        Ticks { parts, per_tick: self.parts }
    }

    /// The moment of each step; `None` in a world without a clock. The passing of time belongs to the moment at
    /// which it ends.
    #[must_use]
    pub fn moments(&self) -> Vec<Option<Ticks>> {
        let mut now = self.initial.timers.map(|_| 0);
        let after = |step: &Step| {
            if let Event::Pass(parts) = step.event {
                now = now.map(|now| now + parts);
            }
            now.map(|now| self.time(now))
        };
        self.steps.iter().map(after).collect()
    }

    /// For each step, how late a timer expires in it; `None` if none does, or not late.
    #[must_use]
    pub fn lateness(&self) -> Vec<Option<Ticks>> {
        let before = std::iter::once(&self.initial).chain(self.steps.iter().map(|step| &step.after));
        self.steps.iter().zip(before).map(|(step, before)| self.lateness_of(step, before)).collect()
    }

    /// How late a timer expires in a step from a state of this run; `None` if none does, or not late.
    pub(crate) fn lateness_of(&self, step: &Step, before: &Snapshot) -> Option<Ticks> {
        let Event::Timeout(end, timer) = step.event else { return None };
        let [of_a, of_b] = self.slack;
        let [a, b] = before.timers?;
        let (timers, slack) = if end == End::A { (a, of_a) } else { (b, of_b) };
        let late = slack.saturating_sub(timers.get(timer)?);
        (late > 0).then(|| self.time(late))
    }
}

/// How a run goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunEnding {
    /// However it likes: the state that it has come to is what is shown.
    Open,
    /// It does not: nothing happens any more.
    Stops {
        /// The calls that could still be made, and that fairness does not promise.
        calls: Vec<(End, Call)>,
    },
    /// The steps from this one on are repeated forever.
    Repeats {
        /// The place of the first step of the cycle.
        from: usize,
        /// Why that is fair; nothing where time does not pass in it.
        reasons: Vec<FairnessReason>,
    },
}

/// Why a cycle meets one fairness constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FairnessReason {
    /// The segment to this end is in flight again and again, and delivered again and again.
    Delivered(Segment, End),
    /// The segment to this end is in flight again and again and never delivered.
    Undelivered(Segment, End),
    /// The end's application has called `shutdown` or `close`.
    HasClosed(End),
    /// The end closes on the cycle, or cannot close at some moment of it.
    NotHeldUp(End),
    /// The end could close all the time and does not.
    HeldUp(End),
}

/// A trace and the instance that it decides, if there is one.
pub type Found = Option<(Instance, Trace)>;

/// Why there is no trace to show although there may be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTrace {
    /// The search ended early.
    Stopped(Stopped),
    /// The run that the search found is no run of the world: a fault of this program.
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

/// What happens when these actions are taken from the initial state on; `None` if one is not enabled.
pub fn replay_actions<W: World>(world: &W, actions: &[W::Action]) -> Option<Trace> {
    let (states, steps) = take(world, actions)?;
    let initial = world.snapshot(states.first()?);
    Some(Trace { initial, steps, ending: RunEnding::Open, parts: 1, slack: world.slack() })
}

/// The shortest trace that stateright finds that decides one of the instances, with that instance, replayed in a
/// world made afresh. `Ok(None)`: every state was seen, and none decides any.
pub(crate) fn shortest_by_stateright<W: World>(
    fresh: impl Fn() -> W,
    instances: &[Instance],
    limits: Limits<'_>,
) -> Result<Found, NoTrace> {
    let explored = StaterightRun::new(fresh(), instances.to_vec(), Goal::ShortestPath, limits);
    // One thread: only then is stateright's search breadth-first, and the first path found a shortest one.
    let (checker, _) = explored.explore(1, limits, |_| {});
    match (checker.discovery(SOUGHT), checker.model().stopped()) {
        (Some(path), _) => replay(&fresh(), instances, &path.into_actions()).map(Some).ok_or(NoTrace::NotReplayed),
        (None, Some(stopped)) => Err(NoTrace::Stopped(stopped)),
        (None, None) => Ok(None),
    }
}

/// Takes the actions one by one: each must be enabled where it is taken, and only the last state may decide an
/// instance.
pub(crate) fn replay<W: World>(
    world: &W,
    instances: &[Instance],
    actions: &[W::Action],
) -> Option<(Instance, Trace)> {
    let decided = |state: &W::State| instances.iter().find(|instance| instance.is_revealed_by(state)).cloned();
    let (states, steps) = take(world, actions)?;
    let (last, before) = states.split_last()?;
    if before.iter().any(|state| decided(state).is_some()) {
        return None;
    }
    let initial = world.snapshot(states.first()?);
    let trace = Trace { initial, steps, ending: RunEnding::Open, parts: 1, slack: world.slack() };
    decided(last).map(|instance| (instance, trace))
}

/// The states that actions lead through, and the steps between them; `None` if one is not enabled.
pub(super) fn take<W: World>(world: &W, actions: &[W::Action]) -> Option<(Vec<W::State>, Vec<Step>)> {
    let mut state = world.init_states().pop()?;
    let mut states = vec![state.clone()];
    let mut steps = Vec::new();
    let mut enabled = Vec::new();
    for action in actions {
        enabled.clear();
        world.actions(&state, &mut enabled);
        if !enabled.contains(action) {
            return None;
        }
        let next = world.next_state(&state, action.clone())?;
        steps.push(world.describe_step(&state, action, &next));
        states.push(next.clone());
        state = next;
    }
    Some((states, steps))
}
