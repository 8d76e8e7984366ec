//! The second step: the RST bit.

use std::ops::ControlFlow;

use crate::tcp::{Effects, EndedBy, Endpoint, Policy, Segment};

impl Endpoint {
    /// RFC 9293 §3.10.7.4 (RFC 5961 §3.2): "If the RST bit is set and the sequence number exactly matches the next
    /// expected sequence number (RCV.NXT), then TCP endpoints MUST reset the connection"; elsewhere in the window
    /// they "MUST send an acknowledgment (challenge ACK)". The first step has dropped what lies outside.
    pub(super) fn check_rst_bit(
        &mut self,
        segment: &Segment,
        policy: &Policy,
        effects: &mut Effects,
    ) -> ControlFlow<()> {
        if !segment.flags.rst {
            return ControlFlow::Continue(());
        }
        if policy.wait.ignores_resets_in(self.state) {
            return ControlFlow::Break(());
        }
        if segment.seq == self.rcv_nxt || policy.resets.accepts_reset_anywhere() {
            self.end(EndedBy::Rst, effects);
        } else {
            self.challenge(effects);
        }
        ControlFlow::Break(())
    }
}
