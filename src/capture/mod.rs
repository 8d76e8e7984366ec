//! Captures: what the model makes of connections that were captured from a network.
//!
//! [`Capture::read`] finds the connections in a pcap or pcapng file and each one's closing phase; [`explain`] follows
//! each end through it with the endpoint of [`crate::tcp`]; [`Closing`] says how it ended.

mod captured_packet;
mod compression;
mod connection;
mod cost;
mod diagnosis;
mod ending;
mod explanation;
mod fault;
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

pub use captured_packet::{Packet, Side};
pub use connection::{Before, Captured, Connection, Connections, OldAnswer};
pub use diagnosis::{Again, Closing, First};
pub use ending::{Ending, Handshake, ResetMeaning, Unacknowledged};
pub use explanation::{Explanation, explain};
pub use fault::{Fault, FaultKind};
pub use hypothesis::{Cause, Change};
pub use layers::Carried;
pub use progress::{Forged, Progress, Repeated, Storm};
pub use read::{Capture, PassedOver};
pub use selection::{Finding, FindingKind, Selection, findings};
pub use unexplained::{Unexplained, Why};
