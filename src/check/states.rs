//! Every state that was found, exactly, by number; and which number a state has.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::graph::Node;
use crate::world::WorldState;

/// The states themselves, which never move in memory.
#[derive(Default)]
pub(super) struct States {
    blocks: Vec<Vec<WorldState>>,
}

/// How many states are kept together: 1 MiB.
const BLOCK: usize = 1 << 14;

impl States {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        match self.blocks.split_last() {
            Some((last, full)) => full.len() * BLOCK + last.len(),
            None => 0,
        }
    }

    /// The state with this number.
    pub(super) fn get(&self, node: Node) -> Option<&WorldState> {
        self.blocks.get(node as usize / BLOCK)?.get(node as usize % BLOCK)
    }

    /// All of them, in the order of their numbers.
    pub(super) fn iter(&self) -> impl Iterator<Item = &WorldState> {
        self.blocks.iter().flatten()
    }

    /// Gives the next number to a state.
    pub(super) fn push(&mut self, state: WorldState) {
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK) {
            self.blocks.push(Vec::with_capacity(BLOCK));
        }
        if let Some(block) = self.blocks.last_mut() {
            block.push(state);
        }
    }

    /// How much memory they take, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.blocks.len() * BLOCK * size_of::<WorldState>()
    }
}

/// The numbers of those states whose hash falls to one of several threads. States are told apart by themselves; a
/// hash only says where to look.
#[derive(Default)]
pub(super) struct Numbers(HashTable<Node>);

impl Numbers {
    /// The number of a state.
    pub(super) fn find(&self, hash: u64, state: &WorldState, states: &States) -> Option<Node> {
        self.0.find(hash, |node| states.get(*node) == Some(state)).copied()
    }

    /// Adds a state that has no number here yet.
    pub(super) fn insert(&mut self, hash: u64, node: Node, states: &States) {
        self.0.insert_unique(hash, node, |node| states.get(*node).map_or(0, hash_of));
    }

    /// How much memory they take, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.0.allocation_size()
    }
}

/// The same in every run.
pub(super) fn hash_of(state: &WorldState) -> u64 {
    FixedState::with_seed(0).hash_one(state)
}
