//! A trace as a sequence diagram of Mermaid, which GitHub draws.
//!
//! Mermaid has no slanted arrows: an arrow stands where a copy arrives or is lost, and if that is not at once, a
//! note says when it is sent.

use std::fmt::Write;

use crate::model::{End, Event, Step};
use crate::property::Instance;
use crate::report::trace::observations::expires;
use crate::scenario::Scenario;
use crate::tcp::State;
use crate::trace::caption::{describe_ending, in_flight, shown};
use crate::trace::timeline::{SegmentTimeline, StepCopies, TracedCopy};
use crate::trace::{RunEnding, Ticks, Trace};

/// Behind what the trace comes to; to be seen on light and on dark pages.
const HIGHLIGHT: &str = "rect rgba(255, 160, 0, 0.25)";

/// The diagram, not fenced.
#[must_use]
pub fn diagram(scenario: &Scenario, instance: &Instance, trace: &Trace) -> String {
    let timeline = SegmentTimeline::of(trace);
    let mut diagram = Diagram::new(&timeline, trace);
    diagram.line(&format!("title {} is {} in {}", instance.name(), shown(instance), scenario.name));
    diagram.line("participant A");
    diagram.line("participant B");
    // The decisive step is highlighted, or, if the run goes on forever, its cycle.
    let last = match trace.ending {
        RunEnding::Open => trace.steps.len().checked_sub(1),
        RunEnding::Stops { .. } | RunEnding::Repeats { .. } => None,
    };
    if trace.steps.is_empty() {
        diagram.open(HIGHLIGHT);
    }
    diagram.initial();
    for (place, (step, part)) in trace.steps.iter().zip(&timeline.parts).enumerate() {
        if matches!(trace.ending, RunEnding::Repeats { from, .. } if from == place) {
            diagram.open("loop again and again");
        }
        if last == Some(place) {
            diagram.open(HIGHLIGHT);
        }
        diagram.step(place, step, part);
    }
    if let RunEnding::Repeats { .. } = trace.ending {
        diagram.close();
    }
    let mut ending = vec![format!("in flight: {}", in_flight(trace, &timeline))];
    ending.extend(describe_ending(trace, "in the box"));
    if diagram.depth == 1 {
        diagram.open(HIGHLIGHT);
    }
    diagram.over_both(&ending);
    diagram.close();
    diagram.text
}

struct Diagram<'a> {
    text: String,
    timeline: &'a SegmentTimeline,
    /// The steps inside of how many boxes, and one more for the diagram.
    depth: usize,
    /// The moment of the step that is drawn; `None` in a world without a clock.
    now: Option<Ticks>,
    /// Those of all steps.
    moments: Vec<Option<Ticks>>,
    /// How late a timer expires in each step.
    lateness: Vec<Option<Ticks>>,
    /// The states as last drawn.
    states: [State; 2],
}

impl<'a> Diagram<'a> {
    fn new(timeline: &'a SegmentTimeline, trace: &Trace) -> Self {
        Self {
            text: "sequenceDiagram\n".to_owned(),
            timeline,
            depth: 1,
            now: trace.initial.timers.map(|_| trace.time(0)),
            moments: trace.moments(),
            lateness: trace.lateness(),
            states: trace.initial.states(),
        }
    }

    fn initial(&mut self) {
        self.clock();
        for (end, state) in End::BOTH.into_iter().zip(self.states) {
            self.beside(end, &[state.name().to_owned()]);
        }
    }

    fn step(&mut self, place: usize, step: &Step, part: &StepCopies) {
        let mut notes: Vec<(End, String)> = Vec::new();
        match step.event {
            Event::Call(end, call) => notes.push((end, call.name().to_owned())),
            Event::Timeout(end, timer) => {
                let late = self.lateness.get(place).copied().flatten();
                notes.push((end, expires(timer, late.map(|late| late.to_string()))));
            }
            Event::Deliver(_) => self.arrow(part.subject, "->>", ""),
            Event::Lose(_) => self.arrow(part.subject, "-x", " is lost"),
            Event::Duplicate(flight) => {
                let label = |copy: Option<usize>| copy.map_or("", |copy| self.timeline.label(copy));
                let (label, duplicate) = (label(part.subject), label(part.made));
                self.over_both(&[format!("{label} {} is duplicated: {duplicate}", flight.segment)]);
            }
            Event::Pass(_) => {
                for copy in &part.expired {
                    self.arrow(Some(*copy), "-x", " is lost");
                }
                self.now = self.moments.get(place).copied().flatten();
                self.clock();
            }
        }
        let before = std::mem::replace(&mut self.states, step.after.states());
        for ((end, before), after) in End::BOTH.into_iter().zip(before).zip(self.states) {
            if before != after {
                notes.push((end, after.name().to_owned()));
            }
        }
        let timeline = self.timeline;
        if let Some(sent) = part.sent.and_then(|sent| timeline.get(sent)) {
            // In a network that is a set, the copy was in flight already.
            if sent.since != place || !leaves_next(sent) {
                notes.push((sent.to.peer(), format!("sends {} {}", sent.label, sent.segment)));
            }
        }
        for end in End::BOTH {
            let lines: Vec<String> =
                notes.iter().filter(|(at, _)| *at == end).map(|(_, what)| what.clone()).collect();
            self.beside(end, &lines);
        }
    }

    /// An arrow to where a copy arrives, or would have.
    fn arrow(&mut self, copy: Option<usize>, arrow: &str, reason: &str) {
        let timeline = self.timeline;
        let Some(copy) = copy.and_then(|copy| timeline.get(copy)) else {
            return;
        };
        let since = self.moments.get(copy.since).copied().flatten();
        let made = if copy.duplicate_of.is_some() { "made" } else { "sent" };
        let since = match since {
            Some(tick) if Some(tick) != self.now => format!("<br/>{made} at tick {tick}"),
            _ => String::new(),
        };
        let what = escaped(&format!("{} {}{reason}", copy.label, copy.segment));
        self.line(&format!("{}{arrow}{}: {what}{since}", copy.to.peer(), copy.to));
    }

    fn clock(&mut self) {
        if let Some(tick) = self.now {
            self.over_both(&[format!("tick {tick}")]);
        }
    }

    fn beside(&mut self, end: End, lines: &[String]) {
        let side = match end {
            End::A => "left",
            End::B => "right",
        };
        if !lines.is_empty() {
            self.line(&format!("Note {side} of {end}: {}", broken(lines)));
        }
    }

    fn over_both(&mut self, lines: &[String]) {
        self.line(&format!("Note over A,B: {}", broken(lines)));
    }

    fn open(&mut self, block: &str) {
        self.line(block);
        self.depth += 1;
    }

    fn close(&mut self) {
        self.depth -= 1;
        self.line("end");
    }

    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{:indent$}{line}", "", indent = 4 * self.depth);
    }
}

/// The copy arrives or is lost right after it was sent.
fn leaves_next(copy: &TracedCopy) -> bool {
    [copy.delivered.first().copied(), copy.lost].contains(&Some(copy.since + 1))
}

fn broken(lines: &[String]) -> String {
    lines.iter().map(|line| escaped(line)).collect::<Vec<_>>().join("<br/>")
}

/// As Mermaid wants it: a `#` begins the name of a character there, and a `;` ends a line.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for char in text.chars() {
        match char {
            '#' => escaped.push_str("#35;"),
            ';' => escaped.push_str("#59;"),
            _ => escaped.push(char),
        }
    }
    escaped
}
