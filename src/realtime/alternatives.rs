//! Other runs than the shortest: each is one in which some end does something else, or in another order.
//!
//! What both ends do, each for itself, is a run's *history*: two runs that differ in nothing but moments, or in
//! which of two events at different ends comes first, have the same. Runs are followed breadth-first, so that they
//! are found by their lengths; those of one history are followed together while their zones are equal.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use std::collections::{HashMap, HashSet};

use super::constraints::Untimed;
use super::part::Part;
use super::question::Question;
use super::search::ZoneLimits;
use super::step::{KeptCopies, Precision, Steps, SymbolicState};
use super::stop::Stop;
use super::witness::{NoWitness, Witness, timed};
use crate::invariant::{broken, invariant};
use crate::model::{Config, End};
use crate::tcp::State;

/// A step of an endpoint from one state to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvoidedTransition {
    /// Of which end; of either, if that is not said.
    pub end: Option<End>,
    /// The state that it leaves.
    pub from: State,
    /// The state that it comes to.
    pub to: State,
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
pub struct Alternatives<'a> {
    /// How many runs.
    pub wanted: usize,
    /// Steps that no run may take.
    pub avoid: &'a [AvoidedTransition],
    /// A run of this world that was found already: none of the others has its history.
    pub known: Option<&'a Witness>,
}

/// The runs that were found, and whether there may be more.
#[derive(Clone, Debug)]
pub struct FoundRuns {
    /// The shortest first.
    pub runs: Vec<Witness>,
    /// Why the search ended early; `None` if it has found as many as were wanted, or there are no more.
    pub stopped: Option<Stop>,
}

/// Runs between two looks at the limits.
const RUNS_BETWEEN_LIMIT_CHECKS: usize = 1 << 8;

/// How much memory a run takes that is followed, in bytes: about.
const BYTES_PER_RUN: usize = 1 << 10;

/// What an end has done so far, by its number.
type History = usize;

/// What ends do, numbered: each number is the one of what was before, and an event.
#[derive(Default)]
struct Histories {
    numbers: HashMap<(History, String), History>,
}

impl Histories {
    fn after(&mut self, before: History, event: String) -> History {
        // 0 is that of an end that has done nothing.
        let next = self.numbers.len() + 1;
        *self.numbers.entry((before, event)).or_insert(next)
    }

    /// What both ends have done after one more event, and what the network has done with what they sent.
    fn with_fates(&mut self, before: [History; 2], event: &Untimed) -> [History; 2] {
        self.with(before, event.action.end(), format!("{event:?}"))
    }

    /// What both ends have done after one more event.
    fn with_acts(&mut self, before: [History; 2], event: &Untimed) -> [History; 2] {
        self.with(before, event.action.end(), format!("{:?}", event.action))
    }

    fn with(&mut self, [a, b]: [History; 2], end: End, event: String) -> [History; 2] {
        match end {
            End::A => [self.after(a, event), b],
            End::B => [a, self.after(b, event)],
        }
    }
}

/// A run that is followed.
struct Followed {
    state: SymbolicState,
    before: Option<(usize, Untimed)>,
    /// With what the network did, which tells apart what may follow.
    histories: [History; 2],
    acts: [History; 2],
}

/// Looks for runs of exact times whose last state, and no other, decides a question.
///
/// # Errors
/// If a duration of the world is too long for zones, or a world cannot represent an end.
///
/// # Panics
/// If the run that is known is none of this world.
pub fn alternatives(
    config: &Config,
    question: &Question<'_>,
    looked_for: Alternatives<'_>,
    limits: &ZoneLimits<'_>,
) -> Result<FoundRuns, Stop> {
    let precision = Precision { counts: question.counts(), oldest_first: true, kept_copies: KeptCopies::Every };
    let mut steps = Steps::new(config, precision, false)?;
    let mut histories = Histories::default();
    let known = looked_for.known.map(|known| {
        let run =
            known.untimed(config).unwrap_or_else(|| broken(format_args!("what is known is no run: {known:?}")));
        run.iter().fold([0; 2], |before, event| histories.with_acts(before, event))
    });
    let mut shown: HashSet<[History; 2]> = known.into_iter().collect();
    let mut seen = HashSet::new();
    let mut found = FoundRuns { runs: Vec::new(), stopped: None };
    let mut all = vec![Followed { state: steps.initial()?, before: None, histories: [0; 2], acts: [0; 2] }];
    let mut place = 0;
    while let Some(Followed { state, histories: so_far, acts, .. }) = all.get(place) {
        if place.is_multiple_of(RUNS_BETWEEN_LIMIT_CHECKS) {
            found.stopped = limit(all.len(), limits);
        }
        if found.stopped.is_some() || found.runs.len() == looked_for.wanted {
            break;
        }
        let (state, so_far, acts) = (state.clone(), *so_far, *acts);
        let part = Part::of(&state, &steps.catalog);
        if question.is_revealed_by(&part) {
            if !shown.contains(&acts) {
                let run = witness(config, question, &run_to(&all, place));
                // A run without exact times is none; another of the same acts may have some.
                shown.extend(run.is_some().then_some(acts));
                found.runs.extend(run);
            }
            place += 1;
            continue;
        }
        let states = |catalog: &super::catalog::Catalog<'_>, state: &SymbolicState| {
            state.ends.map(|end| catalog.observed(end).state)
        };
        let before = states(&steps.catalog, &state);
        let mut next: Vec<(Untimed, SymbolicState)> = Vec::new();
        steps.each(&state, |catalog, successor| {
            let after = states(catalog, &successor.state);
            if !successor.changes_nothing(&state) && !is_avoided(looked_for.avoid, before, after) {
                let fate = successor.sent.map(|(_, fate)| fate).unwrap_or_default();
                next.push((Untimed { action: successor.action, fate, stays: successor.stays }, successor.state));
            }
            Ok(())
        })?;
        for (event, state) in next {
            let (acts, with_fates) = (histories.with_acts(acts, &event), histories.with_fates(so_far, &event));
            let mut zone = Vec::new();
            state.zone.pack(&mut zone);
            if seen.insert((with_fates, zone)) {
                all.push(Followed { state, before: Some((place, event)), histories: with_fates, acts });
            }
        }
        place += 1;
    }
    Ok(found)
}

/// Why the search has to end.
fn limit(runs: usize, limits: &ZoneLimits<'_>) -> Option<Stop> {
    if (limits.is_cut_off)() {
        Some(Stop::CutOff)
    } else if limits.max_zones.is_some_and(|most| runs > most) {
        Some(Stop::Zones)
    } else {
        limits.max_memory.is_some_and(|most| runs.saturating_mul(BYTES_PER_RUN) > most).then_some(Stop::Memory)
    }
}

fn is_avoided(avoid: &[AvoidedTransition], before: [State; 2], after: [State; 2]) -> bool {
    let ends = || End::BOTH.into_iter().zip(before.into_iter().zip(after));
    avoid.iter().any(|one| {
        let is_it = |(end, states): (End, (State, State))| {
            one.end.is_none_or(|only| only == end) && states == (one.from, one.to)
        };
        ends().any(is_it)
    })
}

/// The events that lead to a run that is followed.
fn run_to(all: &[Followed], place: usize) -> Vec<Untimed> {
    let mut run = Vec::new();
    let mut at = place;
    while let Some((before, event)) = all[at].before {
        run.push(event);
        at = before;
    }
    run.reverse();
    run
}

/// The run at exact times, if it has some.
fn witness(config: &Config, question: &Question<'_>, run: &[Untimed]) -> Option<Witness> {
    let witness = match timed(config, run) {
        Ok(witness) => witness,
        Err(NoWitness::NoTimes) => return None,
        Err(why) => refused(why),
    };
    let last = witness.replay(config).unwrap_or_else(|why| refused(why));
    invariant!(question.is_revealed_by(&last), "a run that was found reveals nothing: {witness:?}");
    Some(witness)
}

fn refused(why: NoWitness) -> ! {
    broken(format_args!("the exact world refuses a run that was found: {why:?}"))
}
