//! Verdicts as JUnit's XML: a suite for each scenario, a case for each property.

use quick_junit::{NonSuccessKind, Property, Report, TestCase, TestCaseStatus, TestSuite};

use super::show_command::ShowCommand;
use super::verdict_note::{VerdictNote, verdict_notes};
use crate::check::{Checked, CrossCheck, Outcome, Tally};
use crate::invariant::broken;
use crate::property::Verdict;
use crate::report::policy;
use crate::text::visible_lines;

/// The report, with a final line break.
#[must_use]
pub fn report(all: &[Checked], show_command: &ShowCommand) -> String {
    let mut report = Report::new("lastack check");
    report.set_time(all.iter().map(|checked| checked.stats.elapsed).sum());
    report.add_test_suites(all.iter().map(|checked| suite(checked, show_command)));
    // To write into memory does not fail.
    let xml = report.to_string().unwrap_or_else(|error| broken(format_args!("XML cannot be written: {error}")));
    // The schema by which Jenkins refuses reports has no number of skipped cases for all suites together.
    xml.replacen(&format!(" skipped=\"{}\"", report.skipped), "", 1)
}

/// The exploration itself, stateright's opinion if it was asked, and each property. No property has a name with a
/// space.
fn suite(checked: &Checked, show_command: &ShowCommand) -> TestSuite {
    let (scenario, stats) = (&checked.scenario, checked.stats);
    let mut suite = TestSuite::new(scenario.name.as_str());
    suite.set_time(stats.elapsed);
    let tally = Tally::of(std::slice::from_ref(checked));
    let mut properties = vec![
        ("about", line(&scenario.about)),
        ("file", line(&scenario.source.path)),
        (if scenario.is_real_time() { "zones" } else { "states" }, stats.states.to_string()),
        ("transitions", stats.transitions.to_string()),
        ("verdicts", tally.verdicts.to_string()),
        ("compared", tally.compared.to_string()),
    ];
    properties.extend(stats.depth.map(|depth| ("depth", depth.to_string())));
    properties.extend(policy::kept(scenario).map(|kept| ("kept", line(&kept))));
    properties.extend(policy::rounded(scenario).map(|rounded| ("rounded", line(&rounded))));
    if scenario.is_changed() {
        properties.push(("changes", line(&scenario.changes.join(", "))));
    }
    suite.add_properties(properties.into_iter().map(|(name, value)| Property::new(name, value)));
    suite.add_test_case(case(
        checked,
        "explored to the end",
        match checked.stopped.filter(|stopped| !stopped.leaves_only_runs_open()) {
            Some(stopped) => {
                unsuccessful(NonSuccessKind::Error, "stopped", &stopped.to_string(), &stopped.to_string())
            }
            None => TestCaseStatus::success(),
        },
    ));
    if let Some(cross_check) = &checked.cross_check {
        suite.add_test_case(case(checked, "agrees with second opinions", second_opinion(cross_check)));
    }
    suite.add_test_cases(checked.results.iter().map(|outcome| of_property(checked, outcome, show_command)));
    suite
}

fn case(checked: &Checked, name: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(checked.scenario.name.as_str());
    case
}

fn of_property(checked: &Checked, outcome: &Outcome, show_command: &ShowCommand) -> TestCase {
    let (surprises, expected): (Vec<_>, Vec<_>) =
        verdict_notes(checked, outcome).into_iter().partition(|note| note.is_surprise);
    let status = if !surprises.is_empty() {
        failure(checked, &surprises, show_command)
    } else if outcome.is_undecided() {
        let why = checked.stopped.map(|stopped| stopped.to_string()).unwrap_or_default();
        unsuccessful(NonSuccessKind::Error, "undecided", &why, &why)
    } else if matches!(outcome.verdict, Verdict::NotApplicable | Verdict::Vacuous) {
        let mut skipped = TestCaseStatus::skipped();
        skipped.set_message(outcome.verdict.to_string());
        skipped
    } else {
        TestCaseStatus::success()
    };
    let mut case = case(checked, &outcome.property.name, status);
    if !expected.is_empty() {
        let text = expected.iter().map(|one| format!("{} {}, {}", one.name, one.kind_label(), one.reason()));
        case.set_system_out(legal(&text.collect::<Vec<_>>().join("\n")));
    }
    case
}

fn unsuccessful(kind: NonSuccessKind, what: &str, message: &str, body: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status.set_type(what).set_message(line(message)).set_description(legal(body));
    status
}

fn second_opinion(cross_check: &CrossCheck) -> TestCaseStatus {
    let disagreements: Vec<String> = cross_check.disagreements.iter().map(ToString::to_string).collect();
    match (disagreements.is_empty(), &cross_check.stopped) {
        (false, _) => {
            let (message, body) = (disagreements.join("; "), disagreements.join("\n"));
            unsuccessful(NonSuccessKind::Failure, "differs", &message, &body)
        }
        (true, Some(limit)) if cross_check.is_out_of_reach() => {
            let mut status = TestCaseStatus::skipped();
            status.set_message(line(&format!("whole ticks have no room for it: {limit}")));
            status
        }
        (true, Some(stopped)) => {
            let why = format!("stateright: {stopped}");
            unsuccessful(NonSuccessKind::Error, "stopped", &why, &why)
        }
        (true, None) => TestCaseStatus::success(),
    }
}

/// An unexpected verdict: why, and the command that shows it.
fn failure(checked: &Checked, surprises: &[VerdictNote<'_>], show_command: &ShowCommand) -> TestCaseStatus {
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
    let messages: Vec<String> = surprises.iter().map(message).collect();
    let bodies: Vec<String> = surprises.iter().map(body).collect();
    unsuccessful(NonSuccessKind::Failure, "unexpected", &messages.join("; "), &bodies.join("\n"))
}

/// The text in one line: a reader turns the line breaks of an attribute into spaces.
fn line(text: &str) -> String {
    legal(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// The text as people may see it, without what no XML document has, escaped or not.
fn legal(text: &str) -> String {
    visible_lines(text).replace('\r', "").replace(['\u{FFFE}', '\u{FFFF}'], "?")
}
