//! A trace as a picture: the ladder with its arrows slanted from sending to delivery, and time to scale.
//!
//! The pictures need no script, font or file besides themselves, follow the reader's choice of light or dark, and
//! can stand beside each other in one page: they have no ids, and the names of their classes begin with `lastack`.
//! The layout is by hand, because time is drawn to scale; the elements are the crate `svg`'s.

mod ladder;
mod layout;
mod picture;

use std::borrow::Cow;

use super::svg::picture::{Note, Picture};
pub(crate) use crate::report::drawing::STYLE;

use crate::property::Instance;
use crate::scenario::Scenario;
use crate::trace::caption::{describe_ending, in_flight, reason, shown};
use crate::trace::timeline::SegmentTimeline;
use crate::trace::{RunEnding, Trace};

/// No more steps than this are drawn.
const MOST_STEPS: usize = 400;

/// The trace that decides an instance, with what it shows above and where it ends below.
#[must_use]
pub fn draw(scenario: &Scenario, instance: &Instance, trace: &Trace) -> String {
    let verdict = shown(instance);
    let title = format!("{} is {verdict} in {}", instance.name(), scenario.name);
    let mut head = vec![
        Note::prose("property", &instance.property.about),
        Note::code("formula", &instance.property.formula.to_string()),
    ];
    if let Some(end) = instance.end {
        head.push(Note::prose("", &format!("where self is {end} and peer is {}", end.peer())));
    }
    if scenario.is_changed() {
        head.push(Note::code("set", &scenario.changes.join(", ")));
    }
    let (drawn, left_out) = cut(trace);
    let timeline = SegmentTimeline::of(&drawn);
    let mut foot = vec![Note::prose("in flight", &in_flight(&drawn, &timeline))];
    for (place, line) in describe_ending(&drawn, "that are shaded").iter().enumerate() {
        foot.push(Note::prose(if place == 0 { "forever" } else { "" }, line));
    }
    // The part of a longer trace that is drawn ends before the evidence of the verdict.
    let (foot, caption) = match left_out {
        Some(left_out) => (vec![left_out], None),
        None => (foot, Some((verdict, caption(trace, instance)))),
    };
    Picture {
        title: &title,
        about: reason(scenario, instance).unwrap_or(&scenario.about),
        head,
        foot,
        caption,
        msl: Some(scenario.config.msl),
    }
    .draw(&drawn, &timeline)
}

/// The ladder alone. `msl` is in ticks; `None` in a world without a clock.
#[must_use]
pub fn path(msl: Option<u32>, trace: &Trace) -> String {
    let (drawn, left_out) = cut(trace);
    let [a, b] = trace.last().states();
    Picture {
        title: "The way to a state",
        about: &format!("A is {a}, B is {b}"),
        head: Vec::new(),
        foot: left_out.into_iter().collect(),
        caption: None,
        msl,
    }
    .draw(&drawn, &SegmentTimeline::of(&drawn))
}

/// A ladder for a page that has the [`STYLE`] of pictures.
pub(crate) struct EmbeddedLadder {
    /// The picture, without the text above and below.
    pub(crate) svg: String,
    /// The height at which each state stands, from the initial one on, in the units of the picture.
    pub(crate) heights: Vec<f64>,
}

/// The ladder alone, with the end highlighted if that decides an instance.
pub(crate) fn embedded(msl: u32, trace: &Trace, decided: Option<&Instance>) -> EmbeddedLadder {
    let (drawn, left_out) = cut(trace);
    let decided = decided.filter(|_| left_out.is_none());
    let [a, b] = trace.last().states();
    let picture = Picture {
        title: "The ladder of the path",
        about: &format!("It leads to a state in which A is {a} and B is {b}"),
        head: Vec::new(),
        foot: left_out.into_iter().collect(),
        caption: decided.map(|instance| (shown(instance), caption(trace, instance))),
        msl: Some(msl),
    };
    let (svg, heights) = picture.embed(&drawn, &SegmentTimeline::of(&drawn));
    EmbeddedLadder { svg, heights }
}

/// What the end of a trace shows.
fn caption(trace: &Trace, instance: &Instance) -> String {
    let decided = format!("{} is {}", instance.name(), shown(instance));
    match trace.ending {
        RunEnding::Open => decided,
        RunEnding::Stops { .. } => format!("nothing happens any more: {decided}"),
        RunEnding::Repeats { .. } => format!("again and again: {decided}"),
    }
}

/// The part of a trace that is drawn, and a sentence about the rest.
fn cut(trace: &Trace) -> (Cow<'_, Trace>, Option<Note>) {
    let rest = trace.steps.len().saturating_sub(MOST_STEPS);
    if rest == 0 {
        return (Cow::Borrowed(trace), None);
    }
    let steps = trace.steps.iter().take(MOST_STEPS).cloned().collect();
    let Trace { parts, slack, .. } = *trace;
    let drawn = Trace { initial: trace.initial.clone(), steps, ending: RunEnding::Open, parts, slack };
    (Cow::Owned(drawn), Some(Note::prose("left out", &format!("the {rest} steps that follow these {MOST_STEPS}"))))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use roxmltree::{Document, Node};

    use super::*;
    use crate::check::{Library, shortest_trace};
    use crate::diagnostic::SourceFile;
    use crate::explore::Limits;
    use crate::model::{Action, End, Event, TimedWorld, World};
    use crate::property::Property;
    use crate::report::drawing::LIFELINES;
    use crate::scenario::Setting;

    fn scenario(name: &str, settings: &[&str]) -> Arc<Scenario> {
        let settings: Vec<_> = settings.iter().map(|text| Setting::parse(text).unwrap()).collect();
        Library::shipped().unwrap().scenarios(&[name.to_owned()], &settings, 1).unwrap().remove(0)
    }

    /// A run of a timed world, in which one of the enabled actions is chosen again and again.
    fn walk(scenario: &Scenario, mut choose: impl FnMut(&[Action]) -> Option<Action>) -> Trace {
        let world = TimedWorld::new(scenario.config);
        let mut state = world.initial().unwrap();
        let initial = world.snapshot(&state);
        let mut trace = Trace { initial, steps: Vec::new(), ending: RunEnding::Open, parts: 1, slack: [0; 2] };
        let mut enabled = Vec::new();
        world.enabled(&state, &mut enabled);
        while let Some(action) = choose(&enabled) {
            let Ok(next) = world.step(&state, action) else {
                break;
            };
            trace.steps.push(world.describe_step(&state, &action, &next));
            state = next;
            enabled.clear();
            world.enabled(&state, &mut enabled);
        }
        trace
    }

    fn number(node: Node<'_, '_>, name: &str) -> f64 {
        node.attribute(name).unwrap().parse().unwrap()
    }

    /// The numbers in a list of points, or in a path of `M` and `L`.
    fn numbers(text: &str) -> Vec<f64> {
        let is_number = |char: char| char.is_ascii_digit() || char == '.' || char == '-';
        text.split(|char| !is_number(char)).filter_map(|number| number.parse().ok()).collect()
    }

    fn of_class<'a, 'i>(document: &'a Document<'i>, class: &str) -> Vec<Node<'a, 'i>> {
        let has = |node: &Node<'_, '_>| {
            node.attribute("class").is_some_and(|all| all.split_whitespace().any(|one| one == class))
        };
        document.descendants().filter(has).collect()
    }

    /// The left, the right and the line of a text that is no title.
    fn extent(text: Node<'_, '_>) -> (f64, f64, f64) {
        let is_small = text.attribute("class").is_some_and(|class| class.contains("lastack-small"));
        let characters = text.text().unwrap().trim().chars().count();
        let width = f64::from(u32::try_from(characters).unwrap()) * if is_small { 6.65 } else { 7.25 };
        let (x, y) = (number(text, "x"), number(text, "y"));
        match text.attribute("text-anchor").unwrap() {
            "start" => (x, x + width, y),
            "end" => (x - width, x, y),
            _ => (x - width / 2., x + width / 2., y),
        }
    }

    /// Everything is inside, and beside each lifeline no label is on another.
    fn is_tidy(picture: &str) {
        let document = Document::parse(picture).unwrap();
        let view = numbers(document.root_element().attribute("viewBox").unwrap());
        let inside = |x: f64, y: f64| {
            assert!((0. ..=view[2]).contains(&x) && (0. ..=view[3]).contains(&y), "{x} {y}\n{picture}");
        };
        let mut outside: [Vec<(f64, f64)>; 2] = Default::default();
        for node in document.descendants().filter(Node::is_element) {
            match node.tag_name().name() {
                "rect" if node.attribute("x").is_some() => {
                    let (x, y) = (number(node, "x"), number(node, "y"));
                    inside(x, y);
                    inside(x + number(node, "width"), y + number(node, "height"));
                }
                "line" => {
                    inside(number(node, "x1"), number(node, "y1"));
                    inside(number(node, "x2"), number(node, "y2"));
                }
                "circle" => inside(number(node, "cx"), number(node, "cy")),
                "polygon" => {
                    numbers(node.attribute("points").unwrap()).chunks(2).for_each(|at| inside(at[0], at[1]));
                }
                "path" if node.attribute("class").unwrap().contains("lastack-way") => {
                    numbers(node.attribute("d").unwrap()).chunks(2).for_each(|at| inside(at[0], at[1]));
                }
                "text" => {
                    let (left, right, y) = extent(node);
                    inside(left, y - 10.);
                    inside(right, y + 3.);
                    if node.attribute("class").unwrap().contains("lastack-label") {
                        let [a, b] = LIFELINES;
                        outside[0].extend((right < a).then_some((y, left)));
                        outside[1].extend((left > b).then_some((y, right)));
                        assert!(right < a || left > b || (left > a && right < b), "{left} {right}\n{picture}");
                    }
                }
                _ => {}
            }
        }
        for side in &mut outside {
            side.sort_by(|one, other| one.0.total_cmp(&other.0));
            assert!(side.windows(2).all(|two| two[1].0 - two[0].0 >= 12.), "{side:?}\n{picture}");
        }
    }

    /// Each copy has one line, which begins and ends in the right instants.
    fn shows_every_copy(picture: &str, trace: &Trace) {
        let document = Document::parse(picture).unwrap();
        let rules: Vec<f64> =
            of_class(&document, "lastack-rule").into_iter().map(|rule| number(rule, "y1")).collect();
        let ticks =
            |steps: usize| trace.steps[..steps].iter().filter(|step| matches!(step.event, Event::Pass(_))).count();
        let mut drawn: Vec<(String, Vec<f64>)> = Vec::new();
        for copy in of_class(&document, "lastack-copy") {
            let name = copy.children().find(|child| child.has_tag_name("title")).unwrap().text().unwrap();
            let is_way = |child: &Node<'_, '_>| {
                child.has_tag_name("path") && child.attribute("class").unwrap().starts_with("lastack-way")
            };
            let ways: Vec<_> = copy.children().filter(is_way).collect();
            assert_eq!(ways.len(), 1, "{name}");
            drawn.push((name.to_owned(), numbers(ways[0].attribute("d").unwrap())));
        }
        let is_near = |one: f64, other: f64| (one - other).abs() < 0.1;
        let is_written = |label: &str, y: f64, margin: f64| {
            let texts = document.descendants().filter(|node| node.has_tag_name("text"));
            let mut written = texts.filter(|node| node.text().is_some_and(|text| text.trim() == label));
            written.any(|node| (number(node, "y") - y).abs() <= margin)
        };
        let timeline = SegmentTimeline::of(trace);
        assert_eq!(drawn.len(), timeline.all.len());
        for (copy, (name, way)) in timeline.all.iter().zip(&drawn) {
            assert_eq!(*name, format!("{} {} to {}", copy.label, copy.segment, copy.to));
            let [from_x, from_y, to_x, to_y] = way[..] else { panic!("{way:?}") };
            let [sender, receiver] = match copy.to {
                End::A => [LIFELINES[1], LIFELINES[0]],
                End::B => LIFELINES,
            };
            let crossed = |y: f64| rules.iter().filter(|rule| **rule <= y).count();
            let last = copy.delivered.first().or(copy.lost.as_ref()).map_or(trace.steps.len(), |step| step + 1);
            assert_eq!((crossed(from_y), crossed(to_y)), (ticks(copy.since + 1), ticks(last)), "{copy:?} {way:?}");
            assert!(from_y < to_y, "{copy:?} {way:?}");
            assert_eq!(is_near(sender, from_x), copy.duplicate_of.is_none(), "{copy:?} {way:?}");
            // A duplicate of a duplicate of a duplicate … begins so near that a cross looks like an arrival.
            if (from_x - receiver).abs() > 1. {
                assert_eq!(is_near(receiver, to_x), !copy.delivered.is_empty(), "{copy:?} {way:?}");
            }
            if copy.duplicate_of.is_none() {
                let label = format!("{} {}", copy.label, copy.segment);
                assert!(is_written(&label, from_y - 9., 5.), "{copy:?} {way:?}\n{picture}");
            }
            for step in &copy.delivered {
                let before = step.checked_sub(1).map_or(&trace.initial, |last| &trace.steps[last].after);
                let states = before.states().into_iter().zip(trace.steps[*step].after.states());
                for (_, state) in states.filter(|(before, after)| before != after) {
                    assert!(is_written(state.name(), to_y, 5.), "{copy:?} {way:?}\n{picture}");
                }
            }
            if let Some((_, of)) = copy.duplicate_of.map(|original| &drawn[original]) {
                let share = (from_y - of[1]) / (of[3] - of[1]);
                assert!((of[0] + (of[2] - of[0]) * share - from_x).abs() < 0.1, "{of:?} {way:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn any_behaviour_can_be_drawn(
            (name, settings) in prop::sample::select(vec![
                ("sequential", &["network.duplicates=4", "network.losses=4"][..]),
                ("no-time-wait", &["network.duplicates=2"]),
                ("simultaneous", &["network.msl=4", "network.duplicates=4", "a.tcp.time_wait=3"]),
                ("half-close", &["network.duplicates=2"]),
                ("time-wait-assassination", &["a.aborts=true"]),
                ("lossy-for-ever", &["b.sends=3", "network.duplicates=20"]),
            ]),
            choices in prop::collection::vec(any::<usize>(), 0..120),
        ) {
            let scenario = scenario(name, settings);
            let mut choices = choices.iter();
            let trace = walk(&scenario, |enabled| {
                enabled.get(choices.next()? % enabled.len().max(1)).copied()
            });
            let picture = path(Some(scenario.config.msl), &trace);
            is_tidy(&picture);
            shows_every_copy(&picture, &trace);
        }
    }

    fn shortest(scenario: &Scenario, property: &Arc<Property>) -> (Instance, Trace) {
        shortest_trace(scenario, &Instance::all(property), Limits::NONE).unwrap().found().unwrap()
    }

    #[test]
    fn what_a_user_writes_is_only_text() {
        let about = "x < y & \"z\" > 'w' ]]> </svg> \u{1}é";
        let text =
            format!("about = {}\nformula = 'never A.fin_sent'\nsources = ['x']\n", toml::Value::from(about));
        let property = Arc::new(Property::from_source(SourceFile::new("any.toml", text)).unwrap());
        let mut scenario = (*scenario("sequential", &["network.losses=0"])).clone();
        scenario.about = about.to_owned();
        let (instance, trace) = shortest(&scenario, &property);
        let picture = draw(&scenario, &instance, &trace);
        is_tidy(&picture);
        let document = Document::parse(&picture).unwrap();
        let shown = about.replace('\u{1}', "\\u{1}");
        let texts = document.descendants().filter(Node::is_text);
        let texts: Vec<_> = texts.filter_map(|node| node.text()).map(str::trim).collect();
        assert_eq!(texts.iter().filter(|text| **text == shown).count(), 2, "described and drawn: {texts:?}");
    }

    /// In a network that is a set, a copy arrives and is in flight still.
    #[test]
    fn a_world_without_a_clock_has_no_time() {
        let library = Library::shipped().unwrap();
        let property = library.properties(&["no-premature-closed".to_owned()]).unwrap().remove(0);
        let scenario = scenario("asynchronous", &[]);
        let (instance, trace) = shortest(&scenario, &property);
        let picture = draw(&scenario, &instance, &trace);
        is_tidy(&picture);
        let document = Document::parse(&picture).unwrap();
        assert!(of_class(&document, "lastack-instant").is_empty() && !picture.contains("MSL ="));
        let ways: Vec<_> = of_class(&document, "lastack-copy")
            .iter()
            .map(|copy| copy.children().filter(|child| child.has_tag_name("path")).count())
            .collect();
        assert_eq!(ways, [2, 1, 2, 1], "{picture}");
    }

    #[test]
    fn the_shortest_and_the_longest_behaviour_can_be_drawn() {
        let scenario = scenario("lossy-for-ever", &[]);
        let none = path(Some(2), &walk(&scenario, |_| None));
        is_tidy(&none);
        assert!(none.contains("ESTABLISHED") && !none.contains("left out"));
        let mut left = 2 * MOST_STEPS + 1;
        let trace = walk(&scenario, |enabled| {
            left = left.checked_sub(1)?;
            enabled.iter().find(|action| !matches!(action, Action::Call(End::B, _) | Action::Deliver(_))).copied()
        });
        assert_eq!(trace.steps.len(), 2 * MOST_STEPS + 1, "it goes on forever");
        let long = path(Some(2), &trace);
        is_tidy(&long);
        assert!(long.contains(&format!("the {} steps that follow these {MOST_STEPS}", MOST_STEPS + 1)));
    }

    /// The last step that is drawn decides nothing.
    #[test]
    fn what_is_cut_has_no_verdict_at_its_end() {
        let scenario = scenario("gives-up", &["network.delays=\"whole-ticks\"", "tcp.retries=15", "tcp.rto=40"]);
        let property = Library::shipped().unwrap().properties(&["both-close".to_owned()]).unwrap().remove(0);
        let (instance, trace) = shortest(&scenario, &property);
        let picture = draw(&scenario, &instance, &trace);
        is_tidy(&picture);
        let document = Document::parse(&picture).unwrap();
        assert!(trace.steps.len() > MOST_STEPS && picture.contains("steps that follow"));
        assert!(
            of_class(&document, "lastack-caption").is_empty()
                && of_class(&document, "lastack-band-violated").is_empty()
        );
        assert!(!picture.contains("in flight"));
    }

    /// A duplicate of a duplicate of a duplicate …
    #[test]
    fn long_labels_are_cut() {
        let scenario = scenario("lossless", &["network.duplicates=40"]);
        let mut step = 0;
        let trace = walk(&scenario, |enabled| {
            step += 1;
            let wanted = |action: &&Action| match (step, action) {
                (1, Action::Call(..)) | (2, Action::Duplicate(_)) => true,
                (3.., Action::Duplicate(copy)) => step % 2 == 1 && copy.is_duplicate(),
                (3.., Action::Lose(copy)) => step % 2 == 0 && copy.is_duplicate(),
                _ => false,
            };
            enabled.iter().find(wanted).copied()
        });
        let picture = path(Some(2), &trace);
        is_tidy(&picture);
        assert!(picture.contains("′′′′′′′′…"), "{picture}");
    }
}
