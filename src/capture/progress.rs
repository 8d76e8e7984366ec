//! What an end has sent and waits for, kept while packets are read: the packets of the closing phase do not show
//! how long it has waited.

use super::captured_packet::{Packet, Side};
use crate::tcp::{Segment, Seq};

/// No end sends the same segment again as soon as this, in nanoseconds: the network or the capture has doubled it.
/// RFC 6298 §2.4 wants a second, and stacks leave it at 30 ms at least.
pub(super) const DOUBLED: i64 = 1_000_000;
/// A hop limit that differs by more than this from those of an end's other packets is not that of another way.
const HOPS_BETWEEN_WAYS: u8 = 2;
/// So many identifications in a row, each soon after the other, are those of a counter.
const FEWEST_OF_COUNTER: u32 = 3;
/// The most that a counter of identifications moves between two packets of one connection.
const STEP_OF_COUNTER: u16 = 1 << 10;

/// A segment that is sent again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeated {
    /// Its first number.
    pub seq: Seq,
    /// Octets of text in it, the most that one copy had. 0: a FIN alone, or a keep-alive without text.
    pub len: u32,
    /// How often it was sent.
    pub times: u32,
    /// The number and the time, in nanoseconds since 1970, of the first packet that carried it.
    pub first: (u64, i64),
    /// The number and the time of the last.
    pub last: (u64, i64),
}

impl Repeated {
    fn new(packet: &Packet) -> Self {
        let Segment { seq, len, .. } = packet.segment;
        let place = (packet.number, packet.time);
        Self { seq, len, times: 1, first: place, last: place }
    }

    fn again(&mut self, packet: &Packet) {
        if packet.time.saturating_sub(self.last.1).abs() >= DOUBLED {
            self.times += 1;
        }
        self.len = self.len.max(packet.segment.len);
        self.last = (packet.number, packet.time);
    }

    /// How long it has been sent again, in nanoseconds.
    #[must_use]
    pub fn lasts(&self) -> i64 {
        self.last.1.saturating_sub(self.first.1).max(0)
    }
}

/// How far an end has come, and what it waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The number after all that it has sent.
    pub next: Option<Seq>,
    /// The latest of its numbers that the other end has acknowledged.
    pub acknowledged: Option<Seq>,
    /// The first of its unacknowledged segments.
    pub unacknowledged: Option<Repeated>,
    /// Packets of the other end since then.
    pub heard: u32,
    /// Keep-alives since the other end's last packet.
    pub keep_alives: Option<Repeated>,
    /// The longest text that it has sent at once, in octets.
    pub longest: u32,
    /// The longest that is acknowledged.
    pub longest_acknowledged: u32,
    /// It offers no window, from this packet and time on.
    pub closed_window: Option<(u64, i64)>,
    /// Probes of the other end's closed window, while that is closed.
    pub probes: u32,
    /// The least and the greatest hop limit of its packets, without resets.
    hop_limits: Option<(u8, u8)>,
    /// The identification of its last IP packet, and how many have followed soon after each other.
    identification: Option<(u16, u32)>,
}

/// The evidence that a reset is not from the end that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Forged {
    /// Its hop limit is not that of the end's other packets, of which this is the greatest.
    HopLimit {
        /// The reset's.
        is: u8,
        /// The other packets'.
        usual: u8,
    },
    /// The end counts its IP packets, and the reset's number is not among the next.
    Identification {
        /// The reset's.
        is: u16,
        /// That of the packet before.
        last: u16,
    },
    /// The end goes on with this packet as if nothing had been.
    GoesOn {
        /// Its number in the file.
        number: u64,
    },
}

impl Progress {
    /// It has sent this.
    pub(super) fn send(&mut self, packet: &Packet) {
        let Segment { flags, seq, len, .. } = packet.segment;
        if flags.rst {
            return;
        }
        self.count(packet);
        if packet.window > 0 {
            self.closed_window = None;
        } else {
            self.closed_window.get_or_insert((packet.number, packet.time));
        }
        let end = seq + packet.segment.sequence_length();
        let is_acknowledged = self.acknowledged.is_some_and(|acknowledged| !acknowledged.precedes(end));
        // RFC 9293 §3.8.4: a keep-alive repeats at most the last octet, which is acknowledged already.
        if len <= 1 && !flags.fin && !flags.syn && self.next == Some(seq + 1) && self.acknowledged == self.next {
            match &mut self.keep_alives {
                Some(known) => known.again(packet),
                None => self.keep_alives = Some(Repeated::new(packet)),
            }
        }
        self.next = Some(self.next.map_or(end, |next| next.max(end)));
        self.longest = self.longest.max(len);
        if end == seq || is_acknowledged {
            return;
        }
        match &mut self.unacknowledged {
            Some(known) if known.seq == seq => known.again(packet),
            Some(known) if known.seq.precedes(seq) => {}
            _ => {
                self.unacknowledged = Some(Repeated::new(packet));
                self.heard = 0;
            }
        }
    }

    /// The other end has sent this.
    pub(super) fn hear(&mut self, packet: &Packet) {
        let Segment { flags, ack, .. } = packet.segment;
        if flags.rst {
            return;
        }
        self.keep_alives = None;
        self.heard = self.heard.saturating_add(1);
        if !flags.ack {
            return;
        }
        let acknowledged = self.acknowledged.map_or(ack, |known| known.max(ack));
        self.acknowledged = Some(acknowledged);
        if self.next == Some(acknowledged) {
            self.longest_acknowledged = self.longest;
        }
        if self.unacknowledged.is_some_and(|known| known.seq.precedes(acknowledged)) {
            self.unacknowledged = None;
        }
    }

    /// RFC 9293 §3.8.6.1: it may have probed a window that the other end keeps closed.
    pub(super) fn ask(&mut self, packet: &Packet, is_closed: bool) {
        let Segment { flags, seq, len, .. } = packet.segment;
        let is_probe = len <= 1 && !flags.rst && (len == 1 || self.next == Some(seq + 1));
        self.probes = if is_closed { self.probes + u32::from(is_probe) } else { 0 };
    }

    /// Notes the marks by which an end's packets differ from forged ones.
    fn count(&mut self, packet: &Packet) {
        let (least, most) = self.hop_limits.unwrap_or((packet.hop_limit, packet.hop_limit));
        self.hop_limits = Some((least.min(packet.hop_limit), most.max(packet.hop_limit)));
        let follows =
            |previous: u16| (1..=STEP_OF_COUNTER).contains(&packet.identification.wrapping_sub(previous));
        self.identification = match self.identification {
            Some((previous, count)) if follows(previous) => Some((packet.identification, count.saturating_add(1))),
            // Captured in another order, or an answer that is not counted.
            Some((previous, count)) if packet.identification == 0 || packet.identification == previous => {
                Some((previous, count))
            }
            _ => Some((packet.identification, 0)),
        };
    }

    /// The evidence that the reset is forged, with this end's address on it.
    pub(super) fn forged(&self, reset: &Packet) -> Option<Forged> {
        let (least, usual) = self.hop_limits?;
        let is = reset.hop_limit;
        if is.saturating_add(HOPS_BETWEEN_WAYS) < least || is > usual.saturating_add(HOPS_BETWEEN_WAYS) {
            return Some(Forged::HopLimit { is, usual });
        }
        let (previous, count) = self.identification?;
        let is = reset.identification;
        let ahead = is.wrapping_sub(previous);
        // Many stacks leave it at 0 where a packet cannot be fragmented.
        (count >= FEWEST_OF_COUNTER && is != 0 && ahead > STEP_OF_COUNTER && ahead < u16::MAX - STEP_OF_COUNTER)
            .then_some(Forged::Identification { is, last: previous })
    }
}

/// An exchange of the same two segments, again and again, in no time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Storm {
    /// The number of the first packet that repeats.
    pub first: u64,
    /// The number of the last.
    pub last: u64,
    /// How many packets repeat what was sent before.
    pub packets: u64,
    /// How long it lasts, in nanoseconds.
    pub lasts: i64,
}

/// What looks for a [`Storm`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StormWatch {
    /// The last segment of each end, and when it was captured.
    last: [Option<(Segment, i64)>; 2],
    previous: Option<Side>,
    /// The number and time of the first packet of what may become a storm, and its packets so far.
    run: Option<(u64, i64, u64)>,
}

impl StormWatch {
    /// So many packets that repeat others, each end in turn, are no retransmissions.
    const FEWEST_PACKETS: u64 = 20;
    /// Retransmissions of both ends would be further apart, in nanoseconds.
    const APART: i64 = 500_000_000;

    /// Looks at the next packet; the storm that rages now, if one does.
    pub(super) fn watch(&mut self, packet: &Packet) -> Option<Storm> {
        let last = packet.from.of_mut(&mut self.last);
        let repeats = last.is_some_and(|(segment, time)| {
            segment == packet.segment && packet.time.saturating_sub(time) < Self::APART
        });
        *last = Some((packet.segment, packet.time));
        let is_in_turn = self.previous.replace(packet.from).is_some_and(|previous| previous != packet.from);
        if !(repeats && is_in_turn) {
            self.run = None;
            return None;
        }
        let (first, since, packets) = self.run.unwrap_or((packet.number, packet.time, 0));
        self.run = Some((first, since, packets + 1));
        let lasts = packet.time.saturating_sub(since).max(0);
        (packets + 1 >= Self::FEWEST_PACKETS).then_some(Storm {
            first,
            last: packet.number,
            packets: packets + 1,
            lasts,
        })
    }
}
