//! The JSON reports of the parts of a check, in one: the report that one machine would have written.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::json::{CountsReport, Partition, VERSION};
use crate::check::GateResult;
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile};
use crate::json;
use crate::sweep::Part;

/// A report, its scenarios as they are written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Report<'a> {
    version: u32,
    lastack: String,
    passed: bool,
    exit_code: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partition: Option<Partition>,
    counts: CountsReport,
    #[serde(borrow)]
    scenarios: Vec<&'a RawValue>,
}

/// The report of a whole check.
#[derive(Clone, Debug)]
pub struct MergedReport {
    /// The document.
    pub text: String,
    /// How the gate ended.
    pub exit: GateResult,
}

/// Whether a text is likely to be a report of `check`, and no results of a sweep.
#[must_use]
pub fn is_report(text: &str) -> bool {
    text.lines().next().is_some_and(|line| line.trim() == "{")
}

/// Puts the reports of all parts together.
///
/// # Errors
/// A file that is no such report; reports of different versions or selections; a part that is there twice or is
/// missing.
pub fn merged_reports(sources: &[Arc<SourceFile>]) -> Result<MergedReport, Diagnostics> {
    let mut mistakes = Diagnostics::default();
    let mut parts: BTreeMap<u32, (&Arc<SourceFile>, Partition, Report<'_>)> = BTreeMap::new();
    let mut common: Option<(&Arc<SourceFile>, Partition, String)> = None;
    for source in sources {
        let (report, partition) = match parsed(source) {
            Ok(parsed) => parsed,
            Err(mistake) => {
                mistakes.0.push(mistake);
                continue;
            }
        };
        let (first, of_first, version) =
            common.get_or_insert_with(|| (source, partition.clone(), report.lastack.clone()));
        let refuse = |title: &str| Diagnostic::new(title).at(source, 0..0, "here").also(first, 0..0, "and here");
        if report.lastack != *version {
            mistakes.0.push(refuse("the parts are of different versions of lastack"));
        } else if (partition.part.of, partition.scenarios, &partition.selection)
            != (of_first.part.of, of_first.scenarios, &of_first.selection)
        {
            mistakes.0.push(refuse("the parts are of different checks"));
        } else if let Some((earlier, ..)) = parts.get(&partition.part.number) {
            let title = format!("the part {} is there twice", partition.part);
            mistakes.0.push(Diagnostic::new(title).at(source, 0..0, "here").also(earlier, 0..0, "and here"));
        } else {
            parts.insert(partition.part.number, (source, partition, report));
        }
    }
    let Some((_, Partition { part, scenarios, .. }, version)) = common else {
        return mistakes.or(()).and_then(|()| Err(Diagnostic::new("there is nothing to merge").into()));
    };
    let missing: Vec<String> = (1..=part.of)
        .filter(|number| !parts.contains_key(number))
        .map(|number| format!("{number}/{}", part.of))
        .collect();
    if mistakes.0.is_empty() && !missing.is_empty() {
        let title = match missing.as_slice() {
            [one] => format!("the part {one} is missing"),
            several => format!("{} parts of {} are missing", several.len(), part.of),
        };
        mistakes
            .0
            .push(Diagnostic::new(title).help(format!("all parts are needed, each once: {}", missing.join(", "))));
    }
    mistakes.or(())?;
    // The scenario n is the n / OF-th of its part.
    let of = part.of as usize;
    let scenario = |number: usize| {
        let (.., report) = parts.get(&u32::try_from(number % of + 1).ok()?)?;
        report.scenarios.get(number / of).copied()
    };
    let all: Option<Vec<&RawValue>> = (0..scenarios).map(scenario).collect();
    let there: usize = parts.values().map(|(.., report)| report.scenarios.len()).sum();
    let Some(all) = all.filter(|_| there == scenarios) else {
        return Err(Diagnostic::new(format!("{there} scenarios are there, and not {scenarios}")).into());
    };
    let results = parts.values().filter_map(|(.., report)| GateResult::of_exit_code(report.exit_code));
    let exit = results.max().unwrap_or(GateResult::Undecided);
    let counts = parts.values().map(|(.., report)| report.counts).reduce(CountsReport::and).unwrap_or_default();
    let passed = exit == GateResult::AsExpected;
    let exit_code = exit.exit_code();
    let report =
        Report { version: VERSION, lastack: version, passed, exit_code, partition: None, counts, scenarios: all };
    Ok(MergedReport { text: json::document(&report), exit })
}

/// A report of this version, and which part it is.
fn parsed(source: &Arc<SourceFile>) -> Result<(Report<'_>, Partition), Diagnostic> {
    #[derive(Deserialize)]
    struct Known {
        version: u32,
    }
    let path = &source.path;
    let damaged = |error: serde_json::Error| {
        let line_start = |line: usize| source.text.split_inclusive('\n').take(line).map(str::len).sum::<usize>();
        let start = line_start(error.line().saturating_sub(1));
        let title = format!("`{path}` is no report of `check --format json`");
        Diagnostic::new(title).at(source, start..start + error.column(), error.to_string())
    };
    let known: Known = serde_json::from_str(&source.text).map_err(damaged)?;
    if known.version != VERSION {
        let title = format!("`{path}` has another version");
        let label = format!("expected version {VERSION}, and not {}", known.version);
        return Err(Diagnostic::new(title).at(source, 0..0, label));
    }
    let mut report: Report<'_> = serde_json::from_str(&source.text).map_err(damaged)?;
    let Some(partition) = report.partition.take() else {
        let mistake = Diagnostic::new(format!("`{path}` is no part: it was made without `--partition`"));
        return Err(mistake.at(source, 0..0, "expected `\"partition\"`"));
    };
    if Part::new(partition.part.number, partition.part.of).is_none() {
        return Err(Diagnostic::new(format!("`{path}` is no part")).at(
            source,
            0..0,
            "expected a number up to `of`",
        ));
    }
    if GateResult::of_exit_code(report.exit_code).is_none() {
        let title = format!("`{path}` has the exit code {}", report.exit_code);
        return Err(Diagnostic::new(title).at(source, 0..0, "expected 0, 1 or 2"));
    }
    Ok((report, partition))
}
