//! A formula's text, cut into tokens.

use crate::diagnostic::{Span, nearest};
use crate::tcp::State;

use super::problem::Problem;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'a> {
    /// A keyword or a name.
    Word(&'a str),
    Integer(u32),
    /// One of [`SYMBOLS`].
    Symbol(&'static str),
    End,
}

/// Longer ones first, so that `<=` is not read as `<`.
const SYMBOLS: [&str; 14] = ["==", "!=", "<=", ">=", "<", ">", "+", "-", "(", ")", "{", "}", ",", "."];

/// What people write who come from other languages, and what to write here. The longest that a text begins with
/// counts.
const FOREIGN: [(&str, &str); 51] = [
    ("=>", "write `implies`"),
    ("==>", "write `implies`"),
    ("->", "write `implies`"),
    ("-->", "write `implies`"),
    ("→", "write `implies`"),
    ("⇒", "write `implies`"),
    ("<=>", "write `==`"),
    ("<->", "write `==`"),
    ("⇔", "write `==`"),
    ("↔", "write `==`"),
    ("&&", "write `and`"),
    ("&", "write `and`"),
    ("∧", "write `and`"),
    ("/\\", "write `and`"),
    ("||", "write `or`"),
    ("|", "write `or`"),
    ("∨", "write `or`"),
    ("\\/", "write `or`"),
    ("!", "write `not`"),
    ("~", "write `not`"),
    ("¬", "write `not`"),
    ("=", "write `==`"),
    ("≠", "write `!=`"),
    ("/=", "write `!=`"),
    ("#", "write `!=`"),
    ("≤", "write `<=`"),
    ("=<", "write `<=`"),
    ("≥", "write `>=`"),
    ("∈", "write `in`"),
    ("\\in", "write `in`"),
    ("[", "write a set as `{…}`"),
    ("]", "write a set as `{…}`"),
    ("[]", ALWAYS),
    ("□", ALWAYS),
    ("◻", ALWAYS),
    ("A[]", ALWAYS),
    ("<>", "write `eventually`, or `!=` between two terms"),
    ("◇", "write `eventually`"),
    ("◊", "write `eventually`"),
    ("A<>", "write `eventually`"),
    ("[]<>", "write `always eventually`"),
    ("□◇", "write `always eventually`"),
    ("<>[]", "write `eventually always`"),
    ("◇□", "write `eventually always`"),
    ("E<>", "write `possible`"),
    ("~>", "write `leads to`"),
    ("↝", "write `leads to`"),
    ("⇝", "write `leads to`"),
    ("○", NOT_HERE),
    ("\"", "names have no quotes here"),
    ("'", "names have no quotes here"),
];

/// The same, for words. None of them can be a name.
const FOREIGN_WORDS: [(&str, &str); 23] = [
    ("G", ALWAYS),
    ("AG", ALWAYS),
    ("globally", ALWAYS),
    ("henceforth", ALWAYS),
    ("F", "write `eventually`"),
    ("AF", "write `eventually`"),
    ("finally", "write `eventually`"),
    ("GF", "write `always eventually`"),
    ("FG", "write `eventually always`"),
    ("EF", "write `possible`"),
    ("sometimes", "write `possible`"),
    ("reachable", "write `possible`"),
    ("leadsto", "write `leads to`"),
    ("leads_to", "write `leads to`"),
    ("X", NOT_HERE),
    ("next", NOT_HERE),
    ("U", NOT_HERE),
    ("W", NOT_HERE),
    ("R", NOT_HERE),
    ("until", NOT_HERE),
    ("unless", NOT_HERE),
    ("release", NOT_HERE),
    ("EG", NOT_HERE),
];

const ALWAYS: &str = "write `always`; `always (p => eventually q)` of other languages is `p leads to q`";
const NOT_HERE: &str = "there is none like it: `always`, `never`, `possible`, `eventually`, `always eventually`, \
                        `eventually always`, `leads to` and `time passes` are all temporal operators";

/// A word that has no meaning here, and the word to write instead.
pub(super) fn foreign_word(word: &str) -> Option<&'static str> {
    FOREIGN_WORDS.into_iter().find(|(foreign, _)| *foreign == word).map(|(_, help)| help)
}

/// The tokens, the last of which is the only [`Kind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>, Problem> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        let (kind, length) = token(trimmed, at)?;
        tokens.push(Token { kind, span: at..at + length });
        at += length;
        if kind == Kind::End {
            return Ok(tokens);
        }
    }
}

/// The token that the text begins with, and its length.
fn token(text: &str, at: usize) -> Result<(Kind<'_>, usize), Problem> {
    let Some(first) = text.chars().next() else {
        return Ok((Kind::End, 0));
    };
    let word = text.split(|c| !is_part(c)).next().unwrap_or_default();
    let symbol = SYMBOLS.into_iter().find(|symbol| text.starts_with(symbol));
    let foreign = FOREIGN.into_iter().filter(|(symbol, _)| text.starts_with(symbol));
    // The longer one is meant: `->` and not `-`, but `!=` and not `!`; `E<>` and not `E`.
    let ours = symbol.map_or(word.len(), str::len);
    if let Some((symbol, help)) =
        foreign.max_by_key(|(symbol, _)| symbol.len()).filter(|(symbol, _)| symbol.len() > ours)
    {
        return Err(not_an_operator(symbol, at, help));
    }
    if let Some(symbol) = symbol {
        return Ok((Kind::Symbol(symbol), symbol.len()));
    }
    if first.is_ascii_digit() {
        return Ok((Kind::Integer(integer(word, at)?), word.len()));
    }
    if let Some(help) = foreign_word(word) {
        return Err(not_an_operator(word, at, help));
    }
    if let Some(state) = hyphenated(text, at)? {
        return Ok((Kind::Word(state.name()), state.name().len()));
    }
    if !word.is_empty() {
        return Ok((Kind::Word(word), word.len()));
    }
    let title = format!("`{first}` has no meaning in a formula");
    let span = at..at + first.len_utf8();
    Err(Problem::new(title, &span, "expected an operator or a term"))
}

fn is_part(char: char) -> bool {
    char.is_ascii_alphanumeric() || char == '_'
}

fn not_an_operator(symbol: &str, at: usize, help: &str) -> Problem {
    let title = format!("`{symbol}` is not an operator of formulas");
    Problem::new(title, &(at..at + symbol.len()), "expected an operator or a term").help(help)
}

/// The state that the text begins with, spelt as in the RFC: `FIN-WAIT-1`, which is no difference of three terms.
fn hyphenated(text: &str, at: usize) -> Result<Option<State>, Problem> {
    let run = text.split(|c| !is_part(c) && c != '-').next().unwrap_or_default().trim_end_matches('-');
    if !run.contains('-') {
        return Ok(None);
    }
    if let Some(state) = State::ALL.into_iter().find(|state| {
        let (name, rest) = run.split_at_checked(state.name().len()).unwrap_or_default();
        State::named(name) == Some(*state) && !rest.starts_with(is_part)
    }) {
        return Ok(Some(state));
    }
    let names: Vec<String> = State::ALL.map(|state| state.name().replace('_', "-")).into();
    match nearest(run, names.iter().map(String::as_str).filter(|name| name.contains('-'))) {
        None => Ok(None),
        Some(name) => {
            let problem =
                Problem::new(format!("unknown state `{run}`"), &(at..at + run.len()), "expected a state's name");
            Err(problem.help(format!("there is `{name}`")))
        }
    }
}

fn integer(digits: &str, at: usize) -> Result<u32, Problem> {
    digits.parse().map_err(|_| {
        let span = at..at + digits.len();
        let label = format!("expected an integer from 0 to {}", u32::MAX);
        Problem::new(format!("`{digits}` is not an integer of formulas"), &span, label)
    })
}
