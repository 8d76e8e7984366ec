//! The cost model of the search for the simplest account: a penalty for each event that is less usual than what
//! the capture shows at first sight.
//!
//! Each hypothesis carries the sum of the penalties on its path, as a most likely path carries the sum of its
//! negative log likelihoods (Viterbi, 1967); of two paths to one state the cheaper stays, and the cheapest at the
//! end is reported. At no cost, every packet arrives when it is captured, in that order, and is sent when it is
//! captured. The penalties have no unit. Only their order counts and what they add up to: each one names what it
//! has to outweigh, and what outweighs it.

/// A captured segment was lost on its way to the end, came late, or before another that was sent earlier; or one
/// that acknowledges came from a peer whose ACKs are not captured. The least that is counted.
pub(super) const LATE: u32 = 1;
/// A single octet of text: one number that is not captured is more often that of a FIN.
pub(super) const SINGLE_OCTET: u32 = 1;
/// A FIN behind text that is not captured: of several numbers that are not, all are more often text.
pub(super) const FIN_BEHIND_TEXT: u32 = 1;
/// A FIN that does not acknowledge all that was sent before it.
pub(super) const OLD_ACK: u32 = 1;
/// An abort with a reset where RFC 9293 §3.10.5 sends none: once both have closed.
pub(super) const SAID_ABORT: u32 = 1;
/// The end has received a FIN, and its ACK was not captured, though the FIN comes again or nothing comes for long.
/// More than [`LATE`]: that the FIN was lost is simpler.
pub(super) const UNANSWERED_FIN: u32 = 2;
/// The segment was captured after its sender was CLOSED, or repeats a FIN that is acknowledged.
pub(super) const AFTER_CLOSE: u32 = 2;
/// A timer expired silently.
pub(super) const EXPIRED: u32 = 2;
/// The end received or sent something that is captured only later, or, if it was lost before or is of a peer that
/// is not captured, never. More than any two events of the network: a capture is believed before it is doubted.
pub(super) const UNSEEN: u32 = 3;
/// It gave up: more than that something unseen has arrived.
pub(super) const GAVE_UP: u32 = 4;
/// It knows of the connection no more, and what ended it was not captured: what gives up shows in what it sent
/// before.
pub(super) const GONE: u32 = 5;
/// It aborted with a reset that has no ACK flag, just when a segment arrived that such a reset answers: the resets
/// of most stacks' aborts have one. More than [`GONE`], which explains that reset as an answer.
pub(super) const BARE_ABORT: u32 = 6;
/// Unacknowledged numbers were not sent again, although a TCP that exists does so. Nothing else comes near: an end
/// that is silent has had its ACK, whatever else that takes.
pub(super) const NOT_SENT_AGAIN: u32 = 30;

/// Accounts that cost so much more than the cheapest are reported beside it: one packet was lost.
pub(super) const MARGIN: u32 = LATE;
