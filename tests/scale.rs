//! Every shipped `holds` of a property that time matters to, with ticks half as long.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that fails may panic"
)]

use std::fmt::Write;

use lastack::check::{Library, Limits, Verdict, check_one};
use lastack::world::WorldKind;

/// More than a test should take its time for.
const LIMITS: Limits<'static> = Limits { max_states: Some(600_000), ..Limits::NONE };

/// Properties about what is in flight, or who is still there, when a timer has expired.
const TIMED: [&str; 4] =
    ["no-premature-closed", "no-reset", "nobody-waits-for-the-gone", "nothing-outlives-time-wait"];

#[test]
fn what_holds_holds_with_finer_ticks_or_the_readme_says_so() {
    let library = Library::read(&[], &[]).unwrap();
    let properties = library.properties(&TIMED.map(str::to_owned)).unwrap();
    let coarse = library.scenarios(&[], &[], 1).unwrap();
    let fine = library.scenarios(&[], &[], 2).unwrap();
    let mut table = String::new();
    for (coarse, fine) in coarse.iter().zip(&fine).filter(|(coarse, _)| coarse.kind == WorldKind::Timed) {
        let holding: Vec<_> = check_one(coarse, &properties, 1, LIMITS, &|_| {})
            .results
            .into_iter()
            .filter(|outcome| outcome.verdict == Verdict::Holds)
            .map(|outcome| outcome.property)
            .collect();
        if holding.is_empty() {
            continue;
        }
        for outcome in check_one(fine, &holding, 1, LIMITS, &|_| {}).results {
            writeln!(table, "{:<24} {:<28} {}", fine.name, outcome.property.name, outcome.verdict).unwrap();
        }
    }
    insta::assert_snapshot!(table);
}
