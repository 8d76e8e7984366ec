//! The results of several machines, in one.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::head::Head;
use super::part::Part;
use super::results::{Results, other_sweep};
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile};

/// The results of all parts of a sweep together: those that one machine would have found.
///
/// # Errors
/// Parts of different sweeps or versions, a part that is there twice, is missing or is not finished.
pub fn merged(parts: &[(Arc<SourceFile>, Results)]) -> Result<Results, Diagnostics> {
    let Some((_, first)) = parts.first() else {
        return Err(Diagnostic::new("there is nothing to merge").into());
    };
    let mut mistakes = Diagnostics::default();
    let mut seen: BTreeMap<u32, &Arc<SourceFile>> = BTreeMap::new();
    for (source, results) in parts {
        let Part { number, of } = results.head.partition;
        let line = 0..source.text.lines().next().map_or(0, str::len);
        let difference = first.head.differs_from(&results.head).or_else(|| {
            let known = first.head.partition.of;
            (of != known).then(|| format!("this is a part of {of} there, and of {known} here"))
        });
        if let Some(difference) = difference {
            mistakes.0.push(other_sweep(source, difference));
        } else if let Some(earlier) = seen.insert(number, source) {
            let title = format!("the part {number}/{of} is there twice");
            mistakes.0.push(Diagnostic::new(title).at(source, line, "here").also(earlier, 0..0, "and here"));
        } else {
            let open = results.head.open_rows(&results.known).len();
            if open > 0 {
                let title = format!("`{}` is not finished", source.path);
                let label = format!("{open} of its rows are open: `--resume {}` takes it up", source.path);
                mistakes.0.push(Diagnostic::new(title).at(source, line, label));
            }
        }
    }
    let of = first.head.partition.of;
    let missing: Vec<String> =
        (1..=of).filter(|number| !seen.contains_key(number)).map(|number| format!("{number}/{of}")).collect();
    if !missing.is_empty() && mistakes.0.is_empty() {
        let title = match missing.as_slice() {
            [one] => format!("the part {one} is missing"),
            several => format!("{} parts of {of} are missing: {}", several.len(), several.join(", ")),
        };
        mistakes.0.push(Diagnostic::new(title).help("all parts are needed, each once"));
    }
    let head = Head { partition: Part::WHOLE, ..first.head.clone() };
    let known = parts.iter().flat_map(|(_, results)| results.known.clone()).collect();
    mistakes.or(Results { head, known })
}
