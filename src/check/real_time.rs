//! Every verdict on a scenario of real time: delays of any length below the MSL.
//!
//! What single states decide is looked for in the zones of [`crate::realtime`], what runs decide in their graph. Each run that
//! reveals something is lived through at exact times before it counts.

use std::time::Instant;

use crate::explore::{ExplorationStats, Limits, Phase, Stopped};
use crate::invariant::broken;
use crate::liveness::real_time::{Answer, ZoneFairness, decide as decide_runs, search};
use crate::property::{Instance, Verdict};
use crate::realtime::graph::ZoneGraph;
use crate::realtime::{Budget, Extent, Question, Stop, explore};
use crate::scenario::Scenario;

/// What is known of an instance: that something reveals it, or that nothing does.
type Known = Option<bool>;

/// What an exploration in real time has shown.
pub(super) struct RealTimeVerdicts {
    pub(super) stats: ExplorationStats,
    /// Why it ended early, or left something undecided.
    pub(super) stopped: Option<Stopped>,
    /// One for each instance.
    pub(super) verdicts: Vec<Verdict>,
}

/// Explores a scenario in real time and decides each instance, which must be applicable to it.
pub(super) fn decide(
    scenario: &Scenario,
    instances: &[Instance],
    limits: Limits<'_>,
    progress: &dyn Fn(Phase, &ExplorationStats),
) -> RealTimeVerdicts {
    let start = Instant::now();
    let mut known: Vec<Known> = vec![None; instances.len()];
    let mut exercised = vec![true; instances.len()];
    let mut stats = ExplorationStats::default();
    let mut stopped =
        states(scenario, instances, limits, progress, (&mut known, &mut exercised), &mut stats).err();
    if stopped.is_none() && instances.iter().any(Instance::is_liveness) {
        stopped = runs(scenario, instances, limits, progress, &mut known, &mut stats).err();
    }
    let each = instances.iter().zip(&known).zip(&exercised);
    let verdict = |((instance, known), exercised): ((&Instance, &Known), &bool)| -> Verdict {
        instance.verdict(*known == Some(true), known.is_some(), *exercised)
    };
    let verdicts = each.map(verdict).collect();
    let stats = ExplorationStats { elapsed: start.elapsed(), ..stats };
    RealTimeVerdicts { stats, stopped, verdicts }
}

/// Decides what single states decide, and for every instance whether a state exercises it.
fn states(
    scenario: &Scenario,
    instances: &[Instance],
    limits: Limits<'_>,
    progress: &dyn Fn(Phase, &ExplorationStats),
    (known, exercised): (&mut [Known], &mut [bool]),
    stats: &mut ExplorationStats,
) -> Result<(), Stopped> {
    let config = &scenario.config;
    let questions: Vec<Question<'_>> =
        instances.iter().map(|instance| Question::of(&instance.property.formula, instance.this())).collect();
    let is_cut_off = || limits.cut_off().is_some();
    let exploring = |extent: &Extent| progress(Phase::Exploration, &stats_of(extent));
    let explored = explore(config, &questions, &budget(limits, &is_cut_off), &exploring);
    let mut explored = explored.map_err(|stop| stopped_by(stop, limits))?;
    *stats = stats_of(&explored.extent);
    for (exercised, found) in exercised.iter_mut().zip(&explored.exercised) {
        *exercised = *found;
    }
    for (number, (question, instance)) in questions.iter().zip(instances).enumerate() {
        let witness = explored.witness(config, question, number);
        let is_revealed = witness
            .unwrap_or_else(|fault| broken(format_args!("no run reveals {}: {fault:?}", instance.name())))
            .is_some();
        let is_decided = explored.stopped.is_none() && !instance.is_liveness();
        if let Some(known) = known.get_mut(number) {
            *known = if is_revealed { Some(true) } else { is_decided.then_some(false) };
        }
    }
    explored.stopped.map_or(Ok(()), |stop| Err(stopped_by(stop, limits)))
}

/// Decides what runs decide.
fn runs(
    scenario: &Scenario,
    instances: &[Instance],
    limits: Limits<'_>,
    progress: &dyn Fn(Phase, &ExplorationStats),
    known: &mut [Known],
    stats: &mut ExplorationStats,
) -> Result<(), Stopped> {
    let is_cut_off = || limits.cut_off().is_some();
    let exploring = |extent: &Extent| progress(Phase::Exploration, &stats_of(extent));
    // A zone has about five edges, and what is kept of those and of the search takes three times its own memory.
    let limits_of_zones = Limits { max_memory: limits.max_memory.map(|all| all / 4), ..limits };
    let graph = ZoneGraph::explore(&scenario.config, &budget(limits_of_zones, &is_cut_off), &exploring);
    let mut graph = graph.map_err(|stop| stopped_by(stop, limits))?;
    *stats = stats_of(&graph.explored.extent);
    progress(Phase::Cycles, stats);
    let mut lassos = Vec::new();
    let mut unknown = None;
    {
        let fairness = ZoneFairness { graph: &graph, fairness: scenario.fairness };
        let mut search = search(&fairness, limits)?;
        for (instance, known) in instances.iter().zip(known).filter(|(instance, _)| instance.is_liveness()) {
            *known = match decide_runs(&mut search, &graph, instance)? {
                Answer::Refuted(lasso) => {
                    lassos.push((instance, lasso));
                    Some(true)
                }
                Answer::Holds => Some(false),
                Answer::Unknown => {
                    unknown = Some(Stopped::RunsInRealTime);
                    None
                }
            };
        }
    }
    for (instance, lasso) in lassos {
        // Twice round: what the first round leaves behind, the second has to begin with.
        let edges: Vec<_> = lasso.stem.iter().chain(&lasso.cycle).chain(&lasso.cycle).copied().collect();
        if let Err(fault) = graph.replay(&edges) {
            broken(format_args!("no run refutes {}: {fault:?}", instance.name()));
        }
    }
    unknown.map_or(Ok(()), Err)
}

fn budget<'a>(limits: Limits<'_>, is_cut_off: &'a dyn Fn() -> bool) -> Budget<'a> {
    Budget { max_zones: limits.max_states, max_memory: limits.max_memory, is_cut_off }
}

/// Zones are what an exploration of real time has for states.
fn stats_of(extent: &Extent) -> ExplorationStats {
    let Extent { zones, transitions, bytes, .. } = *extent;
    ExplorationStats { states: zones, transitions, bytes, ..ExplorationStats::default() }
}

fn stopped_by(stop: Stop, limits: Limits<'_>) -> Stopped {
    use crate::model::Limit;
    match stop {
        Stop::World(limit) => Stopped::Limit(limit),
        Stop::Segment(segment) => Stopped::Limit(Limit::Segment(segment)),
        Stop::Copies => Stopped::Limit(Limit::Copies),
        Stop::Duration(ticks) => Stopped::LongDuration(ticks),
        Stop::Instant => Stopped::InstantTimer,
        Stop::Numbers => Stopped::Numbers,
        Stop::Zones => Stopped::MaxStates,
        Stop::Memory => Stopped::MaxMemory,
        Stop::CutOff => limits.cut_off().unwrap_or(Stopped::Interrupted),
    }
}
