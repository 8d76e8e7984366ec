//! The pages of the stacks: `docs/stacks.md`, `docs/stacks/*.md` and `docs/policy-fields.md`. The table of
//! verdicts is that of `tests/slow/stacks.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lastack::check::{Library, Which};
use lastack::conform::recorded::{CaseOutcome, Profile, parse, replay};
use lastack::policy::{FieldSetting, NamedPolicy, Origin, Policies, Value, check_field};
use lastack::scenario::Scenario;
use lastack::source::read_source;

use crate::generated;
use crate::stack_table::{BASE, Difference, MAX_STATES, Row, TOO_LARGE, Table};

const WRITTEN: &str = "<!-- Written by tests/it/stacks.rs: INSTA_UPDATE=always cargo test --test it stacks -->";

const HEAD: &str = "\
# Stacks

<!-- Written by tests/it/stacks.rs: INSTA_UPDATE=always cargo test --test it stacks -->

The shipped policies. If both ends have one, so many verdicts differ from those of the policy that scenarios have by default
(`rfc1337`); and so many recorded cases match under it. [policies.md](policies.md) shows how to write one of your own.

| policy | the stack | verdicts that differ | cases that match |
|---|---|---|---|
";

const MIDDLE: &str = "
## Where they differ

Both ends have the policy (`--set tcp.policy=NAME`) in a shipped scenario that has a clock and names no policy itself. An MSL is 30 s and a tick
15 s: seconds are rounded to ticks, and the verdicts are of the timers as rounded. Delays are of any length below the MSL. No world has duplicates
(`--set network.duplicates=0`), and in `data-in-flight` there are no losses either, and B sends nothing
(`--set network.losses=0 --set b.sends=0`); what else a scenario sets stays, its timers, too. A stack that does not wait has no
world where an end connects out of `TIME_WAIT`. Shown are the verdicts that are
violated, possible or impossible where the base's are not, or the other way round. Of a world with more than MAX_STATES
zones, only that many are looked at (`--max-states`): what is not found among them is undecided, and the world is named.
UNDECIDED worlds are undecided in part, those of POLICIES: their timeout is a tick, half an MSL, so that several copies of each
segment are in flight.

The cause is found by giving a world of the base the fields of the stack one at a time: the field that is named leads by
itself to the verdict (others may, too); where several are named, they do so together, and none of them can be left out.
[policy-fields.md](policy-fields.md) explains each field.

`cargo test --test slow stacks` explores a ninth of these worlds, another each day, tries each cause and compares the table.
`LASTACK_STACKS=all cargo test --release --test slow stacks` does so with all of them, and with `INSTA_UPDATE=always` it writes
the table. In the gate, `scenarios/pairs/` has each stack with itself and with plain RFC 9293, but for two that have the
verdicts of another: `rfc1337` is the base, and `rfc5961` is `freebsd`.
";

const FIELDS: &str = "\
# The fields of a policy

<!-- Written by tests/it/stacks.rs: INSTA_UPDATE=always cargo test --test it stacks -->

The fields of a policy, in the order in which `lastack list --policy NAME` prints them. A duration is
`\"200 ms\"`, `\"60 s\"`, `\"10 min\"` or `\"2 msl\"`, in a scenario also a number of ticks. `rfc9293` is the policy that all
others are on top of: RFC 9293's rules with the timers of the scenarios. [policies.md](policies.md) shows how to use the
fields.
";

/// What is to be in `docs`, by path.
fn pages() -> BTreeMap<PathBuf, String> {
    let library = Library::shipped().unwrap();
    let known = Table::read();
    let recorded = recorded(&library.policies);
    let mut files = BTreeMap::from([
        (PathBuf::from("stacks.md"), table(&library, &known, &recorded)),
        (PathBuf::from("policy-fields.md"), field_reference(&library.policies)),
    ]);
    for policy in library.policies.iter() {
        let of_it = known.rows.iter().filter(|row| row.policy == policy.name).map(|row| &row.difference).collect();
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
    let mut group = String::new();
    for field in base.each_field() {
        let next = group_of(source, field.name);
        if next != group {
            let _ = write!(text, "\n## {next}\n");
            group = next;
        }
        let (doc, of_type) = documented(source, &format!("    pub {}: ", field.name));
        let of_type = of_type.trim_end_matches(',');
        let _ = write!(text, "\n### {}\n\n{doc}\n\n", field.name);
        let _ = match of_type {
            "bool" => writeln!(text, "`true` or `false`; in `rfc9293` `{}`.", field.value),
            "u32" => writeln!(text, "A {}; in `rfc9293` `\"{}\"`.", number_of(field.name), field.value),
            "Option<u32>" => {
                writeln!(text, "A {}, or `\"none\"`, as in `rfc9293`.", number_of(field.name))
            }
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

/// What the group of fields is about that a field belongs to: the first sentence about its struct.
fn group_of(source: &str, field: &str) -> String {
    let before = source.split(&format!("    pub {field}: ")).next().unwrap();
    let group = before.rsplit("\npub struct ").next().unwrap().split(' ').next().unwrap();
    let (doc, _) = documented(source, &format!("pub struct {group} {{"));
    doc.split(". ").next().unwrap().to_owned()
}

/// The doc comment above a line that begins so, in one line and in the words of a file, and what follows on the
/// line. Where the struct has ticks and `None`, a file has a length of time and `"none"`.
fn documented(source: &str, start: &str) -> (String, String) {
    let lines: Vec<&str> = source.lines().collect();
    let place = lines.iter().position(|line| line.starts_with(start)).unwrap_or_else(|| panic!("no `{start}`"));
    let above = lines[..place].iter().rev().skip_while(|line| line.starts_with("#["));
    let docs: Vec<&str> = above.map_while(|line| line.trim().strip_prefix("///")).map(str::trim).collect();
    let doc = docs.into_iter().rev().collect::<Vec<_>>().join(" ");
    let doc = doc.replace(", in ticks", "").replace("`None`", "`\"none\"`");
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

/// What the number is that a field holds, as a scenario's file reads it.
fn number_of(field: &str) -> &'static str {
    match check_field(field, &toml::Value::Integer(1)) {
        Ok((_, Value::Number(_))) => "number",
        Ok((_, Value::Duration(_))) => "duration",
        other => panic!("{field}: {other:?}"),
    }
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

fn table(library: &Library, known: &Table, recorded: &BTreeMap<String, [usize; 3]>) -> String {
    let (large, rows): (Vec<&Row>, Vec<&Row>) =
        known.rows.iter().partition(|row| row.difference.property == TOO_LARGE);
    let mut text = HEAD.to_owned();
    for policy in library.policies.iter() {
        let name = &policy.name;
        let verdicts = rows.iter().filter(|row| row.policy == *name).count();
        let [matching, ..] = recorded.get(name).copied().unwrap_or_default();
        let _ = writeln!(text, "| [{name}](stacks/{name}.md) | {} | {verdicts} | {matching} |", policy.about);
    }
    let middle = MIDDLE.replace("MAX_STATES", &thousands(MAX_STATES));
    let middle = middle.replace("UNDECIDED", &large.len().to_string());
    let of: BTreeSet<String> = large.iter().map(|row| format!("`{}`", row.policy)).collect();
    let middle = middle.replace("POLICIES", &of.into_iter().collect::<Vec<_>>().join(", "));
    text.push_str(&middle);
    let mut by_scenario: BTreeMap<&str, BTreeMap<&Difference, Vec<&str>>> = BTreeMap::new();
    for Row { difference, policy } in &rows {
        by_scenario.entry(&difference.scenario).or_default().entry(difference).or_default().push(policy);
    }
    let large_in = |scenario: &str| -> Vec<&str> {
        large.iter().filter(|row| row.difference.scenario == scenario).map(|row| row.policy.as_str()).collect()
    };
    for (scenario, differences) in &by_scenario {
        let _ =
            write!(text, "\n### {scenario}\n\n| property | base | stack | of | cause |\n|---|---|---|---|---|\n");
        for (Difference { property, base, stack, cause, .. }, stacks) in differences {
            let _ = writeln!(text, "| `{property}` | {base} | {stack} | {} | {cause} |", stacks.join(", "));
        }
        let large = large_in(scenario);
        if !large.is_empty() {
            let _ = write!(text, "\nLarger, and undecided where nothing is shown, with {}.\n", large.join(", "));
        }
    }
    text.push_str("\n### Where no verdict differs\n\n");
    for scenario in known.scenarios.iter().filter(|name| !by_scenario.contains_key(name.as_str())) {
        let large = large_in(scenario);
        let _ = match large.as_slice() {
            [] => writeln!(text, "* `{scenario}`"),
            large => writeln!(text, "* `{scenario}`: larger, and undecided, with {}", large.join(", ")),
        };
    }
    text
}

fn thousands(number: usize) -> String {
    if number < 1_000_000 {
        format!("{},{:03}", number / 1_000, number % 1_000)
    } else {
        format!("{},{:03},{:03}", number / 1_000_000, number / 1_000 % 1_000, number % 1_000)
    }
}

fn page(
    library: &Library,
    policy: &NamedPolicy,
    rows: &BTreeSet<&Difference>,
    recorded: Option<&[usize; 3]>,
) -> String {
    let name = &policy.name;
    let (large, differences): (Vec<&Difference>, Vec<&Difference>) =
        rows.iter().partition(|difference| difference.property == TOO_LARGE);
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
         [policy-fields.md](../policy-fields.md) explains each field, [policies.md](../policies.md) shows how to change one \
         or to write a policy of your own.{}\n",
        in_the_gate(library, name)
    );
    let own: Vec<&FieldSetting> = policy.each_field().filter(|field| field.origin != Origin::Base).collect();
    let (timers, choices): (Vec<&FieldSetting>, Vec<&FieldSetting>) =
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
    if !policy.omits.is_empty() {
        text.push_str("\n## What no field describes\n\nNeither verdicts nor recorded cases know of this:\n\n");
        for omitted in &policy.omits {
            let _ = writeln!(text, "* {omitted}");
        }
    }
    text.push_str("\n## What becomes of it\n\n");
    if name == BASE {
        text.push_str(
            "A scenario that names no policy has this one: README.md and the scenarios have its verdicts.\n",
        );
    } else if differences.is_empty() {
        text.push_str("With it at both ends, the worlds of [stacks.md](../stacks.md) have the verdicts that they have anyway.\n");
    } else {
        text.push_str(
            "With it at both ends, the verdicts that differ from those that the worlds of [stacks.md](../stacks.md) have anyway:\n\n| scenario | property | base | with it | cause |\n|---|---|---|---|---|\n",
        );
        for Difference { scenario, property, base, stack, cause } in &differences {
            let _ = writeln!(text, "| `{scenario}` | `{property}` | {base} | {stack} | {cause} |");
        }
    }
    if !large.is_empty() && name != BASE {
        let names: Vec<String> = large.iter().map(|row| format!("`{}`", row.scenario)).collect();
        let _ = write!(
            text,
            "\nWith it, these worlds have more than {} zones, and properties without a verdict here are undecided: {}.\n",
            thousands(MAX_STATES),
            names.join(", ")
        );
    }
    text.push_str("\n## Recorded cases\n\n");
    match recorded {
        Some([matching, differing, out_of_scope]) => {
            let _ = writeln!(
                text,
                "Of the cases of `tests/conformance/` that name it, {matching} match, {differing} differ and {out_of_scope} are out \
                 of scope; [conform.md](../conform.md) has the reasons."
            );
        }
        None => text.push_str("No case of `tests/conformance/` names it.\n"),
    }
    text
}

/// The scenarios of the gate that have this policy.
fn in_the_gate(library: &Library, name: &str) -> String {
    let all = library.scenarios(Which::All, &[], 1).unwrap();
    let has_it = |scenario: &&Arc<Scenario>| scenario.policies.iter().any(|policy| policy.name == name);
    let names: Vec<String> = all.iter().filter(has_it).map(|scenario| format!("`{}`", scenario.name)).collect();
    if names.is_empty() || name == BASE {
        String::new()
    } else {
        format!(" In the gate, it is in {}.", names.join(", "))
    }
}

fn fields(text: &mut String, library: &Library, policy: &NamedPolicy, title: &str, fields: &[&FieldSetting]) {
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

fn is_timer(field: &FieldSetting) -> bool {
    matches!(field.value, Value::Duration(_) | Value::Number(_) | Value::None) || field.name == "backoff"
}

#[test]
fn the_pages_of_the_stacks_are_current() {
    generated::assert_current("stacks", &pages());
}

/// A stack whose verdicts are its own is in the gate, with itself and with plain RFC 9293.
#[test]
fn every_stack_is_in_the_gate() {
    let library = Library::shipped().unwrap();
    let all = library.scenarios(Which::All, &[], 1).unwrap();
    let known = Table::read();
    let verdicts = |name: &str| -> BTreeSet<[String; 4]> {
        let of_it = known.rows.iter().filter(|row| row.policy == name);
        let verdict = |Difference { scenario, property, base, stack, .. }: &Difference| {
            [scenario, property, base, stack].map(String::clone)
        };
        of_it.map(|row| verdict(&row.difference)).collect()
    };
    for policy in library.policies.iter() {
        let name = policy.name.as_str();
        let same = match name {
            BASE => continue,
            "rfc5961" => "freebsd",
            _ => {
                let mut pairs = vec![format!("two-{name}")];
                pairs.extend((name != "rfc9293").then(|| format!("{name}-meets-rfc9293")));
                for pair in pairs {
                    assert!(all.iter().any(|scenario| scenario.name == pair), "there is no {pair}");
                }
                continue;
            }
        };
        assert_eq!(verdicts(name), verdicts(same), "{name} differs from {same}");
    }
}
