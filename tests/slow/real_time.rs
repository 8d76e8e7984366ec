//! The shipped scenarios in real time, beside whole ticks.

use std::sync::Arc;

use lastack::check::{Decisions, Library, Options, Which, check_one, is_applicable};
use lastack::explore::Limits;
use lastack::property::{Instance, Verdict};
use lastack::scenario::{Delays, Scenario, WorldKind};

/// What holds in whole ticks, and not in real time. All but one need a chain of flights that take almost an MSL
/// each; the other one two flights and a delayed ACK that take together a tick more than whole ticks allow.
const VIOLATED_IN_REAL_TIME: [(&str, &str); 9] = [
    ("close-with-late-data", "nothing-outlives-time-wait@A"),
    ("delayed-ack", "nothing-outlives-time-wait@A"),
    ("delayed-ack-too-long", "nobody-gives-up@A"),
    ("lossless", "nothing-outlives-time-wait@A"),
    ("lossless", "nothing-outlives-time-wait@B"),
    ("nat-reuses-a-port", "no-old-segment-ends-the-new@A"),
    ("sequential", "nothing-outlives-time-wait@A"),
    ("simultaneous", "nothing-outlives-time-wait@A"),
    ("simultaneous", "nothing-outlives-time-wait@B"),
];

#[test]
fn shipped_scenarios_are_decided_in_real_time() {
    let library = Library::shipped().unwrap();
    let mut different = Vec::new();
    let mut paths = 0;
    for real in library.scenarios(Which::All, &[], 1).unwrap() {
        // The stacks in pairs are many and alike, and the states of `data-in-flight` in whole ticks too many for a
        // test: the gate has their verdicts in real time.
        if real.kind == WorldKind::Asynchronous
            || real.source.path.starts_with("scenarios/pairs/")
            || real.name == "data-in-flight"
            // Whole ticks have no room for the numbers of real stacks.
            || real.name.contains("-numbers")
        {
            continue;
        }
        let ticks = Arc::new(Scenario { delays: Delays::WholeTicks, ..Scenario::clone(&real) });
        let of = |scenario| check_one(scenario, &library.properties, &Options::PLAIN, &|_, _| {});
        let (by_ticks, in_real_time) = (of(&ticks), of(&real));
        assert_eq!(in_real_time.stopped, None, "{}", ticks.name);
        paths += count_paths(&library, &real);
        for (one, other) in by_ticks.judged().zip(in_real_time.judged()) {
            let name = one.instance.name();
            if one.verdict != other.verdict {
                assert_eq!(
                    (one.verdict, other.verdict),
                    (Verdict::Holds, Verdict::Violated),
                    "{} {name}",
                    ticks.name
                );
                different.push((ticks.name.clone(), name));
            }
        }
    }
    let different: Vec<_> = different.iter().map(|(scenario, name)| (scenario.as_str(), name.as_str())).collect();
    assert_eq!(different, VIOLATED_IN_REAL_TIME);
    assert!(paths > 100, "{paths}");
}

/// How many runs decide something in a scenario of real time: each is one of whole ticks, those parts of a tick
/// that it needs.
fn count_paths(library: &Library, scenario: &Arc<Scenario>) -> usize {
    let properties = library.properties.iter().filter(|property| scenario.is_about(&property.name));
    let instances = properties.filter(|one| is_applicable(scenario, one)).flat_map(Instance::all).collect();
    let decisions = Decisions::of(scenario, instances, 1, Limits::NONE, &|_, _| {}).unwrap();
    let shown = decisions.each.iter().filter(|one| matches!(one.verdict, Verdict::Violated | Verdict::Possible));
    for decision in shown.clone() {
        let has_path = decision.evidence.as_ref().is_some_and(|evidence| evidence.places.is_some());
        assert!(has_path, "{} in {}", decision.instance.name(), scenario.name);
    }
    shown.count()
}
