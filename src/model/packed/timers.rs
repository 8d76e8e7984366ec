//! The timers of an endpoint, in ticks.

use crate::model::limit::MAX_TIMER;
use crate::tcp::Timer;

/// The ticks that an endpoint's timers still run, in the order of [`Timer::ALL`]; `None`: it does not run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timers(pub(super) [Option<u32>; 4]);

impl Timers {
    /// The longest time that a timer can be set to, in ticks.
    pub const MAX: u32 = MAX_TIMER;

    /// The ticks that a timer still runs.
    #[must_use]
    pub fn get(&self, timer: Timer) -> Option<u32> {
        let [retransmission, time_wait, fin_wait_2, delayed_ack] = self.0;
        match timer {
            Timer::Retransmission => retransmission,
            Timer::TimeWait => time_wait,
            Timer::FinWait2 => fin_wait_2,
            Timer::DelayedAck => delayed_ack,
        }
    }

    /// Sets a timer to so many ticks, or stops it.
    pub fn set(&mut self, timer: Timer, ticks: Option<u32>) {
        let [retransmission, time_wait, fin_wait_2, delayed_ack] = &mut self.0;
        *match timer {
            Timer::Retransmission => retransmission,
            Timer::TimeWait => time_wait,
            Timer::FinWait2 => fin_wait_2,
            Timer::DelayedAck => delayed_ack,
        } = ticks;
    }
}
