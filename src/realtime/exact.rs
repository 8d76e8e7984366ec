//! The world in exact times: one run, step by step, as docs/model.md describes network and clock, without zones.
//!
//! A copy may be delivered, lost or duplicated at any moment; it leaves the bag when its age is the MSL, and that
//! costs a loss if it is an original. Nothing here is shared with the exploration of zones but the ends and their
//! applications, so that a counterexample that comes from the one and is accepted by the other is one.

use std::fmt;

use crate::model::{Answer, Config, End, EndConfig, Incarnation, Kind, Observe, Observed, WorldEnd};
use crate::tcp::{Call, Endpoint, Policy, Segment, Timer, TimerChange};

/// A moment, in equal parts of a tick; how many make up a tick is the world's matter.
pub type Moment = i64;

/// One instance of a segment in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Copy {
    /// The end that it goes to.
    pub to: End,
    /// The segment.
    pub segment: Segment,
    /// The incarnation that has sent it.
    pub incarnation: Incarnation,
    /// When its original was sent.
    pub sent: Moment,
    /// The network made it.
    pub is_duplicate: bool,
}

/// What happens at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExactEvent {
    /// An application calls.
    Call(End, Call),
    /// A timer that is due expires, later than that by no more than its end's slack.
    Timeout(End, Timer),
    /// A copy arrives.
    Deliver(Copy),
    /// The network loses a copy.
    Lose(Copy),
    /// The network duplicates a copy.
    Duplicate(Copy),
}

/// Why something cannot happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is in the past.
    Past,
    /// A timer has to expire before.
    TimerIsDue(End, Timer),
    /// The losses are spent, and an original would expire before.
    CannotExpire(Copy),
    /// Nothing is in flight and no timer runs, so that time does not pass.
    TimeStandsStill,
    /// The application may not call that.
    NotOffered(End, Call),
    /// The timer does not run, or is not due.
    NotDue(End, Timer),
    /// There is no such copy.
    NotInFlight(Copy),
    /// The losses or the duplicates are spent.
    Spent,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Past => f.write_str("it is in the past"),
            Self::TimerIsDue(end, timer) => write!(f, "{end}'s {} timer has to expire before", timer.name()),
            Self::CannotExpire(copy) => write!(f, "no loss is left for `{}`, which would expire", copy.segment),
            Self::TimeStandsStill => f.write_str("there is nothing that time could wait for"),
            Self::NotOffered(end, call) => write!(f, "{end} may not call {}", call.name()),
            Self::NotDue(end, timer) => write!(f, "{end}'s {} timer is not due", timer.name()),
            Self::NotInFlight(copy) => write!(f, "`{}` is not in flight", copy.segment),
            Self::Spent => f.write_str("no loss or no duplicate is left"),
        }
    }
}

/// An end, and when its timers are due, in the order of [`Timer::ALL`].
#[derive(Clone, Debug, PartialEq, Eq)]
struct TimedEnd {
    end: WorldEnd,
    due: [Option<Moment>; Timer::ALL.len()],
}

/// A world at a moment.
#[derive(Clone, Debug)]
pub struct ExactWorld<'c> {
    config: &'c Config,
    /// How many parts a tick has.
    parts: u32,
    now: Moment,
    ends: [TimedEnd; 2],
    in_flight: Vec<Copy>,
    losses: u32,
    duplicates: u32,
}

impl<'c> ExactWorld<'c> {
    /// Both ends ESTABLISHED, nothing in flight, at moment 0 of a time whose ticks have so many parts.
    #[must_use]
    pub fn new(config: &'c Config, parts: u32) -> Self {
        let end = |end| WorldEnd::established(&config.end(end).application);
        let ends = End::BOTH.map(|name| TimedEnd { end: end(name), due: [None; Timer::ALL.len()] });
        Self { config, parts, now: 0, ends, in_flight: Vec::new(), losses: 0, duplicates: 0 }
    }

    /// The copies in flight, in the order in which they came to be.
    #[must_use]
    pub fn in_flight(&self) -> &[Copy] {
        &self.in_flight
    }

    /// When a timer of an end is due, if it runs: the earliest moment at which it may expire.
    #[must_use]
    pub fn due(&self, end: End, timer: Timer) -> Option<Moment> {
        let mut due = Timer::ALL.into_iter().zip(self.end(end).due);
        due.find(|(one, _)| *one == timer)?.1
    }

    /// When a timer of an end has to expire at the latest, if it runs.
    #[must_use]
    pub fn latest(&self, end: End, timer: Timer) -> Option<Moment> {
        Some(self.due(end, timer)? + self.slack(end))
    }

    /// How late the timers of an end may be, in parts of a tick.
    #[must_use]
    pub fn slack(&self, end: End) -> Moment {
        self.parts_of(self.config.end(end).policy.timers.timer_slack)
    }

    /// An end, with what the world alone knows of it.
    #[must_use]
    pub fn world_end(&self, end: End) -> &WorldEnd {
        &self.end(end).end
    }

    /// An endpoint.
    #[must_use]
    pub fn endpoint(&self, end: End) -> &Endpoint {
        &self.world_end(end).endpoint
    }

    /// What the time is.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.now
    }

    /// The calls that an application may make.
    pub fn calls(&self, end: End) -> impl Iterator<Item = Call> {
        let EndConfig { application, policy } = self.config.end(end);
        let known = &self.end(end).end;
        let has_waited =
            |left: u32| self.due(end, Timer::TimeWait).is_some_and(|due| due - self.now <= self.parts_of(left));
        let reuse = known.reuse(application, policy).filter(|(left, _)| has_waited(*left));
        known.calls(application, policy).chain(reuse.into_iter().flat_map(|(_, calls)| calls))
    }

    /// Lets time pass until a moment, and then something happen; the copy that is sent in answer.
    ///
    /// # Errors
    /// If time cannot pass so far, or the event is not enabled then. Time may have passed all the same: whoever
    /// goes on after a refusal does so with a clone that was made before.
    pub fn happen(&mut self, at: Moment, event: &ExactEvent) -> Result<Option<Copy>, Refusal> {
        self.pass_until(at)?;
        match *event {
            ExactEvent::Call(end, call) => {
                if !self.calls(end).any(|one| one == call) {
                    return Err(Refusal::NotOffered(end, call));
                }
                Ok(self.at_end(end, |known, policy| known.call(call, policy)))
            }
            ExactEvent::Timeout(end, timer) => {
                // Time has not passed beyond the latest moment.
                if self.due(end, timer).is_none_or(|due| due > self.now) {
                    return Err(Refusal::NotDue(end, timer));
                }
                for (one, due) in Timer::ALL.into_iter().zip(&mut self.end_mut(end).due) {
                    if one == timer {
                        *due = None;
                    }
                }
                Ok(self.at_end(end, |known, policy| known.timeout(timer, policy)))
            }
            ExactEvent::Deliver(copy) => {
                self.take(copy)?;
                Ok(self.at_end(copy.to, |known, policy| known.arrival(&copy.segment, copy.incarnation, policy)))
            }
            ExactEvent::Lose(copy) => {
                if !self.in_flight.contains(&copy) {
                    return Err(Refusal::NotInFlight(copy));
                }
                if !copy.is_duplicate {
                    self.spend_loss()?;
                }
                self.take(copy)?;
                Ok(None)
            }
            ExactEvent::Duplicate(copy) => {
                if !self.in_flight.contains(&copy) {
                    return Err(Refusal::NotInFlight(copy));
                }
                if self.config.duplicates.is_some_and(|most| self.duplicates >= most.into()) {
                    return Err(Refusal::Spent);
                }
                self.duplicates += u32::from(self.config.duplicates.is_some());
                self.in_flight.push(Copy { is_duplicate: true, ..copy });
                Ok(None)
            }
        }
    }

    /// Lets time pass until a moment, from one at which a copy expires to the next; the copies that have expired.
    ///
    /// # Errors
    /// If time cannot pass so far. It may have passed in part, and copies may have expired.
    pub fn pass_until(&mut self, at: Moment) -> Result<Vec<Copy>, Refusal> {
        let mut all_expired = Vec::new();
        if at < self.now {
            return Err(Refusal::Past);
        }
        while self.now < at {
            let timers = || End::BOTH.into_iter().flat_map(|end| Timer::ALL.map(|timer| (end, timer)));
            let running = timers().filter_map(|(end, timer)| Some((self.latest(end, timer)?, end, timer)));
            let first_to_expire = running.min_by_key(|(moment, ..)| *moment);
            if first_to_expire.is_none() && self.in_flight.is_empty() {
                return Err(Refusal::TimeStandsStill);
            }
            let lifetime = self.parts_of(self.config.msl);
            let first_expiry = self.in_flight.iter().map(|copy| copy.sent + lifetime).min();
            let next = first_expiry.map_or(at, |expiry| expiry.min(at));
            if let Some((_, end, timer)) = first_to_expire.filter(|(moment, ..)| *moment < next) {
                return Err(Refusal::TimerIsDue(end, timer));
            }
            self.now = next;
            let expired: Vec<Copy> =
                self.in_flight.iter().copied().filter(|copy| copy.sent + lifetime <= next).collect();
            for copy in expired {
                self.take(copy)?;
                if !copy.is_duplicate {
                    self.spend_loss().map_err(|_| Refusal::CannotExpire(copy))?;
                }
                all_expired.push(copy);
            }
        }
        Ok(all_expired)
    }

    /// Whether another is the same world, perhaps at another time: the same ends, with as much left to each timer,
    /// and the same copies, each as old.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let ends = |world: &Self| {
            world.ends.clone().map(|TimedEnd { end, due }| (end, due.map(|due| Some(due? - world.now))))
        };
        let in_flight = |world: &Self| {
            let shown =
                |copy: &Copy| (copy.to, copy.segment, copy.incarnation, world.now - copy.sent, copy.is_duplicate);
            let mut copies: Vec<_> = world.in_flight.iter().map(shown).collect();
            copies.sort();
            copies
        };
        ends(self) == ends(other)
            && in_flight(self) == in_flight(other)
            && (self.losses, self.duplicates) == (other.losses, other.duplicates)
    }

    /// So many ticks, in parts.
    fn parts_of(&self, ticks: u32) -> Moment {
        i64::from(ticks) * i64::from(self.parts)
    }

    /// Takes a copy out of the network.
    fn take(&mut self, copy: Copy) -> Result<(), Refusal> {
        let place = self.in_flight.iter().position(|one| *one == copy).ok_or(Refusal::NotInFlight(copy))?;
        self.in_flight.remove(place);
        Ok(())
    }

    fn spend_loss(&mut self) -> Result<(), Refusal> {
        let Some(most) = self.config.losses else {
            return Ok(());
        };
        if self.losses >= most.into() {
            return Err(Refusal::Spent);
        }
        self.losses += 1;
        Ok(())
    }

    /// Lets an endpoint take an event; its application reads whatever is delivered, at once.
    fn at_end(&mut self, end: End, event: impl FnOnce(&mut WorldEnd, &Policy) -> Answer) -> Option<Copy> {
        let (policy, now, parts) = (&self.config.end(end).policy, self.now, i64::from(self.parts));
        let TimedEnd { end: known, due } = self.end_mut(end);
        let Answer { effects, incarnation } = event(known, policy);
        known.endpoint.on_call(Call::Receive, policy);
        for (due, change) in due.iter_mut().zip(effects.timers) {
            match change {
                TimerChange::Keep => {}
                TimerChange::Set(ticks) => *due = Some(now + i64::from(ticks) * parts),
                TimerChange::Cancel => *due = None,
            }
        }
        let segment = effects.segment?;
        let copy = Copy { to: end.peer(), segment, incarnation, sent: now, is_duplicate: false };
        self.in_flight.push(copy);
        Some(copy)
    }

    fn end(&self, end: End) -> &TimedEnd {
        let [a, b] = &self.ends;
        match end {
            End::A => a,
            End::B => b,
        }
    }

    fn end_mut(&mut self, end: End) -> &mut TimedEnd {
        let [a, b] = &mut self.ends;
        match end {
            End::A => a,
            End::B => b,
        }
    }
}

impl Observe for ExactWorld<'_> {
    fn end(&self, end: End) -> Observed {
        self.end(end).end.observed()
    }

    fn in_flight(&self, kind: Option<Kind>, to: End) -> u32 {
        let wanted = |copy: &&Copy| copy.to == to && (kind.is_none() || kind == Kind::of(&copy.segment));
        self.in_flight.iter().filter(wanted).map(|_| 1).sum()
    }

    fn in_flight_old(&self, kind: Option<Kind>, to: End) -> u32 {
        let old = self.in_flight.iter().filter(|copy| copy.to == to && copy.incarnation == Incarnation::First);
        old.filter(|copy| kind.is_none() || kind == Kind::of(&copy.segment)).map(|_| 1).sum()
    }

    fn losses(&self) -> u32 {
        self.losses
    }

    fn duplicates(&self) -> u32 {
        self.duplicates
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::config;
    use super::*;
    use crate::model::Closes;
    use crate::tcp::State;

    /// MSL 2, RTO 2, in halves of a tick; A closes.
    fn after_close(config: &Config) -> (ExactWorld<'_>, Copy) {
        let mut world = ExactWorld::new(config, 2);
        let fin = world.happen(0, &ExactEvent::Call(End::A, Call::Shutdown)).unwrap().unwrap();
        (world, fin)
    }

    #[test]
    fn a_copy_lives_shorter_than_the_msl() {
        let config = config(2, 2, 1, 1, Closes::AfterEof);
        let (mut world, fin) = after_close(&config);
        assert_eq!(world.happen(-1, &ExactEvent::Lose(fin)), Err(Refusal::Past));
        let mut late = world.clone();
        assert!(late.happen(3, &ExactEvent::Deliver(fin)).unwrap().is_some());
        assert_eq!(late.endpoint(End::B).state, State::CloseWait);
        // It expires, and that is the one loss; then the FIN is sent again, and cannot expire.
        world.happen(2, &ExactEvent::Duplicate(fin)).unwrap();
        assert_eq!(world.happen(4, &ExactEvent::Deliver(fin)), Err(Refusal::NotInFlight(fin)));
        assert_eq!((world.losses(), world.duplicates(), world.in_flight().len()), (1, 1, 0));
        let again = world.happen(4, &ExactEvent::Timeout(End::A, Timer::Retransmission)).unwrap().unwrap();
        assert_eq!(again, Copy { sent: 4, ..fin });
        assert_eq!(world.happen(4, &ExactEvent::Lose(again)), Err(Refusal::Spent));
        assert_eq!(world.in_flight(), [again], "what cannot be lost is still there");
        assert_eq!(world.happen(4, &ExactEvent::Duplicate(again)), Err(Refusal::Spent));
        let expires = world.happen(9, &ExactEvent::Deliver(again));
        assert_eq!(expires, Err(Refusal::CannotExpire(again)));
    }

    /// MSL and RTO 2, in halves of a tick: a timer that may be a tick late expires from 4 to 6.
    #[test]
    fn a_timer_may_be_as_late_as_its_slack() {
        let mut config = config(2, 2, 2, 1, Closes::AfterEof);
        config.a.policy.timers.timer_slack = 1;
        let (world, _) = after_close(&config);
        let (timer, expires) = (Timer::Retransmission, ExactEvent::Timeout(End::A, Timer::Retransmission));
        assert_eq!((world.due(End::A, timer), world.latest(End::A, timer)), (Some(4), Some(6)));
        let at = |moment| world.clone().happen(moment, &expires).map(|copy| copy.map(|copy| copy.sent));
        assert_eq!([3, 7].map(at), [Err(Refusal::NotDue(End::A, timer)), Err(Refusal::TimerIsDue(End::A, timer))]);
        assert_eq!([4, 5, 6].map(at), [4, 5, 6].map(|sent| Ok(Some(sent))));
    }

    #[test]
    fn time_waits_for_timers_and_for_nothing_else() {
        let config = config(2, 2, 2, 1, Closes::AfterEof);
        let retransmission = (End::A, Timer::Retransmission);
        let (world, fin) = after_close(&config);
        assert_eq!(
            world.clone().happen(5, &ExactEvent::Call(End::B, Call::Shutdown)),
            Err(Refusal::TimerIsDue(retransmission.0, retransmission.1))
        );
        let early = world.clone().happen(3, &ExactEvent::Timeout(End::A, Timer::Retransmission));
        assert_eq!(early, Err(Refusal::NotDue(retransmission.0, retransmission.1)));
        let foreign = world.clone().happen(0, &ExactEvent::Call(End::B, Call::Shutdown));
        assert_eq!(foreign, Err(Refusal::NotOffered(End::B, Call::Shutdown)), "it closes after the end of file");
        let mut still = ExactWorld::new(&config, 1);
        assert_eq!(still.happen(1, &ExactEvent::Call(End::A, Call::Shutdown)), Err(Refusal::TimeStandsStill));
        let mut other = world;
        assert_eq!(
            other.happen(0, &ExactEvent::Lose(Copy { sent: 1, ..fin })),
            Err(Refusal::NotInFlight(Copy { sent: 1, ..fin }))
        );
        other.happen(1, &ExactEvent::Lose(fin)).unwrap();
        assert_eq!((other.losses(), other.due(End::A, Timer::Retransmission)), (1, Some(4)));
    }
}
