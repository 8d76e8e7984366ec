//! What becomes of each shipped stack in each timed scenario, and which field of its policy is the cause: the pages
//! `docs/stacks.md` and `docs/stacks/*.md`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use lastack::check::{Checked, Library, Options, check};
use lastack::conform::recorded::{CaseOutcome, Profile, parse, replay};
use lastack::policy::{NamedPolicy, Origin, Policies, PolicyField, Value};
use lastack::scenario::Setting;
use lastack::source::read_source;

const WRITTEN: &str = "<!-- Written by tests/it/stacks.rs: INSTA_UPDATE=always cargo test --test it stacks -->";

const HEAD: &str = "\
# Stacks

<!-- Written by tests/it/stacks.rs: INSTA_UPDATE=always cargo test --test it stacks -->

What each shipped policy is, in how many verdicts on the small worlds below it differs from what scenarios have anyway
(`rfc1337`) when both ends have it, and how many recorded cases match under it. [policies.md](policies.md) says how to
write one of your own.

| policy | whose | verdicts that differ | cases that match |
|---|---|---|---|
";

const MIDDLE: &str = "
## Where they differ

Both ends have the policy (`--set tcp.policy=NAME`), an MSL is 30 s and a tick 15 s: seconds are rounded up to ticks. The
worlds are shipped scenarios with few losses and no duplicates; what a scenario sets itself stays. The cause is found by taking the fields of the policy one at a time: each one that is named
leads by itself to the verdict; where none does, those that are named together do, and none of them can be left out.
[policy-fields.md](policy-fields.md) says of each field what it decides.
";

const FIELDS: &str = "\
# The fields of a policy

<!-- Written by tests/it/stacks.rs: INSTA_UPDATE=always cargo test --test it stacks -->

What a file of `policies/` can set, in the order in which `lastack list --policy NAME` prints it. A duration is
`\"200 ms\"`, `\"60 s\"`, `\"10 min\"` or `\"2 msl\"`. [policies.md](policies.md) says how to use them.
";

/// The small worlds in which stacks are compared, and what makes them small.
const PAIRED: [(&str, &[&str]); 5] = [
    ("sequential", &["network.duplicates=0", "network.losses=0"]),
    ("simultaneous", &["network.duplicates=0"]),
    ("dead-network", &["network.duplicates=0"]),
    ("close-with-late-data", &["network.duplicates=0", "network.losses=0"]),
    ("never-closes", &["network.duplicates=0", "network.losses=0", "a.closes_with=close"]),
];

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
        let fields: Fields =
            fields.iter().filter(|(name, _)| !sets(name)).map(|(name, value)| (*name, value.clone())).collect();
        let key = (scenario.to_owned(), fields.clone());
        if let Some(known) = self.known.lock().unwrap().get(&key).cloned() {
            return known;
        }
        let smaller = PAIRED.iter().filter(|(name, _)| *name == scenario);
        let smaller = smaller.flat_map(|(_, settings)| settings.iter().map(|text| (*text).to_owned()));
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

    /// A smallest set of a stack's fields that has the same verdict on a property: one alone if there is one.
    fn causes(&self, scenario: &str, property: &str, fields: &Fields) -> Vec<Fields> {
        let stack = &self.verdicts(scenario, fields)[property];
        let is_same = |fields: &Fields| &self.verdicts(scenario, fields)[property] == stack;
        let alone: Vec<Fields> =
            fields.iter().map(|(field, value)| Fields::from([(*field, value.clone())])).filter(is_same).collect();
        if !alone.is_empty() {
            return alone;
        }
        let mut smallest = fields.clone();
        for field in fields.keys() {
            let without: Fields = smallest
                .iter()
                .filter(|(name, _)| *name != field)
                .map(|(name, value)| (*name, value.clone()))
                .collect();
            if is_same(&without) {
                smallest = without;
            }
        }
        vec![smallest]
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
    causes: String,
}

fn differences(explorer: &Explorer, policy: &NamedPolicy) -> BTreeSet<Difference> {
    let fields = departures(&explorer.library, policy);
    let mut differences = BTreeSet::new();
    for (scenario, _) in PAIRED {
        let base = explorer.verdicts(scenario, &Fields::new());
        let stack = explorer.verdicts(scenario, &fields);
        for (property, verdict) in stack.iter().filter(|(property, verdict)| base[*property] != **verdict) {
            let causes = explorer.causes(scenario, property, &fields);
            differences.insert(Difference {
                scenario: scenario.to_owned(),
                property: property.clone(),
                base: base[property].clone(),
                stack: verdict.clone(),
                causes: causes.iter().map(named).collect::<Vec<_>>().join(", or "),
            });
        }
    }
    differences
}

fn named(fields: &Fields) -> String {
    let fields: Vec<String> = fields.iter().map(|(field, value)| format!("`{field} = {value}`")).collect();
    fields.join(" with ")
}

/// What is to be in `docs`, by path.
fn pages() -> BTreeMap<PathBuf, String> {
    let explorer = Explorer { library: Library::read(&[], &[]).unwrap(), known: Mutex::default() };
    let policies: Vec<Arc<NamedPolicy>> = explorer.library.policies.iter().cloned().collect();
    let found = Mutex::new(BTreeMap::new());
    let next = Mutex::new(policies.iter().filter(|policy| policy.name != BASE));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some(policy) = next.lock().unwrap().next() else { return };
                    let differences = differences(&explorer, policy);
                    found.lock().unwrap().insert(policy.name.clone(), differences);
                }
            });
        }
    });
    let found = found.into_inner().unwrap();
    let recorded = recorded(&explorer.library.policies);
    let mut files = BTreeMap::from([
        (PathBuf::from("stacks.md"), table(&explorer.library, &found, &recorded)),
        (PathBuf::from("policy-fields.md"), field_reference(&explorer.library.policies)),
    ]);
    for policy in &policies {
        let none = BTreeSet::new();
        let of_it = found.get(&policy.name).unwrap_or(&none);
        let page = page(&explorer.library, policy, of_it, recorded.get(&policy.name));
        files.insert(PathBuf::from(format!("stacks/{}.md", policy.name)), page);
    }
    files
}

/// Every field of a policy, from its doc comments: what it decides, and what each of its values does.
fn field_reference(policies: &Policies) -> String {
    let source = include_str!("../../src/tcp/policy.rs");
    let mut text = FIELDS.to_owned();
    let base = policies.get("rfc9293").unwrap();
    for field in base.each_field() {
        let (doc, of_type) = documented(source, &format!("    pub {}: ", field.name));
        let of_type = of_type.trim_end_matches(',');
        let _ = write!(text, "\n### {}\n\n{doc}\n\n", field.name);
        let _ = match of_type {
            "bool" => writeln!(text, "`true` or `false`; in RFC 9293 `{}`.", field.value),
            "u32" => writeln!(text, "A duration; in `rfc9293` `\"{}\"`.", field.value),
            "Option<u32>" => writeln!(
                text,
                "A {}, or `\"none\"`, as in RFC 9293.",
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
                writeln!(text, "\nIn RFC 9293 `\"{}\"`.", field.value)
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
    found: &BTreeMap<String, BTreeSet<Difference>>,
    recorded: &BTreeMap<String, [usize; 3]>,
) -> String {
    let mut text = HEAD.to_owned();
    for policy in library.policies.iter() {
        let name = &policy.name;
        let verdicts = found.get(name).map_or(0, BTreeSet::len);
        let [matching, ..] = recorded.get(name).copied().unwrap_or_default();
        let _ = writeln!(text, "| [{name}](stacks/{name}.md) | {} | {verdicts} | {matching} |", policy.about);
    }
    text.push_str(MIDDLE);
    let mut by_scenario: BTreeMap<&str, BTreeMap<&Difference, Vec<&str>>> = BTreeMap::new();
    for (name, differences) in found {
        for difference in differences {
            by_scenario.entry(&difference.scenario).or_default().entry(difference).or_default().push(name);
        }
    }
    for (scenario, settings) in PAIRED {
        let set: Vec<String> = settings.iter().map(|setting| format!("`{setting}`")).collect();
        let _ = write!(
            text,
            "\n### {scenario}, with {}\n\n| property | base | stack | of | cause |\n|---|---|---|---|---|\n",
            set.join(", ")
        );
        for (Difference { property, base, stack, causes, .. }, stacks) in
            by_scenario.get(scenario).into_iter().flatten()
        {
            let _ = writeln!(text, "| `{property}` | {base} | {stack} | {} | {causes} |", stacks.join(", "));
        }
    }
    text
}

fn page(
    library: &Library,
    policy: &NamedPolicy,
    differences: &BTreeSet<Difference>,
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
        text.push_str("With it at both ends the small worlds of [stacks.md](../stacks.md) have the verdicts that they have anyway.\n");
    } else {
        text.push_str(
            "With it at both ends, the verdicts that differ from those that the small worlds of [stacks.md](../stacks.md) have anyway:\n\n| scenario | property | base | with it | cause |\n|---|---|---|---|---|\n",
        );
        for Difference { scenario, property, base, stack, causes } in differences {
            let _ = writeln!(text, "| `{scenario}` | `{property}` | {base} | {stack} | {causes} |");
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

fn fields(text: &mut String, library: &Library, policy: &NamedPolicy, title: &str, fields: &[&PolicyField]) {
    if fields.is_empty() {
        return;
    }
    let _ = write!(text, "\n## {title}\n\n| field | value | RFC 9293 | source |\n|---|---|---|---|\n");
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

/// Each stack with itself and with RFC 9293, at either end: what differs from two ends that have what scenarios have
/// anyway. A change of a stack's policy is a change here.
#[test]
fn stacks_in_pairs() {
    let library = Library::read(&[], &[]).unwrap();
    let verdicts = |scenario: &str, smaller: &[&str], pair: Option<(&str, &str)>| {
        let ends = pair.map(|(a, b)| [format!("a.tcp.policy={a}"), format!("b.tcp.policy={b}")]);
        let settings = smaller.iter().map(|text| (*text).to_owned()).chain(ends.into_iter().flatten());
        let settings: Vec<Setting> = settings.map(|text| Setting::parse(&text).unwrap()).collect();
        let scenarios = library.scenarios(&[scenario.to_owned()], &settings, 1).unwrap();
        let mut verdicts = Verdicts::new();
        check(
            &scenarios,
            &library.properties,
            &Options { threads: None, ..Options::PLAIN },
            &|_, _, _| {},
            |checked: Checked| {
                for outcome in &checked.results {
                    for judged in &outcome.instances {
                        verdicts.insert(judged.instance.name(), judged.verdict.name().to_owned());
                    }
                }
            },
        );
        verdicts
    };
    let mut text = String::new();
    for (scenario, smaller) in PAIRED {
        let base = verdicts(scenario, smaller, None);
        for policy in library.policies.iter() {
            let name = policy.name.as_str();
            for pair in BTreeSet::from([(name, name), (name, "rfc9293"), ("rfc9293", name)]) {
                let found = verdicts(scenario, smaller, Some(pair));
                let differing = found.iter().filter(|(property, verdict)| base[*property] != **verdict);
                let differing: Vec<String> =
                    differing.map(|(property, verdict)| format!("{property} {verdict}")).collect();
                let _ = writeln!(text, "{scenario}: {} and {}: {}", pair.0, pair.1, differing.join(", "));
            }
        }
    }
    insta::assert_snapshot!("pairs", text);
}
