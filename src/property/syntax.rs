//! A formula as it is written: names are not looked up yet and nothing has a type.

use std::fmt;

use strum::{IntoStaticStr, VariantArray};

use crate::diagnostic::Span;

/// How a formula ties its predicates to the worlds of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "lowercase")]
pub enum Temporal {
    /// True in every world.
    Always,
    /// True in no world.
    Never,
    /// True in some world that can be reached.
    Possible,
    /// True in some world of every fair run.
    Eventually,
    /// True again and again in every fair run.
    #[strum(serialize = "always eventually")]
    AlwaysEventually,
    /// True from some world of every fair run on.
    #[strum(serialize = "eventually always")]
    EventuallyAlways,
    /// Whenever the first is true, the second is true then or later in every fair run.
    #[strum(serialize = "leads to")]
    LeadsTo,
    /// Nothing goes on forever at one instant, fair or not.
    #[strum(serialize = "time passes")]
    TimePasses,
}

impl Temporal {
    /// Every temporal operator.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The words in formulas.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// It speaks of what happens in the end, so that no single world decides it, and fairness matters.
    #[must_use]
    pub fn is_liveness(self) -> bool {
        match self {
            Self::Always | Self::Never | Self::Possible => false,
            Self::Eventually
            | Self::AlwaysEventually
            | Self::EventuallyAlways
            | Self::LeadsTo
            | Self::TimePasses => true,
        }
    }
}

impl fmt::Display for Temporal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A whole formula: a temporal operator and what it ties to the worlds of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim<P> {
    /// `always p`
    Always(P),
    /// `never p`
    Never(P),
    /// `possible p`
    Possible(P),
    /// `eventually p`
    Eventually(P),
    /// `always eventually p`
    AlwaysEventually(P),
    /// `eventually always p`
    EventuallyAlways(P),
    /// `p leads to q`
    LeadsTo(P, P),
    /// `time passes`: it ties no predicate to anything.
    TimePasses,
}

impl<P> Claim<P> {
    /// The temporal operator.
    #[must_use]
    pub fn temporal(&self) -> Temporal {
        match self {
            Self::Always(_) => Temporal::Always,
            Self::Never(_) => Temporal::Never,
            Self::Possible(_) => Temporal::Possible,
            Self::Eventually(_) => Temporal::Eventually,
            Self::AlwaysEventually(_) => Temporal::AlwaysEventually,
            Self::EventuallyAlways(_) => Temporal::EventuallyAlways,
            Self::LeadsTo(..) => Temporal::LeadsTo,
            Self::TimePasses => Temporal::TimePasses,
        }
    }

    /// The same claim of other predicates; `None` if one of them is none. All are asked.
    pub(super) fn try_map<Q>(&self, mut map: impl FnMut(&P) -> Option<Q>) -> Option<Claim<Q>> {
        Some(match self {
            Self::Always(p) => Claim::Always(map(p)?),
            Self::Never(p) => Claim::Never(map(p)?),
            Self::Possible(p) => Claim::Possible(map(p)?),
            Self::Eventually(p) => Claim::Eventually(map(p)?),
            Self::AlwaysEventually(p) => Claim::AlwaysEventually(map(p)?),
            Self::EventuallyAlways(p) => Claim::EventuallyAlways(map(p)?),
            Self::LeadsTo(p, q) => {
                let (p, q) = (map(p), map(q));
                Claim::LeadsTo(p?, q?)
            }
            Self::TimePasses => Claim::TimePasses,
        })
    }
}

/// A part of a formula and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Expression {
    pub(super) form: Form,
    pub(super) span: Span,
}

/// The place of a part makes no difference to its meaning.
impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.form == other.form
    }
}

impl Eq for Expression {}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Implies(Box<Expression>, Box<Expression>),
    /// None of the parts is an `Or` itself: long chains stay flat, for what walks the tree recurses.
    Or(Vec<Expression>),
    /// As with `Or`.
    And(Vec<Expression>),
    Not(Box<Expression>),
    Compare(Box<Expression>, Order, Box<Expression>),
    /// The elements are integers and names.
    In(Box<Expression>, Vec<Expression>),
    /// The first part and what is added to it; no part that is added is a `Sum` itself, nor is the first.
    Sum(Box<Expression>, Vec<(Sign, Expression)>),
    Negative(Box<Expression>),
    Integer(u32),
    /// A name by itself: `TIME_WAIT`.
    Name(String),
    /// An observation of an end: `self.state`.
    Member(Word, Word),
    /// `in_flight(FIN, self)`
    Call(Word, Vec<Word>),
}

/// A name and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) span: Span,
}

impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Word {}

/// A comparison of two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, IntoStaticStr, VariantArray)]
pub enum Order {
    /// `==`
    #[strum(serialize = "==")]
    Equal,
    /// `!=`
    #[strum(serialize = "!=")]
    Unequal,
    /// `<`
    #[strum(serialize = "<")]
    Less,
    /// `<=`
    #[strum(serialize = "<=")]
    LessOrEqual,
    /// `>`
    #[strum(serialize = ">")]
    Greater,
    /// `>=`
    #[strum(serialize = ">=")]
    GreaterOrEqual,
}

impl Order {
    pub(super) fn name(self) -> &'static str {
        self.into()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Plus,
    Minus,
}

impl Form {
    /// `or` between parts, of which there is at least one.
    pub(super) fn or(parts: Vec<Expression>) -> Self {
        Self::Or(flat(parts, |form| match form {
            Self::Or(parts) => Ok(parts),
            other => Err(other),
        }))
    }

    /// `and` between parts, of which there is at least one.
    pub(super) fn and(parts: Vec<Expression>) -> Self {
        Self::And(flat(parts, |form| match form {
            Self::And(parts) => Ok(parts),
            other => Err(other),
        }))
    }

    /// The sum of a part and others; `a + (b - c)` is the same as `a + b - c`.
    pub(super) fn sum(first: Expression, others: Vec<(Sign, Expression)>) -> Self {
        let mut added = Vec::new();
        let first = match first.form {
            Self::Sum(first, others) => {
                added.extend(others);
                first
            }
            form => Box::new(Expression { form, span: first.span }),
        };
        for (sign, other) in others {
            match other.form {
                Self::Sum(first, others) if sign == Sign::Plus => {
                    added.push((sign, *first));
                    added.extend(others);
                }
                form => added.push((sign, Expression { form, span: other.span })),
            }
        }
        Self::Sum(first, added)
    }

    /// How tightly the form binds; what binds less tightly than its place needs parentheses there.
    fn tightness(&self) -> u8 {
        match self {
            Self::Implies(..) => IMPLIES,
            Self::Or(_) => OR,
            Self::And(_) => AND,
            Self::Not(_) => NOT,
            Self::Compare(..) | Self::In(..) => COMPARISON,
            Self::Sum(..) => SUM,
            Self::Negative(_) => NEGATIVE,
            Self::Integer(_) | Self::Name(_) | Self::Member(..) | Self::Call(..) => NEGATIVE + 1,
        }
    }
}

const IMPLIES: u8 = 0;
const OR: u8 = 1;
const AND: u8 = 2;
const NOT: u8 = 3;
const COMPARISON: u8 = 4;
const SUM: u8 = 5;
const NEGATIVE: u8 = 6;

/// The parts, those that have parts of the same kind themselves replaced by these.
fn flat(parts: Vec<Expression>, parts_of: impl Fn(Form) -> Result<Vec<Expression>, Form>) -> Vec<Expression> {
    let mut all = Vec::new();
    for Expression { form, span } in parts {
        match parts_of(form) {
            Ok(parts) => all.extend(parts),
            Err(form) => all.push(Expression { form, span }),
        }
    }
    all
}

impl<P: fmt::Display> fmt::Display for Claim<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let temporal = self.temporal();
        match self {
            Self::Always(p)
            | Self::Never(p)
            | Self::Possible(p)
            | Self::Eventually(p)
            | Self::AlwaysEventually(p)
            | Self::EventuallyAlways(p) => write!(f, "{temporal} {p}"),
            Self::LeadsTo(p, q) => write!(f, "{p} {temporal} {q}"),
            Self::TimePasses => write!(f, "{temporal}"),
        }
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.form {
            Form::Implies(premise, conclusion) => {
                write!(f, "{} implies {}", At(OR, premise), At(IMPLIES, conclusion))
            }
            Form::Or(parts) => chain(f, parts, " or ", AND),
            Form::And(parts) => chain(f, parts, " and ", NOT),
            Form::Not(part) => write!(f, "not {}", At(NOT, part)),
            Form::Compare(left, comparison, right) => {
                write!(f, "{} {} {}", At(SUM, left), comparison.name(), At(SUM, right))
            }
            Form::In(part, items) => {
                write!(f, "{} in {{", At(SUM, part))?;
                chain(f, items, ", ", SUM)?;
                f.write_str("}")
            }
            Form::Sum(first, others) => {
                write!(f, "{}", At(NEGATIVE, first))?;
                for (sign, other) in others {
                    let sign = if *sign == Sign::Plus { '+' } else { '-' };
                    write!(f, " {sign} {}", At(NEGATIVE, other))?;
                }
                Ok(())
            }
            Form::Negative(part) => write!(f, "-{}", At(NEGATIVE, part)),
            Form::Integer(integer) => write!(f, "{integer}"),
            Form::Name(name) => f.write_str(name),
            Form::Member(end, observation) => write!(f, "{}.{}", end.text, observation.text),
            Form::Call(name, arguments) => {
                let arguments: Vec<&str> = arguments.iter().map(|word| word.text.as_str()).collect();
                write!(f, "{}({})", name.text, arguments.join(", "))
            }
        }
    }
}

fn chain(f: &mut fmt::Formatter<'_>, parts: &[Expression], word: &str, tightness: u8) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        let word = if index == 0 { "" } else { word };
        write!(f, "{word}{}", At(tightness, part))?;
    }
    Ok(())
}

/// An expression where something at least so tight is expected.
struct At<'a>(u8, &'a Expression);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(tightness, expression) = self;
        if expression.form.tightness() < *tightness {
            write!(f, "({expression})")
        } else {
            write!(f, "{expression}")
        }
    }
}
