//! A TOML text with the place of each of its values.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use toml::de::{DeTable, DeValue, Deserializer};
use toml::{Spanned, Table};

use crate::diagnostic::{SourceFile, Span};

/// A scenario's file, or a setting: its values, and where each of them stands.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub(super) source: Arc<SourceFile>,
    pub(super) table: Table,
    places: BTreeMap<String, Place>,
}

/// The place of a value and, if it is a table, those of its values.
#[derive(Clone, Debug)]
struct Place {
    span: Span,
    within: BTreeMap<String, Place>,
}

impl Document {
    /// A text that is parsed already.
    ///
    /// # Errors
    /// A number that has no room in 64 bits.
    pub(super) fn new(source: &Arc<SourceFile>, parsed: &Spanned<DeTable<'_>>) -> Result<Self, toml::de::Error> {
        let table = Table::deserialize(Deserializer::from(parsed.clone()))?;
        Ok(Self { source: Arc::clone(source), table, places: places_in(parsed.get_ref()) })
    }

    /// The place of the value that these keys lead to.
    pub(super) fn span(&self, path: &[&str]) -> Option<Span> {
        let (last, tables) = path.split_last()?;
        let mut places = &self.places;
        for key in tables {
            places = &places.get(*key)?.within;
        }
        Some(places.get(*last)?.span.clone())
    }
}

fn places_in(table: &DeTable<'_>) -> BTreeMap<String, Place> {
    let within = |value: &DeValue<'_>| match value {
        DeValue::Table(table) => places_in(table),
        _ => BTreeMap::new(),
    };
    let place = |value: &Spanned<DeValue<'_>>| Place { span: value.span(), within: within(value.get_ref()) };
    table.iter().map(|(key, value)| (key.get_ref().to_string(), place(value))).collect()
}
