//! How TCP closes a connection, as stateright models.
//!
//! Each direction is closed by itself: an end sends a FIN, the other acknowledges it (RFC 9293 §3.6). Whoever
//! closes first cannot know whether its last ACK has arrived, and waits in `TIME_WAIT`: its peer may send its FIN
//! again.
//!
//! stateright's `ActorModel` has no time: in `check asynchronous` any timer may expire at any moment, and no
//! `TIME_WAIT` is long enough. `TimedWorld` has the same endpoint and an MSL: in `check timed` `TIME_WAIT` keeps
//! its promise. Its properties are the files in `properties/` that single states decide.

#![allow(clippy::missing_docs_in_private_items, clippy::panic, clippy::indexing_slicing, reason = "an example")]

use std::borrow::Cow;
use std::env;
use std::thread::available_parallelism;

use lastack::check::Library;
use lastack::model::TimedWorld;
use lastack::property::{Instance, state_properties};
use lastack::tcp::{Call, Endpoint, Policy, Segment, State, TcpActor, Timer};
use stateright::actor::{Actor, ActorModel, ActorModelState, Id, LossyNetwork, Network, Out};
use stateright::report::WriteReporter;
use stateright::{Checker, Expectation, Model};

/// An end of the connection: TCP, and an application that closes when it likes or when its peer has closed.
#[derive(Clone, Copy)]
struct End {
    tcp: TcpActor,
    closes_first: bool,
}

impl End {
    /// Offers the application what it may do next.
    fn offer(&self, endpoint: &Endpoint, out: &mut Out<Self>) {
        let may_close =
            endpoint.state == State::CloseWait || self.closes_first && endpoint.state == State::Established;
        out.choose_random("application", if may_close { vec![Call::Shutdown] } else { vec![] });
    }
}

impl Actor for End {
    type Msg = Segment;
    type State = Endpoint;
    type Timer = Timer;
    type Storage = ();
    type Random = Call;

    fn on_start(&self, id: Id, storage: &Option<()>, out: &mut Out<Self>) -> Endpoint {
        let mut own = Out::new();
        let endpoint = self.tcp.on_start(id, storage, &mut own);
        out.append(&mut own);
        self.offer(&endpoint, out);
        endpoint
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, Endpoint>, src: Id, segment: Segment, out: &mut Out<Self>) {
        let mut own = Out::new();
        self.tcp.on_msg(id, state, src, segment, &mut own);
        out.append(&mut own);
        self.offer(state, out);
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, Endpoint>, timer: &Timer, out: &mut Out<Self>) {
        let mut own = Out::new();
        self.tcp.on_timeout(id, state, timer, &mut own);
        out.append(&mut own);
    }

    fn on_random(&self, id: Id, state: &mut Cow<'_, Endpoint>, call: &Call, out: &mut Out<Self>) {
        let mut own = Out::new();
        self.tcp.on_random(id, state, call, &mut own);
        out.append(&mut own);
    }
}

const EARLY: &str = "A is CLOSED before B has its last ACK";

fn states(state: &ActorModelState<End>) -> [State; 2] {
    [0, 1].map(|end| state.actor_states[end].state)
}

fn asynchronous() -> ActorModel<End> {
    let end = |peer, closes_first| End {
        tcp: TcpActor { peer: Id::from(peer), policy: Policy::rfc9293(2) },
        closes_first,
    };
    ActorModel::new((), ())
        .actor(end(1, true))
        .actor(end(0, false))
        .init_network(Network::new_unordered_duplicating([]))
        .lossy_network(LossyNetwork::Yes)
        .property(Expectation::Sometimes, "both ends are CLOSED", |_, state| states(state) == [State::Closed; 2])
        .property(Expectation::Sometimes, EARLY, |_, state| states(state) == [State::Closed, State::LastAck])
        .property(Expectation::Always, "B closes after A", |_, state| {
            states(state)[0] != State::Established || states(state)[1] == State::Established
        })
}

/// A scenario of `scenarios/`, with the properties that it is about.
fn timed(scenario: &str) -> TimedWorld {
    let library = Library::shipped().unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let scenarios =
        library.scenarios(&[scenario.to_owned()], &[], 1).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let properties = library.properties.iter().filter(|property| scenarios[0].is_about(&property.name));
    let instances: Vec<Instance> = properties.flat_map(Instance::all).collect();
    TimedWorld::with_properties(scenarios[0].config, state_properties(&instances))
}

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let threads = available_parallelism().map_or(1, usize::from);
    let mut stdout = std::io::stdout();
    let mut reporter = WriteReporter::new(&mut stdout);
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["check", "asynchronous"] => {
            asynchronous().checker().threads(threads).spawn_bfs().report(&mut reporter);
        }
        ["check", "timed", scenario] => {
            timed(scenario).checker().threads(threads).spawn_bfs().report(&mut reporter);
        }
        ["explore", address] => drop(asynchronous().checker().threads(threads).serve(address)),
        _ => eprintln!("usage: close check asynchronous | check timed SCENARIO | explore ADDRESS"),
    }
}

#[test]
fn can_model_a_close() {
    use lastack::tcp::{Flags, Seq};
    use stateright::actor::ActorModelAction::{Deliver, SelectRandom, Timeout};
    let [a, b] = [Id::from(0), Id::from(1)];
    let shutdown = |actor| SelectRandom { actor, key: "application".to_owned(), random: Call::Shutdown };
    let segment = |flags, seq, ack| Segment { flags, seq: Seq(seq), ack: Seq(ack), len: 0 };

    let checker = asynchronous().checker().spawn_bfs().join();
    checker.assert_properties();
    assert_eq!(checker.unique_state_count(), 7_375);
    let path = vec![
        shutdown(a),
        Deliver { src: a, dst: b, msg: segment(Flags::FIN_ACK, 1, 1) },
        Deliver { src: b, dst: a, msg: segment(Flags::ACK, 1, 2) },
        shutdown(b),
        Deliver { src: b, dst: a, msg: segment(Flags::FIN_ACK, 1, 2) },
        Timeout(a, Timer::TimeWait),
    ];
    checker.assert_discovery(EARLY, path);

    let checker = timed("sequential").checker().spawn_bfs().join();
    checker.assert_no_discovery("no-premature-closed@A");
    assert_eq!(checker.unique_state_count(), 6_215);
}
