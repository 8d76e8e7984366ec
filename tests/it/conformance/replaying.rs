//! How a case is replayed, and what of it is compared.

use lastack::conform::recorded::{CaseOutcome, Profile, StepDifference, parse, replay};
use lastack::diagnostic::SourceFile;
use lastack::tcp::State;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{BUG_REPORTS, CASES, FURTHER, ROWS, cases, outcome_of, policies, sequence};

/// A case that matches, with all kinds of expectations.
fn whole() -> Value {
    json!({
        "id": "whole", "profile": "linux", "start_state": "FIN_WAIT_1",
        "events": [
            "app send 1 -> EPIPE", "rcv ACK seq=1 ack=2 len=3", "app recv 3", "rcv FIN,ACK seq=4 ack=2",
            "app recv -> EOF", "rcv ACK seq=RCV.NXT ack=2", "timer 2MSL",
        ],
        "expect_segments": [
            "@0 FIN,ACK seq=1 ack=1", "@1 none", "@2 ACK seq=2 ack=4 win=65532", "@4 ACK seq=2 ack=SEG.SEQ+1",
            "@6 none", "@7 none",
        ],
        "state_checks": ["@0 FIN_WAIT_1", "@2 FIN_WAIT_2", "@4 TIME_WAIT", "@6 TIME_WAIT"],
        "expect_end_state": "CLOSED",
    })
}

fn row() -> Value {
    json!({
        "start_state": "CLOSE_WAIT", "event": "RST seq=RCV.NXT", "sent": [], "end_state": "CLOSED",
        "so_error": "EPIPE",
    })
}

/// Each expectation is looked at: what is changed differs, at its step.
#[test]
fn a_changed_expectation_differs() {
    assert_eq!(outcome_of(&whole()), CaseOutcome::Match);
    assert_eq!(outcome_of(&row()), CaseOutcome::Match);
    let changes = [
        (1, "/events/0", json!("app send 1 -> EOF")),
        (3, "/events/2", json!("app recv 4")),
        (3, "/events/2", json!("app recv 2 -> EOF")),
        (5, "/events/4", json!("app recv -> EPIPE")),
        (5, "/events/4", json!("app recv 1")),
        (4, "/events/3", json!("rcv ACK seq=4 ack=2")),
        (0, "/expect_segments/0", json!("@0 FIN,ACK seq=2")),
        (0, "/expect_segments/0", json!("@0 ACK seq=1")),
        (1, "/expect_segments/1", json!("@1 FIN,ACK seq=1")),
        (2, "/expect_segments/2", json!("@2 none")),
        (2, "/expect_segments/2", json!("@2 ACK seq=1 ack=4")),
        (2, "/expect_segments/2", json!("@2 ACK seq=2 ack=3")),
        (2, "/expect_segments/2", json!("@2 ACK seq=2 ack=4 len=1")),
        (2, "/expect_segments/2", json!("@2 ACK seq=2 ack=4 win=0")),
        (2, "/expect_segments/2", json!("@2 RST,ACK seq=2 ack=4")),
        (6, "/expect_segments/4", json!("@6 ACK seq=2 ack=5")),
        // Two are expected of step 4, and one is sent.
        (4, "/expect_segments/5", json!("@4 ACK seq=2 ack=5")),
        (0, "/state_checks/0", json!("@0 FIN_WAIT_2")),
        (2, "/state_checks/1", json!("@2 FIN_WAIT_1")),
        (6, "/state_checks/3", json!("@6 CLOSED")),
        (7, "/expect_end_state", json!("TIME_WAIT")),
        (4, "/start_state", json!("CLOSE_WAIT")),
    ];
    for (step, place, change) in changes {
        let mut case = whole();
        *case.pointer_mut(place).unwrap() = change.clone();
        match outcome_of(&case) {
            CaseOutcome::Differs(differences) if place == "/start_state" || differences[0].step == step => {}
            seen => panic!("{place} {change}: {seen:?}"),
        }
    }
    for (place, change) in [
        ("/so_error", json!("ECONNRESET")),
        ("/so_error", Value::Null),
        ("/sent", json!(["ACK seq=1 ack=2"])),
        ("/end_state", json!("CLOSE_WAIT")),
        ("/event", json!("RST seq=RCV.NXT+1")),
        ("/start_state", json!("LAST_ACK")),
    ] {
        let mut case = row();
        *case.pointer_mut(place).unwrap() = change.clone();
        assert!(matches!(outcome_of(&case), CaseOutcome::Differs(_)), "{place} {change}");
    }
}

/// `SO_ERROR` counts in cases, too; without it, it is not compared.
#[test]
fn what_so_error_says() {
    let case = |error: Value| {
        let mut case = sequence("linux", "ESTABLISHED", &["rcv RST seq=1"], &[], "CLOSED");
        case["so_error"] = error;
        outcome_of(&case)
    };
    assert_eq!(case(json!("ECONNRESET")), CaseOutcome::Match);
    assert!(matches!(case(json!("ETIMEDOUT")), CaseOutcome::Differs(_)));
    assert!(matches!(case(Value::Null), CaseOutcome::Differs(_)));
    let mut silent = row();
    silent.as_object_mut().unwrap().remove("so_error");
    silent.as_object_mut().unwrap().remove("sent");
    assert_eq!(outcome_of(&silent), CaseOutcome::Match);
}

/// A case is no more work than a day of an ordinary one.
#[test]
fn what_a_case_may_do_is_bounded() {
    let events = ["env retries 4294967295", "env rto 1ms", "app close", "wait 24h"];
    let case = sequence("netx", "ESTABLISHED", &events, &[], "CLOSED");
    let CaseOutcome::OutOfScope(feature) = outcome_of(&case) else { panic!("{case}") };
    assert_eq!(feature, "a case in which timers expire more than 10000 times");
}

/// What a case expects does not change what it does: without its expectations, the same is sent.
#[test]
fn expectations_do_not_steer_a_replay() {
    for text in [CASES, FURTHER, BUG_REPORTS] {
        for line in text.lines() {
            let mut case: Value = serde_json::from_str(line).unwrap();
            let [with] = cases(line).try_into().unwrap();
            case["expect_segments"] = json!([]);
            case["state_checks"] = json!([]);
            let [without] = cases(&case.to_string()).try_into().unwrap();
            assert_eq!(replay(&with).steps, replay(&without).steps, "{line}");
        }
    }
    let polled = |events: &[&str], sent: &[&str]| {
        let case = sequence("smoltcp", "ESTABLISHED", events, sent, "FIN_WAIT_1");
        assert_eq!(outcome_of(&case), CaseOutcome::Match, "{case}");
    };
    // After each step, unless the case has polls.
    polled(&["app send 6", "app close"], &["@1 ACK seq=1 ack=1 len=6", "@2 FIN,ACK seq=7 ack=1"]);
    polled(&["app send 6", "app close", "poll 4"], &["@1 none", "@2 none", "@3 ACK seq=1 ack=1 len=4"]);
    // What is only queued is not sent by the step that queues it.
    polled(&["app send 6 (unsent)", "app close"], &["@1 none", "@2 FIN,ACK seq=1 ack=1 len=6"]);
}

/// Each step of the endpoint is recorded.
#[test]
fn the_transitions_of_a_case_are_recorded() {
    let named = |name: &str| cases(CASES).into_iter().find(|case| case.name == name).unwrap();
    let transitions: Vec<_> = replay(&named("smol/local_close")).transitions;
    let shown: Vec<String> =
        transitions.iter().map(|(before, event, after)| format!("{before} {event} {after}")).collect();
    assert_eq!(shown, ["ESTABLISHED close FIN_WAIT_1", "FIN_WAIT_1 ACK FIN_WAIT_2", "FIN_WAIT_2 FIN TIME_WAIT"]);
    // Every state of the diagram is left and entered somewhere.
    let all: Vec<_> = cases(CASES).iter().flat_map(|case| replay(case).transitions).collect();
    for &state in State::CLOSING {
        assert!(all.iter().any(|(_, _, after)| *after == state), "{state}");
    }
}

fn any_step() -> impl Strategy<Value = String> {
    let number = prop_oneof![
        (0..12u32).prop_map(|number| number.to_string()),
        Just("outside".to_owned()),
        (0..3u32, prop_oneof![Just("RCV.NXT"), Just("RCV.NXT+RCV.WND"), Just("SND.NXT"), Just("SND.UNA-2^16")])
            .prop_map(|(offset, base)| format!("{base}-{offset}")),
        any::<u32>().prop_map(|number| number.to_string()),
    ];
    let flags = prop::sample::select(vec!["ACK", "FIN,ACK", "RST", "RST,ACK", "SYN", "SYN,ACK", "FIN", "PSH,ACK"]);
    let arrival = (flags, number.clone(), number, prop_oneof![0..4u32, 0..=65_535u32])
        .prop_map(|(flags, seq, ack, len)| format!("rcv {flags} seq={seq} ack={ack} len={len}"));
    let call = prop::sample::select(vec![
        "app close",
        "app shutdown_wr",
        "app shutdown_rd",
        "app shutdown_rdwr",
        "app send 3",
        "app send 70000",
        "app send 5 (unsent)",
        "app recv",
        "app abort",
        "app set user_timeout 3s",
        "app set linger 0",
        "env own_window 0",
        "env own_window 9",
        "env peer_window 0",
        "env peer_window 4",
        "env retries 1",
    ]);
    let time = prop::sample::select(vec![
        "timer RTO",
        "timer 2MSL",
        "timer FIN_WAIT_2",
        "timer USER_TIMEOUT",
        "timer DELAYED_ACK",
        "wait 1",
        "wait 3*RTO",
        "wait 2MSL",
        "wait 400s",
        "drop it",
    ]);
    prop_oneof![arrival, call.prop_map(str::to_owned), time.prop_map(str::to_owned)]
}

proptest! {
    /// Any case under any policy is replayed to its end, with the same result each time.
    #[test]
    fn every_case_comes_out(
        steps in prop::collection::vec(any_step(), 0..25),
        start in prop::sample::select(State::CLOSING.to_vec()),
        stack in prop::sample::select(policies().iter().cloned().collect::<Vec<_>>()),
    ) {
        let case = json!({
            "id": "any", "profile": stack.name, "start_state": start.name(), "events": steps,
            "expect_end_state": "CLOSED",
        });
        let [case] = cases(&case.to_string()).try_into().unwrap();
        let replayed = replay(&case);
        prop_assert_eq!(&replayed, &replay(&case));
        // Without other expectations only the first state and the last can be wrong, and what is to be sent need
        // not be.
        match replayed.outcome {
            CaseOutcome::Match => {}
            CaseOutcome::Differs(differences) => {
                let is_start = |difference: &&StepDifference| difference.expected == format!("{start} at the start");
                let is_of_send = |difference: &&StepDifference| difference.expected.ends_with(" octets");
                let (first, rest): (Vec<_>, Vec<_>) =
                    differences.iter().filter(|difference| !is_of_send(difference)).partition(is_start);
                prop_assert!(first.iter().all(|difference| difference.step == 0) && first.len() < 2);
                prop_assert!(rest.iter().all(|difference| difference.step == case.steps.len()) && rest.len() < 2);
            }
            CaseOutcome::OutOfScope(feature) => prop_assert!(false, "{}", feature),
        }
    }

    /// Any text is a file of cases, or has mistakes that can be shown.
    #[test]
    fn every_file_is_read_or_refused(
        line in 0..226_usize,
        at in any::<prop::sample::Index>(),
        insert in prop_oneof![any::<String>(), "[\"\\\\@0-9,:}\\]é-]{1,3}"],
        cut in 0..40_usize,
    ) {
        let mut text = CASES.lines().chain(ROWS.lines()).nth(line).unwrap().to_owned();
        let start = text.floor_char_boundary(at.index(text.len()));
        let end = text.ceil_char_boundary((start + cut).min(text.len()));
        text.replace_range(start..end, &insert);
        let (cases, mistakes) = parse(&SourceFile::new("file", text), Profile::Named(policies()));
        for case in &cases {
            drop(replay(case));
        }
        let _ = mistakes.render(true);
    }
}
