//! What stands between, on and beside the lifelines.

use svg::node::Node;
use svg::node::element::{Circle, Group, Path, Polygon, Rectangle, Title};

use super::layout::{Instant, LABEL, LINE, Layout, Row, Stay, Way, is_aged, lifeline};
use crate::model::{End, Event, InFlightSegment, Step};
use crate::property::Verdict;
use crate::report::drawing::{LIFELINES, Point, WIDTH, class_of, dot, head, line, lines, text, width_of};
use crate::report::trace::observations::expires;
use crate::tcp::{State, Timer};
use crate::trace::timeline::{SegmentTimeline, TracedCopy};
use crate::trace::{RunEnding, Ticks, Trace};

/// Where the axis of time stands, at least: before it are moments, behind it the labels of the MSLs.
const AXIS: f64 = 38.;

/// How much space a tick has to take up for its own mark on the axis.
const NOTCHES: f64 = 6.;

/// From a lifeline to the names of states, and to what happens.
const OUTWARDS: f64 = 21.;
const INWARDS: f64 = 14.;

/// How many characters fit between the lifelines.
const LONGEST: usize = 44;

/// From either side to what is highlighted.
const BAND: f64 = 78.;

/// How wide the bar of a state and that of `TIME_WAIT` is, and how far from the lifeline.
const BAR: f64 = 6.;
const WAIT: f64 = 12.;
const GAP: f64 = 4.;

/// A trace between its two lifelines, in three layers.
pub(super) struct Ladder<'a> {
    trace: &'a Trace,
    timeline: &'a SegmentTimeline,
    layout: &'a Layout,
    /// How late a timer expires in each step.
    lateness: Vec<Option<Ticks>>,
    /// In ticks; `None` in a world without a clock.
    msl: Option<u32>,
    /// Where the axis of time stands.
    axis: f64,
    /// The verdict that the end of the trace shows, and where that begins.
    band: Option<(&'static str, f64)>,
    pub(super) behind: Group,
    pub(super) lines: Group,
    pub(super) labels: Group,
}

impl<'a> Ladder<'a> {
    /// Nothing is drawn yet. `msl` is in ticks; `verdict` is what the end of the trace shows.
    pub(super) fn new(
        trace: &'a Trace,
        timeline: &'a SegmentTimeline,
        layout: &'a Layout,
        msl: Option<u32>,
        verdict: Option<Verdict>,
    ) -> Self {
        let msl = trace.initial.timers.and(msl);
        let band = verdict.map(|verdict| (verdict.name(), band_top(trace, layout)));
        let [behind, lines, labels] = [Group::new(), Group::new(), Group::new()];
        let moments = layout.instants.iter().map(|instant| width_of(&trace.time(instant.moment).to_string()));
        let axis = moments.fold(AXIS, |axis, width| axis.max(width + 12.));
        Self { trace, timeline, layout, lateness: trace.lateness(), msl, axis, band, behind, lines, labels }
    }

    /// Draws all of it, and returns how far down it reaches. `caption` describes the end of the trace.
    pub(super) fn draw(&mut self, caption: &str) -> f64 {
        self.time();
        self.lifelines();
        for (way, copy) in self.layout.ways.iter().zip(&self.timeline.all) {
            self.way(way, copy);
        }
        for (place, (step, row)) in self.trace.steps.iter().zip(&self.layout.rows).enumerate() {
            self.step(place, step, *row);
        }
        self.in_flight();
        self.ending(caption)
    }

    /// The rules of the moments, and the MSL beside them.
    fn time(&mut self) {
        let [a, b] = LIFELINES;
        for (x, name) in [(a, "A"), (b, "B")] {
            let at = Point { x, y: self.layout.top() - 20. };
            self.labels.append(text(at, "lastack-name", "middle", name));
        }
        let Some(msl) = self.msl else {
            return;
        };
        let axis = self.axis;
        let head = Point { x: AXIS - 22., y: self.layout.top() - 20. };
        self.labels.append(text(head, "lastack-small", "start", format!("MSL {}", ticks(&msl.to_string()))));
        let instants = &self.layout.instants;
        for Instant { moment, from: y, to } in instants.iter().copied() {
            if moment > 0 {
                self.behind.append(line("lastack-rule", Point { x: a, y }, Point { x: b, y }));
            }
            let instant = Rectangle::new().set("class", "lastack-instant").set("rx", 2);
            let instant = instant.set("x", axis - 2.).set("width", 4).set("y", y - 2.).set("height", to - y + 4.);
            self.behind.append(instant);
            let number = Point { x: axis - 10., y: y + 4. };
            self.labels.append(text(number, "lastack-small", "end", self.trace.time(moment).to_string()));
        }
        let last = instants.last().map_or(self.layout.end, |instant| instant.to);
        let from = Point { x: axis, y: self.layout.top() };
        self.behind.append(line("lastack-axis", from, Point { x: axis, y: last }));
        let parts = self.trace.parts.max(1);
        if self.layout.part * f64::from(parts) > NOTCHES {
            let ticks = (0..).map_while(|tick: u32| self.layout.moment(tick.checked_mul(parts)?));
            for Instant { from: y, .. } in ticks.filter(|tick| !instants.contains(tick)) {
                self.behind.append(line("lastack-axis", Point { x: axis - 3., y }, Point { x: axis + 3., y }));
            }
        }
        let lifetime = msl.saturating_mul(self.trace.parts).max(1);
        let marks = (0..).map_while(|number: u32| self.layout.moment(number.checked_mul(lifetime)?));
        let marks: Vec<Instant> = marks.collect();
        for (from, to) in marks.iter().zip(marks.iter().skip(1)) {
            let x = axis + 12.;
            let bracket = format!("M{} {}H{x}V{}H{}", x - 5., from.to, to.from, x - 5.);
            self.behind.append(Path::new().set("class", "lastack-axis").set("d", bracket));
            let at = Point { x: x + 5., y: f64::midpoint(from.to, to.from) + 4. };
            self.labels.append(text(at, "lastack-small", "start", "MSL"));
        }
    }

    /// The lifelines, and the states beside them.
    fn lifelines(&mut self) {
        let layout = self.layout;
        for stay in &layout.stays {
            let x = lifeline(stay.end);
            let closed = if stay.state == State::Closed { " lastack-closed" } else { "" };
            let class = format!("lastack-lifeline{closed}");
            self.behind.append(line(&class, Point { x, y: stay.from }, Point { x, y: stay.to }));
            self.stay(stay);
        }
    }

    fn stay(&mut self, stay: &Stay) {
        let is_waiting = stay.state == State::TimeWait;
        let x = outwards(stay.end, OUTWARDS);
        let anchor = if stay.end == End::A { "end" } else { "start" };
        let class = if is_waiting { "lastack-waiting" } else { "" };
        let at = Point { x, y: stay.from + 4. };
        self.label(at, class, anchor, stay.state.name().to_owned());
        if stay.state == State::Closed {
            return;
        }
        let (class, width) = if is_waiting { ("lastack-wait", WAIT) } else { ("lastack-state", BAR) };
        let left = outwards(stay.end, GAP).min(outwards(stay.end, GAP + width));
        let bar = Rectangle::new()
            .set("class", class)
            .set("x", left)
            .set("y", stay.from + 1.)
            .set("width", width)
            .set("height", (stay.to - stay.from - 2.).max(0.))
            .set("rx", 2);
        self.behind.append(bar);
        if let Some(wait) = stay.wait {
            let how_long = Point { x, y: stay.from + 18. };
            let [of_a, of_b] = self.trace.slack;
            let slack = if stay.end == End::A { of_a } else { of_b };
            let wait = self.lifetimes(wait.saturating_sub(slack));
            self.label(how_long, "lastack-waiting lastack-small", anchor, wait);
        }
        for y in stay.restarts.iter().copied() {
            let from = Point { x: outwards(stay.end, GAP - 2.), y };
            let to = Point { x: outwards(stay.end, GAP + WAIT + 2.), y };
            self.behind.append(line("lastack-notch", from, to));
            let at = Point { x, y: y + 4. };
            self.label(at, "lastack-waiting lastack-small", anchor, "waits anew".to_owned());
        }
    }

    /// A time in parts of a tick, in MSLs where it is so many.
    fn lifetimes(&self, parts: u32) -> String {
        let time = self.trace.time(parts).to_string();
        match self.msl.map(|msl| msl.saturating_mul(self.trace.parts)) {
            Some(msl) if parts > 0 && parts.is_multiple_of(msl) => {
                format!("{} MSL = {}", parts / msl, ticks(&time))
            }
            _ => ticks(&time),
        }
    }

    fn of_age(&self, flight: &InFlightSegment) -> String {
        flight.age.map_or(String::new(), |age| format!(", age {}", self.trace.time(age)))
    }

    /// A copy, from where it is sent or made to where it arrives, is lost, or is at the end.
    fn way(&mut self, way: &Way, copy: &TracedCopy) {
        let class = class_of(&copy.segment);
        let name = format!("{} {} to {}", copy.label, copy.segment, copy.to);
        let mut group = Group::new().set("class", "lastack-copy").add(Title::new(name));
        let mut lead = |class: String, goals: &mut dyn Iterator<Item = Point>| {
            let lines: Vec<_> =
                goals.map(|to| format!("M{} {}L{} {}", way.from.x, way.from.y, to.x, to.y)).collect();
            if !lines.is_empty() {
                group.append(Path::new().set("class", class).set("d", lines.concat()));
            }
        };
        lead(format!("lastack-way {class}"), &mut way.arrives.iter().copied().chain(way.lost));
        lead(format!("lastack-way lastack-open {class}"), &mut way.open.into_iter());
        for tip in &way.arrives {
            group.append(head(&format!("lastack-head {class}"), way.from, *tip));
        }
        if let Some(Point { x, y }) = way.lost {
            let cross = format!("M{} {}l10 10m0 -10l-10 10", x - 5., y - 5.);
            group.append(Path::new().set("class", "lastack-cross").set("d", cross));
        }
        if let Some(at) = way.open {
            group.append(dot(&format!("lastack-tip {class}"), at));
        }
        if copy.duplicate_of.is_some() {
            group.append(dot(&format!("lastack-head {class}"), way.from));
        }
        self.lines.append(group);
    }

    /// The labels of a step.
    fn step(&mut self, place: usize, step: &Step, row: Row) {
        let timeline = self.timeline;
        let Some(part) = timeline.parts.get(place) else {
            return;
        };
        let way = |copy: Option<usize>| copy.and_then(|copy| self.layout.ways.get(copy));
        let name = |copy: Option<usize>| copy.map_or("", |copy| timeline.label(copy));
        match step.event {
            Event::Call(end, call) => {
                let Point { x, y } = Point { x: lifeline(end), y: row.at };
                let points = format!("{},{y} {x},{} {},{y} {x},{}", x - 5., y - 5., x + 5., y + 5.);
                self.lines.append(Polygon::new().set("class", "lastack-call").set("points", points));
                self.beside(end, row.at, "", call.name().to_owned());
            }
            Event::Timeout(end, timer) => {
                self.clock(Point { x: lifeline(end), y: row.at });
                let class = if timer == Timer::TimeWait { "lastack-waiting" } else { "" };
                let late = self.lateness.get(place).copied().flatten();
                self.beside(end, row.at, class, expires(timer, late.map(|late| late.to_string())));
            }
            Event::Deliver(flight) => {
                // A copy that arrives at once needs no name: its arrow has one where it begins, just above.
                if is_aged(step) {
                    let says = format!("{}{}", name(part.subject), self.of_age(&flight));
                    self.beside(flight.to, row.at + LABEL, "lastack-small", says);
                }
            }
            Event::Lose(flight) => {
                let says = format!("{} lost{}", name(part.subject), self.of_age(&flight));
                if let Some(at) = way(part.subject).and_then(|way| way.lost) {
                    self.beyond(at, flight.to, 0, says);
                }
            }
            Event::Duplicate(flight) => {
                let says = format!("{} duplicated: {}", name(part.subject), name(part.made));
                if let Some(fork) = way(part.made).map(|way| way.from) {
                    self.beyond(fork, flight.to, 0, says);
                }
            }
            Event::Pass(_) => {
                for (level, (copy, flight)) in part.expired.iter().zip(&step.expired).enumerate() {
                    let says = format!("{} lost{}", timeline.label(*copy), self.of_age(flight));
                    if let Some(at) = way(Some(*copy)).and_then(|way| way.lost) {
                        self.beyond(at, flight.to, level, says);
                    }
                }
            }
        }
        if let Some(copy) = part.sent.and_then(|sent| timeline.get(sent)) {
            // In a network that is a set, what is sent again is no other copy.
            let again = if copy.since == place { "" } else { ", in flight already" };
            let says = format!("{} {}{again}", copy.label, copy.segment);
            self.beside(copy.to.peer(), row.sends - 9., class_of(&copy.segment), says);
        }
    }

    fn clock(&mut self, Point { x, y }: Point) {
        let face = Circle::new().set("cx", x).set("cy", y).set("r", 6).set("class", "lastack-timer");
        let hands = format!("M{x} {}V{y}H{}", y - 3.5, x + 3.);
        self.lines.append(face);
        self.lines.append(Path::new().set("class", "lastack-timer").set("d", hands));
    }

    fn in_flight(&mut self) {
        let (layout, timeline) = (self.layout, self.timeline);
        let mut y = layout.end + 2.;
        for (flight, copy) in &timeline.in_flight {
            if let Some(Point { x, .. }) = layout.ways.get(*copy).and_then(|way| way.open) {
                y += LINE;
                self.centred(
                    Point { x, y },
                    format!("{} in flight{}", timeline.label(*copy), self.of_age(flight)),
                );
            }
        }
    }

    /// What all this shows; how far down it reaches.
    fn ending(&mut self, caption: &str) -> f64 {
        let mut y = self.layout.bottom + 10.;
        let Some((verdict, top)) = self.band else {
            return y;
        };
        let [left, right] = [BAND, WIDTH - BAND];
        for line in lines(caption) {
            y += 16.;
            let class = format!("lastack-caption lastack-{verdict}");
            self.labels.append(text(Point { x: WIDTH / 2., y }, &class, "middle", line));
        }
        y += 10.;
        let band = Rectangle::new()
            .set("class", format!("lastack-band-{verdict}"))
            .set("x", left)
            .set("y", top)
            .set("width", right - left)
            .set("height", y - top)
            .set("rx", 6);
        // It is behind everything else.
        let before = std::mem::replace(&mut self.behind, Group::new().add(band));
        self.behind.append(before);
        if let RunEnding::Repeats { .. } = self.trace.ending {
            let back = Point { x: right + 4., y: top + 12. };
            let bracket = format!("M{} {}h24V{}H{}", back.x, y - 12., back.y, back.x + 6.);
            self.lines.append(Path::new().set("class", "lastack-bracket").set("d", bracket));
            self.lines.append(head("lastack-bracket-head", Point { x: WIDTH, ..back }, back));
        }
        y
    }

    /// A label inside the ladder that begins at an end's lifeline.
    fn beside(&mut self, end: End, y: f64, class: &str, says: String) {
        let anchor = if end == End::A { "start" } else { "end" };
        self.label(Point { x: outwards(end, -INWARDS), y: y + 4. }, class, anchor, short(says));
    }

    /// A label on the far side of a point of the way of a copy to an end, so many lines higher.
    fn beyond(&mut self, at: Point, to: End, level: usize, says: String) {
        let up = LINE * f64::from(u32::try_from(level).unwrap_or(u32::MAX));
        let far = 12. + width_of(&says) / 2.;
        let x = if to == End::A { at.x - far } else { at.x + far };
        self.centred(Point { x, y: at.y - 4. - up }, says);
    }

    /// A label between the lifelines, as near to the middle of something as there is room.
    fn centred(&mut self, at: Point, says: String) {
        let [a, b] = LIFELINES;
        let says = short(says);
        let half = width_of(&says) / 2. + 8.;
        let x = at.x.min(b - half).max(a + half);
        self.label(Point { x, ..at }, "lastack-small", "middle", says);
    }

    fn label(&mut self, at: Point, class: &str, anchor: &str, says: String) {
        let on = match self.band {
            Some((verdict, top)) if at.y > top => format!(" lastack-on-{verdict}"),
            _ => String::new(),
        };
        self.labels.append(text(at, &format!("lastack-label {class}{on}"), anchor, says));
    }
}

/// So far from an end's lifeline, away from the other.
fn outwards(end: End, far: f64) -> f64 {
    match end {
        End::A => lifeline(end) - far,
        End::B => lifeline(end) + far,
    }
}

/// A label that fits between the lifelines: that of a duplicate of a duplicate of … can be long.
fn short(says: String) -> String {
    if says.chars().count() <= LONGEST { says } else { says.chars().take(LONGEST - 1).chain(['…']).collect() }
}

fn ticks(number: &str) -> String {
    format!("{number} tick{}", if number == "1" { "" } else { "s" })
}

/// The place at which the evidence of a trace begins: its last step, or the first of those that are repeated.
fn band_top(trace: &Trace, layout: &Layout) -> f64 {
    match trace.ending {
        RunEnding::Repeats { from, .. } => layout.before(from) + 12.,
        RunEnding::Open | RunEnding::Stops { .. } => layout.rows.last().map_or(layout.top(), |row| row.at) - 18.,
    }
}
