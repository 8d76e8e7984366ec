//! A segment arrives in LISTEN. RFC 9293 §3.10.7.2.

use crate::tcp::transmission::reset_in_answer_to;
use crate::tcp::{Effects, Endpoint, Flags, Policy, Segment};

impl Endpoint {
    /// RFC 9293 §3.10.7.2: "An incoming RST segment could not be valid", "Any acknowledgment is bad", and a SYN
    /// opens a connection. "Any other control or data-bearing segment" is dropped. So is text on the SYN: the peer
    /// sends it again.
    pub(super) fn process_in_listen(&mut self, segment: &Segment, policy: &Policy, effects: &mut Effects) {
        match segment.flags {
            Flags { rst: true, .. } => {}
            Flags { ack: true, .. } => effects.segment = reset_in_answer_to(segment, policy),
            Flags { syn: true, .. } => self.accept(segment, self.next_iss(), policy, effects),
            _ => {}
        }
    }
}
