//! Exploring the timed world: every state, exactly, in breadth-first order, on several threads.
//!
//! The states of one depth are expanded batch by batch. Each stage of a batch is done by all threads, and ends
//! before the next begins:
//!
//! ```text
//!  batch of states        │ 1 expand        what a chunk of states leads to: a number, or a *fresh* state
//!  ┌──────┬──────┬──────┐ │ 2 deduplicate   equal fresh states, among those whose hash falls to a thread's share
//!  │chunk │chunk │chunk │ │ 3 number        in the order in which one thread would have met them (one thread)
//!  └──────┴──────┴──────┘ │ 4 insert        into the visited sets, one for each share
//!                         │ 5 rows          of edges, now that every target has a number (one thread)
//! ```
//!
//! So the graph is the same whatever the number of threads. Within a chunk a few states are expanded together, so
//! that the processor waits once for the memory of all of them ([`STATES_PER_PREFETCH`]).

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::chunk::{Chunk, Duplicate, FRESH, Place, Witnesses, Worker, deduplicate, insert, number};
use super::graph::{Graph, Node};
use super::limits::{ExplorationStats, Limits, Stopped};
use super::states::States;
use super::threads::{on_threads, share_of};
use super::visited::{VisitedSet, hash_of};
use crate::invariant::invariant;
use crate::model::{Layout, OneIncarnation, TimedWorld};
use crate::property::Instance;

/// What was explored of a world.
pub(crate) struct StateGraph<L: Layout = OneIncarnation> {
    /// The states, numbered in breadth-first order: the first is the initial one.
    pub(crate) states: States<L>,
    /// The edges of a state are its enabled actions, in their order; of states that were not expanded, none.
    pub(crate) graph: Graph,
    /// For each instance, the first state that reveals it.
    pub(crate) revealed: Vec<Option<Node>>,
    /// For each instance, whether some state has exercised it.
    pub(crate) exercised: Vec<bool>,
    /// Why not every state was expanded.
    pub(crate) stopped: Option<Stopped>,
    /// How far it came.
    pub(crate) stats: ExplorationStats,
    /// For each depth, the first state that lies so deep.
    levels: Vec<usize>,
}

impl<L: Layout> StateGraph<L> {
    /// How many steps the shortest path to a state has.
    pub(crate) fn depth_of(&self, node: Node) -> usize {
        let level = self.levels.partition_point(|first| *first <= node as usize);
        invariant!(level > 0, "state {node} lies on no level");
        level - 1
    }
}

/// When the exploration ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// Every state has been expanded.
    Exhausted,
    /// Some instance has been revealed.
    Revealed,
}

/// How many states are expanded between two checks of the limits.
const STATES_PER_BATCH: usize = 1 << 14;

/// How many states a thread expands at a time.
const STATES_PER_CHUNK: usize = 1 << 9;

/// How many states are expanded together.
const STATES_PER_PREFETCH: usize = 1 << 4;

/// What the search for cycles takes for each state, in bytes, all lists at their longest; the exploration leaves
/// room for it.
const CYCLE_SEARCH_BYTES_PER_STATE: usize = 64;

/// No more states than this have a number before a batch, so that all that it may find have numbers below
/// [`FRESH`].
const MAX_STATES_BEFORE_BATCH: usize = FRESH as usize - STATES_PER_BATCH * 1024;

/// Explores a world until nothing is left to find, or a limit is hit.
pub(crate) fn explore<L: Layout>(
    world: &TimedWorld<L>,
    instances: &[Instance],
    until: Until,
    threads: usize,
    limits: Limits<'_>,
    progress: &dyn Fn(&ExplorationStats),
) -> StateGraph<L> {
    let start = Instant::now();
    let mut explorer = Explorer::new(world, instances, threads);
    let mut expanded = 0;
    let most = limits.max_states.unwrap_or(usize::MAX);
    let mut depth = 0;
    let mut end_of_level = explorer.states.len();
    let mut levels = vec![0];
    while expanded < explorer.states.len() && explorer.stopped.is_none() {
        if until == Until::Revealed && explorer.revealed.iter().any(Option::is_some) {
            break;
        }
        if expanded == end_of_level {
            depth += 1;
            levels.push(expanded);
            end_of_level = explorer.states.len();
        }
        let room = explorer.bytes() + explorer.growth() <= limits.max_memory.unwrap_or(usize::MAX);
        explorer.stopped = limits
            .cut_off()
            .or_else(|| (!room).then_some(Stopped::MaxMemory))
            .or_else(|| (expanded >= most).then_some(Stopped::MaxStates))
            .or_else(|| (explorer.states.len() >= MAX_STATES_BEFORE_BATCH).then_some(Stopped::Numbers));
        if explorer.stopped.is_none() {
            let end = end_of_level.min(expanded + STATES_PER_BATCH).min(most);
            explorer.expand(expanded, end);
            expanded = end;
            progress(&explorer.stats(expanded, depth, start));
        }
    }
    if let Some(Stopped::MaxStates | Stopped::Limit(_)) = explorer.stopped {
        // What was found by now can still decide a property.
        let witnesses = explorer.record_witness(expanded..explorer.states.len());
        explorer.note(&witnesses);
    }
    let stats = explorer.stats(expanded, depth, start);
    // What was found and not expanded may lie one deeper.
    levels.push(end_of_level);
    let Explorer { states, graph, revealed, exercised, stopped, .. } = explorer;
    StateGraph { states, graph, revealed, exercised, stopped, stats, levels }
}

struct Explorer<'w, L: Layout> {
    world: &'w TimedWorld<L>,
    instances: &'w [Instance],
    states: States<L>,
    graph: Graph,
    revealed: Vec<Option<Node>>,
    exercised: Vec<bool>,
    stopped: Option<Stopped>,
    /// One for each thread.
    workers: Vec<Worker<L>>,
    /// One for each thread: the states whose hash falls to it.
    visited: Vec<VisitedSet>,
}

impl<'w, L: Layout> Explorer<'w, L> {
    fn new(world: &'w TimedWorld<L>, instances: &'w [Instance], threads: usize) -> Self {
        // More would find no chunk to expand.
        let threads = threads.clamp(1, STATES_PER_BATCH / STATES_PER_CHUNK);
        let mut explorer = Self {
            world,
            instances,
            states: States::default(),
            graph: Graph::default(),
            revealed: vec![None; instances.len()],
            exercised: vec![false; instances.len()],
            stopped: None,
            workers: (0..threads).map(|_| Worker::default()).collect(),
            visited: (0..threads).map(|_| VisitedSet::default()).collect(),
        };
        match world.initial() {
            Ok(initial) => explorer.give_numbers(vec![Chunk {
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
        let chunks = on_threads(&mut workers, to - from <= STATES_PER_CHUNK, |worker, _| {
            let starts = std::iter::from_fn(|| Some(next.fetch_add(STATES_PER_CHUNK, Ordering::Relaxed)));
            let own = starts.take_while(|start| *start < to);
            own.map(|start| (start, this.expand_chunk(worker, start, to.min(start + STATES_PER_CHUNK))))
                .collect::<Vec<_>>()
        });
        self.workers = workers;
        let mut chunks: Vec<(usize, Chunk<L>)> = chunks.into_iter().flatten().collect();
        chunks.sort_unstable_by_key(|(start, _)| *start);
        let chunks: Vec<Chunk<L>> = chunks.into_iter().map(|(_, chunk)| chunk).collect();
        for chunk in &chunks {
            self.note(&chunk.witnesses);
            if let Some(limit) = chunk.limit {
                self.stopped.get_or_insert(Stopped::Limit(limit));
            }
        }
        self.give_numbers(chunks);
    }

    /// What the states from one number up to another show that no state did before.
    fn record_witness(&self, nodes: Range<usize>) -> Witnesses {
        let mut witnesses = Witnesses::default();
        let all = || self.instances.iter().enumerate();
        let mut hidden: Vec<_> = all().filter(|(index, _)| self.revealed[*index].is_none()).collect();
        let mut unexercised: Vec<_> = all().filter(|(index, _)| !self.exercised[*index]).collect();
        for node in nodes.map(number) {
            let state = self.states.get(node);
            hidden.retain(|(index, instance)| {
                let is_revealed = instance.is_revealed_by(state);
                if is_revealed {
                    witnesses.revealed.push((*index, node));
                }
                !is_revealed
            });
            unexercised.retain(|(index, instance)| {
                let is_exercised = instance.is_exercised_by(state);
                if is_exercised {
                    witnesses.exercised.push(*index);
                }
                !is_exercised
            });
        }
        witnesses
    }

    fn note(&mut self, witnesses: &Witnesses) {
        for (instance, node) in &witnesses.revealed {
            self.revealed[*instance].get_or_insert(*node);
        }
        for instance in &witnesses.exercised {
            self.exercised[*instance] = true;
        }
    }

    fn expand_chunk(&self, worker: &mut Worker<L>, from: usize, to: usize) -> Chunk<L> {
        let mut chunk = Chunk { witnesses: self.record_witness(from..to), ..Chunk::default() };
        for start in (from..to).step_by(STATES_PER_PREFETCH) {
            self.expand_group(worker, start..to.min(start + STATES_PER_PREFETCH), &mut chunk);
        }
        chunk
    }

    fn expand_group(&self, worker: &mut Worker<L>, nodes: Range<usize>, chunk: &mut Chunk<L>) {
        self.take_actions(worker, nodes, chunk);
        self.look_up(worker, chunk);
    }

    /// What these states lead to, and how many each.
    fn take_actions(&self, worker: &mut Worker<L>, nodes: Range<usize>, chunk: &mut Chunk<L>) {
        let Worker { reactions, actions, next, .. } = worker;
        next.clear();
        for state in nodes.map(|node| self.states.get(number(node))) {
            let before = next.len();
            actions.clear();
            self.world.enabled(state, actions);
            for action in &*actions {
                match self.world.step_cached(state, *action, reactions) {
                    Ok(after) => next.push(after),
                    Err(limit) => chunk.limit = chunk.limit.or(Some(limit)),
                }
            }
            if next.len() - before < actions.len() {
                // It has no row rather than one with a gap.
                next.truncate(before);
            }
            chunk.rows.push_degree(next.len() - before);
        }
    }

    /// The numbers of the states that these led to; those that have none yet are fresh.
    ///
    /// Step by step for all of them: to wait for memory takes the most time, and so they wait together.
    fn look_up(&self, worker: &mut Worker<L>, chunk: &mut Chunk<L>) {
        let Worker { next, hashes, slots, candidates, .. } = worker;
        hashes.clear();
        hashes.extend(next.iter().map(hash_of));
        slots.clear();
        slots.extend(hashes.iter().map(|hash| self.visited_by(*hash).first_slot(*hash)));
        candidates.clear();
        let likely = |(hash, slot): (&u64, &u64)| self.visited_by(*hash).candidate(*hash, *slot);
        candidates.extend(hashes.iter().zip(&*slots).map(likely));
        for ((hash, state), candidate) in hashes.iter().zip(&*next).zip(&*candidates) {
            let known = match candidate {
                Some(node) if self.states.get(*node) == state => Some(*node),
                Some(_) => self.visited_by(*hash).find(*hash, state, &self.states),
                None => None,
            };
            chunk.rows.targets_mut().push(known.unwrap_or_else(|| {
                chunk.fresh.push(*state);
                chunk.hashes.push(*hash);
                FRESH | number(chunk.fresh.len() - 1)
            }));
        }
    }

    fn visited_by(&self, hash: u64) -> &VisitedSet {
        &self.visited[share_of(hash, self.visited.len())]
    }

    /// Gives fresh states their numbers, and adds the rows of edges that lead to them: stages 2 to 5.
    fn give_numbers(&mut self, chunks: Vec<Chunk<L>>) {
        let small = chunks.len() == 1;
        let mut visited = std::mem::take(&mut self.visited);
        let count = visited.len();
        let equals = on_threads(&mut visited, small, |_, share| deduplicate((share, count), &chunks));
        let number_of = self.number_in_order(&chunks, &equals);
        on_threads(&mut visited, small, |visited, share| insert(visited, &equals[share], &chunks, &number_of));
        self.visited = visited;
        self.add_rows(chunks, &number_of);
    }

    /// Adds the rows of these chunks, now that every fresh state has a number.
    fn add_rows(&mut self, mut chunks: Vec<Chunk<L>>, number_of: &[Vec<Node>]) {
        for (chunk, numbers) in chunks.iter_mut().zip(number_of) {
            for target in chunk.rows.targets_mut().iter_mut().filter(|target| **target & FRESH != 0) {
                *target = numbers[(*target & !FRESH) as usize];
            }
        }
        for chunk in chunks {
            self.graph.push(chunk.rows);
        }
    }

    /// The number of each fresh state: in the order of their places, and the same for equal ones.
    fn number_in_order(&mut self, chunks: &[Chunk<L>], equals: &[Vec<Duplicate>]) -> Vec<Vec<Node>> {
        let mut first_of: Vec<Vec<Place>> = chunks.iter().map(|chunk| vec![(0, 0); chunk.fresh.len()]).collect();
        for ((chunk, place), first) in equals.iter().flatten() {
            first_of[*chunk as usize][*place as usize] = *first;
        }
        let mut number_of: Vec<Vec<Node>> = chunks.iter().map(|chunk| vec![FRESH; chunk.fresh.len()]).collect();
        for ((index, chunk), firsts) in (0..).zip(chunks).zip(&first_of) {
            for ((place, state), first) in (0..).zip(&chunk.fresh).zip(firsts) {
                let node = if *first == (index, place) {
                    self.states.push(*state);
                    number(self.states.len() - 1)
                } else {
                    // The first has its number already: it comes before.
                    number_of[first.0 as usize][first.1 as usize]
                };
                invariant!(node < FRESH, "a fresh state without a number");
                number_of[index as usize][place as usize] = node;
            }
        }
        number_of
    }

    fn stats(&self, expanded: usize, depth: usize, start: Instant) -> ExplorationStats {
        ExplorationStats {
            states: self.states.len(),
            frontier: self.states.len() - expanded,
            transitions: self.graph.edges(),
            depth: Some(depth),
            bytes: self.bytes(),
            elapsed: start.elapsed(),
        }
    }

    fn bytes(&self) -> usize {
        let numbers: usize = self.visited.iter().map(VisitedSet::bytes).sum();
        let reactions: usize = self.workers.iter().map(|worker| worker.reactions.bytes()).sum();
        self.states.bytes() + numbers + self.graph.bytes() + reactions
    }

    /// What the search for cycles may take beyond that, and the sets of numbers: when one grows by half, the old
    /// one is still there. A batch takes a few MiB more.
    fn growth(&self) -> usize {
        let numbers: usize = self.visited.iter().map(VisitedSet::bytes).sum();
        2 * numbers + CYCLE_SEARCH_BYTES_PER_STATE * self.states.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Arc;

    use super::*;
    use crate::check::Library;
    use crate::model::WorldState;
    use crate::property::Property;
    use crate::scenario::Scenario;

    fn scenario(name: &str) -> (Arc<Scenario>, Vec<Instance>) {
        let library = Library::shipped().unwrap();
        let properties: Vec<Arc<Property>> = library.properties(&["no-reset".to_owned()]).unwrap();
        let instances = properties.iter().flat_map(Instance::all).collect();
        (library.scenarios(&[name.to_owned()], &[], 1).unwrap().remove(0), instances)
    }

    fn explored(name: &str, until: Until, threads: usize, limits: Limits<'_>) -> StateGraph {
        let (scenario, instances) = scenario(name);
        explore(&TimedWorld::new(scenario.config), &instances, until, threads, limits, &|_| {})
    }

    /// By the plainest of searches: the states in the order in which they are found, where each leads, and the
    /// depth of the last.
    fn oracle(name: &str) -> (Vec<WorldState>, Vec<Vec<Node>>, usize) {
        let world = TimedWorld::new(scenario(name).0.config);
        let mut states = vec![(world.initial().unwrap(), 0)];
        let mut numbers = HashMap::from([(states[0].0, 0)]);
        let mut rows = Vec::new();
        let mut actions = Vec::new();
        while let Some((state, depth)) = states.get(rows.len()).copied() {
            actions.clear();
            world.enabled(&state, &mut actions);
            let row = actions.iter().map(|action| {
                let next = world.step(&state, *action).unwrap();
                *numbers.entry(next).or_insert_with(|| {
                    states.push((next, depth + 1));
                    number(states.len() - 1)
                })
            });
            rows.push(row.collect());
        }
        let depth = states.last().unwrap().1;
        (states.into_iter().map(|(state, _)| state).collect(), rows, depth)
    }

    #[test]
    fn the_graph_is_that_of_a_plain_search_on_any_number_of_threads() {
        // With levels of fewer states than a chunk, and of more than a batch.
        for name in ["never-closes", "half-close"] {
            let (states, rows, depth) = oracle(name);
            for threads in [1, 2, 5] {
                let found = explored(name, Until::Exhausted, threads, Limits::NONE);
                assert!(found.states.iter().eq(&states), "{name} on {threads} threads");
                assert_eq!((found.graph.nodes(), found.stopped), (rows.len(), None));
                for (node, row) in (0..).zip(&rows) {
                    assert_eq!(found.graph.targets(node), row, "{name} on {threads} threads, of {node}");
                }
                let edges: usize = rows.iter().map(Vec::len).sum();
                let seen = found.stats;
                assert_eq!((seen.states, seen.transitions, seen.depth), (states.len(), edges, Some(depth)));
            }
        }
    }

    #[test]
    fn the_first_state_that_reveals_an_instance_is_noted_and_ends_a_search_for_one() {
        let (_, instances) = scenario("one-msl");
        let (states, ..) = oracle("one-msl");
        let first =
            |instance: &Instance| states.iter().position(|state| instance.is_revealed_by(state)).map(number);
        let oracle: Vec<_> = instances.iter().map(first).collect();
        assert!(oracle.contains(&None) && oracle.iter().any(Option::is_some));
        let all = explored("one-msl", Until::Exhausted, 2, Limits::NONE);
        assert_eq!(all.revealed, oracle);
        let some = explored("one-msl", Until::Revealed, 1, Limits::NONE);
        assert_eq!(some.revealed.iter().flatten().min(), oracle.iter().flatten().min());
        assert!(some.states.len() < all.states.len() && some.stopped.is_none());
    }

    #[test]
    fn a_limit_is_kept_and_said() {
        let limits = Limits { max_states: Some(1000), ..Limits::NONE };
        let cut = explored("simultaneous", Until::Exhausted, 2, limits);
        assert_eq!((cut.graph.nodes(), cut.stopped), (1000, Some(Stopped::MaxStates)));
        let limits = Limits { max_memory: Some(4 << 20), ..Limits::NONE };
        let cut = explored("half-close", Until::Exhausted, 1, limits);
        assert_eq!(cut.stopped, Some(Stopped::MaxMemory));
        let whole = explored("half-close", Until::Exhausted, 1, Limits::NONE).stats;
        assert!(cut.stats.states < whole.states && cut.stats.bytes <= 6 << 20);
    }

    /// What the design promises: at most 80 bytes a state, edges aside.
    #[test]
    fn a_state_takes_so_many_bytes() {
        let found = explored("data-in-flight", Until::Exhausted, 2, Limits::NONE);
        let bytes = found.stats.bytes - found.graph.bytes();
        assert!(bytes <= 80 * found.states.len(), "{} bytes a state", bytes / found.states.len());
    }
}
