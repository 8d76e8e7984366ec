//! A trace in the Informal Trace Format of Apalache and Quint.
//!
//! <https://apalache-mc.org/docs/adr/015adr-trace.html>: every integer is a `#bigint` there, and a trace with a
//! `loop` goes on after its last state as it did after the state before the one of that index, forever.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::observations::{EndRecord, SegmentRecord, running};
use crate::model::{Event, InFlightSegment, Observed, Snapshot, Timers};
use crate::property::Instance;
use crate::scenario::Scenario;
use crate::trace::caption::shown;
use crate::trace::{RunEnding, Trace};

/// The variables of every state. `action` is what has led to it, as in the traces of Quint's model-based tests.
const VARIABLES: [&str; 6] = ["action", "a", "b", "network", "losses", "duplicates"];

#[derive(Serialize)]
struct EndVariable {
    #[serde(flatten)]
    end: EndRecord,
    /// From the names of the timers that run to parts of a tick; absent in a world without a clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    timers: Option<Value>,
}

#[derive(Serialize)]
struct CopyValue {
    to: String,
    #[serde(flatten)]
    segment: SegmentRecord,
    duplicate: bool,
    /// Which connection it belongs to, from 1; absent where there is only one.
    #[serde(skip_serializing_if = "Option::is_none")]
    incarnation: Option<u32>,
    /// In parts of a tick; absent in a world without a clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    age: Option<u32>,
}

/// The trace, one state a line.
///
/// The state in which a cycle ends is written although it is the one in which the cycle began: another action has
/// led to it. The loop so begins one state later. Time goes on forever on a cycle and is no variable: `#meta` has
/// it, in parts of a tick, and how many a tick has.
#[must_use]
pub fn trace(scenario: &Scenario, instance: &Instance, trace: &Trace) -> String {
    let description = format!("{} is {} in {}", instance.name(), shown(instance), scenario.name);
    document(scenario, &description, Some(instance), trace)
}

/// The same of a path that decides nothing.
pub(crate) fn path(scenario: &Scenario, trace: &Trace) -> String {
    document(scenario, &format!("a path in {}", scenario.name), None, trace)
}

fn document(scenario: &Scenario, description: &str, decided: Option<&Instance>, trace: &Trace) -> String {
    let mut meta = json!({
        "format": "ITF",
        "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
        "description": description,
        "source": scenario.source.path,
        "scenario": scenario.name,
        "changes": scenario.changes,
        "parts-per-tick": trace.parts,
    });
    if let (Some(instance), Some(meta)) = (decided, meta.as_object_mut()) {
        meta.insert("instance".to_owned(), instance.name().into());
        meta.insert("formula".to_owned(), instance.property.formula.to_string().into());
    }
    let repeats = match trace.ending {
        RunEnding::Open => None,
        // Nothing changes any more: TLA+ calls it stuttering.
        RunEnding::Stops { .. } => Some(trace.steps.len()),
        RunEnding::Repeats { from, .. } => Some(from + 1),
    };
    let repeats = repeats.map_or(String::new(), |index| format!(",\n  \"loop\": {index}"));
    let states: Vec<String> = states(trace, scenario.config.opens()).iter().map(Value::to_string).collect();
    let (variables, states) = (json!(VARIABLES), states.join(",\n    "));
    format!(
        "{{\n  \"#meta\": {meta},\n  \"vars\": {variables},\n  \"states\": [\n    {states}\n  ]{repeats}\n}}\n"
    )
}

fn states(trace: &Trace, opens: bool) -> Vec<Value> {
    let start = trace.initial.timers.map(|_| 0);
    let mut states = vec![state(0, start, json!({ "tag": "Init", "value": {} }), &trace.initial, opens)];
    for (step, moment) in trace.steps.iter().zip(trace.moments()) {
        let action = action(&step.event, opens);
        states.push(state(states.len(), moment.map(|moment| moment.parts), action, &step.after, opens));
    }
    states
}

fn state(index: usize, moment: Option<u32>, action: Value, snapshot: &Snapshot, opens: bool) -> Value {
    let mut meta = Map::new();
    meta.insert("index".to_owned(), index.into());
    meta.extend(moment.map(|moment| ("moment".to_owned(), moment.into())));
    let [a, b] = &snapshot.ends;
    let [timers_of_a, timers_of_b] = match &snapshot.timers {
        Some([a, b]) => [Some(a), Some(b)],
        None => [None, None],
    };
    json!({
        "#meta": meta,
        "action": integers(action),
        "a": integers(end(a, timers_of_a, opens)),
        "b": integers(end(b, timers_of_b, opens)),
        "network": integers(bag(&snapshot.in_flight, opens)),
        "losses": integers(snapshot.losses.into()),
        "duplicates": integers(snapshot.duplicates.into()),
    })
}

fn action(event: &Event, opens: bool) -> Value {
    let (tag, value) = match event {
        Event::Call(end, call) => ("Call", json!({ "end": end.to_string(), "call": call.name() })),
        Event::Timeout(end, timer) => ("Timeout", json!({ "end": end.to_string(), "timer": timer.name() })),
        Event::Deliver(flight) => ("Deliver", copy(flight, opens)),
        Event::Lose(flight) => ("Lose", copy(flight, opens)),
        Event::Duplicate(flight) => ("Duplicate", copy(flight, opens)),
        Event::Pass(parts) => ("Pass", json!({ "parts": parts })),
    };
    json!({ "tag": tag, "value": value })
}

fn end(observed: &Observed, timers: Option<&Timers>, opens: bool) -> Value {
    let timers = timers.map(|timers| json!({ "#map": running(timers).collect::<Vec<_>>() }));
    json!(EndVariable { end: EndRecord::of(observed, opens), timers })
}

/// The copies in flight and how many there are of each: a bag as in TLA+'s module Bags.
fn bag(flights: &[InFlightSegment], opens: bool) -> Value {
    let mut counts: Vec<(Value, u32)> = Vec::new();
    for copy in flights.iter().map(|flight| copy(flight, opens)) {
        match counts.iter_mut().find(|(known, _)| *known == copy) {
            Some((_, count)) => *count += 1,
            None => counts.push((copy, 1)),
        }
    }
    json!({ "#map": counts })
}

fn copy(flight: &InFlightSegment, opens: bool) -> Value {
    json!(CopyValue {
        to: flight.to.to_string(),
        segment: SegmentRecord::from(&flight.segment),
        duplicate: flight.is_duplicate,
        incarnation: opens.then_some(flight.incarnation as u32),
        age: flight.age,
    })
}

/// The same with every number as the format has it.
fn integers(value: Value) -> Value {
    match value {
        Value::Number(number) => json!({ "#bigint": number.to_string() }),
        Value::Array(values) => values.into_iter().map(integers).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, integers(value))).collect::<Map<_, _>>().into()
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value,
    }
}
