//! Which connections of a capture are looked at, and what is found of them.

use std::net::IpAddr;

use strum::{EnumString, IntoStaticStr, VariantArray};

use super::captured_packet::Side;
use super::connection::Connection;
use super::diagnosis::Diagnosis;
use super::ending::{Ending, Handshake};
use super::hypothesis::{Cause, Change};
use super::read::Capture;
use crate::tcp::State;

/// Which connections are looked at: those that meet every condition. Without any, all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// An end has one of these ports.
    pub ports: Vec<u16>,
    /// An end has one of these addresses.
    pub hosts: Vec<IpAddr>,
    /// Something was captured of it so many nanoseconds after the beginning of the capture, or later.
    pub since: Option<i64>,
}

impl Selection {
    /// The connection is looked at.
    #[must_use]
    pub fn has(&self, capture: &Capture, connection: &Connection) -> bool {
        let of_port = |port: &u16| connection.ends.iter().any(|end| end.port() == *port);
        let of_host = |host: &IpAddr| connection.ends.iter().any(|end| end.ip() == *host);
        (self.ports.is_empty() || self.ports.iter().any(of_port))
            && (self.hosts.is_empty() || self.hosts.iter().any(of_host))
            && self.since.is_none_or(|since| connection.last.1.saturating_sub(capture.start) >= since)
    }
}

/// What the model makes of one connection of a capture.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Its number in the capture, from 1.
    pub number: usize,
    /// How it ended.
    pub diagnosis: Diagnosis,
    /// What it found on its ports, if there was a connection before it.
    pub reuse: Option<Reuse>,
}

/// The ports of a connection had another one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reuse {
    /// Its number in the capture, from 1.
    pub connection: usize,
    /// The states that its ends were in when the new one began, by the simplest account: the end that sent the new
    /// one's first packet, and the other; none of an end that was not captured.
    pub states: [Option<State>; 2],
    /// From its last packet until then, in nanoseconds.
    pub since: i64,
    /// The number of the SYN is above all that its end had used (RFC 9293 §3.6.1, RFC 1122 §4.2.2.13); none if
    /// those were not captured, or if the new connection begins with no SYN.
    pub above: Option<bool>,
}

impl Reuse {
    /// What the connection found on its ports; `diagnosis` is what the model makes of the one that was there.
    fn of(
        capture: &Capture,
        connection: &Connection,
        diagnosis: impl Fn(usize) -> Option<Diagnosis>,
    ) -> Option<Self> {
        let number = connection.previous? + 1;
        let old = capture.connections.get(connection.previous?)?;
        let diagnosis = diagnosis(number)?;
        let sides = if old.ends == connection.ends { Side::BOTH } else { [Side::Second, Side::First] };
        let state = |side| {
            let changes = &diagnosis.explanation(side).changes;
            let is_before = |change: &&Change| {
                change.cause == Cause::Start
                    || old.packets.get(change.index).is_some_and(|packet| packet.number < connection.first.0)
            };
            changes.iter().take_while(is_before).last().map(|change| change.state)
        };
        let syn = connection.opening().first().map(|packet| packet.segment).filter(|first| first.flags.syn);
        let [opener, _] = sides;
        let next = old.progress(opener).next;
        // What belongs to it and was captured later came later.
        let last = old.packets.iter().rev().find(|packet| packet.number < connection.first.0);
        Some(Self {
            connection: number,
            states: sides.map(state),
            since: connection.first.1.saturating_sub(last.map_or(old.last.1, |packet| packet.time)),
            above: syn.zip(next).map(|(syn, next)| next.precedes(syn.seq)),
        })
    }
}

impl Finding {
    /// The diagnosis of the connection with this number, from 1; none if there is none.
    #[must_use]
    pub fn of(capture: &Capture, number: usize) -> Option<Self> {
        let connection = capture.connections.get(number.checked_sub(1)?)?;
        let diagnosis = Diagnosis::of(connection, capture.end);
        let reuse = Reuse::of(capture, connection, |old| closing_of(capture, old));
        Some(Self { number, diagnosis, reuse })
    }
}

/// What the model makes of the connection with this number, from 1.
fn closing_of(capture: &Capture, number: usize) -> Option<Diagnosis> {
    let connection = capture.connections.get(number.checked_sub(1)?)?;
    Some(Diagnosis::of(connection, capture.end))
}

/// The diagnoses of the selected connections, in the order of their first packets.
#[must_use]
pub fn findings(capture: &Capture, selection: &Selection) -> Vec<Finding> {
    let selected = (1..).zip(&capture.connections).filter(|(_, connection)| selection.has(capture, connection));
    let mut findings: Vec<Finding> = Vec::new();
    for (number, connection) in selected {
        let diagnosis = Diagnosis::of(connection, capture.end);
        let known = |old: usize| {
            let place = findings.binary_search_by_key(&old, |finding| finding.number).ok();
            place.and_then(|place| findings.get(place)).map(|finding| finding.diagnosis.clone())
        };
        let reuse = Reuse::of(capture, connection, |old| known(old).or_else(|| closing_of(capture, old)));
        findings.push(Finding { number, diagnosis, reuse });
    }
    findings
}

/// What distinguishes connections, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum FindingKind {
    /// A packet contradicts TCP.
    Unexplained,
    /// There was too much to explain.
    CutShort,
    /// Two ends answer each other without end.
    Storm,
    /// An end waits for something that does not come.
    Stuck,
    /// The segments of an end are not acknowledged.
    Unanswered,
    /// An end gave up.
    GaveUp,
    /// Ended by a reset.
    Reset,
    /// Not established.
    NotEstablished,
    /// The capture does not show it.
    NotShown,
    /// Half closed, and in use.
    HalfClosed,
    /// Too early to tell.
    TooEarly,
    /// Open.
    Open,
    /// Nothing is known.
    Unknown,
    /// Closed cleanly.
    Clean,
}

impl FindingKind {
    /// Every kind, the worst first.
    pub const ALL: &[Self] = Self::VARIANTS;

    /// The word for it in JSON, in summaries and on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Something is wrong with such a connection, or may be.
    #[must_use]
    pub fn is_wrong(self) -> bool {
        self <= Self::NotEstablished
    }
}

impl Ending {
    /// Of what kind it is.
    #[must_use]
    pub fn kind(&self) -> FindingKind {
        match self {
            Self::NotEstablished(Handshake::TooEarly { .. }) | Self::TooEarly { .. } => FindingKind::TooEarly,
            Self::NotEstablished(_) => FindingKind::NotEstablished,
            Self::Open => FindingKind::Open,
            Self::Clean { .. } => FindingKind::Clean,
            Self::Reset { .. } => FindingKind::Reset,
            Self::GaveUp { .. } => FindingKind::GaveUp,
            Self::Unanswered { .. } => FindingKind::Unanswered,
            Self::HalfClosed { .. } => FindingKind::HalfClosed,
            Self::Stuck { .. } | Self::ClosedWindow { .. } => FindingKind::Stuck,
            Self::NotShown { .. } | Self::BeginsLate { .. } => FindingKind::NotShown,
            Self::Storm(_) => FindingKind::Storm,
            Self::Unknown => FindingKind::Unknown,
        }
    }
}

impl Diagnosis {
    /// How it ended, and before that whether the model explains it: the worst comes first.
    pub fn kinds(&self) -> impl Iterator<Item = FindingKind> {
        let is_unexplained = self.unexplained().is_some() || self.unexplained_opening().is_some();
        let explained = match (is_unexplained, self.is_cut_short()) {
            (true, _) => Some(FindingKind::Unexplained),
            (false, true) => Some(FindingKind::CutShort),
            (false, false) => None,
        };
        explained.into_iter().chain([self.ending.kind()])
    }
}
