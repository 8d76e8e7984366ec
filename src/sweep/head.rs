//! What tells a sweep from others, and which worlds it has: the first line of its results.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::part::Part;
use super::row::{NextInRow, Row};
use super::world_result::WorldResult;
use crate::json;

/// Raised with every change that a reader could trip over.
pub(super) const VERSION: u32 = 1;

/// What the first line says that the file is.
pub(super) const KIND: &str = "results of a sweep";

/// What tells a sweep from others: results belong together if all of it is the same but the part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// What the file is.
    pub(super) kind: String,
    /// The version of its form.
    pub(super) version: u32,
    /// The version of lastack that wrote it.
    pub lastack: String,
    /// The scenario's name.
    pub scenario: String,
    /// What is set in every world.
    pub settings: Vec<String>,
    /// What every duration is multiplied by.
    pub scale: u32,
    /// The property, or the instance.
    pub property: String,
    /// The property's formula.
    pub formula: String,
    /// What is varied.
    pub vary: Vec<AxisHead>,
    /// The key of which the least value is looked for.
    pub least: Option<String>,
    /// Whether it is looked for by bisection; else all worlds are explored.
    pub bisects: bool,
    /// Whether the steps of shortest counterexamples are counted.
    pub steps: bool,
    /// The limit of each exploration.
    pub max_states: Option<u64>,
    /// What all worlds come to, in short.
    pub(super) worlds: String,
    /// Which part of it.
    pub partition: Part,
}

/// A key that is varied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AxisHead {
    /// The key.
    pub key: String,
    /// Its values.
    pub values: Vec<String>,
}

impl Head {
    /// How many worlds there are: one for each combination of values.
    #[must_use]
    pub fn size(&self) -> usize {
        self.vary.iter().fold(1, |all, axis| all.saturating_mul(axis.values.len()))
    }

    /// The place of the value of each axis in the world with this number: the last axis goes round first.
    #[must_use]
    pub fn places(&self, world: usize) -> Vec<usize> {
        let mut rest = world;
        let mut places: Vec<usize> = Vec::new();
        for axis in self.vary.iter().rev() {
            let length = axis.values.len().max(1);
            places.push(rest % length);
            rest /= length;
        }
        places.reverse();
        places
    }

    /// The number of the world with these places.
    #[must_use]
    pub fn world(&self, places: &[usize]) -> usize {
        self.vary.iter().zip(places).fold(0, |world, (axis, place)| world * axis.values.len() + place)
    }

    /// The values of a world, by the keys of the axes.
    pub fn values(&self, world: usize) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.vary.iter().zip(self.places(world));
        pairs.filter_map(|(axis, place)| Some((axis.key.as_str(), axis.values.get(place)?.as_str())))
    }

    /// The place of the axis of which the least value is looked for.
    #[must_use]
    pub fn least_axis(&self) -> Option<usize> {
        let least = self.least.as_deref()?;
        self.vary.iter().position(|axis| axis.key == least)
    }

    /// The worlds that are decided one after the other: each by itself, or, where a least value is looked for,
    /// those that differ in it alone, by that value.
    #[must_use]
    pub fn rows(&self) -> Vec<Vec<usize>> {
        let Some(axis) = self.least_axis() else {
            return (0..self.size()).map(|world| vec![world]).collect();
        };
        // How far worlds are apart that differ by one value.
        let stride: usize = self.vary.iter().skip(axis + 1).map(|axis| axis.values.len()).product();
        let length = self.vary.get(axis).map_or(1, |axis| axis.values.len());
        let first = (0..self.size()).filter(|world| self.places(*world).get(axis) == Some(&0));
        first.map(|first| (0..length).map(|step| first + step * stride).collect()).collect()
    }

    /// The rows of its part.
    #[must_use]
    pub fn own_rows(&self) -> Vec<Vec<usize>> {
        let rows = self.rows().into_iter().enumerate();
        rows.filter(|(number, _)| self.partition.has(*number)).map(|(_, row)| row).collect()
    }

    /// A row with what is known of it.
    #[must_use]
    pub fn row<'r>(&self, row: &[usize], known: &'r BTreeMap<usize, WorldResult>) -> Row<'r> {
        Row { known: row.iter().map(|world| known.get(world)).collect(), bisects: self.bisects }
    }

    /// The rows of its part that are not done.
    #[must_use]
    pub fn open_rows(&self, known: &BTreeMap<usize, WorldResult>) -> Vec<Vec<usize>> {
        let is_open = |row: &Vec<usize>| self.row(row, known).next() != NextInRow::Done;
        self.own_rows().into_iter().filter(is_open).collect()
    }

    /// The line, without its end.
    pub(super) fn line(&self) -> String {
        json::line(self)
    }

    /// What another sweep has otherwise, in words; `None` if the results belong together. The part may be another.
    pub(super) fn differs_from(&self, other: &Self) -> Option<String> {
        let differs = |what: &str, here: &dyn fmt::Debug, there: &dyn fmt::Debug| {
            Some(format!("{what} is {there:?} there, and {here:?} here"))
        };
        let axes = |head: &Self| -> Vec<String> {
            head.vary.iter().map(|axis| format!("{}={}", axis.key, axis.values.join(","))).collect()
        };
        let Self { lastack, scenario, settings, scale, property, formula, least, steps, max_states, .. } = self;
        match other {
            that if that.lastack != *lastack => differs("the version of lastack", lastack, &that.lastack),
            that if that.scenario != *scenario => differs("the scenario", scenario, &that.scenario),
            that if that.property != *property => differs("the property", property, &that.property),
            that if that.formula != *formula => differs("the property's formula", formula, &that.formula),
            that if that.settings != *settings => differs("`--set`", settings, &that.settings),
            that if that.scale != *scale => differs("`--scale`", scale, &that.scale),
            that if that.vary != self.vary => differs("`--vary`", &axes(self), &axes(that)),
            that if that.least != *least => differs("`--least`", least, &that.least),
            that if that.steps != *steps => differs("`--steps`", steps, &that.steps),
            that if that.max_states != *max_states => differs("`--max-states`", max_states, &that.max_states),
            that if (&that.worlds, that.bisects) != (&self.worlds, self.bisects) => {
                Some("a scenario or a policy was another there: its worlds are not these".to_owned())
            }
            _ => None,
        }
    }
}
