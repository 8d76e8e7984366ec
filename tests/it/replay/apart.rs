//! Connections with the same addresses and ports, apart by the tags and tunnels that they are in.

use lastack::capture::{Capture, Selection, findings};
use lastack::report::capture::json;

use super::made::{CLOSE, Line, OPEN, line, record};
use super::reading::{ip, udp};
use super::{Record, human, pcap, validator};

/// A and B open, A sends, and both close.
fn orderly() -> Vec<Line> {
    let text = [(500, 'A', "A", 1, 1, 10), (510, 'B', "A", 1, 11, 0)];
    let close = CLOSE.map(|(time, from, flags, seq, ack, len)| match from {
        'A' => (time, from, flags, seq + 10, ack, len),
        _ => (time, from, flags, seq, ack + 10, len),
    });
    [&OPEN[..], &text, &close].concat()
}

/// The same ends, with other numbers: A sends, and resets.
fn reset() -> Vec<Line> {
    let lines = [(505, 'A', "A", 1, 1, 5), (515, 'B', "A", 1, 6, 0), (900, 'A', "RA", 6, 1, 0)];
    let shift = |line: &Line| (line.0 + 3, line.1, line.2, line.3 + 900_000, line.4 + 900_000, line.5);
    OPEN.iter().chain(&lines).map(shift).collect()
}

type Wrap<'a> = &'a dyn Fn(char, &[u8]) -> Vec<u8>;

/// What a captured packet is in, by who sent it.
fn wrapped(lines: &[Line], wrap: Wrap<'_>) -> Vec<(u32, Record)> {
    let wrapped = |line: &Line| {
        let record = record(line);
        let data = wrap(line.1, &record.data);
        (line.0, Record { length: u32::try_from(data.len()).unwrap(), data, ..record })
    };
    lines.iter().map(wrapped).collect()
}

/// A capture of Ethernet with all of these, in the order of their times.
fn merged(all: &[Vec<(u32, Record)>]) -> Vec<u8> {
    let mut all = all.concat();
    all.sort_by_key(|(time, _)| *time);
    pcap(1, &all.into_iter().map(|(_, record)| record).collect::<Vec<_>>())
}

fn ethernet(tags: &[u8], packet: &[u8]) -> Vec<u8> {
    [&[0; 12][..], tags, packet].concat()
}

fn vlan(number: u8, packet: &[u8]) -> Vec<u8> {
    ethernet(&[0x81, 0, 0, number, 8, 0], packet)
}

fn plain(packet: &[u8]) -> Vec<u8> {
    ethernet(&[8, 0], packet)
}

/// A kind of encapsulation: its name with a number, and the packet with it.
type Kind = (&'static str, fn(u8, &[u8]) -> Vec<u8>);

/// What `tunnel` makes of a packet between two addresses whose last octet is this.
fn between(other: u8, mut packet: Vec<u8>) -> Vec<u8> {
    packet[19] = other;
    packet
}

const KINDS: [Kind; 12] = [
    ("VLAN 7", vlan),
    ("VLAN 9, VLAN 7", |number, packet| ethernet(&[0x88, 0xa8, 0, 9, 0x81, 0, 0, number, 8, 0], packet)),
    ("MPLS label 7", |number, packet| ethernet(&[0x88, 0x47, 0, 0, number << 4 | 1, 64], packet)),
    ("PPPoE session 7", |number, packet| ethernet(&[0x88, 0x64, 17, 0, 0, number, 0, 62, 0, 0x21], packet)),
    ("VXLAN 7", |number, packet| {
        plain(&udp(4789, &[&[8, 0, 0, 0, 0, 0, number, 0][..], &plain(packet)].concat()))
    }),
    ("GENEVE 7", |number, packet| plain(&udp(6081, &[&[0, 0, 8, 0, 0, 0, number, 0], packet].concat()))),
    ("GTP-U 0x00000007", |number, packet| {
        plain(&udp(2152, &[&[0x30, 255, 0, 84, 0, 0, 0, number], packet].concat()))
    }),
    ("GRE key 7", |number, packet| plain(&ip(47, &[&[0x20, 0, 8, 0, 0, 0, 0, number], packet].concat()))),
    ("GRE key 7", |number, packet| {
        plain(&ip(47, &[&[0x30, 1, 0x88, 0x0b, 0, 62, 0, number, 0, 0, 0, 1, 0x21], packet].concat()))
    }),
    ("ERSPAN session 7", |number, packet| {
        let header = [0x10, 0, 0x88, 0xbe, 0, 0, 0, 1, 0x10, 0, 0, number, 0, 0, 0, 0];
        plain(&ip(47, &[&header[..], &plain(packet)].concat()))
    }),
    ("tunnel 203.0.113.1–203.0.113.7", |number, packet| plain(&between(number, ip(4, packet)))),
    ("tunnel 203.0.113.1–203.0.113.7", |number, packet| {
        plain(&between(number, ip(47, &[&[0, 0, 0x65, 0x58][..], &plain(packet)].concat())))
    }),
];

#[test]
fn what_is_in_other_tags_or_tunnels_is_another_connection() {
    for (name, wrap) in KINDS {
        let file = merged(&[
            wrapped(&orderly(), &|_, packet| wrap(7, packet)),
            wrapped(&reset(), &|_, packet| wrap(8, packet)),
        ]);
        let text = human(&file);
        assert!(text.starts_with("2 connections in 14 packets: every packet is explained"), "{name}\n{text}");
        assert!(text.contains("1: A 192.0.2.1:40000  B 192.0.2.2:80  in "), "{name}\n{text}");
        assert!(text.contains(&format!("{name}\n")), "{name}\n{text}");
        assert!(text.contains("packets     5 of A, 3 of B"), "{name}\n{text}");
        assert!(text.contains("packets     4 of A, 2 of B"), "{name}\n{text}");
        assert!(line(&text, "ended").contains("cleanly."), "{name}\n{text}");
        assert!(line(&text, "ended").contains("by a reset of A"), "{name}\n{text}");
    }
}

#[test]
fn json_has_what_a_connection_is_in() {
    let file = merged(&[wrapped(&orderly(), &|_, packet| KINDS[1].1(7, packet))]);
    let capture = Capture::read(file.as_slice());
    let document = json::report("made", &capture, &findings(&capture, &Selection::default()), &[]);
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    for end in ["a", "b"] {
        assert_eq!(document["connections"][0][end]["inside"], serde_json::json!(["VLAN 9", "VLAN 7"]));
    }
    assert!(validator().is_valid(&document), "{document}");
}

/// Each direction comes in something else: tagged and not, or with the labels and identifiers that each has of its
/// own.
#[test]
fn the_two_directions_may_be_in_different_tunnels() {
    let expected = human(&merged(&[wrapped(&orderly(), &|_, packet| plain(packet))]));
    let tagged = |from: char, packet: &[u8]| if from == 'A' { vlan(7, packet) } else { plain(packet) };
    assert_eq!(human(&merged(&[wrapped(&orderly(), &tagged)])), expected, "one tagged");
    // VLAN 0 is none.
    let priority = |from: char, packet: &[u8]| if from == 'A' { vlan(0, packet) } else { plain(packet) };
    assert_eq!(human(&merged(&[wrapped(&orderly(), &priority)])), expected, "a priority");
    for (name, wrap) in KINDS {
        let crossing = |from: char, packet: &[u8]| wrap(if from == 'A' { 7 } else { 8 }, packet);
        for start in 0..3 {
            // The capture may begin in the middle.
            let lines = orderly().split_off(start);
            let expected = human(&merged(&[wrapped(&lines, &|_, packet| plain(packet))]));
            assert_eq!(human(&merged(&[wrapped(&lines, &crossing)])), expected, "{name} from {start} on");
        }
        // Another connection comes the other way round.
        let back = |from: char, packet: &[u8]| wrap(if from == 'A' { 8 } else { 7 }, packet);
        let text = human(&merged(&[wrapped(&orderly(), &crossing), wrapped(&reset(), &back)]));
        assert!(text.starts_with("2 connections in 14 packets: every packet is explained"), "{name}\n{text}");
        assert!(text.contains("  clean                1\n"), "{name}\n{text}");
        assert!(text.contains("A in ") && text.contains(", B in "), "{name}\n{text}");
    }
}

/// A tunnel fails, or a phone moves: the numbers go on in another, in the middle or from what is sent again on.
#[test]
fn a_connection_may_be_moved() {
    let again = (800, 'A', "A", 1, 1, 10);
    let mut lines = orderly();
    // The first copy is lost.
    lines.retain(|line| *line != (510, 'B', "A", 1, 11, 0));
    lines.insert(4, again);
    lines.insert(5, (810, 'B', "A", 1, 11, 0));
    for moved in 1..lines.len() {
        let (before, after) = lines.split_at(moved);
        let text = human(&merged(&[
            wrapped(before, &|_, packet| vlan(7, packet)),
            wrapped(after, &|_, packet| vlan(8, packet)),
        ]));
        assert!(text.starts_with("1 connection in 9 packets: every packet is explained"), "{moved}\n{text}");
        assert!(line(&text, "ended").contains("cleanly."), "{moved}\n{text}");
    }
}

/// Captured before and behind the end of a tunnel, or on both sides of a router.
#[test]
fn what_is_captured_in_two_places_is_not_sent_again() {
    for late in [0, 1, 15] {
        let later: Vec<Line> =
            orderly().iter().map(|line| (line.0 + late, line.1, line.2, line.3, line.4, line.5)).collect();
        for wrap in [KINDS[0].1, KINDS[4].1] {
            let file = merged(&[
                wrapped(&orderly(), &|_, packet| plain(packet)),
                wrapped(&later, &|_, packet| wrap(7, packet)),
            ]);
            let text = human(&file);
            assert!(
                text.starts_with(
                    "2 connections in 16 packets: every packet is explained\n  clean                2\n"
                ),
                "{text}"
            );
            assert!(!text.contains("sent again"), "{text}");
            assert!(text.contains("B 192.0.2.2:80  in no tag or tunnel\n"), "{text}");
        }
    }
}

/// The fragments of two networks have the same addresses and identifications.
#[test]
fn fragments_are_of_one_network() {
    let split = |lines: &[Line], number: u8| {
        let mut all = Vec::new();
        for (identification, line) in (1_u16..).zip(lines) {
            let record = record(line);
            let (header, payload) = record.data.split_at(20);
            for (offset, piece, more) in [(0, &payload[..16], 0x20), (2, &payload[16..], 0)] {
                let mut data = [header, piece].concat();
                let length = u16::try_from(data.len()).unwrap();
                data[2..4].copy_from_slice(&length.to_be_bytes());
                data[4..6].copy_from_slice(&identification.to_be_bytes());
                data[6..8].copy_from_slice(&[more, offset]);
                let data = vlan(number, &data);
                let length = u32::try_from(data.len()).unwrap();
                all.push((line.0, Record { length, data, ..record.clone() }));
            }
        }
        all
    };
    // The first fragments come together, and then the second.
    let reset: Vec<Line> =
        reset().iter().map(|line| (line.0 - 3, line.1, line.2, line.3, line.4, line.5)).collect();
    let text = human(&merged(&[split(&orderly(), 7), split(&reset, 8)]));
    assert!(
        text.contains("every packet is explained\n  reset                1\n  clean                1\n"),
        "{text}"
    );
}

/// So many networks with the same addresses are no network's: it is said, and memory and time are bounded.
#[test]
fn lanes_are_bounded() {
    let syn = |number: u16| {
        let packet = record(&(0, 'A', "S", u32::from(number) * 100_000, 0, 0));
        let [high, low] = number.to_be_bytes();
        let data = ethernet(&[0x81, 0, high, low, 8, 0], &packet.data);
        Record { length: u32::try_from(data.len()).unwrap(), data, ..packet }
    };
    let file = pcap(1, &(1..=100).map(syn).collect::<Vec<_>>());
    let capture = Capture::read(file.as_slice());
    assert_eq!((capture.connections.len(), capture.not_followed), (64, Some(65)));
}
