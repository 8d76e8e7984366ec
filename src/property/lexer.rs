//! A formula's text, cut into tokens.

use crate::diagnostic::Span;

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

/// What people write who come from other languages, and what it is here.
const FOREIGN: [(&str, &str); 12] = [
    ("=>", "implies"),
    ("->", "implies"),
    ("&&", "and"),
    ("||", "or"),
    ("&", "and"),
    ("|", "or"),
    ("!", "not"),
    ("=", "=="),
    ("≠", "!="),
    ("≤", "<="),
    ("≥", ">="),
    ("~", "not"),
];

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
    if first.is_ascii_alphanumeric() || first == '_' {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let word = text.split(|c| !is_part(c)).next().unwrap_or_default();
        let kind = if first.is_ascii_digit() { Kind::Integer(integer(word, at)?) } else { Kind::Word(word) };
        return Ok((kind, word.len()));
    }
    // The longer one is meant: `->` and not `-`, but `!=` and not `!`.
    let foreign = FOREIGN.into_iter().find(|(symbol, _)| text.starts_with(symbol));
    let symbol = SYMBOLS.into_iter().find(|symbol| text.starts_with(symbol));
    match (symbol, foreign) {
        (Some(symbol), None) => Ok((Kind::Symbol(symbol), symbol.len())),
        (Some(symbol), Some((other, _))) if symbol.len() >= other.len() => {
            Ok((Kind::Symbol(symbol), symbol.len()))
        }
        (_, Some((symbol, word))) => {
            let title = format!("`{symbol}` is not an operator of formulas");
            Err(Problem::new(title, &(at..at + symbol.len()), "expected an operator or a term")
                .help(format!("write `{word}`")))
        }
        (None, None) => {
            let title = format!("`{first}` has no meaning in a formula");
            let span = at..at + first.len_utf8();
            Err(Problem::new(title, &span, "expected an operator or a term"))
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
