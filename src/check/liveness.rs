//! Liveness under fairness: is there a fair behaviour that a property forbids?
//!
//! A behaviour stops for ever, or goes round for ever in a strongly connected part of the graph. Strong fairness is
//! not a matter of whole components: where what a state asks for is never answered, a behaviour may still be fair
//! that avoids such states, so these are taken out and the rest is searched again (Streett emptiness).

use std::collections::{HashMap, HashSet, VecDeque};

use super::components::Components;
use super::graph::{Edge, Graph, Node};
use super::{Limits, Stopped};

/// Something that is asked for again and again on a fair behaviour only if it is answered again and again: a number
/// below [`Fair::obligations`].
pub(super) type Obligation = u16;

/// What fairness asks of behaviours, state by state.
pub(super) trait Fair {
    /// How many obligations there are.
    fn obligations(&self) -> Obligation;
    /// What a state asks for.
    fn asks(&self, node: Node) -> Vec<Obligation>;
    /// What being in a state answers.
    fn answers(&self, node: Node) -> Vec<Obligation>;
    /// What each of a state's edges answers, in their order.
    fn edges_answer(&self, node: Node) -> Vec<Option<Obligation>>;
    /// A behaviour may stop in this state for ever although it has edges; where there are none it does.
    fn may_stop(&self, node: Node) -> bool;
    /// Which of a state's edges is a tick.
    fn tick(&self, node: Node) -> Option<usize>;
}

/// The behaviours that a property forbids: those that from a state that `triggers` on stay `within` for ever, and are
/// again and again in a state that `recurs`.
pub(super) struct Forbidden<'p> {
    /// From here on.
    pub(super) triggers: &'p dyn Fn(Node) -> bool,
    /// For ever in these.
    pub(super) within: &'p dyn Fn(Node) -> bool,
    /// Again and again in these.
    pub(super) recurs: &'p dyn Fn(Node) -> bool,
}

/// A behaviour: a stem, and a cycle that repeats for ever. Without a cycle it stops where the stem ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Walk {
    pub(super) stem: Vec<Edge>,
    pub(super) cycle: Vec<Edge>,
}

/// Where behaviours can stay for ever.
pub(super) struct Endings<'g, F> {
    graph: &'g Graph,
    fair: &'g F,
    limits: Limits<'g>,
    components: Components<'g>,
    /// The nodes through which some walk goes round.
    cyclic: Vec<Node>,
    /// The nodes in which a behaviour may stop.
    stops: Vec<Node>,
    /// For each node, the part that is being looked at and it belongs to; 0 for none.
    part: Vec<u32>,
    parts: u32,
}

impl<'g, F: Fair> Endings<'g, F> {
    /// Looks for them in a whole graph, until the time is up.
    pub(super) fn new(graph: &'g Graph, fair: &'g F, limits: Limits<'g>) -> Result<Self, Stopped> {
        let mut components = Components::new(graph, limits);
        let mut cyclic = Vec::new();
        components.cyclic(all_nodes(graph), |_, _| true, |component| cyclic.extend_from_slice(component))?;
        let stops =
            all_nodes(graph).filter(|node| graph.targets(*node).is_empty() || fair.may_stop(*node)).collect();
        Ok(Self { graph, fair, limits, components, cyclic, stops, part: vec![0; graph.nodes()], parts: 0 })
    }

    /// Whether a walk goes round without a tick.
    pub(super) fn time_stops(&mut self) -> Result<bool, Stopped> {
        let nodes = std::mem::take(&mut self.cyclic);
        let label = self.label(&nodes);
        let (part, fair) = (&self.part, self.fair);
        let mut stops = false;
        let kept = |(from, place): Edge, to| is_in(part, to, label) && fair.tick(from) != Some(place);
        self.components.cyclic(nodes.iter().copied(), kept, |_| stops = true)?;
        self.cyclic = nodes;
        Ok(stops)
    }

    /// A shortest way to where a forbidden fair behaviour can stay for ever, and how it stays there.
    pub(super) fn find(&mut self, forbidden: &Forbidden<'_>) -> Result<Option<Walk>, Stopped> {
        self.heed_limits()?;
        let nodes = self.cyclic.iter().copied().filter(|node| (forbidden.within)(*node)).collect();
        let parts = self.fair_parts(nodes, forbidden.recurs)?;
        let may_stay = |node: &Node| (forbidden.within)(*node) && (forbidden.recurs)(*node);
        let stops: HashSet<Node> = self.stops.iter().copied().filter(may_stay).collect();
        if parts.is_empty() && stops.is_empty() {
            return Ok(None);
        }
        let label_of = |node: Node| self.part.get(node as usize).copied().unwrap_or(0);
        let is_goal = |node| stops.contains(&node) || parts.contains(&label_of(node));
        Ok(self.stem(forbidden, is_goal)?.map(|(stem, end)| {
            let cycle = if stops.contains(&end) { Vec::new() } else { self.cycle(end, forbidden.recurs) };
            Walk { stem, cycle }
        }))
    }

    /// The labels of the parts of a set of nodes in which a fair behaviour can go round for ever, through all of the
    /// part's nodes.
    fn fair_parts(&mut self, nodes: Vec<Node>, recurs: &dyn Fn(Node) -> bool) -> Result<HashSet<u32>, Stopped> {
        let mut fair_parts = HashSet::new();
        let mut pending = vec![nodes];
        while let Some(nodes) = pending.pop() {
            self.heed_limits()?;
            let label = self.label(&nodes);
            let mut found: Vec<Vec<Node>> = Vec::new();
            let part = &self.part;
            let kept = |_, to| is_in(part, to, label);
            self.components.cyclic(nodes.iter().copied(), kept, |component| found.push(component.to_vec()))?;
            for nodes in found {
                let label = self.label(&nodes);
                let open = self.unanswered(label, &nodes, recurs)?;
                if !open.contains(&true) {
                    fair_parts.insert(label);
                    continue;
                }
                let asks_in_vain = |node: &Node| {
                    is_set(&open, self.recurrence())
                        || self.fair.asks(*node).into_iter().any(|obligation| is_set(&open, obligation))
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
    fn unanswered(&self, label: u32, nodes: &[Node], recurs: &dyn Fn(Node) -> bool) -> Result<Vec<bool>, Stopped> {
        let mut ledger = self.ledger();
        for (index, node) in nodes.iter().enumerate() {
            if index % PATIENCE == PATIENCE - 1 {
                self.heed_limits()?;
            }
            self.note_node(*node, recurs, &mut ledger);
            for (answer, target) in self.fair.edges_answer(*node).into_iter().zip(self.graph.targets(*node)) {
                if is_in(&self.part, *target, label) {
                    ledger.answer(answer);
                }
            }
        }
        Ok(ledger.open())
    }

    /// The way to the nearest goal that a forbidden behaviour can take.
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
        while let Some(by) = (if triggered { after } else { before }).get(node as usize).filter(|by| **by < START)
        {
            let source = by >> 1;
            let place = self.graph.targets(source).iter().position(|target| *target == node);
            stem.push((source, place.unwrap_or_default()));
            (triggered, node) = (by & 1 == 1, source);
        }
        stem.reverse();
        Ok(Some((stem, end)))
    }

    /// A short cycle from a node through its part that answers all that is asked for on it.
    fn cycle(&self, base: Node, recurs: &dyn Fn(Node) -> bool) -> Vec<Edge> {
        let label = self.part.get(base as usize).copied().unwrap_or(0);
        let mut ledger = self.ledger();
        let mut cycle: Vec<Edge> = Vec::new();
        let mut at = base;
        loop {
            self.note_node(at, recurs, &mut ledger);
            let open = ledger.open();
            let way = if open.contains(&true) {
                self.way(at, label, |(from, place), to| {
                    let by_edge = self.fair.edges_answer(from).get(place).copied().flatten();
                    let by_node = self.fair.answers(to).into_iter().chain(recurs(to).then_some(self.recurrence()));
                    by_node.chain(by_edge).any(|obligation| is_set(&open, obligation))
                })
            } else if at == base && !cycle.is_empty() {
                return self.shortest_round(&cycle, recurs);
            } else {
                self.way(at, label, |_, to| to == base)
            };
            if way.is_empty() {
                // A fair part answers what it asks for, and is strongly connected: this does not happen.
                return cycle;
            }
            for (from, place) in way {
                ledger.answer(self.fair.edges_answer(from).get(place).copied().flatten());
                cycle.push((from, place));
                at = self.graph.target((from, place)).unwrap_or(from);
                self.note_node(at, recurs, &mut ledger);
            }
        }
    }

    /// A cycle may come through its first node several times; perhaps fewer rounds are enough.
    fn shortest_round(&self, cycle: &[Edge], recurs: &dyn Fn(Node) -> bool) -> Vec<Edge> {
        let base = cycle.first().map(|(node, _)| *node);
        let starts = cycle.iter().enumerate().filter(|(_, (node, _))| Some(*node) == base).map(|(place, _)| place);
        let visits: Vec<usize> = starts.chain([cycle.len()]).collect();
        let rounds = visits
            .iter()
            .enumerate()
            .flat_map(|(index, from)| visits.iter().skip(index + 1).filter_map(move |to| cycle.get(*from..*to)));
        let is_fair = |round: &&[Edge]| {
            let mut ledger = self.ledger();
            for (from, place) in *round {
                self.note_node(*from, recurs, &mut ledger);
                ledger.answer(self.fair.edges_answer(*from).get(*place).copied().flatten());
            }
            !ledger.open().contains(&true)
        };
        rounds.filter(is_fair).min_by_key(|round| round.len()).unwrap_or(cycle).to_vec()
    }

    /// The shortest way within a part whose last edge is a goal.
    fn way(&self, start: Node, label: u32, is_goal: impl Fn(Edge, Node) -> bool) -> Vec<Edge> {
        let mut by: HashMap<Node, Edge> = HashMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(node) = queue.pop_front() {
            for (place, target) in self.graph.targets(node).iter().enumerate() {
                if !is_in(&self.part, *target, label) {
                    continue;
                }
                if is_goal((node, place), *target) {
                    let mut way = vec![(node, place)];
                    let mut at = node;
                    while at != start {
                        let Some(edge) = by.get(&at) else {
                            break;
                        };
                        way.push(*edge);
                        at = edge.0;
                    }
                    way.reverse();
                    return way;
                }
                if *target != start && !by.contains_key(target) {
                    by.insert(*target, (node, place));
                    queue.push_back(*target);
                }
            }
        }
        Vec::new()
    }

    fn heed_limits(&self) -> Result<(), Stopped> {
        self.limits.cut_off().map_or(Ok(()), Err)
    }

    fn ledger(&self) -> Ledger {
        let obligations = usize::from(self.recurrence()) + 1;
        Ledger { asked: vec![false; obligations], answered: vec![false; obligations] }
    }

    fn note_node(&self, node: Node, recurs: &dyn Fn(Node) -> bool, ledger: &mut Ledger) {
        ledger.ask(self.recurrence());
        for obligation in self.fair.asks(node) {
            ledger.ask(obligation);
        }
        for obligation in self.fair.answers(node) {
            ledger.answer(Some(obligation));
        }
        ledger.answer(recurs(node).then_some(self.recurrence()));
    }

    /// That a state recurs is one obligation more.
    fn recurrence(&self) -> Obligation {
        self.fair.obligations()
    }

    fn label(&mut self, nodes: &[Node]) -> u32 {
        self.parts += 1;
        for node in nodes {
            if let Some(slot) = self.part.get_mut(*node as usize) {
                *slot = self.parts;
            }
        }
        self.parts
    }
}

/// What was asked for and what was answered.
struct Ledger {
    asked: Vec<bool>,
    answered: Vec<bool>,
}

impl Ledger {
    fn ask(&mut self, obligation: Obligation) {
        set(&mut self.asked, obligation);
    }

    fn answer(&mut self, obligation: Option<Obligation>) {
        if let Some(obligation) = obligation {
            set(&mut self.answered, obligation);
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
/// The node is where every behaviour starts.
const START: u32 = u32::MAX - 1;

fn reached_first(from: &mut [u32], node: Node, by: u32) -> bool {
    let slot = from.get_mut(node as usize).filter(|slot| **slot == UNREACHED);
    slot.is_some_and(|slot| {
        *slot = by;
        true
    })
}

fn all_nodes(graph: &Graph) -> impl Iterator<Item = Node> + Clone + use<> {
    0..Node::try_from(graph.nodes()).unwrap_or(Node::MAX)
}

fn is_in(part: &[u32], node: Node, label: u32) -> bool {
    part.get(node as usize) == Some(&label)
}

fn is_set(set: &[bool], obligation: Obligation) -> bool {
    set.get(usize::from(obligation)) == Some(&true)
}

fn set(set: &mut [bool], obligation: Obligation) {
    if let Some(slot) = set.get_mut(usize::from(obligation)) {
        *slot = true;
    }
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
        /// Where a behaviour may stop although there are edges.
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

        fn tick(&self, node: Node) -> Option<usize> {
            // Any choice is as good as another.
            self.rows[node as usize].len().checked_sub(1).filter(|_| node != 0)
        }
    }

    impl Case {
        fn graph(&self) -> Graph {
            Graph::of(self.rows.clone())
        }

        fn find(&self) -> Option<Walk> {
            let at = |set: &[bool], node: Node| set[node as usize];
            let graph = self.graph();
            let mut endings = Endings::new(&graph, self, Limits::NONE).unwrap();
            let found = endings.find(&Forbidden {
                triggers: &|node| at(&self.triggers, node),
                within: &|node| at(&self.within, node),
                recurs: &|node| at(&self.recurs, node),
            });
            found.unwrap()
        }

        fn nodes(&self) -> std::ops::Range<usize> {
            0..self.rows.len()
        }

        /// The nodes that are reached from these by edges between nodes of a set, themselves included.
        fn reached(&self, from: u32, set: u32) -> u32 {
            let mut all = from & set;
            for _ in self.nodes() {
                let known = all;
                for node in self.nodes().filter(|node| known >> node & 1 == 1) {
                    all |= self.rows[node].iter().fold(0, |all, to| all | 1 << to) & set;
                }
            }
            all
        }

        /// Whether walks can go round for ever through exactly these nodes and be fair, if they take every edge
        /// between them again and again.
        fn goes_round(&self, set: u32) -> bool {
            let members: Vec<usize> = self.nodes().filter(|node| set >> node & 1 == 1).collect();
            let edges: Vec<(usize, usize)> = members
                .iter()
                .flat_map(|from| (0..self.rows[*from].len()).map(move |place| (*from, place)))
                .filter(|(from, place)| set >> self.rows[*from][*place] & 1 == 1)
                .collect();
            let connected = members.iter().all(|node| self.reached(1 << node, set) == set);
            let answered = |obligation: Obligation| {
                members.iter().any(|node| self.answers[*node].contains(&obligation))
                    || edges.iter().any(|(from, place)| self.edges_answer[*from][*place] == Some(obligation))
            };
            !edges.is_empty()
                && connected
                && members.iter().flat_map(|node| &self.asks[*node]).all(|obligation| answered(*obligation))
        }

        /// By brute force: every set of nodes is tried. `None`: no behaviour is forbidden; else how far the nearest
        /// place is where a forbidden one can stay for ever.
        fn oracle(&self) -> Option<usize> {
            let set = |of: &[bool]| of.iter().zip(0..).fold(0, |all, (is, node)| all | u32::from(*is) << node);
            let (within, recurs, triggers) = (set(&self.within), set(&self.recurs), set(&self.triggers));
            let all = (1_u32 << self.rows.len()) - 1;
            let mut goals = 0;
            for part in 1..=all {
                if part & !within == 0 && part & recurs != 0 && self.goes_round(part) {
                    goals |= part;
                }
            }
            for node in self.nodes() {
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

        /// Follows a walk edge by edge and says what is wrong with it as a forbidden fair behaviour.
        fn objection(&self, walk: &Walk) -> Option<&'static str> {
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
            if cycle.first() != cycle.last() {
                return Some("the cycle does not end where it begins");
            }
            for obligation in cycle.iter().flat_map(|node| &self.asks[*node]).filter(|_| !walk.cycle.is_empty()) {
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
            let edge = move || (0..u32::try_from(size).unwrap(), prop::option::weighted(0.5, 0..3 as Obligation));
            let rows = prop::collection::vec(prop::collection::vec(edge(), 0..4), size);
            let asks = prop::collection::vec(some(), size);
            let answers = prop::collection::vec(prop::collection::vec(0..3 as Obligation, 0..2), size);
            let stops = prop::collection::vec(prop::bool::weighted(0.05), size);
            ((rows, asks, answers, stops), (flags(), mostly(), mostly())).prop_map(
                |((rows, asks, answers, may_stop), (triggers, within, recurs))| Case {
                    edges_answer: rows.iter().map(|row| row.iter().map(|(_, answer)| *answer).collect()).collect(),
                    rows: rows.into_iter().map(|row| row.into_iter().map(|(to, _)| to).collect()).collect(),
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
        fn agrees_with_brute_force(case in any_case()) {
            let found = case.find();
            prop_assert_eq!(found.as_ref().map(|walk| walk.stem.len()), case.oracle());
            prop_assert_eq!(found.and_then(|walk| case.objection(&walk)), None);
        }

        #[test]
        fn time_stops_where_a_cycle_has_no_tick(case in any_case()) {
            let graph = case.graph();
            let untimed = |node: usize| {
                let tick = case.tick(u32::try_from(node).unwrap());
                case.rows[node].iter().enumerate().filter(move |(place, _)| Some(*place) != tick).map(|(_, to)| *to)
            };
            let mut reached: Vec<u32> = case.nodes().map(|node| untimed(node).fold(0, |all, to| all | 1 << to)).collect();
            for _ in case.nodes() {
                for node in case.nodes() {
                    let next = case.nodes().filter(|to| reached[node] >> to & 1 == 1).map(|to| reached[to]);
                    reached[node] |= next.fold(0, |all, one| all | one);
                }
            }
            let oracle = case.nodes().any(|node| reached[node] >> node & 1 == 1);
            let mut endings = Endings::new(&graph, &case, Limits::NONE).unwrap();
            prop_assert_eq!(endings.time_stops(), Ok(oracle));
        }
    }
}
