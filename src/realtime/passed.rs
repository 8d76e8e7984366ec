//! The passed list: the states that an exploration has found, as discrete parts and their zones, packed.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

use super::bound::Bound;
use super::catalog::{Catalog, EndNumber};
use super::part::Part;
use super::step::SymbolicState;
use super::stop::Stop;
use super::zone::{Zone, includes};

/// A number of a zone that was found, in the order in which they were: from 0 on.
pub(super) type Node = u32;

/// No node.
const NONE: Node = Node::MAX;

/// What makes two zones one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Merging {
    /// A zone covers those that it includes; otherwise, those that are equal to it.
    pub(super) inclusion: bool,
    /// A zone covers one that has spent more losses or duplicates; otherwise, only one that has spent as many.
    pub(super) budgets: bool,
}

/// A discrete part: where its words are, and the zones that were found in it and that no other covers.
struct FoundPart {
    words: u32,
    newest: Node,
}

struct FoundZone {
    part: u32,
    bounds: u32,
    /// Where it was first reached from.
    parent: Node,
    /// The zone of the same part that was found before it and that no other covers; once another zone covers this one, that
    /// one.
    next: Node,
    losses: u8,
    duplicates: u8,
    /// Another zone covers it, and it has left the list of its part.
    is_covered: bool,
}

/// Every zone that was found.
pub(super) struct Passed {
    merging: Merging,
    /// Of each part, the numbers of its ends, the losses and duplicates that it has used if these distinguish parts, and its segments.
    words: Vec<u16>,
    parts: Vec<FoundPart>,
    part_numbers: HashTable<u32>,
    bounds: Vec<Bound>,
    zones: Vec<FoundZone>,
    covered: usize,
    /// Kept from one insertion to the next for its memory alone.
    new_words: Vec<u16>,
}

/// What has become of a state that was to be added.
pub(super) struct Added {
    /// Its zone, or the one that covers it.
    pub(super) node: Node,
    /// It is the first zone of a new part.
    pub(super) is_new_part: bool,
}

/// The words of a part before its segments.
const SEGMENTS_FROM: usize = 3;

impl Passed {
    pub(super) fn new(merging: Merging) -> Self {
        Self {
            merging,
            words: Vec::new(),
            parts: Vec::new(),
            part_numbers: HashTable::new(),
            bounds: Vec::new(),
            zones: Vec::new(),
            covered: 0,
            new_words: Vec::new(),
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
            at = self.zones[at as usize].next;
        }
        at
    }

    /// Where a zone was first reached from; nowhere, if it is the first.
    pub(super) fn parent(&self, node: Node) -> Option<Node> {
        let parent = self.zones[node as usize].parent;
        (parent != NONE).then_some(parent)
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

    /// The number of a zone's part.
    pub(super) fn part_number(&self, node: Node) -> u32 {
        self.zones[node as usize].part
    }

    /// The part of a zone as properties see it.
    pub(super) fn part_of<'a>(&'a self, node: Node, catalog: &'a Catalog<'a>) -> Part<'a> {
        let found = &self.zones[node as usize];
        Part { losses: found.losses, duplicates: found.duplicates, ..self.part(found.part, catalog) }
    }

    /// A zone with its part, as it was added.
    pub(super) fn get(&self, node: Node, catalog: &Catalog<'_>) -> SymbolicState {
        let found = &self.zones[node as usize];
        let words = self.words_of(found.part);
        let ends: [EndNumber; 2] = [words[0], words[1]];
        let running = catalog.running(ends);
        let copies = &words[SEGMENTS_FROM..];
        let bounds = &self.bounds[found.bounds as usize..][..Zone::size(running, copies.len())];
        // There is never room for more copies than a byte can count.
        let in_flight = u8::try_from(copies.len()).unwrap_or(u8::MAX);
        let mut state = SymbolicState::new(ends, copies, Zone::unpack(running, in_flight, bounds));
        (state.losses, state.duplicates) = (found.losses, found.duplicates);
        state
    }

    /// The bounds of a zone.
    fn bounds_of(&self, node: Node, size: usize) -> &[Bound] {
        &self.bounds[self.zones[node as usize].bounds as usize..][..size]
    }

    /// Adds a state unless it is covered by what was found, and drops from its part what it covers.
    pub(super) fn add(&mut self, state: &SymbolicState, parent: Option<Node>) -> Result<Added, Stop> {
        let spent = u16::from_le_bytes([state.losses, state.duplicates]);
        let mut words = std::mem::take(&mut self.new_words);
        words.clear();
        words.extend(state.ends);
        words.push(if self.merging.budgets { 0 } else { spent });
        words.extend(state.copies());
        let (part, is_new) = self.number_of(&words)?;
        self.new_words = words;
        // The new bounds are put behind the others, and taken back if they are covered.
        let start = self.bounds.len();
        state.zone.pack(&mut self.bounds);
        let size = self.bounds.len() - start;
        let covering = if is_new { None } else { self.covering(part, state, start, size) };
        if let Some(node) = covering {
            self.bounds.truncate(start);
            return Ok(Added { node, is_new_part: false });
        }
        let node = self.next_node()?;
        self.zones.push(FoundZone {
            part,
            bounds: u32::try_from(start).map_err(|_| Stop::Numbers)?,
            parent: parent.unwrap_or(NONE),
            next: self.parts[part as usize].newest,
            losses: state.losses,
            duplicates: state.duplicates,
            is_covered: false,
        });
        self.parts[part as usize].newest = node;
        self.drop_covered_by(node, size);
        Ok(Added { node, is_new_part: is_new })
    }

    /// The number of the part with these words, and whether it is new.
    fn number_of(&mut self, words: &[u16]) -> Result<(u32, bool), Stop> {
        let hash = hash_of(words);
        if let Some(part) = self.part_numbers.find(hash, |part| self.words_of(*part) == words) {
            return Ok((*part, false));
        }
        let number = |count: usize| u32::try_from(count).map_err(|_| Stop::Numbers);
        let part = number(self.parts.len())?;
        self.parts.push(FoundPart { words: number(self.words.len())?, newest: NONE });
        self.words.extend_from_slice(words);
        let mut part_numbers = std::mem::take(&mut self.part_numbers);
        part_numbers.insert_unique(hash, part, |part| hash_of(self.words_of(*part)));
        self.part_numbers = part_numbers;
        Ok((part, true))
    }

    /// The zone of this part that covers a state, whose bounds begin at `start`.
    fn covering(&self, part: u32, state: &SymbolicState, start: usize, size: usize) -> Option<Node> {
        let new = &self.bounds[start..];
        let mut node = self.parts[part as usize].newest;
        while node != NONE {
            let found = &self.zones[node as usize];
            let old = self.bounds_of(node, size);
            let is_covered = if self.merging.inclusion { includes(old, new) } else { old == new };
            if is_covered && found.losses <= state.losses && found.duplicates <= state.duplicates {
                return Some(node);
            }
            node = found.next;
        }
        None
    }

    /// Drops the older zones of a node's part that it covers.
    fn drop_covered_by(&mut self, node: Node, size: usize) {
        let (losses, duplicates) = (self.zones[node as usize].losses, self.zones[node as usize].duplicates);
        let (mut last_kept, mut at) = (node, self.zones[node as usize].next);
        while at != NONE {
            let found = &self.zones[at as usize];
            let older = found.next;
            let has_spent_less = losses <= found.losses && duplicates <= found.duplicates;
            let (new, old) = (self.bounds_of(node, size), self.bounds_of(at, size));
            let covers = if self.merging.inclusion { includes(new, old) } else { new == old };
            if has_spent_less && covers {
                self.zones[last_kept as usize].next = older;
                self.zones[at as usize].next = node;
                self.zones[at as usize].is_covered = true;
                self.covered += 1;
            } else {
                last_kept = at;
            }
            at = older;
        }
    }

    /// How much memory it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        self.words.capacity() * size_of::<u16>()
            + self.parts.capacity() * size_of::<FoundPart>()
            + self.part_numbers.allocation_size()
            + self.bounds.capacity() * size_of::<Bound>()
            + self.zones.capacity() * size_of::<FoundZone>()
    }
}

fn hash_of(words: &[u16]) -> u64 {
    FixedState::default().hash_one(words)
}
