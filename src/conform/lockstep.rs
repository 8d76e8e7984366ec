//! The endpoint and another implementation, driven by the same events and compared after each.

use std::fmt;

use super::input::EndpointInput;
use super::path::EndpointPath;
use super::stack::Stack;
use super::transition::Transition;
use crate::tcp::{Call, Effects, Endpoint, Policy, Segment, State};

/// What one of the two made of an event.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reaction {
    /// The segments that it sent, in order.
    pub sent: Vec<Segment>,
    /// The state that it came to.
    pub state: State,
    /// Octets of text that it delivered.
    pub delivered: u32,
}

impl fmt::Display for Reaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for segment in &self.sent {
            write!(f, "{segment}, ")?;
        }
        if self.sent.is_empty() {
            f.write_str("nothing sent, ")?;
        }
        if self.delivered > 0 {
            write!(f, "{} delivered, ", self.delivered)?;
        }
        self.state.fmt(f)
    }
}

/// Where two implementations first differ on a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divergence {
    /// The place of the event on the path, from 0.
    pub step: usize,
    /// What happened.
    pub event: EndpointInput,
    /// The transition that the endpoint took.
    pub transition: Transition,
    /// What the endpoint made of it.
    pub expected: Reaction,
    /// What the other implementation made of it.
    pub seen: Reaction,
    /// The endpoint before and after the event.
    pub endpoint: [Endpoint; 2],
    /// The endpoint delays its ACKs.
    pub delayed_acks: bool,
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, event, transition, expected, seen, .. } = self;
        write!(f, "step {}, {event} ({transition}): expected {expected}; seen {seen}", step + 1)
    }
}

/// How far two implementations went together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The transitions that both took alike, in order.
    pub agreed: Vec<Transition>,
    /// What the other implementation did with each of them.
    pub seen: Vec<Reaction>,
    /// Where the path ended early.
    pub divergence: Option<Divergence>,
}

/// Applies the events of a path to an endpoint and to a stack, both where the path begins, until they differ. Text
/// that arrives is read at once, as in the worlds; who listens goes on listening when a connection has ended.
///
/// # Errors
/// The first error of the stack. The path is not followed any further then.
pub fn run<S: Stack>(path: &EndpointPath, policy: &Policy, stack: &mut S) -> Result<Run, S::Error> {
    let mut endpoint = path.start();
    let (mut agreed, mut alike) = (Vec::new(), Vec::new());
    for (step, event) in path.events.iter().enumerate() {
        let before = endpoint.clone();
        let effects = event.apply(&mut endpoint, policy);
        if endpoint.iss != before.iss {
            stack.number_from(endpoint.iss);
        }
        match event {
            EndpointInput::Connect => stack.connect()?,
            EndpointInput::Listen => stack.listen()?,
            EndpointInput::Call(call) => stack.call(*call)?,
            EndpointInput::Arrival(segment) => stack.arrive(segment)?,
            EndpointInput::Timeout(timer) => stack.expire(*timer)?,
        }
        let mut sent: Vec<Segment> = effects.segment.into_iter().collect();
        let delivered = endpoint.unread;
        if delivered > 0 {
            let Effects { segment, .. } = endpoint.on_call(Call::Receive, policy);
            sent.extend(segment);
        }
        listen_on(&mut endpoint);
        let expected = Reaction { sent, state: endpoint.state, delivered };
        let delivered = stack.receive()?;
        let seen = Reaction { sent: stack.sent()?, state: stack.state()?, delivered };
        let transition = Transition::of(&before, event, endpoint.state);
        if expected != seen {
            let (endpoint, delayed_acks) = ([before, endpoint], policy.acks.delayed_ack.is_some());
            let divergence =
                Divergence { step, event: *event, transition, expected, seen, endpoint, delayed_acks };
            return Ok(Run { agreed, seen: alike, divergence: Some(divergence) });
        }
        agreed.push(transition);
        alike.push(seen);
    }
    Ok(Run { agreed, seen: alike, divergence: None })
}

/// Somebody who waits for connections waits for the next when one has ended.
pub(super) fn listen_on(endpoint: &mut Endpoint) {
    if endpoint.state == State::Closed && endpoint.listens {
        endpoint.listen();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conform::testing::SelfStack;
    use crate::tcp::{Flags, Seq, Timer};

    fn segment(flags: Flags, seq: u32, ack: u32, len: u32) -> EndpointInput {
        EndpointInput::Arrival(Segment { flags, seq: Seq(seq), ack: Seq(ack), len })
    }

    #[test]
    fn a_path_ends_where_two_policies_differ() {
        let path = EndpointPath {
            events: vec![
                segment(Flags::ACK, 1, 1, 1),
                EndpointInput::Call(Call::Shutdown),
                segment(Flags::FIN_ACK, 2, 2, 0),
                segment(Flags::RST, 3, 0, 0),
                EndpointInput::Timeout(Timer::TimeWait),
            ],
        };
        let [closes, ignores] = [Policy::rfc9293(2), Policy::rfc1337(2)];
        let alike = run(&path, &closes, &mut SelfStack::new(&path, closes)).unwrap();
        assert_eq!((alike.agreed.len(), alike.divergence), (5, None));
        let Run { agreed, divergence, .. } = run(&path, &closes, &mut SelfStack::new(&path, ignores)).unwrap();
        let divergence = divergence.unwrap();
        assert_eq!((agreed.len(), divergence.step), (3, 3));
        assert_eq!(
            divergence.to_string(),
            "step 4, RST seq=3 arrives (TIME_WAIT: RST next → CLOSED): expected nothing sent, CLOSED; seen nothing \
             sent, TIME_WAIT"
        );
    }
}
