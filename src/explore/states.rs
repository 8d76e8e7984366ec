//! Every state that was found, exactly, by its number.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use super::graph::Node;
use crate::model::WorldState;

/// The states themselves, which never move in memory.
#[derive(Default)]
pub(crate) struct States {
    blocks: Vec<Vec<WorldState>>,
}

/// How many states are kept together: 1 MiB.
const BLOCK: usize = 1 << 14;

impl States {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        match self.blocks.split_last() {
            Some((last, full)) => full.len() * BLOCK + last.len(),
            None => 0,
        }
    }

    /// The state with this number.
    pub(crate) fn get(&self, node: Node) -> &WorldState {
        &self.blocks[node as usize / BLOCK][node as usize % BLOCK]
    }

    /// All of them, in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &WorldState> {
        self.blocks.iter().flatten()
    }

    /// Gives the next number to a state.
    pub(crate) fn push(&mut self, state: WorldState) {
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        let last = self.blocks.len() - 1;
        self.blocks[last].push(state);
    }

    /// How much memory they take, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.blocks.len() * BLOCK * size_of::<WorldState>()
    }
}
