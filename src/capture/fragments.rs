//! Fragments of IP packets, put together as far as is needed: RFC 791 §3.2, RFC 8200 §4.5.
//!
//! TCP's header and the length of its text are all that is wanted of a packet. So the beginning of its payload is
//! kept, and of the rest only which octets have come: fragments that were captured in part are as good as whole
//! ones, and no packet takes more memory than another.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use etherparse::IpNumber;

use super::encapsulation::Encapsulation;

/// The octets of a payload that are kept: headers of tunnels, and TCP's.
const KEPT: usize = 512;
/// The most packets that wait for a fragment. RFC 8200 lets them wait for 60 s; here the oldest makes room.
const MOST_WAITING: usize = 256;
/// The most gaps in one packet.
const MOST_GAPS: usize = 64;

/// The identity of a packet whose fragments these are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) from: IpAddr,
    pub(super) to: IpAddr,
    /// Other networks have the same addresses.
    pub(super) inside: Encapsulation,
    pub(super) identification: u32,
    /// In IPv6 only the first fragment has its type.
    pub(super) protocol: Option<IpNumber>,
}

/// One fragment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment<'a> {
    /// Where in the payload it begins, in octets.
    pub(super) offset: usize,
    /// How long it was, captured or not.
    pub(super) length: usize,
    /// It is not the last.
    pub(super) more: bool,
    /// The type of the payload, according to this fragment.
    pub(super) protocol: IpNumber,
    /// Its captured octets.
    pub(super) data: &'a [u8],
}

/// A payload that is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Whole {
    pub(super) protocol: IpNumber,
    /// The beginning of it, without what was not captured.
    pub(super) start: Vec<u8>,
    pub(super) length: usize,
}

/// A packet that waits for fragments.
#[derive(Debug, Default)]
struct Waiting {
    start: Vec<u8>,
    /// What was captured of the beginning, and all that has come: half-open ranges in order, with gaps between
    /// them.
    captured: Ranges,
    come: Ranges,
    length: Option<usize>,
    protocol: Option<IpNumber>,
    fragments: u64,
}

/// Packets that wait for fragments, a bounded number of them.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    waiting: HashMap<Key, Waiting>,
    order: VecDeque<Key>,
    /// How many fragments lack others so far.
    lacking: u64,
}

impl Fragments {
    /// How many fragments are of packets that could not be put together.
    pub(super) fn lacking(&self) -> u64 {
        self.lacking
    }

    /// Takes in a fragment; the payload, if it is the last that was missing.
    pub(super) fn add(&mut self, key: &Key, fragment: &Fragment<'_>) -> Option<Whole> {
        if !self.waiting.contains_key(key) {
            if self.waiting.len() >= MOST_WAITING
                && let Some(oldest) = self.order.pop_front()
            {
                self.waiting.remove(&oldest);
            }
            self.order.push_back(key.clone());
        }
        self.lacking += 1;
        let waiting = self.waiting.entry(key.clone()).or_default();
        waiting.add(fragment);
        let length = waiting.length.filter(|length| waiting.come.has(*length))?;
        let mut waiting = self.waiting.remove(key)?;
        self.order.retain(|known| known != key);
        self.lacking = self.lacking.saturating_sub(waiting.fragments);
        waiting.start.truncate(waiting.captured.beginning());
        Some(Whole { protocol: waiting.protocol?, start: waiting.start, length })
    }
}

impl Waiting {
    /// Where fragments overlap, what came first counts.
    fn add(&mut self, fragment: &Fragment<'_>) {
        let &Fragment { offset, length, more, protocol, data } = fragment;
        let end = offset.saturating_add(length);
        self.fragments += 1;
        if offset == 0 {
            self.protocol = Some(protocol);
        }
        if !more {
            self.length.get_or_insert(end);
        }
        let kept_end = offset.saturating_add(data.len()).min(end).min(KEPT);
        if offset < kept_end {
            if self.start.len() < kept_end {
                self.start.resize(kept_end, 0);
            }
            let fresh = self.start.iter_mut().zip(0..).zip(offset_data(offset, data));
            for ((octet, at), new) in fresh {
                if let Some(new) = new
                    && !self.captured.contains(at)
                {
                    *octet = new;
                }
            }
            self.captured.add(offset, kept_end);
        }
        self.come.add(offset, end);
    }
}

/// For each octet of a payload, its value in a fragment at `offset`.
fn offset_data(offset: usize, data: &[u8]) -> impl Iterator<Item = Option<u8>> {
    std::iter::repeat_n(None, offset).chain(data.iter().copied().map(Some))
}

/// Half-open ranges in order that do not touch each other.
#[derive(Debug, Default)]
struct Ranges(Vec<(usize, usize)>);

impl Ranges {
    fn add(&mut self, start: usize, end: usize) {
        let (mut start, mut end) = (start, end);
        self.0.retain(|&(from, to)| {
            let touches = from <= end && start <= to;
            if touches {
                (start, end) = (start.min(from), end.max(to));
            }
            !touches
        });
        if self.0.len() < MOST_GAPS {
            let at = self.0.partition_point(|(from, _)| *from < start);
            self.0.insert(at, (start, end));
        }
    }

    fn contains(&self, at: usize) -> bool {
        self.0.iter().any(|(from, to)| (*from..*to).contains(&at))
    }

    /// Up to where everything from 0 on is there.
    fn beginning(&self) -> usize {
        self.0.first().filter(|(from, _)| *from == 0).map_or(0, |(_, to)| *to)
    }

    fn has(&self, length: usize) -> bool {
        self.beginning() >= length
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use etherparse::ip_number;
    use proptest::prelude::*;

    use super::*;

    fn key(identification: u32) -> Key {
        let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        Key {
            from: address,
            to: address,
            inside: Encapsulation::default(),
            identification,
            protocol: Some(ip_number::TCP),
        }
    }

    fn fragment(data: &[u8], offset: usize, more: bool) -> Fragment<'_> {
        Fragment { offset, length: data.len(), more, protocol: ip_number::TCP, data }
    }

    proptest! {
        /// Whatever the order, however often, however they overlap: the payload is put together once all of it has
        /// come.
        #[test]
        fn a_payload_is_put_together(
            pieces in prop::collection::vec((0usize..900, 1usize..400), 0..20),
            order in any::<prop::sample::Index>(),
        ) {
            let payload: Vec<u8> = (0..1000u32).map(|at| at.to_le_bytes()[0]).collect();
            let mut all: Vec<(usize, usize)> = pieces.iter().map(|(from, len)| (*from, (from + len).min(999))).collect();
            let last = order.index(all.len() + 1);
            all.insert(last, (500, 1000));
            let mut fragments = Fragments::default();
            let mut come = vec![false; 1000];
            for (from, to) in all {
                come[from..to].iter_mut().for_each(|octet| *octet = true);
                let whole = fragments.add(&key(1), &fragment(&payload[from..to], from, to < 1000));
                // The end is known when the last fragment has come.
                let is_complete = come.iter().all(|octet| *octet);
                prop_assert_eq!(whole.is_some(), is_complete);
                if let Some(whole) = whole {
                    prop_assert_eq!(whole.length, 1000);
                    prop_assert_eq!(&whole.start[..], &payload[..KEPT]);
                    break;
                }
            }
        }
    }

    #[test]
    fn packets_that_wait_are_bounded() {
        let mut fragments = Fragments::default();
        for identification in 0..10_000 {
            assert_eq!(fragments.add(&key(identification), &fragment(&[1; 8], 0, true)), None);
        }
        assert_eq!((fragments.waiting.len(), fragments.order.len()), (MOST_WAITING, MOST_WAITING));
        assert!(fragments.add(&key(9_999), &fragment(&[2; 8], 8, false)).is_some());
        assert_eq!(fragments.add(&key(1), &fragment(&[2; 8], 8, false)), None, "its beginning has made room");
    }

    /// RFC 1858, RFC 3128: what overlaps does not change what was there.
    #[test]
    fn what_came_first_counts() {
        let mut fragments = Fragments::default();
        fragments.add(&key(1), &fragment(&[1; 16], 0, true));
        let whole = fragments.add(&key(1), &fragment(&[2; 16], 8, false)).unwrap();
        assert_eq!(whole.start, [[1; 8], [1; 8], [2; 8]].concat());
    }
}
