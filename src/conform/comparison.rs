//! Another implementation beside the endpoint on many paths: what they did alike, and where they differ.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::ops::Range;

use super::input::EndpointInput;
use super::lockstep::{Divergence, Reaction, Run};
use super::path::{EndpointPath, PathGenerator};
use super::transition::{Class, Transition};
use crate::tcp::{Endpoint, Flags, Segment, Seq, Timer};

/// What was compared so far.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// How often each transition was taken alike.
    pub agreed: BTreeMap<Transition, u64>,
    /// The differences, each with the first path that showed it.
    pub differences: BTreeMap<Difference, (EndpointPath, Divergence)>,
    /// The transitions with which a difference was shown.
    diverged: BTreeSet<Transition>,
    /// The paths that were taken.
    taken: HashSet<EndpointPath>,
    /// The transitions that are left out.
    left_out: BTreeSet<Transition>,
}

/// A kind of difference: equal ones differ in numbers alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// The state in which it shows, as in a [`Transition`].
    pub before: String,
    /// What happened.
    pub class: Class,
    /// What the endpoint made of it.
    pub expected: String,
    /// What the other implementation made of it.
    pub seen: String,
    /// The retransmission timer had expired on the path before.
    pub after_timeout: bool,
    /// The endpoint delays its ACKs.
    pub delayed_acks: bool,
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
    /// A comparison that looks for no path with one of these transitions.
    #[must_use]
    pub fn without(left_out: BTreeSet<Transition>) -> Self {
        Self { left_out, ..Self::default() }
    }

    /// How many different paths were taken.
    #[must_use]
    pub fn paths(&self) -> usize {
        self.taken.len()
    }

    /// Takes, for every transition, the shortest paths that end with it and lead through no difference, until the
    /// two have taken it alike or differ in it, or no such path is left. `run_all` has the results of paths, in
    /// their order.
    ///
    /// What differs only at times is led through at last, where there is no other way.
    ///
    /// # Errors
    /// The first error of `run_all`. The paths that it was asked for then count as not taken.
    pub fn cover<E>(
        &mut self,
        ways: &[&PathGenerator],
        mut run_all: impl FnMut(&[EndpointPath]) -> Result<Vec<Run>, E>,
    ) -> Result<(), E> {
        for avoid_what_differs_at_times in [true, false] {
            loop {
                let avoid = if avoid_what_differs_at_times { self.diverged.clone() } else { self.always_differ() };
                let paths = self.wanted(ways, &(&avoid | &self.left_out));
                if paths.is_empty() {
                    break;
                }
                self.take(paths, &mut run_all)?;
            }
        }
        Ok(())
    }

    /// Takes a random walk of each of these ends with each of these seeds, through no transition in which the two
    /// differ. `run_all` has the results of paths, in their order.
    ///
    /// # Errors
    /// The first error of `run_all`. The paths that it was asked for then count as not taken.
    pub fn walk<E>(
        &mut self,
        ways: &[&PathGenerator],
        seeds: Range<u64>,
        run_all: impl FnMut(&[EndpointPath]) -> Result<Vec<Run>, E>,
    ) -> Result<(), E> {
        let avoid = &self.always_differ() | &self.left_out;
        let of_seed = |seed| ways.iter().map(|ways| ways.random(seed, &avoid)).collect::<Vec<_>>();
        self.take(seeds.flat_map(of_seed).collect(), run_all)
    }

    /// Takes these paths, each once and if it was not taken before. `run_all` has the results of paths, in their
    /// order.
    ///
    /// # Errors
    /// The first error of `run_all`. The paths that it was asked for then count as not taken.
    pub fn take<E>(
        &mut self,
        mut paths: Vec<EndpointPath>,
        mut run_all: impl FnMut(&[EndpointPath]) -> Result<Vec<Run>, E>,
    ) -> Result<(), E> {
        let mut seen = HashSet::new();
        paths.retain(|path| !self.taken.contains(path) && seen.insert(path.clone()));
        let runs = run_all(&paths)?;
        for (path, run) in paths.into_iter().zip(runs) {
            self.record(path, run);
        }
        Ok(())
    }

    /// A new path to each transition that is not known yet, but none that is only the beginning of another.
    fn wanted(&self, ways: &[&PathGenerator], avoid: &BTreeSet<Transition>) -> Vec<EndpointPath> {
        let mut wanted: BTreeMap<Transition, EndpointPath> = BTreeMap::new();
        for ways in ways {
            for (transition, path) in ways.shortest(avoid) {
                let is_new = !self.is_known(&transition) && !self.taken.contains(&path);
                if is_new && !self.left_out.contains(&transition) {
                    wanted.entry(transition).or_insert(path);
                }
            }
        }
        let beginnings: HashSet<&[EndpointInput]> = wanted
            .values()
            .flat_map(|path| (0..path.events.len()).filter_map(|end| path.events.get(..end)))
            .collect();
        wanted.values().filter(|path| !beginnings.contains(path.events.as_slice())).cloned().collect()
    }

    /// The two have taken this transition alike or differed in it.
    #[must_use]
    pub fn is_known(&self, transition: &Transition) -> bool {
        self.agreed.contains_key(transition) || self.diverged.contains(transition)
    }

    fn always_differ(&self) -> BTreeSet<Transition> {
        self.diverged.iter().copied().filter(|transition| !self.agreed.contains_key(transition)).collect()
    }

    fn record(&mut self, path: EndpointPath, run: Run) {
        let Run { agreed, seen: _, divergence } = run;
        for transition in agreed {
            *self.agreed.entry(transition).or_default() += 1;
        }
        if let Some(divergence) = divergence {
            self.diverged.insert(divergence.transition);
            self.differences.entry(difference(&path, &divergence)).or_insert_with(|| (path.clone(), divergence));
        }
        self.taken.insert(path);
    }
}

/// A divergence without its numbers, unless they are all that differs, or those of nothing that could be sent
/// here.
fn difference(path: &EndpointPath, divergence: &Divergence) -> Difference {
    let Divergence { event, transition, expected, seen, step, endpoint, delayed_acks } = divergence;
    let kinds = |segments: &[Segment]| segments.iter().map(kind).collect::<Vec<_>>();
    let only_numbers = kinds(&expected.sent) == kinds(&seen.sent) && expected.sent != seen.sent;
    let other_state = expected.state != seen.state;
    let other_text = expected.delivered != seen.delivered;
    let shown = |reaction: &Reaction| {
        let is_as_expected = |segment: &Segment| is_plausible(segment, endpoint) || is_reset_of(segment, event);
        let with_numbers = |segment: &Segment| only_numbers || !is_as_expected(segment);
        let of = |segment: &Segment| if with_numbers(segment) { segment.to_string() } else { kind(segment) };
        let mut parts: Vec<String> = reaction.sent.iter().map(of).collect();
        if parts.is_empty() {
            parts.push("nothing".to_owned());
        }
        if other_text {
            parts.push(format!("{} delivered", reaction.delivered));
        }
        if other_state {
            parts.push(reaction.state.to_string());
        }
        parts.join(", ")
    };
    let timeout = EndpointInput::Timeout(Timer::Retransmission);
    Difference {
        before: transition.from(),
        class: transition.class,
        expected: shown(expected),
        seen: shown(seen),
        after_timeout: path.events.iter().take(*step).any(|event| *event == timeout),
        delayed_acks: *delayed_acks,
    }
}

/// The segment has numbers that an end could use that has come so far: it sends what is outstanding, or nothing,
/// and acknowledges what it had received before the event or after it.
fn is_plausible(segment: &Segment, [before, after]: &[Endpoint; 2]) -> bool {
    let is_acked = !segment.flags.ack || [before.rcv_nxt, after.rcv_nxt].contains(&segment.ack);
    let end = segment.seq + segment.sequence_length();
    is_acked && !segment.seq.precedes(before.snd_una) && !after.snd_nxt.precedes(end)
}

/// The segment is the reset that answers what has arrived where there is no such connection. RFC 9293 §3.10.7.1.
fn is_reset_of(segment: &Segment, event: &EndpointInput) -> bool {
    let EndpointInput::Arrival(arrived) = event else { return false };
    match segment.flags {
        // Without the ACK flag the segment's own acknowledgment is 0.
        Flags::RST => segment.seq == arrived.ack,
        Flags::RST_ACK => segment.seq == Seq(0) && segment.ack == arrived.seq + arrived.sequence_length(),
        _ => false,
    }
}

/// `DATA+FIN`: what a segment is for, without its numbers.
fn kind(segment: &Segment) -> String {
    let Segment { flags, len, .. } = segment;
    let mut parts = Vec::new();
    for (set, name) in [(flags.syn, "SYN"), (flags.rst, "RST"), (*len > 0, "DATA"), (flags.fin, "FIN")] {
        if set {
            parts.push(name);
        }
    }
    // As in a segment's own words: ACK is named only where it is not a matter of course.
    if flags.ack && (parts.is_empty() || flags.rst || flags.syn) {
        parts.push("ACK");
    }
    let kind = parts.join("+");
    if *len > 1 { format!("{kind} len={len}") } else { kind }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Library;
    use crate::conform::run;
    use crate::conform::testing::SelfStack;
    use crate::explore::{Limits, Reachable};
    use crate::model::End;
    use crate::tcp::{OutOfOrder, Policy};

    fn compared(scenario: &str, other: impl Fn(Policy) -> Policy) -> (Comparison, Vec<String>) {
        let library = Library::shipped().unwrap();
        let config = library.scenarios(&[scenario.to_owned()], &[], 1).unwrap()[0].config;
        let world = Reachable::explore(config, Limits::NONE).unwrap();
        let ways = End::BOTH.map(|end| PathGenerator::new(&world, end));
        let ways: Vec<&PathGenerator> = ways.iter().collect();
        let (policy, mut comparison) = (config.a.policy, Comparison::default());
        let mut run_all = |paths: &[EndpointPath]| {
            paths.iter().map(|path| run(path, &policy, &mut SelfStack::new(path, other(policy)))).collect()
        };
        comparison.cover(&ways, &mut run_all).unwrap();
        let transitions: BTreeSet<&Transition> = ways.iter().flat_map(|ways| ways.transitions()).collect();
        let missing = transitions.into_iter().filter(|transition| !comparison.is_known(transition));
        let missing = missing.map(ToString::to_string).collect();
        let covering = comparison.paths();
        comparison.walk(&ways, 0..100, &mut run_all).unwrap();
        assert!(comparison.paths() > covering);
        (comparison, missing)
    }

    fn shown(comparison: &Comparison) -> Vec<String> {
        comparison.differences.keys().map(ToString::to_string).collect()
    }

    #[test]
    fn an_endpoint_does_what_it_does() {
        let (comparison, missing) = compared("simultaneous", |policy| policy);
        assert_eq!((shown(&comparison), missing), (Vec::new(), Vec::new()));
        assert!(comparison.agreed.values().all(|times| *times > 0));
    }

    #[test]
    fn each_difference_is_found_and_what_lies_behind_it_is_reached_on_other_ways() {
        let closes =
            |policy: Policy| policy.with(|policy| policy.wait.rst_in_time_wait = crate::tcp::RstInTimeWait::Close);
        let (comparison, missing) = compared("simultaneous", closes);
        let expected = "TIME_WAIT: RST next: expected nothing, TIME_WAIT; seen nothing, CLOSED";
        assert_eq!((shown(&comparison), missing), (vec![expected.to_owned()], Vec::new()));
        // What is held and what is not shows only when the hole is filled. What can happen only afterwards is
        // missing.
        let (comparison, missing) = compared("half-close", |policy: Policy| {
            policy.with(|policy| policy.text.out_of_order = OutOfOrder::Drop)
        });
        insta::assert_snapshot!(format!("{}\n\nmissing:\n{}", shown(&comparison).join("\n"), missing.join("\n")));
    }
}
