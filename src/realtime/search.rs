//! The exploration of a world in real time: one zone after another.
//!
//! What another zone has come to cover need not be left. So what may still be covered is best left late: ends only
//! ever come farther, and a zone is left before those whose ends have come farther than its own. Then few are left
//! in vain. The runs that this finds are not short. Where a shortest one is wanted, a second exploration goes
//! breadth first, until it has found it.

use std::collections::{BTreeMap, VecDeque};

use super::catalog::Catalog;
use super::part::{DiscretePart, Part};
use super::passed::{Merging, Node, Passed};
use super::question::Question;
use super::step::{Precision, Steps, Successor, SymbolicState};
use super::stop::Stop;
use super::symmetry::is_symmetric;
use crate::model::Config;

/// How far an exploration may go.
#[derive(Clone, Copy)]
pub struct Budget<'a> {
    /// How many zones it may find.
    pub max_zones: Option<usize>,
    /// How much memory it may take, in bytes.
    pub max_memory: Option<usize>,
    /// Asked now and then: whether it has to end.
    pub is_cut_off: &'a dyn Fn() -> bool,
}

impl Budget<'static> {
    /// As far as it goes.
    pub const NONE: Self = Self { max_zones: None, max_memory: None, is_cut_off: &|| false };
}

/// How far an exploration came. Where both ends are alike, a zone stands for its mirror image, too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ZoneStats {
    /// Zones found that no other covers.
    pub zones: usize,
    /// Different discrete parts: both ends, which of their timers run, and the segments in flight.
    pub parts: usize,
    /// Steps taken from one zone to another.
    pub transitions: usize,
    /// Zones that wait to be left, with those of them that others have come to cover: what they lead to is not
    /// known.
    pub frontier: usize,
    /// How much memory everything takes, in bytes.
    pub bytes: usize,
}

/// What an exploration is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Aim {
    /// Where duplicates are unlimited, every copy in flight is kept: nothing is found that is not there, but there
    /// may be more than there is room for.
    pub every_copy: bool,
    /// The runs that reveal what is asked are as short as any, and the exploration ends as soon as each question
    /// is revealed.
    pub shortest_runs: bool,
}

/// What may be left out, each but the last without changing what is found. Tests do without.
#[expect(clippy::struct_excessive_bools, reason = "each is tried with and without")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reductions {
    pub(super) inclusion: bool,
    pub(super) budgets: bool,
    pub(super) oldest_first: bool,
    /// Of a zone and its mirror image one is enough, where the ends are alike.
    pub(super) symmetry: bool,
    /// Where duplicates are unlimited, the network is a set. That alone may find more than there is.
    pub(super) set: bool,
    /// As in [`Aim`]. It leaves out what no question asks for.
    pub(super) shortest_runs: bool,
}

impl Reductions {
    pub(super) const ALL: Self = Self {
        inclusion: true,
        budgets: true,
        oldest_first: true,
        symmetry: true,
        set: true,
        shortest_runs: false,
    };
}

/// Called for each step with the zone that it leaves, the step, and the zone that covers where it leads.
pub(super) type Taken<'t> = dyn FnMut(Node, &Successor, Node) + 't;

/// How an exploration ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Everything was seen: what was not found is not there.
    Exhausted,
    /// Each question was revealed, and no more was wanted. What else there is was not looked at.
    Answered,
    /// A limit was hit.
    Stopped(Stop),
}

/// What an exploration has found.
pub struct Explored<'c> {
    /// How far it came.
    pub stats: ZoneStats,
    /// How it ended.
    pub ended: Ended,
    /// For each question, whether a state has exercised it.
    pub exercised: Vec<bool>,
    /// For each question, the first zone that was found whose states decide it, or whose mirror image's do: then
    /// `true`.
    pub(super) revealed: Vec<Option<(Node, bool)>>,
    pub(super) passed: Passed,
    pub(super) steps: Steps<'c>,
    /// Of a zone and its mirror image, one stands for both.
    pub(super) is_mirrored: bool,
}

/// Zones between two looks at the limits.
const ZONES_BETWEEN_LIMIT_CHECKS: usize = 1 << 10;

/// Explores a world, whose durations are in ticks, with delays of every length below the MSL.
///
/// # Errors
/// If a duration of the world is too long for zones.
pub fn explore<'c>(
    config: &'c Config,
    questions: &[Question<'_>],
    aim: Aim,
    budget: &Budget<'_>,
    progress: &dyn Fn(&ZoneStats),
) -> Result<Explored<'c>, Stop> {
    let reductions = Reductions { set: !aim.every_copy, shortest_runs: aim.shortest_runs, ..Reductions::ALL };
    explore_with(config, questions, budget, reductions, &mut |_, _, _| {}, progress)
}

pub(super) fn explore_with<'c>(
    config: &'c Config,
    questions: &[Question<'_>],
    budget: &Budget<'_>,
    reductions: Reductions,
    taken: &mut Taken<'_>,
    progress: &dyn Fn(&ZoneStats),
) -> Result<Explored<'c>, Stop> {
    let counts = questions.iter().any(Question::counts);
    let precision = Precision { counts, at_every_copy: !reductions.oldest_first, as_a_bag: !reductions.set };
    let Reductions { inclusion, budgets, shortest_runs, symmetry, .. } = reductions;
    let is_mirrored = symmetry && is_symmetric(config);
    // What a zone that is farther away covers may be left on a shortest run.
    let merging = Merging { inclusion, budgets: budgets && !counts, drops: !shortest_runs };
    let mut explored = Explored {
        stats: ZoneStats::default(),
        ended: Ended::Exhausted,
        exercised: vec![false; questions.len()],
        revealed: vec![None; questions.len()],
        passed: Passed::new(merging),
        steps: Steps::new(config, precision, is_mirrored)?,
        is_mirrored,
    };
    let ended = explored.run(questions, budget, shortest_runs, taken, progress);
    explored.ended = ended.unwrap_or_else(Ended::Stopped);
    explored.stats = stats_now(explored.stats, &explored.passed, &explored.steps);
    Ok(explored)
}

impl Explored<'_> {
    fn run(
        &mut self,
        questions: &[Question<'_>],
        budget: &Budget<'_>,
        shortest_runs: bool,
        taken: &mut Taken<'_>,
        progress: &dyn Fn(&ZoneStats),
    ) -> Result<Ended, Stop> {
        let Self { exercised, revealed, is_mirrored, .. } = self;
        let is_mirrored = *is_mirrored;
        let mut inspect = |part: &Part<'_>, node: Node| {
            for ((question, exercised), revealed) in questions.iter().zip(&mut *exercised).zip(&mut *revealed) {
                *exercised =
                    *exercised || part.image(is_mirrored, |part| question.is_exercised_by(part)).is_some();
                if revealed.is_none() {
                    let image = part.image(is_mirrored, |part| question.is_revealed_by(part));
                    *revealed = image.map(|image| (node, image));
                }
            }
            revealed.iter().all(Option::is_some)
        };
        let rank = |state: &SymbolicState, catalog: &Catalog<'_>| {
            if shortest_runs { Rank::default() } else { Rank::of(state, catalog) }
        };
        let initial = self.steps.initial()?;
        self.passed.add(&initial, None)?;
        let mut is_done = inspect(&Part::of(&initial, &self.steps.catalog), 0) && shortest_runs;
        let mut waiting = Waiting::default();
        waiting.push(rank(&initial, &self.steps.catalog), 0);
        let mut left = 0usize;
        while let Some(node) = waiting.pop().filter(|_| !is_done) {
            if self.passed.is_covered(node) {
                continue;
            }
            if left.is_multiple_of(ZONES_BETWEEN_LIMIT_CHECKS) {
                self.stats.frontier = waiting.len + 1;
                progress(&stats_now(self.stats, &self.passed, &self.steps));
                if (budget.is_cut_off)() {
                    return Err(Stop::CutOff);
                }
                if budget.max_memory.is_some_and(|most| self.passed.bytes() + self.steps.catalog.bytes() > most) {
                    return Err(Stop::Memory);
                }
            }
            left += 1;
            if budget.max_zones.is_some_and(|most| self.passed.nodes() > most) {
                return Err(Stop::Zones);
            }
            let state = self.passed.get(node, &self.steps.catalog);
            let (passed, transitions) = (&mut self.passed, &mut self.stats.transitions);
            let mut place = 0;
            self.steps.each(&state, |catalog: &Catalog<'_>, successor| {
                *transitions += 1;
                if successor.changes_nothing(&state) {
                    taken(node, &successor, node);
                } else {
                    let image = is_mirrored.then(|| successor.state.image(catalog)).flatten();
                    let next = image.as_ref().unwrap_or(&successor.state);
                    let added = passed.add(next, Some((node, place)))?;
                    if added.is_new {
                        waiting.push(rank(next, catalog), added.node);
                    }
                    if added.is_new_part {
                        is_done |= inspect(&Part::of(next, catalog), added.node) && shortest_runs;
                    }
                    taken(node, &successor, added.node);
                }
                place += 1;
                Ok(())
            })?;
        }
        self.stats.frontier = waiting.len;
        Ok(if is_done { Ended::Answered } else { Ended::Exhausted })
    }

    /// The limit that ended it, if one did.
    #[must_use]
    pub fn stopped(&self) -> Option<Stop> {
        match self.ended {
            Ended::Stopped(stop) => Some(stop),
            Ended::Exhausted | Ended::Answered => None,
        }
    }

    /// The discrete parts that were found, and those that are found with them: their mirror images.
    pub fn parts(&self) -> impl Iterator<Item = DiscretePart> {
        self.part_views().flat_map(|part| {
            let part = part.spelt_out();
            let image = self.is_mirrored.then(|| part.clone().mirrored()).filter(|image| *image != part);
            std::iter::once(part).chain(image)
        })
    }

    /// Those that were found, as properties see them, in the order of their numbers.
    pub(super) fn part_views(&self) -> impl Iterator<Item = Part<'_>> {
        self.passed.part_numbers().map(|part| self.passed.part(part, &self.steps.catalog))
    }
}

/// When a zone is left: before those of a higher rank, and after those of its own that were found before it.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// How far its ends have come together.
    progress: u32,
    /// Losses and duplicates.
    spent: u16,
}

impl Rank {
    fn of(state: &SymbolicState, catalog: &Catalog<'_>) -> Self {
        let progress = state.ends.map(|end| catalog.progress(end)).iter().sum();
        Self { progress, spent: u16::from(state.losses) + u16::from(state.duplicates) }
    }
}

/// Zones that wait to be left.
#[derive(Default)]
struct Waiting {
    by_rank: BTreeMap<Rank, VecDeque<Node>>,
    len: usize,
}

impl Waiting {
    fn push(&mut self, rank: Rank, node: Node) {
        self.by_rank.entry(rank).or_default().push_back(node);
        self.len += 1;
    }

    fn pop(&mut self) -> Option<Node> {
        let mut first = self.by_rank.first_entry()?;
        let node = first.get_mut().pop_front();
        if first.get().is_empty() {
            first.remove();
        }
        self.len -= usize::from(node.is_some());
        node
    }
}

/// The numbers with what was found by now.
fn stats_now(stats: ZoneStats, passed: &Passed, steps: &Steps<'_>) -> ZoneStats {
    let bytes = passed.bytes() + steps.catalog.bytes();
    ZoneStats { zones: passed.zones(), parts: passed.parts(), bytes, ..stats }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::Arc;

    use proptest::strategy::{Strategy, ValueTree};
    use proptest::test_runner::{Config as Runs, RngAlgorithm, TestRng, TestRunner};

    use super::super::graph::{ZoneGraph, Zones};
    use super::super::testing::{any_config, config, reference};
    use super::*;
    use crate::check::Library;
    use crate::diagnostic::SourceFile;
    use crate::model::{Closes, ClosesWith, End, EndConfig};
    use crate::model::{Iss, Opening, Opens};
    use crate::property::Property;

    fn explored(config: &Config, reductions: Reductions) -> Explored<'_> {
        let explored = explore_with(config, &[], &Budget::NONE, reductions, &mut |_, _, _| {}, &|_| {}).unwrap();
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
            Config {
                losses: None,
                duplicates: Some(0),
                ..with(&|end| end.policy.retransmission.retries = Some(1))
            },
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
                Reductions {
                    inclusion: false,
                    budgets: false,
                    oldest_first: false,
                    symmetry: false,
                    ..Reductions::ALL
                },
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
            let small = Budget { max_zones: Some(150), ..Budget::NONE };
            let all = explore(&config, &[], Aim::default(), &small, &|_| {}).unwrap();
            if all.stopped().is_some() {
                continue;
            }
            worlds += 1;
            let all: HashSet<_> = all.parts().collect();
            assert!(all == reference::parts(&config).0, "{config:?}");
            let plain = Reductions {
                inclusion: false,
                budgets: false,
                oldest_first: false,
                symmetry: false,
                ..Reductions::ALL
            };
            assert!(all == explored(&config, plain).parts().collect(), "{config:?}");
        }
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
            let small = Budget { max_zones: Some(2_000), ..Budget::NONE };
            let explored = |symmetry, shortest_runs| {
                let reductions = Reductions { symmetry, shortest_runs, ..Reductions::ALL };
                explore_with(&config, &questions, &small, reductions, &mut |_, _, _| {}, &|_| {}).unwrap()
            };
            let (all, half) = (explored(false, false), explored(true, false));
            if all.stopped().is_some() {
                continue;
            }
            worlds += 1;
            assert!(all.parts().collect::<HashSet<_>>() == half.parts().collect(), "{config:?}");
            assert!(half.stats.zones <= all.stats.zones.div_ceil(2) + half.stats.parts, "{:?}", half.stats);
            assert_eq!(all.exercised, half.exercised, "{config:?}");
            let lengths = [false, true].map(|symmetry| explored(symmetry, true)).map(|explored| {
                let run = |node| std::iter::successors(Some(node), |at| Some(explored.passed.reached_by(*at)?.0));
                let length = |found: &Option<(Node, bool)>| found.map(|(node, _)| run(node).count());
                explored.revealed.iter().map(length).collect::<Vec<_>>()
            });
            assert_eq!(lengths[0], lengths[1], "{config:?}");
            for (number, question) in questions.iter().enumerate() {
                assert_eq!(all.reveals(number), half.reveals(number), "{question:?} {config:?}");
                let Some((_, is_mirrored)) = half.revealed[number] else { continue };
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
            let found = explore(&config, &asked, Aim::default(), &Budget::NONE, &|_| {}).unwrap();
            let questions: Vec<Question<'_>> =
                (0..).zip(&asked).filter(|(n, _)| found.reveals(*n)).map(|(_, one)| *one).collect();
            let lengths = |explored: Explored<'_>| -> Vec<usize> {
                let run = |(number, question): (usize, &Question<'_>)| {
                    explored.witness(&config, question, number).unwrap();
                    let (node, _) = explored.revealed[number].unwrap();
                    std::iter::successors(explored.passed.reached_by(node), |(at, _)| {
                        explored.passed.reached_by(*at)
                    })
                    .count()
                };
                questions.iter().enumerate().map(run).collect()
            };
            let with = |reductions| {
                explore_with(&config, &questions, &Budget::NONE, reductions, &mut |_, _, _| {}, &|_| {}).unwrap()
            };
            let shortest = Reductions { shortest_runs: true, ..Reductions::ALL };
            let by_inclusion = lengths(with(shortest));
            let by_equality = lengths(with(Reductions { inclusion: false, budgets: false, ..shortest }));
            assert_eq!(by_inclusion, by_equality, "{config:?}");
            let graph = ZoneGraph::explore(&config, &questions, Zones::Included, &Budget::NONE, &|_| {}).unwrap();
            for (question, length) in questions.iter().zip(&by_equality) {
                let walk = graph.shortest_walk(question).unwrap();
                if graph.witness(&walk).is_ok() {
                    let is_loss = |(node, _): &&(Node, usize)| graph.loss(*node).is_some();
                    assert_eq!(
                        walk.len() - walk.iter().filter(is_loss).count(),
                        *length,
                        "{question:?} {config:?}"
                    );
                }
            }
            longer +=
                lengths(with(Reductions::ALL)).iter().zip(&by_equality).filter(|(one, other)| one > other).count();
        }
        // Otherwise nothing was tried.
        assert!(longer > 0);
    }

    #[test]
    fn limits_end_an_exploration() {
        let config = config(3, 2, 2, 1, Closes::AnyTime);
        let stopped =
            |budget: &Budget<'_>| explore(&config, &[], Aim::default(), budget, &|_| {}).unwrap().stopped();
        assert_eq!(stopped(&Budget::NONE), None);
        assert_eq!(stopped(&Budget { max_zones: Some(1_000), ..Budget::NONE }), Some(Stop::Zones));
        assert_eq!(stopped(&Budget { max_memory: Some(100_000), ..Budget::NONE }), Some(Stop::Memory));
        assert_eq!(stopped(&Budget { is_cut_off: &|| true, ..Budget::NONE }), Some(Stop::CutOff));
        let many = Config { msl: 8, losses: Some(20), ..config };
        let rto_1 =
            |end: EndConfig| EndConfig { policy: end.policy.with(|policy| policy.retransmission.rto = 1), ..end };
        let many = Config { a: rto_1(many.a), b: rto_1(many.b), duplicates: Some(20), ..many };
        assert_eq!(
            explore(&many, &[], Aim::default(), &Budget::NONE, &|_| {}).unwrap().stopped(),
            Some(Stop::Copies)
        );
        let long = Config { msl: 8_192, ..config };
        assert_eq!(explore(&long, &[], Aim::default(), &Budget::NONE, &|_| {}).err(), Some(Stop::Duration(8_192)));
        let long_timer = |end: EndConfig| EndConfig {
            policy: end.policy.with(|policy| policy.retransmission.rto = 8_192),
            ..end
        };
        let long = Config { a: long_timer(config.a), ..config };
        let stopped = explore(&long, &[], Aim::default(), &Budget::NONE, &|_| {}).unwrap().stopped();
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
}
