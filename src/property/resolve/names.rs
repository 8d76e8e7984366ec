//! Looks up the names of a formula.

use super::Resolver;
use crate::diagnostic::{Span, nearest};
use crate::invariant::broken;
use crate::model::{End, Kind};
use crate::property::predicate::{Counter, Flag, Number, Predicate, Sender, Symbol, Who};
use crate::property::problem::Problem;
use crate::property::syntax::Word;
use crate::property::value::{Names, Value};
use crate::property::vocabulary::Observation;
use crate::tcp::{EndedBy, State};

impl Resolver {
    pub(super) fn name(&mut self, name: &str, span: &Span) -> Option<Value> {
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

    pub(super) fn member(&mut self, end: &Word, observation: &Word, span: &Span) -> Option<Value> {
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

    pub(super) fn call(&mut self, name: &Word, arguments: &[Word], span: &Span) -> Option<Value> {
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
