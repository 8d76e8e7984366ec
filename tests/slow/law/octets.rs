//! The laws where octets are outstanding when the ends close.

use std::collections::BTreeSet;

use lastack::model::Config;
use lastack::tcp::AfterTimeout;

use super::{ANYTHING, FIN, Laws, Parameters, around, grid, holds_without_octets};

/// docs/law.md: one octet of B's outstanding, an RTO of half an MSL at least. A lost ACK costs B's timer `r` more,
/// the time at which the ACK of the octet arrives, after A has begun to wait.
fn holds_with_an_octet(at: Parameters, after_timeout: AfterTimeout) -> bool {
    let Parameters { msl, rto, losses, duplicates, time_wait } = at;
    if losses == 0 {
        return if rto < 2 * msl { time_wait >= 2 * msl } else { duplicates == 0 || time_wait >= msl };
    }
    let lost = losses * rto;
    // Before `r` B's timer must not expire. Or else it sends the octet again, which draws the lost ACK once more,
    // two flights later; and what that ACK lets go is one FIN more to be lost.
    let octet_again = match after_timeout {
        AfterTimeout::OnePerTimeout => (2 * msl).saturating_sub(lost),
        AfterTimeout::NextOnAck => 0,
    };
    lost + msl.min(rto + octet_again) + msl <= time_wait
}

const BOTH_WAYS: [AfterTimeout; 2] = [AfterTimeout::NextOnAck, AfterTimeout::OnePerTimeout];

fn octets(a: u32, b: u32, after_timeout: AfterTimeout) -> impl Fn(&mut Config) {
    move |config: &mut Config| {
        for (end, sends) in [(&mut config.a, a), (&mut config.b, b)] {
            end.application.sends = sends;
            end.policy.retransmission.after_timeout = after_timeout;
        }
    }
}

#[test]
fn the_law_with_an_octet() {
    let mut laws = Laws::new(200_000);
    for after_timeout in BOTH_WAYS {
        for (msl, rto, losses) in grid() {
            let at = |time_wait| Parameters { msl, rto, losses, duplicates: 0, time_wait };
            let holds = |time_wait: &u32| holds_with_an_octet(at(*time_wait), after_timeout);
            let bound = (2 * msl..100).find(holds).unwrap();
            let waits = match rto {
                // These take a second each.
                3 => BTreeSet::from([bound - 1, bound]),
                _ => around(&[2 * msl, bound]),
            };
            for time_wait in waits {
                laws.expect("half-close", FIN, at(time_wait), octets(0, 1, after_timeout), holds(&time_wait));
            }
        }
        // Without losses, and where an octet and its ACK take less than an RTO, B sends nothing again.
        for (duplicates, time_wait) in [(0, 0), (1, 3), (1, 4)] {
            let at = Parameters { msl: 4, rto: 8, losses: 0, duplicates, time_wait };
            let holds = holds_with_an_octet(at, after_timeout);
            laws.expect("half-close", FIN, at, octets(0, 1, after_timeout), holds);
        }
        // From an RTO of one MSL on it does not matter how many octets there are, nor whether B closes after A.
        for time_wait in [11, 12] {
            let at = Parameters { msl: 4, rto: 4, losses: 1, duplicates: 0, time_wait };
            let holds = holds_with_an_octet(at, after_timeout);
            laws.expect("half-close", FIN, at, octets(0, 2, after_timeout), holds);
            laws.expect("simultaneous", FIN, at, octets(0, 1, after_timeout), holds);
        }
    }
    insta::assert_snapshot!(laws.report());
}

/// docs/law.md: with `next-on-ack` and an octet of A's, too, A's ACK may ride on a FIN that B drops. B has one
/// octet at most, and `TIME_WAIT` is 2 MSL at least.
fn holds_with_octets_of_both(at: Parameters, b_sends: u32) -> bool {
    let Parameters { msl, rto, losses, time_wait, .. } = at;
    let again = (losses + 1) * rto;
    // How late B sends the FIN that outlives the wait, if it need not pay for one ACK. B's own ACK of A's octet
    // draws that ACK once more, two flights after it was sent, which was before B's FIN, and less than a flight
    // after the octet that A had to send again.
    let drawn = 2 * msl - rto.saturating_sub(msl).min(2 * msl);
    let unpaid = match b_sends {
        0 if again < 2 * msl => again.min(drawn),
        1 if rto < 2 * msl => (again + msl.min(rto)).min(drawn),
        _ => 0,
    };
    let paid = match b_sends {
        0 => holds_without_octets(at),
        _ => holds_with_an_octet(at, AfterTimeout::NextOnAck),
    };
    paid && unpaid + msl <= time_wait
}

#[test]
fn the_law_with_octets_of_both() {
    let mut laws = Laws::new(400_000);
    let at = |(rto, losses, time_wait)| Parameters { msl: 4, rto, losses, duplicates: 0, time_wait };
    let alone = [
        (4, 0, 8),
        (5, 0, 8),
        (5, 0, 9),
        (6, 0, 9),
        (6, 0, 10),
        (7, 0, 8),
        (7, 0, 9),
        (8, 0, 8),
        (5, 1, 8),
        (5, 1, 9),
        (3, 1, 9),
        (3, 1, 10),
    ];
    let both = [(4, 0, 11), (4, 0, 12), (6, 0, 9), (6, 0, 10), (7, 0, 8), (7, 0, 9), (8, 0, 8)];
    for (b_sends, points) in [(0, &alone[..]), (1, &both[..])] {
        for at in points.iter().copied().map(at) {
            let change = octets(1, b_sends, AfterTimeout::NextOnAck);
            laws.expect("simultaneous", FIN, at, change, holds_with_octets_of_both(at, b_sends));
        }
    }
    // Nothing rides with `one-per-timeout`, nor if B closes after A: its FIN then acknowledges all that A has
    // sent.
    for at in [(4, 0, 8), (4, 1, 11), (4, 1, 12)].map(at) {
        let holds = holds_with_an_octet(at, AfterTimeout::OnePerTimeout);
        laws.expect("simultaneous", FIN, at, octets(1, 1, AfterTimeout::OnePerTimeout), holds);
        laws.expect("half-close", FIN, at, octets(1, 1, AfterTimeout::NextOnAck), holds);
    }
    insta::assert_snapshot!(laws.report());
}

/// docs/law.md: one octet of B's outstanding, and backoff that is not capped. The octet has doubled the timeout,
/// without a loss if its ACK may be later than that.
#[test]
fn the_law_with_an_octet_and_backoff() {
    let mut laws = Laws::new(30_000);
    for after_timeout in BOTH_WAYS {
        for (rto, losses) in (4..10).flat_map(|rto| [1, 2].map(|losses| (rto, losses))) {
            let at = |time_wait| Parameters { msl: 4, rto, losses, duplicates: 0, time_wait };
            let bound = if rto < 8 { 12 + ((2 << losses) - 3) * rto } else { 8 + ((1 << losses) - 1) * rto };
            let change = |config: &mut Config| {
                octets(0, 1, after_timeout)(config);
                for end in [&mut config.a, &mut config.b] {
                    end.policy.retransmission.backoff = true;
                    end.policy.retransmission.rto_max = 16 * rto;
                }
            };
            for time_wait in [bound - 1, bound] {
                laws.expect("half-close", FIN, at(time_wait), change, time_wait >= bound);
            }
        }
    }
    insta::assert_snapshot!(laws.report());
}

/// docs/law.md: B's octet, sent again, begins a chain of three flights later than an old ACK does.
#[test]
fn the_law_of_three_flights_with_an_octet() {
    let mut laws = Laws::new(60_000);
    for (msl, rto, losses) in grid().filter(|(msl, rto, _)| rto >= msl) {
        // The octet is sent again for the last time so long after A has begun to wait, or less.
        let again = match losses {
            _ if rto < 2 * msl && losses > 0 => (losses + 1) * rto,
            0 if rto < 2 * msl => msl,
            0 => 0,
            _ => 2 * msl,
        };
        let bound = (again + 3 * msl).max(losses * rto + 2 * msl);
        for time_wait in around(&[2 * msl, bound]) {
            let at = Parameters { msl, rto, losses, duplicates: 0, time_wait };
            laws.expect("half-close", ANYTHING, at, |_| {}, time_wait >= bound);
        }
    }
    insta::assert_snapshot!(laws.report());
}
