//! What a state of whole ticks has room for.

use std::fmt;
use std::hash::Hash;

use super::closing_end::ClosingEnd;
use super::end::PackedEnd;
use super::reopening_end::ReopeningEnd;
use crate::model::network::{CopyCode, Network};

/// What a state of whole ticks has room for: one connection, or two, one after the other.
///
/// A world that opens nothing is the smaller for it, and its states are compared the faster.
pub trait Layout: Copy + Default + Eq + Hash + fmt::Debug + Send + Sync + 'static {
    /// What a copy in flight is kept as.
    type Code: CopyCode;
    /// What an end is kept as.
    type End: PackedEnd;
    /// A state in few words.
    type Words: AsRef<[u64]>;
    /// There is room for a second connection.
    const OPENS: bool;

    /// All of a state, its ends, losses and duplicates among it: states are compared and hashed again and again.
    fn words(network: &Network<Self::Code>, ends: &[Self::End; 2], spent: [u8; 2]) -> Self::Words;
}

/// The layout of a world that opens nothing: 64 bytes a state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct OneIncarnation;

/// The layout of a world that opens a second connection: 128 bytes a state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TwoIncarnations;

impl Layout for OneIncarnation {
    type Code = u16;
    type End = ClosingEnd;
    type Words = [u64; 8];
    const OPENS: bool = false;

    fn words(network: &Network, [a, b]: &[ClosingEnd; 2], [losses, duplicates]: [u8; 2]) -> [u64; 8] {
        let ((a_first, a_last), (b_first, b_last)) = (a.words(), b.words());
        let rest = u64::from(a_last)
            | u64::from(b_last) << 16
            | u64::from(losses) << 32
            | u64::from(duplicates) << 40
            | u64::from(network.in_flight) << 48;
        let mut words = [a_first, b_first, rest, 0, 0, 0, 0, 0];
        let [_, _, _, of_copies @ ..] = &mut words;
        for (word, four) in of_copies.iter_mut().zip(network.codes.as_chunks().0) {
            let [one, two, three, four] = four.map(u64::from);
            *word = one | two << 16 | three << 32 | four << 48;
        }
        words
    }
}

impl Layout for TwoIncarnations {
    type Code = u32;
    type End = ReopeningEnd;
    type Words = [u64; 15];
    const OPENS: bool = true;

    fn words(network: &Network<u32>, [a, b]: &[ReopeningEnd; 2], [losses, duplicates]: [u8; 2]) -> [u64; 15] {
        let (([a_first, a_second], a_last), ([b_first, b_second], b_last)) = (a.words(), b.words());
        let rest = u64::from(a_last)
            | u64::from(b_last) << 8
            | u64::from(losses) << 16
            | u64::from(duplicates) << 24
            | u64::from(network.in_flight) << 32;
        let mut words = [a_first, a_second, b_first, b_second, rest, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let [_, _, _, _, _, of_copies @ ..] = &mut words;
        for (word, two) in of_copies.iter_mut().zip(network.codes.as_chunks().0) {
            let [one, two] = two.map(u64::from);
            *word = one | two << 32;
        }
        words
    }
}
