//! What an exploration finds, with and without what may be left out, and where it ends.

use std::collections::HashSet;
use std::sync::Arc;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config as Runs, RngAlgorithm, TestRng, TestRunner};

use super::super::graph::{ZoneGraph, Zones};
use super::super::testing::reference::{self, Fates};
use super::super::testing::{any_config, config};
use super::*;
use crate::check::Library;
use crate::diagnostic::SourceFile;
use crate::model::{Closes, ClosesWith, End, EndConfig};
use crate::model::{Iss, Opening, Opens};
use crate::property::Property;

fn explored(config: &Config, reductions: Reductions) -> ExploredZones<'_> {
    let explored = explore_with(
        config,
        &[],
        SearchOptions::default(),
        &ZoneLimits::NONE,
        reductions,
        &mut |_, _, _| {},
        &|_| {},
    )
    .unwrap();
    assert_eq!(explored.ended, Ended::Exhausted);
    explored
}

/// TChecker finds as many zones of a timed automaton that was written independently of this project, with the
/// same clocks and without an order of budgets.
#[test]
fn worlds_have_their_size() {
    let without_symmetry = Reductions { symmetry: false, ..Reductions::ALL };
    let without_budgets = Reductions { budgets: false, ..without_symmetry };
    let size = |config: &Config, reductions: Reductions| {
        let ZoneStats { zones, parts, transitions, .. } = explored(config, reductions).stats;
        (zones, parts, transitions)
    };
    let sequential = config(3, 2, 2, 1, Closes::AfterEof);
    let simultaneous = config(3, 2, 2, 1, Closes::AnyTime);
    let sizes = [without_budgets, without_symmetry, Reductions::ALL]
        .map(|reductions| [&sequential, &simultaneous].map(|config| size(config, reductions)));
    assert_eq!(
        sizes,
        [
            [(10_570, 5_951, 58_623), (40_447, 19_775, 233_764)],
            [(4_357, 1_550, 25_448), (17_898, 5_404, 110_390)],
            [(4_357, 1_550, 25_448), (9_025, 2_717, 55_744)],
        ]
    );
}

/// A connects anew, perhaps out of `TIME_WAIT`, and B listens.
fn opening(reuse_time_wait: Option<u32>, iss: Iss) -> Config {
    let mut config = config(2, 4, 0, 0, Closes::AfterEof);
    for end in [&mut config.a, &mut config.b] {
        end.policy.retransmission.retries = Some(1);
    }
    config.a.application.opening = Opening { opens: Opens::Connect, iss, reuse_time_wait };
    config.b.application.opening.opens = Opens::Listen;
    config
}

/// Small worlds with every timer and every way to end.
fn worlds() -> Vec<Config> {
    let with = |change: &dyn Fn(&mut EndConfig)| {
        let mut config = config(2, 2, 1, 0, Closes::AfterEof);
        change(&mut config.a);
        change(&mut config.b);
        config
    };
    let mut one_sends = config(2, 2, 1, 0, Closes::AnyTime);
    one_sends.a.application.sends = 1;
    vec![
        config(2, 2, 1, 1, Closes::AfterEof),
        config(3, 2, 1, 0, Closes::AfterEof),
        config(2, 2, 1, 0, Closes::AnyTime),
        Config { losses: None, duplicates: Some(0), ..with(&|end| end.policy.retransmission.retries = Some(1)) },
        with(&|end| {
            let timer = &mut end.policy.retransmission;
            (timer.backoff, timer.rto_max, timer.rto) = (true, 3, 1);
        }),
        with(&|end| {
            end.application.closes_with = ClosesWith::Close;
            end.policy.wait.fin_wait_2_timeout = Some(3);
        }),
        with(&|end| end.policy.acks.delayed_ack = Some(1)),
        with(&|end| end.application.aborts = true),
        with(&|end| end.policy.wait.time_wait = 0),
        opening(None, Iss::Above),
        opening(Some(1), Iss::Any),
        with(&|end| end.policy.timers.timer_slack = 1),
        one_sends,
    ]
}

/// Whatever is left out, alone or with everything else, and done as plainly as can be: the same discrete
/// parts.
#[test]
fn reductions_leave_no_discrete_part_out() {
    for config in worlds() {
        let all: HashSet<_> = explored(&config, Reductions::ALL).parts().collect();
        let (plain, zones) = reference::parts(&config);
        assert!(all == plain, "{} of {} parts, {config:?}", all.len(), plain.len());
        let lesser = [
            Reductions { inclusion: false, ..Reductions::ALL },
            Reductions { budgets: false, ..Reductions::ALL },
            Reductions { oldest_first: false, ..Reductions::ALL },
            Reductions { symmetry: false, ..Reductions::ALL },
            Reductions { inclusion: false, budgets: false, oldest_first: false, symmetry: false },
        ];
        for reductions in lesser {
            let explored = explored(&config, reductions);
            // What leaves parts apart by what was spent has each several times.
            let parts: HashSet<_> = explored.parts().collect();
            assert!(parts == all, "{reductions:?} {config:?}");
        }
        let merged =
            explored(&config, Reductions { budgets: false, symmetry: false, ..Reductions::ALL }).stats.zones;
        assert!(merged <= zones, "{merged} zones, of {zones} exact ones");
    }
}

/// The same in random worlds.
#[test]
fn reductions_leave_no_discrete_part_of_random_worlds_out() {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Runs::default(), rng);
    let mut worlds = 0;
    while worlds < 100 {
        let mut config = any_config().new_tree(&mut runner).unwrap().current();
        if worlds % 2 == 0 {
            config.b = config.a;
        }
        let small = ZoneLimits { max_zones: Some(150), ..ZoneLimits::NONE };
        let all = explore(&config, &[], SearchOptions::default(), &small, &|_| {}).unwrap();
        if all.stopped().is_some() {
            continue;
        }
        worlds += 1;
        let all: HashSet<_> = all.parts().collect();
        assert!(all == reference::parts(&config).0, "{config:?}");
        let plain = Reductions { inclusion: false, budgets: false, oldest_first: false, symmetry: false };
        assert!(all == explored(&config, plain).parts().collect(), "{config:?}");
    }
}

/// Losses and duplicates that are decided at the sending reach what those at any moment do, with each number of
/// them: by zones, and by exact matrices, in random worlds.
#[test]
fn fates_at_the_sending_reach_what_later_ones_do() {
    let text = "about = 'x'\nformula = 'never losses == 1 and duplicates == 1'\nsources = ['x']\n";
    let counting = Property::from_source(SourceFile::new("any.toml", text.to_owned())).unwrap();
    let question = Question::of(&counting.formula, End::A);
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Runs::default(), rng);
    let (mut worlds, mut losing, mut duplicating, mut opening, mut parts) = (0, 0, 0, 0, 0);
    for _ in 0..300 {
        let config = any_config().new_tree(&mut runner).unwrap().current();
        let small = ZoneLimits { max_zones: Some(400), ..ZoneLimits::NONE };
        let zones = explore(&config, &[question], SearchOptions::default(), &small, &|_| {}).unwrap();
        if zones.stopped().is_some() {
            continue;
        }
        let Some(late) = reference::reached(&config, Fates::AtAnyMoment, 1_500) else { continue };
        let of_zones = zones.part_views().flat_map(|part| {
            let (spent, part) = ((part.losses, part.duplicates), part.spelt_out());
            let image = zones.is_mirrored.then(|| part.clone().mirrored());
            std::iter::once(part).chain(image).map(move |part| (part, spent.0, spent.1))
        });
        assert!(late.parts == of_zones.collect(), "{config:?}");
        let early: HashSet<_> = late.parts.iter().map(|(part, ..)| part.clone()).collect();
        assert!(early == reference::parts(&config).0, "{config:?}");
        worlds += 1;
        losing += usize::from(config.losses != Some(0));
        duplicating += usize::from(config.duplicates != Some(0));
        opening += usize::from(config.opens());
        parts += late.parts.len();
    }
    assert_eq!((worlds, losing, duplicating, opening, parts), (131, 102, 55, 13, 6_288));
}

/// In worlds whose ends are alike every property, whatever it says of which end, is decided by half of the
/// world as by all of it, and by a run of exact times.
#[test]
fn mirror_images_reveal_what_the_others_do() {
    let mut properties = Library::shipped().unwrap().properties;
    let about_a = "possible A.state == TIME_WAIT and B.left == LAST_ACK and in_flight(FIN, A)";
    let about_b = "never B.state == CLOSED and A.state == TIME_WAIT and losses == 1";
    properties.extend([about_a, about_b].map(|text| {
        let text = format!("about = 'x'\nformula = '{text}'\nsources = ['x']\n");
        Arc::new(Property::from_source(SourceFile::new("any.toml", text)).unwrap())
    }));
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Runs::default(), rng);
    let (mut worlds, mut revealed) = (0, [0, 0]);
    while worlds < 60 {
        let one = any_config().new_tree(&mut runner).unwrap().current();
        let duplicates = one.duplicates.filter(|_| worlds % 4 != 0);
        let config = Config { b: one.a, losses: Some(one.losses.unwrap_or(1)), duplicates, ..one };
        let is_meant = |question: &Question<'_>| duplicates.is_some() || !question.counts();
        let questions: Vec<Question<'_>> = properties
            .iter()
            .flat_map(|property| End::BOTH.map(|end| Question::of(&property.formula, end)))
            .filter(|question| is_meant(question))
            .collect();
        let small = ZoneLimits { max_zones: Some(2_000), ..ZoneLimits::NONE };
        let explored = |symmetry, shortest_runs| {
            let options = SearchOptions { shortest_runs, ..SearchOptions::default() };
            let reductions = Reductions { symmetry, ..Reductions::ALL };
            explore_with(&config, &questions, options, &small, reductions, &mut |_, _, _| {}, &|_| {}).unwrap()
        };
        let (all, half) = (explored(false, false), explored(true, false));
        if all.stopped().is_some() {
            continue;
        }
        worlds += 1;
        assert!(all.parts().collect::<HashSet<_>>() == half.parts().collect(), "{config:?}");
        assert!(half.stats.zones <= all.stats.zones.div_ceil(2) + half.stats.parts, "{:?}", half.stats);
        assert_eq!(all.findings.exercised, half.findings.exercised, "{config:?}");
        let lengths = [false, true].map(|symmetry| explored(symmetry, true)).map(|explored| {
            let run = |node| std::iter::successors(Some(node), |at| Some(explored.passed.reached_by(*at)?.0));
            let length = |found: &Option<Revealed>| found.map(|found| run(found.node).count());
            explored.findings.revealed.iter().map(length).collect::<Vec<_>>()
        });
        assert_eq!(lengths[0], lengths[1], "{config:?}");
        for (number, question) in questions.iter().enumerate() {
            assert_eq!(all.reveals(number), half.reveals(number), "{question:?} {config:?}");
            let Some(Revealed { is_mirrored, .. }) = half.findings.revealed[number] else { continue };
            let witness = half.witness(&config, question, number);
            assert!(matches!(witness, Ok(Some(_))) || duplicates.is_none(), "{witness:?} {config:?}");
            revealed[usize::from(is_mirrored)] += 1;
        }
    }
    assert!(revealed.iter().all(|of| *of > 100), "{revealed:?}");
}

/// Each state that an end comes to is asked for: by zones that cover others, by none but equal ones, and in
/// the graph.
#[test]
fn shortest_runs_are_as_short_as_any() {
    let text = |p: &str| format!("about = 'x'\nformula = 'possible {p}'\nsources = ['x']\n");
    let of = |p: &str| Property::from_source(SourceFile::new("any.toml", text(p))).unwrap();
    let properties: Vec<Property> = [
        "self.state == CLOSED",
        "self.state == TIME_WAIT",
        "A.state == CLOSED and B.state == CLOSED",
        "self.left == TIME_WAIT and in_flight(ANY, self)",
        "self.state == CLOSED and in_flight(FIN, self)",
        "in_flight(ANY, self) >= 3",
    ]
    .map(of)
    .into();
    let mut longer = 0;
    for config in worlds() {
        let asked = properties.iter().flat_map(|one| End::BOTH.map(|end| Question::of(&one.formula, end)));
        let asked: Vec<Question<'_>> = asked.collect();
        let found = explore(&config, &asked, SearchOptions::default(), &ZoneLimits::NONE, &|_| {}).unwrap();
        let questions: Vec<Question<'_>> =
            (0..).zip(&asked).filter(|(n, _)| found.reveals(*n)).map(|(_, one)| *one).collect();
        let lengths = |explored: ExploredZones<'_>| -> Vec<usize> {
            let run = |(number, question): (usize, &Question<'_>)| {
                explored.witness(&config, question, number).unwrap();
                let Revealed { node, .. } = explored.findings.revealed[number].unwrap();
                std::iter::successors(explored.passed.reached_by(node), |(at, _)| explored.passed.reached_by(*at))
                    .count()
            };
            questions.iter().enumerate().map(run).collect()
        };
        let with = |shortest_runs, reductions| {
            let options = SearchOptions { shortest_runs, ..SearchOptions::default() };
            explore_with(&config, &questions, options, &ZoneLimits::NONE, reductions, &mut |_, _, _| {}, &|_| {})
                .unwrap()
        };
        let by_inclusion = lengths(with(true, Reductions::ALL));
        let equality = Reductions { inclusion: false, budgets: false, ..Reductions::ALL };
        let by_equality = lengths(with(true, equality));
        assert_eq!(by_inclusion, by_equality, "{config:?}");
        let graph = ZoneGraph::explore(&config, &questions, Zones::Included, &ZoneLimits::NONE, &|_| {}).unwrap();
        for (question, length) in questions.iter().zip(&by_equality) {
            let walk = graph.shortest_walk(question).unwrap();
            if graph.witness(&walk).is_ok() {
                let is_loss = |(node, _): &&(Node, usize)| graph.loss(*node).is_some();
                assert_eq!(walk.len() - walk.iter().filter(is_loss).count(), *length, "{question:?} {config:?}");
            }
        }
        longer += lengths(with(false, Reductions::ALL))
            .iter()
            .zip(&by_equality)
            .filter(|(one, other)| one > other)
            .count();
    }
    // Otherwise nothing was tried.
    assert!(longer > 0);
}

#[test]
fn limits_end_an_exploration() {
    let config = config(3, 2, 2, 1, Closes::AnyTime);
    let stopped = |limits: &ZoneLimits<'_>| {
        explore(&config, &[], SearchOptions::default(), limits, &|_| {}).unwrap().stopped()
    };
    assert_eq!(stopped(&ZoneLimits::NONE), None);
    assert_eq!(stopped(&ZoneLimits { max_zones: Some(1_000), ..ZoneLimits::NONE }), Some(Stop::Zones));
    assert_eq!(stopped(&ZoneLimits { max_memory: Some(100_000), ..ZoneLimits::NONE }), Some(Stop::Memory));
    assert_eq!(stopped(&ZoneLimits { is_cut_off: &|| true, ..ZoneLimits::NONE }), Some(Stop::CutOff));
    let many = Config { msl: 8, losses: Some(20), ..config };
    let rto_1 =
        |end: EndConfig| EndConfig { policy: end.policy.with(|policy| policy.retransmission.rto = 1), ..end };
    let many = Config { a: rto_1(many.a), b: rto_1(many.b), duplicates: Some(20), ..many };
    assert_eq!(
        explore(&many, &[], SearchOptions::default(), &ZoneLimits::NONE, &|_| {}).unwrap().stopped(),
        Some(Stop::Copies)
    );
    let long = Config { msl: 8_192, ..config };
    assert_eq!(
        explore(&long, &[], SearchOptions::default(), &ZoneLimits::NONE, &|_| {}).err(),
        Some(Stop::Duration(8_192))
    );
    let long_timer =
        |end: EndConfig| EndConfig { policy: end.policy.with(|policy| policy.retransmission.rto = 8_192), ..end };
    let long = Config { a: long_timer(config.a), ..config };
    let stopped = explore(&long, &[], SearchOptions::default(), &ZoneLimits::NONE, &|_| {}).unwrap().stopped();
    assert_eq!(stopped, Some(Stop::Duration(8_192)));
}

/// Zones do not depend on the unit of time.
#[test]
fn a_scale_changes_nothing() {
    let sizes = [1, 5, 30].map(|scale| {
        let mut config = config(3 * scale, 2 * scale, 2, 1, Closes::AnyTime);
        (config.a.policy.wait.time_wait, config.b.policy.wait.time_wait) = (6 * scale, 6 * scale);
        let ZoneStats { zones, parts, transitions, .. } = explored(&config, Reductions::ALL).stats;
        (zones, parts, transitions)
    });
    assert_eq!(sizes, [(9_025, 2_717, 55_744); 3]);
}
