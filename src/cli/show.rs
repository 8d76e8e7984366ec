//! The arguments of `show`.

use std::num::NonZero;
use std::path::PathBuf;

use clap::Args;

use super::common::{LibraryArgs, LimitArgs, WorldArgs};
use super::values::{format_of, nth, transition};
use crate::realtime::AvoidedTransition;
use crate::report::trace::TraceFormat;

/// What stands below the help of `show`.
pub(super) const HELP: &str = "\
Examples:
  lastack show one-msl no-premature-closed                                on the terminal
  lastack show one-msl no-premature-closed -o one-msl.svg                 a picture
  lastack show one-msl no-premature-closed -o one-msl.pcap                for Wireshark
  lastack show one-msl no-premature-closed --nth 2                        another one
  lastack show sequential closed-is-reached --avoid TIME_WAIT:CLOSED      without that transition
  lastack show --replay one-msl.json                                      one of an older version

Exit codes:
  0  the trace was written, or there is none; with --replay: it is a run of today's model
  1  with --replay: it is none, or decides nothing any more
  2  the command line or a file is wrong, or the search was stopped before it found one";

/// Arguments of `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The scenario, by its name or file
    #[arg(value_name = "SCENARIO", required_unless_present = "replay")]
    pub scenario: Option<String>,

    /// The property, by its name or file, or one of its two instances, as in `no-premature-closed@A`
    #[arg(value_name = "PROPERTY", required_unless_present = "replay")]
    pub property: Option<String>,

    /// Show the one with this number by length: each is another than those before it in what some end does
    #[arg(long, value_name = "N", value_parser = nth())]
    pub nth: Option<NonZero<u16>>,

    /// Show one in which no end, or not this one, goes from one state to the other, as in `FIN_WAIT_1:CLOSING` or
    /// `FIN_WAIT_1:CLOSING@A`; repeatable
    #[arg(long, value_name = "FROM:TO[@END]", value_parser = transition)]
    pub avoid: Vec<AvoidedTransition>,

    /// Replay a trace that was saved as JSON or ITF on today's model, and say at which step they part
    #[arg(long, value_name = "FILE", conflicts_with_all = ["scenario", "property", "nth", "avoid", "settings", "scale", "format", "output"])]
    pub replay: Option<PathBuf>,

    /// Changes of the world.
    #[command(flatten)]
    pub world: WorldArgs,

    /// The format of the trace [default: that of FILE by its suffix, as in `one.svg`; else text]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<TraceFormat>,

    /// Write the trace to FILE (atomically)
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Limits of the exploration.
    #[command(flatten)]
    pub limits: LimitArgs,

    /// Files besides those that are compiled in.
    #[command(flatten)]
    pub library: LibraryArgs,
}

impl ShowArgs {
    /// The format that is asked for, or that of the file by its name.
    #[must_use]
    pub fn format(&self) -> TraceFormat {
        self.format.or_else(|| format_of(self.output.as_deref()?)).unwrap_or(TraceFormat::Text)
    }
}
