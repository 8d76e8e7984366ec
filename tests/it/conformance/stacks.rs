//! What stacks do besides the cases of files: measured, or as their own suites have it.

use lastack::conform::recorded::CaseOutcome;
use serde_json::json;

use super::{all_match, outcome_of, sequence};

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
