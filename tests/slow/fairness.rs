//! What fairness is needed for: where both ends close in the end, and what it takes away when it is missing.

use std::collections::BTreeSet;
use std::sync::Arc;

use lastack::check::{Library, Options, Which, check_one};
use lastack::model::{Closes, ClosesWith, Deliveries, End};
use lastack::property::Verdict;
use lastack::scenario::{Scenario, Setting, WorldKind};
use lastack::tcp::State;

/// The scenario with settings on top, each as it is typed after `--set`.
fn scenario(library: &Library, name: &str, settings: &[&str]) -> Arc<Scenario> {
    let settings: Vec<Setting> = settings.iter().map(|text| Setting::parse(text).unwrap()).collect();
    library.scenarios(&[name.to_owned()], &settings, 1).unwrap().remove(0)
}

fn verdict(library: &Library, scenario: &Arc<Scenario>, property: &str) -> Verdict {
    let properties = library.properties(&[property.to_owned()]).unwrap();
    // Also if the scenario is about other properties.
    let scenario = Arc::new(Scenario { properties: None, ..Scenario::clone(scenario) });
    check_one(&scenario, &properties, &Options::PLAIN, &|_, _| {}).results[0].verdict
}

/// A fair network, applications that eventually close, no aborts and no end that gives up: then both ends close.
#[test]
fn both_close_wherever_everybody_keeps_their_promise() {
    let library = Library::shipped().unwrap();
    let mut others = BTreeSet::new();
    for scenario in
        library.scenarios(Which::All, &[], 1).unwrap().iter().filter(|one| one.kind == WorldKind::Timed)
    {
        let keeps = |end: End| {
            let config = scenario.config.end(end);
            config.application.closes != Closes::Never
                && !config.application.aborts
                && config.policy.retransmission.retries.is_none()
                && config.policy.wait.fin_wait_2_timeout.is_none()
                && config.policy.wait.last_ack_timeout.is_none()
        };
        let fair = scenario.fairness.applications && scenario.fairness.network == Deliveries::ALL;
        if fair && End::BOTH.into_iter().all(keeps) {
            assert_eq!(verdict(&library, scenario, "both-close"), Verdict::Holds, "{}", scenario.name);
        } else if !scenario.source.path.starts_with("scenarios/pairs/") && !scenario.config.opens() {
            // Stacks give up, and the gate has what becomes of each pair of them, and of each new connection.
            others.insert(scenario.name.clone());
        }
    }
    let expected = [
        "abort",
        "counted-losses",
        "dead-network",
        "dead-network-close",
        "delayed-ack-of-text",
        "delayed-ack-too-long",
        "freebsd-numbers",
        "gives-up",
        "gives-up-in-time",
        "gives-up-late",
        "late-abort",
        "least-fairness",
        "linux-numbers",
        "linux-numbers-rfc1337",
        "lossy-text",
        "never-closes",
        "no-promises",
        "only-fins",
        "only-fins-bsd",
        "out-of-order-drop",
        "reordering",
        "reset-beyond-a-hole",
        "reset-in-vain",
    ];
    assert_eq!(others.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

/// docs/fairness.md: the least fairness for `both-close` in `lossy-for-ever`: these segments get through, and no
/// fewer do.
#[test]
fn four_kinds_of_segments_must_get_through() {
    let library = Library::shipped().unwrap();
    let least = ["FIN to A", "FIN to B", "ACK to B", "RST to B"];
    let with = |segments: &[&str]| {
        let quoted: Vec<String> = segments.iter().map(|segment| format!("'{segment}'")).collect();
        let setting = format!("fairness.network=[{}]", quoted.join(", "));
        verdict(&library, &scenario(&library, "lossy-for-ever", &[&setting]), "both-close")
    };
    assert_eq!(with(&least), Verdict::Holds);
    for missing in least {
        let rest: Vec<&str> = least.into_iter().filter(|segment| *segment != missing).collect();
        assert_eq!(with(&rest), Verdict::Violated, "without {missing}");
    }
    // Nor does everything else together make up for one of them.
    let all = ["FIN to A", "FIN to B", "ACK to A", "ACK to B", "RST to A", "RST to B", "DATA to A", "DATA to B"];
    for missing in least {
        let rest: Vec<&str> = all.into_iter().filter(|segment| *segment != missing).collect();
        assert_eq!(with(&rest), Verdict::Violated, "all but {missing}");
    }
}

/// Retries, the timeout of `FIN_WAIT_2` and the applications' closes are all needed: without any of them an end is
/// left.
#[test]
fn whatever_ends_a_wait_saves_somebody() {
    let library = Library::shipped().unwrap();
    let both_close =
        |settings: &[&str]| verdict(&library, &scenario(&library, "gives-up-in-time", settings), "both-close");
    assert_eq!(both_close(&["network.losses=unlimited"]), Verdict::Holds);
    let missing = [
        "tcp.retries=none",
        "tcp.fin_wait_2_timeout=none",
        "a.closes_with=shutdown",
        "b.closes=after-eof",
        "fairness.applications=false",
    ];
    for missing in missing {
        assert_eq!(both_close(&[missing]), Verdict::Violated, "{missing}");
    }
    // Without retries, all but the network's promise is missing.
    assert_eq!(both_close(&["tcp.retries=none", "fairness.network=true"]), Verdict::Holds);
}

/// Applications that need not close may leave everything as it is; what has begun still ends.
#[test]
fn without_promises_nobody_has_to_close() {
    let library = Library::shipped().unwrap();
    for (property, expected) in [
        ("both-close", Verdict::Violated),
        ("fin-is-answered", Verdict::Holds),
        ("last-ack-ends", Verdict::Holds),
        ("time-wait-ends", Verdict::Holds),
    ] {
        let scenario = scenario(&library, "simultaneous", &["fairness.applications=false"]);
        assert_eq!(verdict(&library, &scenario, property), expected, "{property}");
    }
}

/// The words of `gives-up` about who is left, and where.
#[test]
fn whoever_is_left_is_in_one_of_two_states() {
    let library = Library::shipped().unwrap();
    let scenario = scenario(&library, "gives-up", &[]);
    assert_eq!(scenario.config.a.application.closes_with, ClosesWith::Shutdown);
    let world = lastack::model::TimedWorld::new(scenario.config);
    let mut seen = BTreeSet::new();
    let mut pending = vec![world.initial().unwrap()];
    let mut known: std::collections::HashSet<_> = pending.iter().copied().collect();
    let mut actions = Vec::new();
    while let Some(state) = pending.pop() {
        actions.clear();
        world.enabled(&state, &mut actions);
        if actions.is_empty() {
            seen.insert(End::BOTH.map(|end| state.endpoint(end).0.state));
        }
        for action in &actions {
            let next = world.step(&state, *action).unwrap();
            if known.insert(next) {
                pending.push(next);
            }
        }
    }
    let left =
        [[State::FinWait2, State::Closed], [State::Closed, State::Established], [State::Closed, State::Closed]];
    assert_eq!(seen, left.into_iter().collect());
}
