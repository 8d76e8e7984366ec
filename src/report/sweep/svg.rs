//! A sweep as a heat map: verdicts by colour and by sign, a grid for each combination of the values beyond the
//! first two keys.
//!
//! Like the other pictures it needs no script, font or file besides itself, and follows the reader's choice of
//! light or dark.

use svg::node::Node;
use svg::node::element::{Description, Element, Group, Path, Rectangle, SVG, Style, Title};

use super::grid::{Field, Grid, Grids, LeastField};
use super::sign::Sign;
use crate::property::Verdict;
use crate::report::drawing::{Point, STYLE, WIDTH, legal, lines, text, width_of};
use crate::scenario::unit_of;
use crate::sweep::{AxisHead, Results};

/// What the fields look like, besides what all pictures have.
const FIELDS: &str = include_str!("heat_map.css");

const MARGIN: f64 = 16.;
/// The height of a field, and its least width.
const FIELD: f64 = 30.;
/// The space between two grids.
const GAP: f64 = 28.;

/// The picture.
pub(super) fn picture(results: &Results) -> String {
    let head = &results.head;
    let grids = Grids::of(results);
    let what = match head.least.as_deref().filter(|_| head.vary.len() > 1) {
        Some(key) => {
            let axis = head.vary.iter().find(|axis| axis.key == key);
            format!("The least {} with which {} holds", axis.map_or(key.to_owned(), with_unit), head.property)
        }
        None => head.property.clone(),
    };
    let title = format!("{what} in {}", head.scenario);
    let keys: Vec<&str> = head.vary.iter().map(|axis| axis.key.as_str()).collect();
    let description = format!("{} for each {}. {}", head.property, keys.join(" and "), summary(results));
    let mut drawing = Group::new();
    let mut y = MARGIN + 16.;
    for line in lines(&title) {
        drawing.append(text(Point { x: MARGIN, y }, "lastack-title", "start", line));
        y += 22.;
    }
    let set = if head.settings.is_empty() { String::new() } else { format!("; {}", head.settings.join(", ")) };
    for line in lines(&format!("{}{set}", head.formula)) {
        drawing.append(text(Point { x: MARGIN, y }, "lastack-small", "start", line));
        y += 16.;
    }
    let layout = Layout::of(&grids);
    let (mut x, mut width) = (MARGIN, WIDTH);
    for grid in &grids.all {
        if x > MARGIN && x + layout.width > WIDTH - MARGIN {
            (x, y) = (MARGIN, y + layout.height + GAP);
        }
        layout.draw(&mut drawing, grid, &grids, Point { x, y });
        width = width.max(x + layout.width + MARGIN);
        x += layout.width + GAP;
    }
    y += layout.height + GAP;
    let height = legend(&mut drawing, &grids, y) + MARGIN;
    let page = Rectangle::new().set("class", "lastack-page").set("width", width).set("height", height);
    SVG::new()
        .set("class", "lastack")
        .set("role", "img")
        .set("style", "max-width: 100%; height: auto")
        .set("viewBox", (0, 0, width, height))
        .set("width", width)
        .set("height", height)
        .add(Title::new(legal(&title)))
        .add(Description::new().add(svg::node::Text::new(legal(&description))))
        .add(Style::new(format!("{STYLE}{FIELDS}")))
        .add(page)
        .add(drawing)
        .to_string()
        + "\n"
}

/// How many worlds have each verdict.
fn summary(results: &Results) -> String {
    let own: Vec<usize> = results.head.own_rows().into_iter().flatten().collect();
    let mut signs: Vec<Sign> = own.iter().map(|world| Sign::of(results.known.get(world))).collect();
    signs.sort_unstable();
    let counts: Vec<String> = signs
        .chunk_by(|one, other| one == other)
        .filter_map(|same| Some(format!("{}: {}", same.first()?.name(), same.len())))
        .collect();
    format!("Worlds by verdict: {}.", counts.join(", "))
}

/// Where the parts of a grid are, from its left upper corner on.
struct Layout {
    /// Left of the fields.
    margin: f64,
    /// Above them.
    top: f64,
    /// Of a field.
    field: f64,
    /// Of all.
    width: f64,
    height: f64,
}

impl Layout {
    fn of(grids: &Grids<'_>) -> Self {
        let widest =
            |texts: &mut dyn Iterator<Item = String>| texts.map(|text| width_of(&text)).fold(0., f64::max);
        let values =
            |axis: Option<&AxisHead>| axis.map(|axis| axis.values.clone()).unwrap_or_default().into_iter();
        let fields = grids.all.iter().flat_map(|grid| grid.rows.iter().flatten()).map(|field| match field {
            Field::World(_) => String::new(),
            Field::Least(least) => least.text(),
        });
        let field = (widest(&mut values(grids.x).chain(fields)) + 8.).max(FIELD);
        let margin = widest(&mut values(grids.y)).max(grids.y.map_or(0., |axis| width_of(&with_unit(axis)))) + 8.;
        let is_one_of_many = grids.all.iter().any(|grid| !grid.others.is_empty());
        let top = if is_one_of_many { 58. } else { 40. };
        let count = |axis: Option<&AxisHead>| axis.map_or(1., |axis| size(axis.values.len()));
        let heading = grids.all.iter().map(|grid| width_of(&heading(grid))).fold(0., f64::max);
        let width = (margin + count(grids.x) * field).max(heading).max(margin + name_width(grids.x));
        Self { margin, top, field, width, height: top + count(grids.y) * FIELD }
    }

    fn draw(&self, drawing: &mut Group, grid: &Grid<'_>, grids: &Grids<'_>, at: Point) {
        let Point { x: left, y: above } = at;
        if !grid.others.is_empty() {
            drawing.append(text(Point { x: left, y: above + 14. }, "lastack-caption", "start", heading(grid)));
        }
        let (left, above) = (left + self.margin, above + self.top);
        if let Some(x) = grids.x {
            drawing.append(text(Point { x: left, y: above - 24. }, "lastack-key", "start", with_unit(x)));
        }
        if let Some(y) = grids.y {
            drawing.append(text(Point { x: left - 8., y: above - 7. }, "lastack-key", "end", with_unit(y)));
        }
        for (column, value) in grids.x.iter().flat_map(|axis| &axis.values).enumerate() {
            let middle = left + (size(column) + 0.5) * self.field;
            drawing.append(text(Point { x: middle, y: above - 7. }, "lastack-code", "middle", value.as_str()));
        }
        for (line, row) in grid.rows.iter().enumerate() {
            let y = above + size(line) * FIELD;
            let value = grids.y.and_then(|axis| axis.values.get(line)).map_or("", String::as_str);
            drawing.append(text(Point { x: left - 8., y: y + 20. }, "lastack-code", "end", value));
            for (column, field) in row.iter().enumerate() {
                let x = left + size(column) * self.field;
                let of_x = grids.x.and_then(|axis| Some((axis.key.as_str(), axis.values.get(column)?.as_str())));
                let of_y = grids.y.and_then(|axis| Some((axis.key.as_str(), axis.values.get(line)?.as_str())));
                let values: Vec<String> = of_x
                    .into_iter()
                    .chain(of_y)
                    .chain(grid.others.iter().copied())
                    .map(|(key, value)| format!("{key} = {value}"))
                    .collect();
                drawing.append(shown(*field, Point { x, y }, self.field, &values.join(", ")));
            }
        }
    }
}

/// A field with its sign; where a pointer rests on it, its values in words.
fn shown(field: Field<'_>, at: Point, width: f64, values: &str) -> Group {
    let (word, class) = match field {
        Field::World(sign) => (sign.name().to_owned(), class(sign)),
        Field::Least(LeastField { value: Some(_), .. }) => (least_word(&field), "least".to_owned()),
        Field::Least(LeastField { is_done: true, .. }) => (least_word(&field), "none".to_owned()),
        Field::Least(_) => (Sign::NotExplored.name().to_owned(), class(Sign::NotExplored)),
    };
    let colon = if values.is_empty() { "" } else { ": " };
    let mut group = Group::new().add(Title::new(legal(&format!("{values}{colon}{word}"))));
    let mut rectangle = Rectangle::new()
        .set("class", format!("lastack-field lastack-{class}"))
        .set("x", at.x + 1.)
        .set("y", at.y + 1.)
        .set("width", width - 2.)
        .set("height", FIELD - 2.)
        .set("rx", 3);
    let middle = Point { x: at.x + width / 2., y: at.y + FIELD / 2. };
    match field {
        Field::World(sign) => {
            group.append(rectangle);
            group.append(drawn(sign, middle));
        }
        Field::Least(least) => {
            if least.value.is_some() {
                // The greater the value, the darker; never so dark that the number could not be read.
                rectangle.assign("fill-opacity", (100. * (0.1 + 0.4 * share(&least))).round() / 100.);
            }
            group.append(rectangle);
            group.append(text(Point { x: middle.x, y: middle.y + 4. }, "lastack-code", "middle", least.text()));
        }
    }
    group
}

/// The word for a least value.
fn least_word(field: &Field<'_>) -> String {
    match field {
        Field::Least(least) => format!("least {}", least.text()),
        Field::World(sign) => sign.name().to_owned(),
    }
}

/// How great a least value is among those that were tried: from 0 to 1.
fn share(field: &LeastField<'_>) -> f64 {
    let place = field.least.place.unwrap_or_default();
    size(place) / size(field.of.saturating_sub(1).max(1))
}

/// The sign of a verdict, drawn: no font has to have it.
fn drawn(sign: Sign, middle: Point) -> Element {
    let Point { x, y } = middle;
    let path = |lines: &str| -> Element {
        let class = format!("lastack-sign lastack-{}", class(sign));
        Path::new().set("class", class).set("d", lines).set("transform", format!("translate({x} {y})")).into()
    };
    match sign {
        Sign::Of(Verdict::Holds) => path("M-6 0l4 5l8 -10"),
        Sign::Of(Verdict::Violated) => path("M-5 -5l10 10M5 -5l-10 10"),
        Sign::Of(Verdict::Possible | Verdict::Impossible) => path("M0 -6l6 6l-6 6l-6 -6z"),
        Sign::Of(Verdict::NotApplicable) => path("M-5 0h10"),
        Sign::NotExplored => path("M0 0h0.1"),
        Sign::Of(Verdict::Vacuous | Verdict::Undecided) | Sign::Refused => {
            let (character, _) = sign.characters();
            text(Point { x, y: y + 5. }, "lastack-name", "middle", character.to_string()).into()
        }
    }
}

/// What the signs, and the marks on least values, mean; where the next line would stand.
fn legend(drawing: &mut Group, grids: &Grids<'_>, y: f64) -> f64 {
    let mut x = MARGIN;
    for sign in grids.signs() {
        drawing.append(shown(Field::World(sign), Point { x, y }, FIELD, ""));
        drawing.append(text(Point { x: x + FIELD + 6., y: y + 19. }, "lastack-prose", "start", sign.name()));
        x += FIELD + 6. + width_of(sign.name()) + 20.;
    }
    let marks = grids.marks();
    let mut below = if x > MARGIN { y + FIELD + 16. } else { y + 12. };
    for (mark, meaning) in marks {
        drawing.append(text(
            Point { x: MARGIN, y: below },
            "lastack-prose",
            "start",
            format!("{mark}: {meaning}"),
        ));
        below += 18.;
    }
    below - 12.
}

fn heading(grid: &Grid<'_>) -> String {
    grid.others.iter().map(|(key, value)| format!("{key} = {value}")).collect::<Vec<_>>().join(", ")
}

fn name_width(axis: Option<&AxisHead>) -> f64 {
    axis.map_or(0., |axis| width_of(&with_unit(axis)))
}

/// The key of an axis, and the unit of its numbers, unless a value has its own, as in `2 msl`.
fn with_unit(axis: &AxisHead) -> String {
    let has_own =
        |value: &String| value.parse::<f64>().is_err() && value.contains(|char: char| char.is_ascii_digit());
    match unit_of(&axis.key).filter(|_| !axis.values.iter().any(has_own)) {
        Some(unit) => format!("{} ({unit})", axis.key),
        None => axis.key.clone(),
    }
}

fn class(sign: Sign) -> String {
    sign.name().replace(' ', "-")
}

fn size(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX))
}
