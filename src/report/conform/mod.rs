//! The results of recorded cases and of the kernel's lock step.

pub mod human;
pub mod json;
#[cfg(target_os = "linux")]
pub mod kernel;
mod replayed;

use clap::ValueEnum;

use super::terminal::Terminal;
pub use replayed::Replay;

/// The formats of `conform`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DocumentFormat {
    /// For people
    Human,
    /// One JSON document; docs/conform.schema.json is its schema
    Json,
}

impl DocumentFormat {
    /// The report in this format, with each step if `with_steps`. `exit_code` is for programs, `terminal` for
    /// people.
    #[must_use]
    pub fn report(self, replays: &[Replay<'_>], with_steps: bool, exit_code: u8, terminal: Terminal) -> String {
        match self {
            Self::Human => human::render(replays, with_steps, terminal),
            Self::Json => json::document(replays, with_steps, exit_code),
        }
    }
}
