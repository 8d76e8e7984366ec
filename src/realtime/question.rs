//! What is asked of an exploration: a formula that single states decide.

use crate::model::{End, Observe};
use crate::property::{Claim, Formula, Observation, Predicate};

/// A formula of the form `always`, `never` or `possible`, for one end.
#[derive(Clone, Copy, Debug)]
pub struct Question<'f> {
    predicate: &'f Predicate,
    /// Whether a state decides the matter in which the predicate is true, or one in which it is not.
    revealing: bool,
    premise: Option<&'f Predicate>,
    this: End,
    counts: bool,
}

impl<'f> Question<'f> {
    /// What a formula asks, where `this` is who it calls `self`; `None` if no single state decides it.
    #[must_use]
    pub fn of(formula: &'f Formula, this: End) -> Option<Self> {
        let (predicate, revealing) = match formula.claim() {
            Claim::Always(p) => (p, false),
            Claim::Never(p) | Claim::Possible(p) => (p, true),
            Claim::Eventually(_)
            | Claim::AlwaysEventually(_)
            | Claim::EventuallyAlways(_)
            | Claim::LeadsTo(..)
            | Claim::TimePasses => return None,
        };
        let counters = [Observation::Losses, Observation::Duplicates];
        let counts = counters.iter().any(|counter| formula.mentions(*counter).is_some());
        Some(Self { predicate, revealing, premise: formula.premise(), this, counts })
    }

    /// Whether a state decides the matter by itself: as a counterexample, or as an example of what is possible.
    #[must_use]
    pub fn is_revealed_by(&self, state: &impl Observe) -> bool {
        self.predicate.holds(state, self.this) == self.revealing
    }

    /// Whether the formula says anything of a state.
    #[must_use]
    pub fn is_exercised_by(&self, state: &impl Observe) -> bool {
        self.premise.is_none_or(|premise| premise.holds(state, self.this))
    }

    /// Whether it speaks of how many losses or duplicates there were.
    #[must_use]
    pub fn counts(&self) -> bool {
        self.counts
    }
}
