//! The environment of the two endpoints: the network, the clock and the applications.

mod application;
mod asynchronous;
mod config;
mod endpoint_event;
mod fairness;
mod limit;
mod network;
mod observe;
mod packed;
mod reaction;
mod scenario;
mod scenario_shape;
mod scenario_tcp;
mod scenario_values;
mod state_property;
mod step;
mod timed;

pub use application::{Application, Closes, ClosesWith};
pub use asynchronous::{ActorWorld, Host, asynchronous_world, asynchronous_world_with};
pub use config::{Config, EndConfig};
pub use endpoint_event::EndpointEvent;
pub use fairness::{Deliveries, Fairness};
pub use limit::{Bound, Limit};
pub use network::{Network, SegmentCopy};
pub use observe::{End, Kind, Observe, Observed};
pub use packed::{Timers, WorldState};
pub use reaction::Reactions;
pub use scenario::{Expectation, Named, Scenario, ScenarioFile, Setting};
pub use scenario_shape::{Expected, WorldKind};
pub use scenario_tcp::EndPolicy;
pub(crate) use state_property::ListsProperties;
pub use state_property::{MAX_STATE_PROPERTIES, StateProperty};
pub use step::{Event, Flight, Snapshot, Step, World};
pub use timed::{Action, TimedWorld};
