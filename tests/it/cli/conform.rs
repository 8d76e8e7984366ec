//! Recorded cases, as `conform` replays them.

use insta::assert_snapshot;
use serde_json::Value;

use crate::folder::Folder;

/// Recorded cases, each of which comes out differently.
const RECORDED: &str = r#"
{"id": "mine/one", "profile": "linux", "start_state": "ESTABLISHED", "events": ["app close", "rcv FIN,ACK seq=1 ack=2"], "expect_segments": ["@1 FIN,ACK seq=1 ack=1", "@2 ACK seq=2 ack=2"], "expect_end_state": "TIME_WAIT"}
{"id": "mine/two", "profile": "freebsd", "start_state": "ESTABLISHED", "events": ["app close", "rcv FIN,ACK seq=1 ack=1"], "expect_segments": ["@2 ACK seq=2 ack=2"], "expect_end_state": "CLOSING"}
{"id": "mine/three", "profile": "linux", "start_state": "ESTABLISHED", "events": ["timer KEEPALIVE"], "expect_end_state": "CLOSED"}

{"start_state": "CLOSE_WAIT", "event": "RST+ACK seq=RCV.NXT", "sent": [], "end_state": "CLOSED", "so_error": "EPIPE"}
"#;

#[test]
fn recorded_cases_are_replayed() {
    let folder = Folder::new("conform").with("cases.jsonl", RECORDED);
    assert_snapshot!("conform", folder.run(&["conform", "cases.jsonl"]).transcript());
    // Under RFC 9293 FINs that cross are answered as `mine/two` wants it.
    let run = folder.run(&["conform", "cases.jsonl", "cases.jsonl", "--policy", "rfc9293"]);
    // What the reset is to the application is Linux's own.
    assert_eq!(run.stdout.lines().last(), Some("8 cases: 4 match, 2 differ, 2 out of scope"));
    assert_eq!(run.code, 1);

    let report = folder.report(&["conform", "cases.jsonl"]);
    let cases: Vec<_> = report["cases"].as_array().unwrap().iter().map(|case| case["outcome"].as_str()).collect();
    assert_eq!(cases, [Some("match"), Some("differs"), Some("out of scope"), Some("match")]);
    assert_eq!(report["cases"][1]["differences"][0]["step"], 2);
    let schema: Value = serde_json::from_str(include_str!("../../../docs/conform.schema.json")).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let traced = folder.report(&["conform", "cases.jsonl", "--trace"]);
    for report in [&report, &traced] {
        let mistakes: Vec<String> = jsonschema::validator_for(&schema)
            .unwrap()
            .iter_errors(report)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(mistakes, Vec::<String>::new());
    }
    assert_eq!(report["cases"][1]["line"], 3);
    assert_eq!(report["exit_code"], 1);
    assert_eq!(traced["cases"][0]["steps"][1]["sent"][0], "FIN,ACK seq=1 ack=1 win=65535");
    assert_eq!(traced["cases"][2]["steps"], serde_json::json!([]));
}

/// Each step is shown, and every difference, not the first alone.
#[test]
fn a_case_is_traced() {
    let case = r#"{"id": "both", "profile": "linux", "start_state": "CLOSE_WAIT", "events": ["rcv FIN,ACK seq=2 ack=1", "app send 3 -> EPIPE", "app close", "wait 200ms"], "expect_segments": ["@2 ACK seq=1 ack=2 len=2", "@4 FIN,ACK seq=4 ack=2"], "state_checks": ["@3 LAST_ACK"], "expect_end_state": "CLOSED"}"#;
    let folder = Folder::new("conform-trace").with("case.jsonl", case);
    assert_snapshot!("conform-differences", folder.run(&["conform", "case.jsonl"]).transcript());
    assert_snapshot!("conform-trace", folder.run(&["conform", "case.jsonl", "-v"]).transcript());
}

/// What cannot be read keeps nothing else from being replayed.
#[test]
fn what_can_be_read_is_replayed() {
    let pretty = RECORDED.replace("{\"id\": \"mine/three\"", "{\n  \"id\": \"mine/three\"");
    let folder = Folder::new("conform-keep-going")
        .with("cases.jsonl", pretty)
        .with("good.jsonl", RECORDED.lines().nth(1).unwrap());
    let files = ["conform", "cases.jsonl", "nowhere.jsonl", "good.jsonl"];
    assert_eq!(folder.run(&files).stdout, "");
    let run = folder.run(&[&files[..], &["--keep-going"]].concat());
    assert_snapshot!("conform-keep-going", format!("{}---\n{}", run.stdout, run.stderr));
    assert_eq!(run.code, 2);
    let report = folder.report(&[&files[..], &["--keep-going"]].concat());
    assert_eq!((report["cases"].as_array().unwrap().len(), &report["exit_code"]), (4, &serde_json::json!(2)));
}

#[test]
fn recorded_cases_with_mistakes() {
    let case = |change: &str| {
        let case = r#"{"id": "x", "profile": "linux", "start_state": "CLOSING", "events": ["timer RTO"], "expect_end_state": "CLOSING"}"#;
        let (from, to) = change.split_once(" => ").unwrap();
        assert!(case.contains(from), "{from}");
        format!("{case}\n{}\n", case.replace(from, to))
    };
    let folder = Folder::new("conform-mistakes")
        .with("verb.jsonl", case("timer RTO => timr RTO"))
        .with("length.jsonl", case("timer RTO => rcv ACK seq=1 ack=1 len=-1"))
        .with("profile.jsonl", case("linux => linus"))
        .with("state.jsonl", case("\"CLOSING\", \"events => \"CLOSED_WAIT\", \"events"))
        .with("json.jsonl", case("\"], => \","))
        .with("missing.jsonl", case("\"profile\": \"linux\",  => ").replace("  ", " "))
        .with("neither.jsonl", case("events => evens"))
        .with("step.jsonl", case("\"expect_end => \"state_checks\": [\"@2 CLOSED\"], \"expect_end"))
        .with("number.jsonl", case("\"x\" => 7"))
        .with(
            "row.jsonl",
            "{\"start_state\": \"CLOSING\", \"event\": \"RST seq=RCV.NXT sooner\", \"end_state\": \"CLOSED\"}",
        )
        .with(
            "null.jsonl",
            "{\"start_state\": \"CLOSING\", \"event\": \"RST\", \"sent\": null, \"end_state\": \"CLOSED\"}",
        )
        .with("empty.jsonl", "\n\n")
        .with("folder/file", "");
    let files = [
        "verb.jsonl",
        "length.jsonl",
        "profile.jsonl",
        "state.jsonl",
        "json.jsonl",
        "missing.jsonl",
        "neither.jsonl",
        "step.jsonl",
        "number.jsonl",
        "row.jsonl",
        "null.jsonl",
        "empty.jsonl",
        "folder",
        "nowhere.jsonl",
    ];
    let commands: Vec<Vec<&str>> = files.iter().map(|file| vec!["conform", file]).collect();
    let commands: Vec<&[&str]> = commands.iter().map(Vec::as_slice).collect();
    assert_snapshot!(folder.refusals(&commands));
    assert_eq!(folder.run(&["conform", "profile.jsonl", "--policy", "linux"]).code, 0);
    assert_eq!(folder.run(&["conform", "verb.jsonl", "--policy", "linus"]).code, 2);
    assert_eq!(folder.run(&["conform"]).code, 2);
}
