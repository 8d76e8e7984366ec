//! The worlds whose paths are taken.

use super::error::Error;
use crate::conform::Openings;
use crate::diagnostic::Diagnostics;
use crate::explore::{Limits, Reachable, Stopped};
use crate::model::{Application, Closes, ClosesWith, Config, EndConfig, Opening};
use crate::policy::Policies;
use crate::tcp::{Call, Policy, Timer};

/// The policy of Linux, with few retries. Durations are those of the worlds: paths depend on no time.
///
/// # Errors
/// The mistakes in the policy, which is compiled in.
pub fn policy() -> Result<Policy, Diagnostics> {
    let linux = Policies::shipped()?.named("linux")?.untimed(2);
    Ok(linux.with(|policy| {
        policy.retransmission.retries = Some(2);
        policy.wait.fin_wait_2_timeout = Some(2);
        policy.opening.syn_retries = Some(1);
        policy.opening.syn_ack_retries = Some(1);
    }))
}

/// [`policy`], where a mistake in it is an error like others of the comparison.
pub(super) fn policy_of_linux() -> Result<Policy, Error> {
    policy().map_err(|mistakes| Error::Unexpected(mistakes.to_string()))
}

const CLOSES: Application = Application {
    closes: Closes::AnyTime,
    closes_with: ClosesWith::Shutdown,
    sends: 0,
    aborts: false,
    opening: Opening::NEVER,
};
const SENDS: Application = Application { sends: 1, ..CLOSES };
const ABORTS: Application = Application { aborts: true, ..CLOSES };
const SENDS_AND_ABORTS: Application = Application { sends: 1, ..ABORTS };
const CLOSES_FULLY: Application = Application { closes_with: ClosesWith::Close, ..CLOSES };
const SENDS_AND_CLOSES_FULLY: Application = Application { sends: 1, ..CLOSES_FULLY };
const CLOSES_AFTER_EOF: Application = Application { closes: Closes::AfterEof, ..CLOSES };
const NEVER_CLOSES: Application = Application { closes: Closes::Never, sends: 1, ..CLOSES };

/// MSL, losses, duplicates, and the applications of both ends: together, everything that an end can meet. No end
/// aborts after `close()`: there is no socket any more to do it with.
const WORLDS: &[(u32, Option<u8>, u8, Application, Application)] = &[
    (2, Some(1), 1, CLOSES, CLOSES),
    (1, Some(1), 1, SENDS, SENDS),
    (1, Some(1), 0, Application { sends: 2, ..CLOSES }, SENDS),
    (2, Some(1), 0, ABORTS, ABORTS),
    (1, Some(0), 0, SENDS_AND_ABORTS, SENDS_AND_ABORTS),
    (1, Some(0), 3, SENDS, CLOSES_AFTER_EOF),
    (1, Some(1), 1, CLOSES_FULLY, SENDS),
    (1, Some(1), 1, SENDS_AND_CLOSES_FULLY, CLOSES_FULLY),
    (2, Some(1), 0, CLOSES_FULLY, ABORTS),
    (1, Some(1), 0, SENDS_AND_CLOSES_FULLY, ABORTS),
    (1, Some(0), 1, SENDS_AND_CLOSES_FULLY, SENDS_AND_ABORTS),
    (1, Some(1), 0, CLOSES_FULLY, SENDS_AND_ABORTS),
    (1, None, 0, CLOSES_FULLY, NEVER_CLOSES),
    (1, None, 0, SENDS, CLOSES_AFTER_EOF),
    (1, None, 0, CLOSES, CLOSES),
];

/// What the kernel can do where connections are opened. Only retransmissions of SYNs are waited for there.
pub(super) const OPENINGS: Openings =
    Openings { calls: &[Call::Shutdown, Call::Close, Call::Abort], timers: &[Timer::Retransmission] };

/// Explores the worlds.
pub(super) fn explore(policy: Policy, limits: Limits<'_>) -> Result<Vec<Reachable>, Stopped> {
    let worlds = WORLDS.iter().map(|&(msl, losses, duplicates, a, b)| {
        // Where segments live shorter, timeouts do not have to be longer.
        let policy = policy.with(|policy| policy.retransmission.rto = msl.min(policy.retransmission.rto));
        let end = |application| EndConfig { policy, application };
        Reachable::explore(Config { msl, losses, duplicates: Some(duplicates), a: end(a), b: end(b) }, limits)
    });
    worlds.collect()
}
