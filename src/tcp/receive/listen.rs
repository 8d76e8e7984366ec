//! A segment arrives in LISTEN. RFC 9293 §3.10.7.2.

use crate::tcp::transmission::answer_of_closed;
use crate::tcp::{Effects, Endpoint, Flags, Policy, Segment, State, SynInTimeWait};

impl Endpoint {
    /// RFC 9293 §3.10.7.2: "An incoming RST segment could not be valid", "Any acknowledgment is bad", and a SYN
    /// opens a connection. "Any other control or data-bearing segment" is dropped. So is text on the SYN: the peer
    /// sends it again.
    pub(super) fn process_in_listen(&mut self, segment: &Segment, policy: &Policy, effects: &mut Effects) {
        match segment.flags {
            Flags { rst: true, .. } => {}
            Flags { ack: true, .. } => effects.segment = answer_of_closed(segment, policy),
            Flags { syn: true, .. } => self.accept(segment, self.next_iss(), policy, effects),
            _ => {}
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
