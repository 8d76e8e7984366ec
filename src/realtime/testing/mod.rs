//! What the tests of this module share.

pub(in crate::realtime) mod matrix;
pub(in crate::realtime) mod reference;

use proptest::prelude::*;

use crate::model::{Application, Closes, ClosesWith, Config, EndConfig, Opening};
use crate::tcp::Policy;

/// No octets; A may close at any time. `TIME_WAIT` is 2 MSL.
pub(in crate::realtime) fn config(msl: u32, rto: u32, losses: u8, duplicates: u8, b: Closes) -> Config {
    let end = |closes| EndConfig {
        policy: Policy::rfc1337(msl).with(|policy| policy.retransmission.rto = rto),
        application: Application {
            closes,
            closes_with: ClosesWith::Shutdown,
            sends: 0,
            aborts: false,
            opening: Opening::NEVER,
        },
    };
    Config { msl, losses: Some(losses), duplicates: Some(duplicates), a: end(Closes::AnyTime), b: end(b) }
}

/// A small world without octets, with every timer.
pub(crate) fn any_config() -> impl Strategy<Value = Config> {
    let closes = prop_oneof![3 => Just(Closes::AnyTime), 2 => Just(Closes::AfterEof), 1 => Just(Closes::Never)];
    let timers = (1u32..4, 0u32..5, prop_oneof![3 => Just(0u32), 1 => 1u32..3], any::<bool>());
    let optional = (prop::option::weighted(0.3, 0u32..2), prop::option::weighted(0.3, 1u32..4));
    let end = (closes, any::<bool>(), timers, optional).prop_map(|(closes, lets_go, timers, optional)| {
        let ((rto, time_wait, slack, backoff), (retries, fin_wait_2)) = (timers, optional);
        let policy = Policy::rfc1337(2).with(|policy| {
            (policy.retransmission.rto, policy.retransmission.rto_max) = (rto, rto + 1);
            (policy.retransmission.backoff, policy.retransmission.retries) = (backoff, retries);
            (policy.wait.time_wait, policy.wait.fin_wait_2_timeout) = (time_wait, fin_wait_2);
            policy.wait.last_ack_timeout = fin_wait_2;
            policy.timers.timer_slack = slack;
        });
        let closes_with = if lets_go { ClosesWith::Close } else { ClosesWith::Shutdown };
        EndConfig {
            policy,
            application: Application { closes, closes_with, sends: 0, aborts: false, opening: Opening::NEVER },
        }
    });
    let losses = prop_oneof![1 => (0u8..3).prop_map(Some), 1 => Just(None)];
    (1u32..4, losses, 0u8..2, end.clone(), end).prop_map(|(msl, losses, duplicates, a, b)| Config {
        msl,
        losses,
        duplicates: Some(duplicates),
        a,
        b,
    })
}
