//! The arguments of `merge`.

use std::path::PathBuf;

use clap::Args;

use super::values::format_of;
use crate::report::sweep::SweepFormat;

/// What stands below the help of `merge`.
pub(super) const HELP: &str = "\
Examples:
  lastack merge part-*.jsonl -o all.jsonl
  lastack merge part-*.jsonl --format svg -o map.svg
  lastack merge report-*.json -o report.json

Exit codes:
  0, 1, 2  those of the whole sweep, or of the whole check
  2        also: a file is wrong, or the parts do not belong together";

/// Arguments of `merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// The parts: results of `sweep --resume` or `--format jsonl`, or reports of `check --format json`, each made
    /// with --partition
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// The format of a sweep's report [default: that of FILE by its suffix, as in `map.svg`; else that of the
    /// parts]
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<SweepFormat>,

    /// Write the report to FILE (atomically) instead of stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

impl MergeArgs {
    /// The format of a sweep that is asked for, or that of the file by its name.
    #[must_use]
    pub fn format(&self) -> SweepFormat {
        self.format.or_else(|| format_of(self.output.as_deref()?)).unwrap_or(SweepFormat::Jsonl)
    }
}
