//! A graph in compressed rows: for each node, where its edges lead.

/// A node: numbers from 0 on.
pub(super) type Node = u32;

/// An edge, as the node that it leaves and its place among that node's edges.
pub(super) type Edge = (Node, usize);

/// Nodes and edges that are added at the end, and never move in memory.
#[derive(Debug, Default)]
pub(super) struct Graph {
    blocks: Vec<Block>,
    edges: usize,
}

/// The edges of [`BLOCK`] nodes that follow one another.
#[derive(Debug, Default)]
struct Block {
    /// For each node, where its targets end.
    ends: Vec<u32>,
    targets: Vec<Node>,
}

/// So small that what the last block does not use yet is nothing, and so large that there are few.
const BLOCK: usize = 1 << 14;

impl Graph {
    /// The number of nodes whose edges are known.
    pub(super) fn nodes(&self) -> usize {
        match self.blocks.split_last() {
            Some((last, full)) => full.len() * BLOCK + last.ends.len(),
            None => 0,
        }
    }

    /// The number of edges.
    pub(super) fn edges(&self) -> usize {
        self.edges
    }

    /// Where the edges of a node lead, in their order; nowhere if they are not known.
    pub(super) fn targets(&self, node: Node) -> &[Node] {
        let (block, place) = (node as usize / BLOCK, node as usize % BLOCK);
        let Some(Block { ends, targets }) = self.blocks.get(block) else {
            return &[];
        };
        let start = place.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
        let end = ends.get(place).copied().unwrap_or(start);
        targets.get(start as usize..end as usize).unwrap_or_default()
    }

    /// Where one edge leads.
    pub(super) fn target(&self, (from, place): Edge) -> Option<Node> {
        self.targets(from).get(place).copied()
    }

    /// Adds a node and where its edges lead.
    pub(super) fn push(&mut self, targets: impl IntoIterator<Item = Node>) {
        if self.blocks.last().is_none_or(|block| block.ends.len() == BLOCK) {
            if let Some(full) = self.blocks.last_mut() {
                full.targets.shrink_to_fit();
            }
            self.blocks.push(Block { ends: Vec::with_capacity(BLOCK), targets: Vec::new() });
        }
        let Some(block) = self.blocks.last_mut() else {
            return;
        };
        let before = block.targets.len();
        block.targets.extend(targets);
        self.edges += block.targets.len() - before;
        // A node has fewer edges than a block could number by far.
        block.ends.push(u32::try_from(block.targets.len()).unwrap_or(u32::MAX));
    }

    /// A shortest path from node 0 to a node, where nodes are numbered in breadth-first order.
    pub(super) fn path_to(&self, end: Node) -> Option<Vec<Edge>> {
        let mut by: Vec<Option<Node>> = vec![None; end as usize + 1];
        for node in (0..end).take_while(|node| (*node as usize) < self.nodes()) {
            for target in self.targets(node) {
                if let Some(first @ None) = by.get_mut(*target as usize) {
                    *first = Some(node);
                }
            }
        }
        let mut path = Vec::new();
        let mut at = end;
        while at != 0 {
            // In breadth-first order, whence a node is first reached has a lower number.
            let before = by.get(at as usize).copied().flatten().filter(|before| *before < at)?;
            path.push((before, self.targets(before).iter().position(|target| *target == at)?));
            at = before;
        }
        path.reverse();
        Some(path)
    }

    /// How much memory it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let words = |block: &Block| block.ends.capacity() + block.targets.capacity();
        self.blocks.iter().map(words).sum::<usize>() * size_of::<u32>()
    }
}

#[cfg(test)]
impl Graph {
    pub(super) fn of(rows: impl IntoIterator<Item = Vec<Node>>) -> Self {
        let mut graph = Self::default();
        for row in rows {
            graph.push(row);
        }
        graph
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_kept_across_blocks() {
        let row =
            |node: usize| (0..node % 4).map(|edge| u32::try_from(node * 3 + edge).unwrap()).collect::<Vec<_>>();
        let nodes = 2 * BLOCK + 5;
        let graph = Graph::of((0..nodes).map(row));
        assert_eq!(graph.nodes(), nodes);
        assert_eq!(graph.edges(), (0..nodes).map(|node| node % 4).sum::<usize>());
        for node in 0..nodes {
            assert_eq!(graph.targets(u32::try_from(node).unwrap()), row(node));
        }
        assert!(graph.targets(u32::try_from(nodes).unwrap()).is_empty());
        assert_eq!((graph.target((7, 2)), graph.target((7, 3))), (Some(23), None));
        assert_eq!((Graph::default().nodes(), Graph::default().targets(0)), (0, &[][..]));
    }
}
