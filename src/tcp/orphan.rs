//! `FIN_WAIT_2` after `close()`, where it has no socket any more and is no more than `TIME_WAIT`. RFC 9293 leaves
//! it like any other state.

use super::endpoint::Endpoint;
use super::event::Effects;
use super::policy::Policy;
use super::segment::{Flags, Segment};
use super::state::EndedBy;
use super::transmission::reset_in_answer_to;

impl Endpoint {
    /// What an orphan makes of a segment. Linux, `tcp_timewait_state_process`; see
    /// [`WaitPolicy`](super::WaitPolicy).
    pub(super) fn on_segment_in_orphaned_fin_wait_2(
        &mut self,
        segment: &Segment,
        policy: &Policy,
        effects: &mut Effects,
    ) {
        let Flags { syn, fin, rst, ack } = segment.flags;
        let end = segment.seq + segment.sequence_length();
        let is_new = self.rcv_nxt.precedes(end) && segment.sequence_length() > 0;
        let is_bare_fin = fin && end == self.rcv_nxt + 1;
        let opens = syn && !segment.seq.precedes(self.rcv_nxt);
        if !self.is_in_orphans_window(segment) {
            self.send(Flags::ACK, self.snd_nxt, 0, effects);
        } else if rst {
            self.end(EndedBy::Rst, effects);
        } else if opens || ack && is_new && !is_bare_fin {
            // Text that no application will read, or a FIN that shows that there is some.
            self.end(EndedBy::Abort, effects);
            effects.segment = reset_in_answer_to(segment, policy);
        } else if ack && is_new {
            self.consume_fin(policy, effects);
            self.send(Flags::ACK, self.snd_nxt, 0, effects);
        }
    }

    /// It begins at RCV.NXT, has numbers of the window, or is empty at its end. Linux, `tcp_in_window`.
    fn is_in_orphans_window(&self, segment: &Segment) -> bool {
        let end = segment.seq + segment.sequence_length();
        let edge = self.rcv_nxt + self.receive_window();
        segment.seq == self.rcv_nxt
            || self.rcv_nxt.precedes(end) && segment.seq.precedes(edge)
            || segment.seq == edge && end == edge
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::testing::{POLICY, ack, calling, segment};
    use crate::tcp::{Call, State};

    /// Linux, `tcp_timewait_state_process`: a reset kills what waits; it is the peer that has ended the
    /// connection.
    #[test]
    fn a_reset_ends_an_orphan_without_a_socket() {
        let policy = POLICY.with(|policy| policy.wait.fin_wait_2_without_socket = true);
        let mut endpoint = calling(&policy, &[Call::Close]);
        endpoint.on_segment(&ack(1, 2), &policy);
        endpoint.on_segment(&segment(Flags::RST, 1, 0, 0), &policy);
        assert_eq!((endpoint.left, endpoint.ended_by), (Some(State::FinWait2), Some(EndedBy::Rst)));
    }
}
