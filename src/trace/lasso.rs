//! Runs that go on forever, or end: whether they are fair, and refute a property.
//!
//! This judges what the search for them has found, and shares nothing with it.

use super::replay::take;
use super::replay::{FairnessReason, RunEnding, Trace};
use super::stepwise::{ExactRun, replay_exactly};
use crate::invariant::broken;
use crate::model::{
    Action, Config, End, Event, Fairness, Kind, Layout, Observe, Snapshot, TimedWorld, World, WorldState,
};
use crate::property::Claim;
use crate::property::Instance;
use crate::realtime::{CyclicWitness, ExactWorld, Witness};
use crate::tcp::{Call, Timer};

/// Takes the stem and once the cycle, or without a cycle stops: each action must be enabled where it is taken, the
/// cycle must end where it began, it must be fair to repeat it (or to stop), and the property must be false of
/// that.
pub(crate) fn replay_lasso<L: Layout>(
    world: &TimedWorld<L>,
    fairness: Fairness,
    instance: &Instance,
    stem: &[Action],
    cycle: &[Action],
) -> Option<Trace> {
    let actions = [stem, cycle].concat();
    let (states, steps) = take(world, &actions)?;
    let last = states.last()?;
    let run = Run { states: &states, instance, fairness };
    let (initial, slack) = (world.snapshot(states.first()?), world.slack());
    let trace = Trace { initial, steps, ending: RunEnding::Open, parts: 1, slack };
    if cycle.is_empty() {
        let (calls, is_all) = calls(world, last);
        let is_promised = fairness.applications && calls.iter().any(|(_, call)| call.is_close());
        return run.stops(trace, (is_all && !is_promised).then_some(calls)?);
    }
    let may_close = |state: &WorldState<L>| {
        let (calls, _) = calls(world, state);
        End::BOTH.map(|end| calls.iter().any(|(of, call)| *of == end && call.is_close()))
    };
    // The last state is the one in which the cycle began.
    (states.get(stem.len())? == last).then(|| run.repeats(trace, stem.len(), may_close))?
}

/// Replays a run of exact times that comes back to where its cycle began; as above, it must be fair, and the
/// property false of it.
pub(crate) fn replay_exact_lasso(
    config: &Config,
    fairness: Fairness,
    instance: &Instance,
    witness: &CyclicWitness,
) -> Option<Trace> {
    let ExactRun { states, trace, places } = replay_exactly(config, &witness.run).ok()?;
    // The time that passes until the first event of the cycle is part of it.
    let from = match witness.stem.checked_sub(1) {
        Some(last) => places.get(last)? + 1,
        None => 0,
    };
    let run = Run { states: &states, instance, fairness };
    let may_close = |world: &ExactWorld<'_>| End::BOTH.map(|end| world.calls(end).any(Call::is_close));
    states.last()?.is_like(states.get(from)?).then(|| run.repeats(trace, from, may_close))?
}

/// How a run of exact times goes on forever, if it does as is said of it: the steps from a place on are repeated,
/// or, where that is behind the last, nothing happens any more.
///
/// # Errors
/// Why it does not.
pub(crate) fn exact_ending(
    states: &[ExactWorld<'_>],
    trace: &Trace,
    from: usize,
    fairness: Fairness,
) -> Result<RunEnding, NotForever> {
    let Some((last, repeated)) = states.split_last() else { broken(format_args!("a run has no first state")) };
    let Some(first) = states.get(from) else {
        return Err(NotForever::DoesNotComeBack);
    };
    if from == trace.steps.len() {
        return match calls_at_end(last, fairness) {
            Some(calls) => Ok(RunEnding::Stops { calls }),
            None => Err(NotForever::GoesOn),
        };
    }
    if !last.is_like(first) {
        return Err(NotForever::DoesNotComeBack);
    }
    if !time_passes(trace, from) {
        return Ok(RunEnding::Repeats { from, reasons: Vec::new() });
    }
    let may_close = |world: &ExactWorld<'_>| End::BOTH.map(|end| world.calls(end).any(Call::is_close));
    match fair_reasons(repeated, trace, from, fairness, may_close) {
        Some(reasons) => Ok(RunEnding::Repeats { from, reasons }),
        None => Err(NotForever::IsUnfair),
    }
}

/// Why a run does not go on forever as its ending claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotForever {
    /// The last state is another than that in which the cycle began.
    DoesNotComeBack,
    /// More is enabled at its end than calls that fairness does not promise.
    GoesOn,
    /// Fairness rules out that the steps are repeated.
    IsUnfair,
}

/// The calls that are enabled where a run ends; `None` if more is enabled, or a call that fairness promises.
fn calls_at_end(last: &ExactWorld<'_>, fairness: Fairness) -> Option<Vec<(End, Call)>> {
    let calls: Vec<(End, Call)> =
        End::BOTH.into_iter().flat_map(|end| last.calls(end).map(move |call| (end, call))).collect();
    let is_timed = End::BOTH.iter().any(|end| Timer::ALL.iter().any(|timer| last.due(*end, *timer).is_some()));
    let is_promised = fairness.applications && calls.iter().any(|(_, call)| call.is_close());
    (!is_timed && !is_promised && last.in_flight().is_empty()).then_some(calls)
}

/// Replays a run of exact times that ends: nothing may be enabled but calls that fairness does not promise.
pub(crate) fn replay_exact_ending(
    config: &Config,
    fairness: Fairness,
    instance: &Instance,
    witness: &Witness,
) -> Option<Trace> {
    let ExactRun { states, trace, .. } = replay_exactly(config, witness).ok()?;
    let calls = calls_at_end(states.last()?, fairness)?;
    Run { states: &states, instance, fairness }.stops(trace, calls)
}

/// The states of a run that goes on forever or ends.
struct Run<'a, S> {
    /// The state at first, and after each step.
    states: &'a [S],
    instance: &'a Instance,
    fairness: Fairness,
}

impl<S: Observe> Run<'_, S> {
    /// The run ends, for nothing is enabled any more but these calls, if the property is false of that.
    fn stops(&self, trace: Trace, calls: Vec<(End, Call)>) -> Option<Trace> {
        let is_refuted =
            !self.is_about_time() && is_false_of_run(self.instance, self.states, self.states.len() - 1);
        is_refuted.then_some(Trace { ending: RunEnding::Stops { calls }, ..trace })
    }

    /// The steps from a place on are repeated, if that is fair and the property false of it. `may_close`: whether
    /// A and B may close in a state.
    fn repeats(&self, trace: Trace, from: usize, may_close: impl Fn(&S) -> [bool; 2]) -> Option<Trace> {
        let (_, states) = self.states.split_last()?;
        // Along a run time passes; where it does not, `time passes` is refuted and nothing else, fair or not.
        if time_passes(&trace, from) == self.is_about_time() {
            return None;
        }
        let reasons = if self.is_about_time() {
            Vec::new()
        } else {
            fair_reasons(states, &trace, from, self.fairness, may_close)?
        };
        let is_refuted = is_false_of_run(self.instance, states, from);
        is_refuted.then_some(Trace { ending: RunEnding::Repeats { from, reasons }, ..trace })
    }

    fn is_about_time(&self) -> bool {
        matches!(self.instance.property.formula.claim(), Claim::TimePasses)
    }
}

/// The calls that are enabled, and whether nothing else is.
fn calls<L: Layout>(world: &TimedWorld<L>, state: &WorldState<L>) -> (Vec<(End, Call)>, bool) {
    let mut enabled = Vec::new();
    world.enabled(state, &mut enabled);
    let call = |action: &Action| match action {
        Action::Call(end, call) => Some((*end, *call)),
        _ => None,
    };
    let calls: Vec<(End, Call)> = enabled.iter().filter_map(call).collect();
    let is_all = calls.len() == enabled.len();
    (calls, is_all)
}

/// Whether a liveness property is false of the run whose states from one place on are repeated forever. Of a
/// property that a single state decides it must not be asked.
pub(crate) fn is_false_of_run(instance: &Instance, states: &[impl Observe], repeats_from: usize) -> bool {
    let this = instance.this();
    let (once, repeated) = states.split_at(repeats_from);
    match instance.property.formula.claim() {
        Claim::Eventually(p) => !states.iter().any(|state| p.holds(state, this)),
        Claim::AlwaysEventually(p) => !repeated.iter().any(|state| p.holds(state, this)),
        Claim::EventuallyAlways(p) => repeated.iter().any(|state| !p.holds(state, this)),
        Claim::LeadsTo(p, q) => {
            !repeated.iter().any(|state| q.holds(state, this))
                && (repeated.iter().any(|state| p.holds(state, this))
                    || once
                        .iter()
                        .rev()
                        .take_while(|state| !q.holds(*state, this))
                        .any(|state| p.holds(state, this)))
        }
        // It has no predicate: only the passing of time on the cycle matters.
        Claim::TimePasses => true,
        Claim::Always(_) | Claim::Never(_) | Claim::Possible(_) => {
            broken(format_args!("a single state decides {}, and no run", instance.name()))
        }
    }
}

/// Whether time passes in the steps from a place on.
pub(crate) fn time_passes(trace: &Trace, from: usize) -> bool {
    trace.steps.iter().skip(from).any(|step| matches!(step.event, Event::Pass(_)))
}

/// Why it is fair to repeat the steps from a place on; `None` if it is not. Given are the states before each step.
fn fair_reasons<S>(
    states: &[S],
    trace: &Trace,
    from: usize,
    fairness: Fairness,
    may_close: impl Fn(&S) -> [bool; 2],
) -> Option<Vec<FairnessReason>> {
    let (repeated, cycle) = (states.get(from..)?, trace.steps.get(from..)?);
    let snapshots = std::iter::once(&trace.initial).chain(trace.steps.iter().map(|step| &step.after));
    let snapshots = snapshots.skip(from).take(repeated.len());
    let repeated = snapshots.zip(repeated.iter().map(may_close)).collect::<Vec<_>>();
    let events: Vec<Event> = cycle.iter().map(|step| step.event).collect();
    let reasons = reasons(&repeated, &events);
    (!reasons.iter().any(|reason| is_unfair(reason, fairness))).then_some(reasons)
}

/// The reasons of fairness on a cycle: for each segment and application, whether the cycle meets its constraint.
/// Given are the states of the cycle, with whether A and B may close in each, and its events.
fn reasons(states: &[(&Snapshot, [bool; 2])], cycle: &[Event]) -> Vec<FairnessReason> {
    let mut reasons = Vec::new();
    for copy in states.iter().flat_map(|(state, _)| &state.in_flight) {
        let (segment, to) = (copy.segment, copy.to);
        let is_delivery =
            |event: &Event| matches!(event, Event::Deliver(other) if (other.segment, other.to) == (segment, to));
        let reason = if cycle.iter().any(is_delivery) {
            FairnessReason::Delivered(segment, to)
        } else {
            FairnessReason::Undelivered(segment, to)
        };
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    for (place, end) in End::BOTH.into_iter().enumerate() {
        let has_closed = |(state, _): &(&Snapshot, _)| state.ends.get(place).is_some_and(|end| end.close_called);
        let could_close = |(_, may_close): &(&Snapshot, [bool; 2])| may_close.get(place) == Some(&true);
        let is_close = |event: &Event| matches!(event, Event::Call(of, call) if *of == end && call.is_close());
        reasons.push(if states.iter().all(has_closed) {
            FairnessReason::HasClosed(end)
        } else if cycle.iter().any(is_close) || !states.iter().all(could_close) {
            FairnessReason::NotHeldUp(end)
        } else {
            FairnessReason::HeldUp(end)
        });
    }
    reasons
}

/// Strong fairness for what is in flight again and again, weak fairness for a close that stays enabled.
fn is_unfair(reason: &FairnessReason, fairness: Fairness) -> bool {
    match reason {
        FairnessReason::Undelivered(segment, to) => {
            // Of a segment that worlds do not have, fairness promises nothing: then nothing is accepted.
            Kind::of(segment).is_none_or(|kind| fairness.network.include(kind, *to))
        }
        FairnessReason::HeldUp(_) => fairness.applications,
        FairnessReason::Delivered(..) | FairnessReason::HasClosed(_) | FairnessReason::NotHeldUp(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Library;
    use crate::model::{Deliveries, Incarnation, SegmentCopy};
    use crate::realtime::{Copy, ExactEvent};
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
            let library = Library::shipped().unwrap();
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
            states.last().unwrap().network().copies().next().unwrap()
        }
    }

    #[test]
    fn a_lasso_has_the_reasons_why_it_is_fair() {
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
    fn an_unfair_run_is_refused() {
        assert!(Lasso::new("lossy-for-ever").replay("both-close").is_none(), "its network delivers the FIN");
        let dead = || Lasso::new("dead-network");
        let to_b = toml::from_str::<toml::Table>("only = ['FIN to B']").unwrap()["only"].clone();
        let to_b: Deliveries = to_b.try_into().unwrap();
        let delivers = |network| Fairness { network, ..Fairness::default() };
        assert!(Lasso { fairness: delivers(to_b), ..dead() }.replay("both-close").is_none());
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

    /// The same in exact times.
    #[test]
    fn a_run_of_real_time_is_held_against_the_same() {
        let lasso = Lasso::new("dead-network");
        let config = *lasso.world.config();
        let fin = |sent| Copy {
            to: End::B,
            segment: lasso.copy().segment(),
            incarnation: Incarnation::First,
            sent,
            is_duplicate: false,
        };
        let events = vec![
            (0, ExactEvent::Call(End::A, Call::Shutdown)),
            (0, ExactEvent::Lose(fin(0))),
            (2, ExactEvent::Timeout(End::A, Timer::Retransmission)),
            (2, ExactEvent::Lose(fin(2))),
        ];
        let witness = CyclicWitness { run: Witness { parts: 1, events }, stem: 2, period: 2 };
        assert_eq!(witness.comes_back(&config), Ok(true));
        let replayed = |fairness, property: &str, witness: &CyclicWitness| {
            replay_exact_lasso(&config, fairness, &lasso.library.instances(property).unwrap().remove(0), witness)
        };
        let trace = replayed(lasso.fairness, "both-close", &witness).unwrap();
        let events: Vec<_> = trace.steps.iter().map(|step| step.event).collect();
        assert_eq!((events.len(), events[2]), (5, Event::Pass(2)));
        assert!(matches!(trace.ending, RunEnding::Repeats { from: 2, .. }), "{:?}", trace.ending);
        assert_eq!(replayed(Fairness::default(), "both-close", &witness), None, "its network delivers the FIN");
        assert_eq!(replayed(lasso.fairness, "last-ack-ends", &witness), None, "no end comes to LAST_ACK");
        assert_eq!(replayed(lasso.fairness, "time-passes", &witness), None);
        let early = CyclicWitness { stem: 1, ..witness };
        assert_eq!(
            replayed(lasso.fairness, "both-close", &early),
            None,
            "the FIN is in flight at its beginning alone"
        );
        let ended = replay_exact_ending(
            &config,
            lasso.fairness,
            &lasso.library.instances("both-close").unwrap()[0],
            &early.run,
        );
        assert_eq!(ended, None, "a timer runs");
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
        ] {
            assert_eq!(lasso.replay(property).is_some(), is_false, "{property}");
        }
    }
}
