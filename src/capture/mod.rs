//! Captures: what the model makes of connections that were captured from a network.
//!
//! [`Capture::read`] finds the connections in a pcap or pcapng file and each one's closing phase; [`explain`]
//! follows each end through it with the endpoint of [`crate::tcp`]; [`Diagnosis`] is how it ended.

mod captured_packet;
mod carried;
mod compression;
mod connection;
mod connections;
mod cost;
mod diagnosis;
mod encapsulation;
mod ending;
mod explanation;
mod fault;
mod file;
mod follower;
mod fragments;
mod hypothesis;
mod layers;
mod opening;
mod packet;
mod peer;
mod progress;
mod read;
mod resets;
mod selection;
mod sending;
mod steps;
mod tunnels;
mod unexplained;
mod waiting;

pub use captured_packet::{Packet, Side};
pub use carried::Carried;
pub use connection::{Before, Captured, Connection, OldAnswer};
pub use connections::Connections;
pub use diagnosis::{Diagnosis, FirstToClose, Retransmitted};
pub use encapsulation::{Encapsulation, Tag};
pub use ending::{Ending, Handshake, ResetMeaning, Unacknowledged};
pub use explanation::{Explanation, explain, state_before};
pub use fault::{Fault, FaultKind};
pub use hypothesis::{Cause, Change, ClosedBefore};
pub use opening::{FollowedOpening, OpeningChange};
pub use progress::{Forged, Progress, Repeated, Storm};
pub use read::{Capture, PassedOver};
pub use selection::{Finding, FindingKind, Reuse, Selection, findings};
pub use unexplained::{Unexplained, Why};
