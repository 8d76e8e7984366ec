//! The endpoint that the worlds explore, held against what real stacks do.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use lastack::conform::recorded::{Case, CaseOutcome, Profile, StepDifference, parse, replay};
use lastack::diagnostic::SourceFile;
use lastack::policy::{NamedPolicy, Policies};
use lastack::tcp::State;
use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

const CASES: &str = include_str!("../conformance/cases.jsonl");
const FURTHER: &str = include_str!("../conformance/further.jsonl");
const BUG_REPORTS: &str = include_str!("../conformance/bug-reports.jsonl");
const CHOICES: &str = include_str!("../conformance/choices.jsonl");
const PATHS: &str = include_str!("../conformance/linux-paths.jsonl");
const ROWS: &str = include_str!("../conformance/linux-6.18.jsonl");
const LIST: &str = include_str!("../conformance/differs.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    differs: Vec<Differs>,
    out_of_scope: Vec<OutOfScope>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Differs {
    name: String,
    step: usize,
    because: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutOfScope {
    names: Vec<String>,
    because: String,
}

fn policies() -> &'static Policies {
    static POLICIES: LazyLock<Policies> = LazyLock::new(|| Policies::shipped().unwrap());
    &POLICIES
}

fn cases(text: &str) -> Vec<Case> {
    let (cases, mistakes) = parse(&SourceFile::new("cases.jsonl", text), Profile::Named(policies()));
    assert!(mistakes.0.is_empty(), "{mistakes}");
    cases
}

fn outcome_of(case: &Value) -> CaseOutcome {
    let [case] = cases(&case.to_string()).try_into().unwrap();
    replay(&case).outcome
}

/// What is listed differs as listed; all else matches.
#[test]
fn every_recorded_case_matches_or_is_listed() {
    let list: List = toml::from_str(LIST).unwrap();
    let mut expected: BTreeMap<&str, Option<usize>> = BTreeMap::new();
    for entry in &list.differs {
        assert!(entry.because.len() > 20, "{}: a reason", entry.name);
        assert_eq!(expected.insert(&entry.name, Some(entry.step)), None, "{} is listed twice", entry.name);
    }
    for entry in &list.out_of_scope {
        assert!(entry.because.len() > 20, "{:?}: a reason", entry.names);
        for name in &entry.names {
            assert_eq!(expected.insert(name, None), None, "{name} is listed twice");
        }
    }
    let all = [CASES, FURTHER, BUG_REPORTS, CHOICES, ROWS, PATHS].map(cases);
    assert_eq!(all.each_ref().map(Vec::len), [106, 120, 35, 28, 120, 697]);
    let mut wrong = Vec::new();
    for case in all.iter().flatten() {
        let seen = replay(case).outcome;
        let as_listed = match (expected.remove(case.name.as_str()), &seen) {
            (None, CaseOutcome::Match) | (Some(None), CaseOutcome::OutOfScope(_)) => true,
            (Some(Some(step)), CaseOutcome::Differs(differences)) => differences[0].step == step,
            _ => false,
        };
        if !as_listed {
            wrong.push(format!("{}: {seen:?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "not as listed:\n{}", wrong.join("\n"));
    assert!(expected.is_empty(), "listed, but not among the cases: {expected:?}");
}

/// `docs/conform.md` has how each file of cases comes out.
#[test]
fn the_table_of_files_is_what_happens() {
    let page = include_str!("../../docs/conform.md");
    for (name, text) in [
        ("cases", CASES),
        ("further", FURTHER),
        ("bug-reports", BUG_REPORTS),
        ("choices", CHOICES),
        ("linux-6.18", ROWS),
        ("linux-paths", PATHS),
    ] {
        let mut counts = [0; 3];
        for case in cases(text) {
            match replay(&case).outcome {
                CaseOutcome::Match => counts[0] += 1,
                CaseOutcome::Differs(_) => counts[1] += 1,
                CaseOutcome::OutOfScope(_) => counts[2] += 1,
            }
        }
        let row = page.lines().find(|line| line.starts_with(&format!("| `{name}.jsonl` |"))).unwrap();
        let [matching, differing, out_of_scope] = counts;
        assert!(row.ends_with(&format!("| {matching} | {differing} | {out_of_scope} |")), "{counts:?}: {row}");
    }
}

/// What `tests/bugs/answers.tsv` has looked up of each case: whether what it claims is so.
#[test]
fn every_case_of_a_bug_report_has_the_right_answer() {
    let lines = include_str!("../bugs/answers.tsv").lines().skip(1);
    let mut answers: BTreeMap<&str, &str> = lines.map(|line| line.split_once('\t').unwrap()).collect();
    for case in cases(BUG_REPORTS) {
        let answer = answers.remove(case.name.as_str()).unwrap_or_else(|| panic!("{}: no answer", case.name));
        let (claim, why) = answer.split_once('\t').unwrap();
        assert!(why.len() > 20, "{}: a reason", case.name);
        let outcome = replay(&case).outcome;
        let is_right = match claim {
            "right" => outcome == CaseOutcome::Match,
            "wrong" | "not settled" => matches!(outcome, CaseOutcome::Differs(_)),
            "cannot be asked" => matches!(outcome, CaseOutcome::OutOfScope(_)),
            _ => panic!("{}: {claim}", case.name),
        };
        assert!(is_right, "{}: what it claims is {claim}, and it gives {outcome:?}", case.name);
    }
    assert!(answers.is_empty(), "of no case: {answers:?}");
}

/// A policy is more than a name: the cases of stacks that differ do not match under each other's.
#[test]
fn cases_tell_policies_apart() {
    let differ = |policy: &Arc<NamedPolicy>| {
        let (all, _) = parse(&SourceFile::new("cases.jsonl", CASES), Profile::One(policy));
        all.iter().filter(|case| matches!(replay(case).outcome, CaseOutcome::Differs(_))).count()
    };
    let lines: Vec<String> =
        policies().iter().map(|policy| format!("{:<8} {}", policy.name, differ(policy))).collect();
    insta::assert_snapshot!(lines.join("\n"));
    // Linux, as measured, differs from RFC 9293.
    let (rows, _) = parse(&SourceFile::new("rows.jsonl", ROWS), Profile::One(policies().get("rfc9293").unwrap()));
    let differing: Vec<String> = rows
        .iter()
        .filter_map(|case| match replay(case).outcome {
            CaseOutcome::Differs(differences) => {
                let StepDifference { expected, seen, .. } = &differences[0];
                Some(format!("{}\n  linux {expected}\n  rfc   {seen}", case.name))
            }
            _ => None,
        })
        .collect();
    insta::assert_snapshot!("linux-is-not-rfc-9293", differing.join("\n"));
}

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

/// `lk/rcv-zero-wnd-fin`, with the size of the window set.
#[test]
fn linux_accepts_a_fin_when_the_window_is_closed() {
    let case = |policy: &str| {
        json!({
            "id": "zero", "profile": policy, "start_state": "ESTABLISHED",
            "events": ["env own_window 60000", "rcv PSH,ACK seq=1 ack=1 len=60000", "rcv FIN,ACK seq=60001 ack=1"],
            "expect_segments": ["@2 ACK seq=1 ack=60001 win=0", "@3 ACK seq=1 ack=60002 win=0"],
            "expect_end_state": "CLOSE_WAIT",
        })
    };
    assert_eq!(outcome_of(&case("linux")), CaseOutcome::Match);
    assert!(matches!(outcome_of(&case("rfc9293")), CaseOutcome::Differs(differences) if differences[0].step == 3));
}

fn sequence(profile: &str, start: &str, events: &[&str], segments: &[&str], end: &str) -> Value {
    json!({
        "id": events.join(", "), "profile": profile, "start_state": start, "events": events,
        "expect_segments": segments, "expect_end_state": end,
    })
}

fn all_match(cases: &[Value]) {
    for case in cases {
        assert_eq!(outcome_of(case), CaseOutcome::Match, "{case}");
    }
}

/// What is named in the divergences that were measured and has no case of its own.
#[test]
fn measured_divergences() {
    let orphan = |event: &'static str| ["app close", "rcv ACK seq=1 ack=2", event];
    all_match(&[
        // An orphaned FIN_WAIT_2 has no socket.
        sequence("linux", "ESTABLISHED", &orphan("rcv RST seq=RCV.NXT+5"), &["@3 none"], "CLOSED"),
        sequence("linux", "ESTABLISHED", &orphan("rcv RST seq=outside"), &["@3 ACK seq=2 ack=1"], "FIN_WAIT_2"),
        sequence("linux", "ESTABLISHED", &orphan("rcv ACK seq=1 ack=2 len=1"), &["@3 RST seq=2"], "CLOSED"),
        sequence("linux", "ESTABLISHED", &orphan("wait 60s"), &["@3 none"], "CLOSED"),
        sequence("linux", "FIN_WAIT_2", &["wait 1000s"], &["@1 none"], "FIN_WAIT_2"),
        // A reset at RCV.NXT − 1 after the peer's FIN.
        sequence("linux", "CLOSING", &["rcv RST seq=RCV.NXT-1"], &["@1 none"], "CLOSED"),
        sequence("freebsd", "CLOSING", &["rcv RST seq=RCV.NXT-1"], &["@1 none"], "CLOSING"),
        // The exact reset in TIME_WAIT.
        sequence("linux", "TIME_WAIT", &["rcv RST seq=RCV.NXT"], &["@1 none"], "CLOSED"),
        sequence("linux", "TIME_WAIT", &["env tcp_rfc1337 1", "rcv RST seq=RCV.NXT"], &["@2 none"], "TIME_WAIT"),
        sequence("freebsd", "TIME_WAIT", &["rcv RST seq=RCV.NXT"], &["@1 none"], "TIME_WAIT"),
        sequence("freebsd", "TIME_WAIT", &["rcv FIN seq=RCV.NXT-1"], &["@1 none"], "TIME_WAIT"),
        // What restarts 2MSL.
        sequence("linux", "TIME_WAIT", &["wait 50s", "rcv ACK seq=RCV.NXT-1 ack=2", "wait 50s"], &[], "TIME_WAIT"),
        sequence("linux", "TIME_WAIT", &["wait 50s", "rcv FIN,ACK seq=1 ack=2", "wait 50s"], &[], "TIME_WAIT"),
        sequence("linux", "TIME_WAIT", &["wait 50s", "rcv ACK seq=2 ack=2", "wait 50s"], &[], "TIME_WAIT"),
        sequence("gvisor", "TIME_WAIT", &["wait 50s", "rcv FIN,ACK seq=1 ack=2", "wait 50s"], &[], "TIME_WAIT"),
        sequence("gvisor", "TIME_WAIT", &["wait 50s", "rcv ACK seq=2 ack=2", "wait 50s"], &[], "CLOSED"),
        // An orphan's retries.
        sequence(
            "linux",
            "ESTABLISHED",
            &["env tcp_orphan_retries 3", "app close", "timer RTO", "timer RTO", "timer RTO", "timer RTO"],
            &["@5 FIN,ACK seq=1 ack=1", "@6 none"],
            "CLOSED",
        ),
        // Nothing was ever acknowledged.
        sequence("linux", "ESTABLISHED", &["rcv ACK seq=1 ack=0 len=1"], &["@1 ACK seq=1 ack=1"], "ESTABLISHED"),
        sequence("cs144", "ESTABLISHED", &["rcv ACK seq=1 ack=0 len=1"], &["@1 ACK seq=1 ack=2"], "ESTABLISHED"),
        // A FIN beyond a hole.
        sequence(
            "linux",
            "ESTABLISHED",
            &["rcv FIN,ACK seq=4 ack=1", "rcv ACK seq=1 ack=1 len=3"],
            &["@1 ACK seq=1 ack=1", "@2 ACK seq=1 ack=5"],
            "CLOSE_WAIT",
        ),
        sequence(
            "smoltcp",
            "ESTABLISHED",
            &["rcv FIN,ACK seq=4 ack=1 len=2", "rcv ACK seq=1 ack=1 len=3"],
            &["@1 ACK seq=1 ack=1", "@2 ACK seq=1 ack=6"],
            "ESTABLISHED",
        ),
        // `abort` is silent once both have closed, and so is the user timeout, except in smoltcp.
        sequence("linux", "CLOSE_WAIT", &["app abort"], &["@1 RST,ACK seq=1 ack=2"], "CLOSED"),
        sequence("linux", "CLOSING", &["app set linger 0", "app close"], &["@2 none"], "CLOSED"),
        sequence("linux", "LAST_ACK", &["app set user_timeout 1s", "timer USER_TIMEOUT"], &["@2 none"], "CLOSED"),
        // A SYN in TIME_WAIT that opens nothing.
        sequence("freebsd", "TIME_WAIT", &["rcv SYN seq=RCV.NXT"], &["@1 none"], "TIME_WAIT"),
        sequence("linux", "TIME_WAIT", &["rcv SYN seq=RCV.NXT"], &["@1 ACK seq=2 ack=2"], "TIME_WAIT"),
    ]);
}

/// More from the stacks' own tests.
#[test]
fn more_of_the_suites() {
    all_match(&[
        // smoltcp, `test_fin_wait_2_recv`, `test_simultaneous_close_raced`, `test_mutual_close_with_data_1`.
        sequence(
            "smoltcp",
            "FIN_WAIT_2",
            &["rcv ACK seq=1 ack=2 len=3", "app recv 3", "poll"],
            &["@3 ACK seq=2 ack=4"],
            "FIN_WAIT_2",
        ),
        sequence(
            "smoltcp",
            "ESTABLISHED",
            &["app close", "rcv FIN,ACK seq=1 ack=1", "poll", "rcv ACK seq=2 ack=2", "poll"],
            &["@3 FIN,ACK seq=1 ack=2", "@5 none"],
            "TIME_WAIT",
        ),
        sequence(
            "smoltcp",
            "ESTABLISHED",
            &["app send 6", "app close", "poll", "rcv FIN,ACK seq=1 ack=8"],
            &["@3 FIN,ACK seq=1 ack=1 len=6"],
            "TIME_WAIT",
        ),
        // gVisor, `tcp_unacc_seq_ack_test.go`: just beyond the window, and an ACK of the unsent.
        sequence(
            "gvisor",
            "CLOSE_WAIT",
            &["rcv ACK seq=RCV.NXT+RCV.WND ack=1 len=11"],
            &["@1 none"],
            "CLOSE_WAIT",
        ),
        sequence(
            "gvisor",
            "FIN_WAIT_2",
            &["rcv ACK seq=RCV.NXT+RCV.WND ack=2 len=11", "rcv ACK seq=RCV.NXT ack=SND.NXT+1 len=11"],
            &["@1 ACK seq=2 ack=1", "@2 ACK seq=2 ack=1"],
            "FIN_WAIT_2",
        ),
    ]);
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

/// What a reader of RFC 9293 and of the stacks' sources found wrong.
#[test]
fn windows_and_what_has_no_room() {
    let receives = |policy: &str, segment: &'static str, ack: &'static str, end: &str| {
        let events = ["env own_window 100", "rcv ACK seq=1 ack=1 len=40", segment];
        let case = sequence(policy, "ESTABLISHED", &events, &[ack], end);
        assert_eq!(outcome_of(&case), CaseOutcome::Match, "{case}");
    };
    // A FIN behind text that fills the window.
    receives("linux", "rcv FIN,ACK seq=41 ack=1 len=60", "@3 ACK seq=1 ack=102", "CLOSE_WAIT");
    receives("rfc9293", "rcv FIN,ACK seq=41 ack=1 len=60", "@3 ACK seq=1 ack=101", "ESTABLISHED");
    receives("gvisor", "rcv FIN,ACK seq=41 ack=1 len=60", "@3 ACK seq=1 ack=102", "CLOSE_WAIT");
    // Text that is too long.
    receives("linux", "rcv ACK seq=41 ack=1 len=61", "@3 ACK seq=1 ack=41", "ESTABLISHED");
    receives("rfc9293", "rcv ACK seq=41 ack=1 len=61", "@3 ACK seq=1 ack=101", "ESTABLISHED");
    all_match(&[
        // RFC 9293 §3.10.7.4: only what is acceptable, and not what is older, changes the window.
        sequence(
            "rfc9293",
            "ESTABLISHED",
            &["rcv ACK seq=1 ack=99 win=0", "app send 1"],
            &["@1 ACK seq=1 ack=1", "@2 ACK seq=1 ack=1 len=1"],
            "ESTABLISHED",
        ),
        sequence(
            "rfc9293",
            "ESTABLISHED",
            &["rcv ACK seq=3 ack=1 len=2 win=9", "rcv ACK seq=1 ack=1 len=2 win=0", "app send 10"],
            &["@3 ACK seq=1 ack=5 len=9"],
            "ESTABLISHED",
        ),
        // "special allowance should be made to accept valid ACKs".
        sequence(
            "rfc9293",
            "FIN_WAIT_1",
            &["env own_window 0", "rcv ACK seq=1 ack=2 len=1"],
            &["@2 ACK seq=2 ack=1"],
            "FIN_WAIT_2",
        ),
        // And what may be sent then, is.
        sequence(
            "rfc9293",
            "ESTABLISHED",
            &[
                "env own_window 5",
                "env peer_window 3",
                "app send 6",
                "rcv ACK seq=1 ack=1 len=5",
                "rcv ACK seq=6 ack=4 len=1 win=10",
            ],
            &["@3 ACK seq=1 ack=1 len=3", "@4 ACK seq=4 ack=6", "@5 ACK seq=4 ack=6 len=3"],
            "ESTABLISHED",
        ),
        // RFC 5961 §5.2: MAX.SND.WND.
        sequence(
            "rfc9293",
            "ESTABLISHED",
            &[
                "env peer_window 200000",
                "app send 150000",
                "rcv ACK seq=1 ack=150001",
                "rcv ACK seq=1 ack=1 len=1",
            ],
            &["@4 ACK seq=150001 ack=2"],
            "ESTABLISHED",
        ),
        // The user timeout counts what waits, and 0 is none.
        sequence(
            "linux",
            "ESTABLISHED",
            &["env peer_window 0", "app set user_timeout 1s", "app send 1", "wait 1s", "app send 1 -> ETIMEDOUT"],
            &[],
            "CLOSED",
        ),
        sequence("linux", "ESTABLISHED", &["app set user_timeout 0", "app send 1", "wait 1"], &[], "ESTABLISHED"),
        // close() with unread text sends nothing in TIME_WAIT.
        sequence(
            "rfc9293",
            "ESTABLISHED",
            &["app shutdown_wr", "rcv FIN,ACK seq=1 ack=2 len=3", "app close"],
            &["@3 none"],
            "TIME_WAIT",
        ),
    ]);
}

/// The choices of policies that no case above shows.
#[test]
fn what_policies_say_besides() {
    let probe = ["env own_window 5", "rcv ACK seq=1 ack=1 len=5", "rcv ACK seq=6 ack=2 len=1"];
    let late = ["app close", "rcv ACK seq=1 ack=2", "rcv ACK seq=1 ack=2 len=1"];
    let old = ["rcv ACK seq=RCV.NXT-1 ack=2"];
    all_match(&[
        // Whose probes acknowledge.
        sequence("rfc9293", "FIN_WAIT_1", &probe, &["@3 ACK seq=2 ack=6"], "FIN_WAIT_2"),
        sequence("linux", "FIN_WAIT_1", &probe, &["@3 ACK seq=2 ack=6"], "FIN_WAIT_1"),
        // Whose reset answers late text.
        sequence("freebsd", "ESTABLISHED", &late, &["@3 RST seq=2"], "CLOSED"),
        sequence("gvisor", "ESTABLISHED", &late, &["@3 RST,ACK seq=2 ack=1"], "CLOSED"),
        sequence("smoltcp", "ESTABLISHED", &late, &["@3 ACK seq=2 ack=2"], "FIN_WAIT_2"),
        // Whose old segments acknowledge.
        sequence("lwip", "FIN_WAIT_1", &old, &["@1 ACK seq=2 ack=1"], "FIN_WAIT_2"),
        sequence("rfc9293", "FIN_WAIT_1", &old, &["@1 ACK seq=2 ack=1"], "FIN_WAIT_1"),
        // In smoltcp every segment that is not acceptable restarts 2MSL.
        sequence("smoltcp", "TIME_WAIT", &["wait 9s", "rcv ACK seq=1 ack=2", "wait 9s"], &[], "TIME_WAIT"),
        sequence("cs144", "TIME_WAIT", &["wait 9s", "rcv ACK seq=1 ack=2", "wait 9s"], &[], "CLOSED"),
        // Where the window ends there is no room, not even beyond a hole.
        sequence(
            "linux",
            "ESTABLISHED",
            &["env own_window 5", "rcv FIN,ACK seq=6 ack=1", "rcv ACK seq=1 ack=1 len=5"],
            &["@2 ACK seq=1 ack=1", "@3 ACK seq=1 ack=6"],
            "ESTABLISHED",
        ),
        // A FIN beyond a hole after close().
        sequence("linux", "ESTABLISHED", &["app close", "rcv FIN,ACK seq=3 ack=1"], &["@2 RST seq=1"], "CLOSED"),
        sequence(
            "rfc9293",
            "ESTABLISHED",
            &["app close", "rcv FIN,ACK seq=3 ack=1"],
            &["@2 ACK seq=2 ack=1"],
            "FIN_WAIT_1",
        ),
    ]);
}

/// Measured on Linux 6.18: after `close()` `FIN_WAIT_2` is a small record.
#[test]
fn an_orphan_keeps_no_socket() {
    let orphan = |event: &'static str, answer: &str, end: &str| {
        let answer = format!("@3 {answer}");
        sequence("linux", "ESTABLISHED", &["app close", "rcv ACK seq=1 ack=2", event], &[&answer], end)
    };
    all_match(&[
        orphan("rcv SYN seq=5", "RST,ACK seq=0 ack=6", "CLOSED"),
        orphan("rcv ACK seq=1 ack=99", "none", "FIN_WAIT_2"),
        orphan("rcv FIN seq=outside", "ACK seq=2 ack=1", "FIN_WAIT_2"),
        orphan("rcv ACK seq=RCV.NXT+RCV.WND ack=2 len=1", "ACK seq=2 ack=1", "FIN_WAIT_2"),
        orphan("rcv FIN seq=1", "none", "FIN_WAIT_2"),
        orphan("rcv FIN,ACK seq=1 ack=2", "ACK seq=2 ack=2", "TIME_WAIT"),
        orphan("rcv FIN,ACK seq=1 ack=2 len=1", "RST seq=2", "CLOSED"),
    ]);
}

/// A case is no more work than a day of an ordinary one.
#[test]
fn what_a_case_may_do_is_bounded() {
    let events = ["env retries 4294967295", "env rto 1ms", "app close", "wait 24h"];
    let case = sequence("netx", "ESTABLISHED", &events, &[], "CLOSED");
    let CaseOutcome::OutOfScope(feature) = outcome_of(&case) else { panic!("{case}") };
    assert_eq!(feature, "a case in which timers expire more than 10000 times");
}

/// The end of a connection is returned once, as by sockets.
#[test]
fn what_calls_return_when_the_connection_is_gone() {
    all_match(&[
        sequence(
            "linux",
            "ESTABLISHED",
            &[
                "app recv -> EAGAIN",
                "rcv ACK seq=1 ack=1 len=3",
                "rcv RST seq=4",
                "app recv 9 -> 3",
                "app recv -> ECONNRESET",
                "app recv -> EOF",
                "app send 1 -> EPIPE",
            ],
            &[],
            "CLOSED",
        ),
        sequence("linux", "CLOSE_WAIT", &["rcv RST seq=2", "app send 1 -> EPIPE"], &["@1 none"], "CLOSED"),
        sequence(
            "linux",
            "LAST_ACK",
            &["app set user_timeout 1s", "timer USER_TIMEOUT", "app send 1 -> ETIMEDOUT", "app send 1 -> error"],
            &[],
            "CLOSED",
        ),
    ]);
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

/// Measured on Linux 6.18 through a TUN device, with a peer that keeps its window closed.
#[test]
fn an_orphan_that_probes_ends() {
    let close = ["env orphan_retries 2", "rcv ACK seq=1 ack=1 win=0", "app send 1000 (unsent)", "app close"];
    let silent = |wait: &'static str, end: &str| {
        let events = [&close[..], &[wait]].concat();
        sequence("linux", "ESTABLISHED", &events, &["@3 none", "@4 none"], end)
    };
    let mut answered: Vec<&str> = close[1..].to_vec();
    for _ in 0..10 {
        answered.extend(["timer PERSIST", "rcv ACK seq=1 ack=1 win=0"]);
    }
    let still_there =
        sequence("linux", "ESTABLISHED", &answered, &["@22 ACK seq=0 ack=1", "@23 none"], "FIN_WAIT_1");
    answered.push("timer PERSIST");
    all_match(&[
        silent("wait 1399ms", "FIN_WAIT_1"),
        silent("wait 1400ms", "CLOSED"),
        still_there,
        sequence("linux", "ESTABLISHED", &answered, &["@24 none"], "CLOSED"),
        // The other half of a connection that is closed still probes for its FIN.
        sequence(
            "linux",
            "CLOSE_WAIT",
            &["rcv ACK seq=2 ack=1 win=0", "app shutdown_wr", "wait 250ms"],
            &["@2 none", "@3 ACK seq=0 ack=2"],
            "LAST_ACK",
        ),
        // RFC 9293 §3.8.6.1: who answers is never given up.
        sequence(
            "generic",
            "ESTABLISHED",
            &[
                "rcv ACK seq=1 ack=1 win=0",
                "app send 5 (unsent)",
                "app close",
                "wait 1s",
                "rcv ACK seq=1 ack=2 win=9",
            ],
            &["@4 ACK seq=1 ack=1 len=1", "@5 FIN,ACK seq=2 ack=1 len=4"],
            "FIN_WAIT_1",
        ),
        sequence("gvisor", "FIN_WAIT_1", &["timer PERSIST"], &["@0 FIN,ACK seq=1 ack=1", "@1 none"], "FIN_WAIT_1"),
    ]);
}

/// `SO_ERROR` for a reset after the peer's FIN: Linux was measured, FreeBSD is as its suite has it.
#[test]
fn stacks_report_a_reset_after_the_fin_differently() {
    for (policy, error) in [("linux", "EPIPE"), ("freebsd", "ECONNRESET"), ("rfc9293", "ECONNRESET")] {
        let read = format!("app so_error -> {error}");
        let events = ["rcv RST seq=2", &read, "app so_error -> ok"];
        let case = sequence(policy, "CLOSE_WAIT", &events, &["@1 none"], "CLOSED");
        assert_eq!(outcome_of(&case), CaseOutcome::Match, "{case}");
    }
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
