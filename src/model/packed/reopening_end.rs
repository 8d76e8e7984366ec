//! An end that may open a second connection, and its timers, in seventeen bytes.

use std::fmt;
use std::hash::{Hash, Hasher};

use super::end::{
    PackedEnd, ended_by_code, ended_by_of, held_numbers, held_of, is_representable, nibble, state_of,
};
use super::timers::{PackedTimers, Timers};
use crate::invariant::invariant;
use crate::model::config::EndConfig;
use crate::model::limit::{Bound, Limit, MAX_NUMBER};
use crate::model::observe::Observed;
use crate::model::opening::Incarnation;
use crate::model::world_end::{OldCopies, WorldEnd};
use crate::tcp::{Call, Endpoint, Seq, State, Timer};

/// An end that may open a second connection, and its timers, in seventeen bytes.
///
/// Both connections have numbers of their own; so it keeps the endpoint's variables, and what the world knows of
/// old copies.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct ReopeningEnd {
    /// `state`, and `left` (4 bits each; CLOSED stands for none).
    state_left: u8,
    /// `ended_by` (3 bits; 0 stands for none), FIN sent, FIN received, close called, reader gone, and whether it
    /// listens.
    facts: u8,
    /// SND.UNA sent again, whether the highest held number is a FIN's, second incarnation, an old ACK has counted,
    /// an old segment has ended it.
    more_facts: u8,
    /// ISS, IRS, SND.UNA, SND.NXT, RCV.NXT.
    variables: [u8; 5],
    /// Retransmissions since SND.UNA advanced, and doublings of the timeout (4 bits each).
    retransmissions_doublings: u8,
    /// How many numbers from SND.UNA on precede `recover` (0 stands for none), and octets of old copies that were
    /// delivered (4 bits each).
    recover_old: u8,
    /// The numbers held beyond a hole: bits 0–7 and 8–15.
    held: [u8; 2],
    /// Those of them that old copies brought.
    held_old: [u8; 2],
    timers: PackedTimers,
}

impl PackedEnd for ReopeningEnd {
    fn pack(end: &WorldEnd, timers: &Timers) -> Result<Self, Limit> {
        let WorldEnd { endpoint, incarnation, old } = end;
        let timers = PackedTimers::pack(endpoint.state, timers)?;
        is_representable(endpoint)?;
        invariant!(
            endpoint.ack_delayed == timers.delays_ack(),
            "an ACK is delayed without its timer, or the timer runs for none"
        );
        let Endpoint { iss, irs, snd_una, snd_nxt, rcv_nxt, .. } = *endpoint;
        let [iss, irs_byte, una, nxt, rcv] = [iss, irs, snd_una, snd_nxt, rcv_nxt].map(byte_of);
        let to_recover = endpoint.recover.map_or(0, |recover| recover.since(snd_una));
        Ok(Self {
            state_left: endpoint.state as u8 | (endpoint.left.unwrap_or(State::Closed) as u8) << 4,
            facts: ended_by_code(endpoint.ended_by)
                | u8::from(endpoint.fin_sent) << 3
                | u8::from(endpoint.fin_received) << 4
                | u8::from(endpoint.close_called) << 5
                | u8::from(endpoint.reader_gone) << 6
                | u8::from(endpoint.listens) << 7,
            more_facts: u8::from(endpoint.resent > 0)
                | u8::from(endpoint.held.fin().is_some()) << 1
                | u8::from(*incarnation == Incarnation::Second) << 2
                | u8::from(old.acked) << 3
                | u8::from(old.ended) << 4,
            variables: [iss?, irs_byte?, una?, nxt?, rcv?],
            retransmissions_doublings: nibble(endpoint.retransmissions, Bound::Retransmissions)?
                | nibble(endpoint.doublings, Bound::Doublings)? << 4,
            recover_old: nibble(to_recover, Bound::Octets)? | nibble(old.octets, Bound::Octets)? << 4,
            held: held_numbers(&endpoint.held, irs)?.to_le_bytes(),
            held_old: old.held.to_le_bytes(),
            timers,
        })
    }

    fn unpack(&self) -> (WorldEnd, Timers) {
        let [iss, irs, snd_una, snd_nxt, rcv_nxt] = self.variables.map(number_of);
        let left = state_of(self.state_left >> 4);
        let to_recover = u32::from(self.recover_old & 15);
        let endpoint = Endpoint {
            state: self.state(),
            left: (left != State::Closed).then_some(left),
            ended_by: ended_by_of(self.facts),
            listens: self.facts >> 7 == 1,
            iss,
            irs,
            snd_una,
            snd_nxt,
            rcv_nxt,
            fin_sent: self.facts >> 3 & 1 == 1,
            fin_received: self.facts >> 4 & 1 == 1,
            close_called: self.facts >> 5 & 1 == 1,
            reader_gone: self.facts >> 6 & 1 == 1,
            held: held_of(u16::from_le_bytes(self.held), self.more_facts >> 1 & 1 == 1, irs),
            ack_delayed: self.timers.delays_ack(),
            retransmissions: u32::from(self.retransmissions_doublings & 15),
            doublings: u32::from(self.retransmissions_doublings >> 4),
            resent: u32::from(self.more_facts & 1),
            recover: (to_recover > 0).then(|| snd_una + to_recover),
            ..Endpoint::established()
        };
        let old = OldCopies {
            octets: u32::from(self.recover_old >> 4),
            acked: self.more_facts >> 3 & 1 == 1,
            ended: self.more_facts >> 4 & 1 == 1,
            held: u16::from_le_bytes(self.held_old),
        };
        let is_second = self.more_facts >> 2 & 1 == 1;
        let incarnation = if is_second { Incarnation::Second } else { Incarnation::First };
        let timers = self.timers.unpack(endpoint.state);
        (WorldEnd { endpoint, incarnation, old }, timers)
    }

    fn observed(&self) -> Observed {
        self.unpack().0.observed()
    }

    fn timers(&self) -> PackedTimers {
        self.timers
    }

    fn with_timers(self, timers: PackedTimers) -> Self {
        Self { timers, ..self }
    }

    /// Those that it may make whenever it likes; and if it may leave `TIME_WAIT` for a new connection and has
    /// waited, those with which it does.
    fn calls(&self, config: &EndConfig) -> impl Iterator<Item = Call> {
        let EndConfig { application, policy } = config;
        let (end, timers) = self.unpack();
        // A timer has what is left at the latest.
        let has_waited = |left: u32| {
            timers.get(Timer::TimeWait).is_some_and(|latest| latest <= left + policy.timers.timer_slack)
        };
        let reuse = end.reuse(application, policy).filter(|(left, _)| has_waited(*left));
        end.calls(application, policy).chain(reuse.into_iter().flat_map(|(_, calls)| calls))
    }
}

impl ReopeningEnd {
    fn state(&self) -> State {
        state_of(self.state_left & 15)
    }

    /// All of it: the first sixteen bytes, and the last one.
    pub(super) fn words(self) -> ([u64; 2], u8) {
        // Taken apart by name, so that a new field cannot be forgotten.
        let Self {
            state_left,
            facts,
            more_facts,
            variables: [iss, irs, snd_una, snd_nxt, rcv_nxt],
            retransmissions_doublings,
            recover_old,
            held: [held_low, held_high],
            held_old: [old_low, old_high],
            timers,
        } = self;
        let [retransmission, of_state, delayed_ack] = timers.bytes();
        let first = [state_left, facts, more_facts, iss, irs, snd_una, snd_nxt, rcv_nxt];
        let second = [
            retransmissions_doublings,
            recover_old,
            held_low,
            held_high,
            old_low,
            old_high,
            retransmission,
            of_state,
        ];
        ([u64::from_le_bytes(first), u64::from_le_bytes(second)], delayed_ack)
    }
}

impl fmt::Debug for ReopeningEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.unpack().fmt(f)
    }
}

impl PartialEq for ReopeningEnd {
    fn eq(&self, other: &Self) -> bool {
        self.words() == other.words()
    }
}

impl Eq for ReopeningEnd {}

impl Hash for ReopeningEnd {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.words().hash(hasher);
    }
}

/// An end that has never had a connection has numbers before 0: two of them.
const BEFORE_FIRST: u32 = 2;

fn byte_of(number: Seq) -> Result<u8, Limit> {
    // What follows the greatest number that a segment can have.
    let byte = Some(number + BEFORE_FIRST).filter(|number| number.0 <= MAX_NUMBER + 1 + BEFORE_FIRST);
    byte.and_then(|number| u8::try_from(number.0).ok()).ok_or(Limit::Endpoint(Bound::Octets))
}

fn number_of(byte: u8) -> Seq {
    Seq(u32::from(byte).wrapping_sub(BEFORE_FIRST))
}

#[cfg(test)]
impl ReopeningEnd {
    /// An end in ESTABLISHED, once with a bit of each field turned.
    pub(super) fn with_each_field_changed() -> Vec<Self> {
        let changes: [fn(&mut Self); 14] = [
            |end| end.state_left ^= 1,
            |end| end.facts ^= 1,
            |end| end.more_facts ^= 1,
            |end| end.variables[0] ^= 1,
            |end| end.variables[1] ^= 1,
            |end| end.variables[2] ^= 1,
            |end| end.variables[3] ^= 1,
            |end| end.variables[4] ^= 1,
            |end| end.retransmissions_doublings ^= 1,
            |end| end.recover_old ^= 1,
            |end| end.held[0] ^= 1,
            |end| end.held[1] ^= 1,
            |end| end.held_old[0] ^= 1,
            |end| end.held_old[1] ^= 1,
        ];
        let endpoint = Endpoint::established();
        let end = WorldEnd { endpoint, incarnation: Incarnation::First, old: OldCopies::default() };
        let end = Self::pack(&end, &Timers::default()).unwrap();
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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::application::{Application, Closes, ClosesWith};
    use crate::model::opening::{Opening, Opens};
    use crate::model::packed::timers::foreign_timers;
    use crate::tcp::{Flags, Policy, Segment};

    #[test]
    fn numbers_keep_their_place() {
        for number in [u32::MAX - 1, u32::MAX, 0, 1, MAX_NUMBER, MAX_NUMBER + 1] {
            assert_eq!(number_of(byte_of(Seq(number)).unwrap()), Seq(number));
        }
        for number in [u32::MAX - 2, MAX_NUMBER + 2, 300] {
            assert_eq!(byte_of(Seq(number)), Err(Limit::Endpoint(Bound::Octets)));
        }
    }

    proptest! {
        /// Whatever events an end meets in both incarnations, its packed form is the same end, or is refused.
        #[test]
        fn packing_loses_nothing(
            listens in any::<bool>(),
            events in prop::collection::vec((0..14u8, 0..7u32, 0..7u32, any::<bool>()), 0..24),
            timers in prop::array::uniform5(prop::option::of(0..300u32)),
        ) {
            let policy = Policy::rfc9293(2).with(|policy| {
                policy.retransmission.backoff = true;
                policy.retransmission.retries = Some(3);
                policy.acks.delayed_ack = Some(1);
            });
            let opens = if listens { Opens::Listen } else { Opens::Connect };
            let application = Application {
                closes: Closes::AnyTime,
                closes_with: ClosesWith::Shutdown,
                sends: 2,
                aborts: true,
                opening: Opening { opens, ..Opening::NEVER },
            };
            let mut end = WorldEnd::established(&application);
            for (event, seq, ack, is_old) in events {
                let of = if is_old { Incarnation::First } else { Incarnation::Second };
                let segment = |flags, len| Segment { flags, seq: Seq(seq), ack: Seq(ack), len };
                let (flags, len) = match event {
                    0..=3 => (Flags::ACK, u32::from(event > 1)),
                    4 | 5 => (Flags::FIN_ACK, 0),
                    6 => (Flags::SYN, 0),
                    7 => (Flags::SYN_ACK, 0),
                    8 => (Flags::RST, 0),
                    9..=11 => {
                        let offered: Vec<Call> = end.calls(&application, &policy).collect();
                        if let Some(call) = offered.get(seq as usize % offered.len().max(1)) {
                            end.call(*call, &policy);
                        }
                        continue;
                    }
                    _ => {
                        end.timeout(Timer::ALL[usize::from(is_old)], &policy);
                        continue;
                    }
                };
                end.arrival(&segment(flags, len), of, &policy);
                end.endpoint.on_call(Call::Receive, &policy);
            }
            let mut timers = Timers(timers);
            // It runs as long as an ACK waits.
            timers.0[3] = end.endpoint.ack_delayed.then(|| timers.0[3].unwrap_or_default());
            match ReopeningEnd::pack(&end, &timers) {
                Ok(packed) => {
                    prop_assert_eq!(packed.observed(), end.observed());
                    prop_assert_eq!(packed.unpack(), (end, timers));
                }
                Err(Limit::Endpoint(Bound::Timer(timer))) => prop_assert!(timers.get(timer) > Some(Timers::MAX)),
                Err(Limit::Endpoint(Bound::ForeignTimer)) => {
                    let mut foreign = foreign_timers(end.endpoint.state);
                    prop_assert!(foreign.any(|timer| timers.get(timer).is_some()));
                }
                Err(limit) => {
                    let is_beyond_fin = limit == Limit::Endpoint(Bound::TextBeyondFin);
                    prop_assert!(is_beyond_fin && end.endpoint.held.fin().is_some(), "{}", limit);
                }
            }
        }
    }
}
