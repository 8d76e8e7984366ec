//! A run of a world whose network is a set, with every copy: in exact times, whole ticks each.
//!
//! The set may do more than the network (`docs/real-time.md`). So a run of it is taken up once more, action by
//! action, with every copy that was sent or made, in [`ExactWorld`]: what the set has left behind is a duplicate
//! there, and an original that the set has dropped is still to be delivered. Only what that world accepts is a
//! run.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use super::lasso::{replay_exact_ending, replay_exact_lasso};
use super::replay::Trace;
use super::stepwise::replay_exact_run;
use crate::model::{Action, Fairness, Layout, SegmentCopy, TimedWorld, WorldState};
use crate::property::Instance;
use crate::realtime::{Copy, CyclicWitness, ExactEvent, ExactWorld, Moment, Witness};
use crate::tcp::Timer;

/// How many rounds of a cycle come before what is repeated: what the set has dropped may take one to leave the
/// network.
const ROUNDS_BEFORE: [usize; 4] = [0, 1, 2, 3];

/// How many copies that the set does not have are delivered after an action.
const MOST_DELIVERED: usize = 8;

/// The run of these actions with every copy, if it is one and its last state reveals the instance.
pub(crate) fn run_with_every_copy<L: Layout>(
    world: &TimedWorld<L>,
    instance: &Instance,
    actions: &[Action],
) -> Option<Trace> {
    let run = EveryCopy::of(world, actions)?.witness();
    let last = run.replay(world.config()).ok()?;
    instance.is_revealed_by(&last).then(|| replay_exact_run(world.config(), &run).ok())?
}

/// The same for a stem and a cycle that is repeated forever, or for a run that ends, if the property is false of
/// it.
pub(crate) fn lasso_with_every_copy<L: Layout>(
    world: &TimedWorld<L>,
    fairness: Fairness,
    instance: &Instance,
    (stem, cycle): (&[Action], &[Action]),
) -> Option<Trace> {
    let config = world.config();
    if cycle.is_empty() {
        return replay_exact_ending(config, fairness, instance, &EveryCopy::of(world, stem)?.witness());
    }
    let ticks = cycle.iter().filter(|action| **action == Action::Tick).count();
    let period = Moment::try_from(ticks).ok()?;
    ROUNDS_BEFORE.into_iter().find_map(|rounds| {
        let once = [stem, &cycle.repeat(rounds)].concat();
        let all = EveryCopy::of(world, &[&once, cycle].concat())?;
        let stem = all.counts[once.len()];
        let witness = CyclicWitness { run: all.witness(), stem, period };
        witness.comes_back(config).ok()?.then(|| replay_exact_lasso(config, fairness, instance, &witness))?
    })
}

/// Whether the run of these actions is one with every copy, and its last state exercises the instance.
pub(crate) fn exercises_with_every_copy<L: Layout>(
    world: &TimedWorld<L>,
    instance: &Instance,
    actions: &[Action],
) -> bool {
    EveryCopy::of(world, actions).is_some_and(|run| instance.is_exercised_by(&run.exact))
}

/// A run of the set and the same with every copy, as far as they have come.
struct EveryCopy<'w> {
    exact: ExactWorld<'w>,
    msl: Moment,
    now: Moment,
    events: Vec<(Moment, ExactEvent)>,
    /// How many events each of the actions and all before it come to, from none on.
    counts: Vec<usize>,
}

impl<'w> EveryCopy<'w> {
    /// `None` if the world with every copy refuses it.
    fn of<L: Layout>(world: &'w TimedWorld<L>, actions: &[Action]) -> Option<Self> {
        let exact = ExactWorld::new(world.config(), 1);
        let msl = world.config().msl.into();
        let mut all = Self { exact, msl, now: 0, events: Vec::new(), counts: vec![0] };
        let mut set = world.initial().ok()?;
        for action in actions {
            let next = world.step(&set, *action).ok()?;
            all.take(*action, &next)?;
            all.deliver_what_was_dropped(&next)?;
            all.lose_what_vanished(&next)?;
            all.counts.push(all.events.len());
            set = next;
        }
        Some(all)
    }

    fn witness(self) -> Witness {
        Witness { parts: 1, events: self.events }
    }

    fn happen(&mut self, event: ExactEvent) -> Option<()> {
        self.exact.happen(self.now, &event).ok()?;
        self.events.push((self.now, event));
        Some(())
    }

    /// An action of the set, which leads to this state.
    fn take<L: Layout>(&mut self, action: Action, after: &WorldState<L>) -> Option<()> {
        match action {
            Action::Call(end, call) => self.happen(ExactEvent::Call(end, call)),
            Action::Timeout(end, timer) => self.happen(ExactEvent::Timeout(end, timer)),
            Action::Deliver(copy) => {
                let arriving = self.leaving(copy, after)?;
                self.happen(ExactEvent::Deliver(arriving))
            }
            Action::Lose(copy) => {
                let lost = self.leaving(copy, after)?;
                self.happen(ExactEvent::Lose(lost))
            }
            Action::Duplicate(_) => None,
            Action::Tick => {
                let expires = |copy: &Copy| self.now + 1 - copy.sent >= self.msl;
                let expiring: Vec<Copy> = self.exact.in_flight().iter().copied().filter(expires).collect();
                for copy in expiring {
                    self.happen(ExactEvent::Lose(copy))?;
                }
                self.now += 1;
                Some(())
            }
        }
    }

    /// The copy that leaves where one of the set does, once a duplicate has been made of it if one stays behind.
    fn leaving<L: Layout>(&mut self, copy: SegmentCopy, after: &WorldState<L>) -> Option<Copy> {
        let sent = self.now - Moment::from(copy.age());
        let is_it = |one: &&Copy| is_copy(one, copy, sent);
        // One with the duplicate bit may be an original that stands for others.
        let such = self.exact.in_flight().iter().filter(is_it);
        let leaving = *such.min_by_key(|one| one.is_duplicate != copy.is_duplicate())?;
        if after.network().copies().any(|other| other == copy.duplicate()) {
            self.happen(ExactEvent::Duplicate(leaving))?;
        }
        Some(leaving)
    }

    /// Originals that the set does not have are delivered at once, if that makes no difference to the end that
    /// they go to. So is what that draws.
    fn deliver_what_was_dropped<L: Layout>(&mut self, after: &WorldState<L>) -> Option<()> {
        for _ in 0..MOST_DELIVERED {
            let Some(delivered) = self.dropped(after).into_iter().find(|copy| self.is_in_vain(*copy)) else {
                break;
            };
            self.happen(ExactEvent::Deliver(delivered))?;
        }
        Some(())
    }

    /// The originals that the set does not have.
    fn dropped<L: Layout>(&self, after: &WorldState<L>) -> Vec<Copy> {
        let in_flight = self.exact.in_flight().iter().copied();
        let mut dropped: Vec<Copy> = in_flight.filter(|copy| !copy.is_duplicate).collect();
        for kept in after.network().copies() {
            let sent = self.now - Moment::from(kept.age());
            let is_it = |one: &Copy| is_copy(one, kept, sent);
            if let Some(place) = dropped.iter().position(is_it) {
                dropped.remove(place);
            }
        }
        dropped
    }

    /// Whether a copy may arrive now, and leave the end that it goes to as it is.
    fn is_in_vain(&self, copy: Copy) -> bool {
        let mut with_it = self.exact.clone();
        let due = |world: &ExactWorld<'_>| Timer::ALL.map(|timer| world.due(copy.to, timer));
        with_it.happen(self.now, &ExactEvent::Deliver(copy)).is_ok()
            && with_it.endpoint(copy.to) == self.exact.endpoint(copy.to)
            && due(&with_it) == due(&self.exact)
    }

    /// Duplicates that the set has no more are lost, which costs nothing.
    fn lose_what_vanished<L: Layout>(&mut self, after: &WorldState<L>) -> Option<()> {
        let mut kept: Vec<SegmentCopy> = after.network().copies().filter(|copy| copy.is_duplicate()).collect();
        let duplicates: Vec<Copy> =
            self.exact.in_flight().iter().copied().filter(|copy| copy.is_duplicate).collect();
        for copy in duplicates {
            let is_it = |one: &SegmentCopy| is_copy(&copy, *one, self.now - Moment::from(one.age()));
            match kept.iter().position(is_it) {
                Some(place) => drop(kept.remove(place)),
                None => self.happen(ExactEvent::Lose(copy))?,
            }
        }
        Some(())
    }
}

/// Whether a copy of exact times is this one, which was sent then.
fn is_copy(one: &Copy, copy: SegmentCopy, sent: Moment) -> bool {
    (one.to, one.segment, one.incarnation, one.sent) == (copy.to(), copy.segment(), copy.incarnation(), sent)
}
