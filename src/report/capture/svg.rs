//! One connection as a picture, like a counterexample's: times run downwards, and are to scale between the
//! shortest and the longest distance that can be drawn; a longer pause is broken, and labelled with its length.

use svg::node::Node;
use svg::node::element::{Description, Group, Path, Rectangle, SVG, Style, Title};

use super::rungs::{Change, Drawing, Rung};
use super::view::{View, seconds};
use crate::capture::{Capture, Finding, Side};
use crate::report::drawing::{LIFELINES, Point, STYLE, WIDTH, class_of, head, legal, line, lines, text};
use crate::tcp::State;

/// How far a nanosecond is.
const NANOSECOND: f64 = 80e-9;
/// The shortest and the longest distance between two packets.
const SHORTEST: f64 = 26.;
const LONGEST: f64 = 160.;
/// How far down a packet comes that arrives when it is captured.
const SLOPE: f64 = 8.;
/// From one line of a text to the next.
const LINE: f64 = 16.;
/// Where times stand, and how far from a lifeline a state does.
const TIMES: f64 = 70.;
const BESIDE: f64 = 10.;
const MARGIN: f64 = 16.;

/// A connection that is among the findings.
#[must_use]
pub fn draw(capture: &Capture, finding: &Finding) -> String {
    let views = View::all(capture, std::slice::from_ref(finding));
    views.iter().map(picture).collect()
}

/// The parts of a picture, one behind the other.
#[derive(Default)]
struct Picture {
    behind: Group,
    lines: Group,
    labels: Group,
}

fn picture(view: &View<'_>) -> String {
    let drawing = view.drawing();
    let mut picture = Picture::default();
    let mut y = 32.;
    for words in lines(&view.ends()) {
        picture.labels.append(text(Point { x: MARGIN, y }, "lastack-title", "start", words));
        y += 22.;
    }
    y = picture.prose(&drawing.head, y);
    let (top, heights, end) = heights(&drawing, y + 40.);
    picture.ladder(view, &drawing, top, &heights, end);
    let y = picture.prose(&drawing.foot, end + 24.);
    let page = Rectangle::new().set("class", "lastack-page").set("width", WIDTH).set("height", y);
    SVG::new()
        .set("class", "lastack")
        .set("role", "img")
        .set("style", "max-width: 100%; height: auto")
        .set("viewBox", (0, 0, WIDTH, y))
        .set("width", WIDTH)
        .set("height", y)
        .add(Title::new(legal(&view.ends())))
        .add(Description::new().add(svg::node::Text::new(legal(&drawing.foot.join(". ")))))
        .add(Style::new(STYLE))
        .add(page)
        .add(picture.behind)
        .add(picture.lines)
        .add(picture.labels)
        .to_string()
}

/// Where the lifelines begin, how far down each packet stands, and where the lifelines end.
fn heights(drawing: &Drawing<'_>, top: f64) -> (f64, Vec<f64>, f64) {
    let mut y = top;
    let mut heights = Vec::new();
    for rung in &drawing.rungs {
        let notes = f64::from(u32::try_from(rung.before.len()).unwrap_or(u32::MAX)) * LINE;
        y += distance(rung.pause).max(SHORTEST) + notes;
        heights.push(y);
        let below = rung.after.len().saturating_sub(2) + 2 * usize::from(rung.unexplained.is_some());
        y += f64::from(u32::try_from(below).unwrap_or(u32::MAX)) * LINE;
    }
    (top, heights, y + SHORTEST)
}

/// How far a pause is, at most [`LONGEST`].
fn distance(pause: i64) -> f64 {
    // Every pause of more than a minute gets the longest distance.
    let nanoseconds = u32::try_from(pause.clamp(0, i64::from(u32::MAX))).unwrap_or(u32::MAX);
    (f64::from(nanoseconds) * NANOSECOND).min(LONGEST)
}

impl Picture {
    fn prose(&mut self, notes: &[String], mut y: f64) -> f64 {
        for words in notes.iter().flat_map(|note| lines(note)) {
            self.labels.append(text(Point { x: MARGIN, y }, "lastack-prose", "start", words));
            y += LINE + 2.;
        }
        y
    }

    fn ladder(&mut self, view: &View<'_>, drawing: &Drawing<'_>, top: f64, heights: &[f64], end: f64) {
        let [a, b] = LIFELINES;
        for (x, name) in [(a, "A"), (b, "B")] {
            self.labels.append(text(Point { x, y: top - 20. }, "lastack-name", "middle", name));
            self.behind.append(line("lastack-lifeline", Point { x, y: top }, Point { x, y: end }));
        }
        for (place, state) in drawing.start.into_iter().enumerate() {
            if let Some(state) = state {
                self.state(place, top, state);
            }
        }
        for (rung, y) in drawing.rungs.iter().zip(heights.iter().copied()) {
            let arrives =
                rung.arrives.and_then(|index| heights.get(index)).map_or(y + SLOPE, |later| later - SLOPE);
            self.rung(view, rung, y, arrives.max(y + SLOPE));
        }
    }

    fn rung(&mut self, view: &View<'_>, rung: &Rung<'_>, y: f64, arrives: f64) {
        let place = |side: Side| usize::from(view.sides().first() != Some(&side));
        let [left, right] = LIFELINES;
        let is_from_left = place(rung.packet.from) == 0;
        let (from, to) = if is_from_left { (left, right) } else { (right, left) };
        let (from, to) = (Point { x: from, y }, Point { x: to, y: arrives });
        let class = class_of(&rung.packet.segment);
        let way = Path::new()
            .set("class", format!("lastack-way {class}"))
            .set("d", format!("M{} {}L{} {}", from.x, from.y, to.x, to.y));
        self.lines.append(Group::new().set("class", "lastack-copy").add(Title::new(legal(&rung.label))).add(way));
        self.lines.append(head(&format!("lastack-head {class}"), from, to));
        let time = format!("{} #{}", seconds(rung.time), rung.packet.number);
        self.labels.append(text(Point { x: TIMES, y: y + 4. }, "lastack-small", "middle", time));
        let (x, anchor) = if is_from_left { (left + BESIDE, "start") } else { (right - BESIDE, "end") };
        let label = format!("lastack-label {class}");
        self.labels.append(text(Point { x, y: y - 5. }, &label, anchor, rung.label.clone()));
        if distance(rung.pause) >= LONGEST {
            let middle = Point { x: f64::midpoint(left, right), y: y - LONGEST / 2. };
            self.behind.append(line("lastack-rule", Point { x: left, ..middle }, Point { x: right, ..middle }));
            let pause = format!("{} pass", seconds(rung.pause));
            self.labels.append(text(middle, "lastack-label lastack-small", "middle", pause));
        }
        for (above, change) in rung.before.iter().rev().enumerate() {
            let y = y - LINE * (1. + f64::from(u32::try_from(above).unwrap_or(u32::MAX)));
            self.change(place(change.side), y, change);
        }
        for side in Side::BOTH {
            let mut below = if side == rung.packet.from { y } else { arrives };
            for change in rung.after.iter().filter(|change| change.side == side) {
                self.change(place(side), below, change);
                below += LINE;
            }
        }
        if let Some(why) = &rung.unexplained {
            let at = Point { x: f64::midpoint(left, right), y: arrives + LINE };
            let (x, y) = (f64::midpoint(from.x, to.x), f64::midpoint(from.y, to.y));
            let cross = format!("M{} {}l10 10m0 -10l-10 10", x - 5., y - 5.);
            self.lines.append(Path::new().set("class", "lastack-cross").set("d", cross));
            self.labels.append(text(at, "lastack-caption lastack-violated", "middle", "not explained"));
            self.lines.append(Title::new(legal(why)));
        }
    }

    fn change(&mut self, place: usize, y: f64, change: &Change) {
        self.state(place, y, change.state);
        if !change.by.is_empty() {
            let [left, right] = LIFELINES;
            let (x, anchor) = if place == 0 { (left + BESIDE, "start") } else { (right - BESIDE, "end") };
            self.labels.append(text(Point { x, y: y + 4. }, "lastack-label lastack-small", anchor, change.by));
        }
    }

    fn state(&mut self, place: usize, y: f64, state: State) {
        let [left, right] = LIFELINES;
        let (x, anchor) = if place == 0 { (left - BESIDE, "end") } else { (right + BESIDE, "start") };
        let class = if state == State::TimeWait { "lastack-label lastack-waiting" } else { "lastack-label" };
        self.labels.append(text(Point { x, y: y + 4. }, class, anchor, state.name()));
    }
}
