//! What a sweep varies: a key of the scenario, and the values that it takes.

use std::fmt::Display;

use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile, Span};
use crate::scenario::Setting;

/// A sweep has no more worlds than this, and an axis no more values.
pub const MAX_WORLDS: usize = 20_000;

/// The option whose text is read here, which diagnostics name.
const OPTION: &str = "--vary";

/// A key of the scenario, and the values that it takes one after the other.
#[derive(Clone, Debug)]
pub struct Axis {
    /// The key, as in `network.losses`.
    pub key: String,
    /// Its values, in the order in which they were given.
    pub values: Vec<AxisValue>,
}

/// A value of an axis.
#[derive(Clone, Debug)]
pub struct AxisValue {
    /// As it is written: `2`, `2 msl`, `after-eof`.
    pub text: String,
    /// The setting of the key to it.
    pub setting: Setting,
}

impl Axis {
    /// Reads `KEY=VALUES`. The values are those of `--set`, separated by commas; or ranges of whole numbers with
    /// both ends in them, and perhaps a step and a unit: `0..12`, `0..12/2`, `1..4 msl`.
    ///
    /// # Errors
    /// If it is no such text, no scenario has the key, the key has no such value, or a value is there twice.
    pub fn parse(text: &str) -> Result<Self, Diagnostics> {
        let source = SourceFile::new(OPTION, text);
        let Some((key, values)) = text.split_once('=') else {
            let mistake = Diagnostic::new("an axis is a key and its values");
            return Err(mistake
                .at(&source, 0..text.len(), "expected KEY=VALUES, as in network.losses=0..3")
                .into());
        };
        let key = key.trim().to_owned();
        let mut axis = Self { key, values: Vec::new() };
        for (start, item) in items(values) {
            let span = text.len() - values.len() + start..text.len() - values.len() + start + item.len();
            for value in range(item, &source, &span)?.unwrap_or_else(|| vec![item.trim().to_owned()]) {
                let at = |title: String, label: &str| Diagnostic::new(title).at(&source, span.clone(), label);
                if axis.values.iter().any(|known| known.text == value) {
                    let title = format!("`{}` takes the value {value} twice", axis.key);
                    return Err(at(title, "expected each value once").into());
                }
                if axis.values.len() == MAX_WORLDS {
                    let title = format!("`{}` takes too many values", axis.key);
                    return Err(at(title, &format!("expected {MAX_WORLDS} worlds at most")).into());
                }
                let setting = Setting::parse_from(OPTION, &format!("{}={value}", axis.key))?;
                axis.values.push(AxisValue { text: value, setting });
            }
        }
        Ok(axis)
    }

    /// Whether its values are numbers, of the same unit, that grow.
    #[must_use]
    pub fn is_ascending(&self) -> bool {
        let numbers: Option<Vec<(f64, &str)>> = self.values.iter().map(|value| number(&value.text)).collect();
        numbers.is_some_and(|numbers| {
            numbers.windows(2).all(|pair| match pair {
                [(less, unit), (more, other)] => less < more && unit == other,
                _ => true,
            })
        })
    }
}

/// The items between the commas of a list, each with its place; a comma in quotes or brackets is part of an item.
fn items(text: &str) -> Vec<(usize, &str)> {
    let (mut items, mut start, mut depth, mut quote) = (Vec::new(), 0, 0_usize, None);
    for (place, char) in text.char_indices() {
        match (char, quote) {
            (_, Some(open)) if char == open => quote = None,
            ('"' | '\'', None) => quote = Some(char),
            ('[' | '{', None) => depth += 1,
            (']' | '}', None) => depth = depth.saturating_sub(1),
            (',', None) if depth == 0 => {
                items.push((start, text.get(start..place).unwrap_or_default()));
                start = place + 1;
            }
            _ => {}
        }
    }
    items.push((start, text.get(start..).unwrap_or_default()));
    items
}

/// The values of `LEAST..MOST`, `LEAST..MOST/STEP`, each perhaps with a unit behind it; `None` if it is no range.
fn range(
    item: &str,
    source: &std::sync::Arc<SourceFile>,
    span: &Span,
) -> Result<Option<Vec<String>>, Diagnostics> {
    let Some((least, rest)) = item.trim().split_once("..") else {
        return Ok(None);
    };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unit_of_least = least.split_once(char::is_alphabetic).filter(|(number, _)| is_number(number.trim_end()));
    let wrong = |label: &dyn Display| {
        let mistake = Diagnostic::new(format!("`{}` is no range", item.trim()));
        Diagnostics::from(mistake.at(source, span.clone(), label.to_string()))
    };
    if least.strip_prefix('-').is_some_and(is_number) {
        return Err(wrong(&format!("expected numbers from 0 to {}", u32::MAX)));
    }
    if !is_number(least) && unit_of_least.is_none() {
        return Ok(None);
    }
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (most, rest) = rest.split_at_checked(digits(rest)).unwrap_or((rest, ""));
    let (step, unit) = match rest.strip_prefix('/') {
        Some(rest) => rest.split_at_checked(digits(rest)).unwrap_or((rest, "")),
        None => ("1", rest),
    };
    let as_in = "expected LEAST..MOST with both in it, as in 0..12, 0..12/2 or 1..4 msl";
    let has_unit = unit.is_empty() || unit.trim_start().starts_with(char::is_alphabetic);
    if unit_of_least.is_some() {
        return Err(wrong(&"expected the unit once, at the end, as in 1..4 msl"));
    }
    if !is_number(most) || !is_number(step) || !has_unit {
        return Err(wrong(&as_in));
    }
    let (Ok(least), Ok(most), Ok(step)) = (least.parse::<u32>(), most.parse::<u32>(), step.parse::<usize>())
    else {
        return Err(wrong(&format!("expected numbers up to {}", u32::MAX)));
    };
    if step == 0 {
        return Err(wrong(&"expected a step of 1 or more"));
    }
    if least > most {
        return Err(wrong(&format!("expected the lesser number first: {most}..{least}")));
    }
    // One more than there may be: that is then a mistake.
    let values = (least..=most).step_by(step).take(MAX_WORLDS + 1);
    Ok(Some(values.map(|number| format!("{number}{}", unit.trim_end())).collect()))
}

/// The number that a value begins with, and what stands behind it; of a text in quotes, what is in them.
fn number(value: &str) -> Option<(f64, &str)> {
    let value = value.trim_matches(['"', '\'']).trim();
    let end = value.find(|char: char| !char.is_ascii_digit() && char != '.').unwrap_or(value.len());
    let (number, unit) = value.split_at_checked(end)?;
    Some((number.parse().ok()?, unit.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str) -> Vec<String> {
        Axis::parse(text).unwrap().values.into_iter().map(|value| value.text).collect()
    }

    #[test]
    fn ranges_have_both_ends_in_them() {
        assert_eq!(values("network.losses=0..3"), ["0", "1", "2", "3"]);
        assert_eq!(values("tcp.time_wait=0..7/3"), ["0", "3", "6"]);
        assert_eq!(values("tcp.time_wait=1..2 msl,9"), ["1 msl", "2 msl", "9"]);
        assert_eq!(values("network.losses=5..5"), ["5"]);
        assert_eq!(values("a.closes=any-time, never"), ["any-time", "never"]);
        let arrays = "fairness.network=[\"ACK to B\", \"FIN to B\"],true";
        assert_eq!(values(arrays), ["[\"ACK to B\", \"FIN to B\"]", "true"]);
    }

    #[test]
    fn mistakes_are_shown_where_they_stand() {
        let said = |text: &str| {
            let mistake = Axis::parse(text).unwrap_err().0.remove(0);
            let place = mistake.primary.unwrap();
            format!("{} | {} | {}", mistake.title, place.file.text[place.span].to_owned(), place.label)
        };
        let all: Vec<String> = [
            "network.losses",
            "network.losses=3..1",
            "network.losses=1..",
            "network.losses=1..x",
            "network.losses=0..=3",
            "network.losses=0..9/0",
            "network.losses=0..99999999999",
            "network.losses=0..4000000000",
            "network.losses=1,2,1",
            "network.losses=0..3,2",
            "network.losses=",
            "network.losses=1,,2",
            "network.loses=1..2",
            "losses=1..2",
            "network.losses=many",
            "about=x,y",
            "network.losses=-1..2",
            "tcp.time_wait=10 s..60 s",
            "tcp.time_wait=1msl..2 msl",
        ]
        .into_iter()
        .map(said)
        .collect();
        insta::assert_snapshot!(all.join("\n"));
    }

    #[test]
    fn numbers_of_a_unit_ascend() {
        for (text, ascends) in [
            ("network.losses=0..3", true),
            ("network.losses=3,1", false),
            ("tcp.time_wait=1..3 msl", true),
            ("tcp.time_wait=1 msl,3", false),
            ("network.msl_seconds=0.5,1.25,30", true),
            ("a.closes=any-time,never", false),
            ("network.losses=1,unlimited", false),
        ] {
            assert_eq!(Axis::parse(text).unwrap().is_ascending(), ascends, "{text}");
        }
    }
}
