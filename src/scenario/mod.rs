//! From scenario files to the configurations of worlds.

mod file;
mod layers;
mod mistake;
mod resolved;
mod setting;
mod shape;
mod tcp;
mod values;

pub use file::ScenarioFile;
pub use resolved::{Expectation, Named, Scenario};
pub use setting::Setting;
pub use shape::{Delays, Expected, WorldKind};
pub use tcp::EndPolicy;
