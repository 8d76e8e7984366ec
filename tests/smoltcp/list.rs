//! The differences that are known: `divergences.toml`.

use std::collections::BTreeSet;

use lastack::conform::{LocalEvent, LocalPath};
use lastack::tcp::{Call, Flags, Segment, Seq, Timer};
use serde::Deserialize;

/// The file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct List {
    divergence: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    at: Vec<String>,
    expected: String,
    seen: String,
    #[serde(default)]
    delayed_ack: bool,
    #[serde(default)]
    paths: Vec<String>,
    reason: String,
}

impl List {
    pub(crate) fn read() -> Self {
        let list: Self = toml::from_str(include_str!("divergences.toml")).expect("a list of differences");
        assert!(list.divergence.iter().all(|entry| !entry.reason.trim().is_empty()), "every entry has a reason");
        list
    }

    /// Every difference as it is shown.
    pub(crate) fn differences(&self) -> BTreeSet<String> {
        let all = self.divergence.iter().flat_map(|Entry { at, expected, seen, .. }| {
            at.iter().map(move |at| format!("{at}: expected {expected}; seen {seen}"))
        });
        let differences: BTreeSet<String> = all.collect();
        let entries: usize = self.divergence.iter().map(|entry| entry.at.len()).sum();
        assert_eq!(differences.len(), entries, "no difference is listed twice");
        differences
    }

    /// The paths that are to be taken in any case, each with whether ACKs are delayed on it.
    pub(crate) fn paths(&self) -> Vec<(LocalPath, bool)> {
        let of = |entry: &Entry| {
            let delayed_ack = entry.delayed_ack;
            entry.paths.iter().map(|text| (path(text), delayed_ack)).collect::<Vec<_>>()
        };
        self.divergence.iter().flat_map(of).collect()
    }
}

/// Reads a path as it is shown.
fn path(text: &str) -> LocalPath {
    LocalPath { events: text.split("; ").map(|event| read(event.trim()).expect(event)).collect() }
}

fn read(event: &str) -> Option<LocalEvent> {
    if let Some(segment) = event.strip_suffix(" arrives") {
        let (kind, numbers) = segment.split_once(" seq=")?;
        let (seq, ack) = numbers.split_once(" ack=").unwrap_or((numbers, "0"));
        let (flags, len) = match kind {
            "ACK" => (Flags::ACK, 0),
            "DATA" => (Flags::ACK, 1),
            "FIN" => (Flags::FIN_ACK, 0),
            "RST" => (Flags::RST, 0),
            _ => return None,
        };
        return Some(LocalEvent::Arrival(Segment {
            flags,
            seq: Seq(seq.parse().ok()?),
            ack: Seq(ack.parse().ok()?),
            len,
        }));
    }
    let calls = [Call::Send, Call::Shutdown, Call::Close, Call::Abort].map(LocalEvent::Call);
    calls.into_iter().chain(Timer::ALL.map(LocalEvent::Timeout)).find(|one| one.to_string() == event)
}
