//! A new connection on the same ports: active and passive OPEN. RFC 9293 §3.10.1.

use super::endpoint::{Endpoint, Trigger};
use super::event::{Effects, Timer, TimerChange};
use super::policy::Policy;
use super::segment::{Flags, Segment, Seq};
use super::state::State;
use super::transfer::Transfer;

impl Endpoint {
    /// An endpoint that has never had a connection: CLOSED. Its first initial number is 0.
    #[must_use]
    pub fn closed() -> Self {
        // As if a connection without octets had used the numbers before 0.
        let last = Seq(u32::MAX);
        Self {
            state: State::Closed,
            iss: Seq(last.0 - 1),
            irs: last,
            snd_una: last,
            snd_nxt: last,
            rcv_nxt: Seq(0),
            ..Self::established()
        }
    }

    /// RFC 9293 §3.4.1 (RFC 6528): the least initial number that is above every number that this end has used.
    #[must_use]
    pub fn next_iss(&self) -> Seq {
        self.snd_nxt + 1
    }

    /// RFC 9293 §3.10.1: an active OPEN with this initial number. "Form a SYN segment and send it, enter SYN-SENT
    /// state."
    ///
    /// From CLOSED and LISTEN; from `TIME_WAIT`, if whoever calls may take its ports (`tcp_tw_reuse`). Elsewhere
    /// it has no effect: "connection already exists".
    pub fn connect(&mut self, iss: Seq, policy: &Policy) -> Effects {
        let mut effects = Effects::default();
        if matches!(self.state, State::Closed | State::Listen | State::TimeWait) {
            self.listens = false;
            self.begin(State::SynSent, iss, &mut effects);
            self.send_new(Flags::SYN, 0, policy, &mut effects);
        }
        effects
    }

    /// RFC 9293 §3.10.1: a passive OPEN: "enter the LISTEN state, and return". What is known of the last
    /// connection stays.
    ///
    /// Where there is a connection already, the next one may come after it: if the endpoint is in `TIME_WAIT`, by
    /// a SYN that the policy takes for one.
    pub fn listen(&mut self) {
        self.listens = true;
        if self.state == State::Closed {
            self.state = State::Listen;
        }
    }

    /// RFC 9293 §3.10.7.2: a SYN arrives where somebody listens. The SYN,ACK is sent:
    /// `<SEQ=ISS><ACK=RCV.NXT><CTL=SYN,ACK>`.
    pub(super) fn accept(&mut self, syn: &Segment, iss: Seq, policy: &Policy, effects: &mut Effects) {
        self.begin(State::SynReceived, iss, effects);
        self.synchronize(syn);
        self.send_new(Flags::SYN_ACK, 0, policy, effects);
    }

    /// RFC 9293 §3.10.7.3: "RCV.NXT is set to SEG.SEQ+1, IRS is set to SEG.SEQ".
    pub(super) fn synchronize(&mut self, syn: &Segment) {
        self.irs = syn.seq;
        self.rcv_nxt = syn.seq + 1;
    }

    /// RFC 9293 §3.10.7.4: "return this connection to the LISTEN state". There was no connection yet, and nobody
    /// learns of it.
    pub(super) fn return_to_listen(&mut self, effects: &mut Effects) {
        let transfer = std::mem::replace(&mut self.transfer, Transfer::IN_A_WORLD);
        let (left, ended_by, iss) = (self.left, self.ended_by, self.iss);
        // ISS was used, and may be chosen again no more.
        let none = Self { iss: Seq(iss.0.wrapping_sub(1)), snd_una: iss, snd_nxt: iss, ..Self::closed() };
        *self = Self { state: State::Listen, listens: true, left, ended_by, ..none };
        self.transfer.keep_sizes_of(&transfer);
        effects.timers = [TimerChange::Cancel; Timer::ALL.len()];
    }

    /// The connection is established. RFC 9293 §3.10.7.3, §3.10.7.4. What was called for meanwhile is done: RFC
    /// 9293 §3.10.4 has a CLOSE behind text wait: "queue for processing after entering ESTABLISHED state". It is
    /// sent when all steps were taken, and acknowledges what has arrived.
    pub(super) fn establish(&mut self, policy: &Policy, effects: &mut Effects) {
        self.state = State::Established;
        if self.close_called {
            self.transition(Trigger::Closed, policy, effects);
        }
    }

    /// The variables of a connection that begins. Nothing is left of the last one.
    fn begin(&mut self, state: State, iss: Seq, effects: &mut Effects) {
        let transfer = std::mem::replace(&mut self.transfer, Transfer::IN_A_WORLD);
        *self = Self { state, listens: self.listens, iss, snd_una: iss, snd_nxt: iss, ..Self::closed() };
        self.transfer.keep_sizes_of(&transfer);
        effects.timers = [TimerChange::Cancel; Timer::ALL.len()];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::testing::{POLICY, ack, calling, data, fin, segment};
    use crate::tcp::{Call, EndedBy, SynInTimeWait, Timer};

    fn listening() -> Endpoint {
        let mut endpoint = Endpoint::closed();
        endpoint.listen();
        endpoint
    }

    fn syn(seq: u32) -> Segment {
        segment(Flags::SYN, seq, 0, 0)
    }

    fn connecting(policy: &Policy) -> Endpoint {
        let mut endpoint = Endpoint::closed();
        let effects = endpoint.connect(endpoint.next_iss(), policy);
        assert_eq!((effects.segment, effects.timers[0]), (Some(syn(0)), TimerChange::Set(2)));
        endpoint
    }

    /// Whichever way a connection opens, nothing distinguishes it from one that was open from the start.
    #[test]
    fn an_open_connection_is_like_any_other() {
        let mut active = connecting(&POLICY);
        assert_eq!(active.on_segment(&segment(Flags::SYN_ACK, 0, 1, 0), &POLICY).segment, Some(ack(1, 1)));
        assert_eq!(active, Endpoint::established());
        let mut passive = listening();
        assert_eq!(passive.on_segment(&syn(0), &POLICY).segment, Some(segment(Flags::SYN_ACK, 0, 1, 0)));
        let effects = passive.on_segment(&ack(1, 1), &POLICY);
        assert_eq!((effects.segment, effects.timers[0]), (None, TimerChange::Cancel));
        assert_eq!(passive, Endpoint { listens: true, ..Endpoint::established() });
    }

    /// RFC 6298 §5.4; RFC 9293 §3.8.3.
    #[test]
    fn a_syn_is_sent_again_until_the_retries_are_used_up() {
        let policy = POLICY.with(|policy| {
            policy.opening.syn_retries = Some(1);
            policy.opening.syn_ack_retries = Some(1);
            policy.retransmission.retries = Some(7);
        });
        let mut active = connecting(&policy);
        assert_eq!(active.on_timeout(Timer::Retransmission, &policy).segment, Some(syn(0)));
        assert_eq!(active.on_timeout(Timer::Retransmission, &policy).segment, None);
        assert_eq!((active.left, active.ended_by), (Some(State::SynSent), Some(EndedBy::GiveUp)));
        assert_eq!((active.sent(), active.acked(), active.delivered()), (0, 0, 0));
        let mut passive = listening();
        passive.on_segment(&syn(4), &policy);
        let again = passive.on_timeout(Timer::Retransmission, &policy).segment;
        assert_eq!(again, Some(segment(Flags::SYN_ACK, 0, 5, 0)));
        let effects = passive.on_timeout(Timer::Retransmission, &policy);
        assert_eq!((effects.segment, effects.timers), (None, [TimerChange::Cancel; Timer::ALL.len()]));
        assert_eq!((passive.state, passive.left, passive.next_iss()), (State::Listen, None, Seq(1)));
    }

    /// RFC 6298 §2.1, §5.7: nothing is known of the round trip yet.
    #[test]
    fn a_syn_has_a_timeout_of_its_own() {
        let policy = POLICY.with(|policy| {
            policy.opening.syn_rto = Some(5);
            policy.retransmission.backoff = true;
            policy.retransmission.rto_max = 60;
        });
        let mut active = Endpoint::closed();
        assert_eq!(active.connect(Seq(0), &policy).timers[0], TimerChange::Set(5));
        assert_eq!(active.on_timeout(Timer::Retransmission, &policy).timers[0], TimerChange::Set(10));
        active.on_segment(&segment(Flags::SYN_ACK, 0, 1, 0), &policy);
        // It has doubled, which an ACK of what was sent twice does not undo.
        assert_eq!(active.on_call(Call::Send, &policy).timers[0], TimerChange::Set(4));
        let mut passive = listening();
        assert_eq!(passive.on_segment(&syn(4), &policy).timers[0], TimerChange::Set(5));
        passive.on_segment(&ack(5, 1), &policy);
        assert_eq!(passive.on_call(Call::Send, &policy).timers[0], TimerChange::Set(2));
    }

    /// RFC 9293 §3.10.7.3: what does not acknowledge the SYN is no answer to it.
    #[test]
    fn an_old_segment_opens_nothing() {
        let mut active = connecting(&POLICY);
        let reset = segment(Flags::RST, 7, 0, 0);
        assert_eq!(active.on_segment(&ack(3, 7), &POLICY).segment, Some(reset));
        assert_eq!(
            active.on_segment(&segment(Flags::SYN_ACK, 3, 0, 0), &POLICY).segment,
            Some(segment(Flags::RST, 0, 0, 0))
        );
        for dropped in [segment(Flags::RST, 0, 0, 0), segment(Flags::RST_ACK, 0, 7, 0), ack(3, 1), fin(3, 1)] {
            assert_eq!(active.on_segment(&dropped, &POLICY), Effects::default(), "{dropped}");
        }
        assert_eq!(active.state, State::SynSent);
        active.on_segment(&segment(Flags::RST_ACK, 0, 1, 0), &POLICY);
        assert_eq!((active.left, active.ended_by), (Some(State::SynSent), Some(EndedBy::Rst)));

        let mut passive = listening();
        assert_eq!(passive.on_segment(&ack(3, 7), &POLICY).segment, Some(reset));
        for dropped in [segment(Flags::RST, 3, 0, 0), segment(Flags::default(), 3, 0, 1)] {
            assert_eq!(passive.on_segment(&dropped, &POLICY), Effects::default(), "{dropped}");
        }
        passive.on_segment(&syn(4), &POLICY);
        assert_eq!(passive.on_segment(&ack(5, 0), &POLICY).segment, Some(segment(Flags::RST, 0, 0, 0)));
        assert_eq!(passive.on_segment(&ack(5, 7), &POLICY).segment, Some(reset));
        let syn_ack = segment(Flags::SYN_ACK, 4, 1, 0);
        for unacceptable in [ack(4, 1), syn_ack] {
            assert_eq!(passive.on_segment(&unacceptable, &POLICY).segment, Some(ack(1, 5)), "{unacceptable}");
        }
        assert_eq!(passive.on_segment(&segment(Flags::default(), 5, 0, 0), &POLICY), Effects::default());
        assert_eq!(passive.state, State::SynReceived);
    }

    /// RFC 9293 §3.10.7.4, second and fourth step.
    #[test]
    fn a_connection_that_is_not_open_returns_to_listen() {
        for ends in [segment(Flags::RST, 5, 0, 0), syn(9)] {
            let mut passive = listening();
            passive.on_segment(&syn(4), &POLICY);
            let effects = passive.on_segment(&ends, &POLICY);
            assert_eq!((effects.segment, effects.timers), (None, [TimerChange::Cancel; Timer::ALL.len()]));
            assert_eq!((passive.state, passive.ended_by), (State::Listen, None));
        }
        // RFC 9293 §3.10.5: an abort leads to CLOSED.
        let mut aborted = listening();
        aborted.on_segment(&syn(4), &POLICY);
        assert_eq!(aborted.on_call(Call::Abort, &POLICY).segment, Some(segment(Flags::RST, 1, 0, 0)));
        assert_eq!((aborted.state, aborted.ended_by), (State::Closed, Some(EndedBy::Abort)));
        // One that was opened actively was refused, and a SYN draws a challenge.
        let mut both = connecting(&POLICY);
        assert_eq!(both.on_segment(&syn(4), &POLICY).segment, Some(segment(Flags::SYN_ACK, 0, 5, 0)));
        assert_eq!(both.on_segment(&syn(9), &POLICY).segment, Some(ack(1, 5)));
        both.on_segment(&segment(Flags::RST, 5, 0, 0), &POLICY);
        assert_eq!((both.left, both.ended_by), (Some(State::SynReceived), Some(EndedBy::Rst)));
    }

    /// RFC 9293 §3.10.7.3: "continue processing at the sixth step"; §3.10.2, §3.10.4: what is queued.
    #[test]
    fn text_and_fin_go_with_the_handshake() {
        let mut active = connecting(&POLICY);
        active.queue(3);
        assert_eq!(active.on_call(Call::Send, &POLICY), Effects::default());
        let both = Segment { flags: Flags { fin: true, ..Flags::SYN_ACK }, ..segment(Flags::ACK, 0, 1, 2) };
        assert_eq!(active.on_segment(&both, &POLICY).segment, Some(segment(Flags::ACK, 1, 4, 4)));
        assert_eq!((active.state, active.delivered()), (State::CloseWait, 2));

        let mut passive = listening();
        passive.on_segment(&syn(0), &POLICY);
        let close = passive.clone().on_call(Call::Shutdown, &POLICY).segment;
        assert_eq!(close, Some(fin(1, 1)));
        passive.queue(1);
        assert_eq!(passive.on_call(Call::Shutdown, &POLICY).segment, None);
        assert_eq!(passive.state, State::SynReceived);
        let sent = passive.on_segment(&data(1, 1), &POLICY).segment;
        assert_eq!(sent, Some(segment(Flags::FIN_ACK, 1, 2, 1)));
        assert_eq!(passive.state, State::FinWait1);
    }

    /// RFC 9293 §3.10.4, §3.10.5.
    #[test]
    fn what_is_not_open_can_be_closed() {
        for call in [Call::Shutdown, Call::Close, Call::Abort] {
            let mut passive = listening();
            assert_eq!(passive.on_call(call, &POLICY), Effects::default());
            assert_eq!((passive.state, passive.listens), (State::Closed, false));
            let mut active = connecting(&POLICY);
            assert_eq!(active.on_call(call, &POLICY).segment, None);
            assert_eq!((active.state, active.ended_by), (State::Closed, Some(EndedBy::Abort)));
        }
        let mut both = connecting(&POLICY);
        both.on_segment(&syn(4), &POLICY);
        assert_eq!(both.on_call(Call::Abort, &POLICY).segment, Some(segment(Flags::RST, 1, 0, 0)));
    }

    /// A FIN behind a SYN,ACK that was lost: both are sent again, one after the other.
    #[test]
    fn what_is_closed_before_it_is_open_is_opened_and_closed() {
        let mut passive = listening();
        passive.on_segment(&syn(0), &POLICY);
        passive.on_call(Call::Shutdown, &POLICY);
        let again = passive.on_timeout(Timer::Retransmission, &POLICY).segment;
        assert_eq!(again, Some(segment(Flags::SYN_ACK, 0, 1, 0)));
        assert_eq!(passive.on_segment(&ack(1, 1), &POLICY).segment, Some(fin(1, 1)));
        passive.on_segment(&ack(1, 2), &POLICY);
        assert_eq!((passive.state, passive.acked()), (State::FinWait2, 0));
    }

    /// RFC 9293 §3.6.1 (MAY-2), RFC 1122 §4.2.2.13.
    #[test]
    fn a_syn_above_reopens_what_waits() {
        let reopens = POLICY.with(|policy| policy.opening.syn_in_time_wait = SynInTimeWait::ReopenIfAbove);
        let waiting = |policy: &Policy, listens| {
            let mut endpoint = calling(policy, &[Call::Shutdown]);
            endpoint.listens = listens;
            endpoint.on_segment(&fin(1, 2), policy);
            assert_eq!(endpoint.state, State::TimeWait);
            endpoint
        };
        let mut endpoint = waiting(&reopens, true);
        let effects = endpoint.on_segment(&syn(3), &reopens);
        assert_eq!(effects.segment, Some(segment(Flags::SYN_ACK, 3, 4, 0)));
        assert_eq!(effects.timers[1], TimerChange::Cancel);
        assert_eq!((endpoint.state, endpoint.left), (State::SynReceived, None));
        let challenge = Some(ack(2, 2));
        assert_eq!(waiting(&reopens, true).on_segment(&syn(2), &reopens).segment, challenge, "not above");
        assert_eq!(waiting(&reopens, false).on_segment(&syn(3), &reopens).segment, challenge, "nobody listens");
        assert_eq!(waiting(&POLICY, true).on_segment(&syn(3), &POLICY).segment, challenge);
        // Or the end itself connects anew.
        let mut endpoint = waiting(&POLICY, false);
        let iss = endpoint.next_iss();
        assert_eq!(endpoint.connect(iss, &POLICY).segment, Some(syn(3)));
        assert_eq!(calling(&POLICY, &[]).connect(iss, &POLICY), Effects::default(), "there is a connection");
    }
}
