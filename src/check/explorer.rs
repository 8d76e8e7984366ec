//! Exploring the timed world: every state, exactly, in breadth-first order, on several threads.
//!
//! The states of one depth are expanded batch by batch. Of a batch, every thread first expands chunks: what they lead
//! to either has a number already or is *fresh*. Then each thread tells equal fresh states apart among those whose
//! hash falls to it. Then the fresh states get their numbers in the order in which a single thread would have come
//! upon them, so that the graph is the same whatever the number of threads.

use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Instant;

use hashbrown::HashTable;

use super::graph::{Graph, Node};
use super::states::{Numbers, States, hash_of};
use super::{Extent, Instance, Limits, Stopped};
use crate::world::{Action, Limit, Reactions, TimedWorld, WorldState};

/// What was explored of a world.
pub(super) struct StateGraph {
    /// The states, numbered in breadth-first order: the first is the initial one.
    pub(super) states: States,
    /// The edges of a state are its enabled actions, in their order; of states that were not expanded, none.
    pub(super) graph: Graph,
    /// For each instance, the first state that reveals it.
    pub(super) revealed: Vec<Option<Node>>,
    /// Why not every state was expanded.
    pub(super) stopped: Option<Stopped>,
    /// How far it came.
    pub(super) extent: Extent,
}

/// When there is nothing more to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Until {
    /// Every state has been expanded.
    Exhausted,
    /// Some instance has been revealed.
    Revealed,
}

/// How many states are expanded between two looks at the limits.
const BATCH: usize = 1 << 14;

/// How many states a thread expands at a time.
const CHUNK: usize = 1 << 9;

/// What the search for cycles takes for each state, in bytes; the exploration leaves room for it.
const FOR_CYCLES: usize = 16;

/// A target that has no number yet: its place among the fresh states of its chunk.
const FRESH: u32 = 1 << 31;

/// Explores a world until there is nothing more to look for, or a limit is hit.
pub(super) fn explore(
    world: &TimedWorld,
    instances: &[Instance],
    until: Until,
    threads: usize,
    limits: Limits<'_>,
    progress: &dyn Fn(&Extent),
) -> StateGraph {
    let start = Instant::now();
    let mut explorer = Explorer::new(world, instances, threads);
    let mut expanded = 0;
    // Numbers below FRESH are left for the states that the last batch may find.
    let most = limits.max_states.unwrap_or(usize::MAX).min(FRESH as usize - BATCH * 1024);
    let mut depth = 0;
    let mut end_of_level = explorer.states.len();
    while expanded < explorer.states.len() && explorer.stopped.is_none() {
        if until == Until::Revealed && explorer.revealed.iter().any(Option::is_some) {
            break;
        }
        if expanded == end_of_level {
            depth += 1;
            end_of_level = explorer.states.len();
        }
        let room = explorer.bytes() + explorer.growth() <= limits.max_memory.unwrap_or(usize::MAX);
        explorer.stopped = limits
            .cut_off()
            .or_else(|| (!room).then_some(Stopped::MaxMemory))
            .or_else(|| (expanded >= most).then_some(Stopped::MaxStates));
        if explorer.stopped.is_none() {
            let end = end_of_level.min(expanded + BATCH).min(most);
            explorer.expand(expanded, end);
            expanded = end;
            progress(&explorer.extent(depth, start));
        }
    }
    let extent = explorer.extent(depth, start);
    let Explorer { states, graph, revealed, stopped, .. } = explorer;
    StateGraph { states, graph, revealed, stopped, extent }
}

struct Explorer<'w> {
    world: &'w TimedWorld,
    instances: &'w [Instance],
    states: States,
    graph: Graph,
    revealed: Vec<Option<Node>>,
    stopped: Option<Stopped>,
    /// One for each thread.
    workers: Vec<Worker>,
    /// One for each thread: the states whose hash falls to it.
    numbers: Vec<Numbers>,
}

/// What a thread keeps from one chunk to the next.
#[derive(Default)]
struct Worker {
    reactions: Reactions,
    actions: Vec<Action>,
    /// What they lead to.
    next: Vec<WorldState>,
    hashes: Vec<u64>,
}

/// What the states of a chunk lead to.
#[derive(Default)]
struct Chunk {
    /// How many edges each state has.
    degrees: Vec<u16>,
    /// Where they lead: numbers, or [`FRESH`] and a place in `fresh`.
    targets: Vec<u32>,
    fresh: Vec<WorldState>,
    /// The hashes of the fresh states.
    hashes: Vec<u64>,
    /// The instances that a state reveals which none did before, and the first such state.
    revealed: Vec<(usize, Node)>,
    limit: Option<Limit>,
}

/// A fresh state, as its chunk and its place there.
type Place = (usize, u32);

impl<'w> Explorer<'w> {
    fn new(world: &'w TimedWorld, instances: &'w [Instance], threads: usize) -> Self {
        let mut explorer = Self {
            world,
            instances,
            states: States::default(),
            graph: Graph::default(),
            revealed: vec![None; instances.len()],
            stopped: None,
            workers: (0..threads).map(|_| Worker::default()).collect(),
            numbers: (0..threads).map(|_| Numbers::default()).collect(),
        };
        match world.initial() {
            Ok(initial) => explorer.number(&[Chunk {
                hashes: vec![hash_of(&initial)],
                fresh: vec![initial],
                ..Chunk::default()
            }]),
            Err(limit) => explorer.stopped = Some(Stopped::Limit(limit)),
        }
        explorer
    }

    /// Expands the states from one number up to, but not including, another.
    fn expand(&mut self, from: usize, to: usize) {
        let mut workers = std::mem::take(&mut self.workers);
        let this = &*self;
        let next = AtomicUsize::new(from);
        let chunks = on_threads(&mut workers, to - from <= CHUNK, |worker, _| {
            let starts = std::iter::from_fn(|| Some(next.fetch_add(CHUNK, Ordering::Relaxed)));
            let own = starts.take_while(|start| *start < to);
            own.map(|start| (start, this.expand_chunk(worker, start, to.min(start + CHUNK)))).collect::<Vec<_>>()
        });
        self.workers = workers;
        let mut chunks: Vec<(usize, Chunk)> = chunks.into_iter().flatten().collect();
        chunks.sort_unstable_by_key(|(start, _)| *start);
        let chunks: Vec<Chunk> = chunks.into_iter().map(|(_, chunk)| chunk).collect();
        for chunk in &chunks {
            self.note(&chunk.revealed);
            if let Some(limit) = chunk.limit {
                self.stopped.get_or_insert(Stopped::Limit(limit));
            }
        }
        self.number(&chunks);
        if self.stopped.is_some() {
            // What was found by now can still decide a property.
            let found = to..self.states.len();
            let revealed = self.look(found);
            self.note(&revealed);
        }
    }

    /// What the states from one number up to another reveal that no state did before.
    fn look(&self, nodes: Range<usize>) -> Vec<(usize, Node)> {
        let mut revealed = Vec::new();
        let hidden = |(_, first): &(usize, &Option<Node>)| first.is_none();
        let mut hidden: Vec<usize> =
            self.revealed.iter().enumerate().filter(hidden).map(|(index, _)| index).collect();
        for node in nodes.map(number) {
            let Some(state) = self.states.get(node) else {
                break;
            };
            hidden.retain(|index| {
                let is_revealed =
                    self.instances.get(*index).is_some_and(|instance| instance.is_revealed_by(state));
                if is_revealed {
                    revealed.push((*index, node));
                }
                !is_revealed
            });
        }
        revealed
    }

    fn note(&mut self, revealed: &[(usize, Node)]) {
        for (instance, node) in revealed {
            if let Some(first) = self.revealed.get_mut(*instance) {
                first.get_or_insert(*node);
            }
        }
    }

    fn expand_chunk(&self, worker: &mut Worker, from: usize, to: usize) -> Chunk {
        let mut chunk = Chunk { revealed: self.look(from..to), ..Chunk::default() };
        for node in from..to {
            let Some(state) = self.states.get(number(node)) else {
                break;
            };
            worker.actions.clear();
            self.world.enabled(state, &mut worker.actions);
            // Not one by one: so that the processor waits for several of the states in memory at once.
            worker.next.clear();
            for action in &worker.actions {
                match self.world.step_remembering(state, *action, &mut worker.reactions) {
                    Ok(next) => worker.next.push(next),
                    Err(limit) => chunk.limit = chunk.limit.or(Some(limit)),
                }
            }
            if worker.next.len() < worker.actions.len() {
                // It has no row rather than one with a gap.
                worker.next.clear();
            }
            worker.hashes.clear();
            worker.hashes.extend(worker.next.iter().map(hash_of));
            for (hash, next) in worker.hashes.iter().zip(&worker.next) {
                self.target(*hash, next, &mut chunk);
            }
            #[expect(clippy::cast_possible_truncation, reason = "a world has a few hundred actions at most")]
            chunk.degrees.push(worker.next.len() as u16);
        }
        chunk
    }

    fn target(&self, hash: u64, state: &WorldState, chunk: &mut Chunk) {
        let numbers = self.numbers.get(share_of(hash, self.numbers.len()));
        let known = numbers.and_then(|numbers| numbers.find(hash, state, &self.states));
        chunk.targets.push(known.unwrap_or_else(|| {
            #[expect(clippy::cast_possible_truncation, reason = "a chunk leads to far fewer states")]
            let place = chunk.fresh.len() as u32;
            chunk.fresh.push(*state);
            chunk.hashes.push(hash);
            FRESH | place
        }));
    }

    /// Gives fresh states their numbers, and adds the rows of edges that lead to them.
    fn number(&mut self, chunks: &[Chunk]) {
        let small = chunks.len() == 1;
        let mut numbers = std::mem::take(&mut self.numbers);
        let count = numbers.len();
        let firsts = on_threads(&mut numbers, small, |_, share| tell_apart((share, count), chunks));

        // For each fresh state the place of the first one that is equal, and then its number.
        let mut first_of: Vec<Vec<Place>> = chunks.iter().map(|chunk| vec![(0, 0); chunk.fresh.len()]).collect();
        for (place, first) in firsts.into_iter().flatten() {
            if let Some(slot) = first_of.get_mut(place.0).and_then(|chunk| chunk.get_mut(place.1 as usize)) {
                *slot = first;
            }
        }
        let mut number_of: Vec<Vec<Node>> = Vec::with_capacity(chunks.len());
        let mut added: Vec<(u64, Node)> = Vec::new();
        for (index, (chunk, first_of)) in chunks.iter().zip(&first_of).enumerate() {
            number_of.push(Vec::with_capacity(chunk.fresh.len()));
            for (place, first) in (0..).zip(first_of) {
                let number = if *first == (index, place) {
                    let number = number(self.states.len());
                    if let (Some(state), Some(hash)) =
                        (chunk.fresh.get(place as usize), chunk.hashes.get(place as usize))
                    {
                        self.states.push(*state);
                        added.push((*hash, number));
                    }
                    number
                } else {
                    number_of.get(first.0).and_then(|chunk| chunk.get(first.1 as usize)).copied().unwrap_or(FRESH)
                };
                if let Some(numbers) = number_of.last_mut() {
                    numbers.push(number);
                }
            }
        }

        let states = &self.states;
        on_threads(&mut numbers, small, |numbers, share| {
            for (hash, node) in added.iter().filter(|(hash, _)| share_of(*hash, count) == share) {
                numbers.insert(*hash, *node, states);
            }
        });
        self.numbers = numbers;

        for (chunk, numbers) in chunks.iter().zip(&number_of) {
            let mut targets = chunk.targets.as_slice();
            for degree in &chunk.degrees {
                let (row, rest) = targets.split_at_checked(usize::from(*degree)).unwrap_or((targets, &[]));
                targets = rest;
                self.graph.push(row.iter().map(|target| match target & FRESH {
                    0 => *target,
                    _ => numbers.get((target & !FRESH) as usize).copied().unwrap_or(FRESH),
                }));
            }
        }
    }

    fn extent(&self, depth: usize, start: Instant) -> Extent {
        Extent {
            states: self.states.len(),
            transitions: self.graph.edges(),
            depth: Some(depth),
            bytes: self.bytes(),
            elapsed: start.elapsed(),
        }
    }

    fn bytes(&self) -> usize {
        let numbers: usize = self.numbers.iter().map(Numbers::bytes).sum();
        let reactions: usize = self.workers.iter().map(|worker| worker.reactions.bytes()).sum();
        self.states.bytes() + numbers + self.graph.bytes() + reactions
    }

    /// What the next batch and the search for cycles may take beyond that: sets of numbers double when they grow.
    fn growth(&self) -> usize {
        let numbers: usize = self.numbers.iter().map(Numbers::bytes).sum();
        2 * numbers + FOR_CYCLES * self.states.len()
    }
}

/// The fresh states whose hash falls to one of `count` threads, each with the first one that is equal to it.
fn tell_apart((share, count): (usize, usize), chunks: &[Chunk]) -> Vec<(Place, Place)> {
    let state_at = |(chunk, place): Place| chunks.get(chunk).and_then(|chunk| chunk.fresh.get(place as usize));
    let hash_at = |(chunk, place): Place| chunks.get(chunk).and_then(|chunk| chunk.hashes.get(place as usize));
    let mut firsts: HashTable<Place> = HashTable::new();
    let mut found = Vec::new();
    for (index, chunk) in chunks.iter().enumerate() {
        for (number, (hash, state)) in (0..).zip(chunk.hashes.iter().zip(&chunk.fresh)) {
            if share_of(*hash, count) != share {
                continue;
            }
            let place = (index, number);
            let first = firsts.entry(
                *hash,
                |first| state_at(*first) == Some(state),
                |first| hash_at(*first).copied().unwrap_or(0),
            );
            found.push((place, *first.or_insert(place).get()));
        }
    }
    found
}

#[expect(clippy::cast_possible_truncation, reason = "all numbers are below FRESH")]
fn number(index: usize) -> Node {
    index as Node
}

/// To which of `count` threads a hash falls; by bits that the sets of numbers do not go by.
fn share_of(hash: u64, count: usize) -> usize {
    (hash >> 32) as usize % count.max(1)
}

/// Lets each worker do its job on a thread of its own, and returns what they come to, in order. Small jobs, and that
/// of an only worker, are done on this thread.
fn on_threads<W: Send, T: Send>(
    workers: &mut [W],
    small: bool,
    job: impl Fn(&mut W, usize) -> T + Sync,
) -> Vec<T> {
    if small || workers.len() == 1 {
        return workers.iter_mut().enumerate().map(|(index, worker)| job(worker, index)).collect();
    }
    thread::scope(|scope| {
        let job = &job;
        let spawn = |(index, worker)| scope.spawn(move || job(worker, index));
        let handles: Vec<_> = workers.iter_mut().enumerate().map(spawn).collect();
        handles.into_iter().map(|handle| handle.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}
