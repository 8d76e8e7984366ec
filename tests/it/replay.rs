//! `lastack replay`: what it makes of captures of a Linux kernel, of parts of them, and of captures that are
//! wrong.
//!
//! The captures in tests/captures were made on loopback, in a network namespace of their own: a few lines of
//! Python close a connection in one way or another, and iptables loses what is to be lost.

mod apart;
mod closings;
mod judge;
mod made;
mod openings;
mod reading;
mod reference;
mod report;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use insta::assert_snapshot;
use lastack::capture::{Capture, Diagnosis, FaultKind, Selection, findings};
use lastack::report::capture::{human, json};
use lastack::report::terminal::Terminal;
use proptest::prelude::*;

/// Every capture of a kernel.
const CAPTURES: [&str; 15] = [
    "close-wait",
    "data-after-close",
    "dead-network",
    "gave-up",
    "half-close",
    "ipv6",
    "large",
    "linger-0",
    "lost-fin",
    "lost-last-ack",
    "orderly",
    "refused",
    "simultaneous",
    "unread-data",
    "udp",
];

/// A packet of a pcap file.
#[derive(Clone, Debug)]
struct Record {
    /// Seconds and microseconds.
    time: [u8; 8],
    /// How long the packet was.
    length: u32,
    /// What was captured: Ethernet, IP, TCP.
    data: Vec<u8>,
}

impl Record {
    /// Where TCP's header begins.
    fn tcp(&self) -> usize {
        if self.data[12..14] == [8, 0] { 34 } else { 54 }
    }

    fn word(&self, at: usize) -> u32 {
        u32::from_be_bytes(self.data[at..at + 4].try_into().unwrap())
    }

    fn source_port(&self) -> u16 {
        u16::from_be_bytes(self.data[self.tcp()..self.tcp() + 2].try_into().unwrap())
    }

    fn is_from_server(&self) -> bool {
        self.source_port() < 10_000
    }

    fn flags(&self) -> u8 {
        self.data[self.tcp() + 13]
    }

    /// Adds to the sequence number.
    fn add_to_seq(&mut self, more: u32) {
        let at = self.tcp() + 4;
        let number = self.word(at).wrapping_add(more);
        self.data[at..at + 4].copy_from_slice(&number.to_be_bytes());
    }

    /// Adds to the acknowledgment.
    fn add_to_ack(&mut self, more: u32) {
        let at = self.tcp() + 8;
        let number = self.word(at).wrapping_add(more);
        self.data[at..at + 4].copy_from_slice(&number.to_be_bytes());
    }
}

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/captures").join(format!("{name}.pcap"))
}

fn records(name: &str) -> Vec<Record> {
    let bytes = fs::read(path(name)).unwrap();
    let mut rest = &bytes[24..];
    let mut records = Vec::new();
    while !rest.is_empty() {
        let word = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
        let end = 16 + word(8) as usize;
        let data = rest[16..end].to_vec();
        records.push(Record { time: rest[..8].try_into().unwrap(), length: word(12), data });
        rest = &rest[end..];
    }
    records
}

/// A pcap file of these packets, whose first header is of this link type.
fn pcap(link: u32, records: &[Record]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4, 0x0004_0002, 0, 0, 0x0004_0000, link] {
        file.extend(u32::to_le_bytes(word));
    }
    for record in records {
        file.extend(record.time);
        file.extend(u32::try_from(record.data.len()).unwrap().to_le_bytes());
        file.extend(record.length.to_le_bytes());
        file.extend(&record.data);
    }
    file
}

/// A pcapng file of these packets, with a block of statistics that is of no interest.
fn pcapng(records: &[Record]) -> Vec<u8> {
    let mut file = Vec::new();
    let mut block = |kind: u32, body: &[u8]| {
        let padding = body.len().next_multiple_of(4) - body.len();
        let length = u32::try_from(body.len() + padding + 12).unwrap().to_le_bytes();
        file.extend(kind.to_le_bytes());
        file.extend(length);
        file.extend(body);
        file.extend(vec![0; padding]);
        file.extend(length);
    };
    block(0x0a0d_0d0a, &[0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
    block(1, &[1, 0, 0, 0, 0, 0, 4, 0]);
    for record in records {
        let half = |at: usize| u64::from(u32::from_le_bytes(record.time[at..at + 4].try_into().unwrap()));
        let microseconds = half(0) * 1_000_000 + half(4);
        let mut body = vec![0; 4];
        for word in [
            u32::try_from(microseconds >> 32).unwrap(),
            u32::try_from(microseconds & 0xffff_ffff).unwrap(),
            u32::try_from(record.data.len()).unwrap(),
            record.length,
        ] {
            body.extend(word.to_le_bytes());
        }
        body.extend(&record.data);
        block(6, &body);
    }
    block(5, &[0; 12]);
    file
}

fn closings(file: &[u8]) -> (Capture, Vec<Diagnosis>) {
    let capture = Capture::read(file);
    let closings = capture.connections.iter().map(|one| Diagnosis::of(one, capture.end)).collect();
    (capture, closings)
}

/// The report for people.
fn human(file: &[u8]) -> String {
    human_of(&Capture::read(file))
}

fn human_of(capture: &Capture) -> String {
    let detail = human::Listing { verbose: true, only: Vec::new() };
    human::report(capture, &findings(capture, &Selection::default()), &detail, Terminal::PLAIN)
}

/// The report for programs.
fn json_of(file: &[u8]) -> serde_json::Value {
    let capture = Capture::read(file);
    let report = json::report("file", &capture, &findings(&capture, &Selection::default()), &[]);
    serde_json::from_str(&report).unwrap()
}

/// The number of the first packet that is not explained, in any connection.
fn unexplained(file: &[u8]) -> Option<u64> {
    let (capture, closings) = closings(file);
    let mut connections = capture.connections.iter().zip(&closings);
    connections.find_map(|(connection, closing)| {
        let opening = closing.unexplained_opening().map(|(_, number)| number);
        let close = closing.unexplained().map(|(_, unexplained)| connection.packets[unexplained.index].number);
        opening.or(close)
    })
}

fn assert_explained(records: &[Record], what: &str) {
    let file = pcap(1, records);
    assert_eq!(unexplained(&file), None, "{what}\n{}", human(&file));
}

fn replay(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lastack"))
        .arg("replay")
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

#[test]
fn each_capture_has_its_report() {
    for name in CAPTURES {
        let output = replay(&[&format!("tests/captures/{name}.pcap")]);
        assert_snapshot!(
            name,
            format!(
                "{}{}exit code {}",
                String::from_utf8(output.stdout).unwrap(),
                String::from_utf8(output.stderr).unwrap(),
                output.status.code().unwrap()
            )
        );
    }
}

#[test]
fn one_direction_is_enough() {
    for name in CAPTURES {
        for of_server in [false, true] {
            let half: Vec<Record> =
                records(name).into_iter().filter(|record| record.is_from_server() == of_server).collect();
            assert_explained(&half, name);
        }
    }
    let closer: Vec<Record> =
        records("half-close").into_iter().filter(|record| !record.is_from_server()).collect();
    assert_snapshot!("one_direction", human(&pcap(1, &closer)));
}

#[test]
fn a_capture_may_begin_and_end_anywhere() {
    for name in CAPTURES {
        let all = records(name);
        for start in 0..all.len() {
            assert_explained(&all[start..], &format!("{name} from {start} on"));
            assert_explained(&all[..start], &format!("{name} up to {start}"));
        }
    }
}

#[test]
fn every_packet_twice() {
    for name in CAPTURES {
        let twice: Vec<Record> = records(name).into_iter().flat_map(|record| [record.clone(), record]).collect();
        assert_explained(&twice, name);
    }
}

#[test]
fn formats_and_links_make_no_difference() {
    let cut = |records: &[Record], header: &[u8]| -> Vec<Record> {
        let shorter = |record: &Record| {
            let data = [header, &record.data[14..]].concat();
            Record { length: record.length - 14 + u32::try_from(header.len()).unwrap(), data, ..record.clone() }
        };
        records.iter().map(shorter).collect()
    };
    let cooked = [0, 0, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0];
    let cooked_2 = [8, 0, 0, 0, 0, 0, 0, 1, 3, 4, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0];
    let vlan = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x81, 0, 0, 7, 8, 0];
    for name in ["orderly", "half-close", "lost-last-ack", "large"] {
        let records = records(name);
        let expected = human(&pcap(1, &records));
        for (format, file) in [
            ("pcapng", pcapng(&records)),
            ("raw", pcap(101, &cut(&records, &[]))),
            ("IPv4", pcap(228, &cut(&records, &[]))),
            ("loopback", pcap(0, &cut(&records, &[2, 0, 0, 0]))),
            ("cooked", pcap(113, &cut(&records, &cooked))),
            ("cooked, second version", pcap(276, &cut(&records, &cooked_2))),
            ("VLAN", pcap(1, &cut(&records, &vlan))),
        ] {
            assert_eq!(human(&file), expected, "{name}: {format}");
        }
        // Only the first 20 octets of TCP's header.
        let mut snapped = records.clone();
        for record in &mut snapped {
            record.data.truncate(54);
        }
        assert_eq!(human(&pcap(1, &snapped)), expected, "{name}, snapped");
    }
}

/// RFC 9293 §3.4: the numbers are modulo 2³², wherever they pass 0.
#[test]
fn numbers_wrap() {
    for name in ["half-close", "lost-last-ack", "simultaneous", "data-after-close", "unread-data", "linger-0"] {
        let original = records(name);
        let expected = human(&pcap(1, &original));
        let first = |of_server| original.iter().find(|one| one.is_from_server() == of_server).unwrap();
        // Of a reset, 0 could also be the number of one from nowhere.
        let resets = original.iter().filter(|one| one.flags() & 4 != 0).map(|one| {
            let first = first(one.is_from_server());
            one.word(one.tcp() + 4).wrapping_sub(first.word(first.tcp() + 4))
        });
        for octets in (0..14).chain(resets) {
            let shift = |of_server| {
                let record: &Record = first(of_server);
                0u32.wrapping_sub(record.word(record.tcp() + 4)).wrapping_sub(octets)
            };
            let (client, server) = (shift(false), shift(true));
            let mut records = original.clone();
            for record in &mut records {
                let (own, peers) = if record.is_from_server() { (server, client) } else { (client, server) };
                record.add_to_seq(own);
                if record.flags() & 16 != 0 {
                    record.add_to_ack(peers);
                }
            }
            assert_eq!(human(&pcap(1, &records)), expected, "{name}, {octets} octets before 0");
        }
    }
}

/// The index of the first packet that the closure is true of.
fn find(records: &[Record], what: impl Fn(&Record) -> bool) -> usize {
    records.iter().position(what).unwrap()
}

fn assert_found(name: &str, what: &str, change: impl Fn(&mut Vec<Record>) -> usize) {
    let mut records = records(name);
    let index = change(&mut records);
    let file = pcap(1, &records);
    assert_eq!(unexplained(&file), Some(index as u64 + 1), "{name}: {what}\n{}", human(&file));
}

const FIN: u8 = 1;
const RST: u8 = 4;

#[test]
fn what_no_endpoint_sends_is_found() {
    let is_fin = |record: &Record| record.flags() & FIN != 0;
    for name in
        ["orderly", "half-close", "ipv6", "lost-fin", "close-wait", "simultaneous", "data-after-close", "large"]
    {
        for of_server in [false, true] {
            let of_side = move |record: &Record| is_fin(record) && record.is_from_server() == of_server;
            if !records(name).iter().any(of_side) {
                continue;
            }
            assert_found(name, "a FIN beyond what was sent", |records| {
                let index = find(records, of_side);
                records[index].add_to_seq(1);
                index
            });
            // That of `large` carries text: an octet less of it would be no mistake.
            if name != "large" {
                assert_found(name, "a FIN before what was sent", |records| {
                    let index = find(records, of_side);
                    records[index].add_to_seq(u32::MAX);
                    index
                });
            }
            assert_found(name, "an ACK of what was never sent", |records| {
                let fin = find(records, of_side);
                let index = fin + find(&records[fin..], |record| record.is_from_server() != of_server);
                records[index].add_to_ack(5);
                index
            });
        }
        if name == "large" {
            continue;
        }
        assert_found(name, "text after a FIN", |records| {
            let fin = find(records, is_fin);
            let mut text = records[fin].clone();
            text.add_to_seq(1);
            let flags = text.tcp() + 13;
            text.data[flags] = 16;
            // The IP length says that there are 100 octets.
            let (at, length) = if text.tcp() == 34 { (16, 152_u16) } else { (18, 132) };
            text.data[at..at + 2].copy_from_slice(&length.to_be_bytes());
            records.insert(fin + 1, text);
            fin + 1
        });
    }
    for name in ["linger-0", "unread-data", "data-after-close"] {
        for wrong in [1, 12_345] {
            assert_found(name, "a reset with a wrong number", |records| {
                let index = find(records, |record| record.flags() & RST != 0);
                records[index].add_to_seq(wrong);
                index
            });
        }
    }
}

#[test]
fn the_first_packet_that_is_not_explained_is_shown_with_its_reason() {
    let mut later = records("half-close");
    let index = find(&later, |record| record.flags() & FIN != 0 && record.is_from_server());
    later[index].add_to_seq(1);
    assert_snapshot!("unexplained", human(&pcap(1, &later)));
}

#[test]
fn a_file_that_is_cut_off_says_where() {
    let file = fs::read(path("orderly")).unwrap();
    let mut ends = vec![24];
    for record in records("orderly") {
        ends.push(ends.last().unwrap() + 16 + record.data.len());
    }
    for length in 0..file.len() {
        let (capture, _) = closings(&file[..length]);
        let start = ends.iter().rev().find(|end| **end <= length);
        match start {
            Some(start) if *start == length => assert_eq!(capture.fault, None, "{length} bytes"),
            _ => {
                let fault = capture.fault.unwrap();
                let is_known = length >= 24;
                assert_eq!(fault.position, *start.unwrap_or(&0) as u64, "{length} bytes");
                assert!(!is_known || fault.what == FaultKind::CutOff, "{length} bytes: {fault:?}");
            }
        }
    }
    let last = ends.len() - 2;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("replay");
    fs::create_dir_all(&folder).unwrap();
    let cut = folder.join("cut.pcap");
    fs::write(&cut, &file[..ends[last] + 20]).unwrap();
    let output = replay(&[cut.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8(output.stderr).unwrap();
    let expected = format!("byte {}: the file ends in the middle of the block that begins here", ends[last]);
    assert!(stderr.contains(&expected), "{stderr}");
    assert!(String::from_utf8(output.stdout).unwrap().contains("closes"), "what could be read is reported");
}

fn validator() -> jsonschema::Validator {
    let schema =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/replay.schema.json")).unwrap();
    jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap()
}

#[test]
fn the_json_is_what_its_schema_says() {
    let validator = validator();
    for name in CAPTURES {
        let output = replay(&[&format!("tests/captures/{name}.pcap"), "--format", "json"]);
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let mistakes: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(mistakes.is_empty(), "{name}: {mistakes:?}");
    }
    let output = replay(&["tests/captures/lost-last-ack.pcap", "--format", "json"]);
    let json = String::from_utf8(output.stdout).unwrap();
    assert_snapshot!("json", json.replace(env!("CARGO_PKG_VERSION"), "VERSION"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// A packet is captured up to 8 places too early or too late.
    #[test]
    fn order_makes_no_difference(name in prop::sample::select(&CAPTURES[..]), by in prop::collection::vec(0usize..8, 64)) {
        let records = records(name);
        let mut order: Vec<usize> = (0..records.len()).collect();
        order.sort_by_key(|index| index + by[index % 64]);
        let shuffled: Vec<Record> = order.iter().map(|index| records[*index].clone()).collect();
        assert_explained(&shuffled, name);
    }

    /// Whatever a file is made of, it is read or refused, and what is made of it can be said.
    #[test]
    fn bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400), magic in 0usize..4) {
        let mut file = [&[0xd4, 0xc3, 0xb2, 0xa1][..], &[0xa1, 0xb2, 0x3c, 0x4d], &[0x0a, 0x0d, 0x0d, 0x0a], &[]][magic].to_vec();
        file.extend(bytes);
        let _ = human(&file);
    }

    /// As above, but most of it is a capture.
    #[test]
    fn bytes_are_changed(
        name in prop::sample::select(&CAPTURES[..]),
        ng in any::<bool>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let records = records(name);
        let mut file = if ng { pcapng(&records) } else { pcap(1, &records) };
        for (index, byte) in changes {
            let index = index.index(file.len());
            file[index] = byte;
        }
        let capture = Capture::read(file.as_slice());
        let _ = human_of(&capture);
        let _ = json::report("changed", &capture, &findings(&capture, &Selection::default()), &[]);
    }
}
