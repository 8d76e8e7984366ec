//! The endpoint that the worlds explore, held against what real stacks do.

mod replaying;
mod stacks;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use lastack::conform::recorded::{Case, CaseOutcome, Profile, StepDifference, parse, replay};
use lastack::diagnostic::SourceFile;
use lastack::policy::{NamedPolicy, Policies};
use serde::Deserialize;
use serde_json::{Value, json};

const CASES: &str = include_str!("../conformance/cases.jsonl");
const FURTHER: &str = include_str!("../conformance/further.jsonl");
const BUG_REPORTS: &str = include_str!("../conformance/bug-reports.jsonl");
const CHOICES: &str = include_str!("../conformance/choices.jsonl");
const PATHS: &str = include_str!("../conformance/linux-paths.jsonl");
const ROWS: &str = include_str!("../conformance/linux-6.18.jsonl");
const LIST: &str = include_str!("../conformance/differs.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    differs: Vec<Differs>,
    out_of_scope: Vec<OutOfScope>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Differs {
    name: String,
    step: usize,
    because: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutOfScope {
    names: Vec<String>,
    because: String,
}

fn policies() -> &'static Policies {
    static POLICIES: LazyLock<Policies> = LazyLock::new(|| Policies::shipped().unwrap());
    &POLICIES
}

fn cases(text: &str) -> Vec<Case> {
    let (cases, mistakes) = parse(&SourceFile::new("cases.jsonl", text), Profile::Named(policies()));
    assert!(mistakes.0.is_empty(), "{mistakes}");
    cases
}

fn outcome_of(case: &Value) -> CaseOutcome {
    let [case] = cases(&case.to_string()).try_into().unwrap();
    replay(&case).outcome
}

fn sequence(profile: &str, start: &str, events: &[&str], segments: &[&str], end: &str) -> Value {
    json!({
        "id": events.join(", "), "profile": profile, "start_state": start, "events": events,
        "expect_segments": segments, "expect_end_state": end,
    })
}

fn all_match(cases: &[Value]) {
    for case in cases {
        assert_eq!(outcome_of(case), CaseOutcome::Match, "{case}");
    }
}

/// What is listed differs as listed; all else matches.
#[test]
fn every_recorded_case_matches_or_is_listed() {
    let list: List = toml::from_str(LIST).unwrap();
    let mut expected: BTreeMap<&str, Option<usize>> = BTreeMap::new();
    for entry in &list.differs {
        assert!(entry.because.len() > 20, "{}: a reason", entry.name);
        assert_eq!(expected.insert(&entry.name, Some(entry.step)), None, "{} is listed twice", entry.name);
    }
    for entry in &list.out_of_scope {
        assert!(entry.because.len() > 20, "{:?}: a reason", entry.names);
        for name in &entry.names {
            assert_eq!(expected.insert(name, None), None, "{name} is listed twice");
        }
    }
    let all = [CASES, FURTHER, BUG_REPORTS, CHOICES, ROWS, PATHS].map(cases);
    assert_eq!(all.each_ref().map(Vec::len), [106, 120, 35, 28, 120, 697]);
    let mut wrong = Vec::new();
    for case in all.iter().flatten() {
        let seen = replay(case).outcome;
        let as_listed = match (expected.remove(case.name.as_str()), &seen) {
            (None, CaseOutcome::Match) | (Some(None), CaseOutcome::OutOfScope(_)) => true,
            (Some(Some(step)), CaseOutcome::Differs(differences)) => differences[0].step == step,
            _ => false,
        };
        if !as_listed {
            wrong.push(format!("{}: {seen:?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "not as listed:\n{}", wrong.join("\n"));
    assert!(expected.is_empty(), "listed, but not among the cases: {expected:?}");
}

/// `docs/conform.md` has how each file of cases comes out.
#[test]
fn the_table_of_files_is_what_happens() {
    let page = include_str!("../../docs/conform.md");
    for (name, text) in [
        ("cases", CASES),
        ("further", FURTHER),
        ("bug-reports", BUG_REPORTS),
        ("choices", CHOICES),
        ("linux-6.18", ROWS),
        ("linux-paths", PATHS),
    ] {
        let mut counts = [0; 3];
        for case in cases(text) {
            match replay(&case).outcome {
                CaseOutcome::Match => counts[0] += 1,
                CaseOutcome::Differs(_) => counts[1] += 1,
                CaseOutcome::OutOfScope(_) => counts[2] += 1,
            }
        }
        let row = page.lines().find(|line| line.starts_with(&format!("| `{name}.jsonl` |"))).unwrap();
        let [matching, differing, out_of_scope] = counts;
        assert!(row.ends_with(&format!("| {matching} | {differing} | {out_of_scope} |")), "{counts:?}: {row}");
    }
}

/// What `tests/bugs/answers.tsv` has looked up of each case: whether what it claims is so.
#[test]
fn every_case_of_a_bug_report_has_the_right_answer() {
    let lines = include_str!("../bugs/answers.tsv").lines().skip(1);
    let mut answers: BTreeMap<&str, &str> = lines.map(|line| line.split_once('\t').unwrap()).collect();
    for case in cases(BUG_REPORTS) {
        let answer = answers.remove(case.name.as_str()).unwrap_or_else(|| panic!("{}: no answer", case.name));
        let (claim, why) = answer.split_once('\t').unwrap();
        assert!(why.len() > 20, "{}: a reason", case.name);
        let outcome = replay(&case).outcome;
        let is_right = match claim {
            "right" => outcome == CaseOutcome::Match,
            "wrong" | "not settled" => matches!(outcome, CaseOutcome::Differs(_)),
            "cannot be asked" => matches!(outcome, CaseOutcome::OutOfScope(_)),
            _ => panic!("{}: {claim}", case.name),
        };
        assert!(is_right, "{}: what it claims is {claim}, and it gives {outcome:?}", case.name);
    }
    assert!(answers.is_empty(), "of no case: {answers:?}");
}

/// A policy is more than a name: the cases of stacks that differ do not match under each other's.
#[test]
fn cases_tell_policies_apart() {
    let differ = |policy: &Arc<NamedPolicy>| {
        let (all, _) = parse(&SourceFile::new("cases.jsonl", CASES), Profile::One(policy));
        all.iter().filter(|case| matches!(replay(case).outcome, CaseOutcome::Differs(_))).count()
    };
    let lines: Vec<String> =
        policies().iter().map(|policy| format!("{:<8} {}", policy.name, differ(policy))).collect();
    insta::assert_snapshot!(lines.join("\n"));
    // Linux, as measured, differs from RFC 9293.
    let (rows, _) = parse(&SourceFile::new("rows.jsonl", ROWS), Profile::One(policies().get("rfc9293").unwrap()));
    let differing: Vec<String> = rows
        .iter()
        .filter_map(|case| match replay(case).outcome {
            CaseOutcome::Differs(differences) => {
                let StepDifference { expected, seen, .. } = &differences[0];
                Some(format!("{}\n  linux {expected}\n  rfc   {seen}", case.name))
            }
            _ => None,
        })
        .collect();
    insta::assert_snapshot!("linux-is-not-rfc-9293", differing.join("\n"));
}
