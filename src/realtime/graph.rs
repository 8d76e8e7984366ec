//! The graph of zones, for what no single state decides.
//!
//! Every run of the world is a walk in the graph. Whether every walk is a run depends on which zones are one
//! ([`Zones`]):
//!
//! * *Included* zones are covered by those that include them, and edges lead to what covers. That is quick, and
//!   whatever no walk does, no run does. But a walk may go on from where its run could not have come: a walk
//!   proves nothing until it has been given times.
//! * *Equal* zones alone are one. Then every walk, finite or not, is a run: a zone also has times at which copies
//!   have less left than in any run, but whatever is possible from there is possible with more (Tripakis 2009 for
//!   zones; Li, FORMATS 2009, for abstractions by lower and upper bounds; Laarman and others, CAV 2013, for what
//!   inclusion does and does not keep).
//!
//! Where duplicates are unlimited, the network is a set, which may do more than the world: then a walk proves
//! nothing either way.
//!
//! The losses and duplicates used distinguish parts in both graphs: else a run could lose segments without end and
//! without a charge.
//!
//! A loss that is decided at the sending leaves no trace in the state. Where losses are without number, a fair
//! network must still deliver a segment that is sent again and again; so a node of its own, between two zones,
//! stands for each loss.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use std::ops::Range;

use super::catalog::SegmentNumber;
use super::constraints::Untimed;
use super::cyclic::{CyclicWitness, cyclic};
use super::part::Part;
use super::passed::{Node, Passed};
use super::question::Question;
use super::search::{ExploredZones, Reductions, SearchOptions, ZoneLimits, ZoneStats, explore_with};
use super::step::{Successor, SymbolicAction};
use super::stop::Stop;
use super::witness::{NoWitness, Witness, timed};
use super::zone::Running;
use crate::explore::graph::{Edge, Graph, Rows};
use crate::invariant::broken;
use crate::model::{Config, End, EndConfig, Kind, Observe};
use crate::property::Predicate;
use crate::tcp::Call;

/// What happens along an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EdgeKind {
    /// A timer expires: it was set before, so that time has passed.
    Timeout,
    /// An end makes a call.
    Call(End, Call),
    /// A copy of this segment arrives.
    Delivery(SegmentNumber),
    /// Nothing: the edge leads on from a loss.
    Onwards,
}

/// A number of a segment, or behind those, of a timer.
pub(crate) type TimeBound = u16;

/// How many lanes a zone has.
const LANES: u16 = 8;

/// The most segments for which there are numbers of what bounds the time, and of what fairness asks for: of each
/// segment both, of each lane, of the close of each end, and of what recurs and of ticks.
const MOST_SEGMENTS: usize = (u16::MAX as usize - LANES as usize - 4) / 2;

/// What happens along an edge, and what bounds the time anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EdgeLabel {
    pub(crate) kind: EdgeKind,
    /// A copy that arrives is still in flight.
    stays: bool,
    /// The timers that are set, as lanes of a zone.
    set: Running,
}

impl EdgeLabel {
    /// Of an edge that leads on from a loss.
    const ONWARDS: Self = Self { kind: EdgeKind::Onwards, stays: false, set: Running(0) };
}

/// The zones of a world and its steps. Node 0 is the initial zone.
pub(crate) struct ZoneGraph<'c> {
    pub(crate) graph: Graph,
    pub(crate) explored: ExploredZones<'c>,
    config: &'c Config,
    /// The zone of each node that stands for one, breadth first.
    zones: Vec<Node>,
    /// For each of these nodes, the one before it on a shortest walk.
    reached_from: Vec<Node>,
    /// For each of these nodes, where the labels of its edges begin; and where those of the last one end.
    first_label: Vec<usize>,
    labels: Vec<EdgeLabel>,
    /// For each node behind them, the segment that is lost, and where its edge leads.
    losses: Vec<(SegmentNumber, Node)>,
}

/// Which zones of a discrete part are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Zones {
    /// A zone and those that it includes.
    Included,
    /// Equal ones.
    Equal,
}

/// What happens along an edge, the zone that it leads to, and the segment that is lost on it, if that is
/// remembered.
type FoundEdge = (EdgeLabel, Node, Option<SegmentNumber>);

/// The edges of zones while more of them are found. Those of one zone are found together.
#[derive(Default)]
struct FoundEdges {
    /// For each zone, where its edges are.
    of_zones: Vec<Range<usize>>,
    edges: Vec<FoundEdge>,
}

impl FoundEdges {
    fn push(&mut self, from: Node, edge: FoundEdge) {
        let from = from as usize;
        if from >= self.of_zones.len() {
            self.of_zones.resize(from + 1, 0..0);
        }
        if self.of_zones[from].is_empty() {
            self.of_zones[from] = self.edges.len()..self.edges.len();
        }
        self.edges.push(edge);
        self.of_zones[from].end = self.edges.len();
    }

    fn of(&self, zone: Node) -> &[FoundEdge] {
        self.of_zones.get(zone as usize).map_or(&[], |of_zone| &self.edges[of_zone.clone()])
    }
}

/// The zones that are kept, in the order in which a search breadth first comes to them; for each zone that
/// was found, its place in that order; and for each in that order, the place of the one that it was reached from.
/// What was dropped is no node: whatever leads to it leads to what covers it.
fn breadth_first(passed: &Passed, found: &FoundEdges) -> (Vec<Node>, Vec<Node>, Vec<Node>) {
    const UNVISITED: Node = Node::MAX;
    let mut node_of = vec![UNVISITED; passed.nodes()];
    let (mut zones, mut reached_from) = (Vec::new(), Vec::new());
    let mut next = 0;
    // All are reached from the first one, unless the exploration was stopped.
    for start in passed.kept() {
        let mut reach = |zone: Node, from: Node, zones: &mut Vec<Node>| {
            if node_of[zone as usize] == UNVISITED {
                let number = Node::try_from(zones.len());
                node_of[zone as usize] = number.unwrap_or_else(|_| broken(format_args!("more nodes than zones")));
                zones.push(zone);
                reached_from.push(from);
            }
        };
        reach(start, 0, &mut zones);
        while let Some(zone) = zones.get(next as usize).copied() {
            for (_, to, _) in found.of(zone) {
                reach(passed.representative(*to), next, &mut zones);
            }
            next += 1;
        }
    }
    (zones, node_of, reached_from)
}

impl<'c> ZoneGraph<'c> {
    /// Explores a world. Where `explored.ended` says that something is missing, the graph decides nothing.
    ///
    /// # Errors
    /// If a duration of the world is too long for zones, or there are too many segments to number what bounds the
    /// time.
    pub(crate) fn explore(
        config: &'c Config,
        questions: &[Question<'_>],
        zones: Zones,
        limits: &ZoneLimits<'_>,
        progress: &dyn Fn(&ZoneStats),
    ) -> Result<Self, Stop> {
        let inclusion = zones == Zones::Included;
        let reductions = Reductions { inclusion, budgets: false, symmetry: false, ..Reductions::ALL };
        let mut found = FoundEdges::default();
        let mut taken = |from: Node, step: &Successor, to: Node| {
            let kind = match step.action {
                SymbolicAction::Timeout(..) => EdgeKind::Timeout,
                SymbolicAction::Call(end, call) => EdgeKind::Call(end, call),
                SymbolicAction::Deliver(..) => {
                    let none = || broken(format_args!("no segment is delivered"));
                    EdgeKind::Delivery(step.delivered.unwrap_or_else(none))
                }
            };
            let lost = step.sent.filter(|(_, fate)| fate.is_lost && config.losses.is_none());
            let label = EdgeLabel { kind, stays: step.stays, set: step.timers_set };
            found.push(from, (label, to, lost.map(|(segment, _)| segment)));
        };
        let explored =
            explore_with(config, questions, SearchOptions::default(), limits, reductions, &mut taken, progress)?;
        if explored.steps.catalog.segments() > MOST_SEGMENTS {
            return Err(Stop::Numbers);
        }
        let (zones, node_of, reached_from) = breadth_first(&explored.passed, &found);
        let (mut rows, mut losses) = (Rows::default(), Vec::new());
        let (mut first_label, mut labels) = (vec![0], Vec::new());
        for zone in &zones {
            let of_zone = found.of(*zone);
            rows.push_degree(of_zone.len());
            for (label, to, lost) in of_zone {
                labels.push(*label);
                let to = node_of[explored.passed.representative(*to) as usize];
                rows.targets_mut().push(match lost {
                    Some(segment) => {
                        losses.push((*segment, to));
                        u32::try_from(zones.len() + losses.len() - 1).map_err(|_| Stop::Numbers)?
                    }
                    None => to,
                });
            }
            first_label.push(labels.len());
        }
        for (_, to) in &losses {
            rows.push_degree(1);
            rows.targets_mut().push(*to);
        }
        let mut graph = Graph::default();
        graph.push(rows);
        Ok(Self { graph, explored, config, zones, reached_from, first_label, labels, losses })
    }

    /// A shortest walk to a zone whose states decide a question, if one does. Where zones cover those that they
    /// include, no run that reveals it is shorter: once the walk has been given times, it is a shortest run.
    pub(crate) fn shortest_walk(&self, question: &Question<'_>) -> Option<Vec<Edge>> {
        let is_revealing: Vec<bool> =
            self.explored.part_views().map(|part| question.is_revealed_by(&part)).collect();
        let reveals = |zone: &Node| is_revealing[self.explored.passed.part_number(*zone) as usize];
        let mut at = Node::try_from(self.zones.iter().position(reveals)?).ok()?;
        let mut walk = Vec::new();
        while at != 0 {
            let before = self.reached_from[at as usize];
            let behind = |target: &Node| self.loss(*target).map_or(*target, |(_, behind)| behind);
            let targets = self.graph.targets(before);
            let place = targets.iter().position(|target| behind(target) == at);
            let place = place.unwrap_or_else(|| broken(format_args!("no edge from {before} to {at}")));
            walk.extend(self.loss(targets[place]).map(|_| (targets[place], 0)));
            walk.push((before, place));
            at = before;
        }
        walk.reverse();
        Some(walk)
    }

    /// The run along a path, at exact times.
    ///
    /// # Errors
    /// Why that is not possible. That there are no times ([`NoWitness::NoTimes`]) is possible where zones are one
    /// that are not equal; all else is a fault of the program.
    pub(crate) fn witness(&self, path: &[Edge]) -> Result<Witness, NoWitness> {
        let run = self.run_along(path)?;
        timed(self.config, &run)
    }

    /// The run along a stem and then a cycle, at exact times that repeat; time `passes` in the cycle, or does not.
    /// `None` if no such times were found.
    ///
    /// # Errors
    /// If the exact world does not agree, which is a fault of the program; or if the search for times was cut off.
    pub(crate) fn cyclic_witness(
        &self,
        stem: &[Edge],
        cycle: &[Edge],
        passes: bool,
        is_cut_off: &dyn Fn() -> bool,
    ) -> Result<Option<CyclicWitness>, NoWitness> {
        let (stem, cycle) = (self.run_along(stem)?, self.run_along(cycle)?);
        cyclic(self.config, &stem, &cycle, passes, is_cut_off)
    }

    /// The events along a path; nothing happens on the edge that leads on from a loss.
    fn run_along(&self, path: &[Edge]) -> Result<Vec<Untimed>, NoWitness> {
        let of_zones = path.iter().filter(|(node, _)| self.loss(*node).is_none());
        let edges: Vec<Edge> = of_zones.map(|(node, place)| (self.zone(*node), *place)).collect();
        self.explored.run_along(&edges).map_err(NoWitness::Stopped)
    }

    /// How many segments have a number.
    pub(crate) fn segments(&self) -> SegmentNumber {
        let segments = self.explored.steps.catalog.segments();
        SegmentNumber::try_from(segments).unwrap_or_else(|_| broken(format_args!("{segments} segments")))
    }

    /// The kind of a segment, and the end that it goes to.
    pub(crate) fn segment(&self, number: SegmentNumber) -> (Kind, End) {
        let known = self.explored.steps.catalog.segment(number);
        (known.kind, known.to)
    }

    /// The number by which fairness knows a segment: the network cannot tell of which incarnation one is.
    pub(crate) fn on_the_wire(&self, number: SegmentNumber) -> SegmentNumber {
        self.explored.steps.catalog.of_first(number)
    }

    /// What happens along each edge of a node.
    pub(crate) fn labels(&self, node: Node) -> &[EdgeLabel] {
        match self.loss(node) {
            Some(_) => &[EdgeLabel::ONWARDS],
            None => &self.labels[self.first_label[node as usize]..self.first_label[node as usize + 1]],
        }
    }

    /// How many numbers there are of what bounds the time: segments in flight, and timers that run.
    pub(crate) fn bounds(&self) -> TimeBound {
        self.segments() + LANES
    }

    /// What bounds the time in a node: the oldest copy of a segment in flight will be as old as the MSL, a timer
    /// that runs will be due.
    pub(crate) fn bounded(&self, node: Node) -> Vec<TimeBound> {
        let part = self.part(node);
        let running = self.explored.steps.catalog.running(part.ends);
        let mut all: Vec<TimeBound> = part.copies.to_vec();
        all.dedup();
        all.extend(self.timers(running));
        all
    }

    /// What bounds the time on an edge no more, or anew: the oldest copy of a segment, which arrives, and the
    /// timers that are set.
    pub(crate) fn renewed(&self, label: EdgeLabel) -> Vec<TimeBound> {
        let arrived = match label.kind {
            EdgeKind::Delivery(segment) if !label.stays => Some(segment),
            _ => None,
        };
        arrived.into_iter().chain(self.timers(label.set)).collect()
    }

    fn timers(&self, lanes: Running) -> impl Iterator<Item = TimeBound> {
        let first = self.segments();
        // `now` is no timer.
        (1..LANES).filter(move |lane| lanes.0 >> lane & 1 == 1).map(move |lane| first + lane)
    }

    /// The segment that is lost in a node that stands for a loss, and the node behind it.
    pub(crate) fn loss(&self, node: Node) -> Option<(SegmentNumber, Node)> {
        let place = (node as usize).checked_sub(self.zones.len())?;
        Some(self.losses[place])
    }

    /// Whether a predicate is true in a node; in that of a loss, whether it is in the zone behind it. It is
    /// computed once for each discrete part: what was spent is a part's own here.
    pub(crate) fn truth<'g>(&'g self, predicate: &Predicate, this: End) -> impl Fn(Node) -> bool + use<'g, 'c> {
        let of_parts: Vec<bool> = self.explored.part_views().map(|part| predicate.holds(&part, this)).collect();
        move |node| of_parts[self.explored.passed.part_number(self.zone(node)) as usize]
    }

    /// The zone of a node; of a loss, the one behind it.
    fn zone(&self, node: Node) -> Node {
        self.zones[self.loss(node).map_or(node, |(_, behind)| behind) as usize]
    }

    fn part(&self, node: Node) -> Part<'_> {
        let passed = &self.explored.passed;
        passed.part(passed.part_number(self.zone(node)), &self.explored.steps.catalog)
    }

    /// The calls that an end may make in a node.
    pub(crate) fn calls(&self, node: Node, end: End) -> impl Iterator<Item = Call> {
        let part = self.part(node);
        let EndConfig { application, policy } = self.config.end(end);
        let reader_gone = self.explored.steps.catalog.end(part.ends[end as usize]).end.endpoint.reader_gone;
        application.calls(&part.end(end), reader_gone, policy)
    }
}
