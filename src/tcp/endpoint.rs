//! One endpoint of a connection: the RFC's event processing, from ESTABLISHED to CLOSED.
//!
//! RFC 9293 §3.10. An endpoint takes an event and answers with [`Effects`]: at most one segment, and what
//! becomes of its timers. It keeps no time itself.

use super::{
    Call, CrossingFin, Effects, EndedBy, Flags, Held, InTimeWait, OldAck, OldSegment, OldestAck, OutOfOrder,
    Policy, RstInTimeWait, RstInWindow, Segment, Seq, State, Timer, TimerChange, WindowEdge,
};

/// RCV.WND and MAX.SND.WND, in octets: constant, and larger than what these connections transfer.
pub const WINDOW: u32 = 65_535;

/// The number of an end's first octet; the handshake used number 0 for its SYN.
const FIRST: Seq = Seq(1);

/// An endpoint: its state, its send and receive variables, and a record of how far the close has come.
///
/// RFC 9293 §3.3.1. In CLOSED only the record is left: what was sent, acknowledged and delivered, read off the
/// frozen variables.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own that the RFC's text asks for")]
pub struct Endpoint {
    /// The connection's state.
    pub state: State,
    /// The state from which the endpoint became CLOSED.
    pub left: Option<State>,
    /// How the endpoint became CLOSED.
    pub ended_by: Option<EndedBy>,
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
    /// The application has called [`Call::Shutdown`] or [`Call::Close`].
    pub close_called: bool,
    /// The application has called [`Call::Close`]: nobody will read what arrives.
    pub reader_gone: bool,
    /// Text was delivered that the application has not read.
    pub unread: bool,
    /// What arrived beyond a hole.
    pub held: Held,
    /// An ACK is waiting for a segment to ride on; [`Timer::DelayedAck`] runs.
    pub ack_delayed: bool,
    /// Retransmissions since SND.UNA last advanced; counted only where the policy has `retries`.
    pub retransmissions: u32,
    /// How often the retransmission timeout has doubled; 0 without the policy's `backoff`.
    pub doublings: u32,
    /// What has the number SND.UNA was sent more than once; only with `backoff`, for RFC 6298 §3 (Karn's
    /// rule). Nothing else can have been: only the earliest unacknowledged segment is ever sent again.
    pub retransmitted: bool,
}

/// What moves an endpoint along an arrow of RFC 9293's Figure 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Arrow {
    /// Our FIN was sent: "snd FIN".
    FinSent,
    /// The peer's FIN was consumed: "rcv FIN".
    FinReceived,
    /// Our FIN was acknowledged: "rcv ACK of FIN".
    AckOfFin,
}

/// Whether a segment that was processed calls for an acknowledgment, the more urgent the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Acknowledge {
    No,
    /// At the latest when the policy's `delayed_ack` has passed.
    Soon,
    Now,
}

impl Endpoint {
    /// An endpoint whose handshake has just been completed: ESTABLISHED, nothing sent or received.
    #[must_use]
    pub fn established() -> Self {
        Self {
            state: State::Established,
            left: None,
            ended_by: None,
            snd_una: FIRST,
            snd_nxt: FIRST,
            rcv_nxt: FIRST,
            fin_sent: false,
            fin_received: false,
            close_called: false,
            reader_gone: false,
            unread: false,
            held: Held::default(),
            ack_delayed: false,
            retransmissions: 0,
            doublings: 0,
            retransmitted: false,
        }
    }

    /// Octets sent, without the FIN.
    #[must_use]
    pub fn sent(&self) -> u32 {
        self.snd_nxt.since(FIRST).wrapping_sub(u32::from(self.fin_sent))
    }

    /// Octets of ours that the peer has acknowledged, without the FIN.
    #[must_use]
    pub fn acked(&self) -> u32 {
        self.snd_una.since(FIRST).wrapping_sub(u32::from(self.fin_acked()))
    }

    /// Octets received in order, without the FIN.
    #[must_use]
    pub fn delivered(&self) -> u32 {
        self.rcv_nxt.since(FIRST).wrapping_sub(u32::from(self.fin_received))
    }

    /// Our FIN has been acknowledged.
    #[must_use]
    pub fn fin_acked(&self) -> bool {
        self.fin_sent && self.snd_una == self.snd_nxt
    }

    /// RFC 9293 §3.10.7: SEGMENT ARRIVES.
    pub fn on_segment(&mut self, segment: &Segment, policy: &Policy) -> Effects {
        let mut effects = Effects::default();
        if self.state == State::Closed {
            effects.segment = answer_of_closed(segment);
            return effects;
        }

        if self.state == State::TimeWait && policy.in_time_wait != InTimeWait::Process {
            return self.on_segment_in_time_wait(segment, policy);
        }

        if policy.ack_flag_first && matches!(segment.flags, Flags { syn: false, rst: false, ack: false, .. }) {
            return effects;
        }
        let has_old_ack = segment.flags.ack && segment.ack.precedes(self.snd_una);
        if policy.old_ack == OldAck::Drop && has_old_ack && !segment.flags.rst {
            return effects;
        }

        // RFC 9293 §3.10.7.4: First, check sequence number. "If an incoming segment is not acceptable, an
        // acknowledgment should be sent in reply (unless the RST bit is set …)".
        if !self.is_acceptable(segment, policy) {
            self.on_unacceptable(segment, policy, &mut effects);
            return effects;
        }

        // RFC 9293 §3.10.7.4: Second, check the RST bit. RFC 5961 §3.2: only a reset at RCV.NXT is believed.
        if segment.flags.rst {
            if self.state == State::TimeWait && policy.rst_in_time_wait == RstInTimeWait::Ignore {
                return effects;
            }
            if segment.seq == self.rcv_nxt || policy.rst_in_window == RstInWindow::Close {
                self.end(EndedBy::Rst, &mut effects);
            } else {
                self.send(Flags::ACK, self.snd_nxt, 0, &mut effects);
            }
            return effects;
        }

        // RFC 9293 §3.10.7.4: Fourth, check the SYN bit. RFC 5961 §4.2: a challenge ACK, in every state.
        if segment.flags.syn {
            self.send(Flags::ACK, self.snd_nxt, 0, &mut effects);
            return effects;
        }

        // RFC 9293 §3.10.7.4: Fifth, check the ACK field; "if the ACK bit is off, drop the segment and return".
        if !segment.flags.ack {
            return effects;
        }
        // RFC 5961 §5.2: SND.UNA − MAX.SND.WND ≤ SEG.ACK ≤ SND.NXT, else an ACK and the segment is dropped.
        let reach = match policy.oldest_ack {
            OldestAck::Window => WINDOW,
            OldestAck::Acknowledged => WINDOW.min(self.snd_una.since(FIRST)),
        };
        let oldest = Seq(self.snd_una.0.wrapping_sub(reach));
        if segment.ack.precedes(oldest) || self.snd_nxt.precedes(segment.ack) {
            self.send(Flags::ACK, self.snd_nxt, 0, &mut effects);
            return effects;
        }
        if self.snd_una.precedes(segment.ack) {
            self.on_ack(segment.ack, policy, &mut effects);
            if self.state == State::Closed {
                return effects;
            }
        } else if self.state == State::LastAck && policy.last_ack_answers_acks && !segment.flags.fin {
            self.send(Flags::ACK, self.snd_nxt, 0, &mut effects);
            return effects;
        }

        // RFC 9293 §3.10.7.4: Seventh, process the segment text. "This should not occur" once a FIN was received.
        let (len, fin) = self.trimmed(segment);
        let (start, end) = (segment.seq, segment.seq + len);
        let beyond_a_hole = !self.held.is_empty();
        let mut acknowledge = Acknowledge::No;
        let reads_text = matches!(self.state, State::Established | State::FinWait1 | State::FinWait2);
        if reads_text && len > 0 {
            if self.reader_gone && policy.reset_unread && self.rcv_nxt.precedes(end) {
                // RFC 9293 §3.6.1 (RFC 1122 §4.2.2.13): data that nobody will read is answered with a reset.
                let reset = Segment { flags: Flags::RST, seq: segment.ack, ack: Seq(0), len: 0 };
                self.end(EndedBy::Abort, &mut effects);
                effects.segment = Some(reset);
                return effects;
            }
            acknowledge = self.on_text(start, end, policy);
        }

        // RFC 9293 §3.10.7.4: Eighth, check the FIN bit.
        let before_fin = self.state;
        if fin {
            acknowledge = acknowledge.max(self.on_fin(end, policy, &mut effects));
        }
        if !self.fin_received && self.held.take_fin(self.rcv_nxt) {
            self.consume_fin(policy, &mut effects);
            acknowledge = Acknowledge::Now;
        }
        // RFC 5681 §4.2: an ACK is not delayed when the segment fills all or part of a hole.
        if beyond_a_hole && acknowledge == Acknowledge::Soon {
            acknowledge = Acknowledge::Now;
        }
        let crosses = before_fin == State::FinWait1 && self.state == State::Closing;
        match (acknowledge, policy.delayed_ack) {
            (Acknowledge::No, _) => {}
            _ if crosses && policy.crossing_fin == CrossingFin::Resend => {
                self.send(Flags::FIN_ACK, Seq(self.snd_nxt.0.wrapping_sub(1)), 0, &mut effects);
            }
            (Acknowledge::Soon, Some(_)) if self.ack_delayed => {}
            (Acknowledge::Soon, Some(ticks)) => {
                self.ack_delayed = true;
                effects.change(Timer::DelayedAck, TimerChange::Set(ticks));
            }
            (Acknowledge::Soon, None) | (Acknowledge::Now, _) => {
                self.send(Flags::ACK, self.snd_nxt, 0, &mut effects);
            }
        }
        effects
    }

    /// RFC 9293 §3.10.7.4: what becomes of a segment outside of the window: it is answered, unless it is a reset.
    fn on_unacceptable(&mut self, segment: &Segment, policy: &Policy, effects: &mut Effects) {
        if segment.flags.rst {
            let waits_for_ack = matches!(self.state, State::CloseWait | State::Closing | State::LastAck);
            if policy.rst_before_fin && waits_for_ack && segment.seq + 1 == self.rcv_nxt {
                self.end(EndedBy::Rst, effects);
            }
            return;
        }
        let is_before = segment.seq.precedes(self.rcv_nxt);
        if policy.old_segment == OldSegment::Acknowledge && is_before && self.advances(segment) {
            self.on_ack(segment.ack, policy, effects);
            if self.state == State::Closed {
                return;
            }
        }
        if segment.flags.fin && self.state == State::TimeWait {
            restart_time_wait(policy, effects);
        }
        self.send(Flags::ACK, self.snd_nxt, 0, effects);
    }

    /// What becomes of a segment where `TIME_WAIT` is less than a whole connection: the policy's `in_time_wait`.
    fn on_segment_in_time_wait(&mut self, segment: &Segment, policy: &Policy) -> Effects {
        let mut effects = Effects::default();
        let Flags { rst, fin, ack, .. } = segment.flags;
        if rst {
            if segment.seq == self.rcv_nxt && policy.rst_in_time_wait == RstInTimeWait::Close {
                self.end(EndedBy::Rst, &mut effects);
            }
            return effects;
        }
        let is_bare = segment.sequence_length() == 0 && segment.seq == self.rcv_nxt;
        let (is_answered, restarts) = match policy.in_time_wait {
            InTimeWait::AnswerAcks => (ack && !(is_bare && segment.ack == self.snd_nxt), fin),
            InTimeWait::AnswerAll | InTimeWait::Process => (!is_bare, ack),
        };
        if is_answered {
            if restarts {
                restart_time_wait(policy, &mut effects);
            }
            self.send(Flags::ACK, self.snd_nxt, 0, &mut effects);
        }
        effects
    }

    /// The segment acknowledges something new.
    fn advances(&self, segment: &Segment) -> bool {
        segment.flags.ack && self.snd_una.precedes(segment.ack) && !self.snd_nxt.precedes(segment.ack)
    }

    /// RFC 9293 §3.10.7.4, fifth step: SND.UNA advances, perhaps over our FIN.
    fn on_ack(&mut self, ack: Seq, policy: &Policy, effects: &mut Effects) {
        self.on_progress(ack, policy, effects);
        if self.fin_acked() {
            self.follow(Arrow::AckOfFin, policy, effects);
        }
    }

    /// A reset at SND.NXT.
    fn reset(&self, acknowledges: bool) -> Segment {
        let (flags, ack) = if acknowledges { (Flags::RST_ACK, self.rcv_nxt) } else { (Flags::RST, Seq(0)) };
        Segment { flags, seq: self.snd_nxt, ack, len: 0 }
    }

    /// RFC 9293 §3.10.8 and RFC 6298 §5: a timer has expired; it does not run any more.
    ///
    /// A timer that cannot run in this state has no effect.
    pub fn on_timeout(&mut self, timer: Timer, policy: &Policy) -> Effects {
        let mut effects = Effects::default();
        match (timer, self.state) {
            (Timer::Retransmission, _) if self.snd_una != self.snd_nxt && self.state != State::Closed => {
                self.retransmit(policy, &mut effects);
            }
            (Timer::TimeWait, State::TimeWait) => self.end(EndedBy::Fin, &mut effects),
            (Timer::FinWait2, State::FinWait2) => self.end(EndedBy::GiveUp, &mut effects),
            (Timer::DelayedAck, _) if self.ack_delayed => self.send(Flags::ACK, self.snd_nxt, 0, &mut effects),
            _ => {}
        }
        effects
    }

    /// RFC 9293 §3.10.2–5: the application calls. A call that the state does not allow has no effect.
    pub fn on_call(&mut self, call: Call, policy: &Policy) -> Effects {
        let mut effects = Effects::default();
        match (call, self.state) {
            (Call::Send, _) => return self.on_send(1, policy),
            (_, State::Closed) => {}
            (Call::Receive, _) => self.unread = false,
            (Call::Shutdown, _) => self.shutdown(policy, &mut effects),
            (Call::Close, _) => {
                self.close_called = true;
                self.reader_gone = true;
                if self.unread && policy.reset_unread {
                    // RFC 9293 §3.6.1 (RFC 2525 §2.17): the peer must learn that its data was not read.
                    self.send(Flags::RST_ACK, self.snd_nxt, 0, &mut effects);
                    self.end(EndedBy::Abort, &mut effects);
                } else if self.state == State::FinWait2 {
                    start_fin_wait_2(policy, &mut effects);
                } else {
                    self.shutdown(policy, &mut effects);
                }
            }
            (Call::Abort, state) => {
                // RFC 9293 §3.10.5: no reset is due once both ends have said that they are done.
                if !matches!(state, State::Closing | State::LastAck | State::TimeWait) {
                    effects.segment = Some(self.reset(policy.abort_acknowledges));
                }
                self.end(EndedBy::Abort, &mut effects);
            }
        }
        effects
    }

    /// RFC 9293 §3.10.2: SEND of so many octets, at least 1, of which one segment takes as many as it can. A state that
    /// does not allow it lets it have no effect.
    pub fn on_send(&mut self, octets: u32, policy: &Policy) -> Effects {
        let mut effects = Effects::default();
        if matches!(self.state, State::Established | State::CloseWait) {
            self.send_new(Flags::ACK, octets.min(policy.segment_size), policy, &mut effects);
        }
        effects
    }

    /// RFC 9293 §3.10.8: USER TIMEOUT. The connection is given up.
    pub fn on_user_timeout(&mut self, policy: &Policy) -> Effects {
        let mut effects = Effects::default();
        if self.state != State::Closed {
            let reset = policy.user_timeout_resets.then(|| self.reset(true));
            self.end(EndedBy::GiveUp, &mut effects);
            effects.segment = reset;
        }
        effects
    }

    /// RFC 9293 §3.3.2, Figure 5: the arrows between the states, and the timers that start at their heads.
    fn follow(&mut self, arrow: Arrow, policy: &Policy, effects: &mut Effects) {
        self.state = match (self.state, arrow) {
            // RFC 9293 §3.10.4: "form a FIN segment and send it. In any case, enter FIN-WAIT-1 state."
            (State::Established, Arrow::FinSent) => State::FinWait1,
            // RFC 9293 §3.10.4: "then send a FIN segment, enter LAST-ACK state."
            (State::CloseWait, Arrow::FinSent) => State::LastAck,
            // RFC 9293 §3.10.7.4: "Enter the CLOSE-WAIT state."
            (State::Established, Arrow::FinReceived) => State::CloseWait,
            // RFC 9293 §3.10.7.4: "if the FIN segment is now acknowledged, then enter FIN-WAIT-2 and continue
            // processing in that state."
            (State::FinWait1, Arrow::AckOfFin) => {
                if self.reader_gone {
                    start_fin_wait_2(policy, effects);
                }
                State::FinWait2
            }
            // RFC 9293 §3.10.7.4: "If our FIN has been ACKed (perhaps in this segment), then enter TIME-WAIT …;
            // otherwise, enter the CLOSING state." Where it has, the ACK has already led to FIN_WAIT_2.
            (State::FinWait1, Arrow::FinReceived) => State::Closing,
            // RFC 9293 §3.10.7.4: "Enter the TIME-WAIT state. Start the time-wait timer, turn off the other
            // timers." And from CLOSING: "if the ACK acknowledges our FIN, then enter the TIME-WAIT state".
            (State::FinWait2, Arrow::FinReceived) | (State::Closing, Arrow::AckOfFin) => {
                effects.change(Timer::FinWait2, TimerChange::Cancel);
                effects.change(Timer::TimeWait, TimerChange::Set(policy.time_wait));
                State::TimeWait
            }
            // RFC 9293 §3.10.7.4: "If our FIN is now acknowledged, delete the TCB, enter the CLOSED state, and
            // return."
            (State::LastAck, Arrow::AckOfFin) => return self.end(EndedBy::Fin, effects),
            (state, _) => state,
        };
    }

    /// Becomes CLOSED: RFC 9293's "delete the TCB". The record of the close stays.
    pub(super) fn end(&mut self, by: EndedBy, effects: &mut Effects) {
        *self = Self {
            state: State::Closed,
            left: Some(self.state),
            ended_by: Some(by),
            reader_gone: false,
            unread: false,
            held: Held::default(),
            ack_delayed: false,
            doublings: 0,
            retransmitted: false,
            ..*self
        };
        effects.timers = [TimerChange::Cancel; 4];
    }

    /// RFC 9293 §3.10.7.4, Table 6: is some part of the segment in the receive window? RFC 5961 §3.2: of a reset,
    /// only the sequence number counts.
    fn is_acceptable(&self, segment: &Segment, policy: &Policy) -> bool {
        let window = WINDOW + u32::from(policy.window_edge == WindowEdge::Inside);
        let in_window = |number: Seq| number.since(self.rcv_nxt) < window;
        match segment.sequence_length() {
            len if len > 0 && !segment.flags.rst => in_window(segment.seq) || in_window(segment.seq + (len - 1)),
            _ => in_window(segment.seq),
        }
    }

    /// RFC 9293 §3.10.7.4: "trimming off any portions that lie outside the window (including SYN and FIN)". The
    /// octets of text up to the window's right edge, and whether there is room for the FIN behind them.
    fn trimmed(&self, segment: &Segment) -> (u32, bool) {
        let room = WINDOW.wrapping_sub(segment.seq.since(self.rcv_nxt));
        (segment.len.min(room), segment.flags.fin && segment.len < room)
    }

    /// Text from `start` up to, but not including, `end`.
    fn on_text(&mut self, start: Seq, end: Seq, policy: &Policy) -> Acknowledge {
        if self.rcv_nxt.precedes(start) {
            if policy.out_of_order != OutOfOrder::Drop {
                self.held.hold_text(start, end);
            }
            return Acknowledge::Now;
        }
        if !self.rcv_nxt.precedes(end) {
            return Acknowledge::No;
        }
        let next = self.held.take_text(end);
        self.unread = true;
        self.rcv_nxt = next;
        Acknowledge::Soon
    }

    /// A FIN with this number.
    fn on_fin(&mut self, number: Seq, policy: &Policy, effects: &mut Effects) -> Acknowledge {
        if self.fin_received {
            // A second FIN beyond the first is nothing that a peer sends. Only TIME_WAIT answers it: "Restart the
            // 2 MSL time-wait timeout" (RFC 9293 §3.10.7.4). The other states drop it, as Linux does.
            if self.state == State::TimeWait {
                restart_time_wait(policy, effects);
                return Acknowledge::Now;
            }
            return Acknowledge::No;
        }
        if self.rcv_nxt.precedes(number) {
            match policy.out_of_order {
                OutOfOrder::Hold => self.held.hold_fin(number),
                OutOfOrder::HoldText => return Acknowledge::No,
                OutOfOrder::Drop => {}
            }
            return Acknowledge::Now;
        }
        if number.precedes(self.rcv_nxt) {
            return Acknowledge::No;
        }
        self.consume_fin(policy, effects);
        if self.state == State::CloseWait { Acknowledge::Soon } else { Acknowledge::Now }
    }

    /// RFC 9293 §3.10.7.4: "advance RCV.NXT over the FIN".
    fn consume_fin(&mut self, policy: &Policy, effects: &mut Effects) {
        self.rcv_nxt = self.rcv_nxt + 1;
        self.fin_received = true;
        // Nothing follows a FIN.
        self.held = Held::default();
        self.follow(Arrow::FinReceived, policy, effects);
    }

    /// RFC 9293 §3.10.4: CLOSE. It has no effect once the FIN has been sent.
    fn shutdown(&mut self, policy: &Policy, effects: &mut Effects) {
        if matches!(self.state, State::Established | State::CloseWait) {
            self.close_called = true;
            self.fin_sent = true;
            self.send_new(Flags::FIN_ACK, 0, policy, effects);
            self.follow(Arrow::FinSent, policy, effects);
        }
    }

    /// Sends a segment that acknowledges all that was received; an ACK that was waiting rides on it.
    pub(super) fn send(&mut self, flags: Flags, seq: Seq, len: u32, effects: &mut Effects) {
        if self.ack_delayed {
            self.ack_delayed = false;
            effects.change(Timer::DelayedAck, TimerChange::Cancel);
        }
        effects.segment = Some(Segment { flags, seq, ack: self.rcv_nxt, len });
    }
}

/// RFC 9293 §3.10.7.1: CLOSED answers everything but a reset with a reset.
fn answer_of_closed(segment: &Segment) -> Option<Segment> {
    match segment.flags {
        Flags { rst: true, .. } => None,
        Flags { ack: true, .. } => Some(Segment { flags: Flags::RST, seq: segment.ack, ack: Seq(0), len: 0 }),
        Flags { ack: false, .. } => Some(Segment {
            flags: Flags::RST_ACK,
            seq: Seq(0),
            ack: segment.seq + segment.sequence_length(),
            len: 0,
        }),
    }
}

/// RFC 9293 §3.10.7.4: "Restart the 2 MSL time-wait timeout".
fn restart_time_wait(policy: &Policy, effects: &mut Effects) {
    if policy.restart_time_wait {
        effects.change(Timer::TimeWait, TimerChange::Set(policy.time_wait));
    }
}

fn start_fin_wait_2(policy: &Policy, effects: &mut Effects) {
    if let Some(ticks) = policy.fin_wait_2_timeout {
        effects.change(Timer::FinWait2, TimerChange::Set(ticks));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tcp::testing::{POLICY, ack, calling, data, fin, segment};

    #[test]
    fn text_beyond_a_hole_is_held_and_delivered_in_order() {
        let mut endpoint = Endpoint::established();
        assert_eq!(endpoint.on_segment(&fin(3, 1), &POLICY).segment, Some(ack(1, 1)));
        assert_eq!(endpoint.on_segment(&data(2, 1), &POLICY).segment, Some(ack(1, 1)));
        assert_eq!((endpoint.delivered(), endpoint.state), (0, State::Established));
        assert_eq!(endpoint.on_segment(&data(1, 1), &POLICY).segment, Some(ack(1, 4)));
        assert_eq!((endpoint.delivered(), endpoint.unread, endpoint.state), (2, true, State::CloseWait));
    }

    #[test]
    fn what_is_dropped_beyond_a_hole_must_be_sent_again() {
        let policy = Policy { out_of_order: OutOfOrder::Drop, ..POLICY };
        let mut endpoint = Endpoint::established();
        endpoint.on_segment(&fin(2, 1), &policy);
        assert!(endpoint.held.is_empty());
        assert_eq!(endpoint.on_segment(&data(1, 1), &policy).segment, Some(ack(1, 2)));
        assert_eq!(endpoint.state, State::Established);
    }

    /// An ACK beyond a hole still acknowledges. RFC 9293 §3.10.7.4, fifth step.
    #[test]
    fn an_acknowledgment_out_of_order_counts() {
        let mut endpoint = calling(&POLICY, &[Call::Send]);
        endpoint.on_segment(&data(2, 2), &POLICY);
        assert_eq!(endpoint.acked(), 1);
    }

    /// RFC 9293 §3.8.6.3, RFC 5681 §4.2.
    #[test]
    fn only_the_ack_of_text_in_order_and_of_the_first_fin_is_delayed() {
        let policy = Policy { delayed_ack: Some(3), ..POLICY };
        let delayed = |effects: &Effects| effects.timers[3];
        let mut endpoint = Endpoint::established();
        let first = endpoint.on_segment(&data(1, 1), &policy);
        assert_eq!((first.segment, delayed(&first)), (None, TimerChange::Set(3)));
        let second = endpoint.on_segment(&data(2, 1), &policy);
        assert_eq!((second.segment, delayed(&second)), (None, TimerChange::Keep));
        let beyond = endpoint.on_segment(&data(4, 1), &policy);
        assert_eq!((beyond.segment, delayed(&beyond)), (Some(ack(1, 3)), TimerChange::Cancel));
        let filled = endpoint.on_segment(&data(3, 1), &policy);
        assert_eq!((filled.segment, delayed(&filled)), (Some(ack(1, 5)), TimerChange::Keep));
        let fin_waits = endpoint.on_segment(&fin(5, 1), &policy);
        assert_eq!((fin_waits.segment, delayed(&fin_waits)), (None, TimerChange::Set(3)));
        let due = endpoint.on_timeout(Timer::DelayedAck, &policy);
        assert_eq!(due.segment, Some(ack(1, 6)));
        assert_eq!(endpoint.on_timeout(Timer::DelayedAck, &policy), Effects::default());

        let mut closing = calling(&policy, &[Call::Shutdown]);
        assert_eq!(closing.on_segment(&fin(1, 1), &policy).segment, Some(ack(2, 2)));
    }

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
    fn fin_wait_2_times_out_only_when_nobody_reads() {
        let policy = Policy { fin_wait_2_timeout: Some(9), ..POLICY };
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

    #[test]
    fn closed_keeps_its_record_and_nothing_else() {
        let policy = Policy { backoff: true, delayed_ack: Some(1), retries: Some(5), ..POLICY };
        let mut endpoint = calling(&policy, &[Call::Send]);
        endpoint.on_timeout(Timer::Retransmission, &policy);
        endpoint.on_segment(&data(1, 1), &policy);
        let mut closing = endpoint.clone();
        closing.on_call(Call::Shutdown, &policy);
        closing.on_segment(&data(4, 1), &policy);
        let mut gone = calling(&policy, &[Call::Close]);
        gone.on_segment(&fin(3, 1), &policy);
        assert!(endpoint.unread && endpoint.ack_delayed && endpoint.retransmitted && endpoint.doublings == 1);
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
            assert_eq!(endpoint.on_segment(&reset, &policy).timers, [TimerChange::Cancel; 4]);
            assert_eq!(endpoint, record);
        }
    }

    /// RFC 9293 §3.10.7.1.
    #[test]
    fn closed_answers_everything_but_a_reset() {
        let mut endpoint = calling(&POLICY, &[Call::Abort]);
        assert_eq!(endpoint.on_segment(&fin(7, 5), &POLICY).segment, Some(segment(Flags::RST, 5, 0, 0)));
        let without_ack = Segment { flags: Flags { fin: true, ..Flags::default() }, ..fin(7, 0) };
        let answer = Segment { len: 0, ..segment(Flags::RST_ACK, 0, 10, 0) };
        assert_eq!(endpoint.on_segment(&Segment { len: 2, ..without_ack }, &POLICY).segment, Some(answer));
        assert_eq!(endpoint.on_segment(&segment(Flags::RST, 7, 0, 0), &POLICY), Effects::default());
    }

    /// RFC 9293 §3.10.7.4, first and second step.
    #[test]
    fn a_segment_is_trimmed_to_the_window() {
        let mut endpoint = Endpoint::established();
        let whole_window = segment(Flags::FIN_ACK, 1, 1, WINDOW);
        assert_eq!(endpoint.on_segment(&whole_window, &POLICY).segment, Some(ack(1, 65_536)));
        assert_eq!((endpoint.state, endpoint.delivered()), (State::Established, WINDOW));

        let mut endpoint = Endpoint::established();
        endpoint.on_segment(&segment(Flags::ACK, WINDOW, 1, 9), &POLICY);
        assert_eq!(endpoint.held.text(), [(Seq(WINDOW), Seq(WINDOW + 1))]);
        let half_old = segment(Flags::FIN_ACK, 0, 1, 2);
        assert_eq!(endpoint.on_segment(&half_old, &POLICY).segment, Some(ack(1, 3)));
        assert_eq!(endpoint.state, State::CloseWait);

        let mut endpoint = Endpoint::established();
        assert_eq!(endpoint.on_segment(&segment(Flags::RST, 0, 0, 2), &POLICY), Effects::default());
    }

    #[test]
    fn nothing_is_held_beyond_a_fin() {
        let mut endpoint = Endpoint::established();
        endpoint.on_segment(&fin(3, 1), &POLICY);
        endpoint.on_segment(&data(5, 1), &POLICY);
        endpoint.on_segment(&segment(Flags::FIN_ACK, 1, 1, 2), &POLICY);
        assert_eq!((endpoint.state, endpoint.rcv_nxt, endpoint.held.is_empty()), (State::CloseWait, Seq(4), true));

        let mut endpoint = Endpoint::established();
        endpoint.on_segment(&fin(3, 1), &POLICY);
        endpoint.on_segment(&segment(Flags::ACK, 1, 1, 4), &POLICY);
        assert_eq!((endpoint.state, endpoint.held.is_empty()), (State::Established, true));
    }

    fn any_number() -> impl Strategy<Value = u32> {
        prop_oneof![0..8u32, 65_530..65_545u32, Just(1 << 31), (u32::MAX - 65_540)..=u32::MAX, any::<u32>()]
    }

    proptest! {
        /// Whatever arrives, in whatever order: no overflow, and the variables keep their order.
        #[test]
        fn no_segment_confuses_an_endpoint(
            events in prop::collection::vec(
                (any_number(), any_number(), prop_oneof![0..4u32, 0..=65_535u32], any::<[bool; 4]>(), 0..12u8), 0..30),
            delayed_ack in prop::option::of(1..3u32),
            backoff: bool,
        ) {
            let policy =
                Policy { delayed_ack, backoff, retries: Some(9), fin_wait_2_timeout: Some(3), ..POLICY };
            let mut endpoint = Endpoint::established();
            for (seq, number, len, [syn, fin, rst, ack], event) in events {
                let before = endpoint.clone();
                let effects = match event {
                    0 => endpoint.on_call(Call::Send, &policy),
                    1 => endpoint.on_call(Call::Shutdown, &policy),
                    2 => endpoint.on_call(Call::Close, &policy),
                    3 => endpoint.on_timeout(Timer::Retransmission, &policy),
                    4 => endpoint.on_timeout(Timer::DelayedAck, &policy),
                    _ => {
                        let flags = Flags { syn: syn && event == 5, fin, rst: rst && event == 6, ack: ack || event > 6 };
                        endpoint.on_segment(&Segment { flags, seq: Seq(seq), ack: Seq(number), len }, &policy)
                    }
                };
                prop_assert!(!endpoint.snd_nxt.precedes(endpoint.snd_una));
                prop_assert!(!endpoint.snd_una.precedes(before.snd_una));
                prop_assert!(!endpoint.rcv_nxt.precedes(before.rcv_nxt));
                prop_assert!(endpoint.held.text().iter().all(|(start, _)| endpoint.rcv_nxt.precedes(*start)));
                prop_assert!(endpoint.held.fin().is_none_or(|fin| endpoint.rcv_nxt.precedes(fin)));
                prop_assert_eq!(endpoint.left.is_some(), endpoint.state == State::Closed);
                if before.state == State::Closed {
                    prop_assert_eq!(&endpoint, &before);
                    prop_assert_eq!(effects.timers, [TimerChange::Keep; 4]);
                }
            }
        }
    }
}
