//! The ends and segments that an exploration meets, by number, and what an end makes of an event.
//!
//! An exploration meets few different ends and segments, again and again. Each gets a number, in the order in
//! which they are met, and an endpoint is asked only once what it does with an event: that depends on nothing
//! else.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::bound::Bound;
use super::stop::Stop;
use super::zone::Running;
use crate::invariant::{broken, invariant};
use crate::model::{self, Answer, Config, End, Incarnation, Kind, Limit, Observed, WorldEnd, is_representable};
use crate::tcp::{Call, Effects, Endpoint, Segment, State, Timer, TimerChange};

/// A number of an end.
pub(super) type EndNumber = u16;
/// A number of a segment and of the end that it goes to.
pub(super) type SegmentNumber = u16;

/// The progress of an end that has come as far as it gets in one incarnation. Four times that fits into 32 bits.
const PROGRESS: u32 = 1 << 28;

/// How many timers of one end there is room for; see [`place_of`].
const TIMERS: usize = 3;

/// An event at an end, without its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndEvent {
    Call(Call),
    Timeout(Timer),
    Arrival(SegmentNumber),
}

/// What becomes of a timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TimerStep {
    /// It goes on, or still does not run.
    Keep,
    /// It does not run any more.
    Stop,
    /// It expires after so many ticks at the latest, and earlier by no more than its end's slack.
    Set(i16),
}

/// What becomes of an end, and what it sends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reaction {
    pub(super) end: EndNumber,
    pub(super) sent: Option<SegmentNumber>,
    /// In the order of [`place_of`].
    pub(super) timers: [TimerStep; TIMERS],
}

/// An end, and which of its timers run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct KnownEnd {
    pub(super) end: WorldEnd,
    /// In the order of [`place_of`].
    pub(super) running: [bool; TIMERS],
}

/// A segment, the end that it goes to, and the incarnation that has sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct KnownSegment {
    pub(super) to: End,
    pub(super) segment: Segment,
    pub(super) incarnation: Incarnation,
    pub(super) kind: Kind,
}

/// Everything of a world that has a number.
#[derive(Clone)]
pub(super) struct Catalog<'c> {
    config: &'c Config,
    /// Of a segment to A and the same one to B, if either has a number, both have, one after the other.
    is_mirrored: bool,
    ends: Vec<(KnownEnd, Observed)>,
    end_numbers: HashMap<KnownEnd, EndNumber, FixedState>,
    segments: Vec<KnownSegment>,
    segment_numbers: HashMap<(End, Segment, Incarnation), SegmentNumber, FixedState>,
    reactions: HashMap<u64, Reaction, FixedState>,
}

impl<'c> Catalog<'c> {
    pub(super) fn new(config: &'c Config, is_mirrored: bool) -> Self {
        Self {
            config,
            is_mirrored,
            ends: Vec::new(),
            end_numbers: HashMap::default(),
            segments: Vec::new(),
            segment_numbers: HashMap::default(),
            reactions: HashMap::default(),
        }
    }

    pub(super) fn end(&self, number: EndNumber) -> &KnownEnd {
        &self.ends[usize::from(number)].0
    }

    /// How far an end has come: what it becomes has come as far, or farther, but that a retransmission may begin
    /// anew.
    ///
    /// This decides in which order zones are expanded, and nothing else.
    pub(super) fn progress(&self, number: EndNumber) -> u32 {
        let WorldEnd { endpoint, incarnation, .. } = &self.end(number).end;
        let Endpoint { state, snd_una, snd_nxt, rcv_nxt, retransmissions, .. } = endpoint;
        let of_the_first = if *incarnation == Incarnation::First { 0 } else { PROGRESS };
        if matches!(state, State::Closed | State::Listen) {
            return of_the_first + PROGRESS;
        }
        // Octets and FINs that were sent, acknowledged and received; behind those, retransmissions.
        let numbers =
            [snd_una, snd_nxt, rcv_nxt].into_iter().fold(0u32, |sum, number| sum.saturating_add(number.0));
        of_the_first
            + numbers.saturating_mul(1 << 8).saturating_add((*retransmissions).min(0xff)).min(PROGRESS - 1)
    }

    pub(super) fn observed(&self, number: EndNumber) -> &Observed {
        &self.ends[usize::from(number)].1
    }

    pub(super) fn segment(&self, number: SegmentNumber) -> &KnownSegment {
        &self.segments[usize::from(number)]
    }

    /// The number of the same segment of the first incarnation, if it has one, else its own.
    pub(super) fn of_first(&self, number: SegmentNumber) -> SegmentNumber {
        let KnownSegment { to, segment, .. } = *self.segment(number);
        self.segment_numbers.get(&(to, segment, Incarnation::First)).copied().unwrap_or(number)
    }

    /// How many segments have a number.
    pub(super) fn segments(&self) -> usize {
        self.segments.len()
    }

    /// The timers of these ends that run, as lanes of a zone.
    pub(super) fn running(&self, ends: [EndNumber; 2]) -> Running {
        let mut running = Running::NONE;
        for (end, number) in End::BOTH.into_iter().zip(ends) {
            for (place, runs) in self.end(number).running.into_iter().enumerate() {
                running.0 |= u8::from(runs) << lane_of(end, place);
            }
        }
        running
    }

    /// The number of an end.
    pub(super) fn number_of_end(&mut self, end: KnownEnd) -> Result<EndNumber, Stop> {
        if let Some(number) = self.end_numbers.get(&end) {
            return Ok(*number);
        }
        is_representable(&end.end.endpoint)?;
        let number = EndNumber::try_from(self.ends.len()).map_err(|_| Stop::Numbers)?;
        self.ends.push((end.clone(), end.end.observed()));
        self.end_numbers.insert(end, number);
        Ok(number)
    }

    fn number_of_segment(
        &mut self,
        to: End,
        segment: Segment,
        incarnation: Incarnation,
    ) -> Result<SegmentNumber, Stop> {
        if let Some(number) = self.segment_numbers.get(&(to, segment, incarnation)) {
            return Ok(*number);
        }
        let kind = Kind::of(&segment).ok_or(Stop::Segment(segment))?;
        let first = self.segments.len();
        for to in [to, to.peer()].into_iter().take(1 + usize::from(self.is_mirrored)) {
            let number = SegmentNumber::try_from(self.segments.len()).map_err(|_| Stop::Numbers)?;
            self.segments.push(KnownSegment { to, segment, incarnation, kind });
            self.segment_numbers.insert((to, segment, incarnation), number);
        }
        SegmentNumber::try_from(first).map_err(|_| Stop::Numbers)
    }

    /// The same segment to the other end.
    pub(super) fn mirrored(&self, number: SegmentNumber) -> SegmentNumber {
        invariant!(self.is_mirrored, "segment {number} has no mirror image");
        number ^ 1
    }

    /// What an end makes of an event; its application reads whatever is delivered, at once.
    pub(super) fn reaction(&mut self, end: End, before: EndNumber, event: EndEvent) -> Result<Reaction, Stop> {
        let key = u64::from(before) << 32 | u64::from(code(end, event));
        if let Some(known) = self.reactions.get(&key) {
            return Ok(*known);
        }
        let reaction = self.react(end, before, event)?;
        self.reactions.insert(key, reaction);
        Ok(reaction)
    }

    fn react(&mut self, end: End, before: EndNumber, event: EndEvent) -> Result<Reaction, Stop> {
        let policy = &self.config.end(end).policy;
        let KnownEnd { end: mut known, mut running } = self.end(before).clone();
        let was_running = running;
        let Answer { effects, incarnation } = match event {
            EndEvent::Call(call) => known.call(call, policy),
            EndEvent::Timeout(timer) => {
                // It has expired: unless it is set again it does not run any more.
                running[place_of(timer)] = false;
                known.timeout(timer, policy)
            }
            EndEvent::Arrival(segment) => {
                let KnownSegment { segment, incarnation, .. } = self.segment(segment);
                known.arrival(segment, *incarnation, policy)
            }
        };
        if known.endpoint.unread > 0 {
            let nothing = known.endpoint.on_call(Call::Receive, policy);
            if nothing != Effects::default() {
                return Err(Limit::Endpoint(model::Bound::Unread).into());
            }
        }
        let (was, is) = (self.end(before).end.endpoint.state, known.endpoint.state);
        let changes = || Timer::ALL.into_iter().zip(effects.timers);
        // What stops ran in the state before, and what is set belongs to the new one: they may share a place.
        for (timer, _) in changes().filter(|(_, change)| *change == TimerChange::Cancel) {
            let place = place_of(timer);
            running[place] &= owner(place, was) != Some(timer);
        }
        let mut timers = [TimerStep::Keep; TIMERS];
        for (timer, change) in changes() {
            let TimerChange::Set(ticks) = change else { continue };
            let place = place_of(timer);
            if owner(place, is) != Some(timer) {
                return Err(Limit::Endpoint(model::Bound::ForeignTimer).into());
            }
            timers[place] = TimerStep::Set(ticks_of(policy.timers.latest(ticks))?);
            running[place] = true;
        }
        for (place, step) in timers.iter().enumerate() {
            let is_kept = running[place] && *step == TimerStep::Keep;
            if is_kept && owner(place, was) != owner(place, is) {
                return Err(Limit::Endpoint(model::Bound::ForeignTimer).into());
            }
        }
        for ((was, is), step) in was_running.into_iter().zip(running).zip(&mut timers) {
            if was && !is {
                *step = TimerStep::Stop;
            }
        }
        let sent = effects.segment.map(|segment| self.number_of_segment(end.peer(), segment, incarnation));
        let sent = sent.transpose()?;
        Ok(Reaction { end: self.number_of_end(KnownEnd { end: known, running })?, sent, timers })
    }

    /// How much memory it takes, in bytes, without what endpoints keep elsewhere.
    pub(super) fn bytes(&self) -> usize {
        self.ends.capacity() * size_of::<(KnownEnd, Observed)>()
            + self.end_numbers.allocation_size()
            + self.segments.capacity() * size_of::<KnownSegment>()
            + self.segment_numbers.allocation_size()
            + self.reactions.allocation_size()
    }
}

/// A duration that zones are computed with.
pub(super) fn ticks_of(ticks: u32) -> Result<i16, Stop> {
    if ticks > Bound::MAX_TICKS {
        return Err(Stop::Duration(ticks));
    }
    i16::try_from(ticks).map_err(|_| Stop::Duration(ticks))
}

/// The place of a timer among those of its end: of those that belong to a state, one runs at a time.
pub(super) fn place_of(timer: Timer) -> usize {
    match timer {
        Timer::Retransmission => 0,
        Timer::TimeWait | Timer::FinWait2 | Timer::LastAck => 1,
        Timer::DelayedAck => 2,
    }
}

/// The timer that runs in a place, of an end in this state.
pub(super) fn timer_in(place: usize, state: State) -> Timer {
    owner(place, state).unwrap_or_else(|| broken(format_args!("{state} has no timer of its own, and it runs")))
}

/// The timer that a place is for in a state: some states have none of their own.
fn owner(place: usize, state: State) -> Option<Timer> {
    match place {
        0 => Some(Timer::Retransmission),
        1 => Timer::of_state(state),
        _ => Some(Timer::DelayedAck),
    }
}

/// The lane of a zone for a timer of an end.
pub(super) fn lane_of(end: End, place: usize) -> usize {
    1 + TIMERS * end as usize + place
}

/// Different for different events at an end, and for different ends.
fn code(end: End, event: EndEvent) -> u32 {
    let (what, which) = match event {
        EndEvent::Arrival(segment) => (0, u32::from(segment)),
        EndEvent::Timeout(timer) => (2, timer as u32),
        EndEvent::Call(Call::Connect(iss)) => {
            invariant!(iss.0 < 1 << 16, "an initial number of a world is {}", iss.0);
            (3, iss.0)
        }
        EndEvent::Call(call) => (1, u32::from(call.number())),
    };
    (end as u32) << 18 | what << 16 | which
}
