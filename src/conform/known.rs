//! The differences that are known, each with its reason.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use toml::Spanned;

use super::comparison::{Comparison, Difference};
use super::input::EndpointInput;
use super::lockstep::Divergence;
use super::path::EndpointPath;
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile, Span};
use crate::tcp::{Call, Flags, Segment, Seq, Timer};

/// A list of differences: a TOML file.
#[derive(Debug)]
pub struct Known {
    entries: Vec<Entry>,
    paths: Vec<EndpointPath>,
}

/// The file's shape.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    divergence: Vec<Entry>,
}

/// Differences with one reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// In which states and with which events, as in [`Difference::at`].
    at: Vec<Spanned<String>>,
    /// What the endpoint makes of it.
    expected: String,
    /// What the other implementation makes of it.
    seen: String,
    /// They show only where the retransmission timer has expired before.
    #[serde(default)]
    after_timeout: bool,
    /// They show only where the endpoint delays its ACKs.
    #[serde(default)]
    delayed_acks: bool,
    /// Paths that are taken in any case, because they show it.
    #[serde(default)]
    paths: Vec<Spanned<String>>,
    reason: Spanned<String>,
}

impl Entry {
    /// The difference occurs where the entry has it.
    fn covers(&self, difference: &Difference) -> bool {
        (difference.after_timeout || !self.after_timeout) && (difference.delayed_acks || !self.delayed_acks)
    }

    /// Each difference as [`Difference`] shows it.
    fn shown(&self) -> impl Iterator<Item = (String, Span)> {
        let Self { at, expected, seen, .. } = self;
        at.iter().map(move |at| (format!("{}: expected {expected}; seen {seen}", at.get_ref()), at.span()))
    }
}

/// A list held against what was seen.
#[derive(Debug)]
pub struct ListCheck<'c> {
    /// The listed differences that occur, in the order of the list, with their reasons.
    pub listed: Vec<(&'c Difference, &'c str)>,
    /// The differences that are not listed.
    pub unlisted: Vec<(&'c Difference, &'c EndpointPath, &'c Divergence)>,
    /// The listed differences that do not occur.
    pub unseen: Vec<String>,
}

impl Known {
    /// Reads a list.
    ///
    /// # Errors
    /// Each mistake, with its place.
    pub fn parse(file: &Arc<SourceFile>) -> Result<Self, Diagnostics> {
        let Shape { divergence: entries } =
            toml::from_str(&file.text).map_err(|error| Diagnostic::from_toml(file, &error))?;
        let (mut paths, mut mistakes) = (Vec::new(), Diagnostics::default());
        let mut listed = BTreeSet::new();
        for entry in &entries {
            for (difference, span) in entry.shown() {
                if !listed.insert(difference) {
                    mistakes.0.push(Diagnostic::new("this difference is listed twice").at(file, span, ""));
                }
            }
            if entry.reason.get_ref().trim().is_empty() {
                let mistake = Diagnostic::new("a difference has no reason");
                mistakes.0.push(mistake.at(file, entry.reason.span(), "why do the two differ?"));
            }
        }
        for text in entries.iter().flat_map(|entry| &entry.paths) {
            match text.get_ref().split("; ").map(event).collect() {
                Some(events) => paths.push(EndpointPath { events }),
                None => mistakes.0.push(
                    Diagnostic::new("this is not a path")
                        .at(file, text.span(), "")
                        .help("events are written as they are shown: `send; FIN seq=1 ack=2 arrives; abort`"),
                ),
            }
        }
        mistakes.or(Self { entries, paths })
    }

    /// The paths that are taken in any case.
    #[must_use]
    pub fn paths(&self) -> &[EndpointPath] {
        &self.paths
    }

    /// Holds the list against a comparison, both ways.
    #[must_use]
    pub fn check<'c>(&'c self, comparison: &'c Comparison) -> ListCheck<'c> {
        let all = self.entries.iter().enumerate();
        let all = all.flat_map(|(place, entry)| entry.shown().map(move |(shown, _)| (shown, (place, entry))));
        let entries: BTreeMap<String, (usize, &Entry)> = all.collect();
        let mut listed: BTreeMap<(usize, &Difference), &str> = BTreeMap::new();
        let mut seen: BTreeSet<String> = BTreeSet::new();
        let mut unlisted = Vec::new();
        for (difference, (path, divergence)) in &comparison.differences {
            let shown = difference.to_string();
            match entries.get(&shown) {
                Some((place, entry)) if entry.covers(difference) => {
                    // With a timeout and without, it is reported once.
                    if seen.insert(shown) {
                        listed.insert((*place, difference), entry.reason.get_ref().trim());
                    }
                }
                _ => unlisted.push((difference, path, divergence)),
            }
        }
        let unseen = entries.into_keys().filter(|shown| !seen.contains(shown)).collect();
        let listed = listed.into_iter().map(|((_, difference), reason)| (difference, reason)).collect();
        ListCheck { listed, unlisted, unseen }
    }
}

/// An event, from what is shown of it.
fn event(text: &str) -> Option<EndpointInput> {
    let Some(segment) = text.strip_suffix(" arrives") else {
        let calls = [Call::Send, Call::Receive, Call::Shutdown, Call::Close, Call::Abort].map(EndpointInput::Call);
        let opens = [EndpointInput::Connect, EndpointInput::Listen];
        let mut events = opens.into_iter().chain(calls).chain(Timer::ALL.map(EndpointInput::Timeout));
        return events.find(|event| event.to_string() == text);
    };
    let (kind, numbers) = segment.split_once(" seq=")?;
    let (seq, ack) = numbers.split_once(" ack=").map_or((numbers, None), |(seq, ack)| (seq, Some(ack)));
    let (flags, len) = match (kind, ack) {
        ("ACK", Some(_)) => (Flags::ACK, 0),
        ("DATA", Some(_)) => (Flags::ACK, 1),
        ("FIN", Some(_)) => (Flags::FIN_ACK, 0),
        ("RST", Some(_)) => (Flags::RST_ACK, 0),
        ("RST", None) => (Flags::RST, 0),
        ("SYN", None) => (Flags::SYN, 0),
        ("SYN", Some(_)) => (Flags::SYN_ACK, 0),
        _ => return None,
    };
    let segment = Segment { flags, seq: Seq(seq.parse().ok()?), ack: Seq(ack.unwrap_or("0").parse().ok()?), len };
    Some(EndpointInput::Arrival(segment))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(text: &str) -> Result<Known, Diagnostics> {
        Known::parse(&SourceFile::new("divergences.toml", text))
    }

    #[test]
    fn a_path_is_read_as_it_is_shown() {
        let shown = "connect; listen; SYN seq=0 arrives; SYN seq=0 ack=1 arrives; send; DATA seq=1 ack=2 arrives; RST seq=7 arrives; RST seq=7 ack=1 arrives; \
                     retransmission timer expires; abort";
        let list =
            format!("[[divergence]]\nat = []\nexpected = ''\nseen = ''\nreason = '?'\npaths = ['{shown}']\n");
        assert_eq!(known(&list).unwrap().paths()[0].to_string(), shown);
        for (right, wrong) in [("abort", "about"), ("DATA seq=1 ack=2", "DATA seq=1")] {
            let wrong = known(&list.replace(right, wrong)).unwrap_err().to_string();
            assert!(wrong.contains("this is not a path") && wrong.contains("divergences.toml:6"), "{wrong}");
        }
    }

    #[test]
    fn each_difference_is_listed_once_and_has_a_reason() {
        let entry = "[[divergence]]\nat = ['CLOSING: abort']\nexpected = 'RST'\nseen = 'ACK'\nreason = '?'\n";
        let other = entry.replace("ACK", "FIN");
        assert!(known(&format!("{entry}{other}")).is_ok());
        let without = other.replace('?', " ");
        let wrong = known(&format!("{entry}{without}{entry}")).unwrap_err().to_string();
        assert!(wrong.contains("a difference has no reason") && wrong.contains("divergences.toml:10"), "{wrong}");
        assert!(wrong.contains("listed twice") && wrong.contains("divergences.toml:12"), "{wrong}");
    }
}
