//! The gate: scenarios against properties.

use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use super::coverage::Coverage;
use super::cross_check::cross_check;
use super::decide::{Shortest, decide, decide_timed};
use super::decided::Decided;
use super::outcome::{Checked, Outcome};
use super::validate::is_applicable;
use super::which::Which;
use crate::explore::threads::spawn_workers;
use crate::explore::{ExplorationStats, Limits, Phase};
use crate::invariant::{broken, invariant};
use crate::property::Property;
use crate::property::{Instance, Verdict};
use crate::scenario::{Scenario, WorldKind};

/// The options of a check: second opinions, coverage, and limits.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// How many threads there are; `None`: one a core.
    pub threads: Option<usize>,
    /// How far each exploration may go.
    pub limits: Limits<'a>,
    /// Ask stateright's own checker as well.
    pub cross_check: bool,
    /// Count what is taken.
    pub coverage: bool,
    /// Which instances of the properties to decide.
    pub only: Which<'a, Instance>,
}

impl Options<'static> {
    /// Verdicts alone, on one thread, however long it takes.
    pub const PLAIN: Self =
        Self { threads: Some(1), limits: Limits::NONE, cross_check: false, coverage: false, only: Which::All };
}

/// Checks the scenarios and hands them over in their order.
///
/// As many scenarios are explored at once as there are threads, and if there are fewer scenarios, each on several
/// threads. They share the memory that there is.
///
/// ```
/// use lastack::check::{Library, Options, check};
///
/// let library = Library::shipped()?;
/// let scenarios = library.scenarios(&["never-closes".to_owned(), "one-msl".to_owned()], &[], 1)?;
/// let safety = library.properties(&["no-premature-closed".to_owned()])?;
/// let mut as_expected = Vec::new();
/// check(&scenarios, &safety, &Options::PLAIN, &|_, _, _| {}, |checked| {
///     as_expected.push(checked.judged().all(|judged| !judged.is_missed()));
/// });
/// assert_eq!(as_expected, [true, true]);
/// # Ok::<(), lastack::diagnostic::Diagnostics>(())
/// ```
pub fn check(
    scenarios: &[Arc<Scenario>],
    properties: &[Arc<Property>],
    options: &Options<'_>,
    progress: &(dyn Fn(&Scenario, Phase, &ExplorationStats) + Sync),
    mut done: impl FnMut(Checked),
) {
    let cores = || thread::available_parallelism().map_or(1, NonZero::get);
    let threads = options.threads.unwrap_or_else(cores).max(1);
    let at_once = threads.clamp(1, scenarios.len().max(1));
    let max_memory = options.limits.max_memory.map(|all| all / at_once);
    let limits = Limits { max_memory, ..options.limits };
    let options = &Options { threads: Some(threads / at_once), limits, ..*options };
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        let work = |sender: &mpsc::Sender<(usize, Checked)>| {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some(scenario) = scenarios.get(index) else {
                    return;
                };
                let checked = check_one(scenario, properties, options, &|phase, stats| {
                    progress(scenario, phase, stats);
                });
                if sender.send((index, checked)).is_err() {
                    return;
                }
            }
        };
        spawn_workers(scope, at_once, move || work(&sender));
        let mut waiting: Vec<Option<Checked>> = scenarios.iter().map(|_| None).collect();
        let mut handed_over = 0;
        for (index, checked) in receiver {
            let Some(slot) = waiting.get_mut(index) else {
                broken(format_args!("there is no scenario {index}"));
            };
            *slot = Some(checked);
            while let Some(checked) = waiting.get_mut(handed_over).and_then(Option::take) {
                done(checked);
                handed_over += 1;
            }
        }
        invariant!(handed_over == scenarios.len(), "{handed_over} results of {} scenarios", scenarios.len());
    });
}

/// Explores one scenario and decides in it those of the properties that it is about.
pub fn check_one(
    scenario: &Arc<Scenario>,
    properties: &[Arc<Property>],
    options: &Options<'_>,
    progress: &dyn Fn(Phase, &ExplorationStats),
) -> Checked {
    let (applicable, foreign): (Vec<_>, Vec<_>) = properties
        .iter()
        .filter(|property| scenario.is_about(&property.name))
        .cloned()
        .partition(|property| is_applicable(scenario, property));
    let is_asked = |instance: &Instance| options.only.includes(|asked| asked.name() == instance.name());
    let asked = |property: &Arc<Property>| Instance::all(property).into_iter().filter(is_asked);
    let instances: Vec<Instance> = applicable.iter().flat_map(asked).collect();
    let (threads, limits) = (options.threads.unwrap_or(1), options.limits);
    let decided = decide(scenario, &instances, Shortest::Stated, threads, limits, progress);
    // stateright explores whole ticks, and what is taken is counted in them, too.
    let asks_ticks = scenario.kind == WorldKind::Timed && (options.cross_check || options.coverage);
    let in_ticks = (asks_ticks && decided.timed.is_none())
        .then(|| decide_timed(scenario, &instances, threads, limits, progress));
    let ticks = in_ticks.as_ref().unwrap_or(&decided);
    let second_opinion = (asks_ticks && options.cross_check)
        .then(|| cross_check(scenario, &instances, &decided, ticks, (threads, limits), progress));
    let coverage = ticks.timed.as_ref().filter(|_| options.coverage).map(|timed| Coverage::of(&applicable, timed));
    let Decided { stats, stopped, each, .. } = decided;
    // The results are in the order of the instances, and those in the order of their properties.
    let mut found = each.into_iter();
    let mut results: Vec<_> = Vec::new();
    for property in &applicable {
        let instances = asked(property).zip(found.by_ref());
        let instances = instances.map(|(instance, found)| (instance, found.verdict, found.steps));
        results.push(Outcome::new(property, instances.collect(), scenario));
    }
    for property in &foreign {
        let instances = asked(property).map(|instance| (instance, Verdict::NotApplicable, None));
        results.push(Outcome::new(property, instances.collect(), scenario));
    }
    results.sort_by(|one, other| one.property.name.cmp(&other.property.name));
    Checked { scenario: Arc::clone(scenario), stats, stopped, results, cross_check: second_opinion, coverage }
}
