//! What a network that is a set has revealed in whole ticks, with every copy.
//!
//! The set may do more than the network does: a run of it counts only if it is one with every copy, too.

use crate::explore::graph::{Edge, Node};
use crate::explore::search::StateGraph;
use crate::explore::states::States;
use crate::invariant::broken;
use crate::liveness::streett::Lasso;
use crate::model::{Action, Fairness, Layout, TimedWorld};
use crate::property::{Instance, Observation};
use crate::trace::{Trace, exercises_with_every_copy, lasso_with_every_copy, run_with_every_copy};

/// How many states that reveal, or exercise, an instance are tried.
const MOST_TRIED: usize = 16;

/// What was found in a world that is a set.
pub(super) struct FoundInSet<'a, L: Layout> {
    pub(super) world: &'a TimedWorld<L>,
    pub(super) fairness: Fairness,
    pub(super) explored: &'a StateGraph<L>,
}

/// What that means for one instance in the world with every copy.
pub(super) enum WithEveryCopy {
    /// Nothing was found, and there is nothing.
    Nothing,
    /// A run with every copy decides it.
    Run(Box<Trace>),
    /// Not known: what was found was found in no run with every copy.
    Open,
}

impl<L: Layout> FoundInSet<'_, L> {
    /// Looks for a run with every copy that decides an instance. `revealed`: something reveals it, the lasso if
    /// there is one, else a state; `exercised`: a state exercises it.
    pub(super) fn with_every_copy(
        &self,
        instance: &Instance,
        revealed: bool,
        lasso: Option<&Lasso>,
        exercised: bool,
    ) -> WithEveryCopy {
        let run = match lasso {
            Some(Lasso { stem, cycle }) => {
                let [stem, cycle] = [stem, cycle].map(|edges| actions(self.world, &self.explored.states, edges));
                lasso_with_every_copy(self.world, self.fairness, instance, (&stem, &cycle))
            }
            None if revealed => self.first(
                |node| instance.is_revealed_by(self.explored.states.get(node)),
                |actions| run_with_every_copy(self.world, instance, actions),
            ),
            None => return self.where_nothing_was_found(instance, exercised),
        };
        run.map_or(WithEveryCopy::Open, |trace| WithEveryCopy::Run(Box::new(trace)))
    }

    /// Where nothing was found there is nothing, if what the formula supposes is true of a state with every copy.
    /// A run that pays for a loss sooner or later than the set does is another one, if losses are counted along
    /// it.
    fn where_nothing_was_found(&self, instance: &Instance, exercised: bool) -> WithEveryCopy {
        let formula = &instance.property.formula;
        let counts_along = instance.is_liveness() && formula.mentions(Observation::Losses).is_some();
        let is_exercised = || {
            let is_premise = |node| instance.is_exercised_by(self.explored.states.get(node));
            let tried =
                |actions: &[Action]| exercises_with_every_copy(self.world, instance, actions).then_some(());
            !exercised || formula.premise().is_none() || self.first(is_premise, tried).is_some()
        };
        if counts_along || !is_exercised() { WithEveryCopy::Open } else { WithEveryCopy::Nothing }
    }

    /// The first way to one of the first states of a kind with which something can be done.
    fn first<T>(&self, is_such: impl Fn(Node) -> bool, with: impl Fn(&[Action]) -> Option<T>) -> Option<T> {
        let Self { world, explored, .. } = self;
        let such = (0..explored.graph.node_count()).filter(|node| is_such(*node)).take(MOST_TRIED);
        let mut ways = such.map(|node| actions(world, &explored.states, &explored.graph.path_to(node)));
        ways.find_map(|way| with(&way))
    }
}

/// The actions that edges stand for.
pub(super) fn actions<L: Layout>(world: &TimedWorld<L>, states: &States<L>, edges: &[Edge]) -> Vec<Action> {
    let action = |(from, place): &Edge| {
        let mut enabled = Vec::new();
        world.enabled(states.get(*from), &mut enabled);
        let action = enabled.get(*place).copied();
        action.unwrap_or_else(|| broken(format_args!("state {from} has no action {place}")))
    };
    edges.iter().map(action).collect()
}
