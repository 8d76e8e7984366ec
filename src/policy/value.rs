//! The values of fields of a policy.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `"none"`: the timer does not run, or nothing is counted.
    None,
    /// `true` or `false`.
    Flag(bool),
    /// A count.
    Number(u32),
    /// One of the words that the field knows.
    Word(String),
    /// A length of time.
    Duration(Duration),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.pad("none"),
            Self::Flag(flag) => f.pad(if *flag { "true" } else { "false" }),
            Self::Number(number) => f.pad(&number.to_string()),
            Self::Word(word) => f.pad(word),
            Self::Duration(duration) => f.pad(&duration.to_string()),
        }
    }
}

/// A length of time, as files write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duration {
    /// `3`: so many ticks. Only a scenario has them.
    Ticks(u32),
    /// `"2 msl"`: so many segment lifetimes.
    Msl(u32),
    /// `"200 ms"`, `"60 s"`, `"10 min"`: so many milliseconds.
    Milliseconds(u32),
}

impl Duration {
    /// What is expected where a length of time stands.
    pub const EXPECTED: &'static str =
        "ticks, as in 3, segment lifetimes, as in \"2 msl\", or a time, as in \"200 ms\", \"60 s\" or \"10 min\"";

    /// The same in a policy's file, which is of no scenario.
    pub const EXPECTED_OF_A_POLICY: &'static str =
        "a time, as in \"200 ms\", \"60 s\" or \"10 min\", or segment lifetimes, as in \"2 msl\"";

    /// Reads `2 msl`, `200 ms`, `60 s` or `10 min`; `None` if it is none of them, or longer than 49 days.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        let digits = word.trim_end_matches(|char: char| !char.is_ascii_digit());
        let number: u32 = digits.parse().ok()?;
        let milliseconds = |each: u32| number.checked_mul(each).map(Self::Milliseconds);
        match word.get(digits.len()..)?.trim() {
            "msl" => Some(Self::Msl(number)),
            "ms" => milliseconds(1),
            "s" => milliseconds(1_000),
            "min" => milliseconds(60_000),
            _ => None,
        }
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&match *self {
            Self::Ticks(1) => "1 tick".to_owned(),
            Self::Ticks(ticks) => format!("{ticks} ticks"),
            Self::Msl(lifetimes) => format!("{lifetimes} msl"),
            Self::Milliseconds(time) if time % 1_000 == 0 => format!("{} s", time / 1_000),
            Self::Milliseconds(time) => format!("{time} ms"),
        })
    }
}

struct DurationVisitor;

impl Visitor<'_> for DurationVisitor {
    type Value = Duration;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Duration::EXPECTED)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Duration, E> {
        u32::try_from(number)
            .map(Duration::Ticks)
            .map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Duration, E> {
        Duration::of_word(word).ok_or_else(|| E::invalid_value(de::Unexpected::Str(word), &self))
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DurationVisitor)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_words() {
        let cases = [
            ("2 msl", Some(Duration::Msl(2))),
            ("2msl", Some(Duration::Msl(2))),
            ("0 s", Some(Duration::Milliseconds(0))),
            ("200 ms", Some(Duration::Milliseconds(200))),
            ("60 s", Some(Duration::Milliseconds(60_000))),
            ("10 min", Some(Duration::Milliseconds(600_000))),
            ("4294967295 ms", Some(Duration::Milliseconds(u32::MAX))),
            ("4294968 s", None),
            ("", None),
            ("s", None),
            ("3", None),
            ("-3 s", None),
            ("1.5 s", None),
            ("3 h", None),
            ("3 s s", None),
        ];
        for (word, duration) in cases {
            assert_eq!(Duration::of_word(word), duration, "{word}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(number: u32, msl: bool) {
            let duration = if msl { Duration::Msl(number) } else { Duration::Milliseconds(number) };
            prop_assert_eq!(Duration::of_word(&duration.to_string()), Some(duration));
        }
    }
}
