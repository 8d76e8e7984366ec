//! The passed list: the states that an exploration has found, as discrete parts and their zones, packed.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::catalog::{Catalog, EndNumber};
use super::part::Part;
use super::step::SymbolicState;
use super::stop::Stop;
use super::zone::Zone;
use crate::invariant::{broken, invariant};

/// A number of a zone that was found, in the order in which they were: from 0 on.
pub(super) type Node = u32;

/// No node.
const NONE: Node = Node::MAX;

/// What becomes of zones of one discrete part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Merging {
    /// A zone covers those that it includes; otherwise, those that are equal to it.
    pub(super) inclusion: bool,
    /// A zone covers one that has spent more losses or duplicates; otherwise, only one that has spent as many.
    pub(super) budgets: bool,
    /// A zone that a later one covers is dropped. Otherwise it stays, and is left like any other.
    pub(super) drops: bool,
}

/// A discrete part: where its words are, and the zones that were found in it and were not dropped.
struct FoundPart {
    words: u32,
    /// A row for each of these zones: what it has spent, negated, and its bounds, so that a zone covers another if no number in its
    /// row is smaller; and then the number of the zone, in two halves.
    rows: Vec<i16>,
}

struct FoundZone {
    /// Its part; once a later zone covers it and it was dropped from its part, that zone.
    part_or_covering: u32,
    /// Where it was first reached from, and by which of the steps that leave there.
    parent: Node,
    step: u16,
    is_covered: bool,
}

/// Every zone that was found.
pub(super) struct Passed {
    merging: Merging,
    /// Of each part, the numbers of its ends, the losses and duplicates that it has used if these distinguish parts, and its segments.
    words: Vec<u16>,
    parts: Vec<FoundPart>,
    part_numbers: HashTable<u32>,
    zones: Vec<FoundZone>,
    covered: usize,
    /// How much memory the rows of parts take, in bytes.
    bytes_of_rows: usize,
    /// Kept from one insertion to the next for their memory alone.
    new_words: Vec<u16>,
    new_row: Vec<i16>,
}

/// What has become of a state that was to be added.
pub(super) struct Added {
    /// Its zone, or the one that covers it.
    pub(super) node: Node,
    /// It was not covered.
    pub(super) is_new: bool,
    /// It is the first zone of a new part.
    pub(super) is_new_part: bool,
}

/// The words of a part before its segments.
const SEGMENTS_FROM: usize = 3;

/// The numbers of a row before its bounds: what was spent.
const BOUNDS_FROM: usize = 2;

/// The numbers of a row behind its bounds: which zone's it is.
const NODE: usize = 2;

impl Passed {
    pub(super) fn new(merging: Merging) -> Self {
        Self {
            merging,
            words: Vec::new(),
            parts: Vec::new(),
            part_numbers: HashTable::new(),
            zones: Vec::new(),
            covered: 0,
            bytes_of_rows: 0,
            new_words: Vec::new(),
            new_row: Vec::new(),
        }
    }

    /// How many zones were found that no other covers.
    pub(super) fn zones(&self) -> usize {
        self.zones.len() - self.covered
    }

    /// How many zones were found, whether or not another came to cover them.
    pub(super) fn nodes(&self) -> usize {
        self.zones.len()
    }

    /// The zones that no other covers, ascending.
    pub(super) fn uncovered(&self) -> impl Iterator<Item = Node> {
        (0..).zip(&self.zones).filter(|(_, zone)| !zone.is_covered).map(|(node, _)| node)
    }

    /// The number that the next zone gets.
    fn next_node(&self) -> Result<Node, Stop> {
        u32::try_from(self.zones.len()).ok().filter(|number| *number != NONE).ok_or(Stop::Numbers)
    }

    /// How many discrete parts were found.
    pub(super) fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Another zone has come to cover this one.
    pub(super) fn is_covered(&self, node: Node) -> bool {
        self.zones[node as usize].is_covered
    }

    /// The zone that covers this one and that no other covers: itself, if none does.
    pub(super) fn covering_of(&self, node: Node) -> Node {
        let mut at = node;
        while self.is_covered(at) {
            at = self.zones[at as usize].part_or_covering;
        }
        at
    }

    /// Where a zone was first reached from, and by which of the steps that leave there; nowhere, if it is the first.
    pub(super) fn reached_by(&self, node: Node) -> Option<(Node, usize)> {
        let FoundZone { parent, step, .. } = self.zones[node as usize];
        (parent != NONE).then_some((parent, step.into()))
    }

    fn words_of(&self, part: u32) -> &[u16] {
        let start = self.parts[part as usize].words as usize;
        let end = self.parts.get(part as usize + 1).map_or(self.words.len(), |next| next.words as usize);
        &self.words[start..end]
    }

    /// A part as properties see it, with what was spent where a zone was first found in it.
    pub(super) fn part<'a>(&'a self, part: u32, catalog: &'a Catalog<'a>) -> Part<'a> {
        let words = self.words_of(part);
        let [losses, duplicates] = words[2].to_le_bytes();
        Part { catalog, ends: [words[0], words[1]], copies: &words[SEGMENTS_FROM..], losses, duplicates }
    }

    /// The number of a zone's part. The zone must not have been dropped.
    pub(super) fn part_number(&self, node: Node) -> u32 {
        let found = &self.zones[node as usize];
        invariant!(!found.is_covered, "zone {node} was dropped");
        found.part_or_covering
    }

    /// A zone with its part, as it was added. It must not have been dropped.
    pub(super) fn get(&self, node: Node, catalog: &Catalog<'_>) -> SymbolicState {
        let part = self.part_number(node);
        let words = self.words_of(part);
        let ends: [EndNumber; 2] = [words[0], words[1]];
        let running = catalog.running(ends);
        let copies = &words[SEGMENTS_FROM..];
        let size = BOUNDS_FROM + Zone::size(running, copies.len());
        let halves = halves(node);
        let mut rows = self.parts[part as usize].rows.chunks_exact(size + NODE);
        let row = rows.find(|row| row[size..] == halves);
        let row = row.unwrap_or_else(|| broken(format_args!("zone {node} is not in its part")));
        // There is never room for more copies than a byte can count.
        let in_flight = u8::try_from(copies.len()).unwrap_or(u8::MAX);
        let zone = Zone::unpack(running, in_flight, &row[BOUNDS_FROM..size]);
        let mut state = SymbolicState::new(ends, copies, zone);
        (state.losses, state.duplicates) = (spent(row[0]), spent(row[1]));
        state
    }

    /// Adds a state unless a zone of its part covers it, and drops from its part what it covers. `reached` is the zone that it was
    /// reached from, and which of the steps that leave there led to it.
    pub(super) fn add(&mut self, state: &SymbolicState, reached: Option<(Node, usize)>) -> Result<Added, Stop> {
        let mut words = std::mem::take(&mut self.new_words);
        words.clear();
        words.extend(state.ends);
        words.push(if self.merging.budgets { 0 } else { u16::from_le_bytes([state.losses, state.duplicates]) });
        words.extend(state.copies());
        let (part, is_new_part) = self.number_of(&words)?;
        self.new_words = words;
        let mut row = std::mem::take(&mut self.new_row);
        row.clear();
        row.extend([state.losses, state.duplicates].map(|spent| -i16::from(spent)));
        state.zone.pack(&mut row);
        let covering = self.covering(part, &row)?;
        let added = match covering {
            Some(node) => Added { node, is_new: false, is_new_part: false },
            None => Added { node: self.push(part, &row, reached)?, is_new: true, is_new_part },
        };
        self.new_row = row;
        Ok(added)
    }

    /// The zone of this part that covers a row. If there is none, what the row covers is dropped: the next zone will be its own.
    fn covering(&mut self, part: u32, row: &[i16]) -> Result<Option<Node>, Stop> {
        let new = self.next_node()?;
        let Merging { inclusion, drops, .. } = self.merging;
        let rows = &mut self.parts[part as usize].rows;
        let size = row.len() + NODE;
        for start in (0..rows.len()).step_by(size).rev() {
            let (old, node) = rows[start..start + size].split_at(row.len());
            let (covers, is_covered) = compare(old, row);
            // What covers it is covered by nothing else, so that nothing was dropped before.
            if covers && (inclusion || is_covered) {
                return Ok(Some(whole(node)));
            }
            if is_covered && inclusion && drops {
                let dropped = &mut self.zones[whole(node) as usize];
                (dropped.is_covered, dropped.part_or_covering) = (true, new);
                self.covered += 1;
                let last = rows.len() - size;
                rows.copy_within(last.., start);
                rows.truncate(last);
            }
        }
        Ok(None)
    }

    /// Adds a zone to its part.
    fn push(&mut self, part: u32, row: &[i16], reached: Option<(Node, usize)>) -> Result<Node, Stop> {
        let node = self.next_node()?;
        let rows = &mut self.parts[part as usize].rows;
        let before = rows.capacity();
        reserve(rows, row.len() + NODE);
        rows.extend_from_slice(row);
        rows.extend(halves(node));
        self.bytes_of_rows += (rows.capacity() - before) * size_of::<i16>();
        let (parent, step) = reached.unwrap_or((NONE, 0));
        let step = u16::try_from(step).map_err(|_| Stop::Numbers)?;
        reserve(&mut self.zones, 1);
        self.zones.push(FoundZone { part_or_covering: part, parent, step, is_covered: false });
        Ok(node)
    }

    /// The number of the part with these words, and whether it is new.
    fn number_of(&mut self, words: &[u16]) -> Result<(u32, bool), Stop> {
        let hash = hash_of(words);
        if let Some(part) = self.part_numbers.find(hash, |part| self.words_of(*part) == words) {
            return Ok((*part, false));
        }
        let number = |count: usize| u32::try_from(count).map_err(|_| Stop::Numbers);
        let part = number(self.parts.len())?;
        reserve(&mut self.parts, 1);
        self.parts.push(FoundPart { words: number(self.words.len())?, rows: Vec::new() });
        reserve(&mut self.words, words.len());
        self.words.extend_from_slice(words);
        let mut part_numbers = std::mem::take(&mut self.part_numbers);
        part_numbers.insert_unique(hash, part, |part| hash_of(self.words_of(*part)));
        self.part_numbers = part_numbers;
        Ok((part, true))
    }

    /// How much memory it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.words.capacity() * size_of::<u16>()
            + self.parts.capacity() * size_of::<FoundPart>()
            + self.part_numbers.allocation_size()
            + self.bytes_of_rows
            + self.zones.capacity() * size_of::<FoundZone>()
    }
}

/// Makes room for so many more. Where there is none, it grows by no more than a quarter: this is what takes the memory.
fn reserve<T>(all: &mut Vec<T>, more: usize) {
    if all.capacity() - all.len() < more {
        all.reserve_exact(more.max(all.len() / 4));
    }
}

/// Whether no number of the one row is smaller than that of the other, and whether none is larger.
fn compare(one: &[i16], other: &[i16]) -> (bool, bool) {
    // So many at once, which the processor can: the first ones mostly tell.
    const FEW: usize = 8;
    let (mut covers, mut is_covered) = (true, true);
    let mut compare_few = |one: &[i16; FEW], other: &[i16; FEW]| {
        let mut smaller = *one;
        for (one, other) in smaller.iter_mut().zip(other) {
            *one = (*one).min(*other);
        }
        covers &= smaller == *other;
        is_covered &= smaller == *one;
        covers || is_covered
    };
    let (ones, _) = one.as_chunks::<FEW>();
    let (others, _) = other.as_chunks::<FEW>();
    let is_open = ones.iter().zip(others).all(|(one, other)| compare_few(one, other));
    if let (true, Some(one), Some(other)) = (is_open, one.last_chunk(), other.last_chunk()) {
        // With some that were compared before, which does no harm.
        compare_few(one, other);
        return (covers, is_covered);
    }
    if ones.is_empty() {
        let each = || one.iter().zip(other);
        return (each().all(|(one, other)| one >= other), each().all(|(one, other)| one <= other));
    }
    (false, false)
}

/// What is spent, of its number in a row.
fn spent(negated: i16) -> u8 {
    u8::try_from(-negated).unwrap_or_else(|_| broken(format_args!("{negated} losses or duplicates")))
}

/// A number of a zone as a row has it.
fn halves(node: Node) -> [i16; NODE] {
    [(node & 0xffff) as u16, (node >> 16) as u16].map(u16::cast_signed)
}

/// The number of a zone of which a row has these halves.
fn whole(halves: &[i16]) -> Node {
    halves.iter().rev().fold(0, |node, half| node << 16 | Node::from(half.cast_unsigned()))
}

fn hash_of(words: &[u16]) -> u64 {
    FixedState::default().hash_one(words)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_are_compared_number_by_number(pairs in prop::collection::vec((-2i16..2, 0usize..8), 0..20)) {
            let one: Vec<i16> = pairs.iter().map(|(number, _)| *number).collect();
            // Mostly the same, and now and then one more or less.
            let change = [0, 0, 0, 0, 0, 0, 1, -1];
            let other: Vec<i16> = pairs.iter().map(|(number, which)| number + change[*which]).collect();
            let each = || one.iter().zip(&other);
            let expected =
                (each().all(|(one, other)| one >= other), each().all(|(one, other)| one <= other));
            prop_assert_eq!(compare(&one, &other), expected);
        }

        #[test]
        fn numbers_of_zones_are_whole_again(node: Node) {
            prop_assert_eq!(whole(&halves(node)), node);
        }
    }
}
