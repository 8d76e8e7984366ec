//! A path through the world in whole ticks, by the places of its actions.

use std::fmt;

use super::model::Explorable;
use crate::model::{Action, Event, Layout, Limit, Step, World, WorldState};
use crate::trace::{RunEnding, Trace};

/// No path has more steps: a run that is longer is not read by anybody, and each request walks its path anew.
pub(super) const MAX_STEPS: usize = 1000;

/// A path, walked.
pub(super) struct WalkedPath<L: Layout> {
    /// The state at first, and after each action.
    pub(super) states: Vec<WorldState<L>>,
    /// One step for each action.
    pub(super) trace: Trace,
}

/// Why a path leads nowhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Astray {
    /// The world has no state in whole ticks.
    NoWorld,
    /// So many actions are enabled after so many steps, and none has this place.
    NotEnabled { after: usize, enabled: usize, place: usize },
    /// A state is met that has no room in the representation.
    Limit(Limit),
}

impl fmt::Display for Astray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoWorld => f.write_str("this world has no states in whole ticks"),
            Self::NotEnabled { after, enabled, place } => {
                write!(f, "after {after} steps {enabled} actions are enabled, counted from 0: there is no {place}")
            }
            Self::Limit(limit) => limit.fmt(f),
        }
    }
}

impl<L: Layout> Explorable<L> {
    /// Takes the actions at these places, one after the other, from the initial state on.
    pub(super) fn walk(&self, places: &[usize]) -> Result<WalkedPath<L>, Astray> {
        let world = self.world();
        let initial = world.initial().map_err(|_| Astray::NoWorld)?;
        let mut walk = WalkedPath {
            states: vec![initial],
            trace: Trace {
                initial: world.snapshot(&initial),
                steps: Vec::new(),
                ending: RunEnding::Open,
                parts: self.ticks_per_tick(),
                slack: world.slack(),
            },
        };
        let (mut state, mut enabled) = (initial, Vec::new());
        for (after, place) in places.iter().copied().enumerate() {
            enabled.clear();
            world.enabled(&state, &mut enabled);
            let action: Action =
                *enabled.get(place).ok_or(Astray::NotEnabled { after, enabled: enabled.len(), place })?;
            let next = world.step(&state, action).map_err(Astray::Limit)?;
            walk.trace.steps.push(world.describe_step(&state, &action, &next));
            walk.states.push(next);
            state = next;
        }
        Ok(walk)
    }
}

/// The same trace where one tick after the other is one passing of time, and for each step of the given trace how
/// many there are up to its end. Ticks in which something is lost stay apart, for that has a moment.
pub(super) fn condensed(trace: &Trace) -> (Trace, Vec<usize>) {
    let mut steps: Vec<Step> = Vec::new();
    let mut ends = Vec::new();
    for step in &trace.steps {
        match (steps.last_mut(), step.event) {
            (Some(last), Event::Pass(more)) if last.expired.is_empty() && matches!(last.event, Event::Pass(_)) => {
                let passed = if let Event::Pass(passed) = last.event { passed } else { 0 };
                *last = Step { event: Event::Pass(passed + more), ..step.clone() };
            }
            _ => steps.push(step.clone()),
        }
        ends.push(steps.len());
    }
    (Trace { steps, ..trace.clone() }, ends)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Library;

    fn explorable(scenario: &str, ticks_per_tick: u32) -> Explorable {
        let library = Library::shipped().unwrap();
        let scenario = library.scenarios(&[scenario.to_owned()], &[], 1).unwrap().remove(0);
        Explorable::new(scenario.config, ticks_per_tick, &[])
    }

    #[test]
    fn a_path_is_walked_or_it_is_said_where_it_ends() {
        let one_msl = explorable("one-msl", 1);
        let walk = one_msl.walk(&[0, 0]).unwrap();
        assert_eq!((walk.states.len(), walk.trace.steps.len()), (3, 2));
        let astray = one_msl.walk(&[0, 99]).err().unwrap();
        assert!(matches!(astray, Astray::NotEnabled { after: 1, place: 99, .. }), "{astray}");
    }

    /// A segment is sent, ticks pass until it is lost at its MSL, and more ticks pass.
    #[test]
    fn ticks_between_which_nothing_happens_are_one() {
        let halves = explorable("one-msl", 2);
        let mut places = vec![0];
        let mut passed = 0;
        // Until the timer is due, a tick is the last thing that is enabled.
        while let Ok(walk) = halves.walk(&places) {
            let mut enabled = Vec::new();
            halves.world().enabled(walk.states.last().unwrap(), &mut enabled);
            match enabled.iter().position(|action| *action == Action::Tick) {
                Some(tick) if passed < 4 => places.push(tick),
                _ => break,
            }
            passed += 1;
        }
        let trace = halves.walk(&places).unwrap().trace;
        let (short, ends) = condensed(&trace);
        assert_eq!(trace.steps.len(), 5);
        let events: Vec<Event> = short.steps.iter().skip(1).map(|step| step.event).collect();
        assert_eq!((events, ends), (vec![Event::Pass(4)], vec![1, 2, 2, 2, 2]));
        assert_eq!(short.last(), trace.last());
        assert_eq!(short.moments().last(), trace.moments().last());
    }
}
