//! RFC 9293 §3.10.7.4 beside the endpoint: which of its clauses is cited in which file.

use std::fmt::Write;
use std::fs;
use std::path::Path;

/// The clauses from ESTABLISHED on, in the RFC's order. What users, timeouts of queues and the handshake's states
/// are about is left out.
const CLAUSES: [(&str, &[&str]); 8] = [
    (
        "First, check sequence number",
        &[
            "There are four cases for the acceptability test for an incoming segment",
            "special allowance should be made to accept valid ACKs",
            "If an incoming segment is not acceptable, an acknowledgment should be sent in reply",
            "drop the unacceptable segment and return",
            "trimming off any portions that lie outside the window (including SYN and FIN)",
            "Segments with higher beginning sequence numbers SHOULD be held for later processing",
        ],
    ),
    (
        "Second, check the RST bit",
        &[
            "If the RST bit is set and the sequence number exactly matches the next expected sequence number",
            "MUST send an acknowledgment (challenge ACK)",
        ],
    ),
    ("Third, check security", &[]),
    ("Fourth, check the SYN bit", &["if the SYN bit is set, irrespective of the sequence number"]),
    (
        "Fifth, check the ACK field",
        &[
            "if the ACK bit is off, drop the segment and return",
            "the ACK value is acceptable only if it is in the range",
            "If SND.UNA < SEG.ACK =< SND.NXT, then set SND.UNA <- SEG.ACK",
            "If the ACK is a duplicate (SEG.ACK =< SND.UNA), it can be ignored",
            "send an ACK, drop the segment, and return",
            "If SND.UNA =< SEG.ACK =< SND.NXT, the send window should be updated",
            "if the FIN segment is now acknowledged, then enter FIN-WAIT-2",
            "if the ACK acknowledges our FIN, then enter the TIME-WAIT state",
            "If our FIN is now acknowledged, delete the TCB, enter the CLOSED state, and return",
        ],
    ),
    ("Sixth, check the URG bit", &[]),
    (
        "Seventh, process the segment text",
        &[
            "Once in the ESTABLISHED state, it is possible to deliver segment data to user RECEIVE buffers",
            "it advances RCV.NXT over the data accepted",
            "This acknowledgment should be piggybacked on a segment being transmitted if possible",
            "This should not occur",
        ],
    ),
    (
        "Eighth, check the FIN bit",
        &[
            "advance RCV.NXT over the FIN",
            "Enter the CLOSE-WAIT state",
            "If our FIN has been ACKed (perhaps in this segment), then enter TIME-WAIT",
            "Enter the TIME-WAIT state. Start the time-wait timer, turn off the other timers",
            "Restart the 2 MSL time-wait timeout",
        ],
    ),
];

/// The comments of a file of `src/tcp/`, each in one line.
fn comments(file: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tcp").join(file);
    let text = fs::read_to_string(path).unwrap();
    let (mut all, mut comment) = (Vec::new(), String::new());
    for line in text.split("#[cfg(test)]\nmod ").next().unwrap().lines() {
        if let Some(part) = line.trim().strip_prefix("//") {
            comment += part.trim_start_matches(['/', '!']);
        } else if !comment.is_empty() {
            all.push(std::mem::take(&mut comment));
        }
    }
    all
}

#[test]
fn the_eight_steps_follow_on_each_other() {
    let cited = comments("receive/mod.rs");
    let steps = cited.iter().filter_map(|comment| comment.trim().strip_prefix("RFC 9293 §3.10.7.4: \""));
    let steps: Vec<_> = steps.map(|step| step.split('"').next().unwrap()).collect();
    assert_eq!(steps, CLAUSES.map(|(step, _)| step));
}

#[test]
fn every_clause_has_its_place() {
    let files = [
        "receive/sequence.rs",
        "receive/reset.rs",
        "receive/syn.rs",
        "receive/ack.rs",
        "receive/text.rs",
        "receive/fin.rs",
        "receive/answer.rs",
        "endpoint.rs",
        "time_wait.rs",
    ];
    let cited: Vec<_> = files.iter().map(|file| (file, comments(file))).collect();
    let mut text = String::new();
    for (step, clauses) in CLAUSES {
        let _ = writeln!(text, "{step}");
        for clause in clauses {
            let holds = |comment: &String| comment.contains("RFC 9293 §3.") && comment.contains(clause);
            let places = cited.iter().filter(|(_, comments)| comments.iter().any(holds));
            let places: Vec<_> = places.map(|(file, _)| **file).collect();
            assert!(!places.is_empty(), "nothing in src/tcp/ cites \"{clause}\"");
            let _ = writeln!(text, "  {clause}: {}", places.join(", "));
        }
    }
    insta::assert_snapshot!(text);
}
