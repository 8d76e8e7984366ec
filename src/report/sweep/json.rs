//! A sweep as one JSON document; `docs/sweep.schema.json` is its schema.

use std::collections::BTreeMap;

use serde::Serialize;

use super::sign::Sign;
use crate::json;
use crate::sweep::{Method, NextInRow, Part, Results, SweepOutcome};

/// Raised with every change that a reader could trip over.
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'r> {
    version: u32,
    lastack: &'r str,
    exit_code: u8,
    scenario: &'r str,
    /// What is set in every world.
    settings: &'r [String],
    scale: u32,
    property: &'r str,
    formula: &'r str,
    axes: Vec<Axis<'r>>,
    /// Absent where it is all of the sweep.
    #[serde(skip_serializing_if = "Option::is_none")]
    partition: Option<String>,
    /// How many worlds have each verdict.
    counts: BTreeMap<&'static str, usize>,
    /// Only with `--least`.
    #[serde(skip_serializing_if = "Option::is_none")]
    least: Option<LeastValues<'r>>,
    worlds: Vec<World<'r>>,
}

#[derive(Serialize)]
struct Axis<'r> {
    key: &'r str,
    values: &'r [String],
}

#[derive(Serialize)]
struct LeastValues<'r> {
    key: &'r str,
    rows: Vec<LeastValue<'r>>,
}

#[derive(Serialize)]
struct LeastValue<'r> {
    /// The other keys.
    values: BTreeMap<&'r str, &'r str>,
    /// Absent where none is known to hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    least: Option<&'r str>,
    /// Every world with a lesser value is violated.
    is_least: bool,
    /// No world with a greater value is known not to hold.
    holds_above: bool,
    /// How many worlds were explored.
    explored: usize,
    /// Absent where it is known.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_open: bool,
}

#[derive(Serialize)]
struct World<'r> {
    values: BTreeMap<&'r str, &'r str>,
    verdict: &'static str,
    /// How many steps the shortest trace has; only with `--steps`.
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<usize>,
    /// Why it is undecided or refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'r str>,
    /// Absent where the world was not explored.
    #[serde(skip_serializing_if = "Option::is_none")]
    method: Option<Method>,
}

/// The document, with a final line break.
pub(super) fn document(results: &Results) -> String {
    let head = &results.head;
    let own: Vec<usize> = head.own_rows().into_iter().flatten().collect();
    let mut counts = BTreeMap::new();
    for world in &own {
        *counts.entry(Sign::of(results.known.get(world)).name()).or_default() += 1;
    }
    let world = |world: &usize| {
        let result = results.known.get(world);
        World {
            values: head.values(*world).collect(),
            verdict: Sign::of(result).name(),
            steps: result.and_then(|one| one.steps),
            why: result.and_then(|one| one.why.as_deref()),
            method: result.filter(|one| one.verdict.is_some()).map(|one| one.method),
        }
    };
    let document = Document {
        version: VERSION,
        lastack: &head.lastack,
        exit_code: match SweepOutcome::of(results) {
            SweepOutcome::Holds => 0,
            SweepOutcome::Violated => 1,
            SweepOutcome::Undecided | SweepOutcome::Unfinished => 2,
        },
        scenario: &head.scenario,
        settings: &head.settings,
        scale: head.scale,
        property: &head.property,
        formula: &head.formula,
        axes: head.vary.iter().map(|axis| Axis { key: &axis.key, values: &axis.values }).collect(),
        partition: (head.partition != Part::WHOLE).then(|| head.partition.to_string()),
        counts,
        least: head.least.as_deref().map(|key| least_values(results, key)),
        worlds: own.iter().map(world).collect(),
    };
    json::document(&document)
}

fn least_values<'r>(results: &'r Results, key: &'r str) -> LeastValues<'r> {
    let head = &results.head;
    let row = |worlds: Vec<usize>| {
        let row = head.row(&worlds, &results.known);
        let found = row.least();
        let first = worlds.first().copied().unwrap_or_default();
        let at = found.place.and_then(|place| worlds.get(place).copied());
        LeastValue {
            values: head.values(first).filter(|(one, _)| *one != key).collect(),
            least: at.and_then(|world| head.values(world).find(|(one, _)| *one == key)).map(|(_, value)| value),
            is_least: found.is_certain,
            holds_above: found.is_monotone,
            explored: found.explored,
            is_open: row.next() != NextInRow::Done,
        }
    };
    LeastValues { key, rows: head.own_rows().into_iter().map(row).collect() }
}
