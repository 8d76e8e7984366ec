//! Looks up the names of a formula and checks its types.

use crate::diagnostic::{Span, nearest};
use crate::invariant::broken;
use crate::model::{End, Kind};
use crate::tcp::{EndedBy, State};

use super::predicate::{Counter, Flag, Number, Predicate, Sender, Symbol, Who};
use super::problem::Problem;
use super::syntax::{Claim, Expression, Form, Order, Sign, Word};
use super::value::{Names, Value, mismatch};
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

    fn name(&mut self, name: &str, span: &Span) -> Option<Value> {
        if let Some(state) = State::named(name) {
            let symbol = Symbol::Constant(Symbol::of_state(Some(state)));
            return Some(Value::Symbol(symbol, Names::States));
        }
        if let Some(ended_by) = EndedBy::ALL.into_iter().find(|ended_by| ended_by.name() == name) {
            let symbol = Symbol::Constant(Symbol::of_ended_by(Some(ended_by)));
            return Some(Value::Symbol(symbol, Names::Endings));
        }
        match name {
            "NONE" => return Some(Value::Symbol(Symbol::Constant(Symbol::of_state(None)), Names::None)),
            "true" => return Some(Value::Truth(Predicate::Constant(true))),
            "false" => return Some(Value::Truth(Predicate::Constant(false))),
            "losses" => {
                self.mention(Observation::Losses, span);
                return Some(Value::Number(Number::Losses));
            }
            "duplicates" => {
                self.mention(Observation::Duplicates, span);
                return Some(Value::Number(Number::Duplicates));
            }
            _ => {}
        }
        let is_end = ENDS.iter().any(|(end, _)| *end == name);
        let is_kind = KINDS.iter().any(|(kind, _)| *kind == name);
        self.note(if is_end {
            Problem::new(format!("`{name}` by itself is no value"), span, "this is an end")
                .help(format!("write an observation behind it, such as `{name}.state`"))
        } else if let Some(observation) = of_an_end(name) {
            Problem::new(format!("`{observation}` of which end?"), span, "expected an end before it")
                .help(format!("write `self.{observation}`, or `peer.`, `A.`, `B.`"))
        } else if IN_FLIGHT.iter().any(|(known, ..)| *known == name) {
            Problem::new("what is in flight, and to which end?", span, "expected `(KIND, END)` behind it")
                .help(format!("write for example `{name}(FIN, self)`"))
        } else if is_kind {
            Problem::new(format!("`{name}` is a kind of segment"), span, "expected a term")
                .help(format!("copies of it in flight to an end are `in_flight({name}, self)`"))
        } else {
            unknown("name", name, span, "a name or an observation", &every_name())
        })
    }

    fn member(&mut self, end: &Word, observation: &Word, span: &Span) -> Option<Value> {
        if of_an_end(&end.text).is_some() && is_end(observation) {
            let swapped = Problem::new("the end stands before its observation", span, "these are swapped");
            return self.note(swapped.help(format!("write `{}.{}`", observation.text, end.text)));
        }
        let who = self.end(end);
        let Some(found) = of_an_end(&observation.text) else {
            let Word { text, span } = observation;
            let network = Observation::OF_THE_NETWORK.iter().find(|of| of.name() == text);
            return self.note(if let Some(of_the_network) = network {
                let title = format!("`{text}` is no observation of an end");
                let problem = Problem::new(title, span, "this is observed of the network");
                problem.help(match of_the_network {
                    Observation::InFlight | Observation::InFlightOld => {
                        format!("write `{text}(FIN, {})`", end.text)
                    }
                    _ => format!("write `{text}` by itself"),
                })
            } else {
                let known = Observation::OF_AN_END.map(Observation::name);
                unknown("observation", text, span, "an observation of an end", &known)
            });
        };
        self.mention(found, span);
        let who = who?;
        Some(match found {
            Observation::State => Value::Symbol(Symbol::State(who), Names::States),
            Observation::Left => Value::Symbol(Symbol::Left(who), Names::StatesOrNone),
            Observation::EndedBy => Value::Symbol(Symbol::EndedBy(who), Names::EndingsOrNone),
            Observation::Sent => counter(who, Counter::Sent),
            Observation::Acked => counter(who, Counter::Acked),
            Observation::Delivered => counter(who, Counter::Delivered),
            Observation::Retransmissions => counter(who, Counter::Retransmissions),
            Observation::FinSent => flag(who, Flag::FinSent),
            Observation::FinAcked => flag(who, Flag::FinAcked),
            Observation::FinReceived => flag(who, Flag::FinReceived),
            Observation::CloseCalled => flag(who, Flag::CloseCalled),
            Observation::Incarnation => counter(who, Counter::Incarnation),
            Observation::OldOctets => counter(who, Counter::OldOctets),
            Observation::OldAcked => flag(who, Flag::OldAcked),
            Observation::EndedByOld => flag(who, Flag::EndedByOld),
            Observation::InFlight | Observation::InFlightOld | Observation::Losses | Observation::Duplicates => {
                broken(format_args!("`{}` is no observation of an end", observation.text))
            }
        })
    }

    fn call(&mut self, name: &Word, arguments: &[Word], span: &Span) -> Option<Value> {
        let Some((in_flight, observation, sender)) = IN_FLIGHT.iter().find(|(known, ..)| *known == name.text)
        else {
            let expected = "`in_flight` or `in_flight_old`, all that take arguments";
            let known = IN_FLIGHT.map(|(known, ..)| known);
            return self.note(unknown("name", &name.text, &name.span, expected, &known));
        };
        self.mention(*observation, span);
        let [kind, end] = arguments else {
            let label = format!("found {} arguments", arguments.len());
            return self.note(
                Problem::new("expected a kind of segment and an end", span, label)
                    .help(format!("write for example `{in_flight}(FIN, self)`")),
            );
        };
        if is_end(kind) && KINDS.iter().any(|(name, _)| *name == end.text) {
            let both = kind.span.start..end.span.end;
            let swapped = Problem::new("the kind of segment stands before the end", &both, "these are swapped");
            return self.note(swapped.help(format!("write `{in_flight}({}, {})`", end.text, kind.text)));
        }
        let kind = self.one_of(&KINDS, "kind of segment", kind);
        let who = self.end(end);
        Some(Value::Number(Number::InFlight(kind?, *sender, who?)))
    }

    fn end(&mut self, word: &Word) -> Option<Who> {
        let who = self.one_of(&ENDS, "end", word)?;
        self.is_about_an_end |= !matches!(who, Who::Fixed(_));
        Some(who)
    }

    /// What the word stands for among all that it could.
    fn one_of<T: Copy>(&mut self, known: &[(&'static str, T)], what: &str, word: &Word) -> Option<T> {
        if let Some((_, meaning)) = known.iter().find(|(name, _)| *name == word.text) {
            return Some(*meaning);
        }
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let expected = format!("one of {}", names.join(", "));
        self.note(unknown(what, &word.text, &word.span, &expected, &names))
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

const ENDS: [(&str, Who); 4] =
    [("self", Who::This), ("peer", Who::Peer), ("A", Who::Fixed(End::A)), ("B", Who::Fixed(End::B))];

/// What takes arguments, and whose copies are meant.
const IN_FLIGHT: [(&str, Observation, Sender); 2] = [
    ("in_flight", Observation::InFlight, Sender::Either),
    ("in_flight_old", Observation::InFlightOld, Sender::Former),
];

/// The kinds of segment in flight; `None` is any.
const KINDS: [(&str, Option<Kind>); 6] = [
    ("FIN", Some(Kind::Fin)),
    ("DATA", Some(Kind::Data)),
    ("ACK", Some(Kind::Ack)),
    ("RST", Some(Kind::Rst)),
    ("SYN", Some(Kind::Syn)),
    ("ANY", None),
];

fn is_end(word: &Word) -> bool {
    ENDS.iter().any(|(name, _)| *name == word.text)
}

fn of_an_end(name: &str) -> Option<Observation> {
    Observation::OF_AN_END.into_iter().find(|observation| observation.name() == name)
}

fn counter(who: Who, counter: Counter) -> Value {
    Value::Number(Number::Counter(who, counter))
}

fn flag(who: Who, flag: Flag) -> Value {
    Value::Truth(Predicate::Flag(who, flag))
}

fn unknown(what: &str, name: &str, span: &Span, expected: &str, known: &[&str]) -> Problem {
    let problem = Problem::new(format!("unknown {what} `{name}`"), span, format!("expected {expected}"));
    match nearest(name, known.iter().copied()) {
        Some(name) => problem.help(format!("there is `{name}`")),
        None => problem.help("`lastack list --vocabulary` prints every name there is"),
    }
}

fn every_name() -> Vec<&'static str> {
    let mut names = vec!["NONE", "true", "false"];
    names.extend(State::ALL.map(State::name));
    names.extend(EndedBy::ALL.map(EndedBy::name));
    names.extend(Observation::OF_AN_END.map(Observation::name));
    names.extend(Observation::OF_THE_NETWORK.map(Observation::name));
    names
}
