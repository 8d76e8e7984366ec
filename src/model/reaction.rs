//! The cache of transitions: an end's reaction to an event.
//!
//! An exploration meets few different ends and few different events at them, again and again. What an end does
//! depends on nothing else: so its actor is asked once, and the answer kept.

use hashbrown::HashMap;

use super::limit::Limit;
use super::observe::End;
use super::packed::{Layout, OneIncarnation};
use super::segment_copy::SegmentCopy;
use crate::invariant::invariant;
use crate::tcp::{Call, Timer};

/// An event at an end, without its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndEvent {
    Call(Call),
    Timeout(Timer),
    /// Of the copy only the segment matters, and who has sent it.
    Arrival(SegmentCopy),
}

/// What becomes of an end, and the copy that it sends.
#[derive(Clone, Copy)]
pub(super) struct Reaction<E> {
    pub(super) end: E,
    pub(super) sent: Option<SegmentCopy>,
}

/// The reactions of both ends of one world, as far as they are known.
pub struct TransitionCache<L: Layout = OneIncarnation>(HashMap<(L::End, u32), Reaction<L::End>>);

impl<L: Layout> Default for TransitionCache<L> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<L: Layout> TransitionCache<L> {
    /// The reaction that is known, or that `react` finds.
    pub(super) fn get_or_insert_with(
        &mut self,
        end: End,
        before: L::End,
        event: EndEvent,
        react: impl FnOnce() -> Result<Reaction<L::End>, Limit>,
    ) -> Result<Reaction<L::End>, Limit> {
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

/// Different for different events at an end, and for different ends: a segment's code has lowest bits of 0 (in
/// place of the copy's age and of whether it is a duplicate), and those of calls and timers are not all 0.
fn code(end: End, event: EndEvent) -> u32 {
    let own = |number: u8| (end as u32) << 15 | (u32::from(number) + 1);
    match event {
        EndEvent::Arrival(copy) => copy.segment_code(),
        EndEvent::Call(call) => {
            let iss = if let Call::Connect(iss) = call { iss.0 } else { 0 };
            invariant!(iss < 1 << 16, "an initial number of a world is {iss}");
            own(call.number()) | iss << 16
        }
        EndEvent::Timeout(timer) => own(8 + timer as u8),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::model::opening::Incarnation;
    use crate::tcp::{Flags, Segment, Seq};

    #[test]
    fn different_events_have_different_codes() {
        let calls = [Call::Send, Call::Receive, Call::Shutdown, Call::Close, Call::Abort];
        let reset = |ack| if ack == 0 { Flags::RST } else { Flags::RST_ACK };
        let numbers = || 0..=SegmentCopy::MAX_NUMBER;
        let calls = || calls.into_iter().chain(numbers().map(|iss| Call::Connect(Seq(iss)))).map(EndEvent::Call);
        let mut codes = HashSet::new();
        for end in End::BOTH {
            for event in calls().chain(Timer::ALL.map(EndEvent::Timeout)) {
                assert!(codes.insert(code(end, event)));
            }
            for (seq, ack) in numbers().flat_map(|seq| numbers().map(move |ack| (seq, ack))) {
                let closing = [(Flags::ACK, 0), (Flags::ACK, 1), (Flags::FIN_ACK, 0), (reset(ack), 0)];
                for (flags, len) in closing.into_iter().chain([(Flags::SYN, 0), (Flags::SYN_ACK, 0)]) {
                    let segment = Segment { flags, seq: Seq(seq), ack: Seq(ack), len };
                    for of in [Incarnation::First, Incarnation::Second] {
                        let copy = SegmentCopy::original(end, &segment).unwrap().of(of);
                        assert!(codes.insert(code(end, EndEvent::Arrival(copy))), "{copy:?}");
                        let of_duplicate = code(end, EndEvent::Arrival(copy.duplicate()));
                        assert_eq!(code(end, EndEvent::Arrival(copy)), of_duplicate);
                    }
                }
            }
        }
        assert_eq!(codes.len(), 2 * (10 + 16 + 2 * 6 * 16 * 16));
    }
}
