//! Any texts as the parts of a check or of a sweep: the whole of it, or diagnostics that can be rendered. Between
//! two parts is a NUL.
//!
//! `cargo fuzz run merge`

#![no_main]

use std::sync::Arc;

use lastack::diagnostic::{Diagnostics, SourceFile};
use lastack::report::check::merge::{is_report, merged_reports};
use lastack::sweep::{Part, Results, merged};
use libfuzzer_sys::fuzz_target;

fn merge(sources: &[Arc<SourceFile>]) -> Result<(), Diagnostics> {
    if sources.iter().any(|source| is_report(&source.text)) {
        let text = merged_reports(sources)?.text;
        assert!(is_report(&text), "what is written is a report");
        return Ok(());
    }
    let mut parts = Vec::new();
    for source in sources {
        parts.push((Arc::clone(source), Results::parse(source)?));
    }
    let whole = merged(&parts)?;
    assert_eq!(whole.head.partition, Part::WHOLE);
    assert_eq!(whole.known.len(), parts.iter().map(|(_, part)| part.known.len()).sum::<usize>());
    let written = SourceFile::new("written.jsonl", whole.text());
    assert_eq!(whole, Results::parse(&written)?);
    Ok(())
}

fuzz_target!(|bytes: &[u8]| {
    let parts = bytes.split(|byte| *byte == 0).zip(1..);
    let source = |(part, number)| SourceFile::new(format!("part-{number}"), String::from_utf8_lossy(part));
    let sources: Vec<Arc<SourceFile>> = parts.map(source).collect();
    if let Err(mistakes) = merge(&sources) {
        let _ = mistakes.render(true);
    }
});
