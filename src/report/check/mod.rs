//! The results of a check, in each format.

pub mod configuration;
pub mod coverage;
pub mod drawing;
mod finding;
pub mod github;
pub mod human;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod merge;
mod repository;
pub mod sarif;
pub mod show_command;
pub(crate) mod verdict_note;

use std::path::Path;

use clap::ValueEnum;

use self::drawing::Drawing;
use self::show_command::ShowCommand;
use crate::check::Checked;

/// The formats of `check`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Human,
    /// One JSON document; docs/check.schema.json is its schema
    Json,
    /// JUnit's XML: a suite for each scenario, a case for each property
    Junit,
    /// Annotations of GitHub Actions, and a summary of the job
    Github,
    /// A table, and what keeps the gate from passing, with the first counterexamples drawn
    Markdown,
    /// SARIF 2.1.0, for code scanning
    Sarif,
}

impl Format {
    /// It shows traces, or says how they go on.
    #[must_use]
    pub fn has_drawings(self) -> bool {
        matches!(self, Self::Github | Self::Markdown | Self::Sarif)
    }

    /// The document in this format; `None` for people, whose report has a width and an amount of detail. Files are
    /// named from the root of the repository on, from which `working_folder` leads to the working folder.
    #[must_use]
    pub fn document(
        self,
        all: &[Checked],
        show_command: &ShowCommand,
        drawings: &[Drawing],
        working_folder: &Path,
    ) -> Option<String> {
        match self {
            Self::Human => None,
            Self::Json => Some(json::report(all)),
            Self::Junit => Some(junit::report(all, show_command)),
            Self::Github => Some(github::annotations(all, show_command, drawings, working_folder)),
            Self::Markdown => Some(markdown::summary(all, show_command, drawings)),
            Self::Sarif => Some(sarif::report(all, show_command, drawings, working_folder)),
        }
    }
}
