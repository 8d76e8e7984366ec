//! The running kernel, captured while a peer is played to it, on Linux and as root: the report on the capture
//! beside the kernel's own account of its states.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use lastack::capture::{Capture as Read, Diagnosis, Side, Why};
use lastack::conform::kernel::{ADDRESS, CaptureFile, Error, Kernel, policy};
use lastack::conform::{Class, EndpointInput, EndpointPath, PathGenerator, Stack, Transition, run};
use lastack::explore::{Limits, Reachable};
use lastack::model::{Application, Closes, ClosesWith, Config, End, EndConfig, Opening};
use lastack::tcp::{Call, Segment, Seq, State, Timer};

use crate::Missing;

/// So many paths are taken at once, each thread with a kernel and a capture of its own.
const AT_ONCE: usize = 4;
/// Random walks of each end of each world, without timers.
const WALKS: u64 = 40;
/// Longer than a path without timers takes, and shorter than anybody wants to wait.
const RTO: [Duration; 2] = [Duration::from_secs(5), Duration::from_millis(300)];

const SHUTS: Application = Application {
    closes: Closes::AnyTime,
    closes_with: ClosesWith::Shutdown,
    sends: 1,
    aborts: false,
    opening: Opening::NEVER,
};
const ABORTS: Application = Application { aborts: true, ..SHUTS };
const CLOSES_FULLY: Application = Application { closes_with: ClosesWith::Close, ..SHUTS };

/// A connection whose states are written down.
struct Watched<S> {
    stack: S,
    states: Vec<State>,
}

impl<S: Stack> Stack for Watched<S> {
    type Error = S::Error;

    fn connect(&mut self) -> Result<(), S::Error> {
        self.stack.connect()
    }

    fn listen(&mut self) -> Result<(), S::Error> {
        self.stack.listen()
    }

    fn number_from(&mut self, iss: Seq) {
        self.stack.number_from(iss);
    }

    fn call(&mut self, call: Call) -> Result<(), S::Error> {
        self.stack.call(call)
    }

    fn receive(&mut self) -> Result<u32, S::Error> {
        self.stack.receive()
    }

    fn arrive(&mut self, segment: &Segment) -> Result<(), S::Error> {
        self.stack.arrive(segment)
    }

    fn expire(&mut self, timer: Timer) -> Result<(), S::Error> {
        self.stack.expire(timer)
    }

    fn sent(&mut self) -> Result<Vec<Segment>, S::Error> {
        self.stack.sent()
    }

    fn state(&mut self) -> Result<State, S::Error> {
        let state = self.stack.state()?;
        if self.states.last() != Some(&state) {
            self.states.push(state);
        }
        Ok(state)
    }
}

/// Every transition but the end of 2MSL, by a shortest path, and walks.
fn paths() -> Vec<EndpointPath> {
    let mut paths = Vec::new();
    for (losses, duplicates, a, b) in [
        (Some(1), 1, SHUTS, SHUTS),
        (Some(0), 0, ABORTS, ABORTS),
        (Some(1), 1, CLOSES_FULLY, SHUTS),
        (None, 0, SHUTS, SHUTS),
    ] {
        let end = |application| EndConfig { policy: policy().unwrap(), application };
        let config = Config { msl: 1, losses, duplicates: Some(duplicates), a: end(a), b: end(b) };
        let world = Reachable::explore(config, Limits::NONE).unwrap();
        for end in End::BOTH {
            let ways = PathGenerator::new(&world, end);
            let of = |what: fn(&Timer) -> bool| -> BTreeSet<Transition> {
                let is = |one: &&Transition| matches!(&one.class, Class::Timeout { timer, .. } if what(timer));
                ways.transitions().iter().filter(is).copied().collect()
            };
            let time_wait = of(|timer| *timer == Timer::TimeWait);
            let shortest = ways.shortest(&time_wait);
            paths.extend(shortest.into_iter().filter(|(one, _)| !time_wait.contains(one)).map(|(_, path)| path));
            let timers = of(|_| true);
            paths.extend((0..WALKS).map(|seed| ways.random(seed, &timers)));
        }
    }
    let mut known = HashSet::new();
    paths.retain(|path: &EndpointPath| known.insert(path.clone()));
    paths
}

/// Plays every `AT_ONCE`th path from the one with this number on; returns the states of each connection, and the
/// file.
fn play(paths: &[EndpointPath], number: usize) -> Result<(Vec<Vec<State>>, Vec<u8>), Error> {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("kernel-{number}.pcap"));
    let capture = Arc::new(CaptureFile::create(&file)?);
    let mut all = Vec::new();
    Kernel::with(&policy().unwrap(), Some(Arc::clone(&capture)), |kernel| {
        for path in paths.iter().skip(number).step_by(AT_ONCE) {
            let waits = path.events.iter().any(|event| matches!(event, EndpointInput::Timeout(_)));
            let stack = kernel.established(RTO[usize::from(waits)], 1)?;
            let mut watched = Watched { stack, states: vec![State::Established] };
            run(path, &policy().unwrap(), &mut watched)?;
            all.push(watched.states);
        }
        Ok(())
    })?;
    Arc::into_inner(capture).unwrap().finish()?;
    Ok((all, fs::read(file).unwrap()))
}

/// Where the report on the kernel's states differs from what they were.
#[derive(Debug, PartialEq)]
enum Difference {
    /// It gave up, which shows in nothing but silence.
    GaveUp,
    /// None of these.
    Other,
}

/// What follows a path is no part of it: the kernel's socket is dropped, or the peer resets what has none any
/// more.
fn difference(was: &[State], reported: &[State]) -> Option<Difference> {
    // A segment may do two things at once, which the report has one after the other.
    let passes_through = |state: &State| *state == State::FinWait2 && !was.contains(state);
    let reported: Vec<State> = reported.iter().copied().filter(|state| !passes_through(state)).collect();
    match (reported.strip_prefix(was), was.strip_prefix(reported.as_slice())) {
        (Some([] | [State::Closed]), _) => None,
        (_, Some([State::Closed])) => Some(Difference::GaveUp),
        _ => Some(Difference::Other),
    }
}

pub(crate) fn a_capture_of_the_kernel_is_explained() -> Result<(), Missing> {
    let _guard = super::available()?;
    let paths = paths();
    let played: Vec<_> = thread::scope(|scope| {
        let play = |number| play(&paths, number);
        let threads: Vec<_> = (0..AT_ONCE).map(|number| scope.spawn(move || play(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
    });
    let (mut resets, mut gave_up, mut others) = (0, 0, Vec::new());
    for (number, (states, file)) in played.iter().enumerate() {
        let capture = Read::read(file.as_slice());
        let closings: Vec<Diagnosis> =
            capture.connections.iter().map(|one| Diagnosis::of(one, capture.end)).collect();
        assert_eq!(closings.len(), states.len(), "every connection that was played is found, and no other");
        for ((connection, closing), was) in capture.connections.iter().zip(&closings).zip(states) {
            let what = format!("kernel-{number}.pcap, packet {}", connection.first.0);
            let kernel = if connection.ends[0].port() == ADDRESS.port() { Side::First } else { Side::Second };
            if let Some((from, unexplained)) = closing.unexplained() {
                // The peer has sent text which was lost, then aborts: that could as well be a forged reset.
                let seq = connection.packets[unexplained.index].segment.seq;
                let is_beyond = matches!(unexplained.why, Why::ResetNumber(next) if next.precedes(seq));
                assert!(is_beyond && from != kernel, "{what}: {unexplained:?}");
                resets += 1;
            }
            let reported: Vec<State> =
                closing.explanation(kernel).changes.iter().map(|change| change.state).collect();
            match difference(was, &reported) {
                None => {}
                Some(Difference::GaveUp) => gave_up += 1,
                Some(Difference::Other) => {
                    others.push(format!("{what}: was {was:?}, is reported as {reported:?}"));
                }
            }
        }
    }
    assert!(resets * 40 < paths.len(), "{resets} of {} connections are not explained", paths.len());
    assert!(gave_up * 40 < paths.len(), "{gave_up} of {} connections end in silence", paths.len());
    assert!(others.len() * 200 < paths.len(), "{others:#?}");
    Ok(())
}
