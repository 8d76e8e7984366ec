//! Words and numbers of cases, and where in a text they stand.

use std::collections::VecDeque;
use std::ops::Range;

use super::number::{Sign, Term, TimeUnit};
use super::{CaseNumber, TimeSpan};
use crate::diagnostic::nearest;

/// What is wrong with a text, and which bytes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) at: Range<usize>,
    pub(super) title: String,
    pub(super) label: String,
    pub(super) help: Option<String>,
}

/// A word and where in the text it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word<'a> {
    pub(super) at: usize,
    pub(super) text: &'a str,
}

impl Word<'_> {
    pub(super) fn mistake(&self, title: impl Into<String>, label: impl Into<String>) -> Mistake {
        Mistake { at: self.at..self.at + self.text.len(), title: title.into(), label: label.into(), help: None }
    }

    /// That the word is none of those that were expected.
    pub(super) fn unknown<'b>(&self, what: &str, names: impl IntoIterator<Item = &'b str>) -> Mistake {
        let names: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
        Mistake {
            help: nearest(self.text, names.iter().copied()).map(|name| format!("there is `{name}`")),
            ..self.mistake(
                format!("unknown {what} `{}`", self.text),
                format!("expected one of {}", names.join(", ")),
            )
        }
    }

    /// The rest of the word after so many bytes.
    pub(super) fn after(&self, bytes: usize) -> Self {
        Self { at: self.at + bytes, text: self.text.get(bytes..).unwrap_or_default() }
    }
}

/// A text taken apart.
#[derive(Clone, Debug)]
pub(super) struct Words<'a> {
    /// Those that were not taken yet.
    rest: VecDeque<Word<'a>>,
    /// What stands in parentheses.
    pub(super) remarks: Vec<&'a str>,
    /// Where the text ends.
    pub(super) end: usize,
}

impl<'a> Words<'a> {
    /// Words are separated by space; what stands in parentheses is a remark.
    pub(super) fn of(text: &'a str) -> Self {
        let mut words = Self { rest: VecDeque::new(), remarks: Vec::new(), end: text.len() };
        let mut rest = Word { at: 0, text };
        loop {
            let blank = rest.text.len() - rest.text.trim_start().len();
            rest = rest.after(blank);
            if rest.text.is_empty() {
                return words;
            }
            // What is not closed is a word, and no word begins so.
            let remark = rest.text.find(')').filter(|_| rest.text.starts_with('('));
            let length = if let Some(end) = remark {
                let length = end + 1;
                words.remarks.push(rest.text.get(1..length - 1).unwrap_or_default());
                length
            } else {
                let length = rest.text.find(char::is_whitespace).unwrap_or(rest.text.len());
                words.rest.push_back(Word { at: rest.at, text: rest.text.get(..length).unwrap_or_default() });
                length
            };
            rest = rest.after(length);
        }
    }

    /// The next word, if there is one.
    pub(super) fn next(&mut self) -> Option<Word<'a>> {
        self.rest.pop_front()
    }

    pub(super) fn peek(&self) -> Option<&'a str> {
        self.rest.front().map(|word| word.text)
    }

    /// The next word; the mistake is that there is none.
    pub(super) fn expect(&mut self, what: &str) -> Result<Word<'a>, Mistake> {
        let end = Word { at: self.end, text: "" };
        self.next().ok_or_else(|| end.mistake(format!("missing: {what}"), "expected it here"))
    }

    /// That nothing follows.
    pub(super) fn finish(&mut self) -> Result<(), Mistake> {
        match self.next() {
            None => Ok(()),
            Some(word) => Err(word.mistake(format!("unexpected `{}`", word.text), "expected nothing more")),
        }
    }
}

/// A whole number from 0 to `most`.
pub(super) fn integer(word: Word<'_>, most: u32) -> Result<u32, Mistake> {
    let digits = !word.text.is_empty() && word.text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { word.text.parse().ok().filter(|number| *number <= most) } else { None };
    let what = if word.text.is_empty() { "missing: a number" } else { "not a number that fits" };
    number.ok_or_else(|| word.mistake(what, format!("expected 0 to {most}")))
}

/// The terms of a sum, each with its sign.
fn terms(word: Word<'_>) -> impl Iterator<Item = (Sign, Word<'_>)> {
    // A sum may begin with a minus: `-1` is the number before 0.
    let mut rest = match word.text.strip_prefix('-') {
        Some(_) => Some((Sign::Minus, word.after(1))),
        None => Some((Sign::Plus, word)),
    };
    std::iter::from_fn(move || {
        let (sign, word) = rest?;
        let length = word.text.find(['+', '-']).unwrap_or(word.text.len());
        let after = word.after(length);
        rest = after
            .text
            .chars()
            .next()
            .map(|next| (if next == '+' { Sign::Plus } else { Sign::Minus }, after.after(1)));
        Some((sign, Word { at: word.at, text: word.text.get(..length).unwrap_or_default() }))
    })
}

/// A sequence number: `outside`, or a sum of numbers, powers and names. The number that a new connection chooses may
/// be any: who answers a SYN is not modelled.
pub(super) fn number(word: Word<'_>) -> Result<CaseNumber, Mistake> {
    match word.text {
        "outside" => return Ok(CaseNumber::outside()),
        "newISS" => return Ok(CaseNumber::of(Term::Octets(0))),
        _ => {}
    }
    let term = |(sign, term): (Sign, Word<'_>)| {
        if let Some((_, named)) = Term::NAMED.iter().find(|(name, _)| *name == term.text) {
            return Ok((sign, *named));
        }
        if let Some((base, _)) = term.text.split_once('^') {
            let power = u64::from(integer(Word { at: term.at, text: base }, u32::MAX)?)
                .checked_pow(integer(term.after(base.len() + 1), 32)?)
                .filter(|power| *power <= 1 << 32);
            let power = power.ok_or_else(|| term.mistake("too large a power", "expected at most 2^32"))?;
            // Numbers are modulo 2³².
            return Ok((sign, Term::Octets(u32::try_from(power).unwrap_or(0))));
        }
        if term.text.starts_with(|first: char| first.is_ascii_alphabetic()) {
            return Err(term.unknown("variable", Term::NAMED.iter().map(|(name, _)| *name)));
        }
        Ok((sign, Term::Octets(integer(term, u32::MAX)?)))
    };
    terms(word).map(term).collect::<Result<_, _>>().map(CaseNumber)
}

/// A time: a sum of numbers with units.
pub(super) fn span(word: Word<'_>) -> Result<TimeSpan, Mistake> {
    let term = |(sign, term): (Sign, Word<'_>)| {
        if let Some(milliseconds) = decimal_seconds(term)? {
            return Ok((sign, milliseconds, TimeUnit::Milliseconds));
        }
        let digits = term.text.bytes().take_while(u8::is_ascii_digit).count();
        let count = match digits {
            0 => 1,
            _ => integer(Word { at: term.at, text: term.text.get(..digits).unwrap_or_default() }, u32::MAX)?,
        };
        let unit = term.after(digits);
        let name = if digits > 0 { unit.text.strip_prefix('*').unwrap_or(unit.text) } else { unit.text };
        let known = TimeUnit::NAMED.iter().find(|(known, _)| *known == name);
        // Neither a number nor a unit, or a star with nothing behind it.
        let nothing = digits == 0 && name.is_empty() || unit.text == "*";
        match known {
            Some((_, unit)) if !nothing => Ok((sign, count, *unit)),
            _ => Err(term.mistake("not a time", "expected numbers with ms, s, min, RTO or MSL, as in 10*RTO-1s")),
        }
    };
    terms(word).map(term).collect::<Result<_, _>>().map(TimeSpan)
}

/// `1.5s` in milliseconds; `None` if there is no point in it.
fn decimal_seconds(word: Word<'_>) -> Result<Option<u32>, Mistake> {
    let Some((whole, rest)) = word.text.split_once('.') else { return Ok(None) };
    let places = rest.strip_suffix('s').filter(|places| (1..=3).contains(&places.len()));
    let Some(places) = places else {
        return Err(word.mistake("not a time", "expected seconds with at most three places, as in 1.5s"));
    };
    let after = word.after(whole.len() + 1);
    let seconds = integer(Word { at: word.at, text: whole }, 4_000_000)?;
    let thousandths = integer(Word { at: after.at, text: places }, 999)?;
    let scale = [100, 10, 1].get(places.len() - 1).copied().unwrap_or(1);
    Ok(Some(seconds * 1_000 + thousandths * scale))
}
