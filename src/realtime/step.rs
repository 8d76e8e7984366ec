//! The symbolic step: what may happen in a discrete part within a zone, and where it leads.
//!
//! **Early fate.** In the world (`docs/model.md`) a copy may be lost or duplicated at any moment. Here that is
//! decided when a segment is sent: whether its original is lost, and how many duplicates it gets. What is kept has
//! to arrive before it is as old as the MSL. Every state is reached that is reached when losses and duplicates
//! come late: move each back to the sending, and what is in flight in the state itself is what it was.
//!
//! **A set.** Where duplicates are unlimited, they are made when something is delivered: it stays, or it does not.
//! What stays has to arrive once more, as whatever is kept. Of equal segments in flight the oldest and the
//! youngest are enough: whatever one in between can do, a duplicate of the youngest can. Those in between are
//! dropped, though their originals would have to arrive: the world may do less than is explored here. It does
//! nearly as much where more of them are kept ([`KeptCopies`]).
//!
//! A duplicate that is made and lost again leaves no trace but in `duplicates`, and a duplicate whose original is
//! lost none but in `losses` and `duplicates`. They are made only where these are looked at
//! ([`Precision::counts`]).

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use super::catalog::{
    Catalog, EndEvent, EndNumber, KnownEnd, SegmentNumber, TimerStep, lane_of, place_of, ticks_of, timer_in,
};
use super::stop::Stop;
use super::zone::{CAPACITY, Running, Zone};
use crate::invariant::invariant;
use crate::model::{Config, End, EndConfig, Incarnation, WorldEnd};
use crate::tcp::{Call, Segment, Timer};

/// A discrete part and a zone.
#[derive(Clone)]
pub(super) struct SymbolicState {
    pub(super) ends: [EndNumber; 2],
    /// The segments in flight, ascending, of equal ones the oldest first; as many as the zone has copies.
    copies: [SegmentNumber; CAPACITY],
    pub(super) losses: u8,
    pub(super) duplicates: u8,
    pub(super) zone: Zone,
}

/// What happens in a step of real time, without the passing of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SymbolicAction {
    /// An application calls.
    Call(End, Call),
    /// A timer that is due expires, perhaps late.
    Timeout(End, Timer),
    /// The oldest copy of this segment, on its way to this end, of those that an incarnation has sent, arrives.
    Deliver(End, Segment, Incarnation),
}

impl SymbolicAction {
    /// The end at which it happens.
    pub(super) fn end(self) -> End {
        let (Self::Call(end, _) | Self::Timeout(end, _) | Self::Deliver(end, ..)) = self;
        end
    }
}

/// What becomes of a segment, decided when it is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fate {
    /// The original is lost; otherwise it arrives.
    pub is_lost: bool,
    /// Duplicates that arrive.
    pub duplicates: u8,
    /// Duplicates that are lost.
    pub in_vain: u8,
}

/// Which of equal segments in flight an exploration keeps where duplicates are unlimited. The more it keeps, the
/// less it finds that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptCopies {
    /// So many of a segment that is sent again until it is acknowledged, at least 2, and two of any other: the
    /// oldest ones, and the youngest. Others, which would have to arrive or be lost, are dropped.
    AtMost(u8),
    /// All: nothing is found that is not there, but there may be more than there is room for.
    Every,
}

impl Default for KeptCopies {
    /// The oldest and the youngest.
    fn default() -> Self {
        Self::AtMost(2)
    }
}

/// How precisely an exploration distinguishes states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Precision {
    /// The numbers of losses and duplicates distinguish states.
    pub(super) counts: bool,
    /// Of equal segments the oldest arrives first. Otherwise any may, and nothing more can be seen so.
    pub(super) oldest_first: bool,
    /// Which of equal segments are kept where duplicates are unlimited.
    pub(super) kept_copies: KeptCopies,
}

/// The steps of one world.
#[derive(Clone)]
pub(super) struct Steps<'c> {
    config: &'c Config,
    msl: i16,
    /// How late the timers of A and of B may be.
    slack: [i16; 2],
    precision: Precision,
    pub(super) catalog: Catalog<'c>,
}

/// A step: what happens, what becomes of what is sent, and where it leads once time may have passed.
pub(super) struct Successor {
    pub(super) action: SymbolicAction,
    /// The segment that arrives.
    pub(super) delivered: Option<SegmentNumber>,
    /// A duplicate of it stays in flight.
    pub(super) stays: bool,
    /// The segment that is sent, and its fate.
    pub(super) sent: Option<(SegmentNumber, Fate)>,
    /// The timers that are set, as lanes of a zone.
    pub(super) timers_set: Running,
    pub(super) state: SymbolicState,
}

impl Successor {
    /// It is the state before, where time has passed already: what arrives stays in flight, and changes
    /// nothing.
    pub(super) fn changes_nothing(&self, before: &SymbolicState) -> bool {
        self.stays && self.sent.is_none() && self.timers_set == Running(0) && self.state.ends == before.ends
    }
}

impl SymbolicState {
    /// The segments in flight.
    pub(super) fn copies(&self) -> &[SegmentNumber] {
        &self.copies[..self.zone.in_flight()]
    }

    /// The state of these parts.
    pub(super) fn new(ends: [EndNumber; 2], in_flight: &[SegmentNumber], zone: Zone) -> Self {
        let mut copies = [0; CAPACITY];
        copies[..in_flight.len()].copy_from_slice(in_flight);
        Self { ends, copies, losses: 0, duplicates: 0, zone }
    }

    fn remove(&mut self, place: usize) {
        let in_flight = self.zone.in_flight();
        self.copies.copy_within(place + 1..in_flight, place);
        self.zone.remove(place);
    }

    /// Adds a copy behind those that are equal to it, for they are not younger.
    fn insert(&mut self, segment: SegmentNumber, msl: i16) -> Result<(), Stop> {
        let in_flight = self.zone.in_flight();
        if in_flight == CAPACITY {
            return Err(Stop::Copies);
        }
        let place = self.copies().partition_point(|other| *other <= segment);
        self.copies.copy_within(place..in_flight, place + 1);
        self.copies[place] = segment;
        self.zone.insert(place, msl);
        Ok(())
    }
}

impl<'c> Steps<'c> {
    /// With `is_mirrored`, the catalog knows mirror images of segments.
    pub(super) fn new(config: &'c Config, precision: Precision, is_mirrored: bool) -> Result<Self, Stop> {
        let [a, b] = End::BOTH.map(|end| ticks_of(config.end(end).policy.timers.timer_slack));
        let (msl, slack) = (ticks_of(config.msl)?, [a?, b?]);
        let keeps_two = !matches!(precision.kept_copies, KeptCopies::AtMost(0 | 1));
        invariant!(keeps_two, "neither the oldest nor the youngest copy can be missing");
        Ok(Self { config, msl, slack, precision, catalog: Catalog::new(config, is_mirrored) })
    }

    /// Both ends ESTABLISHED, nothing in flight.
    pub(super) fn initial(&mut self) -> Result<SymbolicState, Stop> {
        let mut number = |end| {
            let end = WorldEnd::established(&self.config.end(end).application);
            self.catalog.number_of_end(KnownEnd { end, running: [false; 3] })
        };
        Ok(SymbolicState::new([number(End::A)?, number(End::B)?], &[], Zone::new()))
    }

    /// Hands over every step from a state, in a fixed order.
    pub(super) fn each(
        &mut self,
        state: &SymbolicState,
        mut then: impl FnMut(&Catalog<'c>, Successor) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        for end in End::BOTH {
            let number = state.ends[end as usize];
            let known = self.catalog.end(number);
            let (running, of) = (known.running, known.end.endpoint.state);
            let EndConfig { application, policy } = self.config.end(end);
            let reader_gone = known.end.endpoint.reader_gone;
            let calls = application.calls(self.catalog.observed(number), reader_gone, policy);
            let (calls, reuse) = (calls.chain(known.end.opens(application)), known.end.reuse(application, policy));
            for call in calls {
                self.step(state, SymbolicAction::Call(end, call), end, EndEvent::Call(call), state, &mut then)?;
            }
            if let Some((left, calls)) = reuse {
                let (lane, left) =
                    (lane_of(end, place_of(Timer::TimeWait)), ticks_of(policy.timers.latest(left))?);
                if state.zone.may_be_due(lane, left) {
                    let mut waited = state.clone();
                    waited.zone.constrain_at_most(lane, left);
                    for call in calls {
                        let action = SymbolicAction::Call(end, call);
                        self.step(&waited, action, end, EndEvent::Call(call), state, &mut then)?;
                    }
                }
            }
            for place in (0..running.len()).filter(|place| running[*place]) {
                let (lane, slack) = (lane_of(end, place), self.slack[end as usize]);
                if state.zone.may_be_due(lane, slack) {
                    let timer = timer_in(place, of);
                    let mut due = state.clone();
                    due.zone.expire(lane, slack);
                    self.step(
                        &due,
                        SymbolicAction::Timeout(end, timer),
                        end,
                        EndEvent::Timeout(timer),
                        state,
                        &mut then,
                    )?;
                }
            }
        }
        for (place, segment) in state.copies().iter().enumerate() {
            let is_first = place == 0 || state.copies()[place - 1] != *segment;
            if is_first || !self.precision.oldest_first {
                let known = *self.catalog.segment(*segment);
                let mut arrived = state.clone();
                arrived.remove(place);
                let action = SymbolicAction::Deliver(known.to, known.segment, known.incarnation);
                self.step(&arrived, action, known.to, EndEvent::Arrival(*segment), state, &mut then)?;
                // Where there is a younger copy, that one does whatever a duplicate of this one could.
                let is_last = state.copies().get(place + 1) != Some(segment);
                if self.config.duplicates.is_none() && is_last {
                    let event = EndEvent::Arrival(*segment);
                    self.step(state, action, known.to, event, state, &mut |catalog, successor| {
                        then(catalog, Successor { stays: true, ..successor })
                    })?;
                }
            }
        }
        Ok(())
    }

    /// Adds a copy that is sent, within the [set](self).
    fn insert(&self, state: &mut SymbolicState, sent: SegmentNumber) -> Result<(), Stop> {
        if let (None, KeptCopies::AtMost(kept)) = (self.config.duplicates, self.precision.kept_copies) {
            let is_sent_again = self.catalog.segment(sent).segment.sequence_length() > 0;
            let most = if is_sent_again { usize::from(kept) } else { 2 };
            let youngest = state.copies().partition_point(|other| *other <= sent);
            let first = state.copies().partition_point(|other| *other < sent);
            if youngest - first == most {
                state.remove(youngest - 1);
            }
        }
        state.insert(sent, self.msl)
    }

    /// The steps of one event at an end, one for each fate of what is sent. `state` is where its cause has been
    /// taken out.
    fn step(
        &mut self,
        state: &SymbolicState,
        action: SymbolicAction,
        end: End,
        event: EndEvent,
        before: &SymbolicState,
        then: &mut impl FnMut(&Catalog<'c>, Successor) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let reaction = self.catalog.reaction(end, before.ends[end as usize], event)?;
        let delivered = if let EndEvent::Arrival(segment) = event { Some(segment) } else { None };
        let mut next = state.clone();
        next.ends[end as usize] = reaction.end;
        let mut timers_set = Running(0);
        for (place, step) in reaction.timers.into_iter().enumerate() {
            match step {
                TimerStep::Keep => {}
                TimerStep::Stop => next.zone.stop(lane_of(end, place)),
                TimerStep::Set(ticks) => {
                    next.zone.set(lane_of(end, place), ticks);
                    timers_set.0 |= 1 << lane_of(end, place);
                }
            }
        }
        let Some(sent) = reaction.sent else {
            next.zone.delay();
            return then(
                &self.catalog,
                Successor { action, delivered, stays: false, sent: None, timers_set, state: next },
            );
        };
        // Of what is lost there may be a duplicate all the same: that makes a difference only where losses are
        // counted.
        let duplicates = self.config.duplicates.map(|most| most - next.duplicates);
        for is_lost in [false, true] {
            if is_lost && self.config.losses.is_some_and(|most| next.losses >= most) {
                continue;
            }
            let mut kept = next.clone();
            if is_lost {
                kept.losses += u8::from(self.config.losses.is_some());
            } else {
                self.insert(&mut kept, sent)?;
            }
            let most = duplicates.unwrap_or(u8::from(is_lost));
            for made in 0..=most {
                if made > 0 {
                    if is_lost && !self.precision.counts {
                        break;
                    }
                    self.insert(&mut kept, sent)?;
                    kept.duplicates += u8::from(duplicates.is_some());
                }
                let in_vain = if self.precision.counts && duplicates.is_some() { most - made } else { 0 };
                for in_vain in 0..=in_vain {
                    let mut state = kept.clone();
                    state.duplicates += in_vain;
                    state.zone.delay();
                    let fate = Fate { is_lost, duplicates: made, in_vain };
                    then(
                        &self.catalog,
                        Successor { action, delivered, stays: false, sent: Some((sent, fate)), timers_set, state },
                    )?;
                }
            }
        }
        Ok(())
    }
}
