//! A capture as a whole.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use super::carried::Carried;
use super::connection::Connection;
use super::connections::Connections;
use super::fault::Fault;
use super::file;
use super::packet::{Content, Decoder};

/// The most kinds of packets that are counted one by one.
const MOST_KINDS: usize = 256;

/// A capture that was read.
#[derive(Clone, Debug, Default)]
pub struct Capture {
    /// Its connections, in the order of their first packets.
    pub connections: Vec<Connection>,
    /// How many packets there are.
    pub packets: u64,
    /// The earliest time in it, in nanoseconds since 1970.
    pub start: i64,
    /// The time of its last packet, in nanoseconds since 1970. Times may go backwards: it is not always the
    /// latest.
    pub end: i64,
    /// The packets in no connection.
    pub passed_over: PassedOver,
    /// The first packet of one connection too many; it and those that follow were not looked at.
    pub not_followed: Option<u64>,
    /// Why it was not read to its end.
    pub fault: Option<Fault>,
}

/// Packets that are in no connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassedOver {
    /// How many carry something else, or something in which TCP cannot be seen.
    pub carried: BTreeMap<Carried, u64>,
    /// Fragments of IP packets that could not be put together.
    pub fragments: u64,
    /// Of TCP's header, less was captured than its first 20 octets.
    pub cut_off: u64,
}

impl PassedOver {
    /// There may be TCP in what was passed over.
    #[must_use]
    pub fn may_hide_tcp(&self) -> bool {
        self.fragments > 0 || self.cut_off > 0 || self.carried.keys().any(|carried| carried.may_hide_tcp())
    }
}

impl Capture {
    /// Reads a capture as far as it can be read. Its memory is bounded, whatever lengths the file claims.
    pub fn read<R: Read + Send>(source: R) -> Self {
        let mut capture = Self::default();
        let mut connections = Connections::default();
        let mut decoder = Decoder::default();
        let read = file::read(source, |frame| {
            if capture.packets == 0 {
                capture.start = frame.time;
            }
            capture.packets = frame.number;
            capture.start = capture.start.min(frame.time);
            capture.end = frame.time;
            match decoder.content(frame) {
                Content::Tcp(captured) => connections.add(&captured),
                Content::Fragment => {}
                Content::CutOff => capture.passed_over.cut_off += 1,
                Content::Other(carried) => {
                    let kinds = &mut capture.passed_over.carried;
                    // So many kinds are not the work of a network.
                    let carried = if kinds.len() < MOST_KINDS { carried } else { Carried::Damaged };
                    *kinds.entry(carried).or_default() += 1;
                }
            }
        });
        capture.passed_over.fragments = decoder.lacking_fragments();
        capture.fault = read.err();
        capture.not_followed = connections.not_followed;
        capture.connections = connections.finish();
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
            mistakes.push(if self.passed_over.may_hide_tcp() {
                format!("no TCP connection can be seen in it, but {}", self.passed_over)
            } else {
                "there is no TCP connection in it".to_owned()
            });
        }
        mistakes
    }
}

/// The packets that may hide TCP, as in "12 packets in ESP, 3 of link type 147".
impl fmt::Display for PassedOver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hiding = self.carried.iter().filter(|(carried, _)| carried.may_hide_tcp());
        let mut kinds: Vec<(u64, String)> = hiding.map(|(carried, count)| (*count, carried.to_string())).collect();
        for (count, what) in [
            (self.fragments, "fragments of IP packets that lack others"),
            (self.cut_off, "TCP, too short for its header"),
        ] {
            if count > 0 {
                kinds.push((count, what.to_owned()));
            }
        }
        kinds.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        for (index, (count, what)) in kinds.iter().enumerate() {
            let (separator, noun) = match (index, count) {
                (0, 1) => ("", " packet"),
                (0, _) => ("", " packets"),
                _ => (", ", ""),
            };
            write!(f, "{separator}{count}{noun} of {what}")?;
        }
        Ok(())
    }
}
