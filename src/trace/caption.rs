//! The captions of a trace, in every form that it is written in.

use super::lasso::time_passes;
use super::replay::{FairnessReason, RunEnding, Trace};
use super::timeline::SegmentTimeline;
use crate::model::InFlightSegment;
use crate::property::{Instance, Temporal, Verdict};
use crate::scenario::Scenario;

/// What a trace shows of the property that it decides.
pub(crate) fn shown(instance: &Instance) -> Verdict {
    if instance.property.formula.temporal() == Temporal::Possible { Verdict::Possible } else { Verdict::Violated }
}

/// The reason of the verdict, if the scenario states one.
pub(crate) fn reason<'a>(scenario: &'a Scenario, instance: &Instance) -> Option<&'a str> {
    let stated = scenario.expectations.iter().find(|stated| {
        (stated.property == instance.property.name || stated.property == instance.name())
            && Verdict::from(stated.verdict) == shown(instance)
    });
    stated.map(|stated| stated.because.as_str())
}

/// What is in flight at the end.
pub(crate) fn in_flight(trace: &Trace, timeline: &SegmentTimeline) -> String {
    let at_the_end = |(flight, copy): &(InFlightSegment, usize)| {
        let age = flight.age.map_or(String::new(), |age| format!(" (age {})", trace.time(age)));
        format!("{} {} to {}{age}", timeline.label(*copy), flight.segment, flight.to)
    };
    let in_flight: Vec<String> = timeline.in_flight.iter().map(at_the_end).collect();
    if in_flight.is_empty() { "nothing".to_owned() } else { in_flight.join(", ") }
}

/// How it goes on forever, in a line beside which there is no picture; `None` where it can go on however it likes.
pub(crate) fn ending_in_a_clause(trace: &Trace) -> Option<String> {
    let RunEnding::Repeats { from, .. } = trace.ending else {
        return describe_ending(trace, "").into_iter().next();
    };
    let length = trace.steps.len();
    let repeated = match length - from {
        1 => format!("step {length} of {length} is repeated forever"),
        _ => format!("steps {} to {length} of {length} are repeated forever", from + 1),
    };
    Some(if time_passes(trace, from) { repeated } else { format!("{repeated}, and no time passes") })
}

/// How it goes on forever, where `cycle` names the steps that the picture shows as repeated; nothing where it can
/// go on however it likes.
pub(crate) fn describe_ending(trace: &Trace, cycle: &str) -> Vec<String> {
    match &trace.ending {
        RunEnding::Open => Vec::new(),
        RunEnding::Stops { calls } => {
            let [a, b] = trace.last().states();
            let mut calls: Vec<String> =
                calls.iter().map(|(end, call)| format!("{end}'s {}", call.name())).collect();
            // A connect is a call for each initial number.
            calls.dedup();
            let why = if calls.is_empty() {
                "nothing is enabled any more".to_owned()
            } else {
                format!("nothing is enabled but {}, which fairness does not require", calls.join(" and "))
            };
            vec![format!("{why}: A stays in {a}, B stays in {b}")]
        }
        RunEnding::Repeats { reasons, .. } if reasons.is_empty() => {
            vec![format!("the steps {cycle} are repeated without end, and no time passes")]
        }
        RunEnding::Repeats { reasons, .. } => {
            let repeated = format!("the steps {cycle} are repeated; that is fair:");
            [repeated].into_iter().chain(reasons.iter().map(describe_fairness)).collect()
        }
    }
}

/// Why a cycle is fair, as far as one thing is concerned.
pub(crate) fn describe_fairness(reason: &FairnessReason) -> String {
    match reason {
        FairnessReason::Delivered(segment, to) => {
            format!("{segment} to {to} is delivered again and again (strong fairness)")
        }
        FairnessReason::Undelivered(segment, to) => {
            format!("{segment} to {to} is never delivered; this network does not promise it")
        }
        FairnessReason::HasClosed(end) => format!("{end}'s application has closed already"),
        FairnessReason::NotHeldUp(end) => {
            format!("{end}'s application is not always able to close, so weak fairness does not require it to")
        }
        FairnessReason::HeldUp(end) => {
            format!("{end}'s application could close and never does; these applications do not promise it")
        }
    }
}

/// Where there is no trace to draw: the verdict, and what there is none of.
#[must_use]
pub fn nothing_to_draw(scenario: &Scenario, name: &str, verdict: Verdict) -> String {
    let scenario = &scenario.name;
    match verdict {
        Verdict::Impossible => format!("{name} is impossible in {scenario}: there is no example\n"),
        Verdict::Vacuous => {
            format!("{name} is vacuous in {scenario}: its premise is true in no reachable state\n")
        }
        _ => format!("{name} {verdict} in {scenario}: there is no counterexample\n"),
    }
}
