//! The questions of an exploration of states: which of them decide a formula, and which exercise it.

use crate::model::{End, Observe};
use crate::property::{Claim, Formula, Observation, Predicate};

/// A formula, for one end. Of the forms `always`, `never` and `possible` a single state decides it; otherwise none does.
#[derive(Clone, Copy, Debug)]
pub struct Question<'f> {
    /// The predicate, and whether a state decides the matter in which it is true, or one in which it is not.
    deciding: Option<(&'f Predicate, bool)>,
    premise: Option<&'f Predicate>,
    this: End,
    counts: bool,
}

impl<'f> Question<'f> {
    /// What a formula asks, where `this` is who it calls `self`.
    #[must_use]
    pub fn of(formula: &'f Formula, this: End) -> Self {
        let deciding = match formula.claim() {
            Claim::Always(p) => Some((p, false)),
            Claim::Never(p) | Claim::Possible(p) => Some((p, true)),
            Claim::Eventually(_)
            | Claim::AlwaysEventually(_)
            | Claim::EventuallyAlways(_)
            | Claim::LeadsTo(..)
            | Claim::TimePasses => None,
        };
        let counters = [Observation::Losses, Observation::Duplicates];
        let counts = counters.iter().any(|counter| formula.mentions(*counter).is_some());
        Self { deciding, premise: formula.premise(), this, counts }
    }

    /// Whether a state decides the matter by itself: as a counterexample, or as an example of what is possible.
    #[must_use]
    pub fn is_revealed_by(&self, state: &impl Observe) -> bool {
        self.deciding.is_some_and(|(predicate, revealing)| predicate.holds(state, self.this) == revealing)
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
