//! The gate: scenarios against properties.

use std::num::NonZero;
use std::slice::from_ref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use stateright::Checker;

use super::cross_check::cross_check;
use super::decide::{self, decide};
use super::outcome::stated;
use super::{Checked, Coverage, Judged, Outcome, is_applicable};
use crate::explore::stateright::{Aim, Explored};
use crate::explore::{Extent, Limits, Phase, Stopped};
use crate::invariant::{broken, invariant};
use crate::property::Property;
use crate::property::{Instance, Verdict};
use crate::trace::NoTrace;
use crate::trace::{Found, shortest_by_stateright};
use crate::world::{Scenario, WorldKind, asynchronous_world};

/// What is asked of a check besides verdicts, and how far it may go.
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
    /// Decide only these instances of the properties; all of them, if there are none.
    pub only: &'a [Instance],
}

/// The verdict on an instance, and how many steps the shortest trace has that shows it.
type Decision = (Verdict, Option<usize>);

impl Options<'static> {
    /// Verdicts alone, on one thread, however long it takes.
    pub const PLAIN: Self =
        Self { threads: Some(1), limits: Limits::NONE, cross_check: false, coverage: false, only: &[] };
}

/// Checks the scenarios and hands them over in their order.
///
/// As many scenarios are explored at once as there are threads, and if there are fewer scenarios, each on several
/// threads. They share the memory that there is.
pub fn check(
    scenarios: &[Arc<Scenario>],
    properties: &[Arc<Property>],
    options: &Options<'_>,
    progress: &(dyn Fn(&Scenario, Phase, &Extent) + Sync),
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
                let checked = check_one(scenario, properties, options, &|phase, extent| {
                    progress(scenario, phase, extent);
                });
                if sender.send((index, checked)).is_err() {
                    return;
                }
            }
        };
        for number in 0..at_once {
            let own = sender.clone();
            let spawned = thread::Builder::new().spawn_scoped(scope, move || work(&own));
            // The system has no more threads to give: those that there are do all the work, and this one if it is alone.
            if spawned.is_err() {
                if number == 0 {
                    work(&sender);
                }
                break;
            }
        }
        drop(sender);
        let mut waiting: Vec<Option<Checked>> = scenarios.iter().map(|_| None).collect();
        let mut handed_over = 0;
        for (index, checked) in receiver {
            if let Some(slot) = waiting.get_mut(index) {
                *slot = Some(checked);
            }
            while let Some(checked) = waiting.get_mut(handed_over).and_then(Option::take) {
                done(checked);
                handed_over += 1;
            }
        }
    });
}

/// Explores one scenario, once, and decides in it those of the properties that it is about.
pub fn check_one(
    scenario: &Arc<Scenario>,
    properties: &[Arc<Property>],
    options: &Options<'_>,
    progress: &dyn Fn(Phase, &Extent),
) -> Checked {
    let (applicable, foreign): (Vec<_>, Vec<_>) = properties
        .iter()
        .filter(|property| scenario.is_about(&property.name))
        .cloned()
        .partition(|property| is_applicable(scenario, property));
    let is_asked = |instance: &Instance| {
        options.only.is_empty() || options.only.iter().any(|asked| asked.name() == instance.name())
    };
    let asked = |property: &Arc<Property>| Instance::all(property).into_iter().filter(is_asked);
    let instances: Vec<Instance> = applicable.iter().flat_map(asked).collect();
    let (threads, limits) = (options.threads.unwrap_or(1), options.limits);
    let mut second_opinion = None;
    let mut coverage = None;
    let (extent, stopped, found) = match (limits.cut_off(), scenario.kind) {
        // It is not begun.
        (Some(stopped), _) => {
            (Extent::default(), Some(stopped), vec![(Verdict::Undecided, None); instances.len()])
        }
        (None, WorldKind::Timed) => {
            let decided = decide(scenario, &instances, threads, limits, progress);
            second_opinion = options
                .cross_check
                .then(|| cross_check(scenario, &instances, &decided, threads, limits, progress));
            coverage = options.coverage.then(|| Coverage::of(&applicable, &decided));
            let found = decided.verdicts.iter().copied().zip(decided.steps()).collect();
            (decided.extent, decided.stopped, found)
        }
        (None, WorldKind::Asynchronous) => {
            let exploring = |extent: &Extent| progress(Phase::Exploration, extent);
            survey(scenario, &instances, threads, limits, &exploring)
        }
    };
    // What was found is in the order of the instances, and those in the order of their properties.
    invariant!(found.len() == instances.len(), "{} verdicts on {} instances", found.len(), instances.len());
    let mut found: std::vec::IntoIter<Decision> = found.into_iter();
    let mut results: Vec<_> = Vec::new();
    for property in &applicable {
        let instances = asked(property).zip(found.by_ref());
        let judged = instances.map(|(instance, (verdict, steps))| Judged::new(instance, verdict, steps, scenario));
        results.push(Outcome::new(property, judged.collect()));
    }
    for property in &foreign {
        let judged = asked(property).map(|instance| Judged::new(instance, Verdict::NotApplicable, None, scenario));
        results.push(Outcome::new(property, judged.collect()));
    }
    results.sort_by(|one, other| one.property.name.cmp(&other.property.name));
    Checked { scenario: Arc::clone(scenario), extent, stopped, results, cross_check: second_opinion, coverage }
}

/// The shortest counterexample (or example) that decides any of these instances in a scenario.
pub fn shortest_trace(scenario: &Scenario, instances: &[Instance], limits: Limits<'_>) -> Result<Found, NoTrace> {
    match scenario.kind {
        WorldKind::Timed => decide::shortest(scenario, instances, limits),
        WorldKind::Asynchronous => {
            shortest_by_stateright(|| asynchronous_world(&scenario.config), instances, limits)
        }
    }
}

/// What is found of a world that stateright explores: of each instance the verdict, and how many steps its shortest
/// trace has where the scenario states a number.
fn survey(
    scenario: &Scenario,
    instances: &[Instance],
    threads: usize,
    limits: Limits<'_>,
    progress: &dyn Fn(&Extent),
) -> (Extent, Option<Stopped>, Vec<Decision>) {
    let explored = Explored::new(asynchronous_world(&scenario.config), instances.to_vec(), Aim::Survey, limits);
    let (checker, extent) = explored.run(threads, limits, progress);
    let mut stopped = checker.model().stopped();
    let mut found = Vec::new();
    for (instance, verdict) in instances.iter().zip(checker.model().verdicts()) {
        let is_shown = matches!(verdict, Verdict::Violated | Verdict::Possible);
        let is_counted = is_shown && stated(scenario, instance).is_some_and(|stated| stated.steps.is_some());
        let trace = if is_counted { shortest_trace(scenario, from_ref(instance), limits) } else { Ok(None) };
        found.push(match trace {
            Ok(trace) => (verdict, trace.map(|(_, trace)| trace.steps.len())),
            // What is expected of it has two parts, and one is not known.
            Err(NoTrace::Stopped(why)) => {
                stopped.get_or_insert(why);
                (Verdict::Undecided, None)
            }
            Err(fault @ NoTrace::NotReplayed) => broken(format_args!("{}: {fault}", instance.name())),
        });
    }
    (extent, stopped, found)
}
