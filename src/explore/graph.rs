//! A graph in compressed rows: for each node, where its edges lead.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use crate::invariant::{broken, invariant};

/// A node: numbers from 0 on.
pub(crate) type Node = u32;

/// An edge, as the node that it leaves and its place among that node's edges.
pub(crate) type Edge = (Node, usize);

/// Nodes and edges that are added at the end, and never move in memory.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    rows: Vec<Rows>,
    /// For each [`GRANULE`] of nodes, which rows its first node is in.
    index: Vec<u32>,
    nodes: usize,
    edges: usize,
}

/// The edges of nodes that follow one another.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    first: usize,
    /// For each node, where its targets end.
    ends: Vec<u32>,
    targets: Vec<Node>,
}

/// Nodes that are looked up together. Rows are seldom shorter.
const GRANULE: usize = 1 << 9;

impl Rows {
    /// Adds the number of the next node's edges; their targets are added apart.
    pub(crate) fn push_degree(&mut self, degree: usize) {
        let end = self.ends.last().map_or(0, |end| *end as usize) + degree;
        self.ends.push(word(end));
    }

    /// Where the edges of all nodes lead.
    pub(crate) fn targets_mut(&mut self) -> &mut Vec<Node> {
        &mut self.targets
    }
}

impl Graph {
    /// The number of nodes whose edges are known. Nodes from this number on have none that are known.
    pub(crate) fn nodes(&self) -> usize {
        self.nodes
    }

    /// The same as a number of a node.
    pub(crate) fn node_count(&self) -> Node {
        word(self.nodes)
    }

    /// The number of edges.
    pub(crate) fn edges(&self) -> usize {
        self.edges
    }

    /// Where the edges of a node lead, in their order; nowhere if they are not known.
    pub(crate) fn targets(&self, node: Node) -> &[Node] {
        let node = node as usize;
        if node >= self.nodes {
            return &[];
        }
        let mut at = self.index[node / GRANULE] as usize;
        while node >= self.rows[at].first + self.rows[at].ends.len() {
            at += 1;
        }
        let rows = &self.rows[at];
        let place = node - rows.first;
        let start = if place == 0 { 0 } else { rows.ends[place - 1] };
        &rows.targets[start as usize..rows.ends[place] as usize]
    }

    /// Where one edge leads.
    pub(crate) fn target(&self, (from, place): Edge) -> Node {
        self.targets(from)[place]
    }

    /// Adds nodes and where their edges lead.
    pub(crate) fn push(&mut self, mut rows: Rows) {
        invariant!(
            rows.ends.last().map_or(0, |end| *end as usize) == rows.targets.len(),
            "rows whose edges do not match their degrees"
        );
        rows.first = self.nodes;
        rows.targets.shrink_to_fit();
        self.nodes += rows.ends.len();
        self.edges += rows.targets.len();
        let place = word(self.rows.len());
        self.rows.push(rows);
        self.index.resize(self.nodes.div_ceil(GRANULE), place);
    }

    /// A shortest path from node 0 to a node, where nodes are numbered in breadth-first order and all are reached.
    pub(crate) fn path_to(&self, end: Node) -> Vec<Edge> {
        let mut by: Vec<Option<Node>> = vec![None; end as usize + 1];
        for node in 0..end.min(self.node_count()) {
            for target in self.targets(node).iter().filter(|target| **target <= end) {
                by[*target as usize].get_or_insert(node);
            }
        }
        let mut path = Vec::new();
        let mut at = end;
        while at != 0 {
            // In breadth-first order, whence a node is first reached has a lower number.
            let before = by[at as usize].filter(|before| *before < at);
            let before =
                before.unwrap_or_else(|| broken(format_args!("node {at} is reached from no earlier one")));
            let place = self.targets(before).iter().position(|target| *target == at);
            path.push((before, place.unwrap_or_else(|| broken(format_args!("no edge from {before} to {at}")))));
            at = before;
        }
        path.reverse();
        path
    }

    /// How much memory it takes, in bytes.
    pub(crate) fn bytes(&self) -> usize {
        let words = |rows: &Rows| rows.ends.capacity() + rows.targets.capacity();
        self.rows.iter().map(words).sum::<usize>() * size_of::<u32>() + self.rows.capacity() * size_of::<Rows>()
    }
}

/// A count in 32 bits: memory runs out before there are more nodes or edges.
fn word(count: usize) -> u32 {
    u32::try_from(count).unwrap_or_else(|_| broken(format_args!("{count} nodes or edges in 32 bits")))
}

#[cfg(test)]
impl Graph {
    /// A graph whose nodes are added in pieces of 1, 2, 3 and so on.
    pub(crate) fn of(rows: impl IntoIterator<Item = Vec<Node>>) -> Self {
        let mut graph = Self::default();
        let mut rows = rows.into_iter().peekable();
        let mut length = 0;
        while rows.peek().is_some() {
            length += 1;
            let mut piece = Rows::default();
            for row in rows.by_ref().take(length) {
                piece.push_degree(row.len());
                piece.targets_mut().extend(row);
            }
            graph.push(piece);
        }
        graph
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_kept_in_pieces_of_any_length() {
        let row =
            |node: usize| (0..node % 4).map(|edge| u32::try_from(node * 3 + edge).unwrap()).collect::<Vec<_>>();
        let nodes = 9 * GRANULE + 5;
        let graph = Graph::of((0..nodes).map(row));
        assert_eq!(graph.nodes(), nodes);
        assert_eq!(graph.edges(), (0..nodes).map(|node| node % 4).sum::<usize>());
        for node in 0..nodes {
            assert_eq!(graph.targets(u32::try_from(node).unwrap()), row(node));
        }
        assert!(graph.targets(u32::try_from(nodes).unwrap()).is_empty());
        assert_eq!(graph.target((7, 2)), 23);
        assert_eq!((Graph::default().nodes(), Graph::default().targets(0)), (0, &[][..]));
    }
}
