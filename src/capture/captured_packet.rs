//! A segment of a connection, as it was captured.

use crate::tcp::Segment;

/// One of the two ends: 0 is who sent the first packet that was captured.
pub type Side = usize;

/// A segment that was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Its number in the file, from 1.
    pub number: u64,
    /// When it was captured, in nanoseconds since 1970.
    pub time: i64,
    /// Who sent it.
    pub from: Side,
    /// Its numbers and flags.
    pub segment: Segment,
    /// RFC 9293 §3.1: the window that it offers, not scaled.
    pub window: u16,
    /// IPv4's time to live, or IPv6's hop limit.
    pub hop_limit: u8,
    /// IPv4's identification; 0 in IPv6.
    pub identification: u16,
}
