//! Verdicts, and what is asked: a property, or one of its two instances.

use std::fmt;
use std::sync::Arc;

use strum::{EnumString, IntoStaticStr};

use super::file::Property;
use super::syntax::Temporal;
use crate::model::{End, Observe};
use crate::scenario::Expected;

/// What is known of a property in a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, EnumString, IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum Verdict {
    /// It is true of every run.
    Holds,
    /// It holds, but only because what it supposes is true in no state that can be reached.
    Vacuous,
    /// It is not: there is a counterexample.
    Violated,
    /// Some reachable state is such: there is an example.
    Possible,
    /// No reachable state is such.
    Impossible,
    /// A limit was hit before this was decided.
    Undecided,
    /// The property speaks of what this world does not have.
    #[strum(serialize = "not applicable")]
    NotApplicable,
}

impl Verdict {
    /// How the verdict is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// The verdict of both instances of a property together: violated (possible) if either is, else undecided if
    /// either is, else holds if either does, else what both are.
    #[must_use]
    pub fn together(self, other: Self) -> Self {
        [Self::Violated, Self::Possible, Self::Undecided, Self::Holds]
            .into_iter()
            .find(|verdict| self == *verdict || other == *verdict)
            .unwrap_or(self)
    }

    /// The verdict of all these together; of none, not applicable.
    #[must_use]
    pub fn of_all(verdicts: impl IntoIterator<Item = Self>) -> Self {
        verdicts.into_iter().reduce(Self::together).unwrap_or(Self::NotApplicable)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl From<Expected> for Verdict {
    fn from(expected: Expected) -> Self {
        match expected {
            Expected::Holds => Self::Holds,
            Expected::Violated => Self::Violated,
            Expected::Possible => Self::Possible,
            Expected::Impossible => Self::Impossible,
        }
    }
}

/// A property as it is decided: of an end if its formula mentions `self` or `peer`, else of the world.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The property.
    pub property: Arc<Property>,
    /// Who `self` is; `None` if the formula does not ask.
    pub end: Option<End>,
}

impl Instance {
    /// The instances of a property: one, or one for each end.
    #[must_use]
    pub fn all(property: &Arc<Property>) -> Vec<Self> {
        let instance = |end| Self { property: Arc::clone(property), end };
        if property.formula.is_about_an_end() {
            End::BOTH.map(|end| instance(Some(end))).to_vec()
        } else {
            vec![instance(None)]
        }
    }

    /// The instances among those of these properties that a name means: all of a property's, or one
    /// (`both-fins@A`).
    pub(crate) fn named<'a>(properties: &'a [Arc<Property>], name: &'a str) -> impl Iterator<Item = Self> + 'a {
        let all = properties.iter().flat_map(Self::all);
        all.filter(move |one| one.property.name == name || one.name() == name)
    }

    /// The property's name, with the end where there is one: `both-fins@A`.
    #[must_use]
    pub fn name(&self) -> String {
        match self.end {
            Some(end) => format!("{}@{end}", self.property.name),
            None => self.property.name.clone(),
        }
    }

    /// Whether this state decides the matter by itself: it violates what should always (never) be so, or is an
    /// example of what should be possible.
    #[must_use]
    pub fn is_revealed_by(&self, state: &impl Observe) -> bool {
        self.property.formula.is_revealed_by(state, self.this())
    }

    /// Whether the state exercises the formula: whether its premise is true in it.
    #[must_use]
    pub fn is_exercised_by(&self, state: &impl Observe) -> bool {
        self.property.formula.is_exercised_by(state, self.this())
    }

    /// It is decided by runs without end, not by states.
    #[must_use]
    pub fn is_liveness(&self) -> bool {
        self.property.formula.temporal().is_liveness()
    }

    /// Who `self` is in its formula; either, if the formula does not ask.
    pub(crate) fn this(&self) -> End {
        self.end.unwrap_or(End::A)
    }

    /// The verdict, by what is known of a state or a run that reveals it, and of a state that exercises it. What
    /// nothing reveals may hold vacuously.
    pub(crate) fn verdict(&self, revealed: Known, exercised: Known) -> Verdict {
        let is_possible = self.property.formula.temporal() == Temporal::Possible;
        match (revealed, exercised) {
            (Known::Found, _) if is_possible => Verdict::Possible,
            (Known::Found, _) => Verdict::Violated,
            (Known::Absent, _) if is_possible => Verdict::Impossible,
            (Known::Absent, Known::Found) => Verdict::Holds,
            (Known::Absent, Known::Absent) => Verdict::Vacuous,
            (Known::Absent, Known::Open) | (Known::Open, _) => Verdict::Undecided,
        }
    }
}

/// What is known of something that an exploration looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    /// It was found.
    Found,
    /// It is not there.
    Absent,
    /// Not known.
    Open,
}

impl Known {
    /// What is known once something was found or was not, by an exploration that has seen everything or has not.
    pub(crate) fn of(is_found: bool, is_exhausted: bool) -> Self {
        match (is_found, is_exhausted) {
            (true, _) => Self::Found,
            (false, true) => Self::Absent,
            (false, false) => Self::Open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::SourceFile;

    #[test]
    fn instances_together() {
        use Verdict::{Holds, Impossible, Possible, Undecided, Vacuous, Violated};
        let cases = [
            (Holds, Holds, Holds),
            (Holds, Undecided, Undecided),
            (Holds, Vacuous, Holds),
            (Vacuous, Undecided, Undecided),
            (Vacuous, Vacuous, Vacuous),
            (Violated, Undecided, Violated),
            (Holds, Violated, Violated),
            (Possible, Impossible, Possible),
            (Possible, Undecided, Possible),
            (Impossible, Undecided, Undecided),
            (Impossible, Impossible, Impossible),
        ];
        for (one, other, together) in cases {
            assert_eq!(one.together(other), together);
            assert_eq!(other.together(one), together);
        }
    }

    #[test]
    fn what_may_hold_vacuously_is_undecided() {
        let text = "about = 'x'\nformula = 'always self.left == TIME_WAIT implies self.fin_acked'\n";
        let property = Arc::new(Property::from_source(SourceFile::new("any.toml", text)).unwrap());
        let instance = &Instance::all(&property)[0];
        let cases = [
            ((Known::Absent, Known::Found), Verdict::Holds),
            ((Known::Absent, Known::Absent), Verdict::Vacuous),
            ((Known::Absent, Known::Open), Verdict::Undecided),
            ((Known::Found, Known::Open), Verdict::Violated),
            ((Known::Open, Known::Found), Verdict::Undecided),
        ];
        for ((revealed, exercised), expected) in cases {
            assert_eq!(instance.verdict(revealed, exercised), expected, "{revealed:?} {exercised:?}");
        }
    }
}
