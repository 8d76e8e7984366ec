use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use super::end::PackedEnd;
use super::layout::{Layout, OneIncarnation, TwoIncarnations};
use super::timers::Timers;
use super::world::WorldState;
use crate::model::network::Network;
use crate::model::observe::End;
use crate::model::opening::Incarnation;
use crate::model::segment_copy::SegmentCopy;
use crate::model::world_end::{OldCopies, WorldEnd};
use crate::tcp::{Endpoint, Flags, Segment, Seq};

/// Two different states that hash alike would be one state to stateright. `changed`: an end in ESTABLISHED, once
/// with a bit of each field turned.
fn every_field_counts_in_the_hash<L: Layout>(copy: SegmentCopy, changed: &[L::End]) {
    let endpoint = Endpoint::established();
    let end = WorldEnd { endpoint, incarnation: Incarnation::First, old: OldCopies::default() };
    let end = L::End::pack(&end, &Timers::default()).unwrap();
    let base = WorldState::<L> { network: Network::empty(), ends: [end; 2], losses: 0, duplicates: 0 };
    let mut states = vec![base];
    for end in End::BOTH {
        for changed in changed {
            let mut state = base;
            *state.end_mut(end) = *changed;
            states.push(state);
        }
    }
    for copies in 1..=Network::CAPACITY {
        let mut state = base;
        for _ in 0..copies {
            state.network.insert(copy).unwrap();
        }
        states.push(state);
    }
    states.push(WorldState { losses: 1, ..base });
    states.push(WorldState { duplicates: 1, ..base });
    let state_hasher = RandomState::new();
    let hashes: HashSet<u64> = states.iter().map(|state| state_hasher.hash_one(state)).collect();
    assert_eq!(hashes.len(), 1 + 2 * changed.len() + Network::CAPACITY + 2);
    for (place, state) in states.iter().enumerate() {
        assert_eq!(states.iter().position(|other| other == state), Some(place));
    }
}

#[test]
fn every_field_of_a_state_counts() {
    let segment = Segment { flags: Flags::ACK, seq: Seq(9), ack: Seq(9), len: 0 };
    let copy = SegmentCopy::original(End::A, &segment).unwrap();
    every_field_counts_in_the_hash::<OneIncarnation>(
        copy,
        &super::closing_end::ClosingEnd::with_each_field_changed(),
    );
    every_field_counts_in_the_hash::<TwoIncarnations>(
        copy.of(Incarnation::Second),
        &super::reopening_end::ReopeningEnd::with_each_field_changed(),
    );
}
