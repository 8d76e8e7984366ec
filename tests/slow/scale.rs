//! Every shipped `holds` of a property that time matters to, with ticks half as long.

use std::fmt::Write;
use std::sync::Arc;

use lastack::check::{Library, Options, Which, check_one};
use lastack::property::Verdict;
use lastack::scenario::{Delays, Scenario, WorldKind};

const OPTIONS: Options<'static> = Options { threads: Some(2), ..Options::PLAIN };

/// The scenario in whole ticks.
fn in_whole_ticks(scenario: &Scenario) -> Arc<Scenario> {
    Arc::new(Scenario { delays: Delays::WholeTicks, ..scenario.clone() })
}

/// At a finer scale `data-in-flight`, the stacks in pairs and the numbers of real stacks have too many states. The
/// worlds that open a connection have other properties, which `real_time.rs` decides in whole ticks and real time.
fn is_compared(scenario: &Scenario) -> bool {
    let is_of_stacks = scenario.source.path.starts_with("scenarios/pairs/") || scenario.name.contains("-numbers");
    let is_large = is_of_stacks || scenario.name == "data-in-flight";
    scenario.kind == WorldKind::Timed && !is_large && !scenario.config.opens()
}

#[test]
fn what_holds_holds_with_finer_ticks_or_the_readme_says_so() {
    let library = Library::shipped().unwrap();
    let coarse = library.scenarios(Which::All, &[], 1).unwrap();
    let names: Vec<String> = coarse.iter().filter(|one| is_compared(one)).map(|one| one.name.clone()).collect();
    let coarse = library.scenarios(&names, &[], 1).unwrap();
    let fine = library.scenarios(&names, &[], 2).unwrap();
    let mut table = String::new();
    let mut holding_still = 0;
    for (coarse, fine) in coarse.iter().zip(&fine).filter(|(coarse, _)| is_compared(coarse)) {
        let (coarse, fine) = (&in_whole_ticks(coarse), &in_whole_ticks(fine));
        let holding: Vec<_> = check_one(coarse, &library.properties, &Options::PLAIN, &|_, _| {})
            .results
            .into_iter()
            .filter(|outcome| outcome.verdict == Verdict::Holds)
            .map(|outcome| outcome.property)
            .collect();
        for outcome in check_one(fine, &holding, &OPTIONS, &|_, _| {}).results {
            match outcome.verdict {
                Verdict::Holds => holding_still += 1,
                verdict => writeln!(table, "{:<24} {:<28} {verdict}", fine.name, outcome.property.name).unwrap(),
            }
        }
    }
    let stated =
        format!("{holding_still} properties that hold in one of these scenarios hold there at scale 2, too");
    assert!(include_str!("../../docs/model.md").contains(&stated), "docs/model.md does not say: {stated}");
    insta::assert_snapshot!(format!("{holding_still} hold, too\n{table}"));
}
