//! How often an exploration has taken each action and transition, and where premises are true: if one never is,
//! its property is vacuous.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::decided::{ExploredTicks, ExploredWorld};
use crate::model::{Action, End, EndpointEvent, Kind, Layout, Observe};
use crate::property::Instance;
use crate::property::{Premise, Property};
use crate::tcp::{Call, Seq, State};

/// How often each action, transition and premise was taken or true.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Steps of the world, of each kind that there is.
    pub actions: BTreeMap<ActionKind, u64>,
    /// Steps of an endpoint: the state that it was in, what happened, and the state that it came to.
    pub transitions: BTreeMap<(State, EndpointEvent, State), u64>,
    /// For each property, each premise in it and each instance, the states in which it was true.
    pub premises: BTreeMap<(String, String, Option<End>), u64>,
}

/// A kind of action of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ActionKind {
    /// Something happens at an end.
    AtEnd(EndpointEvent),
    /// The network loses a copy.
    Lose(Kind),
    /// The network duplicates a copy.
    Duplicate(Kind),
    /// A tick passes.
    Tick,
}

impl ActionKind {
    /// Every kind of action.
    pub fn all() -> impl Iterator<Item = Self> {
        EndpointEvent::all()
            .map(Self::AtEnd)
            .chain(Kind::CLOSING.iter().copied().map(Self::Lose))
            .chain(Kind::CLOSING.iter().copied().map(Self::Duplicate))
            .chain([Self::Tick])
    }
}

impl fmt::Display for ActionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtEnd(EndpointEvent::Arrival(kind)) => write!(f, "deliver {}", kind.name()),
            Self::AtEnd(event) => event.fmt(f),
            Self::Lose(kind) => write!(f, "lose {}", kind.name()),
            Self::Duplicate(kind) => write!(f, "duplicate {}", kind.name()),
            Self::Tick => f.write_str("tick"),
        }
    }
}

impl Coverage {
    /// The coverage of an exploration.
    pub(super) fn of(properties: &[Arc<Property>], timed: &ExploredTicks) -> Self {
        match timed {
            ExploredTicks::One(timed) => Self::of_states(properties, timed),
            ExploredTicks::Two(timed) => Self::of_states(properties, timed),
        }
    }

    fn of_states<L: Layout>(properties: &[Arc<Property>], timed: &ExploredWorld<L>) -> Self {
        let mut coverage = Self::default();
        let (graph, states) = (&timed.explored.graph, &timed.explored.states);
        let instances: Vec<Instance> = properties.iter().flat_map(Instance::all).collect();
        let mut premises: Vec<_> = instances
            .iter()
            .flat_map(|instance| {
                instance.property.formula.premises().iter().map(move |premise| (instance, premise, 0))
            })
            .collect();
        let mut enabled = Vec::new();
        for (node, state) in (0..).zip(states.iter()) {
            for (instance, premise, times) in &mut premises {
                *times += u64::from(premise.predicate.holds(state, instance.this()));
            }
            enabled.clear();
            timed.world.enabled(state, &mut enabled);
            for (action, target) in enabled.iter().zip(graph.targets(node)) {
                let (kind, end) = kind_of(*action);
                *coverage.actions.entry(kind).or_default() += 1;
                if let (ActionKind::AtEnd(event), Some(end)) = (kind, end) {
                    let after = states.get(*target);
                    let step = (state.end(end).state, event, after.end(end).state);
                    *coverage.transitions.entry(step).or_default() += 1;
                }
            }
        }
        let counted = |(instance, premise, times): &(&Instance, &Premise, u64)| {
            ((instance.property.name.clone(), premise.text.clone(), instance.end), *times)
        };
        coverage.premises = premises.iter().map(counted).collect();
        coverage
    }

    /// Adds what was taken in another exploration.
    pub fn add(&mut self, other: &Self) {
        add_up(&mut self.actions, &other.actions);
        add_up(&mut self.transitions, &other.transitions);
        add_up(&mut self.premises, &other.premises);
    }

    /// The premises that were true in no instance, each with its property.
    #[must_use]
    pub fn vacuous(&self) -> Vec<(&str, &str)> {
        let mut all: BTreeMap<(&str, &str), u64> = BTreeMap::new();
        for ((property, premise, _), times) in &self.premises {
            *all.entry((property, premise)).or_default() += times;
        }
        all.into_iter().filter(|(_, times)| *times == 0).map(|(premise, _)| premise).collect()
    }
}

fn add_up<K: Ord + Clone>(all: &mut BTreeMap<K, u64>, more: &BTreeMap<K, u64>) {
    for (key, times) in more {
        *all.entry(key.clone()).or_default() += times;
    }
}

/// The kind of an action, and the end that it happens at, if it happens at one.
fn kind_of(action: Action) -> (ActionKind, Option<End>) {
    match action {
        // Whatever the initial number is, it is the same kind.
        Action::Call(end, Call::Connect(_)) => {
            (ActionKind::AtEnd(EndpointEvent::Call(Call::Connect(Seq(0)))), Some(end))
        }
        Action::Call(end, call) => (ActionKind::AtEnd(EndpointEvent::Call(call)), Some(end)),
        Action::Timeout(end, timer) => (ActionKind::AtEnd(EndpointEvent::Timeout(timer)), Some(end)),
        Action::Deliver(copy) => (ActionKind::AtEnd(EndpointEvent::Arrival(copy.kind())), Some(copy.to())),
        Action::Lose(copy) => (ActionKind::Lose(copy.kind()), None),
        Action::Duplicate(copy) => (ActionKind::Duplicate(copy.kind()), None),
        Action::Tick => (ActionKind::Tick, None),
    }
}
