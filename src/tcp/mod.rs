//! The protocol: one endpoint of a connection that is being closed.
//!
//! RFC 9293 §3.10 (event processing), RFC 6298 §5 (the retransmission timer), RFC 5961 (challenge ACKs) and
//! RFC 1337 (resets in `TIME_WAIT`) from ESTABLISHED on. [`Endpoint`] is the transition relation; [`TcpActor`]
//! offers it as a stateright actor.

mod actor;
mod endpoint;
mod event;
mod held;
mod policy;
mod retransmission;
mod segment;
mod state;
#[cfg(test)]
mod testing;

pub use actor::{TICK, TcpActor};
pub use endpoint::{Endpoint, WINDOW};
pub use event::{Call, Effects, Timer, TimerChange};
pub use held::Held;
pub use policy::{
    CrossingFin, InTimeWait, OldAck, OldSegment, OldestAck, OutOfOrder, Policy, RstInTimeWait, RstInWindow,
    WindowEdge,
};
pub use segment::{Flags, Segment, Seq};
pub use state::{EndedBy, State};
