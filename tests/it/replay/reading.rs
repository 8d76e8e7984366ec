//! What is read of a file: compressions, pipes, tunnels in tunnels, and what is said of the rest.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use insta::assert_snapshot;
use lastack::capture::{Capture, FaultKind};

use super::{Record, closings, human, path, pcap, records, replay};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// The packets of `orderly`, each with this before and around its IP packet.
fn wrapped(link: u32, wrap: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let wrap = |record: Record| {
        let data = wrap(&record.data[14..]);
        Record { length: u32::try_from(data.len()).unwrap(), data, ..record }
    };
    pcap(link, &records("orderly").into_iter().map(wrap).collect::<Vec<_>>())
}

fn behind(header: &[u8]) -> impl Fn(&[u8]) -> Vec<u8> {
    move |packet| [header, packet].concat()
}

/// An IPv4 header of this protocol before a payload.
pub(super) fn ip(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
    let mut header = vec![0x45, 0, length[0], length[1], 0, 0, 0, 0, 64, protocol, 0, 0];
    header.extend([203, 0, 113, 1, 203, 0, 113, 2]);
    [header, payload.to_vec()].concat()
}

pub(super) fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(8 + payload.len()).unwrap();
    let header = [port, port, length, 0].map(u16::to_be_bytes).concat();
    ip(17, &[header, payload.to_vec()].concat())
}

#[test]
fn what_is_around_ip_makes_no_difference() {
    let expected = human(&fs::read(path("orderly")).unwrap());
    let ethernet = [&[0; 12][..], &[8, 0]].concat();
    let snap = [0xaa, 0xaa, 3, 0, 0, 0, 8, 0];
    let wifi = |kind: u8, bits: u8, length: usize| [&[kind, bits][..], &vec![0; length - 2], &snap].concat();
    let radiotap = |padded: &[u8], body: Vec<u8>| [&[0, 0][..], padded, &body].concat();
    let padded = [wifi(0x88, 1, 26)[..26].to_vec(), vec![0, 0], snap.to_vec()].concat();
    let mpls = [0, 0x12, 0x30, 64, 0, 0x45, 0x61, 64];
    let nflog = [&[2, 0, 0, 0, 5, 0, 1, 0, 9, 0, 0, 0][..], &[88, 0, 9, 0]].concat();
    let gtp = [0x34, 255, 0, 84, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 9, 0];
    let geneve = [1, 0, 8, 0, 0, 0, 7, 0, 9, 9, 9, 9];
    let pktap = [12, 0, 0, 0, 0, 0, 0, 0, 101, 0, 0, 0];
    let vlan = |tags: &[u8], rest: &[u8]| [&[0; 12][..], tags, rest].concat();
    let files = [
        ("802.3 and SNAP", wrapped(1, behind(&vlan(&[0, 80], &snap)))),
        ("802.11, with quality of service", wrapped(105, behind(&wifi(0x88, 1, 26)))),
        ("802.11 between distribution systems", wrapped(105, behind(&wifi(0x08, 3, 30)))),
        ("radiotap", wrapped(127, behind(&radiotap(&[8, 0, 0, 0, 0, 0], wifi(0x08, 1, 24))))),
        ("radiotap, padded", wrapped(127, behind(&radiotap(&[9, 0, 2, 0, 0, 0, 0x20], padded)))),
        ("PPP", wrapped(9, behind(&[0xff, 3, 0, 0x21]))),
        ("PPP, compressed", wrapped(9, behind(&[0x21]))),
        ("Cisco HDLC", wrapped(104, behind(&[0x0f, 0, 8, 0]))),
        (
            "PPPoE in two VLANs",
            wrapped(
                1,
                behind(&vlan(&[0x88, 0xa8, 0, 7, 0x81, 0, 0, 8, 0x88, 0x64], &[17, 0, 0, 1, 0, 62, 0, 0x21])),
            ),
        ),
        ("MPLS", wrapped(1, behind(&vlan(&[0x88, 0x47], &mpls)))),
        ("MPLS and Ethernet", wrapped(1, behind(&vlan(&[0x88, 0x47], &[&mpls[..], &[0; 4], &ethernet].concat())))),
        ("NFLOG", wrapped(239, behind(&nflog))),
        ("PKTAP", wrapped(258, behind(&pktap))),
        ("Linux cooked with 802.2", wrapped(113, behind(&[&[0; 14][..], &[0, 4], &snap].concat()))),
        ("GRE", wrapped(101, |packet| ip(47, &[&[0x30, 0, 8, 0, 0, 0, 0, 1, 0, 0, 0, 2], packet].concat()))),
        ("GRE-TAP", wrapped(101, |packet| ip(47, &[&[0, 0, 0x65, 0x58][..], &ethernet, packet].concat()))),
        (
            "PPTP",
            wrapped(101, |packet| {
                ip(47, &[&[0x30, 1, 0x88, 0x0b, 0, 0, 0, 0, 0, 0, 0, 1, 0x21], packet].concat())
            }),
        ),
        ("ERSPAN I", wrapped(101, |packet| ip(47, &[&[0, 0, 0x88, 0xbe][..], &ethernet, packet].concat()))),
        (
            "ERSPAN II",
            wrapped(101, |packet| {
                ip(47, &[&[0x10, 0, 0x88, 0xbe, 0, 0, 0, 1][..], &[0; 8], &ethernet, packet].concat())
            }),
        ),
        (
            "ERSPAN III",
            wrapped(101, |packet| {
                ip(
                    47,
                    &[&[0x10, 0, 0x22, 0xeb, 0, 0, 0, 1][..], &[0; 11], &[1], &[0; 8], &ethernet, packet].concat(),
                )
            }),
        ),
        ("IP in IP", wrapped(101, |packet| ip(4, packet))),
        ("EtherIP", wrapped(101, |packet| ip(97, &[&[0x30, 0][..], &ethernet, packet].concat()))),
        ("VXLAN", wrapped(101, |packet| udp(4789, &[&[8, 0, 0, 0, 0, 0, 7, 0][..], &ethernet, packet].concat()))),
        ("GENEVE", wrapped(101, |packet| udp(6081, &[&geneve[..], packet].concat()))),
        ("GTP-U with an extension", wrapped(101, |packet| udp(2152, &[&gtp[..], packet].concat()))),
        (
            "VXLAN in GRE in IP",
            wrapped(101, |packet| {
                let inner = udp(4789, &[&[8, 0, 0, 0, 0, 0, 7, 0][..], &ethernet, packet].concat());
                ip(4, &ip(47, &[&[0, 0, 8, 0][..], &inner].concat()))
            }),
        ),
    ];
    for (name, file) in files {
        assert_eq!(human(&file), expected, "{name}");
    }
}

/// RFC 791 §3.2: fragments in any order, captured in part or not.
#[test]
fn fragments_are_put_together() {
    let records = records("orderly");
    let expected = human(&pcap(1, &records));
    for (size, snapped) in [(8, 65_535), (16, 65_535), (24, 65_535), (24, 42)] {
        let mut all = Vec::new();
        for (identification, record) in (1_u16..).zip(&records) {
            // The captures have no more than 96 octets of a packet; the text does not matter.
            let mut whole = record.data.clone();
            whole.resize(usize::try_from(record.length).unwrap(), 0);
            let (header, payload) = whole.split_at(34);
            let mut pieces: Vec<Record> = payload
                .chunks(size)
                .enumerate()
                .map(|(piece, chunk)| {
                    let mut data = [header, chunk].concat();
                    let length = u16::try_from(20 + chunk.len()).unwrap();
                    let is_last = (piece + 1) * size >= payload.len();
                    let offset = u16::try_from(piece * size / 8).unwrap() | if is_last { 0 } else { 0x2000 };
                    data[16..18].copy_from_slice(&length.to_be_bytes());
                    data[18..20].copy_from_slice(&identification.to_be_bytes());
                    data[20..22].copy_from_slice(&offset.to_be_bytes());
                    let length = u32::try_from(data.len()).unwrap();
                    data.truncate(if piece == 0 { 65_535 } else { snapped });
                    Record { length, data, ..record.clone() }
                })
                .collect();
            if identification % 2 == 0 {
                pieces.reverse();
            }
            all.extend(pieces);
        }
        // The packets have other numbers, in the report as well.
        let report = human(&pcap(1, &all));
        let paths =
            |text: &str| text.split("ended").nth(1).map(|rest| rest.split("explained").next().unwrap().to_owned());
        assert_eq!(paths(&report), paths(&expected), "{size} octets, {snapped} captured");
        assert!(report.contains("every packet is explained") && !report.contains("missed"), "{report}");
    }
    // One of them is missing, and that is said.
    let mut record = records[4].clone();
    record.data[20..22].copy_from_slice(&0x2000_u16.to_be_bytes());
    let text = super::human(&pcap(1, &[record]));
    assert!(text.contains("1 packet of fragments of IP packets that lack others"), "{text}");
}

#[test]
fn gzip_is_unpacked_and_bounded() {
    let plain = fs::read(path("half-close")).unwrap();
    let expected = human(&plain);
    assert_eq!(human(&gzip(&plain)), expected);
    // RFC 1952 §2.2: a file may have several members.
    let (first, second) = plain.split_at(plain.len() / 2);
    assert_eq!(human(&[gzip(first), gzip(second)].concat()), expected);
    let fault = |bytes: &[u8]| Capture::read(bytes).fault.map(|fault| fault.what);
    let packed = gzip(&plain);
    assert_eq!(fault(&packed[..packed.len() - 20]), Some(FaultKind::PackedCutOff));
    let mut damaged = packed.clone();
    let middle = damaged.len() / 2;
    damaged[middle..].fill(0xff);
    assert!(matches!(fault(&damaged), Some(FaultKind::PackedDamaged | FaultKind::PackedCutOff)));
    for (magic, name) in
        [(&[0x28, 0xb5, 0x2f, 0xfd][..], "zstdcat"), (b"BZh91AY", "bzcat"), (b"PK\x03\x04", "unzip")]
    {
        let what = fault(&[magic, &[0; 40]].concat()).unwrap();
        assert!(what.name().contains(name), "{what:?}");
    }
}

#[test]
fn a_pipe_is_as_good_as_a_file() {
    let bytes = fs::read(path("orderly")).unwrap();
    let expected = String::from_utf8(replay(&["tests/captures/orderly.pcap"]).stdout).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_lastack"))
        .args(["replay", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // As slowly as a pipe may be.
    for piece in bytes.chunks(7) {
        stdin.write_all(piece).unwrap();
        stdin.flush().unwrap();
    }
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), expected);
    assert_eq!(output.status.code(), Some(0));
    let folder = replay(&["tests"]);
    assert_eq!(folder.status.code(), Some(2));
    assert!(String::from_utf8(folder.stderr).unwrap().contains("it is a folder"));
}

#[test]
fn what_is_not_understood_is_named() {
    let esp = wrapped(101, |packet| ip(50, packet));
    let link = wrapped(147, <[u8]>::to_vec);
    let wifi = wrapped(105, behind(&[&[0x08, 0x41][..], &[0; 22]].concat()));
    let mut nested = records("orderly")[0].data[14..].to_vec();
    for _ in 0..12 {
        nested = ip(4, &nested);
    }
    let nested = pcap(101, &[Record { length: u32::try_from(nested.len()).unwrap(), data: nested, time: [0; 8] }]);
    let arp = pcap(1, &[Record { time: [0; 8], length: 42, data: [&[0; 12][..], &[8, 6], &[0; 28]].concat() }]);
    let mut all = String::new();
    for file in [esp, link, wifi, nested, arp] {
        let (capture, _) = closings(&file);
        all.push_str(&human(&file));
        all.push_str(&capture.mistakes().join("\n"));
        all.push_str("\n\n");
    }
    assert_snapshot!("not_understood", all);
}

/// A named pipe: opening it waits for its writer, and reading for what is written.
#[cfg(unix)]
#[test]
fn a_named_pipe_is_read() {
    let pipe = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("pipe-{}", std::process::id()));
    let _ = fs::remove_file(&pipe);
    if !Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success()) {
        println!("skipped: mkfifo is not there");
        return;
    }
    let writer = {
        let pipe = pipe.clone();
        std::thread::spawn(move || fs::write(pipe, fs::read(path("orderly")).unwrap()).unwrap())
    };
    let output = replay(&[pipe.to_str().unwrap()]);
    writer.join().unwrap();
    fs::remove_file(&pipe).unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().starts_with("1 connection in"));
}
