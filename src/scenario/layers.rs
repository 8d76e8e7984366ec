//! The layers of a scenario, laid over each other key by key: the scenario that it extends, its own file, and the
//! settings of the command line.

use std::sync::Arc;

use toml::Table;

use super::command_line::{Setting, keys_of};
use super::document::Document;
use crate::diagnostic::{SourceFile, Span};

/// The layers, the weakest first.
pub(super) struct Layers<'a> {
    files: Vec<&'a Document>,
    settings: &'a [Setting],
}

impl<'a> Layers<'a> {
    pub(super) fn new(files: Vec<&'a Document>, settings: &'a [Setting]) -> Self {
        Self { files, settings }
    }

    fn all(&self) -> impl DoubleEndedIterator<Item = &'a Document> {
        self.files.iter().copied().chain(self.settings.iter().map(|setting| &setting.document))
    }

    /// The keys of all layers, in one table.
    pub(super) fn merged(&self) -> Table {
        let mut merged = Table::new();
        for layer in self.all() {
            merge(&mut merged, &layer.table);
        }
        merged
    }

    /// The place at which the strongest layer sets the value that these keys lead to.
    pub(super) fn find(&self, path: &[&str]) -> Option<(Arc<SourceFile>, Span)> {
        self.all().rev().find_map(|layer| Some((Arc::clone(&layer.source), layer.span(path)?)))
    }

    /// A setting of both ends' TCP that changes neither end, and its key: each end sets the key by itself, or
    /// names a policy.
    pub(super) fn overridden(&self) -> Option<(String, &'a Setting)> {
        let has = |end: &str, key: &str| {
            self.all().any(|layer| {
                let end = layer.table.get(end).and_then(|end| end.get("tcp"));
                end.is_some_and(|tcp| tcp.get(key).is_some())
            })
        };
        let keys =
            self.settings.iter().flat_map(|setting| setting.keys().into_iter().map(move |key| (key, setting)));
        let mut of_both = keys.filter_map(|(key, setting)| Some((key.strip_prefix("tcp.")?.to_owned(), setting)));
        let (field, setting) =
            of_both.find(|(field, _)| ["a", "b"].into_iter().all(|end| has(end, "policy") || has(end, field)))?;
        Some((format!("tcp.{field}"), setting))
    }

    /// The first key of a setting that has no effect, because the world is the asynchronous one.
    pub(super) fn of_another_world(&self) -> Option<String> {
        let world = self.all().rev().find_map(|layer| layer.table.get("world"));
        let is_asynchronous = world.is_some_and(|world| world.as_str() == Some("asynchronous"));
        let mut settings = self.settings.iter().filter(|_| is_asynchronous);
        settings.find_map(|setting| of_the_timed_world(&setting.document.table))
    }
}

/// A key that a table sets and that the asynchronous world does not have: it has no network and no fairness to
/// set.
pub(super) fn of_the_timed_world(table: &Table) -> Option<String> {
    keys_of(table).into_iter().find(|key| key.starts_with("network.") || key.starts_with("fairness."))
}

/// Lays one table over another, key by key.
fn merge(under: &mut Table, over: &Table) {
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => merge(under, over),
            _ => {
                under.insert(key.clone(), value.clone());
            }
        }
    }
}
