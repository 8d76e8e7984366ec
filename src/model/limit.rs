//! The limits of the representation of a world.

use std::fmt;

use crate::tcp::{Segment, Timer};

/// The highest sequence number, and count of an endpoint, that a state has room for: four bits.
pub(super) const MAX_NUMBER: u32 = 15;

/// The highest age of a copy that a state has room for, in ticks: four bits.
pub(super) const MAX_AGE: u32 = 15;

/// How many copies may be in flight at once.
pub(super) const MAX_COPIES: usize = 20;

/// The longest time that a timer can be set to, in ticks: a byte, of which one value says that it does not run.
pub(super) const MAX_TIMER: u32 = 254;

/// A bound of the representation that an exploration ran into: it ends there, undecided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// More copies in flight than there is room for.
    Copies,
    /// A segment that a copy cannot carry.
    Segment(Segment),
    /// A copy older than its age can be written.
    Age,
    /// A new connection, in a state that has room for one alone ([`OneIncarnation`](super::OneIncarnation)).
    Opening,
    /// An endpoint that a state cannot hold.
    Endpoint(Bound),
}

/// What of an endpoint a state has no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Octets sent, acknowledged, delivered or held above 15
    /// ([`SegmentCopy::MAX_NUMBER`](super::SegmentCopy::MAX_NUMBER)).
    Octets,
    /// More retransmissions without progress than 15
    /// ([`SegmentCopy::MAX_NUMBER`](super::SegmentCopy::MAX_NUMBER)).
    Retransmissions,
    /// More doublings of the retransmission timeout than 15
    /// ([`SegmentCopy::MAX_NUMBER`](super::SegmentCopy::MAX_NUMBER)).
    Doublings,
    /// A timer that is set to more ticks than [`Timers::MAX`](super::Timers::MAX).
    Timer(Timer),
    /// A timer of `TIME_WAIT`, `FIN_WAIT_2` or `LAST_ACK` in another state: the three share a place, for each
    /// belongs to its state alone.
    ForeignTimer,
    /// Text or a FIN that the endpoint keeps back.
    Unsent,
    /// Text that is held although its number is beyond that of the FIN that is held.
    TextBeyondFin,
    /// Several numbers in one segment.
    LongSegment,
    /// A window that is not the one that both ends offer.
    Window,
    /// Text that the application has not read, or will not.
    Unread,
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Copies => write!(
                f,
                "more than {MAX_COPIES} copies in flight: lower network.losses, network.msl, an end's \
                 `sends` or counted network.duplicates, or raise tcp.rto",
            ),
            Self::Segment(segment) => write!(
                f,
                "the network cannot carry `{segment}`: it has room for numbers up to {MAX_NUMBER}; lower an end's `sends`",
            ),
            Self::Age => {
                write!(f, "a copy older than {MAX_AGE} ticks: lower network.msl")
            }
            Self::Opening => f.write_str("an end opens a new connection, and a state has room for one alone"),
            Self::Endpoint(bound) => bound.fmt(f),
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = MAX_NUMBER;
        match self {
            Self::Octets => write!(f, "an endpoint needs a number above {most}: lower an end's `sends`"),
            Self::Retransmissions => {
                write!(f, "an endpoint counts more than {most} retransmissions: lower tcp.retries")
            }
            Self::Doublings => write!(
                f,
                "an endpoint doubles its timeout more than {most} times: lower tcp.rto_max, or leave out tcp.backoff"
            ),
            Self::Timer(timer) => write!(
                f,
                "an endpoint's {} timer is set to more than {} ticks: lower {}",
                timer.name(),
                MAX_TIMER,
                match timer {
                    Timer::Retransmission => "tcp.rto or tcp.rto_max",
                    Timer::TimeWait => "tcp.time_wait",
                    Timer::FinWait2 => "tcp.fin_wait_2_timeout",
                    Timer::DelayedAck => "tcp.delayed_ack",
                    Timer::LastAck => "tcp.last_ack_timeout",
                }
            ),
            Self::ForeignTimer => f.write_str("an endpoint runs the timer of a state that it is not in"),
            Self::Unsent => f.write_str(
                "an endpoint keeps back text or a FIN, and a state has no queue: choose a tcp.policy that sends at once",
            ),
            Self::LongSegment => f.write_str(
                "an endpoint sends several octets, or text with a FIN, in one segment, and a state has room for one: \
                 choose another tcp.policy",
            ),
            Self::TextBeyondFin => f.write_str("an endpoint holds text beyond a FIN"),
            Self::Window => f.write_str("an endpoint's window changes, and a state has one that stays open"),
            Self::Unread => f.write_str("text stays unread, and in a world all text is read at once"),
        }
    }
}

impl std::error::Error for Limit {}
