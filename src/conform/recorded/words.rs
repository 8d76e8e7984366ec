//! What every rule of the grammar of cases is made from: words, whole numbers, tables of names, and mistakes.

use std::ops::Range;

use winnow::Parser;
use winnow::combinator::{alt, delimited, eof, opt, repeat};
use winnow::error::ParserError;
use winnow::stream::{LocatingSlice, Location, Stream};
use winnow::token::{take_till, take_while};

use crate::diagnostic::{misspelt, nearest};

/// A step, a segment or a state as the file writes it.
pub(super) type Input<'a> = LocatingSlice<&'a str>;

/// What a rule has read, or why it could not.
pub(super) type Parsed<T> = Result<T, Unread>;

/// What is wrong with a text, and which bytes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) at: Range<usize>,
    pub(super) title: String,
    pub(super) label: String,
    pub(super) help: Option<String>,
}

/// Why a text is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// Something else stands here; another rule may take it.
    Unexpected(Mistake),
    /// It is wrong.
    Mistake(Mistake),
    /// It is about something that is not modelled; what its other words mean is not known.
    NotModelled(String),
}

impl From<Mistake> for Unread {
    fn from(mistake: Mistake) -> Self {
        Self::Mistake(mistake)
    }
}

impl<'a> ParserError<Input<'a>> for Unread {
    type Inner = Self;

    fn from_input(input: &Input<'a>) -> Self {
        let text: &'a str = input.as_ref();
        let word = text.split_whitespace().next().unwrap_or_default();
        let word = Word { at: input.current_token_start(), text: word };
        Self::Unexpected(word.mistake(format!("unexpected `{}`", word.text), "expected nothing more"))
    }

    fn is_backtrack(&self) -> bool {
        matches!(self, Self::Unexpected(_))
    }

    fn into_inner(self) -> Result<Self, Self> {
        Ok(self)
    }
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

    /// What the word stands for in a table of names.
    pub(super) fn one_of<T: Copy>(&self, what: &str, names: &[(&str, T)]) -> Result<T, Mistake> {
        let known = names.iter().find(|(name, _)| *name == self.text).map(|(_, meaning)| *meaning);
        known.ok_or_else(|| self.unknown(what, names.iter().map(|(name, _)| *name)))
    }

    /// The same in a table that has names of what is not modelled, too.
    pub(super) fn modelled_one_of<T: Copy>(&self, what: &str, names: &[(&str, Result<T, &str>)]) -> Parsed<T> {
        let known = names.iter().find(|(name, _)| *name == self.text);
        let modelled = names.iter().filter(|(_, meaning)| meaning.is_ok()).map(|(name, _)| *name);
        let (_, meaning) = known.ok_or_else(|| self.unknown(what, modelled))?;
        meaning.map_err(|feature| Unread::NotModelled(feature.to_owned()))
    }

    /// The same where any other name is something that is not modelled, unless it looks like one of the table.
    pub(super) fn one_of_or<T: Copy>(
        &self,
        what: &str,
        names: &[(&str, T)],
        feature: impl FnOnce() -> String,
    ) -> Parsed<T> {
        match self.one_of(what, names) {
            Err(_) if misspelt(self.text, names.iter().map(|(name, _)| *name)).is_none() => {
                Err(Unread::NotModelled(feature()))
            }
            found => Ok(found?),
        }
    }

    /// The mistake that the word is none of those that were expected.
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

    /// A whole number from 0 to `most`.
    pub(super) fn integer(&self, most: u32) -> Result<u32, Mistake> {
        let digits = !self.text.is_empty() && self.text.bytes().all(|byte| byte.is_ascii_digit());
        let number = if digits { self.text.parse().ok().filter(|number| *number <= most) } else { None };
        let what = if self.text.is_empty() { "missing: a number" } else { "not a number that fits" };
        number.ok_or_else(|| self.mistake(what, format!("expected 0 to {most}")))
    }

    /// The word up to so many bytes, and after them.
    pub(super) fn split_at(&self, bytes: usize) -> (Self, Self) {
        let (before, after) = self.text.split_at_checked(bytes).unwrap_or((self.text, ""));
        (Self { at: self.at, text: before }, Self { at: self.at + before.len(), text: after })
    }
}

/// All of a text by one rule.
pub(super) fn whole<'a, T>(text: &'a str, rule: impl Parser<Input<'a>, T, Unread>) -> Result<T, Mistake> {
    match delimited(blank, rule, (blank, eof)).parse_next(&mut LocatingSlice::new(text)) {
        Ok(read) => Ok(read),
        Err(Unread::Unexpected(mistake) | Unread::Mistake(mistake)) => Err(mistake),
        Err(Unread::NotModelled(feature)) => Err(Word { at: 0, text }.mistake(feature, "this is not modelled")),
    }
}

/// What a rule reads; or, if that is not modelled, what then stands for all of the text.
pub(super) fn modelled_or<'a, T>(
    rule: impl Fn(&mut Input<'a>) -> Parsed<T>,
    otherwise: impl Fn(String) -> T,
) -> impl Fn(&mut Input<'a>) -> Parsed<T> {
    move |input| match rule(input) {
        Err(Unread::NotModelled(feature)) => {
            input.finish();
            Ok(otherwise(feature))
        }
        read => read,
    }
}

/// Space, and remarks in parentheses. What is not closed is a word, and no word begins so.
pub(super) fn blank(input: &mut Input<'_>) -> Parsed<()> {
    let space = take_while(1.., char::is_whitespace).void();
    let remark = ('(', take_till(0.., ')'), ')').void();
    repeat(0.., alt((space, remark))).parse_next(input)
}

/// Whether this comes next; it is taken then.
pub(super) fn takes(input: &mut Input<'_>, text: &str) -> Parsed<bool> {
    opt(text).map(|taken| taken.is_some()).parse_next(input)
}

/// The letters up to one of these or to the next space, perhaps none.
pub(super) fn letters<'a>(input: &mut Input<'a>, end: impl Fn(char) -> bool) -> Parsed<Word<'a>> {
    let word = take_till(0.., |letter: char| letter.is_whitespace() || end(letter)).with_span();
    word.map(|(text, span)| Word { at: span.start, text }).parse_next(input)
}

/// The next word, if there is one.
pub(super) fn next_word<'a>(input: &mut Input<'a>) -> Parsed<Option<Word<'a>>> {
    let word = letters(input, |_| false)?;
    blank(input)?;
    Ok(Some(word).filter(|word| !word.text.is_empty()))
}

/// The next word; the mistake is that there is none.
pub(super) fn word<'a>(input: &mut Input<'a>, what: &str) -> Parsed<Word<'a>> {
    match next_word(input)? {
        Some(word) => Ok(word),
        None => Err(missing(input, what).into()),
    }
}

/// The mistake that the text ends before this.
pub(super) fn missing(input: &Input<'_>, what: &str) -> Mistake {
    Word { at: input.current_token_start(), text: "" }.mistake(format!("missing: {what}"), "expected it here")
}

/// A whole number from 0 to `most`.
pub(super) fn integer(input: &mut Input<'_>, what: &str, most: u32) -> Parsed<u32> {
    Ok(word(input, what)?.integer(most)?)
}
