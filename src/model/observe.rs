//! Observations: what a property can see of a world, of every kind.

use std::fmt;

use strum::IntoStaticStr;

use super::opening::Incarnation;
use crate::tcp::{EndedBy, Endpoint, Flags, Segment, State};

/// One of the two ends, called as in RFC 9293's figures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum End {
    /// The left lifeline of the RFC's figures.
    A,
    /// The right lifeline of the RFC's figures.
    B,
}

impl End {
    /// Both ends.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// The other end.
    #[must_use]
    pub fn peer(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::A => "A",
            Self::B => "B",
        })
    }
}

/// A kind of segment, as the endpoints of these worlds send them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, IntoStaticStr)]
#[repr(u8)]
#[strum(serialize_all = "UPPERCASE")]
pub enum Kind {
    /// An ACK that takes no sequence space.
    Ack,
    /// One octet of text, with an ACK.
    Data,
    /// A FIN, with an ACK.
    Fin,
    /// A reset, with an ACK or without one.
    Rst,
    /// A SYN, with an ACK or without one.
    Syn,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Ack, Self::Data, Self::Fin, Self::Rst, Self::Syn];

    /// Those of a connection that is open already.
    pub const CLOSING: &'static [Self] = Self::ALL.split_at(4).0;

    /// The kind of a segment; `None` if these worlds' endpoints never send such a one.
    #[must_use]
    pub fn of(segment: &Segment) -> Option<Self> {
        match (segment.flags, segment.len) {
            (Flags::ACK, 0) => Some(Self::Ack),
            (Flags::ACK, 1) => Some(Self::Data),
            (Flags::FIN_ACK, 0) => Some(Self::Fin),
            (Flags::RST | Flags::RST_ACK, 0) => Some(Self::Rst),
            (Flags::SYN | Flags::SYN_ACK, 0) => Some(Self::Syn),
            _ => None,
        }
    }

    /// The name that properties and ladders use.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What can be observed of one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is an observation with a name of its own")]
pub struct Observed {
    /// The state it is in.
    pub state: State,
    /// The state from which it became CLOSED; `None` until then.
    pub left: Option<State>,
    /// How it became CLOSED; `None` until then.
    pub ended_by: Option<EndedBy>,
    /// Octets sent, without the FIN.
    pub sent: u32,
    /// Octets sent that the peer has acknowledged, without the FIN.
    pub acked: u32,
    /// Octets received in order, without the FIN.
    pub delivered: u32,
    /// Its FIN has been sent.
    pub fin_sent: bool,
    /// Its FIN has been acknowledged.
    pub fin_acked: bool,
    /// The peer's FIN has been consumed: everything before it was received, too.
    pub fin_received: bool,
    /// Its application has called `shutdown` or `close`, or its TCP has closed for it (`closes_on_fin`).
    pub close_called: bool,
    /// Retransmissions since `SND.UNA` last advanced; 0 where no `retries` are counted.
    pub retransmissions: u32,
    /// The incarnation that it is in, or was in last.
    pub incarnation: Incarnation,
    /// Octets of the former incarnation that were delivered to it in the new one.
    pub old_octets: u32,
    /// An ACK of the former incarnation has moved SND.UNA in the new one.
    pub old_acked: bool,
    /// A segment of the former incarnation has ended the new one, or its FIN was taken for that of the new peer.
    pub ended_by_old: bool,
}

impl Observed {
    /// What can be observed of an endpoint, in its first incarnation.
    #[must_use]
    pub fn of(endpoint: &Endpoint) -> Self {
        Self {
            state: endpoint.state,
            left: endpoint.left,
            ended_by: endpoint.ended_by,
            sent: endpoint.sent(),
            acked: endpoint.acked(),
            delivered: endpoint.delivered(),
            fin_sent: endpoint.fin_sent,
            fin_acked: endpoint.fin_acked(),
            fin_received: endpoint.fin_received,
            close_called: endpoint.close_called,
            retransmissions: endpoint.retransmissions,
            incarnation: Incarnation::First,
            old_octets: 0,
            old_acked: false,
            ended_by_old: false,
        }
    }
}

/// A world as properties see it.
pub trait Observe {
    /// What can be seen of one end.
    fn end(&self, end: End) -> Observed;
    /// How many copies of segments of this kind (`None`: of any) are in flight to this end.
    fn in_flight(&self, kind: Option<Kind>, to: End) -> u32;
    /// The same of those that the former incarnation has sent; 0 where nothing is opened.
    fn in_flight_old(&self, kind: Option<Kind>, to: End) -> u32 {
        let _ = (kind, to);
        0
    }
    /// Losses so far; 0 where the world does not count them.
    fn losses(&self) -> u32;
    /// Duplicates made so far; 0 where the world does not count them.
    fn duplicates(&self) -> u32;
}
