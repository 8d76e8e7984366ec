//! Captures: what the model makes of connections that were captured from a network.
//!
//! [`Capture::read`] finds the connections in a pcap or pcapng file and each one's closing phase; [`explain`] follows
//! each end through it with the endpoint of [`crate::tcp`]; [`Closing`] says how it ended.

mod belief;
mod closing;
mod connection;
mod cost;
mod ending;
mod explain;
mod file;
mod follower;
mod heard;
mod packet;
mod read;
mod sending;
mod silent;
mod unexplained;

pub use belief::{Cause, Change};
pub use closing::{Again, Closing, First};
pub use connection::{Before, Connection, Connections, Packet, Side};
pub use ending::{Ending, Handshake, ResetMeaning};
pub use explain::{Story, explain};
pub use file::{Fault, FaultKind};
pub use read::{Capture, PassedOver};
pub use unexplained::{Unexplained, Why};
