//! Another implementation beside the endpoint on many paths: what they did alike, and where they differ.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;

use super::{Class, Divergence, LocalPath, Run, Stack, Transition, Ways, run};
use crate::tcp::{Policy, Segment, State};

/// What was compared so far.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// How often each transition was taken alike.
    pub agreed: BTreeMap<Transition, u64>,
    /// The differences, each with the first path that showed it.
    pub differences: BTreeMap<Difference, (LocalPath, Divergence)>,
    /// The transitions with which a difference was shown.
    diverged: BTreeSet<Transition>,
    /// The paths that were taken.
    taken: HashSet<LocalPath>,
}

/// A kind of difference: equal ones differ in numbers alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// The state in which it shows.
    pub before: State,
    /// What happened.
    pub class: Class,
    /// What the endpoint made of it.
    pub expected: String,
    /// What the other implementation made of it.
    pub seen: String,
}

impl Difference {
    /// The state and the event: `CLOSING: abort`.
    #[must_use]
    pub fn at(&self) -> String {
        format!("{}: {}", self.before, self.class)
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { expected, seen, .. } = self;
        write!(f, "{}: expected {expected}; seen {seen}", self.at())
    }
}

impl Comparison {
    /// How many different paths were taken.
    #[must_use]
    pub fn paths(&self) -> usize {
        self.taken.len()
    }

    /// Takes, for every transition, the shortest paths that end with it and lead through no difference, until the two
    /// have taken it alike or differ in it, or no such path is left. `fresh` makes a stack with an open connection.
    pub fn cover<S: Stack>(
        &mut self,
        ways: &[Ways<'_>],
        policy: &Policy,
        mut fresh: impl FnMut() -> Result<S, S::Error>,
    ) -> Result<(), S::Error> {
        // What differs only at times is led through at last, where there is no other way.
        for avoid_what_differs_at_times in [true, false] {
            let mut paths_before = None;
            while paths_before != Some(self.paths()) {
                paths_before = Some(self.paths());
                for ways in ways {
                    let avoid = if avoid_what_differs_at_times { self.diverged.clone() } else { self.always_differ() };
                    for (transition, path) in ways.shortest(&avoid) {
                        if !self.is_known(&transition) {
                            self.take(path, policy, &mut fresh)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes a random walk of each of these ends, with this seed, through no transition in which the two differ.
    pub fn walk<S: Stack>(
        &mut self,
        ways: &[Ways<'_>],
        seed: u64,
        policy: &Policy,
        mut fresh: impl FnMut() -> Result<S, S::Error>,
    ) -> Result<(), S::Error> {
        let avoid = self.always_differ();
        for ways in ways {
            self.take(ways.random(seed, &avoid), policy, &mut fresh)?;
        }
        Ok(())
    }

    /// The transitions of these ends that were never taken by both: not alike, and not with a difference.
    #[must_use]
    pub fn missing(&self, ways: &[Ways<'_>]) -> BTreeSet<Transition> {
        let all = ways.iter().flat_map(|ways| ways.transitions());
        all.copied().filter(|transition| !self.is_known(transition)).collect()
    }

    fn is_known(&self, transition: &Transition) -> bool {
        self.agreed.contains_key(transition) || self.diverged.contains(transition)
    }

    fn always_differ(&self) -> BTreeSet<Transition> {
        self.diverged.iter().copied().filter(|transition| !self.agreed.contains_key(transition)).collect()
    }

    /// Takes a path, if it was not taken before.
    fn take<S: Stack>(
        &mut self,
        path: LocalPath,
        policy: &Policy,
        fresh: &mut impl FnMut() -> Result<S, S::Error>,
    ) -> Result<(), S::Error> {
        if self.taken.contains(&path) {
            return Ok(());
        }
        let Run { agreed, divergence } = run(&path, policy, &mut fresh()?)?;
        for transition in agreed {
            *self.agreed.entry(transition).or_default() += 1;
        }
        if let Some(divergence) = divergence {
            self.diverged.insert(divergence.transition);
            self.differences.entry(difference(&divergence)).or_insert_with(|| (path.clone(), divergence));
        }
        self.taken.insert(path);
        Ok(())
    }
}

/// A divergence without its numbers, unless they are all that differs.
fn difference(divergence: &Divergence) -> Difference {
    let Divergence { transition, expected, seen, .. } = divergence;
    let kinds = |segments: &[Segment]| segments.iter().map(kind).collect::<Vec<_>>();
    let only_numbers = kinds(&expected.sent) == kinds(&seen.sent);
    let other_state = expected.state != seen.state;
    let shown = |segments: &[Segment], state: State| {
        let mut parts = kinds(segments);
        if only_numbers && expected.sent != seen.sent {
            parts = segments.iter().map(ToString::to_string).collect();
        }
        if parts.is_empty() {
            parts.push("nothing".to_owned());
        }
        if other_state {
            parts.push(state.to_string());
        }
        parts.join(", ")
    };
    Difference {
        before: transition.before,
        class: transition.class,
        expected: shown(&expected.sent, expected.state),
        seen: shown(&seen.sent, seen.state),
    }
}

/// `DATA+FIN`: what a segment is for, without its numbers.
fn kind(segment: &Segment) -> String {
    let shown = segment.to_string();
    let kind = shown.split(" seq=").next().unwrap_or_default().to_owned();
    if segment.flags.rst && segment.flags.ack { kind + "+ACK" } else { kind }
}
