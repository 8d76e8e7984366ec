//! Every state that was found, exactly, by its number.

use super::blocks::Blocks;
use crate::model::{OneIncarnation, WorldState};

/// The states themselves, 1 MiB together, or 2 MiB of the larger ones.
pub(crate) type States<L = OneIncarnation> = Blocks<WorldState<L>, { 1 << 14 }>;
