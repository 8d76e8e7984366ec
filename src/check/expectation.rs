//! What a scenario expects of an instance.

use crate::property::Instance;
use crate::scenario::{Expectation, Scenario};

/// What a scenario states of an instance: by its own name, or by the name of its property, which means each.
pub(super) fn stated<'s>(scenario: &'s Scenario, instance: &Instance) -> Option<&'s Expectation> {
    let of = |name: &str| scenario.expectations.iter().find(|stated| stated.property == name);
    of(&instance.name()).or_else(|| of(&instance.property.name))
}
