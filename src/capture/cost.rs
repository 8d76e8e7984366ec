//! What an account costs, so that the simplest is told.

/// A captured segment was lost on its way to the end, or came late.
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
/// It aborted, and the reset was lost.
pub(super) const UNSEEN_RESET: u32 = 5;
