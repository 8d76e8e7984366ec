//! The explanation of a capture: one file a format.

mod ending;
pub mod human;
pub mod json;
pub mod ladder;
mod opening;
mod rungs;
pub mod svg;
mod unexplained;
mod view;

use clap::ValueEnum;

use self::human::Listing;
use super::terminal::Terminal;
use crate::capture::{Capture, Finding};

/// The formats of `replay`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReplayFormat {
    /// For people
    Human,
    /// One JSON document; docs/replay.schema.json is its schema
    Json,
    /// One connection as a ladder
    Text,
    /// One connection as a picture
    Svg,
}

impl ReplayFormat {
    /// The report on these connections of the capture that is called `name`.
    #[must_use]
    pub fn report(
        self,
        name: &str,
        capture: &Capture,
        findings: &[Finding],
        listing: &Listing,
        terminal: Terminal,
    ) -> String {
        match self {
            Self::Human | Self::Text | Self::Svg => human::report(capture, findings, listing, terminal),
            Self::Json => json::report(name, capture, findings, &listing.only),
        }
    }

    /// One connection, drawn.
    #[must_use]
    pub fn drawing(self, name: &str, capture: &Capture, finding: &Finding, terminal: Terminal) -> String {
        match self {
            Self::Human | Self::Text => ladder::draw(capture, finding, terminal),
            Self::Svg => svg::draw(capture, finding),
            Self::Json => json::report(name, capture, std::slice::from_ref(finding), &[]),
        }
    }
}
