//! `TIME_WAIT`, where stacks differ most. RFC 9293 §3.6.1, RFC 1337.

use super::endpoint::Endpoint;
use super::event::{Effects, Timer, TimerChange};
use super::policy::{Policy, RstInTimeWait, SynInTimeWait, TimeWaitAnswers};
use super::segment::{Flags, Segment};
use super::state::{EndedBy, State};
use super::transmission::reset_in_answer_to;
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
            effects.segment = reset_in_answer_to(segment, policy);
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
            restart_time_wait_if_due(policy, effects);
        }
        if answers {
            self.send(Flags::ACK, self.snd_nxt, 0, effects);
        }
    }

    /// RFC 9293 §3.10.7.4 (RFC 1122 §4.2.2.13): in `TIME_WAIT` an endpoint "MAY accept a new SYN from the remote
    /// TCP endpoint to reopen the connection directly", if its own initial number is larger than any that it has
    /// used. That one returns to `TIME_WAIT` "if the SYN turns out to be an old duplicate" is left out, as in
    /// Linux and BSD; and as there, a FIN on the SYN makes no difference.
    pub(super) fn is_reopened_by(&self, segment: &Segment, policy: &Policy) -> bool {
        let Flags { syn, ack, rst, .. } = segment.flags;
        self.state == State::TimeWait
            && self.listens
            && (syn && !ack && !rst)
            && policy.opening.syn_in_time_wait == SynInTimeWait::ReopenIfAbove
            && self.rcv_nxt.precedes(segment.seq)
    }
}

/// RFC 9293 §3.10.7.4: "Restart the 2 MSL time-wait timeout".
pub(super) fn restart_time_wait_if_due(policy: &Policy, effects: &mut Effects) {
    if policy.wait.restart_time_wait {
        effects.change(Timer::TimeWait, TimerChange::Set(policy.wait.time_wait));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::Call;
    use crate::tcp::testing::{POLICY, calling, fin};

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
