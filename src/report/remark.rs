//! What is worth saying of a verdict by itself.

use std::ops::RangeInclusive;

use crate::check::{Checked, Comparison, Outcome, Verdict};
use crate::diagnostic::{SourceFile, Span};

/// A verdict that is not as expected, or one that the scenario states.
#[derive(Clone, Debug)]
pub(super) struct Remark<'c> {
    /// The property, or the one instance that decides the matter.
    pub(super) name: String,
    /// The verdict on it.
    pub(super) verdict: Verdict,
    /// What is expected; in a world that was changed nothing is.
    pub(super) expected: Option<Verdict>,
    /// Why, if the scenario states it.
    pub(super) because: Option<&'c str>,
    /// The gate does not pass for it.
    pub(super) is_surprise: bool,
    /// Where the expectation is stated, or else the formula.
    file: &'c SourceFile,
    span: Span,
}

/// The remarks on a property's verdicts in a scenario. Two instances that both do not hold share one.
pub(super) fn remarks<'c>(checked: &'c Checked, outcome: &'c Outcome) -> Vec<Remark<'c>> {
    let property = &outcome.property;
    let remark = |name: &str, verdict, expected: Option<Verdict>, because: Option<&'c str>| {
        let expectations = &checked.scenario.expectations;
        let (file, span) = match expectations.iter().find(|stated| because.is_some() && stated.property == name) {
            Some(stated) => (&checked.scenario.source, stated.span.clone()),
            None => (&property.file, property.formula_span.clone()),
        };
        // Of two instances, the one that decides the matter is named.
        let decisive: Vec<_> = outcome.instances.iter().filter(|(_, each)| *each == verdict).collect();
        let name = match decisive.as_slice() {
            [(Some(end), _)] if name == property.name => format!("{name}@{end}"),
            _ => name.to_owned(),
        };
        let is_surprise = expected.is_none_or(|expected| expected != verdict);
        Remark { name, verdict, expected, because, is_surprise, file, span }
    };
    if checked.scenario.is_changed() {
        let is_violated = outcome.verdict == Verdict::Violated;
        return is_violated.then(|| remark(&property.name, Verdict::Violated, None, None)).into_iter().collect();
    }
    let of = |name: &str, comparison: &'c Comparison| {
        remark(name, comparison.verdict, Some(comparison.expected), comparison.because.as_deref())
    };
    let is_unstated = |one: &Comparison| one.because.is_none() && one.is_missed();
    match outcome.comparisons.as_slice() {
        [one, other] if is_unstated(one) && is_unstated(other) => vec![of(&property.name, one)],
        all => {
            let is_remarkable = |one: &&Comparison| one.because.is_some() || one.is_missed();
            let decided = all.iter().filter(|one| one.verdict != Verdict::Undecided);
            decided.filter(is_remarkable).map(|one| of(&one.name, one)).collect()
        }
    }
}

impl<'c> Remark<'c> {
    /// What is expected, and why: `expected holds`, `as expected: A closes first`; nothing in a world that was changed.
    pub(super) fn reason(&self) -> String {
        let because = self.because.map_or(String::new(), |because| format!(": {because}"));
        match self.expected {
            None => String::new(),
            Some(expected) if self.is_surprise => format!("expected {expected}{because}"),
            Some(_) => format!("as expected{because}"),
        }
    }

    /// The verdict in a sentence: `is violated`, `holds`.
    pub(super) fn is_what(&self) -> String {
        match self.verdict {
            Verdict::Holds => "holds".to_owned(),
            other => format!("is {other}"),
        }
    }

    /// There is a trace to be shown.
    pub(super) fn has_trace(&self) -> bool {
        matches!(self.verdict, Verdict::Violated | Verdict::Possible)
    }

    /// The file that it is about.
    pub(super) fn path(&self) -> &'c str {
        &self.file.path
    }

    /// The lines of the file that it is about, counted from 1.
    pub(super) fn lines(&self) -> RangeInclusive<usize> {
        self.file.line_of(self.span.start)..=self.file.line_of(self.span.end)
    }
}
