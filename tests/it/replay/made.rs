//! Connections that no program on one machine makes at will: packets are written down, and the reports on them are
//! read.

use super::{Record, human, pcap};

/// Who sends it, when (ms), its flags, its numbers relative to the initial ones, and its text.
pub(super) type Line = (u32, char, &'static str, u32, u32, u16);

/// The handshake; the first numbers are 1.
pub(super) const OPEN: [Line; 3] = [(0, 'A', "S", 0, 0, 0), (10, 'B', "SA", 0, 1, 0), (20, 'A', "A", 1, 1, 0)];
/// A closes, and B does at once.
pub(super) const CLOSE: [Line; 3] =
    [(1_000, 'A', "FA", 1, 1, 0), (1_100, 'B', "FA", 1, 2, 0), (1_200, 'A', "A", 2, 2, 0)];
/// Where B's numbers begin, relative to A's.
const OF_B: u32 = 500_000;

/// A packet of IPv4, without a link header.
pub(super) fn record(&(time, from, flags, seq, ack, len): &Line) -> Record {
    let bits = flags.bytes().map(|flag| 1 << "FSRPA".bytes().position(|one| one == flag).unwrap()).sum::<u8>();
    let (ports, own, peers) =
        if from == 'A' { ([0x9c, 64, 0, 80], 0, OF_B) } else { ([0, 80, 0x9c, 64], OF_B, 0) };
    let mut data = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0];
    data[2..4].copy_from_slice(&(40 + len).to_be_bytes());
    let (a, b) = ([192, 0, 2, 1], [192, 0, 2, 2]);
    let addresses = if from == 'A' { [a, b] } else { [b, a] };
    data.extend(addresses.concat());
    data.extend(ports);
    data.extend(seq.wrapping_add(own).to_be_bytes());
    data.extend(if bits & 16 == 0 { 0 } else { ack.wrapping_add(peers) }.to_be_bytes());
    data.extend([0x50, bits, 255, 255, 0, 0, 0, 0]);
    data.resize(data.len() + usize::from(len), 0);
    let time = [time / 1_000, time % 1_000 * 1_000].map(u32::to_le_bytes).concat();
    Record { time: time.try_into().unwrap(), length: u32::try_from(data.len()).unwrap(), data }
}

fn human_of(lines: &[&[Line]]) -> String {
    let records: Vec<Record> = lines.concat().iter().map(record).collect();
    human(&pcap(101, &records))
}

/// The lines with one label, joined again.
pub(super) fn line(report: &str, label: &str) -> String {
    let mut words = Vec::new();
    let mut is_wanted = false;
    for line in report.lines() {
        if !line.starts_with("    ") {
            let words = line.trim_start();
            is_wanted =
                line.starts_with("  ") && words.strip_prefix(label).is_some_and(|rest| rest.starts_with(' '));
        }
        if is_wanted {
            words.extend(line.split_whitespace());
        }
    }
    words.join(" ")
}

fn assert_line(lines: &[&[Line]], label: &str, expected: &str) {
    let report = human_of(lines);
    assert!(line(&report, label).contains(expected), "{expected}\n{report}");
}

/// B's FIN is lost before it comes to where packets are captured: its next number alone shows that it was sent. It
/// waits from then on, whatever is captured later.
#[test]
fn an_end_waits_since_its_lost_fin_shows() {
    let lost = [(1_000, 'A', "FA", 1, 1, 0), (1_001, 'B', "A", 2, 2, 0)];
    let early = [(3_000, 'A', "A", 2, 1, 0)];
    assert_line(&[&OPEN, &lost, &early], "ended", "too early: B is in LAST_ACK, 1.999 s before the capture ends");
    let later = [(4_500, 'A', "A", 2, 1, 0)];
    assert_line(
        &[&OPEN, &lost, &early, &later],
        "ended",
        "the capture does not show it: B was last seen in LAST_ACK",
    );
}

fn assert_all_explained(lines: &[&[Line]]) {
    let report = human_of(lines);
    assert!(report.contains("every packet is explained") || report.contains(" 0 not"), "{report}");
}

#[test]
fn a_handshake_is_not_a_connection() {
    let (syn, answer) = (&OPEN[..1], &OPEN[..2]);
    let other = &[(9_000, 'A', "S", 0, 0, 0)];
    let unanswered = human_of(&[syn, other]);
    assert!(unanswered.contains("not-established      1"), "{unanswered}");
    assert!(line(&unanswered, "ended").contains("The SYN was not answered: it"), "{unanswered}");
    assert_line(
        &[answer, &[(9_000, 'B', "SA", 0, 1, 0)]],
        "ended",
        "The SYN was answered, and the answer was not",
    );
    // The capture ends before anybody can know.
    assert_line(&[syn], "ended", "too early. The SYN was not answered, but the capture ends 0.000 s after it.");
    assert_line(
        &[answer],
        "ended",
        "too early. The SYN was answered, and the answer was not, but the capture ends",
    );
    let early = human_of(&[answer]);
    assert!(early.contains("too-early            1"), "{early}");
    assert_line(&[syn, &[(9, 'B', "RA", 0, 1, 0)]], "ended", "refused");
    assert_line(&[syn, &[(9, 'A', "R", 1, 0, 0)]], "ended", "a reset ended the handshake (packet 2");
    assert_line(&[answer, &[(19, 'A', "R", 1, 0, 0)]], "ended", "a reset ended the handshake (packet 3");
    let both = [(0, 'A', "S", 0, 0, 0), (1, 'B', "S", 0, 0, 0), (2, 'A', "SA", 0, 1, 0), (3, 'B', "SA", 0, 1, 0)];
    assert_line(&[&both, &CLOSE], "ended", "cleanly");
}

#[test]
fn attempts_are_counted() {
    let syns = [0, 1_000, 3_000, 7_000, 15_000].map(|time| (time, 'A', "S", 0, 0, 0));
    let tried = "not established, though A has tried 5 times in 15.000 s. The SYN was not answered: it";
    assert_line(&[&syns], "ended", tried);
}

/// 4.4BSD's `tcp_drop` resets in any state. Two times the MSL have not passed within a millisecond.
#[test]
fn an_abort_may_be_said_once_both_have_closed() {
    let close = [(1_000, 'A', "FA", 1, 1, 0), (1_020, 'B', "FA", 1, 2, 0), (1_021, 'A', "RA", 2, 2, 0)];
    assert_all_explained(&[&OPEN, &close]);
    assert_line(&[&OPEN, &close], "ended", "by a reset of A (packet 6, 1.021 s) in TIME_WAIT; B was in LAST_ACK");
    assert!(!human_of(&[&OPEN, &close]).contains("2MSL"));
}

/// B acknowledges the text before the FIN, and never the FIN, which is sent again: it has not arrived.
#[test]
fn a_fin_that_is_never_acknowledged_has_not_arrived() {
    let text = [(900, 'A', "A", 1, 1, 10), (1_000, 'A', "FA", 11, 1, 0), (1_010, 'B', "A", 1, 11, 0)];
    let again = [1_210, 1_610, 2_410, 4_010].map(|time| (time, 'A', "FA", 11, 1, 0));
    // Only the last may have, just now.
    let last = "ESTABLISHED → CLOSE_WAIT (packet 10, 4.010 s); or ESTABLISHED, if packet 10 was lost";
    assert_line(&[&OPEN, &text, &again], "B", last);
}

/// B's FIN was not captured, as A's ACK shows; or it was an octet of text.
#[test]
fn a_number_that_was_not_captured_may_have_been_a_fin() {
    let (acknowledged, other) = ([(1_000, 'A', "A", 1, 2, 0)], [(60_000, 'A', "S", 900_000, 0, 0)]);
    let expected =
        "the capture does not show it: A was last seen in CLOSE_WAIT. The last captured packet acknowledges more";
    assert_line(&[&OPEN, &acknowledged, &other], "ended", expected);
    let goes_on = [(2_000, 'B', "A", 2, 1, 5), (2_100, 'A', "A", 1, 7, 0)];
    assert_line(&[&OPEN, &acknowledged, &goes_on, &other], "ended", "not at all");
}

/// A's FIN is in the capture, so that nothing before it was one: B began in ESTABLISHED, and not in `CLOSE_WAIT`.
#[test]
fn no_fin_comes_before_a_fin() {
    let again = [(3_000, 'A', "FA", 1, 1, 0), (7_000, 'A', "FA", 1, 2, 0), (15_000, 'A', "FA", 1, 2, 0)];
    let begins_midway = [
        (0, 'A', "FA", 1, 1, 0),
        (1_000, 'B', "FA", 1, 1, 0),
        (1_001, 'A', "A", 2, 2, 0),
        (1_002, 'A', "FA", 1, 2, 0),
    ];
    assert_line(&[&begins_midway, &again], "B", "B ESTABLISHED → FIN_WAIT_1 (packet 2");
}

#[test]
fn keep_alives_without_an_answer() {
    let text = [(100, 'A', "A", 1, 1, 10), (110, 'B', "A", 1, 11, 0)];
    let alive = [1, 2, 3, 4, 5].map(|minute| (minute * 60_000, 'A', "A", 10, 1, 0));
    assert_line(&[&OPEN, &text, &alive], "ended", "has sent keep-alives 5 times in 240.000 s");
    assert_line(&[&OPEN, &text, &alive], "ended", "The other end is gone, or the way to it or back is cut");
}

#[test]
fn ports_are_used_anew() {
    let shift = |line: &Line| (line.0 + 70_000, line.1, line.2, line.3 + 300_000, line.4 + 300_000, line.5);
    let again: Vec<Line> = OPEN.iter().chain(&CLOSE).map(shift).collect();
    let twice = [&OPEN[..], &CLOSE, &again].concat();
    for side in ["AB", "A", "B"] {
        let captured: Vec<Line> = twice.iter().copied().filter(|line| side.contains(line.1)).collect();
        let report = human_of(&[&captured]);
        assert!(report.starts_with("2 connections in "), "{report}");
        assert!(report.contains("every packet is explained"), "{report}");
    }
    // The connection is open, A was restarted and uses its port again. B tells the old number, which A resets.
    let restarted = [(50_000, 'A', "S", 400_000, 0, 0), (50_010, 'B', "A", 1, 1, 0), (50_020, 'A', "R", 1, 0, 0)];
    let report = human_of(&[&OPEN, &restarted, &again]);
    assert!(report.starts_with("3 connections in 12 packets: every packet is explained"), "{report}");
    assert!(line(&report, "ended").contains("by a reset of A (packet 6"), "{report}");
    assert!(line(&report, "ended").contains("begun another connection"), "{report}");
}

#[test]
fn a_reset_without_effect_ends_nothing() {
    let far = [(2_000, 'A', "R", 101, 0, 0), (2_001, 'B', "A", 1, 1, 0), (3_000, 'A', "A", 1, 1, 10)];
    assert_line(&[&OPEN, &far], "ended", "not at all");
    assert_line(&[&OPEN, &far], "first", "neither end closes");
    assert_line(&[&OPEN, &far], "unexplained", "This one is 100 octets beyond");
    let late_fin = [(61_400, 'B', "FA", 1, 2, 0), (61_500, 'A', "R", 2, 0, 0)];
    assert_line(
        &[&OPEN, &CLOSE, &late_fin],
        "ended",
        "by a reset of A (packet 8, 61.500 s) in CLOSED; B was in LAST_ACK",
    );
    assert_line(&[&[(0, 'A', "R", 1, 0, 0)]], "ended", "in an unknown state");
}

/// RFC 9293 §3.6, Figure 13. Nothing answers the last ACKs, and nothing has to.
#[test]
fn who_closes_at_once_with_the_other_is_not_stuck_in_closing() {
    let close = [(0, 'A', "FA", 1, 1, 0), (1, 'B', "FA", 1, 1, 0), (9, 'B', "A", 2, 2, 0), (9, 'A', "A", 2, 2, 0)];
    let other = [(60_000, 'A', "S", 900_000, 0, 0)];
    assert_line(&[&OPEN, &close, &other], "ended", "cleanly. ");
}

#[test]
fn times_that_go_backwards_are_no_silence() {
    let mut all = [&OPEN[..], &CLOSE[..2]].concat();
    for line in &mut all[..3] {
        line.0 += 3_600_000;
    }
    assert_line(&[&all], "ended", "too early: B is in LAST_ACK, 0.000 s before the capture ends");
}

#[test]
fn what_is_captured_twice_was_not_sent_again() {
    let twice: Vec<Line> = OPEN.iter().chain(&CLOSE).flat_map(|line| [*line, *line]).collect();
    let report = human_of(&[&twice]);
    assert!(!report.contains("sent again"), "{report}");
}

#[test]
fn what_was_lost_before_it_could_be_captured_is_no_mistake() {
    // A's text never comes; B says so.
    let hole = [(1_000, 'A', "FA", 11, 1, 0), (1_001, 'B', "A", 1, 1, 0), (1_400, 'A', "FA", 11, 1, 0)];
    assert_all_explained(&[&OPEN, &hole]);
    assert_line(&[&OPEN, &hole], "lost", "10 octets of A");
    // As before, but A's window is no million octets.
    let far = [(1_000, 'A', "FA", 2_000_000, 1, 0)];
    assert_line(&[&OPEN, &far], "unexplained", "A's next number is 1, and the numbers between");
    // B has got it: the capture has not.
    let missed = [(1_000, 'A', "FA", 11, 1, 0), (1_100, 'B', "FA", 1, 12, 0), (1_200, 'A', "A", 12, 2, 0)];
    assert_all_explained(&[&OPEN, &missed]);
    assert_line(&[&OPEN, &missed], "missed", "10 octets of A");
    assert_line(&[&OPEN, &missed], "ended", "cleanly");
    // It lacks B's text and A's FIN.
    let missed = [(900, 'A', "A", 1, 11, 0), (1_100, 'B', "FA", 11, 2, 0), (1_200, 'A', "A", 2, 12, 0)];
    assert_line(&[&OPEN, &missed], "missed", "10 octets of B");
    assert_line(&[&OPEN, &missed], "ended", "cleanly");
    // It lacks the text before a reset.
    let missed = [(900, 'B', "A", 1, 11, 0), (1_000, 'A', "R", 11, 0, 0)];
    assert_line(&[&OPEN, &missed], "ended", "by a reset of A (packet 5, 1.000 s) in ESTABLISHED");
}

/// After `close()`, Linux takes a FIN beyond a hole for text that nobody will read.
#[test]
fn a_fin_beyond_a_hole_is_reset_after_close() {
    let hole = [(1_000, 'A', "FA", 1, 1, 0), (1_100, 'B', "FA", 11, 2, 0), (1_101, 'A', "R", 2, 0, 0)];
    assert_all_explained(&[&OPEN, &hole]);
    assert_line(&[&OPEN, &hole], "ended", "text arrived that it would never read");
}

#[test]
fn keep_alives_are_passed_over_and_retransmissions_are_not() {
    let text = [(100, 'A', "A", 1, 1, 1), (110, 'B', "A", 1, 2, 0)];
    let alive = [(60_000, 'A', "A", 1, 1, 1), (60_010, 'B', "A", 1, 2, 0), (120_000, 'A', "A", 1, 1, 0)];
    assert_line(&[&OPEN, &text, &alive], "explained", "passed over: 2 packets of a keep-alive");
    let again = [(100, 'A', "A", 1, 1, 1), (300, 'A', "A", 1, 1, 1)];
    let report = human_of(&[&OPEN, &again]);
    assert!(!report.contains("keep-alive"), "{report}");
}

/// One end has closed, and the other sends 80,000 segments before it does. Some are sent again.
#[test]
fn a_long_transfer_after_a_fin_is_followed_to_its_end() {
    let mut lines = vec![(100, 'A', "FA", 1, 1, 0)];
    let octets = 1_000;
    for segment in 0..80_000 {
        let seq = 1 + segment * u32::from(octets);
        lines.push((200 + segment, 'B', "A", seq, 2, octets));
        if segment % 1_000 == 999 {
            lines.push((200 + segment, 'B', "A", seq, 2, octets));
        }
        if segment % 2 == 1 {
            lines.push((200 + segment, 'A', "A", 2, seq + u32::from(octets), 0));
        }
    }
    let end = 1 + 80_000 * u32::from(octets);
    lines.extend([(90_000, 'B', "FA", end, 2, 0), (90_010, 'A', "A", 2, end + 1, 0)]);
    let report = human_of(&[&OPEN, &lines]);
    assert!(line(&report, "ended").contains("cleanly"), "{report}");
    assert!(line(&report, "explained").contains("every packet"), "{report}");
    assert!(line(&report, "sent again").contains("B: 8"), "{report}");
    assert!(line(&report, "packets").contains("80082 of B"), "{report}");
}

/// What contradicts itself is not explained, however it may be turned.
#[test]
fn contradictions_are_not_explained() {
    for (what, lines) in [
        (
            "a second FIN with another number",
            vec![(1_000, 'A', "FA", 1, 1, 0), (1_300, 'A', "FA", 11, 1, 0), (1_310, 'B', "A", 1, 12, 0)],
        ),
        ("text after a reset", vec![(1_000, 'A', "RA", 1, 1, 0), (2_600, 'A', "A", 1, 1, 10)]),
        (
            "an ACK of what is never sent",
            vec![(1_000, 'B', "A", 1, 31, 0), (1_100, 'A', "A", 1, 1, 10), (1_200, 'A', "A", 11, 1, 0)],
        ),
        (
            "text after a FIN",
            vec![(1_000, 'A', "FA", 1, 1, 0), (1_100, 'B', "A", 1, 2, 0), (1_200, 'A', "A", 2, 1, 10)],
        ),
    ] {
        let report = human_of(&[&OPEN, &lines]);
        assert!(report.contains("unexplained          1"), "{what}\n{report}");
    }
}
