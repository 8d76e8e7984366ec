//! Files of cases: one JSON object a line.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny};
use serde_aux::serde_introspection::serde_introspect;
use serde_json::value::RawValue;
use strum::VariantNames;

use super::case::{Case, CaseStep, Expectations, SegmentOrder, SocketError};
use super::words::{Mistake, Word};
use super::{row, step};
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile, in_words_of_files, misspelt};
use crate::policy::{NamedPolicy, Policies};
use crate::tcp::State;

/// So many mistakes are shown of one file.
const MOST_MISTAKES: usize = 10;

/// What a line may hold; which of it must be there depends on whether it has `events` (a case) or `event` (a row).
/// Anything else is for people.
#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    profile: Option<&'a RawValue>,
    #[serde(borrow)]
    start_state: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "a_list")]
    events: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default, deserialize_with = "a_list")]
    expect_segments: Option<Vec<&'a RawValue>>,
    #[serde(borrow, default, deserialize_with = "a_list")]
    state_checks: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    expect_end_state: Option<&'a RawValue>,
    #[serde(borrow)]
    event: Option<&'a RawValue>,
    #[serde(borrow)]
    actual_start: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "a_list")]
    sent: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    end_state: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "even_null")]
    so_error: Option<&'a RawValue>,
}

/// A value that is there, `null` included.
fn even_null<'de, D: Deserializer<'de>>(value: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(value).map(Some)
}

/// A list; `null` is none, and no way to say that it is empty.
fn a_list<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Vec<&'de RawValue>>, D::Error> {
    Vec::deserialize(value).map(Some)
}

/// Which policy cases are replayed under.
#[derive(Clone, Copy, Debug)]
pub enum Profile<'a> {
    /// The one of these that each case names.
    Named(&'a Policies),
    /// All under one.
    One(&'a Arc<NamedPolicy>),
}

/// The cases of a file; and what is wrong with the lines that cannot be read, at most ten of them with their
/// places.
#[must_use]
pub fn parse(file: &Arc<SourceFile>, profile: Profile<'_>) -> (Vec<Case>, Diagnostics) {
    let mut cases = Vec::new();
    let mut mistakes = Diagnostics::default();
    // Mistakes that are counted, but not shown.
    let mut more = 0usize;
    // The line before begins an object and does not end it: what follows is no line of its own.
    let mut goes_on = false;
    let mut start = 0;
    for (index, whole) in file.text.split_inclusive('\n').enumerate() {
        // A byte order mark is no part of the text.
        let marked = whole.strip_prefix('\u{feff}').filter(|_| index == 0).unwrap_or(whole);
        let text = marked.trim();
        let begins = start + whole.len() - marked.trim_start().len();
        start += whole.len();
        if text.is_empty() || goes_on && !text.starts_with('{') {
            continue;
        }
        goes_on = false;
        let line = LineOf { file, number: index + 1, start: begins, text };
        match line.case(profile) {
            Ok(case) => cases.push(case),
            Err(mistake) => {
                more += usize::from(mistakes.0.len() == MOST_MISTAKES);
                if mistakes.0.len() < MOST_MISTAKES {
                    mistakes.0.push(mistake);
                }
                goes_on = line.is_cut();
            }
        }
    }
    if more > 0 {
        mistakes.0.push(Diagnostic::new(format!("`{}` has {more} more lines that cannot be read", file.path)));
    }
    if cases.is_empty() && mistakes.0.is_empty() {
        let empty = Diagnostic::new(format!("`{}` has no cases", file.path));
        mistakes.0.push(empty.help("a case is a line with a JSON object"));
    }
    (cases, mistakes)
}

/// A line, without the space around it, and where it is.
struct LineOf<'a> {
    file: &'a Arc<SourceFile>,
    number: usize,
    start: usize,
    text: &'a str,
}

impl<'a> LineOf<'a> {
    fn case(&self, profile: Profile<'_>) -> Result<Case, Diagnostic> {
        if !self.text.starts_with('{') {
            return Err(self.mistaken("a line that is no case", "expected a JSON object"));
        }
        let line: Line<'a> = serde_json::from_str(self.text).map_err(|error| self.not_json(&error))?;
        self.no_key_is_misspelt()?;
        match (&line.events, line.event) {
            (Some(events), None) => self.sequence(&line, events, profile),
            (None, Some(event)) => self.row(&line, event, profile),
            _ => Err(self.mistaken(
                "a line is a case or a row",
                "expected either `events`, as a case has, or `event`, as a row has",
            )),
        }
    }

    /// Keys that mean nothing here are for people, unless they look like one that does.
    fn no_key_is_misspelt(&self) -> Result<(), Diagnostic> {
        let all: BTreeMap<String, &RawValue> =
            serde_json::from_str(self.text).map_err(|error| self.not_json(&error))?;
        let known = serde_introspect::<Line<'_>>();
        let others = all.iter().filter(|(key, _)| !known.contains(&key.as_str()));
        let mut looks_alike =
            others.filter_map(|(key, value)| Some((key, value, misspelt(key, known.iter().copied())?)));
        match looks_alike.next() {
            None => Ok(()),
            Some((key, value, near)) => Err(Diagnostic::new(format!("unknown key `{key}`"))
                .at(self.file, self.span_of(value), "this key has no effect")
                .help(format!("there is `{near}`"))),
        }
    }

    /// The line ends before its object does.
    fn is_cut(&self) -> bool {
        serde_json::from_str::<IgnoredAny>(self.text).is_err_and(|error| error.is_eof())
    }

    fn sequence(
        &self,
        line: &Line<'a>,
        events: &[&'a RawValue],
        profile: Profile<'_>,
    ) -> Result<Case, Diagnostic> {
        let name = self.string(self.required(line.id, "id")?)?;
        let policy = match profile {
            Profile::One(policy) => Arc::clone(policy),
            Profile::Named(policies) => self.policy(self.required(line.profile, "profile")?, policies)?,
        };
        let step = |raw: &&'a RawValue| self.parsed(raw, |text| Ok(CaseStep::at_once(text, step::event(text)?)));
        let steps: Vec<CaseStep> = events.iter().map(step).collect::<Result<_, _>>()?;
        let last = steps.len();
        let segment = |raw: &&'a RawValue| self.parsed(raw, |text| step::expected_in_step(text, last));
        let state = |raw: &&'a RawValue| self.parsed(raw, |text| step::state_after_step(text, last));
        if line.sent.is_some() || line.end_state.is_some() {
            return Err(
                self.mistaken("a case with the expectations of a row", "expected no `sent` and no `end_state`")
            );
        }
        let raw_segments = line.expect_segments.as_deref().unwrap_or_default();
        let segments: Vec<_> = raw_segments.iter().map(segment).collect::<Result<_, _>>()?;
        let answered: BTreeSet<usize> =
            segments.iter().filter(|(_, expected)| expected.is_some()).map(|(step, _)| *step).collect();
        let is_contradicted =
            |(step, expected): &(usize, Option<_>)| expected.is_none() && answered.contains(step);
        if let Some(place) = segments.iter().position(is_contradicted) {
            let span = raw_segments.get(place).map_or(self.start..self.start, |raw| self.span_of(raw));
            let contradiction = Diagnostic::new("something is expected in this step, and nothing");
            return Err(contradiction.at(self.file, span, "expected one of the two"));
        }
        Ok(Case {
            name,
            line: self.number,
            policy,
            start: self.state(self.required(line.start_state, "start_state")?)?,
            steps,
            expected: Expectations {
                order: SegmentOrder::InStep,
                segments,
                other_states: Vec::new(),
                states: line.state_checks.iter().flatten().map(state).collect::<Result<_, _>>()?,
                end: Some(self.state(self.required(line.expect_end_state, "expect_end_state")?)?),
                error: self.error(line)?,
            },
        })
    }

    fn row(&self, line: &Line<'a>, event: &'a RawValue, profile: Profile<'_>) -> Result<Case, Diagnostic> {
        let start = self.state(
            line.actual_start.or(line.start_state).map_or_else(|| self.required(None, "start_state"), Ok)?,
        )?;
        let text = self.string(event)?;
        let step = self.parsed(event, |text| Ok(CaseStep::at_once(text, row::event(text)?)))?;
        let segment = |raw: &&'a RawValue| self.parsed(raw, |text| Ok((1, step::expected(text)?)));
        if line.expect_segments.is_some() || line.state_checks.is_some() || line.expect_end_state.is_some() {
            let label = "expected no `expect_segments`, `state_checks` and `expect_end_state`";
            return Err(self.mistaken("a row with the expectations of a case", label));
        }
        let mut segments: Vec<_> = line.sent.iter().flatten().map(segment).collect::<Result<_, _>>()?;
        if line.sent.as_ref().is_some_and(Vec::is_empty) {
            segments.push((1, None));
        }
        Ok(Case {
            name: format!("{start} {text}"),
            line: self.number,
            policy: match (profile, line.profile) {
                (Profile::One(policy), _) => Arc::clone(policy),
                (Profile::Named(policies), Some(raw)) => self.policy(raw, policies)?,
                // The table is that of a kernel.
                (Profile::Named(policies), None) => Arc::clone(policies.named("linux")?),
            },
            start,
            steps: vec![step],
            expected: Expectations {
                order: SegmentOrder::InStep,
                segments,
                states: Vec::new(),
                other_states: Vec::new(),
                end: Some(self.state(self.required(line.end_state, "end_state")?)?),
                error: self.error(line)?,
            },
        })
    }

    /// `SO_ERROR` at the end, if the line has it; `null` is no error.
    #[expect(clippy::option_option, reason = "whether the line speaks of it, and whether there is one")]
    fn error(&self, line: &Line<'a>) -> Result<Option<Option<SocketError>>, Diagnostic> {
        match line.so_error {
            None => Ok(None),
            Some(raw) if raw.get() == "null" => Ok(Some(None)),
            Some(raw) => self.parsed(raw, |text| {
                text.parse().map(|error| Some(Some(error))).map_err(|_| {
                    Word { at: 0, text }.mistake(
                        format!("unknown error `{text}`"),
                        format!("expected null or one of {}", SocketError::VARIANTS.join(", ")),
                    )
                })
            }),
        }
    }

    fn required(&self, value: Option<&'a RawValue>, key: &str) -> Result<&'a RawValue, Diagnostic> {
        value.ok_or_else(|| self.mistaken(format!("`{key}` is missing"), format!("expected `{key}` in this line")))
    }

    fn state(&self, raw: &'a RawValue) -> Result<State, Diagnostic> {
        self.parsed(raw, step::state)
    }

    fn policy(&self, raw: &'a RawValue, policies: &Policies) -> Result<Arc<NamedPolicy>, Diagnostic> {
        self.parsed(raw, |text| {
            let named = policies.named(text).cloned();
            named.map_err(|unknown| Mistake {
                help: unknown.help,
                ..Word { at: 0, text }
                    .mistake(format!("unknown profile `{text}`"), "expected the name of a policy")
            })
        })
    }

    fn string(&self, raw: &'a RawValue) -> Result<String, Diagnostic> {
        self.value(raw, "a string")
    }

    fn value<T: DeserializeOwned>(&self, raw: &'a RawValue, what: &str) -> Result<T, Diagnostic> {
        serde_json::from_str(raw.get()).map_err(|_| {
            Diagnostic::new(format!("expected {what}")).at(
                self.file,
                self.span_of(raw),
                format!("this is not {what}"),
            )
        })
    }

    /// The meaning of a string of the line; a mistake in it is pointed at.
    fn parsed<T>(
        &self,
        raw: &'a RawValue,
        parse: impl FnOnce(&str) -> Result<T, Mistake>,
    ) -> Result<T, Diagnostic> {
        let text = self.string(raw)?;
        parse(&text).map_err(|Mistake { at, title, label, help }| {
            let whole = self.span_of(raw);
            // With an escape in it, the string is not what stands in the file.
            let span = if raw.get().len() == text.len() + 2 {
                whole.start + 1 + at.start..whole.start + 1 + at.end
            } else {
                whole
            };
            Diagnostic { help, ..Diagnostic::new(title).at(self.file, span, label) }
        })
    }

    /// Where in the file a value of the line stands.
    fn span_of(&self, raw: &'a RawValue) -> Range<usize> {
        let offset = (raw.get().as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        self.start + offset..self.start + offset + raw.get().len()
    }

    fn mistaken(&self, title: impl Into<String>, label: impl Into<String>) -> Diagnostic {
        Diagnostic::new(title).at(self.file, self.start..self.start + self.text.len(), label)
    }

    fn not_json(&self, error: &serde_json::Error) -> Diagnostic {
        let at = self.text.floor_char_boundary(error.column().saturating_sub(1));
        let end = self.text.ceil_char_boundary(at + 1).max(at + 1);
        let message = error.to_string();
        // The snippet shows the position.
        let message = in_words_of_files(message.split(" at line ").next().unwrap_or_default());
        let mistake = Diagnostic::new(format!("a line that is no case: {message}"));
        let mistake = mistake.at(self.file, self.start + at..self.start + end, "");
        if error.is_eof() { mistake.help("a case is one line") } else { mistake }
    }
}
