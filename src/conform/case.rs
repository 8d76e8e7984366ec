//! Recorded cases: what happened to another TCP, and what it did. One JSON object a line.

use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;

use super::grammar::{self, CaseState, Happening, Pattern, Problem};
use super::profile::{PROFILES, Profile};
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile, nearest};

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is called.
    pub id: String,
    /// The number of its line, from 1.
    pub line: usize,
    /// Whose rules it was recorded under.
    pub profile: &'static Profile,
    /// The state in which it begins; the shortest ordinary way there has been taken.
    pub start: CaseState,
    /// What happens, step by step.
    pub steps: Vec<Happening>,
    /// What has to be seen.
    pub expected: Vec<Expected>,
}

/// What has to be seen after a step; 0 is before the first.
#[derive(Clone, Debug)]
pub enum Expected {
    /// These segments are sent in the step, in this order, and no other.
    Sent(usize, Vec<Pattern>),
    /// The state after the step.
    State(usize, CaseState),
    /// What the socket's owner is told of in the end; `None`: of nothing.
    Error(Option<String>),
}

#[derive(Deserialize)]
struct SequenceShape {
    id: String,
    start_state: String,
    events: Vec<String>,
    expect_segments: Vec<String>,
    #[serde(default)]
    state_checks: Vec<String>,
    expect_end_state: String,
    profile: String,
}

#[derive(Deserialize)]
struct RowShape {
    start_state: String,
    #[serde(default)]
    actual_start: Option<String>,
    event: String,
    sent: Vec<String>,
    end_state: String,
    #[serde(default)]
    so_error: Option<String>,
}

/// Reads the cases of a file. Empty lines are passed over; every line with a mistake gets a diagnostic.
pub fn read_cases(file: &Arc<SourceFile>) -> Result<Vec<Case>, Diagnostics> {
    let mut cases = Vec::new();
    let mut mistakes = Diagnostics::default();
    let mut start = 0;
    for (index, text) in file.text.split('\n').enumerate() {
        let line = Line { file, text: text.trim_end_matches('\r'), start, number: index + 1 };
        if !line.text.trim().is_empty() {
            match line.case() {
                Ok(case) => cases.push(case),
                Err(mistake) => mistakes.0.push(mistake),
            }
        }
        start += text.len() + 1;
    }
    if cases.is_empty() && mistakes.0.is_empty() {
        mistakes.0.push(Diagnostic::new(format!("`{}` has no cases", file.path)));
    }
    mistakes.or(cases)
}

/// A line of a file.
struct Line<'a> {
    file: &'a Arc<SourceFile>,
    text: &'a str,
    /// Where it begins, in bytes.
    start: usize,
    /// From 1.
    number: usize,
}

impl Line<'_> {
    fn case(&self) -> Result<Case, Diagnostic> {
        // The two formats are told apart by what only one of them has.
        let fields: serde_json::Map<String, serde_json::Value> = self.json()?;
        if fields.contains_key("event") { self.row() } else { self.sequence() }
    }

    fn sequence(&self) -> Result<Case, Diagnostic> {
        let shape: SequenceShape = self.json()?;
        let profile = PROFILES.iter().find(|profile| profile.name == shape.profile).ok_or_else(|| {
            let names = PROFILES.map(|profile| profile.name);
            let mistake = self.wrong(&shape.profile, 0..shape.profile.len(), "unknown profile", &names.join(", "));
            let near = nearest(&shape.profile, names);
            near.map_or(mistake.clone(), |name| mistake.help(format!("there is `{name}`")))
        })?;
        let start = self.parsed(&shape.start_state, |text| grammar::state(0, text))?;
        let steps: Vec<Happening> =
            shape.events.iter().map(|text| self.parsed(text, grammar::event)).collect::<Result<_, _>>()?;
        let mut expected: Vec<Expected> = Vec::new();
        let within = |text: &str, step: usize| {
            if step <= steps.len() {
                return Ok(());
            }
            let last = format!("a step from 0 to {}", steps.len());
            Err(self.wrong(text, 0..text.len(), "no such step", &last))
        };
        for text in &shape.expect_segments {
            let (step, pattern) = self.parsed(text, grammar::expected_segment)?;
            within(text, step)?;
            let same = expected.iter_mut().find_map(|one| match one {
                Expected::Sent(of, patterns) if *of == step => Some(patterns),
                _ => None,
            });
            match same {
                Some(patterns) => patterns.extend(pattern),
                None => expected.push(Expected::Sent(step, pattern.into_iter().collect())),
            }
        }
        for text in &shape.state_checks {
            let (step, state) = self.parsed(text, grammar::state_check)?;
            within(text, step)?;
            expected.push(Expected::State(step, state));
        }
        let end = self.parsed(&shape.expect_end_state, |text| grammar::state(0, text))?;
        expected.push(Expected::State(steps.len(), end));
        Ok(Case { id: shape.id, line: self.number, profile, start, steps, expected })
    }

    fn row(&self) -> Result<Case, Diagnostic> {
        let shape: RowShape = self.json()?;
        let start = shape.actual_start.as_ref().unwrap_or(&shape.start_state);
        let event = self.parsed(&shape.event, grammar::row_event)?;
        let sent: Vec<Pattern> =
            shape.sent.iter().map(|text| self.parsed(text, grammar::row_segment)).collect::<Result<_, _>>()?;
        Ok(Case {
            id: format!("{start}: {}", shape.event),
            line: self.number,
            profile: Profile::of_rows(),
            start: self.parsed(start, |text| grammar::state(0, text))?,
            steps: vec![Happening::Arrival(event)],
            expected: vec![
                Expected::Sent(1, sent),
                Expected::State(1, self.parsed(&shape.end_state, |text| grammar::state(0, text))?),
                Expected::Error(shape.so_error.clone()),
            ],
        })
    }

    /// The line as JSON of some shape.
    fn json<'t, T: Deserialize<'t>>(&'t self) -> Result<T, Diagnostic> {
        serde_json::from_str(self.text).map_err(|error| {
            // Columns count bytes, from 1; 0 stands for the line as a whole.
            let at = self.start + error.column().saturating_sub(1).min(self.text.len());
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            let title = format!("line {}: {message}", self.number);
            Diagnostic::new(title).at(self.file, at..at + 1, "")
        })
    }

    /// One of the line's strings, parsed.
    fn parsed<T>(&self, text: &str, parse: impl Fn(&str) -> Result<T, Problem>) -> Result<T, Diagnostic> {
        parse(text).map_err(|problem| self.wrong(text, problem.span, "cannot be read", &problem.expected))
    }

    /// Part of one of the line's strings is wrong.
    fn wrong(&self, text: &str, span: Range<usize>, what: &str, expected: &str) -> Diagnostic {
        let title = format!("line {}: `{text}`: {what}", self.number);
        // Escapes are rare: where there are some, the whole line is meant.
        let place = self.text.find(&format!("\"{text}\""));
        let span = place.map_or(self.start..self.start + self.text.len(), |place| {
            let start = self.start + place + 1;
            start + span.start..start + span.end
        });
        Diagnostic::new(title).at(self.file, span, format!("expected {expected}"))
    }
}
