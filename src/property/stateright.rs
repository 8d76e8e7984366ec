//! Instances as properties that stateright's own checker decides.

use std::sync::Arc;

use stateright::Expectation;

use super::syntax::Temporal;
use super::verdict::Instance;
use crate::model::{Observe, StateProperty};

/// The properties for those of the instances that single states decide. Liveness is left out: stateright's
/// `eventually` overlooks cycles and joins, according to its documentation.
#[must_use]
pub fn state_properties<S: Observe + 'static>(instances: &[Instance]) -> Vec<StateProperty<S>> {
    let each = instances.iter().filter(|instance| !instance.is_liveness());
    each.map(|instance| {
        let is_example = instance.property.formula.temporal() == Temporal::Possible;
        let expectation = if is_example { Expectation::Sometimes } else { Expectation::Always };
        let instance = instance.clone();
        // stateright asks for names that live as long as the program. They are few, and made once.
        let name = instance.name().leak();
        StateProperty {
            expectation,
            name,
            condition: Arc::new(move |state| instance.is_revealed_by(state) == is_example),
        }
    })
    .collect()
}
