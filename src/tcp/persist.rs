//! A closed window: the persist timer and its probes. RFC 9293 §3.8.6.1.
//!
//! It runs while nothing is outstanding, and the retransmission timer while something is. So both are one timer,
//! as in Linux: [`Timer::Retransmission`].

use super::endpoint::Endpoint;
use super::event::{Effects, Timer, TimerChange};
use super::policy::{Policy, WindowProbe};
use super::segment::{Flags, Seq};
use super::transfer::Persist;

impl Endpoint {
    /// RFC 9293 §3.8.6.1 (SHLD-29): the first probe is sent when the window has been closed for one retransmission
    /// timeout.
    pub(super) fn persist_if_closed(&mut self, policy: &Policy, effects: &mut Effects) {
        let is_closed = self.transfer.send_window.size == 0 && self.snd_una == self.snd_nxt && self.is_sending();
        if is_closed && !self.transfer.persist.runs {
            self.stop_persisting();
            self.transfer.persist.runs = true;
            effects.change(Timer::Retransmission, TimerChange::Set(self.probe_interval(policy)));
        }
    }

    /// The window is open, or a probe was accepted: what is counted begins anew.
    pub(super) fn stop_persisting(&mut self) {
        self.transfer.persist = Persist::NONE;
        self.doublings = 0;
        self.retransmissions = 0;
    }

    /// The peer has answered. RFC 9293 §3.8.6.1 (MUST-37): as long as it does, the connection stays open.
    pub(super) fn on_answer_to_probe(&mut self, ack: Seq, policy: &Policy) {
        if !self.transfer.persist.runs {
            // What is outstanding behind a window that was closed over it is sent again as its probe.
            let patient = !(self.reader_gone && policy.persist.orphan_probes_end);
            if self.transfer.send_window.size == 0 && patient {
                self.retransmissions = 0;
            }
            return;
        }
        self.transfer.persist.silence = 0;
        self.retransmissions = 0;
        if self.transfer.persist.probed && ack == self.snd_nxt + 1 {
            // The probe was accepted: it was the next octet, or the FIN if no text is left.
            if self.transfer.unsent > 0 {
                self.transfer.unsent -= 1;
            } else {
                self.fin_sent = true;
            }
            self.snd_nxt = ack;
            self.stop_persisting();
        }
    }

    /// RFC 9293 §3.8.6.1 (MUST-36, SHLD-30): a probe, and the next after twice the time; or the peer does not
    /// answer.
    pub(super) fn on_persist_timeout(&mut self, policy: &Policy, effects: &mut Effects) {
        let interval = self.probe_interval(policy);
        self.transfer.persist.silence = self.transfer.persist.silence.saturating_add(interval);
        let backed_off =
            self.reader_gone && policy.persist.orphan_probes_end && interval >= policy.persist.persist_max;
        let silent = self.close_called
            && policy.persist.closing_silence.is_some_and(|most| self.transfer.persist.silence >= most);
        if backed_off || silent || !self.retries_once_more(policy) {
            return self.give_up(policy, effects);
        }
        if interval < policy.persist.persist_max {
            self.doublings += 1;
        }
        let before = Seq(self.snd_una.0.wrapping_sub(1));
        match policy.persist.window_probe {
            WindowProbe::OldNumber => self.send(Flags::ACK, before, 0, effects),
            WindowProbe::OldOctet => self.send(Flags::ACK, before, 1, effects),
            WindowProbe::NextOctet => {
                self.transfer.persist.probed = true;
                let (flags, len) = if self.transfer.unsent > 0 { (Flags::ACK, 1) } else { (Flags::FIN_ACK, 0) };
                self.send(flags, self.snd_nxt, len, effects);
            }
        }
        effects.change(Timer::Retransmission, TimerChange::Set(self.probe_interval(policy)));
    }

    /// How long after the one before the next probe is due, in ticks.
    fn probe_interval(&self, policy: &Policy) -> u32 {
        let doubled =
            u64::from(policy.persist.persist_first.unwrap_or(policy.retransmission.rto)) << self.doublings.min(31);
        let ticks = u32::try_from(doubled).unwrap_or(u32::MAX);
        ticks.min(policy.persist.persist_max).max(policy.persist.persist_min)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::testing::{POLICY, ack, offered, segment};
    use crate::tcp::{Call, EndedBy, State};

    fn closed(policy: &Policy) -> Endpoint {
        let mut endpoint = offered(0);
        let effects = endpoint.send_text(2, policy);
        assert_eq!((effects.segment, effects.timers[0]), (None, TimerChange::Set(2)));
        endpoint
    }

    fn expire(endpoint: &mut Endpoint, policy: &Policy) -> Effects {
        endpoint.on_timeout(Timer::Retransmission, policy)
    }

    /// RFC 9293 §3.8.6.1.
    #[test]
    fn probes_are_sent_ever_more_rarely_until_the_window_opens() {
        let mut endpoint = closed(&POLICY);
        for ticks in [4, 8, 8, 8] {
            let effects = expire(&mut endpoint, &POLICY);
            assert_eq!(effects.segment, Some(segment(Flags::ACK, 1, 1, 1)));
            assert_eq!(effects.timers[0], TimerChange::Set(ticks));
            // Answers that leave the window closed do not send anything.
            assert_eq!(endpoint.on_segment_offering(&ack(1, 1), 0, &POLICY).segment, None);
        }
        // The octet of the probe is sent again with the rest: it was not accepted.
        let open = endpoint.clone().on_segment_offering(&ack(1, 1), 9, &POLICY);
        assert_eq!((open.segment, open.timers[0]), (Some(segment(Flags::ACK, 1, 1, 2)), TimerChange::Set(2)));
        let accepted = endpoint.on_segment_offering(&ack(1, 2), 9, &POLICY);
        assert_eq!(accepted.segment, Some(segment(Flags::ACK, 2, 1, 1)));
        assert_eq!((endpoint.acked(), endpoint.transfer.persist), (1, Persist::NONE));
    }

    /// lwIP waits half its first timeout for the first probe.
    #[test]
    fn the_first_probe_may_have_an_interval_of_its_own() {
        let policy = POLICY.with(|policy| {
            policy.retransmission.rto = 6;
            policy.persist.persist_first = Some(3);
            policy.persist.persist_max = 120;
        });
        let mut endpoint = offered(0);
        assert_eq!(endpoint.send_text(2, &policy).timers[0], TimerChange::Set(3));
        assert_eq!(
            [(); 6].map(|()| expire(&mut endpoint, &policy).timers[0]),
            [6, 12, 24, 48, 96, 120].map(TimerChange::Set)
        );
        // What is outstanding has the retransmission timeout.
        let open = endpoint.on_segment_offering(&ack(1, 1), 9, &policy);
        assert_eq!(open.timers[0], TimerChange::Set(6));
    }

    #[test]
    fn a_fin_that_waits_is_a_probe() {
        let mut endpoint = offered(0);
        endpoint.on_call(Call::Shutdown, &POLICY);
        assert_eq!(expire(&mut endpoint, &POLICY).segment, Some(segment(Flags::FIN_ACK, 1, 1, 0)));
        assert!(!endpoint.fin_sent);
        endpoint.on_segment_offering(&ack(1, 2), 0, &POLICY);
        assert_eq!((endpoint.state, endpoint.fin_acked()), (State::FinWait2, true));
    }

    /// RFC 9293 §3.8.6.1, MUST-37: also where the window was closed over what is outstanding.
    #[test]
    fn a_peer_that_answers_at_a_closed_window_is_not_given_up() {
        let policy = POLICY.with(|policy| policy.retransmission.retries = Some(2));
        let mut endpoint = Endpoint::established();
        endpoint.send_text(2, &policy);
        endpoint.on_segment_offering(&ack(1, 1), 0, &policy);
        for _ in 0..9 {
            assert_eq!(expire(&mut endpoint, &policy).segment, Some(segment(Flags::ACK, 1, 1, 2)));
            endpoint.on_segment_offering(&ack(1, 1), 0, &policy);
        }
        for _ in 0..3 {
            expire(&mut endpoint, &policy);
        }
        assert_eq!(endpoint.ended_by, Some(EndedBy::GiveUp));
    }

    /// Linux gives an orphan up that is not answered, and one that is once it has backed off; FreeBSD one that has
    /// heard nothing for a minute.
    #[test]
    fn who_ends_an_orphan_that_probes() {
        let ended = |policy: Policy, answered: bool| {
            let mut endpoint = closed(&policy);
            endpoint.on_call(Call::Close, &policy);
            (0..20).find(|_| {
                expire(&mut endpoint, &policy);
                if answered {
                    endpoint.on_segment_offering(&ack(1, 1), 0, &policy);
                }
                endpoint.ended_by == Some(EndedBy::GiveUp)
            })
        };
        let linux = POLICY.with(|policy| {
            policy.retransmission.orphan_retries = Some(2);
            policy.persist.orphan_probes_end = true;
        });
        assert_eq!((ended(linux, false), ended(linux, true)), (Some(2), Some(2)));
        let patient = linux.with(|policy| policy.retransmission.orphan_retries = Some(8));
        assert_eq!((ended(patient, false), ended(patient, true)), (Some(2), Some(2)));
        let bsd = POLICY.with(|policy| policy.persist.closing_silence = Some(20));
        assert_eq!((ended(bsd, false), ended(bsd, true)), (Some(3), None));
        assert_eq!(ended(POLICY, false), None);
        assert_eq!(ended(POLICY.with(|policy| policy.retransmission.retries = Some(4)), false), Some(4));
    }
}
