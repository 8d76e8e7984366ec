//! What a session answers with: the state, what may happen, what the steps so far say of properties.

use std::fmt::Write;

use strum::VariantArray;

use crate::check::{Forever, FormulaAlongPath, is_true_of};
use crate::invariant::broken;
use crate::model::{End, Event};
use crate::property::{Instance, Temporal};
use crate::realtime::{Copy, ExactWorld, Moment, Refusal};
use crate::report::terminal::Terminal;
use crate::report::trace::state::{EndView, Row, StateView};
pub(super) use crate::report::trace::words::ticks;
use crate::report::trace::words::{NO_TIMER_IS_DUE, changes, event_in_words};
use crate::scenario::Scenario;
use crate::tcp::Timer;
use crate::trace::caption::in_flight;
use crate::trace::timeline::SegmentTimeline;
use crate::trace::{Stepwise, Ticks};

/// The column at which the text beside a name begins.
const INDENT: usize = 14;

/// Something that may happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) event: Event,
    pub(super) text: String,
    /// What the passing of time comes to.
    pub(super) note: String,
}

/// What may happen after a run, the passing of time last: one tick, or until the next timer is due, or, where a
/// copy that cannot be lost would reach the MSL before either, until one part of a tick before that.
pub(super) fn choices(run: &Stepwise<'_>, scenario: &Scenario) -> Vec<Choice> {
    let timeline = SegmentTimeline::of(run.trace());
    let passes = passes(run, scenario).into_iter().map(Event::Pass);
    run.enabled().into_iter().chain(passes).map(|event| choice(run, &timeline, event)).collect()
}

fn choice(run: &Stepwise<'_>, timeline: &SegmentTimeline, event: Event) -> Choice {
    let (trace, before) = (run.trace(), run.trace().last());
    let next = run.next(&event);
    let (_, step) = next.unwrap_or_else(|why| broken(format_args!("{event:?} is offered, and cannot be: {why}")));
    let label = match event {
        Event::Deliver(flight) | Event::Lose(flight) | Event::Duplicate(flight) => {
            let copy = timeline.in_flight.iter().find(|(other, _)| *other == flight);
            let (_, copy) = copy.unwrap_or_else(|| broken(format_args!("no copy in flight is {flight:?}")));
            timeline.label(*copy)
        }
        Event::Call(..) | Event::Timeout(..) | Event::Pass(_) => "",
    };
    let late = trace.lateness_of(&step, before);
    let late = late.map_or_else(String::new, |late| format!(" ({} late)", ticks(late)));
    let note = match event {
        Event::Pass(_) => {
            let changes = changes(before, &step, trace.slack, trace.parts);
            changes.lines().filter(|change| *change != NO_TIMER_IS_DUE).collect::<Vec<_>>().join("; ")
        }
        _ => String::new(),
    };
    Choice { event, text: event_in_words(&event, label, trace.parts) + &late, note }
}

/// The lengths of time to choose from.
fn passes(run: &Stepwise<'_>, scenario: &Scenario) -> Vec<u32> {
    let (world, parts) = (run.world(), run.trace().parts);
    let can = |passed: &Moment| *passed > 0 && world.clone().pass_until(world.now() + passed).is_ok();
    let tick = Some(Moment::from(parts));
    let timer = next_timer(world).map(|(due, ..)| due - world.now());
    let mut lengths: Vec<Moment> = tick.into_iter().chain(timer).filter(can).collect();
    if let (true, Err(Refusal::CannotExpire(copy))) =
        (lengths.is_empty(), world.clone().pass_until(world.now() + Moment::from(parts)))
    {
        lengths.extend(Some(expiry(&copy, parts, scenario) - 1 - world.now()).filter(can));
    }
    lengths.sort_unstable();
    lengths.dedup();
    lengths.into_iter().map(parts_of).collect()
}

/// When a copy reaches the MSL.
pub(super) fn expiry(copy: &Copy, parts: u32, scenario: &Scenario) -> Moment {
    copy.sent + Moment::from(scenario.config.msl) * Moment::from(parts)
}

/// The timer that is due next, and when; of one that is due already and may be late, its latest moment.
pub(super) fn next_timer(world: &ExactWorld<'_>) -> Option<(Moment, End, Timer)> {
    let timers = End::BOTH.into_iter().flat_map(|end| Timer::ALL.map(|timer| (end, timer)));
    let moments = timers.flat_map(|(end, timer)| {
        let moments = [world.due(end, timer), world.latest(end, timer)];
        moments.into_iter().flatten().map(move |moment| (moment, end, timer))
    });
    moments.filter(|(moment, ..)| *moment > world.now()).min_by_key(|(moment, ..)| *moment)
}

/// What may happen, with numbers.
pub(super) fn list(choices: &[Choice], terminal: Terminal) -> String {
    if choices.is_empty() {
        return "What may happen: nothing. The run ends here, and stays in this state forever.\n".to_owned();
    }
    let mut text = "What may happen:\n".to_owned();
    for (number, choice) in (1..).zip(choices) {
        let note = if choice.note.is_empty() { String::new() } else { format!(" ({})", choice.note) };
        let _ = writeln!(text, "  {number:>2}  {}", terminal.prose(&format!("{}{note}", choice.text), 6));
    }
    text
}

/// The last step: what happened, and what it has changed.
pub(super) fn last_step(run: &Stepwise<'_>, choice: &str) -> String {
    let trace = run.trace();
    let [earlier @ .., step] = trace.steps.as_slice() else { broken(format_args!("no step was taken")) };
    let before = earlier.last().map_or(&trace.initial, |step| &step.after);
    let mut text = format!("Step {}: {choice}\n", trace.steps.len());
    for change in changes(before, step, trace.slack, trace.parts).lines() {
        let _ = writeln!(text, "  {change}");
    }
    text
}

/// The state that a run has come to.
pub(super) fn state(run: &Stepwise<'_>, scenario: &Scenario, violated: &[String], terminal: Terminal) -> String {
    let (trace, world) = (run.trace(), run.world());
    let timeline = SegmentTimeline::of(trace);
    let endpoints = End::BOTH.map(|end| world.endpoint(end).clone());
    let copies = (&timeline, timeline.in_flight.as_slice());
    let view = StateView::of(trace.last(), trace, copies, Some(endpoints), &scenario.config);
    let now = moment(run, world.now());
    let mut text = match trace.steps.len() {
        0 => "At tick 0, in the initial state:\n".to_owned(),
        number => format!("At tick {now}, after step {number}:\n"),
    };
    let mut row = |name: &str, words: &str| {
        let _ = writeln!(text, "  {name:<width$}{words}", width = INDENT - 2);
    };
    for end in &view.ends {
        row(&end.end, &terminal.wrapped(of_end(end).iter().map(String::as_str), ", ", INDENT));
    }
    row("in flight", &terminal.prose(&in_flight(trace, &timeline), INDENT));
    for (name, used) in &view.network {
        row(name, used);
    }
    if !violated.is_empty() {
        row("violates", &terminal.wrapped(violated.iter().map(String::as_str), ", ", INDENT));
    }
    text
}

/// What of an end is not as if nothing had happened: the state first, then the observations, variables and timers.
fn of_end(end: &EndView) -> Vec<String> {
    let observed = |(name, value): &Row| match (*name, value.as_str()) {
        ("state", _) => Some(value.clone()),
        (_, "0" | "false" | "NONE") => None,
        (name, "true") => Some(name.to_owned()),
        (name, value) => Some(format!("{name} {value}")),
    };
    // A sequence number may be 0.
    let variable = |(name, value): &Row| format!("{name} {value}");
    let timer = |(name, left): &Row| format!("{name} timer: {left}");
    let observations = end.observations.iter().filter_map(observed);
    observations.chain(end.variables.iter().map(variable)).chain(end.timers.iter().map(timer)).collect()
}

/// The instances that a state violates by itself.
pub(super) fn violated<'i>(world: &ExactWorld<'_>, instances: &'i [Instance]) -> Vec<&'i Instance> {
    let is_violated = |instance: &&Instance| {
        instance.property.formula.temporal() != Temporal::Possible && instance.is_revealed_by(world)
    };
    instances.iter().filter(is_violated).collect()
}

/// What the states of a run say of an instance, in the order in which `properties` lists it.
#[derive(Clone, Copy, PartialEq, Eq, VariantArray)]
enum RunVerdict {
    Violated,
    Possible,
    True,
    NotViolated,
    NoExample,
    Undecided,
}

impl RunVerdict {
    /// The head of its group, and what the group has.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Violated => ("violated", "violated, first after the step in brackets"),
            Self::Possible => ("possible", "an example is there, after the step in brackets"),
            Self::True => ("true", "true of this run, which goes on forever"),
            Self::NotViolated => ("so far", "not violated so far"),
            Self::NoExample => ("not yet", "there is no example yet"),
            Self::Undecided => ("undecided", "of runs: a path that may go on decides nothing of them"),
        }
    }
}

/// What the states of a run say of each instance.
pub(super) fn properties(
    instances: &[Instance],
    worlds: &[ExactWorld<'_>],
    goes_on: Option<Forever>,
    terminal: Terminal,
) -> String {
    let judged = |instance: &Instance| {
        let (name, is_possibility) = (instance.name(), instance.property.formula.temporal() == Temporal::Possible);
        match worlds.iter().position(|world| instance.is_revealed_by(world)) {
            Some(step) if is_possibility => (RunVerdict::Possible, format!("{name} ({step})")),
            Some(step) => (RunVerdict::Violated, format!("{name} ({step})")),
            None if is_possibility => (RunVerdict::NoExample, name),
            None if !instance.is_liveness() => (RunVerdict::NotViolated, name),
            None => match goes_on.and_then(|forever| is_true_of(instance, worlds, forever)) {
                Some(false) => (RunVerdict::Violated, format!("{name} (forever)")),
                Some(true) => (RunVerdict::True, name),
                None => (RunVerdict::Undecided, name),
            },
        }
    };
    let judged: Vec<(RunVerdict, String)> = instances.iter().map(judged).collect();
    let mut text = String::new();
    for verdict in RunVerdict::VARIANTS {
        let mut names = judged.iter().filter(|(one, _)| one == verdict).map(|(_, name)| name.as_str()).peekable();
        if names.peek().is_some() {
            let (head, about) = verdict.words();
            let _ = writeln!(text, "  {head:<12}{about}");
            let _ = writeln!(text, "{:INDENT$}{}", "", terminal.wrapped(names, ", ", INDENT));
        }
    }
    text
}

/// A formula along a run: what the run says of it, and after which steps its predicates are true.
pub(super) fn formula(view: &FormulaAlongPath) -> String {
    let mut text = format!("{}\n", view.formula);
    for instance in &view.instances {
        let this = if instance.this.is_empty() { String::new() } else { format!("self is {}: ", instance.this) };
        let _ = writeln!(text, "  {this}{}", instance.result);
        for predicate in &instance.predicates {
            let _ = writeln!(text, "  {this}{} is true {}", predicate.name, steps(&predicate.values));
        }
    }
    text
}

/// `after steps 0, 2-5`, where 0 is the initial state.
fn steps(values: &[bool]) -> String {
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for (step, _) in values.iter().enumerate().filter(|(_, is_true)| **is_true) {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == step => *last = step,
            _ => ranges.push((step, step)),
        }
    }
    let range =
        |(first, last): &(usize, usize)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    let ranges: Vec<String> = ranges.iter().map(range).collect();
    match values.iter().filter(|value| **value).count() {
        0 => "nowhere".to_owned(),
        1 => format!("after step {}", ranges.concat()),
        _ => format!("after steps {}", ranges.join(", ")),
    }
}

/// A moment of a run.
pub(super) fn moment(run: &Stepwise<'_>, moment: Moment) -> Ticks {
    run.trace().time(parts_of(moment))
}

/// A moment, or a time that passes, of a run that counts both in 32 bits.
pub(super) fn parts_of(moment: Moment) -> u32 {
    u32::try_from(moment).unwrap_or_else(|_| broken(format_args!("{moment} parts of a tick are in no run")))
}
