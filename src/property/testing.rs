//! What tests of the language need: random formulas, random worlds, and a second, naive evaluation.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use strum::VariantArray;

use crate::model::{End, Incarnation, Kind, Observe, Observed};
use crate::tcp::{EndedBy, State};

use super::lexer::foreign_word;
use super::syntax::{Claim, Expression, Form, Order, Sign, Word};

const EQUALITIES: [Order; 2] = [Order::Equal, Order::Unequal];

fn bare(form: Form) -> Expression {
    Expression { form, span: 0..0 }
}

fn word(text: &str) -> Word {
    Word { text: text.to_owned(), span: 0..0 }
}

/// Claims that follow the grammar, most of which mean nothing.
pub(super) fn any_claim() -> impl Strategy<Value = Claim<Expression>> {
    let of_one = [
        Claim::Always,
        Claim::Never,
        Claim::Possible,
        Claim::Eventually,
        Claim::AlwaysEventually,
        Claim::EventuallyAlways,
    ];
    prop_oneof![
        (select(of_one.to_vec()), any_expression()).prop_map(|(claim, predicate)| claim(predicate)),
        (any_expression(), any_expression()).prop_map(|(premise, then)| Claim::LeadsTo(premise, then)),
        Just(Claim::TimePasses),
    ]
}

fn any_expression() -> impl Strategy<Value = Expression> {
    let name = "[A-Zb-hj-mq-z_][A-Za-z0-9_]{0,5}".prop_filter("no keyword", |name| {
        !["eventually", "leads", "time", "to"].contains(&name.as_str()) && foreign_word(name).is_none()
    });
    let leaf = prop_oneof![
        any::<u32>().prop_map(Form::Integer),
        name.clone().prop_map(Form::Name),
        (name.clone(), name.clone()).prop_map(|(end, of)| Form::Member(word(&end), word(&of))),
        (name.clone(), vec(name.clone(), 1..3))
            .prop_map(|(name, of)| Form::Call(word(&name), of.iter().map(|name| word(name)).collect())),
    ];
    leaf.prop_map(bare).prop_recursive(6, 64, 4, move |part| {
        let item = prop_oneof![
            any::<u32>().prop_map(|integer| bare(Form::Integer(integer))),
            name.clone().prop_map(|name| bare(Form::Name(name))),
        ];
        prop_oneof![
            connected(part.clone()),
            (part.clone(), select(Order::VARIANTS), part.clone()).prop_map(compare),
            (part.clone(), vec(item, 1..4)).prop_map(|(part, items)| Form::In(Box::new(part), items)),
            added(part),
        ]
        .prop_map(bare)
    })
}

/// Predicates whose types are right.
pub(super) fn any_predicate() -> impl Strategy<Value = Expression> {
    let leaf = prop_oneof![
        select(&["true", "false"]).prop_map(|name| Form::Name(name.to_owned())),
        of_an_end(&["fin_sent", "fin_acked", "fin_received", "close_called", "old_acked", "ended_by_old"]),
        in_flight(),
        names(),
        (any_number(), select(Order::VARIANTS), any_number()).prop_map(compare),
        (any_number(), vec(0_u32..4, 1..4)).prop_map(|(number, set)| {
            Form::In(Box::new(number), set.into_iter().map(|integer| bare(Form::Integer(integer))).collect())
        }),
    ];
    leaf.prop_map(bare).prop_recursive(4, 32, 4, |part| {
        let same = (connected(part.clone()), select(&EQUALITIES), connected(part.clone()));
        prop_oneof![
            connected(part),
            same.prop_map(|(left, comparison, right)| compare((bare(left), comparison, bare(right)))),
        ]
        .prop_map(bare)
    })
}

fn any_number() -> impl Strategy<Value = Expression> {
    let leaf = prop_oneof![
        (0_u32..4).prop_map(Form::Integer),
        select(&["losses", "duplicates"]).prop_map(|name| Form::Name(name.to_owned())),
        of_an_end(&["sent", "acked", "delivered", "retransmissions", "incarnation", "old_octets"]),
        in_flight(),
    ];
    leaf.prop_map(bare).prop_recursive(3, 8, 3, |part| added(part).prop_map(bare))
}

/// Comparisons of names, and sets of them.
fn names() -> impl Strategy<Value = Form> {
    let mut of_left = vec!["NONE"];
    of_left.extend(State::ALL.map(State::name));
    let mut of_ended_by = vec!["NONE"];
    of_ended_by.extend(EndedBy::ALL.map(EndedBy::name));
    let of_state = State::ALL.map(State::name).to_vec();
    let kinds: Vec<(&'static [&'static str], _)> =
        vec![(&["state"], of_state), (&["left"], of_left), (&["ended_by"], of_ended_by)];
    select(kinds).prop_flat_map(|(observation, names)| {
        let observed = || of_an_end(observation);
        let name = || select(names.clone()).prop_map(|name| Form::Name(name.to_owned()));
        let side = prop_oneof![observed(), name()];
        let items = vec(select(names.clone()).prop_map(|name| bare(Form::Name(name.to_owned()))), 1..4);
        prop_oneof![
            (observed().prop_map(bare), select(&EQUALITIES), side.prop_map(bare)).prop_map(compare),
            (name().prop_map(bare), select(&EQUALITIES), observed().prop_map(bare)).prop_map(compare),
            (observed().prop_map(bare), items).prop_map(|(part, items)| Form::In(Box::new(part), items)),
        ]
    })
}

fn connected(part: impl Strategy<Value = Expression> + Clone) -> impl Strategy<Value = Form> {
    prop_oneof![
        (part.clone(), part.clone())
            .prop_map(|(premise, conclusion)| Form::Implies(Box::new(premise), Box::new(conclusion))),
        vec(part.clone(), 2..4).prop_map(Form::or),
        vec(part.clone(), 2..4).prop_map(Form::and),
        part.prop_map(|part| Form::Not(Box::new(part))),
    ]
}

fn added(part: impl Strategy<Value = Expression> + Clone) -> impl Strategy<Value = Form> {
    let others = vec((select(&[Sign::Plus, Sign::Minus]), part.clone()), 1..3);
    prop_oneof![
        (part.clone(), others).prop_map(|(first, others)| Form::sum(first, others)),
        part.prop_map(|part| Form::Negative(Box::new(part))),
    ]
}

fn compare((left, comparison, right): (Expression, Order, Expression)) -> Form {
    Form::Compare(Box::new(left), comparison, Box::new(right))
}

fn of_an_end(observations: &'static [&'static str]) -> impl Strategy<Value = Form> + Clone {
    (select(&["self", "peer", "A", "B"]), select(observations))
        .prop_map(|(end, observation)| Form::Member(word(end), word(observation)))
}

fn in_flight() -> impl Strategy<Value = Form> + Clone {
    let names = select(&["in_flight", "in_flight_old"]);
    (names, select(&["FIN", "DATA", "ACK", "RST", "SYN", "ANY"]), select(&["self", "peer", "A", "B"]))
        .prop_map(|(name, kind, end)| Form::Call(word(name), vec![word(kind), word(end)]))
}

/// A world that need not make sense.
#[derive(Clone, Debug)]
pub(super) struct Pretended {
    ends: [Observed; 2],
    in_flight: [[u32; 5]; 2],
    old: [[u32; 5]; 2],
    losses: u32,
    duplicates: u32,
}

impl Observe for Pretended {
    fn end(&self, end: End) -> Observed {
        self.ends[end as usize]
    }

    fn in_flight(&self, kind: Option<Kind>, to: End) -> u32 {
        let counts = self.in_flight[to as usize];
        kind.map_or(counts.iter().sum(), |kind| counts[kind as usize])
    }

    fn in_flight_old(&self, kind: Option<Kind>, to: End) -> u32 {
        let counts = self.old[to as usize];
        kind.map_or(counts.iter().sum(), |kind| counts[kind as usize])
    }

    fn losses(&self) -> u32 {
        self.losses
    }

    fn duplicates(&self) -> u32 {
        self.duplicates
    }
}

pub(super) fn any_world() -> impl Strategy<Value = Pretended> {
    let counts = || [[0_u32..3, 0..3, 0..3, 0..3, 0..3], [0..3, 0..3, 0..3, 0..3, 0..3]];
    ([any_end(), any_end()], [counts(), counts()], 0_u32..3, 0_u32..3).prop_map(
        |(ends, [in_flight, old], losses, duplicates)| Pretended { ends, in_flight, old, losses, duplicates },
    )
}

fn any_end() -> impl Strategy<Value = Observed> {
    let names = (
        select(&State::ALL),
        proptest::option::of(select(&State::ALL)),
        proptest::option::of(select(&EndedBy::ALL)),
    );
    (names, any::<[bool; 7]>(), [0_u32..4, 0..4, 0..4, 0..4, 0..4]).prop_map(
        |((state, left, ended_by), flags, numbers)| {
            let [sent, acked, delivered, retransmissions, old_octets] = numbers;
            let [fin_sent, fin_acked, fin_received, close_called, is_second, old_acked, ended_by_old] = flags;
            Observed {
                state,
                left,
                ended_by,
                sent,
                acked,
                delivered,
                fin_sent,
                fin_acked,
                fin_received,
                close_called,
                retransmissions,
                incarnation: if is_second { Incarnation::Second } else { Incarnation::First },
                old_octets,
                old_acked,
                ended_by_old,
            }
        },
    )
}

/// What a part of a formula is in a world.
#[derive(Debug, PartialEq)]
enum Value {
    Truth(bool),
    Number(i64),
    Name(String),
}

/// Whether a predicate is true, by the names as they are written.
pub(super) fn is_true(expression: &Expression, world: &Pretended, this: End) -> bool {
    match value(expression, world, this) {
        Value::Truth(truth) => truth,
        Value::Number(number) => number > 0,
        Value::Name(name) => panic!("{name} is no truth value"),
    }
}

fn value(expression: &Expression, world: &Pretended, this: End) -> Value {
    let truth = |part| is_true(part, world, this);
    let number = |part| match value(part, world, this) {
        Value::Number(number) => number,
        other => panic!("{other:?} is no number"),
    };
    match &expression.form {
        Form::Implies(premise, conclusion) => Value::Truth(truth(conclusion) || !truth(premise)),
        Form::Or(parts) => Value::Truth(parts.iter().any(truth)),
        Form::And(parts) => Value::Truth(!parts.iter().any(|part| !truth(part))),
        Form::Not(part) => Value::Truth(!truth(part)),
        Form::Compare(left, comparison, right) => Value::Truth(match comparison {
            Order::Equal => value(left, world, this) == value(right, world, this),
            Order::Unequal => value(left, world, this) != value(right, world, this),
            Order::Less => number(left) < number(right),
            Order::LessOrEqual => number(left) <= number(right),
            Order::Greater => number(left) > number(right),
            Order::GreaterOrEqual => number(left) >= number(right),
        }),
        Form::In(part, items) => {
            let of_part = value(part, world, this);
            Value::Truth(items.iter().any(|item| value(item, world, this) == of_part))
        }
        Form::Sum(first, others) => Value::Number(others.iter().fold(number(first), |sum, (sign, other)| {
            if *sign == Sign::Plus { sum + number(other) } else { sum - number(other) }
        })),
        Form::Negative(part) => Value::Number(0 - number(part)),
        Form::Integer(integer) => Value::Number((*integer).into()),
        Form::Name(name) => match name.as_str() {
            "true" => Value::Truth(true),
            "false" => Value::Truth(false),
            "losses" => Value::Number(world.losses.into()),
            "duplicates" => Value::Number(world.duplicates.into()),
            name => Value::Name(name.to_owned()),
        },
        Form::Member(end, observation) => observed(&world.end(end_of(end, this)), &observation.text),
        Form::Call(name, arguments) => {
            let kind = Kind::ALL.into_iter().find(|kind| kind.name() == arguments[0].text);
            let to = end_of(&arguments[1], this);
            let of_all = name.text == "in_flight";
            Value::Number(if of_all { world.in_flight(kind, to) } else { world.in_flight_old(kind, to) }.into())
        }
    }
}

fn observed(end: &Observed, observation: &str) -> Value {
    let name_or_none = |name: Option<&str>| Value::Name(name.unwrap_or("NONE").to_owned());
    match observation {
        "state" => Value::Name(end.state.to_string()),
        "left" => name_or_none(end.left.map(State::name)),
        "ended_by" => name_or_none(end.ended_by.map(EndedBy::name)),
        "sent" => Value::Number(end.sent.into()),
        "acked" => Value::Number(end.acked.into()),
        "delivered" => Value::Number(end.delivered.into()),
        "retransmissions" => Value::Number(end.retransmissions.into()),
        "fin_sent" => Value::Truth(end.fin_sent),
        "fin_acked" => Value::Truth(end.fin_acked),
        "fin_received" => Value::Truth(end.fin_received),
        "close_called" => Value::Truth(end.close_called),
        "incarnation" => Value::Number(if end.incarnation == Incarnation::First { 1 } else { 2 }),
        "old_octets" => Value::Number(end.old_octets.into()),
        "old_acked" => Value::Truth(end.old_acked),
        "ended_by_old" => Value::Truth(end.ended_by_old),
        other => panic!("{other} is no observation"),
    }
}

fn end_of(word: &Word, this: End) -> End {
    match word.text.as_str() {
        "self" => this,
        "peer" => this.peer(),
        "A" => End::A,
        _ => End::B,
    }
}
