//! The verdict on a world of a sweep.

use serde::{Deserialize, Serialize};

use crate::property::Verdict;

/// The verdict on a world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorldResult {
    /// The verdict; `None` where the world is refused.
    pub verdict: Option<Verdict>,
    /// How many steps the shortest trace has, where that was asked for.
    pub steps: Option<usize>,
    /// Why it is undecided, or refused.
    pub why: Option<String>,
    /// How the verdict was found.
    pub method: Method,
}

/// How a verdict was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// The world was explored.
    #[default]
    Explored,
    /// The counterexample of a world with a greater value is one here, too, at moments of its own.
    Replayed,
}

/// The word for a world whose values do not go together.
pub(super) const REFUSED: &str = "refused";

impl Method {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    pub(super) fn is_explored(&self) -> bool {
        *self == Self::Explored
    }
}

impl WorldResult {
    /// The world was explored, and no run of another was replayed.
    #[must_use]
    pub fn is_explored(&self) -> bool {
        self.method.is_explored()
    }

    /// The word for its verdict.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.verdict.map_or(REFUSED, Verdict::name)
    }
}
