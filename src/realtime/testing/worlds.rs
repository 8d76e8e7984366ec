//! Small worlds: one by its numbers, and any at random.

use proptest::prelude::*;

use crate::model::{Application, Closes, ClosesWith, Config, EndConfig, Iss, Opening, Opens};
use crate::tcp::{Policy, RstInTimeWait};

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

/// A small world with every timer. Of what stacks differ in, it draws what sets a timer, or stops one; what is
/// answered with which segment, both sides of a comparison ask the same endpoint.
pub(crate) fn any_config() -> impl Strategy<Value = Config> {
    let losses = prop_oneof![1 => (0u8..3).prop_map(Some), 1 => Just(None)];
    let opening = prop::option::weighted(0.15, any_opening());
    (1u32..4, losses, 0u8..2, any_end(), any_end(), opening).prop_map(
        |(msl, losses, duplicates, a, b, opening)| {
            let mut config = Config { msl, losses, duplicates: Some(duplicates), a, b };
            if let Some((opening, other)) = opening {
                // Such worlds are large: nothing else is.
                (config.losses, config.duplicates) = (losses.map(|most| most.min(1)), Some(0));
                config.a.application.opening = opening;
                config.b.application.opening.opens = other;
                for end in [&mut config.a, &mut config.b] {
                    end.application.sends = 0;
                    end.policy.retransmission.retries = Some(0);
                }
            }
            config
        },
    )
}

fn any_end() -> impl Strategy<Value = EndConfig> {
    let closes = prop_oneof![3 => Just(Closes::AnyTime), 2 => Just(Closes::AfterEof), 1 => Just(Closes::Never)];
    let calls = (closes, any::<bool>(), prop::bool::weighted(0.1), prop::bool::weighted(0.1));
    let timers = (1u32..4, 0u32..5, prop_oneof![3 => Just(0u32), 1 => 1u32..3], any::<bool>());
    let optional = (
        prop::option::weighted(0.3, 0u32..2),
        prop::option::weighted(0.3, 1u32..4),
        prop::option::weighted(0.3, 1u32..4),
        prop::option::weighted(0.25, 1u32..3),
    );
    let wait = (prop::bool::weighted(0.8), prop::bool::weighted(0.8));
    (calls, timers, optional, wait).prop_map(|(calls, timers, optional, (restarts, ignores))| {
        let (closes, lets_go, sends, aborts) = calls;
        let ((rto, time_wait, slack, backoff), (retries, fin_wait_2, last_ack, delayed_ack)) = (timers, optional);
        let policy = Policy::rfc1337(2).with(|policy| {
            (policy.retransmission.rto, policy.retransmission.rto_max) = (rto, rto + 1);
            (policy.retransmission.backoff, policy.retransmission.retries) = (backoff, retries);
            (policy.wait.time_wait, policy.wait.restart_time_wait) = (time_wait, restarts);
            (policy.wait.fin_wait_2_timeout, policy.wait.last_ack_timeout) = (fin_wait_2, last_ack);
            if !ignores {
                policy.wait.rst_in_time_wait = RstInTimeWait::Close;
            }
            policy.acks.delayed_ack = delayed_ack;
            policy.timers.timer_slack = slack;
        });
        let closes_with = if lets_go { ClosesWith::Close } else { ClosesWith::Shutdown };
        let opening = Opening::NEVER;
        EndConfig {
            policy,
            application: Application { closes, closes_with, sends: sends.into(), aborts, opening },
        }
    })
}

/// How A connects anew, and what B does.
fn any_opening() -> impl Strategy<Value = (Opening, Opens)> {
    let iss = prop_oneof![3 => Just(Iss::Above), 1 => Just(Iss::Any)];
    let opening = (iss, prop::option::weighted(0.3, 0u32..4)).prop_map(|(iss, reuse_time_wait)| Opening {
        opens: Opens::Connect,
        iss,
        reuse_time_wait,
    });
    (opening, prop_oneof![4 => Just(Opens::Listen), 1 => Just(Opens::Connect), 1 => Just(Opens::Never)])
}
