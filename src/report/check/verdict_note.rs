//! The notes on single verdicts.

use std::ops::RangeInclusive;

use crate::check::{Checked, Judged, Outcome, is_shipped};
use crate::diagnostic::{SourceFile, Span};
use crate::property::{Instance, Verdict};
use crate::scenario::Scenario;

/// A verdict as a line has it: of a property if its instances share it, else of one instance.
#[derive(Clone, Debug)]
pub(super) struct VerdictLine<'c> {
    /// The property, or the instance.
    pub(super) name: String,
    /// The verdict on it.
    pub(super) verdict: Verdict,
    /// The note on it.
    pub(super) note: Option<VerdictNote<'c>>,
}

/// A verdict that is not as expected, or one that the scenario states.
#[derive(Clone, Debug)]
pub(crate) struct VerdictNote<'c> {
    /// The property, or the instance.
    pub(super) name: String,
    /// The verdict on it.
    pub(super) verdict: Verdict,
    /// The expected verdict; none in a world that was changed.
    pub(super) expected: Option<Verdict>,
    /// Why, if the scenario states it.
    because: Option<&'c str>,
    /// The lengths of the shortest trace that is expected and of the one that was found, where they differ.
    steps: Option<(usize, Option<usize>)>,
    /// The gate does not pass for it.
    pub(crate) is_surprise: bool,
    /// Where the expectation is stated, or else the formula.
    file: &'c SourceFile,
    span: Span,
}

/// A property's verdicts in a scenario. If all its instances were decided and have the same note, they are
/// reported together.
pub(super) fn verdict_lines<'c>(checked: &'c Checked, outcome: &'c Outcome) -> Vec<VerdictLine<'c>> {
    let mut all = verdict_line_of_each(checked, outcome);
    let is_same = |one: &VerdictLine<'_>, other: &VerdictLine<'_>| {
        let reason = |line: &VerdictLine<'_>| line.note.as_ref().map(VerdictNote::reason);
        one.verdict == other.verdict && reason(one) == reason(other)
    };
    let is_whole = all.len() == Instance::all(&outcome.property).len();
    if is_whole && all.first().is_some_and(|first| all.iter().all(|one| is_same(first, one))) {
        all.truncate(1);
        for one in &mut all {
            one.name.clone_from(&outcome.property.name);
            if let Some(note) = &mut one.note {
                note.name.clone_from(&outcome.property.name);
            }
        }
    }
    all
}

/// The verdict on each of a property's instances.
pub(super) fn verdict_line_of_each<'c>(checked: &'c Checked, outcome: &'c Outcome) -> Vec<VerdictLine<'c>> {
    let each = outcome.instances.iter();
    each.map(|judged| VerdictLine {
        name: judged.instance.name(),
        verdict: judged.verdict,
        note: VerdictNote::on(&checked.scenario, judged),
    })
    .collect()
}

/// The notes on a property's verdicts in a scenario.
pub(super) fn verdict_notes<'c>(checked: &'c Checked, outcome: &'c Outcome) -> Vec<VerdictNote<'c>> {
    verdict_lines(checked, outcome).into_iter().filter_map(|line| line.note).collect()
}

impl<'c> VerdictNote<'c> {
    /// The note on a verdict; `None` where there is nothing to say of it.
    pub(crate) fn on(scenario: &'c Scenario, judged: &'c Judged) -> Option<Self> {
        let stated = judged.expected.as_ref().and_then(|expected| expected.stated.as_ref());
        let is_surprise = judged.is_missed() || scenario.is_changed() && judged.verdict == Verdict::Violated;
        if judged.verdict == Verdict::Undecided || !is_surprise && stated.is_none() {
            return None;
        }
        let property = &judged.instance.property;
        let (file, span) = match stated {
            Some(stated) => (&scenario.source, stated.span.clone()),
            None => (&property.file, property.formula_span.clone()),
        };
        let expected = judged.expected.as_ref().map(|expected| expected.verdict);
        let has_expected_verdict = expected == Some(judged.verdict);
        Some(Self {
            name: judged.instance.name(),
            verdict: judged.verdict,
            expected,
            because: stated.map(|stated| stated.because.as_str()),
            steps: stated
                .and_then(|stated| stated.steps)
                .filter(|steps| has_expected_verdict && judged.steps != Some(*steps))
                .map(|steps| (steps, judged.steps)),
            is_surprise,
            file,
            span,
        })
    }
    /// The expected verdict and its reason: `expected holds`, `as expected: A closes first`; nothing in a world
    /// that was changed.
    pub(crate) fn reason(&self) -> String {
        let because = self.because.map_or(String::new(), |because| format!(": {because}"));
        match self.expected {
            None => String::new(),
            Some(_) if let Some((expected, found)) = self.steps => {
                let found = found.map_or_else(|| "none".to_owned(), |found| found.to_string());
                format!("expected steps = {expected}, the shortest trace has {found}{because}")
            }
            Some(expected) if self.is_surprise => format!("expected {expected}{because}"),
            Some(_) => format!("as expected{because}"),
        }
    }

    /// The verdict in a sentence: `is violated`, `holds`.
    pub(super) fn kind_label(&self) -> String {
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

    /// The file that it is about is compiled in.
    pub(super) fn is_of_shipped_file(&self) -> bool {
        is_shipped(self.file)
    }

    /// The lines of the file that it is about, counted from 1.
    pub(super) fn lines(&self) -> RangeInclusive<usize> {
        self.file.line_of(self.span.start)..=self.file.line_of(self.span.end)
    }
}
