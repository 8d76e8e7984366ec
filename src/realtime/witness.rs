//! A run that leads to a zone, with moments: what shows that something is violated or possible.
//!
//! A zone says that there are times, not which. The run that first led to it is taken up once more, event by
//! event: each pair of events that a timer, a flight or their order binds gives a constraint, and the earliest
//! moments that meet them all, in the largest parts of a tick that will do, make it a run of exact times. That is
//! then lived through in [`ExactWorld`], from the beginning. Only a run that the exact world accepts is handed
//! out.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use std::collections::HashSet;

use super::constraints::{Untimed, of_run};
use super::exact::{Copy, ExactEvent, ExactWorld, Moment, Refusal};
use super::passed::Node;
use super::question::Question;
use super::search::{ExploredZones, Revealed};
use super::step::{Fate, Steps, Successor, SymbolicAction, SymbolicState};
use super::stop::Stop;
use super::timetable::{Timetable, schedule};
use crate::invariant::broken;
use crate::model::{Config, End};

/// How many discrete parts that exercise a question are tried.
const MOST_TRIED: usize = 16;

/// A run of exact times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// How many parts a tick has.
    pub parts: u32,
    /// What happens, and when: in parts of a tick from the beginning on.
    pub events: Vec<(Moment, ExactEvent)>,
}

/// Why there is no witness although a zone reveals something: a fault, and no verdict may rest on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoWitness {
    /// No moments meet the constraints of the run.
    NoTimes,
    /// The exact world refuses the event with this number.
    Refused(usize, Refusal),
    /// The exact world's last state does not reveal what the zone did.
    NotRevealed,
    /// The run could not be taken up again, or a limit was hit before times were found.
    Stopped(Stop),
}

impl Witness {
    /// Lives through the run; the world at its end.
    ///
    /// # Errors
    /// The number of the first event that is not enabled at its moment, and why.
    pub fn replay<'c>(&self, config: &'c Config) -> Result<ExactWorld<'c>, NoWitness> {
        let mut world = ExactWorld::new(config, self.parts);
        for (number, (at, event)) in self.events.iter().enumerate() {
            world.happen(*at, event).map_err(|refusal| NoWitness::Refused(number, refusal))?;
        }
        Ok(world)
    }
}

impl Witness {
    /// This run's events in their order in another world, at moments of its own; `None` if it is no run of that
    /// world, or does more than a run that was found: loses or duplicates a copy after the instant at which it was
    /// sent.
    #[must_use]
    pub fn retimed(&self, from: &Config, to: &Config) -> Option<Self> {
        timed(to, &self.untimed(from)?).ok()
    }

    /// The run without its moments.
    pub(super) fn untimed(&self, config: &Config) -> Option<Vec<Untimed>> {
        let mut world = ExactWorld::new(config, self.parts);
        let mut events = self.events.iter().copied().peekable();
        let mut run = Vec::new();
        while let Some((at, event)) = events.next() {
            let mut happening = event;
            let stays = matches!(event, ExactEvent::Duplicate(_));
            if let ExactEvent::Duplicate(copy) = event {
                world.happen(at, &event).ok()?;
                happening = events.next_if(|next| *next == (at, ExactEvent::Deliver(copy)))?.1;
            }
            let action = match happening {
                ExactEvent::Call(end, call) => SymbolicAction::Call(end, call),
                ExactEvent::Timeout(end, timer) => SymbolicAction::Timeout(end, timer),
                ExactEvent::Deliver(copy) => SymbolicAction::Deliver(copy.to, copy.segment, copy.incarnation),
                ExactEvent::Lose(_) | ExactEvent::Duplicate(_) => return None,
            };
            let mut fate = Fate::default();
            if let Some(original) = world.happen(at, &happening).ok()? {
                let made = Copy { is_duplicate: true, ..original };
                let is_fate = |(_, event): &(Moment, ExactEvent)| {
                    *event == ExactEvent::Duplicate(original)
                        || matches!(event, ExactEvent::Lose(copy) if *copy == original || *copy == made)
                };
                while let Some((moment, event)) = events.next_if(|next| next.0 == at && is_fate(next)) {
                    world.happen(moment, &event).ok()?;
                    match event {
                        ExactEvent::Duplicate(_) => fate.duplicates = fate.duplicates.checked_add(1)?,
                        ExactEvent::Lose(copy) if copy.is_duplicate => {
                            fate.duplicates = fate.duplicates.checked_sub(1)?;
                            fate.in_vain = fate.in_vain.checked_add(1)?;
                        }
                        _ => fate.is_lost = true,
                    }
                }
            }
            run.push(Untimed { action, fate, stays });
        }
        Some(run)
    }
}

impl ExploredZones<'_> {
    /// Whether a zone was found whose states decide a question, by its number.
    ///
    /// # Panics
    /// If no question with this number was asked.
    #[must_use]
    pub fn reveals(&self, number: usize) -> bool {
        self.findings.revealed[number].is_some()
    }

    /// A run of exact times whose last state decides a question, by its number; `None` if no state does.
    ///
    /// # Errors
    /// If the exact world does not agree. That is a fault of the program.
    ///
    /// # Panics
    /// If no question with this number was asked.
    pub fn witness(
        &self,
        config: &Config,
        question: &Question<'_>,
        number: usize,
    ) -> Result<Option<Witness>, NoWitness> {
        let Some(Revealed { node, is_mirrored }) = self.findings.revealed[number] else {
            return Ok(None);
        };
        let run = self.run_to(node, is_mirrored).map_err(NoWitness::Stopped)?;
        // If the mirror image reveals it as well, the run is the one that A begins.
        if self.is_mirrored && run.first().is_some_and(|first| first.action.end() == End::B) {
            let image: Vec<Untimed> = run.iter().copied().map(Untimed::mirrored).collect();
            let witness = timed(config, &image)?;
            if question.is_revealed_by(&witness.replay(config)?) {
                return Ok(Some(witness));
            }
        }
        let witness = timed(config, &run)?;
        if !question.is_revealed_by(&witness.replay(config)?) {
            return Err(NoWitness::NotRevealed);
        }
        Ok(Some(witness))
    }

    /// Whether a run of exact times leads to a state that exercises a question: a first zone of some part that
    /// does is tried, and no more than `MOST_TRIED` of them.
    ///
    /// # Errors
    /// If a run could not be taken up again.
    pub fn is_exercised(&self, config: &Config, question: &Question<'_>) -> Result<bool, Stop> {
        let mut tried = HashSet::new();
        // Each part has a zone that is kept.
        for node in self.passed.kept() {
            let part = self.passed.part(self.passed.part_number(node), &self.steps.catalog);
            let image = part.image(self.is_mirrored, |part| question.is_exercised_by(part));
            let Some(is_mirrored) = image.filter(|_| tried.insert(self.passed.part_number(node))) else {
                continue;
            };
            let run = self.run_to(node, is_mirrored)?;
            let last = timed(config, &run).and_then(|witness| witness.replay(config));
            if last.is_ok_and(|last| question.is_exercised_by(&last)) {
                return Ok(true);
            }
            if tried.len() == MOST_TRIED {
                break;
            }
        }
        Ok(false)
    }

    /// The events that first led to a zone, or to its mirror image.
    fn run_to(&self, node: Node, is_mirrored: bool) -> Result<Vec<Untimed>, Stop> {
        let mut places = Vec::new();
        let mut at = node;
        while let Some((before, place)) = self.passed.reached_by(at) {
            places.push(place);
            at = before;
        }
        let mut steps = self.steps.clone();
        let mut state = steps.initial()?;
        let mut run = Vec::new();
        // Whether the zone that was found is the mirror image of where the run, as it is put together here, has
        // come.
        let mut is_image = false;
        for place in places.into_iter().rev() {
            let (event, next) = step_from(&mut steps, &state, place)?;
            run.push(if is_image { event.mirrored() } else { event });
            let image = self.is_mirrored.then(|| next.image(&steps.catalog)).flatten();
            is_image ^= image.is_some();
            state = image.unwrap_or(next);
        }
        let mirrored = |event: Untimed| if is_image == is_mirrored { event } else { event.mirrored() };
        Ok(run.into_iter().map(mirrored).collect())
    }

    /// The steps with these places among those from the zones of a path: each is the zone, and the place.
    pub(super) fn run_along(&self, path: &[(Node, usize)]) -> Result<Vec<Untimed>, Stop> {
        let mut steps = self.steps.clone();
        let mut run = Vec::new();
        for (zone, place) in path {
            let state = self.passed.get(*zone, &self.steps.catalog);
            run.push(step_from(&mut steps, &state, *place)?.0);
        }
        Ok(run)
    }
}

/// The step with this place among those from a state, and where it leads.
fn step_from(
    steps: &mut Steps<'_>,
    state: &SymbolicState,
    place: usize,
) -> Result<(Untimed, SymbolicState), Stop> {
    let (mut nth, mut found) = (0, None);
    // A limit that was hit behind the step is none of its business.
    let all = steps.each(state, |_, successor| {
        if nth == place {
            let Successor { action, sent, stays, state, .. } = successor;
            let fate = sent.map(|(_, fate)| fate).unwrap_or_default();
            found = Some((Untimed { action, fate, stays }, state));
        }
        nth += 1;
        Ok(())
    });
    let none = || all.and_then(|()| broken(format_args!("a zone has no step {place}")));
    found.map_or_else(none, Ok)
}

/// A run with moments, where it is possible in the exact world.
pub(super) fn timed(config: &Config, run: &[Untimed]) -> Result<Witness, NoWitness> {
    let timetable = schedule(run.len() + 1, &of_run(config, run)).ok_or(NoWitness::NoTimes)?;
    Ok(at_moments(config, run, timetable)?.0)
}

/// A run at these moments, and how many events of the witness each event of the run and all before it come to,
/// from none on.
pub(super) fn at_moments(
    config: &Config,
    run: &[Untimed],
    Timetable { parts, moments }: Timetable,
) -> Result<(Witness, Vec<usize>), NoWitness> {
    let mut counts = vec![0];
    let mut world = ExactWorld::new(config, parts);
    let mut events: Vec<(Moment, ExactEvent)> = Vec::new();
    for (Untimed { action, fate, stays }, at) in run.iter().zip(moments.into_iter().skip(1)) {
        let event = match *action {
            SymbolicAction::Call(end, call) => ExactEvent::Call(end, call),
            SymbolicAction::Timeout(end, timer) => ExactEvent::Timeout(end, timer),
            SymbolicAction::Deliver(to, segment, incarnation) => {
                let is_equal =
                    |copy: &&Copy| (copy.to, copy.segment, copy.incarnation) == (to, segment, incarnation);
                let equal = world.in_flight().iter().filter(is_equal);
                let oldest = equal.min_by_key(|copy| copy.sent).copied();
                // The exact world refuses what is not in flight.
                let arriving = oldest.unwrap_or(Copy { to, segment, incarnation, sent: at, is_duplicate: false });
                if *stays {
                    let duplicate = ExactEvent::Duplicate(arriving);
                    world.happen(at, &duplicate).map_err(|refusal| NoWitness::Refused(events.len(), refusal))?;
                    events.push((at, duplicate));
                }
                ExactEvent::Deliver(arriving)
            }
        };
        let mut happen = |event: ExactEvent| {
            let sent = world.happen(at, &event).map_err(|refusal| NoWitness::Refused(events.len(), refusal));
            events.push((at, event));
            sent
        };
        if let Some(original) = happen(event)? {
            for event in fates(original, *fate) {
                happen(event)?;
            }
        }
        counts.push(events.len());
    }
    Ok((Witness { parts, events }, counts))
}

/// What happens to a copy as soon as it is sent.
fn fates(original: Copy, fate: Fate) -> impl Iterator<Item = ExactEvent> {
    let made = usize::from(fate.duplicates) + usize::from(fate.in_vain);
    let duplicate = Copy { is_duplicate: true, ..original };
    std::iter::repeat_n(ExactEvent::Duplicate(original), made)
        .chain(std::iter::repeat_n(ExactEvent::Lose(duplicate), fate.in_vain.into()))
        .chain(fate.is_lost.then_some(ExactEvent::Lose(original)))
}
