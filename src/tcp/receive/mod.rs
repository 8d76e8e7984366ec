//! A segment arrives: RFC 9293 §3.10.7, to be read beside it.
//!
//! §3.10.7.2 and §3.10.7.3 are in `listen` and `syn_sent`. `process` is §3.10.7.4, its eight steps in the RFC's
//! order; each step is a method in a file of its own. What stacks do otherwise at a step is a question to the
//! [`Policy`]. What does not take these steps in their order goes round `process`: `on_arrival` has each such
//! case, with its reason.

mod ack;
mod answer;
mod fin;
mod listen;
mod reset;
mod sequence;
mod syn;
mod syn_sent;
mod text;

use std::ops::ControlFlow;

use super::endpoint::Endpoint;
use super::event::Effects;
use super::policy::Policy;
use super::segment::Segment;
use super::state::State;
use super::transmission::reset_in_answer_to;

impl Endpoint {
    /// RFC 9293 §3.10.7: SEGMENT ARRIVES. Any segment may: what is not acceptable is answered or dropped.
    ///
    /// Numbers count from the SYN of the end that sends them, which has 0. Nothing is known of the window that the
    /// segment offers, and the peer's stays as it is. What is due is in the effects; durations there are in the
    /// policy's ticks.
    pub fn on_segment(&mut self, segment: &Segment, policy: &Policy) -> Effects {
        self.on_arrival(segment, None, policy)
    }

    /// As [`Endpoint::on_segment`], of a segment that offers a window of `window` octets, after scaling. RFC 9293
    /// §3.1: SEG.WND.
    pub fn on_segment_offering(&mut self, segment: &Segment, window: u32, policy: &Policy) -> Effects {
        self.on_arrival(segment, Some(window), policy)
    }

    fn on_arrival(&mut self, segment: &Segment, window: Option<u32>, policy: &Policy) -> Effects {
        let mut effects = Effects::default();
        // The effects are complete whether `process` takes all steps or drops the segment at one.
        match self.state {
            State::Closed => effects.segment = reset_in_answer_to(segment, policy),
            State::Listen => self.process_in_listen(segment, policy, &mut effects),
            State::SynSent => {
                let _ = self.process_in_syn_sent(segment, window, policy, &mut effects);
            }
            // RFC 9293 §3.5, Figure 7: in a simultaneous opening the peer's SYN,ACK repeats a SYN that has arrived
            // already. What is left of it is the ACK of our SYN.
            State::SynReceived if self.repeats_peers_syn(segment) => {
                let _ = self.process(&segment.without_syn(), window, policy, &mut effects);
            }
            // RFC 9293 §3.10.7.4 has this at the fourth step. A new connection's number is above RCV.NXT, and may
            // be beyond the window of the old: the first step would refuse such a SYN.
            State::TimeWait if self.is_reopened_by(segment, policy) => {
                self.accept(segment, self.next_iss(), policy, &mut effects);
            }
            // A stack whose TIME_WAIT is a function of its own, with an order of its own.
            State::TimeWait if !policy.wait.time_wait_is_in_order() => {
                self.on_segment_in_time_wait(segment, policy, &mut effects);
            }
            // Linux: after `close()` this state has no socket, and what TIME_WAIT has in its place takes the
            // segment.
            State::FinWait2 if policy.wait.orphan_has_no_socket(self.reader_gone) => {
                self.on_segment_in_orphaned_fin_wait_2(segment, policy, &mut effects);
            }
            // A stack that looks at the ACK field before the sequence number.
            _ if policy.acks.drops_before_sequence_check(segment, self.snd_una) => {}
            _ => {
                let _ = self.process(segment, window, policy, &mut effects);
            }
        }
        effects
    }

    /// RFC 9293 §3.10.7.4: in any state but CLOSED, LISTEN and `SYN_SENT`, apart from the cases of `on_arrival`. A
    /// step that breaks is the RFC's "drop the segment and return".
    fn process(
        &mut self,
        segment: &Segment,
        window: Option<u32>,
        policy: &Policy,
        effects: &mut Effects,
    ) -> ControlFlow<()> {
        // RFC 9293 §3.10.7.4: "First, check sequence number".
        self.check_sequence_number(segment, window, policy, effects)?;

        // RFC 9293 §3.10.7.4: "Second, check the RST bit".
        self.check_rst_bit(segment, policy, effects)?;

        // RFC 9293 §3.10.7.4: "Third, check security". No stack here has compartments, and no world distinguishes
        // segments by them: there is nothing to check.

        // RFC 9293 §3.10.7.4: "Fourth, check the SYN bit".
        self.check_syn_bit(segment, policy, effects)?;

        // RFC 9293 §3.10.7.4: "Fifth, check the ACK field".
        let una = self.snd_una;
        self.check_ack_field(segment, window, policy, effects)?;

        // RFC 9293 §3.10.7.4: "Sixth, check the URG bit". Urgent data is text, and its pointer moves no state:
        // there is nothing to check.

        // RFC 9293 §3.10.7.4: "Seventh, process the segment text".
        let trimmed = self.trim(segment, policy);
        let of_text = self.process_text(segment, &trimmed, policy, effects)?;

        // RFC 9293 §3.10.7.4: "Eighth, check the FIN bit".
        let of_fin = self.check_fin_bit(segment, &trimmed, policy, effects);

        // Only now, so that what is sent acknowledges what has arrived.
        self.recover_after(una, policy, effects);
        self.answer(of_text.max(of_fin), policy, effects);
        ControlFlow::Continue(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::testing::{POLICY, ack, calling, data, fin, segment};
    use crate::tcp::transfer::WINDOW;
    use crate::tcp::{Call, Flags, OutOfOrder, Seq, Timer, TimerChange};

    #[test]
    fn text_beyond_a_hole_is_held_and_delivered_in_order() {
        let mut endpoint = Endpoint::established();
        assert_eq!(endpoint.on_segment(&fin(3, 1), &POLICY).segment, Some(ack(1, 1)));
        assert_eq!(endpoint.on_segment(&data(2, 1), &POLICY).segment, Some(ack(1, 1)));
        assert_eq!((endpoint.delivered(), endpoint.state), (0, State::Established));
        assert_eq!(endpoint.on_segment(&data(1, 1), &POLICY).segment, Some(ack(1, 4)));
        assert_eq!((endpoint.delivered(), endpoint.unread, endpoint.state), (2, 2, State::CloseWait));
    }

    #[test]
    fn what_is_dropped_beyond_a_hole_must_be_sent_again() {
        let policy = POLICY.with(|policy| policy.text.out_of_order = OutOfOrder::Drop);
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
        let policy = POLICY.with(|policy| policy.acks.delayed_ack = Some(3));
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

        // The ACK of the text that waits goes with that of the FIN.
        let policy = policy.with(|policy| policy.acks.acks_fin_at_once = true);
        let mut endpoint = calling(&policy, &[]);
        endpoint.on_segment(&data(1, 1), &policy);
        let at_once = endpoint.on_segment(&fin(2, 1), &policy);
        assert_eq!((at_once.segment, delayed(&at_once)), (Some(ack(1, 3)), TimerChange::Cancel));
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
}
