//! A chunk of states and what they lead to, before the fresh states among that have numbers.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use hashbrown::HashTable;

use super::graph::{Node, Rows};
use super::threads::share_of;
use super::visited::VisitedSet;
use crate::model::{Action, Layout, Limit, TransitionCache, WorldState};

/// A target that has no number yet: its place among the fresh states of its chunk.
pub(super) const FRESH: u32 = 1 << 31;

/// What a thread keeps from one chunk to the next.
#[derive(Default)]
pub(super) struct Worker<L: Layout> {
    pub(super) reactions: TransitionCache<L>,
    pub(super) actions: Vec<Action>,
    /// What they lead to.
    pub(super) next: Vec<WorldState<L>>,
    pub(super) hashes: Vec<u64>,
    pub(super) slots: Vec<u64>,
    pub(super) candidates: Vec<Option<Node>>,
}

/// What the states of a chunk lead to.
#[derive(Default)]
pub(super) struct Chunk<L: Layout> {
    /// Where they lead: numbers, or [`FRESH`] and a place in `fresh`.
    pub(super) rows: Rows,
    pub(super) fresh: Vec<WorldState<L>>,
    /// The hashes of the fresh states.
    pub(super) hashes: Vec<u64>,
    pub(super) witnesses: Witnesses,
    pub(super) limit: Option<Limit>,
}

/// What some states show of instances of which no state before has shown it.
#[derive(Default)]
pub(super) struct Witnesses {
    /// The instances that a state reveals, and the first such state.
    pub(super) revealed: Vec<(usize, Node)>,
    /// The instances that a state exercises.
    pub(super) exercised: Vec<usize>,
}

/// A fresh state of a batch, as its chunk and its place there.
pub(super) type Place = (u32, u32);

/// A fresh state, and the first one of its batch that is equal to it.
pub(super) type Duplicate = (Place, Place);

/// The fresh states whose hash falls to one of `count` threads, each with the first one that is equal to it.
pub(super) fn deduplicate<L: Layout>((share, count): (usize, usize), chunks: &[Chunk<L>]) -> Vec<Duplicate> {
    let all: usize = chunks.iter().map(|chunk| chunk.fresh.len()).sum();
    let mut firsts: HashTable<(u64, Place)> = HashTable::with_capacity(all / count);
    let mut equals = Vec::with_capacity(all / count + all / 8);
    for (index, chunk) in (0..).zip(chunks) {
        for (number, (hash, state)) in (0..).zip(chunk.hashes.iter().zip(&chunk.fresh)) {
            if share_of(*hash, count) != share {
                continue;
            }
            let place = (index, number);
            let is_equal = |(other, (chunk, place)): &(u64, Place)| {
                other == hash && chunks[*chunk as usize].fresh[*place as usize] == *state
            };
            let (_, first) = *firsts.entry(*hash, is_equal, |(hash, _)| *hash).or_insert((*hash, place)).get();
            equals.push((place, first));
        }
    }
    equals
}

/// Inserts the first of equal fresh states of a thread's share, with its number.
pub(super) fn insert<L: Layout>(
    visited: &mut VisitedSet,
    duplicates: &[Duplicate],
    chunks: &[Chunk<L>],
    number_of: &[Vec<Node>],
) {
    for ((chunk, place), _) in duplicates.iter().filter(|(place, first)| place == first) {
        let (chunk, place) = (*chunk as usize, *place as usize);
        visited.insert(chunks[chunk].hashes[place], number_of[chunk][place]);
    }
}

#[expect(clippy::cast_possible_truncation, reason = "all numbers are below FRESH")]
pub(super) fn number(index: usize) -> Node {
    index as Node
}
