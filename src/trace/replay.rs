//! The way to a state that violates a property or is an example of it, or a run without end that violates one.

use std::fmt;

use stateright::Checker;

use crate::explore::stateright::{Goal, SOUGHT, StaterightRun};
use crate::explore::{Limits, Stopped};
use crate::liveness::fairness::{closes, may_close, may_stop};
use crate::model::{Action, End, Event, Fairness, Kind, Observe, Snapshot, Step, TimedWorld, World, WorldState};
use crate::property::Instance;
use crate::property::{Claim, Predicate};
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
}

impl Trace {
    /// The world after the last step.
    #[must_use]
    pub fn last(&self) -> &Snapshot {
        self.steps.last().map_or(&self.initial, |step| &step.after)
    }

    /// The tick in which each step is taken, from 0; `None` in a world without a clock. The passing of a tick belongs to
    /// the one that begins.
    #[must_use]
    pub fn ticks(&self) -> Vec<Option<u32>> {
        let mut tick = self.initial.timers.map(|_| 0);
        let after = |step: &Step| {
            if step.event == Event::Tick {
                tick = tick.map(|tick| tick + 1);
            }
            tick
        };
        self.steps.iter().map(after).collect()
    }
}

/// How a run goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunEnding {
    /// However it likes: the state that it has come to is what is shown.
    Open,
    /// It does not: nothing happens any more.
    Stops {
        /// The calls that could still be made and that nobody has promised.
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

/// What becomes on a cycle of something that fairness is about.
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
    /// What the search found is not a run of the world: a fault of this program.
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
    Some(Trace { initial: world.snapshot(states.first()?), steps, ending: RunEnding::Open })
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
    decided(last).map(|instance| (instance, Trace { initial, steps, ending: RunEnding::Open }))
}

/// Takes the stem and once the cycle, or without a cycle stops: each action must be enabled where it is taken, the
/// cycle must end where it began, it must be fair to repeat it (or to stop), and the property must be false of that.
pub(crate) fn replay_lasso(
    world: &TimedWorld,
    fairness: Fairness,
    instance: &Instance,
    stem: &[Action],
    cycle: &[Action],
) -> Option<Trace> {
    let actions = [stem, cycle].concat();
    let (mut states, steps) = take(world, &actions)?;
    let initial = world.snapshot(states.first()?);
    // Along a run time passes; where it does not, `time passes` is refuted, and nothing else, and fairness has no say.
    let refutes_passing = matches!(instance.property.formula.claim(), Claim::TimePasses);
    let ending = if cycle.is_empty() {
        if refutes_passing {
            return None;
        }
        let last = states.last()?;
        may_stop(world, fairness, last).then(|| RunEnding::Stops { calls: calls(world, last) })?
    } else {
        // The last state is the one in which the cycle began.
        let last = states.pop()?;
        let repeated = states.get(stem.len()..)?;
        if repeated.first()? != &last || cycle.contains(&Action::Tick) == refutes_passing {
            return None;
        }
        let reasons = if refutes_passing { Vec::new() } else { reasons(world, repeated, cycle) };
        if reasons.iter().any(|reason| is_unfair(reason, fairness)) {
            return None;
        }
        RunEnding::Repeats { from: stem.len(), reasons }
    };
    let repeats_from = stem.len().min(states.len() - 1);
    is_false(instance, &states, repeats_from).then_some(Trace { initial, steps, ending })
}

/// The calls that are enabled.
fn calls(world: &TimedWorld, state: &WorldState) -> Vec<(End, Call)> {
    let mut enabled = Vec::new();
    world.enabled(state, &mut enabled);
    let call = |action: &Action| match action {
        Action::Call(end, call) => Some((*end, *call)),
        _ => None,
    };
    enabled.iter().filter_map(call).collect()
}

/// Whether a liveness property is false of the run whose states from one place on are repeated forever.
fn is_false(instance: &Instance, states: &[WorldState], repeats_from: usize) -> bool {
    let this = instance.this();
    let (once, repeated) = states.split_at(repeats_from);
    let holds = |p: &Predicate, state: &WorldState| p.holds(state, this);
    match instance.property.formula.claim() {
        Claim::Eventually(p) => !states.iter().any(|state| holds(p, state)),
        Claim::AlwaysEventually(p) => !repeated.iter().any(|state| holds(p, state)),
        Claim::EventuallyAlways(p) => repeated.iter().any(|state| !holds(p, state)),
        Claim::LeadsTo(p, q) => {
            !repeated.iter().any(|state| holds(q, state))
                && (repeated.iter().any(|state| holds(p, state))
                    || once.iter().rev().take_while(|state| !holds(q, state)).any(|state| holds(p, state)))
        }
        // It ties no predicate to the states: whether time passes on the cycle is all that it asks.
        Claim::TimePasses => true,
        Claim::Always(_) | Claim::Never(_) | Claim::Possible(_) => false,
    }
}

/// What becomes on a cycle of everything that fairness is about.
fn reasons(world: &TimedWorld, states: &[WorldState], cycle: &[Action]) -> Vec<FairnessReason> {
    let mut reasons = Vec::new();
    for copy in states.iter().flat_map(|state| state.network().distinct()) {
        let (segment, to) = (copy.segment(), copy.to());
        let is_delivery = |action: &Action| matches!(action, Action::Deliver(other) if other.segment() == segment && other.to() == to);
        let is_delivered = cycle.iter().any(is_delivery);
        let reason = if is_delivered {
            FairnessReason::Delivered(segment, to)
        } else {
            FairnessReason::Undelivered(segment, to)
        };
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    for end in End::BOTH {
        let could_close = |state: &WorldState| {
            let mut enabled = Vec::new();
            world.enabled(state, &mut enabled);
            may_close(&enabled, end)
        };
        let is_close = |action: &Action| matches!(action, Action::Call(of, call) if *of == end && closes(*call));
        reasons.push(if states.iter().all(|state| state.end(end).close_called) {
            FairnessReason::HasClosed(end)
        } else if cycle.iter().any(is_close) || !states.iter().all(could_close) {
            FairnessReason::NotHeldUp(end)
        } else {
            FairnessReason::HeldUp(end)
        });
    }
    reasons
}

fn is_unfair(reason: &FairnessReason, fairness: Fairness) -> bool {
    match reason {
        FairnessReason::Undelivered(segment, to) => {
            Kind::of(segment).is_some_and(|kind| fairness.network.include(kind, *to))
        }
        FairnessReason::HeldUp(_) => fairness.applications,
        FairnessReason::Delivered(..) | FairnessReason::HasClosed(_) | FairnessReason::NotHeldUp(_) => false,
    }
}

/// The states that actions lead through, and the steps between them; `None` if one is not enabled.
fn take<W: World>(world: &W, actions: &[W::Action]) -> Option<(Vec<W::State>, Vec<Step>)> {
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
        steps.push(world.tell(&state, action, &next));
        states.push(next.clone());
        state = next;
    }
    Some((states, steps))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Library;
    use crate::model::{Deliveries, SegmentCopy};
    use crate::tcp::Timer;

    /// `dead-network`, where A's FIN is sent and lost forever: the stem and the cycle of that.
    struct Lasso {
        library: Library,
        world: TimedWorld,
        fairness: Fairness,
        stem: Vec<Action>,
        cycle: Vec<Action>,
    }

    impl Lasso {
        fn new(scenario: &str) -> Self {
            let library = Library::read(&[], &[]).unwrap();
            let scenario = library.scenarios(&[scenario.to_owned()], &[], 1).unwrap().remove(0);
            let retransmits = Action::Timeout(End::A, Timer::Retransmission);
            Self {
                library,
                world: TimedWorld::new(scenario.config),
                fairness: scenario.fairness,
                stem: vec![Action::Call(End::A, Call::Shutdown)],
                cycle: vec![Action::Tick, Action::Tick, retransmits],
            }
        }

        fn replay(&self, property: &str) -> Option<Trace> {
            let instance = self.library.instances(property).unwrap().remove(0);
            replay_lasso(&self.world, self.fairness, &instance, &self.stem, &self.cycle)
        }

        /// The copy in flight after the stem.
        fn copy(&self) -> SegmentCopy {
            let (states, _) = take(&self.world, &self.stem).unwrap();
            states.last().unwrap().network().copies()[0]
        }
    }

    #[test]
    fn a_lasso_is_told_with_what_becomes_of_everything() {
        let lasso = Lasso::new("dead-network");
        let fin = lasso.copy();
        let trace = lasso.replay("both-close").unwrap();
        let reasons = vec![
            FairnessReason::Undelivered(fin.segment(), End::B),
            FairnessReason::HasClosed(End::A),
            FairnessReason::NotHeldUp(End::B),
        ];
        assert_eq!((trace.steps.len(), trace.ending), (4, RunEnding::Repeats { from: 1, reasons }));
    }

    #[test]
    fn what_is_no_fair_behaviour_is_refused() {
        assert!(Lasso::new("lossy-for-ever").replay("both-close").is_none(), "its network delivers the FIN");
        let dead = || Lasso::new("dead-network");
        let to_b = toml::from_str::<toml::Table>("only = ['FIN to B']").unwrap()["only"].clone();
        let to_b: Deliveries = to_b.try_into().unwrap();
        let owes = |network| Fairness { network, ..Fairness::default() };
        assert!(Lasso { fairness: owes(to_b), ..dead() }.replay("both-close").is_none());
        let cut = Lasso { cycle: vec![Action::Tick, Action::Tick], ..dead() };
        assert!(cut.replay("both-close").is_none(), "it does not end where it began");
        let disabled = Lasso { cycle: vec![Action::Tick; 3], ..dead() };
        assert!(disabled.replay("both-close").is_none(), "a timer that is due comes before the tick");
        let moving = Lasso { stem: dead().stem, cycle: Vec::new(), ..dead() };
        assert!(moving.replay("both-close").is_none(), "nothing stops while a tick is enabled");
        // B could close all the while: a promise, unless the applications make none.
        let held_up = |applications| {
            let simultaneous = Lasso::new("simultaneous");
            let config = crate::model::Config { losses: None, ..*simultaneous.world.config() };
            let fairness = Fairness { applications, network: Deliveries::NONE };
            Lasso { world: TimedWorld::new(config), fairness, ..simultaneous }.replay("both-close")
        };
        assert!(held_up(true).is_none() && held_up(false).is_some());
    }

    #[test]
    fn a_property_that_is_true_of_it_is_not_refuted() {
        let lasso = Lasso::new("dead-network");
        for (property, is_false) in [
            ("both-close", true),
            ("fin-is-answered", true),
            ("last-ack-ends", false),
            ("time-wait-ends", false),
            ("half-close-drains", false),
            ("no-reset", false),
        ] {
            assert_eq!(lasso.replay(property).is_some(), is_false, "{property}");
        }
    }
}
