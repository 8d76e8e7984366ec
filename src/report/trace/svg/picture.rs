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
    /// The picture by itself, with its styles.
    pub(super) fn draw(&self, trace: &Trace, timeline: &SegmentTimeline) -> String {
        self.drawn(trace, timeline, true).0
    }

    /// The picture for a page that has [`STYLE`], and the height at which each state of the trace stands.
    pub(super) fn embed(&self, trace: &Trace, timeline: &SegmentTimeline) -> (String, Vec<f64>) {
        let (picture, layout) = self.drawn(trace, timeline, false);
        let heights = std::iter::once(layout.top()).chain(layout.rows.iter().map(|row| row.sends));
        (picture, heights.collect())
    }

    fn drawn(&self, trace: &Trace, timeline: &SegmentTimeline, is_alone: bool) -> (String, Layout) {
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
        let mut picture = SVG::new()
            .set("class", "lastack")
            .set("role", "img")
            .set("viewBox", (0, 0, WIDTH, height))
            .set("width", WIDTH)
            .set("height", height)
            .add(Title::new(legal(self.title)))
            .add(Description::new().add(svg::node::Text::new(legal(self.about))));
        if is_alone {
            picture = picture.set("style", "max-width: 100%; height: auto").add(Style::new(STYLE));
        }
        let (behind, lines, labels) = (ladder.behind, ladder.lines, ladder.labels);
        let picture = picture.add(page).add(behind).add(lines).add(labels).add(head).add(foot);
        (picture.to_string(), layout)
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
