//! The protocol: one endpoint of a connection that is being closed, and of a new one on the same ports.
//!
//! RFC 9293 §3.10 (event processing), RFC 6298 §5 (the retransmission timer), RFC 5961 (challenge ACKs) and
//! RFC 1337 (resets in `TIME_WAIT`). [`Endpoint`] is the transition relation; [`TcpActor`] offers it as a
//! stateright actor.

mod actor;
mod endpoint;
mod event;
mod held;
mod open;
mod orphan;
mod persist;
mod policy;
mod receive;
mod retransmission;
mod segment;
mod state;
#[cfg(test)]
mod testing;
mod time_wait;
mod transfer;
mod transmission;

pub use actor::{TICK, TcpActor};
pub use endpoint::Endpoint;
pub use event::{Call, Effects, Timer, TimerChange};
pub use held::Held;
pub use policy::{
    AbortResets, AckOfUnsent, AckPolicy, AfterTimeout, ClosePolicy, FinSending, LateText, OldSegments, OldestAck,
    OpenPolicy, OutOfOrder, PersistPolicy, Policy, Repacketizing, ResetPolicy, RetransmissionPolicy,
    RstInTimeWait, RstInWindow, Sending, SequencePolicy, ShutdownRead, SynInTimeWait, SynInWindow, TextPolicy,
    TimeWaitAnswers, TimerPolicy, TransmissionPolicy, WaitPolicy, WindowProbe, WithoutAck,
};
pub use segment::{Flags, Segment, Seq};
pub use state::{EndedBy, State};
pub use transfer::{Persist, SendWindow, Transfer};
