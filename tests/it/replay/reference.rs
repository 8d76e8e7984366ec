//! Small captures of which an expert has said what is in them: some from public repositories, with other
//! addresses, ports and numbers and without their text, some made after public reports. A packet that stands alone
//! at the end only shows that the capture goes on.

use std::fs;
use std::path::{Path, PathBuf};

use super::made::line;
use super::{Record, human, json_of, pcap, records, replay};

/// A file, the exit code, and what the report for people has beside which label.
type Expected = (&'static str, i32, &'static [(&'static str, &'static str)]);

const BOTH_CLOSING: [(&str, &str); 3] =
    [("ended", "cleanly. Both FINs are acknowledged."), ("A", "→ CLOSING (packet"), ("B", "→ CLOSING (packet")];
/// The same connection in one tunnel after the other.
const READ: &[(&str, &str)] = &[
    ("ended", "cleanly. Both FINs are acknowledged."),
    ("packets", "6 of A, 3 of B; 1 to"),
    ("explained", "every packet"),
];

const EXPECTED: [Expected; 40] = [
    ("bsd-fin-in-closing.pcap", 0, &BOTH_CLOSING),
    ("bsd-fin-mysql.pcap", 0, &BOTH_CLOSING),
    ("challenge-loop.pcap", 1, &[("ended", "in a storm"), ("unexplained", "This one is 49 octets beyond")]),
    ("clean-then-reset-beckhoff.pcap", 0, &[("ended", "cleanly."), ("ended", "A reset comes later (packet 10,")]),
    ("clean-then-reset-plc.pcap", 0, &[("ended", "cleanly."), ("ended", "A reset comes later (packet 11,")]),
    ("close-wait-mqtt.pcap", 0, &[("ended", "stuck: B is in CLOSE_WAIT")]),
    (
        "closed-window.pcap",
        0,
        &[("ended", "stuck: B has offered no window for 59.890 s"), ("ended", "Its application does not read")],
    ),
    ("fin-war.pcap", 0, &[("ended", "in a storm")]),
    (
        "forged-reset.pcap",
        0,
        &[("ended", "Its hop limit is 248, that of A's other packets 52: something on the way has sent it.")],
    ),
    ("gap.pcap", 0, &[("ended", "not at all"), ("missed", "4 octets of A"), ("explained", "every packet")]),
    (
        "keep-alive.pcap",
        0,
        &[("ended", "by a reset of A"), ("ended", "it had sent the same again and again without an answer")],
    ),
    (
        "last-ack-firewalled.pcap",
        0,
        &[("ended", "B gave up in LAST_ACK"), ("A", "TIME_WAIT"), ("sent again", "B: its FIN 7 times")],
    ),
    ("last-ack-jabber.pcap", 0, &[("ended", "cleanly. Both FINs are acknowledged.")]),
    (
        "last-ack-not-captured.pcap",
        0,
        &[("ended", "the capture does not show it: B was last seen in LAST_ACK"), ("A", "TIME_WAIT (packet 15")],
    ),
    (
        "last-ack-syn.pcap",
        0,
        &[
            ("ended", "by a reset of A (packet 8"),
            ("ended", "It had begun another connection between the same ports"),
        ],
    ),
    ("last-ack-tls.pcap", 0, &[("ended", "cleanly. Both FINs are acknowledged.")]),
    (
        "late-ack-of-last-ack.pcap",
        0,
        &[("ended", "cleanly. Both FINs are acknowledged."), ("B", "CLOSED (packet 10")],
    ),
    (
        "mtu-black-hole.pcap",
        0,
        &[
            ("ended", "A is in FIN_WAIT_1 and has sent 1,400 octets of text 9 times"),
            ("ended", "its FIN waits behind that"),
            ("ended", "a NAT or firewall has forgotten the connection"),
        ],
    ),
    (
        "nat-timeout.pcap",
        0,
        &[
            ("ended", "unanswered: A is in ESTABLISHED and has sent 60 octets of text 11 times in 204.600 s"),
            ("ended", "a NAT or firewall has forgotten the connection"),
        ],
    ),
    (
        "one-way-cut.pcap",
        0,
        &[("ended", "unanswered: A is in ESTABLISHED"), ("ended", "The other end was heard since")],
    ),
    (
        "only-second-closer.pcap",
        0,
        &[("ended", "the capture does not show it: B was last seen in LAST_ACK"), ("first", "A closes")],
    ),
    (
        "port-reuse.pcap",
        0,
        &[
            ("ended", "cleanly. Both FINs are acknowledged."),
            ("ended", "not established: an old connection answered (packet 19)"),
            ("ended", "The port was used again too early"),
        ],
    ),
    ("read-802-11.pcap", 0, READ),
    ("read-cisco-hdlc.pcap", 0, READ),
    ("read-fragments.pcap", 0, READ),
    ("read-gre.pcap", 0, READ),
    ("read-gtp.pcap", 0, READ),
    ("read-gzip.pcap.gz", 0, READ),
    ("read-ip-in-ip.pcap", 0, READ),
    ("read-pppoe.pcap", 0, READ),
    ("read-snap.pcap", 0, READ),
    ("read-vxlan.pcap", 0, READ),
    ("reset-for-old-segment.pcap", 0, &[("ended", "cleanly."), ("explained", "every packet from")]),
    ("simultaneous-close.pcap", 0, &BOTH_CLOSING),
    (
        "socket-is-gone.pcap",
        0,
        &[
            ("ended", "by a reset of A (packet 9, 1.210 s) in CLOSED"),
            ("ended", "how a TCP answers that knows of no such connection"),
        ],
    ),
    (
        "syn-fin-rst-filter.pcap",
        0,
        &[("ended", "cleanly. Both FINs were sent. Only segments with SYN, FIN or RST were captured")],
    ),
    (
        "text-after-reset.pcap",
        1,
        &[
            ("unexplained", "B is CLOSED, and sends resets at most"),
            ("ended", "something on the way has sent the reset"),
        ],
    ),
    ("tw-reopen.pcap", 0, &[("ended", "cleanly. Both FINs are acknowledged.")]),
    (
        "two-syn-acks.pcap",
        0,
        &[("ended", "cleanly. Both FINs are acknowledged."), ("first", "A closes (packet 12")],
    ),
    ("zero-window-close.pcap", 0, &[("ended", "cleanly."), ("explained", "4 packets of a keep-alive")]),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures/reference")
}

#[test]
fn each_is_explained_as_an_expert_would() {
    for (name, code, lines) in EXPECTED {
        let output = replay(&[&format!("tests/captures/reference/{name}"), "--verbose"]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(code), "{name}\n{text}");
        for (label, expected) in lines {
            assert!(line(&text, label).contains(expected), "{name}: {label}: {expected}\n{text}");
        }
        for wrong in ["stuck: A", "stuck: B"] {
            let is_stuck = lines.iter().any(|(_, expected)| expected.contains(wrong));
            assert_eq!(text.contains(wrong), is_stuck, "{name}: {wrong}\n{text}");
        }
    }
}

#[test]
fn every_file_is_expected_and_small() {
    let mut names: Vec<String> = Vec::new();
    for entry in fs::read_dir(folder()).unwrap() {
        let entry = entry.unwrap();
        assert!(entry.metadata().unwrap().len() <= 10_000, "{:?}", entry.path());
        names.push(entry.file_name().into_string().unwrap());
    }
    names.sort();
    let expected: Vec<&str> = EXPECTED.iter().map(|(name, ..)| *name).collect();
    assert_eq!(names, expected);
}

/// Who answers the SYN is in `LAST_ACK`, and the reset ends that: the SYN is answered then.
#[test]
fn a_syn_that_meets_an_old_connection_is_not_unanswered() {
    let text = human(&fs::read(folder().join("last-ack-syn.pcap")).unwrap());
    assert!(line(&text, "ended").contains("cleanly"), "{text}");
    assert!(!text.contains("not answered"), "{text}");
}

/// A capture that begins when the close hangs already: B is in `LAST_ACK`, and nothing shows that A closed before
/// it.
#[test]
fn a_capture_that_begins_late_does_not_show_who_closed_first() {
    let all = records("reference/last-ack-firewalled");
    let of_b = |record: &&Record| record.data[34..36] == 9000_u16.to_be_bytes();
    let fins: Vec<Record> = all[4..].iter().filter(of_b).cloned().collect();
    let file = pcap(1, &[&fins[..], &all[all.len() - 1..]].concat());
    let text = human(&file);
    assert_eq!(
        line(&text, "first"),
        "first A closes (packet 1, 0.000 s), unless B had closed before the capture began, which it does not show"
    );
    let states = "FIN_WAIT_1 or LAST_ACK or CLOSING";
    assert!(line(&text, "ended").contains(&format!("A gave up in {states}: ")), "{text}");
    assert!(
        line(&text, "A").contains("or LAST_ACK or CLOSING or TIME_WAIT or CLOSED, if an end had closed before"),
        "{text}"
    );
    let json = json_of(&file);
    assert_eq!(json["connections"][0]["closed_first"], "unknown");
    assert_eq!(json["connections"][0]["ended"].get("state"), None);
}
