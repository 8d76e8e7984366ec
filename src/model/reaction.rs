//! The cache of transitions: an end's reaction to an event.
//!
//! An exploration meets few different ends and few different events at them, again and again. What an end does
//! depends on nothing else: so its actor is asked once, and the answer kept.

use hashbrown::HashMap;

use super::limit::Limit;
use super::network::SegmentCopy;
use super::observe::End;
use super::packed::PackedEnd;
use crate::tcp::{Call, Timer};

/// An event at an end, without its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndEvent {
    Call(Call),
    Timeout(Timer),
    /// Of the copy only the segment matters.
    Arrival(SegmentCopy),
}

/// What becomes of an end, and the copy that it sends.
#[derive(Clone, Copy)]
pub(super) struct Reaction {
    pub(super) end: PackedEnd,
    pub(super) sent: Option<SegmentCopy>,
}

/// The reactions of both ends of one world, as far as they are known.
#[derive(Default)]
pub struct TransitionCache(HashMap<(PackedEnd, u16), Reaction>);

impl TransitionCache {
    /// The reaction that is known, or that `react` finds.
    pub(super) fn get_or_insert_with(
        &mut self,
        end: End,
        before: PackedEnd,
        event: EndEvent,
        react: impl FnOnce() -> Result<Reaction, Limit>,
    ) -> Result<Reaction, Limit> {
        let key = (before, code(end, event));
        if let Some(known) = self.0.get(&key) {
            return Ok(*known);
        }
        let reaction = react()?;
        self.0.insert(key, reaction);
        Ok(reaction)
    }

    /// How much memory they take, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.allocation_size()
    }
}

/// Different for different events at an end, and for different ends: a segment's code leaves its lowest five bits
/// to the copy's age and kind.
fn code(end: End, event: EndEvent) -> u16 {
    let own = |number: u8| (end as u16) << 15 | (u16::from(number) + 1);
    match event {
        EndEvent::Arrival(copy) => copy.segment_code(),
        EndEvent::Call(call) => own(match call {
            Call::Send => 0,
            Call::Receive => 1,
            Call::Shutdown => 2,
            Call::Close => 3,
            Call::Abort => 4,
            Call::Connect(_) => 5,
        }),
        EndEvent::Timeout(timer) => own(8 + timer as u8),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::tcp::{Flags, Segment, Seq};

    #[test]
    fn different_events_have_different_codes() {
        let calls = [Call::Send, Call::Receive, Call::Shutdown, Call::Close, Call::Abort].map(EndEvent::Call);
        let reset = |ack| if ack == 0 { Flags::RST } else { Flags::RST_ACK };
        let numbers = || 0..=SegmentCopy::MAX_NUMBER;
        let mut codes = HashSet::new();
        for end in End::BOTH {
            for event in calls.into_iter().chain(Timer::ALL.map(EndEvent::Timeout)) {
                assert!(codes.insert(code(end, event)));
            }
            for (seq, ack) in numbers().flat_map(|seq| numbers().map(move |ack| (seq, ack))) {
                for (flags, len) in [(Flags::ACK, 0), (Flags::ACK, 1), (Flags::FIN_ACK, 0), (reset(ack), 0)] {
                    let copy =
                        SegmentCopy::original(end, &Segment { flags, seq: Seq(seq), ack: Seq(ack), len }).unwrap();
                    assert!(codes.insert(code(end, EndEvent::Arrival(copy))), "{copy:?}");
                    assert_eq!(code(end, EndEvent::Arrival(copy)), code(end, EndEvent::Arrival(copy.duplicate())));
                }
            }
        }
        assert_eq!(codes.len(), 2 * (9 + 4 * 16 * 16));
    }
}
