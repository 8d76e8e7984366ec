//! How a connection ended, and what that usually means.

use super::connection::Side;
use super::explanation::SILENCE;
use crate::tcp::State;

/// How a handshake ended that did not establish a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// Nobody answered the SYN.
    Unanswered,
    /// The SYN was answered, and nothing shows that the answer arrived.
    Unfinished,
    /// The packet of this index is a reset that answers the SYN.
    Refused(usize),
    /// The packet of this index is a reset of who sent the SYN, or of who had answered it with another.
    GivenUp(usize),
}

/// Why a reset was sent, as a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetMeaning {
    /// The end was CLOSED when a segment arrived.
    NoConnection,
    /// Text has arrived for an application that has closed.
    TextAfterClose,
    /// The application has closed or was ended with text unread, or has asked for a reset; the peer had sent text.
    UnreadOrAbort,
    /// The application has asked for a reset, or was ended; the peer had sent no text.
    Abort,
    /// The end has begun another connection between the same ports.
    OtherConnection,
    /// Nothing but resets was captured of the end, and not how the connection began.
    Untold,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It has not been established.
    NotEstablished(Handshake),
    /// It is open: nothing in the capture closes it.
    Open,
    /// Both FINs were sent and acknowledged.
    Clean,
    /// An end sent a reset.
    Reset {
        /// Who.
        by: Side,
        /// The index of the packet.
        index: usize,
        /// Its state when it did; none if it cannot be told.
        from: Option<State>,
        /// The other end's state; none if it cannot be told.
        to: Option<State>,
        /// What it usually means.
        meaning: ResetMeaning,
    },
    /// An end sent its FIN again and again, and then there is silence.
    GaveUp {
        /// Who.
        side: Side,
        /// The state that it was in.
        state: State,
        /// The silence, in nanoseconds.
        silence: i64,
    },
    /// An end waits in a state.
    Waiting {
        /// Who.
        side: Side,
        /// In which state.
        state: State,
        /// How long it has been there when the capture ends, in nanoseconds.
        since: i64,
        /// Segments with text that it has sent since.
        text: usize,
    },
    /// Nothing can be said.
    Unknown,
}

impl Ending {
    /// The name that JSON has for it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotEstablished(_) => "not-established",
            Self::Open => "open",
            Self::Clean => "clean",
            Self::Reset { .. } => "reset",
            Self::GaveUp { .. } => "gave-up",
            Self::Waiting { since, .. } if *since < SILENCE => "too-early",
            Self::Waiting { state: State::CloseWait, text: 1.., .. } => "half-closed",
            Self::Waiting { .. } => "stuck",
            Self::Unknown => "unknown",
        }
    }

    /// What it usually means, in a sentence or two.
    #[must_use]
    pub fn meaning(&self) -> &'static str {
        match self {
            Self::NotEstablished(handshake) => match handshake {
                Handshake::Refused(_) => "Nobody listens on the port, or something on the way refuses.",
                Handshake::Unanswered => "The SYN was not answered: it or its answer was lost or filtered.",
                Handshake::Unfinished => {
                    "The SYN was answered, and the answer was not: it was lost or filtered, or the other end is gone."
                }
                Handshake::GivenUp(_) => {
                    "The end that sent this reset was not waiting for the handshake any more, or it was answered as if \
                     an older connection between the same ports were still there."
                }
            },
            Self::Open => "There is no FIN in the capture, and no reset that ends the connection.",
            Self::Clean => "Both FINs are acknowledged.",
            Self::Reset { meaning, .. } => match meaning {
                ResetMeaning::NoConnection => {
                    "Its end of the connection did not exist any more when a segment arrived."
                }
                ResetMeaning::TextAfterClose => {
                    "The application had called close(), and text arrived that nobody was going to read."
                }
                ResetMeaning::UnreadOrAbort => {
                    "Usually the application called close() or exited without having read all that had arrived, or \
                     it closed with SO_LINGER 0."
                }
                ResetMeaning::Abort => {
                    "The other end had sent no text that could be unread: usually the application closed with \
                     SO_LINGER 0, or was made to end."
                }
                ResetMeaning::OtherConnection => {
                    "It had begun another connection between the same ports and knew no other: usually it was restarted."
                }
                ResetMeaning::Untold => {
                    "Nothing else was captured of it: it has aborted, or it had no such connection any more."
                }
            },
            Self::GaveUp { .. } => {
                "It sent its FIN again without an answer, and then no more: it gave up, or the capture does not show \
                 its next attempt. The other end is gone, or the way to it or back is cut."
            }
            Self::Waiting { since, .. } if *since < SILENCE => "That is too early to tell more.",
            Self::Waiting { state, text, .. } => match (state, text) {
                (State::CloseWait, 0) => {
                    "The other end has closed and this application has not: usually it has forgotten a socket, or \
                     hangs."
                }
                (State::CloseWait, _) => "The other end has sent all of its text, and this one is still sending.",
                (State::FinWait2, _) => {
                    "It has closed, and the other end has acknowledged that but has not closed: usually its \
                     application has forgotten the socket, or hangs."
                }
                (State::FinWait1 | State::LastAck | State::Closing, _) => {
                    "It has sent its FIN, and the ACK does not arrive: the other end is gone, or the way to it or \
                     back is cut."
                }
                _ => "It has not closed.",
            },
            Self::Unknown => "Too little was captured.",
        }
    }
}
