//! Liveness under fairness: is there a fair run that a property forbids?
//!
//! A run stops forever, or goes round forever in a strongly connected part of the graph. Strong fairness is not a matter
//! of whole components: where what a state asks for is never answered, a run may still be fair that avoids such states, so
//! these are taken out and the rest is searched again (Streett emptiness).
//!
//! Where time stops there is no run: a cycle without a tick refutes `time passes`, and nothing else. Fairness, which
//! speaks of runs, has no say in that.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use std::collections::{HashMap, HashSet, VecDeque};

use super::tarjan::Components;
use crate::explore::graph::{Edge, Graph, Node};
use crate::explore::{Limits, Stopped};
use crate::invariant::{broken, invariant};

/// Something that is asked for again and again on a fair run only if it is answered again and again: a number below
/// [`Fair::obligations`].
pub(crate) type Obligation = u16;

/// What moves along an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mover {
    /// A tick of time passes.
    Time,
    /// Something happens at an end: a call, a timer, an arrival.
    End,
    /// The network loses or duplicates a copy.
    Network,
}

/// What fairness asks of runs, state by state.
pub(crate) trait Fair {
    /// How many obligations there are.
    fn obligations(&self) -> Obligation;
    /// What a state asks for.
    fn asks(&self, node: Node) -> Vec<Obligation>;
    /// What being in a state answers.
    fn answers(&self, node: Node) -> Vec<Obligation>;
    /// What each of a state's edges answers, in their order; a tick answers nothing.
    fn edges_answer(&self, node: Node) -> Vec<Option<Obligation>>;
    /// A run may stop in this state forever although it has edges; where there are none it does.
    fn may_stop(&self, node: Node) -> bool;
    /// What moves along each of a state's edges, in their order.
    fn movers(&self, node: Node) -> Vec<Mover>;
}

/// The runs that a property forbids: those that from a state that `triggers` on stay `within` forever, and are again and
/// again in a state that `recurs`.
pub(crate) struct Forbidden<'p> {
    /// From here on.
    pub(crate) triggers: &'p dyn Fn(Node) -> bool,
    /// Forever in these.
    pub(crate) within: &'p dyn Fn(Node) -> bool,
    /// Again and again in these.
    pub(crate) recurs: &'p dyn Fn(Node) -> bool,
    /// Whether time stops on its cycle, or passes, as on that of any run.
    pub(crate) time: Time,
}

/// What becomes of time along a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Time {
    /// It has a tick, as that of a run has, which must be fair.
    Passes,
    /// It has none, fair or not.
    Stops,
}

/// A run: a stem, and a cycle that repeats forever. Without a cycle it stops where the stem ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Walk {
    pub(crate) stem: Vec<Edge>,
    pub(crate) cycle: Vec<Edge>,
}

/// Where runs can stay forever.
pub(crate) struct Endings<'g, F> {
    graph: &'g Graph,
    fair: &'g F,
    limits: Limits<'g>,
    components: Components<'g>,
    /// The nodes through which some walk goes round.
    cyclic: Vec<Node>,
    /// The nodes through which some walk goes round without a tick.
    timeless: Vec<Node>,
    /// The nodes in which a run may stop.
    stops: Vec<Node>,
    /// For each node, the part that is being looked at and it belongs to; 0 for none.
    part: Vec<u32>,
    parts: u32,
}

impl<'g, F: Fair> Endings<'g, F> {
    /// Looks for them in a whole graph, until the time is up.
    ///
    /// # Errors
    /// [`Stopped::NetworkCycle`] if the network alone can go round forever, or the limit that was hit.
    pub(crate) fn new(graph: &'g Graph, fair: &'g F, limits: Limits<'g>) -> Result<Self, Stopped> {
        let mut components = Components::new(graph, limits);
        let mut cyclic = Vec::new();
        components.cyclic(all_nodes(graph), |_, _| true, |component| cyclic.extend_from_slice(component))?;
        let stops =
            all_nodes(graph).filter(|node| graph.targets(*node).is_empty() || fair.may_stop(*node)).collect();
        let part = vec![0; graph.nodes()];
        let timeless = Vec::new();
        let mut endings = Self { graph, fair, limits, components, cyclic, timeless, stops, part, parts: 0 };
        endings.timeless = endings.cyclic_by(&endings.cyclic.clone(), |mover| mover != Mover::Time)?;
        let by_network = endings.cyclic_by(&endings.timeless.clone(), |mover| mover == Mover::Network)?;
        if by_network.is_empty() { Ok(endings) } else { Err(Stopped::NetworkCycle) }
    }

    /// Those of these nodes through which a walk among them goes round along edges of such movers alone.
    fn cyclic_by(&mut self, nodes: &[Node], is_kept: impl Fn(Mover) -> bool) -> Result<Vec<Node>, Stopped> {
        let label = self.label(nodes)?;
        let (part, fair) = (&self.part, self.fair);
        let mut found = Vec::new();
        let kept = |(from, place): Edge, to: Node| part[to as usize] == label && is_kept(fair.movers(from)[place]);
        self.components.cyclic(nodes.iter().copied(), kept, |component| found.extend_from_slice(component))?;
        Ok(found)
    }

    /// A shortest way to where a forbidden fair run can stay forever, and how it stays there.
    pub(crate) fn find(&mut self, forbidden: &Forbidden<'_>) -> Result<Option<Walk>, Stopped> {
        self.heed_limits()?;
        let nodes = match forbidden.time {
            Time::Passes => &self.cyclic,
            Time::Stops => &self.timeless,
        };
        let nodes = nodes.iter().copied().filter(|node| (forbidden.within)(*node)).collect();
        let parts = self.fair_parts(nodes, forbidden)?;
        let may_stay =
            |node: &Node| forbidden.time == Time::Passes && (forbidden.within)(*node) && (forbidden.recurs)(*node);
        let stops: HashSet<Node> = self.stops.iter().copied().filter(may_stay).collect();
        if parts.is_empty() && stops.is_empty() {
            return Ok(None);
        }
        let is_goal = |node: Node| stops.contains(&node) || parts.contains(&self.part[node as usize]);
        let Some((stem, end)) = self.stem(forbidden, is_goal)? else {
            return Ok(None);
        };
        let cycle = if stops.contains(&end) { Vec::new() } else { self.cycle(end, forbidden)? };
        Ok(Some(Walk { stem, cycle }))
    }

    /// The labels of the parts of a set of nodes in which a fair run can go round forever, through all of the part's
    /// nodes.
    fn fair_parts(&mut self, nodes: Vec<Node>, forbidden: &Forbidden<'_>) -> Result<HashSet<u32>, Stopped> {
        let mut fair_parts = HashSet::new();
        let mut pending = vec![nodes];
        while let Some(nodes) = pending.pop() {
            self.heed_limits()?;
            let label = self.label(&nodes)?;
            let mut found: Vec<Vec<Node>> = Vec::new();
            let (part, fair) = (&self.part, self.fair);
            let kept = |edge, to: Node| part[to as usize] == label && may_take(fair, edge, forbidden.time);
            self.components.cyclic(nodes.iter().copied(), kept, |component| found.push(component.to_vec()))?;
            for nodes in found {
                let label = self.label(&nodes)?;
                let open = self.unanswered(label, &nodes, forbidden)?;
                if !open.contains(&true) {
                    fair_parts.insert(label);
                    continue;
                }
                let asks_in_vain = |node: &Node| {
                    open[usize::from(self.recurrence())]
                        || open[usize::from(self.tick())]
                        || self.fair.asks(*node).into_iter().any(|obligation| open[usize::from(obligation)])
                };
                let rest: Vec<Node> = nodes.iter().copied().filter(|node| !asks_in_vain(node)).collect();
                if !rest.is_empty() {
                    pending.push(rest);
                }
            }
        }
        Ok(fair_parts)
    }

    /// What is asked for in a part, and answered nowhere in it.
    fn unanswered(&self, label: u32, nodes: &[Node], forbidden: &Forbidden<'_>) -> Result<Vec<bool>, Stopped> {
        let mut ledger = self.ledger(forbidden.time);
        for (index, node) in nodes.iter().enumerate() {
            if index % PATIENCE == PATIENCE - 1 {
                self.heed_limits()?;
            }
            self.note_node(*node, forbidden, &mut ledger);
            let targets = self.graph.targets(*node).iter().enumerate();
            for ((place, target), answer) in targets.zip(self.edges_answer(*node)) {
                if self.stays((*node, place), *target, label, forbidden.time) {
                    ledger.answer(answer);
                }
            }
        }
        Ok(ledger.open())
    }

    /// The way to the nearest goal that a forbidden run can take.
    fn stem(
        &self,
        forbidden: &Forbidden<'_>,
        is_goal: impl Fn(Node) -> bool,
    ) -> Result<Option<(Vec<Edge>, Node)>, Stopped> {
        // Before and after the trigger, where each node was first reached from.
        let mut from = [vec![UNREACHED; self.graph.nodes()], vec![UNREACHED; self.graph.nodes()]];
        let mut queue: VecDeque<(bool, Node)> = VecDeque::new();
        let mut reach = |triggered: bool, node: Node, by: u32, queue: &mut VecDeque<_>| {
            let [before, after] = &mut from;
            if !triggered && reached_first(before, node, by) {
                queue.push_back((false, node));
            }
            let is_after = triggered || (forbidden.triggers)(node);
            let is_new = is_after && (forbidden.within)(node) && reached_first(after, node, by);
            if is_new {
                queue.push_back((true, node));
            }
            is_new && is_goal(node)
        };
        let mut end = (self.graph.nodes() > 0 && reach(false, 0, START, &mut queue)).then_some(0);
        let mut looked_at = 0;
        while let (None, Some((triggered, node))) = (end, queue.pop_front()) {
            looked_at += 1;
            if looked_at % PATIENCE == 0 {
                self.heed_limits()?;
            }
            let by = node << 1 | u32::from(triggered);
            end =
                self.graph.targets(node).iter().copied().find(|target| reach(triggered, *target, by, &mut queue));
        }
        let Some(end) = end else {
            return Ok(None);
        };
        let [before, after] = &from;
        let mut stem = Vec::new();
        let (mut triggered, mut node) = (true, end);
        loop {
            let by = if triggered { after[node as usize] } else { before[node as usize] };
            if by == START {
                break;
            }
            invariant!(by != UNREACHED, "node {node} of a stem was never reached");
            let source = by >> 1;
            let place = self.graph.targets(source).iter().position(|target| *target == node);
            stem.push((source, place.unwrap_or_else(|| broken(format_args!("no edge from {source} to {node}")))));
            (triggered, node) = (by & 1 == 1, source);
        }
        stem.reverse();
        Ok(Some((stem, end)))
    }

    /// A short cycle from a node through its part that answers all that is asked for on it.
    fn cycle(&self, base: Node, forbidden: &Forbidden<'_>) -> Result<Vec<Edge>, Stopped> {
        let label = self.part[base as usize];
        let mut ledger = self.ledger(forbidden.time);
        let mut cycle: Vec<Edge> = Vec::new();
        let mut at = base;
        loop {
            self.note_node(at, forbidden, &mut ledger);
            let open = ledger.open();
            let way = if open.contains(&true) {
                self.way(at, label, forbidden.time, |(from, place), to| {
                    let by_edge = self.edges_answer(from)[place];
                    let by_node = self.fair.answers(to).into_iter();
                    let by_node = by_node.chain((forbidden.recurs)(to).then_some(self.recurrence()));
                    by_node.chain(by_edge).any(|obligation| open[usize::from(obligation)])
                })?
            } else if at == base && !cycle.is_empty() {
                return Ok(self.shortest_round(&cycle, forbidden));
            } else {
                self.way(at, label, forbidden.time, |_, to| to == base)?
            };
            // A fair part answers what it asks for, and is strongly connected.
            invariant!(!way.is_empty(), "no way through a fair part from node {at}");
            for (from, place) in way {
                ledger.answer(self.edges_answer(from)[place]);
                cycle.push((from, place));
                at = self.graph.target((from, place));
                self.note_node(at, forbidden, &mut ledger);
            }
        }
    }

    /// A cycle may come through its first node several times; perhaps fewer rounds are enough.
    fn shortest_round(&self, cycle: &[Edge], forbidden: &Forbidden<'_>) -> Vec<Edge> {
        let base = cycle.first().map(|(node, _)| *node);
        let starts = cycle.iter().enumerate().filter(|(_, (node, _))| Some(*node) == base).map(|(place, _)| place);
        let visits: Vec<usize> = starts.chain([cycle.len()]).collect();
        let rounds = visits
            .iter()
            .enumerate()
            .flat_map(|(index, from)| visits[index + 1..].iter().map(|to| &cycle[*from..*to]));
        let is_fair = |round: &&[Edge]| {
            let mut ledger = self.ledger(forbidden.time);
            for (from, place) in *round {
                self.note_node(*from, forbidden, &mut ledger);
                ledger.answer(self.edges_answer(*from)[*place]);
            }
            !ledger.open().contains(&true)
        };
        let shortest = rounds.filter(is_fair).min_by_key(|round| round.len());
        shortest.unwrap_or_else(|| broken(format_args!("a cycle that answers all is not fair"))).to_vec()
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
            if looked_at % PATIENCE == 0 {
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

    /// Whether a forbidden run may take this edge on its cycle through a part.
    fn stays(&self, edge: Edge, target: Node, label: u32, time: Time) -> bool {
        self.part[target as usize] == label && may_take(self.fair, edge, time)
    }

    fn heed_limits(&self) -> Result<(), Stopped> {
        self.limits.cut_off().map_or(Ok(()), Err)
    }

    /// That a state recurs, and that time passes, are two obligations more.
    fn ledger(&self, time: Time) -> Ledger {
        let obligations = usize::from(self.tick()) + 1;
        let mut ledger = Ledger { asked: vec![false; obligations], answered: vec![false; obligations] };
        ledger.ask(self.recurrence());
        // Where every cycle has a tick nobody need look for it.
        if time == Time::Passes && !self.timeless.is_empty() {
            ledger.ask(self.tick());
        }
        ledger
    }

    fn note_node(&self, node: Node, forbidden: &Forbidden<'_>, ledger: &mut Ledger) {
        for obligation in self.fair.asks(node).into_iter().filter(|_| forbidden.time == Time::Passes) {
            ledger.ask(obligation);
        }
        for obligation in self.fair.answers(node) {
            ledger.answer(Some(obligation));
        }
        ledger.answer((forbidden.recurs)(node).then_some(self.recurrence()));
    }

    /// What each of a state's edges answers, ticks included.
    fn edges_answer(&self, node: Node) -> Vec<Option<Obligation>> {
        let mut answers = self.fair.edges_answer(node);
        if !self.timeless.is_empty() {
            let movers = self.fair.movers(node);
            invariant!(movers.len() == answers.len(), "edges of node {node} without a mover");
            for (answer, _) in answers.iter_mut().zip(movers).filter(|(_, mover)| *mover == Mover::Time) {
                invariant!(answer.is_none(), "a tick from node {node} answers something");
                *answer = Some(self.tick());
            }
        }
        answers
    }

    fn recurrence(&self) -> Obligation {
        self.fair.obligations()
    }

    fn tick(&self) -> Obligation {
        self.fair.obligations() + 1
    }

    fn label(&mut self, nodes: &[Node]) -> Result<u32, Stopped> {
        self.parts = self.parts.checked_add(1).ok_or(Stopped::Numbers)?;
        for node in nodes {
            self.part[*node as usize] = self.parts;
        }
        Ok(self.parts)
    }
}

/// What was asked for and what was answered.
struct Ledger {
    asked: Vec<bool>,
    answered: Vec<bool>,
}

impl Ledger {
    fn ask(&mut self, obligation: Obligation) {
        self.asked[usize::from(obligation)] = true;
    }

    fn answer(&mut self, obligation: Option<Obligation>) {
        if let Some(obligation) = obligation {
            self.answered[usize::from(obligation)] = true;
        }
    }

    fn open(&self) -> Vec<bool> {
        self.asked.iter().zip(&self.answered).map(|(asked, answered)| *asked && !answered).collect()
    }
}

/// How many nodes are looked at between two looks at the limits.
const PATIENCE: usize = 1 << 14;

/// Nobody has come to the node.
const UNREACHED: u32 = u32::MAX;
/// The node is where every run starts.
const START: u32 = u32::MAX - 1;

/// Where time stops, ticks are not taken.
fn may_take<F: Fair>(fair: &F, (from, place): Edge, time: Time) -> bool {
    time == Time::Passes || fair.movers(from)[place] != Mover::Time
}

fn reached_first(from: &mut [u32], node: Node, by: u32) -> bool {
    let slot = &mut from[node as usize];
    let is_first = *slot == UNREACHED;
    if is_first {
        *slot = by;
    }
    is_first
}

fn all_nodes(graph: &Graph) -> impl Iterator<Item = Node> + Clone + use<> {
    0..graph.node_count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A small graph, what fairness asks of it, and a set of nodes for each part of a [`Forbidden`].
    #[derive(Clone, Debug)]
    struct Case {
        rows: Vec<Vec<Node>>,
        asks: Vec<Vec<Obligation>>,
        answers: Vec<Vec<Obligation>>,
        edges_answer: Vec<Vec<Option<Obligation>>>,
        movers: Vec<Vec<Mover>>,
        /// Where a run may stop although there are edges.
        may_stop: Vec<bool>,
        triggers: Vec<bool>,
        within: Vec<bool>,
        recurs: Vec<bool>,
    }

    impl Fair for Case {
        fn obligations(&self) -> Obligation {
            3
        }

        fn asks(&self, node: Node) -> Vec<Obligation> {
            self.asks[node as usize].clone()
        }

        fn answers(&self, node: Node) -> Vec<Obligation> {
            self.answers[node as usize].clone()
        }

        fn edges_answer(&self, node: Node) -> Vec<Option<Obligation>> {
            self.edges_answer[node as usize].clone()
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

        fn find(&self, time: Time) -> Result<Option<Walk>, Stopped> {
            let at = |set: &[bool], node: Node| set[node as usize];
            let graph = self.graph();
            Endings::new(&graph, self, Limits::NONE)?.find(&Forbidden {
                triggers: &|node| at(&self.triggers, node),
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
        fn goes_round_by(&self, is_kept: impl Fn(Mover) -> bool) -> bool {
            let edges = self.nodes().flat_map(|from| (0..self.rows[from].len()).map(move |place| (from, place)));
            let edges: Vec<_> = edges.filter(|(from, place)| is_kept(self.movers[*from][*place])).collect();
            edges
                .iter()
                .any(|(from, place)| self.reached_by(&edges, 1 << self.rows[*from][*place]) >> from & 1 == 1)
        }

        /// Whether walks can go round for ever through exactly these nodes and be fair, if they take every edge
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
            let answered = |obligation: Obligation| {
                members.iter().any(|node| self.answers[*node].contains(&obligation))
                    || edges.iter().any(|(from, place)| self.edges_answer[*from][*place] == Some(obligation))
            };
            !edges.is_empty()
                && has_tick == (time == Time::Passes)
                && connected
                && (time == Time::Stops
                    || members.iter().flat_map(|node| &self.asks[*node]).all(|obligation| answered(*obligation)))
        }

        /// By brute force: every set of nodes is tried. `None`: no run is forbidden; else how far the nearest place is
        /// where a forbidden one can stay forever.
        fn oracle(&self, time: Time) -> Option<usize> {
            let set = |of: &[bool]| of.iter().zip(0..).fold(0, |all, (is, node)| all | u32::from(*is) << node);
            let (within, recurs, triggers) = (set(&self.within), set(&self.recurs), set(&self.triggers));
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
            let (mut before, mut after) = (1_u32, triggers & within & 1);
            for steps in 0..=2 * self.rows.len() {
                if after & goals != 0 {
                    return Some(steps);
                }
                let next = |from: u32| {
                    let sources = self.nodes().filter(|node| from >> node & 1 == 1);
                    sources.fold(from, |all, node| self.rows[node].iter().fold(all, |all, to| all | 1 << to))
                };
                before = next(before);
                after = (next(after) | before & triggers) & within;
            }
            None
        }

        /// Follows a walk edge by edge and says what is wrong with it as a forbidden fair run.
        fn objection(&self, walk: &Walk, time: Time) -> Option<&'static str> {
            let mut at = 0;
            let mut nodes = vec![0];
            for (from, place) in walk.stem.iter().chain(&walk.cycle) {
                if *from as usize != at {
                    return Some("an edge does not begin where the one before it ends");
                }
                at = self.rows[at][*place] as usize;
                nodes.push(at);
            }
            let base = walk.stem.len();
            let (stem, cycle) = (&nodes[..=base], &nodes[base..]);
            if walk.cycle.is_empty() && !self.rows[at].is_empty() && !self.may_stop[at] {
                return Some("it may not stop there");
            }
            let is_tick = |(from, place): &Edge| self.movers[*from as usize][*place] == Mover::Time;
            let passes = walk.cycle.is_empty() || walk.cycle.iter().any(is_tick);
            if passes != (time == Time::Passes) {
                return Some("time does not do what it should on the cycle");
            }
            if cycle.first() != cycle.last() {
                return Some("the cycle does not end where it begins");
            }
            let owes = time == Time::Passes && !walk.cycle.is_empty();
            for obligation in cycle.iter().flat_map(|node| &self.asks[*node]).filter(|_| owes) {
                let by_node = cycle.iter().any(|node| self.answers[*node].contains(obligation));
                let by_edge =
                    |(from, place): &Edge| self.edges_answer[*from as usize][*place] == Some(*obligation);
                if !by_node && !walk.cycle.iter().any(by_edge) {
                    return Some("what is asked for on the cycle is not answered on it");
                }
            }
            if !cycle.iter().any(|node| self.recurs[*node]) {
                return Some("nothing recurs on the cycle");
            }
            let from = (0..=base).rev().take_while(|place| self.within[stem[*place]]).last()?;
            let is_trigger = |place: usize| self.triggers[stem[place]];
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
            let some = || prop::collection::vec(0..3 as Obligation, 0..3);
            let mover = || prop_oneof![10 => Just(Mover::Time), 9 => Just(Mover::End), 1 => Just(Mover::Network)];
            let answer = || prop::option::weighted(0.5, 0..3 as Obligation);
            let edge = move || {
                let edge = (0..u32::try_from(size).unwrap(), answer(), mover());
                edge.prop_map(|(to, answer, mover)| (to, answer.filter(|_| mover != Mover::Time), mover))
            };
            let rows = prop::collection::vec(prop::collection::vec(edge(), 0..4), size);
            let asks = prop::collection::vec(some(), size);
            let answers = prop::collection::vec(prop::collection::vec(0..3 as Obligation, 0..2), size);
            let stops = prop::collection::vec(prop::bool::weighted(0.05), size);
            ((rows, asks, answers, stops), (flags(), mostly(), mostly())).prop_map(
                |((rows, asks, answers, may_stop), (triggers, within, recurs))| Case {
                    edges_answer: rows
                        .iter()
                        .map(|row| row.iter().map(|(_, answer, _)| *answer).collect())
                        .collect(),
                    movers: rows.iter().map(|row| row.iter().map(|(_, _, mover)| *mover).collect()).collect(),
                    rows: rows.into_iter().map(|row| row.into_iter().map(|(to, _, _)| to).collect()).collect(),
                    asks,
                    answers,
                    may_stop,
                    triggers,
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
            if case.goes_round_by(|mover| mover == Mover::Network) {
                prop_assert_eq!(case.find(time), Err(Stopped::NetworkCycle));
                return Ok(());
            }
            let found = case.find(time).unwrap();
            prop_assert_eq!(found.as_ref().map(|walk| walk.stem.len()), case.oracle(time));
            prop_assert_eq!(found.and_then(|walk| case.objection(&walk, time)), None);
        }
    }
}
