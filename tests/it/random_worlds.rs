//! Small worlds at random, in which real time is held against whole ticks.

use lastack::model::{Application, Closes, ClosesWith, Config, End, EndConfig, Iss, Opening, Opens};
use lastack::tcp::{
    AbortResets, AfterTimeout, FinSending, OldSegments, OutOfOrder, Policy, RstInTimeWait, SynInTimeWait,
    TimeWaitAnswers,
};
use proptest::prelude::*;
use proptest::test_runner::{Config as Runs, RngAlgorithm, TestRng, TestRunner};

/// It draws the same worlds in every run.
pub(crate) fn runner() -> TestRunner {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    TestRunner::new_with_rng(Runs { cases: 1, ..Runs::default() }, rng)
}

/// What few stacks do: at most one of it an end, so that the worlds stay small. A field that is neither here nor
/// in [`any_policy`] is left out for one of two reasons. `transmission` and `persist` have no effect in a world.
/// All others (which segments are acceptable, what a reset, a SYN or late text does) have theirs through what the
/// endpoint answers, and both explorations ask the same endpoint.
const RARE: [fn(&mut Policy); 14] = [
    |policy| policy.retransmission.orphan_retries = Some(0),
    |policy| {
        policy.retransmission.reset_on_giving_up = true;
        policy.retransmission.retries = Some(0);
    },
    |policy| policy.retransmission.after_timeout = AfterTimeout::OnePerTimeout,
    |policy| policy.acks.fin_with_acks = true,
    |policy| policy.acks.last_ack_answers = true,
    |policy| policy.acks.acks_fin_at_once = true,
    |policy| policy.acks.drops_old_acks = true,
    |policy| policy.closing.closes_on_fin = true,
    |policy| policy.closing.fin_sending = FinSending::AfterAcks,
    |policy| {
        policy.closing.abort_resets = AbortResets::Always;
        policy.closing.abort_ends_time_wait = false;
    },
    |policy| policy.wait.fin_wait_2_without_socket = true,
    |policy| policy.wait.unacceptable_restarts = true,
    |policy| policy.wait.time_wait_answers = TimeWaitAnswers::AllButEmpty,
    |policy| policy.sequence.old_segments = OldSegments::Acknowledge,
];

/// Every timer of an endpoint, and what sets it and stops it.
fn any_policy() -> impl Strategy<Value = Policy> {
    let timers = (
        (1u32..4, any::<bool>(), 0u32..6, any::<bool>()),
        prop::option::weighted(0.2, 1u32..4),
        prop::option::weighted(0.2, 1u32..4),
        prop::option::weighted(0.3, 1u32..3),
        prop_oneof![2 => Just(0u32), 1 => 1u32..3],
    );
    let rest = (any::<bool>(), any::<bool>(), prop::option::weighted(0.3, 0u32..2));
    let rare = prop::option::weighted(0.25, prop::sample::select(RARE.to_vec()));
    (timers, rest, rare).prop_map(|(timers, (closes, drops, retries), rare)| {
        let ((rto, backoff, time_wait, restart), fin_wait_2, last_ack, delayed_ack, slack) = timers;
        Policy::rfc9293(2).with(|policy| {
            let retransmission = &mut policy.retransmission;
            (retransmission.rto, retransmission.rto_max, retransmission.backoff) = (rto, rto + 1, backoff);
            retransmission.retries = retries;
            (policy.wait.time_wait, policy.wait.restart_time_wait) = (time_wait, restart);
            policy.wait.rst_in_time_wait = if closes { RstInTimeWait::Close } else { RstInTimeWait::Ignore };
            (policy.wait.fin_wait_2_timeout, policy.wait.last_ack_timeout) = (fin_wait_2, last_ack);
            policy.acks.delayed_ack = delayed_ack;
            policy.timers.timer_slack = slack;
            policy.text.out_of_order = if drops { OutOfOrder::Drop } else { OutOfOrder::Hold };
            if let Some(rare) = rare {
                rare(policy);
            }
        })
    })
}

fn any_application() -> impl Strategy<Value = Application> {
    let closes = prop_oneof![3 => Just(Closes::AnyTime), 2 => Just(Closes::AfterEof), 1 => Just(Closes::Never)];
    (closes, any::<bool>(), prop::bool::weighted(0.2), prop::bool::weighted(0.15)).prop_map(
        |(closes, lets_go, sends, aborts)| Application {
            closes,
            closes_with: if lets_go { ClosesWith::Close } else { ClosesWith::Shutdown },
            sends: sends.into(),
            aborts,
            opening: Opening::NEVER,
        },
    )
}

/// How both ends open a new connection: mostly they do not.
fn any_openings() -> impl Strategy<Value = Option<(Opening, Opens)>> {
    let iss = prop_oneof![3 => Just(Iss::Above), 1 => Just(Iss::Any)];
    let opening = (iss, prop::option::weighted(0.3, 0u32..4)).prop_map(|(iss, reuse_time_wait)| Opening {
        opens: Opens::Connect,
        iss,
        reuse_time_wait,
    });
    let other = prop_oneof![4 => Just(Opens::Listen), 1 => Just(Opens::Connect), 1 => Just(Opens::Never)];
    prop::option::weighted(0.15, (opening, other))
}

/// A world of every kind. One that opens a connection is kept small otherwise.
pub(crate) fn any_world() -> impl Strategy<Value = Config> {
    let end =
        || (any_policy(), any_application()).prop_map(|(policy, application)| EndConfig { policy, application });
    let losses = prop_oneof![8 => (0u8..3).prop_map(Some), 1 => Just(None)];
    let opening = (any_openings(), prop::option::weighted(0.5, 1u32..4), any::<bool>());
    (1u32..4, losses, 0u8..2, end(), end(), opening).prop_map(
        |(msl, losses, duplicates, a, b, (openings, syn_rto, reopens))| {
            let mut config = Config { msl, losses, duplicates: Some(duplicates), a, b };
            if let Some((opening, other)) = openings {
                (config.losses, config.duplicates) = (losses.map(|most| most.min(1)), Some(0));
                config.a.application.opening = opening;
                config.b.application.opening.opens = other;
                for end in [&mut config.a, &mut config.b] {
                    end.application.sends = 0;
                    end.policy.retransmission.retries.get_or_insert(0);
                    end.policy.opening.syn_rto = syn_rto;
                    end.policy.opening.syn_retries = Some(0);
                    if reopens {
                        end.policy.opening.syn_in_time_wait = SynInTimeWait::ReopenIfAbove;
                    }
                }
            }
            config
        },
    )
}

/// Whether both ends have a number of retries.
pub(crate) fn counts_retries(config: &Config) -> bool {
    End::BOTH.iter().all(|end| config.end(*end).policy.retransmission.retries.is_some())
}
