//! Another counterexample, or example, than the shortest.

use std::num::NonZero;

use super::evidence::{ShortestTrace, shortest_trace};
use super::zone_verdicts::{stopped_by, zone_limits};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::explore::{Limits, Stopped};
use crate::invariant::broken;
use crate::property::Instance;
use crate::realtime::{Alternatives, AvoidedTransition, Question, alternatives};
use crate::scenario::Scenario;
use crate::trace::{NoTrace, Trace, exact_run, replay_exact_run};

/// What a search for another trace has come to.
#[derive(Clone, Debug)]
pub enum OtherTrace {
    /// It is this one.
    Found(Instance, Box<Trace>),
    /// There are no more than so many.
    Fewer(usize),
    /// The search ended early, after so many: why.
    Stopped(usize, Stopped),
}

/// The nth trace that decides any of these instances in real time, by length: each is another than those
/// before it in what some end does. No end takes a transition that is to be avoided.
///
/// # Errors
/// If the scenario is not in real time, or the property is one of runs; and what `shortest_trace` says.
pub fn other_trace(
    scenario: &Scenario,
    instances: &[Instance],
    nth: NonZero<usize>,
    avoid: &[AvoidedTransition],
    limits: Limits<'_>,
) -> Result<OtherTrace, Diagnostics> {
    if !scenario.is_real_time() {
        let mistake = Diagnostic::new(format!("`{}` is not in real time", scenario.name));
        return Err(mistake.help("only there another trace than the shortest is looked for").into());
    }
    if let Some(instance) = instances.iter().find(|instance| instance.is_liveness()) {
        let mistake = Diagnostic::new(format!("`{}` is a property of runs", instance.property.name));
        return Err(mistake.help("another trace is looked for where a single state decides").into());
    }
    // The first one is that which is shown without these options.
    let first = match shortest_trace(scenario, instances, limits) {
        Ok(ShortestTrace::Found(instance, trace)) => Some((instance, *trace)).filter(|_| avoid.is_empty()),
        Ok(ShortestTrace::Nothing(_)) => return Ok(OtherTrace::Fewer(0)),
        Err(NoTrace::Stopped(stopped)) => return Ok(OtherTrace::Stopped(0, stopped)),
        Err(fault @ NoTrace::NotReplayed) => return Err(Diagnostic::new(fault.to_string()).into()),
    };
    let before = usize::from(first.is_some());
    if let (Some((instance, trace)), 1) = (first.clone(), nth.get()) {
        return Ok(OtherTrace::Found(instance, Box::new(trace)));
    }
    let wanted = nth.get() - before;
    let is_cut_off = || limits.cut_off().is_some();
    let mut found: Vec<(Instance, Trace)> = Vec::new();
    let mut stopped = None;
    for instance in instances {
        let question = Question::of(&instance.property.formula, instance.this());
        let known = first.as_ref().filter(|(known, _)| known.name() == instance.name());
        let known = known.map(|(_, trace)| exact_run(trace));
        let looked_for = Alternatives { wanted, avoid, known: known.as_ref() };
        let runs = alternatives(&scenario.config, &question, looked_for, &zone_limits(limits, &is_cut_off));
        let runs = match runs {
            Ok(runs) => runs,
            Err(stop) => {
                stopped = Some(stopped_by(stop, limits));
                continue;
            }
        };
        stopped = stopped.or(runs.stopped.map(|stop| stopped_by(stop, limits)));
        // The exact world has lived through each already.
        let refused = |why| broken(format_args!("no run reveals {}: {why}", instance.name()));
        let trace = |run| replay_exact_run(&scenario.config, run).unwrap_or_else(refused);
        found.extend(runs.runs.iter().map(|run| (instance.clone(), trace(run))));
    }
    found.sort_by_key(|(_, trace)| trace.acts());
    let number = found.len() + before;
    Ok(match (found.into_iter().nth(wanted - 1), stopped) {
        (Some((instance, trace)), _) => OtherTrace::Found(instance, Box::new(trace)),
        (None, Some(stopped)) => OtherTrace::Stopped(number, stopped),
        (None, None) => OtherTrace::Fewer(number),
    })
}
