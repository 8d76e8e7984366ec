//! The fourth step: the SYN bit.

use std::ops::ControlFlow;

use crate::tcp::{Effects, EndedBy, Endpoint, Policy, Segment, State, SynInWindow};

impl Endpoint {
    /// RFC 9293 §3.10.7.4: "if the SYN bit is set, irrespective of the sequence number, TCP endpoints MUST send a
    /// "challenge ACK" to the remote peer". Outside the window the first step has sent it.
    pub(super) fn check_syn_bit(
        &mut self,
        segment: &Segment,
        policy: &Policy,
        effects: &mut Effects,
    ) -> ControlFlow<()> {
        if !segment.flags.syn {
            return ControlFlow::Continue(());
        }
        // RFC 9293 §3.10.7.4: "If the connection was initiated with a passive OPEN, then return this connection to
        // the LISTEN state and return."
        if self.state == State::SynReceived && self.listens {
            self.return_to_listen(effects);
            return ControlFlow::Break(());
        }
        match policy.resets.effect_of_syn_in_window() {
            SynInWindow::Challenge => self.challenge(effects),
            SynInWindow::Reset | SynInWindow::BareReset => {
                self.reset(policy.resets.reset_of_syn_acknowledges(), effects);
                self.end(EndedBy::Rst, effects);
            }
            SynInWindow::Drop => {}
        }
        ControlFlow::Break(())
    }
}
