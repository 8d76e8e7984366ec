//! The timers of an endpoint, in ticks, and in three bytes.

use crate::invariant::invariant;
use crate::model::limit::{Bound, Limit, MAX_TIMER};
use crate::tcp::{State, Timer};

/// The ticks that an endpoint's timers still run, in the order of [`Timer::ALL`]; `None`: it does not run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timers(pub(super) [Option<u32>; Timer::ALL.len()]);

impl Timers {
    /// The longest time that a timer can be set to, in ticks.
    pub const MAX: u32 = MAX_TIMER;

    /// The ticks that a timer still runs.
    #[must_use]
    pub fn get(&self, timer: Timer) -> Option<u32> {
        *timer.of(&self.0)
    }

    /// Sets a timer to so many ticks, or stops it.
    pub fn set(&mut self, timer: Timer, ticks: Option<u32>) {
        *timer.of_mut(&mut self.0) = ticks;
    }
}

/// A timer that does not run.
const OFF: u8 = u8::MAX;
const _: () = assert!(MAX_TIMER == OFF as u32 - 1, "every other value is a time");
/// The timers that belong to one state each: of an end, at most one runs, and they share a byte.
const OF_STATES: [Timer; 3] = [Timer::TimeWait, Timer::FinWait2, Timer::LastAck];

/// The timers of an endpoint in three bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PackedTimers {
    retransmission: u8,
    /// The timer that belongs to the state: [`Timer::of_state`].
    of_state: u8,
    delayed_ack: u8,
}

impl PackedTimers {
    pub(super) fn pack(state: State, timers: &Timers) -> Result<Self, Limit> {
        if foreign_timers(state).any(|timer| timers.get(timer).is_some()) {
            return Err(Limit::Endpoint(Bound::ForeignTimer));
        }
        Ok(Self {
            retransmission: ticks(timers, Timer::Retransmission)?,
            of_state: Timer::of_state(state).map_or(Ok(OFF), |timer| ticks(timers, timer))?,
            delayed_ack: ticks(timers, Timer::DelayedAck)?,
        })
    }

    pub(super) fn unpack(self, state: State) -> Timers {
        let running = |ticks: u8| (ticks != OFF).then_some(u32::from(ticks));
        let mut timers = Timers::default();
        timers.set(Timer::Retransmission, running(self.retransmission));
        if let Some(timer) = Timer::of_state(state) {
            timers.set(timer, running(self.of_state));
        }
        timers.set(Timer::DelayedAck, running(self.delayed_ack));
        timers
    }

    /// An ACK is delayed while this runs.
    pub(super) fn delays_ack(self) -> bool {
        self.delayed_ack != OFF
    }

    /// Some timer may expire, where each may be so many ticks late.
    pub(in crate::model) fn is_due(self, slack: u32) -> bool {
        // One that does not run has the greatest number.
        let earliest = self.retransmission.min(self.of_state).min(self.delayed_ack);
        earliest != OFF && u32::from(earliest) <= slack
    }

    /// Some timer is as late as it may be: it expires before time passes.
    pub(in crate::model) fn is_at_latest(self) -> bool {
        self.retransmission == 0 || self.of_state == 0 || self.delayed_ack == 0
    }

    /// Some timer runs.
    pub(in crate::model) fn is_timed(self) -> bool {
        self.retransmission != OFF || self.of_state != OFF || self.delayed_ack != OFF
    }

    /// The same timers one tick later; none may have to expire.
    pub(in crate::model) fn aged(mut self) -> Self {
        invariant!(!self.is_at_latest(), "a tick passes while a timer has to expire");
        for timer in [&mut self.retransmission, &mut self.of_state, &mut self.delayed_ack] {
            if *timer != OFF {
                *timer -= 1;
            }
        }
        self
    }

    pub(super) fn bytes(self) -> [u8; 3] {
        // Taken apart by name, so that a new field cannot be forgotten.
        let Self { retransmission, of_state, delayed_ack } = self;
        [retransmission, of_state, delayed_ack]
    }
}

/// The timers that run in other states alone.
pub(super) fn foreign_timers(state: State) -> impl Iterator<Item = Timer> {
    OF_STATES.into_iter().filter(move |timer| Timer::of_state(state) != Some(*timer))
}

fn ticks(timers: &Timers, timer: Timer) -> Result<u8, Limit> {
    match timers.get(timer) {
        None => Ok(OFF),
        Some(ticks) => {
            u8::try_from(ticks).ok().filter(|ticks| *ticks != OFF).ok_or(Limit::Endpoint(Bound::Timer(timer)))
        }
    }
}

#[cfg(test)]
impl PackedTimers {
    /// These timers, once with a bit of each turned.
    pub(super) fn with_each_changed(self) -> [Self; 3] {
        [
            Self { retransmission: self.retransmission ^ 1, ..self },
            Self { of_state: self.of_state ^ 1, ..self },
            Self { delayed_ack: self.delayed_ack ^ 1, ..self },
        ]
    }
}
