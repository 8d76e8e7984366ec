//! Values of scenario files that are a number or a word.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

/// A length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Duration {
    /// `3`: so many ticks.
    Ticks(u32),
    /// `"2 msl"`: so many segment lifetimes.
    Msl(u32),
}

impl Duration {
    /// The duration in ticks, where the MSL, already scaled, is `msl` ticks.
    pub(super) fn ticks(self, msl: u32, scale: u32) -> u32 {
        match self {
            Self::Ticks(ticks) => ticks.saturating_mul(scale),
            Self::Msl(lifetimes) => lifetimes.saturating_mul(msl),
        }
    }
}

/// A number, or the word `unlimited`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limited {
    /// At most so many.
    To(u32),
    /// Any number.
    Unlimited,
}

/// A value, or the word `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Optional<T> {
    /// The word.
    None,
    /// The value.
    Some(T),
}

/// What is written as a number or as a word.
trait NumberOrWord: Sized {
    /// What is expected, for diagnostics.
    const EXPECTED: &'static str;
    fn of_number(number: u32) -> Self;
    fn of_word(word: &str) -> Option<Self>;
}

impl NumberOrWord for Duration {
    const EXPECTED: &'static str = "ticks, as in 3, or segment lifetimes, as in \"2 msl\"";

    fn of_number(number: u32) -> Self {
        Self::Ticks(number)
    }

    fn of_word(word: &str) -> Option<Self> {
        word.strip_suffix("msl")?.trim().parse().ok().map(Self::Msl)
    }
}

impl NumberOrWord for Limited {
    const EXPECTED: &'static str = "a number from 0 to 255, or \"unlimited\"";

    fn of_number(number: u32) -> Self {
        Self::To(number)
    }

    fn of_word(word: &str) -> Option<Self> {
        (word == "unlimited").then_some(Self::Unlimited)
    }
}

impl NumberOrWord for Optional<u32> {
    const EXPECTED: &'static str = "a number, or \"none\"";

    fn of_number(number: u32) -> Self {
        Self::Some(number)
    }

    fn of_word(word: &str) -> Option<Self> {
        (word == "none").then_some(Self::None)
    }
}

impl NumberOrWord for Optional<Duration> {
    const EXPECTED: &'static str = "ticks, as in 3, segment lifetimes, as in \"2 msl\", or \"none\"";

    fn of_number(number: u32) -> Self {
        Self::Some(Duration::Ticks(number))
    }

    fn of_word(word: &str) -> Option<Self> {
        if word == "none" { Some(Self::None) } else { Duration::of_word(word).map(Self::Some) }
    }
}

struct NumberOrWordVisitor<T>(PhantomData<T>);

impl<T: NumberOrWord> Visitor<'_> for NumberOrWordVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        u32::try_from(number)
            .map(T::of_number)
            .map_err(|_| E::invalid_value(de::Unexpected::Signed(number), &self))
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<T, E> {
        T::of_word(word).ok_or_else(|| E::invalid_value(de::Unexpected::Str(word), &self))
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrWordVisitor(PhantomData))
    }
}

impl<'de> Deserialize<'de> for Limited {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrWordVisitor(PhantomData))
    }
}

impl<'de, T> Deserialize<'de> for Optional<T>
where
    Self: NumberOrWord,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberOrWordVisitor(PhantomData))
    }
}
