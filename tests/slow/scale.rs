//! Every shipped `holds` of a property that time matters to, with ticks half as long.

use std::fmt::Write;
use std::sync::Arc;

use lastack::check::{Library, Options, Which, check_one};
use lastack::property::Verdict;
use lastack::scenario::{Delays, Scenario, WorldKind};
use lastack::tcp::AfterTimeout;

/// The largest world has 13 million states.
const OPTIONS: Options<'static> = Options { threads: Some(2), ..Options::PLAIN };

/// `data-in-flight` is several times as large where ACKs let more go.
fn small_enough(scenario: &Arc<Scenario>) -> Arc<Scenario> {
    let mut scenario = Arc::clone(scenario);
    let own = Arc::make_mut(&mut scenario);
    own.delays = Delays::WholeTicks;
    if own.name == "data-in-flight" {
        let config = &mut own.config;
        for end in [&mut config.a, &mut config.b] {
            end.policy.retransmission.after_timeout = AfterTimeout::OnePerTimeout;
        }
    }
    scenario
}

/// The stacks in pairs and the numbers of real stacks are left out: at a finer scale their worlds have too many
/// states. Whole ticks open no new connection.
fn is_compared(scenario: &Scenario) -> bool {
    let is_of_stacks = scenario.source.path.starts_with("scenarios/pairs/") || scenario.name.contains("-numbers");
    scenario.kind == WorldKind::Timed && !is_of_stacks && !scenario.config.opens()
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
        let (coarse, fine) = (&small_enough(coarse), &small_enough(fine));
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
    insta::assert_snapshot!(format!("{holding_still} hold, too\n{table}"));
}
