//! Tarjan's algorithm: the strongly connected components of a graph in which a walk can go round forever.
//!
//! By hand: petgraph's returns all components at once and cannot stop at a limit. The tests hold it against
//! petgraph's.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use crate::explore::graph::{Edge, Graph, Node};
use crate::explore::{Limits, Stopped};
use crate::invariant::broken;

/// The index of a node that the search has not visited.
const UNVISITED: u32 = 0;
/// The index of a node whose component is known.
const ASSIGNED: u32 = u32::MAX;

/// Tarjan's algorithm. Its memory is used again from one part of the graph to the next; what it has found is not.
pub(crate) struct Tarjan<'g> {
    graph: &'g Graph,
    limits: Limits<'g>,
    /// For each node, its number in the order of the visits, from 1 on; or one of the two above.
    index: Vec<u32>,
}

/// A node on the path from the root to where the search is.
struct Frame {
    node: Node,
    next_edge: u32,
    /// The lowest index on the stack that is known to be reached from here.
    low: u32,
}

/// How many nodes are visited between two checks of the limits: more than by the search for fair runs, for a visit
/// is no more than a look at the edges.
const VISITS_BETWEEN_CHECKS: u32 = 1 << 16;

impl<'g> Tarjan<'g> {
    /// A search in this graph, which ends when the time is up.
    pub(crate) fn new(graph: &'g Graph, limits: Limits<'g>) -> Self {
        Self { graph, limits, index: vec![UNVISITED; graph.nodes()] }
    }

    /// Finds each component, among these nodes and those edges between them that are `kept`, in which a walk can
    /// go round: one of several nodes, or of one that has an edge to itself. A kept edge leads to one of these
    /// nodes.
    pub(crate) fn cyclic(
        &mut self,
        nodes: impl Iterator<Item = Node> + Clone,
        kept: impl Fn(Edge, Node) -> bool,
        mut found: impl FnMut(&[Node]),
    ) -> Result<(), Stopped> {
        let graph = self.graph;
        let mut last = UNVISITED;
        let mut stack: Vec<Node> = Vec::new();
        let mut path: Vec<Frame> = Vec::new();
        for root in nodes.clone() {
            if self.index[root as usize] == UNVISITED {
                path.push(self.enter(root, &mut last, &mut stack)?);
            }
            while let Some(frame) = path.last_mut() {
                let node = frame.node;
                let mut deeper = None;
                for (place, target) in graph.targets(node).iter().enumerate().skip(frame.next_edge as usize) {
                    frame.next_edge += 1;
                    if !kept((node, place), *target) {
                        continue;
                    }
                    match self.index[*target as usize] {
                        UNVISITED => {
                            deeper = Some(*target);
                            break;
                        }
                        ASSIGNED => {}
                        index => frame.low = frame.low.min(index),
                    }
                }
                if let Some(target) = deeper {
                    path.push(self.enter(target, &mut last, &mut stack)?);
                    continue;
                }
                let low = frame.low;
                path.pop();
                if let Some(before) = path.last_mut() {
                    before.low = before.low.min(low);
                }
                if low == self.index[node as usize] {
                    let start = stack.iter().rposition(|other| *other == node);
                    let start =
                        start.unwrap_or_else(|| broken(format_args!("node {node} is not on Tarjan's stack")));
                    let component = &stack[start..];
                    for member in component {
                        self.index[*member as usize] = ASSIGNED;
                    }
                    let to_itself = |(place, to): (usize, &Node)| *to == node && kept((node, place), node);
                    if component.len() > 1 || graph.targets(node).iter().enumerate().any(to_itself) {
                        found(component);
                    }
                    stack.truncate(start);
                }
            }
        }
        for node in nodes {
            self.index[node as usize] = UNVISITED;
        }
        Ok(())
    }

    fn enter(&mut self, node: Node, last: &mut u32, stack: &mut Vec<Node>) -> Result<Frame, Stopped> {
        *last += 1;
        if last.is_multiple_of(VISITS_BETWEEN_CHECKS)
            && let Some(stopped) = self.limits.cut_off()
        {
            return Err(stopped);
        }
        self.index[node as usize] = *last;
        stack.push(node);
        Ok(Frame { node, next_edge: 0, low: *last })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use petgraph::algo::tarjan_scc;
    use petgraph::graph::DiGraph;
    use proptest::prelude::*;

    use super::*;

    fn cyclic(
        tarjan: &mut Tarjan<'_>,
        nodes: &[Node],
        kept: impl Fn(Edge, Node) -> bool,
    ) -> BTreeSet<BTreeSet<Node>> {
        let mut all = BTreeSet::new();
        let search = tarjan.cyclic(nodes.iter().copied(), kept, |one| {
            assert!(all.insert(one.iter().copied().collect()));
        });
        search.unwrap();
        all
    }

    /// petgraph's components that are no single node without an edge to itself.
    fn oracle(size: u32, edges: &[(u32, u32)]) -> BTreeSet<BTreeSet<Node>> {
        let mut graph = DiGraph::<(), ()>::from_edges(edges);
        while graph.node_count() < size as usize {
            graph.add_node(());
        }
        let all = tarjan_scc(&graph).into_iter();
        let all = all.map(|one| one.into_iter().map(|node| u32::try_from(node.index()).unwrap()).collect());
        all.filter(|one: &BTreeSet<Node>| one.len() > 1 || one.iter().any(|node| edges.contains(&(*node, *node))))
            .collect()
    }

    #[test]
    fn a_search_ends_when_the_time_is_up() {
        let limits = Limits { deadline: Some(std::time::Instant::now()), ..Limits::NONE };
        let graph = Graph::of((1..=VISITS_BETWEEN_CHECKS).map(|next| vec![next % VISITS_BETWEEN_CHECKS]));
        let found = Tarjan::new(&graph, limits).cyclic(0..VISITS_BETWEEN_CHECKS, |_, _| true, |_| {});
        assert_eq!(found, Err(Stopped::Timeout));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn are_those_of_petgraph(
            size in 1..14_u32,
            edges in prop::collection::vec((0..14_u32, 0..14_u32), 0..40),
            part in any::<u16>(),
        ) {
            let edges: Vec<_> = edges.into_iter().filter(|(from, to)| *from < size && *to < size).collect();
            let row = |node| edges.iter().filter(|(from, _)| *from == node).map(|(_, to)| *to).collect::<Vec<_>>();
            let graph = Graph::of((0..size).map(row));
            let mut tarjan = Tarjan::new(&graph, Limits::NONE);
            let all: Vec<Node> = (0..size).collect();
            prop_assert_eq!(cyclic(&mut tarjan, &all, |_, _| true), oracle(size, &edges));

            // Of a part of the graph, with the same memory.
            let inside = |node: u32| part >> node & 1 == 1;
            let nodes: Vec<Node> = all.iter().copied().filter(|node| inside(*node)).collect();
            let between: Vec<_> = edges.iter().copied().filter(|(from, to)| inside(*from) && inside(*to)).collect();
            prop_assert_eq!(cyclic(&mut tarjan, &nodes, |_, to| inside(to)), oracle(size, &between));
            // Of some of the edges.
            let odd = |(from, place): Edge| (from as usize + place) % 2 == 1;
            let kept: Vec<_> = all.iter().flat_map(|from| {
                let targets = graph.targets(*from).iter().enumerate();
                targets.filter(|(place, _)| odd((*from, *place))).map(|(_, to)| (*from, *to))
            }).collect();
            prop_assert_eq!(cyclic(&mut tarjan, &all, |edge, _| odd(edge)), oracle(size, &kept));
        }
    }
}
