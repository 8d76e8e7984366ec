//! A trace as a ladder: two lifelines, the states down their sides, and everything that the network does.

use std::fmt::Write;
use std::sync::Arc;

use super::text::prose;
use crate::check::{Ending, Fate, Instance, Trace, Verdict};
use crate::property::{Property, Temporal};
use crate::tcp::State;
use crate::world::{End, Event, Flight, Scenario, Step};

/// Columns between the lifelines.
const MIDDLE: usize = 46;

/// The trace, with what it shows above and where it ends below.
#[must_use]
pub fn draw(scenario: &Scenario, instance: &Instance, trace: &Trace) -> String {
    let property = &instance.property;
    let verdict =
        if property.formula.temporal() == Temporal::Possible { Verdict::Possible } else { Verdict::Violated };
    let mut text = String::new();
    let _ = writeln!(text, "{} is {verdict} in {}", instance.name(), scenario.name);
    let _ = writeln!(text, "  property  {}", prose(&property.about, 12));
    let _ = writeln!(text, "  sources   {}", prose(&property.sources.join(", "), 12));
    let _ = writeln!(text, "  scenario  {}", prose(&scenario.about, 12));
    if scenario.is_changed() {
        let _ = writeln!(text, "  set       {}", prose(&scenario.changes.join(", "), 12));
    }
    let stated = scenario.expectations.iter().find(|stated| {
        (stated.property == property.name || stated.property == instance.name())
            && Verdict::from(stated.verdict) == verdict
    });
    if let Some(stated) = stated {
        let _ = writeln!(text, "  because   {}", prose(&stated.because, 12));
    }
    text.push('\n');

    let mut ladder = Ladder::new(trace.initial);
    for (index, step) in trace.steps.iter().enumerate() {
        if matches!(trace.ending, Ending::Repeats { from, .. } if from == index) {
            ladder.repeat(" from here on ");
        }
        ladder.step(step, trace.steps.get(index + 1));
    }
    if let Ending::Repeats { .. } = trace.ending {
        ladder.repeat(" again and again ");
    }
    text.push_str(&ladder.text);

    let _ = writeln!(text, "\n  formula   {}", prose(&property.formula.to_string(), 12));
    if let Some(end) = instance.end {
        let _ = writeln!(text, "            where self is {end} and peer is {}", end.peer());
    }
    let in_flight: Vec<String> = ladder.flights.iter().map(|(flight, label)| at_the_end(flight, label)).collect();
    let in_flight = if in_flight.is_empty() { "nothing".to_owned() } else { in_flight.join(", ") };
    let _ = writeln!(text, "  in flight {}", prose(&in_flight, 12));
    match &trace.ending {
        Ending::Open => {}
        Ending::Stops => {
            let [a, b] = ladder.states;
            let why = if scenario.fairness.applications {
                "nothing is enabled any more"
            } else {
                "nothing but calls is enabled, and these applications need not make any"
            };
            let stays = format!("{why}: A stays in {a}, B stays in {b}");
            let _ = writeln!(text, "  for ever  {}", prose(&stays, 12));
        }
        Ending::Repeats { fates, .. } => {
            let _ = writeln!(text, "  for ever  the steps between the double lines are repeated; that is fair:");
            for fate in fates {
                let _ = writeln!(text, "            {}", prose(&told(fate), 12));
            }
        }
    }
    text
}

/// Why a cycle is fair, as far as one thing is concerned.
fn told(fate: &Fate) -> String {
    match fate {
        Fate::Delivered(segment, to) => format!("{segment} to {to} is delivered again and again"),
        Fate::Undelivered(segment, to) => {
            format!("{segment} to {to} is never delivered; this network does not promise it")
        }
        Fate::HasClosed(end) => format!("{end}'s application has closed already"),
        Fate::NotHeldUp(end) => {
            format!("{end}'s application is not kept from closing: at some moment it could not")
        }
        Fate::HeldUp(end) => {
            format!("{end}'s application could close and never does; these applications do not promise it")
        }
    }
}

/// What is said where there is no trace to draw.
#[must_use]
pub fn nothing_to_draw(scenario: &Scenario, name: &str, properties: &[Arc<Property>]) -> String {
    let is_possibility = properties.iter().any(|property| property.formula.temporal() == Temporal::Possible);
    let (verdict, missing) =
        if is_possibility { (Verdict::Impossible, "example") } else { (Verdict::Holds, "counterexample") };
    let is = if is_possibility { "is " } else { "" };
    format!("{name} {is}{verdict} in {}: there is no {missing}\n", scenario.name)
}

fn at_the_end(flight: &Flight, label: &str) -> String {
    let age = flight.age.map_or(String::new(), |age| format!(" (age {age})"));
    format!("{label} {} to {}{age}", flight.segment, flight.to)
}

struct Ladder {
    text: String,
    tick: u32,
    /// The states as last drawn.
    states: [State; 2],
    /// What is in flight, and what it is called.
    flights: Vec<(Flight, String)>,
    sent: usize,
    /// The copy that was drawn from lifeline to lifeline when it was sent.
    delivered_already: bool,
    /// What is drawn is repeated for ever.
    repeats: bool,
}

impl Ladder {
    fn new(states: [State; 2]) -> Self {
        let mut ladder = Self {
            text: format!("tick  {:<13}{:MIDDLE$}  {}\n", "A", "", "B"),
            tick: 0,
            states,
            flights: Vec::new(),
            sent: 0,
            delivered_already: false,
            repeats: false,
        };
        let [a, b] = states;
        ladder.row(Some(0), [Some(a), Some(b)], ('│', '│'), "");
        ladder
    }

    fn step(&mut self, step: &Step, next: Option<&Step>) {
        match step.event {
            Event::Call(end, call) => self.note(end, call.name(), step),
            Event::Timeout(end, timer) => self.note(end, &format!("{} timer expires", timer.name()), step),
            Event::Deliver(flight) => {
                let stays = count(&step.in_flight, &flight) >= self.known(&flight);
                let label = self.label(&flight, stays);
                let [left, right] = self.changes(step);
                if self.delivered_already {
                    self.delivered_already = false;
                    if left.is_some() || right.is_some() {
                        self.row(None, [left, right], ('│', '│'), "");
                    }
                } else {
                    self.arrow(&flight, &label, Half::Arriving, [left, right]);
                }
            }
            Event::Lose(flight) => {
                let label = self.label(&flight, false);
                self.lost(&flight, &label);
            }
            Event::Duplicate(flight) => {
                let label = self.label(&flight, true);
                let duplicate = format!("{label}′");
                self.centred(&format!("{label} {} is duplicated: {duplicate}", flight.segment));
                self.flights.push((Flight { is_duplicate: true, ..flight }, duplicate));
            }
            Event::Tick => {
                self.tick += 1;
                for flight in &step.expired {
                    // The label is known by the copy as it was before this tick.
                    let before = Flight { age: flight.age.and_then(|age| age.checked_sub(1)), ..*flight };
                    let label = self.label(&before, false);
                    self.lost(&before, &label);
                }
                for (flight, _) in &mut self.flights {
                    flight.age = flight.age.map(|age| age + 1);
                }
                self.row(Some(self.tick), [None, None], ('┼', '┼'), &"┄".repeat(MIDDLE));
            }
        }
        if let Some(flight) = step.sent {
            // In a network that is a set, what is sent again is no other copy.
            let is_new = count(&step.in_flight, &flight) > self.known(&flight);
            let label = if is_new {
                self.sent += 1;
                format!("#{}", self.sent)
            } else {
                self.label(&flight, true)
            };
            let is_delivered_next =
                next.is_some_and(|next| next.event == Event::Deliver(flight)) && self.known(&flight) == 0;
            let half = if is_delivered_next { Half::Both } else { Half::Leaving };
            let [left, right] = self.changes(step);
            self.arrow(&flight, &label, half, [left, right]);
            self.delivered_already = is_delivered_next;
            if is_new {
                self.flights.push((flight, label));
            }
        }
    }

    /// How many copies like this one have a label.
    fn known(&self, flight: &Flight) -> usize {
        self.flights.iter().filter(|(known, _)| known == flight).count()
    }

    /// Something that happens at one end; the state that it leads to stands beside what is sent, if anything is.
    fn note(&mut self, end: End, what: &str, step: &Step) {
        let states = if step.sent.is_some() { [None, None] } else { self.changes(step) };
        let middle = match end {
            End::A => format!(" {what}"),
            End::B => format!("{what:>width$} ", width = MIDDLE - 1),
        };
        self.row(None, states, ('│', '│'), &middle);
    }

    /// The beginning, or the end, of what is repeated for ever.
    fn repeat(&mut self, what: &str) {
        self.repeats = true;
        self.row(None, [None, None], ('╪', '╪'), &format!("{what:═^MIDDLE$}"));
    }

    fn lost(&mut self, flight: &Flight, label: &str) {
        let towards = format!("{label} {} ✗ lost", flight.segment);
        self.centred(&towards);
    }

    fn centred(&mut self, what: &str) {
        self.row(None, [None, None], ('│', '│'), &format!("{what:^MIDDLE$}"));
    }

    fn arrow(&mut self, flight: &Flight, label: &str, half: Half, states: [Option<State>; 2]) {
        let name = format!(" {label} {} ", flight.segment);
        let width = name.chars().count();
        // An arrow that leaves or arrives later takes up its sender's or its receiver's half and a bit more.
        let length = match half {
            Half::Both => MIDDLE,
            Half::Leaving | Half::Arriving => (width + 6).clamp(MIDDLE * 2 / 3, MIDDLE),
        };
        let dashes = length.saturating_sub(width + 1);
        let (before, after) = (dashes / 2, dashes - dashes / 2);
        let arrow = match flight.to {
            End::B => format!("{}{name}{}▸", "─".repeat(before), "─".repeat(after)),
            End::A => format!("◂{}{name}{}", "─".repeat(before), "─".repeat(after)),
        };
        let begins_left =
            matches!((half, flight.to), (Half::Both, _) | (Half::Leaving, End::B) | (Half::Arriving, End::A));
        let middle = if begins_left { format!("{arrow:<MIDDLE$}") } else { format!("{arrow:>MIDDLE$}") };
        let at_left = half == Half::Both || begins_left;
        let at_right = half == Half::Both || !begins_left;
        let lifelines = (if at_left { '├' } else { '│' }, if at_right { '┤' } else { '│' });
        self.row(None, states, lifelines, &middle);
    }

    fn row(
        &mut self,
        tick: Option<u32>,
        [left, right]: [Option<State>; 2],
        lifelines: (char, char),
        middle: &str,
    ) {
        let tick = tick.map_or(String::new(), |tick| tick.to_string());
        let left = left.map_or("", State::name);
        let right = right.map_or("", State::name);
        let mark = if self.repeats { '║' } else { ' ' };
        let row = format!("{tick:>4} {mark}{left:<12}{}{middle:<MIDDLE$}{} {right}", lifelines.0, lifelines.1);
        let _ = writeln!(self.text, "{}", row.trim_end());
    }

    /// The states that are new since they were last drawn.
    fn changes(&mut self, step: &Step) -> [Option<State>; 2] {
        let [a, b] = step.states;
        let [drawn_a, drawn_b] = self.states;
        self.states = step.states;
        [(a != drawn_a).then_some(a), (b != drawn_b).then_some(b)]
    }

    /// What a copy is called; it is forgotten unless it stays in flight.
    fn label(&mut self, flight: &Flight, stays: bool) -> String {
        match self.flights.iter().position(|(other, _)| other == flight) {
            Some(place) if stays => self.flights.get(place).map_or(String::new(), |(_, label)| label.clone()),
            Some(place) => self.flights.remove(place).1,
            None => String::new(),
        }
    }
}

fn count(flights: &[Flight], flight: &Flight) -> usize {
    flights.iter().filter(|other| *other == flight).count()
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
