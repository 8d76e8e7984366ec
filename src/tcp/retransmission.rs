//! The retransmission timer. RFC 6298 §5, and RFC 9293 §3.8.3 for who gives up.

use super::endpoint::Endpoint;
use super::event::{Effects, Timer, TimerChange};
use super::policy::{AfterTimeout, OpenPolicy, Policy, Repacketizing, RetransmissionPolicy};
use super::segment::{Flags, Segment, Seq};
use super::state::State;

impl Endpoint {
    /// RFC 6298 §5.2, §5.3: SND.UNA advances to `ack`.
    pub(super) fn on_progress(&mut self, ack: Seq, policy: &Policy, effects: &mut Effects) {
        // RFC 6298 §3, §5: only an ACK of something that was sent once undoes the doubling. Once our FIN is
        // acknowledged there is nothing left to send, and it does not matter any more.
        let sent_once = (self.snd_una + self.resent.max(self.transfer.resent_before)).precedes(ack);
        let beyond_ack = |count: u32| {
            let end = self.snd_una + count;
            if end.precedes(ack) { 0 } else { end.since(ack) }
        };
        (self.resent, self.transfer.resent_before) =
            (beyond_ack(self.resent), beyond_ack(self.transfer.resent_before));
        self.snd_una = ack;
        self.transfer.segments.retain(|(_, end)| ack.precedes(*end));
        self.retransmissions = 0;
        if sent_once || self.fin_acked() {
            self.doublings = 0;
        }
        self.normalize_recovery();
        let outstanding = self.snd_una != self.snd_nxt;
        effects.change(
            Timer::Retransmission,
            if outstanding { TimerChange::Set(self.timeout(policy)) } else { TimerChange::Cancel },
        );
    }

    /// RFC 6298 §5.4–5.6: the retransmission timer has expired. RFC 9293 §3.8.3: or the peer does not answer.
    pub(super) fn on_retransmission_timeout(&mut self, policy: &Policy, effects: &mut Effects) {
        if !self.retries_once_more(policy) {
            return self.give_up(policy, effects);
        }
        if policy.retransmission.backoff && self.timeout(policy) < policy.retransmission.rto_max {
            self.doublings += 1;
        }
        self.recover = match policy.retransmission.after_timeout {
            AfterTimeout::OnePerTimeout => None,
            AfterTimeout::NextOnAck => Some(self.snd_nxt),
        };
        // RFC 6298 §5.4: "the earliest segment that has not been acknowledged". Whatever the window: RFC 9293
        // §3.8.6 has one that was closed over it probed in the standard way, and this is the probe.
        self.transfer.resent_before = self.transfer.resent_before.max(self.resent);
        self.resent = 0;
        self.resend(self.outstanding(self.snd_una, policy), effects);
        effects.change(Timer::Retransmission, TimerChange::Set(self.timeout(policy)));
    }

    /// Counts a retransmission without progress, or a probe of a closed window; false if there were as many as
    /// there may be. RFC 9293 §3.8.3: those of a SYN have a limit of their own.
    pub(super) fn retries_once_more(&mut self, policy: &Policy) -> bool {
        let RetransmissionPolicy { retries, orphan_retries, .. } = policy.retransmission;
        let OpenPolicy { syn_retries, syn_ack_retries, .. } = policy.opening;
        let (most, counted) = match self.state {
            State::SynSent => (syn_retries.or(retries), syn_retries.or(retries)),
            State::SynReceived => (syn_ack_retries.or(retries), syn_ack_retries.or(retries)),
            // Those before close() count after it, too.
            _ if self.reader_gone => (orphan_retries.or(retries), orphan_retries.max(retries)),
            _ => (retries, orphan_retries.max(retries)),
        };
        if most.is_some_and(|most| self.retransmissions >= most) {
            return false;
        }
        // What no limit tells apart is not counted, so that equal endpoints are equal states.
        self.retransmissions = counted.map_or(0, |counted| counted.min(self.retransmissions + 1));
        true
    }

    /// RFC 5681 §3.1: after a timeout the sender goes on by slow start. A segment has arrived before which SND.UNA
    /// was `una`: if it acknowledges something, but not all that was outstanding at the timeout, what comes next
    /// is sent again, as far as the peer has room.
    ///
    /// The timer has been restarted (RFC 6298 §5.3). This is no timeout: it doubles nothing, and no retry is
    /// counted.
    pub(super) fn recover_after(&mut self, una: Seq, policy: &Policy, effects: &mut Effects) {
        let next = self.snd_una + self.resent;
        let goes_on = una.precedes(self.snd_una) && self.recover.is_some_and(|recover| next.precedes(recover));
        // If something else was sent, that waits for the next ACK.
        if !goes_on || effects.segment.is_some() || self.state == State::Closed {
            return;
        }
        let Segment { mut flags, len, .. } = self.outstanding(next, policy);
        let window = self.transfer.send_window.size;
        let is_probe = window == 0 && self.resent == 0 && policy.transmission.resends_into_closed_window;
        let room = if is_probe { u32::MAX } else { window.saturating_sub(self.resent) };
        let fits = len.min(room);
        flags.fin = flags.fin && len == fits && (len < room || !policy.transmission.fin_needs_window);
        if fits > 0 || flags.fin {
            self.resend(Segment { flags, seq: next, ack: self.rcv_nxt, len: fits }, effects);
        }
    }

    /// Sends again what follows what was sent again since the timeout.
    fn resend(&mut self, segment: Segment, effects: &mut Effects) {
        self.resent += segment.sequence_length();
        self.normalize_recovery();
        self.send(segment.flags, segment.seq, segment.len, effects);
    }

    /// `recover` without effect is `None`, and what was sent again without effect is 0, so that equal endpoints
    /// are equal states: nothing is left that an ACK lets go, and no timeout is doubled (Karn's rule).
    fn normalize_recovery(&mut self) {
        let resent = self.snd_una + self.resent;
        self.recover = self.recover.filter(|recover| resent.precedes(*recover));
        if self.recover.is_none() && self.doublings == 0 {
            self.resent = 0;
        }
        if self.doublings == 0 || self.transfer.resent_before <= self.resent {
            self.transfer.resent_before = 0;
        }
    }

    /// What is sent again from this number on, which was sent and is not acknowledged.
    fn outstanding(&self, seq: Seq, policy: &Policy) -> Segment {
        if seq == self.iss {
            let flags = if self.state == State::SynSent { Flags::SYN } else { Flags::SYN_ACK };
            return Segment { flags, seq, ack: self.rcv_nxt, len: 0 };
        }
        let mss = self.transfer.mss;
        let text_until = |end: Seq| end.since(seq) - u32::from(self.fin_sent && end == self.snd_nxt);
        let end = match policy.transmission.repacketizes {
            Repacketizing::Never => self.end_of_segment_with(seq),
            Repacketizing::WholeSegments => {
                let mut end = self.end_of_segment_with(seq);
                while end != self.snd_nxt && text_until(end) < mss {
                    let next = self.end_of_segment_with(end);
                    if text_until(next) > mss || next.since(self.snd_una) > self.transfer.send_window.size {
                        break;
                    }
                    end = next;
                }
                end
            }
            Repacketizing::Octets if text_until(self.snd_nxt) > mss => seq + mss,
            Repacketizing::Octets => self.snd_nxt,
        };
        let fin = self.fin_sent && end == self.snd_nxt;
        let flags = if fin { Flags::FIN_ACK } else { Flags::ACK };
        Segment { flags, seq, ack: self.rcv_nxt, len: end.since(seq) - u32::from(fin) }
    }

    /// Where the segment ended that this number, which is not acknowledged, was sent in.
    fn end_of_segment_with(&self, seq: Seq) -> Seq {
        let mut longer = self.transfer.segments.iter();
        let one = longer.find(|(start, end)| !seq.precedes(*start) && seq.precedes(*end));
        one.map_or(seq + 1, |(_, end)| *end)
    }

    /// RFC 6298 §5.5: the retransmission timeout as it stands, in ticks.
    pub(super) fn timeout(&self, policy: &Policy) -> u32 {
        let first = match self.state {
            State::SynSent | State::SynReceived => policy.opening.syn_rto.unwrap_or(policy.retransmission.rto),
            _ => policy.retransmission.rto,
        };
        let doubled = u64::from(first) << self.doublings.min(31);
        if self.doublings == 0 {
            first
        } else {
            u32::try_from(doubled)
                .map_or(policy.retransmission.rto_max, |ticks| ticks.min(policy.retransmission.rto_max))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::testing::{POLICY, ack, calling, data, fin, segment};
    use crate::tcp::{Call, EndedBy, OldSegments, Transfer};

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
        let policy = POLICY.with(|policy| {
            policy.retransmission.backoff = true;
            policy.retransmission.rto_max = 7;
            policy.retransmission.after_timeout = AfterTimeout::OnePerTimeout;
        });
        let mut endpoint = calling(&policy, &[Call::Send, Call::Send, Call::Send]);
        let timeout =
            |endpoint: &mut Endpoint| retransmission(&endpoint.on_timeout(Timer::Retransmission, &policy));
        assert_eq!(timeout(&mut endpoint), TimerChange::Set(4));
        assert_eq!(timeout(&mut endpoint), TimerChange::Set(7));
        assert_eq!(timeout(&mut endpoint), TimerChange::Set(7));
        assert_eq!(endpoint.doublings, 2, "equal timeouts are equal states");
        // What is acknowledged here was retransmitted: no sample, the timeout stays.
        assert_eq!(retransmission(&endpoint.on_segment(&ack(1, 2), &policy)), TimerChange::Set(7));
        assert_eq!(endpoint.resent, 0);
        assert_eq!(retransmission(&endpoint.on_segment(&ack(1, 3), &policy)), TimerChange::Set(2));
        // Retransmitted once more, and acknowledged together with what was not.
        assert_eq!(timeout(&mut endpoint), TimerChange::Set(4));
        endpoint.on_call(Call::Send, &policy);
        endpoint.on_segment(&ack(1, 5), &policy);
        assert_eq!((endpoint.doublings, endpoint.resent), (0, 0));
        assert_eq!(retransmission(&endpoint.on_call(Call::Send, &policy)), TimerChange::Set(2));
    }

    /// RFC 6298 §3: what was sent again before the last timeout was sent twice all the same.
    #[test]
    fn what_was_sent_again_before_the_last_timeout_is_no_sample() {
        let policy = POLICY.with(|policy| {
            policy.retransmission.backoff = true;
            policy.retransmission.rto_max = 99;
        });
        let mut endpoint = Endpoint::established();
        for octets in [5, 2, 1] {
            endpoint.send_text(octets, &policy);
        }
        let timeout = |endpoint: &mut Endpoint| endpoint.on_timeout(Timer::Retransmission, &policy).segment;
        assert_eq!(timeout(&mut endpoint), Some(segment(Flags::ACK, 1, 1, 5)));
        assert_eq!(endpoint.on_segment(&ack(1, 4), &policy).segment, Some(segment(Flags::ACK, 6, 1, 2)));
        assert_eq!(timeout(&mut endpoint), Some(segment(Flags::ACK, 4, 1, 2)));
        // Octets 4 to 7 were sent twice, and octet 8 once.
        let resent = endpoint.clone().on_segment(&ack(1, 8), &policy);
        assert_eq!(retransmission(&resent), TimerChange::Set(8));
        let sample = endpoint.on_segment(&ack(1, 9), &policy);
        assert_eq!((retransmission(&sample), endpoint.doublings), (TimerChange::Cancel, 0));
        assert_eq!(endpoint.transfer, Transfer::IN_A_WORLD);
    }

    #[test]
    fn the_doubling_is_forgotten_with_the_last_acknowledgment() {
        let policy = POLICY.with(|policy| policy.retransmission.backoff = true);
        let mut endpoint = calling(&policy, &[Call::Shutdown]);
        endpoint.on_timeout(Timer::Retransmission, &policy);
        endpoint.on_segment(&ack(1, 2), &policy);
        assert_eq!((endpoint.state, endpoint.doublings, endpoint.resent), (State::FinWait2, 0, 0));
    }

    /// Three octets and the FIN behind them are outstanding when the timer expires.
    fn timed_out(policy: &Policy) -> Endpoint {
        let mut endpoint = calling(policy, &[Call::Send, Call::Send, Call::Send, Call::Shutdown]);
        assert_eq!(endpoint.on_timeout(Timer::Retransmission, policy).segment, Some(data(1, 1)));
        endpoint
    }

    /// RFC 5681 §3.1, RFC 6298 §5.3.
    #[test]
    fn after_a_timeout_each_ack_lets_the_next_segment_go() {
        let mut endpoint = timed_out(&POLICY);
        for (acked, next) in [(2, data(2, 1)), (3, data(3, 1)), (4, fin(4, 1))] {
            let effects = endpoint.on_segment(&ack(1, acked), &POLICY);
            assert_eq!((effects.segment, retransmission(&effects)), (Some(next), TimerChange::Set(2)));
            assert_eq!(endpoint.on_segment(&ack(1, acked), &POLICY), Effects::default(), "nothing is new");
        }
        let last = endpoint.on_segment(&ack(1, 5), &POLICY);
        assert_eq!((last.segment, retransmission(&last)), (None, TimerChange::Cancel));
        assert_eq!((endpoint.state, endpoint.recover), (State::FinWait2, None));

        let policy = POLICY.with(|policy| policy.retransmission.after_timeout = AfterTimeout::OnePerTimeout);
        let mut endpoint = timed_out(&policy);
        assert_eq!(endpoint.recover, None);
        let effects = endpoint.on_segment(&ack(1, 2), &policy);
        assert_eq!((effects.segment, retransmission(&effects)), (None, TimerChange::Set(2)));
    }

    /// RFC 6582 §3.2: `recover`.
    #[test]
    fn what_was_sent_after_the_timeout_is_not_sent_again() {
        let mut endpoint = calling(&POLICY, &[Call::Send, Call::Send, Call::Send]);
        endpoint.on_timeout(Timer::Retransmission, &POLICY);
        endpoint.on_call(Call::Send, &POLICY);
        assert_eq!(endpoint.on_segment(&ack(1, 3), &POLICY).segment, Some(data(3, 1)));
        assert_eq!(endpoint.on_segment(&ack(1, 4), &POLICY).segment, None);
        // Unless there is another timeout.
        endpoint.on_call(Call::Shutdown, &POLICY);
        assert_eq!(endpoint.on_timeout(Timer::Retransmission, &POLICY).segment, Some(data(4, 1)));
        assert_eq!(endpoint.on_segment(&ack(1, 5), &POLICY).segment, Some(fin(5, 1)));
    }

    /// The ACK that is due rides on it, and an end that an ACK has closed sends nothing any more.
    #[test]
    fn what_is_sent_again_acknowledges_what_has_just_arrived() {
        let mut endpoint = timed_out(&POLICY.with(|policy| policy.acks.delayed_ack = Some(3)));
        let effects = endpoint.on_segment(&data(1, 2), &POLICY);
        assert_eq!((effects.segment, endpoint.ack_delayed), (Some(data(2, 2)), false));
        let simultaneous = endpoint.on_segment(&fin(2, 3), &POLICY);
        assert_eq!((simultaneous.segment, endpoint.state), (Some(data(3, 3)), State::Closing));

        let mut gone = timed_out(&POLICY);
        gone.on_call(Call::Close, &POLICY);
        let reset = segment(Flags::RST, 2, 0, 0);
        assert_eq!(gone.on_segment(&data(1, 2), &POLICY).segment, Some(reset));
    }

    /// Stacks that keep a buffer instead of a queue have sent all of it again.
    #[test]
    fn what_was_sent_again_as_one_segment_goes_once() {
        let policy = POLICY.with(|policy| policy.transmission.repacketizes = Repacketizing::Octets);
        let mut endpoint = calling(&policy, &[Call::Send, Call::Send, Call::Shutdown]);
        let all = endpoint.on_timeout(Timer::Retransmission, &policy);
        assert_eq!(all.segment, Some(segment(Flags::FIN_ACK, 1, 1, 2)));
        assert_eq!(endpoint.on_segment(&ack(1, 2), &policy).segment, None);
    }

    /// What was sent again as a whole is not sent again because the peer had room for a part of it.
    #[test]
    fn an_ack_of_a_part_lets_what_follows_go() {
        let mut endpoint = Endpoint::established();
        endpoint.send_text(5, &POLICY);
        endpoint.send_text(2, &POLICY);
        endpoint.on_call(Call::Shutdown, &POLICY);
        let again = endpoint.on_timeout(Timer::Retransmission, &POLICY).segment;
        assert_eq!(again, Some(segment(Flags::ACK, 1, 1, 5)));
        assert_eq!(endpoint.on_segment(&ack(1, 4), &POLICY).segment, Some(segment(Flags::ACK, 6, 1, 2)));
        assert_eq!(endpoint.on_segment(&ack(1, 6), &POLICY).segment, Some(fin(8, 1)));
        assert_eq!(endpoint.on_segment(&ack(1, 8), &POLICY).segment, None);
        assert_eq!((endpoint.recover, endpoint.resent), (None, 0));
        // After another timeout all of it goes again, one after the other.
        let mut endpoint = Endpoint::established();
        endpoint.send_text(5, &POLICY);
        endpoint.send_text(2, &POLICY);
        endpoint.on_timeout(Timer::Retransmission, &POLICY);
        endpoint.on_segment(&ack(1, 4), &POLICY);
        let again = endpoint.on_timeout(Timer::Retransmission, &POLICY).segment;
        assert_eq!(again, Some(segment(Flags::ACK, 4, 1, 2)));
        assert_eq!(endpoint.on_segment(&ack(1, 6), &POLICY).segment, Some(segment(Flags::ACK, 6, 1, 2)));
    }

    /// RFC 5681 §3.1: the smaller of the two windows is what a sender keeps to; RFC 9293 §3.8.6.1 for the timer.
    #[test]
    fn an_ack_that_closes_the_window_lets_nothing_go() {
        let mut endpoint = timed_out(&POLICY);
        let closes = endpoint.on_segment_offering(&ack(1, 2), 0, &POLICY);
        assert_eq!((closes.segment, retransmission(&closes)), (None, TimerChange::Set(2)));
        assert_eq!(endpoint.on_timeout(Timer::Retransmission, &POLICY).segment, Some(data(2, 1)));
        // There is room for the octet that comes next, and for no FIN behind it.
        assert_eq!(endpoint.on_segment_offering(&ack(1, 3), 1, &POLICY).segment, Some(data(3, 1)));
        assert_eq!(endpoint.on_segment_offering(&ack(1, 4), 0, &POLICY).segment, None);
        let eager = POLICY.with(|policy| policy.transmission.fin_needs_window = false);
        let mut endpoint = timed_out(&eager);
        assert_eq!(endpoint.on_segment_offering(&ack(1, 4), 0, &eager).segment, Some(fin(4, 1)));
    }

    /// RFC 9293 §3.8.6 (MAY-7): what was sent once may be sent again beyond the window.
    #[test]
    fn an_ack_that_closes_the_window_lets_its_probe_go() {
        let policy = POLICY.with(|policy| policy.transmission.resends_into_closed_window = true);
        let mut endpoint = timed_out(&policy);
        for (acked, probe) in [(2, data(2, 1)), (3, data(3, 1)), (4, fin(4, 1))] {
            assert_eq!(endpoint.on_segment_offering(&ack(1, acked), 0, &policy).segment, Some(probe));
            assert_eq!(endpoint.on_segment_offering(&ack(1, acked), 0, &policy).segment, None, "nothing is new");
        }
        // Nothing that was never sent goes with it.
        let mut endpoint = calling(&policy, &[Call::Send]);
        endpoint.on_timeout(Timer::Retransmission, &policy);
        endpoint.queue(1);
        assert_eq!(endpoint.on_segment_offering(&ack(1, 2), 0, &policy).segment, None);
    }

    /// BSD's acknowledgments count left of the window, too.
    #[test]
    fn an_old_segment_lets_the_next_go_where_its_ack_counts() {
        let policy = POLICY.with(|policy| policy.sequence.old_segments = OldSegments::Acknowledge);
        let mut endpoint = timed_out(&policy);
        assert_eq!(endpoint.on_segment(&data(0, 2), &policy).segment, Some(data(2, 1)));
        assert_eq!(timed_out(&POLICY).on_segment(&data(0, 2), &POLICY).segment, Some(ack(5, 1)));
    }

    /// RFC 6298 §3: what an ACK lets go is sent again as well, and RFC 9293 §3.8.3: it is no retry.
    #[test]
    fn what_an_ack_lets_go_is_no_sample_and_no_retry() {
        let policy = POLICY.with(|policy| {
            policy.retransmission.backoff = true;
            policy.retransmission.retries = Some(1);
        });
        let mut endpoint = timed_out(&policy);
        assert_eq!((endpoint.doublings, endpoint.retransmissions), (1, 1));
        for acked in [2, 3] {
            assert_eq!(retransmission(&endpoint.on_segment(&ack(1, acked), &policy)), TimerChange::Set(4));
            assert_eq!((endpoint.doublings, endpoint.retransmissions), (1, 0));
        }
        // The FIN was sent once: it is a sample that it is acknowledged with what precedes it.
        let mut ahead = endpoint.clone();
        ahead.on_segment(&ack(1, 5), &policy);
        assert_eq!(ahead.doublings, 0);
        endpoint.on_segment(&ack(1, 4), &policy);
        assert_eq!((endpoint.doublings, endpoint.resent, endpoint.recover), (1, 1, None));
    }

    /// RFC 6298 §3: what an ACK did not let go, as the FIN went instead, was sent once; and the next ACK lets the
    /// rest go.
    #[test]
    fn what_was_not_sent_again_is_a_sample() {
        let policy = POLICY.with(|policy| {
            policy.retransmission.backoff = true;
            policy.closing.closes_on_fin = true;
        });
        let mut endpoint = calling(&policy, &[Call::Send, Call::Send, Call::Send]);
        endpoint.on_timeout(Timer::Retransmission, &policy);
        assert_eq!(endpoint.on_segment(&fin(1, 2), &policy).segment, Some(fin(4, 2)));
        assert_eq!((endpoint.doublings, endpoint.resent, endpoint.recover), (1, 0, Some(Seq(4))));
        assert_eq!(endpoint.on_segment(&ack(2, 3), &policy).segment, Some(data(3, 2)));
        assert_eq!(endpoint.doublings, 0);
    }

    /// RFC 9293 §3.8.3.
    #[test]
    fn an_end_gives_up_after_its_retries_without_progress() {
        let policy = POLICY.with(|policy| policy.retransmission.retries = Some(2));
        let mut endpoint = calling(&policy, &[Call::Send, Call::Shutdown]);
        endpoint.on_timeout(Timer::Retransmission, &policy);
        endpoint.on_timeout(Timer::Retransmission, &policy);
        endpoint.on_segment(&ack(1, 2), &policy);
        assert_eq!(endpoint.retransmissions, 0);
        endpoint.on_timeout(Timer::Retransmission, &policy);
        endpoint.on_timeout(Timer::Retransmission, &policy);
        let last = endpoint.on_timeout(Timer::Retransmission, &policy);
        assert_eq!((last.segment, last.timers), (None, [TimerChange::Cancel; Timer::ALL.len()]));
        assert_eq!((endpoint.left, endpoint.ended_by), (Some(State::FinWait1), Some(EndedBy::GiveUp)));
        assert_eq!(endpoint.retransmissions, 2);
    }
}
