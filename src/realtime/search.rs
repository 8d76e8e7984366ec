//! The exploration of a world in real time: one zone after another.
//!
//! A zone that another has come to cover need not be expanded. So what may still be covered is best expanded late:
//! ends only ever come farther, and a zone is expanded before those whose ends have come farther than its own.
//! Then few are expanded in vain. The runs that this finds are not short. Where a shortest one is wanted, a second
//! exploration goes breadth first, until it has found it.

#![expect(clippy::indexing_slicing, reason = "an index out of range is a broken invariant, and stops the program")]

use std::collections::{BTreeMap, VecDeque};

use super::catalog::Catalog;
use super::part::{DiscretePart, Part};
use super::passed::{Merging, Node, Passed};
use super::question::Question;
use super::step::{KeptCopies, Precision, Steps, Successor, SymbolicState};
use super::stop::Stop;
use super::symmetry::is_symmetric;
use crate::model::Config;

/// How far an exploration may go.
#[derive(Clone, Copy)]
pub struct ZoneLimits<'a> {
    /// How many zones it may find.
    pub max_zones: Option<usize>,
    /// How much memory it may take, in bytes.
    pub max_memory: Option<usize>,
    /// Asked now and then: whether it has to end.
    pub is_cut_off: &'a dyn Fn() -> bool,
}

impl ZoneLimits<'static> {
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
    /// Zones that wait to be expanded, with those of them that others have come to cover: what they lead to is not
    /// known.
    pub frontier: usize,
    /// How much memory everything takes, in bytes.
    pub bytes: usize,
}

/// What an exploration is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SearchOptions {
    /// Which of equal segments are kept where duplicates are unlimited.
    pub kept_copies: KeptCopies,
    /// The runs that reveal what is asked are as short as any, and the exploration ends as soon as each question
    /// is revealed.
    pub shortest_runs: bool,
}

/// What may be left out without changing what is found. Tests do without.
#[expect(clippy::struct_excessive_bools, reason = "each is tried with and without")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reductions {
    /// A zone covers those that it includes.
    pub(super) inclusion: bool,
    /// A zone covers those that have spent more losses or duplicates, where no question counts them.
    pub(super) budgets: bool,
    /// Of equal segments the oldest arrives first.
    pub(super) oldest_first: bool,
    /// Of a zone and its mirror image one is enough, where the ends are alike.
    pub(super) symmetry: bool,
}

impl Reductions {
    pub(super) const ALL: Self = Self { inclusion: true, budgets: true, oldest_first: true, symmetry: true };
}

/// Called for each step with the zone that is expanded, the step, and the zone that covers where it leads.
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
pub struct ExploredZones<'c> {
    /// How far it came.
    pub stats: ZoneStats,
    /// How it ended.
    pub ended: Ended,
    pub(super) findings: Findings,
    pub(super) passed: Passed,
    pub(super) steps: Steps<'c>,
    /// Of a zone and its mirror image, one stands for both.
    pub(super) is_mirrored: bool,
}

/// What the discrete parts that were found show, of each question.
pub(super) struct Findings {
    exercised: Vec<bool>,
    pub(super) revealed: Vec<Option<Revealed>>,
}

/// The first zone that was found whose states decide a question, or whose mirror image's do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Revealed {
    pub(super) node: Node,
    /// The mirror image's do.
    pub(super) is_mirrored: bool,
}

impl Findings {
    fn none(questions: usize) -> Self {
        Self { exercised: vec![false; questions], revealed: vec![None; questions] }
    }

    /// Notes what a new part shows, of which a zone was found; with `is_mirrored`, it stands for its mirror image,
    /// too.
    fn note(&mut self, questions: &[Question<'_>], part: &Part<'_>, node: Node, is_mirrored: bool) {
        for ((question, exercised), revealed) in questions.iter().zip(&mut self.exercised).zip(&mut self.revealed)
        {
            *exercised = *exercised || part.image(is_mirrored, |part| question.is_exercised_by(part)).is_some();
            if revealed.is_none() {
                let image = part.image(is_mirrored, |part| question.is_revealed_by(part));
                *revealed = image.map(|is_mirrored| Revealed { node, is_mirrored });
            }
        }
    }

    /// Each question was revealed.
    fn are_complete(&self) -> bool {
        self.revealed.iter().all(Option::is_some)
    }
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
    options: SearchOptions,
    limits: &ZoneLimits<'_>,
    progress: &dyn Fn(&ZoneStats),
) -> Result<ExploredZones<'c>, Stop> {
    explore_with(config, questions, options, limits, Reductions::ALL, &mut |_, _, _| {}, progress)
}

pub(super) fn explore_with<'c>(
    config: &'c Config,
    questions: &[Question<'_>],
    options: SearchOptions,
    limits: &ZoneLimits<'_>,
    reductions: Reductions,
    taken: &mut Taken<'_>,
    progress: &dyn Fn(&ZoneStats),
) -> Result<ExploredZones<'c>, Stop> {
    let SearchOptions { kept_copies, shortest_runs } = options;
    let Reductions { inclusion, budgets, oldest_first, symmetry } = reductions;
    let counts = questions.iter().any(Question::counts);
    let is_mirrored = symmetry && is_symmetric(config);
    let mut explored = ExploredZones {
        stats: ZoneStats::default(),
        ended: Ended::Exhausted,
        findings: Findings::none(questions.len()),
        passed: Passed::new(Merging { inclusion, budgets: budgets && !counts, shortest_runs }),
        steps: Steps::new(config, Precision { counts, oldest_first, kept_copies }, is_mirrored)?,
        is_mirrored,
    };
    let ended = explored.run(questions, limits, shortest_runs, taken, progress);
    explored.ended = ended.unwrap_or_else(Ended::Stopped);
    explored.stats = explored.stats_now();
    Ok(explored)
}

impl ExploredZones<'_> {
    fn run(
        &mut self,
        questions: &[Question<'_>],
        limits: &ZoneLimits<'_>,
        shortest_runs: bool,
        taken: &mut Taken<'_>,
        progress: &dyn Fn(&ZoneStats),
    ) -> Result<Ended, Stop> {
        let rank = |state: &SymbolicState, catalog: &Catalog<'_>| {
            if shortest_runs { Rank::default() } else { Rank::of(state, catalog) }
        };
        let initial = self.steps.initial()?;
        self.passed.add(&initial, None)?;
        self.findings.note(questions, &Part::of(&initial, &self.steps.catalog), 0, self.is_mirrored);
        let mut waiting = Waiting::default();
        waiting.push(rank(&initial, &self.steps.catalog), 0);
        let mut expanded = 0usize;
        while !(shortest_runs && self.findings.are_complete()) {
            let Some(node) = waiting.pop() else { break };
            if self.passed.is_dropped(node) {
                continue;
            }
            if expanded.is_multiple_of(ZONES_BETWEEN_LIMIT_CHECKS) {
                self.stats.frontier = waiting.len + 1;
                progress(&self.stats_now());
                self.check_limits(limits)?;
            }
            expanded += 1;
            if limits.max_zones.is_some_and(|most| self.passed.nodes() > most) {
                return Err(Stop::Zones);
            }
            let state = self.passed.get(node, &self.steps.catalog);
            let Self { passed, findings, stats, is_mirrored, .. } = self;
            let mut place = 0;
            self.steps.each(&state, |catalog: &Catalog<'_>, successor| {
                stats.transitions += 1;
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
                        findings.note(questions, &Part::of(next, catalog), added.node, *is_mirrored);
                    }
                    taken(node, &successor, added.node);
                }
                place += 1;
                Ok(())
            })?;
        }
        self.stats.frontier = waiting.len;
        let is_answered = shortest_runs && self.findings.are_complete();
        Ok(if is_answered { Ended::Answered } else { Ended::Exhausted })
    }

    fn check_limits(&self, limits: &ZoneLimits<'_>) -> Result<(), Stop> {
        if (limits.is_cut_off)() {
            return Err(Stop::CutOff);
        }
        if limits.max_memory.is_some_and(|most| self.bytes() > most) {
            return Err(Stop::Memory);
        }
        Ok(())
    }

    /// The numbers with what was found by now.
    fn stats_now(&self) -> ZoneStats {
        ZoneStats { zones: self.passed.zones(), parts: self.passed.parts(), bytes: self.bytes(), ..self.stats }
    }

    fn bytes(&self) -> usize {
        self.passed.bytes() + self.steps.catalog.bytes()
    }

    /// Whether a state was found that exercises a question, by its number.
    ///
    /// # Panics
    /// If no question with this number was asked.
    #[must_use]
    pub fn exercises(&self, number: usize) -> bool {
        self.findings.exercised[number]
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

/// When a zone is expanded: before those of a higher rank, and after those of its own that were found before it.
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

/// Zones that wait to be expanded.
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

#[cfg(test)]
mod tests;
