//! A trace as one JSON document; `docs/show.schema.json` is its schema.

use std::collections::BTreeMap;

use serde::Serialize;

use super::observations::{EndRecord, SegmentRecord, running};
use crate::json;
use crate::model::{Event, InFlightSegment, Snapshot, Step};
use crate::property::Instance;
use crate::scenario::Scenario;
use crate::trace::caption::{describe_fairness, reason, shown};
use crate::trace::timeline::{SegmentTimeline, StepCopies, TracedCopy};
use crate::trace::{RunEnding, Ticks, Trace};

/// Raised with every change that a reader could trip over.
pub(super) const VERSION: u32 = 2;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    lastack: &'static str,
    scenario: ScenarioRecord<'a>,
    /// What the trace decides; absent of a path that decides nothing.
    #[serde(flatten)]
    decided: Option<DecidedRecord<'a>>,
    /// How many parts a tick has: every time is in such parts.
    parts_per_tick: u32,
    copies: Vec<CopyRecord<'a>>,
    initial: SnapshotRecord<'a>,
    steps: Vec<StepRecord<'a>>,
    ending: EndingRecord,
}

#[derive(Serialize)]
struct DecidedRecord<'a> {
    property: PropertyRecord<'a>,
    instance: InstanceRecord,
    verdict: &'static str,
    /// Absent where the scenario states nothing of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'a str>,
}

#[derive(Serialize)]
struct ScenarioRecord<'a> {
    name: &'a str,
    about: &'a str,
    file: &'a str,
    /// Settings and scale that have changed the world.
    changes: &'a [String],
    /// The names of the policies that A and B have.
    policies: [&'a str; 2],
}

#[derive(Serialize)]
struct PropertyRecord<'a> {
    name: &'a str,
    about: &'a str,
    formula: String,
    sources: &'a [String],
}

#[derive(Serialize)]
struct InstanceRecord {
    name: String,
    /// Who `self` is; absent where the property is not about an end.
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
}

/// A copy and what became of it; steps by their places, from 0.
#[derive(Serialize)]
struct CopyRecord<'a> {
    label: &'a str,
    to: String,
    segment: SegmentRecord,
    /// Which connection it belongs to, from 1; absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    incarnation: Option<u32>,
    /// Absent where it was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicate_of: Option<&'a str>,
    since: usize,
    delivered: &'a [usize],
    /// Absent where it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    lost: Option<usize>,
}

#[derive(Serialize)]
struct StepRecord<'a> {
    /// The moment when it happens; absent in a world without a clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<u32>,
    event: EventRecord<'a>,
    /// The copy that was sent in answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    sent: Option<&'a str>,
    /// The copies that reached the MSL.
    expired: Vec<&'a str>,
    after: SnapshotRecord<'a>,
}

/// What happened; copies by their labels.
#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum EventRecord<'a> {
    Call {
        end: String,
        call: &'static str,
    },
    Timeout {
        end: String,
        timer: &'static str,
        /// How late, in parts of a tick; absent where it is not.
        #[serde(skip_serializing_if = "Option::is_none")]
        late: Option<u32>,
    },
    Deliver {
        copy: &'a str,
    },
    Lose {
        copy: &'a str,
    },
    Duplicate {
        copy: &'a str,
        made: &'a str,
    },
    Pass {
        parts: u32,
    },
}

#[derive(Serialize)]
struct SnapshotRecord<'a> {
    a: EndAndTimers,
    b: EndAndTimers,
    in_flight: Vec<FlightRecord<'a>>,
    losses: u32,
    duplicates: u32,
}

#[derive(Serialize)]
struct EndAndTimers {
    #[serde(flatten)]
    end: EndRecord,
    /// The timers that run, in parts of a tick; absent in a world without a clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    timers: Option<BTreeMap<&'static str, u32>>,
}

#[derive(Serialize)]
struct FlightRecord<'a> {
    copy: &'a str,
    /// In parts of a tick; absent in a world without a clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    age: Option<u32>,
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum EndingRecord {
    Open,
    Stops,
    /// The steps from this place on are repeated forever, which is fair.
    Repeats {
        from: usize,
        fair: Vec<String>,
    },
}

/// The document, with a final line break.
#[must_use]
pub fn document(scenario: &Scenario, instance: &Instance, trace: &Trace) -> String {
    let property = &instance.property;
    let decided = DecidedRecord {
        property: PropertyRecord {
            name: &property.name,
            about: &property.about,
            formula: property.formula.to_string(),
            sources: &property.sources,
        },
        instance: InstanceRecord { name: instance.name(), end: instance.end.map(|end| end.to_string()) },
        verdict: shown(instance).name(),
        because: reason(scenario, instance),
    };
    written(scenario, Some(decided), trace)
}

/// The same of a path that decides nothing.
pub(crate) fn path(scenario: &Scenario, trace: &Trace) -> String {
    written(scenario, None, trace)
}

fn written(scenario: &Scenario, decided: Option<DecidedRecord<'_>>, trace: &Trace) -> String {
    let (timeline, opens) = (SegmentTimeline::of(trace), scenario.config.opens());
    let document = Document {
        version: VERSION,
        lastack: env!("CARGO_PKG_VERSION"),
        scenario: ScenarioRecord {
            name: &scenario.name,
            about: &scenario.about,
            file: &scenario.source.path,
            changes: &scenario.changes,
            policies: scenario.policies.each_ref().map(|policy| policy.name.as_str()),
        },
        decided,
        parts_per_tick: trace.parts,
        copies: timeline.all.iter().map(|one| copy(&timeline, one, opens)).collect(),
        initial: snapshot(&timeline, &trace.initial, &[], opens),
        steps: steps(&timeline, trace, opens),
        ending: match &trace.ending {
            RunEnding::Open => EndingRecord::Open,
            RunEnding::Stops { .. } => EndingRecord::Stops,
            RunEnding::Repeats { from, reasons } => {
                EndingRecord::Repeats { from: *from, fair: reasons.iter().map(describe_fairness).collect() }
            }
        },
    };
    json::document(&document)
}

fn copy<'a>(timeline: &'a SegmentTimeline, copy: &'a TracedCopy, opens: bool) -> CopyRecord<'a> {
    CopyRecord {
        label: &copy.label,
        to: copy.to.to_string(),
        segment: SegmentRecord::from(&copy.segment),
        incarnation: opens.then_some(copy.incarnation as u32),
        duplicate_of: copy.duplicate_of.map(|original| timeline.label(original)),
        since: copy.since,
        delivered: &copy.delivered,
        lost: copy.lost,
    }
}

fn steps<'a>(timeline: &'a SegmentTimeline, trace: &Trace, opens: bool) -> Vec<StepRecord<'a>> {
    let mut lateness = trace.lateness().into_iter();
    let record = |((step, part), moment): ((&Step, &'a StepCopies), Option<Ticks>)| StepRecord {
        at: moment.map(|moment| moment.parts),
        event: event(timeline, step, part, lateness.next().flatten()),
        sent: part.sent.map(|sent| timeline.label(sent)),
        expired: part.expired.iter().map(|expired| timeline.label(*expired)).collect(),
        after: snapshot(timeline, &step.after, &part.in_flight, opens),
    };
    trace.steps.iter().zip(&timeline.parts).zip(trace.moments()).map(record).collect()
}

fn event<'a>(
    timeline: &'a SegmentTimeline,
    step: &Step,
    part: &StepCopies,
    late: Option<Ticks>,
) -> EventRecord<'a> {
    let label = |copy: Option<usize>| copy.map_or("", |copy| timeline.label(copy));
    match step.event {
        Event::Call(end, call) => EventRecord::Call { end: end.to_string(), call: call.name() },
        Event::Timeout(end, timer) => {
            let late = late.map(|late| late.parts);
            EventRecord::Timeout { end: end.to_string(), timer: timer.name(), late }
        }
        Event::Deliver(_) => EventRecord::Deliver { copy: label(part.subject) },
        Event::Lose(_) => EventRecord::Lose { copy: label(part.subject) },
        Event::Duplicate(_) => EventRecord::Duplicate { copy: label(part.subject), made: label(part.made) },
        Event::Pass(parts) => EventRecord::Pass { parts },
    }
}

fn snapshot<'a>(
    timeline: &'a SegmentTimeline,
    snapshot: &Snapshot,
    in_flight: &[(InFlightSegment, usize)],
    opens: bool,
) -> SnapshotRecord<'a> {
    let [a, b] = &snapshot.ends;
    let [timers_of_a, timers_of_b] = match &snapshot.timers {
        Some(timers) => timers.each_ref().map(|timers| Some(running(timers).collect())),
        None => [None, None],
    };
    SnapshotRecord {
        a: EndAndTimers { end: EndRecord::of(a, opens), timers: timers_of_a },
        b: EndAndTimers { end: EndRecord::of(b, opens), timers: timers_of_b },
        in_flight: in_flight
            .iter()
            .map(|(flight, copy)| FlightRecord { copy: timeline.label(*copy), age: flight.age })
            .collect(),
        losses: snapshot.losses,
        duplicates: snapshot.duplicates,
    }
}
