//! A trace as a ladder: two lifelines, the states down their sides, and everything that the network does.

use std::fmt::Write;

use anstyle::{AnsiColor, Style};

use crate::model::{End, Event, Step};
use crate::property::Instance;
use crate::report::policy;
use crate::report::terminal::{Terminal, in_ascii};
use crate::report::trace::observations::expires;
use crate::scenario::Scenario;
use crate::tcp::State;
use crate::trace::caption::{describe_ending, in_flight, reason, shown};
use crate::trace::timeline::{SegmentTimeline, StepCopies};
use crate::trace::{RunEnding, Ticks, Trace};

/// Columns beside the lifelines, without the moments: states.
const SIDES: usize = 30;

/// Columns for the moments, at least.
const MOMENTS: usize = 4;

/// What stands behind a copy that the network has lost.
const LOST: &str = "✗ lost";

const BOLD: Style = Style::new().bold();
const BAD: Style = AnsiColor::Red.on_default();

/// The trace, with what it shows above and where it ends below.
#[must_use]
pub fn draw(scenario: &Scenario, instance: &Instance, trace: &Trace, terminal: Terminal) -> String {
    let property = &instance.property;
    let verdict = shown(instance);
    let prose = |text: &str| terminal.prose(text, 12);
    let mut text = String::new();
    let _ = writeln!(text, "{} is {verdict} in {}", instance.name(), scenario.name);
    let _ = writeln!(text, "  property  {}", prose(&property.about));
    if !property.sources.is_empty() {
        let _ = writeln!(text, "  sources   {}", prose(&property.sources.join(", ")));
    }
    let _ = writeln!(text, "  scenario  {}", prose(&scenario.about));
    if scenario.is_changed() {
        let _ = writeln!(text, "  set       {}", prose(&scenario.changes.join(", ")));
    }
    for (place, line) in policy::unusual(scenario).iter().enumerate() {
        let key = if place == 0 { "policy" } else { "" };
        let _ = writeln!(text, "  {key:<10}{}", prose(line));
    }
    if let Some(because) = reason(scenario, instance) {
        let _ = writeln!(text, "  because   {}", prose(because));
    }
    text.push('\n');

    let timeline = SegmentTimeline::of(trace);
    text.push_str(&rows(trace, &timeline, terminal));

    let _ = writeln!(text, "\n  formula   {}", prose(&property.formula.to_string()));
    if let Some(end) = instance.end {
        let _ = writeln!(text, "            where self is {end} and peer is {}", end.peer());
    }
    let _ = writeln!(text, "  in flight {}", prose(&in_flight(trace, &timeline)));
    for (place, line) in describe_ending(trace, "between the double lines").iter().enumerate() {
        let key = if place == 0 { "forever" } else { "" };
        let _ = writeln!(text, "  {key:<10}{}", prose(line));
    }
    text
}

/// The lifelines alone, of a path that decides nothing.
pub(crate) fn path(trace: &Trace, terminal: Terminal) -> String {
    rows(trace, &SegmentTimeline::of(trace), terminal)
}

/// A ladder that is drawn already, for a terminal that has colours: the first line in bold, what is lost in red.
#[must_use]
pub fn coloured(drawing: &str) -> String {
    let (headline, rest) = drawing.split_once('\n').unwrap_or((drawing, ""));
    let rest = rest.replace(LOST, &format!("{BAD}{LOST}{BAD:#}"));
    format!("{BOLD}{headline}{BOLD:#}\n{rest}")
}

/// The lifelines and what happens between them.
fn rows(trace: &Trace, timeline: &SegmentTimeline, terminal: Terminal) -> String {
    let cycle = match trace.ending {
        RunEnding::Repeats { from, .. } => Some(from),
        RunEnding::Open | RunEnding::Stops { .. } => None,
    };
    let mut ladder = Ladder::new(trace, timeline, cycle, terminal);
    let parts = timeline.parts.iter();
    for (place, (step, part)) in trace.steps.iter().zip(parts).enumerate() {
        if cycle == Some(place) {
            ladder.repeat(" from here on ");
        }
        ladder.step(place, step, part);
    }
    if cycle.is_some() {
        ladder.repeat(" again and again ");
    }
    ladder.text
}

struct Ladder<'a> {
    text: String,
    timeline: &'a SegmentTimeline,
    /// The place of the first step that is repeated forever.
    cycle: Option<usize>,
    terminal: Terminal,
    /// The moment of each step.
    moments: Vec<Option<Ticks>>,
    /// How late a timer expires in each step.
    lateness: Vec<Option<Ticks>>,
    /// Columns for the moments.
    left: usize,
    /// Columns between the lifelines.
    middle: usize,
    /// The states as last drawn.
    states: [State; 2],
    /// The copy that was drawn from lifeline to lifeline when it was sent.
    delivered_already: Option<usize>,
    /// The rows that are drawn are repeated forever.
    repeats: bool,
}

impl<'a> Ladder<'a> {
    fn new(trace: &Trace, timeline: &'a SegmentTimeline, cycle: Option<usize>, terminal: Terminal) -> Self {
        let moments = trace.moments();
        let widths = moments.iter().flatten().map(|moment| written(*moment, terminal).chars().count());
        let left = widths.max().unwrap_or(0).max(MOMENTS);
        let middle = terminal.width.saturating_sub(SIDES + left);
        let states = trace.initial.states();
        let mut ladder = Self {
            text: format!("{:<left$}  {:<13}{:middle$}  {}\n", "tick", "A", "", "B"),
            timeline,
            cycle,
            terminal,
            moments,
            lateness: trace.lateness(),
            left,
            middle,
            states,
            delivered_already: None,
            repeats: false,
        };
        let [a, b] = states;
        ladder.row(Some(trace.time(0)), [Some(a), Some(b)], ('│', '│'), "");
        ladder
    }

    fn step(&mut self, place: usize, step: &Step, part: &StepCopies) {
        match step.event {
            Event::Call(end, call) => self.note(end, call.name(), step),
            Event::Timeout(end, timer) => {
                let late = self.lateness.get(place).copied().flatten().map(|late| written(late, self.terminal));
                self.note(end, &expires(timer, late), step);
            }
            Event::Deliver(_) => {
                let states = self.changes(step);
                if self.delivered_already.take().is_none() {
                    self.arrow(part.subject, Half::Arriving, states);
                } else if states.iter().any(Option::is_some) {
                    self.row(None, states, ('│', '│'), "");
                }
            }
            Event::Lose(_) => self.lost(part.subject),
            Event::Duplicate(flight) => {
                let timeline = self.timeline;
                let label = |copy: Option<usize>| copy.map_or("", |copy| timeline.label(copy));
                let (label, duplicate) = (label(part.subject), label(part.made));
                self.centred(&format!("{label} {} is duplicated: {duplicate}", flight.segment));
            }
            Event::Pass(_) => {
                for copy in &part.expired {
                    self.lost(Some(*copy));
                }
                let moment = self.moments.get(place).copied().flatten();
                self.row(moment, [None, None], ('┼', '┼'), &"┄".repeat(self.middle));
            }
        }
        if let Some(sent) = part.sent {
            // In a network that is a set, the copy was in flight already. A copy that arrives in a cycle arrives
            // there again and again, and is sent before it only once.
            let begins_cycle = self.cycle == Some(place + 1);
            let arrives_next = !begins_cycle
                && self.timeline.get(sent).is_some_and(|copy| {
                    copy.since == place && copy.delivered.first().is_some_and(|delivered| *delivered == place + 1)
                });
            let half = if arrives_next { Half::Both } else { Half::Leaving };
            let states = self.changes(step);
            self.arrow(Some(sent), half, states);
            self.delivered_already = arrives_next.then_some(sent);
        }
    }

    /// Something that happens at one end; the state that it leads to stands beside what is sent, if anything is.
    fn note(&mut self, end: End, what: &str, step: &Step) {
        let states = if step.sent.is_some() { [None, None] } else { self.changes(step) };
        let middle = match end {
            End::A => format!(" {what}"),
            End::B => format!("{what:>width$} ", width = self.middle.saturating_sub(1)),
        };
        self.row(None, states, ('│', '│'), &middle);
    }

    /// The beginning, or the end, of what is repeated forever.
    fn repeat(&mut self, what: &str) {
        self.repeats = true;
        let middle = self.middle;
        self.row(None, [None, None], ('╪', '╪'), &format!("{what:═^middle$}"));
    }

    fn lost(&mut self, copy: Option<usize>) {
        let timeline = self.timeline;
        if let Some(copy) = copy.and_then(|copy| timeline.get(copy)) {
            self.centred(&format!("{} {} {LOST}", copy.label, copy.segment));
        }
    }

    fn centred(&mut self, what: &str) {
        let middle = self.middle;
        self.row(None, [None, None], ('│', '│'), &format!("{what:^middle$}"));
    }

    fn arrow(&mut self, copy: Option<usize>, half: Half, states: [Option<State>; 2]) {
        let timeline = self.timeline;
        let Some(copy) = copy.and_then(|copy| timeline.get(copy)) else {
            return;
        };
        let name = format!(" {} {} ", copy.label, copy.segment);
        let (width, all) = (name.chars().count(), self.middle);
        // An arrow that leaves or arrives later takes up its sender's or its receiver's half and a bit more.
        let length = match half {
            Half::Both => all,
            Half::Leaving | Half::Arriving => (width + 6).clamp(all * 2 / 3, all),
        };
        let dashes = length.saturating_sub(width + 1);
        let (before, after) = (dashes / 2, dashes - dashes / 2);
        let arrow = match copy.to {
            End::B => format!("{}{name}{}▸", "─".repeat(before), "─".repeat(after)),
            End::A => format!("◂{}{name}{}", "─".repeat(before), "─".repeat(after)),
        };
        let begins_left =
            matches!((half, copy.to), (Half::Both, _) | (Half::Leaving, End::B) | (Half::Arriving, End::A));
        let middle = if begins_left { format!("{arrow:<all$}") } else { format!("{arrow:>all$}") };
        let at_left = half == Half::Both || begins_left;
        let at_right = half == Half::Both || !begins_left;
        let lifelines = (if at_left { '├' } else { '│' }, if at_right { '┤' } else { '│' });
        self.row(None, states, lifelines, &middle);
    }

    fn row(
        &mut self,
        moment: Option<Ticks>,
        [left, right]: [Option<State>; 2],
        lifelines: (char, char),
        middle: &str,
    ) {
        let moment = moment.map_or(String::new(), |moment| written(moment, self.terminal));
        let left = left.map_or("", State::name);
        let right = right.map_or("", State::name);
        let mark = if self.repeats { '║' } else { ' ' };
        let width = self.middle;
        let moments = self.left;
        let row =
            format!("{moment:>moments$} {mark}{left:<12}{}{middle:<width$}{} {right}", lifelines.0, lifelines.1);
        let row = if self.terminal.utf8 { row } else { row.chars().map(in_ascii).collect() };
        let _ = writeln!(self.text, "{}", row.trim_end());
    }

    /// The states that are new since they were last drawn.
    fn changes(&mut self, step: &Step) -> [Option<State>; 2] {
        let [a, b] = step.after.states();
        let [drawn_a, drawn_b] = self.states;
        self.states = step.after.states();
        [(a != drawn_a).then_some(a), (b != drawn_b).then_some(b)]
    }
}

/// A moment, in characters that the terminal has.
fn written(moment: Ticks, terminal: Terminal) -> String {
    if terminal.utf8 { moment.to_string() } else { moment.in_ascii() }
}

/// Which part of a copy's way a row shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Half {
    /// It is sent, and arrives later or never.
    Leaving,
    /// It was sent in an earlier row.
    Arriving,
    /// It is sent and arrives at once.
    Both,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Library;
    use crate::model::{Action, TimedWorld, World};

    /// A copy is sent last before a cycle and arrives first in it.
    #[test]
    fn what_arrives_in_a_cycle_is_drawn_in_it() {
        let library = Library::shipped().unwrap();
        let scenario = library.scenarios(&["sequential".to_owned()], &[], 1).unwrap().remove(0);
        let world = TimedWorld::new(scenario.config);
        let mut state = world.initial().unwrap();
        let ending = RunEnding::Repeats { from: 1, reasons: Vec::new() };
        let mut trace =
            Trace { initial: world.snapshot(&state), steps: Vec::new(), ending, parts: 1, slack: [0; 2] };
        for wanted in ["A calls shutdown", "A → FIN seq=1 ack=1 → B"] {
            let mut enabled: Vec<Action> = Vec::new();
            world.enabled(&state, &mut enabled);
            let action = enabled.into_iter().find(|action| action.to_string() == wanted).unwrap();
            let next = world.step(&state, action).unwrap();
            trace.steps.push(world.describe_step(&state, &action, &next));
            state = next;
        }
        let text = rows(&trace, &SegmentTimeline::of(&trace), Terminal::PLAIN);
        let (before, cycle) = text.split_once("from here on").unwrap();
        assert!(before.contains("#1 FIN") && !before.contains('┤'), "{text}");
        assert!(cycle.lines().any(|line| line.contains("#1 FIN") && line.ends_with("▸┤ CLOSE_WAIT")), "{text}");
    }
}
