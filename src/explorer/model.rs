//! The world as stateright's explorer shows it.

use std::fmt;
use std::sync::Arc;

use stateright::{Expectation, Model, Path, Property};

use super::describe;
use crate::check::Decision;
use crate::model::{
    Action, Config, Layout, ListsProperties, MAX_STATE_PROPERTIES, OneIncarnation, TimedWorld, WorldState,
};
use crate::property::{Instance, Verdict};
use crate::report::trace::svg;
use crate::trace::{Trace, replay_actions};

/// A timed world with descriptions of its states and steps, and the verdicts that `lastack` has reached on it.
#[derive(Clone, Debug)]
pub struct Explorable<L: Layout = OneIncarnation> {
    world: Arc<TimedWorld<L>>,
    /// How many ticks of this world make up a tick of the scenario.
    ticks_per_tick: u32,
    listed: Arc<[Listed<L>]>,
}

/// An entry that stateright lists beside the world, and searches for in it.
#[derive(Debug)]
pub(super) struct Listed<L: Layout> {
    pub(super) expectation: Expectation,
    pub(super) name: &'static str,
    /// The shortest path to it, by the places of its actions.
    pub(super) discovery: Option<Vec<usize>>,
    of: Sought<L>,
}

/// The states that a listed statement is about.
#[derive(Debug)]
enum Sought<L: Layout> {
    /// Those that reveal an instance: that violate it, or are an example of it.
    Revealing(Instance),
    /// The one to which a run leads that refutes liveness.
    Only(Shown<L>),
    /// Every state.
    Any,
}

/// A state, with a `Debug` form for people: stateright shows that, and takes states for the same whose text is.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shown<L: Layout = OneIncarnation>(pub(super) WorldState<L>);

impl<L: Layout> fmt::Debug for Shown<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&describe::state(&self.0))
    }
}

/// An action, with a `Debug` form for people.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Choice(pub(super) Action);

impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<L: Layout> Explorable<L> {
    /// The world of a configuration, whose ticks are divided into so many, with what was found of it.
    ///
    /// What stateright says of a statement has to agree with the verdict, also where it has not come to it yet. So
    /// what is refuted is listed as a counterexample that there is, liveness that holds as what is true at once
    /// (`lastack` has decided it, for stateright cannot), and what is undecided, or was found where this world has
    /// no room for it, not at all. Of more than [`MAX_STATE_PROPERTIES`] instances the first are listed.
    #[must_use]
    pub fn new(config: Config, ticks_per_tick: u32, decisions: &[Decision]) -> Self {
        let world = TimedWorld::with_layout(config.scaled(ticks_per_tick));
        let listed = decisions
            .iter()
            .filter_map(|decision| Listed::new(&world, decision))
            .take(MAX_STATE_PROPERTIES)
            .collect();
        Self { world: Arc::new(world), ticks_per_tick, listed }
    }

    /// The instances that are listed.
    pub(super) fn each_listed(&self) -> &[Listed<L>] {
        &self.listed
    }

    /// The ladder of the path along these places; `None` if there is no such path.
    pub(super) fn picture(&self, places: &[usize]) -> Option<String> {
        self.walk(places).ok().map(|walk| self.drawn(&walk.trace))
    }

    fn drawn(&self, trace: &Trace) -> String {
        svg::path(Some(self.world.config().msl / self.ticks_per_tick.max(1)), trace)
    }

    /// The world in its ticks.
    pub(super) fn world(&self) -> &TimedWorld<L> {
        &self.world
    }

    /// How many ticks of the world make up a tick of the scenario.
    pub(super) fn ticks_per_tick(&self) -> u32 {
        self.ticks_per_tick
    }
}

impl<L: Layout> Listed<L> {
    /// `None` if nothing is known of the instance.
    fn new(world: &TimedWorld<L>, decision: &Decision) -> Option<Self> {
        let Decision { instance, verdict, evidence, .. } = decision;
        let discovery = evidence.as_ref().and_then(|evidence| evidence.places.clone());
        let name = instance.name();
        let revealing = || Sought::Revealing(instance.clone());
        let (expectation, name, of) = match verdict {
            Verdict::Holds | Verdict::Vacuous if instance.is_liveness() => {
                (Expectation::Eventually, name, Sought::Any)
            }
            Verdict::Holds | Verdict::Vacuous => (Expectation::Always, name, revealing()),
            Verdict::Violated => {
                let end = end_of(world, discovery.as_ref()?)?;
                let of = if instance.is_liveness() { Sought::Only(Shown(end)) } else { revealing() };
                (Expectation::Sometimes, format!("a counterexample to {name}"), of)
            }
            Verdict::Possible if discovery.is_none() => return None,
            Verdict::Possible | Verdict::Impossible => (Expectation::Sometimes, name, revealing()),
            Verdict::Undecided | Verdict::NotApplicable => return None,
        };
        // stateright asks for names that live as long as the program. They are few, and made once.
        Some(Self { expectation, name: name.leak(), discovery, of })
    }
}

/// Where the actions of these places lead.
fn end_of<L: Layout>(world: &TimedWorld<L>, places: &[usize]) -> Option<WorldState<L>> {
    let mut state = world.initial().ok()?;
    for place in places {
        let mut enabled = Vec::new();
        world.enabled(&state, &mut enabled);
        state = world.step(&state, *enabled.get(*place)?).ok()?;
    }
    Some(state)
}

impl<L: Layout> Model for Explorable<L> {
    type State = Shown<L>;
    type Action = Choice;

    fn init_states(&self) -> Vec<Shown<L>> {
        self.world.init_states().into_iter().map(Shown).collect()
    }

    fn actions(&self, state: &Shown<L>, actions: &mut Vec<Choice>) {
        let mut enabled = Vec::new();
        self.world.enabled(&state.0, &mut enabled);
        actions.extend(enabled.into_iter().map(Choice));
    }

    fn next_state(&self, state: &Shown<L>, action: Choice) -> Option<Shown<L>> {
        self.world.next_state(&state.0, action.0).map(Shown)
    }

    fn format_action(&self, action: &Choice) -> String {
        action.0.to_string()
    }

    /// What the step changes; nothing where it runs into a bound of the representation.
    fn format_step(&self, before: &Shown<L>, action: Choice) -> Option<String> {
        let after = self.world.next_state(&before.0, action.0)?;
        Some(describe::step(&self.world, &before.0, action.0, &after, 1))
    }

    fn as_svg(&self, path: Path<Shown<L>, Choice>) -> Option<String> {
        let actions: Vec<Action> = path.into_actions().into_iter().map(|choice| choice.0).collect();
        let parts = self.ticks_per_tick;
        replay_actions(&*self.world, &actions).map(|trace| self.drawn(&Trace { parts, ..trace }))
    }

    /// The last is true, so that stateright looks at every state: it stops once it has an example or a
    /// counterexample of everything that is listed.
    fn properties(&self) -> Vec<Property<Self>> {
        let fits = Property::always("every state can be represented", |model: &Self, _: &Shown<L>| {
            model.world.limit().is_none()
        });
        self.state_properties().into_iter().chain([fits]).collect()
    }
}

impl<L: Layout> ListsProperties for Explorable<L> {
    fn listed(&self) -> Vec<(Expectation, &'static str)> {
        self.listed.iter().map(|listed| (listed.expectation.clone(), listed.name)).collect()
    }

    fn is_true(&self, place: usize, state: &Shown<L>) -> bool {
        self.listed.get(place).is_some_and(|listed| {
            let is_sought = match &listed.of {
                Sought::Revealing(instance) => instance.is_revealed_by(&state.0),
                Sought::Only(only) => state.0 == only.0,
                Sought::Any => true,
            };
            is_sought != matches!(listed.expectation, Expectation::Always)
        })
    }
}

#[cfg(test)]
mod tests {
    use stateright::Checker;

    use super::*;
    use crate::check::{Decisions, Library};
    use crate::explore::Limits;
    use crate::model::Event;
    use crate::scenario::Setting;
    use crate::trace::RunEnding;

    fn explorable(scenario: &str) -> (Explorable, Decisions) {
        explorable_with(scenario, &["network.delays=\"whole-ticks\""], &[])
    }

    /// With these settings, and what was found of these properties; without any, of all.
    fn explorable_with(scenario: &str, settings: &[&str], properties: &[&str]) -> (Explorable, Decisions) {
        let library = Library::shipped().unwrap();
        let settings: Vec<_> = settings.iter().map(|text| Setting::parse(text).unwrap()).collect();
        let scenario = library.scenarios(&[scenario.to_owned()], &settings, 1).unwrap().remove(0);
        let asked =
            library.properties.iter().filter(|one| properties.is_empty() || properties.contains(&&*one.name));
        let instances = asked.flat_map(Instance::all).collect();
        let decisions = Decisions::of(&scenario, instances, 1, Limits::NONE, &|_, _| {}).unwrap();
        (Explorable::new(scenario.config, decisions.ticks_per_tick, &decisions.each), decisions)
    }

    /// stateright's own checker discovers of the listed entries just those that `lastack` has decided so, and it
    /// visits every state although everything that it searches for is found.
    #[test]
    fn stateright_says_what_lastack_has_decided() {
        let mut seen = std::collections::BTreeSet::new();
        for scenario in ["one-msl", "dead-network", "gives-up"] {
            let (explorable, decisions) = explorable(scenario);
            assert_eq!(explorable.each_listed().len(), decisions.each.len());
            let checker = explorable.checker().spawn_bfs().join();
            assert_eq!(checker.unique_state_count(), decisions.stats.states, "{scenario}");
            let properties = checker.model().properties();
            let discoveries = checker.discoveries();
            for (property, Decision { instance, verdict, .. }) in properties.iter().zip(&decisions.each) {
                // stateright knows nothing of premises.
                let verdict = if *verdict == Verdict::Vacuous { Verdict::Holds } else { *verdict };
                let discovered = discoveries.contains_key(property.name);
                let expected = match (&property.expectation, discovered) {
                    (Expectation::Always | Expectation::Eventually, false) => Verdict::Holds,
                    (Expectation::Sometimes, true) if property.name.starts_with("a counter") => Verdict::Violated,
                    (Expectation::Sometimes, true) => Verdict::Possible,
                    (Expectation::Sometimes, false) => Verdict::Impossible,
                    (_, true) => panic!("{} is refuted in {scenario}", property.name),
                };
                assert_eq!(expected, verdict, "{} in {scenario}", property.name);
                assert!(property.name.ends_with(&instance.name()));
                assert_eq!(
                    property.expectation == Expectation::Eventually,
                    instance.is_liveness() && verdict == Verdict::Holds
                );
                seen.insert((verdict, instance.is_liveness()));
            }
        }
        assert_eq!(seen.len(), 6, "{seen:?}");
    }

    /// A run of real time is a path in ticks as fine as it needs them, and leads to what it shows.
    #[test]
    fn real_time_is_shown_in_finer_ticks() {
        let thirds = ["network.msl=4", "network.duplicates=0", "tcp.time_wait=11", "network.delays=\"any\""];
        let (explorable, decisions) = explorable_with("sequential", &thirds, &["nothing-outlives-time-wait"]);
        assert_eq!((decisions.ticks_per_tick, explorable.each_listed().len()), (3, 2));
        let violated = &decisions.each[0];
        let places = violated.evidence.as_ref().unwrap().places.as_ref().unwrap();
        let end = Shown(end_of(&explorable.world, places).unwrap());
        let properties = explorable.properties();
        assert_eq!(properties[0].name, "a counterexample to nothing-outlives-time-wait@A");
        assert!((properties[0].condition)(&explorable, &end) && violated.instance.is_revealed_by(&end.0));
        assert_eq!((violated.verdict, decisions.each[1].verdict), (Verdict::Violated, Verdict::Vacuous));

        let (explorable, decisions) =
            explorable_with("dead-network", &["network.delays=\"any\""], &["last-ack-ends"]);
        let lasso = decisions.each[1].evidence.as_ref().unwrap();
        let RunEnding::Repeats { from, .. } = lasso.trace.ending else { panic!("{:?}", lasso.trace.ending) };
        let before = lasso.trace.steps[..from].iter().map(|step| match step.event {
            Event::Pass(parts) => parts as usize,
            _ => 1,
        });
        let places = lasso.places.as_ref().unwrap();
        let stem = end_of(&explorable.world, &places[..before.sum()]).unwrap();
        assert!(end_of(&explorable.world, places).unwrap() == stem, "it comes back");
    }

    /// Ticks so fine that an age has no room are not shown, and what needs them is not listed.
    #[test]
    fn what_needs_too_fine_ticks_is_not_listed() {
        let world = ["network.msl=7", "network.duplicates=0", "tcp.time_wait=20", "network.delays=\"any\""];
        let (explorable, decisions) = explorable_with("sequential", &world, &["nothing-outlives-time-wait"]);
        assert_eq!(decisions.each[0].verdict, Verdict::Violated);
        assert!(decisions.each[0].evidence.as_ref().unwrap().places.is_none() && decisions.ticks_per_tick == 1);
        assert_eq!(explorable.each_listed().len(), 1);
    }

    #[test]
    fn every_place_has_its_own_condition() {
        let (explorable, _) = explorable("one-msl");
        let initial = explorable.init_states().remove(0);
        let mut actions = Vec::new();
        explorable.actions(&initial, &mut actions);
        let next = explorable.next_state(&initial, actions[0]).unwrap();
        for place in 0..MAX_STATE_PROPERTIES {
            let only = |other| Sought::Only(if other == place { initial } else { next });
            let listed =
                |other| Listed { expectation: Expectation::Sometimes, name: "", discovery: None, of: only(other) };
            let model =
                Explorable { listed: (0..MAX_STATE_PROPERTIES).map(listed).collect(), ..explorable.clone() };
            let true_of = |property: &Property<Explorable>| (property.condition)(&model, &initial);
            let places: Vec<_> = model.state_properties().iter().map(true_of).collect();
            let expected: Vec<_> = (0..MAX_STATE_PROPERTIES).map(|other| other == place).collect();
            assert_eq!(places, expected);
        }
    }
}
