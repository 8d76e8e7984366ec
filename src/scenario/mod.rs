//! From scenario files to the configurations of worlds.

mod command_line;
mod document;
mod file;
mod keys;
mod layers;
mod mistake;
mod resolve;
mod resolved;
mod shape;
mod tcp;
mod values;

pub use command_line::Setting;
pub use file::ScenarioFile;
pub use keys::{KEYS, KeyValues, ScenarioKey, Unset, unit_of};
pub use resolved::{Expectation, NamedProperty, Scenario};
pub use shape::{Delays, Expected, WorldKind};
pub use tcp::EndPolicy;
