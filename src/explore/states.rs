//! Every state that was found, exactly, by its number.

use super::blocks::Blocks;
use crate::model::WorldState;

/// The states themselves, 1 MiB together.
pub(crate) type States = Blocks<WorldState, { 1 << 14 }>;
