//! An end of a world in a few bytes, and what both layouts of one share.

use std::fmt;
use std::hash::Hash;

use super::timers::{PackedTimers, Timers};
use crate::invariant::broken;
use crate::model::config::EndConfig;
use crate::model::limit::{Bound, Limit};
use crate::model::observe::Observed;
use crate::model::world_end::WorldEnd;
use crate::tcp::{Call, EndedBy, Endpoint, Held, Persist, SendWindow, Seq, State, Transfer};

/// An end of a world and its timers in a few bytes: equal ends are equal bytes.
pub trait PackedEnd: Copy + Eq + Hash + fmt::Debug + Send + Sync + 'static {
    /// Packs an end.
    ///
    /// # Errors
    /// A limit, if there is no room for it.
    fn pack(end: &WorldEnd, timers: &Timers) -> Result<Self, Limit>;

    /// The end that was packed.
    fn unpack(&self) -> (WorldEnd, Timers);

    /// What can be observed of it.
    fn observed(&self) -> Observed;

    /// Its timers.
    fn timers(&self) -> PackedTimers;

    /// The same end with other timers.
    #[must_use]
    fn with_timers(self, timers: PackedTimers) -> Self;

    /// The calls that its application may make.
    fn calls(&self, config: &EndConfig) -> impl Iterator<Item = Call>;
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

/// The state that is kept as this number. The first eight are those of a connection that closes.
pub(super) fn state_of(code: u8) -> State {
    match code {
        0 => State::Established,
        1 => State::FinWait1,
        2 => State::FinWait2,
        3 => State::CloseWait,
        4 => State::Closing,
        5 => State::LastAck,
        6 => State::TimeWait,
        7 => State::Closed,
        8 => State::Listen,
        9 => State::SynSent,
        10 => State::SynReceived,
        other => broken(format_args!("an end is in state {other}")),
    }
}

/// How an endpoint became CLOSED, in three bits: 0 stands for none.
pub(super) fn ended_by_code(ended_by: Option<EndedBy>) -> u8 {
    ended_by.map_or(0, |by| by as u8 + 1)
}

/// What the lowest three bits stand for.
pub(super) fn ended_by_of(bits: u8) -> Option<EndedBy> {
    match bits & 7 {
        0 => None,
        1 => Some(EndedBy::Fin),
        2 => Some(EndedBy::Rst),
        3 => Some(EndedBy::Abort),
        4 => Some(EndedBy::GiveUp),
        other => broken(format_args!("an end is CLOSED by cause {other}")),
    }
}

/// The numbers held beyond a hole: bit n is IRS + n. A FIN is the highest of them.
pub(super) fn held_numbers(held: &Held, irs: Seq) -> Result<u16, Limit> {
    let bit = |number: Seq| 1u16.checked_shl(number.since(irs)).ok_or(Limit::Endpoint(Bound::Octets));
    let mut numbers: u16 = 0;
    for (start, end) in held.text() {
        for number in 0..end.since(*start) {
            numbers |= bit(*start + number)?;
        }
    }
    if let Some(fin) = held.fin() {
        let fin = bit(fin)?;
        if numbers >= fin {
            return Err(Limit::Endpoint(Bound::TextBeyondFin));
        }
        numbers |= fin;
    }
    Ok(numbers)
}

/// What these numbers stand for, the highest of them perhaps for a FIN.
pub(super) fn held_of(numbers: u16, has_fin: bool, irs: Seq) -> Held {
    let mut held = Held::default();
    let Some(highest) = numbers.checked_ilog2() else {
        return held;
    };
    for number in (0..=highest).filter(|number| numbers >> number & 1 == 1) {
        if number == highest && has_fin {
            held.hold_fin(irs + number);
        } else {
            held.hold_text(irs + number, irs + number + 1);
        }
    }
    held
}

/// A number below 16.
pub(super) fn nibble(number: u32, bound: Bound) -> Result<u8, Limit> {
    u8::try_from(number).ok().filter(|number| *number < 16).ok_or(Limit::Endpoint(bound))
}
