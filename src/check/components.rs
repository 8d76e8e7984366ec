//! Strongly connected components: where a walk can go round for ever.

use super::graph::{Edge, Graph, Node};

/// A node that the search has not met.
const UNSEEN: u32 = 0;
/// A node whose component is known.
const DONE: u32 = u32::MAX;

/// Tarjan's search, which remembers nothing from one part of the graph to the next but its memory.
pub(super) struct Components<'g> {
    graph: &'g Graph,
    /// For each node, when it was met.
    met: Vec<u32>,
}

/// A node on the way from the first one to where the search is.
struct Frame<'g> {
    node: Node,
    targets: &'g [Node],
    next_edge: usize,
    /// The earliest node on the stack that is known to be reached from here.
    low: u32,
}

impl<'g> Components<'g> {
    /// A search in this graph.
    pub(super) fn new(graph: &'g Graph) -> Self {
        Self { graph, met: vec![UNSEEN; graph.nodes()] }
    }

    /// Finds each component, among these nodes and those edges between them that are `kept`, in which a walk can go
    /// round: one of several nodes, or of one that has an edge to itself. A kept edge leads to one of these nodes.
    pub(super) fn cyclic(
        &mut self,
        nodes: impl Iterator<Item = Node> + Clone,
        kept: impl Fn(Edge, Node) -> bool,
        mut found: impl FnMut(&[Node]),
    ) {
        let mut clock = UNSEEN;
        let mut stack: Vec<Node> = Vec::new();
        let mut path: Vec<Frame<'g>> = Vec::new();
        for root in nodes.clone() {
            if self.met_at(root) != UNSEEN {
                continue;
            }
            self.enter(root, &mut clock, &mut stack, &mut path);
            while let Some(frame) = path.last_mut() {
                let edge = (frame.node, frame.next_edge);
                if let Some(target) = frame.targets.get(frame.next_edge).copied() {
                    frame.next_edge += 1;
                    if !kept(edge, target) {
                        continue;
                    }
                    match self.met_at(target) {
                        UNSEEN => self.enter(target, &mut clock, &mut stack, &mut path),
                        DONE => {}
                        when => frame.low = frame.low.min(when),
                    }
                    continue;
                }
                let Some(Frame { node, low, .. }) = path.pop() else {
                    break;
                };
                if let Some(before) = path.last_mut() {
                    before.low = before.low.min(low);
                }
                if low == self.met_at(node) {
                    let start = stack.iter().rposition(|other| *other == node).unwrap_or(0);
                    let component = stack.get(start..).unwrap_or_default();
                    for member in component {
                        self.set(*member, DONE);
                    }
                    let is_cyclic = match component {
                        [only] => {
                            let targets = self.graph.targets(*only).iter().enumerate();
                            targets.into_iter().any(|(place, to)| to == only && kept((*only, place), *to))
                        }
                        _ => true,
                    };
                    if is_cyclic {
                        found(component);
                    }
                    stack.truncate(start);
                }
            }
        }
        for node in nodes {
            self.set(node, UNSEEN);
        }
    }

    fn enter(&mut self, node: Node, clock: &mut u32, stack: &mut Vec<Node>, path: &mut Vec<Frame<'g>>) {
        *clock += 1;
        self.set(node, *clock);
        stack.push(node);
        path.push(Frame { node, targets: self.graph.targets(node), next_edge: 0, low: *clock });
    }

    fn met_at(&self, node: Node) -> u32 {
        // What is no node has no edges.
        self.met.get(node as usize).copied().unwrap_or(DONE)
    }

    fn set(&mut self, node: Node, when: u32) {
        if let Some(slot) = self.met.get_mut(node as usize) {
            *slot = when;
        }
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
        components: &mut Components<'_>,
        nodes: &[Node],
        kept: impl Fn(Edge, Node) -> bool,
    ) -> BTreeSet<BTreeSet<Node>> {
        let mut all = BTreeSet::new();
        components.cyclic(nodes.iter().copied(), kept, |one| {
            assert!(all.insert(one.iter().copied().collect()));
        });
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
            let mut components = Components::new(&graph);
            let all: Vec<Node> = (0..size).collect();
            prop_assert_eq!(cyclic(&mut components, &all, |_, _| true), oracle(size, &edges));

            // Of a part of the graph, with the same memory.
            let inside = |node: u32| part >> node & 1 == 1;
            let nodes: Vec<Node> = all.iter().copied().filter(|node| inside(*node)).collect();
            let between: Vec<_> = edges.iter().copied().filter(|(from, to)| inside(*from) && inside(*to)).collect();
            prop_assert_eq!(cyclic(&mut components, &nodes, |_, to| inside(to)), oracle(size, &between));
            // Of some of the edges.
            let odd = |(from, place): Edge| (from as usize + place) % 2 == 1;
            let kept: Vec<_> = all.iter().flat_map(|from| {
                let targets = graph.targets(*from).iter().enumerate();
                targets.filter(|(place, _)| odd((*from, *place))).map(|(_, to)| (*from, *to))
            }).collect();
            prop_assert_eq!(cyclic(&mut components, &all, |edge, _| odd(edge)), oracle(size, &kept));
        }
    }
}
