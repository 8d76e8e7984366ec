//! What the tests of this module share.

use std::convert::Infallible;

use super::input::EndpointInput;
use super::lockstep::listen_on;
use super::path::EndpointPath;
use super::stack::Stack;
use crate::tcp::{Call, Endpoint, Policy, Segment, Seq, State, Timer};

/// The endpoint itself under a policy of its own, driven as a stack.
pub(super) struct SelfStack {
    endpoint: Endpoint,
    policy: Policy,
    sent: Vec<Segment>,
}

impl SelfStack {
    /// A stack at the start of a path.
    pub(super) fn new(path: &EndpointPath, policy: Policy) -> Self {
        Self { endpoint: path.start(), policy, sent: Vec::new() }
    }
}

impl Stack for SelfStack {
    type Error = Infallible;

    fn connect(&mut self) -> Result<(), Infallible> {
        self.sent.extend(EndpointInput::Connect.apply(&mut self.endpoint, &self.policy).segment);
        Ok(())
    }

    fn listen(&mut self) -> Result<(), Infallible> {
        self.endpoint.listen();
        Ok(())
    }

    fn number_from(&mut self, _: Seq) {}

    fn call(&mut self, call: Call) -> Result<(), Infallible> {
        self.sent.extend(self.endpoint.on_call(call, &self.policy).segment);
        Ok(())
    }

    fn receive(&mut self) -> Result<u32, Infallible> {
        let unread = self.endpoint.unread;
        self.call(Call::Receive)?;
        Ok(unread)
    }

    fn arrive(&mut self, segment: &Segment) -> Result<(), Infallible> {
        self.sent.extend(self.endpoint.on_segment(segment, &self.policy).segment);
        Ok(())
    }

    fn expire(&mut self, timer: Timer) -> Result<(), Infallible> {
        self.sent.extend(self.endpoint.on_timeout(timer, &self.policy).segment);
        Ok(())
    }

    fn sent(&mut self) -> Result<Vec<Segment>, Infallible> {
        Ok(std::mem::take(&mut self.sent))
    }

    fn state(&mut self) -> Result<State, Infallible> {
        listen_on(&mut self.endpoint);
        Ok(self.endpoint.state)
    }
}
