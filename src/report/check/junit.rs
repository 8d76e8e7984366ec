//! Verdicts as JUnit's XML: a suite for each scenario, a case for each property.

use std::io;
use std::time::Duration;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::show_command::ShowCommand;
use super::verdict_note::{VerdictNote, verdict_notes};
use crate::check::{Checked, CrossCheck, Disagreement};
use crate::property::Verdict;
use crate::text::visible_lines;

type Xml = Writer<Vec<u8>>;

/// The report, with a final line break.
#[must_use]
pub fn report(all: &[Checked], show_command: &ShowCommand) -> String {
    let suites: Vec<(&Checked, Vec<Case>)> =
        all.iter().map(|checked| (checked, cases(checked, show_command))).collect();
    // To write into memory does not fail.
    write(&suites).map_or_else(|error| error.to_string(), |xml| String::from_utf8_lossy(&xml).into_owned() + "\n")
}

/// Something that passes or does not.
struct Case {
    name: String,
    end: End,
    /// What is said of it although it passes.
    text: String,
}

enum End {
    Success,
    /// Why it has nothing to say.
    Skipped(String),
    /// It is not as expected.
    Failure(Problem),
    /// It is not known whether it is.
    Error(Problem),
}

struct Problem {
    kind: &'static str,
    message: String,
    body: String,
}

/// The exploration itself, stateright's opinion if it was asked, and each property. No property has a name with a
/// space.
fn cases(checked: &Checked, show_command: &ShowCommand) -> Vec<Case> {
    let case = |name: &str, end: End| Case { name: name.to_owned(), end, text: String::new() };
    let stopped = checked.stopped.map(|stopped| stopped.to_string());
    let explored = stopped.clone().map_or(End::Success, |why| End::error("stopped", why));
    let mut cases = vec![case("explored to the end", explored)];
    cases.extend(checked.cross_check.as_ref().map(|one| case("agrees with stateright", second_opinion(one))));
    for outcome in &checked.results {
        let verdict_notes = verdict_notes(checked, outcome);
        let (surprises, expected): (Vec<_>, Vec<_>) = verdict_notes.into_iter().partition(|note| note.is_surprise);
        let text = expected.iter().map(|one| format!("{} {}, {}", one.name, one.kind_label(), one.reason()));
        let end = if !surprises.is_empty() {
            failure(checked, &surprises, show_command)
        } else if outcome.is_undecided() {
            End::error("undecided", stopped.clone().unwrap_or_default())
        } else if matches!(outcome.verdict, Verdict::NotApplicable | Verdict::Vacuous) {
            End::Skipped(outcome.verdict.to_string())
        } else {
            End::Success
        };
        let text = text.collect::<Vec<_>>().join("\n");
        cases.push(Case { name: outcome.property.name.clone(), end, text });
    }
    cases
}

impl End {
    fn error(kind: &'static str, why: String) -> Self {
        Self::Error(Problem { kind, body: why.clone(), message: why })
    }
}

fn second_opinion(cross_check: &CrossCheck) -> End {
    let difference = |Disagreement { what, lastack, stateright }: &Disagreement| {
        format!("{what}: {lastack} by lastack, {stateright} by stateright")
    };
    let disagreements: Vec<String> = cross_check.disagreements.iter().map(difference).collect();
    match (disagreements.is_empty(), &cross_check.stopped) {
        (false, _) => {
            let (message, body) = (disagreements.join("; "), disagreements.join("\n"));
            End::Failure(Problem { kind: "differs", message, body })
        }
        (true, Some(stopped)) => End::error("stopped", format!("stateright: {stopped}")),
        (true, None) => End::Success,
    }
}

/// What is not as expected, why, and what shows it.
fn failure(checked: &Checked, surprises: &[VerdictNote<'_>], show_command: &ShowCommand) -> End {
    let message = |one: &VerdictNote<'_>| match one.expected {
        Some(expected) => format!("{}: expected {expected}, {}", one.name, one.kind_label()),
        None => format!("{} {}", one.name, one.kind_label()),
    };
    let body = |one: &VerdictNote<'_>| {
        let verdict = format!("{} {} in {}", one.name, one.kind_label(), checked.scenario.name);
        let command = one.has_trace().then(|| show_command.show(&checked.scenario, &one.name));
        let lines = [Some(verdict), Some(one.reason()).filter(|reason| !reason.is_empty()), command];
        lines.into_iter().flatten().collect::<Vec<_>>().join("\n")
    };
    End::Failure(Problem {
        kind: "unexpected",
        message: surprises.iter().map(message).collect::<Vec<_>>().join("; "),
        body: surprises.iter().map(body).collect::<Vec<_>>().join("\n"),
    })
}

fn write(suites: &[(&Checked, Vec<Case>)]) -> io::Result<Vec<u8>> {
    let mut xml = Writer::new_with_indent(Vec::new(), b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let elapsed: Duration = suites.iter().map(|(checked, _)| checked.stats.elapsed).sum();
    let all: Vec<&Case> = suites.iter().flat_map(|(_, cases)| cases).collect();
    xml.create_element("testsuites")
        .with_attributes([("name", "lastack check"), ("time", &seconds(elapsed))])
        .with_attributes(counts(&all).iter().filter(|(name, _)| *name != "skipped").map(|(name, n)| (*name, &**n)))
        .write_inner_content(|xml| suites.iter().try_for_each(|(checked, cases)| suite(xml, checked, cases)))?;
    Ok(xml.into_inner())
}

fn suite(xml: &mut Xml, checked: &Checked, cases: &[Case]) -> io::Result<()> {
    let (scenario, stats) = (&checked.scenario, checked.stats);
    let mut properties = vec![
        ("about", scenario.about.clone()),
        ("file", scenario.source.path.clone()),
        ("states", stats.states.to_string()),
        ("transitions", stats.transitions.to_string()),
    ];
    properties.extend(stats.depth.map(|depth| ("depth", depth.to_string())));
    if scenario.is_changed() {
        properties.push(("changes", scenario.changes.join(", ")));
    }
    let counts = counts(&cases.iter().collect::<Vec<_>>());
    xml.create_element("testsuite")
        .with_attributes([("name", scenario.name.as_str()), ("time", &seconds(stats.elapsed))])
        .with_attributes(counts.iter().map(|(name, number)| (*name, number.as_str())))
        .write_inner_content(|xml| {
            xml.create_element("properties").write_inner_content(|xml| {
                properties.iter().try_for_each(|(name, value)| {
                    let attributes = [("name", *name), ("value", &line(value))];
                    xml.create_element("property").with_attributes(attributes).write_empty().map(drop)
                })
            })?;
            cases.iter().try_for_each(|one| case(xml, &scenario.name, one))
        })?;
    Ok(())
}

fn case(xml: &mut Xml, class: &str, case: &Case) -> io::Result<()> {
    let element =
        xml.create_element("testcase").with_attributes([("name", case.name.as_str()), ("classname", class)]);
    if matches!(case.end, End::Success) && case.text.is_empty() {
        return element.write_empty().map(drop);
    }
    element.write_inner_content(|xml| {
        let unsuccessful = |xml: &mut Xml, name: &str, text: &Problem| {
            let attributes = [("message", &*line(&text.message)), ("type", text.kind)];
            let element = xml.create_element(name).with_attributes(attributes);
            element.write_text_content(BytesText::new(&legal(&text.body))).map(drop)
        };
        match &case.end {
            End::Success => {}
            End::Skipped(why) => {
                xml.create_element("skipped").with_attribute(("message", &*line(why))).write_empty()?;
            }
            End::Failure(text) => unsuccessful(xml, "failure", text)?,
            End::Error(text) => unsuccessful(xml, "error", text)?,
        }
        if !case.text.is_empty() {
            xml.create_element("system-out").write_text_content(BytesText::new(&legal(&case.text)))?;
        }
        Ok(())
    })?;
    Ok(())
}

fn counts(cases: &[&Case]) -> [(&'static str, String); 4] {
    let of = |is: fn(&End) -> bool| cases.iter().filter(|case| is(&case.end)).count().to_string();
    [
        ("tests", cases.len().to_string()),
        ("failures", of(|end| matches!(end, End::Failure(_)))),
        ("errors", of(|end| matches!(end, End::Error(_)))),
        ("skipped", of(|end| matches!(end, End::Skipped(_)))),
    ]
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.3}", elapsed.as_secs_f64())
}

/// The text in one line: a reader turns the line breaks of an attribute into spaces.
fn line(text: &str) -> String {
    legal(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The text as people may see it, without what no XML document has, escaped or not.
fn legal(text: &str) -> String {
    visible_lines(text).replace('\r', "").replace(['\u{FFFE}', '\u{FFFF}'], "?")
}
