//! What was found, by its number.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use super::graph::Node;

/// Elements by their numbers, from 0 on. They never move in memory, and are kept `BLOCK_LEN` together: to make
/// room for more takes no more than that.
pub(crate) struct Blocks<T, const BLOCK_LEN: usize> {
    blocks: Vec<Vec<T>>,
}

impl<T, const BLOCK_LEN: usize> Default for Blocks<T, BLOCK_LEN> {
    fn default() -> Self {
        Self { blocks: Vec::new() }
    }
}

impl<T, const BLOCK_LEN: usize> Blocks<T, BLOCK_LEN> {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        match self.blocks.split_last() {
            Some((last, full)) => full.len() * BLOCK_LEN + last.len(),
            None => 0,
        }
    }

    /// The element with this number.
    pub(crate) fn get(&self, number: Node) -> &T {
        &self.blocks[number as usize / BLOCK_LEN][number as usize % BLOCK_LEN]
    }

    /// The element with this number, to be changed.
    pub(crate) fn get_mut(&mut self, number: Node) -> &mut T {
        &mut self.blocks[number as usize / BLOCK_LEN][number as usize % BLOCK_LEN]
    }

    /// All of them, in the order of their numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.blocks.iter().flatten()
    }

    /// Gives the next number to an element.
    pub(crate) fn push(&mut self, element: T) {
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK_LEN) {
            self.blocks.push(Vec::with_capacity(BLOCK_LEN));
        }
        let last = self.blocks.len() - 1;
        self.blocks[last].push(element);
    }

    /// How much memory they take, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.blocks.len() * BLOCK_LEN * size_of::<T>()
    }
}
