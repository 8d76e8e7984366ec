//! Values of scenario files that are a number or a word.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

/// The most losses or duplicates that a world counts: a state has a byte for each.
pub(super) const MAX_BUDGET: u8 = u8::MAX;

/// A number, or the word `unlimited`: `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limited(pub(super) Option<u32>);

impl<'de> Deserialize<'de> for Limited {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = format!("a number from 0 to {MAX_BUDGET}, or \"unlimited\"");
        deserializer.deserialize_any(NumberOrWord { word: "unlimited", expected }).map(Self)
    }
}

/// A number of ticks, or the word `never`: `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AfterTicks(pub(super) Option<u32>);

impl<'de> Deserialize<'de> for AfterTicks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let expected = "a number of ticks, or \"never\"".to_owned();
        deserializer.deserialize_any(NumberOrWord { word: "never", expected }).map(Self)
    }
}

/// A number, or a word that stands for none.
struct NumberOrWord {
    word: &'static str,
    expected: String,
}

impl Visitor<'_> for NumberOrWord {
    type Value = Option<u32>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.expected)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Option<u32>, E> {
        u32::try_from(number).map(Some).map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<Option<u32>, E> {
        if word == self.word { Ok(None) } else { Err(E::invalid_value(de::Unexpected::Str(word), &self)) }
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
