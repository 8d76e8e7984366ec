//! Checks the types of a formula, and what it speaks of.

mod names;

use crate::diagnostic::Span;

use super::predicate::{Number, Predicate, Symbol};
use super::problem::Problem;
use super::syntax::{Claim, Expression, Form, Order, Sign};
use super::value::{Value, mismatch};
use super::vocabulary::Observation;

/// A claim that means something, and what it speaks of.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) claim: Claim<Predicate>,
    /// The premises of its implications, in the order in which they are written.
    pub(super) premises: Vec<Premise>,
    /// Each observation where it is first mentioned.
    pub(super) mentions: Vec<(Observation, Span)>,
    pub(super) is_about_an_end: bool,
}

/// The premise of an implication, or of `leads to`. If it is never true, the formula is vacuous.
#[derive(Clone, Debug)]
pub struct Premise {
    /// As it is written.
    pub text: String,
    /// As it is evaluated.
    pub predicate: Predicate,
}

/// Resolves a claim, or finds all that is wrong with it.
pub(super) fn resolve(claim: &Claim<Expression>) -> Result<Resolved, Vec<Problem>> {
    let mut resolver = Resolver::default();
    let meaning = claim.try_map(|expression| resolver.predicate(expression));
    match meaning {
        Some(meaning) if resolver.problems.is_empty() => {
            if let (Claim::LeadsTo(written, _), Claim::LeadsTo(premise, _)) = (claim, &meaning) {
                resolver.premises.push(Premise { text: written.to_string(), predicate: premise.clone() });
            }
            let Resolver { premises, mentions, is_about_an_end, .. } = resolver;
            Ok(Resolved { claim: meaning, premises, mentions, is_about_an_end })
        }
        _ => Err(resolver.problems),
    }
}

/// `None` stands for a part with a mistake that has been noted already.
#[derive(Default)]
struct Resolver {
    problems: Vec<Problem>,
    premises: Vec<Premise>,
    mentions: Vec<(Observation, Span)>,
    is_about_an_end: bool,
}

impl Resolver {
    fn predicate(&mut self, expression: &Expression) -> Option<Predicate> {
        match self.value(expression)? {
            Value::Truth(predicate) => Some(predicate),
            Value::Number(Number::InFlight(kind, sender, who)) => Some(Predicate::InFlight(kind, sender, who)),
            value => {
                let label = format!("this is {}", value.describe());
                let help = match value {
                    Value::Number(_) => format!("write `{expression} > 0`"),
                    _ => format!("compare it: `{expression} == …`"),
                };
                self.note(Problem::new("expected a truth value", &expression.span, label).help(help))
            }
        }
    }

    fn predicates(&mut self, expressions: &[Expression]) -> Option<Box<[Predicate]>> {
        // Not at once into an `Option`: every part is looked at, to find all mistakes.
        let parts: Vec<_> = expressions.iter().map(|part| self.predicate(part)).collect();
        parts.into_iter().collect()
    }

    fn number(&mut self, expression: &Expression) -> Option<Number> {
        match self.value(expression)? {
            Value::Number(number) => Some(number),
            value => {
                let label = format!("this is {}", value.describe());
                self.note(Problem::new("expected a number", &expression.span, label))
            }
        }
    }

    fn value(&mut self, expression: &Expression) -> Option<Value> {
        Some(match &expression.form {
            Form::Implies(premise, conclusion) => {
                let text = premise.to_string();
                let premise = self.predicate(premise);
                if let Some(predicate) = premise.clone() {
                    self.premises.push(Premise { text, predicate });
                }
                let conclusion = self.predicate(conclusion);
                Value::Truth(Predicate::Implies(Box::new(premise?), Box::new(conclusion?)))
            }
            Form::Or(parts) => Value::Truth(Predicate::Any(self.predicates(parts)?)),
            Form::And(parts) => Value::Truth(Predicate::All(self.predicates(parts)?)),
            Form::Not(part) => Value::Truth(Predicate::Not(Box::new(self.predicate(part)?))),
            Form::Compare(left, comparison, right) => Value::Truth(self.compare(left, *comparison, right)?),
            Form::In(part, items) => Value::Truth(self.is_in(part, items)?),
            Form::Sum(first, others) => Value::Number(self.sum(first, others)?),
            Form::Negative(part) => Value::Number(Number::Negative(Box::new(self.number(part)?))),
            Form::Integer(integer) => Value::Number(Number::Constant((*integer).into())),
            Form::Name(name) => self.name(name, &expression.span)?,
            Form::Member(end, observation) => self.member(end, observation, &expression.span)?,
            Form::Call(name, arguments) => self.call(name, arguments, &expression.span)?,
        })
    }

    fn compare(&mut self, left: &Expression, order: Order, right: &Expression) -> Option<Predicate> {
        let (left_value, right_value) = (self.value(left), self.value(right));
        let (left_value, right_value) = (left_value?, right_value?);
        let equality = matches!(order, Order::Equal | Order::Unequal);
        let numbers = matches!((&left_value, &right_value), (Value::Number(_), Value::Number(_)));
        if !equality && !numbers {
            let (part, value) = match left_value {
                Value::Number(_) => (right, right_value),
                value => (left, value),
            };
            let problem = Problem::new(
                format!("`{}` compares numbers", order.name()),
                &part.span,
                format!("this is {}", value.describe()),
            );
            return self.note(match value {
                Value::Symbol(..) => problem.help("names have no order: use `==`, `!=` or `in {…}`"),
                _ => problem,
            });
        }
        let same = match (left_value, right_value) {
            (Value::Number(left), Value::Number(right)) => {
                return Some(Predicate::Compare(order, Box::new([left, right])));
            }
            (Value::Truth(left), Value::Truth(right)) => Predicate::Same(Box::new(left), Box::new(right)),
            (Value::Symbol(one, names), Value::Symbol(other, others)) if names.fits(others) => {
                match (one, other) {
                    (symbol, Symbol::Constant(set)) | (Symbol::Constant(set), symbol) => {
                        Predicate::SymbolIn(symbol, set)
                    }
                    (left, right) => Predicate::SameSymbol(left, right),
                }
            }
            (left_value, right_value) => {
                return self.note(mismatch((left, &left_value), (right, &right_value)));
            }
        };
        Some(if order == Order::Equal { same } else { Predicate::Not(Box::new(same)) })
    }

    fn is_in(&mut self, part: &Expression, items: &[Expression]) -> Option<Predicate> {
        let value = self.value(part);
        if let Some(Value::Truth(_)) = value {
            let label = "this is a truth value";
            return self.note(Problem::new("only numbers and names can be in a set", &part.span, label));
        }
        let mut names_of_set = 0;
        let mut numbers_of_set = Vec::new();
        let mut all_fit = true;
        for item in items {
            let of_item = self.value(item);
            match (&value, of_item) {
                (Some(Value::Number(_)), Some(Value::Number(Number::Constant(number)))) => {
                    numbers_of_set.push(number);
                }
                (Some(Value::Symbol(_, names)), Some(Value::Symbol(Symbol::Constant(name), others)))
                    if names.fits(others) =>
                {
                    names_of_set |= name;
                }
                (Some(Value::Number(_)), Some(Value::Number(_))) => {
                    let problem = Problem::new("not a constant", &item.span, "expected an integer or a name");
                    self.problems.push(problem.help("compare with observations by `==`"));
                    all_fit = false;
                }
                (Some(value), Some(of_item)) => {
                    let title = format!("{} is never {}", value.describe(), of_item.describe());
                    let label = format!("this is {}", of_item.describe());
                    let of = format!("this is {}", value.describe());
                    self.problems.push(Problem::new(title, &item.span, label).also(&part.span, of));
                    all_fit = false;
                }
                _ => all_fit = false,
            }
        }
        match value? {
            _ if !all_fit => None,
            Value::Number(number) => {
                Some(Predicate::NumberIn(Box::new(number), numbers_of_set.into_boxed_slice()))
            }
            Value::Symbol(symbol, _) => Some(Predicate::SymbolIn(symbol, names_of_set)),
            Value::Truth(_) => None,
        }
    }

    fn sum(&mut self, first: &Expression, others: &[(Sign, Expression)]) -> Option<Number> {
        let mut parts = vec![self.number(first)];
        for (sign, other) in others {
            let other = self.number(other);
            parts.push(match sign {
                Sign::Plus => other,
                Sign::Minus => other.map(|number| Number::Negative(Box::new(number))),
            });
        }
        let parts: Option<Vec<_>> = parts.into_iter().collect();
        Some(Number::Sum(parts?.into_boxed_slice()))
    }

    fn mention(&mut self, observation: Observation, span: &Span) {
        if self.mentions.iter().all(|(known, _)| *known != observation) {
            self.mentions.push((observation, span.clone()));
        }
    }

    fn note<T>(&mut self, problem: Problem) -> Option<T> {
        self.problems.push(problem);
        None
    }
}
