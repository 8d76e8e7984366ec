//! The answers that the page asks for: the scenario with its verdicts, a path, a counterexample.

use serde::Serialize;

use super::describe;
use super::exploration::Exploration;
use super::request::{Refusal, Status};
use super::walk::{WalkedPath, condensed};
use crate::check::{Decision, Evidence, Judged};
use crate::model::{Action, End, Event, InFlightSegment, Layout, World, WorldState};
use crate::property::{Instance, Temporal, Verdict};
use crate::report::check::verdict_note::VerdictNote;
use crate::report::quantity::counted;
use crate::report::trace::state::StateView;
use crate::report::trace::svg::{EmbeddedLadder, embedded};
use crate::report::trace::words::{event_in_words, kind, step};
use crate::trace::caption::describe_ending;
use crate::trace::timeline::SegmentTimeline;
use crate::trace::{RunEnding, Trace};

/// The scenario, and every verdict.
#[derive(Serialize)]
pub(super) struct ScenarioView<'a> {
    name: &'a str,
    about: &'a str,
    file: &'a str,
    /// The settings that have changed the world.
    set: &'a [String],
    /// How many zones or states were explored.
    size: String,
    /// What to know of the verdicts and of the steps.
    notes: Vec<String>,
    /// Whether there are states to walk through.
    can_walk: bool,
    /// Unexpected ones first.
    verdicts: Vec<VerdictView<'a>>,
    not_applicable: &'a [String],
}

#[derive(Serialize)]
struct VerdictView<'a> {
    /// Of the instance.
    name: String,
    property: &'a str,
    about: &'a str,
    formula: String,
    verdict: &'static str,
    is_surprise: bool,
    /// What was expected, and why.
    reason: String,
    /// The path that decides it, by the places of its actions; `None` where there is none to walk.
    places: Option<&'a [usize]>,
    /// There is a run that decides it.
    has_run: bool,
    /// How that goes on.
    shape: &'static str,
}

/// A path, or a counterexample that is no path of the world in whole ticks.
#[derive(Serialize)]
pub(super) struct PathView<'a> {
    /// The instances that the initial state violates.
    violates: Vec<String>,
    steps: Vec<StepView>,
    /// After so many steps is the state that is described.
    at: usize,
    ladder: LadderView,
    /// What is decided by just this path.
    decided: Vec<DecidedView<'a>>,
    state: StateView,
    /// The state before the last step.
    before: Option<StateView>,
    /// What the last step has changed besides.
    changes: String,
    /// The actions that are enabled.
    next: Vec<NextView>,
}

#[derive(Serialize)]
struct StepView {
    text: String,
    kind: &'static str,
    moment: String,
    /// The instances that the state after it violates.
    violates: Vec<String>,
}

#[derive(Serialize)]
struct LadderView {
    svg: String,
    /// Where each state stands, from the initial one on.
    heights: Vec<f64>,
}

#[derive(Serialize)]
struct DecidedView<'a> {
    name: String,
    verdict: &'static str,
    is_surprise: bool,
    about: &'a str,
    formula: String,
    reason: String,
    /// How it goes on forever, and why that is fair.
    ending: Vec<String>,
    /// The number of the step that begins the cycle.
    repeats_from: Option<usize>,
}

#[derive(Serialize)]
struct NextView {
    place: usize,
    text: String,
    kind: &'static str,
    changes: String,
}

/// The scenario, and every verdict.
pub(super) fn scenario<L: Layout>(exploration: &Exploration<L>) -> ScenarioView<'_> {
    let Exploration { scenario, decisions, judged, not_applicable, model } = exploration;
    let mut notes = Vec::new();
    let limit = model.world().initial().err();
    if scenario.is_real_time() {
        let size = match model.ticks_per_tick() {
            1 => "whole ticks".to_owned(),
            parts => format!("ticks of 1/{parts}"),
        };
        let steps = limit.map_or_else(|| format!("the steps here are {size}"), |limit| limit.to_string());
        notes.push(format!("Verdicts are those of real time, for all delays below the MSL; {steps}."));
    }
    if limit.is_some() {
        notes.push("This world has no steps in whole ticks: its runs are shown, and cannot be left.".to_owned());
    } else if model.world().network_is_set() {
        notes.push("The network is a set here: a copy that was delivered may stay until its MSL.".to_owned());
    }
    if let Some(stopped) = decisions.stopped {
        notes.push(format!("Not explored to the end: {stopped}."));
    }
    let mut verdicts: Vec<VerdictView<'_>> = judged
        .iter()
        .zip(&decisions.each)
        .map(|(judged, decision)| verdict(exploration, judged, decision))
        .collect();
    let rank = |view: &VerdictView<'_>| {
        let order =
            [Verdict::Undecided, Verdict::Violated, Verdict::Possible, Verdict::Impossible, Verdict::Holds];
        let place = order.iter().position(|verdict| verdict.name() == view.verdict);
        (!view.is_surprise, place.unwrap_or(order.len()))
    };
    verdicts.sort_by_key(rank);
    ScenarioView {
        name: &scenario.name,
        about: &scenario.about,
        file: &scenario.source.path,
        set: &scenario.changes,
        size: counted(decisions.stats.states, scenario.unit()),
        notes,
        can_walk: limit.is_none(),
        verdicts,
        not_applicable,
    }
}

fn verdict<'a, L: Layout>(
    exploration: &'a Exploration<L>,
    judged: &'a Judged,
    decision: &'a Decision,
) -> VerdictView<'a> {
    let (is_surprise, reason) = note(exploration, judged);
    let evidence = decision.evidence.as_ref();
    VerdictView {
        name: judged.instance.name(),
        property: &judged.instance.property.name,
        about: &judged.instance.property.about,
        formula: judged.instance.property.formula.to_string(),
        verdict: judged.verdict.name(),
        is_surprise,
        reason,
        places: evidence.and_then(|evidence| evidence.places.as_deref()),
        has_run: evidence.is_some(),
        shape: match evidence.map(|evidence| &evidence.trace.ending) {
            Some(RunEnding::Repeats { .. }) => "lasso",
            Some(RunEnding::Stops { .. }) => "stops",
            Some(RunEnding::Open) => "state",
            None => "",
        },
    }
}

/// Whether a verdict is unexpected, and its reason.
fn note<L: Layout>(exploration: &Exploration<L>, judged: &Judged) -> (bool, String) {
    let note = VerdictNote::on(&exploration.scenario, judged);
    note.map_or((false, String::new()), |note| (note.is_surprise, note.reason()))
}

/// A path of the world by the places of its actions, and the state after so many of them (`None`: after all).
/// `name` is that of the instance that is meant, if the path decides several.
pub(super) fn path<'a, L: Layout>(
    exploration: &'a Exploration<L>,
    places: &[usize],
    at: Option<usize>,
    name: Option<&str>,
) -> Result<PathView<'a>, Refusal> {
    let WalkedPath { states, trace } =
        exploration.model.walk(places).map_err(|astray| Refusal::new(Status::NotFound, astray.to_string()))?;
    let decided = exploration.decided_by(places, name);
    let evidence = decided.first().and_then(|decision| Some((*decision, decision.evidence.as_ref()?)));
    let mut view = if let Some((decision, Evidence { trace: run, .. })) = evidence {
        let ends = ends_in_ticks(run, trace.parts);
        view(exploration, &trace, Some(&states), (run, &ends), at, Some(&decision.instance))?
    } else {
        let (short, ends) = condensed(&trace);
        view(exploration, &trace, Some(&states), (&short, &ends), at, None)?
    };
    view.decided =
        decided.iter().filter_map(|decision| decided_view(exploration, decision, trace.parts)).collect();
    Ok(view)
}

/// The run that decides the instance of this name, which is no path of the world in whole ticks.
pub(super) fn counterexample<'a, L: Layout>(
    exploration: &'a Exploration<L>,
    name: &str,
    at: Option<usize>,
) -> Result<PathView<'a>, Refusal> {
    let missing = || Refusal::new(Status::NotFound, format!("there is no run that decides `{name}`"));
    let decision = exploration.decision(name).ok_or_else(missing)?;
    let Evidence { trace, .. } = decision.evidence.as_ref().ok_or_else(missing)?;
    let ends: Vec<usize> = (1..=trace.steps.len()).collect();
    let mut view = view(exploration, trace, None, (trace, &ends), at, Some(&decision.instance))?;
    view.decided.extend(decided_view(exploration, decision, trace.parts));
    Ok(view)
}

/// For each step in ticks of which a tick has so many, how many steps of a run there are up to its end.
fn ends_in_ticks(run: &Trace, per_tick: u32) -> Vec<usize> {
    let finer = per_tick / run.parts.max(1);
    let times = run.steps.iter().map(|step| match step.event {
        Event::Pass(parts) => parts.saturating_mul(finer) as usize,
        _ => 1,
    });
    times.enumerate().flat_map(|(step, times)| std::iter::repeat_n(step + 1, times)).collect()
}

fn decided_view<'a, L: Layout>(
    exploration: &'a Exploration<L>,
    decision: &'a Decision,
    per_tick: u32,
) -> Option<DecidedView<'a>> {
    let judged = exploration.judged.iter().find(|judged| judged.instance.name() == decision.instance.name())?;
    let (is_surprise, reason) = note(exploration, judged);
    let Evidence { trace, places } = decision.evidence.as_ref()?;
    let repeats_from = match trace.ending {
        RunEnding::Repeats { from, .. } if places.is_some() => {
            ends_in_ticks(trace, per_tick).iter().position(|end| *end > from)
        }
        RunEnding::Repeats { from, .. } => Some(from),
        RunEnding::Open | RunEnding::Stops { .. } => None,
    };
    Some(DecidedView {
        name: decision.instance.name(),
        verdict: decision.verdict.name(),
        is_surprise,
        about: &decision.instance.property.about,
        formula: decision.instance.property.formula.to_string(),
        reason,
        ending: describe_ending(trace, "that are shaded"),
        repeats_from,
    })
}

/// A path with its ladder. `drawn` is what the ladder shows, and for each step how many of its steps there are up
/// to its end; `states` are those of the world, where it is a path of that.
fn view<'a, L: Layout>(
    exploration: &'a Exploration<L>,
    trace: &Trace,
    states: Option<&[WorldState<L>]>,
    (drawn, ends): (&Trace, &[usize]),
    at: Option<usize>,
    decided: Option<&Instance>,
) -> Result<PathView<'a>, Refusal> {
    let length = trace.steps.len();
    let at = at.unwrap_or(length);
    if at > length {
        let text = format!("the path has {length} steps, and no state after {at}");
        return Err(Refusal::new(Status::NotFound, text));
    }
    let timeline = SegmentTimeline::of(trace);
    let violated = |number: usize| {
        states.and_then(|states| states.get(number)).map_or_else(Vec::new, |state| violated_by(exploration, state))
    };
    let steps = trace.steps.iter().zip(&timeline.parts).zip(trace.moments()).enumerate();
    let steps = steps.map(|(number, ((taken, part), moment))| StepView {
        text: step(&taken.event, part, &timeline, trace),
        kind: kind(&taken.event),
        moment: moment.map_or_else(String::new, |moment| moment.to_string()),
        violates: violated(number + 1),
    });
    let state = |number: usize| state_view(exploration, trace, &timeline, states, number);
    let next = states
        .and_then(|states| states.get(at))
        .map_or_else(Vec::new, |state| next(exploration, state, in_flight(&timeline, at), &timeline));
    let changes = at.checked_sub(1).and_then(|last| {
        let states = states?;
        let taken = trace.steps.get(last)?;
        let world = exploration.model.world();
        let mut enabled = Vec::new();
        let before = states.get(last)?;
        world.enabled(before, &mut enabled);
        let action = enabled.into_iter().find(|action| world.event(action) == taken.event)?;
        Some(describe::step(world, before, action, states.get(at)?, trace.parts))
    });
    let EmbeddedLadder { svg, heights } = embedded(exploration.scenario.config.msl, drawn, decided);
    Ok(PathView {
        violates: violated(0),
        steps: steps.collect(),
        at,
        ladder: LadderView { svg, heights: heights_of_states(&heights, ends) },
        decided: Vec::new(),
        state: state(at),
        before: at.checked_sub(1).map(state),
        changes: changes.unwrap_or_default(),
        next,
    })
}

/// The height of each state, given those of the states that are drawn, and how many steps are drawn up to each;
/// ticks that are drawn as one step share its height.
fn heights_of_states(drawn: &[f64], ends: &[usize]) -> Vec<f64> {
    let first = drawn.first().copied().unwrap_or_default();
    let last = drawn.last().copied().unwrap_or_default();
    let height = |number: usize| drawn.get(number).copied().unwrap_or(last);
    let mut heights = vec![first];
    for same in ends.chunk_by(|one, other| one == other) {
        let end = same.first().copied().unwrap_or_default();
        let (from, to) = (height(end.saturating_sub(1)), height(end));
        let all = count(same.len());
        heights.extend((1..=same.len()).map(|number| from + (to - from) * count(number) / all));
    }
    heights
}

fn count(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}

/// The copies in flight after so many steps.
fn in_flight(timeline: &SegmentTimeline, number: usize) -> &[(InFlightSegment, usize)] {
    number.checked_sub(1).and_then(|last| timeline.parts.get(last)).map_or(&[], |part| &part.in_flight)
}

fn state_view<L: Layout>(
    exploration: &Exploration<L>,
    trace: &Trace,
    timeline: &SegmentTimeline,
    states: Option<&[WorldState<L>]>,
    number: usize,
) -> StateView {
    let snapshot = number.checked_sub(1).and_then(|last| trace.steps.get(last)).map(|step| &step.after);
    let endpoints =
        states.and_then(|states| states.get(number)).map(|state| End::BOTH.map(|end| state.endpoint(end).0));
    let copies = (timeline, in_flight(timeline, number));
    let config = &exploration.scenario.config;
    StateView::of(snapshot.unwrap_or(&trace.initial), trace, copies, endpoints, config)
}

/// The instances that a state violates by itself.
fn violated_by<L: Layout>(exploration: &Exploration<L>, state: &WorldState<L>) -> Vec<String> {
    let is_violated = |instance: &&Instance| {
        instance.property.formula.temporal() != Temporal::Possible && instance.is_revealed_by(state)
    };
    exploration.instances().filter(is_violated).map(Instance::name).collect()
}

/// What may happen in a state, and what each action changes.
fn next<L: Layout>(
    exploration: &Exploration<L>,
    state: &WorldState<L>,
    copies: &[(InFlightSegment, usize)],
    timeline: &SegmentTimeline,
) -> Vec<NextView> {
    let (world, per_tick) = (exploration.model.world(), exploration.model.ticks_per_tick());
    let mut enabled: Vec<Action> = Vec::new();
    world.enabled(state, &mut enabled);
    let view = |(place, action): (usize, &Action)| {
        let event = world.event(action);
        let label = match event {
            Event::Deliver(flight) | Event::Lose(flight) | Event::Duplicate(flight) => {
                copies.iter().find(|(other, _)| *other == flight).map_or("", |(_, copy)| timeline.label(*copy))
            }
            Event::Call(..) | Event::Timeout(..) | Event::Pass(_) => "",
        };
        let changes = match world.step(state, *action) {
            Ok(after) => describe::step(world, state, *action, &after, per_tick),
            Err(limit) => format!("has no room here: {limit}"),
        };
        NextView { place, text: event_in_words(&event, label, per_tick), kind: kind(&event), changes }
    };
    enabled.iter().enumerate().map(view).collect()
}
