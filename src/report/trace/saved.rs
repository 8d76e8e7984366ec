//! A trace that was saved as JSON or ITF: what the formats beside this file have written is read, its events are
//! taken in today's world, and what the same formats write of that today is compared with the document.

use std::sync::Arc;

use serde_json::Value;

use super::{itf, json};
use crate::check::{Forever, is_true_of};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::invariant::{broken, invariant};
use crate::model::End;
use crate::property::Instance;
use crate::scenario::Scenario;
use crate::trace::{NotForever, SavedCopy, SavedEvent, Stepwise, Trace, exact_ending};

/// No more differences are shown of a step.
const MOST_DIFFERENCES: usize = 8;

/// A trace that was saved.
#[derive(Clone, Debug)]
pub struct SavedTrace {
    /// The scenario's name.
    pub scenario: String,
    /// The settings that had changed its world.
    pub settings: Vec<String>,
    /// What every duration was multiplied by.
    pub scale: u32,
    /// The name of the instance that it decides, if it does.
    pub instance: Option<String>,
    /// How it goes on.
    pub ending: SavedEnding,
    parts: u32,
    is_itf: bool,
    events: Vec<SavedEvent>,
    /// The document's part for each step.
    steps: Vec<Value>,
}

/// How a trace goes on that was saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SavedEnding {
    /// It may go on.
    Open,
    /// Nothing happens any more.
    Stops,
    /// The steps from this place on are repeated forever.
    Repeats(usize),
}

/// What a replay has come to.
#[derive(Clone, Debug)]
pub struct SavedReplay {
    /// The run on today's model, as far as it is one.
    pub trace: Trace,
    /// How many steps were saved.
    pub saved: usize,
    /// The number of the first step, from 1, that is another today, and how.
    pub parted: Option<(usize, Vec<String>)>,
    /// Why it does not go on forever today as was saved, if it does not.
    pub(crate) not_forever: Option<NotForever>,
    /// It decides the instance today, if there is one: the last state does, or how it goes on forever. Of a run
    /// that parts, whether it did before is not of interest.
    pub is_revealed: bool,
}

impl SavedTrace {
    /// Reads what `show --format json` or `--format itf` has written.
    ///
    /// # Errors
    /// If it is neither, or the trace has no clock.
    pub fn parse(source: &Arc<SourceFile>) -> Result<Self, Diagnostic> {
        let none = |label: String, span| {
            let title = format!("`{}` is no trace of `show --format json` or `--format itf`", source.path);
            Diagnostic::new(title).at(source, span, label)
        };
        let document: Value = serde_json::from_str(&source.text).map_err(|error| {
            let lines = source.text.split_inclusive('\n').take(error.line().saturating_sub(1));
            let start = lines.map(str::len).sum::<usize>();
            none(error.to_string(), start..start + error.column())
        })?;
        let parsed = if document.get("#meta").is_some() { of_itf(&document) } else { of_json(&document) };
        parsed.map_err(|what| none(format!("expected {what}"), 0..0))
    }

    /// The place of the step from which on the steps are repeated forever; behind the last step, if nothing
    /// happens any more.
    pub(crate) fn repeats_from(&self) -> Option<usize> {
        match self.ending {
            SavedEnding::Open => None,
            SavedEnding::Stops => Some(self.steps.len()),
            SavedEnding::Repeats(from) => Some(from),
        }
    }

    /// Takes its events one by one in a world, and holds what they come to against what was saved.
    #[must_use]
    pub fn replay(&self, scenario: &Scenario, instance: Option<&Instance>) -> SavedReplay {
        let mut run = Stepwise::new(&scenario.config, self.parts);
        let mut refused = None;
        for event in &self.events {
            if let Err(why) = event.take(&mut run) {
                refused = Some(why);
                break;
            }
        }
        let mut trace = run.trace().clone();
        let today = self.today(scenario, &trace);
        let differing = self.steps.iter().zip(&today).enumerate().find_map(|(place, (there, here))| {
            let mut all = Vec::new();
            differences("", there, here, &mut all);
            (!all.is_empty()).then_some((place + 1, all))
        });
        let parted = differing.or_else(|| refused.map(|why| (trace.steps.len() + 1, vec![why])));
        let worlds = run.worlds();
        let mut not_forever = None;
        if let Some(from) = self.repeats_from().filter(|_| parted.is_none()) {
            match exact_ending(&worlds, &trace, from, scenario.fairness) {
                Ok(ending) => trace.ending = ending,
                Err(why) => not_forever = Some(why),
            }
        }
        let is_refuted = |instance: &Instance| {
            let forever = Forever::of(&trace).filter(|_| instance.is_liveness());
            forever.and_then(|forever| is_true_of(instance, &worlds, forever)) == Some(false)
        };
        let is_revealed =
            instance.is_some_and(|instance| instance.is_revealed_by(run.world()) || is_refuted(instance));
        SavedReplay { trace, saved: self.steps.len(), parted, not_forever, is_revealed }
    }

    /// What today's document has for each step.
    fn today(&self, scenario: &Scenario, trace: &Trace) -> Vec<Value> {
        let text = if self.is_itf { itf::path(scenario, trace) } else { json::path(scenario, trace) };
        let document = serde_json::from_str(&text);
        let document: Value = document.unwrap_or_else(|error| broken(format_args!("a document: {error}")));
        let list = if self.is_itf { "states" } else { "steps" };
        let all = document.get(list).and_then(Value::as_array);
        let all = all.unwrap_or_else(|| broken(format_args!("a document without `{list}`")));
        let steps: Vec<Value> = all.iter().skip(usize::from(self.is_itf)).cloned().collect();
        invariant!(steps.len() == trace.steps.len(), "{} steps, of {}", steps.len(), trace.steps.len());
        steps
    }
}

/// The name of something that a document should have, where it does not.
type Missing = String;

fn of_json(document: &Value) -> Result<SavedTrace, Missing> {
    if number(document, "/version")? != json::VERSION {
        return Err(format!("version {}", json::VERSION));
    }
    let changes = array(document, "/scenario/changes")?;
    let (settings, scale) = changed(changes)?;
    let copies = array(document, "/copies")?;
    let steps = array(document, "/steps")?;
    let mut before = document.get("initial").ok_or("`initial`")?;
    let mut events = Vec::new();
    for step in steps {
        let event = step.get("event").ok_or("`event` in each step")?;
        let copy = || -> Result<SavedCopy, Missing> {
            let label = text(event, "/copy")?;
            let is_it = |one: &&Value| one.get("label").and_then(Value::as_str) == Some(label);
            let known = copies.iter().find(is_it).ok_or_else(|| format!("the copy `{label}` in `copies`"))?;
            let is_flight = |one: &&Value| one.get("copy").and_then(Value::as_str) == Some(label);
            let flight = array(before, "/in_flight")?.iter().find(is_flight);
            let flight = flight.ok_or_else(|| format!("the copy `{label}` in flight before it is used"))?;
            saved_copy(known, "/segment", known.get("duplicate_of").is_some(), number(flight, "/age")?)
        };
        events.push(match text(event, "/kind")? {
            "call" => {
                let sent = step.get("sent").and_then(Value::as_str);
                let is_sent = |one: &&Value| sent.is_some() && one.get("label").and_then(Value::as_str) == sent;
                let syn = copies.iter().find(is_sent).and_then(|copy| number(copy, "/segment/seq").ok());
                SavedEvent::Call(end(event, "/end")?, text(event, "/call")?.to_owned(), syn)
            }
            "timeout" => SavedEvent::Timeout(end(event, "/end")?, text(event, "/timer")?.to_owned()),
            "deliver" => SavedEvent::Deliver(copy()?),
            "lose" => SavedEvent::Lose(copy()?),
            "duplicate" => SavedEvent::Duplicate(copy()?),
            "pass" => SavedEvent::Pass(number(event, "/parts")?),
            other => return Err(format!("an event that is known, and not `{other}`")),
        });
        before = step.get("after").ok_or("`after` in each step")?;
    }
    Ok(SavedTrace {
        scenario: text(document, "/scenario/name")?.to_owned(),
        settings,
        scale,
        instance: document
            .pointer("/instance")
            .map(|_| text(document, "/instance/name"))
            .transpose()?
            .map(str::to_owned),
        ending: match text(document, "/ending/kind")? {
            "open" => SavedEnding::Open,
            "stops" => SavedEnding::Stops,
            "repeats" => SavedEnding::Repeats(place(number(document, "/ending/from")?, steps)?),
            other => return Err(format!("an ending that is known, and not `{other}`")),
        },
        parts: parts(document, "/parts_per_tick")?,
        is_itf: false,
        events,
        steps: steps.to_vec(),
    })
}

fn of_itf(document: &Value) -> Result<SavedTrace, Missing> {
    let changes = array(document, "/#meta/changes")?;
    let (settings, scale) = changed(changes)?;
    let states = array(document, "/states")?;
    let steps = states.get(1..).ok_or("a first state")?;
    let mut events = Vec::new();
    for state in steps {
        let action = plain(state.get("action").ok_or("`action` in each state")?);
        let value = action.get("value").ok_or("`value` in each action")?;
        let copy = || {
            let is_duplicate =
                value.get("duplicate").and_then(Value::as_bool).ok_or("`duplicate` in each copy")?;
            saved_copy(value, "", is_duplicate, number(value, "/age")?)
        };
        events.push(match text(&action, "/tag")? {
            "Call" => {
                let network = plain(state.get("network").unwrap_or(&Value::Null));
                let copies = network.get("#map").and_then(Value::as_array);
                let to = end(value, "/end")?.peer().to_string();
                let is_new_syn = |copy: &Value| {
                    copy.get("to").and_then(Value::as_str) == Some(&to)
                        && copy.get("kind").and_then(Value::as_str) == Some("SYN")
                        && copy.get("age").and_then(Value::as_u64) == Some(0)
                };
                let mut syns =
                    copies.into_iter().flatten().filter_map(|pair| pair.get(0)).filter(|one| is_new_syn(one));
                let syn = syns.next().and_then(|copy| number(copy, "/seq").ok());
                SavedEvent::Call(end(value, "/end")?, text(value, "/call")?.to_owned(), syn)
            }
            "Timeout" => SavedEvent::Timeout(end(value, "/end")?, text(value, "/timer")?.to_owned()),
            "Deliver" => SavedEvent::Deliver(copy()?),
            "Lose" => SavedEvent::Lose(copy()?),
            "Duplicate" => SavedEvent::Duplicate(copy()?),
            "Pass" => SavedEvent::Pass(number(value, "/parts")?),
            other => return Err(format!("an action that is known, and not `{other}`")),
        });
    }
    Ok(SavedTrace {
        scenario: text(document, "/#meta/scenario")?.to_owned(),
        settings,
        scale,
        instance: document
            .pointer("/#meta/instance")
            .map(|_| text(document, "/#meta/instance"))
            .transpose()?
            .map(str::to_owned),
        // The state of that index is the one after the first step of a cycle, or the last of a run that stops.
        ending: match document.get("loop") {
            Some(_) => itf_ending(number(document, "/loop")?, states)?,
            None => SavedEnding::Open,
        },
        parts: parts(document, "/#meta/parts-per-tick")?,
        is_itf: true,
        events,
        steps: steps.to_vec(),
    })
}

/// The settings and the scale among the changes of a world.
fn changed(changes: &[Value]) -> Result<(Vec<String>, u32), Missing> {
    let mut settings = Vec::new();
    let mut scale = 1;
    for change in changes {
        let change = change.as_str().ok_or("texts as `changes`")?;
        match change.strip_prefix("scale ") {
            Some(factor) => scale = factor.parse().map_err(|_| "a number as scale")?,
            None => settings.push(change.to_owned()),
        }
    }
    Ok((settings, scale))
}

fn saved_copy(value: &Value, segment: &str, is_duplicate: bool, age: u32) -> Result<SavedCopy, Missing> {
    Ok(SavedCopy {
        to: end(value, "/to")?,
        kind: text(value, &format!("{segment}/kind"))?.to_owned(),
        seq: number(value, &format!("{segment}/seq"))?,
        ack: number(value, &format!("{segment}/ack"))?,
        is_duplicate,
        age,
    })
}

fn text<'v>(value: &'v Value, pointer: &str) -> Result<&'v str, Missing> {
    value.pointer(pointer).and_then(Value::as_str).ok_or_else(|| format!("a text as `{pointer}`"))
}

fn array<'v>(value: &'v Value, pointer: &str) -> Result<&'v [Value], Missing> {
    let array = value.pointer(pointer).and_then(Value::as_array);
    array.map(Vec::as_slice).ok_or_else(|| format!("a list as `{pointer}`"))
}

fn number(value: &Value, pointer: &str) -> Result<u32, Missing> {
    let number = value.pointer(pointer).and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| format!("a number as `{pointer}` (a trace without a clock is not replayed)"))
}

fn end(value: &Value, pointer: &str) -> Result<End, Missing> {
    let name = text(value, pointer)?;
    End::BOTH.into_iter().find(|end| end.to_string() == name).ok_or_else(|| format!("A or B as `{pointer}`"))
}

/// How a run goes on whose states from an index on are repeated. Where that is the last alone, one step is
/// repeated if it leads to its like, or else nothing happens any more.
fn itf_ending(index: u32, states: &[Value]) -> Result<SavedEnding, Missing> {
    let index = place(index, states)?;
    let of_world = |state: &Value| ["a", "b", "network"].map(|name| state.get(name).cloned());
    match states.get(index.saturating_sub(1)..) {
        Some([before, last]) if of_world(before) != of_world(last) => Ok(SavedEnding::Stops),
        _ if index == 0 => Ok(SavedEnding::Stops),
        _ => Ok(SavedEnding::Repeats(index - 1)),
    }
}

/// A place among steps or states.
fn place(number: u32, all: &[Value]) -> Result<usize, Missing> {
    let place = usize::try_from(number).ok().filter(|place| *place < all.len());
    place.ok_or_else(|| format!("a place among {}, and not {number}", all.len()))
}

/// The most parts that a tick of a saved trace has: more than a search finds, and few enough that 32 bits count
/// the longest timer of a world in them.
const MAX_SAVED_PARTS: u32 = 1 << 16;

fn parts(value: &Value, pointer: &str) -> Result<u32, Missing> {
    let parts = number(value, pointer)?;
    let is_right = (1..=MAX_SAVED_PARTS).contains(&parts);
    is_right.then_some(parts).ok_or_else(|| format!("1 to {MAX_SAVED_PARTS} as `{pointer}`"))
}

/// A value of ITF with plain numbers.
fn plain(value: &Value) -> Value {
    match value {
        Value::Object(fields) => match fields.get("#bigint").and_then(Value::as_str) {
            Some(number) => number.parse::<u64>().map_or(Value::Null, Value::from),
            None => fields.iter().map(|(name, value)| (name.clone(), plain(value))).collect(),
        },
        Value::Array(values) => values.iter().map(plain).collect(),
        other => other.clone(),
    }
}

/// Where two values differ, each with its path; of lists the order is of no interest.
fn differences(path: &str, there: &Value, here: &Value, all: &mut Vec<String>) {
    if all.len() >= MOST_DIFFERENCES || there == here {
        return;
    }
    match (there, here) {
        (Value::Object(one), Value::Object(other)) => {
            let mut keys: Vec<&String> = one.keys().chain(other.keys()).collect();
            keys.sort();
            keys.dedup();
            for key in keys {
                let of = |fields: &serde_json::Map<String, Value>| fields.get(key).cloned().unwrap_or(Value::Null);
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                differences(&path, &of(one), &of(other), all);
            }
        }
        (Value::Array(one), Value::Array(other)) if sorted(one) == sorted(other) => {}
        _ => all.push(format!("{path} is {there} there, and {here} today")),
    }
}

fn sorted(values: &[Value]) -> Vec<String> {
    let mut texts: Vec<String> = values.iter().map(Value::to_string).collect();
    texts.sort();
    texts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// `loop` has the last state alone both where nothing happens after it, and where the step to it is repeated.
    #[test]
    fn a_cycle_of_one_step_is_no_end() {
        let state = |action: &str, a: u32| json!({ "action": action, "a": a, "b": 0, "network": {} });
        let ends = [state("first", 0), state("call", 1), state("deliver", 2)];
        let stays = [state("first", 0), state("call", 1), state("deliver", 1)];
        assert_eq!(itf_ending(2, &ends), Ok(SavedEnding::Stops));
        assert_eq!(itf_ending(2, &stays), Ok(SavedEnding::Repeats(1)));
        assert_eq!(itf_ending(1, &ends), Ok(SavedEnding::Repeats(0)));
        assert_eq!(itf_ending(0, &ends[..1]), Ok(SavedEnding::Stops));
        assert!(itf_ending(3, &ends).is_err());
    }
}
