//! Liveness in real time: the same search for fair runs, in the graph of zones.
//!
//! Of the time on a cycle the timers tell: on a cycle on which a timer expires, time passes, since it is set on it, too. A cycle on
//! which none does can come round in an instant, for a copy may arrive as soon as it is sent: so it refutes `time
//! passes`. It might also come round slowly, time passing from flight to flight; whether it may, is not decided here. So
//! where there is such a cycle, that nothing was found does not mean that there is nothing ([`Answer::Unknown`]).

use super::fairness::closes;
use super::search::FairRunSearch;
use super::streett::{Lasso, Mover, StreettConditions, StreettPair, Time, Violation};
use crate::explore::graph::Node;
use crate::explore::{Limits, Stopped};
use crate::model::{End, Fairness};
use crate::property::{Claim, Instance, Observation, Predicate};
use crate::realtime::graph::{EdgeKind, ZoneGraph};

/// What is known of a property of runs.
pub(crate) enum Answer {
    /// A fair run refutes it.
    Refuted(Lasso),
    /// No fair run does.
    Holds,
    /// It speaks of what early fate changes along a run, or a cycle without timeouts may be run through slowly.
    Unknown,
}

/// What a scenario's fairness asks of the runs in a graph of zones.
pub(crate) struct ZoneFairness<'a> {
    pub(crate) graph: &'a ZoneGraph<'a>,
    pub(crate) fairness: Fairness,
}

impl StreettConditions for ZoneFairness<'_> {
    /// The segments by their numbers, and the closes of A and of B.
    fn pairs(&self) -> StreettPair {
        self.graph.segments() + 2
    }

    /// A segment that is sent and lost requests a delivery; one that is not lost is delivered in any case, before it is as
    /// old as the MSL. A close is requested everywhere, which makes it weakly fair.
    fn requests(&self, node: Node) -> Vec<StreettPair> {
        let closes = End::BOTH.into_iter().filter(|_| self.fairness.applications).map(|end| self.close(end));
        let is_owed = |segment: &StreettPair| {
            let (kind, to) = self.graph.segment(*segment);
            self.fairness.network.include(kind, to)
        };
        let lost = self.graph.loss(node).map(|(segment, _)| segment);
        closes.chain(lost.filter(is_owed)).collect()
    }

    /// A state in which a close is not enabled grants it.
    fn grants(&self, node: Node) -> Vec<StreettPair> {
        let cannot_close = |end: &End| !self.graph.calls(node, *end).any(closes);
        End::BOTH.into_iter().filter(cannot_close).map(|end| self.close(end)).collect()
    }

    fn edge_grants(&self, node: Node) -> Vec<Option<StreettPair>> {
        let grant = |kind: &EdgeKind| match *kind {
            EdgeKind::Delivery(segment) => Some(segment),
            EdgeKind::Call(end, call) if closes(call) => Some(self.close(end)),
            EdgeKind::Timeout | EdgeKind::Call(..) | EdgeKind::Onwards => None,
        };
        self.graph.kinds(node).iter().map(grant).collect()
    }

    /// Nothing is enabled but calls that nobody has promised. (While a timer runs or a copy is in flight, more is.)
    fn may_stop(&self, node: Node) -> bool {
        let is_unpromised = |kind: &EdgeKind| matches!(kind, EdgeKind::Call(_, call) if !(self.fairness.applications && closes(*call)));
        self.graph.kinds(node).iter().all(is_unpromised)
    }

    fn movers(&self, node: Node) -> Vec<Mover> {
        let mover = |kind: &EdgeKind| if *kind == EdgeKind::Timeout { Mover::Time } else { Mover::End };
        self.graph.kinds(node).iter().map(mover).collect()
    }
}

impl ZoneFairness<'_> {
    fn close(&self, end: End) -> StreettPair {
        self.graph.segments() + end as StreettPair
    }
}

/// Decides a property of runs.
pub(crate) fn decide(
    search: &mut FairRunSearch<'_, ZoneFairness<'_>>,
    graph: &ZoneGraph<'_>,
    instance: &Instance,
) -> Result<Answer, Stopped> {
    let this = instance.this();
    let formula = &instance.property.formula;
    let network = [Observation::InFlight, Observation::Losses, Observation::Duplicates];
    if network.iter().any(|observation| formula.mentions(*observation).is_some()) {
        return Ok(Answer::Unknown);
    }
    let truth = |p: &Predicate| graph.truth(p, this);
    let anywhere = Violation { trigger: &|_| true, within: &|_| true, recurs: &|_| true, time: Time::Passes };
    let lasso = match formula.claim() {
        // The initial zone is the first. To come back to it is to start anew.
        Claim::Eventually(p) => {
            let p = truth(p);
            search.find(&Violation { trigger: &|node| node == 0, within: &|node| !p(node), ..anywhere })?
        }
        Claim::AlwaysEventually(p) => {
            let p = truth(p);
            search.find(&Violation { within: &|node| !p(node), ..anywhere })?
        }
        Claim::EventuallyAlways(p) => {
            let p = truth(p);
            search.find(&Violation { recurs: &|node| !p(node), ..anywhere })?
        }
        Claim::LeadsTo(p, q) => {
            let (p, q) = (truth(p), truth(q));
            search.find(&Violation { trigger: &p, within: &|node| !q(node), ..anywhere })?
        }
        Claim::TimePasses => {
            let lasso = search.find(&Violation { time: Time::Stops, ..anywhere })?;
            return Ok(lasso.map_or(Answer::Holds, Answer::Refuted));
        }
        Claim::Always(_) | Claim::Never(_) | Claim::Possible(_) => return Ok(Answer::Unknown),
    };
    Ok(match lasso {
        Some(lasso) => Answer::Refuted(lasso),
        None if search.has_timeless_cycles() => Answer::Unknown,
        None => Answer::Holds,
    })
}

/// Looks through a whole graph.
///
/// # Errors
/// The limit that was hit.
pub(crate) fn search<'g>(
    fairness: &'g ZoneFairness<'g>,
    limits: Limits<'g>,
) -> Result<FairRunSearch<'g, ZoneFairness<'g>>, Stopped> {
    FairRunSearch::new(&fairness.graph.graph, fairness, limits)
}
