//! Captures: what the model makes of connections that were captured from a network.
//!
//! [`Capture::read`] finds the connections in a pcap or pcapng file and each one's closing phase; [`explain`] follows
//! each end through it with the endpoint of [`crate::tcp`]; [`Closing`] says how it ended.

mod connection;
mod cost;
mod diagnosis;
mod ending;
mod explanation;
mod file;
mod follower;
mod hypothesis;
mod packet;
mod peer;
mod read;
mod sending;
mod steps;
mod unexplained;

pub use connection::{Before, Connection, Connections, Packet, Side};
pub use diagnosis::{Again, Closing, First};
pub use ending::{Ending, Handshake, ResetMeaning};
pub use explanation::{Explanation, explain};
pub use file::{Fault, FaultKind};
pub use hypothesis::{Cause, Change};
pub use read::{Capture, PassedOver};
pub use unexplained::{Unexplained, Why};
