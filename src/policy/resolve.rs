//! From the fields that are set to the policy that an endpoint asks: lengths of time in ticks, and every range.

use std::ops::RangeInclusive;

use super::clock::Clock;
use super::field::{FieldScope, durations, policy_of, scope_of, table};
use super::field_setting::{FieldSetting, Origin};
use super::value::Value;
use crate::invariant::broken;
use crate::tcp::{OpenPolicy, Policy, RetransmissionPolicy};

/// What the numbers of a policy have to fit into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The longest duration, in ticks.
    pub ticks: u32,
    /// The most retries.
    pub retries: u32,
}

impl Bounds {
    /// What an endpoint by itself can have.
    pub const NONE: Self = Self { ticks: u32::MAX, retries: u32::MAX };
}

/// A value that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The field.
    pub field: &'static str,
    /// What is wrong.
    pub title: String,
    /// What was expected.
    pub label: String,
}

/// The policy that these fields make; where a field is set several times the last counts, and where it is not set,
/// the policy is that of RFC 9293.
///
/// # Errors
/// A value outside its range, or durations that contradict each other.
///
/// # Panics
/// If a field does not have the value that it has been read with.
pub fn resolve(fields: &[FieldSetting], clock: Clock, bounds: Bounds) -> Result<Policy, Mistake> {
    let mut policy = table(&Policy::rfc9293(clock.msl));
    for field in fields {
        let number = |number: u32| toml::Value::Integer(i64::from(number));
        let value = match &field.value {
            Value::None => {
                policy.remove(field.name);
                continue;
            }
            Value::Flag(flag) => toml::Value::Boolean(*flag),
            Value::Number(count) => number(*count),
            Value::Word(word) => toml::Value::String(word.clone()),
            Value::Duration(duration) => number(clock.ticks_of(field.name, *duration)),
        };
        policy.insert(field.name.to_owned(), value);
    }
    // Each value was checked by itself when it was read.
    let policy = policy_of(policy)
        .unwrap_or_else(|error| broken(format_args!("fields make no policy: {}", error.message())));
    in_range(policy, fields, bounds)
}

fn in_range(mut policy: Policy, fields: &[FieldSetting], bounds: Bounds) -> Result<Policy, Mistake> {
    let RetransmissionPolicy { rto, backoff, rto_max, retries, orphan_retries, .. } = policy.retransmission;
    let origin =
        |name: &str| fields.iter().rfind(|field| field.name == name).map_or(Origin::Base, |set| set.origin);
    // A scenario's timeout is no mistake of the stack's greatest, nor anybody's of the base's: it is the greatest,
    // then.
    let gives_way = origin("rto_max") < origin("rto")
        && (origin("rto_max") == Origin::Base || origin("rto") == Origin::Scenario);
    let least_max = if backoff { rto } else { 1 };
    let rto_max = if gives_way { rto_max.max(least_max) } else { rto_max };
    policy.retransmission.rto_max = rto_max;
    let set = table(&policy);
    for (field, least) in durations() {
        let Some(ticks) = set.get(field).and_then(toml::Value::as_integer) else { continue };
        let ticks = u32::try_from(ticks).unwrap_or(u32::MAX);
        let most = if scope_of(field) == FieldScope::Cases { u32::MAX } else { bounds.ticks };
        match field {
            "rto_max" => {
                if origin("rto_max") < origin("rto") && backoff {
                    within("rto", rto, 1..=rto_max)?;
                }
                within(field, ticks, least_max..=most)?;
            }
            "persist_min" => within(field, ticks, least..=policy.persist.persist_max)?,
            // The latest moment is what has to fit. What a bound of its own already excludes is reported there.
            "timer_slack" => within(field, ticks, least..=most.saturating_sub(longest_timer(&policy)))?,
            _ => within(field, ticks, least..=most)?,
        }
    }
    let OpenPolicy { syn_retries, syn_ack_retries, .. } = policy.opening;
    for (field, retries) in [
        ("retries", retries),
        ("orphan_retries", orphan_retries),
        ("syn_retries", syn_retries),
        ("syn_ack_retries", syn_ack_retries),
    ] {
        retries.map_or(Ok(()), |retries| within(field, retries, 0..=bounds.retries))?;
    }
    Ok(policy)
}

/// The longest that a timer of a world is set to, in ticks.
fn longest_timer(policy: &Policy) -> u32 {
    let set = table(policy);
    let is_timer = |name: &str| match name {
        "timer_slack" => false,
        "rto_max" => policy.retransmission.backoff,
        _ => scope_of(name) != FieldScope::Cases,
    };
    let of_worlds = durations().filter(|(name, _)| is_timer(name));
    let ticks = of_worlds.filter_map(|(name, _)| set.get(name)?.as_integer());
    ticks.max().map_or(0, |ticks| u32::try_from(ticks).unwrap_or(u32::MAX))
}

fn within(field: &'static str, value: u32, range: RangeInclusive<u32>) -> Result<(), Mistake> {
    if range.contains(&value) {
        return Ok(());
    }
    let (least, most) = (range.start(), range.end());
    Err(Mistake {
        field,
        title: format!("`{field}` is out of range: {value}"),
        label: if *most == u32::MAX {
            format!("expected at least {least}")
        } else {
            format!("expected {least} to {most}")
        },
    })
}
