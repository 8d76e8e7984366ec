//! Verdicts where time can stop, where calls are not promised, and where a state has no room.

use std::sync::Arc;

use lastack::check::{Decisions, Evidence, Library, Options, check_one, is_applicable, shortest_trace};
use lastack::explore::Limits;
use lastack::model::{End, Event, MAX_STATE_PROPERTIES, TimedWorld, asynchronous_world_with};
use lastack::property::{Instance, Verdict, state_properties};
use lastack::scenario::{Scenario, Setting, WorldKind};
use lastack::tcp::Call;
use lastack::trace::RunEnding;
use stateright::{Checker, Model};

/// The verdict on a property's instances, and what shows it, in a scenario with settings.
fn decisions(scenario: &str, settings: &[&str], property: &str) -> Vec<(Verdict, Option<Evidence>)> {
    let library = Library::shipped().unwrap();
    let settings: Vec<Setting> = settings.iter().map(|text| Setting::parse(text).unwrap()).collect();
    let scenario = library.scenarios(&[scenario.to_owned()], &settings, 1).unwrap().remove(0);
    let instances = library.instances(property).unwrap();
    let found = Decisions::of(&scenario, instances, 1, Limits::NONE, &|_, _| {}).unwrap();
    found.each.into_iter().map(|decision| (decision.verdict, decision.evidence)).collect()
}

fn verdicts(scenario: &str, settings: &[&str], property: &str) -> Vec<Verdict> {
    decisions(scenario, settings, property).into_iter().map(|(verdict, _)| verdict).collect()
}

/// Two ends of FreeBSD's in `FIN_WAIT_1`, each of which lacks the other's octet, answer every FIN with a FIN.
const ACK_WAR: [&str; 3] = ["tcp.policy=freebsd", "network.msl=1", "network.losses=0"];

#[test]
fn an_ack_war_refutes_that_time_passes_and_nothing_else() {
    let both_ends = |property| verdicts("data-in-flight", &ACK_WAR, property);
    assert_eq!(both_ends("no-premature-closed"), [Verdict::Holds; 2]);
    assert_eq!(both_ends("no-reset"), [Verdict::Holds; 2]);
    assert_eq!(both_ends("both-close"), [Verdict::Holds]);
    assert_eq!(both_ends("closing-is-reached"), [Verdict::Possible; 2]);

    let mut found = decisions("data-in-flight", &ACK_WAR, "time-passes");
    let (verdict, evidence) = found.remove(0);
    assert_eq!(verdict, Verdict::Violated);
    let trace = evidence.unwrap().trace;
    let RunEnding::Repeats { from, reasons } = &trace.ending else { panic!("{:?}", trace.ending) };
    assert!(reasons.is_empty(), "fairness does not matter");
    let cycle = &trace.steps[*from..];
    assert!(!cycle.is_empty() && cycle.iter().all(|step| matches!(step.event, Event::Deliver(_))), "{cycle:?}");
    assert_eq!(trace.steps[*from - 1].after, trace.last().clone());
}

/// In real time, too, it can come round in an instant, in which it comes back to where it was.
#[test]
fn an_ack_war_is_drawn_in_one_instant_of_real_time() {
    let real = [&ACK_WAR[..], &["network.delays=\"any\""]].concat();
    let library = Library::shipped().unwrap();
    let settings: Vec<Setting> = real.iter().map(|text| Setting::parse(text).unwrap()).collect();
    let scenario = library.scenarios(&["data-in-flight".to_owned()], &settings, 1).unwrap().remove(0);
    let instances = library.instances("time-passes").unwrap();
    let (_, trace) = shortest_trace(&scenario, &instances, Limits::NONE).unwrap().found().expect("it is violated");
    let RunEnding::Repeats { from, reasons } = &trace.ending else { panic!("{:?}", trace.ending) };
    let cycle = &trace.steps[*from..];
    assert!(reasons.is_empty() && cycle.iter().any(|step| matches!(step.event, Event::Deliver(_))));
    assert!(!cycle.iter().any(|step| matches!(step.event, Event::Pass(_))), "{cycle:?}");
    assert_eq!(trace.steps[*from - 1].after, trace.last().clone());
}

/// What stacks do with an abort in `TIME_WAIT` differs; nowhere can it be called again and again.
#[test]
fn an_abort_is_offered_once() {
    for policy in ["linux", "gvisor", "freebsd", "rfc793", "rfc5961", "smoltcp", "rfc9293"] {
        let policy = format!("tcp.policy={policy}");
        assert_eq!(verdicts("abort", &[&policy], "time-passes"), [Verdict::Holds], "{policy}");
        for verdict in verdicts("abort", &[&policy], "time-wait-ends") {
            assert_eq!(verdict, Verdict::Holds, "{policy}");
        }
    }
}

/// The reset that an abort sends may be lost, and fairness does not require the other end to abort, too.
#[test]
fn a_run_may_stop_where_only_unpromised_calls_are_enabled() {
    let found = decisions("abort", &[], "both-close");
    let [(Verdict::Violated, Some(Evidence { trace, .. }))] = found.as_slice() else { panic!("{found:?}") };
    let RunEnding::Stops { calls } = &trace.ending else { panic!("{:?}", trace.ending) };
    assert!(calls.iter().all(|(_, call)| *call == Call::Abort) && !calls.is_empty(), "{calls:?}");
    // To send is no promise either, and to close is one.
    let silent = ["a.closes=never", "a.sends=1", "b.closes=never"];
    assert_eq!(verdicts("sequential", &silent, "both-close"), [Verdict::Violated]);
    let found = decisions("sequential", &silent, "both-close");
    let (_, Some(Evidence { trace, .. })) = &found[0] else { panic!("{found:?}") };
    assert_eq!(trace.ending, RunEnding::Stops { calls: vec![(End::A, Call::Send)] });
    assert_eq!(verdicts("sequential", &["a.sends=1", "network.losses=0"], "both-close"), [Verdict::Holds]);
}

/// With sockets nothing is left to abort with after `close()`: `TIME_WAIT` then ends by its timer alone.
#[test]
fn after_close_nobody_aborts() {
    let library = Library::shipped().unwrap();
    let aborts_in_time_wait = |closes_with: &str| {
        let settings = [format!("a.closes_with={closes_with}"), "b.aborts=false".to_owned()];
        let settings: Vec<Setting> = settings.iter().map(|text| Setting::parse(text).unwrap()).collect();
        let scenario = library.scenarios(&["abort".to_owned()], &settings, 1).unwrap().remove(0);
        let instances = library.instances("no-premature-closed@A").unwrap();
        shortest_trace(&scenario, &instances, Limits::NONE).unwrap().found().is_some()
    };
    assert!(aborts_in_time_wait("shutdown"));
    assert!(!aborts_in_time_wait("close"));
}

/// The public worlds carry the properties of the files, and stateright's own checker decides the same of them.
#[test]
fn stateright_decides_the_same_of_the_public_worlds() {
    fn compare(scenario: &Arc<Scenario>, library: &Library, discovered: &dyn Fn(&str) -> bool) -> usize {
        let checked = check_one(scenario, &library.properties, &Options::PLAIN, &|_, _| {});
        let judged = checked.judged().filter(|judged| !judged.instance.is_liveness());
        let judged: Vec<_> = judged.filter(|judged| judged.verdict != Verdict::NotApplicable).collect();
        for judged in &judged {
            let is_revealed = matches!(judged.verdict, Verdict::Violated | Verdict::Possible);
            assert_eq!(
                discovered(&judged.instance.name()),
                is_revealed,
                "{} in {}",
                judged.instance.name(),
                scenario.name
            );
        }
        judged.len()
    }
    let library = Library::shipped().unwrap();
    for name in ["one-msl", "time-wait-assassination", "asynchronous"] {
        let scenario = library.scenarios(&[name.to_owned()], &[], 1).unwrap().remove(0);
        let about = library.properties.iter().filter(|property| scenario.is_about(&property.name));
        let applicable = about.filter(|property| is_applicable(&scenario, property));
        let instances: Vec<Instance> = applicable.flat_map(Instance::all).collect();
        assert!(instances.len() <= MAX_STATE_PROPERTIES);
        let compared = if scenario.kind == WorldKind::Timed {
            let world = TimedWorld::with_properties(scenario.config, state_properties(&instances));
            let checker = world.checker().spawn_bfs().join();
            let discoveries = checker.discoveries();
            compare(&scenario, &library, &|name| discoveries.contains_key(name))
        } else {
            let world = asynchronous_world_with(&scenario.config, state_properties(&instances));
            let checker = world.checker().spawn_bfs().join();
            let discoveries = checker.discoveries();
            compare(&scenario, &library, &|name| discoveries.contains_key(name))
        };
        assert!(compared > 20, "{compared} in {name}");
    }
}
