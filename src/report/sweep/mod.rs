//! The results of a sweep, in each format.

mod csv;
mod grid;
pub mod human;
mod json;
mod sign;
mod svg;

use clap::ValueEnum;

use crate::sweep::Results;

/// The formats of `sweep`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SweepFormat {
    /// A table for a terminal
    Human,
    /// Comma-separated values: a line for each world, or, with `--least`, for each least value
    Csv,
    /// One JSON document; docs/sweep.schema.json is its schema
    Json,
    /// A JSON line for each world: the file of `--resume`, and what `merge` reads
    Jsonl,
    /// A heat map
    Svg,
}

impl SweepFormat {
    /// The document in this format; `None` for people, whose table has a width.
    #[must_use]
    pub fn document(self, results: &Results) -> Option<String> {
        match self {
            Self::Human => None,
            Self::Csv => Some(csv::table(results)),
            Self::Json => Some(json::document(results)),
            Self::Jsonl => Some(results.text()),
            Self::Svg => Some(svg::picture(results)),
        }
    }
}
