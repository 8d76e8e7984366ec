//! Every state that a timed world reaches, to be walked through by others than the checker.

use std::num::NonZero;
use std::thread;

use super::limits::{Limits, Stopped};
use super::search::{StateGraph, Until, explore};
use crate::model::{Action, Config, Layout, OneIncarnation, TimedWorld, WorldState};

/// The states of a timed world, numbered from 0 (the initial one) in breadth-first order, and the steps between
/// them.
pub struct Reachable<L: Layout = OneIncarnation> {
    world: TimedWorld<L>,
    explored: StateGraph<L>,
}

impl Reachable {
    /// Explores a world that opens nothing to its end.
    ///
    /// # Errors
    /// The limit that ended it early.
    pub fn explore(config: Config, limits: Limits<'_>) -> Result<Self, Stopped> {
        Self::explore_with_layout(config, limits)
    }
}

impl<L: Layout> Reachable<L> {
    /// Explores a world whose states have this layout to its end.
    ///
    /// # Errors
    /// The limit that ended it early.
    pub fn explore_with_layout(config: Config, limits: Limits<'_>) -> Result<Self, Stopped> {
        let world = TimedWorld::with_layout(config);
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        let explored = explore(&world, &[], Until::Exhausted, threads, limits, &|_| {});
        match explored.stopped {
            Some(stopped) => Err(stopped),
            None => Ok(Self { world, explored }),
        }
    }

    /// How many states there are.
    #[must_use]
    pub fn states(&self) -> usize {
        self.explored.states.len()
    }

    /// The state with this number.
    #[must_use]
    pub fn state(&self, node: u32) -> Option<&WorldState<L>> {
        ((node as usize) < self.states()).then(|| self.explored.states.get(node))
    }

    /// Replaces the steps by those that leave a state, each with the number of the state that it leads to.
    pub fn steps_from(&self, node: u32, steps: &mut Vec<(Action, u32)>) {
        steps.clear();
        if let Some(state) = self.state(node) {
            let mut actions = Vec::new();
            self.world.enabled(state, &mut actions);
            steps.extend(actions.into_iter().zip(self.explored.graph.targets(node).iter().copied()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Library;

    fn reachable(scenario: &str, limits: Limits<'_>) -> Result<Reachable, Stopped> {
        let library = Library::shipped().unwrap();
        Reachable::explore(library.scenarios(&[scenario.to_owned()], &[], 1).unwrap()[0].config, limits)
    }

    #[test]
    fn each_step_leads_where_the_world_does() {
        let reachable = reachable("simultaneous", Limits::NONE).unwrap();
        let (mut steps, mut transitions) = (Vec::new(), 0);
        for node in (0..).take(reachable.states()) {
            reachable.steps_from(node, &mut steps);
            transitions += steps.len();
            for (action, target) in &steps {
                let next = reachable.world.step(reachable.state(node).unwrap(), *action).unwrap();
                assert!(reachable.state(*target) == Some(&next));
            }
        }
        assert_eq!((reachable.states(), transitions), (19_044, 85_292));
    }

    #[test]
    fn a_world_that_is_not_known_to_its_end_is_refused() {
        let limits = Limits { max_states: Some(10), ..Limits::NONE };
        assert_eq!(reachable("simultaneous", limits).map(|reachable| reachable.states()), Err(Stopped::MaxStates));
    }
}
