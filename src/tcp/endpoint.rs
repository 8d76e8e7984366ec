//! One endpoint of a connection: the RFC's event processing, from ESTABLISHED to CLOSED, and through a new
//! connection on the same ports (`open`).
//!
//! RFC 9293 §3.10. An endpoint takes an event and answers with [`Effects`]: at most one segment, and what
//! becomes of its timers. It keeps no time itself.

use super::event::{Call, Effects, Timer, TimerChange};
use super::held::Held;
use super::policy::{Policy, ShutdownRead};
use super::segment::Seq;
use super::state::{EndedBy, State};
use super::transfer::Transfer;

/// An endpoint: its state, its send and receive variables, and a record of how far the close has come.
///
/// RFC 9293 §3.3.1. In CLOSED only the record is left: what was sent, acknowledged and delivered, read off the
/// frozen variables.
///
/// ```
/// use lastack::tcp::{Call, Endpoint, Policy, State};
///
/// let policy = Policy::rfc9293(2);
/// let [mut a, mut b] = [Endpoint::established(), Endpoint::established()];
/// let fin = a.on_call(Call::Shutdown, &policy).segment.expect("a FIN");
/// let ack = b.on_segment(&fin, &policy).segment.expect("its ACK");
/// a.on_segment(&ack, &policy);
/// assert_eq!((a.state, b.state), (State::FinWait2, State::CloseWait));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own that the RFC's text asks for")]
pub struct Endpoint {
    /// The connection's state.
    pub state: State,
    /// The state from which the endpoint became CLOSED.
    pub left: Option<State>,
    /// How the endpoint became CLOSED.
    pub ended_by: Option<EndedBy>,
    /// A passive OPEN stands for this port: a connection that came from LISTEN and is not established returns
    /// there, and `TIME_WAIT` may give way to a new one.
    pub listens: bool,
    /// RFC 9293 §3.3.1: ISS, the number of our SYN.
    pub iss: Seq,
    /// RFC 9293 §3.3.1: IRS, the number of the peer's SYN; one less than RCV.NXT until there is one.
    pub irs: Seq,
    /// RFC 9293 §3.3.1: SND.UNA, the oldest unacknowledged number.
    pub snd_una: Seq,
    /// RFC 9293 §3.3.1: SND.NXT, the next number to be sent.
    pub snd_nxt: Seq,
    /// RFC 9293 §3.3.1: RCV.NXT, the next number expected.
    pub rcv_nxt: Seq,
    /// Our FIN has been sent; it has the number SND.NXT − 1.
    pub fin_sent: bool,
    /// The peer's FIN has been consumed; it had the number RCV.NXT − 1.
    pub fin_received: bool,
    /// The application has called [`Call::Shutdown`] or [`Call::Close`], or the policy's `closes_on_fin` has
    /// closed for it.
    pub close_called: bool,
    /// The application has called [`Call::Close`]: it will read nothing that arrives.
    pub reader_gone: bool,
    /// Octets of text that were delivered and that the application has not read.
    pub unread: u32,
    /// What arrived beyond a hole.
    pub held: Held,
    /// An ACK is waiting for a segment to ride on; [`Timer::DelayedAck`] runs.
    pub ack_delayed: bool,
    /// Retransmissions since SND.UNA last advanced; counted only as far as the policy has `retries` or
    /// `orphan_retries`.
    pub retransmissions: u32,
    /// How often the retransmission timeout has doubled; 0 without the policy's `backoff`.
    pub doublings: u32,
    /// How many numbers from SND.UNA on were sent again since the last timeout (RFC 6298 §3: Karn's rule); 0 where
    /// nothing depends on it. At most 1 in a world. Those before it are in [`Transfer::resent_before`].
    pub resent: u32,
    /// RFC 6582 §3.2: SND.NXT at the last timeout, as long as something that precedes it is still to be sent again
    /// when an ACK lets it go.
    pub recover: Option<Seq>,
    /// What a world does not go into: windows, text that waits, segments of several octets.
    pub transfer: Transfer,
}

/// What moves an endpoint along an arrow of RFC 9293's Figure 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trigger {
    /// The application has closed: "CLOSE / snd FIN".
    Closed,
    /// The peer's FIN was consumed: "rcv FIN".
    FinReceived,
    /// Our FIN was acknowledged: "rcv ACK of FIN".
    AckOfFin,
}

impl Endpoint {
    /// An endpoint whose handshake has just been completed: ESTABLISHED, nothing sent or received.
    #[must_use]
    pub fn established() -> Self {
        Self {
            state: State::Established,
            left: None,
            ended_by: None,
            listens: false,
            iss: Seq(0),
            irs: Seq(0),
            snd_una: Seq::FIRST,
            snd_nxt: Seq::FIRST,
            rcv_nxt: Seq::FIRST,
            fin_sent: false,
            fin_received: false,
            close_called: false,
            reader_gone: false,
            unread: 0,
            held: Held::default(),
            ack_delayed: false,
            retransmissions: 0,
            doublings: 0,
            resent: 0,
            recover: None,
            transfer: Transfer::IN_A_WORLD,
        }
    }

    /// Octets sent, without the FIN.
    #[must_use]
    pub fn sent(&self) -> u32 {
        self.snd_nxt.since(self.iss + 1).wrapping_sub(u32::from(self.fin_sent))
    }

    /// Octets of ours that the peer has acknowledged, without the FIN.
    #[must_use]
    pub fn acked(&self) -> u32 {
        // Nothing is while our SYN is not.
        let acked = self.snd_una.since(self.iss).saturating_sub(1);
        acked.wrapping_sub(u32::from(self.fin_acked()))
    }

    /// Octets received in order, without the FIN.
    #[must_use]
    pub fn delivered(&self) -> u32 {
        self.rcv_nxt.since(self.irs + 1).wrapping_sub(u32::from(self.fin_received))
    }

    /// Our FIN has been acknowledged.
    #[must_use]
    pub fn fin_acked(&self) -> bool {
        self.fin_sent && self.snd_una == self.snd_nxt
    }

    /// RFC 9293 §3.8.6: RCV.WND, the octets of text that there is room for.
    #[must_use]
    pub fn receive_window(&self) -> u32 {
        self.transfer.rcv_buffer.saturating_sub(self.unread)
    }

    /// RFC 9293 §3.10.8 and RFC 6298 §5: a timer has expired, which [`Effects::timers`] has set before; it does
    /// not run any more, unless the effects set it again.
    ///
    /// A timer that cannot run in this state has no effect.
    pub fn on_timeout(&mut self, timer: Timer, policy: &Policy) -> Effects {
        let mut effects = Effects::default();
        match (timer, self.state) {
            (_, State::Closed | State::Listen) => {}
            (Timer::Retransmission, _) if self.snd_una != self.snd_nxt => {
                self.on_retransmission_timeout(policy, &mut effects);
            }
            (Timer::Retransmission, _) if self.transfer.persist.runs => {
                self.on_persist_timeout(policy, &mut effects);
            }
            (Timer::TimeWait, State::TimeWait) => self.end(EndedBy::Fin, &mut effects),
            (Timer::FinWait2, State::FinWait2) | (Timer::LastAck, State::LastAck) => {
                self.end(EndedBy::GiveUp, &mut effects);
            }
            (Timer::DelayedAck, _) if self.ack_delayed => self.acknowledge(policy, &mut effects),
            _ => {}
        }
        effects
    }

    /// RFC 9293 §3.10.8: USER TIMEOUT. What was sent has been unacknowledged for as long as the application will
    /// wait: an endpoint that is not CLOSED gives up, with a reset if the policy has `reset_on_giving_up`. The
    /// endpoint does not keep that time.
    pub fn on_user_timeout(&mut self, policy: &Policy) -> Effects {
        let mut effects = Effects::default();
        if !matches!(self.state, State::Closed | State::Listen) {
            self.give_up(policy, &mut effects);
        }
        effects
    }

    /// RFC 9293 §3.10.3: RECEIVE of at most `octets` octets of text; how many there were, from 0 on.
    pub fn receive(&mut self, octets: u32) -> u32 {
        let read = self.unread.min(octets);
        self.unread -= read;
        read
    }

    /// Sockets' `shutdown(SHUT_RD)`, a promise to read no more, of which RFC 9293 knows nothing.
    pub fn shutdown_read(&mut self, policy: &Policy) -> Effects {
        let mut effects = Effects::default();
        if !matches!(self.state, State::Closed | State::Listen) {
            self.transfer.reading_shut = true;
            match policy.text.shutdown_read {
                ShutdownRead::ResetUnread if self.unread > 0 && self.close_called => {
                    self.reset_unread(&mut effects);
                }
                ShutdownRead::Discard => self.unread = 0,
                ShutdownRead::Nothing | ShutdownRead::ResetLate | ShutdownRead::ResetUnread => {}
            }
        }
        effects
    }

    /// RFC 9293 §3.10.2–5: the application calls. A call that the state does not allow has no effect.
    pub fn on_call(&mut self, call: Call, policy: &Policy) -> Effects {
        let mut effects = Effects::default();
        match (call, self.state) {
            (Call::Connect(iss), _) => return self.connect(iss, policy),
            (_, State::Closed) | (Call::Send | Call::Receive, State::Listen) => {}
            // RFC 9293 §3.10.4, §3.10.5: nobody listens any more.
            (Call::Shutdown | Call::Close | Call::Abort, State::Listen) => {
                (self.state, self.listens) = (State::Closed, false);
            }
            (Call::Send, _) => return self.send_text(1, policy),
            (Call::Receive, _) => self.unread = 0,
            (Call::Shutdown, _) => self.shutdown(policy, &mut effects),
            (Call::Close, _) => {
                self.close_called = true;
                let again = std::mem::replace(&mut self.reader_gone, true);
                // In `TIME_WAIT` there is nothing left to reset (RFC 9293 §3.10.5).
                if self.unread > 0 && policy.closing.reset_unread && self.state != State::TimeWait {
                    self.reset_unread(&mut effects);
                } else if self.state == State::FinWait2 && !again {
                    start_fin_wait_2(policy, &mut effects);
                } else {
                    self.shutdown(policy, &mut effects);
                }
            }
            (Call::Abort, state) => {
                if policy.closing.abort_resets_in(state) {
                    self.reset(policy.resets.reset_acknowledges(), &mut effects);
                    // The application has let go of the connection, even where that does not end it.
                    self.reader_gone = true;
                }
                if policy.closing.abort_ends_in(state) {
                    self.end(EndedBy::Abort, &mut effects);
                }
            }
        }
        effects
    }

    /// RFC 9293 §3.3.2, Figure 5: the arrows between the states, and the timers that start at their heads.
    pub(super) fn transition(&mut self, trigger: Trigger, policy: &Policy, effects: &mut Effects) {
        self.state = match (self.state, trigger) {
            // RFC 9293 §3.10.4: "form a FIN segment and send it. In any case, enter FIN-WAIT-1 state."
            (State::Established | State::SynReceived, Trigger::Closed) => State::FinWait1,
            // RFC 9293 §3.10.4: "then send a FIN segment, enter LAST-ACK state."
            (State::CloseWait, Trigger::Closed) => {
                if let Some(ticks) = policy.wait.last_ack_timeout {
                    effects.change(Timer::LastAck, TimerChange::Set(ticks));
                }
                State::LastAck
            }
            // RFC 9293 §3.10.7.4: "Enter the CLOSE-WAIT state."
            (State::Established, Trigger::FinReceived) => State::CloseWait,
            // RFC 9293 §3.10.7.4: "if the FIN segment is now acknowledged, then enter FIN-WAIT-2 and continue
            // processing in that state."
            (State::FinWait1, Trigger::AckOfFin) => {
                if self.reader_gone {
                    start_fin_wait_2(policy, effects);
                }
                State::FinWait2
            }
            // RFC 9293 §3.10.7.4: "If our FIN has been ACKed (perhaps in this segment), then enter TIME-WAIT …;
            // otherwise, enter the CLOSING state." Where it has, the ACK has already led to FIN_WAIT_2.
            (State::FinWait1, Trigger::FinReceived) => State::Closing,
            // RFC 9293 §3.10.7.4: "Enter the TIME-WAIT state. Start the time-wait timer, turn off the other
            // timers." And from CLOSING: "if the ACK acknowledges our FIN, then enter the TIME-WAIT state".
            (State::FinWait2, Trigger::FinReceived) | (State::Closing, Trigger::AckOfFin) => {
                effects.change(Timer::FinWait2, TimerChange::Cancel);
                effects.change(Timer::TimeWait, TimerChange::Set(policy.wait.time_wait));
                State::TimeWait
            }
            // RFC 9293 §3.10.7.4: "If our FIN is now acknowledged, delete the TCB, enter the CLOSED state, and
            // return."
            (State::LastAck, Trigger::AckOfFin) => return self.end(EndedBy::Fin, effects),
            (state, _) => state,
        };
    }

    /// Becomes CLOSED: RFC 9293's "delete the TCB". The record of the close stays. A connection that came from
    /// LISTEN and was never established has none: it returns there, unless it was aborted. RFC 9293 §3.10.5 of
    /// SYN-RECEIVED: "enter CLOSED state, and return."
    pub(super) fn end(&mut self, by: EndedBy, effects: &mut Effects) {
        if self.state == State::SynReceived && self.listens && by != EndedBy::Abort {
            return self.return_to_listen(effects);
        }
        *self = Self {
            state: State::Closed,
            left: Some(self.state),
            ended_by: Some(by),
            reader_gone: false,
            unread: 0,
            held: Held::default(),
            ack_delayed: false,
            doublings: 0,
            resent: 0,
            recover: None,
            transfer: Transfer::IN_A_WORLD,
            ..*self
        };
        effects.timers = [TimerChange::Cancel; Timer::ALL.len()];
    }

    /// RFC 9293 §3.10.4: CLOSE. It has no effect once it was called. Text that waits goes first, and the state
    /// changes at once: "In any case, enter FIN-WAIT-1 state."
    pub(super) fn shutdown(&mut self, policy: &Policy, effects: &mut Effects) {
        match self.state {
            // RFC 9293 §3.10.4: "Delete the TCB".
            State::SynSent => self.end(EndedBy::Abort, effects),
            // RFC 9293 §3.10.4: "otherwise, queue for processing after entering ESTABLISHED state".
            State::SynReceived if self.transfer.unsent > 0 => self.close_called = true,
            State::Established | State::CloseWait | State::SynReceived => {
                self.close_called = true;
                self.transition(Trigger::Closed, policy, effects);
                self.transmit_unless_polled(policy, effects);
            }
            _ => {}
        }
    }
}

fn start_fin_wait_2(policy: &Policy, effects: &mut Effects) {
    if let Some(ticks) = policy.wait.fin_wait_2_timeout {
        effects.change(Timer::FinWait2, TimerChange::Set(ticks));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::testing::{POLICY, ack, calling, data, fin, segment};
    use crate::tcp::{Flags, Segment};

    /// RFC 9293 §3.6.1, SHLD-3.
    #[test]
    fn close_with_unread_text_resets() {
        let mut endpoint = Endpoint::established();
        endpoint.on_segment(&data(1, 1), &POLICY);
        let effects = endpoint.on_call(Call::Close, &POLICY);
        assert_eq!(effects.segment, Some(segment(Flags::RST_ACK, 1, 2, 0)));
        assert_eq!(endpoint.ended_by, Some(EndedBy::Abort));

        let mut endpoint = Endpoint::established();
        endpoint.on_segment(&data(1, 1), &POLICY);
        endpoint.on_call(Call::Receive, &POLICY);
        assert_eq!(endpoint.on_call(Call::Close, &POLICY).segment, Some(fin(1, 2)));
    }

    #[test]
    fn text_after_close_resets_and_text_after_shutdown_is_read() {
        let mut endpoint = calling(&POLICY, &[Call::Close]);
        let effects = endpoint.on_segment(&data(1, 2), &POLICY);
        assert_eq!(effects.segment, Some(segment(Flags::RST, 2, 0, 0)));
        assert_eq!((endpoint.left, endpoint.ended_by), (Some(State::FinWait2), Some(EndedBy::Abort)));

        let mut endpoint = calling(&POLICY, &[Call::Shutdown]);
        endpoint.on_segment(&data(1, 2), &POLICY);
        assert_eq!((endpoint.state, endpoint.delivered()), (State::FinWait2, 1));
    }

    #[test]
    fn fin_wait_2_times_out_only_after_close() {
        let policy = POLICY.with(|policy| policy.wait.fin_wait_2_timeout = Some(9));
        let mut endpoint = calling(&policy, &[Call::Shutdown]);
        assert_eq!(endpoint.on_segment(&ack(1, 2), &policy).timers[2], TimerChange::Keep);
        assert_eq!(endpoint.on_call(Call::Close, &policy).timers[2], TimerChange::Set(9));

        let mut endpoint = calling(&policy, &[Call::Close]);
        assert_eq!(endpoint.on_segment(&ack(1, 2), &policy).timers[2], TimerChange::Set(9));
        let mut in_time = endpoint.clone();
        assert_eq!(in_time.on_segment(&fin(1, 2), &policy).timers[2], TimerChange::Cancel);
        endpoint.on_timeout(Timer::FinWait2, &policy);
        assert_eq!((endpoint.state, endpoint.ended_by), (State::Closed, Some(EndedBy::GiveUp)));
    }

    /// lwIP, `tcp_slowtmr`: whatever `LAST_ACK` sends again meanwhile.
    #[test]
    fn last_ack_times_out() {
        let policy = POLICY.with(|policy| policy.wait.last_ack_timeout = Some(9));
        let mut endpoint = Endpoint::established();
        assert_eq!(endpoint.on_segment(&fin(1, 1), &policy).timers[4], TimerChange::Keep);
        assert_eq!(endpoint.on_call(Call::Shutdown, &policy).timers[4], TimerChange::Set(9));
        assert_eq!(endpoint.on_timeout(Timer::Retransmission, &policy).timers[4], TimerChange::Keep);
        let mut in_time = endpoint.clone();
        assert_eq!(in_time.on_segment(&ack(2, 2), &policy).timers[4], TimerChange::Cancel);
        endpoint.on_timeout(Timer::LastAck, &policy);
        assert_eq!((endpoint.left, endpoint.ended_by), (Some(State::LastAck), Some(EndedBy::GiveUp)));
    }

    #[test]
    fn closed_keeps_its_record_and_nothing_else() {
        let policy = POLICY.with(|policy| {
            policy.retransmission.backoff = true;
            policy.acks.delayed_ack = Some(1);
            policy.retransmission.retries = Some(5);
        });
        let mut endpoint = calling(&policy, &[Call::Send]);
        endpoint.on_timeout(Timer::Retransmission, &policy);
        endpoint.on_segment(&data(1, 1), &policy);
        let mut closing = endpoint.clone();
        closing.on_call(Call::Shutdown, &policy);
        closing.on_segment(&data(4, 1), &policy);
        let mut gone = calling(&policy, &[Call::Close]);
        gone.on_segment(&fin(3, 1), &policy);
        assert!(endpoint.unread == 1 && endpoint.ack_delayed && endpoint.resent == 1 && endpoint.doublings == 1);
        assert!(!closing.held.is_empty() && gone.reader_gone);
        for mut endpoint in [endpoint, closing, gone] {
            let record = Endpoint {
                state: State::Closed,
                left: Some(endpoint.state),
                ended_by: Some(EndedBy::Rst),
                snd_una: endpoint.snd_una,
                snd_nxt: endpoint.snd_nxt,
                rcv_nxt: endpoint.rcv_nxt,
                fin_sent: endpoint.fin_sent,
                close_called: endpoint.close_called,
                retransmissions: endpoint.retransmissions,
                ..Endpoint::established()
            };
            let reset = Segment { seq: endpoint.rcv_nxt, ..segment(Flags::RST, 0, 0, 0) };
            assert_eq!(endpoint.on_segment(&reset, &policy).timers, [TimerChange::Cancel; Timer::ALL.len()]);
            assert_eq!(endpoint, record);
        }
    }
}
