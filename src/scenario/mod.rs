//! From scenario files to the configurations of worlds.

mod file;
mod mistake;
mod setting;
mod shape;
mod tcp;
mod values;

pub use file::{Expectation, Named, Scenario, ScenarioFile};
pub use setting::Setting;
pub use shape::{Delays, Expected, WorldKind};
pub use tcp::EndPolicy;
