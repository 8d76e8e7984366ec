//! What becomes of each shipped stack in each timed scenario, and which field of its policy is the cause: the table
//! `tests/it/stacks.tsv`, and the pages `docs/stacks.md` and `docs/stacks/*.md` that show it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use lastack::check::{Checked, Library, Options, check};
use lastack::conform::recorded::{CaseOutcome, Profile, parse, replay};
use lastack::policy::{NamedPolicy, Origin, Policies, PolicyField, Value};
use lastack::scenario::{Scenario, Setting, WorldKind};
use lastack::source::read_source;

const WRITTEN: &str = "<!-- Written by tests/it/stacks.rs: INSTA_UPDATE=always cargo test --test it stacks -->";

const HEAD: &str = "\
# Stacks

<!-- Written by tests/it/stacks.rs: INSTA_UPDATE=always cargo test --test it stacks -->

What each shipped policy is, in how many verdicts it differs from what scenarios have anyway (`rfc1337`) when both ends
have it, and how many recorded cases match under it. [policies.md](policies.md) says how to write one of your own.

| policy | whose | verdicts that differ | cases that match |
|---|---|---|---|
";

const MIDDLE: &str = "
## Where they differ

Both ends have the policy (`--set tcp.policy=NAME`) in a shipped scenario that has a clock and names no policy itself. An MSL is 30 s and a tick 15 s: seconds are rounded up to ticks. No world has duplicates, and `data-in-flight` no losses
either, or the table would take hours; what else a scenario sets stays, its timers, too. Shown are the verdicts that are
violated, possible, impossible or undecided where the base's are not.

The cause is found by giving a world of the base the fields of the stack one at a time: the field that is named leads by
itself to the verdict (others may, too); where several are named, they do so together, and none of them can be left out.
[policy-fields.md](policy-fields.md) says of each field what it decides.

The tables are written from `tests/it/stacks.tsv`. Each run of the tests compares a few small scenarios of it, with every
stack; all of it is compared by

```sh
cargo test --test it stacks -- --ignored
```

which takes some minutes, and which writes it if `INSTA_UPDATE=always` is set. In the gate, `scenarios/pairs/` has each stack with itself and with plain RFC 9293.
";

const FIELDS: &str = "\
# The fields of a policy

<!-- Written by tests/it/stacks.rs: INSTA_UPDATE=always cargo test --test it stacks -->

What a file of `policies/` can set, in the order in which `lastack list --policy NAME` prints it. A duration is
`\"200 ms\"`, `\"60 s\"`, `\"10 min\"` or `\"2 msl\"`. `rfc9293` is the policy that all others are on top of: RFC 9293's rules
with the timers of the scenarios. [policies.md](policies.md) says how to use the fields.
";

/// The scenarios that the quick test looks at.
const SAMPLE: [&str; 4] = ["gives-up", "lossless", "never-closes", "one-msl"];

/// What makes the worlds small enough for so many of them.
fn smaller(scenario: &str) -> &'static [&'static str] {
    match scenario {
        "data-in-flight" => &["network.duplicates=0", "network.losses=0"],
        _ => &["network.duplicates=0"],
    }
}

/// The fields that are tried first when a cause is looked for: those that are the cause of most.
const FREQUENT: [&str; 5] = ["rst_in_time_wait", "time_wait", "fin_wait_2_timeout", "retries", "closes_on_fin"];

/// What scenarios have anyway.
const BASE: &str = "rfc1337";

/// The verdict on each property, by its name.
type Verdicts = BTreeMap<String, String>;

/// The fields that are set, as settings of both ends.
type Fields = BTreeMap<&'static str, String>;

/// Explores, and remembers what it has explored.
struct Explorer {
    library: Library,
    known: Mutex<BTreeMap<(String, Fields), Arc<Verdicts>>>,
}

impl Explorer {
    /// What holds in a scenario whose ends have these fields, unless the scenario sets them itself.
    fn verdicts(&self, scenario: &str, fields: &Fields) -> Arc<Verdicts> {
        let names = [scenario.to_owned()];
        let plain = &self.library.scenarios(&names, &[], 1).unwrap()[0];
        let sets = |name: &str| {
            plain
                .policies
                .iter()
                .any(|end| end.fields.iter().any(|field| field.name == name && field.origin == Origin::Scenario))
        };
        // Where a scenario sets the timeout, a stack's greatest may be less than that.
        let stays = |name: &str| sets(name) || name == "rto_max" && sets("rto");
        let fields: Fields =
            fields.iter().filter(|(name, _)| !stays(name)).map(|(name, value)| (*name, value.clone())).collect();
        let key = (scenario.to_owned(), fields.clone());
        if let Some(known) = self.known.lock().unwrap().get(&key).cloned() {
            return known;
        }
        let smaller = smaller(scenario).iter().map(|text| (*text).to_owned());
        let set = fields.iter().map(|(field, value)| format!("tcp.{field}={value}"));
        let settings: Vec<Setting> = smaller.chain(set).map(|text| Setting::parse(&text).unwrap()).collect();
        let scenarios = self.library.scenarios(&names, &settings, 1);
        let scenarios = scenarios.unwrap_or_else(|mistakes| panic!("{mistakes}"));
        let mut verdicts = Verdicts::new();
        check(
            &scenarios,
            &self.library.properties,
            &Options { threads: Some(1), ..Options::PLAIN },
            &|_, _, _| {},
            |checked: Checked| {
                for outcome in &checked.results {
                    verdicts.insert(outcome.property.name.clone(), outcome.verdict.name().to_owned());
                }
            },
        );
        let verdicts = Arc::new(verdicts);
        self.known.lock().unwrap().insert(key, Arc::clone(&verdicts));
        verdicts
    }

    /// The first field of a stack's that has by itself the same verdict on a property, or a smallest set of them that has.
    fn cause(&self, scenario: &str, property: &str, fields: &Fields) -> Fields {
        let stack = &self.verdicts(scenario, fields)[property];
        let is_same = |fields: &Fields| &self.verdicts(scenario, fields)[property] == stack;
        let frequent = FREQUENT.iter().filter_map(|name| fields.get_key_value(name));
        let others = fields.iter().filter(|(name, _)| !FREQUENT.contains(name));
        let mut alone = frequent.chain(others).map(|(field, value)| Fields::from([(*field, value.clone())]));
        if let Some(cause) = alone.find(is_same) {
            return cause;
        }
        let mut smallest = fields.clone();
        for field in fields.keys() {
            let mut without = smallest.clone();
            without.remove(field);
            if is_same(&without) {
                smallest = without;
            }
        }
        smallest
    }
}

/// What a stack's policy says in a world that what scenarios have anyway does not.
fn departures(library: &Library, policy: &NamedPolicy) -> Fields {
    let set = [Setting::parse(&format!("tcp.policy={}", policy.name)).unwrap()];
    let world = &library.scenarios(&["sequential".to_owned()], &set, 1).unwrap()[0];
    let base = library.policies.get(BASE).unwrap();
    let fields = world.policies[0].fields.iter();
    let fields = fields.filter(|field| base.field(field.name).unwrap().value != field.value);
    fields.map(|field| (field.name, field.value.to_string())).collect()
}

/// A verdict that differs from the base's, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Difference {
    scenario: String,
    property: String,
    base: String,
    stack: String,
    cause: String,
}

/// What is to be looked at: a scenario with a stack at both ends.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    difference: Difference,
    policy: String,
}

fn differences(explorer: &Explorer, scenario: &str, policy: &NamedPolicy) -> Vec<Row> {
    let fields = departures(&explorer.library, policy);
    let base = explorer.verdicts(scenario, &Fields::new());
    let stack = explorer.verdicts(scenario, &fields);
    let says_nothing = |verdict: &str| ["holds", "vacuous", "not applicable"].contains(&verdict);
    let differs = |property: &str, verdict: &str| {
        base[property] != verdict && !(says_nothing(&base[property]) && says_nothing(verdict))
    };
    let differing = stack.iter().filter(|(property, verdict)| differs(property, verdict));
    differing
        .map(|(property, verdict)| Row {
            difference: Difference {
                scenario: scenario.to_owned(),
                property: property.clone(),
                base: base[property].clone(),
                stack: verdict.clone(),
                cause: named(&explorer.cause(scenario, property, &fields)),
            },
            policy: policy.name.clone(),
        })
        .collect()
}

/// The shipped scenarios that have a clock and name no policy.
fn timed(library: &Library) -> Vec<String> {
    let all = library.scenarios(&[], &[], 1).unwrap();
    let plain = |scenario: &Scenario| scenario.policies.iter().all(|policy| policy.name == BASE);
    let timed = all.iter().filter(|scenario| scenario.kind == WorldKind::Timed && plain(scenario));
    timed.map(|scenario| scenario.name.clone()).collect()
}

/// The rows of these scenarios, with every stack.
fn explored(library: &Library, scenarios: &[String]) -> BTreeSet<Row> {
    let explorer = Explorer { library: library.clone(), known: Mutex::default() };
    let policies: Vec<&Arc<NamedPolicy>> =
        explorer.library.policies.iter().filter(|policy| policy.name != BASE).collect();
    let found = Mutex::new(BTreeSet::new());
    let next = Mutex::new(scenarios.iter());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some(scenario) = next.lock().unwrap().next() else { return };
                    for policy in &policies {
                        let rows = differences(&explorer, scenario, policy);
                        found.lock().unwrap().extend(rows);
                    }
                }
            });
        }
    });
    found.into_inner().unwrap()
}

fn table_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/stacks.tsv")
}

/// The scenarios that the table has, which its first line names, and its rows: a line each, the columns apart by tabs.
fn known() -> (BTreeSet<String>, BTreeSet<Row>) {
    let text = std::fs::read_to_string(table_file()).unwrap();
    let (scenarios, text) = text.split_once('\n').unwrap_or_default();
    let row = |line: &str| {
        let columns: Vec<String> = line.split('\t').map(str::to_owned).collect();
        let [scenario, policy, property, base, stack, cause] = columns.try_into().unwrap();
        Row { difference: Difference { scenario, property, base, stack, cause }, policy }
    };
    (scenarios.split_whitespace().map(str::to_owned).collect(), text.lines().map(row).collect())
}

fn write(scenarios: &BTreeSet<String>, rows: &BTreeSet<Row>) {
    let scenarios: Vec<&str> = scenarios.iter().map(String::as_str).collect();
    std::fs::write(table_file(), format!("{}\n{}", scenarios.join(" "), as_text(rows))).unwrap();
}

fn as_text(rows: &BTreeSet<Row>) -> String {
    let mut text = String::new();
    for Row { difference: Difference { scenario, property, base, stack, cause }, policy } in rows {
        let _ = writeln!(text, "{scenario}\t{policy}\t{property}\t{base}\t{stack}\t{cause}");
    }
    text
}

fn named(fields: &Fields) -> String {
    let fields: Vec<String> = fields.iter().map(|(field, value)| format!("`{field} = {value}`")).collect();
    fields.join(" with ")
}

/// What is to be in `docs`, by path.
fn pages() -> BTreeMap<PathBuf, String> {
    let library = Library::read(&[], &[]).unwrap();
    let (scenarios, rows) = known();
    let recorded = recorded(&library.policies);
    let mut files = BTreeMap::from([
        (PathBuf::from("stacks.md"), table(&library, (&scenarios, &rows), &recorded)),
        (PathBuf::from("policy-fields.md"), field_reference(&library.policies)),
    ]);
    for policy in library.policies.iter() {
        let of_it = rows.iter().filter(|row| row.policy == policy.name).map(|row| &row.difference).collect();
        let page = page(&library, policy, &of_it, recorded.get(&policy.name));
        files.insert(PathBuf::from(format!("stacks/{}.md", policy.name)), page);
    }
    files
}

/// Every field of a policy, from its doc comments: what it decides, and what each of its values does.
fn field_reference(policies: &Policies) -> String {
    let source = &policy_sources();
    let mut text = FIELDS.to_owned();
    let base = policies.get("rfc9293").unwrap();
    for field in base.each_field() {
        let (doc, of_type) = documented(source, &format!("    pub {}: ", field.name));
        let of_type = of_type.trim_end_matches(',');
        let _ = write!(text, "\n### {}\n\n{doc}\n\n", field.name);
        let _ = match of_type {
            "bool" => writeln!(text, "`true` or `false`; in `rfc9293` `{}`.", field.value),
            "u32" => writeln!(text, "A duration; in `rfc9293` `\"{}\"`.", field.value),
            "Option<u32>" => writeln!(
                text,
                "A {}, or `\"none\"`, as in `rfc9293`.",
                if is_count(field.name) { "number" } else { "duration" }
            ),
            choice => {
                let body =
                    source.split(&format!("pub enum {choice} {{\n")).nth(1).unwrap().split("\n}").next().unwrap();
                for variant in body
                    .lines()
                    .filter(|line| line.starts_with("    ") && line.ends_with(',') && !line.contains("///"))
                {
                    let (doc, _) = documented(body, variant);
                    let _ = writeln!(text, "* `\"{}\"`: {doc}", kebab(variant.trim().trim_end_matches(',')));
                }
                writeln!(text, "\nIn `rfc9293` `\"{}\"`.", field.value)
            }
        };
        let others = policies.iter().filter(|policy| policy.field(field.name).unwrap().value != field.value);
        let others: Vec<String> = others
            .map(|policy| format!("{} (`{}`)", policy.name, policy.field(field.name).unwrap().value))
            .collect();
        if !others.is_empty() {
            let _ = write!(text, "\nOtherwise: {}.\n", others.join(", "));
        }
    }
    text
}

/// The files in which the fields of a policy and their values are declared.
fn policy_sources() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tcp/policy");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| std::fs::read_to_string(path).unwrap()).collect()
}

/// The doc comment above a line that begins so, in one line, and what follows on the line.
fn documented(source: &str, start: &str) -> (String, String) {
    let lines: Vec<&str> = source.lines().collect();
    let place = lines.iter().position(|line| line.starts_with(start)).unwrap_or_else(|| panic!("no `{start}`"));
    let docs: Vec<&str> =
        lines[..place].iter().rev().map_while(|line| line.trim().strip_prefix("///")).map(str::trim).collect();
    let doc = docs.into_iter().rev().collect::<Vec<_>>().join(" ");
    // What rustdoc links to is not linked here.
    let doc = doc.replace("[`", "`").replace("`]", "`");
    let doc = doc.split("](").next().unwrap().to_owned()
        + doc.split_once("](").and_then(|(_, rest)| rest.split_once(')')).map_or("", |(_, rest)| rest);
    (doc, lines[place][start.len()..].to_owned())
}

fn kebab(variant: &str) -> String {
    let mut word = String::new();
    for char in variant.chars() {
        if char.is_ascii_uppercase() && !word.is_empty() {
            word.push('-');
        }
        word.push(char.to_ascii_lowercase());
    }
    word
}

fn is_count(field: &str) -> bool {
    ["retries", "orphan_retries"].contains(&field)
}

/// How many recorded cases match, differ and are out of scope, by the policy that they name.
fn recorded(policies: &Policies) -> BTreeMap<String, [usize; 3]> {
    let mut counts: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        for case in parse(&read_source(&path).unwrap(), Profile::Named(policies)).0 {
            let place = match replay(&case).outcome {
                CaseOutcome::Match => 0,
                CaseOutcome::Differs(_) => 1,
                CaseOutcome::OutOfScope(_) => 2,
            };
            counts.entry(case.policy.name.clone()).or_default()[place] += 1;
        }
    }
    counts
}

fn table(
    library: &Library,
    (scenarios, rows): (&BTreeSet<String>, &BTreeSet<Row>),
    recorded: &BTreeMap<String, [usize; 3]>,
) -> String {
    let mut text = HEAD.to_owned();
    for policy in library.policies.iter() {
        let name = &policy.name;
        let verdicts = rows.iter().filter(|row| row.policy == *name).count();
        let [matching, ..] = recorded.get(name).copied().unwrap_or_default();
        let _ = writeln!(text, "| [{name}](stacks/{name}.md) | {} | {verdicts} | {matching} |", policy.about);
    }
    text.push_str(MIDDLE);
    let mut by_scenario: BTreeMap<&str, BTreeMap<&Difference, Vec<&str>>> = BTreeMap::new();
    for Row { difference, policy } in rows {
        by_scenario.entry(&difference.scenario).or_default().entry(difference).or_default().push(policy);
    }
    for (scenario, differences) in &by_scenario {
        let _ =
            write!(text, "\n### {scenario}\n\n| property | base | stack | of | cause |\n|---|---|---|---|---|\n");
        for (Difference { property, base, stack, cause, .. }, stacks) in differences {
            let _ = writeln!(text, "| `{property}` | {base} | {stack} | {} | {cause} |", stacks.join(", "));
        }
    }
    let code = |names: Vec<String>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let alike: Vec<String> =
        scenarios.iter().filter(|name| !by_scenario.contains_key(name.as_str())).cloned().collect();
    if !alike.is_empty() {
        let _ = write!(text, "\nWith no stack does a verdict differ in {}.\n", code(alike));
    }
    let missing: Vec<String> = timed(library).into_iter().filter(|name| !scenarios.contains(name)).collect();
    if !missing.is_empty() {
        let _ = write!(text, "\n**Not in the table yet**: {}.\n", code(missing));
    }
    text
}

fn page(
    library: &Library,
    policy: &NamedPolicy,
    differences: &BTreeSet<&Difference>,
    recorded: Option<&[usize; 3]>,
) -> String {
    let name = &policy.name;
    let mut text = format!(
        "# {name}\n\n{WRITTEN}\n\n{}\n\nSources: {}. Its file: `{}`",
        policy.about,
        policy.sources.join("; "),
        policy.file.path
    );
    match policy.fields.iter().find(|field| field.origin == Origin::Extended) {
        Some(field) => {
            let _ = writeln!(text, ", on top of [{0}]({0}.md).", field.file.stem());
        }
        None => text.push_str(".\n"),
    }
    let _ = write!(
        text,
        "\n```sh\nlastack list --policy {name}                          # every field, with its source\n\
         lastack check sequential --set tcp.policy={name}      # a world of two such ends\n```\n\n\
         [policy-fields.md](../policy-fields.md) says what each field decides, [policies.md](../policies.md) how to change one \
         or to write a policy of your own.{}\n",
        in_the_gate(library, name)
    );
    let own: Vec<&PolicyField> = policy.each_field().filter(|field| field.origin != Origin::Base).collect();
    let (timers, choices): (Vec<&PolicyField>, Vec<&PolicyField>) =
        own.into_iter().partition(|field| is_timer(field));
    let shown = if name == "rfc9293" { policy.each_field().collect() } else { choices };
    fields(&mut text, library, policy, "Its timers and retries", &timers);
    fields(
        &mut text,
        library,
        policy,
        if name == "rfc9293" { "What it decides" } else { "What it does that RFC 9293 does not" },
        &shown,
    );
    text.push_str("\n## What becomes of it\n\n");
    if name == BASE {
        text.push_str(
            "It is what every scenario has that names no policy: README.md and the scenarios say what holds.\n",
        );
    } else if differences.is_empty() {
        text.push_str("With it at both ends, the worlds of [stacks.md](../stacks.md) have the verdicts that they have anyway.\n");
    } else {
        text.push_str(
            "With it at both ends, the verdicts that differ from those that the worlds of [stacks.md](../stacks.md) have anyway:\n\n| scenario | property | base | with it | cause |\n|---|---|---|---|---|\n",
        );
        for Difference { scenario, property, base, stack, cause } in differences {
            let _ = writeln!(text, "| `{scenario}` | `{property}` | {base} | {stack} | {cause} |");
        }
    }
    text.push_str("\n## Recorded cases\n\n");
    match recorded {
        Some([matching, differing, out_of_scope]) => {
            let _ = writeln!(
                text,
                "Of the cases of `tests/conformance/` that name it, {matching} match, {differing} differ and {out_of_scope} are out \
                 of scope; [conform.md](../conform.md) says why."
            );
        }
        None => text.push_str("No case of `tests/conformance/` names it.\n"),
    }
    text
}

/// The scenarios of the gate that have this policy.
fn in_the_gate(library: &Library, name: &str) -> String {
    let all = library.scenarios(&[], &[], 1).unwrap();
    let has_it = |scenario: &&Arc<Scenario>| scenario.policies.iter().any(|policy| policy.name == name);
    let names: Vec<String> = all.iter().filter(has_it).map(|scenario| format!("`{}`", scenario.name)).collect();
    if names.is_empty() || name == BASE {
        String::new()
    } else {
        format!(" In the gate, it is in {}.", names.join(", "))
    }
}

fn fields(text: &mut String, library: &Library, policy: &NamedPolicy, title: &str, fields: &[&PolicyField]) {
    if fields.is_empty() {
        return;
    }
    let _ = write!(text, "\n## {title}\n\n| field | value | `rfc9293` | source |\n|---|---|---|---|\n");
    let base = library.policies.get("rfc9293").unwrap();
    for field in fields {
        let has_it = |other: &&Arc<NamedPolicy>| {
            other.name != policy.name && other.field(field.name).unwrap().value == field.value
        };
        let alone = field.origin == Origin::Policy && library.policies.iter().filter(has_it).count() == 0;
        let alone = if alone && !is_timer(field) { ", alone" } else { "" };
        let _ = writeln!(
            text,
            "| `{}` | {}{alone} | {} | {} |",
            field.name,
            field.value,
            base.field(field.name).unwrap().value,
            field.source.as_deref().unwrap_or("none is given")
        );
    }
    if fields.iter().any(|field| !is_timer(field)) && policy.name != "rfc9293" {
        text.push_str("\n*Alone*: no other shipped policy has that.\n");
    }
}

fn is_timer(field: &PolicyField) -> bool {
    matches!(field.value, Value::Duration(_) | Value::Number(_) | Value::None)
        || ["backoff", "retries", "orphan_retries", "fin_wait_2_timeout", "delayed_ack"].contains(&field.name)
}

#[test]
fn the_pages_of_the_stacks_are_current() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    let pages = pages();
    let there: Vec<PathBuf> = std::fs::read_dir(docs.join("stacks"))
        .map(|entries| entries.map(|entry| Path::new("stacks").join(entry.unwrap().file_name())).collect())
        .unwrap_or_default();
    let superfluous: Vec<&PathBuf> = there.iter().filter(|path| !pages.contains_key(*path)).collect();
    let is_current =
        |path: &PathBuf, text: &String| std::fs::read_to_string(docs.join(path)).ok().as_ref() == Some(text);
    let outdated: Vec<_> = pages.iter().filter(|(path, text)| !is_current(path, text)).collect();
    if crate::writes_what_is_new() {
        std::fs::create_dir_all(docs.join("stacks")).unwrap();
        for path in superfluous {
            std::fs::remove_file(docs.join(path)).unwrap();
        }
        for (path, text) in outdated {
            std::fs::write(docs.join(path), text).unwrap();
        }
        return;
    }
    let outdated: Vec<_> = outdated.into_iter().map(|(path, _)| path).chain(superfluous).collect();
    assert!(
        outdated.is_empty(),
        "not current: {outdated:?}; INSTA_UPDATE=always cargo test --test it stacks writes them"
    );
}

/// A few scenarios of the table, with every stack.
#[test]
fn the_sample_of_the_table_is_current() {
    let library = Library::read(&[], &[]).unwrap();
    let is_sample = |row: &Row| SAMPLE.contains(&row.difference.scenario.as_str());
    let sample = SAMPLE.map(str::to_owned);
    let found = explored(&library, &sample);
    let (mut scenarios, rows) = known();
    let (known, others): (BTreeSet<Row>, BTreeSet<Row>) = rows.into_iter().partition(is_sample);
    if crate::writes_what_is_new() && found != known {
        scenarios.extend(sample);
        write(&scenarios, &others.union(&found).cloned().collect());
        return;
    }
    assert!(found.len() > 30, "the sample says too little: {} rows", found.len());
    assert_equal(&found, &known);
}

/// Every scenario that has a clock, with every stack: some minutes.
#[test]
#[ignore = "takes minutes: cargo test --test it stacks -- --ignored"]
fn the_whole_table_is_current() {
    let library = Library::read(&[], &[]).unwrap();
    let all = timed(&library);
    let found = explored(&library, &all);
    let all: BTreeSet<String> = all.into_iter().collect();
    if crate::writes_what_is_new() {
        write(&all, &found);
        return;
    }
    let (scenarios, rows) = known();
    assert_eq!(scenarios, all);
    assert_equal(&found, &rows);
}

fn assert_equal(found: &BTreeSet<Row>, known: &BTreeSet<Row>) {
    let more: BTreeSet<Row> = found.difference(known).cloned().collect();
    let less: BTreeSet<Row> = known.difference(found).cloned().collect();
    assert!(
        more.is_empty() && less.is_empty(),
        "found, but not in the table:\n{}in the table, but not found:\n{}\
         INSTA_UPDATE=always cargo test --test it stacks -- --ignored writes it",
        as_text(&more),
        as_text(&less)
    );
}
