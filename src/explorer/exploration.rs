//! A scenario, what was found in it, and its world to be walked through.

use std::sync::Arc;

use super::model::Explorable;
use crate::check::{Decision, Decisions, Judged, Outcome};
use crate::model::{Layout, OneIncarnation};
use crate::property::Instance;
use crate::scenario::Scenario;

/// What the explorer shows.
#[derive(Debug)]
pub struct Exploration<L: Layout = OneIncarnation> {
    pub(super) scenario: Arc<Scenario>,
    pub(super) decisions: Decisions,
    /// The verdict on each instance, in the order of the decisions.
    pub(super) judged: Vec<Judged>,
    /// The properties that are not applicable to the scenario, by their names.
    pub(super) not_applicable: Vec<String>,
    pub(super) model: Explorable<L>,
}

impl<L: Layout> Exploration<L> {
    /// A scenario of the timed world with the decisions on it.
    #[must_use]
    pub fn new(scenario: &Arc<Scenario>, decisions: Decisions, not_applicable: Vec<String>) -> Self {
        // The verdicts on the instances of a property are judged together.
        let properties =
            decisions.each.chunk_by(|one, other| one.instance.property.name == other.instance.property.name);
        let judged = properties.flat_map(|each| {
            let verdict = |decision: &Decision| (decision.instance.clone(), decision.verdict, decision.steps);
            let property = each.first().map(|first| &first.instance.property);
            let outcome =
                property.map(|property| Outcome::new(property, each.iter().map(verdict).collect(), scenario));
            outcome.into_iter().flat_map(|outcome| outcome.instances)
        });
        Self {
            judged: judged.collect(),
            model: Explorable::new(scenario.config, decisions.ticks_per_tick, &decisions.each),
            scenario: Arc::clone(scenario),
            decisions,
            not_applicable,
        }
    }

    /// The instances that are decided by just this path, that of this name first.
    pub(super) fn decided_by(&self, places: &[usize], name: Option<&str>) -> Vec<&Decision> {
        let is_by = |decision: &&Decision| {
            decision.evidence.as_ref().is_some_and(|evidence| evidence.places.as_deref() == Some(places))
        };
        let mut decided: Vec<&Decision> = self.decisions.each.iter().filter(is_by).collect();
        decided.sort_by_key(|decision| name.is_none_or(|name| decision.instance.name() != name));
        decided
    }

    /// The decision on the instance of this name.
    pub(super) fn decision(&self, name: &str) -> Option<&Decision> {
        self.decisions.each.iter().find(|decision| decision.instance.name() == name)
    }

    /// The instances, as they were decided.
    pub(super) fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.decisions.each.iter().map(|decision| &decision.instance)
    }
}
