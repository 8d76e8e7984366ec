//! The visited set: the number of each state that was found, by its hash.
//!
//! By hand: a slot has 8 bytes, and the search looks at many at once before it needs any, which hashbrown's tables
//! do not offer.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use super::graph::Node;
use super::states::States;
use crate::invariant::broken;
use crate::model::{Layout, WorldState};

/// The numbers of those states whose hash falls to one of several threads.
///
/// A table of slots, in which a hash determines where a search begins. A slot keeps a part of its state's hash, so
/// that most other states need not be read; but only the states themselves decide whether they are equal.
#[derive(Default)]
pub(crate) struct VisitedSet {
    /// Hash and number plus 1 (32 bits each), or 0 where there is none.
    slots: Vec<u64>,
    taken: usize,
}

/// The fewest slots.
const MIN_SLOTS: usize = 1 << 10;

impl VisitedSet {
    /// The slot in which a hash is most likely found, for [`VisitedSet::candidate`]. To look at the slots of
    /// several hashes, and then at several states, lets the processor wait for them in memory all at once.
    pub(crate) fn first_slot(&self, hash: u64) -> u64 {
        if self.slots.is_empty() { 0 } else { self.slots[home(hash, self.slots.len())] }
    }

    /// The number of the state that most likely has this hash: no state is looked at.
    pub(crate) fn candidate(&self, hash: u64, first_slot: u64) -> Option<Node> {
        if first_slot == 0 || (first_slot ^ hash) & HASH == 0 {
            number_in(first_slot)
        } else {
            self.candidates(hash).next()
        }
    }

    /// The number of a state.
    pub(crate) fn find<L: Layout>(&self, hash: u64, state: &WorldState<L>, states: &States<L>) -> Option<Node> {
        self.candidates(hash).find(|node| states.get(*node) == state)
    }

    /// Adds a state that has no number here yet.
    pub(crate) fn insert(&mut self, hash: u64, node: Node) {
        // A compromise with memory: at least half of the slots are in use. At four fifths, a look that finds
        // nothing passes 13 of them on average (linear probing), which are one or two lines of a processor's
        // cache.
        if self.taken * 5 >= self.slots.len() * 4 {
            let more = (self.slots.len() / 2 * 3).max(MIN_SLOTS);
            let old = std::mem::replace(&mut self.slots, vec![0; more]);
            // From slot to slot the hashes grow: the new slots are filled from one end to the other.
            for slot in old.into_iter().filter(|slot| *slot != 0) {
                self.place(slot);
            }
        }
        self.taken += 1;
        self.place(hash & HASH | (u64::from(node) + 1));
    }

    /// How much memory they take, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<u64>()
    }

    fn candidates(&self, hash: u64) -> impl Iterator<Item = Node> {
        let start = home(hash, self.slots.len());
        let (before, after) = self.slots.split_at(start);
        let slots = after.iter().chain(before).take_while(|slot| **slot != 0);
        slots.filter(move |slot| (**slot ^ hash) & HASH == 0).filter_map(|slot| number_in(*slot))
    }

    fn place(&mut self, slot: u64) {
        let start = home(slot, self.slots.len());
        let (before, after) = self.slots.split_at_mut(start);
        let free = after.iter_mut().chain(before).find(|slot| **slot == 0);
        *free.unwrap_or_else(|| broken(format_args!("no free slot among {}", self.taken))) = slot;
    }
}

/// The part of a hash that slots keep.
const HASH: u64 = 0xffff_ffff_0000_0000;

#[expect(clippy::cast_possible_truncation, reason = "the lower half is a number plus 1")]
fn number_in(slot: u64) -> Option<Node> {
    (slot as Node).checked_sub(1)
}

/// The slot at which the search for a hash begins: the greater it is, the later.
fn home(hash: u64, slots: usize) -> usize {
    // There are fewer slots than 2³².
    (((hash >> 32) * slots as u64) >> 32) as usize
}

/// The same in every run.
pub(crate) fn hash_of<L: Layout>(state: &WorldState<L>) -> u64 {
    FixedState::with_seed(0).hash_one(state)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;
    use crate::model::{Config, TimedWorld};
    use crate::scenario::Scenario;

    /// A few hundred different states, and more of them with equal hashes than there are hashes.
    fn some_states() -> Vec<WorldState> {
        let library = crate::check::Library::shipped().unwrap();
        let scenario: Scenario = (*library.scenarios(&["simultaneous".to_owned()], &[], 1).unwrap()[0]).clone();
        let world = TimedWorld::new(Config { duplicates: Some(0), ..scenario.config });
        let mut states = vec![world.initial().unwrap()];
        let mut actions = Vec::new();
        for index in 0..900 {
            actions.clear();
            world.enabled(&states[index].clone(), &mut actions);
            for action in &actions {
                let next = world.step(&states[index], *action).unwrap();
                if !states.contains(&next) {
                    states.push(next);
                }
            }
        }
        states
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(50))]

        /// Against a map, with hashes of a few bits at either end.
        #[test]
        fn numbers_are_those_of_the_states(bits in 1..64_u32, seed in any::<u64>()) {
            let all = some_states();
            let hash = |state: &WorldState| (hash_of(state) ^ seed).rotate_left(bits) & (u64::MAX << (64 - bits.min(20)));
            let (mut states, mut numbers, mut oracle) = (States::default(), VisitedSet::default(), HashMap::new());
            for (node, state) in (0..).zip(&all) {
                prop_assert_eq!(numbers.find(hash(state), state, &states), None);
                states.push(*state);
                numbers.insert(hash(state), node);
                oracle.insert(*state, node);
            }
            prop_assert!(all.len() > MIN_SLOTS);
            for state in &all {
                prop_assert_eq!(numbers.find(hash(state), state, &states), oracle.get(state).copied());
            }
            prop_assert!(states.iter().eq(&all));
        }
    }
}
