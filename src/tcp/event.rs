//! What happens to an endpoint besides segments, and what it does in answer.

use super::segment::{Segment, Seq};
use super::state::State;

/// An endpoint's timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Timer {
    /// RFC 6298 §5: runs while anything is unacknowledged. While nothing is, and the peer's window is closed, it
    /// is the persist timer (RFC 9293 §3.8.6.1).
    Retransmission,
    /// RFC 9293 §3.10.8: the 2MSL timer; runs in `TIME_WAIT`.
    TimeWait,
    /// The timeout of `FIN_WAIT_2` once the application reads no more.
    FinWait2,
    /// RFC 9293 §3.8.6.3: runs while an ACK waits for a segment to ride on.
    DelayedAck,
    /// The timeout of `LAST_ACK`.
    LastAck,
}

impl Timer {
    /// Every timer.
    pub const ALL: [Self; 5] =
        [Self::Retransmission, Self::TimeWait, Self::FinWait2, Self::DelayedAck, Self::LastAck];

    /// The timer that runs in this state and in no other, if there is one.
    #[must_use]
    pub fn of_state(state: State) -> Option<Self> {
        match state {
            State::TimeWait => Some(Self::TimeWait),
            State::FinWait2 => Some(Self::FinWait2),
            State::LastAck => Some(Self::LastAck),
            _ => None,
        }
    }

    /// What a list has of this timer, if it has that of each in the order of [`Timer::ALL`].
    #[must_use]
    pub const fn of<T>(self, list: &[T; Self::ALL.len()]) -> &T {
        let [retransmission, time_wait, fin_wait_2, delayed_ack, last_ack] = list;
        match self {
            Self::Retransmission => retransmission,
            Self::TimeWait => time_wait,
            Self::FinWait2 => fin_wait_2,
            Self::DelayedAck => delayed_ack,
            Self::LastAck => last_ack,
        }
    }

    /// As [`Timer::of`], to be changed.
    pub const fn of_mut<T>(self, list: &mut [T; Self::ALL.len()]) -> &mut T {
        let [retransmission, time_wait, fin_wait_2, delayed_ack, last_ack] = list;
        match self {
            Self::Retransmission => retransmission,
            Self::TimeWait => time_wait,
            Self::FinWait2 => fin_wait_2,
            Self::DelayedAck => delayed_ack,
            Self::LastAck => last_ack,
        }
    }

    /// What the timer is called in ladders and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Retransmission => "retransmission",
            Self::TimeWait => "2MSL",
            Self::FinWait2 => "FIN_WAIT_2",
            Self::DelayedAck => "delayed ACK",
            Self::LastAck => "LAST_ACK",
        }
    }
}

/// What an application asks of its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Call {
    /// RFC 9293 §3.10.2: SEND of one octet.
    Send,
    /// RFC 9293 §3.10.3: RECEIVE of all that was delivered.
    Receive,
    /// RFC 9293 §3.10.4: CLOSE, sockets' `shutdown(SHUT_WR)`: no more to send, but reading goes on.
    Shutdown,
    /// Sockets' `close()`: as [`Call::Shutdown`], and the application reads no more.
    Close,
    /// RFC 9293 §3.10.5: ABORT.
    Abort,
    /// RFC 9293 §3.10.1: an active OPEN, with this initial number.
    Connect(Seq),
}

impl Call {
    /// Whether it closes the direction in which the application sends. RFC 9293 §3.10.4: CLOSE.
    #[must_use]
    pub fn is_close(self) -> bool {
        matches!(self, Self::Shutdown | Self::Close)
    }

    /// Which call it is, from 0 on, whatever its initial number.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Send => 0,
            Self::Receive => 1,
            Self::Shutdown => 2,
            Self::Close => 3,
            Self::Abort => 4,
            Self::Connect(_) => 5,
        }
    }

    /// What the call is called in ladders and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Send => "send",
            Self::Receive => "receive",
            Self::Shutdown => "shutdown",
            Self::Close => "close",
            Self::Abort => "abort",
            Self::Connect(_) => "connect",
        }
    }
}

/// What becomes of a timer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum TimerChange {
    /// It goes on as it is.
    #[default]
    Keep,
    /// It is due after so many ticks, whether or not it ran before.
    Set(u32),
    /// It stops.
    Cancel,
}

/// What an endpoint does in answer to one event.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effects {
    /// The segment it sends.
    pub segment: Option<Segment>,
    /// What becomes of its timers, in the order of [`Timer::ALL`].
    pub timers: [TimerChange; Timer::ALL.len()],
}

impl Effects {
    /// Says what becomes of one timer.
    pub(super) fn change(&mut self, timer: Timer, change: TimerChange) {
        *timer.of_mut(&mut self.timers) = change;
    }
}
