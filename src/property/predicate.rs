//! The predicates of formulas, in the form in which they are evaluated in every world.
//!
//! This is the innermost loop of the checker: no names, no allocation, and an end is looked at only once.

use std::cell::OnceCell;

use super::syntax::Order;
use crate::model::{End, Kind, Observe, Observed};
use crate::tcp::{EndedBy, State};

/// Something that is true in a world or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Predicate {
    /// `true` and `false`.
    Constant(bool),
    /// An observation that is a truth value.
    Flag(Who, Flag),
    /// Some copy of this kind (`None`: any) is in flight to the end.
    InFlight(Option<Kind>, Sender, Who),
    /// The part is not true.
    Not(Box<Predicate>),
    /// Every part is true.
    All(Box<[Predicate]>),
    /// Some part is true.
    Any(Box<[Predicate]>),
    /// The premise, the first, is not true, or the conclusion is.
    Implies(Box<Predicate>, Box<Predicate>),
    /// Both are true, or neither is.
    Same(Box<Predicate>, Box<Predicate>),
    /// The numbers compare so.
    Compare(Order, Box<[Number; 2]>),
    /// The number is one of these.
    NumberIn(Box<Number>, Box<[i64]>),
    /// The name is one of the set's, as [`Symbol::of_state`] or [`Symbol::of_ended_by`] numbers them.
    SymbolIn(Symbol, u16),
    /// The names are the same.
    SameSymbol(Symbol, Symbol),
}

/// An end, as seen by an instance of a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// The end that the instance is about.
    This,
    /// Its peer.
    Peer,
    /// This end, whatever the instance.
    Fixed(End),
}

/// Whose copies in flight are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// All that the peer has sent: `in_flight`.
    Either,
    /// Those that it sent in its first incarnation: `in_flight_old`.
    Former,
}

/// An observation of an end that is a truth value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// `fin_sent`
    FinSent,
    /// `fin_acked`
    FinAcked,
    /// `fin_received`
    FinReceived,
    /// `close_called`
    CloseCalled,
    /// `old_acked`
    OldAcked,
    /// `ended_by_old`
    EndedByOld,
}

/// An observation of an end that is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counter {
    /// `sent`
    Sent,
    /// `acked`
    Acked,
    /// `delivered`
    Delivered,
    /// `retransmissions`
    Retransmissions,
    /// `incarnation`
    Incarnation,
    /// `old_octets`
    OldOctets,
}

/// A number, wide enough that no formula of the greatest length overflows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Number {
    /// The number itself.
    Constant(i64),
    /// An observation of an end.
    Counter(Who, Counter),
    /// How many copies of this kind (`None`: any) are in flight to the end.
    InFlight(Option<Kind>, Sender, Who),
    /// `losses`
    Losses,
    /// `duplicates`
    Duplicates,
    /// The sum of all.
    Sum(Box<[Number]>),
    /// The number times −1.
    Negative(Box<Number>),
}

/// A name: a state, a way to end, or NONE. Its value is a set of one element, as a mask of one bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Symbol {
    /// The name itself.
    Constant(u16),
    /// `state`
    State(Who),
    /// `left`
    Left(Who),
    /// `ended_by`
    EndedBy(Who),
}

impl Predicate {
    /// Whether it is true in the world, for the instance about this end.
    #[must_use]
    pub fn holds<W: Observe + ?Sized>(&self, world: &W, this: End) -> bool {
        self.in_view(&View { world, this, ends: [OnceCell::new(), OnceCell::new()] })
    }

    /// Whether it asks how many copies are in flight, beyond whether any are.
    #[must_use]
    pub fn counts_in_flight(&self) -> bool {
        match self {
            Self::Constant(_)
            | Self::Flag(..)
            | Self::InFlight(..)
            | Self::SymbolIn(..)
            | Self::SameSymbol(..) => false,
            Self::Not(part) => part.counts_in_flight(),
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::counts_in_flight),
            Self::Implies(one, other) | Self::Same(one, other) => {
                one.counts_in_flight() || other.counts_in_flight()
            }
            Self::Compare(_, numbers) => numbers.iter().any(Number::counts_in_flight),
            Self::NumberIn(number, _) => number.counts_in_flight(),
        }
    }

    fn in_view<W: Observe + ?Sized>(&self, view: &View<'_, W>) -> bool {
        match self {
            Self::Constant(value) => *value,
            Self::Flag(who, flag) => flag.of(view.end(*who)),
            Self::InFlight(kind, sender, who) => view.in_flight(*kind, *sender, *who) > 0,
            Self::Not(part) => !part.in_view(view),
            Self::All(parts) => parts.iter().all(|part| part.in_view(view)),
            Self::Any(parts) => parts.iter().any(|part| part.in_view(view)),
            Self::Implies(premise, conclusion) => !premise.in_view(view) || conclusion.in_view(view),
            Self::Same(left, right) => left.in_view(view) == right.in_view(view),
            Self::Compare(order, numbers) => {
                let [left, right] = &**numbers;
                order.holds(left.value(view), right.value(view))
            }
            Self::NumberIn(number, set) => set.contains(&number.value(view)),
            Self::SymbolIn(symbol, set) => symbol.value(view) & set != 0,
            Self::SameSymbol(left, right) => left.value(view) == right.value(view),
        }
    }
}

impl Number {
    fn counts_in_flight(&self) -> bool {
        match self {
            Self::InFlight(..) => true,
            Self::Constant(_) | Self::Counter(..) | Self::Losses | Self::Duplicates => false,
            Self::Sum(parts) => parts.iter().any(Self::counts_in_flight),
            Self::Negative(part) => part.counts_in_flight(),
        }
    }

    fn value<W: Observe + ?Sized>(&self, view: &View<'_, W>) -> i64 {
        match self {
            Self::Constant(value) => *value,
            Self::Counter(who, counter) => counter.of(view.end(*who)).into(),
            Self::InFlight(kind, sender, who) => view.in_flight(*kind, *sender, *who).into(),
            Self::Losses => view.world.losses().into(),
            Self::Duplicates => view.world.duplicates().into(),
            Self::Sum(parts) => parts.iter().map(|part| part.value(view)).sum(),
            Self::Negative(part) => -part.value(view),
        }
    }
}

impl Symbol {
    /// The mask of a state, or of NONE.
    #[must_use]
    pub fn of_state(state: Option<State>) -> u16 {
        state.map_or(NONE, |state| 1 << state as u8)
    }

    /// The mask of a way to end, or of NONE.
    #[must_use]
    pub fn of_ended_by(ended_by: Option<EndedBy>) -> u16 {
        ended_by.map_or(NONE, |ended_by| 1 << ended_by as u8)
    }

    fn value<W: Observe + ?Sized>(self, view: &View<'_, W>) -> u16 {
        match self {
            Self::Constant(mask) => mask,
            Self::State(who) => Self::of_state(Some(view.end(who).state)),
            Self::Left(who) => Self::of_state(view.end(who).left),
            Self::EndedBy(who) => Self::of_ended_by(view.end(who).ended_by),
        }
    }
}

/// Beyond the bits of all states and of all ways to end.
const NONE: u16 = 1 << 15;

impl Flag {
    fn of(self, end: &Observed) -> bool {
        match self {
            Self::FinSent => end.fin_sent,
            Self::FinAcked => end.fin_acked,
            Self::FinReceived => end.fin_received,
            Self::CloseCalled => end.close_called,
            Self::OldAcked => end.old_acked,
            Self::EndedByOld => end.ended_by_old,
        }
    }
}

impl Counter {
    fn of(self, end: &Observed) -> u32 {
        match self {
            Self::Sent => end.sent,
            Self::Acked => end.acked,
            Self::Delivered => end.delivered,
            Self::Retransmissions => end.retransmissions,
            Self::Incarnation => end.incarnation as u32,
            Self::OldOctets => end.old_octets,
        }
    }
}

impl Order {
    fn holds(self, left: i64, right: i64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Unequal => left != right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
        }
    }
}

/// A world during one evaluation, with what was already seen of it.
struct View<'w, W: ?Sized> {
    world: &'w W,
    this: End,
    /// Of the end that the instance is about, and of its peer.
    ends: [OnceCell<Observed>; 2],
}

impl<W: Observe + ?Sized> View<'_, W> {
    fn end(&self, who: Who) -> &Observed {
        let [this, peer] = &self.ends;
        let end = self.which(who);
        let seen = if end == self.this { this } else { peer };
        seen.get_or_init(|| self.world.end(end))
    }

    fn in_flight(&self, kind: Option<Kind>, sender: Sender, to: Who) -> u32 {
        let to = self.which(to);
        match sender {
            Sender::Either => self.world.in_flight(kind, to),
            Sender::Former => self.world.in_flight_old(kind, to),
        }
    }

    fn which(&self, who: Who) -> End {
        match who {
            Who::This => self.this,
            Who::Peer => self.this.peer(),
            Who::Fixed(end) => end,
        }
    }
}
