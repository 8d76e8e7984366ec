//! The laws of the last ACK, which docs/law.md derives for real time, against the checker over a grid.
//!
//! Worlds that would take too long are left out; the snapshots name them.

mod octets;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use lastack::check::{Library, Options, check_one};
use lastack::explore::Limits;
use lastack::model::Config;
use lastack::property::Verdict;
use lastack::scenario::{Delays, Scenario};
use lastack::sweep::{DecideOptions, Part, Plan, Request, Results, decide};

const FIN: &str = "no-premature-closed";
const ANYTHING: &str = "nothing-outlives-time-wait";

/// Everything that the laws depend on. Only ratios of durations matter to them; with an MSL of 4 there are
/// quarters of one.
#[derive(Clone, Copy, Debug)]
struct Parameters {
    msl: u32,
    rto: u32,
    losses: u32,
    duplicates: u32,
    time_wait: u32,
}

/// These, and what is just below and above.
fn around(bounds: &[u32]) -> BTreeSet<u32> {
    bounds.iter().flat_map(|bound| [bound.saturating_sub(1), *bound, bound + 1]).collect()
}

struct Laws {
    library: Library,
    max_states: usize,
    too_large: String,
    holding: usize,
    violated: usize,
}

impl Laws {
    /// What has more than so many zones is not decided.
    fn new(max_states: usize) -> Self {
        let library = Library::shipped().unwrap();
        Self { library, max_states, too_large: String::new(), holding: 0, violated: 0 }
    }

    /// Holds the checker's verdict on this property of A against the expected one.
    fn expect(
        &mut self,
        scenario: &str,
        property: &str,
        at: Parameters,
        change: impl Fn(&mut Config),
        holds: bool,
    ) {
        let options = Options {
            limits: Limits { max_states: Some(self.max_states), ..Limits::NONE },
            threads: Some(1),
            ..Options::PLAIN
        };
        match verdict(&self.library, scenario, property, at, Delays::Any, change, &options) {
            Verdict::Undecided => writeln!(self.too_large, "{scenario} {at:?}").unwrap(),
            verdict => {
                *(if holds { &mut self.holding } else { &mut self.violated }) += 1;
                let expected = if holds { Verdict::Holds } else { Verdict::Violated };
                assert_eq!(verdict, expected, "{property} in {scenario}, {at:?}");
            }
        }
    }

    fn report(&self) -> String {
        format!("{} hold, {} are violated; too large:\n{}", self.holding, self.violated, self.too_large)
    }
}

fn verdict(
    library: &Library,
    scenario: &str,
    property: &str,
    at: Parameters,
    delays: Delays,
    change: impl Fn(&mut Config),
    options: &Options<'_>,
) -> Verdict {
    let Parameters { msl, rto, losses, duplicates, time_wait } = at;
    let shipped = library.scenarios(&[scenario.to_owned()], &[], 1).unwrap().remove(0);
    let mut scenario = Scenario { delays, ..Scenario::clone(&shipped) };
    let config = &mut scenario.config;
    config.msl = msl;
    config.losses = Some(u8::try_from(losses).unwrap());
    config.duplicates = Some(u8::try_from(duplicates).unwrap());
    for end in [&mut config.a, &mut config.b] {
        end.policy.retransmission.rto = rto;
        end.policy.wait.time_wait = time_wait;
    }
    change(config);
    let properties = library.properties(&[property.to_owned()]).unwrap();
    let checked = check_one(&Arc::new(scenario), &properties, options, &|_, _| {});
    let of_a = format!("{property}@A");
    checked.judged().find(|judged| judged.instance.name() == of_a).unwrap().verdict
}

/// docs/law.md: no octets, a fixed RTO, any `TIME_WAIT`.
fn holds_without_octets(at: Parameters) -> bool {
    let Parameters { msl, rto, losses, duplicates, time_wait } = at;
    // The last ACK is lost, and so is every FIN up to the first that outlives the wait.
    let lost_ack = losses > 0 && losses * rto + msl > time_wait;
    // The last ACK is late: it and the FIN before it take almost an MSL each, and cross with the FIN sent again.
    let crosses = |k: u32| time_wait < k * rto + msl && k * rto < 2 * msl;
    let late_ack = time_wait < 2 * msl && (1..=losses + 1).any(crosses);
    // A duplicate of the FIN itself is still there.
    let duplicate = duplicates > 0 && time_wait < msl;
    !(lost_ack || late_ack || duplicate)
}

#[test]
fn the_law_without_octets() {
    let mut laws = Laws::new(60_000);
    // Shorter RTOs need more zones, and without octets there is room for half an MSL.
    let half = (0..=3).map(|losses| (4, 2, losses));
    for (msl, rto, losses) in half.chain(grid()) {
        for duplicates in [0, 1] {
            let at = |time_wait| Parameters { msl, rto, losses, duplicates, time_wait };
            assert_eq!(
                holds_without_octets(at(2 * msl)),
                losses * rto <= msl,
                "the simple law is the case of 2 MSL"
            );
            for time_wait in around(&[msl, 2 * msl, msl + rto, msl + losses * rto]) {
                for scenario in ["sequential", "simultaneous"] {
                    laws.expect(scenario, FIN, at(time_wait), |_| {}, holds_without_octets(at(time_wait)));
                }
            }
        }
    }
    insta::assert_snapshot!(laws.report());
}

/// The least waits that a sweep finds on the grid of the laws, from no wait at all to what is surely enough.
#[test]
fn a_sweep_finds_the_law() {
    let library = Library::shipped().unwrap();
    let vary = ["tcp.rto=3..9", "network.losses=0..3", "network.duplicates=0..1", "tcp.time_wait=0..32"];
    let request = Request {
        scenario: "sequential",
        property: "no-premature-closed@A",
        settings: &["network.msl=4".to_owned()],
        scale: 1,
        vary: &vary.map(str::to_owned),
        least: Some("tcp.time_wait"),
        steps: false,
        max_states: None,
        part: Part::WHOLE,
    };
    let plan = Plan::new(&library, &request).unwrap();
    let mut results = Results::none(plan.head.clone());
    let options = DecideOptions { threads: 2, limits: Limits::NONE };
    assert_eq!(decide(&plan, &mut results, options, &mut |_| Ok(()), &|_| {}), Ok(None));
    let rows = plan.head.rows();
    assert_eq!(rows.len(), 56);
    for row in rows {
        let of_row = |key: &str| plan.head.values(row[0]).find(|(one, _)| *one == key).unwrap().1.parse().unwrap();
        let at = |time_wait| Parameters {
            msl: 4,
            rto: of_row("tcp.rto"),
            losses: of_row("network.losses"),
            duplicates: of_row("network.duplicates"),
            time_wait,
        };
        let law = (0..=32).find(|wait| holds_without_octets(at(*wait))).unwrap();
        let found = plan.head.row(&row, &results.known).least();
        assert_eq!((found.place, found.is_certain), (Some(law as usize), true), "{:?}", at(law));
    }
}

/// docs/law.md: timers that may be up to `slack` late, without octets.
fn holds_with_late_timers(at: Parameters, slack: u32) -> bool {
    let Parameters { msl, rto, losses, duplicates, time_wait } = at;
    let lost_ack = losses > 0 && losses * (rto + slack) + msl > time_wait;
    // A FIN is sent again at some time of an interval.
    let crosses = |k: u32| time_wait < k * (rto + slack) + msl && k * rto < 2 * msl;
    let late_ack = time_wait < 2 * msl && (1..=losses + 1).any(crosses);
    !(lost_ack || late_ack || duplicates > 0 && time_wait < msl)
}

#[test]
fn the_law_with_late_timers() {
    let mut laws = Laws::new(30_000);
    for (msl, rto, losses) in grid() {
        for (slack, duplicates) in [(1, 0), (2, 0), (1, 1)] {
            let at = |time_wait| Parameters { msl, rto, losses, duplicates, time_wait };
            for time_wait in around(&[msl, 2 * msl, msl + rto + slack, msl + losses * (rto + slack)]) {
                let late = |config: &mut Config| {
                    for end in [&mut config.a, &mut config.b] {
                        end.policy.timers.timer_slack = slack;
                    }
                };
                laws.expect("sequential", FIN, at(time_wait), late, holds_with_late_timers(at(time_wait), slack));
            }
        }
    }
    insta::assert_snapshot!(laws.report());
}

/// docs/law.md: what slack adds with an octet of B's, to a backoff, and to three flights.
#[test]
fn late_timers_add_up() {
    let mut laws = Laws::new(30_000);
    let late = |slack: u32, backs_off: bool| {
        move |config: &mut Config| {
            for end in [&mut config.a, &mut config.b] {
                end.policy.timers.timer_slack = slack;
                end.policy.retransmission.backoff = backs_off;
                end.policy.retransmission.rto_max = 8 * end.policy.retransmission.rto;
            }
        }
    };
    let msl = 4;
    for (slack, losses) in [1, 2].into_iter().flat_map(|slack| (0..3).map(move |losses| (slack, losses))) {
        let around = |bound: u32| [bound - 1, bound];
        let at = |rto, time_wait| Parameters { msl, rto, losses, duplicates: 0, time_wait };
        for rto in [4, 5, 6] {
            let bound = 2 * msl + losses * (rto + slack);
            for time_wait in around(bound) {
                laws.expect("half-close", FIN, at(rto, time_wait), late(slack, false), time_wait >= bound);
            }
            let bound = (2 * msl).max(msl + ((1 << losses) - 1) * rto + losses * slack);
            for time_wait in around(bound).into_iter().filter(|wait| *wait >= 2 * msl) {
                laws.expect("sequential", FIN, at(rto, time_wait), late(slack, true), time_wait >= bound);
            }
            let bound = (3 * msl).max(msl + losses * (rto + slack));
            for time_wait in around(bound) {
                laws.expect("sequential", ANYTHING, at(rto, time_wait), late(slack, false), time_wait >= bound);
            }
        }
    }
    insta::assert_snapshot!(laws.report());
}

/// docs/law.md: with backoff, a FIN is sent again after RTOs that double up to `rto_max`.
fn holds_with_backoff(at: Parameters, rto_max: u32) -> bool {
    let Parameters { msl, rto, losses, duplicates, time_wait } = at;
    let sent = |times: u32| -> u32 { (0..times).map(|doublings| (rto << doublings).min(rto_max)).sum() };
    let lost_ack = losses > 0 && sent(losses) + msl > time_wait;
    // Of the FINs up to the one that outlives the wait, the first `lost` are lost, and so are those after the last
    // that arrives; the ACKs of all others are late.
    let crosses = |lost: u32, last: u32, again: u32| {
        lost + again - last <= losses + 1
            && sent(again) - sent(lost) < 2 * msl
            && sent(again) - sent(last) + msl > time_wait
    };
    let late_ack = time_wait < 2 * msl
        && (1..losses + 10).any(|again| (0..again).any(|last| (0..=last).any(|lost| crosses(lost, last, again))));
    let duplicate = duplicates > 0 && time_wait < msl;
    !(lost_ack || late_ack || duplicate)
}

#[test]
fn the_law_with_backoff() {
    let mut laws = Laws::new(15_000);
    for (msl, rto, losses) in grid() {
        let at = |time_wait| Parameters { msl, rto, losses, duplicates: 0, time_wait };
        for time_wait in 0..40 {
            assert_eq!(holds_with_backoff(at(time_wait), rto), holds_without_octets(at(time_wait)));
        }
        for rto_max in [2 * rto, 8 * rto] {
            let sent: u32 = (0..losses).map(|doublings| (rto << doublings).min(rto_max)).sum();
            for time_wait in around(&[2 * msl, msl + 2 * rto, msl + sent]) {
                let backoff = |config: &mut Config| {
                    for end in [&mut config.a, &mut config.b] {
                        end.policy.retransmission.backoff = true;
                        end.policy.retransmission.rto_max = rto_max;
                    }
                };
                let holds = holds_with_backoff(at(time_wait), rto_max);
                if time_wait >= 2 * msl {
                    assert_eq!(holds, losses == 0 || sent <= time_wait - msl, "the law as it is stated");
                }
                laws.expect("sequential", FIN, at(time_wait), backoff, holds);
                laws.expect("simultaneous", FIN, at(time_wait), backoff, holds);
            }
        }
    }
    insta::assert_snapshot!(laws.report());
}

/// docs/law.md: an old ACK, the ACK that it draws and the reset that this draws are three flights.
#[test]
fn the_law_of_three_flights() {
    let mut laws = Laws::new(30_000);
    for (msl, rto, losses) in grid() {
        for duplicates in [0, 1] {
            for time_wait in around(&[2 * msl, 3 * msl, msl + losses * rto]) {
                let at = Parameters { msl, rto, losses, duplicates, time_wait };
                let holds = time_wait >= 3 * msl && losses * rto <= time_wait - msl;
                laws.expect("sequential", ANYTHING, at, |_| {}, holds);
                laws.expect("simultaneous", ANYTHING, at, |_| {}, holds);
            }
        }
    }
    insta::assert_snapshot!(laws.report());
}

/// MSL 4, RTO of 3/4, 1, 5/4, 3/2, 7/4, 2 and 9/4 of it, and losses 0…3.
fn grid() -> impl Iterator<Item = (u32, u32, u32)> {
    (3..=9).flat_map(|rto| (0..=3).map(move |losses| (4, rto, losses)))
}

/// docs/law.md: where whole ticks differ, and that ever finer ones do, too.
#[test]
fn whole_ticks_miss_a_chain_of_flights() {
    let library = Library::shipped().unwrap();
    let of = |delays, scale: u32, scenario, property, time_wait| {
        let at =
            Parameters { msl: 2 * scale, rto: 2 * scale, losses: 1, duplicates: 0, time_wait: time_wait * scale };
        verdict(&library, scenario, property, at, delays, |_| {}, &Options::PLAIN)
    };
    for (scenario, property, bound, scale) in [("half-close", FIN, 6, 2), ("sequential", ANYTHING, 6, 3)] {
        assert_eq!(of(Delays::Any, 1, scenario, property, bound), Verdict::Holds);
        assert_eq!(of(Delays::Any, 1, scenario, property, bound - 1), Verdict::Violated);
        assert_eq!(of(Delays::WholeTicks, 1, scenario, property, bound - 1), Verdict::Holds);
        assert_eq!(of(Delays::WholeTicks, scale, scenario, property, bound - 1), Verdict::Violated);
        assert_eq!(of(Delays::WholeTicks, scale, scenario, property, bound), Verdict::Holds);
    }
    // One flight alone is as long in either.
    for delays in [Delays::Any, Delays::WholeTicks] {
        assert_eq!(of(delays, 1, "sequential", FIN, 4), Verdict::Holds);
        assert_eq!(of(delays, 1, "sequential", FIN, 3), Verdict::Violated);
    }
}

/// A grid that never explores anything would be no test: one of its worlds has its known size.
#[test]
fn the_worlds_of_the_grid_are_real() {
    let library = Library::shipped().unwrap();
    let scenario = library.scenarios(&["sequential".to_owned()], &[], 1).unwrap().remove(0);
    let scenario = Arc::new(Scenario { delays: Delays::WholeTicks, ..Scenario::clone(&scenario) });
    assert_eq!(check_one(&scenario, &[], &Options::PLAIN, &|_, _| {}).stats.states, 6_215);
}
