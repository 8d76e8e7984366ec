//! A second opinion: stateright's own checker on the same world.

use stateright::Checker;

use super::decide::Decided;
use crate::explore::stateright::{Goal, StaterightRun};
use crate::explore::{ExplorationStats, Limits, Phase, Stopped};
use crate::model::TimedWorld;
use crate::property::{Instance, Verdict};
use crate::scenario::Scenario;

/// What stateright's checker says of a scenario beside lastack's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrossCheck {
    /// Where the two differ.
    pub disagreements: Vec<Disagreement>,
    /// How many verdicts were compared.
    pub verdicts: usize,
    /// Why stateright did not come to its end; then only what both know is compared.
    pub stopped: Option<Stopped>,
}

/// Something that the two say differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disagreement {
    /// `states`, `transitions`, or the instance of a property.
    pub what: String,
    /// The number or verdict by lastack's own exploration.
    pub lastack: String,
    /// The number or verdict by stateright's checker.
    pub stateright: String,
}

/// Explores a scenario's world once more, with stateright, and decides what a single state decides. The world is the
/// same; the search, the set of states and what is remembered of reactions are not.
pub(super) fn cross_check(
    scenario: &Scenario,
    instances: &[Instance],
    decided: &Decided,
    threads: usize,
    limits: Limits<'_>,
    progress: &dyn Fn(Phase, &ExplorationStats),
) -> CrossCheck {
    let of_states: Vec<(&Instance, Verdict)> = instances
        .iter()
        .zip(decided.verdicts.iter().copied())
        .filter(|(instance, _)| !instance.is_liveness())
        .collect();
    let asked = of_states.iter().map(|(instance, _)| (*instance).clone()).collect();
    let explored = StaterightRun::new(TimedWorld::new(scenario.config), asked, Goal::EveryState, limits);
    let (checker, stats) = explored.explore(threads, limits, |stats| progress(Phase::CrossCheck, stats));
    let stopped = checker.model().stopped();
    let mut disagreements = Vec::new();
    let mut compare = |what: String, lastack: String, stateright: String| {
        if lastack != stateright {
            disagreements.push(Disagreement { what, lastack, stateright });
        }
    };
    if decided.stopped.is_none() && stopped.is_none() {
        compare("states".to_owned(), decided.stats.states.to_string(), stats.states.to_string());
        compare("transitions".to_owned(), decided.stats.transitions.to_string(), stats.transitions.to_string());
    }
    let mut verdicts = 0;
    for ((instance, ours), theirs) in of_states.iter().zip(checker.model().verdicts()) {
        if *ours != Verdict::Undecided && theirs != Verdict::Undecided {
            verdicts += 1;
            compare(instance.name(), ours.to_string(), theirs.to_string());
        }
    }
    CrossCheck { disagreements, verdicts, stopped }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Library;
    use crate::check::decide::decide;

    #[test]
    fn whatever_differs_is_said() {
        let library = Library::read(&[], &[]).unwrap();
        let scenario = library.scenarios(&["one-msl".to_owned()], &[], 1).unwrap().remove(0);
        let instances: Vec<Instance> = library.properties.iter().flat_map(Instance::all).collect();
        let mut decided = decide(&scenario, &instances, 1, Limits::NONE, &|_, _| {});
        let check = |decided: &Decided| cross_check(&scenario, &instances, decided, 1, Limits::NONE, &|_, _| {});
        let agreed = check(&decided);
        let of_states = instances.iter().filter(|instance| !instance.is_liveness()).count();
        assert_eq!(agreed, CrossCheck { disagreements: Vec::new(), verdicts: of_states, stopped: None });

        decided.stats.states -= 1;
        decided.stats.transitions += 2;
        let wrong = instances.iter().position(|instance| instance.name() == "no-reset@B").unwrap();
        decided.verdicts[wrong] = Verdict::Holds;
        assert_eq!(
            check(&decided)
                .disagreements
                .iter()
                .map(|one| [&*one.what, &*one.lastack, &*one.stateright])
                .collect::<Vec<_>>(),
            [["states", "6911", "6912"], ["transitions", "31400", "31398"], ["no-reset@B", "holds", "violated"]]
        );
    }

    #[test]
    fn nothing_is_said_of_what_was_cut_short() {
        let library = Library::read(&[], &[]).unwrap();
        let scenario = library.scenarios(&["one-msl".to_owned()], &[], 1).unwrap().remove(0);
        let instances: Vec<Instance> = library.properties.iter().flat_map(Instance::all).collect();
        let decided = decide(&scenario, &instances, 1, Limits::NONE, &|_, _| {});
        let limits = Limits { max_states: Some(10), ..Limits::NONE };
        let cut = cross_check(&scenario, &instances, &decided, 1, limits, &|_, _| {});
        assert_eq!((cut.disagreements, cut.stopped), (Vec::new(), Some(Stopped::MaxStates)));
    }
}
