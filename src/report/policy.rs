//! The policies that the ends of a scenario have.

use crate::policy::{Clock, Duration, FieldSetting, Origin, Value};
use crate::scenario::EndPolicy;
use crate::scenario::Scenario;

/// The policy of each end by name, and every field of it that differs from RFC 9293, with its source.
#[must_use]
pub(super) fn in_force(scenario: &Scenario) -> Vec<String> {
    lines(scenario, |_, field| field.origin != Origin::Base)
}

/// The same, without the policy of every scenario that names none.
#[must_use]
pub(super) fn unusual(scenario: &Scenario) -> Vec<String> {
    let is_unusual = |policy: &EndPolicy, field: &FieldSetting| {
        field.origin == Origin::Scenario || policy.name != "rfc1337" && field.origin != Origin::Base
    };
    let any = scenario.policies.iter().any(|policy| policy.fields.iter().any(|field| is_unusual(policy, field)));
    if any { lines(scenario, is_unusual) } else { Vec::new() }
}

fn lines(scenario: &Scenario, is_shown: impl Fn(&EndPolicy, &FieldSetting) -> bool) -> Vec<String> {
    each_end(scenario)
        .into_iter()
        .flat_map(|(ends, policy)| {
            let in_seconds = |field: &&FieldSetting| {
                field.origin != Origin::Base && matches!(field.value, Value::Duration(Duration::Milliseconds(_)))
            };
            let takes_time = policy.fields.iter().any(|field| in_seconds(&field));
            let tick = if takes_time { format!("; a tick is {}", policy.clock.tick()) } else { String::new() };
            let fields = policy.fields.iter().filter(|field| is_shown(policy, field));
            let fields = fields.map(|field| line(field, policy));
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
            policy.rounded().map(move |field| {
                let way = match field.value {
                    Value::Duration(duration) => way(field, duration, policy.clock),
                    _ => "",
                };
                let (ticks, tick) = (policy.in_force(field), policy.clock.tick());
                format!("{ends}: {} of {} {way} to {ticks} of {tick}", field.name, field.value)
            })
        })
        .collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// What a scenario's file sets otherwise than the policy that the command line names: the file's own value stays.
#[must_use]
pub(super) fn kept(scenario: &Scenario) -> Option<String> {
    let all: Vec<String> = each_end(scenario)
        .into_iter()
        .flat_map(|(ends, policy)| {
            policy.replaced.iter().filter_map(move |own| {
                let set = policy.fields.iter().find(|field| field.name == own.name)?;
                Some(format!("{ends}: {}, not {}'s {}", line(set, policy), policy.name, own.value))
            })
        })
        .collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// Both ends at once where their policies are the same.
fn each_end(scenario: &Scenario) -> Vec<(&'static str, &EndPolicy)> {
    let [a, b] = &scenario.policies;
    if a == b { vec![("A and B", a)] } else { vec![("A", a), ("B", b)] }
}

fn line(field: &FieldSetting, policy: &EndPolicy) -> String {
    let source = field.source.as_deref().unwrap_or("no source is given");
    let source = match field.origin {
        Origin::Extended => format!("{}: {source}", field.file.stem()),
        Origin::Base | Origin::Policy | Origin::Scenario => source.to_owned(),
    };
    format!("{} = {} ({source})", field.name, in_force_and_set(field, policy))
}

/// A value as the end has it, and, of a length of time, as it is set.
fn in_force_and_set(field: &FieldSetting, policy: &EndPolicy) -> String {
    let in_force = policy.in_force(field);
    let Value::Duration(set) = field.value else {
        return in_force.to_string();
    };
    let raised = in_force != Value::Duration(Duration::Ticks(policy.clock.ticks_of(field.name, set)));
    let how = match set {
        _ if raised => ", at least the rto".to_owned(),
        _ if policy.clock.is_exact(set) => String::new(),
        _ => format!(", rounded {}", way(field, set, policy.clock)),
    };
    match set {
        Duration::Ticks(_) => format!("{in_force}{how}"),
        Duration::Msl(_) | Duration::Milliseconds(_) => format!("{in_force}, {set}{how}"),
    }
}

/// To which side a length of time is rounded.
fn way(field: &FieldSetting, duration: Duration, clock: Clock) -> &'static str {
    if clock.ticks_of(field.name, duration) == clock.ticks(duration) { "up" } else { "down" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Library;
    use crate::policy::value_in;
    use crate::scenario::Setting;

    /// The printed values are those that the endpoints ask for.
    #[test]
    fn every_field_is_printed_as_it_is_in_force() {
        let library = Library::shipped().unwrap();
        let mut raised = 0;
        for name in library.policies.iter().map(|policy| &policy.name) {
            for more in [&[][..], &["tcp.rto=9"], &["network.msl_seconds=7", "a.tcp.rto=100 s"]] {
                let policy = format!("tcp.policy={name}");
                let texts = [&[policy.as_str(), "network.duplicates=0"], more].concat();
                let settings: Vec<Setting> = texts.iter().map(|text| Setting::parse(text).unwrap()).collect();
                let world = &library.scenarios(&["lossless".to_owned()], &settings, 1).unwrap()[0];
                let ends = [&world.config.a, &world.config.b].into_iter().zip(&world.policies);
                for (end, policy) in ends {
                    for field in &policy.fields {
                        let printed = in_force_and_set(field, policy);
                        let in_force = value_in(&end.policy, field.name).to_string();
                        assert_eq!(printed.split(", ").next(), Some(in_force.as_str()), "{name}: {}", field.name);
                        raised += usize::from(printed.ends_with("at least the rto"));
                    }
                }
            }
        }
        assert!(raised > 2, "{raised}");
    }

    /// What is kept is of the end whose policy the command line names, in whatever way it is written.
    #[test]
    fn a_file_keeps_its_own_where_the_command_line_names_the_policy() {
        let library = Library::shipped().unwrap();
        let kept_in = |scenario: &str, setting: &str| {
            let settings = [Setting::parse(setting).unwrap()];
            kept(&library.scenarios(&[scenario.to_owned()], &settings, 1).unwrap()[0])
        };
        let both = "A and B: fin_wait_2_timeout = 8 ticks, 4 msl (scenarios/never-closes.toml), not linux's 60 s";
        assert_eq!(kept_in("never-closes", "tcp.policy=linux").as_deref(), Some(both));
        assert_eq!(kept_in("never-closes", "tcp={policy=\"linux\"}").as_deref(), Some(both));
        assert_eq!(kept_in("never-closes", "network.losses=0"), None);
        // B's policy is the file's own choice there.
        let of_b = kept_in("only-fins-bsd", "a.tcp.policy=linux").is_some_and(|kept| kept.contains("B: "));
        assert!(!of_b);
    }
}
