//! How connections are opened, and what a new one finds on its ports.

use lastack::capture::Diagnosis;

use super::made::{CLOSE, Line, OPEN, line, record};
use super::{Record, closings, human, json_of, pcap};

fn report_of(lines: &[&[Line]]) -> String {
    human(&file(lines))
}

fn file(lines: &[&[Line]]) -> Vec<u8> {
    let records: Vec<Record> = lines.concat().iter().map(record).collect();
    pcap(101, &records)
}

/// The report on the connection with this number.
fn of(report: &str, number: usize) -> &str {
    let start = report.find(&format!("\n{number}: A ")).unwrap();
    let rest = &report[start + 1..];
    rest.find("\n\n").map_or(rest, |end| &rest[..end])
}

#[track_caller]
fn assert_line(report: &str, label: &str, expected: &str) {
    let found = line(report, label);
    assert!(found.contains(expected), "{expected:?} is not in {found:?}:\n{report}");
}

/// RFC 9293 §3.5, Figure 6: most connections are opened so, and the report does not speak of it.
#[test]
fn an_ordinary_handshake_is_followed_in_silence() {
    let report = report_of(&[&OPEN, &CLOSE]);
    assert_line(&report, "A", "A ESTABLISHED → FIN_WAIT_1 (packet 4");
    assert_line(&report, "B", "B ESTABLISHED → CLOSE_WAIT (packet 4");
    assert_line(&report, "explained", "every packet");
}

/// RFC 9293 §3.5, Figure 7.
#[test]
fn a_simultaneous_opening_is_followed() {
    let both = [(0, 'A', "S", 0, 0, 0), (1, 'B', "S", 0, 0, 0), (2, 'A', "SA", 0, 1, 0), (3, 'B', "SA", 0, 1, 0)];
    let report = report_of(&[&both, &CLOSE]);
    let opens = "CLOSED → SYN_SENT (packet 1, 0.000 s) → SYN_RECEIVED (packet 2, 0.001 s) → ESTABLISHED (packet 4, \
                 0.003 s) → FIN_WAIT_1 (packet 5";
    assert_line(&report, "A", opens);
    assert_line(&report, "B", "CLOSED → SYN_SENT (packet 2, 0.001 s) → SYN_RECEIVED (packet");
    assert_line(&report, "explained", "every packet");
}

/// RFC 9293 §3.10.4: CLOSE in `SYN_RECEIVED` sends a FIN.
#[test]
fn what_is_not_open_yet_may_be_closed() {
    let both = [(0, 'A', "S", 0, 0, 0), (1, 'B', "S", 0, 0, 0), (2, 'A', "SA", 0, 1, 0)];
    let close = [(3, 'A', "FA", 1, 1, 0), (4, 'B', "A", 1, 2, 0), (5, 'B', "FA", 1, 2, 0), (6, 'A', "A", 2, 2, 0)];
    assert_line(&report_of(&[&both, &close]), "explained", "every packet");
}

#[test]
fn a_handshake_that_fails_is_followed_too() {
    let syn = &OPEN[..1];
    let end = &[(9_000, 'A', "S", 0, 0, 0)];
    let unanswered = report_of(&[syn, end]);
    assert_line(&unanswered, "A", "A CLOSED → SYN_SENT (packet 1, 0.000 s)");
    assert_line(&unanswered, "ended", "The SYN was not answered");
    let refused = report_of(&[syn, &[(9, 'B', "RA", 0, 1, 0)]]);
    assert_line(&refused, "A", "A CLOSED → SYN_SENT (packet 1, 0.000 s) → CLOSED (packet 2, 0.009 s)");
    assert_line(&refused, "B", "B CLOSED");
    assert_line(&refused, "explained", "every packet");
    let unfinished = report_of(&[&OPEN[..2], &[(9_000, 'B', "SA", 0, 1, 0)]]);
    assert_line(&unfinished, "B", "B LISTEN → SYN_RECEIVED (packet 1, 0.000 s)");
    // It had closed meanwhile: it knows of no connection.
    let given_up = report_of(&[&OPEN[..2], &[(19, 'A', "R", 1, 0, 0)]]);
    assert_line(&given_up, "A", "SYN_SENT (packet 1, 0.000 s) → CLOSED (packet 3, 0.019 s)");
    assert_line(&given_up, "explained", "every packet");
}

/// No endpoint acknowledges a SYN that it has not received, and none takes that for an answer.
#[test]
fn a_handshake_that_contradicts_tcp_is_not_explained() {
    let wrong = [(0, 'A', "S", 0, 0, 0), (10, 'B', "SA", 0, 7, 0), (9_000, 'A', "S", 0, 0, 0)];
    let is_explained = |lines: &[&[Line]]| closings(&file(lines)).1.iter().all(Diagnosis::is_explained);
    assert!(!is_explained(&[&wrong]));
    let of_wrong = report_of(&[&wrong]);
    assert!(of_wrong.contains("unexplained          1"), "{of_wrong}");
    assert_line(&of_wrong, "unexplained", "packet 2, 0.010 s of B: SYN seq=0 ack=7.");
    // RFC 9293 §3.10.7.3: what does not acknowledge the SYN draws a reset with the number that it has.
    let reset = [(11, 'A', "R", 7, 0, 0)];
    assert_line(&report_of(&[&wrong[..2], &reset, &wrong[2..]]), "unexplained", "packet 2");
    // That the answer was not captured contradicts nothing.
    assert!(is_explained(&[&OPEN[..1], &[(30, 'A', "A", 1, 1, 0)], &CLOSE]));
}

const AGAIN: u32 = 5_000;

/// A opens a new connection on the same ports, from this number on.
fn anew(seq: u32) -> [Line; 3] {
    [
        (AGAIN, 'A', "S", seq, 0, 0),
        (AGAIN + 10, 'B', "SA", 900_000, seq + 1, 0),
        (AGAIN + 20, 'A', "A", seq + 1, 900_001, 0),
    ]
}

/// RFC 9293 §3.6.1, RFC 1122 §4.2.2.13; B has closed first, and waits.
#[test]
fn a_syn_above_reopens_time_wait() {
    let close = CLOSE.map(|(time, from, flags, seq, ack, len)| {
        (time, if from == 'A' { 'B' } else { 'A' }, flags, seq, ack, len)
    });
    let report = report_of(&[&OPEN, &close, &anew(70_000)]);
    let second = of(&report, 2);
    let found = "the ports of connection 1, 3.800 s after its last packet: A was in CLOSED there, B was in TIME_WAIT \
                 there. The SYN has a number above all that A used there";
    assert_line(second, "reuses", found);
    assert_line(second, "explained", "every packet");
    // A lower one is answered by TIME_WAIT, and A, which knows of no such connection, resets that.
    let refused = [
        (AGAIN, 'A', "S", 0xf000_0000, 0, 0),
        (AGAIN + 10, 'B', "A", 2, 2, 0),
        (AGAIN + 20, 'A', "R", 2, 0, 0),
        (AGAIN + 9_000, 'A', "S", 0xf000_0000, 0, 0),
    ];
    let report = report_of(&[&OPEN, &close, &refused]);
    let second = of(&report, 2);
    assert_line(
        second,
        "reuses",
        "The SYN has no number above all that A used there: TIME_WAIT does not give way",
    );
    assert_line(second, "ended", "an old connection answered (packet 8)");
    assert_line(second, "ended", "is in TIME_WAIT");
    // The next number is not above: it is the one that the ACK has.
    let equal = [(AGAIN, 'A', "S", 2, 0, 0), (AGAIN + 10, 'B', "A", 2, 2, 0), (AGAIN + 9_000, 'A', "S", 2, 0, 0)];
    let report = report_of(&[&OPEN, &close, &equal]);
    assert_line(of(&report, 2), "ended", "an old connection answered (packet 8)");
    assert_line(of(&report, 2), "explained", "every packet");
}

/// RFC 5961 §4: `LAST_ACK` answers a SYN with a challenge ACK, which is reset; then the SYN is taken.
#[test]
fn a_syn_finds_last_ack_or_close_wait() {
    let challenge = [(AGAIN - 200, 'A', "S", 70_000, 0, 0), (AGAIN - 190, 'B', "A", 2, 2, 0)];
    let reset = [(AGAIN - 180, 'A', "R", 2, 0, 0)];
    let last_ack = report_of(&[&OPEN, &CLOSE[..2], &challenge, &reset, &anew(70_000)]);
    assert_line(of(&last_ack, 1), "ended", "It had begun another connection between the same ports");
    assert_line(of(&last_ack, 2), "reuses", "B was in LAST_ACK there");
    assert_line(of(&last_ack, 2), "A", "A ESTABLISHED");
    // FIN_WAIT_2 has timed out at A, and the application of B has forgotten its socket.
    let acked = [(1_100, 'B', "A", 1, 2, 0)];
    let challenge = [(AGAIN - 200, 'A', "S", 70_000, 0, 0), (AGAIN - 190, 'B', "A", 1, 2, 0)];
    let close_wait = report_of(&[&OPEN, &CLOSE[..1], &acked, &challenge, &reset, &anew(70_000)]);
    assert_line(of(&close_wait, 1), "ended", "B was in CLOSE_WAIT");
    assert_line(of(&close_wait, 2), "reuses", "B was in CLOSE_WAIT there");
}

/// A segment of the old connection comes late. By its numbers it is none of the new one, whose end answers with an
/// ACK.
#[test]
fn an_old_copy_is_told_from_what_is_new() {
    let text = [(100, 'A', "A", 1, 1, 10), (110, 'B', "A", 1, 11, 0)];
    let close = [(1_000, 'A', "FA", 11, 1, 0), (1_100, 'B', "FA", 1, 12, 0), (1_200, 'A', "A", 12, 2, 0)];
    let copy = [(AGAIN + 500, 'A', "A", 1, 1, 10), (AGAIN + 510, 'B', "A", 900_001, 700_001, 0)];
    let new = [(AGAIN + 600, 'A', "FA", 700_001, 900_001, 0), (AGAIN + 610, 'B', "FA", 900_001, 700_002, 0)];
    let lines: [&[Line]; 6] = [&OPEN, &text, &close, &anew(700_000), &copy, &new];
    let report = report_of(&lines);
    let second = of(&report, 2);
    assert_line(
        second,
        "old copies",
        "packet 12: of the numbers of connection 1, captured after this one had begun",
    );
    assert_line(second, "explained", "every packet");
    assert_line(of(&report, 1), "explained", "every packet");
    assert!(!of(&report, 1).contains("old copies"));
    // An old SYN is no third connection.
    let syn = [(AGAIN + 500, 'A', "S", 0, 0, 0), (AGAIN + 510, 'B', "A", 900_001, 700_001, 0)];
    let report = report_of(&[&OPEN, &text, &close, &anew(700_000), &syn, &new]);
    assert!(report.starts_with("2 connections in "), "{report}");
    assert_line(of(&report, 2), "old copies", "packet 12");
    let json = json_of(&file(&lines));
    let second = &json["connections"][1];
    assert_eq!((&second["old_copies"], &second["reuses"]["connection"]), (&serde_json::json!([12]), &1.into()));
    assert_eq!(second["a"]["opening"][1]["state"], "SYN_SENT");
}
