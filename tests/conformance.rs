//! Recorded cases of other TCPs beside the endpoint.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails may panic"
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use lastack::conform::{Case, Outcome, read_cases, replay};
use lastack::diagnostic::SourceFile;
use lastack::source::read_source;
use proptest::prelude::*;
use serde::Deserialize;

const CASES: &str = "tests/conformance/cases.jsonl";
const ROWS: &str = "tests/conformance/linux-6.18.jsonl";

#[derive(Deserialize)]
struct Differs {
    case: Vec<Known>,
}

#[derive(Deserialize)]
struct Known {
    id: String,
    step: usize,
    reason: String,
}

fn cases(path: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    read_cases(&read_source(&path).unwrap()).unwrap()
}

fn of_text(text: &str) -> Vec<Case> {
    read_cases(&SourceFile::new("cases.jsonl", text)).unwrap()
}

/// The list of differences is checked both ways.
#[test]
fn every_case_matches_or_is_known_to_differ() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/differs.toml");
    let known: Differs = toml::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut known: BTreeMap<String, Known> = known.case.into_iter().map(|one| (one.id.clone(), one)).collect();
    let (mut matches, mut out_of_scope) = ([0, 0], Vec::new());
    for (place, case) in [CASES, ROWS]
        .into_iter()
        .map(cases)
        .enumerate()
        .flat_map(|(place, cases)| cases.into_iter().map(move |case| (place, case)))
    {
        let listed = known.remove(&case.id);
        match (replay(&case, None).outcome, listed) {
            (Outcome::Match, None) => matches[place] += 1,
            (Outcome::OutOfScope(feature), None) => out_of_scope.push(format!("{}: {feature}", case.id)),
            (Outcome::Differs(difference), Some(known)) => {
                assert_eq!(difference.step, known.step, "{}: {difference:?}", case.id);
                assert!(known.reason.len() > 20, "{} has no reason", case.id);
            }
            (outcome, listed) => panic!("{}: {outcome:?}, listed: {}", case.id, listed.is_some()),
        }
    }
    assert!(known.is_empty(), "there are no such cases: {:?}", known.keys());
    assert_eq!(matches, [91, 118]);
    insta::assert_snapshot!("out_of_scope", out_of_scope.join("\n"));
}

/// Each kind of expectation can fail, and says in which step.
#[test]
fn what_is_expected_is_looked_at() {
    let case = r#"{"id": "x", "start_state": "ESTABLISHED", "profile": "linux",
        "events": ["rcv ACK seq=1 ack=1 len=3", "app recv 3", "app shutdown_wr", "rcv FIN,ACK seq=4 ack=2", "app recv -> EOF"],
        "expect_segments": ["@1 ACK seq=1 ack=4", "@3 FIN,ACK seq=1 ack=4 len=0", "@4 ACK seq=2 ack=5", "@5 none"],
        "state_checks": ["@0 ESTABLISHED", "@3 FIN_WAIT_1"], "expect_end_state": "TIME_WAIT"}"#
        .replace('\n', " ");
    let outcome = |from: &str, to: &str| {
        assert!(case.contains(from), "{from}");
        replay(&of_text(&case.replace(from, to))[0], None).outcome
    };
    assert_eq!(outcome("\"x\"", "\"y\""), Outcome::Match);
    for (from, to, step) in [
        ("@1 ACK seq=1 ack=4", "@1 ACK seq=2 ack=4", 1),
        ("@1 ACK seq=1 ack=4", "@1 ACK seq=1 ack=3", 1),
        ("@1 ACK seq=1 ack=4", "@1 none", 1),
        ("@1 ACK seq=1 ack=4", "@1 RST,ACK seq=1 ack=4", 1),
        ("@1 ACK seq=1 ack=4\"", "@1 ACK seq=1 ack=4\", \"@1 ACK seq=1 ack=4\"", 1),
        ("len=0", "len=1", 3),
        ("@5 none", "@5 ACK", 5),
        ("@0 ESTABLISHED", "@0 CLOSE_WAIT", 0),
        ("@3 FIN_WAIT_1", "@3 FIN_WAIT_2", 3),
        ("\"TIME_WAIT\"", "\"CLOSED\"", 5),
        ("-> EOF", "-> EPIPE", 5),
        ("app recv -> EOF", "app recv 1", 5),
        ("app recv 3\"", "app recv 4\"", 2),
    ] {
        let Outcome::Differs(difference) = outcome(from, to) else {
            panic!("{from} for {to} matches");
        };
        assert_eq!(difference.step, step, "{from} for {to}: {difference:?}");
    }
    let row = r#"{"start_state": "CLOSE_WAIT", "event": "RST seq=RCV.NXT", "sent": [], "end_state": "CLOSED", "so_error": "EPIPE"}"#;
    assert_eq!(replay(&of_text(row)[0], None).outcome, Outcome::Match);
    for (from, to) in [
        ("EPIPE", "ECONNRESET"),
        ("[]", "[\"ACK seq=1 ack=2 len=0\"]"),
        ("CLOSED", "CLOSE_WAIT"),
        ("RST seq", "ACK seq"),
    ] {
        assert!(
            matches!(replay(&of_text(&row.replace(from, to))[0], None).outcome, Outcome::Differs(_)),
            "{from} for {to}"
        );
    }
}

fn conform(args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_lastack"))
        .arg("conform")
        .args(args)
        .env_remove("COLUMNS")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn the_command_says_what_differs_and_exits_so() {
    let (code, text) = conform(&[ROWS]);
    assert_eq!((code, text.lines().last()), (Some(0), Some("120 cases: 118 match, 0 differ, 2 are out of scope")));
    let (code, text) = conform(&[CASES]);
    assert_eq!(code, Some(1));
    let told: Vec<&str> = text.lines().filter(|line| !line.starts_with("match")).collect();
    insta::assert_snapshot!("told", told.join("\n"));
    // Another policy makes another endpoint of it.
    assert_eq!(conform(&["--policy", "rfc9293", ROWS]).0, Some(1));
}

#[test]
fn what_cannot_be_read_is_said_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cases.jsonl");
    let ok = r#"{"id": "x", "start_state": "ESTABLISHED", "events": [], "expect_segments": [], "expect_end_state": "ESTABLISHED", "profile": "linux"}"#;
    let mut text = format!("{ok}\n\n");
    for (from, to) in [
        ("\"id\": \"x\",", "\"id\": \"x\""),
        ("\"id\": \"x\",", ""),
        ("ESTABLISHED", "ESTABLISHT"),
        ("linux", "linx"),
        ("\"events\": []", "\"events\": [\"recv FIN\"]"),
        ("\"events\": []", "\"events\": [\"rcv FIN,ACK seq=1 len=-1\"]"),
        ("\"events\": []", "\"events\": [\"rcv FIN,AKC seq=1\"]"),
        ("\"events\": []", "\"events\": [\"rcv ACK seq=RCV.NEXT\"]"),
        ("\"events\": []", "\"events\": [\"app send 99999999999\"]"),
        ("\"events\": []", "\"events\": [\"wait 3 weeks\"]"),
        ("\"events\": []", "\"events\": [\"wait 9999999m\"]"),
        ("\"expect_segments\": []", "\"expect_segments\": [\"@9 none\"]"),
        ("\"expect_segments\": []", "\"expect_segments\": [\"none\"]"),
    ] {
        assert!(ok.contains(from), "{from}");
        text.extend([ok.replace(from, to).as_str(), "\n"]);
    }
    text += "{\"start_state\": \"ESTABLISHED\", \"event\": \"DATA ten seq=RCV.NXT\", \"sent\": [], \"end_state\": \"CLOSED\"}\n[1]\n";
    std::fs::write(&path, text).unwrap();
    let (code, told) = conform(&[path.to_str().unwrap()]);
    assert_eq!(code, Some(2));
    insta::assert_snapshot!("mistakes", told.replace(path.to_str().unwrap(), "cases.jsonl"));
    let (code, told) = conform(&["--policy", "linus", ROWS]);
    assert_eq!(code, Some(2));
    insta::assert_snapshot!("unknown_policy", told);
}

proptest! {
    /// Whatever is in a file, it is read or refused, and what is read can be replayed.
    #[test]
    fn nothing_in_a_file_is_fatal(
        lines in prop::collection::vec(
            (0..226usize, 0..400usize, prop_oneof![any::<char>().prop_map(String::from), "[0-9A-Z=+@*^-]{1,12}", Just(String::new())]),
            1..4,
        )
    ) {
        let all = [CASES, ROWS].map(|path| {
            std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
        }).concat();
        let all: Vec<&str> = all.lines().collect();
        let text: String = lines.iter().map(|(line, at, put)| {
            let mut characters: Vec<char> = all[*line].chars().collect();
            let at = at % characters.len();
            characters.splice(at..=at, put.chars());
            characters.into_iter().collect::<String>() + "\n"
        }).collect();
        if let Ok(cases) = read_cases(&SourceFile::new("cases.jsonl", text)) {
            for case in cases {
                let _ = replay(&case, None);
            }
        }
    }
}
