//! A state of the timed world.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::end::PackedEnd;
use super::layout::{Layout, OneIncarnation, TwoIncarnations};
use super::timers::Timers;
use crate::model::network::Network;
use crate::model::observe::{End, Kind, Observe, Observed};
use crate::model::world_end::WorldEnd;
use crate::tcp::Endpoint;

/// A state of the timed world. If it has room for one connection, it lies in one line of a processor's cache: to
/// look at one is the exploration's most frequent wait.
#[derive(Clone, Copy)]
#[repr(align(64))]
pub struct WorldState<L: Layout = OneIncarnation> {
    pub(in crate::model) network: Network<L::Code>,
    pub(in crate::model) ends: [L::End; 2],
    pub(in crate::model) losses: u8,
    pub(in crate::model) duplicates: u8,
}

const _: () = assert!(size_of::<WorldState>() == 64, "a state of the timed world has outgrown its size");
const _: () = assert!(size_of::<WorldState<TwoIncarnations>>() == 128, "so has one with room for two connections");
const _: () = assert!(Network::CAPACITY == 4 * (8 - 3), "every copy counts when states are compared");
const _: () = assert!(Network::CAPACITY == 2 * (15 - 5), "every copy counts when states are compared");

impl<L: Layout> WorldState<L> {
    /// The timers of an end.
    #[must_use]
    pub fn timers(&self, end: End) -> Timers {
        self.world_end(end).1
    }

    /// All of it, in few words.
    fn words(&self) -> L::Words {
        // Taken apart by name, so that a new field cannot be forgotten: states are known by these words.
        let Self { network, ends, losses, duplicates } = self;
        L::words(network, ends, [*losses, *duplicates])
    }

    pub(in crate::model) fn end_ref(&self, end: End) -> &L::End {
        let [a, b] = &self.ends;
        match end {
            End::A => a,
            End::B => b,
        }
    }

    pub(in crate::model) fn end_mut(&mut self, end: End) -> &mut L::End {
        let [a, b] = &mut self.ends;
        match end {
            End::A => a,
            End::B => b,
        }
    }

    /// An end, and what its timers still run.
    #[must_use]
    pub fn world_end(&self, end: End) -> (WorldEnd, Timers) {
        self.end_ref(end).unpack()
    }

    /// An endpoint and what its timers still run.
    #[must_use]
    pub fn endpoint(&self, end: End) -> (Endpoint, Timers) {
        let (end, timers) = self.world_end(end);
        (end.endpoint, timers)
    }

    /// The copies in flight.
    #[must_use]
    pub fn network(&self) -> &Network<L::Code> {
        &self.network
    }
}

impl<L: Layout> fmt::Debug for WorldState<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let copies: Vec<String> = self.network.copies().map(|copy| copy.to_string()).collect();
        let [a, b] = End::BOTH.map(|end| self.endpoint(end));
        let (losses, duplicates) = (self.losses, self.duplicates);
        write!(f, "A: {a:?}, B: {b:?}, in flight: {copies:?}, losses: {losses}, duplicates: {duplicates}")
    }
}

impl<L: Layout> PartialEq for WorldState<L> {
    fn eq(&self, other: &Self) -> bool {
        let (ours, theirs) = (self.words(), other.words());
        let differences = ours.as_ref().iter().zip(theirs.as_ref()).map(|(one, other)| one ^ other);
        differences.fold(0, |all, difference| all | difference) == 0
    }
}

impl<L: Layout> Eq for WorldState<L> {}

impl<L: Layout> Hash for WorldState<L> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        for word in self.words().as_ref() {
            hasher.write_u64(*word);
        }
    }
}

impl<L: Layout> Observe for WorldState<L> {
    fn end(&self, end: End) -> Observed {
        self.end_ref(end).observed()
    }

    fn in_flight(&self, kind: Option<Kind>, to: End) -> u32 {
        self.network.count(kind, to)
    }

    fn in_flight_old(&self, kind: Option<Kind>, to: End) -> u32 {
        if L::OPENS { self.network.count_old(kind, to) } else { 0 }
    }

    fn losses(&self) -> u32 {
        u32::from(self.losses)
    }

    fn duplicates(&self) -> u32 {
        u32::from(self.duplicates)
    }
}
