//! Which connections of a capture are looked at, and what is found of them.

use std::net::IpAddr;

use strum::{EnumString, IntoStaticStr, VariantArray};

use super::connection::Connection;
use super::diagnosis::Closing;
use super::ending::{Ending, Handshake};
use super::read::Capture;

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
    pub closing: Closing,
}

impl Finding {
    /// The diagnosis of the connection with this number, from 1; none if there is none.
    #[must_use]
    pub fn of(capture: &Capture, number: usize) -> Option<Self> {
        let connection = capture.connections.get(number.checked_sub(1)?)?;
        Some(Self { number, closing: Closing::of(connection, capture.end) })
    }
}

/// The diagnoses of the selected connections, in the order of their first packets.
#[must_use]
pub fn findings(capture: &Capture, selection: &Selection) -> Vec<Finding> {
    let selected = (1..).zip(&capture.connections).filter(|(_, connection)| selection.has(capture, connection));
    selected
        .map(|(number, connection)| Finding { number, closing: Closing::of(connection, capture.end) })
        .collect()
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

impl Closing {
    /// How it ended, and before that whether the model explains it: the worst comes first.
    pub fn kinds(&self) -> impl Iterator<Item = FindingKind> {
        let explained = match (self.unexplained().is_some(), self.is_cut_short()) {
            (true, _) => Some(FindingKind::Unexplained),
            (false, true) => Some(FindingKind::CutShort),
            (false, false) => None,
        };
        explained.into_iter().chain([self.ending.kind()])
    }
}
