//! How an end opens a new connection on the same ports.

use serde::Deserialize;

/// Whether an end opens a new connection once the first is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Opens {
    /// A world ends when its ends are CLOSED.
    #[default]
    Never,
    /// Actively, at any moment after it became CLOSED.
    Connect,
    /// Passively: from the moment at which it becomes CLOSED it is in LISTEN.
    Listen,
}

/// The initial number of a new connection, where an end chooses one to connect.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Iss {
    /// Above every number that the end has used: a clock that is never overtaken (RFC 9293 §3.4.1, RFC 6528).
    #[default]
    Above,
    /// Any number from 0 to that one: a generator that is random, or that has wrapped.
    Any,
}

/// How an end opens a new connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Opening {
    /// Whether it does.
    pub opens: Opens,
    /// Its initial number, if it connects.
    pub iss: Iss,
    /// It may also connect out of `TIME_WAIT`, so many ticks after the 2MSL timer was set last: Linux's
    /// `tcp_tw_reuse`, without the timestamps that it asks for.
    pub reuse_time_wait: Option<u32>,
}

impl Opening {
    /// It opens nothing.
    pub const NEVER: Self = Self { opens: Opens::Never, iss: Iss::Above, reuse_time_wait: None };
}

/// Which connection on the same ports something belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Incarnation {
    /// The one with which the world begins.
    #[default]
    First = 1,
    /// The one that is opened after it.
    Second = 2,
}
