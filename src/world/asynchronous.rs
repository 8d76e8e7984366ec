//! The asynchronous world: the same two endpoints in stateright's own `ActorModel`, where no clock ties
//! anything to anything: any timer that runs may expire at any moment, and a copy stays for ever.

use std::borrow::Cow;

use stateright::actor::{Actor, ActorModel, ActorModelState, Id, LossyNetwork, Network, Out};

use super::timed::id;
use super::{Application, Config, End, Kind, Observe, Observed};
use crate::tcp::{Call, Endpoint, Segment, TcpActor, Timer};

/// An endpoint together with its application, which chooses among the calls that it may make.
#[derive(Clone, Copy, Debug)]
pub struct Host {
    tcp: TcpActor,
    application: Application,
}

/// Both ends of a configuration on a network that loses, duplicates and reorders without bound.
#[must_use]
pub fn asynchronous_world(config: &Config) -> ActorModel<Host> {
    let host = |end: End| {
        let config = config.end(end);
        Host { tcp: TcpActor { peer: id(end.peer()), policy: config.policy }, application: config.application }
    };
    ActorModel::new((), ())
        .actors(End::BOTH.map(host))
        .init_network(Network::new_unordered_duplicating([]))
        .lossy_network(LossyNetwork::Yes)
}

impl Host {
    /// The application reads whatever was delivered, and its choice is offered anew.
    fn after(&self, state: &mut Cow<'_, Endpoint>, out: &mut Out<Self>) {
        if state.unread {
            state.to_mut().on_call(Call::Receive, &self.tcp.policy);
        }
        if matches!(state, Cow::Owned(_)) {
            self.offer(state, out);
        }
    }

    fn offer(&self, endpoint: &Endpoint, out: &mut Out<Self>) {
        out.choose_random("application", self.application.calls(endpoint).collect());
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
        self.actor_states
            .get(end as usize)
            .map_or_else(|| Observed::of(&Endpoint::established()), |endpoint| Observed::of(endpoint))
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
