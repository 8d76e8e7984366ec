//! Properties of runs in real time, against whole ticks.

use std::sync::Arc;

use lastack::check::{Checked, Library, Options, check_one, unobservable};
use lastack::diagnostic::SourceFile;
use lastack::explore::Limits;
use lastack::model::{Config, Deliveries, Fairness};
use lastack::property::{Property, Verdict};
use lastack::scenario::{Delays, Scenario};
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use crate::random_worlds::{any_world, runner};

/// How many states of whole ticks, and zones, are looked at in one random world.
const MOST_STATES: usize = 6_000;

/// The longest ticks are 1, the shortest 1 part in this many.
const SCALES: usize = 4;

/// Beside the shipped ones: what holds in few worlds, each of another form.
const FORMULAS: [&str; 5] = [
    "eventually self.state == TIME_WAIT",
    "eventually self.state == CLOSED and peer.state == CLOSED",
    "always eventually self.state == CLOSED",
    "eventually always self.state == FIN_WAIT_2",
    "self.state == CLOSE_WAIT leads to self.left == LAST_ACK",
];

#[derive(Debug, Default)]
struct Tally {
    worlds: usize,
    /// In which real time decides something; and those of them that open a connection, and that have duplicates
    /// without number.
    decided: usize,
    opening: usize,
    sets: usize,
    /// Of these, the verdicts of real time on instances.
    holding: usize,
    vacuous: usize,
    violated: usize,
    undecided: usize,
    /// At each scale, from 1 on: how many of these worlds ticks exhausted, and how much they violate there.
    exhausted: [usize; SCALES],
    violated_in_ticks: [usize; SCALES],
    /// Violated at some scale, and undecided in real time.
    left_open: usize,
    /// Violated in real time, and at none of the scales, all of which were exhausted.
    beyond_the_scales: usize,
    /// Where delays may equal the MSL: how many worlds were exhausted, and what is proved by them.
    closed: usize,
    proved: usize,
    ties: usize,
}

fn any_fairness() -> impl Strategy<Value = Fairness> {
    (any::<bool>(), any::<bool>()).prop_map(|(applications, delivers)| Fairness {
        applications,
        network: if delivers { Deliveries::ALL } else { Deliveries::NONE },
    })
}

fn properties(library: &Library) -> Vec<Arc<Property>> {
    let own = FORMULAS.iter().map(|formula| {
        let text = format!("about = 'x'\nformula = '{formula}'\nsources = ['x']\n");
        Arc::new(Property::from_source(SourceFile::new("any.toml", text)).unwrap())
    });
    let shipped = library.properties.iter().cloned();
    shipped.chain(own).filter(|property| property.formula.temporal().is_liveness()).collect()
}

/// What ticks of any scale violate is violated in real time, or undecided; what holds in real time holds at each;
/// what has no premise in real time has none in ticks; and what holds if delays may equal the MSL is not violated.
#[test]
fn runs_of_random_worlds_agree_with_whole_ticks() {
    let library = Library::shipped().unwrap();
    let (shipped, properties) =
        (library.scenarios(&["sequential".to_owned()], &[], 1).unwrap(), properties(&library));
    let (mut runner, mut tally) = (runner(), Tally::default());
    while tally.worlds < 1_000 {
        let drawn = (any_world(), any_fairness(), prop::bool::weighted(0.15)).new_tree(&mut runner).unwrap();
        let (mut config, fairness, is_set) = drawn.current();
        config.duplicates = config.duplicates.filter(|_| !is_set);
        let scenario = Scenario { config, fairness, expectations: Vec::new(), ..Scenario::clone(&shipped[0]) };
        tally.worlds += 1;
        compare(&scenario, &properties, &mut tally);
    }
    insta::assert_debug_snapshot!(tally);
}

fn checked(scenario: &Scenario, delays: Delays, config: Config, properties: &[Arc<Property>]) -> Checked {
    let scenario = Arc::new(Scenario { delays, config, ..scenario.clone() });
    let limits = Limits { max_states: Some(MOST_STATES), ..Limits::NONE };
    check_one(&scenario, properties, &Options { limits, ..Options::PLAIN }, &|_, _| {})
}

fn compare(scenario: &Scenario, properties: &[Arc<Property>], tally: &mut Tally) {
    let asked: Vec<_> = properties.iter().filter(|one| unobservable(scenario, one).is_none()).cloned().collect();
    let config = scenario.config;
    let real = checked(scenario, Delays::Any, config, &asked);
    // Where a limit ends the exploration, some are decided all the same.
    let verdicts: Vec<Verdict> = real.judged().map(|one| one.verdict).collect();
    if verdicts.iter().all(|verdict| matches!(verdict, Verdict::Undecided | Verdict::NotApplicable)) {
        return;
    }
    tally.decided += 1;
    tally.opening += usize::from(config.opens());
    tally.sets += usize::from(config.duplicates.is_none());
    for verdict in &verdicts {
        match verdict {
            Verdict::Holds => tally.holding += 1,
            Verdict::Vacuous => tally.vacuous += 1,
            Verdict::Violated => tally.violated += 1,
            _ => tally.undecided += usize::from(*verdict == Verdict::Undecided),
        }
    }
    let mut violated = vec![false; verdicts.len()];
    let mut exhausted = 0;
    for place in 0..SCALES {
        let scale = u32::try_from(place + 1).unwrap();
        let ticks = checked(scenario, Delays::WholeTicks, config.scaled(scale), &asked);
        if ticks.stopped.is_some() {
            break;
        }
        exhausted += 1;
        tally.exhausted[place] += 1;
        for ((number, one), real) in ticks.judged().enumerate().zip(&verdicts) {
            let name =
                || format!("{} at 1/{scale}: {} {scenario:?}", one.instance.name(), one.instance.property.formula);
            match (one.verdict, real) {
                (Verdict::Violated, Verdict::Violated | Verdict::Undecided) => {
                    violated[number] = true;
                    tally.violated_in_ticks[place] += 1;
                }
                (Verdict::Holds, Verdict::Holds | Verdict::Undecided | Verdict::Violated)
                | (Verdict::NotApplicable, Verdict::NotApplicable)
                | (Verdict::Vacuous, Verdict::Vacuous | Verdict::Holds | Verdict::Undecided | Verdict::Violated) =>
                    {}
                (ticks, real) => panic!("{ticks}, in real time {real}: {}", name()),
            }
        }
    }
    for (violated, real) in violated.iter().zip(&verdicts) {
        tally.left_open += usize::from(*violated && *real == Verdict::Undecided);
        tally.beyond_the_scales += usize::from(exhausted == SCALES && !violated && *real == Verdict::Violated);
    }
    let closed = Config { msl: config.msl + 1, ..config };
    let closed = checked(scenario, Delays::WholeTicks, closed, &asked);
    if closed.stopped.is_some() {
        return;
    }
    tally.closed += 1;
    for (one, real) in closed.judged().zip(&verdicts) {
        match (one.verdict, real) {
            (Verdict::Holds | Verdict::Vacuous, Verdict::Violated) => {
                panic!("the world of closed delays proves {}: {scenario:?}", one.instance.name());
            }
            (Verdict::Holds | Verdict::Vacuous, Verdict::Holds | Verdict::Vacuous) => tally.proved += 1,
            (Verdict::Violated, Verdict::Holds) => tally.ties += 1,
            _ => {}
        }
    }
}
