//! An end of a connection that is not followed by another, and its timers, in ten bytes.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::end::{
    PackedEnd, ended_by_code, ended_by_of, held_numbers, held_of, is_representable, nibble, state_of,
};
use super::timers::{PackedTimers, Timers};
use crate::invariant::invariant;
use crate::model::config::EndConfig;
use crate::model::limit::{Bound, Limit};
use crate::model::observe::Observed;
use crate::model::opening::Incarnation;
use crate::model::world_end::{OldCopies, WorldEnd};
use crate::tcp::{Call, Endpoint, Seq, State};

/// An end of a connection that is not followed by another, and its timers, in ten bytes.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct ClosingEnd {
    /// `state` (3 bits), `left` (3; CLOSED stands for none), FIN sent, FIN acknowledged.
    close: u8,
    /// `ended_by` (3 bits; 0 stands for none), FIN received, close called, reader gone, SND.UNA sent again, and
    /// whether the highest held number is a FIN's. An ACK is delayed while its timer runs.
    facts: u8,
    /// Octets sent and acknowledged (4 bits each).
    sent_acked: u8,
    /// Octets delivered, and retransmissions since SND.UNA advanced (4 bits each).
    delivered_retransmissions: u8,
    /// Doublings of the timeout, and how many numbers from SND.UNA on precede `recover` (0 stands for none; 4 bits
    /// each).
    doublings_recover: u8,
    /// The numbers held beyond a hole: bits 0–7 and 8–15.
    held: [u8; 2],
    timers: PackedTimers,
}

impl PackedEnd for ClosingEnd {
    fn pack(end: &WorldEnd, timers: &Timers) -> Result<Self, Limit> {
        let endpoint = &end.endpoint;
        let timers = PackedTimers::pack(endpoint.state, timers)?;
        invariant!(State::CLOSING.contains(&endpoint.state), "a world opens a connection");
        is_representable(endpoint)?;
        invariant!(
            endpoint.ack_delayed == timers.delays_ack(),
            "an ACK is delayed without its timer, or the timer runs for none"
        );
        Ok(Self {
            close: endpoint.state as u8
                | (endpoint.left.unwrap_or(State::Closed) as u8) << 3
                | u8::from(endpoint.fin_sent) << 6
                | u8::from(endpoint.fin_acked()) << 7,
            facts: ended_by_code(endpoint.ended_by)
                | u8::from(endpoint.fin_received) << 3
                | u8::from(endpoint.close_called) << 4
                | u8::from(endpoint.reader_gone) << 5
                | u8::from(endpoint.resent > 0) << 6
                | u8::from(endpoint.held.fin().is_some()) << 7,
            sent_acked: nibble(endpoint.sent(), Bound::Octets)? | nibble(endpoint.acked(), Bound::Octets)? << 4,
            delivered_retransmissions: nibble(endpoint.delivered(), Bound::Octets)?
                | nibble(endpoint.retransmissions, Bound::Retransmissions)? << 4,
            doublings_recover: nibble(endpoint.doublings, Bound::Doublings)?
                | nibble(endpoint.recover.map_or(0, |recover| recover.since(endpoint.snd_una)), Bound::Octets)?
                    << 4,
            held: held_numbers(&endpoint.held, endpoint.irs)?.to_le_bytes(),
            timers,
        })
    }

    fn unpack(&self) -> (WorldEnd, Timers) {
        let seen = self.observed();
        let first = Seq(1);
        let snd_una = first + (seen.acked + u32::from(seen.fin_acked));
        let to_recover = u32::from(self.doublings_recover >> 4);
        let established = Endpoint::established();
        let endpoint = Endpoint {
            state: seen.state,
            left: seen.left,
            ended_by: seen.ended_by,
            snd_una,
            snd_nxt: first + (seen.sent + u32::from(seen.fin_sent)),
            rcv_nxt: first + (seen.delivered + u32::from(seen.fin_received)),
            fin_sent: seen.fin_sent,
            fin_received: seen.fin_received,
            close_called: seen.close_called,
            reader_gone: self.reader_gone(),
            held: held_of(u16::from_le_bytes(self.held), self.facts >> 7 == 1, established.irs),
            ack_delayed: self.timers.delays_ack(),
            retransmissions: seen.retransmissions,
            doublings: u32::from(self.doublings_recover & 15),
            resent: u32::from(self.facts >> 6 & 1),
            recover: (to_recover > 0).then(|| snd_una + to_recover),
            ..established
        };
        let timers = self.timers.unpack(endpoint.state);
        (WorldEnd { endpoint, incarnation: Incarnation::First, old: OldCopies::default() }, timers)
    }

    fn observed(&self) -> Observed {
        let left = state_of(self.close >> 3 & 7);
        Observed {
            state: state_of(self.close & 7),
            left: (left != State::Closed).then_some(left),
            ended_by: ended_by_of(self.facts),
            sent: u32::from(self.sent_acked & 15),
            acked: u32::from(self.sent_acked >> 4),
            delivered: u32::from(self.delivered_retransmissions & 15),
            fin_sent: self.close >> 6 & 1 == 1,
            fin_acked: self.close >> 7 == 1,
            fin_received: self.facts >> 3 & 1 == 1,
            close_called: self.facts >> 4 & 1 == 1,
            retransmissions: u32::from(self.delivered_retransmissions >> 4),
            incarnation: Incarnation::First,
            old_octets: 0,
            old_acked: false,
            ended_by_old: false,
        }
    }

    fn timers(&self) -> PackedTimers {
        self.timers
    }

    fn with_timers(self, timers: PackedTimers) -> Self {
        Self { timers, ..self }
    }

    fn calls(&self, config: &EndConfig) -> impl Iterator<Item = Call> {
        config.application.calls(&self.observed(), self.reader_gone(), &config.policy)
    }
}

impl ClosingEnd {
    /// Its application has let go of the connection.
    fn reader_gone(&self) -> bool {
        self.facts >> 5 & 1 == 1
    }

    /// All of it: the first eight bytes, and the last two.
    pub(super) fn words(self) -> (u64, u16) {
        // Taken apart by name, so that a new field cannot be forgotten.
        let Self {
            close,
            facts,
            sent_acked,
            delivered_retransmissions,
            doublings_recover,
            held: [held_low, held_high],
            timers,
        } = self;
        let [retransmission, of_state, delayed_ack] = timers.bytes();
        let first = [
            close,
            facts,
            sent_acked,
            delivered_retransmissions,
            doublings_recover,
            held_low,
            held_high,
            retransmission,
        ];
        (u64::from_le_bytes(first), u16::from_le_bytes([of_state, delayed_ack]))
    }
}

impl fmt::Debug for ClosingEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.unpack().fmt(f)
    }
}

impl PartialEq for ClosingEnd {
    fn eq(&self, other: &Self) -> bool {
        self.words() == other.words()
    }
}

impl Eq for ClosingEnd {}

impl Hash for ClosingEnd {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.words().hash(hasher);
    }
}

#[cfg(test)]
impl ClosingEnd {
    /// An end in ESTABLISHED, once with a bit of each field turned.
    pub(super) fn with_each_field_changed() -> Vec<Self> {
        let changes: [fn(&mut Self); 7] = [
            |end| end.close ^= 1,
            |end| end.facts ^= 1,
            |end| end.sent_acked ^= 1,
            |end| end.delivered_retransmissions ^= 1,
            |end| end.doublings_recover ^= 1,
            |end| end.held[0] ^= 1,
            |end| end.held[1] ^= 1,
        ];
        let end = Self::pack(&established(Endpoint::established()), &Timers::default()).unwrap();
        let ends = changes.map(|change| {
            let mut other = end;
            change(&mut other);
            other
        });
        let timers = end.timers.with_each_changed().map(|timers| end.with_timers(timers));
        ends.into_iter().chain(timers).collect()
    }
}

#[cfg(test)]
fn established(endpoint: Endpoint) -> WorldEnd {
    WorldEnd { endpoint, incarnation: Incarnation::First, old: OldCopies::default() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::packed::timers::foreign_timers;
    use crate::tcp::{Call, Flags, Policy, Segment, Timer, Transfer};

    #[test]
    fn what_no_world_has_is_refused() {
        let open = Endpoint::established();
        let with = |change: fn(&mut Transfer)| {
            let mut other = open.clone();
            change(&mut other.transfer);
            other
        };
        let others = [
            (Bound::Unread, Endpoint { unread: 1, ..open.clone() }),
            (Bound::Unsent, with(|transfer| transfer.unsent = 1)),
            (Bound::Window, with(|transfer| transfer.send_window.size = 6)),
            (Bound::Window, with(|transfer| transfer.rcv_buffer = 6)),
            (Bound::LongSegment, with(|transfer| transfer.mss = 6)),
            (Bound::Unread, with(|transfer| transfer.reading_shut = true)),
            (Bound::LongSegment, with(|transfer| transfer.segments.push((Seq(1), Seq(3))))),
            (Bound::LongSegment, with(|transfer| transfer.resent_before = 1)),
            (Bound::LongSegment, Endpoint { resent: 2, ..open.clone() }),
            (Bound::Octets, Endpoint { snd_nxt: Seq(17), ..open.clone() }),
            (Bound::Retransmissions, Endpoint { retransmissions: 16, ..open.clone() }),
            (Bound::Doublings, Endpoint { doublings: 16, ..open.clone() }),
        ];
        assert!(ClosingEnd::pack(&established(open), &Timers::default()).is_ok());
        for (bound, other) in others {
            let refused = ClosingEnd::pack(&established(other), &Timers::default()).err();
            assert_eq!(refused, Some(Limit::Endpoint(bound)));
        }
    }

    proptest! {
        /// Whatever events an endpoint meets, its packed form is the same endpoint, or is refused.
        #[test]
        fn packing_loses_nothing(
            events in prop::collection::vec((0..11u8, 0..6u32, 0..6u32, any::<bool>()), 0..24),
            timers in prop::array::uniform5(prop::option::of(0..300u32)),
        ) {
            let policy = Policy::rfc9293(2).with(|policy| {
                policy.retransmission.backoff = true;
                policy.retransmission.retries = Some(3);
                policy.wait.fin_wait_2_timeout = Some(3);
                policy.wait.last_ack_timeout = Some(2);
                policy.acks.delayed_ack = Some(1);
            });
            let mut endpoint = Endpoint::established();
            for (event, seq, ack, fin) in events {
                match event {
                    0 => endpoint.on_call(Call::Send, &policy),
                    1 if fin => endpoint.on_call(Call::Close, &policy),
                    1 => endpoint.on_call(Call::Shutdown, &policy),
                    2 => endpoint.on_timeout(Timer::Retransmission, &policy),
                    3 => endpoint.on_timeout(Timer::DelayedAck, &policy),
                    4 if fin => endpoint.on_timeout(Timer::LastAck, &policy),
                    4 => endpoint.on_timeout(Timer::TimeWait, &policy),
                    5 if fin => endpoint.on_timeout(Timer::FinWait2, &policy),
                    5 if seq == 0 => endpoint.on_call(Call::Abort, &policy),
                    5 => {
                        endpoint.on_segment(&Segment { flags: Flags::RST, seq: Seq(seq), ack: Seq(0), len: 0 }, &policy)
                    }
                    _ => {
                        let flags = if fin { Flags::FIN_ACK } else { Flags::ACK };
                        let len = u32::from(!fin && event > 8);
                        endpoint.on_segment(&Segment { flags, seq: Seq(seq), ack: Seq(ack), len }, &policy)
                    }
                };
                endpoint.on_call(Call::Receive, &policy);
            }
            let mut timers = Timers(timers);
            // It runs as long as an ACK waits.
            timers.0[3] = endpoint.ack_delayed.then(|| timers.0[3].unwrap_or_default());
            let too_long = timers.0.iter().flatten().any(|ticks| *ticks > Timers::MAX);
            let mut foreign = foreign_timers(endpoint.state);
            let text_beyond_fin = endpoint.held.fin().is_some_and(|fin| {
                endpoint.held.text().iter().any(|(_, end)| fin.precedes(*end))
            });
            match ClosingEnd::pack(&established(endpoint.clone()), &timers) {
                Ok(packed) => prop_assert_eq!(packed.unpack(), (established(endpoint), timers)),
                Err(limit) => {
                    let Limit::Endpoint(bound) = limit else { panic!("{limit}") };
                    prop_assert!(match bound {
                        Bound::Timer(timer) => too_long && timers.get(timer) > Some(Timers::MAX),
                        Bound::ForeignTimer => foreign.any(|timer| timers.get(timer).is_some()),
                        Bound::TextBeyondFin => text_beyond_fin,
                        Bound::Octets => endpoint.sent() > 15 || endpoint.delivered() > 15 || !endpoint.held.is_empty(),
                        _ => false,
                    }, "{limit}");
                }
            }
        }
    }
}
