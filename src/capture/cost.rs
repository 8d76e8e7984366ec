//! What an account costs, so that the simplest is told.

/// A captured segment was lost on its way to the end, came late, or before another that was sent earlier.
pub(super) const LATE: u32 = 1;
/// The end has answered a FIN, and the answer was not captured; or what it sent was captured after it was CLOSED.
pub(super) const ODD: u32 = 2;
/// A timer expired silently.
pub(super) const EXPIRED: u32 = 2;
/// The end received or sent something that is captured only later, or, if it was lost before or is of a peer that is not captured,
/// never.
pub(super) const UNSEEN: u32 = 3;
/// It gave up.
pub(super) const GAVE_UP: u32 = 4;
/// It knows of the connection no more, and what ended it was not captured.
pub(super) const GONE: u32 = 5;
/// It aborted with a reset that has no ACK flag, just when a segment arrived that such a reset answers: the resets of most
/// stacks' aborts have one.
pub(super) const BARE_ABORT: u32 = 6;
/// What is unacknowledged was not sent again: a TCP that is there does so. Nothing else costs as much.
pub(super) const NOT_SENT_AGAIN: u32 = 30;
