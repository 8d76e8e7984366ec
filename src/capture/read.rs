//! A capture as a whole.

use std::collections::BTreeSet;
use std::io::Read;

use super::connection::{Connection, Connections};
use super::file::{self, Fault};
use super::packet::{Content, content};

/// What was read of a capture.
#[derive(Clone, Debug, Default)]
pub struct Capture {
    /// Its connections, in the order of their first packets.
    pub connections: Vec<Connection>,
    /// How many packets there are.
    pub packets: u64,
    /// The earliest time in it, in nanoseconds since 1970.
    pub start: i64,
    /// The time of its last packet, in nanoseconds since 1970. Times may go backwards: it is not always the latest.
    pub end: i64,
    /// What is in no connection.
    pub passed_over: PassedOver,
    /// The first packet of one connection too many; it and those that follow were not looked at.
    pub not_followed: Option<u64>,
    /// Why it was not read to its end.
    pub fault: Option<Fault>,
}

/// Packets that are in no connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassedOver {
    /// They are not TCP.
    pub no_tcp: u64,
    /// Fragments of IP packets.
    pub fragments: u64,
    /// Of TCP's header, less was captured than its first 20 octets.
    pub cut_off: u64,
    /// Their link types, as in <https://www.tcpdump.org/linktypes.html>, are not known.
    pub unknown_links: BTreeSet<i32>,
}

impl Capture {
    /// Reads a capture as far as it can be read. What it takes of memory is bounded, whatever it says.
    pub fn read<R: Read + Send>(source: R) -> Self {
        let mut capture = Self::default();
        let mut connections = Connections::default();
        let read = file::read(source, |frame| {
            if capture.packets == 0 {
                capture.start = frame.time;
            }
            capture.packets = frame.number;
            capture.start = capture.start.min(frame.time);
            capture.end = frame.time;
            match content(frame) {
                Content::Tcp { from, to, segment } => connections.add(frame.number, frame.time, from, to, segment),
                Content::Fragment => capture.passed_over.fragments += 1,
                Content::CutOff => capture.passed_over.cut_off += 1,
                Content::NoTcp => capture.passed_over.no_tcp += 1,
                // So many are not the work of a capture.
                Content::UnknownLink(_) if capture.passed_over.unknown_links.len() > 64 => {}
                Content::UnknownLink(link) => {
                    capture.passed_over.unknown_links.insert(link.0);
                }
            }
        });
        capture.fault = read.err();
        capture.not_followed = connections.not_followed;
        capture.connections = connections.all;
        capture
    }

    /// Why the capture is not all that it should be: it could not be read to its end, has too many connections or
    /// none.
    #[must_use]
    pub fn mistakes(&self) -> Vec<String> {
        let mut mistakes = Vec::new();
        if let Some(fault) = self.fault {
            mistakes.push(format!("byte {}: {}", fault.position, fault.what.name()));
        }
        if let Some(number) = self.not_followed {
            mistakes.push(format!(
                "it has too many connections: those that begin at packet {number} or later were left out"
            ));
        }
        if self.connections.is_empty() && self.fault.is_none() {
            mistakes.push("there is no TCP connection in it".to_owned());
        }
        mistakes
    }
}
