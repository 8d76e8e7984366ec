//! Numbers of things, rates and durations, as people read them.

use std::time::Duration;

use indicatif::HumanCount;

/// A number of things.
pub(crate) fn counted(number: usize, thing: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {thing}{plural}", HumanCount(number as u64))
}

/// How many a second that is, rounded down.
pub(crate) fn per_second(number: usize, elapsed: Duration) -> u64 {
    let a_second = number as u128 * 1_000_000 / elapsed.as_micros().max(1);
    u64::try_from(a_second).unwrap_or(u64::MAX)
}

/// Three digits, or all of whole seconds.
pub(crate) fn seconds(elapsed: Duration) -> String {
    let decimals = match elapsed.as_secs() {
        0..10 => 2,
        10..100 => 1,
        _ => 0,
    };
    format!("{:.decimals$} s", elapsed.as_secs_f64())
}
