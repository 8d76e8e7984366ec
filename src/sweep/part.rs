//! The share of one of several machines.

use std::fmt;
use std::hash::BuildHasher;
use std::str::FromStr;

use foldhash::quality::FixedState;
use serde::{Deserialize, Serialize};

/// The share with this number of so many: what has the number n, from 0, belongs to the share n mod `of` + 1.
/// Neighbours, which take about as long, are so spread over all shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Part {
    /// From 1.
    pub number: u32,
    /// At least 1.
    pub of: u32,
}

impl Part {
    /// All there is.
    pub const WHOLE: Self = Self { number: 1, of: 1 };

    /// There are no more shares than this.
    const MAX_SHARES: u32 = 10_000;

    /// The share with this number of so many, if there is one.
    #[must_use]
    pub fn new(number: u32, of: u32) -> Option<Self> {
        ((1..=of).contains(&number) && of <= Self::MAX_SHARES).then_some(Self { number, of })
    }

    /// Whether what has this number, from 0, belongs to the share.
    #[must_use]
    pub fn has(self, number: usize) -> bool {
        // No share is beyond the number that it is one of.
        number % (self.of.max(1) as usize) + 1 == self.number as usize
    }
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        let part = numbers.and_then(|(number, of)| Self::new(number, of));
        part.ok_or_else(|| "expected NUMBER/OF, as in 3/16: from 1/16 to 16/16".to_owned())
    }
}

/// A hash of these texts, in their order: 16 hexadecimal digits, the same in every run. Parts are put together
/// only if theirs are equal; two different lists of texts are as good as never.
#[must_use]
pub fn digest(texts: impl IntoIterator<Item = String>) -> String {
    let all: Vec<String> = texts.into_iter().collect();
    format!("{:016x}", FixedState::with_seed(0).hash_one(all))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_belongs_to_one_share() {
        for of in 1..=7 {
            let parts: Vec<Part> = (1..=of).map(|number| format!("{number}/{of}").parse().unwrap()).collect();
            assert!((0..50).all(|number| parts.iter().filter(|part| part.has(number)).count() == 1));
        }
        for wrong in ["", "3", "0/3", "4/3", "1/0", "a/b", "-1/3", "1/2/3", "1/99999999", " 1/2"] {
            assert!(wrong.parse::<Part>().is_err(), "{wrong}");
        }
    }
}
