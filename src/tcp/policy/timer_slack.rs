//! How late timers are.

use serde::{Deserialize, Serialize};

/// How late timers are. RFC 6298 and RFC 9293 say when a timer expires, and nothing of a clock that is late.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimerPolicy {
    /// How late every timer may be, in ticks: one that is set to n expires at any time from n to n +
    /// `timer_slack`, never earlier. Kernels' timers are late: Linux rounds a timeout up to the granularity of its
    /// level of the wheel (`kernel/time/timer.c`), FreeBSD to its hard clock (`tcp_timer_activate`).
    pub timer_slack: u32,
}

impl TimerPolicy {
    /// The fields that are lengths of time, and the least that each can be set to, in ticks.
    pub const DURATIONS: &[(&str, u32)] = &[("timer_slack", 0)];

    /// The same fields, for a change of the unit.
    pub(super) fn durations_mut(&mut self) -> impl Iterator<Item = &mut u32> {
        [&mut self.timer_slack].into_iter()
    }

    /// As RFC 9293 has it.
    pub const RFC_9293: Self = Self { timer_slack: 0 };

    /// When a timer that is set to so many ticks expires at the latest, in ticks.
    #[must_use]
    pub const fn latest(self, ticks: u32) -> u32 {
        ticks.saturating_add(self.timer_slack)
    }
}
