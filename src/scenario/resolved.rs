//! A scenario that is resolved: its world, and what is expected of it.

use std::sync::Arc;

use super::shape::{Delays, Expected, WorldKind};
use super::tcp::EndPolicy;
use crate::diagnostic::{SourceFile, Span};
use crate::model::{Config, Fairness};

/// A scenario, resolved: ready to be explored.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Its name: the stem of its file.
    pub name: String,
    /// The one insight that it is there for.
    pub about: String,
    /// Its file.
    pub source: Arc<SourceFile>,
    /// Which of the two worlds it runs on.
    pub kind: WorldKind,
    /// Whether its verdicts speak of delays of whole ticks, or of any length.
    pub delays: Delays,
    /// The world.
    pub config: Config,
    /// The policies of A and of B, with the origin of each field.
    pub policies: [EndPolicy; 2],
    /// What may not be postponed forever in it.
    pub fairness: Fairness,
    /// The properties that it is about; `None`: every one.
    pub properties: Option<Vec<NamedProperty>>,
    /// Where it departs from "every property holds"; empty when the world was changed.
    pub expectations: Vec<Expectation>,
    /// The settings and the scale that have changed the world: nothing is expected of it then.
    pub changes: Vec<String>,
}

impl Scenario {
    /// Its verdicts speak of delays of any length.
    #[must_use]
    pub fn is_real_time(&self) -> bool {
        self.kind == WorldKind::Timed && self.delays == Delays::Any
    }

    /// The unit that its exploration counts: `zone` or `state`.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        if self.is_real_time() { "zone" } else { "state" }
    }

    /// All that its world depends on, and nothing else: the same of two scenarios with the same runs, whatever
    /// their files look like.
    #[must_use]
    pub fn world_in_words(&self) -> String {
        let Self { kind, delays, config, fairness, .. } = self;
        format!("{kind:?} {delays:?} {config:?} {fairness:?}")
    }

    /// Settings or a scale have changed the world.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        !self.changes.is_empty()
    }

    /// What it expects of an instance of a property, by their names: what it states of the instance by itself or,
    /// as that means each, of the property.
    #[must_use]
    pub fn expectation(&self, instance: &str, property: &str) -> Option<&Expectation> {
        let of = |name: &str| self.expectations.iter().find(|stated| stated.property == name);
        of(instance).or_else(|| of(property))
    }

    /// The property of this name is decided in it.
    #[must_use]
    pub fn is_about(&self, property: &str) -> bool {
        self.properties.as_ref().is_none_or(|named| named.iter().any(|one| one.property == property))
    }
}

/// A property that a scenario names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedProperty {
    /// The property.
    pub property: String,
    /// Where the file names it.
    pub span: Span,
}

/// What a scenario expects of a property, that is of each of its instances, or of one of them (`name@A`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The property or instance.
    pub property: String,
    /// What is expected.
    pub verdict: Expected,
    /// Why.
    pub because: String,
    /// How many steps the shortest trace has that shows it; of a lasso, stem and cycle together.
    pub steps: Option<usize>,
    /// Its place in the file.
    pub span: Span,
}
