//! Liveness under fairness: is there a fair run that a property forbids?
//!
//! A fair run ends in a state where it may stop, or stays in a strongly connected component (SCC) of the graph. If
//! a component leaves a request ungranted, the states that request it are removed and the rest is decomposed
//! again: that is the emptiness of a Streett automaton.
//!
//! Where time stops there is no run: a cycle without a tick refutes `time passes`, and nothing else. Fairness,
//! which speaks of runs, has no say in that.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use std::collections::HashSet;

use super::streett::{Lasso, Ledger, Mover, StreettConditions, StreettPair, Time, Violation};
use super::tarjan::Tarjan;
use crate::explore::graph::{Edge, Graph, Node};
use crate::explore::{Limits, Stopped};
use crate::invariant::invariant;

/// Where runs can stay forever.
pub(crate) struct FairRunSearch<'g, F> {
    pub(super) graph: &'g Graph,
    pub(super) fair: &'g F,
    limits: Limits<'g>,
    tarjan: Tarjan<'g>,
    /// The nodes through which some walk goes round.
    cyclic: Vec<Node>,
    /// The nodes through which some walk goes round without a tick.
    timeless: Vec<Node>,
    /// The nodes in which a run may stop.
    stops: Vec<Node>,
    /// For each node, the part under search that it belongs to; 0 for none.
    pub(super) part: Vec<u32>,
    parts: u32,
}

impl<'g, F: StreettConditions> FairRunSearch<'g, F> {
    /// Looks for them in a whole graph, until the time is up.
    ///
    /// # Errors
    /// [`Stopped::NetworkCycle`] if the network alone can go round forever, or the limit that was hit.
    pub(crate) fn new(graph: &'g Graph, fair: &'g F, limits: Limits<'g>) -> Result<Self, Stopped> {
        let mut tarjan = Tarjan::new(graph, limits);
        let mut cyclic = Vec::new();
        tarjan.cyclic(all_nodes(graph), |_, _| true, |component| cyclic.extend_from_slice(component))?;
        let stops =
            all_nodes(graph).filter(|node| graph.targets(*node).is_empty() || fair.may_stop(*node)).collect();
        let part = vec![0; graph.nodes()];
        let timeless = Vec::new();
        let mut search = Self { graph, fair, limits, tarjan, cyclic, timeless, stops, part, parts: 0 };
        search.timeless = search.cyclic_by(&search.cyclic.clone(), |mover| mover != Mover::Time)?;
        let by_network = search.cyclic_by(&search.timeless.clone(), |mover| mover == Mover::Network)?;
        if by_network.is_empty() { Ok(search) } else { Err(Stopped::NetworkCycle) }
    }

    /// The nodes through which some walk goes round without a tick.
    pub(super) fn timeless(&self) -> &[Node] {
        &self.timeless
    }

    /// Those of these nodes through which a walk among them goes round along edges of such movers alone.
    fn cyclic_by(&mut self, nodes: &[Node], is_kept: impl Fn(Mover) -> bool) -> Result<Vec<Node>, Stopped> {
        let label = self.label(nodes)?;
        let (part, fair) = (&self.part, self.fair);
        let mut found = Vec::new();
        let kept = |(from, place): Edge, to: Node| part[to as usize] == label && is_kept(fair.movers(from)[place]);
        self.tarjan.cyclic(nodes.iter().copied(), kept, |component| found.extend_from_slice(component))?;
        Ok(found)
    }

    /// A shortest way to where a forbidden fair run can stay forever, and how it stays there.
    pub(crate) fn find(&mut self, violation: &Violation<'_>) -> Result<Option<Lasso>, Stopped> {
        self.heed_limits()?;
        let nodes = match violation.time {
            Time::Passes => &self.cyclic,
            Time::Stops => &self.timeless,
        };
        let nodes = nodes.iter().copied().filter(|node| (violation.within)(*node)).collect();
        let parts = self.fair_parts(nodes, violation)?;
        let may_stay =
            |node: &Node| violation.time == Time::Passes && (violation.within)(*node) && (violation.recurs)(*node);
        let stops: HashSet<Node> = self.stops.iter().copied().filter(may_stay).collect();
        if parts.is_empty() && stops.is_empty() {
            return Ok(None);
        }
        let is_goal = |node: Node| stops.contains(&node) || parts.contains(&self.part[node as usize]);
        let Some((stem, end)) = self.stem(violation, is_goal)? else {
            return Ok(None);
        };
        let cycle = if stops.contains(&end) { Vec::new() } else { self.cycle(end, violation)? };
        Ok(Some(Lasso { stem, cycle }))
    }

    /// The labels of the parts of a set of nodes in which a fair run can go round forever, through all of the
    /// part's nodes.
    fn fair_parts(&mut self, nodes: Vec<Node>, violation: &Violation<'_>) -> Result<HashSet<u32>, Stopped> {
        let mut fair_parts = HashSet::new();
        let mut pending = vec![nodes];
        while let Some(nodes) = pending.pop() {
            self.heed_limits()?;
            let label = self.label(&nodes)?;
            let mut found: Vec<Vec<Node>> = Vec::new();
            let (part, fair) = (&self.part, self.fair);
            let kept = |edge, to: Node| part[to as usize] == label && may_take(fair, edge, violation.time);
            self.tarjan.cyclic(nodes.iter().copied(), kept, |component| found.push(component.to_vec()))?;
            for nodes in found {
                let label = self.label(&nodes)?;
                let open = self.ungranted(label, &nodes, violation)?;
                if !open.contains(&true) {
                    fair_parts.insert(label);
                    continue;
                }
                let requests_in_vain = |node: &Node| {
                    open[usize::from(self.recurrence())]
                        || open[usize::from(self.tick())]
                        || self.fair.requests(*node).into_iter().any(|pair| open[usize::from(pair)])
                };
                let rest: Vec<Node> = nodes.iter().copied().filter(|node| !requests_in_vain(node)).collect();
                if !rest.is_empty() {
                    pending.push(rest);
                }
            }
        }
        Ok(fair_parts)
    }

    /// The pairs that are requested in a part, and granted nowhere in it.
    fn ungranted(&self, label: u32, nodes: &[Node], violation: &Violation<'_>) -> Result<Vec<bool>, Stopped> {
        let mut ledger = self.ledger(violation.time);
        for (index, node) in nodes.iter().enumerate() {
            if index % NODES_BETWEEN_CHECKS == NODES_BETWEEN_CHECKS - 1 {
                self.heed_limits()?;
            }
            self.note_node(*node, violation, &mut ledger);
            let targets = self.graph.targets(*node).iter().enumerate();
            for ((place, target), grants) in targets.zip(self.edge_grants(*node)) {
                if self.stays((*node, place), *target, label, violation.time) {
                    ledger.grant(grants);
                }
            }
        }
        Ok(ledger.open())
    }

    /// Whether a forbidden run may take this edge on its cycle through a part.
    pub(super) fn stays(&self, edge: Edge, target: Node, label: u32, time: Time) -> bool {
        self.part[target as usize] == label && may_take(self.fair, edge, time)
    }

    pub(super) fn heed_limits(&self) -> Result<(), Stopped> {
        self.limits.cut_off().map_or(Ok(()), Err)
    }

    /// That a state recurs, and that time passes, are two pairs more.
    pub(super) fn ledger(&self, time: Time) -> Ledger {
        let pairs = usize::from(self.tick()) + 1;
        let mut ledger = Ledger::new(pairs);
        ledger.request(self.recurrence());
        // If every cycle has a tick, the search can skip that.
        if time == Time::Passes && !self.timeless.is_empty() {
            ledger.request(self.tick());
        }
        ledger
    }

    pub(super) fn note_node(&self, node: Node, violation: &Violation<'_>, ledger: &mut Ledger) {
        for pair in self.fair.requests(node).into_iter().filter(|_| violation.time == Time::Passes) {
            ledger.request(pair);
        }
        ledger.grant(self.fair.grants(node));
        ledger.grant((violation.recurs)(node).then_some(self.recurrence()));
    }

    /// The pairs that each of a state's edges grants, ticks included.
    pub(super) fn edge_grants(&self, node: Node) -> Vec<Vec<StreettPair>> {
        let mut grants = self.fair.edge_grants(node);
        if !self.timeless.is_empty() {
            let movers = self.fair.movers(node);
            invariant!(movers.len() == grants.len(), "edges of node {node} without a mover");
            for (grants, _) in grants.iter_mut().zip(movers).filter(|(_, mover)| *mover == Mover::Time) {
                grants.push(self.tick());
            }
        }
        grants
    }

    pub(super) fn recurrence(&self) -> StreettPair {
        self.fair.pairs()
    }

    fn tick(&self) -> StreettPair {
        self.fair.pairs() + 1
    }

    fn label(&mut self, nodes: &[Node]) -> Result<u32, Stopped> {
        self.parts = self.parts.checked_add(1).ok_or(Stopped::Numbers)?;
        for node in nodes {
            self.part[*node as usize] = self.parts;
        }
        Ok(self.parts)
    }
}

/// How many nodes, with what each requests and grants, are looked at between two checks of the limits.
pub(super) const NODES_BETWEEN_CHECKS: usize = 1 << 14;

/// Where time stops, ticks are not taken.
fn may_take<F: StreettConditions>(fair: &F, (from, place): Edge, time: Time) -> bool {
    time == Time::Passes || fair.movers(from)[place] != Mover::Time
}

fn all_nodes(graph: &Graph) -> impl Iterator<Item = Node> + Clone + use<> {
    0..graph.node_count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A small graph, what fairness asks of it, and a set of nodes for each part of a [`Violation`].
    #[derive(Clone, Debug)]
    struct Case {
        rows: Vec<Vec<Node>>,
        requests: Vec<Vec<StreettPair>>,
        grants: Vec<Vec<StreettPair>>,
        edge_grants: Vec<Vec<Option<StreettPair>>>,
        movers: Vec<Vec<Mover>>,
        /// Where a run may stop although there are edges.
        may_stop: Vec<bool>,
        trigger: Vec<bool>,
        within: Vec<bool>,
        recurs: Vec<bool>,
    }

    impl StreettConditions for Case {
        fn pairs(&self) -> StreettPair {
            3
        }

        fn requests(&self, node: Node) -> Vec<StreettPair> {
            self.requests[node as usize].clone()
        }

        fn grants(&self, node: Node) -> Vec<StreettPair> {
            self.grants[node as usize].clone()
        }

        fn edge_grants(&self, node: Node) -> Vec<Vec<StreettPair>> {
            self.edge_grants[node as usize].iter().map(|pair| pair.iter().copied().collect()).collect()
        }

        fn may_stop(&self, node: Node) -> bool {
            self.may_stop[node as usize]
        }

        fn movers(&self, node: Node) -> Vec<Mover> {
            self.movers[node as usize].clone()
        }
    }

    impl Case {
        fn graph(&self) -> Graph {
            Graph::of(self.rows.clone())
        }

        fn find(&self, time: Time) -> Result<Option<Lasso>, Stopped> {
            let at = |set: &[bool], node: Node| set[node as usize];
            let graph = self.graph();
            FairRunSearch::new(&graph, self, Limits::NONE)?.find(&Violation {
                trigger: &|node| at(&self.trigger, node),
                within: &|node| at(&self.within, node),
                recurs: &|node| at(&self.recurs, node),
                time,
            })
        }

        fn nodes(&self) -> std::ops::Range<usize> {
            0..self.rows.len()
        }

        /// The nodes that are reached from these by such edges, themselves included.
        fn reached_by(&self, edges: &[(usize, usize)], from: u32) -> u32 {
            let mut all = from;
            for _ in self.nodes() {
                for (from, place) in edges.iter().filter(|(from, _)| all >> from & 1 == 1).collect::<Vec<_>>() {
                    all |= 1 << self.rows[*from][*place];
                }
            }
            all
        }

        /// Whether a walk goes round along edges of such movers alone.
        fn has_cycle_by(&self, is_kept: impl Fn(Mover) -> bool) -> bool {
            let edges = self.nodes().flat_map(|from| (0..self.rows[from].len()).map(move |place| (from, place)));
            let edges: Vec<_> = edges.filter(|(from, place)| is_kept(self.movers[*from][*place])).collect();
            edges
                .iter()
                .any(|(from, place)| self.reached_by(&edges, 1 << self.rows[*from][*place]) >> from & 1 == 1)
        }

        /// Whether lassos can go round forever through exactly these nodes and be fair, if they take every edge
        /// between them that they may take again and again.
        fn goes_round(&self, set: u32, time: Time) -> bool {
            let members: Vec<usize> = self.nodes().filter(|node| set >> node & 1 == 1).collect();
            let edges: Vec<(usize, usize)> = members
                .iter()
                .flat_map(|from| (0..self.rows[*from].len()).map(move |place| (*from, place)))
                .filter(|(from, place)| set >> self.rows[*from][*place] & 1 == 1)
                .filter(|(from, place)| time == Time::Passes || self.movers[*from][*place] != Mover::Time)
                .collect();
            let has_tick = edges.iter().any(|(from, place)| self.movers[*from][*place] == Mover::Time);
            let connected = members.iter().all(|node| self.reached_by(&edges, 1 << node) == set);
            let granted = |pair: StreettPair| {
                members.iter().any(|node| self.grants[*node].contains(&pair))
                    || edges.iter().any(|(from, place)| self.edge_grants[*from][*place] == Some(pair))
            };
            !edges.is_empty()
                && has_tick == (time == Time::Passes)
                && connected
                && (time == Time::Stops
                    || members.iter().flat_map(|node| &self.requests[*node]).all(|pair| granted(*pair)))
        }

        /// By brute force: every set of nodes is tried. `None`: no run is forbidden; else how far the nearest
        /// place is where a forbidden one can stay forever.
        fn oracle(&self, time: Time) -> Option<usize> {
            let set = |of: &[bool]| of.iter().zip(0..).fold(0, |all, (is, node)| all | u32::from(*is) << node);
            let (within, recurs, trigger) = (set(&self.within), set(&self.recurs), set(&self.trigger));
            let all = (1_u32 << self.rows.len()) - 1;
            let mut goals = 0;
            for part in 1..=all {
                if part & !within == 0 && part & recurs != 0 && self.goes_round(part, time) {
                    goals |= part;
                }
            }
            for node in self.nodes().filter(|_| time == Time::Passes) {
                if self.rows[node].is_empty() || self.may_stop[node] {
                    goals |= 1 << node & within & recurs;
                }
            }
            // The steps before and after the trigger, level by level.
            let (mut before, mut after) = (1_u32, trigger & within & 1);
            for steps in 0..=2 * self.rows.len() {
                if after & goals != 0 {
                    return Some(steps);
                }
                let next = |from: u32| {
                    let sources = self.nodes().filter(|node| from >> node & 1 == 1);
                    sources.fold(from, |all, node| self.rows[node].iter().fold(all, |all, to| all | 1 << to))
                };
                before = next(before);
                after = (next(after) | before & trigger) & within;
            }
            None
        }

        /// Follows a walk edge by edge, and returns why it is no forbidden fair run.
        fn objection(&self, lasso: &Lasso, time: Time) -> Option<&'static str> {
            let mut at = 0;
            let mut nodes = vec![0];
            for (from, place) in lasso.stem.iter().chain(&lasso.cycle) {
                if *from as usize != at {
                    return Some("an edge does not begin where the one before it ends");
                }
                at = self.rows[at][*place] as usize;
                nodes.push(at);
            }
            let base = lasso.stem.len();
            let (stem, cycle) = (&nodes[..=base], &nodes[base..]);
            if lasso.cycle.is_empty() && !self.rows[at].is_empty() && !self.may_stop[at] {
                return Some("it may not stop there");
            }
            let is_tick = |(from, place): &Edge| self.movers[*from as usize][*place] == Mover::Time;
            let passes = lasso.cycle.is_empty() || lasso.cycle.iter().any(is_tick);
            if passes != (time == Time::Passes) {
                return Some("time does not do what it should on the cycle");
            }
            if cycle.first() != cycle.last() {
                return Some("the cycle does not end where it begins");
            }
            let owes = time == Time::Passes && !lasso.cycle.is_empty();
            for pair in cycle.iter().flat_map(|node| &self.requests[*node]).filter(|_| owes) {
                let by_node = cycle.iter().any(|node| self.grants[*node].contains(pair));
                let by_edge = |(from, place): &Edge| self.edge_grants[*from as usize][*place] == Some(*pair);
                if !by_node && !lasso.cycle.iter().any(by_edge) {
                    return Some("what is requested on the cycle is not granted on it");
                }
            }
            if !cycle.iter().any(|node| self.recurs[*node]) {
                return Some("nothing recurs on the cycle");
            }
            let from = (0..=base).rev().take_while(|place| self.within[stem[*place]]).last()?;
            let is_trigger = |place: usize| self.trigger[stem[place]];
            if !cycle.iter().all(|node| self.within[*node]) || !(from..=base).any(is_trigger) {
                return Some("it does not stay within after a trigger");
            }
            None
        }
    }

    fn any_case() -> impl Strategy<Value = Case> {
        (1..7_usize).prop_flat_map(|size| {
            let flags = move || prop::collection::vec(any::<bool>(), size);
            let mostly = move || prop::collection::vec(prop::bool::weighted(0.8), size);
            let some = || prop::collection::vec(0..3 as StreettPair, 0..3);
            let mover = || prop_oneof![10 => Just(Mover::Time), 9 => Just(Mover::End), 1 => Just(Mover::Network)];
            let grant = || prop::option::weighted(0.5, 0..3 as StreettPair);
            let edge = move || {
                let edge = (0..u32::try_from(size).unwrap(), grant(), mover());
                edge.prop_map(|(to, grant, mover)| (to, grant.filter(|_| mover != Mover::Time), mover))
            };
            let rows = prop::collection::vec(prop::collection::vec(edge(), 0..4), size);
            let requests = prop::collection::vec(some(), size);
            let grants = prop::collection::vec(prop::collection::vec(0..3 as StreettPair, 0..2), size);
            let stops = prop::collection::vec(prop::bool::weighted(0.05), size);
            ((rows, requests, grants, stops), (flags(), mostly(), mostly())).prop_map(
                |((rows, requests, grants, may_stop), (trigger, within, recurs))| Case {
                    edge_grants: rows.iter().map(|row| row.iter().map(|(_, grant, _)| *grant).collect()).collect(),
                    movers: rows.iter().map(|row| row.iter().map(|(_, _, mover)| *mover).collect()).collect(),
                    rows: rows.into_iter().map(|row| row.into_iter().map(|(to, _, _)| to).collect()).collect(),
                    requests,
                    grants,
                    may_stop,
                    trigger,
                    within,
                    recurs,
                },
            )
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn agrees_with_brute_force(case in any_case(), stops in any::<bool>()) {
            let time = if stops { Time::Stops } else { Time::Passes };
            if case.has_cycle_by(|mover| mover == Mover::Network) {
                prop_assert_eq!(case.find(time), Err(Stopped::NetworkCycle));
                return Ok(());
            }
            let found = case.find(time).unwrap();
            prop_assert_eq!(found.as_ref().map(|lasso| lasso.stem.len()), case.oracle(time));
            prop_assert_eq!(found.and_then(|lasso| case.objection(&lasso, time)), None);
        }
    }
}
