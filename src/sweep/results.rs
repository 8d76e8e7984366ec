//! The verdicts of a sweep, and the file that they are kept in: a head in its first line, and a line for each
//! world.
//!
//! A line that is not ended was being written when the program was stopped, and is not counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::axis::MAX_WORLDS;
use super::head::{Head, KIND, VERSION};
use super::part::Part;
use super::world_result::{Method, REFUSED, WorldResult};
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile, Span};
use crate::json;

/// The results so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Results {
    /// What they are of.
    pub head: Head,
    /// Of each world that is decided, by its number.
    pub known: BTreeMap<usize, WorldResult>,
}

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    world: usize,
    verdict: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    steps: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(default, skip_serializing_if = "Method::is_explored")]
    method: Method,
}

impl Results {
    /// None so far.
    #[must_use]
    pub fn none(head: Head) -> Self {
        Self { head, known: BTreeMap::new() }
    }

    /// What a file is begun with.
    #[must_use]
    pub fn first_line(&self) -> String {
        self.head.line() + "\n"
    }

    /// Adds the result of a world; the line that the file gets.
    pub fn add(&mut self, world: usize, result: WorldResult) -> String {
        let line = line(world, &result);
        self.known.insert(world, result);
        line
    }

    /// The file: the same for every order in which the results were found.
    #[must_use]
    pub fn text(&self) -> String {
        let lines = self.known.iter().map(|(world, result)| line(*world, result));
        std::iter::once(self.first_line()).chain(lines).collect()
    }

    /// Reads a file. What follows its last end of a line is left out.
    ///
    /// # Errors
    /// The first line that is none of such a file, and a world that is there twice or not at all in the sweep.
    pub fn parse(source: &Arc<SourceFile>) -> Result<Self, Diagnostics> {
        let mut lines = whole_lines(&source.text);
        let refuse = |title: String, span: Span, label: &str| Diagnostic::new(title).at(source, span, label);
        let Some((span, text)) = lines.next() else {
            let title = format!("`{}` has no results of a sweep", source.path);
            return Err(refuse(title, 0..source.text.len(), "expected a line of JSON with what was swept").into());
        };
        let head = head(source, text, &span)?;
        let own: BTreeSet<usize> = head.own_rows().into_iter().flatten().collect();
        let mut results = Self::none(head);
        for (span, text) in lines {
            let (world, result) = parsed(text).ok_or_else(|| {
                let label = "expected a result, as in {\"world\":3,\"verdict\":\"holds\"}";
                refuse(format!("`{}` is damaged", source.path), span.clone(), label)
            })?;
            if !own.contains(&world) {
                let title = format!("`{}` has a result of a world that it does not have", source.path);
                return Err(refuse(title, span, "expected a world of its partition").into());
            }
            if results.known.insert(world, result).is_some() {
                let title = format!("`{}` has two results of the world {world}", source.path);
                return Err(refuse(title, span, "expected one").into());
            }
        }
        Ok(results)
    }

    /// Makes sure that results that were kept in a file are of this sweep.
    ///
    /// # Errors
    /// The first difference.
    pub fn belong_to(&self, head: &Head, source: &Arc<SourceFile>) -> Result<(), Diagnostics> {
        let is_other_part = self.head.partition != head.partition;
        let part = |part: Part| if part == Part::WHOLE { "none".to_owned() } else { part.to_string() };
        let difference = head.differs_from(&self.head).or_else(|| {
            let (there, here) = (part(self.head.partition), part(head.partition));
            is_other_part.then(|| format!("`--partition` is {there} there, and {here} here"))
        });
        match difference {
            Some(difference) => Err(other_sweep(source, difference).into()),
            None => Ok(()),
        }
    }
}

/// A file has the results of another sweep: what is different.
pub(super) fn other_sweep(source: &Arc<SourceFile>, difference: String) -> Diagnostic {
    let line = 0..source.text.lines().next().map_or(0, str::len);
    Diagnostic::new(format!("`{}` has the results of another sweep", source.path)).at(source, line, difference)
}

/// The line of a world, with its end.
fn line(world: usize, result: &WorldResult) -> String {
    let WorldResult { steps, why, method, .. } = result;
    let line = Line { world, verdict: result.name().to_owned(), steps: *steps, why: why.clone(), method: *method };
    json::line(&line) + "\n"
}

fn parsed(text: &str) -> Option<(usize, WorldResult)> {
    let Line { world, verdict, steps, why, method } = serde_json::from_str(text).ok()?;
    let verdict = match verdict.as_str() {
        REFUSED => None,
        name => Some(name.parse().ok()?),
    };
    Some((world, WorldResult { verdict, steps, why, method }))
}

/// The head of a file, of this version.
fn head(source: &Arc<SourceFile>, text: &str, span: &Span) -> Result<Head, Diagnostics> {
    #[derive(Deserialize)]
    struct Known {
        kind: String,
        version: u32,
    }
    let refuse = |title: String, label: String| -> Diagnostics {
        Diagnostic::new(title).at(source, span.clone(), label).into()
    };
    let known = serde_json::from_str::<Known>(text).ok().filter(|known| known.kind == KIND);
    let Some(known) = known else {
        let title = format!("`{}` has no results of a sweep", source.path);
        return Err(refuse(title, format!("expected a line of JSON with `\"kind\":\"{KIND}\"`")));
    };
    if known.version != VERSION {
        let title = format!("`{}` has another version", source.path);
        return Err(refuse(title, format!("expected version {VERSION}, and not {}", known.version)));
    }
    let damaged = |label: String| refuse(format!("the head of `{}` is damaged", source.path), label);
    let head: Head = serde_json::from_str(text).map_err(|error| damaged(error.to_string()))?;
    let Part { number, of } = head.partition;
    if head.size() == 0 || head.size() > MAX_WORLDS || Part::new(number, of).is_none() {
        return Err(damaged(format!("expected 1 to {MAX_WORLDS} worlds, and a partition of them")));
    }
    Ok(head)
}

/// The lines that are ended, each with its place.
fn whole_lines(text: &str) -> impl Iterator<Item = (Span, &str)> {
    let mut start = 0;
    text.split_inclusive('\n').filter_map(move |line| {
        let span = start..start + line.trim_end().len();
        start += line.len();
        Some((span, line.strip_suffix('\n')?))
    })
}
