//! A closed world: two endpoints, their applications, the network and the clock; and what can be observed of it.

mod application;
mod asynchronous;
mod config;
mod endpoint_event;
mod fairness;
mod limit;
mod network;
mod network_as_set;
mod observe;
mod opening;
mod packed;
mod reaction;
mod segment_copy;
mod state_property;
mod step;
mod timed;
mod world_end;

pub use application::{Application, Closes, ClosesWith};
pub use asynchronous::{ActorWorld, Host, asynchronous_world, asynchronous_world_with};
pub use config::{Config, EndConfig, MAX_DURATION};
pub use endpoint_event::EndpointEvent;
pub use fairness::{Deliveries, Fairness};
pub use limit::{Bound, Limit};
pub use network::Network;
pub use observe::{End, Kind, Observe, Observed};
pub use opening::{Incarnation, Iss, Opening, Opens};
pub(crate) use packed::is_representable;
pub use packed::{Layout, OneIncarnation, Timers, TwoIncarnations, WorldState};
pub use reaction::TransitionCache;
pub use segment_copy::SegmentCopy;
pub(crate) use state_property::ListsProperties;
pub use state_property::{MAX_STATE_PROPERTIES, StateProperty};
pub use step::{Event, InFlightSegment, Snapshot, Step, World};
pub use timed::{Action, TimedWorld};
pub use world_end::{Answer, OldCopies, WorldEnd};
