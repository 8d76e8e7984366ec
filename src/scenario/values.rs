//! Values of scenario files that are a number or a word.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

/// A number, or the word `unlimited`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limited {
    /// At most so many.
    To(u32),
    /// Any number.
    Unlimited,
}

impl Limited {
    const EXPECTED: &'static str = "a number from 0 to 255, or \"unlimited\"";
}

struct LimitedVisitor;

impl Visitor<'_> for LimitedVisitor {
    type Value = Limited;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Limited::EXPECTED)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Limited, E> {
        u32::try_from(number).map(Limited::To).map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Limited, E> {
        match word {
            "unlimited" => Ok(Limited::Unlimited),
            _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
        }
    }
}

impl<'de> Deserialize<'de> for Limited {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LimitedVisitor)
    }
}

/// A number of ticks, or the word `never`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AfterTicks(pub(super) Option<u32>);

struct AfterTicksVisitor;

impl Visitor<'_> for AfterTicksVisitor {
    type Value = AfterTicks;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of ticks, or \"never\"")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<AfterTicks, E> {
        let ticks = u32::try_from(number).map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self));
        ticks.map(|ticks| AfterTicks(Some(ticks)))
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<AfterTicks, E> {
        match word {
            "never" => Ok(AfterTicks(None)),
            _ => Err(E::invalid_value(de::Unexpected::Str(word), &self)),
        }
    }
}

impl<'de> Deserialize<'de> for AfterTicks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AfterTicksVisitor)
    }
}

/// A number of seconds, in milliseconds: at least one, and at most a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seconds(pub(super) u32);

struct SecondsVisitor;

impl Visitor<'_> for SecondsVisitor {
    type Value = Seconds;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("seconds from 0.001 to 86400, with at most three decimal places")
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Seconds, E> {
        match u32::try_from(number) {
            Ok(seconds @ 1..=86_400) => Ok(Seconds(seconds * 1_000)),
            _ => Err(E::invalid_value(de::Unexpected::Signed(number), &self)),
        }
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Seconds, E> {
        // Written down and read back, a decimal fraction is exact where its double is not.
        let text = format!("{number:.3}");
        let milliseconds = text.split_once('.').and_then(|(seconds, thousandths)| {
            let seconds: u32 = seconds.parse().ok().filter(|seconds| *seconds < 86_400)?;
            Some(seconds * 1_000 + thousandths.parse::<u32>().ok()?)
        });
        match milliseconds {
            Some(milliseconds @ 1..) if text.parse() == Ok(number) => Ok(Seconds(milliseconds)),
            _ => Err(E::invalid_value(de::Unexpected::Float(number), &self)),
        }
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SecondsVisitor)
    }
}
