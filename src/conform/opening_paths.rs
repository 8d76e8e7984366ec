//! The paths on which connections are opened, and those on which a SYN meets one that closes.
//!
//! They are not those of a world: the peer may send any segment at any time, so that what a network would deliver
//! only after a long story comes at once.

use std::collections::HashMap;

use super::input::EndpointInput;
use super::lockstep::listen_on;
use super::path::PathGenerator;
use super::transition::Transition;
use crate::tcp::{Call, Endpoint, Flags, Policy, Segment, Seq, State, Timer};

/// What can be done with a stack that is compared.
#[derive(Clone, Copy, Debug)]
pub struct Openings {
    /// Its application can call these; while somebody listens and no connection is open, [`Call::Close`] ends
    /// that.
    pub calls: &'static [Call],
    /// Its timers can be waited for.
    pub timers: &'static [Timer],
}

/// The endpoint is not followed beyond these numbers: far enough for two connections, one after the other, of
/// which each end sends an octet.
const LAST_NUMBER: u32 = 7;

/// A number that no window reaches.
const FAR: u32 = 1 << 30;

/// The paths of an endpoint from CLOSED on that opens connections, actively or passively.
///
/// While it has none, any kind of segment arrives, with any relation to its numbers; once it has one, SYNs of all
/// kinds do, and what a peer sends that closes.
#[must_use]
pub fn opening_paths(policy: &Policy, can: Openings) -> PathGenerator {
    let mut ways = PathGenerator::default();
    let mut states = vec![Endpoint::closed()];
    let mut numbers = HashMap::from([(Endpoint::closed(), 0)]);
    let mut next = 0;
    while let Some(before) = states.get(next).cloned() {
        next += 1;
        let steps: Vec<_> = events(&before, can)
            .into_iter()
            .filter_map(|event| {
                let mut after = before.clone();
                event.apply(&mut after, policy);
                after.on_call(Call::Receive, policy);
                listen_on(&mut after);
                let transition = Transition::of(&before, &event, after.state);
                let target = *numbers.entry(after.clone()).or_insert_with(|| {
                    states.push(after);
                    states.len() - 1
                });
                // There are some thousands of them.
                Some((Some((event, transition)), u32::try_from(target).ok()?))
            })
            .collect();
        ways.add_state(steps.into_iter());
    }
    ways
}

/// What may happen at an endpoint.
fn events(endpoint: &Endpoint, can: Openings) -> Vec<EndpointInput> {
    let Endpoint { state, snd_una, snd_nxt, rcv_nxt, .. } = *endpoint;
    let mut events: Vec<EndpointInput> = calls(endpoint, can);
    // A path begins with what opens.
    if is_beyond(snd_nxt) || is_beyond(rcv_nxt) || *endpoint == Endpoint::closed() {
        return events;
    }
    let is_open = !matches!(state, State::Closed | State::Listen | State::SynSent | State::SynReceived);
    let opens = matches!(state, State::SynSent | State::SynReceived);
    let runs = |timer: &&Timer| match timer {
        Timer::Retransmission => opens,
        Timer::TimeWait | Timer::FinWait2 | Timer::DelayedAck | Timer::LastAck => false,
    };
    events.extend(can.timers.iter().filter(runs).copied().map(EndpointInput::Timeout));
    // A SYN that opens a connection has a number that the peer has not used.
    let mut seqs = vec![rcv_nxt];
    if !matches!(state, State::Closed | State::Listen | State::SynSent) {
        seqs.extend([before(rcv_nxt), rcv_nxt + 1, rcv_nxt + FAR]);
    }
    let mut acks = vec![snd_una, snd_nxt + 1];
    acks.extend((snd_una != snd_nxt).then_some(snd_nxt));
    acks.extend((snd_una != Seq(0)).then_some(before(snd_una)));
    let kinds: &[(Flags, u32)] = if is_open { &OF_OPEN } else { &OF_OPENING };
    for &(flags, len) in kinds {
        for &seq in &seqs {
            let segment = Segment { flags, seq, ack: Seq(0), len };
            if flags.ack {
                let with = acks.iter().map(|&ack| EndpointInput::Arrival(Segment { ack, ..segment }));
                events.extend(with.filter(|_| flags.syn || !is_open || seq == rcv_nxt));
            } else {
                events.push(EndpointInput::Arrival(segment));
            }
        }
    }
    events
}

/// What its application may do.
fn calls(endpoint: &Endpoint, can: Openings) -> Vec<EndpointInput> {
    let Endpoint { state, reader_gone, close_called, .. } = *endpoint;
    match state {
        State::Closed if endpoint.next_iss().0 < LAST_NUMBER => {
            vec![EndpointInput::Connect, EndpointInput::Listen]
        }
        State::Closed => Vec::new(),
        State::Listen => vec![EndpointInput::Call(Call::Close)],
        // Nobody has a connection in hand that is not accepted yet.
        State::SynReceived if endpoint.listens => Vec::new(),
        _ => {
            let has_effect = |call: &&Call| match call {
                // What is sent here is what a FIN is: a number to acknowledge.
                Call::Connect(_) | Call::Send | Call::Receive => false,
                Call::Shutdown => !close_called,
                // There is no socket any more.
                Call::Close | Call::Abort => !reader_gone,
            };
            can.calls.iter().filter(has_effect).copied().map(EndpointInput::Call).collect()
        }
    }
}

/// The kinds of segments, and their octets of text, that arrive where no connection is open.
const OF_OPENING: [(Flags, u32); 9] = [
    (Flags::SYN, 0),
    (Flags::SYN_ACK, 0),
    (Flags::ACK, 0),
    (Flags::ACK, 1),
    (Flags::FIN_ACK, 0),
    (Flags::RST, 0),
    (Flags::RST_ACK, 0),
    (Flags { fin: true, syn: false, rst: false, ack: false }, 0),
    (Flags { fin: false, syn: false, rst: false, ack: false }, 1),
];

/// Those that arrive where one is.
const OF_OPEN: [(Flags, u32); 4] = [(Flags::SYN, 0), (Flags::SYN_ACK, 0), (Flags::ACK, 0), (Flags::FIN_ACK, 0)];

fn before(number: Seq) -> Seq {
    number + u32::MAX
}

/// The number is further than paths go. Those before 0 are not.
fn is_beyond(number: Seq) -> bool {
    (LAST_NUMBER..FAR).contains(&number.0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::conform::testing::SelfStack;
    use crate::conform::{Class, EndpointPath, Place, run};
    use crate::tcp::{SynInTimeWait, SynInWindow};

    const OPENINGS: Openings =
        Openings { calls: &[Call::Shutdown, Call::Close, Call::Abort], timers: &[Timer::Retransmission] };

    /// Every state is opened into and closed from, and a difference anywhere is found.
    #[test]
    fn the_paths_open_and_reopen() {
        let policy =
            Policy::rfc9293(2).with(|policy| policy.opening.syn_in_time_wait = SynInTimeWait::ReopenIfAbove);
        let ways = opening_paths(&policy, OPENINGS);
        let paths = ways.shortest(&BTreeSet::new());
        assert_eq!(paths.len(), ways.transitions().len());
        assert!(paths.values().all(|path| path.opens() && path.events.len() < 12));
        let states: BTreeSet<State> = paths.keys().map(|transition| transition.before).collect();
        assert_eq!(states.len(), 11, "{states:?}");
        let reopens = paths.keys().filter(|one| (one.before, one.after) == (State::TimeWait, State::SynReceived));
        let above = |one: &Transition| {
            matches!(one.class, Class::Arrival { place: Some(Place::BeyondHole | Place::BeyondWindow), .. })
        };
        assert!(reopens.clone().count() > 1 && reopens.clone().all(above), "{:?}", reopens.collect::<Vec<_>>());

        let differing = |other: Policy| {
            let differs = |path: &&EndpointPath| {
                run(path, &policy, &mut SelfStack::new(path, other)).unwrap().divergence.is_some()
            };
            paths.values().filter(differs).count()
        };
        assert_eq!(differing(policy), 0);
        assert!(differing(Policy::rfc9293(2)) > 0, "where TIME_WAIT is not reopened");
        let drops = policy.with(|policy| policy.resets.syn_in_window = SynInWindow::Drop);
        assert!(differing(drops) > 10, "where a SYN is dropped");
    }
}
