//! Captures: what the model makes of connections that were captured from a network.
//!
//! [`Capture::read`] finds the connections in a pcap or pcapng file and each one's closing phase; [`explain`] follows
//! each end through it with the endpoint of [`crate::tcp`]; [`Closing`] says how it ended.

mod compression;
mod connection;
mod cost;
mod diagnosis;
mod ending;
mod explanation;
mod file;
mod follower;
mod fragments;
mod hypothesis;
mod layers;
mod packet;
mod peer;
mod progress;
mod read;
mod resets;
mod selection;
mod sending;
mod steps;
mod unexplained;
mod waiting;

pub use connection::{Before, Captured, Connection, Connections, OldAnswer, Packet, Side};
pub use diagnosis::{Again, Closing, First};
pub use ending::{Ending, Handshake, ResetMeaning, Unacknowledged};
pub use explanation::{Explanation, explain};
pub use file::{Fault, FaultKind};
pub use hypothesis::{Cause, Change};
pub use layers::Carried;
pub use progress::{Forged, Progress, Repeated, Storm};
pub use read::{Capture, PassedOver};
pub use selection::{Finding, Kind, Selection, findings};
pub use unexplained::{Unexplained, Why};
