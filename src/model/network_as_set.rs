//! The network as a set, for duplicates without number.
//!
//! If the network may duplicate whatever is in flight as often as it likes, of the copies of one segment few
//! matter:
//!
//! * the *oldest original* that has not been delivered. It has to be, before its MSL, or a loss is paid for it;
//! * the *youngest copy*: whatever an older one can do, a duplicate of the youngest can.
//!
//! So a segment has one original or two in flight; or, when its last original has been delivered or lost, a
//! duplicate of that age, which may be delivered again and again and may vanish at any moment. An original between
//! the oldest and the youngest is dropped, though it would have to be delivered: the set may do more than the
//! network with every copy, and never less. The oldest then *stands for* it, and must be delivered: no loss is
//! paid for both. `docs/real-time.md` has the argument.
//!
//! The duplicate bit of a copy tells these apart: of a copy alone, that it is a duplicate; of the older of two,
//! that it stands for others.

use super::limit::Limit;
use super::network::{CopyCode, Network};
use super::segment_copy::SegmentCopy;

impl<C: CopyCode> Network<C> {
    /// Whether no older copy of its segment is in flight. Of a set only such copies arrive, or are lost.
    pub(super) fn is_oldest(&self, copy: SegmentCopy) -> bool {
        self.of_segment(copy).next_back() == Some(copy)
    }

    /// Whether a copy stands for others, and has to be delivered.
    pub(super) fn stands_for_others(&self, copy: SegmentCopy) -> bool {
        copy.is_duplicate() && self.of_segment(copy).nth(1).is_some()
    }

    /// A copy is sent, in a set.
    pub(super) fn insert_in_set(&mut self, sent: SegmentCopy) -> Result<(), Limit> {
        let mut of_segment = self.of_segment(sent);
        match (of_segment.next(), of_segment.next()) {
            (Some(youngest), Some(oldest)) => {
                drop(of_segment);
                self.remove(youngest);
                self.remove(oldest);
                self.insert(oldest.duplicate())?;
            }
            (Some(alone), None) if alone.is_duplicate() => {
                drop(of_segment);
                self.remove(alone);
            }
            _ => drop(of_segment),
        }
        self.insert(sent)
    }

    /// The oldest copy of a segment was delivered, or an original lost: it has left the network, or has left
    /// behind a duplicate.
    pub(super) fn leave_in_set(&mut self, copy: SegmentCopy) -> Result<(), Limit> {
        if self.of_segment(copy).next().is_some() {
            // A younger one is there.
            return Ok(());
        }
        self.insert(copy.duplicate())
    }

    /// The copies of a segment, the youngest first.
    fn of_segment(&self, copy: SegmentCopy) -> impl DoubleEndedIterator<Item = SegmentCopy> {
        let code = copy.segment_code();
        self.copies().filter(move |other| other.segment_code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::super::End;
    use super::*;
    use crate::tcp::{Flags, Segment, Seq};

    fn sent() -> SegmentCopy {
        SegmentCopy::original(End::B, &Segment { flags: Flags::FIN_ACK, seq: Seq(1), ack: Seq(1), len: 0 })
            .unwrap()
    }

    /// The ages of the copies, and which have the duplicate bit.
    fn ages(network: &Network) -> Vec<(u32, bool)> {
        network.copies().map(|copy| (copy.age(), copy.is_duplicate())).collect()
    }

    fn older(network: &mut Network) {
        *network = network.aged(100).unwrap();
    }

    fn oldest(network: &Network) -> SegmentCopy {
        network.copies().find(|copy| network.is_oldest(*copy)).unwrap()
    }

    /// Delivers the oldest copy, as the timed world does.
    fn deliver(network: &mut Network) {
        let oldest = oldest(network);
        assert!(network.remove(oldest));
        network.leave_in_set(oldest).unwrap();
    }

    #[test]
    fn the_oldest_original_and_the_youngest_copy_are_kept() {
        let mut network = Network::<u16>::empty();
        network.insert_in_set(sent()).unwrap();
        older(&mut network);
        network.insert_in_set(sent()).unwrap();
        assert_eq!(ages(&network), [(0, false), (1, false)]);
        assert!(!network.stands_for_others(oldest(&network)));
        for kept in [[(0, false), (2, true)], [(0, false), (3, true)]] {
            older(&mut network);
            network.insert_in_set(sent()).unwrap();
            assert_eq!(ages(&network), kept, "the one between is dropped");
            assert!(network.stands_for_others(oldest(&network)));
        }
        network.insert_in_set(sent()).unwrap();
        assert_eq!(ages(&network), [(0, false), (3, true)]);
        older(&mut network);
        deliver(&mut network);
        assert_eq!(ages(&network), [(1, false)], "the youngest is still to be delivered");
        deliver(&mut network);
        deliver(&mut network);
        assert_eq!(ages(&network), [(1, true)], "what was delivered stays, and may be again");
        assert!(!network.stands_for_others(oldest(&network)));
        network.insert_in_set(sent()).unwrap();
        assert_eq!(ages(&network), [(0, false)], "a duplicate of the younger will do");
    }
}
