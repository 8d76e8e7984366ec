//! Which transitions of the endpoint were held against something that is not of our making: `docs/fidelity.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use crate::comparison::{Compared, WALKS, compare};
use crate::generated;
use lastack::check::{self, Library, Options, Which};
use lastack::conform::Transition;
use lastack::conform::recorded::{CaseOutcome, Profile, parse, replay};
use lastack::model::EndpointEvent;
use lastack::policy::Policies;
use lastack::source::read_source;
use lastack::tcp::State;

const HEAD: &str = "\
# Fidelity

<!-- Written by tests/it/fidelity.rs: INSTA_UPDATE=always cargo test --test it fidelity -->

Every transition that an endpoint takes in the shipped scenarios, or beside another implementation, and what exercises
it that the endpoint was not made from. A number counts how often both took a transition alike. Scenarios that open a
second connection are left out: `conform --kernel` takes those transitions beside Linux, and `tests/smoltcp` beside smoltcp.
";

/// A transition: a state, what happens in it, and the state that it leads to.
type Row = (State, EndpointEvent, State);

/// Something that exercises transitions.
struct Source {
    name: &'static str,
    about: String,
    /// The entry for each transition that it exercises.
    exercised: BTreeMap<Row, String>,
}

/// All that exercises transitions, in the order of the columns.
fn sources() -> Vec<Source> {
    vec![
        recorded(
            "recorded cases",
            &[
                "tests/conformance/cases.jsonl",
                "tests/conformance/further.jsonl",
                "tests/conformance/choices.jsonl",
            ],
            "conformance tests of other stacks, in their order",
        ),
        recorded("kernel rows", &["tests/conformance/linux-6.18.jsonl"], "measured transitions of Linux 6.18"),
        recorded(
            "kernel paths",
            &["tests/conformance/linux-paths.jsonl"],
            "what Linux 6.18.44 did on paths that cover every transition, as `lastack conform --kernel --record` writes it \
             down",
        ),
        smoltcp(),
    ]
}

/// The cases of these files that match, by the transitions that they take.
fn recorded(name: &'static str, files: &[&str], what: &str) -> Source {
    let mut by: BTreeMap<Row, Vec<String>> = BTreeMap::new();
    let policies = Policies::shipped().unwrap();
    for file in files {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        for case in parse(&read_source(&path).unwrap(), Profile::Named(&policies)).0 {
            let replayed = replay(&case);
            if replayed.outcome == CaseOutcome::Match {
                for row in replayed.transitions.into_iter().collect::<BTreeSet<Row>>() {
                    by.entry(row).or_default().push(case.name.clone());
                }
            }
        }
    }
    let entry = |ids: Vec<String>| format!("{}, as {}", ids.len(), ids[0]);
    let exercised = by.into_iter().map(|(row, ids)| (row, entry(ids))).collect();
    let names: Vec<String> = files.iter().map(|file| format!("`{file}`")).collect();
    Source {
        name,
        about: format!("{what}, {}, as far as they match; how many, and the first.", names.join(" and ")),
        exercised,
    }
}

fn smoltcp() -> Source {
    let Compared { comparison, paths: [covering, all], .. } = compare(&[], Instant::now()).unwrap();
    let mut times: BTreeMap<Row, u64> = BTreeMap::new();
    for (transition, more) in &comparison.agreed {
        if let Some(row) = row(*transition) {
            *times.entry(row).or_default() += more;
        }
    }
    let differing: BTreeSet<Row> =
        comparison.differences.values().filter_map(|(_, divergence)| row(divergence.transition)).collect();
    let mut exercised: BTreeMap<Row, String> =
        times.into_iter().map(|(row, times)| (row, times.to_string())).collect();
    for row in differing {
        let entry = exercised.get(&row).map_or("differs".to_owned(), |times| format!("{times}, differs at times"));
        exercised.insert(row, entry);
    }
    let about = format!(
        "steps on {covering} paths that cover every transition, and on {} different ones that {WALKS} random walks of each \
         end took; on those that tests/smoltcp takes in ten seconds there are many more. For *differs*, \
         tests/smoltcp/divergences.toml has how and why.",
        all - covering
    );
    Source { name: "smoltcp", about, exercised }
}

/// The row of a transition; `None` if no world has such a one.
fn row(transition: Transition) -> Option<Row> {
    Some((transition.before, transition.class.event()?, transition.after))
}

/// What is taken in the shipped scenarios that open no second connection.
fn of_scenarios() -> BTreeSet<Row> {
    let library = Library::shipped().unwrap();
    let mut scenarios = library.scenarios(Which::All, &[], 1).unwrap();
    scenarios.retain(|scenario| !scenario.config.opens());
    let options = Options { threads: None, coverage: true, ..Options::PLAIN };
    let mut rows = BTreeSet::new();
    check::check(&scenarios, &[], &options, &|_, _, _| {}, |checked| {
        rows.extend(checked.coverage.into_iter().flat_map(|coverage| coverage.transitions.into_keys()));
    });
    rows
}

/// The table, and the transitions that nothing exercises.
fn table() -> (String, Vec<String>) {
    let sources = sources();
    let mut rows = of_scenarios();
    rows.extend(sources.iter().flat_map(|source| source.exercised.keys()));
    let mut text = HEAD.to_owned();
    for Source { name, about, .. } in &sources {
        let _ = write!(text, "\n* *{name}*: {about}");
    }
    text.push('\n');
    let names: Vec<&str> = sources.iter().map(|source| source.name).collect();
    let _ = write!(
        text,
        "\n| in | event | leads to | {} |\n|---|---|---|{}\n",
        names.join(" | "),
        "---|".repeat(names.len())
    );
    let mut unexercised = Vec::new();
    for row in &rows {
        let (before, event, after) = row;
        let entries: Vec<&str> =
            sources.iter().map(|source| source.exercised.get(row).map_or("", String::as_str)).collect();
        if entries.iter().all(|entries| entries.is_empty()) {
            unexercised.push(format!("{before}: {event} → {after}"));
        }
        let _ = writeln!(text, "| {before} | {event} | {after} | {} |", entries.join(" | "));
    }
    (text, unexercised)
}

#[test]
fn every_transition_is_exercised_and_the_table_has_by_what() {
    let (table, unexercised) = table();
    generated::assert_page_is_current("fidelity.md", &table);
    assert_eq!(unexercised, Vec::<String>::new(), "nothing exercises these");
}
