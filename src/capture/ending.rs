//! The ways in which connections end, and their usual causes.

use super::captured_packet::Side;
use super::connection::OldAnswer;
use super::progress::{Forged, Repeated, Storm};
use crate::tcp::State;

/// How a handshake ended that did not establish a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handshake {
    /// Nobody answered the SYN.
    Unanswered,
    /// The SYN was answered, and nothing shows that the answer arrived.
    Unfinished,
    /// The capture ends too early.
    TooEarly {
        /// The SYN was answered.
        is_answered: bool,
        /// How long after its first packet the capture ends, in nanoseconds.
        since: i64,
    },
    /// An older connection between the same ports answered the SYN.
    OldConnection(OldAnswer),
    /// The packet of this index is a reset that answers the SYN.
    Refused(usize),
    /// The packet of this index is a reset of who sent the SYN, or of who had answered it with another.
    GivenUp(usize),
}

/// Why a reset was sent, as a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetMeaning {
    /// The end had become CLOSED, as the capture shows, when a segment arrived.
    NoConnection,
    /// The reset answers a segment as an end does that knows of no such connection, though nothing had ended it.
    UnknownThere,
    /// Text has arrived for an application that has closed.
    TextAfterClose,
    /// The application has closed or was ended with text unread, or has asked for a reset; the peer had sent text.
    UnreadOrAbort,
    /// The application has asked for a reset, or was ended; the peer had sent no text.
    Abort,
    /// What the end sent was not answered, again and again.
    NoAnswer,
    /// The end has begun another connection between the same ports.
    OtherConnection,
    /// Nothing but resets was captured of the end, and not how the connection began.
    Unknown,
}

/// What is sent again and again, and not acknowledged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unacknowledged {
    /// Text. A FIN may stand behind it.
    Text,
    /// Text that is longer than any that was ever acknowledged, where shorter was.
    LongText,
    /// Keep-alives.
    KeepAlive,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It has not been established.
    NotEstablished(Handshake),
    /// It is open: nothing in the capture closes it.
    Open,
    /// Both FINs were sent and acknowledged.
    Clean {
        /// The index of a reset that came later, and ended nothing but `TIME_WAIT`.
        reset: Option<usize>,
        /// Only segments with SYN, FIN or RST were captured: the last ACKs were not, and nothing was sent again.
        is_filtered: bool,
    },
    /// A reset ended it.
    Reset {
        /// Who sent it, if it is not forged.
        by: Side,
        /// The index of the packet.
        index: usize,
        /// Its state when it did; none if it is unknown.
        from: Option<State>,
        /// The other end's state; none if it is unknown.
        to: Option<State>,
        /// What it usually means.
        meaning: ResetMeaning,
        /// The evidence that something on the way sent it.
        forged: Option<Forged>,
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
    /// An end sends the same again and again, and it is not acknowledged.
    Unanswered {
        /// Who.
        side: Side,
        /// Its state.
        state: Option<State>,
        /// Of what kind it is.
        what: Unacknowledged,
        /// What it is, and how often it was sent.
        repeated: Repeated,
        /// The longest text of the end, in octets, that was ever acknowledged.
        longest_acknowledged: u32,
        /// Packets of the other end since it was sent first.
        heard: u32,
        /// A FIN stands behind it.
        is_before_fin: bool,
        /// Since then it has sent its FIN without text, and that was not answered, either.
        is_short_unanswered: bool,
    },
    /// An end has offered no window for long, and the other end asks for one.
    ClosedWindow {
        /// Whose window it is.
        side: Side,
        /// For how long, in nanoseconds, when the capture ends.
        since: i64,
        /// How often the other end has asked.
        probes: u32,
    },
    /// The capture ends too early: only the state of an end that waits is known.
    TooEarly {
        /// Who.
        side: Side,
        /// In which state.
        state: State,
        /// How long it has been there when the capture ends, in nanoseconds.
        since: i64,
    },
    /// One end has closed, and the other is still sending.
    HalfClosed {
        /// Who is still sending.
        side: Side,
        /// In which state.
        state: State,
        /// How long it has been there when the capture ends, in nanoseconds.
        since: i64,
    },
    /// An end waits in a state.
    Stuck {
        /// Who.
        side: Side,
        /// In which state.
        state: State,
        /// How long it has been there when the capture ends, in nanoseconds.
        since: i64,
    },
    /// An end was last seen in a state in which it would send its FIN again, and it does not, or what comes next
    /// would have to come from an end that was not captured: how it went on is not in the capture.
    NotShown {
        /// Who.
        side: Side,
        /// The last state that shows.
        state: State,
        /// The other end was captured, too.
        peer_is_captured: bool,
    },
    /// An end waits in a state, unless one of the ends had closed before the capture began, which does not show.
    BeginsLate {
        /// Who.
        side: Side,
        /// In which state.
        state: State,
    },
    /// Both ends send the same again and again in no time.
    Storm(Storm),
    /// Nothing is known.
    Unknown,
}

impl Ending {
    /// What it usually means, in a sentence or two.
    #[must_use]
    pub fn meaning(&self) -> &'static str {
        match self {
            Self::NotEstablished(handshake) => handshake.meaning(),
            Self::Open => "There is no FIN in the capture, and no reset that ends the connection.",
            Self::Clean { is_filtered: true, .. } => {
                "Both FINs were sent. Only segments with SYN, FIN or RST were captured, so the last ACKs do not show; no \
                 FIN was sent again."
            }
            Self::Clean { .. } => "Both FINs are acknowledged.",
            Self::Reset { meaning, .. } => meaning.meaning(),
            Self::GaveUp { .. } => {
                "It sent its FIN again without an answer, and then no more: it gave up, or the capture does not show \
                 its next attempt. The other end is gone, or the way to it or back is cut."
            }
            Self::Unanswered { what: Unacknowledged::LongText, heard: 1.., .. } => {
                "Shorter text was acknowledged, and the other end was heard since: usually an MTU hole, where a link on \
                 the way takes no packets of this size and its ICMP message is filtered."
            }
            Self::Unanswered { what: Unacknowledged::LongText, is_short_unanswered: true, .. } => {
                "Shorter text was acknowledged before, but its FIN, which is short, is not answered, either: the other \
                 end is gone, or the way to it or back is cut, usually as a NAT or firewall has forgotten the connection \
                 while it was idle. In an MTU hole, where a link takes no packets of this size, the FIN would be answered."
            }
            Self::Unanswered { what: Unacknowledged::LongText, .. } => {
                "Shorter text was acknowledged: usually an MTU hole, where a link on the way takes no packets of this \
                 size and its ICMP message is filtered. Else the other end is gone, or the way to it or \
                 back is cut."
            }
            Self::Unanswered { heard: 1.., .. } => {
                "The other end was heard since, but does not acknowledge it: the way to it is cut, or something on the way \
                 drops these segments."
            }
            Self::Unanswered { .. } => {
                "The other end is gone, or the way to it or back is cut: usually a NAT or firewall has forgotten the \
                 connection while it was idle."
            }
            Self::ClosedWindow { .. } => {
                "Its application does not read the text that has arrived, so that no more fits in; a FIN of the other end \
                 waits behind that, too."
            }
            Self::TooEarly { .. } => "That is too early to know more.",
            Self::HalfClosed { .. } => "The other end has sent all of its text, and this one is still sending.",
            Self::Stuck { state, .. } => match state {
                State::CloseWait => {
                    "The other end has closed and this application has not: usually it has forgotten a socket, or \
                     hangs."
                }
                State::FinWait2 => {
                    "It has closed, and the other end has acknowledged that but has not closed: usually its \
                     application has forgotten the socket, or hangs."
                }
                State::FinWait1 | State::LastAck | State::Closing => {
                    "It sends its FIN again and again, and the ACK does not arrive: the other end is gone, or the way to \
                     it or back is cut."
                }
                _ => "It has not closed.",
            },
            Self::NotShown { state: State::FinWait1 | State::Closing | State::LastAck, .. } => {
                "Its FIN is not sent again, so it was acknowledged: the ACK was not captured. The packets that came next do \
                 not show, either."
            }
            Self::NotShown { peer_is_captured: true, .. } => {
                "The last captured packet acknowledges more than the capture has: that may have been the other FIN."
            }
            Self::NotShown { .. } => "It waits for packets of an end that was not captured.",
            Self::BeginsLate { .. } => {
                "The capture begins in the middle of the connection and does not show whether an end had closed before: if one \
                 had, nobody waits for its application. What ss or netstat shows there decides it."
            }
            Self::Storm(_) => {
                "Each answers the other's segment with one that must be answered: usually a fault of a TCP, or something \
                 on the way that changes numbers."
            }
            Self::Unknown => "Too little was captured.",
        }
    }
}

impl Handshake {
    fn meaning(self) -> &'static str {
        match self {
            Self::Refused(_) => "The port has no listener, or something on the way refuses.",
            Self::Unanswered => "The SYN was not answered: it or its answer was lost or filtered.",
            Self::TooEarly { .. } => "That is too early to know more.",
            Self::Unfinished => {
                "The SYN was answered, and the answer was not: it was lost or filtered, or the other end is gone."
            }
            Self::OldConnection(OldAnswer { state: State::TimeWait, .. }) => {
                "The port was used again too early: the older connection between the same ports is in TIME_WAIT, which \
                 answers with its own numbers, and a SYN with a lower number does not end it."
            }
            Self::OldConnection(_) => {
                "An older connection between the same ports is still there, and answers with its own numbers (RFC 5961 \
                 section 4): usually this end has forgotten it, and will reset it."
            }
            Self::GivenUp(_) => {
                "The end that sent this reset was not waiting for the handshake any more, or it was answered as if \
                 an older connection between the same ports were still there."
            }
        }
    }
}

impl ResetMeaning {
    fn meaning(self) -> &'static str {
        match self {
            Self::NoConnection => "Its end of the connection did not exist any more when a segment arrived.",
            Self::UnknownThere => {
                "It has no ACK flag and the number that the segment before it acknowledges: that is how a TCP answers \
                 that knows of no such connection. Usually its machine or process was restarted, or a NAT, firewall or \
                 load balancer on the way has forgotten the connection and answers for it; an abort has RST,ACK."
            }
            Self::TextAfterClose => {
                "The application had called close(), and text arrived that it would never read."
            }
            Self::UnreadOrAbort => {
                "Usually the application called close() or exited without having read all that had arrived, or \
                 it closed with SO_LINGER 0."
            }
            Self::Abort => {
                "The other end had sent no text that could be unread: usually the application closed with \
                 SO_LINGER 0, or the connection was ended by force, as by ss -K."
            }
            Self::NoAnswer => {
                "Before that it had sent the same again and again without an answer: the other end is gone, or the way to \
                 it or back is cut, and it gave up."
            }
            Self::OtherConnection => {
                "It had begun another connection between the same ports and knew no other: usually it was restarted."
            }
            Self::Unknown => {
                "Nothing else was captured of it: it has aborted, or it had no such connection any more."
            }
        }
    }
}
