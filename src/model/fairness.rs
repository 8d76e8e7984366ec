//! Fairness: the actions that may not be postponed forever.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

use super::observe::{End, Kind};

/// The fairness of a scenario: which runs without end count as runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fairness {
    /// Weak fairness for a close: an end that may close, and from some moment on always may, does.
    pub applications: bool,
    /// Strong fairness for delivery: such a segment that is in flight again and again is delivered again and
    /// again.
    pub network: Deliveries,
}

/// Which segments a fair network delivers: a set of kinds, each with the end that it goes to.
///
/// In a file: `true` (all of them), `false` (none), or a list as in `["FIN to A", "RST to B"]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deliveries(u16);

impl Default for Fairness {
    fn default() -> Self {
        Self { applications: true, network: Deliveries::ALL }
    }
}

impl Deliveries {
    /// Every segment.
    pub const ALL: Self = Self(u16::MAX);
    /// None.
    pub const NONE: Self = Self(0);

    /// Whether segments of this kind to this end are among them.
    #[must_use]
    pub fn include(self, kind: Kind, to: End) -> bool {
        self.0 & bit(kind, to) != 0
    }

    fn of_words(words: &str) -> Option<Self> {
        let (kind, to) = words.split_once(" to ")?;
        let kind = Kind::ALL.into_iter().find(|known| known.name() == kind)?;
        let to = End::BOTH.into_iter().find(|end| end.to_string() == to)?;
        Some(Self(bit(kind, to)))
    }
}

fn bit(kind: Kind, to: End) -> u16 {
    1 << (kind as u16 * 2 + to as u16)
}

struct DeliveriesVisitor;

impl<'de> Visitor<'de> for DeliveriesVisitor {
    type Value = Deliveries;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false, or a list of the segments that get through, as in [\"FIN to A\", \"ACK to B\"]")
    }

    fn visit_bool<E: de::Error>(self, all: bool) -> Result<Deliveries, E> {
        Ok(if all { Deliveries::ALL } else { Deliveries::NONE })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Deliveries, A::Error> {
        let mut all = 0;
        while let Some(words) = list.next_element::<String>()? {
            let one = Deliveries::of_words(&words);
            all |= one.ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(&words), &self))?.0;
        }
        Ok(Deliveries(all))
    }
}

impl<'de> Deserialize<'de> for Deliveries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DeliveriesVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Shape {
        network: Deliveries,
    }

    fn read(value: &str) -> Result<Deliveries, String> {
        let shape = toml::from_str::<Shape>(&format!("network = {value}"));
        shape.map(|shape| shape.network).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn a_list_includes_what_it_names() {
        let some = read("['FIN to A', 'RST to B', 'FIN to A']").unwrap();
        let all = Kind::ALL.into_iter().flat_map(|kind| End::BOTH.map(|to| (kind, to)));
        let included: Vec<_> = all.clone().filter(|(kind, to)| some.include(*kind, *to)).collect();
        assert_eq!(included, [(Kind::Fin, End::A), (Kind::Rst, End::B)]);
        let both = [("true", Deliveries::ALL), ("false", Deliveries::NONE), ("[]", Deliveries::NONE)];
        assert_eq!(both.map(|(text, _)| read(text)), both.map(|(_, deliveries)| Ok(deliveries)));
        assert!(all.clone().all(|(kind, to)| Deliveries::ALL.include(kind, to)));
    }

    #[test]
    fn what_names_no_segment_is_refused() {
        for wrong in ["1", "'FIN to A'", "['FIN']", "['PSH to A']", "['FIN to C']", "['fin to A']"] {
            assert!(read(wrong).unwrap_err().contains("FIN to A"), "{wrong}");
        }
    }
}
