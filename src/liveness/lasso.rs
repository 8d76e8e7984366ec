//! The lasso that shows a fair run: a shortest stem, and a short cycle that grants all that is requested on it.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use std::collections::{HashMap, VecDeque};

use super::search::{FairRunSearch, NODES_BETWEEN_CHECKS};
use super::streett::{StreettConditions, Time, Violation};
use crate::explore::Stopped;
use crate::explore::graph::{Edge, Node};
use crate::invariant::{broken, invariant};

impl<F: StreettConditions> FairRunSearch<'_, F> {
    /// The way to the nearest goal that a forbidden run can take.
    ///
    /// Breadth-first in the product of the graph with the violation, whose two states are [`Phase`]s: a run may
    /// wait with its trigger, and once it has taken it stays `within`.
    pub(super) fn stem(
        &self,
        violation: &Violation<'_>,
        is_goal: impl Fn(Node) -> bool,
    ) -> Result<Option<(Vec<Edge>, Node)>, Stopped> {
        if self.graph.nodes() == 0 {
            return Ok(None);
        }
        let mut product = Product::new(violation, self.graph.nodes());
        let mut end = product.reach(Phase::Before, 0, START).filter(|node| is_goal(*node));
        let mut looked_at = 0;
        while let (None, Some((phase, node))) = (end, product.queue.pop_front()) {
            looked_at += 1;
            if looked_at % NODES_BETWEEN_CHECKS == 0 {
                self.heed_limits()?;
            }
            let by = node << 1 | phase as u32;
            let mut triggered = self.graph.targets(node).iter().filter_map(|to| product.reach(phase, *to, by));
            end = triggered.find(|node| is_goal(*node));
        }
        Ok(end.map(|end| (self.way_back(&product, end), end)))
    }

    /// The edges by which a node was first reached after the trigger.
    fn way_back(&self, product: &Product<'_>, end: Node) -> Vec<Edge> {
        let mut stem = Vec::new();
        let (mut phase, mut node) = (Phase::After, end);
        loop {
            let by = product.reached_by[phase as usize][node as usize];
            if by == START {
                break;
            }
            invariant!(by != UNREACHED, "node {node} of a stem was never reached");
            let source = by >> 1;
            let place = self.graph.targets(source).iter().position(|target| *target == node);
            stem.push((source, place.unwrap_or_else(|| broken(format_args!("no edge from {source} to {node}")))));
            (phase, node) = (if by & 1 == 1 { Phase::After } else { Phase::Before }, source);
        }
        stem.reverse();
        stem
    }

    /// A short cycle from a node through its part that grants all that is requested on it.
    pub(super) fn cycle(&self, base: Node, violation: &Violation<'_>) -> Result<Vec<Edge>, Stopped> {
        let label = self.part[base as usize];
        let mut ledger = self.ledger(violation.time);
        let mut cycle: Vec<Edge> = Vec::new();
        let mut at = base;
        loop {
            self.note_node(at, violation, &mut ledger);
            let open = ledger.open();
            let way = if open.contains(&true) {
                self.way(at, label, violation.time, |(from, place), to| {
                    let by_edge = self.edge_grants(from).swap_remove(place);
                    let by_node = self.fair.grants(to).into_iter();
                    let by_node = by_node.chain((violation.recurs)(to).then_some(self.recurrence()));
                    by_node.chain(by_edge).any(|pair| open[usize::from(pair)])
                })?
            } else if at == base && !cycle.is_empty() {
                return Ok(self.shortest_round(&cycle, violation));
            } else {
                self.way(at, label, violation.time, |_, to| to == base)?
            };
            // A fair part grants what it requests, and is strongly connected.
            invariant!(!way.is_empty(), "no way through a fair part from node {at}");
            for (from, place) in way {
                ledger.grant(self.edge_grants(from).swap_remove(place));
                cycle.push((from, place));
                at = self.graph.target((from, place));
                self.note_node(at, violation, &mut ledger);
            }
        }
    }

    /// A cycle may come through its first node several times; perhaps fewer rounds are enough.
    fn shortest_round(&self, cycle: &[Edge], violation: &Violation<'_>) -> Vec<Edge> {
        let base = cycle.first().map(|(node, _)| *node);
        let starts = cycle.iter().enumerate().filter(|(_, (node, _))| Some(*node) == base).map(|(place, _)| place);
        let visits: Vec<usize> = starts.chain([cycle.len()]).collect();
        let rounds = visits
            .iter()
            .enumerate()
            .flat_map(|(index, from)| visits[index + 1..].iter().map(|to| &cycle[*from..*to]));
        let is_fair = |round: &&[Edge]| {
            let mut ledger = self.ledger(violation.time);
            for (from, place) in *round {
                self.note_node(*from, violation, &mut ledger);
                ledger.grant(self.edge_grants(*from).swap_remove(*place));
            }
            !ledger.open().contains(&true)
        };
        let shortest = rounds.filter(is_fair).min_by_key(|round| round.len());
        shortest.unwrap_or_else(|| broken(format_args!("a cycle that grants all is not fair"))).to_vec()
    }

    /// The shortest way within a part whose last edge is a goal; empty if there is none.
    fn way(
        &self,
        start: Node,
        label: u32,
        time: Time,
        is_goal: impl Fn(Edge, Node) -> bool,
    ) -> Result<Vec<Edge>, Stopped> {
        let mut by: HashMap<Node, Edge> = HashMap::new();
        let mut queue = VecDeque::from([start]);
        let mut looked_at = 0;
        while let Some(node) = queue.pop_front() {
            looked_at += 1;
            if looked_at % NODES_BETWEEN_CHECKS == 0 {
                self.heed_limits()?;
            }
            for (place, target) in self.graph.targets(node).iter().enumerate() {
                if !self.stays((node, place), *target, label, time) {
                    continue;
                }
                if is_goal((node, place), *target) {
                    let mut way = vec![(node, place)];
                    let mut at = node;
                    while at != start {
                        let edge = by[&at];
                        way.push(edge);
                        at = edge.0;
                    }
                    way.reverse();
                    return Ok(way);
                }
                if *target != start && !by.contains_key(target) {
                    by.insert(*target, (node, place));
                    queue.push_back(*target);
                }
            }
        }
        Ok(Vec::new())
    }
}

/// Whether a run has met its trigger.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Before,
    After,
}

/// No run has come to the node.
const UNREACHED: u32 = u32::MAX;
/// The node is where every run starts.
const START: u32 = u32::MAX - 1;

/// What was reached of the product of a graph with a violation.
struct Product<'v> {
    violation: &'v Violation<'v>,
    /// For each phase and each node, where it was first reached from: a node and, in the lowest bit, the phase; or
    /// one of the two above.
    reached_by: [Vec<u32>; 2],
    queue: VecDeque<(Phase, Node)>,
}

impl<'v> Product<'v> {
    fn new(violation: &'v Violation<'v>, nodes: usize) -> Self {
        Self { violation, reached_by: [vec![UNREACHED; nodes], vec![UNREACHED; nodes]], queue: VecDeque::new() }
    }

    /// A run that was in this phase has come to a node, which may be its trigger. The node, if it is reached for
    /// the first time after a trigger.
    fn reach(&mut self, phase: Phase, node: Node, by: u32) -> Option<Node> {
        if phase == Phase::Before {
            self.visit(Phase::Before, node, by);
        }
        let is_after = phase == Phase::After || (self.violation.trigger)(node);
        (is_after && (self.violation.within)(node) && self.visit(Phase::After, node, by)).then_some(node)
    }

    /// Whether it is the first time.
    fn visit(&mut self, phase: Phase, node: Node, by: u32) -> bool {
        let slot = &mut self.reached_by[phase as usize][node as usize];
        let is_first = *slot == UNREACHED;
        if is_first {
            *slot = by;
            self.queue.push_back((phase, node));
        }
        is_first
    }
}
