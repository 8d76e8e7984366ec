//! Worlds that open a new connection: real time against every run of whole ticks, lived through one by one, and
//! the law of the new connection.

use std::collections::{HashMap, HashSet, VecDeque};

use lastack::check::Library;
use lastack::explore::{Limits, Reachable};
use lastack::model::{
    Application, Config, End, Incarnation, Iss, Kind, Observe, OldCopies, Opening, Opens, TwoIncarnations,
    WorldEnd, WorldState,
};
use lastack::property::Property;
use lastack::realtime::{
    Copy, DiscretePart, ExactEvent, ExactWorld, Question, SearchOptions, ZoneLimits, explore,
};
use lastack::tcp::{Segment, State, SynInTimeWait, Timer};

/// The properties of the new connection that single states decide.
const SAFETY: [&str; 3] = ["no-old-ack-counts", "no-old-octet-is-delivered", "no-old-segment-ends-the-new"];

fn world(scenario: &str) -> Config {
    let library = Library::shipped().unwrap();
    library.scenarios(&[scenario.to_owned()], &[], 1).unwrap().remove(0).config
}

fn properties(names: &[&str]) -> Vec<Property> {
    let library = Library::shipped().unwrap();
    names.iter().map(|name| (**library.properties.iter().find(|one| one.name == *name).unwrap()).clone()).collect()
}

/// A copy in flight: where it goes, what it is, who has sent it, its age, and whether the network made it.
type InFlight = (End, Segment, Incarnation, i64, bool);

/// A state in words: the ends, what their timers have left at the latest, what is in flight, losses and
/// duplicates.
fn words(
    ends: &[WorldEnd; 2],
    timers: [[Option<i64>; Timer::ALL.len()]; 2],
    mut copies: Vec<InFlight>,
    spent: [u32; 2],
) -> String {
    copies.sort();
    format!("{ends:?} {timers:?} {copies:?} {spent:?}")
}

/// A world without what time has passed since its beginning.
fn key(world: &ExactWorld<'_>) -> String {
    let timers =
        End::BOTH.map(|end| Timer::ALL.map(|timer| world.latest(end, timer).map(|latest| latest - world.now())));
    let copies = world
        .in_flight()
        .iter()
        .map(|copy| (copy.to, copy.segment, copy.incarnation, world.now() - copy.sent, copy.is_duplicate))
        .collect();
    let ends = End::BOTH.map(|end| world.world_end(end).clone());
    words(&ends, timers, copies, [world.losses(), world.duplicates()])
}

/// The same of a state of whole ticks.
fn key_of_state(state: &WorldState<TwoIncarnations>) -> String {
    let timers = End::BOTH.map(|end| Timer::ALL.map(|timer| state.timers(end).get(timer).map(i64::from)));
    let copies = state
        .network()
        .copies()
        .map(|copy| (copy.to(), copy.segment(), copy.incarnation(), i64::from(copy.age()), copy.is_duplicate()))
        .collect();
    words(&End::BOTH.map(|end| state.world_end(end).0), timers, copies, [state.losses(), state.duplicates()])
}

fn part(world: &ExactWorld<'_>) -> DiscretePart {
    let end = |end| {
        let running = Timer::ALL.into_iter().filter(|timer| world.latest(end, *timer).is_some());
        (world.world_end(end).clone(), running.collect())
    };
    let mut in_flight: Vec<_> =
        world.in_flight().iter().map(|copy| (copy.to, copy.segment, copy.incarnation)).collect();
    in_flight.sort();
    DiscretePart { ends: End::BOTH.map(end), in_flight }
}

/// Every state that the world comes to when everything happens at multiples of 1/`parts` of a tick.
fn states(config: &Config, parts: u32) -> HashMap<String, ExactWorld<'_>> {
    let initial = ExactWorld::new(config, parts);
    let mut seen = HashMap::from([(key(&initial), initial.clone())]);
    let mut pending = VecDeque::from([initial]);
    while let Some(world) = pending.pop_front() {
        assert!(seen.len() < 400_000, "too large");
        let now = world.now();
        let copies: HashSet<Copy> = world.in_flight().iter().copied().collect();
        let calls =
            End::BOTH.into_iter().flat_map(|end| world.calls(end).map(move |call| ExactEvent::Call(end, call)));
        let timers = End::BOTH.into_iter().flat_map(|end| Timer::ALL.map(|timer| ExactEvent::Timeout(end, timer)));
        let arrivals = copies
            .iter()
            .flat_map(|copy| [ExactEvent::Deliver(*copy), ExactEvent::Lose(*copy), ExactEvent::Duplicate(*copy)]);
        let mut next: Vec<ExactWorld<'_>> = Vec::new();
        for event in calls.chain(timers).chain(arrivals) {
            let mut after = world.clone();
            // What is not enabled is refused.
            if after.happen(now, &event).is_ok() {
                next.push(after);
            }
        }
        let mut later = world.clone();
        if later.pass_until(now + 1).is_ok() {
            next.push(later);
        }
        for after in next {
            if let std::collections::hash_map::Entry::Vacant(place) = seen.entry(key(&after)) {
                place.insert(after.clone());
                pending.push_back(after);
            }
        }
    }
    seen
}

/// Whatever happens in whole ticks, or in halves of them, happens in real time, and what real time reveals has a
/// run of exact times.
#[test]
fn every_run_of_ticks_is_one_of_real_time() {
    let asked = properties(&SAFETY);
    let mut both_connect = world("old-ack");
    both_connect.msl = 1;
    both_connect.a.policy =
        both_connect.a.policy.with(|policy| (policy.retransmission.rto, policy.wait.time_wait) = (2, 1));
    both_connect.b.policy = both_connect.a.policy;
    both_connect.a.application.opening.reuse_time_wait = Some(0);
    let mut met = [0; 2];
    for (scenario, config, parts) in [
        ("time-wait-reused-any", world("time-wait-reused-any"), 1),
        ("nat-reuses-a-port", world("nat-reuses-a-port"), 2),
        ("syn-in-last-ack", world("syn-in-last-ack"), 1),
        ("half-open-reopens", world("half-open-reopens"), 1),
        ("rfc1337-old-reset", Config { duplicates: Some(0), ..world("rfc1337-old-reset") }, 1),
        ("old-ack", both_connect, 1),
    ] {
        let questions: Vec<Question<'_>> =
            asked.iter().flat_map(|one| End::BOTH.map(|end| Question::of(&one.formula, end))).collect();
        let real = explore(&config, &questions, SearchOptions::default(), &ZoneLimits::NONE, &|_| {}).unwrap();
        assert!(real.stopped().is_none(), "{scenario}");
        let known: HashSet<DiscretePart> = real.parts().collect();
        let ticks = states(&config, parts);
        // The world of whole ticks, whose ticks are those parts, comes to these states, and to no others.
        let in_ticks =
            Reachable::<TwoIncarnations>::explore_with_layout(config.scaled(parts), Limits::NONE).unwrap();
        let keys: HashSet<String> = (0..).map_while(|node| in_ticks.state(node)).map(key_of_state).collect();
        assert_eq!(keys.len(), in_ticks.states(), "{scenario}: two states in the same words");
        assert!(ticks.len() == keys.len() && keys.iter().all(|key| ticks.contains_key(key)), "{scenario}");
        for state in ticks.values() {
            assert!(known.contains(&part(state)), "{scenario}: {}", key(state));
        }
        for (number, question) in questions.iter().enumerate() {
            let by_ticks = ticks.values().any(|state| question.is_revealed_by(state));
            let witness = real.witness(&config, question, number).unwrap();
            assert!(witness.is_some() || !by_ticks, "{scenario}: {}", asked[number / 2].name);
            met[0] += usize::from(by_ticks);
            met[1] += usize::from(witness.is_some());
        }
    }
    assert_eq!(met, [6, 6]);
}

/// Whether an old segment hurts a new connection in a world.
fn is_hurt(config: &Config) -> bool {
    let asked = properties(&SAFETY);
    let questions: Vec<Question<'_>> =
        asked.iter().flat_map(|one| End::BOTH.map(|end| Question::of(&one.formula, end))).collect();
    let explored = explore(config, &questions, SearchOptions::default(), &ZoneLimits::NONE, &|_| {}).unwrap();
    assert!(explored.stopped().is_none(), "{config:?}");
    (0..questions.len()).any(|number| explored.reveals(number))
}

/// The law of the new connection (docs/new-connection.md), in worlds without octets whose `TIME_WAIT` ignores
/// resets.
#[test]
fn the_law_of_the_new_connection() {
    let connects = |iss| Opening { opens: Opens::Connect, iss, reuse_time_wait: None };
    let listens = Opening { opens: Opens::Listen, ..Opening::NEVER };
    let mut points = 0;
    for msl in 1..=3 {
        for time_wait in 0..=3 * msl + 1 {
            for (of_a, of_b, needs) in [
                // The end that has waited connects; then its peer does.
                (connects(Iss::Above), listens, 0),
                (connects(Iss::Any), listens, 2 * msl),
                (listens, connects(Iss::Above), 0),
                (listens, connects(Iss::Any), 3 * msl),
            ] {
                let mut config = world("reopen");
                config.msl = msl;
                let policy = config.a.policy.with(|policy| {
                    policy.retransmission.rto = 2 * msl;
                    policy.wait.time_wait = time_wait;
                    policy.retransmission.retries = Some(0);
                    policy.opening.syn_in_time_wait = SynInTimeWait::ReopenIfAbove;
                });
                (config.a.policy, config.b.policy) = (policy, policy);
                config.duplicates = Some(1);
                config.a.application = Application { sends: 0, opening: of_a, ..config.a.application };
                config.b.application.opening = of_b;
                assert_eq!(is_hurt(&config), time_wait < needs, "{config:?}");
                points += 1;
            }
        }
    }
    assert_eq!(points, 96);
}

/// 2 MSL are enough only where the last ACK is safe: `TIME_WAIT` may not end while B still waits for it.
#[test]
fn the_law_presupposes_that_of_the_last_ack() {
    for (rto, is_safe) in [(2, true), (3, false)] {
        let mut config = world("reopen");
        let policy = config.a.policy.with(|policy| {
            (policy.retransmission.rto, policy.retransmission.retries) = (rto, Some(2));
        });
        (config.a.policy, config.b.policy) = (policy, policy);
        (config.losses, config.duplicates) = (Some(1), Some(0));
        config.a.application.sends = 0;
        assert_eq!(is_hurt(&config), !is_safe, "RTO {rto}, MSL {}", config.msl);
    }
}

/// What only the world knows: that a copy is old.
#[test]
fn an_old_copy_is_told_from_a_new_one() {
    let config = world("rfc1337-old-reset");
    let explored = explore(&config, &[], SearchOptions::default(), &ZoneLimits::NONE, &|_| {}).unwrap();
    let mut both = 0;
    for part in explored.parts() {
        let [a, b] = part.ends.each_ref().map(|(end, _)| end);
        // Whoever is in its first incarnation has seen nothing old.
        for end in [a, b] {
            if end.incarnation == Incarnation::First {
                assert_eq!(end.old, OldCopies::default());
                assert!(!matches!(end.endpoint.state, State::SynSent | State::SynReceived));
            }
        }
        let kinds = |incarnation| part.in_flight.iter().any(move |(.., of)| *of == incarnation);
        both += usize::from(kinds(Incarnation::First) && kinds(Incarnation::Second));
        // The former connection was open from the start.
        let is_syn = |segment| Kind::of(segment) == Some(Kind::Syn);
        assert!(part.in_flight.iter().all(|(_, segment, of)| *of == Incarnation::Second || !is_syn(segment)));
    }
    assert!(both > 100, "{both}");
}

/// Whoever waits for three flights before it connects anew out of `TIME_WAIT` meets nothing old, and who waits for
/// two may.
#[test]
fn reusing_waits_as_long_as_it_says() {
    let folder = crate::folder::Folder::new("openings-reuse");
    let write = |file: &str, text: &str| std::fs::write(folder.0.join(file), text).unwrap();
    write(
        "early.toml",
        "about = \"x\"\nnetwork = { msl = 1, losses = 0, duplicates = 0 }\n\
         tcp = { rto = 9, retries = 1, time_wait = 4 }\n\
         a = { opens = \"connect\", reuse_time_wait = 3 }\nb = { closes = \"after-eof\", opens = \"listen\" }\n",
    );
    write(
        "nothing-old.toml",
        "about = \"x\"\nformula = \"never A.state == SYN_SENT and \
         (in_flight_old(ANY, A) > 0 or in_flight_old(ANY, B) > 0)\"\n",
    );
    let check = |wait: &str| {
        let args = ["check", "./early.toml", "-p", "./nothing-old.toml", "--set", wait];
        crate::run::Run::of(&mut folder.command(&args)).code
    };
    assert_eq!([check("a.reuse_time_wait=2"), check("a.reuse_time_wait=3")], [1, 0]);
}
