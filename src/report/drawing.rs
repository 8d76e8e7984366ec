//! The elements that pictures are made of.

use svg::node::element::{Circle, Line, Polygon, Text};

use super::terminal::Terminal;
use crate::model::Kind;
use crate::tcp::Segment;
use crate::text::visible;

/// The classes' colours, in light and in dark.
pub(crate) const STYLE: &str = include_str!("drawing.css");

/// How wide a picture is.
pub(super) const WIDTH: f64 = 760.;

/// The lifelines of A and B.
pub(super) const LIFELINES: [f64; 2] = [212., 560.];

/// A place in a picture, in its units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// How wide a character is, at most, that is no title.
const CHARACTER: f64 = 7.3;

pub(super) fn line(class: &str, from: Point, to: Point) -> Line {
    Line::new().set("class", class).set("x1", from.x).set("y1", from.y).set("x2", to.x).set("y2", to.y)
}

pub(super) fn dot(class: &str, at: Point) -> Circle {
    Circle::new().set("class", class).set("cx", at.x).set("cy", at.y).set("r", 3.5)
}

/// The head of an arrow.
pub(super) fn head(class: &str, from: Point, tip: Point) -> Polygon {
    let (x, y) = (tip.x - from.x, tip.y - from.y);
    let length = x.hypot(y).max(1.);
    let (x, y) = (x / length, y / length);
    let point = |back: f64, aside: f64| {
        let round = |far: f64| (far * 10.).round() / 10.;
        format!("{},{}", round(tip.x - back * x - aside * y), round(tip.y - back * y + aside * x))
    };
    let points = [point(0., 0.), point(10., 4.5), point(10., -4.5)];
    Polygon::new().set("class", class).set("points", points.join(" "))
}

pub(super) fn text(at: Point, class: &str, anchor: &str, says: impl Into<String>) -> Text {
    let text = Text::new(legal(&says.into())).set("x", at.x).set("y", at.y);
    text.set("class", class.trim()).set("text-anchor", anchor)
}

pub(super) fn width_of(says: &str) -> f64 {
    CHARACTER * f64::from(u32::try_from(says.chars().count()).unwrap_or(u32::MAX))
}

/// The lines of a text; a word that is longer than a line is broken.
pub(super) fn lines(text: &str) -> Vec<String> {
    let broken = Terminal::PLAIN.prose(text, 0);
    let chunks = broken.lines().flat_map(|line| {
        let characters: Vec<char> = line.chars().collect();
        characters.chunks(80).map(|chunk| chunk.iter().collect()).collect::<Vec<String>>()
    });
    chunks.collect()
}

/// A text without the characters that XML cannot have.
pub(super) fn legal(text: &str) -> String {
    visible(text).replace(['\u{fffe}', '\u{ffff}'], "?")
}

pub(super) fn class_of(segment: &Segment) -> &'static str {
    match Kind::of(segment) {
        Some(Kind::Fin) => "lastack-fin",
        Some(Kind::Data) => "lastack-data",
        Some(Kind::Rst) => "lastack-rst",
        Some(Kind::Syn) => "lastack-syn",
        Some(Kind::Ack) | None => "lastack-ack",
    }
}
