//! A sign for each verdict: told apart without colour, too.

use anstyle::{AnsiColor, Style};
use strum::VariantArray;

use crate::property::Verdict;
use crate::sweep::WorldResult;

/// What a field of a table shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, VariantArray)]
pub(super) enum Sign {
    Holds,
    Vacuous,
    Violated,
    Possible,
    Impossible,
    Undecided,
    NotApplicable,
    Refused,
    NotExplored,
}

impl Sign {
    pub(super) fn of(result: Option<&WorldResult>) -> Self {
        match result.map(|one| one.verdict) {
            None => Self::NotExplored,
            Some(None) => Self::Refused,
            Some(Some(Verdict::Holds)) => Self::Holds,
            Some(Some(Verdict::Vacuous)) => Self::Vacuous,
            Some(Some(Verdict::Violated)) => Self::Violated,
            Some(Some(Verdict::Possible)) => Self::Possible,
            Some(Some(Verdict::Impossible)) => Self::Impossible,
            Some(Some(Verdict::Undecided)) => Self::Undecided,
            Some(Some(Verdict::NotApplicable)) => Self::NotApplicable,
        }
    }

    /// In a terminal; in one that has ASCII alone.
    pub(super) fn characters(self) -> (char, char) {
        match self {
            Self::Holds => ('✓', '+'),
            Self::Vacuous => ('~', '~'),
            Self::Violated => ('✗', 'x'),
            Self::Possible => ('◆', '#'),
            Self::Impossible => ('◇', 'o'),
            Self::Undecided => ('?', '?'),
            Self::NotApplicable => ('–', '-'),
            Self::Refused => ('!', '!'),
            Self::NotExplored => ('·', '.'),
        }
    }

    pub(super) fn style(self) -> Style {
        match self {
            Self::Holds | Self::Possible => AnsiColor::Green.on_default(),
            Self::Violated => AnsiColor::Red.on_default().bold(),
            Self::Undecided | Self::Refused => AnsiColor::Yellow.on_default(),
            Self::Vacuous | Self::Impossible | Self::NotApplicable | Self::NotExplored => Style::new(),
        }
    }

    /// The word for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Vacuous => "vacuous",
            Self::Violated => "violated",
            Self::Possible => "possible",
            Self::Impossible => "impossible",
            Self::Undecided => "undecided",
            Self::NotApplicable => "not applicable",
            Self::Refused => "refused",
            Self::NotExplored => "not explored",
        }
    }
}
