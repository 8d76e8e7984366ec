//! The passed list: the states that an exploration has found, as discrete parts and their zones, packed.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use std::cmp::Ordering;
use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::catalog::{Catalog, EndNumber};
use super::part::Part;
use super::step::SymbolicState;
use super::stop::Stop;
use super::zone::Zone;
use crate::explore::blocks::Blocks;
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
    /// A zone that a later one covers is kept, and expanded like any other: a shortest run may lead through it.
    /// Otherwise it is dropped.
    pub(super) shortest_runs: bool,
}

/// A zone that was found, in ten bytes.
struct FoundZone {
    /// Its part; once it was dropped, the zone that covers it. In two halves.
    part_or_cover: [i16; 2],
    /// Where it was first reached from, in two halves.
    parent: [i16; 2],
    /// By which of the steps from there; and [`DROPPED`].
    step: u16,
}

/// A later zone covers this one, which was dropped from its part.
const DROPPED: u16 = 1 << 15;

/// Every zone that was found.
pub(super) struct Passed {
    merging: Merging,
    /// Of each part, the numbers of its ends, the losses and duplicates that it has used if these distinguish
    /// parts, and its segments.
    words: Vec<u16>,
    /// Where those of each part begin.
    first_words: Vec<u32>,
    /// Of each part, a row for each of the zones that were found in it and were not dropped: what it has spent,
    /// negated, and its bounds, so that a zone covers another if no number in its row is smaller; and then the
    /// number of the zone, in two halves.
    rows: Blocks<Box<[i16]>, { 1 << 10 }>,
    numbers: HashTable<u32>,
    zones: Blocks<FoundZone, { 1 << 12 }>,
    dropped: usize,
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

impl FoundZone {
    fn is_dropped(&self) -> bool {
        self.step & DROPPED != 0
    }
}

impl Passed {
    pub(super) fn new(merging: Merging) -> Self {
        Self {
            merging,
            words: Vec::new(),
            first_words: Vec::new(),
            rows: Blocks::default(),
            numbers: HashTable::new(),
            zones: Blocks::default(),
            dropped: 0,
            bytes_of_rows: 0,
            new_words: Vec::new(),
            new_row: Vec::new(),
        }
    }

    /// How many zones were found and are kept.
    pub(super) fn zones(&self) -> usize {
        self.zones.len() - self.dropped
    }

    /// How many zones were found, with those that were dropped.
    pub(super) fn nodes(&self) -> usize {
        self.zones.len()
    }

    /// The zones that are kept, ascending.
    pub(super) fn kept(&self) -> impl Iterator<Item = Node> {
        (0..).zip(self.zones.iter()).filter(|(_, zone)| !zone.is_dropped()).map(|(node, _)| node)
    }

    /// The number that the next zone gets.
    fn next_node(&self) -> Result<Node, Stop> {
        u32::try_from(self.zones.len()).ok().filter(|number| *number != NONE).ok_or(Stop::Numbers)
    }

    /// How many discrete parts were found.
    pub(super) fn parts(&self) -> usize {
        self.rows.len()
    }

    /// The numbers of the parts.
    pub(super) fn part_numbers(&self) -> impl Iterator<Item = u32> + use<> {
        let parts = self.rows.len();
        0..u32::try_from(parts).unwrap_or_else(|_| broken(format_args!("{parts} parts")))
    }

    /// A later zone covers this one, which was dropped.
    pub(super) fn is_dropped(&self, node: Node) -> bool {
        self.zones.get(node).is_dropped()
    }

    /// The zone that is kept and covers this one: itself, if it was not dropped.
    pub(super) fn representative(&self, node: Node) -> Node {
        let mut at = node;
        while self.is_dropped(at) {
            at = whole(&self.zones.get(at).part_or_cover);
        }
        at
    }

    /// Where a zone was first reached from, and by which of the steps from there; nowhere, if it is the first.
    pub(super) fn reached_by(&self, node: Node) -> Option<(Node, usize)> {
        let FoundZone { parent, step, .. } = self.zones.get(node);
        let parent = whole(parent);
        (parent != NONE).then_some((parent, usize::from(step & !DROPPED)))
    }

    fn words_of(&self, part: u32) -> &[u16] {
        let start = self.first_words[part as usize] as usize;
        let end = self.first_words.get(part as usize + 1).map_or(self.words.len(), |next| *next as usize);
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
        let found = self.zones.get(node);
        invariant!(!found.is_dropped(), "zone {node} was dropped");
        whole(&found.part_or_cover)
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
        let mut rows = self.rows.get(part).chunks_exact(size + NODE);
        let row = rows.find(|row| row[size..] == halves);
        let row = row.unwrap_or_else(|| broken(format_args!("zone {node} is not in its part")));
        let in_flight = u8::try_from(copies.len());
        let in_flight = in_flight.unwrap_or_else(|_| broken(format_args!("{} copies", copies.len())));
        let zone = Zone::unpack(running, in_flight, &row[BOUNDS_FROM..size]);
        let mut state = SymbolicState::new(ends, copies, zone);
        (state.losses, state.duplicates) = (spent(row[0]), spent(row[1]));
        state
    }

    /// Adds a state unless a zone of its part covers it, and drops from its part what it covers. `reached` is the
    /// zone that it was reached from, and which of the steps from there led to it.
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
        let step = reached.map_or(0, |(_, step)| step);
        let step = u16::try_from(step).ok().filter(|step| step & DROPPED == 0).ok_or(Stop::Numbers)?;
        let new = self.next_node()?;
        let mut rows = std::mem::take(self.rows.get_mut(part)).into_vec();
        let before = rows.len();
        let cover = self.cover_or_drop(&mut rows, &row, new);
        if cover.is_none() {
            rows.reserve_exact(row.len() + NODE);
            rows.extend_from_slice(&row);
            rows.extend(halves(new));
            let parent = halves(reached.map_or(NONE, |(parent, _)| parent));
            self.zones.push(FoundZone { part_or_cover: halves(part), parent, step });
        }
        self.bytes_of_rows = self.bytes_of_rows + size_of_val(&*rows) - before * size_of::<i16>();
        *self.rows.get_mut(part) = rows.into_boxed_slice();
        self.new_row = row;
        Ok(match cover {
            Some(node) => Added { node, is_new: false, is_new_part: false },
            None => Added { node: new, is_new: true, is_new_part },
        })
    }

    /// The zone of these rows that covers a row. If there is none, what the row covers is dropped: `new` will be
    /// its own zone.
    fn cover_or_drop(&mut self, rows: &mut Vec<i16>, row: &[i16], new: Node) -> Option<Node> {
        let Merging { inclusion, shortest_runs, .. } = self.merging;
        let size = row.len() + NODE;
        for start in (0..rows.len()).step_by(size).rev() {
            let (old, node) = rows[start..start + size].split_at(row.len());
            match compare(old, row) {
                // What covers it is covered by nothing else, so that nothing was dropped before.
                Some(Ordering::Equal) => return Some(to_last(rows, start, size)),
                Some(Ordering::Greater) if inclusion => return Some(to_last(rows, start, size)),
                Some(Ordering::Less) if inclusion && !shortest_runs => {
                    let dropped = self.zones.get_mut(whole(node));
                    dropped.step |= DROPPED;
                    dropped.part_or_cover = halves(new);
                    self.dropped += 1;
                    let last = rows.len() - size;
                    rows.copy_within(last.., start);
                    rows.truncate(last);
                }
                Some(Ordering::Greater | Ordering::Less) | None => {}
            }
        }
        None
    }

    /// The number of the part with these words, and whether it is new.
    fn number_of(&mut self, words: &[u16]) -> Result<(u32, bool), Stop> {
        let hash = hash_of(words);
        if let Some(part) = self.numbers.find(hash, |part| self.words_of(*part) == words) {
            return Ok((*part, false));
        }
        let number = |count: usize| u32::try_from(count).map_err(|_| Stop::Numbers);
        let part = number(self.rows.len())?;
        reserve(&mut self.first_words, 1);
        self.first_words.push(number(self.words.len())?);
        self.rows.push(Box::default());
        reserve(&mut self.words, words.len());
        self.words.extend_from_slice(words);
        let mut numbers = std::mem::take(&mut self.numbers);
        numbers.insert_unique(hash, part, |part| hash_of(self.words_of(*part)));
        self.numbers = numbers;
        Ok((part, true))
    }

    /// How much memory it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.words.capacity() * size_of::<u16>()
            + self.first_words.capacity() * size_of::<u32>()
            + self.rows.bytes()
            + self.numbers.allocation_size()
            + self.bytes_of_rows
            + self.zones.bytes()
    }
}

/// Makes room for so many more. Where there is none, it grows by no more than an eighth: this is what takes the
/// memory.
fn reserve<T>(all: &mut Vec<T>, more: usize) {
    if all.capacity() - all.len() < more {
        all.reserve_exact(more.max(all.len() / 8));
    }
}

/// Moves a row behind all others, and returns its zone. What has covered one zone often covers the next: it is
/// looked at first from now on.
fn to_last(rows: &mut [i16], start: usize, size: usize) -> Node {
    let (before, last) = rows.split_at_mut(rows.len() - size);
    if let Some(row) = before.get_mut(start..start + size) {
        row.swap_with_slice(last);
    }
    whole(&last[size - NODE..])
}

/// Compares two rows number by number: neither is greater where one has a smaller number, and another larger.
fn compare(one: &[i16], other: &[i16]) -> Option<Ordering> {
    // So many at once, which the processor can: the first ones mostly tell.
    const FEW: usize = 8;
    let (mut is_smaller, mut is_larger) = (false, false);
    let mut compare_few = |one: &[i16; FEW], other: &[i16; FEW]| {
        let each = || one.iter().zip(other);
        // Without a branch for each number.
        is_smaller |= each().fold(0, |any, (one, other)| any | i16::from(one < other)) != 0;
        is_larger |= each().fold(0, |any, (one, other)| any | i16::from(one > other)) != 0;
        !(is_smaller && is_larger)
    };
    let (ones, _) = one.as_chunks::<FEW>();
    let (others, _) = other.as_chunks::<FEW>();
    let is_open = ones.iter().zip(others).all(|(one, other)| compare_few(one, other));
    if let (true, Some(one), Some(other)) = (is_open, one.last_chunk(), other.last_chunk()) {
        // With some that were compared before, which does no harm.
        compare_few(one, other);
    } else if ones.is_empty() {
        is_smaller = one.iter().zip(other).any(|(one, other)| one < other);
        is_larger = one.iter().zip(other).any(|(one, other)| one > other);
    }
    match (is_smaller, is_larger) {
        (false, false) => Some(Ordering::Equal),
        (true, false) => Some(Ordering::Less),
        (false, true) => Some(Ordering::Greater),
        (true, true) => None,
    }
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
            let expected = match (each().any(|(one, other)| one < other), each().any(|(one, other)| one > other)) {
                (false, false) => Some(Ordering::Equal),
                (true, false) => Some(Ordering::Less),
                (false, true) => Some(Ordering::Greater),
                (true, true) => None,
            };
            prop_assert_eq!(compare(&one, &other), expected);
        }

        #[test]
        fn numbers_of_zones_are_whole_again(node: Node) {
            prop_assert_eq!(whole(&halves(node)), node);
        }
    }
}
