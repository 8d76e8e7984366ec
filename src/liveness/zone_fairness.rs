//! Liveness in real time: the same search for fair runs, in the graph of zones.
//!
//! Timers show whether time passes on a cycle: on a cycle on which a timer expires, time passes, since it is set
//! on it, too. A cycle on which none does can come round in an instant, for a copy may arrive as soon as it is
//! sent: so it refutes `time passes`. It might also come round slowly, time passing from flight to flight, if
//! whatever is bounded in time is renewed on it ([`may_last_without_timeouts`]). Where there is such a cycle, that
//! nothing was found does not mean that there is nothing ([`RunsVerdict::Unknown`]).

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use std::collections::HashSet;

use super::search::FairRunSearch;
use super::streett::{Lasso, Mover, StreettConditions, StreettPair, Time, Violation};
use super::tarjan::Tarjan;
use crate::explore::graph::{Edge, Node};
use crate::explore::{Limits, Stopped};
use crate::invariant::broken;
use crate::model::{End, Fairness};
use crate::property::{Claim, Instance, Observation, Predicate};
use crate::realtime::graph::{EdgeKind, EdgeLabel, TimeBound, ZoneGraph};
use crate::tcp::Call;

/// What is known of a property of runs.
pub(crate) enum RunsVerdict {
    /// A fair run refutes it.
    Refuted(Lasso),
    /// No fair run does.
    Holds,
    /// It speaks of what early fate changes along a run, or a cycle without timeouts may be run through slowly.
    Unknown,
}

/// A scenario's fairness constraints on the runs in a graph of zones.
pub(crate) struct ZoneFairness<'a> {
    pub(crate) graph: &'a ZoneGraph<'a>,
    pub(crate) fairness: Fairness,
}

impl StreettConditions for ZoneFairness<'_> {
    /// The segments by their numbers, the closes of A and of B, and what bounds the time.
    fn pairs(&self) -> StreettPair {
        self.bounded(self.graph.bounds())
    }

    /// A segment that is sent and lost requests a delivery; one that is not lost is delivered in any case, before
    /// it is as old as the MSL. A close is requested everywhere, which makes it weakly fair. Time goes on forever
    /// only if each bound on it ends, or is renewed.
    fn requests(&self, node: Node) -> Vec<StreettPair> {
        let closes = End::BOTH.into_iter().filter(|_| self.fairness.applications).map(|end| self.close(end));
        let is_owed = |segment: &StreettPair| {
            let (kind, to) = self.graph.segment(*segment);
            self.fairness.network.include(kind, to)
        };
        let lost = self.graph.loss(node).map(|(segment, _)| self.graph.on_the_wire(segment));
        let bounded = self.graph.bounded(node).into_iter().map(|bounded| self.bounded(bounded));
        closes.chain(lost.filter(is_owed)).chain(bounded).collect()
    }

    /// A state in which a close is not enabled grants it.
    fn grants(&self, node: Node) -> Vec<StreettPair> {
        let cannot_close = |end: &End| !self.graph.calls(node, *end).any(Call::is_close);
        let closes = End::BOTH.into_iter().filter(cannot_close).map(|end| self.close(end));
        let bounded = self.graph.bounded(node);
        let gone = (0..self.graph.bounds()).filter(|one| !bounded.contains(one)).map(|one| self.bounded(one));
        closes.chain(gone).collect()
    }

    fn edge_grants(&self, node: Node) -> Vec<Vec<StreettPair>> {
        let grants = |label: &EdgeLabel| {
            let fair = match label.kind {
                EdgeKind::Delivery(segment) => Some(self.graph.on_the_wire(segment)),
                EdgeKind::Call(end, call) if call.is_close() => Some(self.close(end)),
                EdgeKind::Timeout | EdgeKind::Call(..) | EdgeKind::Onwards => None,
            };
            let renewed = self.graph.renewed(*label).into_iter().map(|renewed| self.bounded(renewed));
            fair.into_iter().chain(renewed).collect()
        };
        self.graph.labels(node).iter().map(grants).collect()
    }

    /// Nothing is enabled but calls that fairness does not promise. (While a timer runs or a copy is in flight,
    /// more is.)
    fn may_stop(&self, node: Node) -> bool {
        let is_promised = |call: Call| self.fairness.applications && call.is_close();
        let is_unpromised =
            |label: &EdgeLabel| matches!(label.kind, EdgeKind::Call(_, call) if !is_promised(call));
        self.graph.labels(node).iter().all(is_unpromised)
    }

    fn movers(&self, node: Node) -> Vec<Mover> {
        let mover = |label: &EdgeLabel| if label.kind == EdgeKind::Timeout { Mover::Time } else { Mover::End };
        self.graph.labels(node).iter().map(mover).collect()
    }
}

impl<'g> ZoneFairness<'g> {
    /// The fair runs of the whole graph, as far as all properties have them in common.
    ///
    /// # Errors
    /// The limit that was hit.
    pub(crate) fn fair_runs(&'g self, limits: Limits<'g>) -> Result<FairRunSearch<'g, Self>, Stopped> {
        FairRunSearch::new(&self.graph.graph, self, limits)
    }

    fn close(&self, end: End) -> StreettPair {
        self.graph.segments() + end as StreettPair
    }

    fn bounded(&self, bounded: TimeBound) -> StreettPair {
        self.graph.segments() + 2 + bounded
    }
}

/// Whether a property mentions what is in flight, lost or duplicated: early fate changes that along a run, so that
/// no graph of zones decides it.
pub(crate) fn mentions_network(instance: &Instance) -> bool {
    let network = [Observation::InFlight, Observation::InFlightOld, Observation::Losses, Observation::Duplicates];
    network.iter().any(|observation| instance.property.formula.mentions(*observation).is_some())
}

/// Decides a property of runs.
///
/// # Errors
/// The limit that was hit.
pub(crate) fn decide_runs(
    fair_runs: &mut FairRunSearch<'_, ZoneFairness<'_>>,
    graph: &ZoneGraph<'_>,
    limits: Limits<'_>,
    instance: &Instance,
) -> Result<RunsVerdict, Stopped> {
    if mentions_network(instance) {
        return Ok(RunsVerdict::Unknown);
    }
    let truth = |p: &Predicate| graph.truth(p, instance.this());
    let mut find =
        |trigger: &dyn Fn(Node) -> bool, within: &dyn Fn(Node) -> bool, recurs: &dyn Fn(Node) -> bool| {
            if let Some(lasso) = fair_runs.find(&Violation { trigger, within, recurs, time: Time::Passes })? {
                return Ok(RunsVerdict::Refuted(lasso));
            }
            let may_last = may_last_without_timeouts(fair_runs.timeless(), graph, limits, within, recurs)?;
            Ok(if may_last { RunsVerdict::Unknown } else { RunsVerdict::Holds })
        };
    match instance.property.formula.claim() {
        // The initial zone is the first. To come back to it is to start anew.
        Claim::Eventually(p) => {
            let p = truth(p);
            find(&|node| node == 0, &|node| !p(node), &|_| true)
        }
        Claim::AlwaysEventually(p) => {
            let p = truth(p);
            find(&|_| true, &|node| !p(node), &|_| true)
        }
        Claim::EventuallyAlways(p) => {
            let p = truth(p);
            find(&|_| true, &|_| true, &|node| !p(node))
        }
        Claim::LeadsTo(p, q) => {
            let (p, q) = (truth(p), truth(q));
            find(&p, &|node| !q(node), &|_| true)
        }
        Claim::TimePasses => {
            let anywhere =
                Violation { trigger: &|_| true, within: &|_| true, recurs: &|_| true, time: Time::Stops };
            Ok(fair_runs.find(&anywhere)?.map_or(RunsVerdict::Holds, RunsVerdict::Refuted))
        }
        Claim::Always(_) | Claim::Never(_) | Claim::Possible(_) => {
            broken(format_args!("a single state decides {}, and no fair run", instance.name()))
        }
    }
}

/// Whether some run may go on forever within a set, and time with it, although no timer expires from some moment
/// on, and come again and again to where something recurs: not where something that bounds the time is there on
/// the whole cycle and never renewed.
///
/// All such cycles lead through `timeless` nodes alone.
fn may_last_without_timeouts(
    timeless: &[Node],
    graph: &ZoneGraph<'_>,
    limits: Limits<'_>,
    within: &dyn Fn(Node) -> bool,
    recurs: &dyn Fn(Node) -> bool,
) -> Result<bool, Stopped> {
    let nodes: HashSet<Node> = timeless.iter().copied().filter(|node| within(*node)).collect();
    if nodes.is_empty() {
        return Ok(false);
    }
    let is_kept = |(node, place): Edge| graph.labels(node)[place].kind != EdgeKind::Timeout;
    let mut may_last = false;
    let mut tarjan = Tarjan::new(&graph.graph, limits);
    tarjan.cyclic(
        nodes.iter().copied(),
        |edge, to| nodes.contains(&to) && is_kept(edge),
        |component| {
            let recurs = component.iter().any(|node| recurs(*node));
            may_last = may_last || recurs && lasts(graph, component, is_kept);
        },
    )?;
    Ok(may_last)
}

/// Nothing bounds the time in all of these nodes that is renewed on no such edge between them.
fn lasts(graph: &ZoneGraph<'_>, component: &[Node], is_kept: impl Fn(Edge) -> bool) -> bool {
    let within: HashSet<Node> = component.iter().copied().collect();
    let mut bounds: HashSet<TimeBound> = (0..graph.bounds()).collect();
    for node in component {
        let own: HashSet<TimeBound> = graph.bounded(*node).into_iter().collect();
        bounds.retain(|bound| own.contains(bound));
        for (place, target) in graph.graph.targets(*node).iter().enumerate() {
            if is_kept((*node, place)) && within.contains(target) {
                for renewed in graph.renewed(graph.labels(*node)[place]) {
                    bounds.remove(&renewed);
                }
            }
        }
    }
    bounds.is_empty()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::check::Library;
    use crate::model::Deliveries;
    use crate::realtime::ZoneLimits;
    use crate::realtime::graph::Zones;

    /// As in whole ticks: the same segment is requested and granted, whichever connection sent it.
    #[test]
    fn fairness_does_not_tell_incarnations_apart() {
        let library = Library::shipped().unwrap();
        let scenario = library.scenarios(&["rfc1337-old-reset".to_owned()], &[], 1).unwrap().remove(0);
        let graph =
            ZoneGraph::explore(&scenario.config, &[], Zones::Included, &ZoneLimits::NONE, &|_| {}).unwrap();
        let all: Vec<StreettPair> = (0..graph.segments()).collect();
        for number in &all {
            let wire = graph.on_the_wire(*number);
            assert_eq!((graph.segment(wire), graph.on_the_wire(wire)), (graph.segment(*number), wire));
        }
        let fairness =
            ZoneFairness { graph: &graph, fairness: Fairness { applications: false, network: Deliveries::ALL } };
        let nodes = 0..graph.graph.node_count();
        let pairs = nodes.flat_map(|node| [vec![fairness.requests(node)], fairness.edge_grants(node)].concat());
        let mut segments = pairs.flatten().filter(|pair| *pair < graph.segments());
        assert!(segments.all(|pair| graph.on_the_wire(pair) == pair));
        let distinct: BTreeSet<StreettPair> = all.iter().map(|number| graph.on_the_wire(*number)).collect();
        assert!(distinct.len() < all.len(), "{} of {}", distinct.len(), all.len());
    }
}
