//! A sign for each verdict: told apart without colour, too.

use anstyle::{AnsiColor, Style};

use crate::property::Verdict;
use crate::sweep::WorldResult;

/// What a field of a table shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sign {
    /// The world has this verdict.
    Of(Verdict),
    /// Its values do not go together.
    Refused,
    NotExplored,
}

impl Sign {
    pub(super) fn of(result: Option<&WorldResult>) -> Self {
        match result {
            None => Self::NotExplored,
            Some(WorldResult { verdict: None, .. }) => Self::Refused,
            Some(WorldResult { verdict: Some(verdict), .. }) => Self::Of(*verdict),
        }
    }

    /// In a terminal; in one that has ASCII alone.
    pub(super) fn characters(self) -> (char, char) {
        match self {
            Self::Of(Verdict::Holds) => ('✓', '+'),
            Self::Of(Verdict::Vacuous) => ('~', '~'),
            Self::Of(Verdict::Violated) => ('✗', 'x'),
            Self::Of(Verdict::Possible) => ('◆', '#'),
            Self::Of(Verdict::Impossible) => ('∅', 'o'),
            Self::Of(Verdict::Undecided) => ('?', '?'),
            Self::Of(Verdict::NotApplicable) => ('–', '-'),
            Self::Refused => ('!', '!'),
            Self::NotExplored => ('·', '.'),
        }
    }

    pub(super) fn style(self) -> Style {
        match self {
            Self::Of(Verdict::Holds | Verdict::Possible) => AnsiColor::Green.on_default(),
            Self::Of(Verdict::Violated) => AnsiColor::Red.on_default().bold(),
            Self::Of(Verdict::Undecided) | Self::Refused => AnsiColor::Yellow.on_default(),
            Self::Of(Verdict::Vacuous | Verdict::Impossible | Verdict::NotApplicable) | Self::NotExplored => {
                Style::new()
            }
        }
    }

    /// The word for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Of(verdict) => verdict.name(),
            Self::Refused => "refused",
            Self::NotExplored => "not explored",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader of a sweep and of the explorer's page learns one set of signs.
    #[test]
    fn the_page_has_the_same_signs() {
        let page = include_str!("../../explorer/page/explorer.js");
        let (_, table) = page.split_once("const SIGNS = {").unwrap();
        let (table, _) = table.split_once('}').unwrap();
        let rows: Vec<(Verdict, &str)> = table
            .split(',')
            .map(|row| row.split_once(':').unwrap())
            .map(|(name, sign)| (name.trim().parse().unwrap(), sign.trim().trim_matches('"')))
            .collect();
        for (verdict, sign) in &rows {
            assert_eq!(*sign, Sign::Of(*verdict).characters().0.to_string(), "{verdict}");
        }
        // What is not applicable is a list of names there, without a sign.
        assert_eq!(rows.len(), 6);
    }
}
