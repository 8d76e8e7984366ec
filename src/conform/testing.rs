//! What the tests of this module share.

use std::convert::Infallible;

use super::stack::Stack;
use crate::tcp::{Call, Endpoint, Policy, Segment, State, Timer};

/// The endpoint itself under a policy of its own, driven as a stack.
pub(super) struct SelfStack {
    endpoint: Endpoint,
    policy: Policy,
    sent: Vec<Segment>,
}

impl SelfStack {
    pub(super) fn new(policy: Policy) -> Self {
        Self { endpoint: Endpoint::established(), policy, sent: Vec::new() }
    }
}

impl Stack for SelfStack {
    type Error = Infallible;

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
        Ok(self.endpoint.state)
    }
}
