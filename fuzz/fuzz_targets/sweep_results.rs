//! Any text as the results of a sweep that is taken up: results that are written as they were read and can be
//! shown, or diagnostics that can be rendered.
//!
//! `cargo fuzz run sweep_results`

#![no_main]

use std::sync::LazyLock;

use lastack::check::Library;
use lastack::diagnostic::SourceFile;
use lastack::report::sweep::{SweepFormat, human};
use lastack::report::terminal::Terminal;
use lastack::sweep::{Part, Plan, Request, Results, SweepOutcome};
use libfuzzer_sys::fuzz_target;

/// The sweep that takes them up.
static PLAN: LazyLock<Plan> = LazyLock::new(|| {
    let library = Library::shipped().expect("they are right");
    let vary = ["tcp.time_wait=1..4".to_owned(), "network.losses=0,1".to_owned()];
    let request = Request {
        scenario: "sequential",
        property: "no-premature-closed",
        settings: &[],
        scale: 1,
        vary: &vary,
        least: Some("tcp.time_wait"),
        steps: true,
        max_states: None,
        part: Part::WHOLE,
    };
    Plan::new(&library, &request).expect("it is right")
});

/// Larger pictures take longer to draw than there is to find in them.
const MOST_WORLDS: usize = 1000;

fuzz_target!(|bytes: &[u8]| {
    let source = SourceFile::new("fuzzed.jsonl", String::from_utf8_lossy(bytes));
    let results = match Results::parse(&source) {
        Ok(results) => results,
        Err(mistakes) => {
            let _ = mistakes.render(true);
            return;
        }
    };
    let written = SourceFile::new("written.jsonl", results.text());
    assert_eq!(results, Results::parse(&written).expect("what is written can be read"));
    match results.belong_to(&PLAN.head, &source) {
        // Those that are open would be decided.
        Ok(()) => assert!(results.head.open_rows(&results.known).len() <= PLAN.worlds.len()),
        Err(mistakes) => drop(mistakes.render(true)),
    }
    if results.head.size() <= MOST_WORLDS {
        let _ = human::report(&results, Terminal::PLAIN);
        for format in [SweepFormat::Csv, SweepFormat::Json, SweepFormat::Svg] {
            let _ = format.document(&results);
        }
        let _ = SweepOutcome::of(&results);
    }
});
