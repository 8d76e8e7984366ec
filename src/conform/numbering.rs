//! The numbers of a stack, which chooses its initial ones itself, beside those of the endpoint.

use crate::tcp::{Flags, Segment, Seq};

/// What lies between a stack's numbers and the endpoint's, of each connection on the same ports.
#[derive(Clone, Debug, Default)]
pub struct Numbering {
    /// The endpoint's initial number, and the number of the stack's that is the endpoint's 0; the last is in use.
    connections: Vec<(Seq, Seq)>,
    /// The endpoint's initial number of a connection of which the stack has not sent its SYN yet.
    begins: Option<Seq>,
    /// What arrived last acknowledges this: the stack's number, and the endpoint's.
    acknowledged: Option<(Seq, Seq)>,
}

impl Numbering {
    /// A connection begins, for which the endpoint has this initial number: see [`Stack`](super::Stack).
    pub fn begin(&mut self, iss: Seq) {
        self.begins = Some(iss);
    }

    /// The segment that arrives, with the stack's numbers in what it acknowledges. The numbers before an initial
    /// one are those of the connection before.
    pub fn to_stack(&mut self, segment: &Segment) -> Segment {
        self.acknowledged = None;
        if !segment.flags.ack {
            return *segment;
        }
        let is_of = |(iss, _): &&(Seq, Seq)| !segment.ack.precedes(*iss);
        let known = self.connections.iter().rev().find(is_of).or(self.connections.first());
        let ack = known.map_or(segment.ack, |(_, zero)| segment.ack + zero.0);
        self.acknowledged = Some((ack, segment.ack));
        Segment { ack, ..*segment }
    }

    /// The segment that the stack has sent, with the endpoint's numbers.
    pub fn of_stack(&mut self, segment: &Segment) -> Segment {
        if segment.flags.syn
            && let Some(iss) = self.begins.take()
        {
            self.connections.push((iss, Seq(segment.seq.since(iss))));
        }
        let seq = match (segment.flags, self.acknowledged) {
            // A reset that answers what has no ACK begins at 0, and another with what the segment acknowledges.
            (Flags::RST_ACK, _) | (Flags::RST, None) if segment.seq == Seq(0) => Seq(0),
            (Flags::RST, Some((theirs, ours))) if segment.seq == theirs => ours,
            _ => Seq(segment.seq.since(self.connections.last().map_or(Seq(0), |(_, zero)| *zero))),
        };
        Segment { seq, ..*segment }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_connection_has_numbers_of_its_own() {
        let segment = |flags, seq, ack| Segment { flags, seq: Seq(seq), ack: Seq(ack), len: 0 };
        let mut numbers = Numbering::default();
        numbers.begin(Seq(0));
        assert_eq!(numbers.of_stack(&segment(Flags::SYN, 5_000, 0)).seq, Seq(0));
        assert_eq!(numbers.of_stack(&segment(Flags::SYN, 5_000, 0)).seq, Seq(0), "sent again");
        assert_eq!(numbers.to_stack(&segment(Flags::SYN_ACK, 0, 1)).ack, Seq(5_001));
        numbers.begin(Seq(3));
        assert_eq!(numbers.of_stack(&segment(Flags::ACK, 5_002, 0)).seq, Seq(2), "still of the old");
        assert_eq!(numbers.of_stack(&segment(Flags::SYN_ACK, 1 << 30, 0)).seq, Seq(3));
        // An old acknowledgment draws a reset with the number that it has.
        assert_eq!(numbers.to_stack(&segment(Flags::ACK, 1, 2)).ack, Seq(5_002));
        assert_eq!(numbers.of_stack(&segment(Flags::RST, 5_002, 0)).seq, Seq(2));
        assert_eq!(numbers.to_stack(&segment(Flags::ACK, 1, 4)).ack, Seq((1 << 30) + 1));
        assert_eq!(numbers.of_stack(&segment(Flags::RST_ACK, 0, 9)).seq, Seq(0));
    }
}
