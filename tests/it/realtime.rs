//! Real time against whole ticks, which it must agree with as far as the theorem about scales goes.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use lastack::check::{Library, Options, check_one};
use lastack::model::{
    Application, Closes, ClosesWith, Config, End, EndConfig, Layout, OneIncarnation, Opening, TimedWorld,
    TwoIncarnations, WorldState,
};
use lastack::property::{Observation, Property, Verdict, read_folder};
use lastack::realtime::{DiscretePart, KeptCopies, Question, SearchOptions, Witness, ZoneLimits, explore};
use lastack::scenario::Setting;
use lastack::tcp::{Policy, Timer};
use proptest::strategy::{Strategy, ValueTree};

use crate::random_worlds::{any_world, counts_retries, runner};

/// How many states of whole ticks, and zones, are looked at in one random world.
const MOST_STATES: usize = 6_000;
const MOST_ZONES: usize = 20_000;

fn end(policy: Policy, closes: Closes) -> EndConfig {
    let application = Application {
        closes,
        closes_with: ClosesWith::Shutdown,
        sends: 0,
        aborts: false,
        opening: Opening::NEVER,
    };
    EndConfig { policy, application }
}

fn shipped() -> Vec<Property> {
    read_folder(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/properties"))).unwrap()
}

/// What whole ticks reach: the discrete parts, the questions that some state decides, and whether that is all.
struct Ticks {
    parts: HashSet<DiscretePart>,
    revealed: Vec<bool>,
    all: bool,
}

fn ticks(config: Config, questions: &[Question<'_>], most: usize) -> Ticks {
    let ticks = if config.opens() { ticks_in::<TwoIncarnations> } else { ticks_in::<OneIncarnation> };
    ticks(config, questions, most)
}

fn ticks_in<L: Layout>(config: Config, questions: &[Question<'_>], most: usize) -> Ticks {
    let (states, all) = states::<L>(config, most);
    let is_revealed = |question: &Question<'_>| states.iter().any(|state| question.is_revealed_by(state));
    let revealed = questions.iter().map(is_revealed).collect();
    Ticks { parts: states.iter().map(part).collect(), revealed, all }
}

/// The states that whole ticks reach, and whether they are all.
fn states<L: Layout>(config: Config, most: usize) -> (HashSet<WorldState<L>>, bool) {
    let world = TimedWorld::<L>::with_layout(config);
    let initial = world.initial().unwrap();
    let (mut seen, mut pending, mut actions) = (HashSet::from([initial]), vec![initial], Vec::new());
    let mut at = 0;
    while let Some(state) = pending.get(at).copied() {
        at += 1;
        if seen.len() > most {
            return (seen, false);
        }
        world.enabled(&state, &mut actions);
        for action in actions.drain(..) {
            let Ok(next) = world.step(&state, action) else { return (seen, false) };
            if seen.insert(next) {
                pending.push(next);
            }
        }
    }
    (seen, true)
}

fn part<L: Layout>(state: &WorldState<L>) -> DiscretePart {
    let end = |end| {
        let (end, timers) = state.world_end(end);
        (end, Timer::ALL.into_iter().filter(|timer| timers.get(*timer).is_some()).collect())
    };
    let copies = state.network().copies();
    let mut in_flight: Vec<_> = copies.map(|copy| (copy.to(), copy.segment(), copy.incarnation())).collect();
    in_flight.sort();
    DiscretePart { ends: End::BOTH.map(end), in_flight }
}

/// The instances of shipped properties that single states decide, but for those that count `retransmissions` or
/// losses that a world does not count.
fn instances<'p>(properties: &'p [Property], config: &Config) -> Vec<(&'p Property, End)> {
    let counts_retries = counts_retries(config);
    let is_asked = |property: &&Property| {
        let mentions = |observation| property.formula.mentions(observation).is_some();
        let is_of_an_opening = Observation::OF_AN_OPENING.into_iter().any(mentions);
        (counts_retries || !mentions(Observation::Retransmissions))
            && (config.losses.is_some() || !mentions(Observation::Losses))
            && (config.opens() || !is_of_an_opening)
            && !property.formula.temporal().is_liveness()
    };
    properties.iter().filter(is_asked).flat_map(|one| End::BOTH.map(|end| (one, end))).collect()
}

#[derive(Debug, Default)]
struct Tally {
    worlds: usize,
    /// Without a limit, in real time; and those of them in which an ACK may wait, and that open a connection.
    explored: usize,
    delaying: usize,
    opening: usize,
    /// Of the worlds that whole ticks exhaust at every scale: at which of them they first meet every discrete
    /// part, and at none.
    meeting_all_at: [usize; 4],
    meeting_all_at_none: usize,
    revealed: usize,
    by_fractions: usize,
    confirmed: usize,
    closed: usize,
    proved: usize,
    ties: usize,
}

/// Several hundred random worlds. What ticks violate is violated in real time; what is violated in real time has a
/// witness that ticks of its fractions confirm; what holds if delays may equal the MSL holds; and every state of
/// ticks has its discrete part.
#[test]
fn random_worlds_agree_with_whole_ticks() {
    let properties = shipped();
    let mut tally = Tally::default();
    let mut runner = runner();
    while tally.worlds < 300 {
        let config = any_world().new_tree(&mut runner).unwrap().current();
        tally.worlds += 1;
        compare(&properties, config, &mut tally);
    }
    insta::assert_debug_snapshot!(tally);
}

fn compare(properties: &[Property], config: Config, tally: &mut Tally) {
    let instances = instances(properties, &config);
    let questions: Vec<_> =
        instances.iter().map(|(property, this)| Question::of(&property.formula, *this)).collect();
    let limits = ZoneLimits { max_zones: Some(MOST_ZONES), ..ZoneLimits::NONE };
    let explored = explore(&config, &questions, SearchOptions::default(), &limits, &|_| {}).unwrap();
    if explored.stopped().is_some() {
        return;
    }
    tally.explored += 1;
    tally.delaying += usize::from(End::BOTH.iter().any(|end| config.end(*end).policy.acks.delayed_ack.is_some()));
    tally.opening += usize::from(config.opens());
    let parts: HashSet<DiscretePart> = explored.parts().collect();
    let witnesses: Vec<Option<Witness>> = (0..)
        .zip(&questions)
        .map(|(number, question)| explored.witness(&config, question, number).unwrap())
        .collect();
    // Those that count losses or duplicates make them count everywhere. Without those, the others are decided
    // alike.
    let plain: Vec<_> = questions.iter().filter(|question| !question.counts()).copied().collect();
    let among_plain = explore(&config, &plain, SearchOptions::default(), &limits, &|_| {}).unwrap();
    assert_eq!(among_plain.stopped(), None);
    assert!(among_plain.parts().collect::<HashSet<_>>() == parts, "{config:?}");
    let mut of_plain =
        (0..).zip(&plain).map(|(number, question)| among_plain.witness(&config, question, number).unwrap());
    for (question, witness) in questions.iter().zip(&witnesses).filter(|(question, _)| !question.counts()) {
        assert_eq!(of_plain.next().unwrap().is_some(), witness.is_some(), "{question:?} {config:?}");
    }
    let mut met_in: Vec<HashSet<DiscretePart>> = Vec::new();
    let mut by_ticks = vec![false; questions.len()];
    let mut by_scale = HashMap::new();
    for scale in 1..=4 {
        let found = by_scale.entry(scale).or_insert(ticks(config.scaled(scale), &questions, MOST_STATES));
        let Ticks { parts: met, revealed, all } = found;
        assert!(met.is_subset(&parts), "ticks of 1/{scale} reach more: {config:?}");
        for (by_ticks, revealed) in by_ticks.iter_mut().zip(revealed) {
            *by_ticks |= *revealed;
        }
        if !*all {
            break;
        }
        for (coarser, earlier) in (1u32..).zip(&met_in) {
            assert!(
                scale % coarser != 0 || earlier.is_subset(met),
                "1/{coarser} reaches more than 1/{scale}: {config:?}"
            );
        }
        met_in.push(met.clone());
    }
    if met_in.len() == 4 {
        match met_in.iter().position(|met| *met == parts) {
            Some(place) => tally.meeting_all_at[place] += 1,
            None => tally.meeting_all_at_none += 1,
        }
    }
    // One tick more for the MSL alone: delays of 0 to MSL ticks.
    let closed = ticks(Config { msl: config.msl + 1, ..config }, &questions, MOST_STATES);
    tally.closed += usize::from(closed.all);
    for (number, (witness, (property, this))) in witnesses.iter().zip(&instances).enumerate() {
        let name = || format!("{}@{this} {config:?}", property.name);
        assert!(witness.is_some() || !by_ticks[number], "ticks reveal {}", name());
        if let Some(witness) = witness {
            tally.revealed += 1;
            tally.by_fractions += usize::from(witness.parts > 1);
            let by_fractions = by_scale
                .entry(witness.parts)
                .or_insert_with(|| ticks(config.scaled(witness.parts), &questions, MOST_STATES));
            let is_confirmed = by_fractions.revealed[number];
            assert!(is_confirmed || !by_fractions.all, "1/{} does not reveal {}", witness.parts, name());
            tally.confirmed += usize::from(is_confirmed);
        }
        if closed.all {
            match (closed.revealed[number], witness.is_some()) {
                (false, true) => panic!("the world of closed delays proves {}", name()),
                (false, false) => tally.proved += 1,
                (true, true) => {}
                (true, false) => tally.ties += 1,
            }
        }
    }
}

/// Flights in a chain: whole ticks of a half do not see it, those of a third do.
#[test]
fn a_chain_of_three_flights_needs_thirds_of_a_tick() {
    let properties = shipped();
    let property = properties.iter().find(|property| property.name == "nothing-outlives-time-wait").unwrap();
    let policy = Policy::rfc1337(4).with(|policy| {
        policy.retransmission.rto = 4;
        policy.wait.time_wait = 11;
    });
    let config = Config {
        msl: 4,
        losses: Some(1),
        duplicates: Some(0),
        a: end(policy, Closes::AnyTime),
        b: end(policy, Closes::AfterEof),
    };
    let questions = End::BOTH.map(|this| Question::of(&property.formula, this));
    let explored = explore(&config, &questions, SearchOptions::default(), &ZoneLimits::NONE, &|_| {}).unwrap();
    let witness = explored.witness(&config, &questions[0], 0).unwrap().expect("it is violated in real time");
    assert_eq!(witness.parts, 3);
    assert_eq!(explored.witness(&config, &questions[1], 1).unwrap(), None);
    for scale in 1..=3 {
        let Ticks { revealed, all, .. } = ticks(config.scaled(scale), &questions, 1_000_000);
        assert!(all);
        assert_eq!(revealed, [scale == 3, false], "ticks of 1/{scale}");
    }
}

#[derive(Debug, Default)]
struct SetTally {
    worlds: usize,
    /// Without a limit, in real time; and those of them that open a connection.
    explored: usize,
    opening: usize,
    /// Of the worlds that whole ticks exhaust at every scale: at which of them they first meet every discrete
    /// part, and at none.
    meeting_all_at: [usize; 3],
    meeting_all_at_none: usize,
    counted: usize,
    with_more_copies: usize,
}

/// Of a set it is known which segments are in flight, not how many copies of each.
fn as_sets(parts: impl Iterator<Item = DiscretePart>) -> HashSet<DiscretePart> {
    parts
        .map(|mut part| {
            part.in_flight.dedup();
            part
        })
        .collect()
}

/// Random worlds with duplicates without number, by zones and in whole ticks, which share nothing but the
/// endpoint: what ticks reach, zones do; and what one, two or three duplicates reach is reached without number, by
/// either. It is so, too, where more copies of a segment are kept, and then no more is reached than with two.
#[test]
fn random_sets_agree_with_whole_ticks_and_with_counted_duplicates() {
    let mut tally = SetTally::default();
    let mut runner = runner();
    while tally.worlds < 300 {
        let counted = any_world().new_tree(&mut runner).unwrap().current();
        tally.worlds += 1;
        let unlimited = Config { duplicates: None, ..counted };
        let zones = |config: &Config, kept: u8| {
            let limits = ZoneLimits { max_zones: Some(5_000), ..ZoneLimits::NONE };
            let options = SearchOptions { kept_copies: KeptCopies::AtMost(kept), ..SearchOptions::default() };
            let explored = explore(config, &[], options, &limits, &|_| {}).unwrap();
            explored.stopped().is_none().then(|| as_sets(explored.parts()))
        };
        let Some(parts) = zones(&unlimited, 2) else { continue };
        tally.explored += 1;
        let with_more = [3, 4].map(|kept| zones(&unlimited, kept));
        for more in with_more.iter().flatten() {
            assert!(more.is_subset(&parts), "with more copies there is more: {unlimited:?}");
            tally.with_more_copies += 1;
        }
        let explored = || with_more.iter().flatten().chain([&parts]);
        tally.opening += usize::from(unlimited.opens());
        let in_ticks = |config: Config| {
            let Ticks { parts, all, .. } = ticks(config, &[], MOST_STATES);
            (as_sets(parts.into_iter()), all)
        };
        let mut met = Vec::new();
        for scale in 1..=3 {
            let (of_scale, all) = in_ticks(unlimited.scaled(scale));
            for parts in explored() {
                assert!(of_scale.is_subset(parts), "ticks of 1/{scale} reach more: {unlimited:?}");
            }
            if !all {
                break;
            }
            met.push(of_scale);
        }
        for duplicates in 1..=3 {
            let counted = Config { duplicates: Some(duplicates), ..counted };
            if let Some(of_counted) = zones(&counted, 2) {
                for parts in explored() {
                    assert!(of_counted.is_subset(parts), "{duplicates} duplicates reach more: {counted:?}");
                }
                tally.counted += 1;
            }
            let (of_counted, _) = in_ticks(counted);
            if let Some(first) = met.first() {
                assert!(of_counted.is_subset(first), "{duplicates} duplicates reach more in ticks: {counted:?}");
            }
        }
        if met.len() == 3 {
            match met.iter().position(|met| *met == parts) {
                Some(place) => tally.meeting_all_at[place] += 1,
                None => tally.meeting_all_at_none += 1,
            }
        }
    }
    insta::assert_debug_snapshot!(tally);
}

/// Unlimited duplicates lead to everything that counted ones lead to; and the verdict at the bound of the law of
/// the last ACK is right where a timeout is a quarter of the MSL: a FIN that is lost four times is sent again
/// within 2 MSL, the fifth not. Where timeouts double, FINs after 1, 3 and 7 ticks are sent within the MSL of the
/// first, so that they and its acknowledgement are lost, or A hears of another: with three losses that is shown
/// where more copies are kept than the oldest and the youngest.
#[test]
fn duplicates_without_number_do_all_that_counted_ones_do() {
    let library = Library::shipped().unwrap();
    let judged = |name: &str, settings: &[&str]| judged(&library, name, settings);
    let (mut both, mut more) = (0, 0);
    for name in ["sequential", "simultaneous", "one-msl", "no-time-wait", "no-restart"] {
        let counted = judged(name, &["network.duplicates=2"]);
        let unlimited = judged(name, &["network.duplicates=unlimited"]);
        for ((instance, counted), (_, unlimited)) in counted.into_iter().zip(unlimited) {
            if unlimited != Verdict::NotApplicable {
                assert!(!is_found(counted) || is_found(unlimited), "{instance} in {name}");
                both += usize::from(is_found(counted));
                more += usize::from(is_found(unlimited) && !is_found(counted));
            }
        }
    }
    assert!(both > 50 && more > 0, "{both} {more}");
    let at_the_bound = |settings: &[&str]| {
        let settings = [&["network.duplicates=unlimited", "tcp.rto=1"], settings].concat();
        let all = judged("sequential", &settings);
        all.into_iter().find(|(name, _)| name == "no-premature-closed@A").unwrap().1
    };
    assert_eq!(at_the_bound(&["network.msl=4", "network.losses=4"]), Verdict::Holds);
    assert_eq!(at_the_bound(&["network.msl=4", "network.losses=5"]), Verdict::Violated);
    let doubling = ["network.msl=8", "tcp.backoff=true", "tcp.rto_max=64"];
    assert_eq!(at_the_bound(&[&doubling[..], &["network.losses=3"]].concat()), Verdict::Holds);
    assert_eq!(at_the_bound(&[&doubling[..], &["network.losses=4"]].concat()), Verdict::Violated);
}

fn judged(library: &Library, name: &str, settings: &[&str]) -> Vec<(String, Verdict)> {
    let settings: Vec<_> = settings.iter().map(|text| Setting::parse(text).unwrap()).collect();
    let scenario = library.scenarios(&[name.to_owned()], &settings, 1).unwrap().remove(0);
    let checked = check_one(&scenario, &library.properties, &Options::PLAIN, &|_, _| {});
    assert_eq!(checked.stopped, None, "{name}");
    checked.judged().map(|one| (one.instance.name(), one.verdict)).collect()
}

fn is_found(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Violated | Verdict::Possible)
}

/// Whole ticks decide the set as well, every run of it lived through with every copy: nothing stays open, what a
/// counted duplicate does is done without number, and what ticks find, real time finds.
#[test]
fn whole_ticks_decide_duplicates_without_number() {
    let library = Library::shipped().unwrap();
    let (mut found, mut of_runs) = (0, 0);
    for name in ["sequential", "one-msl", "no-restart", "lossy-for-ever", "simultaneous"] {
        let judged = |settings: &[&str]| judged(&library, name, &[&["network.msl=1"], settings].concat());
        let (unlimited, whole_ticks) = ("network.duplicates=unlimited", "network.delays=\"whole-ticks\"");
        let ticks = judged(&[unlimited, whole_ticks]);
        let counted = judged(&["network.duplicates=1", whole_ticks]);
        let real = judged(&[unlimited]);
        for (((instance, ticks), (_, counted)), (_, real)) in ticks.into_iter().zip(counted).zip(real) {
            if ticks == Verdict::NotApplicable {
                continue;
            }
            assert!(!is_found(counted) || is_found(ticks), "{instance} in {name}: {ticks}");
            assert!(!is_found(ticks) || is_found(real), "{instance} in {name}: {real}");
            found += usize::from(is_found(ticks));
            of_runs += usize::from(instance == "time-passes" && is_found(ticks));
        }
    }
    assert!(found > 50 && of_runs == 5, "{found} {of_runs}");
}
