//! A state of the timed world in 64 bytes.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::end::PackedEnd;
use super::timers::Timers;
use crate::model::network::{Network, SegmentCopy};
use crate::model::observe::{End, Kind, Observe, Observed};
use crate::tcp::Endpoint;

/// A state of the timed world. It lies in one line of a processor's cache: to look at one is the exploration's
/// most frequent wait.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub struct WorldState {
    pub(in crate::model) network: Network,
    pub(in crate::model) ends: [PackedEnd; 2],
    pub(in crate::model) losses: u8,
    pub(in crate::model) duplicates: u8,
}

fn four_copies([one, two, three, four]: [SegmentCopy; 4]) -> u64 {
    let [one, two, three, four] = [one, two, three, four].map(|copy| u64::from(copy.code()));
    one | two << 16 | three << 32 | four << 48
}

/// How large a state may be, in bytes.
const SIZE: usize = 64;
const _: () = assert!(size_of::<WorldState>() <= SIZE, "a state of the timed world has outgrown its size");
const _: () = assert!(Network::CAPACITY == 4 * (SIZE / 8 - 3), "every copy counts when states are compared");

impl WorldState {
    /// The timers of an end.
    #[must_use]
    pub fn timers(&self, end: End) -> Timers {
        self.end_ref(end).timers()
    }

    pub(in crate::model) fn end_ref(&self, end: End) -> &PackedEnd {
        let [a, b] = &self.ends;
        match end {
            End::A => a,
            End::B => b,
        }
    }

    pub(in crate::model) fn end_mut(&mut self, end: End) -> &mut PackedEnd {
        let [a, b] = &mut self.ends;
        match end {
            End::A => a,
            End::B => b,
        }
    }

    /// All of it, in few words: states are compared and hashed again and again.
    fn words(&self) -> [u64; SIZE / 8] {
        // Taken apart by name, so that a new field cannot be forgotten: states are known by these words.
        let Self { network: Network { copies, in_flight }, ends: [a, b], losses, duplicates } = self;
        let ((a_first, a_last), (b_first, b_last)) = (a.words(), b.words());
        let rest = u64::from(a_last)
            | u64::from(b_last) << 16
            | u64::from(*losses) << 32
            | u64::from(*duplicates) << 40
            | u64::from(*in_flight) << 48;
        let mut words = [a_first, b_first, rest, 0, 0, 0, 0, 0];
        let [_, _, _, of_copies @ ..] = &mut words;
        for (word, four) in of_copies.iter_mut().zip(copies.as_chunks().0) {
            *word = four_copies(*four);
        }
        words
    }

    /// An endpoint and what its timers still run.
    #[must_use]
    pub fn endpoint(&self, end: End) -> (Endpoint, Timers) {
        self.end_ref(end).unpack()
    }

    /// The copies in flight.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }
}

impl fmt::Debug for WorldState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let copies: Vec<String> = self.network.copies().iter().map(ToString::to_string).collect();
        let [a, b] = End::BOTH.map(|end| self.endpoint(end));
        let (losses, duplicates) = (self.losses, self.duplicates);
        write!(f, "A: {a:?}, B: {b:?}, in flight: {copies:?}, losses: {losses}, duplicates: {duplicates}")
    }
}

impl PartialEq for WorldState {
    fn eq(&self, other: &Self) -> bool {
        let differences = self.words().into_iter().zip(other.words()).map(|(one, other)| one ^ other);
        differences.fold(0, |all, difference| all | difference) == 0
    }
}

impl Eq for WorldState {}

impl Hash for WorldState {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        for word in self.words() {
            hasher.write_u64(word);
        }
    }
}

impl Observe for WorldState {
    fn end(&self, end: End) -> Observed {
        self.end_ref(end).observed()
    }

    fn in_flight(&self, kind: Option<Kind>, to: End) -> u32 {
        self.network.count(kind, to)
    }

    fn losses(&self) -> u32 {
        u32::from(self.losses)
    }

    fn duplicates(&self) -> u32 {
        u32::from(self.duplicates)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tcp::{Flags, Segment, Seq};

    /// Two different states that hash alike would be one state to stateright.
    #[test]
    fn every_field_counts_in_the_hash() {
        use std::collections::HashSet;
        use std::hash::{BuildHasher, RandomState};

        let end = PackedEnd::pack(&Endpoint::established(), &Timers::default()).unwrap();
        let base = WorldState { network: Network::EMPTY, ends: [end; 2], losses: 0, duplicates: 0 };
        let segment = Segment { flags: Flags::ACK, seq: Seq(9), ack: Seq(9), len: 0 };
        let mut states = vec![base];
        for end in End::BOTH {
            for changed in PackedEnd::with_each_field_changed() {
                let mut state = base;
                *state.end_mut(end) = changed;
                states.push(state);
            }
        }
        for copies in 1..=Network::CAPACITY {
            let mut state = base;
            for _ in 0..copies {
                state.network.insert(SegmentCopy::original(End::A, &segment).unwrap()).unwrap();
            }
            states.push(state);
        }
        states.push(WorldState { losses: 1, ..base });
        states.push(WorldState { duplicates: 1, ..base });
        let state_hasher = RandomState::new();
        let hashes: HashSet<u64> = states.iter().map(|state| state_hasher.hash_one(state)).collect();
        assert_eq!(hashes.len(), 1 + 20 + Network::CAPACITY + 2);
    }
}
