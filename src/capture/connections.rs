//! The packets of a capture, sorted by the two ends that they are between, and by the tags and tunnels around
//! them.
//!
//! Two networks may have the same addresses: in two VLANs or tunnels they are two connections. But the two
//! directions of one connection may come in different tags or tunnels, as the labels of MPLS and the identifiers
//! of GTP-U always do, or in a tag and in none; and a connection may be moved from one tunnel to another. So the
//! tags and tunnels around an end's packets separate connections only where their numbers do not fit, or where
//! both show the same packets.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::Arc;

use super::captured_packet::Side;
use super::connection::{Captured, Connection, MOST_OLD_COPIES, OldAnswer};
use super::encapsulation::Encapsulation;
use crate::tcp::Flags;

/// The most packets of all connections together that are kept.
const MOST_PACKETS_IN_ALL: usize = 1 << 21;
/// The most connections, and the most different encapsulations.
const MOST_CONNECTIONS: usize = 1 << 16;
/// The most lanes between the same two ends.
const MOST_LANES: usize = 64;
/// The most encapsulations of one direction of a lane that are kept: the last ones.
const MOST_WAYS: usize = 16;

/// The connections of a capture, in the order of their first packets.
#[derive(Clone, Debug, Default)]
pub struct Connections {
    /// The connections.
    pub all: Vec<Connection>,
    /// The number of the first packet that belongs to a connection too many.
    pub not_followed: Option<u64>,
    kept: usize,
    /// The connections between two ends, the lesser address first.
    lanes: HashMap<[SocketAddr; 2], Vec<Lane>>,
    /// Every encapsulation, once.
    encapsulations: HashSet<Arc<Encapsulation>>,
}

/// The connections between two ends, one after the other, whose packets come in the same tags and tunnels.
#[derive(Clone, Debug)]
struct Lane {
    /// What packets of the lesser address are inside of, and those of the other.
    ways: [Vec<Arc<Encapsulation>>; 2],
    /// Which connection there is now.
    current: usize,
    /// Which there was before.
    previous: Option<usize>,
}

impl Lane {
    fn has(&self, direction: usize, inside: &Arc<Encapsulation>) -> bool {
        self.ways.get(direction).is_some_and(|ways| ways.iter().any(|way| Arc::ptr_eq(way, inside)))
    }

    /// Nothing has come in this direction.
    fn is_silent(&self, direction: usize) -> bool {
        self.ways.get(direction).is_none_or(Vec::is_empty)
    }

    fn add(&mut self, direction: usize, inside: &Arc<Encapsulation>) {
        if self.has(direction, inside) {
            return;
        }
        if let Some(ways) = self.ways.get_mut(direction) {
            if ways.len() >= MOST_WAYS {
                ways.remove(0);
            }
            ways.push(Arc::clone(inside));
        }
    }
}

impl Connections {
    /// Takes in a segment.
    pub fn add(&mut self, captured: &Captured) {
        let Captured { number, from, to, .. } = *captured;
        let Some(inside) = self.encapsulation(&captured.inside) else {
            self.not_followed.get_or_insert(number);
            return;
        };
        let key = if from <= to { [from, to] } else { [to, from] };
        let direction = usize::from(from > to);
        let lanes = self.lanes.get(&key).map_or(&[][..], Vec::as_slice);
        let (place, many) = (self.lane_of(lanes, direction, &inside, captured), lanes.len() >= MOST_LANES);
        let known = place.and_then(|place| lanes.get(place)).map(|lane| (lane.current, lane.previous));
        let added = match known {
            Some((current, previous)) => self.add_to(current, previous, captured),
            None if many => None,
            None => self.begin(captured).map(|current| (current, None)),
        };
        let Some((current, previous)) = added else {
            self.not_followed.get_or_insert(number);
            return;
        };
        if let Some(connection) = self.all.get_mut(current) {
            let way = connection.side_of(from).of_mut(&mut connection.inside);
            way.get_or_insert_with(|| Arc::clone(&inside));
        }
        let lanes = self.lanes.entry(key).or_default();
        if let Some(lane) = place.and_then(|place| lanes.get_mut(place)) {
            (lane.current, lane.previous) = (current, previous);
            lane.add(direction, &inside);
        } else {
            let mut lane = Lane { ways: [Vec::new(), Vec::new()], current, previous };
            lane.add(direction, &inside);
            lanes.push(lane);
        }
    }

    /// Every connection, after the last segment.
    #[must_use]
    pub fn finish(self) -> Vec<Connection> {
        let Self { mut all, lanes, .. } = self;
        for connection in &mut all {
            let [from, to] = connection.ends;
            let key = if from <= to { [from, to] } else { [to, from] };
            connection.namesakes = lanes.get(&key).map_or(0, |lanes| lanes.len().saturating_sub(1));
        }
        all
    }

    /// What is kept once of equal encapsulations; none if there are too many.
    fn encapsulation(&mut self, inside: &Encapsulation) -> Option<Arc<Encapsulation>> {
        if let Some(known) = self.encapsulations.get(inside) {
            return Some(Arc::clone(known));
        }
        if self.encapsulations.len() >= MOST_CONNECTIONS {
            return None;
        }
        let inside = Arc::new(inside.clone());
        self.encapsulations.insert(Arc::clone(&inside));
        Some(inside)
    }

    /// Which of the lanes between two ends a segment is in; none if it is in a new one.
    fn lane_of(
        &self,
        lanes: &[Lane],
        direction: usize,
        inside: &Arc<Encapsulation>,
        captured: &Captured,
    ) -> Option<usize> {
        let fits = |lane: &Lane| {
            let connection = self.all.get(lane.current);
            connection.is_some_and(|connection| {
                connection.goes_on_with(&captured.packet(connection.side_of(captured.from)))
            })
        };
        let other = 1 - direction;
        let exact = lanes.iter().position(|lane| lane.has(direction, inside));
        if let Some(exact) = exact {
            // The answers may have come before it showed whose they are.
            let is_one_sided = lanes.len() > 1 && lanes.get(exact).is_some_and(|lane| lane.is_silent(other));
            let answered = |lane: &Lane| lane.is_silent(direction) && fits(lane);
            return lanes.iter().position(|lane| is_one_sided && answered(lane)).or(Some(exact));
        }
        let is_symmetric = |lane: &Lane| lane.has(other, inside) && lane.is_silent(direction);
        let symmetric = || lanes.iter().position(is_symmetric);
        let fitting = || lanes.iter().position(|lane| is_symmetric(lane) && fits(lane));
        fitting().or_else(|| lanes.iter().position(fits)).or_else(symmetric)
    }

    /// Takes in a segment of a lane with this connection, and the one before it; which they are then. None if it
    /// begins one connection too many.
    fn add_to(
        &mut self,
        current: usize,
        before: Option<usize>,
        captured: &Captured,
    ) -> Option<(usize, Option<usize>)> {
        let is_foreign =
            |connection: &Connection| connection.is_foreign(&captured.packet(connection.side_of(captured.from)));
        // A SYN to an end that has an old connection on these ports: the challenge ACK has the old numbers, and is
        // reset.
        let old = before.filter(|_| self.all.get(current).is_some_and(is_foreign));
        if let Some(old) = old {
            self.note_old_answer(current, old, captured);
        }
        let is_copy = self.note_old_copy(current, before, captured);
        if is_copy && old.is_none() && !self.fits(current, captured) {
            return Some((current, before));
        }
        let index = old.unwrap_or(current);
        let connection = self.all.get_mut(index)?;
        let packet = captured.packet(connection.side_of(captured.from));
        if !connection.is_over_with(&packet) {
            self.kept += usize::from(connection.add(packet, self.kept < MOST_PACKETS_IN_ALL));
            return Some((current, before));
        }
        connection.anew = Some((packet.from, captured.number));
        // An attempt that came to nothing does not hide the connection before it.
        let previous = if connection.is_established() { Some(index) } else { before.or(Some(index)) };
        let current = self.begin(captured)?;
        if let Some(connection) = self.all.get_mut(current) {
            connection.previous = previous;
        }
        Some((current, previous))
    }

    /// The connection that begins with a segment; none if there are too many.
    fn begin(&mut self, captured: &Captured) -> Option<usize> {
        if self.all.len() >= MOST_CONNECTIONS {
            return None;
        }
        let packet = captured.packet(Side::First);
        let mut connection = Connection::new([captured.from, captured.to], &packet);
        self.kept += usize::from(connection.add(packet, self.kept < MOST_PACKETS_IN_ALL));
        self.all.push(connection);
        Some(self.all.len() - 1)
    }

    /// An older connection has answered the SYN of the current one.
    fn note_old_answer(&mut self, current: usize, old: usize, captured: &Captured) {
        let Some(old) = self.all.get(old) else { return };
        let state = old.state_by_fins(old.side_of(captured.from));
        let is_answer = captured.segment.flags == Flags::ACK;
        if let Some(connection) = self.all.get_mut(current)
            && is_answer
            && connection.ends.first() == Some(&captured.to)
        {
            connection.old_answer.get_or_insert(OldAnswer { number: captured.number, state });
        }
    }
}

impl Connections {
    /// A segment of the connection before is captured again, or late; true if it is one.
    fn note_old_copy(&mut self, current: usize, before: Option<usize>, captured: &Captured) -> bool {
        let (Some(connection), Some(old)) = (self.all.get(current), before.and_then(|old| self.all.get(old)))
        else {
            return false;
        };
        let [in_old, in_current] = [old, connection].map(|one| captured.packet(one.side_of(captured.from)));
        let is_copy = old.has_copy(&in_old, connection, &in_current);
        if is_copy
            && let Some(connection) = self.all.get_mut(current)
            && connection.old_copies.len() < MOST_OLD_COPIES
        {
            connection.old_copies.push(captured.number);
        }
        is_copy
    }

    /// By its numbers, the segment may be of this connection.
    fn fits(&self, index: usize, captured: &Captured) -> bool {
        let connection = self.all.get(index);
        connection.is_some_and(|connection| {
            !captured.segment.flags.syn
                && connection.has_numbers_of(&captured.packet(connection.side_of(captured.from)))
        })
    }
}
