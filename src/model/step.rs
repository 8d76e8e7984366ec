//! A step of a world, as reports show it: what happened, what was sent, where both ends are.

use std::borrow::Cow;
use std::hash::Hash;

use stateright::Model;
use stateright::actor::{Actor, ActorModelAction, ActorModelState, Command, Network, Out};

use super::asynchronous::{ActorWorld, Host};
use super::limit::Limit;
use super::observe::{End, Observe, Observed};
use super::opening::Incarnation;
use super::packed::{Layout, Timers, WorldState};
use super::segment_copy::SegmentCopy;
use super::timed::id;
use super::timed::{Action, TimedWorld};
use crate::invariant::broken;
use crate::tcp::{Call, Segment, State, Timer};

/// A copy of a segment, as reports show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InFlightSegment {
    /// The end that it goes to.
    pub to: End,
    /// The segment.
    pub segment: Segment,
    /// The incarnation that has sent it.
    pub incarnation: Incarnation,
    /// How long it has been in flight, in ticks, or parts of a tick in a world that has such; `None` in a world
    /// without a clock.
    pub age: Option<u32>,
    /// The network made it.
    pub is_duplicate: bool,
}

/// What happened in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// An application called.
    Call(End, Call),
    /// A timer expired.
    Timeout(End, Timer),
    /// A copy arrived.
    Deliver(InFlightSegment),
    /// The network lost a copy.
    Lose(InFlightSegment),
    /// The network duplicated a copy.
    Duplicate(InFlightSegment),
    /// Time passed: so many parts of a tick. In whole ticks it is one tick.
    Pass(u32),
}

/// One step of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What happened.
    pub event: Event,
    /// The segment that was sent in answer.
    pub sent: Option<InFlightSegment>,
    /// The copies that reached the MSL as time passed.
    pub expired: Vec<InFlightSegment>,
    /// The world afterwards.
    pub after: Snapshot,
}

/// A state of a world, as reports show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// What can be observed of A and of B.
    pub ends: [Observed; 2],
    /// What the timers of A and of B have left at the latest, in ticks or parts of a tick; `None` in a world
    /// without a clock.
    pub timers: Option<[Timers; 2]>,
    /// The copies in flight.
    pub in_flight: Vec<InFlightSegment>,
    /// Losses so far; 0 where the world does not count them.
    pub losses: u32,
    /// Duplicates made so far; 0 where the world does not count them.
    pub duplicates: u32,
}

impl Snapshot {
    /// An end has opened a new connection.
    #[must_use]
    pub fn is_opened(&self) -> bool {
        self.ends.iter().any(|end| end.incarnation != Incarnation::First)
    }

    /// The states of A and B.
    #[must_use]
    pub fn states(&self) -> [State; 2] {
        self.ends.map(|end| end.state)
    }
}

/// A world that can be explored on several threads, observed by properties and shown in reports.
pub trait World:
    Model<
        State: Observe + Clone + PartialEq + Hash + Send + Sync + 'static,
        Action: Clone + PartialEq + Send + Sync + 'static,
    > + Send
    + Sync
    + 'static
{
    /// What is in flight in a state.
    fn in_flight(&self, state: &Self::State) -> Vec<InFlightSegment>;

    /// The timers of A and B in a state; `None` in a world without a clock.
    fn timers(&self, state: &Self::State) -> Option<[Timers; 2]>;

    /// How late the timers of A and of B may be, in ticks.
    fn slack(&self) -> [u32; 2] {
        [0; 2]
    }

    /// The event that an action is, as reports show it.
    fn event(&self, action: &Self::Action) -> Event;

    /// The first bound of the representation that a step of this world ran into.
    fn limit(&self) -> Option<Limit>;

    /// The state without what is no part of the world: equal worlds are equal states.
    fn canonical(&self, state: Self::State) -> Self::State {
        state
    }

    /// The segment that an action, once taken, has sent.
    fn sent(&self, before: &Self::State, action: &Self::Action, after: &Self::State) -> Option<InFlightSegment>;

    /// A step that was taken, as reports show it.
    fn describe_step(&self, before: &Self::State, action: &Self::Action, after: &Self::State) -> Step {
        let event = self.event(action);
        let sent = self.sent(before, action, after);
        let after = self.snapshot(after);
        let expired = match event {
            Event::Pass(_) => without(older(self.in_flight(before)), &after.in_flight),
            _ => Vec::new(),
        };
        Step { event, sent, expired, after }
    }

    /// A state, as reports show it.
    fn snapshot(&self, state: &Self::State) -> Snapshot {
        Snapshot {
            ends: End::BOTH.map(|end| state.end(end)),
            timers: self.timers(state),
            in_flight: self.in_flight(state),
            losses: state.losses(),
            duplicates: state.duplicates(),
        }
    }
}

fn older(mut flights: Vec<InFlightSegment>) -> Vec<InFlightSegment> {
    for flight in &mut flights {
        flight.age = flight.age.map(|age| age + 1);
    }
    flights
}

/// What is left of a bag when another is taken out.
fn without(mut flights: Vec<InFlightSegment>, other: &[InFlightSegment]) -> Vec<InFlightSegment> {
    for flight in other {
        if let Some(place) = flights.iter().position(|one| one == flight) {
            flights.remove(place);
        }
    }
    flights
}

impl From<SegmentCopy> for InFlightSegment {
    fn from(copy: SegmentCopy) -> Self {
        Self {
            to: copy.to(),
            segment: copy.segment(),
            incarnation: copy.incarnation(),
            age: Some(copy.age()),
            is_duplicate: copy.is_duplicate(),
        }
    }
}

impl<L: Layout> World for TimedWorld<L> {
    fn limit(&self) -> Option<Limit> {
        self.limit()
    }

    fn in_flight(&self, state: &WorldState<L>) -> Vec<InFlightSegment> {
        state.network().copies().map(InFlightSegment::from).collect()
    }

    fn timers(&self, state: &WorldState<L>) -> Option<[Timers; 2]> {
        Some(End::BOTH.map(|end| state.timers(end)))
    }

    fn slack(&self) -> [u32; 2] {
        End::BOTH.map(|end| self.config().end(end).policy.timers.timer_slack)
    }

    /// What the end says when it is asked once more: in a network that is a set it need not be new.
    fn sent(&self, before: &WorldState<L>, action: &Action, _: &WorldState<L>) -> Option<InFlightSegment> {
        self.answer(before, *action).map(InFlightSegment::from)
    }

    fn event(&self, action: &Action) -> Event {
        match *action {
            Action::Call(end, call) => Event::Call(end, call),
            Action::Timeout(end, timer) => Event::Timeout(end, timer),
            Action::Deliver(copy) => Event::Deliver(copy.into()),
            Action::Lose(copy) => Event::Lose(copy.into()),
            Action::Duplicate(copy) => Event::Duplicate(copy.into()),
            Action::Tick => Event::Pass(1),
        }
    }
}

impl World for ActorWorld {
    /// An `ActorModel` has no bounds.
    fn limit(&self) -> Option<Limit> {
        None
    }

    /// stateright's network remembers which message was delivered last; nothing depends on it.
    fn canonical(&self, mut state: ActorModelState<Host>) -> ActorModelState<Host> {
        if let Network::UnorderedDuplicating(_, last) = &mut state.network {
            *last = None;
        }
        state
    }

    fn in_flight(&self, state: &ActorModelState<Host>) -> Vec<InFlightSegment> {
        let mut flights: Vec<_> =
            state.network.iter_all().map(|envelope| flight(envelope.dst, *envelope.msg)).collect();
        flights.sort_by_key(|flight| (flight.to, flight.segment));
        flights
    }

    fn timers(&self, _: &ActorModelState<Host>) -> Option<[Timers; 2]> {
        None
    }

    /// What the actor sends when it handles the action once more: the network is a set, and need not show it.
    fn sent(
        &self,
        before: &ActorModelState<Host>,
        action: &Self::Action,
        _: &ActorModelState<Host>,
    ) -> Option<InFlightSegment> {
        let actor = match action {
            ActorModelAction::Deliver { dst, .. } => *dst,
            ActorModelAction::Timeout(actor, _) | ActorModelAction::SelectRandom { actor, .. } => *actor,
            _ => return None,
        };
        let place = usize::from(actor);
        let (Some(host), Some(state)) = (self.actors.get(place), before.actor_states.get(place)) else {
            broken(format_args!("end {place} is missing in the asynchronous world"))
        };
        let mut state = Cow::Borrowed(&**state);
        let mut out = Out::new();
        match action {
            ActorModelAction::Deliver { src, msg, .. } => host.on_msg(actor, &mut state, *src, *msg, &mut out),
            ActorModelAction::Timeout(_, timer) => host.on_timeout(actor, &mut state, timer, &mut out),
            ActorModelAction::SelectRandom { random, .. } => host.on_random(actor, &mut state, random, &mut out),
            _ => {}
        }
        out.into_iter().find_map(|command| match command {
            Command::Send(to, segment) => Some(flight(to, segment)),
            _ => None,
        })
    }

    fn event(&self, action: &Self::Action) -> Event {
        let end = |actor| if actor == id(End::A) { End::A } else { End::B };
        match action {
            ActorModelAction::Deliver { dst, msg, .. } => Event::Deliver(flight(*dst, *msg)),
            ActorModelAction::Drop(envelope) => Event::Lose(flight(envelope.dst, envelope.msg)),
            ActorModelAction::Timeout(actor, timer) => Event::Timeout(end(*actor), *timer),
            ActorModelAction::SelectRandom { actor, random, .. } => Event::Call(end(*actor), *random),
            // An abort is another thing: its application calls it, and it may send a reset.
            ActorModelAction::Crash(_) | ActorModelAction::Recover(_) => {
                broken(format_args!("an end crashed, which the asynchronous world does not allow"))
            }
        }
    }
}

fn flight(to: stateright::actor::Id, segment: Segment) -> InFlightSegment {
    let to = if to == id(End::A) { End::A } else { End::B };
    InFlightSegment { to, segment, incarnation: Incarnation::First, age: None, is_duplicate: false }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Application, Closes, ClosesWith, Config, EndConfig, Opening, asynchronous_world};
    use crate::tcp::Policy;

    fn config() -> Config {
        let end = EndConfig {
            policy: Policy::rfc9293(2),
            application: Application {
                closes: Closes::AnyTime,
                closes_with: ClosesWith::Shutdown,
                sends: 0,
                aborts: false,
                opening: Opening::NEVER,
            },
        };
        Config { msl: 2, losses: Some(1), duplicates: Some(1), a: end, b: end }
    }

    /// Takes the first action of this kind.
    fn take<W: World>(world: &W, state: &mut W::State, wanted: impl Fn(&Event) -> bool) -> Step {
        let mut actions = Vec::new();
        world.actions(state, &mut actions);
        let action = actions.into_iter().find(|action| wanted(&world.event(action))).expect("it is enabled");
        let next = world.next_state(state, action.clone()).expect("within every bound");
        let step = world.describe_step(state, &action, &next);
        *state = next;
        step
    }

    fn is_retransmission(event: &Event) -> bool {
        *event == Event::Timeout(End::A, Timer::Retransmission)
    }

    fn is_shutdown(event: &Event) -> bool {
        *event == Event::Call(End::A, Call::Shutdown)
    }

    #[test]
    fn a_step_has_what_was_sent_and_what_has_expired() {
        let world = TimedWorld::new(config());
        let mut state = world.init_states().remove(0);
        let fin = take(&world, &mut state, is_shutdown).sent.expect("a FIN");
        assert_eq!((fin.segment.to_string().as_str(), fin.age), ("FIN seq=1 ack=1", Some(0)));
        let duplicated = take(&world, &mut state, |event| matches!(event, Event::Duplicate(_)));
        assert_eq!((duplicated.sent, duplicated.after.in_flight.len()), (None, 2));
        assert_eq!(take(&world, &mut state, |event| *event == Event::Pass(1)).expired, []);
        let expired = take(&world, &mut state, |event| *event == Event::Pass(1)).expired;
        assert_eq!(expired.iter().map(|flight| flight.is_duplicate).collect::<Vec<_>>(), [false, true]);
        let again = take(&world, &mut state, is_retransmission);
        assert_eq!((again.sent, again.after.in_flight), (Some(fin), vec![fin]));
    }

    /// The network is a set, so that what is sent again changes nothing in it; the step has it all the same.
    #[test]
    fn a_retransmission_is_shown_in_the_asynchronous_world() {
        let world = asynchronous_world(&config());
        let mut state = world.init_states().remove(0);
        let fin = take(&world, &mut state, is_shutdown).sent.expect("a FIN");
        let again = take(&world, &mut state, is_retransmission);
        assert_eq!((again.sent, again.after.in_flight), (Some(fin), vec![fin]));
        let answer = take(&world, &mut state, |event| *event == Event::Deliver(fin));
        assert_eq!(answer.sent.map(|ack| ack.segment.to_string()), Some("ACK seq=1 ack=2".to_owned()));
        assert_eq!(answer.after.states(), [State::FinWait1, State::CloseWait]);
    }
}
