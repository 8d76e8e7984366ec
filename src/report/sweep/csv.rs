//! A sweep as comma-separated values (RFC 4180, but with `\n`).

use std::error::Error;

use csv::{Terminator, WriterBuilder};

use super::sign::Sign;
use crate::invariant::broken;
use crate::sweep::{NextInRow, Results};

/// A line for each world, or, where a least value was looked for, for each row.
pub(super) fn table(results: &Results) -> String {
    let mut writer = WriterBuilder::new().terminator(Terminator::Any(b'\n')).from_writer(Vec::new());
    let lines = if results.head.least.is_some() { least_values(results) } else { worlds(results) };
    // To memory, lines of equal length, of texts: nothing can fail.
    for line in &lines {
        writer.write_record(line).unwrap_or_else(|error| cannot_be_written(&error));
    }
    let bytes = writer.into_inner().unwrap_or_else(|error| cannot_be_written(&error));
    String::from_utf8(bytes).unwrap_or_else(|error| cannot_be_written(&error))
}

fn cannot_be_written(error: &dyn Error) -> ! {
    broken(format_args!("comma-separated values cannot be written: {error}"))
}

fn worlds(results: &Results) -> Vec<Vec<String>> {
    let head = &results.head;
    let keys = head.vary.iter().map(|axis| axis.key.clone());
    let steps = head.steps.then(|| "steps".to_owned());
    let first = keys.chain(["verdict".to_owned()]).chain(steps).chain(["why".to_owned()]).collect();
    let line = |world: usize| {
        let result = results.known.get(&world);
        let values = head.values(world).map(|(_, value)| value.to_owned());
        let steps = result.and_then(|one| one.steps).map_or_else(String::new, |steps| steps.to_string());
        let verdict = Sign::of(result).name().to_owned();
        let why = result.and_then(|one| one.why.clone()).unwrap_or_default();
        values.chain([verdict]).chain(head.steps.then_some(steps)).chain([why]).collect()
    };
    let own = head.own_rows().into_iter().flatten();
    std::iter::once(first).chain(own.map(line)).collect()
}

fn least_values(results: &Results) -> Vec<Vec<String>> {
    let head = &results.head;
    let (Some(least), Some(axis)) = (head.least_axis(), head.least.as_deref()) else {
        return Vec::new();
    };
    let keys = head.vary.iter().map(|axis| axis.key.as_str()).filter(|key| *key != axis);
    let columns = ["least", "is_least", "holds_above", "explored"];
    let first = keys.chain(columns).map(str::to_owned).collect();
    let line = |worlds: Vec<usize>| {
        let row = head.row(&worlds, &results.known);
        let found = row.least();
        let value = found.place.and_then(|place| Some(head.vary.get(least)?.values.get(place)?.clone()));
        let is_done = row.next() == NextInRow::Done;
        let first = worlds.first().copied().unwrap_or_default();
        let values = head.values(first).filter(|(key, _)| *key != axis).map(|(_, value)| value.to_owned());
        let value = match value {
            _ if !is_done => Sign::NotExplored.name().to_owned(),
            Some(value) => value,
            None => "none".to_owned(),
        };
        let rest =
            [value, found.is_certain.to_string(), found.is_monotone.to_string(), found.explored.to_string()];
        values.chain(rest).collect()
    };
    std::iter::once(first).chain(head.own_rows().into_iter().map(line)).collect()
}
