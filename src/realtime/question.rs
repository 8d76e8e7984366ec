//! The questions of an exploration of states: which of them decide a formula, and which exercise it.

use crate::model::{End, Observe};
use crate::property::{Formula, Observation};

/// A formula, for one end. Of the forms `always`, `never` and `possible` a single state decides it; otherwise none
/// does.
#[derive(Clone, Copy, Debug)]
pub struct Question<'f> {
    formula: &'f Formula,
    this: End,
}

impl<'f> Question<'f> {
    /// What a formula asks, where `this` is who it calls `self`.
    #[must_use]
    pub fn of(formula: &'f Formula, this: End) -> Self {
        Self { formula, this }
    }

    /// Whether a state decides the matter by itself: as a counterexample, or as an example of what is possible.
    #[must_use]
    pub fn is_revealed_by(&self, state: &impl Observe) -> bool {
        self.formula.is_revealed_by(state, self.this)
    }

    /// Whether the formula says anything of a state.
    #[must_use]
    pub fn is_exercised_by(&self, state: &impl Observe) -> bool {
        self.formula.is_exercised_by(state, self.this)
    }

    /// Whether it speaks of how many losses or duplicates there were.
    #[must_use]
    pub fn counts(&self) -> bool {
        let counters = [Observation::Losses, Observation::Duplicates];
        counters.iter().any(|counter| self.formula.mentions(*counter).is_some())
    }
}
