//! The types of the language.

use super::predicate::{Number, Predicate, Symbol};
use super::problem::Problem;
use super::syntax::Expression;

/// A part with its type.
#[derive(Debug)]
pub(super) enum Value {
    Truth(Predicate),
    Number(Number),
    Symbol(Symbol, Names),
}

/// The names that a symbol can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    States,
    StatesOrNone,
    Endings,
    EndingsOrNone,
    /// `NONE` itself: not known of what.
    None,
}

impl Names {
    /// Whether a value of the one and a value of the other can be compared.
    pub(super) fn fits(self, other: Self) -> bool {
        match (self, other) {
            (Self::None, other) | (other, Self::None) => {
                matches!(other, Self::StatesOrNone | Self::EndingsOrNone)
            }
            (one, other) => one.are_states() == other.are_states(),
        }
    }

    fn are_states(self) -> bool {
        matches!(self, Self::States | Self::StatesOrNone)
    }
}

impl Value {
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Self::Truth(_) => "a truth value",
            Self::Number(_) => "a number",
            Self::Symbol(_, Names::States) => "a state",
            Self::Symbol(_, Names::StatesOrNone) => "a state or NONE",
            Self::Symbol(_, Names::Endings) => "a way to end",
            Self::Symbol(_, Names::EndingsOrNone) => "a way to end or NONE",
            Self::Symbol(_, Names::None) => "NONE",
        }
    }
}

/// Two values that cannot be compared, and what may have been meant.
pub(super) fn mismatch(left: (&Expression, &Value), right: (&Expression, &Value)) -> Problem {
    let ((left, left_value), (right, right_value)) = (left, right);
    let (left_type, right_type) = (left_value.describe(), right_value.describe());
    let problem = Problem::new(
        format!("cannot compare {left_type} with {right_type}"),
        &right.span,
        format!("this is {right_type}"),
    )
    .also(&left.span, format!("this is {left_type}"));
    match (left_value, right_value) {
        (Value::Symbol(_, Names::States), Value::Symbol(_, Names::None))
        | (Value::Symbol(_, Names::None), Value::Symbol(_, Names::States)) => {
            problem.help("an end is always in some state; NONE is what `left` and `ended_by` can be")
        }
        (Value::Number(Number::InFlight(..)), Value::Truth(_)) => problem.help(format!("write `({left} > 0)`")),
        (Value::Truth(_), Value::Number(Number::InFlight(..))) => problem.help(format!("write `({right} > 0)`")),
        _ => problem,
    }
}
