//! Second opinions: stateright's own checker on the world of whole ticks, and whole ticks on real time.

use std::fmt;

use stateright::Checker;

use super::decide::decide_timed;
use super::decided::Decided;
use crate::explore::stateright::{Goal, StaterightRun};
use crate::explore::{ExplorationStats, Limits, Phase, Stopped};
use crate::invariant::invariant;
use crate::model::{Config, Layout, OneIncarnation, TimedWorld, TwoIncarnations};
use crate::property::{Instance, Verdict};
use crate::scenario::Scenario;

/// The second opinions on a scenario, beside lastack's verdicts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrossCheck {
    /// Where two differ.
    pub disagreements: Vec<Disagreement>,
    /// The number of verdicts that stateright decided, too.
    pub verdicts: usize,
    /// Why stateright did not come to its end; then only what both know is compared. See also
    /// [`is_out_of_reach`](Self::is_out_of_reach).
    pub stopped: Option<Stopped>,
    /// The opinion of whole ticks, if the verdicts are those of real time.
    pub ticks: Option<TicksCheck>,
}

/// The opinion of whole ticks on verdicts in real time (`docs/real-time.md`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TicksCheck {
    /// How many verdicts were compared.
    pub verdicts: usize,
    /// The number of those that hold in real time and in the world of closed delays, too, in which delays may
    /// equal the MSL: that is a proof of them, which shares nothing with the zones.
    pub proved: usize,
    /// The number of those that hold in real time and not in the world of closed delays: a copy would have to
    /// arrive at the very moment at which it expires.
    pub ties: usize,
    /// Why the world of closed delays was not explored to its end.
    pub closed_stopped: Option<Stopped>,
}

/// A result on which two differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// `states`, `transitions`, or the instance of a property.
    pub what: String,
    /// The number or verdict by lastack's own exploration.
    pub lastack: String,
    /// The one that differs from lastack.
    pub by: Other,
    /// The number or verdict by the other.
    pub other: String,
}

impl CrossCheck {
    /// Whether whole ticks have no room for a world of real time, such as one with a timer of more than 254 ticks.
    /// That cuts nothing short: there is no world on which to hear a second opinion.
    #[must_use]
    pub const fn is_out_of_reach(&self) -> bool {
        self.ticks.is_some() && matches!(self.stopped, Some(Stopped::Limit(_)))
    }
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, lastack, by, other } = self;
        write!(f, "{what}: {lastack} by lastack, {other} by {}", by.name())
    }
}

/// Who gives a second opinion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Other {
    /// stateright's own checker.
    Stateright,
    /// The same world in whole ticks.
    WholeTicks,
    /// The world of whole ticks in which delays may equal the MSL.
    ClosedWorld,
}

impl Other {
    /// What it is called in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stateright => "stateright",
            Self::WholeTicks => "whole ticks",
            Self::ClosedWorld => "the world of closed delays",
        }
    }
}

/// More states than this the world of closed delays of a scenario is not explored for. It has many more than that
/// of whole ticks.
const MAX_CLOSED_STATES: usize = 1 << 20;

/// Asks stateright, and if the verdicts are those of real time, whole ticks. `ticks` is what lastack has found in
/// whole ticks.
pub(super) fn cross_check(
    scenario: &Scenario,
    instances: &[Instance],
    decided: &Decided,
    ticks: &Decided,
    (threads, limits): (usize, Limits<'_>),
    progress: &dyn Fn(Phase, &ExplorationStats),
) -> CrossCheck {
    let ask =
        if scenario.config.opens() { ask_stateright::<TwoIncarnations> } else { ask_stateright::<OneIncarnation> };
    let by_stateright = ask(scenario, instances, ticks, (threads, limits), progress);
    if !scenario.is_real_time() {
        return by_stateright;
    }
    let closed = Config { msl: scenario.config.msl + 1, ..scenario.config };
    let closed = Scenario { config: closed, ..scenario.clone() };
    let most = limits.max_states.map_or(MAX_CLOSED_STATES, |most| most.min(MAX_CLOSED_STATES));
    let closed_limits = Limits { max_states: Some(most), ..limits };
    let closed = decide_timed(&closed, instances, threads, closed_limits, progress);
    let (disagreements, compared) = compare_with_ticks(instances, decided, ticks, &closed);
    let ticks = TicksCheck { closed_stopped: closed.stopped, ..compared };
    CrossCheck {
        disagreements: by_stateright.disagreements.into_iter().chain(disagreements).collect(),
        ticks: Some(ticks),
        ..by_stateright
    }
}

/// Explores the world of whole ticks once more, with stateright, and decides what a single state decides. The
/// world is the same; the search, the set of states and what is remembered of reactions are not.
fn ask_stateright<L: Layout>(
    scenario: &Scenario,
    instances: &[Instance],
    decided: &Decided,
    (threads, limits): (usize, Limits<'_>),
    progress: &dyn Fn(Phase, &ExplorationStats),
) -> CrossCheck {
    let of_states: Vec<(&Instance, Verdict)> =
        instances.iter().zip(decided.verdicts()).filter(|(instance, _)| !instance.is_liveness()).collect();
    let asked = of_states.iter().map(|(instance, _)| (*instance).clone()).collect();
    let explored =
        StaterightRun::new(TimedWorld::<L>::with_layout(scenario.config), asked, Goal::EveryState, limits);
    let (checker, stats) = explored.explore(threads, limits, |stats| progress(Phase::CrossCheck, stats));
    let stopped = checker.model().stopped();
    let mut disagreements = Vec::new();
    let mut compare = |what: String, lastack: String, other: String| {
        if lastack != other {
            disagreements.push(Disagreement { what, lastack, by: Other::Stateright, other });
        }
    };
    if decided.stopped.is_none() && stopped.is_none() {
        compare("states".to_owned(), decided.stats.states.to_string(), stats.states.to_string());
        compare("transitions".to_owned(), decided.stats.transitions.to_string(), stats.transitions.to_string());
    }
    let mut verdicts = 0;
    let all: Vec<Verdict> = checker.model().verdicts().into_iter().collect();
    invariant!(all.len() == of_states.len(), "stateright has {} verdicts of {}", all.len(), of_states.len());
    for ((instance, ours), theirs) in of_states.iter().zip(all) {
        if *ours != Verdict::Undecided && theirs != Verdict::Undecided {
            verdicts += 1;
            compare(instance.name(), ours.to_string(), theirs.to_string());
        }
    }
    CrossCheck { disagreements, verdicts, stopped, ticks: None }
}

/// Every counterexample of whole ticks exists in real time, and every one of real time in the world of closed
/// delays.
fn compare_with_ticks(
    instances: &[Instance],
    real: &Decided,
    ticks: &Decided,
    closed: &Decided,
) -> (Vec<Disagreement>, TicksCheck) {
    let mut disagreements = Vec::new();
    let mut check = TicksCheck { verdicts: 0, proved: 0, ties: 0, closed_stopped: None };
    for decided in [real, ticks, closed] {
        let (verdicts, asked) = (decided.each.len(), instances.len());
        invariant!(verdicts == asked, "{verdicts} verdicts on {asked} instances");
    }
    let verdicts = real.verdicts().zip(ticks.verdicts()).zip(closed.verdicts());
    for (instance, ((real, ticks), closed)) in instances.iter().zip(verdicts) {
        let mut differs = |by: Other, other: Verdict| {
            let (what, lastack) = (instance.name(), real.to_string());
            disagreements.push(Disagreement { what, lastack, by, other: other.to_string() });
        };
        let Some(is_found) = finds(real) else { continue };
        if let Some(is_found_in_ticks) = finds(ticks) {
            check.verdicts += 1;
            let is_exercised_less = real == Verdict::Vacuous && ticks != Verdict::Vacuous;
            if is_found_in_ticks && !is_found || is_exercised_less {
                differs(Other::WholeTicks, ticks);
            }
        }
        match finds(closed) {
            Some(false) if is_found => differs(Other::ClosedWorld, closed),
            Some(false) => check.proved += 1,
            Some(true) if !is_found => check.ties += 1,
            Some(true) | None => {}
        }
    }
    (disagreements, check)
}

/// Whether a verdict means that a counterexample or an example was found; `None` if it leaves that open.
fn finds(verdict: Verdict) -> Option<bool> {
    match verdict {
        Verdict::Violated | Verdict::Possible => Some(true),
        Verdict::Holds | Verdict::Impossible | Verdict::Vacuous => Some(false),
        Verdict::Undecided | Verdict::NotApplicable => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Library;
    use crate::check::decide::{Shortest, decide};
    use crate::scenario::Setting;

    fn whole_ticks() -> Setting {
        Setting::parse("network.delays=\"whole-ticks\"").unwrap()
    }

    #[test]
    fn every_difference_is_reported() {
        let library = Library::shipped().unwrap();
        let scenario = library.scenarios(&["one-msl".to_owned()], &[whole_ticks()], 1).unwrap().remove(0);
        let instances: Vec<Instance> = library.properties.iter().flat_map(Instance::all).collect();
        let mut decided = decide(&scenario, &instances, Shortest::Stated, 1, Limits::NONE, &|_, _| {});
        let check = |decided: &Decided| {
            cross_check(&scenario, &instances, decided, decided, (1, Limits::NONE), &|_, _| {})
        };
        let agreed = check(&decided);
        let verdicts = instances.iter().filter(|instance| !instance.is_liveness()).count();
        assert_eq!(agreed, CrossCheck { disagreements: Vec::new(), verdicts, stopped: None, ticks: None });

        decided.stats.states -= 1;
        decided.stats.transitions += 2;
        let wrong = instances.iter().position(|instance| instance.name() == "no-reset@B").unwrap();
        decided.each[wrong].verdict = Verdict::Holds;
        assert_eq!(
            check(&decided)
                .disagreements
                .iter()
                .map(|one| [&*one.what, &*one.lastack, &*one.other])
                .collect::<Vec<_>>(),
            [["states", "6911", "6912"], ["transitions", "31400", "31398"], ["no-reset@B", "holds", "violated"]]
        );
    }

    /// Real time finds all that ticks find, the world of closed delays all that real time finds; and all else is
    /// counted.
    #[test]
    fn whole_ticks_and_the_closed_world_are_held_against_real_time() {
        let library = Library::shipped().unwrap();
        let instances: Vec<Instance> = library.properties.iter().flat_map(Instance::all).collect();
        let real = library.scenarios(&["sequential".to_owned()], &[], 1).unwrap().remove(0);
        let ticks = library.scenarios(&["sequential".to_owned()], &[whole_ticks()], 1).unwrap().remove(0);
        let [mut decided, ticks] = [&real, &ticks]
            .map(|scenario| decide(scenario, &instances, Shortest::Stated, 1, Limits::NONE, &|_, _| {}));
        let check =
            |decided: &Decided| cross_check(&real, &instances, decided, &ticks, (1, Limits::NONE), &|_, _| {});
        let agreed = check(&decided);
        assert_eq!(agreed.disagreements, []);
        let found = agreed.ticks.unwrap();
        assert_eq!((found.verdicts, found.closed_stopped), (instances.len(), None));
        assert!(found.proved > 0 && found.ties > 0, "{found:?}");

        let place = |name: &str| instances.iter().position(|instance| instance.name() == name).unwrap();
        // Ticks refute the one, and the world of closed delays proves the other.
        decided.each[place("time-wait-is-reached@A")].verdict = Verdict::Impossible;
        decided.each[place("closed-is-final@A")].verdict = Verdict::Violated;
        let disagreements: Vec<_> =
            check(&decided).disagreements.iter().map(|one| (one.what.clone(), one.by)).collect();
        assert_eq!(
            disagreements,
            [
                ("closed-is-final@A".to_owned(), Other::ClosedWorld),
                ("time-wait-is-reached@A".to_owned(), Other::WholeTicks),
            ]
        );
    }

    #[test]
    fn nothing_is_reported_of_an_exploration_that_was_cut_short() {
        let library = Library::shipped().unwrap();
        let scenario = library.scenarios(&["one-msl".to_owned()], &[whole_ticks()], 1).unwrap().remove(0);
        let instances: Vec<Instance> = library.properties.iter().flat_map(Instance::all).collect();
        let decided = decide(&scenario, &instances, Shortest::Stated, 1, Limits::NONE, &|_, _| {});
        let limits = Limits { max_states: Some(10), ..Limits::NONE };
        let cut = cross_check(&scenario, &instances, &decided, &decided, (1, limits), &|_, _| {});
        assert_eq!((cut.disagreements, cut.stopped), (Vec::new(), Some(Stopped::MaxStates)));
    }
}
