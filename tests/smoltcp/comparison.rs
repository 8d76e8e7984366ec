//! The worlds whose paths are taken, and what came of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use lastack::conform::{
    Comparison, EndpointInput, EndpointPath, Openings, PathGenerator, Run, Transition, opening_paths, run,
};
use lastack::explore::{Limits, Reachable};
use lastack::model::{Application, Closes, ClosesWith, Config, End, EndConfig, Opening};
use lastack::policy::Policies;
use lastack::tcp::{Call, Policy, Timer};

use crate::driver::Smoltcp;

/// What smoltcp decides. Paths depend on no time, so the durations are those of small worlds.
fn policy() -> Policy {
    Policies::shipped().unwrap().named("smoltcp").unwrap().untimed(2)
}

/// Closes with `shutdown`, for which smoltcp has a call. No end gives up: smoltcp does so after a user timeout
/// alone.
const QUIET: Application = Application {
    closes: Closes::AnyTime,
    closes_with: ClosesWith::Shutdown,
    sends: 0,
    aborts: false,
    opening: Opening::NEVER,
};

/// What smoltcp can do where connections are opened.
const OPENINGS: Openings = Openings { calls: &[Call::Shutdown, Call::Abort], timers: &[Timer::Retransmission] };

/// So many random walks of each end are taken however long that takes.
pub(crate) const WALKS: u64 = 2_000;

/// What came of it.
pub(crate) struct Compared {
    /// What was taken alike and what differs, whether ACKs are delayed or not.
    pub(crate) comparison: Comparison,
    /// What the worlds reach and both never took, with the shortest path to it.
    pub(crate) missing: BTreeMap<Transition, EndpointPath>,
    /// Different paths taken to cover every transition, and all in all.
    pub(crate) paths: [usize; 2],
}

/// Takes a path to every transition of an end of the worlds; these paths; and then random walks: [`WALKS`] and as
/// many more as there is time for.
pub(crate) fn compare(paths: &[EndpointPath], until: Instant) -> Result<Compared, String> {
    let delaying = policy().with(|policy| policy.acks.delayed_ack = Some(1));
    let worlds = [worlds(policy()), worlds_with_text(delaying, Some(1))];
    let mut all: Vec<_> = [policy(), delaying]
        .into_iter()
        .zip(&worlds)
        .map(|(policy, worlds)| {
            let ways: Vec<PathGenerator> =
                worlds.iter().flat_map(|world| End::BOTH.map(|end| PathGenerator::new(world, end))).collect();
            (policy, ways, Comparison::default())
        })
        .collect();
    let opening = opening_paths(&policy(), OPENINGS);
    let run_all = |policy: Policy| {
        move |paths: &[EndpointPath]| -> Result<Vec<Run>, String> {
            let delays = policy.acks.delayed_ack.is_some();
            let at_start = |path: &EndpointPath| {
                if path.opens() { Ok(Smoltcp::closed(delays)) } else { Smoltcp::established(delays) }
            };
            paths.iter().map(|path| run(path, &policy, &mut at_start(path)?)).collect()
        }
    };
    for (policy, ways, comparison) in &mut all {
        let opening = Some(&opening).filter(|_| policy.acks.delayed_ack.is_none());
        comparison.cover(&ways.iter().chain(opening).collect::<Vec<_>>(), run_all(*policy))?;
        let own = paths.iter().filter(|path| delays(path) == policy.acks.delayed_ack.is_some());
        comparison.take(own.cloned().collect(), run_all(*policy))?;
    }
    let covering = all.iter().map(|(_, _, comparison)| comparison.paths()).sum();
    for seed in 0.. {
        if seed >= WALKS && Instant::now() >= until {
            break;
        }
        for (policy, ways, comparison) in &mut all {
            comparison.walk(&ways.iter().collect::<Vec<_>>(), seed..seed + 1, run_all(*policy))?;
        }
    }
    let mut compared = Compared {
        comparison: Comparison::default(),
        missing: BTreeMap::new(),
        paths: [covering, all.iter().map(|(_, _, comparison)| comparison.paths()).sum()],
    };
    for ways in all.iter().flat_map(|(_, ways, _)| ways).chain([&opening]) {
        // Where ACKs are delayed, some transitions lie behind a difference on every way.
        let known = |transition: &Transition| all.iter().any(|(.., comparison)| comparison.is_known(transition));
        if !ways.transitions().iter().all(known) {
            compared.missing.extend(ways.shortest(&BTreeSet::new()).into_iter().filter(|(one, _)| !known(one)));
        }
    }
    for (_, _, comparison) in all {
        for (transition, times) in comparison.agreed {
            *compared.comparison.agreed.entry(transition).or_default() += times;
        }
        compared.comparison.differences.extend(comparison.differences);
    }
    Ok(compared)
}

/// The path shows something only where ACKs are delayed.
fn delays(path: &EndpointPath) -> bool {
    path.events.contains(&EndpointInput::Timeout(Timer::DelayedAck))
}

/// Worlds that together reach what an end can meet that neither gives up nor stops to read.
fn worlds(policy: Policy) -> Vec<Reachable> {
    let aborts = Application { aborts: true, ..QUIET };
    let sends = |octets| Application { sends: octets, ..QUIET };
    let after_eof = Application { closes: Closes::AfterEof, ..QUIET };
    let hasty = policy.with(|policy| policy.retransmission.rto = 1);
    let mut worlds = worlds_with_text(policy, None);
    worlds.extend([
        // The FINs alone, with everything that can become of them.
        world(2, Some(1), 1, policy, QUIET, QUIET),
        world(2, Some(1), 0, policy, aborts, aborts),
        world(
            1,
            Some(0),
            0,
            hasty,
            Application { aborts: true, ..sends(1) },
            Application { aborts: true, ..sends(1) },
        ),
        // As many duplicate ACKs as make a sender retransmit at once (RFC 5681 §3.2).
        world(1, Some(0), 3, hasty, sends(2), after_eof),
    ]);
    worlds
}

/// Those in which text is sent, the largest with these losses. Where ACKs are delayed they are few: smoltcp does
/// not stop the timer of a delayed ACK when it answers a duplicate, and on a path without end that would be seen.
fn worlds_with_text(policy: Policy, losses: Option<u8>) -> Vec<Reachable> {
    let sends = |octets| Application { sends: octets, ..QUIET };
    let (hasty, patient) =
        (policy.with(|policy| policy.retransmission.rto = 1), policy.with(|policy| policy.retransmission.rto = 4));
    vec![
        world(2, Some(1), 0, patient, sends(1), sends(1)),
        world(2, Some(1), 0, policy, sends(1), QUIET),
        world(1, Some(1), 1, hasty, sends(1), sends(1)),
        world(1, losses, 0, hasty, sends(2), sends(1)),
    ]
}

/// A world of this MSL, these losses (`None`: any number) and duplicates, and these applications of A and B.
fn world(
    msl: u32,
    losses: Option<u8>,
    duplicates: u8,
    policy: Policy,
    a: Application,
    b: Application,
) -> Reachable {
    let end = |application| EndConfig { policy, application };
    let config = Config { msl, losses, duplicates: Some(duplicates), a: end(a), b: end(b) };
    Reachable::explore(config, Limits::NONE).expect("a world that is small enough")
}
