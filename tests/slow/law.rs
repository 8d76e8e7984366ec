//! The laws of the last ACK, which docs/law.md derives, against the checker over a grid.
//!
//! What would take too long in a test is left out; the snapshots say what that is.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use lastack::check::{Library, Options, check_one};
use lastack::explore::Limits;
use lastack::model::Config;
use lastack::property::Verdict;
use lastack::scenario::{Scenario, Setting};
use lastack::tcp::AfterTimeout;

const LIMITS: Limits<'static> = Limits { max_states: Some(100_000), ..Limits::NONE };

const OPTIONS: Options<'static> = Options { limits: LIMITS, ..Options::PLAIN };

/// Everything that the laws depend on, in ticks.
#[derive(Clone, Copy, Debug)]
struct Parameters {
    msl: u32,
    rto: u32,
    losses: u32,
    duplicates: u32,
    time_wait: u32,
}

struct Laws {
    library: Library,
    too_large: String,
    decided: usize,
}

impl Laws {
    fn new() -> Self {
        Self { library: Library::read(&[], &[]).unwrap(), too_large: String::new(), decided: 0 }
    }

    /// Holds the checker's verdict on `no-premature-closed` against the expected one.
    fn expect(&mut self, scenario: &str, at: Parameters, change: impl Fn(&mut Config), holds: bool) {
        let Parameters { msl, rto, losses, duplicates, time_wait } = at;
        let shipped = self.library.scenarios(&[scenario.to_owned()], &[], 1).unwrap().remove(0);
        let mut scenario = Scenario::clone(&shipped);
        let config = &mut scenario.config;
        config.msl = msl;
        config.losses = Some(u8::try_from(losses).unwrap());
        config.duplicates = u8::try_from(duplicates).unwrap();
        for end in [&mut config.a, &mut config.b] {
            end.policy.retransmission.rto = rto;
            end.policy.wait.time_wait = time_wait;
        }
        change(config);
        let property = self.library.properties(&["no-premature-closed".to_owned()]).unwrap();
        let scenario = Arc::new(scenario);
        match check_one(&scenario, &property, &OPTIONS, &|_, _| {}).results[0].verdict {
            Verdict::Undecided => writeln!(self.too_large, "{} {at:?}", scenario.name).unwrap(),
            verdict => {
                self.decided += 1;
                let expected = if holds { Verdict::Holds } else { Verdict::Violated };
                assert_eq!(verdict, expected, "{} {:?}", scenario.name, scenario.config);
            }
        }
    }

    fn report(&self) -> String {
        format!("{} decided, too large:\n{}", self.decided, self.too_large)
    }
}

/// docs/law.md: no octets, a fixed RTO, any `TIME_WAIT`.
fn holds_without_octets(at: Parameters) -> bool {
    let Parameters { msl, rto, losses, duplicates, time_wait } = at;
    // A FIN sent k RTOs after the last one that A received is in flight when A's wait is over.
    let outlives = |k: u32| k * rto + msl > time_wait;
    // The last ACK is lost, and so is every FIN in between.
    let lost_ack = (1..=losses).any(outlives);
    // The last ACK is late: it and the FIN before it took up to MSL − 1 ticks each, and crossed with the next.
    let late_ack = time_wait <= 2 * (msl - 1) && (1..=losses + 1).any(|k| outlives(k) && k * rto <= 2 * (msl - 1));
    // A duplicate of the FIN itself is still there.
    let duplicate = duplicates > 0 && time_wait < msl;
    !(lost_ack || late_ack || duplicate)
}

#[test]
fn the_law_without_octets() {
    let mut laws = Laws::new();
    for (msl, rto, losses) in grid() {
        for duplicates in [0, 1] {
            let at = |time_wait| Parameters { msl, rto, losses, duplicates, time_wait };
            let simple = at(2 * msl);
            assert_eq!(holds_without_octets(simple), losses * rto <= msl, "the simple law is the case of 2 MSL");
            let bound =
                (0..100).find(|from| (*from..*from + 20).all(|wait| holds_without_octets(at(wait)))).unwrap();
            for scenario in ["sequential", "simultaneous"] {
                for time_wait in BTreeSet::from([2 * msl, bound, bound.saturating_sub(1), bound + 1]) {
                    laws.expect(scenario, at(time_wait), |_| {}, holds_without_octets(at(time_wait)));
                }
            }
        }
    }
    insta::assert_snapshot!(laws.report());
}

/// docs/law.md: with octets of its own outstanding, an end's timer is restarted up to MSL − 1 ticks late. When what was
/// outstanding at a timeout is sent again does not matter.
#[test]
fn the_law_with_octets() {
    for after_timeout in [AfterTimeout::NextOnAck, AfterTimeout::OnePerTimeout] {
        law_with_octets(after_timeout);
    }
}

fn law_with_octets(after_timeout: AfterTimeout) {
    let mut laws = Laws::new();
    let change = |config: &mut Config| {
        for end in [&mut config.a, &mut config.b] {
            end.policy.retransmission.after_timeout = after_timeout;
        }
    };
    let two = |config: &mut Config| {
        change(config);
        config.b.application.sends = 2;
    };
    for (msl, rto, losses) in grid() {
        let bound = if losses == 0 { 2 * msl - 1 } else { losses * rto + 2 * msl - 1 };
        for time_wait in BTreeSet::from([2 * msl, bound, bound.saturating_sub(1).max(2 * msl - 1), bound + 1]) {
            let at = Parameters { msl, rto, losses, duplicates: 0, time_wait };
            laws.expect("half-close", at, change, time_wait >= bound);
            laws.expect("half-close", at, two, time_wait >= bound);
            if losses < 2 && rto > 1 && msl == 2 {
                laws.expect("data-in-flight", at, change, time_wait >= bound);
            }
        }
    }
    insta::assert_snapshot!(format!("{after_timeout:?}"), laws.report());
}

/// docs/law.md: the law with octets has its premise. If A has octets of its own, too, an ACK can get lost without a loss, on
/// a segment that is sent again.
#[test]
fn the_law_with_octets_is_of_ends_without_octets_of_their_own() {
    let library = Library::read(&[], &[]).unwrap();
    let settings = ["a.sends=1", "b.sends=2", "network.losses=0", "network.duplicates=0"];
    let settings: Vec<Setting> = settings.iter().map(|text| Setting::parse(text).unwrap()).collect();
    let scenario = library.scenarios(&["simultaneous".to_owned()], &settings, 1).unwrap().remove(0);
    let property = library.properties(&["no-premature-closed".to_owned()]).unwrap();
    let checked = check_one(&scenario, &property, &Options::PLAIN, &|_, _| {});
    assert_eq!((checked.results[0].verdict, checked.stats.states), (Verdict::Violated, 9_685_131));
}

/// docs/law.md: with backoff, the FINs that are lost are further and further apart.
#[test]
fn the_law_with_backoff() {
    let mut laws = Laws::new();
    for (msl, rto, losses) in grid() {
        for rto_max in [2 * rto, 8 * rto] {
            let reach: u32 = (0..losses).map(|doublings| (rto << doublings).min(rto_max)).sum();
            let bound = (msl + reach).max(2 * msl - 1);
            for time_wait in BTreeSet::from([2 * msl, bound, bound.saturating_sub(1).max(2 * msl - 1), bound + 1])
            {
                let at = Parameters { msl, rto, losses, duplicates: 0, time_wait };
                let backoff = |config: &mut Config| {
                    for end in [&mut config.a, &mut config.b] {
                        end.policy.retransmission.backoff = true;
                        end.policy.retransmission.rto_max = rto_max;
                    }
                };
                laws.expect("sequential", at, backoff, losses == 0 || time_wait >= bound);
                laws.expect("simultaneous", at, backoff, losses == 0 || time_wait >= bound);
            }
        }
    }
    insta::assert_snapshot!(laws.report());
}

/// MSL 2…4, RTO 1…4, losses 0…3; without RTO 1 where the MSL is longer than 2: those worlds are too large.
fn grid() -> impl Iterator<Item = (u32, u32, u32)> {
    let all = (2..=4).flat_map(|msl| (1..=4).flat_map(move |rto| (0..=3).map(move |losses| (msl, rto, losses))));
    all.filter(|(msl, rto, _)| *msl == 2 || *rto > 1)
}

/// A grid that never explores anything would be no test: one of its worlds has its known size.
#[test]
fn the_worlds_of_the_grid_are_real() {
    let library = Library::read(&[], &[]).unwrap();
    let scenario = library.scenarios(&["sequential".to_owned()], &[], 1).unwrap().remove(0);
    assert_eq!(check_one(&scenario, &[], &OPTIONS, &|_, _| {}).stats.states, 6_215);
}
