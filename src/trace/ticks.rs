//! Lengths of time on a trace: whole ticks, or fractions of a tick.

use std::fmt::{self, Write};
use std::str::FromStr;

/// A length of time, or a moment counted from the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticks {
    /// In equal parts of a tick.
    pub parts: u32,
    /// How many parts a tick has; at least one.
    pub per_tick: u32,
}

/// The fractions that have a character of their own in nearly every font.
const VULGAR: [((u32, u32), char); 15] = [
    ((1, 2), '½'),
    ((1, 3), '⅓'),
    ((2, 3), '⅔'),
    ((1, 4), '¼'),
    ((3, 4), '¾'),
    ((1, 5), '⅕'),
    ((2, 5), '⅖'),
    ((3, 5), '⅗'),
    ((4, 5), '⅘'),
    ((1, 6), '⅙'),
    ((5, 6), '⅚'),
    ((1, 8), '⅛'),
    ((3, 8), '⅜'),
    ((5, 8), '⅝'),
    ((7, 8), '⅞'),
];

impl Ticks {
    /// Ticks, whole and broken, for a picture that is to scale.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        f64::from(self.parts) / f64::from(self.per_tick.max(1))
    }

    /// The ticks in ASCII: `2 1/3`.
    #[must_use]
    pub fn in_ascii(self) -> String {
        let (whole, rest) = self.split();
        match (whole, rest) {
            (whole, None) => whole.to_string(),
            (0, Some((over, under))) => format!("{over}/{under}"),
            (whole, Some((over, under))) => format!("{whole} {over}/{under}"),
        }
    }

    /// The whole ticks, and the fraction that is left in lowest terms.
    fn split(self) -> (u32, Option<(u32, u32)>) {
        let per_tick = self.per_tick.max(1);
        let rest = self.parts % per_tick;
        let common = greatest_common_divisor(rest, per_tick);
        (self.parts / per_tick, (rest > 0).then(|| (rest / common, per_tick / common)))
    }
}

impl fmt::Display for Ticks {
    /// `2`, `2⅓`, `⅓`, and `2 1/7` where no character stands for the fraction.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = self.split();
        let vulgar = rest.and_then(|rest| VULGAR.iter().find(|(fraction, _)| *fraction == rest));
        match (whole, vulgar) {
            (0, Some((_, char))) => f.pad(&char.to_string()),
            (whole, Some((_, char))) => f.pad(&format!("{whole}{char}")),
            (_, None) => f.pad(&self.in_ascii()),
        }
    }
}

/// The most parts of a tick that moments are chosen by: no fraction that is read has a greater denominator.
pub(crate) const MAX_CHOSEN_PARTS: u32 = 1024;

impl FromStr for Ticks {
    type Err = String;

    /// Reads `2`, `1/2`, `2 1/3`, `2½` or `⅓`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = || "expected ticks, as in 2, 1/2 or 1 1/2".to_owned();
        let ascii = fractions_in_ascii(text);
        let words: Vec<&str> = ascii.split_whitespace().collect();
        let (whole, fraction) = match words.as_slice() {
            [fraction] if fraction.contains('/') => ("0", Some(*fraction)),
            [whole] => (*whole, None),
            [whole, fraction] => (*whole, Some(*fraction)),
            _ => return Err(expected()),
        };
        let number = |text: &str| text.parse::<u32>().map_err(|_| expected());
        let (over, per_tick) = match fraction {
            None => (0, 1),
            Some(fraction) => {
                let (over, under) = fraction.split_once('/').ok_or_else(expected)?;
                (number(over)?, number(under)?)
            }
        };
        if per_tick == 0 || per_tick > MAX_CHOSEN_PARTS {
            return Err(format!("expected a fraction of at least 1/{MAX_CHOSEN_PARTS} of a tick"));
        }
        let parts = number(whole)?.checked_mul(per_tick).and_then(|parts| parts.checked_add(over));
        Ok(Self { parts: parts.ok_or_else(|| too_long(per_tick))?, per_tick })
    }
}

/// What is wrong with a run that is longer than its moments can count, which are 32 bits of parts of a tick.
pub(crate) fn too_long(per_tick: u32) -> String {
    let parts = if per_tick > 1 { format!(" where moments are 1/{per_tick} of a tick") } else { String::new() };
    format!("no run lasts longer than {} ticks{parts}", u32::MAX / per_tick)
}

/// The greatest number that divides both; not 0 if one of them is not.
pub(crate) fn greatest_common_divisor(one: u32, other: u32) -> u32 {
    if other == 0 { one } else { greatest_common_divisor(other, one % other) }
}

/// A text of characters that only a terminal of UTF-8 has for fractions, in ASCII: `1½` is `1 1/2`.
pub(crate) fn fractions_in_ascii(text: &str) -> String {
    let mut ascii = String::with_capacity(text.len());
    for char in text.chars() {
        match VULGAR.iter().find(|(_, vulgar)| *vulgar == char) {
            Some(((over, under), _)) => {
                if ascii.ends_with(|last: char| last.is_ascii_digit()) {
                    ascii.push(' ');
                }
                let _ = write!(ascii, "{over}/{under}");
            }
            None => ascii.push(char),
        }
    }
    ascii
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_write_them() {
        let written = |parts, per_tick| {
            let ticks = Ticks { parts, per_tick };
            let (shown, ascii) = (ticks.to_string(), ticks.in_ascii());
            assert_eq!(fractions_in_ascii(&shown), ascii);
            for text in [&shown, &ascii] {
                let read: Ticks = text.parse().unwrap();
                assert_eq!(read.parts * per_tick, parts * read.per_tick, "{text}");
            }
            (shown, ascii)
        };
        let cases = [
            ((0, 1), "0", "0"),
            ((7, 1), "7", "7"),
            ((3, 2), "1½", "1 1/2"),
            ((1, 3), "⅓", "1/3"),
            ((4, 6), "⅔", "2/3"),
            ((12, 6), "2", "2"),
            ((15, 7), "2 1/7", "2 1/7"),
            ((3, 11), "3/11", "3/11"),
        ];
        for ((parts, per_tick), shown, ascii) in cases {
            assert_eq!(written(parts, per_tick), (shown.to_owned(), ascii.to_owned()));
        }
    }

    #[test]
    fn what_is_no_time_is_not_read() {
        for text in ["", "x", "-1", "1/0", "1/2/3", "1 2", "1 1/2 3", "1/1025", "4294967296", "4294967295 1/2"] {
            assert!(text.parse::<Ticks>().is_err(), "{text}");
        }
    }
}
