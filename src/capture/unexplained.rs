//! Packets that no path of the model explains, and what is wrong with them.

use super::belief::{Belief, Beliefs, before};
use super::cost;
use super::follower::{Follower, POLICY};
use crate::tcp::{Call, Endpoint, Segment, Seq, State, Timer};

/// The first packet of an end that no path of the model explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unexplained {
    /// The index of the packet.
    pub index: usize,
    /// In which states the end could be.
    pub states: Vec<State>,
    /// What it could have sent instead, besides new text and resets.
    pub instead: Vec<Segment>,
    /// What is wrong with the packet.
    pub why: Why,
}

/// What is wrong with a packet.
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
    /// Why no belief explains the segment.
    pub(super) fn unexplained(&self, beliefs: &Beliefs, index: usize, segment: &Segment) -> Unexplained {
        let mut likely: Vec<&Belief> = beliefs.0.iter().collect();
        likely.sort_by_key(|belief| belief.cost);
        let least = likely.first().map_or(0, |belief| belief.cost);
        likely.retain(|belief| belief.cost <= least + cost::LATE);
        let (mut states, mut instead) = (Vec::new(), Vec::new());
        for belief in &likely {
            if !states.contains(&belief.endpoint.state) {
                states.push(belief.endpoint.state);
            }
            let again = belief.endpoint.clone().on_timeout(Timer::Retransmission, &POLICY).segment;
            let again = again.filter(|again| again.flags.fin);
            let fin = belief.endpoint.clone().on_call(Call::Shutdown, &POLICY).segment;
            let mut owing = belief.endpoint.clone();
            owing.ack_delayed = owing.state != State::Closed;
            let ack = owing.on_timeout(Timer::DelayedAck, &POLICY).segment;
            for sent in [ack, fin, again].into_iter().flatten() {
                if !instead.contains(&sent) {
                    instead.push(sent);
                }
            }
        }
        let why = likely.first().map_or(Why::Other, |belief| self.why(&belief.endpoint, segment));
        Unexplained { index, states, instead, why }
    }

    fn why(&self, endpoint: &Endpoint, segment: &Segment) -> Why {
        let Segment { flags, seq, ack, len } = *segment;
        let end = seq + segment.sequence_length();
        let seen = self.heard.sayings.without_gap(endpoint.rcv_nxt);
        let is_unseen = flags.ack && !self.heard.unheard && seen.precedes(ack);
        if flags.rst {
            Why::ResetNumber(endpoint.snd_nxt)
        } else if !flags.ack {
            Why::NoAck
        } else if is_unseen {
            Why::AcknowledgesUnseen(seen)
        } else if endpoint.fin_sent && endpoint.snd_nxt.precedes(end) {
            Why::AfterFin(before(endpoint.snd_nxt))
        } else if endpoint.snd_nxt.precedes(seq) {
            let next = endpoint.snd_nxt;
            if next.precedes(self.acknowledged) { Why::Missed(next) } else { Why::LeavesOut(next) }
        } else if flags.fin && (seq + len).precedes(endpoint.snd_nxt) {
            Why::FinInText(endpoint.snd_nxt)
        } else if endpoint.state == State::Closed {
            Why::Closed
        } else {
            Why::Other
        }
    }
}
