//! How long a tick is.

use super::value::Duration;

/// The MSL of a scenario that does not set its length: RFC 9293 §3.4.1 takes 2 minutes, "an engineering choice";
/// Linux, FreeBSD and most others wait 60 s in `TIME_WAIT`, which is 2 MSL of 30 s.
pub const DEFAULT_MSL_MILLISECONDS: u32 = 30_000;

/// What turns lengths of time into ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Clock {
    /// The MSL in ticks, at least 1; what scales it has been done.
    pub msl: u32,
    /// The MSL in milliseconds, at least 1.
    pub msl_milliseconds: u32,
    /// What ticks in files are multiplied by.
    pub scale: u32,
}

impl Clock {
    /// A tick is a millisecond, and the MSL is RFC 9293's: §3.4.1, "For this specification the MSL is taken to be
    /// 2 minutes."
    pub const OF_MILLISECONDS: Self = Self { msl: 120_000, msl_milliseconds: 120_000, scale: 1 };

    /// A duration in ticks. Rounded up: timers are late, never early.
    #[must_use]
    pub fn ticks(self, duration: Duration) -> u32 {
        match duration {
            Duration::Ticks(ticks) => ticks.saturating_mul(self.scale),
            Duration::Msl(lifetimes) => lifetimes.saturating_mul(self.msl),
            Duration::Milliseconds(time) => {
                let (product, each) = self.product(time);
                u32::try_from(product.div_ceil(each)).unwrap_or(u32::MAX)
            }
        }
    }

    /// A duration in ticks, rounded down.
    #[must_use]
    pub fn whole_ticks(self, duration: Duration) -> u32 {
        match duration {
            Duration::Ticks(_) | Duration::Msl(_) => self.ticks(duration),
            Duration::Milliseconds(time) => {
                let (product, each) = self.product(time);
                u32::try_from(product / each).unwrap_or(u32::MAX)
            }
        }
    }

    /// The duration of this field in ticks. A wait in `TIME_WAIT` is rounded down: the model may show a harm by an
    /// old segment that the stack, which waits longer, does not have, and hides none. Every other timer is rounded
    /// up, for timers are late, never early: an end gives up later in the model than its stack does, which may
    /// hide what that leads to. So a verdict is of the timers as rounded.
    #[must_use]
    pub fn ticks_of(self, field: &str, duration: Duration) -> u32 {
        if field == "time_wait" { self.whole_ticks(duration) } else { self.ticks(duration) }
    }

    /// The duration is a whole number of ticks.
    #[must_use]
    pub fn is_exact(self, duration: Duration) -> bool {
        match duration {
            Duration::Ticks(_) | Duration::Msl(_) => true,
            Duration::Milliseconds(time) => {
                let (product, each) = self.product(time);
                product.is_multiple_of(each)
            }
        }
    }

    /// How long a tick is, as in `15 s` or `62.5 ms`; to a hundredth of a millisecond.
    #[must_use]
    pub fn tick(self) -> String {
        let hundredths = (u64::from(self.msl_milliseconds) * 100).div_ceil(u64::from(self.msl.max(1)));
        let unit = if hundredths >= 100_000 { (100_000, "s") } else { (100, "ms") };
        let rest = format!("{:05}", (hundredths % unit.0) * (100_000 / unit.0));
        let decimals = rest.trim_end_matches('0');
        let point = if decimals.is_empty() { "" } else { "." };
        format!("{}{point}{decimals} {}", hundredths / unit.0, unit.1)
    }

    /// A time and a tick, in the same unit.
    fn product(self, time: u32) -> (u64, u64) {
        (u64::from(time) * u64::from(self.msl), u64::from(self.msl_milliseconds.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_ticks_and_are_rounded_up() {
        // Ticks of 15 s.
        let clock = Clock { msl: 2, msl_milliseconds: 30_000, scale: 1 };
        let cases = [(0, 0, true), (200, 1, false), (15_000, 1, true), (15_001, 2, false), (60_000, 4, true)];
        for (time, ticks, is_exact) in cases {
            let time = Duration::Milliseconds(time);
            assert_eq!((clock.ticks(time), clock.is_exact(time)), (ticks, is_exact), "{time}");
        }
        assert_eq!(clock.tick(), "15 s");
        let odd = [(16, 30_000), (16, 1_000), (7, 1_000), (16, 1), (1, 61_234)];
        let odd = odd.map(|(msl, msl_milliseconds)| Clock { msl, msl_milliseconds, scale: 1 }.tick());
        assert_eq!(odd, ["1.875 s", "62.5 ms", "142.86 ms", "0.07 ms", "61.234 s"]);
        // Finer ticks are nearer.
        let finer = Clock { msl: 16, scale: 8, ..clock };
        assert_eq!(finer.ticks(Duration::Milliseconds(15_001)), 9);
        assert_eq!([Duration::Ticks(3), Duration::Msl(2)].map(|of| finer.ticks(of)), [24, 32]);
        assert_eq!(Clock::OF_MILLISECONDS.ticks(Duration::Milliseconds(u32::MAX)), u32::MAX);
        assert_eq!(Clock { msl_milliseconds: 1, ..clock }.ticks(Duration::Milliseconds(u32::MAX)), u32::MAX);
    }
}
