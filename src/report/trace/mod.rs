//! A trace, in each form that it is drawn or written in.

pub mod itf;
pub mod json;
pub mod ladder;
pub mod mermaid;
mod observations;
pub mod pcap;
pub mod saved;
pub(crate) mod state;
pub mod svg;
pub(crate) mod words;

use clap::ValueEnum;

use super::terminal::Terminal;
use crate::diagnostic::Diagnostic;
use crate::property::Instance;
use crate::scenario::Scenario;
use crate::trace::Trace;

/// The formats of `show`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TraceFormat {
    /// A ladder for a terminal, 80 to 120 columns wide
    Text,
    /// A picture: the ladder with time to scale
    Svg,
    /// A sequence diagram that GitHub draws
    #[value(alias = "mmd")]
    Mermaid,
    /// One JSON document; docs/show.schema.json is its schema
    Json,
    /// The Informal Trace Format of Apalache and Quint
    #[value(alias = "itf.json")]
    Itf,
    /// The segments as a capture, for Wireshark
    Pcap,
}

impl TraceFormat {
    /// The trace in this format. `terminal` is for text alone.
    ///
    /// # Errors
    /// If a segment is too long for a capture.
    pub fn write(
        self,
        scenario: &Scenario,
        instance: &Instance,
        trace: &Trace,
        terminal: Terminal,
    ) -> Result<Vec<u8>, Diagnostic> {
        Ok(match self {
            Self::Text => ladder::draw(scenario, instance, trace, terminal).into_bytes(),
            Self::Svg => (svg::draw(scenario, instance, trace) + "\n").into_bytes(),
            Self::Mermaid => mermaid::diagram(scenario, instance, trace).into_bytes(),
            Self::Json => json::document(scenario, instance, trace).into_bytes(),
            Self::Itf => itf::trace(scenario, instance, trace).into_bytes(),
            Self::Pcap => pcap::capture(trace)
                .map_err(|error| Diagnostic::new(format!("these segments are no capture: {error}")))?,
        })
    }
}
