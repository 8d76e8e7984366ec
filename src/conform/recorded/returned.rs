//! What a call returns in the replay, and whether it is what a case expects.

use std::fmt;

use super::case::{CallResult, SocketError};

/// What a call has returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Returned {
    Done,
    Octets(u32),
    Eof,
    /// There is nothing yet.
    Nothing,
    Closing,
    /// CLOSE of a connection that is closing already, or gone, and ABORT of one that is gone. RFC 9293 §3.10.4,
    /// §3.10.5 return an error, sockets success.
    NothingToDo,
    /// The connection has ended so.
    Failed(SocketError),
    /// The connection is gone.
    Gone,
}

impl Returned {
    pub(super) fn is(self, expected: CallResult) -> bool {
        match expected {
            CallResult::Success => matches!(self, Self::Done | Self::NothingToDo | Self::Octets(_) | Self::Eof),
            CallResult::Eof => self == Self::Eof,
            CallResult::Closing => matches!(self, Self::Closing | Self::NothingToDo | Self::Eof),
            // After a FIN a reset is an EPIPE as well.
            CallResult::BrokenPipe => matches!(self, Self::Closing | Self::Failed(SocketError::BrokenPipe)),
            CallResult::Failed(error) => self == Self::Failed(error),
            CallResult::Nothing => self == Self::Nothing,
            CallResult::Octets(octets) => self == Self::Octets(octets),
            CallResult::Error => matches!(self, Self::Closing | Self::NothingToDo | Self::Failed(_) | Self::Gone),
        }
    }
}

impl fmt::Display for Returned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done => f.write_str("success"),
            Self::Octets(octets) => write!(f, "{octets} octets"),
            Self::Eof => f.write_str("EOF"),
            Self::Nothing => f.write_str("nothing yet"),
            Self::Closing => f.write_str("an error: the connection is closing"),
            Self::NothingToDo => f.write_str("success, or an error: there is nothing to close"),
            Self::Failed(error) => f.write_str(error.name()),
            Self::Gone => f.write_str("an error: there is no connection"),
        }
    }
}
