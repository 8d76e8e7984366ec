//! A segment arrives in `SYN_SENT`. RFC 9293 §3.10.7.3.

use std::ops::ControlFlow;

use super::answer::AckDecision;
use crate::tcp::transmission::reset_in_answer_to;
use crate::tcp::{Effects, EndedBy, Endpoint, Flags, Policy, Segment, State};

impl Endpoint {
    /// RFC 9293 §3.10.7.3, its five steps; the fifth is before the fourth, which is the rest. A step that breaks
    /// is "drop the segment and return".
    pub(super) fn process_in_syn_sent(
        &mut self,
        segment: &Segment,
        window: Option<u32>,
        policy: &Policy,
        effects: &mut Effects,
    ) -> ControlFlow<()> {
        let Flags { syn, rst, ack, .. } = segment.flags;

        // RFC 9293 §3.10.7.3: "If SEG.ACK =< ISS or SEG.ACK > SND.NXT, send a reset (unless the RST bit is set, if
        // so drop the segment and return)".
        if ack && !self.acknowledges_syn(segment) {
            effects.segment = reset_in_answer_to(segment, policy);
            return ControlFlow::Break(());
        }

        // RFC 9293 §3.10.7.3: "If the ACK was acceptable, then signal to the user "error: connection reset", drop
        // the segment, enter CLOSED state". Otherwise (no ACK) the segment is dropped.
        if rst {
            if ack {
                self.end(EndedBy::Rst, effects);
            }
            return ControlFlow::Break(());
        }

        // RFC 9293 §3.10.7.3: "Third, check the security". There is nothing to check.

        // RFC 9293 §3.10.7.3: "Fifth, if neither of the SYN or RST bits is set, then drop the segment and return."
        if !syn {
            return ControlFlow::Break(());
        }

        // RFC 9293 §3.10.7.3: "Fourth, check the SYN bit".
        self.synchronize(segment);
        if let Some(size) = window {
            self.transfer.send_window.begin(segment.seq, segment.ack, size);
        }
        if !ack {
            // RFC 9293 §3.10.7.3: "Otherwise, enter SYN-RECEIVED, form a SYN,ACK segment
            // <SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK> and send it." Other controls or text, which it has queued "for
            // processing after the ESTABLISHED state has been reached", are dropped here: the peer sends them
            // again.
            self.state = State::SynReceived;
            self.send(Flags::SYN_ACK, self.iss, 0, effects);
            return ControlFlow::Break(());
        }
        self.on_progress(segment.ack, policy, effects);
        self.establish(policy, effects);

        // RFC 9293 §3.10.7.3: "If there are other controls or text in the segment, then continue processing at the
        // sixth step under Section 3.10.7.4". What waits to be sent MAY ride on the ACK of the SYN.
        let rest = segment.without_syn();
        let trimmed = self.trim(&rest, policy);
        self.process_text(&rest, &trimmed, policy, effects)?;
        self.check_fin_bit(&rest, &trimmed, policy, effects);
        self.answer(AckDecision::Immediate, policy, effects);
        ControlFlow::Continue(())
    }

    /// RFC 9293 §3.5, Figure 7: the SYN,ACK of a peer that opens at the same time has an old number, and is the
    /// ACK of our SYN. By the acceptability test alone it would draw an ACK, which is acknowledged in turn. Linux,
    /// `tcp_validate_incoming`.
    pub(super) fn repeats_peers_syn(&self, segment: &Segment) -> bool {
        let is_simultaneous = !self.listens;
        is_simultaneous
            && segment.flags == Flags::SYN_ACK
            && segment.seq == self.irs
            && self.acknowledges_syn(segment)
    }

    /// SND.UNA < SEG.ACK =< SND.NXT, where nothing but our SYN may be outstanding.
    pub(super) fn acknowledges_syn(&self, segment: &Segment) -> bool {
        self.snd_una.precedes(segment.ack) && !self.snd_nxt.precedes(segment.ack)
    }
}
