//! An endpoint and its timers in ten bytes.

use std::hash::{Hash, Hasher};

use super::timers::Timers;
use crate::invariant::{broken, invariant};
use crate::model::limit::MAX_TIMER;
use crate::model::limit::{Bound, Limit};
use crate::model::observe::Observed;
use crate::model::opening::Incarnation;
use crate::tcp::{EndedBy, Endpoint, Held, Persist, SendWindow, Seq, State, Timer, Transfer};

/// A timer that does not run.
const OFF: u8 = u8::MAX;
const _: () = assert!(MAX_TIMER == OFF as u32 - 1, "every other value is a time");

/// An endpoint and its timers in ten bytes.
#[derive(Clone, Copy)]
#[repr(C)]
pub(in crate::model) struct PackedEnd {
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
    retransmission: u8,
    /// The timer that belongs to the state: 2MSL in `TIME_WAIT`, else that of `FIN_WAIT_2`.
    state_timer: u8,
    delayed_ack: u8,
}

impl PackedEnd {
    pub(in crate::model) fn pack(endpoint: &Endpoint, timers: &Timers) -> Result<Self, Limit> {
        let in_time_wait = endpoint.state == State::TimeWait;
        let (own, others) =
            if in_time_wait { (Timer::TimeWait, Timer::FinWait2) } else { (Timer::FinWait2, Timer::TimeWait) };
        if timers.get(others).is_some() {
            return Err(Limit::Endpoint(Bound::TwoTimers));
        }
        invariant!(State::CLOSING.contains(&endpoint.state), "a world opens a connection");
        is_representable(endpoint)?;
        let delayed = timers.get(Timer::DelayedAck).is_some();
        invariant!(
            endpoint.ack_delayed == delayed,
            "an ACK is delayed without its timer, or the timer runs for none"
        );
        let mut held: u16 = 0;
        for (start, end) in endpoint.held.text() {
            for number in start.0..end.0 {
                held |= bit(number)?;
            }
        }
        if let Some(fin) = endpoint.held.fin() {
            let fin = bit(fin.0)?;
            if held >= fin {
                return Err(Limit::Endpoint(Bound::TextBeyondFin));
            }
            held |= fin;
        }
        Ok(Self {
            close: endpoint.state as u8
                | (endpoint.left.unwrap_or(State::Closed) as u8) << 3
                | u8::from(endpoint.fin_sent) << 6
                | u8::from(endpoint.fin_acked()) << 7,
            facts: endpoint.ended_by.map_or(0, |by| by as u8 + 1)
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
            held: held.to_le_bytes(),
            retransmission: ticks(timers, Timer::Retransmission)?,
            state_timer: ticks(timers, own)?,
            delayed_ack: ticks(timers, Timer::DelayedAck)?,
        })
    }

    pub(in crate::model) fn unpack(&self) -> (Endpoint, Timers) {
        let seen = self.observed();
        let first = Seq(1);
        let snd_una = first + (seen.acked + u32::from(seen.fin_acked));
        let to_recover = u32::from(self.doublings_recover >> 4);
        let held_numbers = u16::from_le_bytes(self.held);
        let mut held = Held::default();
        if held_numbers != 0 {
            let highest = held_numbers.ilog2();
            for number in 0..=highest {
                if held_numbers >> number & 1 == 0 {
                    continue;
                }
                if number == highest && self.facts >> 7 == 1 {
                    held.hold_fin(Seq(number));
                } else {
                    held.hold_text(Seq(number), Seq(number + 1));
                }
            }
        }
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
            held,
            ack_delayed: self.delayed_ack != OFF,
            retransmissions: seen.retransmissions,
            doublings: u32::from(self.doublings_recover & 15),
            resent: u32::from(self.facts >> 6 & 1),
            recover: (to_recover > 0).then(|| snd_una + to_recover),
            ..Endpoint::established()
        };
        (endpoint, self.timers())
    }

    pub(in crate::model) fn state(&self) -> State {
        state_of(self.close)
    }

    /// Its application has let go of the connection.
    pub(in crate::model) fn reader_gone(&self) -> bool {
        self.facts >> 5 & 1 == 1
    }

    pub(in crate::model) fn timers(&self) -> Timers {
        let running = |ticks: u8| (ticks != OFF).then_some(u32::from(ticks));
        let own = running(self.state_timer);
        let (time_wait, fin_wait_2) = if self.state() == State::TimeWait { (own, None) } else { (None, own) };
        Timers([running(self.retransmission), time_wait, fin_wait_2, running(self.delayed_ack)])
    }

    /// Some timer may expire, where each may be so many ticks late.
    pub(in crate::model) fn is_due(&self, slack: u32) -> bool {
        // One that does not run has the greatest number.
        let earliest = self.retransmission.min(self.state_timer).min(self.delayed_ack);
        earliest != OFF && u32::from(earliest) <= slack
    }

    /// Some timer is as late as it may be: it expires before time passes.
    pub(in crate::model) fn is_at_latest(&self) -> bool {
        self.retransmission == 0 || self.state_timer == 0 || self.delayed_ack == 0
    }

    /// Some timer runs.
    pub(in crate::model) fn is_timed(&self) -> bool {
        self.retransmission != OFF || self.state_timer != OFF || self.delayed_ack != OFF
    }

    /// The same end one tick later; no timer may be due.
    pub(in crate::model) fn aged(mut self) -> Self {
        invariant!(!self.is_at_latest(), "a tick passes while a timer has to expire");
        for timer in [&mut self.retransmission, &mut self.state_timer, &mut self.delayed_ack] {
            if *timer != OFF {
                *timer -= 1;
            }
        }
        self
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
            retransmission,
            state_timer,
            delayed_ack,
        } = self;
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
        (u64::from_le_bytes(first), u16::from_le_bytes([state_timer, delayed_ack]))
    }

    pub(super) fn observed(&self) -> Observed {
        let left = state_of(self.close >> 3);
        Observed {
            state: self.state(),
            left: (left != State::Closed).then_some(left),
            ended_by: match self.facts & 7 {
                1 => Some(EndedBy::Fin),
                2 => Some(EndedBy::Rst),
                3 => Some(EndedBy::Abort),
                4 => Some(EndedBy::GiveUp),
                0 => None,
                other => broken(format_args!("an end is CLOSED by cause {other}")),
            },
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
}

impl PartialEq for PackedEnd {
    fn eq(&self, other: &Self) -> bool {
        self.words() == other.words()
    }
}

impl Eq for PackedEnd {}

impl Hash for PackedEnd {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.words().hash(hasher);
    }
}

/// An error unless the rest of an endpoint is as it is in every world: windows never close, and whatever is sent
/// or delivered is on its way or read at once.
pub(crate) fn is_representable(endpoint: &Endpoint) -> Result<(), Limit> {
    let Endpoint { unread, resent, transfer, .. } = endpoint;
    let Transfer { send_window, unsent, mss, persist, segments, resent_before, rcv_buffer, reading_shut } =
        transfer;
    // Both ends offer the same window.
    let windows_are_open = (*send_window, *rcv_buffer) == (SendWindow::OPEN, SendWindow::OPEN.size);
    let lacks = [
        (!windows_are_open || *persist != Persist::NONE, Bound::Window),
        (*unsent > 0, Bound::Unsent),
        (*unread > 0 || *reading_shut, Bound::Unread),
        (!segments.is_empty() || *mss != u32::MAX || *resent > 1 || *resent_before > 0, Bound::LongSegment),
    ];
    lacks.into_iter().find(|(is_so, _)| *is_so).map_or(Ok(()), |(_, bound)| Err(Limit::Endpoint(bound)))
}

/// The state that the lowest three bits stand for.
fn state_of(bits: u8) -> State {
    match bits & 7 {
        0 => State::Established,
        1 => State::FinWait1,
        2 => State::FinWait2,
        3 => State::CloseWait,
        4 => State::Closing,
        5 => State::LastAck,
        6 => State::TimeWait,
        _ => State::Closed,
    }
}

/// A number below 16.
fn nibble(number: u32, bound: Bound) -> Result<u8, Limit> {
    u8::try_from(number).ok().filter(|number| *number < 16).ok_or(Limit::Endpoint(bound))
}

fn bit(number: u32) -> Result<u16, Limit> {
    1u16.checked_shl(number).ok_or(Limit::Endpoint(Bound::Octets))
}

fn ticks(timers: &Timers, timer: Timer) -> Result<u8, Limit> {
    match timers.get(timer) {
        None => Ok(OFF),
        Some(ticks) => {
            u8::try_from(ticks).ok().filter(|ticks| *ticks != OFF).ok_or(Limit::Endpoint(Bound::Timer(timer)))
        }
    }
}

#[cfg(test)]
impl PackedEnd {
    /// An end in ESTABLISHED, once with a bit of each field turned.
    pub(super) fn with_each_field_changed() -> [Self; 10] {
        let changes: [fn(&mut Self); 10] = [
            |end| end.close ^= 1,
            |end| end.facts ^= 1,
            |end| end.sent_acked ^= 1,
            |end| end.delivered_retransmissions ^= 1,
            |end| end.doublings_recover ^= 1,
            |end| end.held[0] ^= 1,
            |end| end.held[1] ^= 1,
            |end| end.retransmission ^= 1,
            |end| end.state_timer ^= 1,
            |end| end.delayed_ack ^= 1,
        ];
        let end = Self::pack(&Endpoint::established(), &Timers::default()).unwrap();
        changes.map(|change| {
            let mut other = end;
            change(&mut other);
            other
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tcp::{Call, Flags, Policy, Segment};

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
        assert!(PackedEnd::pack(&open, &Timers::default()).is_ok());
        for (bound, other) in others {
            let refused = PackedEnd::pack(&other, &Timers::default()).err();
            assert_eq!(refused, Some(Limit::Endpoint(bound)), "{other:?}");
        }
    }

    proptest! {
        /// Whatever events an endpoint meets, its packed form is the same endpoint, or is refused.
        #[test]
        fn packing_loses_nothing(
            events in prop::collection::vec((0..11u8, 0..6u32, 0..6u32, any::<bool>()), 0..24),
            timers in prop::array::uniform4(prop::option::of(0..300u32)),
        ) {
            let policy = Policy::rfc9293(2).with(|policy| {
                policy.retransmission.backoff = true;
                policy.retransmission.retries = Some(3);
                policy.wait.fin_wait_2_timeout = Some(3);
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
            let foreign = if endpoint.state == State::TimeWait { Timer::FinWait2 } else { Timer::TimeWait };
            let text_beyond_fin = endpoint.held.fin().is_some_and(|fin| {
                endpoint.held.text().iter().any(|(_, end)| fin.precedes(*end))
            });
            match PackedEnd::pack(&endpoint, &timers) {
                Ok(packed) => prop_assert_eq!(packed.unpack(), (endpoint, timers)),
                Err(limit) => {
                    let Limit::Endpoint(bound) = limit else { panic!("{limit}") };
                    prop_assert!(match bound {
                        Bound::Timer(timer) => too_long && timers.get(timer) > Some(Timers::MAX),
                        Bound::TwoTimers => timers.get(foreign).is_some(),
                        Bound::TextBeyondFin => text_beyond_fin,
                        Bound::Octets => endpoint.sent() > 15 || endpoint.delivered() > 15 || !endpoint.held.is_empty(),
                        _ => false,
                    }, "{limit}");
                }
            }
        }
    }
}
