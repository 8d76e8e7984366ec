//! What a session answers with: the state, what may happen, what the steps so far say of properties.

use std::fmt::Write;

use crate::invariant::broken;
use crate::model::{End, Event};
use crate::property::{Instance, Temporal};
use crate::realtime::{Copy, ExactWorld, Moment, Refusal};
use crate::report::terminal::Terminal;
use crate::report::trace::formula::{Forever, FormulaView, is_true_of};
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

/// What may happen after a run, the passing of time last: one tick, or until the next timer is due, or, where
/// neither can be, as far as it can.
pub(super) fn choices(run: &Stepwise<'_>, scenario: &Scenario) -> Vec<Choice> {
    let trace = run.trace();
    let timeline = SegmentTimeline::of(trace);
    let label = |event: &Event| match event {
        Event::Deliver(flight) | Event::Lose(flight) | Event::Duplicate(flight) => {
            let copy = timeline.in_flight.iter().find(|(other, _)| other == flight);
            copy.map_or("", |(_, copy)| timeline.label(*copy))
        }
        Event::Call(..) | Event::Timeout(..) | Event::Pass(_) => "",
    };
    let passes = passes(run, scenario).into_iter().map(Event::Pass);
    let choice = |event: Event| Choice {
        event,
        text: event_in_words(&event, label(&event), trace.parts) + &lateness(run, event),
        note: note(run, event),
    };
    run.enabled().into_iter().chain(passes).map(choice).collect()
}

/// How late a timer expires, in brackets.
fn lateness(run: &Stepwise<'_>, event: Event) -> String {
    let Event::Timeout(..) = event else {
        return String::new();
    };
    let mut next = run.clone();
    let late = next.take(&event).ok().and_then(|()| next.trace().lateness().last().copied().flatten());
    late.map_or_else(String::new, |late| format!(" ({late} late)"))
}

/// What the passing of time comes to, if it does to anything.
fn note(run: &Stepwise<'_>, event: Event) -> String {
    let is_eventful = |change: &String| change != NO_TIMER_IS_DUE;
    match event {
        Event::Pass(_) => changed(run, event).into_iter().filter(is_eventful).collect::<Vec<_>>().join("; "),
        _ => String::new(),
    }
}

/// What an event would change, a line each.
fn changed(run: &Stepwise<'_>, event: Event) -> Vec<String> {
    let mut next = run.clone();
    match (next.take(&event), next.trace().steps.last()) {
        (Ok(()), Some(step)) => {
            let trace = next.trace();
            changes(run.trace().last(), step, trace.slack, trace.parts).lines().map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
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
    lengths.into_iter().filter_map(|length| u32::try_from(length).ok()).collect()
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
    let number = trace.steps.len();
    let before = run.up_to(number.saturating_sub(1));
    let mut text = format!("Step {number}: {choice}\n");
    for change in trace.steps.last().into_iter().flat_map(|step| changed(&before, step.event)) {
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
    let view = StateView::of(trace.last(), trace, copies, Some(endpoints));
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
    let last = trace.last();
    for (name, used, most) in [
        ("losses", last.losses, scenario.config.losses),
        ("duplicates", last.duplicates, scenario.config.duplicates),
    ] {
        row(name, &most.map_or_else(|| "unlimited".to_owned(), |most| format!("{used} of {most}")));
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

/// What the states of a run say of each instance.
pub(super) fn properties(
    instances: &[Instance],
    worlds: &[ExactWorld<'_>],
    goes_on: Option<Forever>,
    terminal: Terminal,
) -> String {
    let groups = ["violated", "possible", "true", "so far", "not yet", "undecided"];
    let mut named: [Vec<String>; 6] = Default::default();
    for instance in instances {
        let temporal = instance.property.formula.temporal();
        let first = worlds.iter().position(|world| instance.is_revealed_by(world));
        let (group, name) = match first {
            Some(step) if temporal == Temporal::Possible => ("possible", format!("{} ({step})", instance.name())),
            Some(step) => ("violated", format!("{} ({step})", instance.name())),
            None if temporal == Temporal::Possible => ("not yet", instance.name()),
            None if !instance.is_liveness() => ("so far", instance.name()),
            None => match goes_on.and_then(|forever| is_true_of(instance, worlds, forever)) {
                Some(false) => ("violated", format!("{} (forever)", instance.name())),
                Some(true) => ("true", instance.name()),
                None => ("undecided", instance.name()),
            },
        };
        for (each, names) in groups.into_iter().zip(&mut named) {
            names.extend((each == group).then(|| name.clone()));
        }
    }
    let about = [
        "violated, first after the step in brackets",
        "an example is there, after the step in brackets",
        "true of this run, which goes on forever",
        "not violated so far",
        "there is no example yet",
        "of runs: a path that may go on decides nothing of them",
    ];
    let mut text = String::new();
    for ((group, names), about) in
        groups.into_iter().zip(&named).zip(about).filter(|((_, names), _)| !names.is_empty())
    {
        let _ = writeln!(text, "  {group:<12}{about}");
        let listed = terminal.wrapped(names.iter().map(String::as_str), ", ", INDENT);
        let _ = writeln!(text, "{:INDENT$}{listed}", "");
    }
    text
}

/// A formula along a run: what the run says of it, and after which steps its predicates are true.
pub(super) fn formula(view: &FormulaView) -> String {
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
    let parts = u32::try_from(moment);
    run.trace().time(parts.unwrap_or_else(|_| broken(format_args!("{moment} parts of a tick are too many"))))
}
