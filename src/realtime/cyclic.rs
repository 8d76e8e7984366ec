//! Exact times for a run that repeats its end forever: such that the repeated part comes back to the very state
//! that it began in, with as much left to every timer and every copy.
//!
//! Zones that are equal do not say that there are such times. They are looked for: the time of the cycle is one
//! more unknown, and whatever is set or sent before the cycle and used in it, or after it, is bound to what takes
//! its place one cycle later. Perhaps the cycle has to come round once before times repeat, or they repeat in
//! every second round only; so a few rounds are tried.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use super::constraints::{Untimed, of_lasso};
use super::exact::{Copy, ExactEvent, ExactWorld, Moment, Refusal};
use super::timetable::{Constraint, Repetition, schedule_cycle};
use super::witness::{NoWitness, Witness, at_moments};
use crate::model::Config;

/// A run of exact times whose end can be repeated forever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CyclicWitness {
    /// The run, with the cycle once.
    pub run: Witness,
    /// How many events are before the cycle.
    pub stem: usize,
    /// How long the cycle takes, in parts of a tick.
    pub period: Moment,
}

/// How many rounds of a cycle come before what is repeated, and how many are repeated.
const ROUNDS: [(usize, usize); 6] = [(0, 1), (1, 1), (2, 1), (0, 2), (1, 2), (1, 3)];

/// Exact times for a run whose `cycle` is repeated forever; in a cycle time `passes`, or all of it is in one
/// instant. `None` if none were found, though there may be some.
///
/// # Errors
/// If the exact world does not agree, which is a fault of the program; or if the search for times was cut off.
pub(super) fn cyclic(
    config: &Config,
    stem: &[Untimed],
    cycle: &[Untimed],
    passes: bool,
    is_cut_off: &dyn Fn() -> bool,
) -> Result<Option<CyclicWitness>, NoWitness> {
    for (before, rounds) in ROUNDS {
        let mut run = [stem, &cycle.repeat(before)].concat();
        let from = run.len();
        run.extend(cycle.repeat(rounds));
        if let Some(found) = with_cycle_from(config, &run, from, passes, is_cut_off)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The same, where the events after the first `from` are the cycle.
fn with_cycle_from(
    config: &Config,
    run: &[Untimed],
    from: usize,
    passes: bool,
    is_cut_off: &dyn Fn() -> bool,
) -> Result<Option<CyclicWitness>, NoWitness> {
    let Some((mut constraints, mut repetitions)) = of_lasso(config, run, from) else {
        return Ok(None);
    };
    repetitions.push(Repetition { event: run.len(), after: from, ticks: 0 });
    if !passes {
        constraints.push(Constraint { event: run.len(), after: from, ticks: 0, is_strict: false });
    }
    let scheduled = schedule_cycle(run.len() + 1, &constraints, &repetitions, passes.into(), is_cut_off);
    let Some((timetable, period)) = scheduled.map_err(NoWitness::Stopped)? else {
        return Ok(None);
    };
    let (run, counts) = at_moments(config, run, timetable)?;
    let found = CyclicWitness { stem: counts[from], run, period };
    // Which copies are duplicates may differ from one round to the next: then a later one may do.
    Ok(found.comes_back(config)?.then_some(found))
}

impl CyclicWitness {
    /// Whether the run comes back to where its cycle began, twice.
    ///
    /// # Errors
    /// The number of the first event that is not enabled at its moment, and why.
    pub fn comes_back(&self, config: &Config) -> Result<bool, NoWitness> {
        let mut world = ExactWorld::new(config, self.run.parts);
        let mut at_start = None;
        for (number, (at, event)) in self.run.events.iter().enumerate() {
            if number == self.stem {
                at_start = Some(world.clone());
            }
            world.happen(*at, event).map_err(|refusal| NoWitness::Refused(number, refusal))?;
        }
        let Some(start) = at_start else {
            return Ok(false);
        };
        let once = world.clone();
        for (number, (at, event)) in self.run.events.iter().enumerate().skip(self.stem) {
            let later = event.later(self.period);
            match world.happen(at + self.period, &later) {
                // It was a duplicate in one round, and is none in the other.
                Err(Refusal::NotInFlight(_)) => return Ok(false),
                happened => drop(happened.map_err(|refusal| NoWitness::Refused(number, refusal))?),
            }
        }
        let is_later = |one: &ExactWorld<'_>, other: &ExactWorld<'_>| one.now() - other.now() == self.period;
        Ok(once.is_like(&start) && is_later(&once, &start) && world.is_like(&once) && is_later(&world, &once))
    }
}

impl ExactEvent {
    /// The same with copies that were sent so much later.
    fn later(self, time: Moment) -> Self {
        let later = |copy: Copy| Copy { sent: copy.sent + time, ..copy };
        match self {
            Self::Call(..) | Self::Timeout(..) => self,
            Self::Deliver(copy) => Self::Deliver(later(copy)),
            Self::Lose(copy) => Self::Lose(later(copy)),
            Self::Duplicate(copy) => Self::Duplicate(later(copy)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::constraints::Untimed;
    use super::super::step::{Fate, SymbolicAction};
    use super::super::testing::config;
    use super::*;
    use crate::model::{Closes, End};
    use crate::tcp::{Call, Timer};

    const LOST: Fate = Fate { is_lost: true, duplicates: 0, in_vain: 0 };

    fn untimed(action: SymbolicAction) -> Untimed {
        Untimed { action, fate: LOST, stays: false }
    }

    /// A's FIN is lost again and again.
    #[test]
    fn a_retransmission_repeats_after_its_timeout() {
        let config = Config { losses: None, ..config(2, 3, 0, 0, Closes::AfterEof) };
        let stem = [untimed(SymbolicAction::Call(End::A, Call::Shutdown))];
        let cycle = [untimed(SymbolicAction::Timeout(End::A, Timer::Retransmission))];
        let found = cyclic(&config, &stem, &cycle, true, &|| false).unwrap().unwrap();
        assert_eq!((found.run.parts, found.stem, found.period, found.run.events.len()), (1, 2, 3, 4));
        assert_eq!(cyclic(&config, &stem, &cycle, false, &|| false), Ok(None), "time passes on it");
        let mut wrong = found;
        wrong.period = 2;
        assert!(wrong.comes_back(&config).is_err(), "the timer is not due");
    }

    /// The timeout doubles, until it is as long as it can be: only then it repeats.
    #[test]
    fn a_cycle_may_have_to_come_round_first() {
        let mut config = Config { losses: None, ..config(2, 1, 0, 0, Closes::AfterEof) };
        (config.a.policy.retransmission.backoff, config.a.policy.retransmission.rto_max) = (true, 3);
        let stem = [untimed(SymbolicAction::Call(End::A, Call::Shutdown))];
        let cycle = [untimed(SymbolicAction::Timeout(End::A, Timer::Retransmission))];
        let found = cyclic(&config, &stem, &cycle, true, &|| false).unwrap().unwrap();
        assert_eq!((found.stem, found.period), (6, 3), "after timeouts of 1 and 2 ticks");
        assert_eq!(found.comes_back(&config), Ok(true));
        assert!(CyclicWitness { stem: 4, ..found }.comes_back(&config).is_err());
    }
}
