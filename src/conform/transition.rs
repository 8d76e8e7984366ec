//! Transitions: the steps of an endpoint as far as kinds of steps are distinguished.

use std::fmt;

use super::input::EndpointInput;
use crate::model::{EndpointEvent, Kind};
use crate::tcp::{Call, Endpoint, Flags, Segment, Seq, State, Timer};

/// A step of an endpoint as far as kinds of steps are distinguished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Transition {
    /// The state that it was in.
    pub before: State,
    /// What happened.
    pub class: Class,
    /// The state that it came to.
    pub after: State,
    /// The application had called `close()` before, and reads no more.
    pub orphaned: bool,
    /// The connection came from LISTEN, and is not established.
    pub passive: bool,
}

/// A class of events at an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// The application opens a connection.
    Connect,
    /// The application waits for one.
    Listen,
    /// The application calls.
    Call(Call),
    /// A segment arrives.
    Arrival {
        /// What kind of segment it is, or the control bits of one that no endpoint of a world sends.
        kind: Result<Kind, Flags>,
        /// Where it begins; `None` in CLOSED, LISTEN and `SYN_SENT`, where that does not matter.
        place: Option<Place>,
        /// What it acknowledges; `None` in CLOSED and LISTEN, and without the ACK flag.
        acknowledges: Option<Acknowledges>,
    },
    /// A timer expires.
    Timeout {
        /// Which.
        timer: Timer,
        /// It is the retransmission timer, and more than one number is unacknowledged.
        several: bool,
    },
}

/// Where a segment begins in the receiver's sequence space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// Before RCV.NXT.
    Old,
    /// Before RCV.NXT, where it ends: what was received last, once more.
    Again,
    /// At RCV.NXT.
    Next,
    /// At RCV.NXT, and something beyond is held.
    FillsHole,
    /// After RCV.NXT, in the window.
    BeyondHole,
    /// Beyond the window.
    BeyondWindow,
}

/// What a segment acknowledges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Acknowledges {
    /// Less than was acknowledged before: SEG.ACK < SND.UNA.
    Less,
    /// Nothing new: SEG.ACK = SND.UNA.
    NothingNew,
    /// Some of what is outstanding.
    Some,
    /// All that is outstanding, and no FIN is among it.
    All,
    /// Our FIN, for the first time.
    Fin,
    /// What was never sent: SEG.ACK > SND.NXT.
    Unsent,
}

impl Transition {
    /// The transition that an endpoint takes with an event.
    #[must_use]
    pub fn of(before: &Endpoint, event: &EndpointInput, after: State) -> Self {
        let class = match *event {
            EndpointInput::Connect => Class::Connect,
            EndpointInput::Listen => Class::Listen,
            EndpointInput::Call(call) => Class::Call(call),
            EndpointInput::Timeout(timer) => Class::Timeout {
                timer,
                several: timer == Timer::Retransmission && before.snd_nxt.since(before.snd_una) > 1,
            },
            EndpointInput::Arrival(segment) => {
                let has_sent = !matches!(before.state, State::Closed | State::Listen);
                let has_received = has_sent && before.state != State::SynSent;
                Class::Arrival {
                    // With an ACK a SYN is another event than without.
                    kind: Kind::of(&segment).filter(|kind| *kind != Kind::Syn).ok_or(segment.flags),
                    place: has_received.then(|| Place::of(&segment, before)),
                    acknowledges: (segment.flags.ack && has_sent).then(|| Acknowledges::of(segment.ack, before)),
                }
            }
        };
        let passive = before.state == State::SynReceived && before.listens;
        Self { before: before.state, class, after, orphaned: before.reader_gone, passive }
    }
}

impl Transition {
    /// The state that it was in: `SYN_RECEIVED from LISTEN`.
    pub(super) fn from(&self) -> String {
        format!("{}{}", self.before, if self.passive { " from LISTEN" } else { "" })
    }
}

impl Class {
    /// The event as coverage counts it; `None` if no world has such a one.
    #[must_use]
    pub fn event(&self) -> Option<EndpointEvent> {
        match *self {
            Self::Connect | Self::Listen => None,
            Self::Call(call) => Some(EndpointEvent::Call(call)),
            Self::Arrival { kind, .. } => kind.ok().map(EndpointEvent::Arrival),
            Self::Timeout { timer, .. } => Some(EndpointEvent::Timeout(timer)),
        }
    }
}

impl Place {
    fn of(segment: &Segment, endpoint: &Endpoint) -> Self {
        let seq = segment.seq;
        if seq.precedes(endpoint.rcv_nxt) {
            let ends = seq + segment.sequence_length();
            if ends == endpoint.rcv_nxt { Self::Again } else { Self::Old }
        } else if seq.since(endpoint.rcv_nxt) > endpoint.receive_window() {
            Self::BeyondWindow
        } else if seq != endpoint.rcv_nxt {
            Self::BeyondHole
        } else if endpoint.held.is_empty() {
            Self::Next
        } else {
            Self::FillsHole
        }
    }
}

impl Acknowledges {
    fn of(ack: Seq, endpoint: &Endpoint) -> Self {
        if ack.precedes(endpoint.snd_una) {
            Self::Less
        } else if ack == endpoint.snd_una {
            Self::NothingNew
        } else if endpoint.snd_nxt.precedes(ack) {
            Self::Unsent
        } else if ack != endpoint.snd_nxt {
            Self::Some
        } else if endpoint.fin_sent {
            Self::Fin
        } else {
            Self::All
        }
    }
}

impl fmt::Display for Transition {
    /// `FIN_WAIT_1: FIN next, ack of nothing new → CLOSING`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { class, after, orphaned, .. } = self;
        write!(f, "{}{}: {class} → {after}", self.from(), if *orphaned { " after close()" } else { "" })
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("connect"),
            Self::Listen => f.write_str("listen"),
            Self::Call(call) => f.write_str(call.name()),
            Self::Timeout { timer, several } => {
                write!(f, "{} timer{}", timer.name(), if *several { ", several outstanding" } else { "" })
            }
            Self::Arrival { kind, place, acknowledges } => {
                match kind {
                    Ok(kind) => f.write_str(kind.name())?,
                    Err(flags) => flags.fmt(f)?,
                }
                if let Some(place) = place {
                    write!(f, " {place}")?;
                }
                if let Some(acknowledges) = acknowledges {
                    write!(f, ", {acknowledges}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Old => "of old",
            Self::Again => "again",
            Self::Next => "next",
            Self::FillsHole => "filling a hole",
            Self::BeyondHole => "beyond a hole",
            Self::BeyondWindow => "beyond the window",
        })
    }
}

impl fmt::Display for Acknowledges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Less => "ack of less than before",
            Self::NothingNew => "ack of nothing new",
            Self::Some => "ack of some",
            Self::All => "ack of all",
            Self::Fin => "ack of our FIN",
            Self::Unsent => "ack of the unsent",
        })
    }
}
