//! Paths of one end through a world: what happens at it, one event after another, and which transitions that takes.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fmt;

use crate::explore::Reachable;
use crate::model::EndpointEvent;
use crate::model::{Action, End, Kind, Observe};
use crate::tcp::{Call, Effects, Endpoint, Policy, Segment, Seq, State, Timer};

/// Something that happens at one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndpointInput {
    /// Its application calls.
    Call(Call),
    /// A segment arrives.
    Arrival(Segment),
    /// A timer expires.
    Timeout(Timer),
}

impl EndpointInput {
    /// What an action of a world is for one of its ends; `None` if it does not happen there.
    fn at(end: End, action: Action) -> Option<Self> {
        match action {
            Action::Call(of, call) => (of == end).then_some(Self::Call(call)),
            Action::Timeout(of, timer) => (of == end).then_some(Self::Timeout(timer)),
            Action::Deliver(copy) => (copy.to() == end).then(|| Self::Arrival(copy.segment())),
            Action::Lose(_) | Action::Duplicate(_) | Action::Tick => None,
        }
    }

    /// Lets it happen at an endpoint.
    pub fn apply(&self, endpoint: &mut Endpoint, policy: &Policy) -> Effects {
        match self {
            Self::Call(call) => endpoint.on_call(*call, policy),
            Self::Arrival(segment) => endpoint.on_segment(segment, policy),
            Self::Timeout(timer) => endpoint.on_timeout(*timer, policy),
        }
    }
}

impl fmt::Display for EndpointInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(call) => f.write_str(call.name()),
            Self::Arrival(segment) => write!(f, "{segment} arrives"),
            Self::Timeout(timer) => write!(f, "{} timer expires", timer.name()),
        }
    }
}

/// What happens at one end from ESTABLISHED on, in order. It depends on no time: a timer expires where the path says
/// so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct EndpointPath {
    /// The events.
    pub events: Vec<EndpointInput>,
}

impl fmt::Display for EndpointPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, event) in self.events.iter().enumerate() {
            write!(f, "{}{event}", if place == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// A step of an endpoint as far as kinds of steps are distinguished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Transition {
    /// The state that it was in.
    pub before: State,
    /// What happened.
    pub class: Class,
    /// The state that it came to.
    pub after: State,
    /// The application had called `close()` before, and reads no more.
    pub orphaned: bool,
}

/// A class of events at an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// The application calls.
    Call(Call),
    /// A segment arrives.
    Arrival {
        /// What kind of segment it is; `None` if no endpoint of a world sends such a one.
        kind: Option<Kind>,
        /// Where it begins; `None` in CLOSED, where that does not matter.
        place: Option<Place>,
        /// What it acknowledges; `None` in CLOSED, and without the ACK flag.
        acknowledges: Option<Acknowledges>,
    },
    /// A timer expires.
    Timeout {
        /// Which.
        timer: Timer,
        /// It is the retransmission timer, and more than one number is unacknowledged.
        several: bool,
    },
}

/// Where a segment begins in the receiver's sequence space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// Before RCV.NXT.
    Old,
    /// Before RCV.NXT, where it ends: what was received last, once more.
    Again,
    /// At RCV.NXT.
    Next,
    /// At RCV.NXT, and something beyond is held.
    FillsHole,
    /// After RCV.NXT.
    BeyondHole,
}

/// What a segment acknowledges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Acknowledges {
    /// Less than was acknowledged before: SEG.ACK < SND.UNA.
    Less,
    /// Nothing new: SEG.ACK = SND.UNA.
    NothingNew,
    /// Some of what is outstanding.
    Some,
    /// All that is outstanding, and no FIN is among it.
    All,
    /// Our FIN, for the first time.
    Fin,
    /// What was never sent: SEG.ACK > SND.NXT.
    Unsent,
}

impl Transition {
    /// The transition that an endpoint takes with an event.
    #[must_use]
    pub fn of(before: &Endpoint, event: &EndpointInput, after: State) -> Self {
        let class = match *event {
            EndpointInput::Call(call) => Class::Call(call),
            EndpointInput::Timeout(timer) => Class::Timeout {
                timer,
                several: timer == Timer::Retransmission && before.snd_nxt.since(before.snd_una) > 1,
            },
            EndpointInput::Arrival(segment) => {
                let closed = before.state == State::Closed;
                Class::Arrival {
                    kind: Kind::of(&segment),
                    place: (!closed).then(|| Place::of(&segment, before)),
                    acknowledges: (segment.flags.ack && !closed).then(|| Acknowledges::of(segment.ack, before)),
                }
            }
        };
        Self { before: before.state, class, after, orphaned: before.reader_gone }
    }
}

impl Class {
    /// The event as coverage counts it; `None` if no world has such a one.
    #[must_use]
    pub fn event(&self) -> Option<EndpointEvent> {
        match *self {
            Self::Call(call) => Some(EndpointEvent::Call(call)),
            Self::Arrival { kind, .. } => kind.map(EndpointEvent::Arrival),
            Self::Timeout { timer, .. } => Some(EndpointEvent::Timeout(timer)),
        }
    }
}

impl Place {
    fn of(segment: &Segment, endpoint: &Endpoint) -> Self {
        let seq = segment.seq;
        if seq.precedes(endpoint.rcv_nxt) {
            let ends = seq + segment.sequence_length();
            if ends == endpoint.rcv_nxt { Self::Again } else { Self::Old }
        } else if seq != endpoint.rcv_nxt {
            Self::BeyondHole
        } else if endpoint.held.is_empty() {
            Self::Next
        } else {
            Self::FillsHole
        }
    }
}

impl Acknowledges {
    fn of(ack: Seq, endpoint: &Endpoint) -> Self {
        if ack.precedes(endpoint.snd_una) {
            Self::Less
        } else if ack == endpoint.snd_una {
            Self::NothingNew
        } else if endpoint.snd_nxt.precedes(ack) {
            Self::Unsent
        } else if ack != endpoint.snd_nxt {
            Self::Some
        } else if endpoint.fin_sent {
            Self::Fin
        } else {
            Self::All
        }
    }
}

impl fmt::Display for Transition {
    /// `FIN_WAIT_1: FIN next, ack of nothing new → CLOSING`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { before, class, after, orphaned } = self;
        write!(f, "{before}{}: {class} → {after}", if *orphaned { " after close()" } else { "" })
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(call) => f.write_str(call.name()),
            Self::Timeout { timer, several } => {
                write!(f, "{} timer{}", timer.name(), if *several { ", several outstanding" } else { "" })
            }
            Self::Arrival { kind, place, acknowledges } => {
                f.write_str(kind.map_or("other segment", Kind::name))?;
                if let Some(place) = place {
                    write!(f, " {place}")?;
                }
                if let Some(acknowledges) = acknowledges {
                    write!(f, ", {acknowledges}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Old => "of old",
            Self::Again => "again",
            Self::Next => "next",
            Self::FillsHole => "filling a hole",
            Self::BeyondHole => "beyond a hole",
        })
    }
}

impl fmt::Display for Acknowledges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Less => "ack of less than before",
            Self::NothingNew => "ack of nothing new",
            Self::Some => "ack of some",
            Self::All => "ack of all",
            Self::Fin => "ack of our FIN",
            Self::Unsent => "ack of the unsent",
        })
    }
}

/// The paths of one end through a world, under everything that its peer, the network and time do.
pub struct PathGenerator<'w> {
    world: &'w Reachable,
    end: End,
    /// The transitions that the end takes; edges name them by their place.
    transitions: Vec<Transition>,
    /// For each state of the world, where its edges begin; and where the last ones end.
    first: Vec<usize>,
    edges: Vec<Edge>,
}

/// A step of the world.
#[derive(Clone, Copy)]
struct Edge {
    target: u32,
    /// The end's transition with this step, if it has a part in it.
    transition: Option<u16>,
}

/// A world's state and the place of one of its edges.
type Way = (u32, usize);

/// No random walk has more steps of the world: where losses are unlimited there are walks without end.
const LONGEST_WALK: usize = 400;

impl<'w> PathGenerator<'w> {
    /// The ways of an end through a world.
    #[must_use]
    pub fn new(world: &'w Reachable, end: End) -> Self {
        let mut ways = Self { world, end, transitions: Vec::new(), first: vec![0], edges: Vec::new() };
        let (mut numbers, mut steps) = (HashMap::new(), Vec::new());
        for (node, state) in (0..).map_while(|node| Some((node, world.state(node)?))) {
            world.steps_from(node, &mut steps);
            for (action, target) in &steps {
                let event = EndpointInput::at(end, *action);
                let transition = event.zip(world.state(*target)).and_then(|(event, after)| {
                    let transition = Transition::of(&state.endpoint(end).0, &event, after.end(end).state);
                    let number = *numbers.entry(transition).or_insert_with(|| {
                        ways.transitions.push(transition);
                        ways.transitions.len() - 1
                    });
                    // There are some hundred of them.
                    u16::try_from(number).ok()
                });
                ways.edges.push(Edge { target: *target, transition });
            }
            ways.first.push(ways.edges.len());
        }
        ways
    }

    /// The transitions that the end takes in this world.
    #[must_use]
    pub fn transitions(&self) -> &[Transition] {
        &self.transitions
    }

    /// For each transition that can be reached, a path that ends with it and has as few events as possible. No path
    /// leads *through* a transition that is to be avoided; it may end with one.
    #[must_use]
    pub fn shortest(&self, avoid: &BTreeSet<Transition>) -> BTreeMap<Transition, EndpointPath> {
        let avoid = self.numbers(avoid);
        let nodes = self.first.len().saturating_sub(1);
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
                let cost = u32::from(edge.transition.is_some());
                if let Some(number) = edge.transition.map(usize::from) {
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
        let may_take =
            |edge: &Edge| edge.transition.is_none_or(|number| avoid.get(usize::from(number)) != Some(&true));
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
        match (self.first.get(node), self.first.get(node + 1)) {
            (Some(first), Some(end)) => self.edges.get(*first..*end).unwrap_or_default(),
            _ => &[],
        }
    }

    fn numbers(&self, avoid: &BTreeSet<Transition>) -> Vec<bool> {
        self.transitions.iter().map(|transition| avoid.contains(transition)).collect()
    }

    /// What the end has a part in.
    fn path(&self, ways: &[Way]) -> EndpointPath {
        let mut steps = Vec::new();
        let has_part =
            |(node, place): &&Way| self.edges(*node).get(*place).is_some_and(|edge| edge.transition.is_some());
        let events = ways.iter().filter(has_part).filter_map(|(node, place)| {
            self.world.steps_from(*node, &mut steps);
            EndpointInput::at(self.end, steps.get(*place)?.0)
        });
        EndpointPath { events: events.collect() }
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

    fn config(scenario: &str) -> Config {
        let library = Library::read(&[], &[]).unwrap();
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
