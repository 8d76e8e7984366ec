//! Packets that no path of the model explains, and what is wrong with them.

use super::cost;
use super::follower::{Follower, POLICY};
use super::hypothesis::{Hypotheses, Hypothesis, before};
use crate::tcp::{Call, Endpoint, Segment, Seq, State, Timer};

/// The first packet of an end that no path of the model explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unexplained {
    /// The index of the packet.
    pub index: usize,
    /// In which states the end could be.
    pub states: Vec<State>,
    /// The segments that it could have sent instead, besides new text and resets.
    pub instead: Vec<Segment>,
    /// Why the packet is not explained.
    pub why: Why,
}

/// Why a packet is not explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It acknowledges what is not in the capture: of the peer's, what has this number is not.
    AcknowledgesUnseen(Seq),
    /// It comes after a FIN that had this number.
    AfterFin(Seq),
    /// It leaves out what begins with this number.
    LeavesOut(Seq),
    /// It leaves out what begins with this number, and the peer acknowledges that.
    Missed(Seq),
    /// Its FIN is at a number where text was sent; the text ended here.
    FinInText(Seq),
    /// It is a reset, and neither its sender's next number, which this is, nor one that the peer has acknowledged.
    ResetNumber(Seq),
    /// It is no reset, and its sender is CLOSED.
    Closed,
    /// It has neither the ACK flag nor RST nor SYN.
    NoAck,
    /// None of these.
    Other,
}

impl Follower<'_> {
    /// Why no hypothesis explains the segment.
    pub(super) fn unexplained(&self, hypotheses: &Hypotheses, index: usize, segment: &Segment) -> Unexplained {
        let mut likely: Vec<&Hypothesis> = hypotheses.0.iter().collect();
        likely.sort_by_key(|hypothesis| hypothesis.cost);
        let least = likely.first().map_or(0, |hypothesis| hypothesis.cost);
        likely.retain(|hypothesis| hypothesis.cost <= least + cost::MARGIN);
        let (mut states, mut instead) = (Vec::new(), Vec::new());
        for hypothesis in &likely {
            if !states.contains(&hypothesis.endpoint.state) {
                states.push(hypothesis.endpoint.state);
            }
            let again = hypothesis.endpoint.clone().on_timeout(Timer::Retransmission, &POLICY).segment;
            let again = again.filter(|again| again.flags.fin);
            let fin = hypothesis.endpoint.clone().on_call(Call::Shutdown, &POLICY).segment;
            let mut owing = hypothesis.endpoint.clone();
            owing.ack_delayed = owing.state != State::Closed;
            let ack = owing.on_timeout(Timer::DelayedAck, &POLICY).segment;
            for sent in [ack, fin, again].into_iter().flatten() {
                if !instead.contains(&sent) {
                    instead.push(sent);
                }
            }
        }
        let why = likely.first().map_or(Why::Other, |hypothesis| self.why(&hypothesis.endpoint, segment));
        Unexplained { index, states, instead, why }
    }

    fn why(&self, endpoint: &Endpoint, segment: &Segment) -> Why {
        let Segment { flags, seq, ack, len } = *segment;
        let end = seq + segment.sequence_length();
        let seen = self.peer.log.without_gap(endpoint.rcv_nxt);
        let is_unseen = flags.ack && !self.peer.is_uncaptured && seen.precedes(ack);
        if flags.rst {
            Why::ResetNumber(endpoint.snd_nxt)
        } else if !flags.ack {
            Why::NoAck
        } else if endpoint.state == State::Closed {
            Why::Closed
        } else if is_unseen {
            Why::AcknowledgesUnseen(seen)
        } else if endpoint.fin_sent && endpoint.snd_nxt.precedes(end) {
            Why::AfterFin(before(endpoint.snd_nxt))
        } else if endpoint.snd_nxt.precedes(seq) {
            let next = endpoint.snd_nxt;
            if next.precedes(self.acknowledged) { Why::Missed(next) } else { Why::LeavesOut(next) }
        } else if flags.fin && (seq + len).precedes(endpoint.snd_nxt) {
            Why::FinInText(endpoint.snd_nxt)
        } else {
            Why::Other
        }
    }
}
