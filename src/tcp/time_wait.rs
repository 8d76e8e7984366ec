//! `TIME_WAIT`, where stacks differ most, and `FIN_WAIT_2` where it is no more than that. RFC 9293 §3.6.1, RFC
//! 1337.

use super::endpoint::Endpoint;
use super::event::{Effects, Timer, TimerChange};
use super::policy::{Policy, RstInTimeWait, TimeWaitAnswers};
use super::segment::{Flags, Segment};
use super::state::EndedBy;
use super::transmission::answer_of_closed;
use crate::invariant::broken;

impl Endpoint {
    /// `TIME_WAIT` where it is not processed in the RFC's order; see [`TimeWaitAnswers`].
    pub(super) fn on_segment_in_time_wait(&mut self, segment: &Segment, policy: &Policy, effects: &mut Effects) {
        let Segment { flags: Flags { rst, ack, fin, syn }, seq, .. } = *segment;
        if rst {
            if seq == self.rcv_nxt && policy.wait.rst_in_time_wait == RstInTimeWait::Close {
                self.end(EndedBy::Rst, effects);
            }
            return;
        }
        if policy.wait.time_wait_answers == TimeWaitAnswers::WithLength
            && syn
            && self.is_acceptable(segment, policy)
        {
            effects.segment = answer_of_closed(segment, policy);
            return;
        }
        let empty = segment.sequence_length() == 0 && seq == self.rcv_nxt;
        let old_fin = ack && fin && seq + segment.sequence_length() == self.rcv_nxt;
        let (answers, restarts) = match policy.wait.time_wait_answers {
            TimeWaitAnswers::AllButExpected => (ack && !(empty && segment.ack == self.snd_nxt), old_fin),
            TimeWaitAnswers::Elsewhere => (ack && (seq != self.rcv_nxt || segment.len > 0), old_fin),
            TimeWaitAnswers::WithLength => (segment.sequence_length() > 0, fin),
            TimeWaitAnswers::Nothing => (false, false),
            TimeWaitAnswers::AllButEmpty => (!empty, ack || empty),
            TimeWaitAnswers::InOrder => broken(format_args!("TIME_WAIT is processed in the RFC's order")),
        };
        if restarts {
            restart_time_wait(policy, effects);
        }
        if answers {
            self.send(Flags::ACK, self.snd_nxt, 0, effects);
        }
    }

    /// `FIN_WAIT_2` after `close()`, where it has no socket any more; see [`WaitPolicy`](super::WaitPolicy).
    pub(super) fn on_segment_in_orphaned_fin_wait_2(
        &mut self,
        segment: &Segment,
        policy: &Policy,
        effects: &mut Effects,
    ) {
        let Flags { syn, fin, rst, ack } = segment.flags;
        let end = segment.seq + segment.sequence_length();
        let new = self.rcv_nxt.precedes(end) && segment.sequence_length() > 0;
        let edge = self.rcv_nxt + self.receive_window();
        let in_window = segment.seq == self.rcv_nxt
            || self.rcv_nxt.precedes(end) && segment.seq.precedes(edge)
            || segment.seq == edge && end == edge;
        if !in_window {
            self.send(Flags::ACK, self.snd_nxt, 0, effects);
        } else if rst {
            self.end(EndedBy::Rst, effects);
        } else if syn && !segment.seq.precedes(self.rcv_nxt) || ack && new && !(fin && end == self.rcv_nxt + 1) {
            // Text that no application will read, or a FIN that shows that there is some.
            self.end(EndedBy::Abort, effects);
            effects.segment = answer_of_closed(segment, policy);
        } else if ack && new {
            self.consume_fin(policy, effects);
            self.send(Flags::ACK, self.snd_nxt, 0, effects);
        }
    }
}

/// RFC 9293 §3.10.7.4: "Restart the 2 MSL time-wait timeout".
pub(super) fn restart_time_wait(policy: &Policy, effects: &mut Effects) {
    if policy.wait.restart_time_wait {
        effects.change(Timer::TimeWait, TimerChange::Set(policy.wait.time_wait));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::testing::{POLICY, ack, calling, fin, segment};
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

    /// picoTCP, `tcp_fsm`: its row of `TIME_WAIT` is empty.
    #[test]
    fn a_silent_time_wait_answers_and_restarts_nothing() {
        let policy = POLICY.with(|policy| policy.wait.time_wait_answers = TimeWaitAnswers::Nothing);
        let mut endpoint = calling(&policy, &[Call::Shutdown]);
        endpoint.on_segment(&fin(1, 2), &policy);
        let effects = endpoint.on_segment(&fin(1, 2), &policy);
        assert_eq!((endpoint.state, effects), (State::TimeWait, Effects::default()));
    }
}
