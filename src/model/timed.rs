//! The timed world: two endpoints, a network that loses, duplicates and reorders, and a clock.

use std::borrow::Cow;
use std::fmt;
use std::sync::OnceLock;

use stateright::actor::{Actor, Command, Id, Out};
use stateright::{Expectation, Model, Property};

use super::config::Config;
use super::limit::{Bound, Limit};
use super::network::Network;
use super::observe::End;
use super::packed::{Layout, OneIncarnation, PackedEnd, Timers, WorldState};
use super::reaction::TransitionCache;
use super::reaction::{EndEvent, Reaction};
use super::segment_copy::SegmentCopy;
use super::state_property::ListsProperties;
use super::state_property::StateProperty;
use super::world_end::WorldEnd;
use crate::invariant::{broken, invariant};
use crate::tcp::{Call, TICK, TcpActor, Timer};

/// One closed world to explore, whose states have room for one connection, or for two ([`Layout`]).
///
/// Time is counted in ticks. Whatever is enabled at one instant may happen in any order; then a tick passes.
#[derive(Debug)]
pub struct TimedWorld<L: Layout = OneIncarnation> {
    config: Config,
    actors: [TcpActor; 2],
    limit: OnceLock<Limit>,
    /// What stateright's checker decides of it; lastack's own does not look here.
    properties: Vec<StateProperty<WorldState<L>>>,
}

/// One step of the timed world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Action {
    /// An application calls.
    Call(End, Call),
    /// A timer that is due expires; where there is slack, perhaps late.
    Timeout(End, Timer),
    /// A copy arrives.
    Deliver(SegmentCopy),
    /// The network loses a copy.
    Lose(SegmentCopy),
    /// The network duplicates a copy.
    Duplicate(SegmentCopy),
    /// One tick of time passes.
    Tick,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(end, Call::Connect(iss)) => write!(f, "{end} calls connect, with ISS {iss}"),
            Self::Call(end, call) => write!(f, "{end} calls {}", call.name()),
            Self::Timeout(end, timer) => write!(f, "{end}'s {} timer expires", timer.name()),
            Self::Deliver(copy) => write!(f, "{} → {copy}", copy.to().peer()),
            Self::Lose(copy) => write!(f, "{} → {copy} is lost", copy.to().peer()),
            Self::Duplicate(copy) => write!(f, "{} → {copy} is duplicated", copy.to().peer()),
            Self::Tick => write!(f, "tick"),
        }
    }
}

impl TimedWorld {
    /// The world of a configuration that opens nothing, without properties.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self::with_layout(config)
    }

    /// The world of a configuration that opens nothing, with what stateright's checker is to decide of it
    /// ([`listing`](Self::listing)).
    ///
    /// ```
    /// use lastack::check::Library;
    /// use lastack::model::TimedWorld;
    /// use lastack::property::{Instance, state_properties};
    /// use stateright::{Checker, Model};
    ///
    /// let library = Library::shipped()?;
    /// let config = library.scenarios(&["one-msl".to_owned()], &[], 1)?[0].config;
    /// let instances: Vec<Instance> = library.properties.iter().flat_map(Instance::all).collect();
    /// let world = TimedWorld::with_properties(config, state_properties(&instances));
    /// world.checker().spawn_bfs().join().assert_any_discovery("no-premature-closed@A");
    /// # Ok::<(), lastack::diagnostic::Diagnostics>(())
    /// ```
    #[must_use]
    pub fn with_properties(config: Config, properties: Vec<StateProperty<WorldState>>) -> Self {
        Self::new(config).listing(properties)
    }
}

impl<L: Layout> TimedWorld<L> {
    /// The world of a configuration, whose states have this layout, without properties.
    #[must_use]
    pub fn with_layout(config: Config) -> Self {
        let actor = |end: End| TcpActor { peer: id(end.peer()), policy: config.end(end).policy };
        Self { config, actors: End::BOTH.map(actor), limit: OnceLock::new(), properties: Vec::new() }
    }

    /// This world, with what stateright's checker is to decide of it: the first
    /// [`MAX_STATE_PROPERTIES`](super::MAX_STATE_PROPERTIES).
    #[must_use]
    pub fn listing(self, properties: Vec<StateProperty<WorldState<L>>>) -> Self {
        Self { properties, ..self }
    }

    /// What the world was made from.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The first bound of the representation that a step of this world ran into.
    #[must_use]
    pub fn limit(&self) -> Option<Limit> {
        self.limit.get().copied()
    }

    /// Both ends ESTABLISHED, nothing in flight.
    ///
    /// # Errors
    /// [`Limit::Opening`], if the layout has no room for a second connection; or a number of an end too large.
    pub fn initial(&self) -> Result<WorldState<L>, Limit> {
        if self.config.opens() && !L::OPENS {
            return Err(Limit::Opening);
        }
        let pack = |end| {
            let end = WorldEnd::established(&self.config.end(end).application);
            L::End::pack(&end, &Timers::default())
        };
        let [a, b] = End::BOTH.map(pack);
        Ok(WorldState { network: Network::empty(), ends: [a?, b?], losses: 0, duplicates: 0 })
    }

    /// Appends to `actions` everything that may happen next, in a fixed order. What is there already stays.
    pub fn enabled(&self, state: &WorldState<L>, actions: &mut Vec<Action>) {
        for end in End::BOTH {
            let (known, config) = (state.end_ref(end), self.config.end(end));
            actions.extend(known.calls(config).map(|call| Action::Call(end, call)));
            let slack = config.policy.timers.timer_slack;
            if known.timers().is_due(slack) {
                let timers = state.timers(end);
                let is_due = |timer: &Timer| timers.get(*timer).is_some_and(|left| left <= slack);
                let due = Timer::ALL.into_iter().filter(is_due);
                actions.extend(due.map(|timer| Action::Timeout(end, timer)));
            }
        }
        let may_lose = self.config.losses.is_none_or(|most| state.losses < most);
        // Where they are unlimited, what has been delivered stays: that is all that duplicates are good for.
        let may_duplicate = self.config.duplicates.is_some_and(|most| state.duplicates < most);
        let is_kept_back = |copy: &SegmentCopy| self.network_is_set() && !state.network.is_oldest(*copy);
        for copy in state.network.distinct().filter(|copy| !is_kept_back(copy)) {
            actions.push(Action::Deliver(copy));
            let has_to_arrive = self.network_is_set() && state.network.stands_for_others(copy);
            if (copy.is_duplicate() || may_lose) && !has_to_arrive {
                actions.push(Action::Lose(copy));
            }
            if may_duplicate {
                actions.push(Action::Duplicate(copy));
            }
        }
        if self.may_tick(state) {
            actions.push(Action::Tick);
        }
    }

    /// The state after an action, which must be enabled.
    ///
    /// # Errors
    /// A limit of the representation that the next state exceeds.
    ///
    /// # Panics
    /// If the action takes a copy that is not in flight. What else is not enabled leads to a state that is none of
    /// the world's.
    pub fn step(&self, state: &WorldState<L>, action: Action) -> Result<WorldState<L>, Limit> {
        self.step_by(state, action, |end, before, event| self.react(end, before, event))
    }

    /// As [`TimedWorld::step`], panics included, but what `known` has of an end and an event is not asked anew.
    ///
    /// # Errors
    /// A limit of the representation that the next state exceeds.
    pub fn step_cached(
        &self,
        state: &WorldState<L>,
        action: Action,
        known: &mut TransitionCache<L>,
    ) -> Result<WorldState<L>, Limit> {
        self.step_by(state, action, |end, before, event| {
            known.get_or_insert_with(end, before, event, || self.react(end, before, event))
        })
    }

    fn step_by(
        &self,
        state: &WorldState<L>,
        action: Action,
        react: impl FnOnce(End, L::End, EndEvent) -> Result<Reaction<L::End>, Limit>,
    ) -> Result<WorldState<L>, Limit> {
        let at_end = |mut next: WorldState<L>, end: End, event: EndEvent| {
            let reaction = react(end, *next.end_ref(end), event)?;
            *next.end_mut(end) = reaction.end;
            if let Some(copy) = reaction.sent {
                if self.network_is_set() {
                    next.network.insert_in_set(copy)?;
                } else {
                    next.network.insert(copy)?;
                }
            }
            Ok(next)
        };
        match action {
            Action::Call(end, call) => at_end(*state, end, EndEvent::Call(call)),
            Action::Timeout(end, timer) => at_end(*state, end, EndEvent::Timeout(timer)),
            Action::Deliver(copy) => {
                let mut next = *state;
                let was_in_flight = next.network.remove(copy);
                invariant!(was_in_flight, "{copy} is not in flight");
                if self.network_is_set() {
                    next.network.leave_in_set(copy)?;
                }
                at_end(next, copy.to(), EndEvent::Arrival(copy))
            }
            Action::Lose(copy) => {
                let mut next = *state;
                let was_in_flight = next.network.remove(copy);
                invariant!(was_in_flight, "{copy} is not in flight");
                if !copy.is_duplicate() {
                    next.losses += u8::from(self.config.losses.is_some());
                    if self.network_is_set() {
                        next.network.leave_in_set(copy)?;
                    }
                }
                Ok(next)
            }
            Action::Duplicate(copy) => {
                let mut next = *state;
                next.network.insert(copy.duplicate())?;
                next.duplicates += 1;
                Ok(next)
            }
            Action::Tick => {
                let mut next = *state;
                if self.config.losses.is_some() {
                    // At most as many as copies fit in the network, and no more than are left.
                    next.losses +=
                        u8::try_from(state.network.expiring(self.config.msl)).map_err(|_| Limit::Copies)?;
                }
                next.network = state.network.aged(self.config.msl)?;
                next.ends = state.ends.map(|end| end.with_timers(end.timers().aged()));
                Ok(next)
            }
        }
    }

    /// Duplicates are unlimited, so that the network is a set (`set`). It may do more than the network with every
    /// copy: what it reveals counts only if that does the same.
    #[must_use]
    pub fn network_is_set(&self) -> bool {
        self.config.duplicates.is_none()
    }

    /// The segment that an end sends in answer to an action that was taken.
    pub(super) fn answer(&self, state: &WorldState<L>, action: Action) -> Option<SegmentCopy> {
        let (end, event) = match action {
            Action::Call(end, call) => (end, EndEvent::Call(call)),
            Action::Timeout(end, timer) => (end, EndEvent::Timeout(timer)),
            Action::Deliver(copy) => (copy.to(), EndEvent::Arrival(copy)),
            Action::Lose(_) | Action::Duplicate(_) | Action::Tick => return None,
        };
        let reaction = self.react(end, *state.end_ref(end), event);
        reaction.unwrap_or_else(|limit| broken(format_args!("{action} was taken, and hits a limit: {limit}"))).sent
    }

    /// A tick waits for timers that are as late as they may be, for deliveries where the losses that it would cost
    /// are not left, and for something that time can change.
    fn may_tick(&self, state: &WorldState<L>) -> bool {
        let something_to_wait_for =
            !state.network.is_empty() || state.ends.iter().any(|end| end.timers().is_timed());
        let affordable = self.config.losses.is_none_or(|most| {
            usize::from(state.losses) + state.network.expiring(self.config.msl) <= usize::from(most)
        });
        let has_to_arrive =
            |copy: &SegmentCopy| copy.age() + 1 >= self.config.msl && state.network.stands_for_others(*copy);
        let affordable =
            affordable && !(self.network_is_set() && state.network.copies().any(|copy| has_to_arrive(&copy)));
        something_to_wait_for && affordable && !state.ends.iter().any(|end| end.timers().is_at_latest())
    }

    /// Lets one endpoint take an event; its application reads whatever is delivered.
    fn react(&self, end: End, before: L::End, event: EndEvent) -> Result<Reaction<L::End>, Limit> {
        let [a, b] = &self.actors;
        let actor = match end {
            End::A => a,
            End::B => b,
        };
        let (mut known, mut timers) = before.unpack();
        let before = known.endpoint.clone();
        let mut endpoint = Cow::Owned(known.endpoint);
        let mut out = Out::new();
        match event {
            EndEvent::Call(call) => actor.on_random(id(end), &mut endpoint, &call, &mut out),
            EndEvent::Timeout(timer) => {
                // It has expired: unless it is set again it does not run any more.
                timers.set(timer, None);
                actor.on_timeout(id(end), &mut endpoint, &timer, &mut out);
            }
            EndEvent::Arrival(copy) => actor.on_msg(id(end), &mut endpoint, actor.peer, copy.segment(), &mut out),
        }
        if endpoint.unread > 0 {
            actor.on_random(id(end), &mut endpoint, &Call::Receive, &mut out);
        }
        let mut sent = None;
        for command in out {
            match command {
                Command::Send(_, segment) => {
                    invariant!(sent.is_none(), "one event draws two segments");
                    sent = Some(segment);
                }
                Command::SetTimer(timer, duration) => {
                    // A state has the time that is left at the latest.
                    let ticks = duration.end.as_secs() / TICK.as_secs();
                    timers
                        .set(timer, Some(u32::try_from(ticks).map_err(|_| Limit::Endpoint(Bound::Timer(timer)))?));
                }
                Command::CancelTimer(timer) => timers.set(timer, None),
                // An endpoint offers no choices and stores nothing.
                Command::ChooseRandom(..) | Command::Save(()) => {}
            }
        }
        known.endpoint = endpoint.into_owned();
        let arrived = match event {
            EndEvent::Arrival(copy) => Some((copy.segment(), copy.incarnation())),
            EndEvent::Call(_) | EndEvent::Timeout(_) => None,
        };
        let arrived = arrived.as_ref().map(|(segment, of)| (segment, *of));
        let incarnation = known.note(&before, arrived, sent.as_ref());
        let sent = sent.map(|segment| SegmentCopy::original(end.peer(), &segment)).transpose()?;
        Ok(Reaction { end: L::End::pack(&known, &timers)?, sent: sent.map(|sent| sent.of(incarnation)) })
    }

    fn or_limit<T>(&self, result: Result<T, Limit>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(limit) => {
                // Only the first is reported; a later one says nothing new.
                let _ = self.limit.set(limit);
                None
            }
        }
    }
}

/// stateright knows the ends by number.
pub(super) fn id(end: End) -> Id {
    Id::from(end as usize)
}

impl<L: Layout> Model for TimedWorld<L> {
    type State = WorldState<L>;
    type Action = Action;

    fn init_states(&self) -> Vec<WorldState<L>> {
        self.or_limit(self.initial()).into_iter().collect()
    }

    fn actions(&self, state: &WorldState<L>, actions: &mut Vec<Action>) {
        self.enabled(state, actions);
    }

    /// The state after an action. `None` is never a quiet end: [`TimedWorld::limit`] then says what was hit.
    fn next_state(&self, state: &WorldState<L>, action: Action) -> Option<WorldState<L>> {
        self.or_limit(self.step(state, action))
    }

    fn format_action(&self, action: &Action) -> String {
        action.to_string()
    }

    fn properties(&self) -> Vec<Property<Self>> {
        self.state_properties()
    }
}

impl<L: Layout> ListsProperties for TimedWorld<L> {
    fn listed(&self) -> Vec<(Expectation, &'static str)> {
        self.properties.iter().map(|property| (property.expectation.clone(), property.name)).collect()
    }

    fn is_true(&self, place: usize, state: &WorldState<L>) -> bool {
        let Some(property) = self.properties.get(place) else {
            broken(format_args!("property {place} of {} is asked for", self.properties.len()))
        };
        (property.condition)(state)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::model::{Application, Closes, ClosesWith, EndConfig, Observe, Opening};
    use crate::tcp::Policy;

    fn config(msl: u32, losses: u8, duplicates: impl Into<Option<u8>>, sends: u32) -> Config {
        let end = EndConfig {
            policy: Policy::rfc1337(msl).with(|policy| policy.retransmission.rto = 2),
            application: Application {
                closes: Closes::AnyTime,
                closes_with: ClosesWith::Shutdown,
                sends,
                aborts: false,
                opening: Opening::NEVER,
            },
        };
        Config { msl, losses: Some(losses), duplicates: duplicates.into(), a: end, b: end }
    }

    /// States and transitions, by the plainest of searches.
    fn count(config: Config) -> (usize, usize) {
        let world = TimedWorld::new(config);
        let mut seen = HashSet::from([world.initial().unwrap()]);
        let mut pending: Vec<_> = seen.iter().copied().collect();
        let mut transitions = 0;
        let mut actions = Vec::new();
        while let Some(state) = pending.pop() {
            world.enabled(&state, &mut actions);
            for action in actions.drain(..) {
                transitions += 1;
                let next = world.step(&state, action).unwrap();
                if seen.insert(next) {
                    pending.push(next);
                }
            }
        }
        (seen.len(), transitions)
    }

    #[test]
    fn worlds_have_their_size() {
        assert_eq!(count(config(2, 1, 1, 0)), (19_044, 85_292));
        assert_eq!(count(config(2, 1, 0, 1)), (1_153_965, 6_296_806));
    }

    #[test]
    fn losses_and_duplicates_are_counted() {
        let world = TimedWorld::new(config(2, 3, 1, 0));
        let step = |state: &WorldState, action| world.step(state, action).unwrap();
        let state = step(&world.initial().unwrap(), Action::Call(End::A, Call::Shutdown));
        let fin = state.network().copies().next().unwrap();
        assert_eq!((state.losses(), state.duplicates()), (0, 0));
        let state = step(&state, Action::Duplicate(fin));
        assert_eq!((state.losses(), state.duplicates()), (0, 1));
        let state = step(&state, Action::Lose(fin.duplicate()));
        assert_eq!((state.losses(), state.duplicates()), (0, 1));
        let lost = step(&state, Action::Lose(fin));
        assert_eq!((lost.losses(), lost.network().copies().len()), (1, 0));
        // What reaches the MSL with a tick is lost as well.
        let expired = step(&step(&state, Action::Tick), Action::Tick);
        assert_eq!((expired.losses(), expired.network().copies().len()), (1, 0));

        let unlimited = TimedWorld::new(Config { losses: None, ..config(2, 0, 1, 0) });
        let state = unlimited.step(&unlimited.initial().unwrap(), Action::Call(End::A, Call::Shutdown)).unwrap();
        assert_eq!(unlimited.step(&state, Action::Lose(fin)).unwrap().losses(), 0);
    }

    /// A's timer is set to 2 ticks, and may be a tick late.
    #[test]
    fn a_timer_may_be_late() {
        let mut late = config(4, 1, 0, 0);
        late.a.policy.timers.timer_slack = 1;
        let world = TimedWorld::new(late);
        let mut state = world.step(&world.initial().unwrap(), Action::Call(End::A, Call::Shutdown)).unwrap();
        let (expires, mut enabled) = (Action::Timeout(End::A, Timer::Retransmission), Vec::new());
        let expected = [(true, false), (true, false), (true, true), (false, true)];
        for (ticks, (may_tick, may_expire)) in expected.into_iter().enumerate() {
            enabled.clear();
            world.enabled(&state, &mut enabled);
            let is = (enabled.contains(&Action::Tick), enabled.contains(&expires));
            assert_eq!(is, (may_tick, may_expire), "after {ticks} ticks");
            if may_tick {
                state = world.step(&state, Action::Tick).unwrap();
            }
        }
    }

    /// A tick waits for due timers, and for deliveries where the losses that it would cost are not left.
    #[test]
    fn a_tick_waits() {
        let can_tick = |world: &TimedWorld, state: &WorldState| {
            let mut actions = Vec::new();
            world.enabled(state, &mut actions);
            actions.contains(&Action::Tick)
        };
        let world = TimedWorld::new(config(2, 0, 0, 0));
        let initial = world.initial().unwrap();
        assert!(!can_tick(&world, &initial), "there is nothing to wait for");
        let sent = world.step(&initial, Action::Call(End::A, Call::Shutdown)).unwrap();
        assert!(can_tick(&world, &sent));
        let old = world.step(&sent, Action::Tick).unwrap();
        assert!(!can_tick(&world, &old), "the next tick would lose the FIN");
        let lossy = TimedWorld::new(config(2, 1, 0, 0));
        assert!(can_tick(&lossy, &old));
        let due = lossy.step(&old, Action::Tick).unwrap();
        assert!(!can_tick(&lossy, &due), "A's retransmission timer is due");
    }

    #[test]
    fn actions_have_names() {
        let world = TimedWorld::new(config(2, 1, 1, 0));
        let state = world.step(&world.initial().unwrap(), Action::Call(End::A, Call::Shutdown)).unwrap();
        let fin = state.network().copies().next().unwrap();
        let names = [
            Action::Call(End::B, Call::Close),
            Action::Timeout(End::A, Timer::TimeWait),
            Action::Deliver(fin),
            Action::Lose(fin.duplicate()),
            Action::Duplicate(fin),
            Action::Tick,
        ]
        .map(|action| world.format_action(&action));
        let expected = [
            "B calls close",
            "A's 2MSL timer expires",
            "A → FIN seq=1 ack=1 → B",
            "A → FIN seq=1 ack=1 → B (duplicate) is lost",
            "A → FIN seq=1 ack=1 → B is duplicated",
            "tick",
        ];
        assert_eq!(names, expected);
    }
}
