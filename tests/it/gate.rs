//! The gate itself: every shipped scenario has the expected verdicts and its exact size.

use std::fmt::Write;

use lastack::check::{Checked, GateResult, Library, Options, check, validate};

#[test]
fn every_verdict_is_expected_and_every_world_has_its_size() {
    let library = Library::read(&[], &[]).unwrap();
    let scenarios = library.scenarios(&[], &[], 1).unwrap();
    validate(&library, &scenarios, &library.properties).unwrap();
    let mut sizes = String::new();
    let mut verdicts = String::new();
    check(
        &scenarios,
        &library.properties,
        &Options { threads: None, ..Options::PLAIN },
        &|_, _, _| {},
        |checked: Checked| {
            let (name, stats) = (&checked.scenario.name, checked.stats);
            assert_eq!(checked.stopped, None, "{name}");
            assert_eq!(checked.result(), GateResult::AsExpected, "{name}: {:#?}", checked.results);
            writeln!(sizes, "{name:<24} {:>8} {:>9}", stats.states, stats.transitions).unwrap();
            for outcome in &checked.results {
                let each: Vec<_> = outcome.instances.iter().map(|judged| judged.verdict.name()).collect();
                writeln!(verdicts, "{name:<24} {:<28} {}", outcome.property.name, each.join(", ")).unwrap();
            }
        },
    );
    insta::assert_snapshot!("sizes", sizes);
    insta::assert_snapshot!("verdicts", verdicts);
}
