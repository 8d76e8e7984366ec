//! The asynchronous world: the same two endpoints in stateright's own `ActorModel`, where no clock ties
//! anything to anything: any timer that runs may expire at any moment, and a copy stays forever.

use std::borrow::Cow;

use stateright::actor::{Actor, ActorModel, ActorModelState, Id, LossyNetwork, Network, Out};
use stateright::{Expectation, Property};

use super::application::Application;
use super::config::Config;
use super::observe::{End, Kind, Observe, Observed};
use super::state_property::ListsProperties;
use super::state_property::StateProperty;
use super::timed::id;
use crate::invariant::broken;
use crate::tcp::{Call, Endpoint, Segment, TcpActor, Timer};

/// An endpoint together with its application, which chooses among the calls that it may make.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    tcp: TcpActor,
    application: Application,
}

/// stateright's `ActorModel` of both ends; its configuration is what stateright's checker is to decide of it.
pub type ActorWorld = ActorModel<Host, Vec<StateProperty<ActorModelState<Host>>>>;

/// Both ends of a configuration on a network that loses, duplicates and reorders without bound.
///
/// ```
/// use lastack::check::Library;
/// use lastack::model::asynchronous_world;
/// use lastack::tcp::State;
/// use stateright::Model;
///
/// let library = Library::shipped()?;
/// let world = asynchronous_world(&library.scenarios(&["asynchronous".to_owned()], &[], 1)?[0].config);
/// let ends = &world.init_states()[0].actor_states;
/// assert!(ends.iter().all(|endpoint| endpoint.state == State::Established));
/// # Ok::<(), lastack::diagnostic::Diagnostics>(())
/// ```
#[must_use]
pub fn asynchronous_world(config: &Config) -> ActorWorld {
    asynchronous_world_with(config, Vec::new())
}

/// Both ends of a configuration on such a network ([`asynchronous_world`]), with what stateright's checker is to
/// decide of it: the first [`MAX_STATE_PROPERTIES`](super::MAX_STATE_PROPERTIES).
///
/// ```
/// use lastack::check::Library;
/// use lastack::model::asynchronous_world_with;
/// use lastack::property::{Instance, state_properties};
/// use stateright::{Checker, Model};
///
/// let library = Library::shipped()?;
/// let scenario = &library.scenarios(&["asynchronous".to_owned()], &[], 1)?[0];
/// let about = library.properties.iter().filter(|property| property.name == "no-premature-closed");
/// let instances: Vec<Instance> = about.flat_map(Instance::all).collect();
/// let world = asynchronous_world_with(&scenario.config, state_properties(&instances));
/// let checker = world.checker().spawn_bfs().join();
/// checker.assert_any_discovery("no-premature-closed@A");
/// # Ok::<(), lastack::diagnostic::Diagnostics>(())
/// ```
#[must_use]
pub fn asynchronous_world_with(
    config: &Config,
    properties: Vec<StateProperty<ActorModelState<Host>>>,
) -> ActorWorld {
    let host = |end: End| {
        let config = config.end(end);
        Host { tcp: TcpActor { peer: id(end.peer()), policy: config.policy }, application: config.application }
    };
    let mut model = ActorModel::new(properties, ())
        .actors(End::BOTH.map(host))
        .init_network(Network::new_unordered_duplicating([]))
        .lossy_network(LossyNetwork::Yes);
    for Property { expectation, name, condition } in model.state_properties() {
        model = model.property(expectation, name, condition);
    }
    model
}

impl ListsProperties for ActorWorld {
    fn listed(&self) -> Vec<(Expectation, &'static str)> {
        self.cfg.iter().map(|property| (property.expectation.clone(), property.name)).collect()
    }

    fn is_true(&self, place: usize, state: &ActorModelState<Host>) -> bool {
        let Some(property) = self.cfg.get(place) else {
            broken(format_args!("property {place} of {} is asked for", self.cfg.len()))
        };
        (property.condition)(state)
    }
}

impl Host {
    /// The application reads whatever was delivered, and its choice is offered anew.
    fn after(&self, state: &mut Cow<'_, Endpoint>, out: &mut Out<Self>) {
        if state.unread > 0 {
            state.to_mut().on_call(Call::Receive, &self.tcp.policy);
        }
        if matches!(state, Cow::Owned(_)) {
            self.offer(state, out);
        }
    }

    fn offer(&self, endpoint: &Endpoint, out: &mut Out<Self>) {
        let calls = self.application.calls(&Observed::of(endpoint), endpoint.reader_gone, &self.tcp.policy);
        out.choose_random("application", calls.collect());
    }
}

impl Actor for Host {
    type Msg = Segment;
    type Timer = Timer;
    type State = Endpoint;
    type Storage = ();
    type Random = Call;

    fn on_start(&self, id: Id, storage: &Option<()>, out: &mut Out<Self>) -> Endpoint {
        let mut inner = Out::new();
        let endpoint = self.tcp.on_start(id, storage, &mut inner);
        out.append(&mut inner);
        self.offer(&endpoint, out);
        endpoint
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, Endpoint>, src: Id, segment: Segment, out: &mut Out<Self>) {
        let mut inner = Out::new();
        self.tcp.on_msg(id, state, src, segment, &mut inner);
        out.append(&mut inner);
        self.after(state, out);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, Endpoint>, timer: &Timer, out: &mut Out<Self>) {
        let mut inner = Out::new();
        self.tcp.on_timeout(id, state, timer, &mut inner);
        out.append(&mut inner);
        self.after(state, out);
    }

    fn on_random(&self, id: Id, state: &mut Cow<'_, Endpoint>, call: &Call, out: &mut Out<Self>) {
        let mut inner = Out::new();
        self.tcp.on_random(id, state, call, &mut inner);
        out.append(&mut inner);
        self.after(state, out);
    }
}

impl Observe for ActorModelState<Host> {
    fn end(&self, end: End) -> Observed {
        // An `ActorModel` starts every actor before its first state is seen.
        match self.actor_states.get(end as usize) {
            Some(endpoint) => Observed::of(endpoint),
            None => broken(format_args!("{end} is missing in the asynchronous world")),
        }
    }

    /// 0 or 1: the network is a set, of which any member may be delivered again.
    fn in_flight(&self, kind: Option<Kind>, to: End) -> u32 {
        let wanted = |segment: &Segment| kind.is_none_or(|kind| Kind::of(segment) == Some(kind));
        u32::from(self.network.iter_all().any(|envelope| envelope.dst == id(to) && wanted(envelope.msg)))
    }

    fn losses(&self) -> u32 {
        0
    }

    fn duplicates(&self) -> u32 {
        0
    }
}

#[cfg(test)]
mod tests {
    use stateright::Model;
    use stateright::actor::ActorModelAction;

    use super::*;
    use crate::model::{Closes, ClosesWith, EndConfig, Opening};
    use crate::tcp::{Policy, State};

    fn world() -> ActorWorld {
        let end = |closes, sends| EndConfig {
            policy: Policy::rfc9293(2),
            application: Application {
                closes,
                closes_with: ClosesWith::Shutdown,
                sends,
                aborts: false,
                opening: Opening::NEVER,
            },
        };
        asynchronous_world(&Config {
            msl: 2,
            losses: None,
            duplicates: Some(0),
            a: end(Closes::AnyTime, 1),
            b: end(Closes::AfterEof, 0),
        })
    }

    fn call(end: End, call: Call) -> ActorModelAction<Segment, Timer, Call> {
        ActorModelAction::SelectRandom { actor: id(end), key: "application".to_owned(), random: call }
    }

    fn deliver(to: End, msg: Segment) -> ActorModelAction<Segment, Timer, Call> {
        ActorModelAction::Deliver { src: id(to.peer()), dst: id(to), msg }
    }

    #[test]
    fn what_is_in_flight_is_a_set_that_stays() {
        let world = world();
        let state = world.init_states().remove(0);
        assert!(End::BOTH.iter().all(|end| state.in_flight(None, *end) == 0));
        let state = world.next_state(&state, call(End::A, Call::Shutdown)).unwrap();
        assert_eq!((state.end(End::A).state, state.end(End::B).state), (State::FinWait1, State::Established));
        assert_eq!((state.in_flight(None, End::A), state.in_flight(None, End::B)), (0, 1));
        assert_eq!((state.in_flight(Some(Kind::Fin), End::B), state.in_flight(Some(Kind::Ack), End::B)), (1, 0));
        let again = ActorModelAction::Timeout(id(End::A), Timer::Retransmission);
        let state = world.next_state(&state, again).unwrap();
        let fin = *state.network.iter_all().next().unwrap().msg;
        let state = world.next_state(&state, deliver(End::B, fin)).unwrap();
        assert_eq!((state.in_flight(Some(Kind::Fin), End::B), state.in_flight(Some(Kind::Ack), End::A)), (1, 1));
        assert_eq!((state.losses(), state.duplicates()), (0, 0));
    }

    /// What an application may do changes with what its endpoint has seen; what arrives is read at once.
    #[test]
    fn the_application_chooses_anew_after_every_event() {
        let world = world();
        let offered = |state: &ActorModelState<Host>| {
            let mut actions = Vec::new();
            world.actions(state, &mut actions);
            let calls = actions.into_iter().filter_map(|action| match action {
                ActorModelAction::SelectRandom { actor, random, .. } => Some((usize::from(actor), random)),
                _ => None,
            });
            calls.collect::<Vec<_>>()
        };
        let state = world.init_states().remove(0);
        assert_eq!(offered(&state), [(0, Call::Send), (0, Call::Shutdown)]);
        let state = world.next_state(&state, call(End::A, Call::Send)).unwrap();
        assert_eq!(offered(&state), [(0, Call::Shutdown)]);
        let data = *state.network.iter_all().next().unwrap().msg;
        let state = world.next_state(&state, deliver(End::B, data)).unwrap();
        assert!(state.actor_states[1].unread == 0 && state.end(End::B).delivered == 1);
        let state = world.next_state(&state, call(End::A, Call::Shutdown)).unwrap();
        assert_eq!(offered(&state), []);
        let fin = state.network.iter_all().find(|envelope| envelope.msg.flags.fin).unwrap().msg;
        let state = world.next_state(&state, deliver(End::B, *fin)).unwrap();
        assert_eq!(offered(&state), [(1, Call::Shutdown)]);
    }
}
