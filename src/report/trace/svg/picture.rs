//! A picture: the ladder, and the text above and below it.

use svg::node::Node;
use svg::node::element::{Description, Group, Rectangle, SVG, Style, Title};

use super::ladder::Ladder;
use super::layout::Layout;
use crate::property::Verdict;
use crate::report::drawing::{Point, STYLE, WIDTH, legal, lines, text};
use crate::trace::Trace;
use crate::trace::timeline::SegmentTimeline;

/// The distances from the left to the text, and to its label.
const MARGIN: f64 = 16.;
const COLUMN: f64 = 96.;

/// A paragraph above or below the ladder.
pub(super) struct Note {
    key: &'static str,
    text: String,
    class: &'static str,
}

impl Note {
    pub(super) fn prose(key: &'static str, text: &str) -> Self {
        Self { key, text: text.to_owned(), class: "lastack-prose" }
    }

    pub(super) fn code(key: &'static str, text: &str) -> Self {
        Self { key, text: text.to_owned(), class: "lastack-code" }
    }
}

/// A picture, but for its trace.
pub(super) struct Picture<'a> {
    pub(super) title: &'a str,
    pub(super) about: &'a str,
    /// The paragraphs above the ladder, with the title; without any, the title is not drawn.
    pub(super) head: Vec<Note>,
    /// What stands below.
    pub(super) foot: Vec<Note>,
    /// What the end of the trace shows.
    pub(super) caption: Option<(Verdict, String)>,
    /// In ticks; `None` in a world without a clock.
    pub(super) msl: Option<u32>,
}

impl Picture<'_> {
    pub(super) fn draw(&self, trace: &Trace, timeline: &SegmentTimeline) -> String {
        let mut head = Group::new();
        let mut y = 16.;
        if !self.head.is_empty() {
            y += 16.;
            for line in lines(self.title) {
                head.append(text(Point { x: MARGIN, y }, "lastack-title", "start", line));
                y += 22.;
            }
            y = notes(&mut head, &self.head, y) + 8.;
        }
        let layout = Layout::of(trace, timeline, y + 44.);
        let (verdict, caption) =
            self.caption.as_ref().map_or((None, ""), |(verdict, says)| (Some(*verdict), says));
        let mut ladder = Ladder::new(trace, timeline, &layout, self.msl, verdict);
        let mut y = ladder.draw(caption);

        let mut foot = Group::new();
        if !self.foot.is_empty() {
            y = notes(&mut foot, &self.foot, y + 24.) - 8.;
        }
        let height = y + 12.;
        let page = Rectangle::new().set("class", "lastack-page").set("width", WIDTH).set("height", height);
        SVG::new()
            .set("class", "lastack")
            .set("role", "img")
            .set("style", "max-width: 100%; height: auto")
            .set("viewBox", (0, 0, WIDTH, height))
            .set("width", WIDTH)
            .set("height", height)
            .add(Title::new(legal(self.title)))
            .add(Description::new().add(svg::node::Text::new(legal(self.about))))
            .add(Style::new(STYLE))
            .add(page)
            .add(ladder.behind)
            .add(ladder.lines)
            .add(ladder.labels)
            .add(head)
            .add(foot)
            .to_string()
    }
}

/// Writes notes from a height on; where the next line would stand.
fn notes(group: &mut Group, notes: &[Note], mut y: f64) -> f64 {
    for note in notes {
        if !note.key.is_empty() {
            group.append(text(Point { x: MARGIN, y }, "lastack-key", "start", note.key));
        }
        for line in lines(&note.text) {
            group.append(text(Point { x: COLUMN, y }, note.class, "start", line));
            y += 18.;
        }
    }
    y
}
