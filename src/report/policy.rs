//! The policies that the ends of a scenario have.

use crate::policy::{Clock, Duration, Origin, PolicyField, Value};
use crate::scenario::EndPolicy;
use crate::scenario::Scenario;

/// The policy of each end by name, and every field of it that is not as in RFC 9293, with what says so.
#[must_use]
pub(super) fn in_force(scenario: &Scenario) -> Vec<String> {
    lines(scenario, |_, field| field.origin != Origin::Base)
}

/// The same, without what every scenario has that says nothing.
#[must_use]
pub(super) fn unusual(scenario: &Scenario) -> Vec<String> {
    let is_unusual = |policy: &EndPolicy, field: &PolicyField| {
        field.origin == Origin::Scenario || policy.name != "rfc1337" && field.origin != Origin::Base
    };
    let any = scenario.policies.iter().any(|policy| policy.fields.iter().any(|field| is_unusual(policy, field)));
    if any { lines(scenario, is_unusual) } else { Vec::new() }
}

fn lines(scenario: &Scenario, is_shown: impl Fn(&EndPolicy, &PolicyField) -> bool) -> Vec<String> {
    each_end(scenario)
        .into_iter()
        .flat_map(|(ends, policy)| {
            let in_seconds = |field: &&PolicyField| {
                field.origin != Origin::Base && matches!(field.value, Value::Duration(Duration::Milliseconds(_)))
            };
            let takes_time = policy.fields.iter().any(|field| in_seconds(&field));
            let tick = if takes_time { format!("; a tick is {}", policy.clock.tick()) } else { String::new() };
            let fields = policy.fields.iter().filter(|field| is_shown(policy, field));
            let fields = fields.map(|field| line(field, policy.clock));
            [format!("{ends}: {}{tick}", policy.name)].into_iter().chain(fields).collect::<Vec<_>>()
        })
        .collect()
}

/// The timers that are no whole number of ticks, and what they have become.
#[must_use]
pub(super) fn rounded(scenario: &Scenario) -> Option<String> {
    let all: Vec<String> = each_end(scenario)
        .into_iter()
        .flat_map(|(ends, policy)| {
            policy.rounded().map(move |field| match field.value {
                Value::Duration(duration) => {
                    let ticks = policy.clock.ticks_of(field.name, duration);
                    let way = if ticks == policy.clock.ticks(duration) { "up" } else { "down" };
                    let (ticks, tick) = (Duration::Ticks(ticks), policy.clock.tick());
                    format!("{ends}: {} of {duration} {way} to {ticks} of {tick}", field.name)
                }
                _ => format!("{ends}: {}", field.name),
            })
        })
        .collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// Both ends at once where their policies are the same.
fn each_end(scenario: &Scenario) -> Vec<(&'static str, &EndPolicy)> {
    let [a, b] = &scenario.policies;
    if a == b { vec![("A and B", a)] } else { vec![("A", a), ("B", b)] }
}

fn line(field: &PolicyField, clock: Clock) -> String {
    let source = field.source.as_deref().unwrap_or("no source is given");
    let source = match field.origin {
        Origin::Extended => format!("{}: {source}", field.file.stem()),
        Origin::Base | Origin::Policy | Origin::Scenario => source.to_owned(),
    };
    format!("{} = {} ({source})", field.name, in_ticks(field, clock))
}

/// A value as the world has it.
fn in_ticks(field: &PolicyField, clock: Clock) -> String {
    match &field.value {
        Value::Duration(Duration::Ticks(ticks)) => Duration::Ticks(ticks.saturating_mul(clock.scale)).to_string(),
        Value::Duration(duration) => {
            let ticks = clock.ticks_of(field.name, *duration);
            let rounded = match ticks == clock.ticks(*duration) {
                _ if clock.is_exact(*duration) => "",
                true => ", rounded up",
                false => ", rounded down",
            };
            format!("{}, {duration}{rounded}", Duration::Ticks(ticks))
        }
        value => value.to_string(),
    }
}
