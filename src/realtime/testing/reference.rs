//! The exploration once more, as plainly as can be: for the tests of [`crate::realtime::search`].
//!
//! Zones are exact matrices of forward clocks, never made wider; any of several equal copies may arrive; losses
//! and duplicates used are part of the state. Of the exploration it shares the endpoint alone; and if wanted, not
//! even that fates are decided at the sending.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use super::matrix::{Limit, Matrix};
use crate::model::{Answer, Config, End, Incarnation, WorldEnd};
use crate::realtime::DiscretePart;
use crate::tcp::{Call, Segment, Timer, TimerChange};

/// What a clock belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Clock {
    /// It expires at so many ticks at the latest.
    Timer(End, Timer, i32),
    Copy {
        to: End,
        segment: Segment,
        incarnation: Incarnation,
        is_duplicate: bool,
    },
}

/// When the network loses and duplicates a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::realtime) enum Fates {
    /// As it is sent.
    AtSending,
    /// At any moment while it is in flight.
    AtAnyMoment,
}

#[derive(Clone)]
struct Symbolic {
    ends: [WorldEnd; 2],
    /// From clock 1 on.
    clocks: Vec<Clock>,
    zone: Matrix,
    losses: u8,
    duplicates: u8,
}

/// Everything that distinguishes states but times.
type Key = ([WorldEnd; 2], Vec<Clock>, u8, u8);

/// What is reached.
pub(in crate::realtime) struct Reached {
    /// Discrete parts, with the losses and duplicates that were used.
    pub(in crate::realtime) parts: HashSet<(DiscretePart, u8, u8)>,
    pub(in crate::realtime) zones: usize,
}

/// The discrete parts of a world, and how many zones were found in them.
pub(in crate::realtime) fn parts(config: &Config) -> (HashSet<DiscretePart>, usize) {
    let Reached { parts, zones } = reached(config, Fates::AtSending, usize::MAX).expect("there is no limit");
    (parts.into_iter().map(|(part, ..)| part).collect(), zones)
}

/// What a world reaches, if that is no more than so many zones.
pub(in crate::realtime) fn reached(config: &Config, fates: Fates, most: usize) -> Option<Reached> {
    let ends = End::BOTH.map(|end| WorldEnd::established(&config.end(end).application));
    let initial = Symbolic { ends, clocks: Vec::new(), zone: Matrix::new(), losses: 0, duplicates: 0 };
    let mut seen: HashMap<Key, Vec<Matrix>> = HashMap::new();
    let (mut parts, mut zones) = (HashSet::new(), 0);
    let mut pending = VecDeque::from([initial]);
    while let Some(state) = pending.pop_front() {
        let key = (state.ends.clone(), state.clocks.clone(), state.losses, state.duplicates);
        let known = seen.entry(key).or_default();
        if known.iter().any(|zone| zone.includes(&state.zone)) {
            continue;
        }
        known.push(state.zone.clone());
        zones += 1;
        if zones > most {
            return None;
        }
        parts.insert((state.part(), state.losses, state.duplicates));
        pending.extend(state.successors(config, fates));
    }
    Some(Reached { parts, zones })
}

impl Symbolic {
    fn part(&self) -> DiscretePart {
        let mut timers: BTreeMap<End, Vec<Timer>> = BTreeMap::new();
        let mut in_flight = Vec::new();
        for clock in &self.clocks {
            match clock {
                Clock::Timer(end, timer, _) => timers.entry(*end).or_default().push(*timer),
                Clock::Copy { to, segment, incarnation, .. } => in_flight.push((*to, *segment, *incarnation)),
            }
        }
        in_flight.sort();
        let end = |end: End| {
            let mut running = timers.get(&end).cloned().unwrap_or_default();
            running.sort();
            (self.ends[end as usize].clone(), running)
        };
        DiscretePart { ends: End::BOTH.map(end), in_flight }
    }

    fn successors(&self, config: &Config, fates: Fates) -> Vec<Self> {
        let mut all = Vec::new();
        for end in End::BOTH {
            let known = &self.ends[end as usize];
            let (application, policy) = (&config.end(end).application, &config.end(end).policy);
            for call in known.calls(application, policy) {
                all.extend(self.clone().event(config, fates, end, |known| known.call(call, policy)));
            }
            if let Some((left, calls)) = known.reuse(application, policy) {
                let is_waiting =
                    |clock: &Clock| matches!(clock, Clock::Timer(of, Timer::TimeWait, _) if *of == end);
                let place = self.clocks.iter().position(is_waiting).expect("TIME_WAIT has its timer");
                let waited = i32::try_from(policy.wait.time_wait - left).unwrap();
                let Some(zone) = self.zone.clone().and(0, 1 + place, Limit::at_most(-waited)) else { continue };
                let next = Self { zone, ..self.clone() };
                for call in calls {
                    all.extend(next.clone().event(config, fates, end, |known| known.call(call, policy)));
                }
            }
        }
        for (place, clock) in self.clocks.iter().enumerate() {
            match *clock {
                Clock::Timer(end, timer, ticks) => {
                    let earliest = ticks - slack_of(config, end);
                    let due = self.zone.clone().and(0, 1 + place, Limit::at_most(-earliest));
                    let Some(zone) = due else { continue };
                    let mut next = Self { zone, ..self.clone() };
                    next.forget(place);
                    let policy = &config.end(end).policy;
                    all.extend(next.event(config, fates, end, |known| known.timeout(timer, policy)));
                }
                Clock::Copy { to, segment, incarnation, .. } => {
                    if fates == Fates::AtAnyMoment {
                        all.extend(self.lost(config, place));
                        all.extend(self.duplicated(config, place));
                    }
                    let mut next = self.clone();
                    next.forget(place);
                    let policy = &config.end(to).policy;
                    all.extend(
                        next.event(config, fates, to, |known| known.arrival(&segment, incarnation, policy)),
                    );
                }
            }
        }
        all
    }

    /// The network loses the copy in this place, if it may. One that would be as old as the MSL is lost before.
    fn lost(&self, config: &Config, place: usize) -> Option<Self> {
        let Clock::Copy { is_duplicate, .. } = self.clocks[place] else { return None };
        let costs = !is_duplicate && config.losses.is_some();
        if costs && config.losses.is_some_and(|most| self.losses >= most) {
            return None;
        }
        let mut next = self.clone();
        next.losses += u8::from(costs);
        next.forget(place);
        Some(next.later(config))
    }

    /// The network duplicates the copy in this place, if it may. The duplicate is as old.
    fn duplicated(&self, config: &Config, place: usize) -> Option<Self> {
        let Clock::Copy { to, segment, incarnation, .. } = self.clocks[place] else { return None };
        if self.duplicates >= config.duplicates.expect("worlds of a set are not explored so") {
            return None;
        }
        let mut next = self.clone();
        next.duplicates += 1;
        next.start(Clock::Copy { to, segment, incarnation, is_duplicate: true });
        let (old, new) = (1 + place, next.clocks.len());
        for clock in 0..new {
            next.zone.0[new][clock] = next.zone.0[old][clock];
            next.zone.0[clock][new] = next.zone.0[clock][old];
        }
        Some(next.later(config))
    }

    fn forget(&mut self, place: usize) {
        self.clocks.remove(place);
        self.zone.remove(1 + place);
    }

    fn start(&mut self, clock: Clock) {
        self.clocks.push(clock);
        self.zone.insert(self.clocks.len());
    }

    fn event(
        mut self,
        config: &Config,
        fates: Fates,
        end: End,
        event: impl Fn(&mut WorldEnd) -> Answer,
    ) -> Vec<Self> {
        let known = &mut self.ends[end as usize];
        let Answer { effects, incarnation } = event(known);
        known.endpoint.on_call(Call::Receive, &config.end(end).policy);
        for (timer, change) in Timer::ALL.into_iter().zip(effects.timers) {
            if change == TimerChange::Keep {
                continue;
            }
            let is_it = |clock: &Clock| matches!(clock, Clock::Timer(of, one, _) if (*of, *one) == (end, timer));
            if let Some(place) = self.clocks.iter().position(is_it) {
                self.forget(place);
            }
            if let TimerChange::Set(ticks) = change {
                let latest = i32::try_from(ticks).unwrap() + slack_of(config, end);
                self.start(Clock::Timer(end, timer, latest));
            }
        }
        let Some(segment) = effects.segment else {
            return vec![self.later(config)];
        };
        let sent = Clock::Copy { to: end.peer(), segment, incarnation, is_duplicate: false };
        if fates == Fates::AtAnyMoment {
            self.start(sent);
            return vec![self.later(config)];
        }
        let mut all = Vec::new();
        let may_lose = config.losses.is_none_or(|most| self.losses < most);
        for is_lost in [false, true].into_iter().take(1 + usize::from(may_lose)) {
            let most = config.duplicates.expect("worlds of a set are not explored so");
            for duplicates in 0..=most - self.duplicates {
                let mut next = self.clone();
                next.losses += u8::from(is_lost && config.losses.is_some());
                next.duplicates += duplicates;
                for _ in 0..duplicates + u8::from(!is_lost) {
                    next.start(sent.clone());
                }
                all.push(next.later(config));
            }
        }
        all
    }

    /// Time passes, within the invariants; and clocks are sorted, as far as their owners distinguish them.
    fn later(mut self, config: &Config) -> Self {
        self.zone.up();
        let msl = i32::try_from(config.msl).unwrap();
        for (place, clock) in self.clocks.iter().enumerate() {
            let limit = match clock {
                Clock::Timer(.., ticks) => Limit::at_most(*ticks),
                Clock::Copy { .. } => Limit::below(msl),
            };
            self.zone.0[1 + place][0] = self.zone.0[1 + place][0].min(limit);
        }
        self.zone = self.zone.closed().expect("the zone was within the invariants");
        let key = |clock: &Clock| match clock {
            Clock::Timer(end, timer, _) => (0, *end, *timer as usize, None),
            Clock::Copy { to, segment, incarnation, is_duplicate } => {
                (1, *to, 0, Some((*segment, *incarnation, *is_duplicate)))
            }
        };
        let mut order: Vec<usize> = (0..self.clocks.len()).collect();
        order.sort_by_key(|place| key(&self.clocks[*place]));
        let from = |place: usize| if place == 0 { 0 } else { 1 + order[place - 1] };
        let all = 0..=order.len();
        let rows = all.clone().map(|x| all.clone().map(|y| self.zone.0[from(x)][from(y)]).collect());
        self.zone = Matrix(rows.collect());
        self.clocks = order.iter().map(|place| self.clocks[*place].clone()).collect();
        self
    }
}

fn slack_of(config: &Config, end: End) -> i32 {
    i32::try_from(config.end(end).policy.timers.timer_slack).unwrap()
}
