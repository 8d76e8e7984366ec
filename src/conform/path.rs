//! Paths of one end: what happens at it, one event after another, and which transitions that takes.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt;

use super::input::EndpointInput;
use super::transition::Transition;
use crate::explore::Reachable;
use crate::model::{End, Observe};
use crate::tcp::Endpoint;

/// What happens at one end, in order: from CLOSED on if the first event opens, from ESTABLISHED on otherwise. It
/// depends on no time: a timer expires where the path says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EndpointPath {
    /// The events.
    pub events: Vec<EndpointInput>,
}

impl EndpointPath {
    /// The path begins in CLOSED, where there has been no connection yet.
    #[must_use]
    pub fn opens(&self) -> bool {
        matches!(self.events.first(), Some(EndpointInput::Connect | EndpointInput::Listen))
    }

    /// The endpoint with which it begins.
    #[must_use]
    pub fn start(&self) -> Endpoint {
        if self.opens() { Endpoint::closed() } else { Endpoint::established() }
    }
}

impl fmt::Display for EndpointPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, event) in self.events.iter().enumerate() {
            write!(f, "{}{event}", if place == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// The paths of one end, under everything that its peer, the network and time do.
#[derive(Default)]
pub struct PathGenerator {
    /// The transitions that the end takes.
    transitions: Vec<Transition>,
    /// What happens at the end, and the place of the transition that it takes with that.
    parts: Vec<(EndpointInput, usize)>,
    /// For each state, where its edges begin; and where the last ones end.
    first: Vec<usize>,
    edges: Vec<Edge>,
    numbers: HashMap<(EndpointInput, Transition), u32>,
}

/// A step from a state to another.
#[derive(Clone, Copy)]
struct Edge {
    target: u32,
    /// What happens at the end, by its place among the parts, if it has a part in the step.
    part: Option<u32>,
}

/// A state and the place of one of its edges.
type Way = (u32, usize);

/// No random walk has more steps: where losses are unlimited there are walks without end.
const LONGEST_WALK: usize = 400;

impl PathGenerator {
    /// The ways of an end through a world.
    #[must_use]
    pub fn new(world: &Reachable, end: End) -> Self {
        let (mut ways, mut steps) = (Self::default(), Vec::new());
        for (node, state) in (0..).map_while(|node| Some((node, world.state(node)?))) {
            world.steps_from(node, &mut steps);
            ways.add_state(steps.iter().map(|(action, target)| {
                let event = EndpointInput::at(end, *action);
                let part = event.zip(world.state(*target)).map(|(event, after)| {
                    (event, Transition::of(&state.endpoint(end).0, &event, after.end(end).state))
                });
                (part, *target)
            }));
        }
        ways
    }

    /// Adds the next state: its steps, each with what happens at the end, if anything does, and the state that it
    /// leads to. States count from 0, where paths begin.
    pub(super) fn add_state(&mut self, steps: impl Iterator<Item = (Option<(EndpointInput, Transition)>, u32)>) {
        self.first.push(self.edges.len());
        for (part, target) in steps {
            let part = part.and_then(|part| self.number(part));
            self.edges.push(Edge { target, part });
        }
    }

    /// The place of what happens among the parts.
    fn number(&mut self, part: (EndpointInput, Transition)) -> Option<u32> {
        if let Some(number) = self.numbers.get(&part) {
            return Some(*number);
        }
        // There are some thousands of them.
        let number = u32::try_from(self.parts.len()).ok()?;
        let (event, transition) = part;
        let place = self.transitions.iter().position(|known| *known == transition);
        let place = place.unwrap_or_else(|| {
            self.transitions.push(transition);
            self.transitions.len() - 1
        });
        self.parts.push((event, place));
        self.numbers.insert(part, number);
        Some(number)
    }

    /// The place of the transition that the end takes with a step.
    fn transition(&self, edge: &Edge) -> Option<usize> {
        Some(self.parts.get(edge.part? as usize)?.1)
    }

    /// The transitions that the end takes here.
    #[must_use]
    pub fn transitions(&self) -> &[Transition] {
        &self.transitions
    }

    /// For each transition that can be reached, a path that ends with it and has as few events as possible. No
    /// path leads *through* a transition that is to be avoided; it may end with one.
    #[must_use]
    pub fn shortest(&self, avoid: &BTreeSet<Transition>) -> BTreeMap<Transition, EndpointPath> {
        let avoid = self.numbers(avoid);
        let nodes = self.first.len();
        let mut distance = vec![u32::MAX; nodes];
        let mut by: Vec<Option<Way>> = vec![None; nodes];
        let mut found: Vec<Option<Way>> = vec![None; self.transitions.len()];
        // Steps in which the end has no part cost nothing: what they lead to comes first.
        let mut pending = VecDeque::from([(0, 0)]);
        if let Some(initial) = distance.first_mut() {
            *initial = 0;
        }
        while let Some((node, far)) = pending.pop_front() {
            if distance.get(node as usize) != Some(&far) {
                continue;
            }
            for (place, edge) in self.edges(node).iter().enumerate() {
                let transition = self.transition(edge);
                let cost = u32::from(transition.is_some());
                if let Some(number) = transition {
                    if let Some(first @ None) = found.get_mut(number) {
                        *first = Some((node, place));
                    }
                    if avoid.get(number) == Some(&true) {
                        continue;
                    }
                }
                let target = edge.target as usize;
                let (Some(nearest), Some(by)) = (distance.get_mut(target), by.get_mut(target)) else {
                    continue;
                };
                if far + cost < *nearest {
                    *nearest = far + cost;
                    *by = Some((node, place));
                    let reached = (edge.target, far + cost);
                    if cost == 0 { pending.push_front(reached) } else { pending.push_back(reached) }
                }
            }
        }
        let path = |last: Way| {
            let back = std::iter::successors(Some(last), |(node, _)| by.get(*node as usize).copied().flatten());
            let mut ways: Vec<Way> = back.collect();
            ways.reverse();
            self.path(&ways)
        };
        self.transitions.iter().copied().zip(found).filter_map(|(one, last)| Some((one, path(last?)))).collect()
    }

    /// The path of a random walk that takes no transition that is to be avoided; the same for the same seed.
    #[must_use]
    pub fn random(&self, seed: u64, avoid: &BTreeSet<Transition>) -> EndpointPath {
        let avoid = self.numbers(avoid);
        let may_take = |edge: &Edge| self.transition(edge).is_none_or(|number| avoid.get(number) != Some(&true));
        let (mut random, mut node, mut ways) = (seed, 0, Vec::new());
        for _ in 0..LONGEST_WALK {
            let open = || self.edges(node).iter().enumerate().filter(|(_, edge)| may_take(edge));
            // As many parts of 2³² as there are edges.
            let chosen = ((next_random(&mut random) >> 32) * open().count() as u64) >> 32;
            let Some((place, edge)) = usize::try_from(chosen).ok().and_then(|chosen| open().nth(chosen)) else {
                break;
            };
            ways.push((node, place));
            node = edge.target;
        }
        self.path(&ways)
    }

    fn edges(&self, node: u32) -> &[Edge] {
        let node = node as usize;
        let end = self.first.get(node + 1).copied().unwrap_or(self.edges.len());
        self.first.get(node).and_then(|first| self.edges.get(*first..end)).unwrap_or_default()
    }

    fn numbers(&self, avoid: &BTreeSet<Transition>) -> Vec<bool> {
        self.transitions.iter().map(|transition| avoid.contains(transition)).collect()
    }

    /// What the end has a part in.
    fn path(&self, ways: &[Way]) -> EndpointPath {
        let part = |(node, place): &Way| self.edges(*node).get(*place)?.part;
        let event = |part: u32| self.parts.get(part as usize).map(|(event, _)| *event);
        EndpointPath { events: ways.iter().filter_map(part).filter_map(event).collect() }
    }
}

/// The generator `SplitMix64`: a step of it.
fn next_random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Library;
    use crate::explore::Limits;
    use crate::model::Config;
    use crate::tcp::{Call, Policy, State};

    fn config(scenario: &str) -> Config {
        let library = Library::shipped().unwrap();
        library.scenarios(&[scenario.to_owned()], &[], 1).unwrap()[0].config
    }

    /// The transitions of a path at an endpoint.
    fn transitions(path: &EndpointPath, policy: &Policy) -> Vec<Transition> {
        let mut endpoint = Endpoint::established();
        let mut taken = Vec::new();
        for event in &path.events {
            let before = endpoint.clone();
            event.apply(&mut endpoint, policy);
            endpoint.on_call(Call::Receive, policy);
            taken.push(Transition::of(&before, event, endpoint.state));
        }
        taken
    }

    #[test]
    fn a_shortest_path_ends_with_its_transition_and_avoids_what_it_should() {
        let config = config("simultaneous");
        let world = Reachable::explore(config, Limits::NONE).unwrap();
        let ways = PathGenerator::new(&world, End::A);
        let all = ways.shortest(&BTreeSet::new());
        assert_eq!(all.len(), ways.transitions().len(), "every transition that occurs is reached");
        for (transition, path) in &all {
            assert_eq!(transitions(path, &config.a.policy).last(), Some(transition), "{path}");
        }
        let shown: Vec<String> = all.iter().map(|(one, path)| format!("{one}\n    {path}")).collect();
        insta::assert_snapshot!(shown.join("\n"));

        let crossing = all.keys().filter(|one| one.before == State::FinWait1 && one.after == State::Closing);
        let avoid: BTreeSet<Transition> = crossing.copied().collect();
        let without = ways.shortest(&avoid);
        assert!(without.keys().all(|one| one.before != State::Closing));
        assert!(avoid.iter().all(|one| without.contains_key(one)) && !avoid.is_empty());
        for (transition, path) in without {
            assert_eq!(transitions(&path, &config.a.policy).last(), Some(&transition), "{path}");
        }
    }

    #[test]
    fn random_walks_are_behaviours_of_the_end_and_can_be_repeated() {
        let config = config("half-close");
        let world = Reachable::explore(config, Limits::NONE).unwrap();
        let ways = PathGenerator::new(&world, End::B);
        let known: BTreeSet<Transition> = ways.transitions().iter().copied().collect();
        let mut taken = BTreeSet::new();
        let mut different = BTreeSet::new();
        for seed in 0..2_000 {
            let path = ways.random(seed, &BTreeSet::new());
            assert_eq!(path, ways.random(seed, &BTreeSet::new()));
            taken.extend(transitions(&path, &config.b.policy));
            different.insert(path.to_string());
        }
        assert!(taken.is_subset(&known));
        assert!(different.len() > 400 && taken.len() > 25, "{} {}", different.len(), taken.len());
        let avoid: BTreeSet<Transition> =
            taken.iter().copied().filter(|one| one.after == State::LastAck).collect();
        assert!((0..2_000).all(|seed| {
            let taken = transitions(&ways.random(seed, &avoid), &config.b.policy);
            taken.iter().all(|transition| !avoid.contains(transition))
        }));
    }
}
