//! What the tests of this module share.

use crate::model::{Application, Closes, ClosesWith, Config, EndConfig};
use crate::tcp::Policy;

/// No octets; A may close at any time. `TIME_WAIT` is 2 MSL.
pub(super) fn config(msl: u32, rto: u32, losses: u8, duplicates: u8, b: Closes) -> Config {
    let end = |closes| EndConfig {
        policy: Policy::rfc1337(msl).with(|policy| policy.retransmission.rto = rto),
        application: Application { closes, closes_with: ClosesWith::Shutdown, sends: 0, aborts: false },
    };
    Config { msl, losses: Some(losses), duplicates: Some(duplicates), a: end(Closes::AnyTime), b: end(b) }
}
