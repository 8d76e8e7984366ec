//! The worlds whose paths are taken, and what comes of it.

use std::collections::BTreeSet;

use lastack::check::{Limits, Reachable};
use lastack::conform::{Comparison, Transition, Ways};
use lastack::tcp::{OutOfOrder, Policy, RstInTimeWait};
use lastack::world::{Application, Closes, ClosesWith, Config, End, EndConfig};

use crate::driver::Smoltcp;

/// What smoltcp decides as policies say. Its durations are longer; paths depend on no time.
pub const POLICY: Policy =
    Policy { rst_in_time_wait: RstInTimeWait::Close, out_of_order: OutOfOrder::Hold, ..Policy::rfc9293(2) };

const QUIET: Application =
    Application { closes: Closes::AnyTime, closes_with: ClosesWith::Shutdown, sends: 0, aborts: false };

/// A world of this MSL, these losses and duplicates, and these applications of A and B.
fn world(msl: u32, losses: u8, duplicates: u8, policy: Policy, a: Application, b: Application) -> Reachable {
    let end = |application| EndConfig { policy, application };
    let config = Config { msl, losses: Some(losses), duplicates, a: end(a), b: end(b) };
    let start = std::time::Instant::now();
    let world = Reachable::explore(config, Limits::NONE).expect("it is small enough");
    println!("{} states, {:?}", world.states(), start.elapsed());
    world
}

/// Worlds that together reach whatever an end of smoltcp's abilities can meet.
pub fn worlds(policy: Policy) -> Vec<Reachable> {
    let sends = |octets| Application { sends: octets, ..QUIET };
    let aborts = Application { aborts: true, ..QUIET };
    let after_eof = Application { closes: Closes::AfterEof, ..QUIET };
    let short = Policy { rto: 1, ..policy };
    let patient = Policy { rto: 4, ..policy };
    vec![
        world(2, 1, 1, policy, QUIET, QUIET),
        world(2, 1, 0, patient, sends(1), sends(1)),
        world(2, 1, 0, policy, sends(1), QUIET),
        world(1, 1, 1, short, sends(1), sends(1)),
        world(1, 1, 0, short, sends(2), sends(1)),
        world(2, 1, 0, policy, aborts, aborts),
        world(1, 0, 0, short, Application { sends: 1, ..aborts }, Application { sends: 1, ..aborts }),
        world(1, 0, 3, short, sends(1), after_eof),
    ]
}

pub struct Both {
    pub comparison: Comparison,
    pub missing: BTreeSet<Transition>,
}

pub fn covered() -> Result<Both, String> {
    let mut comparison = Comparison::default();
    let mut missing = BTreeSet::new();
    let delayed = Policy { delayed_ack: Some(1), ..POLICY };
    for (policy, is_delayed) in [(POLICY, false), (delayed, true)] {
        let start = std::time::Instant::now();
        let mut worlds = worlds(policy);
        if is_delayed { worlds.truncate(5); }
        let ways: Vec<Ways<'_>> =
            worlds.iter().flat_map(|world| End::BOTH.map(|end| Ways::new(world, end))).collect();
        println!("ways {:?}", start.elapsed());
        comparison.cover(&ways, &policy, || Smoltcp::established(is_delayed))?;
        println!("covered {:?}", start.elapsed());
        missing.extend(comparison.missing(&ways));
    }
    Ok(Both { comparison, missing })
}
