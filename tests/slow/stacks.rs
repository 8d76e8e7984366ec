//! What becomes of each shipped stack in each timed scenario, in real time, and which fields of its policy are the
//! cause: the table that `docs/stacks.md` shows.
//!
//! The worlds are explored anew, and each cause is tried: the fields that are named lead to the verdict by
//! themselves, and none of them can be left out. That takes minutes, so that a run tries a part of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use lastack::check::{Library, Options, Which, check_one};
use lastack::diagnostic::Diagnostics;
use lastack::explore::Limits;
use lastack::policy::NamedPolicy;
use lastack::scenario::{Scenario, Setting, WorldKind};
use lastack::tcp::Policy;
use serde::Deserialize;

use crate::stack_table::{BASE, Difference, MAX_STATES, Row, TOO_LARGE, Table, file};

const OPTIONS: Options<'static> =
    Options { limits: Limits { max_states: Some(MAX_STATES), ..Limits::NONE }, ..Options::PLAIN };

/// In how many parts the table is tried: one a day, in turn, or the one (from 0) that `LASTACK_STACKS` names, or
/// with `LASTACK_STACKS=all` the whole. No number of stacks is a multiple of it, so that a part has worlds of
/// each. `LASTACK_STACKS=lwip,netx` tries these stacks in every world.
const PARTS: usize = 9;

/// The fields that are tried first when a cause is looked for: those that are the cause of most.
const FREQUENT: [&str; 5] = ["rst_in_time_wait", "time_wait", "fin_wait_2_timeout", "retries", "closes_on_fin"];

/// What makes the worlds small enough for so many of them.
fn smaller(scenario: &str) -> &'static [&'static str] {
    match scenario {
        "data-in-flight" => &["network.duplicates=0", "network.losses=0", "b.sends=0"],
        _ => &["network.duplicates=0"],
    }
}

/// The verdict on each property, by its name, but for those that are undecided; and whether the world is too
/// large.
#[derive(Debug, Default)]
struct Verdicts {
    of: BTreeMap<String, String>,
    too_large: bool,
}

/// A scenario, with the stacks in it.
struct World<'a> {
    library: &'a Library,
    base: Arc<Scenario>,
    known: Mutex<HashMap<[Policy; 2], Arc<Verdicts>>>,
}

/// The fields of a stack that are not the base's in a world, of either end.
type Fields = BTreeSet<String>;

impl<'a> World<'a> {
    fn new(library: &'a Library, scenario: &str) -> Self {
        let base = resolved(library, scenario, None).unwrap_or_else(|mistakes| panic!("{mistakes}"));
        Self { library, base, known: Mutex::default() }
    }

    fn verdicts(&self, policies: [Policy; 2]) -> Arc<Verdicts> {
        if let Some(known) = self.known.lock().unwrap().get(&policies).cloned() {
            return known;
        }
        let mut scenario = Scenario::clone(&self.base);
        let [a, b] = policies;
        (scenario.config.a.policy, scenario.config.b.policy) = (a, b);
        let checked = check_one(&Arc::new(scenario), &self.library.properties, &OPTIONS, &|_, _| {});
        let verdicts = checked.results.iter().map(|outcome| (&outcome.property.name, outcome.verdict.name()));
        let decided = verdicts.filter(|(_, verdict)| *verdict != "undecided");
        let of = decided.map(|(property, verdict)| (property.clone(), verdict.to_owned())).collect();
        let verdicts = Arc::new(Verdicts { of, too_large: checked.stopped.is_some() });
        self.known.lock().unwrap().insert(policies, Arc::clone(&verdicts));
        verdicts
    }

    fn base(&self) -> [Policy; 2] {
        [self.base.config.a.policy, self.base.config.b.policy]
    }

    /// The policies of both ends with a stack at both, where the scenario itself sets nothing. None if the stack
    /// does not wait in `TIME_WAIT`, and the scenario's end connects out of it.
    fn stack(&self, stack: &str) -> Option<[Policy; 2]> {
        match resolved(self.library, &self.base.name, Some(stack)) {
            Ok(scenario) => Some([scenario.config.a.policy, scenario.config.b.policy]),
            Err(mistakes) if mistakes.to_string().contains("`reuse_time_wait` is out of range") => None,
            Err(mistakes) => panic!("{mistakes}"),
        }
    }

    /// The base with these fields of a stack.
    fn with(&self, fields: &Fields, stack: [Policy; 2]) -> [Policy; 2] {
        let mut both = self.base().into_iter().zip(stack).map(|(base, stack)| {
            let (mut base, stack) = (groups(&base), groups(&stack));
            for (group, of_base) in &mut base {
                for field in fields {
                    match stack[group].get(field) {
                        Some(value) => of_base.insert(field.clone(), value.clone()),
                        // It is not there, or of another group.
                        None => of_base.remove(field),
                    };
                }
            }
            Policy::deserialize(toml::Table::try_from(base).unwrap()).unwrap()
        });
        [both.next().unwrap(), both.next().unwrap()]
    }

    /// The fields in which a stack departs from the base here.
    fn departures(&self, stack: [Policy; 2]) -> Fields {
        let each = self.base().into_iter().zip(stack).flat_map(|(base, stack)| {
            let (base, stack) = (fields_of(&base), fields_of(&stack));
            let names: Fields = base.keys().chain(stack.keys()).cloned().collect();
            names.into_iter().filter(move |name| base.get(name) != stack.get(name))
        });
        each.collect()
    }

    /// What differs from the base with a stack at both ends, by the property, without a cause.
    fn differences(&self, stack: [Policy; 2]) -> BTreeMap<String, (String, String)> {
        let (base, stack) = (self.verdicts(self.base()), self.verdicts(stack));
        let says_nothing = |verdict: &str| ["holds", "vacuous", "not applicable"].contains(&verdict);
        let both =
            stack.of.iter().filter_map(|(property, verdict)| Some((property, base.of.get(property)?, verdict)));
        let differ = both.filter(|(_, base, stack)| base != stack && !(says_nothing(base) && says_nothing(stack)));
        differ.map(|(property, base, stack)| (property.clone(), (base.clone(), stack.clone()))).collect()
    }

    /// With these fields the verdict on a property is the stack's.
    fn leads_to(&self, fields: &Fields, stack: [Policy; 2], property: &str, verdict: &str) -> bool {
        self.verdicts(self.with(fields, stack)).of.get(property).is_some_and(|seen| seen == verdict)
    }

    /// The first field that leads to a verdict by itself, or else a smallest set of them that does.
    fn cause(&self, stack: [Policy; 2], property: &str, verdict: &str) -> Fields {
        let fields = self.departures(stack);
        let is_cause = |fields: &Fields| self.leads_to(fields, stack, property, verdict);
        let (frequent, others): (Vec<&String>, Vec<&String>) =
            fields.iter().partition(|field| FREQUENT.contains(&field.as_str()));
        let mut alone = frequent.into_iter().chain(others).map(|field| Fields::from([field.clone()]));
        if let Some(cause) = alone.find(is_cause) {
            return cause;
        }
        // What can be left out of a set may be needed in a larger one: each is tried until none can.
        let mut smallest = fields.clone();
        loop {
            let next = fewer(&smallest).find(is_cause);
            match next {
                Some(fewer) => smallest = fewer,
                None => return smallest,
            }
        }
    }

    /// The rows that a stack has here; where the table has them already, with its cause, if that is one.
    fn rows(&self, policy: &NamedPolicy, known: &BTreeSet<Row>, searches: bool) -> Vec<Row> {
        let Some(stack) = self.stack(&policy.name) else { return Vec::new() };
        let row = |property: &str, base: &str, stack: &str, cause: String| Row {
            difference: Difference {
                scenario: self.base.name.clone(),
                property: property.to_owned(),
                base: base.to_owned(),
                stack: stack.to_owned(),
                cause,
            },
            policy: policy.name.clone(),
        };
        let mut rows = Vec::new();
        if self.verdicts(stack).too_large {
            rows.push(row(TOO_LARGE, "", "undecided", String::new()));
        }
        for (property, (base, verdict)) in self.differences(stack) {
            let of_it = |known: &&Row| {
                let Difference { scenario, property: of, stack, .. } = &known.difference;
                (scenario, &known.policy, of, stack) == (&self.base.name, &policy.name, &property, &verdict)
            };
            let told = known.iter().find(of_it).and_then(|row| fields_in(&row.difference.cause, policy));
            let is_cause = |fields: &Fields| {
                self.leads_to(fields, stack, &property, &verdict)
                    && !fewer(fields).any(|fewer| self.leads_to(&fewer, stack, &property, &verdict))
            };
            let cause = match told.filter(is_cause) {
                Some(fields) => named(&fields, policy),
                None if searches => named(&self.cause(stack, &property, &verdict), policy),
                None => "none that is known".to_owned(),
            };
            rows.push(row(&property, &base, &verdict, cause));
        }
        rows
    }
}

/// Each set that has one of the fields less.
fn fewer(fields: &Fields) -> impl Iterator<Item = Fields> {
    fields.iter().map(|left_out| fields.iter().filter(|field| *field != left_out).cloned().collect())
}

fn resolved(library: &Library, scenario: &str, stack: Option<&str>) -> Result<Arc<Scenario>, Diagnostics> {
    let smaller = smaller(scenario).iter().map(|text| (*text).to_owned());
    let named = stack.map(|name| format!("tcp.policy={name}"));
    let settings: Vec<Setting> = smaller.chain(named).map(|text| Setting::parse(&text).unwrap()).collect();
    library.scenarios(&[scenario.to_owned()], &settings, 1).map(|mut scenarios| scenarios.remove(0))
}

/// The fields of a policy, group by group; what is `None` is not in it.
fn groups(policy: &Policy) -> BTreeMap<String, toml::Table> {
    toml::Table::try_from(policy).unwrap().try_into().unwrap()
}

/// The fields of all groups.
fn fields_of(policy: &Policy) -> toml::Table {
    groups(policy).into_values().flatten().collect()
}

/// As the stack's file sets them.
fn named(fields: &Fields, policy: &NamedPolicy) -> String {
    let fields: Vec<String> =
        fields.iter().map(|field| format!("`{field} = {}`", policy.field(field).unwrap().value)).collect();
    fields.join(" with ")
}

/// The fields that a cause names; `None` if the stack's file does not set them so.
fn fields_in(cause: &str, policy: &NamedPolicy) -> Option<Fields> {
    let name = |field: &str| field.trim_matches('`').split_once(" = ").map(|(name, _)| name.to_owned());
    let fields: Option<Fields> = cause.split(" with ").map(name).collect();
    fields.filter(|fields| {
        fields.iter().all(|field| policy.field(field).is_some()) && named(fields, policy) == cause
    })
}

/// The shipped scenarios that have a clock and name no policy.
fn timed(library: &Library) -> BTreeSet<String> {
    let all = library.scenarios(Which::All, &[], 1).unwrap();
    let plain = |scenario: &Scenario| scenario.policies.iter().all(|policy| policy.name == BASE);
    let timed = all.iter().filter(|scenario| scenario.kind == WorldKind::Timed && plain(scenario));
    timed.map(|scenario| scenario.name.clone()).collect()
}

/// The part of the table that is tried.
enum Part {
    Whole,
    /// One of [`PARTS`].
    Number(usize),
    Stacks(Vec<String>),
}

impl Part {
    fn asked_for() -> Self {
        let Ok(asked) = std::env::var("LASTACK_STACKS") else {
            let days = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 86_400;
            return Self::Number(usize::try_from(days).unwrap() % PARTS);
        };
        match asked.parse() {
            Ok(number) => Self::Number(number),
            Err(_) if asked == "all" => Self::Whole,
            Err(_) => Self::Stacks(asked.split(',').map(str::to_owned).collect()),
        }
    }

    /// Whether it has this stack, the policy of this number, in the scenario of this number.
    fn has(&self, scenario: usize, policy: usize, policies: &[&Arc<NamedPolicy>]) -> bool {
        match self {
            Self::Whole => true,
            Self::Number(part) => (scenario * policies.len() + policy) % PARTS == *part,
            Self::Stacks(names) => names.contains(&policies[policy].name),
        }
    }
}

/// Every scenario that has a clock, with every stack.
#[test]
fn the_table_of_the_stacks_is_current() {
    let library = Library::shipped().unwrap();
    let known = Table::read();
    let searches = std::env::var_os("INSTA_UPDATE").is_some_and(|value| value == "always");
    let part = match Part::asked_for() {
        Part::Number(_) if searches => Part::Whole,
        part => part,
    };
    let scenarios = timed(&library);
    let policies: Vec<&Arc<NamedPolicy>> = library.policies.iter().collect();
    let found = Mutex::new(BTreeSet::new());
    let tried = Mutex::new(BTreeSet::new());
    let next = Mutex::new(scenarios.iter().enumerate());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                loop {
                    let Some((number, scenario)) = next.lock().unwrap().next() else { return };
                    let world = World::new(&library, scenario);
                    let of_part = policies.iter().enumerate();
                    let of_part = of_part.filter(|(policy, _)| part.has(number, *policy, &policies));
                    for (_, policy) in of_part {
                        let rows = world.rows(policy, &known.rows, searches);
                        found.lock().unwrap().extend(rows);
                        tried.lock().unwrap().insert((scenario.clone(), policy.name.clone()));
                    }
                }
            });
        }
    });
    let (found, tried) = (found.into_inner().unwrap(), tried.into_inner().unwrap());
    if searches {
        let is_of_others = |row: &&Row| matches!(&part, Part::Stacks(names) if !names.contains(&row.policy));
        let others = known.rows.iter().filter(is_of_others).cloned();
        return write(&Table { rows: found.into_iter().chain(others).collect(), scenarios });
    }
    assert_eq!(scenarios, known.scenarios, "the scenarios of the table; {AGAIN}");
    let of_part = |row: &&Row| tried.contains(&(row.difference.scenario.clone(), row.policy.clone()));
    let in_table: BTreeSet<Row> = known.rows.iter().filter(of_part).cloned().collect();
    assert!(
        !matches!(part, Part::Number(_)) || in_table.len() * PARTS > 300,
        "the table says too little: {} rows",
        in_table.len()
    );
    let (more, less) = (found.difference(&in_table), in_table.difference(&found));
    assert!(
        found == in_table,
        "found, but not in the table:\n{}in the table, but not found:\n{}{AGAIN}",
        as_text(more),
        as_text(less)
    );
}

/// What makes the table anew.
const AGAIN: &str = "INSTA_UPDATE=always cargo test --release --test slow stacks writes it";

fn write(table: &Table) {
    let scenarios: Vec<&str> = table.scenarios.iter().map(String::as_str).collect();
    std::fs::write(file(), format!("{}\n{}", scenarios.join(" "), as_text(&table.rows))).unwrap();
}

/// A line each.
fn as_text<'a>(rows: impl IntoIterator<Item = &'a Row>) -> String {
    let mut text = String::new();
    for Row { difference: Difference { scenario, property, base, stack, cause }, policy } in rows {
        let _ = writeln!(text, "{scenario}\t{policy}\t{property}\t{base}\t{stack}\t{cause}");
    }
    text
}
