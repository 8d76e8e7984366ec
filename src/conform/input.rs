//! What happens at one end.

use std::fmt;

use crate::model::{Action, End};
use crate::tcp::{Call, Effects, Endpoint, Policy, Segment, Timer};

/// Something that happens at one end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndpointInput {
    /// Its application opens a connection: RFC 9293 §3.10.1, an active OPEN, with the least initial number that is
    /// above those that were used.
    Connect,
    /// Its application waits for one: a passive OPEN.
    Listen,
    /// Its application calls.
    Call(Call),
    /// A segment arrives.
    Arrival(Segment),
    /// A timer expires.
    Timeout(Timer),
}

impl EndpointInput {
    /// What an action of a world is for one of its ends; `None` if it does not happen there.
    pub(super) fn at(end: End, action: Action) -> Option<Self> {
        match action {
            Action::Call(of, call) => (of == end).then_some(Self::Call(call)),
            Action::Timeout(of, timer) => (of == end).then_some(Self::Timeout(timer)),
            Action::Deliver(copy) => (copy.to() == end).then(|| Self::Arrival(copy.segment())),
            Action::Lose(_) | Action::Duplicate(_) | Action::Tick => None,
        }
    }

    /// Lets it happen at an endpoint.
    pub fn apply(&self, endpoint: &mut Endpoint, policy: &Policy) -> Effects {
        match self {
            Self::Connect => endpoint.connect(endpoint.next_iss(), policy),
            Self::Listen => {
                endpoint.listen();
                Effects::default()
            }
            Self::Call(call) => endpoint.on_call(*call, policy),
            Self::Arrival(segment) => endpoint.on_segment(segment, policy),
            Self::Timeout(timer) => endpoint.on_timeout(*timer, policy),
        }
    }
}

impl fmt::Display for EndpointInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("connect"),
            Self::Listen => f.write_str("listen"),
            Self::Call(call) => f.write_str(call.name()),
            Self::Arrival(segment) => write!(f, "{segment} arrives"),
            Self::Timeout(timer) => write!(f, "{} timer expires", timer.name()),
        }
    }
}
