//! The retransmission timer. RFC 6298 §5, and RFC 9293 §3.8.3 for who gives up.

use super::{Effects, Endpoint, Flags, Policy, Segment, Seq, Timer, TimerChange};

impl Endpoint {
    /// RFC 6298 §5.2, §5.3: SND.UNA advances to `ack`.
    pub(super) fn on_progress(&mut self, ack: Seq, policy: &Policy, effects: &mut Effects) {
        // RFC 6298 §3, §5: only an ACK of something that was sent once undoes the doubling. Once our FIN is
        // acknowledged there is nothing left to send, and it does not matter any more.
        let end = self.snd_una + self.earliest(policy).sequence_length();
        let sent_once = !self.retransmitted || end.precedes(ack);
        self.snd_una = ack;
        self.segments.retain(|(_, end)| ack.precedes(*end));
        self.retransmissions = 0;
        self.retransmitted &= ack.precedes(end);
        if sent_once || self.fin_acked() {
            self.doublings = 0;
        }
        let outstanding = self.snd_una != self.snd_nxt;
        effects.change(
            Timer::Retransmission,
            if outstanding { TimerChange::Set(self.timeout(policy)) } else { TimerChange::Cancel },
        );
    }

    /// RFC 6298 §5.4–5.6: the retransmission timer has expired. RFC 9293 §3.8.3: or nobody answers.
    pub(super) fn on_retransmission_timeout(&mut self, policy: &Policy, effects: &mut Effects) {
        let orphaned = if self.reader_gone { policy.orphan_retries } else { None };
        if let Some(retries) = orphaned.or(policy.retries) {
            if self.retransmissions >= retries {
                return self.give_up(policy, effects);
            }
            self.retransmissions += 1;
        }
        if policy.backoff {
            if self.timeout(policy) < policy.rto_max {
                self.doublings += 1;
            }
            self.retransmitted = true;
        }
        let Segment { flags, seq, len, .. } = self.earliest(policy);
        self.send(flags, seq, len, effects);
        effects.change(Timer::Retransmission, TimerChange::Set(self.timeout(policy)));
    }

    /// RFC 6298 §5.4: "the earliest segment that has not been acknowledged". Something must be outstanding.
    fn earliest(&self, policy: &Policy) -> Segment {
        let seq = self.snd_una;
        let end = if policy.repacketizes {
            self.snd_nxt
        } else {
            self.segments.first().filter(|(start, _)| !seq.precedes(*start)).map_or(seq + 1, |(_, end)| *end)
        };
        let fin = self.fin_sent && end == self.snd_nxt;
        let flags = if fin { Flags::FIN_ACK } else { Flags::ACK };
        Segment { flags, seq, ack: self.rcv_nxt, len: end.since(seq) - u32::from(fin) }
    }

    /// RFC 6298 §5.5: the retransmission timeout as it stands, in ticks.
    pub(super) fn timeout(&self, policy: &Policy) -> u32 {
        let doubled = u64::from(policy.rto) << self.doublings.min(31);
        if self.doublings == 0 {
            policy.rto
        } else {
            u32::try_from(doubled).map_or(policy.rto_max, |ticks| ticks.min(policy.rto_max))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::testing::{POLICY, ack, calling, data, fin};
    use crate::tcp::{Call, EndedBy, State};

    fn retransmission(effects: &Effects) -> TimerChange {
        effects.timers[0]
    }

    #[test]
    fn the_timer_runs_while_anything_is_outstanding() {
        let mut endpoint = Endpoint::established();
        assert_eq!(retransmission(&endpoint.on_call(Call::Send, &POLICY)), TimerChange::Set(2));
        assert_eq!(retransmission(&endpoint.on_call(Call::Send, &POLICY)), TimerChange::Keep);
        assert_eq!(retransmission(&endpoint.on_call(Call::Shutdown, &POLICY)), TimerChange::Keep);
        assert_eq!(retransmission(&endpoint.on_segment(&ack(1, 2), &POLICY)), TimerChange::Set(2));
        assert_eq!(retransmission(&endpoint.on_segment(&ack(1, 2), &POLICY)), TimerChange::Keep);
        let resent = endpoint.on_timeout(Timer::Retransmission, &POLICY);
        assert_eq!((resent.segment, retransmission(&resent)), (Some(data(2, 1)), TimerChange::Set(2)));
        assert_eq!(retransmission(&endpoint.on_segment(&ack(1, 4), &POLICY)), TimerChange::Cancel);
        assert_eq!(endpoint.state, State::FinWait2);
    }

    #[test]
    fn a_retransmission_carries_the_current_acknowledgment() {
        let mut endpoint = calling(&POLICY, &[Call::Shutdown]);
        endpoint.on_segment(&data(1, 1), &POLICY);
        let resent = endpoint.on_timeout(Timer::Retransmission, &POLICY);
        assert_eq!(resent.segment, Some(fin(1, 2)));
    }

    /// RFC 6298 §3, §5.5.
    #[test]
    fn the_timeout_doubles_until_something_sent_once_is_acknowledged() {
        let policy = Policy { backoff: true, rto_max: 7, ..POLICY };
        let mut endpoint = calling(&policy, &[Call::Send, Call::Send, Call::Send]);
        let timeout =
            |endpoint: &mut Endpoint| retransmission(&endpoint.on_timeout(Timer::Retransmission, &policy));
        assert_eq!(timeout(&mut endpoint), TimerChange::Set(4));
        assert_eq!(timeout(&mut endpoint), TimerChange::Set(7));
        assert_eq!(timeout(&mut endpoint), TimerChange::Set(7));
        assert_eq!(endpoint.doublings, 2, "equal timeouts are equal states");
        // What is acknowledged here was retransmitted: no sample, the timeout stays.
        assert_eq!(retransmission(&endpoint.on_segment(&ack(1, 2), &policy)), TimerChange::Set(7));
        assert!(!endpoint.retransmitted);
        assert_eq!(retransmission(&endpoint.on_segment(&ack(1, 3), &policy)), TimerChange::Set(2));
        // Retransmitted once more, and acknowledged together with what was not.
        assert_eq!(timeout(&mut endpoint), TimerChange::Set(4));
        endpoint.on_call(Call::Send, &policy);
        endpoint.on_segment(&ack(1, 5), &policy);
        assert_eq!((endpoint.doublings, endpoint.retransmitted), (0, false));
        assert_eq!(retransmission(&endpoint.on_call(Call::Send, &policy)), TimerChange::Set(2));
    }

    #[test]
    fn the_doubling_is_forgotten_with_the_last_acknowledgment() {
        let policy = Policy { backoff: true, ..POLICY };
        let mut endpoint = calling(&policy, &[Call::Shutdown]);
        endpoint.on_timeout(Timer::Retransmission, &policy);
        endpoint.on_segment(&ack(1, 2), &policy);
        assert_eq!((endpoint.state, endpoint.doublings, endpoint.retransmitted), (State::FinWait2, 0, false));
    }

    /// RFC 9293 §3.8.3.
    #[test]
    fn an_end_gives_up_after_its_retries_without_progress() {
        let policy = Policy { retries: Some(2), ..POLICY };
        let mut endpoint = calling(&policy, &[Call::Send, Call::Shutdown]);
        endpoint.on_timeout(Timer::Retransmission, &policy);
        endpoint.on_timeout(Timer::Retransmission, &policy);
        endpoint.on_segment(&ack(1, 2), &policy);
        assert_eq!(endpoint.retransmissions, 0);
        endpoint.on_timeout(Timer::Retransmission, &policy);
        endpoint.on_timeout(Timer::Retransmission, &policy);
        let last = endpoint.on_timeout(Timer::Retransmission, &policy);
        assert_eq!((last.segment, last.timers), (None, [TimerChange::Cancel; 4]));
        assert_eq!((endpoint.left, endpoint.ended_by), (Some(State::FinWait1), Some(EndedBy::GiveUp)));
        assert_eq!(endpoint.retransmissions, 2);
    }
}
