//! What stands in a formula where something else is expected.

use crate::diagnostic::{Span, nearest};

use super::lexer::{Kind, Token};
use super::problem::Problem;
use super::syntax::Temporal;

/// The words that a formula can begin with.
pub(super) const FIRST_WORDS: [&str; 5] = ["always", "never", "possible", "eventually", "time"];

pub(super) const ONE_TEMPORAL: &str =
    "a formula has one temporal operator, at its beginning or, `leads to`, in the middle";
pub(super) const LEADS_TO: &str =
    "a formula has one temporal operator: `always (p implies eventually q)` is `p leads to q`";

pub(super) fn unexpected(expected: &str, token: &Token<'_>) -> Problem {
    let title = format!("expected {expected}");
    Problem::new(title, &token.span, format!("found {}", found(token)))
}

pub(super) fn unclosed(symbol: &str, open: &Span, end: &Token<'_>) -> Problem {
    let (title, close) = if symbol == "(" { ("unbalanced parenthesis", ")") } else { ("unbalanced brace", "}") };
    Problem::new(title, open, format!("this `{symbol}` is never closed"))
        .also(&end.span, format!("expected `{close}`"))
}

pub(super) fn no_temporal(token: &Token<'_>) -> Problem {
    let operators = Temporal::ALL.iter().filter(|temporal| **temporal != Temporal::LeadsTo);
    let operators: Vec<String> = operators.map(|temporal| format!("`{temporal}`")).collect();
    let title = "a formula begins with a temporal operator, or has `leads to` in the middle";
    let label = format!("expected {}, found {}", operators.join(", "), found(token));
    let problem = Problem::new(title, &token.span, label);
    match token.kind {
        Kind::Word(word) => match nearest(word, FIRST_WORDS) {
            Some(name) => problem.help(format!("there is `{name}`")),
            None => problem,
        },
        _ => problem,
    }
}

fn found(token: &Token<'_>) -> String {
    match token.kind {
        Kind::Word(word) => format!("`{word}`"),
        Kind::Integer(integer) => format!("`{integer}`"),
        Kind::Symbol(symbol) => format!("`{symbol}`"),
        Kind::End => "the end of the formula".to_owned(),
    }
}
