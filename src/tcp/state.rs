//! The states of a connection, by the RFC's names.

use std::fmt;

use strum::IntoStaticStr;

/// A state of the connection as one endpoint sees it.
///
/// RFC 9293 §3.3.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum State {
    /// RFC 9293 §3.3.2: an open connection, data can be sent and received.
    Established,
    /// RFC 9293 §3.3.2: our FIN is sent; waiting for its ACK or for the peer's FIN.
    FinWait1,
    /// RFC 9293 §3.3.2: our FIN is acknowledged; waiting for the peer's FIN.
    FinWait2,
    /// RFC 9293 §3.3.2: the peer's FIN is received; waiting for the application to close.
    CloseWait,
    /// RFC 9293 §3.3.2: both FINs crossed; waiting for the ACK of ours.
    Closing,
    /// RFC 9293 §3.3.2: the peer's FIN came first, ours is sent; waiting for its ACK.
    LastAck,
    /// RFC 9293 §3.3.2: waiting until the peer has surely received the last ACK.
    TimeWait,
    /// RFC 9293 §3.3.2: no connection at all.
    Closed,
    /// RFC 9293 §3.3.2: waiting for a connection request from any peer.
    Listen,
    /// RFC 9293 §3.3.2: our SYN is sent; waiting for the peer's.
    SynSent,
    /// RFC 9293 §3.3.2: both SYNs are there; waiting for the ACK of ours.
    SynReceived,
}

impl State {
    /// Every state, in the order of the RFC's list.
    pub const ALL: [Self; 11] = [
        Self::Listen,
        Self::SynSent,
        Self::SynReceived,
        Self::Established,
        Self::FinWait1,
        Self::FinWait2,
        Self::CloseWait,
        Self::Closing,
        Self::LastAck,
        Self::TimeWait,
        Self::Closed,
    ];

    /// Those that a connection goes through from ESTABLISHED on.
    pub const CLOSING: &'static [Self] = Self::ALL.split_at(3).1;

    /// The state's name as the RFC spells it, with underscores. By hand: a derived `FinWait1` would lack an
    /// underscore.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Established => "ESTABLISHED",
            Self::FinWait1 => "FIN_WAIT_1",
            Self::FinWait2 => "FIN_WAIT_2",
            Self::CloseWait => "CLOSE_WAIT",
            Self::Closing => "CLOSING",
            Self::LastAck => "LAST_ACK",
            Self::TimeWait => "TIME_WAIT",
            Self::Closed => "CLOSED",
            Self::Listen => "LISTEN",
            Self::SynSent => "SYN_SENT",
            Self::SynReceived => "SYN_RECEIVED",
        }
    }

    /// The state of this name, spelt with underscores or, as in the RFC's text, with hyphens: `FIN-WAIT-1`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.replace('-', "_");
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How an endpoint came to be CLOSED.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr)]
#[repr(u8)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum EndedBy {
    /// RFC 9293 §3.6: by the handshake, with the ACK of its FIN in `LAST_ACK` or after 2MSL.
    Fin,
    /// RFC 9293 §3.5.3: a reset was received, or a SYN that a stack answers with one (RFC 793 §3.9).
    Rst,
    /// RFC 9293 §3.10.5: a reset was sent, or the connection was aborted where none is due.
    Abort,
    /// RFC 9293 §3.8.3: after the last retry or the user timeout, with a reset if the policy has
    /// `reset_on_giving_up`; or silently, after the timeout of `FIN_WAIT_2` or of `LAST_ACK`.
    GiveUp,
}

impl EndedBy {
    /// Every way to end.
    pub const ALL: [Self; 4] = [Self::Fin, Self::Rst, Self::Abort, Self::GiveUp];

    /// The name that properties use.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}
