//! The grids that a sweep is shown as: the first axis goes to the right, the second down, and each combination of
//! the others has a grid of its own.

use std::collections::BTreeSet;

use super::sign::Sign;
use crate::sweep::{AxisHead, Least, NextInRow, Results};

/// Grids with the same axes.
pub(super) struct Grids<'r> {
    /// The axis that goes to the right; `None` if there is one field.
    pub(super) x: Option<&'r AxisHead>,
    /// The axis that goes down.
    pub(super) y: Option<&'r AxisHead>,
    pub(super) all: Vec<Grid<'r>>,
}

/// A grid.
pub(super) struct Grid<'r> {
    /// The values of the other axes, by their keys.
    pub(super) others: Vec<(&'r str, &'r str)>,
    /// Row by row.
    pub(super) rows: Vec<Vec<Field<'r>>>,
}

/// A field of a grid.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field<'r> {
    /// A world.
    World(Sign),
    /// A least value.
    Least(LeastField<'r>),
}

/// The least value of a row of worlds.
#[derive(Clone, Copy, Debug)]
pub(super) struct LeastField<'r> {
    pub(super) least: Least,
    /// The value; `None` if none is known to hold.
    pub(super) value: Option<&'r str>,
    /// How many values there are.
    pub(super) of: usize,
    /// It is known.
    pub(super) is_done: bool,
}

impl LeastField<'_> {
    /// As it stands in a table: `4`; `≤4` where a lesser value may do, `4*` where some greater one does not.
    pub(super) fn text(&self) -> String {
        let Least { is_certain, is_monotone, .. } = self.least;
        let (before, after) = (if is_certain { "" } else { "≤" }, if is_monotone { "" } else { "*" });
        match self.value {
            _ if !self.is_done => "·".to_owned(),
            Some(value) => format!("{before}{value}{after}"),
            None if is_certain => "none".to_owned(),
            None => "?".to_owned(),
        }
    }
}

impl<'r> Grids<'r> {
    pub(super) fn of(results: &'r Results) -> Self {
        let head = &results.head;
        let keys = head.vary.len();
        // A least value by itself has no axis: its worlds are shown.
        let least = head.least_axis().filter(|_| keys > 1);
        let mut shown = (0..keys).filter(|axis| Some(*axis) != least);
        let (x, y) = (shown.next(), shown.next());
        let others: Vec<usize> = shown.collect();
        let axis = |place: Option<usize>| place.and_then(|place| head.vary.get(place));
        let length = |place: Option<usize>| axis(place).map_or(1, |axis| axis.values.len());
        let of_others: BTreeSet<Vec<usize>> = (0..head.size())
            .map(|world| {
                let places = head.places(world);
                others.iter().filter_map(|axis| places.get(*axis).copied()).collect()
            })
            .collect();
        let grid = |of_others: Vec<usize>| {
            let field_at = |right: usize, down: usize| {
                let mut places = vec![0; keys];
                let of_others = others.iter().copied().zip(of_others.iter().copied());
                for (axis, value) in of_others.chain(x.map(|x| (x, right))).chain(y.map(|y| (y, down))) {
                    if let Some(place) = places.get_mut(axis) {
                        *place = value;
                    }
                }
                field(results, least, &places)
            };
            let row = |down| (0..length(x)).map(|right| field_at(right, down)).collect();
            let rows = (0..length(y)).map(row).collect();
            let named = others.iter().zip(&of_others).filter_map(|(axis, value)| {
                let axis = head.vary.get(*axis)?;
                Some((axis.key.as_str(), axis.values.get(*value)?.as_str()))
            });
            Grid { others: named.collect(), rows }
        };
        Self { x: axis(x), y: axis(y), all: of_others.into_iter().map(grid).collect() }
    }

    /// The signs that stand in some field.
    pub(super) fn signs(&self) -> BTreeSet<Sign> {
        let fields = self.all.iter().flat_map(|grid| grid.rows.iter().flatten());
        let sign = |field: &Field<'_>| match field {
            Field::World(sign) => Some(*sign),
            Field::Least(_) => None,
        };
        fields.filter_map(sign).collect()
    }
}

impl Grids<'_> {
    /// The marks on least values that stand in some field, with their meanings.
    pub(super) fn marks(&self) -> Vec<(&'static str, &'static str)> {
        let fields = self.all.iter().flat_map(|grid| grid.rows.iter().flatten());
        let least = fields.filter_map(|field| match field {
            Field::Least(field) => Some(field.text()),
            Field::World(_) => None,
        });
        let there: Vec<String> = least.collect();
        [
            ("≤", "some lesser value is not decided"),
            ("*", "some greater value does not hold"),
            ("none", "each value is violated"),
            ("?", "none is known to hold"),
            ("·", "not explored"),
        ]
        .into_iter()
        .filter(|(mark, _)| there.iter().any(|text| text.contains(mark)))
        .collect()
    }
}

/// The field of the world with these places; where a least value is looked for, of its row.
fn field<'r>(results: &'r Results, least: Option<usize>, places: &[usize]) -> Field<'r> {
    let head = &results.head;
    let Some(axis) = least.and_then(|least| head.vary.get(least)) else {
        return Field::World(Sign::of(results.known.get(&head.world(places))));
    };
    let row: Vec<usize> = (0..axis.values.len())
        .map(|value| {
            let at = |(number, place): (usize, &usize)| if Some(number) == least { value } else { *place };
            head.world(&places.iter().enumerate().map(at).collect::<Vec<_>>())
        })
        .collect();
    let row = head.row(&row, &results.known);
    let least = row.least();
    let value = least.place.and_then(|place| axis.values.get(place)).map(String::as_str);
    Field::Least(LeastField { least, value, of: axis.values.len(), is_done: row.next() == NextInRow::Done })
}
