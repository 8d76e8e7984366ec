//! A second opinion of how connections ended: a judge that follows no states, and looks only at FINs, resets, what
//! is acknowledged and what is sent again. It shares no code with the library but the names of kinds.

use lastack::capture::FindingKind;

/// A segment as the judge sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// Milliseconds.
    pub(super) time: u64,
    /// Who sent it, 0 or 1.
    pub(super) from: usize,
    /// FIN 1, SYN 2, RST 4, ACK 16.
    pub(super) flags: u8,
    pub(super) seq: u32,
    pub(super) ack: u32,
    pub(super) len: u32,
    /// Not scaled: only whether there is one counts.
    pub(super) window: u16,
}

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 16;
/// Silence that says something.
const SILENCE: u64 = 3_000;

impl Seen {
    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    fn end(&self) -> u32 {
        self.seq.wrapping_add(self.len)
    }
}

/// One number is the other or comes after it.
fn reaches(number: u32, other: u32) -> bool {
    number.wrapping_sub(other) < 1 << 31
}

/// How a connection ended, in a capture that ends at this time.
pub(super) fn judge(packets: &[Seen], end: u64) -> FindingKind {
    let of = |side: usize| packets.iter().filter(move |packet| packet.from == side);
    let has_syn = packets.iter().any(|packet| packet.has(SYN));
    let is_established = !has_syn || packets.iter().any(|packet| !packet.has(SYN) && !packet.has(RST));
    if !is_established {
        let is_early = end - packets[0].time < SILENCE && !packets.iter().any(|packet| packet.has(RST));
        return if is_early { FindingKind::TooEarly } else { FindingKind::NotEstablished };
    }
    let fins = |side| of(side).filter(|packet| packet.has(FIN) && !packet.has(RST));
    let fin = |side| fins(side).next_back().map(Seen::end);
    let is_acked = |side: usize| {
        fin(side).is_some_and(|fin| {
            let mut others = of(1 - side).filter(|packet| packet.has(ACK) && !packet.has(RST));
            others.any(|packet| reaches(packet.ack, fin.wrapping_add(1)))
        })
    };
    let is_filtered = packets.iter().all(|packet| packet.flags & (FIN | SYN | RST) != 0);
    let resets: Vec<&Seen> = packets.iter().filter(|packet| packet.has(RST)).collect();
    let both = fin(0).is_some() && fin(1).is_some();
    // A FIN that is sent again after its ACK and is then reset was not closed.
    let is_sent_again_before_reset = resets.first().is_some_and(|reset| {
        let side = 1 - reset.from;
        fins(side).count() > 1 && fins(side).next_back().is_some_and(|fin| reset.time.abs_diff(fin.time) < 500)
    });
    if both && (is_filtered || is_acked(0) && is_acked(1)) && !is_sent_again_before_reset {
        return FindingKind::Clean;
    }
    if !resets.is_empty() {
        return FindingKind::Reset;
    }
    // Text that is sent again and again, and that no ACK reaches.
    for side in [0, 1] {
        let first_unacked = of(side)
            .filter(|packet| packet.len > 0)
            .find(|packet| !of(1 - side).any(|other| other.has(ACK) && reaches(other.ack, packet.end())));
        if let Some(text) = first_unacked {
            let copies: Vec<&Seen> = of(side).filter(|packet| packet.len > 0 && packet.seq == text.seq).collect();
            let lasts = copies.last().map_or(0, |last| last.time.saturating_sub(text.time));
            if copies.len() >= 4 && lasts >= SILENCE {
                return FindingKind::Unanswered;
            }
        }
    }
    // An end that has no room, and says so again and again to the last.
    for side in [0, 1] {
        let refusals: Vec<&Seen> = of(side).rev().take_while(|packet| packet.window == 0).collect();
        if let ([last, .., first], 4..) = (refusals.as_slice(), refusals.len())
            && last.time - first.time >= SILENCE
        {
            return FindingKind::Stuck;
        }
    }
    if fin(0).is_none() && fin(1).is_none() {
        return FindingKind::Open;
    }
    let last_fin = |side| fins(side).next_back().map_or(0, |packet| packet.time);
    let unacked = [0, 1].into_iter().filter(|side| fin(*side).is_some() && !is_acked(*side));
    if let Some(side) = unacked.max_by_key(|side| fins(*side).count()) {
        let times: Vec<u64> = fins(side).map(|packet| packet.time).collect();
        let silence = end.saturating_sub(last_fin(side));
        let last_gap = times.windows(2).last().map_or(0, |pair| pair[1].saturating_sub(pair[0]));
        let all = last_fin(side).saturating_sub(times[0]);
        return match times.len() {
            4.. if silence > (2 * last_gap).max(SILENCE) => FindingKind::GaveUp,
            4.. => FindingKind::Stuck,
            _ if silence >= 2 * all + SILENCE => FindingKind::NotShown,
            _ => FindingKind::TooEarly,
        };
    }
    // One end has closed, and the other has acknowledged that.
    let closed = usize::from(fin(0).is_none());
    let fin_ack = of(1 - closed)
        .find(|packet| packet.has(ACK) && fin(closed).is_some_and(|fin| reaches(packet.ack, fin.wrapping_add(1))));
    let since = fin_ack.map_or(0, |packet| packet.time);
    if end.saturating_sub(since) < SILENCE {
        return FindingKind::TooEarly;
    }
    let texts: Vec<u64> =
        of(1 - closed).filter(|packet| packet.len > 1 && packet.time > since).map(|packet| packet.time).collect();
    let pause = texts.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).max().unwrap_or(0);
    match texts.last() {
        Some(last) if end.saturating_sub(*last) < (2 * pause).max(SILENCE) => FindingKind::HalfClosed,
        _ => FindingKind::Stuck,
    }
}

/// The connections of a pcap file of Ethernet or raw IPv4, in the order of their first packets; and when it ends.
pub(super) fn connections(bytes: &[u8]) -> (Vec<Vec<Seen>>, u64) {
    let word = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
    let link_header = if word(20) == 1 { 14 } else { 0 };
    let (mut at, mut end, mut start) = (24, 0, None);
    let mut all: Vec<Vec<Seen>> = Vec::new();
    let mut known: Vec<([(u32, u16); 2], usize)> = Vec::new();
    while at < bytes.len() {
        let time = u64::from(word(at)) * 1_000 + u64::from(word(at + 4)) / 1_000;
        let time = time - *start.get_or_insert(time);
        let length = usize::try_from(word(at + 8)).unwrap();
        let ip = &bytes[at + 16 + link_header..at + 16 + length];
        (at, end) = (at + 16 + length, time);
        if ip[0] != 0x45 || ip[9] != 6 {
            continue;
        }
        let half = |at: usize| u16::from_be_bytes(ip[at..at + 2].try_into().unwrap());
        let number = |at: usize| u32::from_be_bytes(ip[at..at + 4].try_into().unwrap());
        let (from, to) = ((number(12), half(20)), (number(16), half(22)));
        let len = u32::from(half(2)) - 20 - u32::from(ip[32] >> 4) * 4;
        let seen = Seen { time, from: 0, flags: ip[33], seq: number(24), ack: number(28), len, window: half(34) };
        let place = known.iter().rev().find(|(ends, _)| *ends == [from, to] || *ends == [to, from]);
        let is_new = |packets: &[Seen], side: usize| {
            let mut own = packets.iter().filter(|packet| packet.from == side);
            seen.has(SYN)
                && !seen.has(ACK)
                && own.any(|packet| packet.has(FIN) || packet.has(SYN) && packet.seq != seen.seq)
        };
        match place.copied() {
            Some((ends, index)) if !is_new(&all[index], usize::from(ends[0] != from)) => {
                all[index].push(Seen { from: usize::from(ends[0] != from), ..seen });
            }
            _ => {
                known.push(([from, to], all.len()));
                all.push(vec![seen]);
            }
        }
    }
    (all, end)
}
