//! The keys of scenarios, each with what it means: of them the table of docs/scenarios.md and the schema are made.
//!
//! The types of `shape` read the keys, and `resolve` decides most ranges and defaults. Tests there hold this table
//! to both.

use std::ops::RangeInclusive;

use crate::policy::is_duration;

/// A key of a scenario.
#[derive(Clone, Debug)]
pub struct ScenarioKey {
    /// Its table and its name. A key of an end is one of A, and means the same in `[b]`; `NAME` is that of a
    /// property.
    pub path: &'static str,
    /// What it takes.
    pub values: KeyValues,
    /// What a scenario has without it.
    pub unset: Unset,
    /// What it means, in one sentence.
    pub meaning: &'static str,
}

/// What a key takes. A word beside numbers stands for no number.
#[derive(Clone, Debug)]
pub enum KeyValues {
    /// `true` or `false`.
    Bool,
    /// One of these words.
    Words(&'static [&'static str]),
    /// A number of things.
    Count(RangeInclusive<u32>, Option<&'static str>),
    /// A number of ticks.
    Ticks(RangeInclusive<u32>, Option<&'static str>),
    /// Ticks, or a length of time of so many.
    Duration(RangeInclusive<u32>, Option<&'static str>),
    /// Seconds, with at most three decimal places.
    Seconds(RangeInclusive<f64>),
    /// All segments, none, or a list of kinds, each with the end that it goes to.
    Segments,
    /// A text that is not empty.
    Text,
    /// A name, or a list of names.
    Names,
}

/// What a scenario has without a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unset {
    /// Nothing: it has to be there.
    Refused,
    /// Nothing that a value would stand for.
    Nothing,
    /// This value, in TOML.
    Default(&'static str),
}

impl ScenarioKey {
    /// Its table, empty for a key before all tables, and its name there.
    #[must_use]
    pub fn table_and_name(&self) -> (&'static str, &'static str) {
        self.path.rsplit_once('.').unwrap_or(("", self.path))
    }
}

use KeyValues::{Bool, Count, Duration, Names, Seconds, Segments, Text, Ticks, Words};
use Unset::{Default, Nothing, Refused};

const fn key(path: &'static str, values: KeyValues, unset: Unset, meaning: &'static str) -> ScenarioKey {
    ScenarioKey { path, values, unset, meaning }
}

/// What is no field of a world, and so is not set from the command line.
pub(super) const NOT_SET: [&str; 4] = ["about", "extends", "expect", "properties"];

/// Every key, but of `[tcp]` only the policy and the fields that scenarios set most.
pub const KEYS: &[ScenarioKey] = &[
    key("about", Text, Refused, "The one insight that the scenario is there for."),
    key("extends", Text, Nothing, "The scenario whose world is taken over; its expectations are not."),
    key("properties", Names, Nothing, "The properties that the scenario is about; without it, all of them."),
    key(
        "expect.NAME.verdict",
        Words(&["holds", "violated", "possible", "impossible"]),
        Refused,
        "What is expected.",
    ),
    key("expect.NAME.because", Text, Refused, "The reason."),
    key(
        "expect.NAME.steps",
        Count(0..=u32::MAX, None),
        Nothing,
        "The length of the shortest trace, if the verdict has one.",
    ),
    key(
        "world",
        Words(&["timed", "asynchronous"]),
        Default("\"timed\""),
        "The world that it runs on: the asynchronous one has no clock.",
    ),
    key("network.msl", Ticks(1..=2047, None), Default("2"), "The MSL; of whole ticks there is room for 16."),
    key(
        "network.msl_seconds",
        Seconds(0.001..=86400.0),
        Default("30"),
        "The MSL in seconds: it converts seconds into ticks.",
    ),
    key("network.losses", Count(0..=255, Some("unlimited")), Default("1"), "How many segments may be lost."),
    key(
        "network.duplicates",
        Count(0..=255, Some("unlimited")),
        Default("1"),
        "How many segments may be duplicated.",
    ),
    key(
        "network.delays",
        Words(&["any", "whole-ticks"]),
        Default("\"any\""),
        "How long a segment is under way: every real time below the MSL, or whole ticks.",
    ),
    key("fairness.applications", Bool, Default("true"), "An end closes if from some moment on it always may."),
    key(
        "fairness.network",
        Segments,
        Default("true"),
        "Which segments arrive again and again if they are in flight again and again: all, none, or those of FIN, \
         DATA, ACK, RST and SYN that a list names.",
    ),
    key("a.closes", Words(&["any-time", "after-eof", "never"]), Default("\"any-time\""), "When the end closes."),
    key(
        "a.closes_with",
        Words(&["shutdown", "close"]),
        Default("\"shutdown\""),
        "What it closes with: after `shutdown` it goes on reading.",
    ),
    key("a.sends", Count(0..=13, None), Default("0"), "How many octets it may send before it closes."),
    key("a.aborts", Bool, Default("false"), "It may abort at any moment."),
    key(
        "a.opens",
        Words(&["never", "connect", "listen"]),
        Default("\"never\""),
        "How it opens a new connection once it is CLOSED: not at all, actively, or by listening.",
    ),
    key(
        "a.iss",
        Words(&["above", "any"]),
        Default("\"above\""),
        "The initial number of an end that connects: above every number it has used, or any.",
    ),
    key(
        "a.reuse_time_wait",
        Ticks(0..=8191, Some("never")),
        Default("\"never\""),
        "How long after `TIME_WAIT` began it may connect out of it; at most `tcp.time_wait`.",
    ),
    key(
        "tcp.policy",
        Text,
        Default("\"rfc1337\""),
        "The name of a policy, as in `\"rfc9293\"`, `\"linux\"`, `\"freebsd\"`, `\"smoltcp\"`: `lastack list` has \
         them all.",
    ),
    key(
        "tcp.rto",
        Duration(1..=8191, None),
        Default("\"1 msl\""),
        "The retransmission timeout before any backoff.",
    ),
    key("tcp.backoff", Bool, Default("false"), "The timeout doubles each time that it expires."),
    key(
        "tcp.rto_max",
        Duration(1..=8191, None),
        Default("\"4 msl\""),
        "The longest timeout that doubling leads to: with backoff at least the RTO, as the default always is.",
    ),
    key("tcp.retries", Count(0..=15, Some("none")), Default("\"none\""), "Retransmissions before it gives up."),
    key("tcp.time_wait", Duration(0..=8191, None), Default("\"2 msl\""), "How long `TIME_WAIT` lasts."),
    key("tcp.restart_time_wait", Bool, Default("true"), "A FIN that arrives again in `TIME_WAIT` restarts it."),
    key(
        "tcp.rst_in_time_wait",
        Words(&["close", "ignore"]),
        Default("\"ignore\""),
        "The effect of a reset on `TIME_WAIT`.",
    ),
    key(
        "tcp.out_of_order",
        Words(&["hold", "hold-text", "drop"]),
        Default("\"hold\""),
        "The treatment of text and FIN beyond a hole.",
    ),
    key(
        "tcp.fin_wait_2_timeout",
        Duration(1..=8191, Some("none")),
        Default("\"none\""),
        "How long `FIN_WAIT_2` lasts; runs only after `close()`.",
    ),
    key(
        "tcp.delayed_ack",
        Duration(1..=8191, Some("none")),
        Default("\"none\""),
        "How long an ACK may wait for a segment to ride on.",
    ),
    key(
        "tcp.timer_slack",
        Duration(0..=8190, None),
        Default("0"),
        "How late a timer may be: with the longest timer at most 8191 ticks.",
    ),
];

/// The unit of the numbers that a key of a scenario, or a field of its policies, is set to; `None` if it has none.
#[must_use]
pub fn unit_of(key: &str) -> Option<&'static str> {
    // Both ends have the same keys, and each may have its own policy.
    let of_end = key.strip_prefix("a.").or_else(|| key.strip_prefix("b."));
    let is_it = |one: &&ScenarioKey| match one.path.strip_prefix("a.") {
        Some(name) => of_end == Some(name),
        None => one.path == of_end.unwrap_or(key),
    };
    match KEYS.iter().find(is_it).map(|one| &one.values) {
        Some(Ticks(..) | Duration(..)) => Some("ticks"),
        Some(Seconds(_)) => Some("seconds"),
        Some(_) => None,
        None => of_end.unwrap_or(key).strip_prefix("tcp.").filter(|field| is_duration(field)).map(|_| "ticks"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units() {
        for key in ["network.msl", "a.reuse_time_wait", "tcp.time_wait", "b.tcp.rto", "tcp.last_ack_timeout"] {
            assert_eq!(unit_of(key), Some("ticks"), "{key}");
        }
        assert_eq!(unit_of("network.msl_seconds"), Some("seconds"));
        for key in ["network.losses", "b.sends", "tcp.retries", "a.closes", "a.msl", "tcp.nothing"] {
            assert_eq!(unit_of(key), None, "{key}");
        }
    }
}
