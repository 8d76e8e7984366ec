//! The fields of a policy by name: which there are, and what each can be set to.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_aux::serde_introspection::serde_introspect;
use toml::Table;

use super::value::{Duration, Value};
use crate::diagnostic::in_words_of_files;
use crate::invariant::broken;
use crate::tcp::{AckPolicy, OpenPolicy, PersistPolicy, Policy, RetransmissionPolicy, TimerPolicy, WaitPolicy};

/// The fields of one group of a [`Policy`].
struct Group {
    /// The group's name in [`Policy`].
    name: &'static str,
    /// The names of its fields, in their order.
    fields: &'static [&'static str],
    /// Those that are lengths of time, and the least that each can be set to, in ticks. A policy has them in
    /// ticks, a file in ticks, segment lifetimes or seconds.
    durations: &'static [(&'static str, u32)],
    /// Where they mean something, but for those of [`OF_OPENINGS`] and [`OF_CASES`].
    scope: FieldScope,
    /// Some values of its fields; a field that is not among them need not be set.
    any: Table,
    /// Whether these are values of its fields.
    check: fn(Table) -> Result<(), toml::de::Error>,
}

impl Group {
    fn of<G>(name: &'static str, durations: &'static [(&'static str, u32)], any: G) -> Self
    where
        G: Serialize + for<'de> Deserialize<'de>,
    {
        Self {
            name,
            fields: serde_introspect::<G>(),
            durations,
            scope: FieldScope::Worlds,
            any: as_table(any),
            check: |table| table.try_into::<G>().map(drop),
        }
    }
}

/// Every field of a policy, group by group.
static GROUPS: LazyLock<[Group; 11]> = LazyLock::new(|| {
    let any = Policy::rfc9293(1);
    [
        Group::of("retransmission", RetransmissionPolicy::DURATIONS, any.retransmission),
        Group::of("sequence", &[], any.sequence),
        Group::of("resets", &[], any.resets),
        Group::of("acks", AckPolicy::DURATIONS, any.acks),
        Group::of("text", &[], any.text),
        Group::of("closing", &[], any.closing),
        Group::of("wait", WaitPolicy::DURATIONS, any.wait),
        Group::of("timers", TimerPolicy::DURATIONS, any.timers),
        Group { scope: FieldScope::Cases, ..Group::of("transmission", &[], any.transmission) },
        Group { scope: FieldScope::Cases, ..Group::of("persist", PersistPolicy::DURATIONS, any.persist) },
        Group { scope: FieldScope::Openings, ..Group::of("opening", OpenPolicy::DURATIONS, any.opening) },
    ]
});

/// The names of a policy's fields, in the order of [`Policy`].
#[must_use]
pub fn field_names() -> &'static [&'static str] {
    static NAMES: LazyLock<Vec<&str>> =
        LazyLock::new(|| GROUPS.iter().flat_map(|group| group.fields).copied().collect());
    &NAMES
}

/// Where a field means something; in recorded cases, each does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldScope {
    /// In any world.
    Worlds,
    /// In a world in which a connection is opened: there are SYNs, and segments of a former connection.
    Openings,
    /// In no world: no window closes there, no driver polls an end, what arrives is read at once, and each segment
    /// takes at most one number.
    Cases,
}

/// The fields that mean something only where there are SYNs or segments of a former connection: no other lacks an
/// ACK, or acknowledges what this connection has not sent, or has text beyond a FIN.
const OF_OPENINGS: [&str; 5] =
    ["without_ack", "oldest_ack", "ack_of_unsent", "syn_in_window", "reset_text_after_fin"];

/// The fields that mean nothing in a world, of groups that otherwise do: those about the window's edge and a
/// closed window, and about what an application has not read or learns from its socket.
const OF_CASES: [&str; 7] = [
    "window_includes_end",
    "fin_without_room",
    "trims_text",
    "probe_acknowledges",
    "epipe_after_fin",
    "shutdown_read",
    "reset_unread",
];

/// Where this field means something.
///
/// # Panics
/// If it is no field of a policy.
#[must_use]
pub fn scope_of(field: &str) -> FieldScope {
    match GROUPS.iter().find(|group| group.fields.contains(&field)) {
        _ if OF_OPENINGS.contains(&field) => FieldScope::Openings,
        _ if OF_CASES.contains(&field) => FieldScope::Cases,
        Some(group) => group.scope,
        None => broken(format_args!("`{field}` is no field of a policy")),
    }
}

/// The fields that are lengths of time, with the least that each can be set to, in ticks.
pub(super) fn durations() -> impl Iterator<Item = (&'static str, u32)> {
    GROUPS.iter().flat_map(|group| group.durations).copied()
}

/// Whether this field is a length of time.
pub(crate) fn is_duration(field: &str) -> bool {
    durations().any(|(name, _)| name == field)
}

/// The field with this name, and its value; the mistake is described in a line.
///
/// # Errors
/// A line that describes the mistake.
pub fn check_field(key: &str, value: &toml::Value) -> Result<(&'static str, Value), String> {
    let (group, field) = known(key)?;
    let is_optional = !group.any.contains_key(field);
    if is_optional && value.as_str() == Some("none") {
        return Ok((field, Value::None));
    }
    let or_none = |message: &str| {
        let or = if is_optional { ", or \"none\"" } else { "" };
        format!("{}{or}", in_words_of_files(message.trim()))
    };
    if is_duration(field) {
        let duration = Duration::deserialize(value.clone()).map_err(|error| or_none(error.message()))?;
        return Ok((field, Value::Duration(duration)));
    }
    let takes_words = group.any.get(field).is_some_and(toml::Value::is_str);
    if takes_words && !value.is_str() {
        return Err("invalid type: expected a word in quotes".to_owned());
    }
    let mut values = group.any.clone();
    values.insert(field.to_owned(), value.clone());
    (group.check)(values).map_err(|error| or_none(error.message()))?;
    match value {
        toml::Value::Boolean(flag) => Ok((field, Value::Flag(*flag))),
        toml::Value::String(word) => Ok((field, Value::Word(word.clone()))),
        toml::Value::Integer(number) => {
            let number = u32::try_from(*number).map_err(|_| format!("`{field}` is out of range: {number}"))?;
            Ok((field, Value::Number(number)))
        }
        _ => Err(format!("`{field}` is not set like this")),
    }
}

/// The field with this name, and its group.
fn known(key: &str) -> Result<(&'static Group, &'static str), String> {
    let mut fields = GROUPS.iter().flat_map(|group| group.fields.iter().map(move |name| (group, *name)));
    fields.find(|(_, name)| *name == key).ok_or_else(|| {
        let names: Vec<String> = field_names().iter().map(|name| format!("`{name}`")).collect();
        format!("unknown field `{key}`, expected one of {}", names.join(", "))
    })
}

/// What a policy has in this field; lengths of time are ticks of its clock.
#[must_use]
pub fn value_in(policy: &Policy, field: &str) -> Value {
    let number = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    match table(policy).get(field) {
        Some(toml::Value::Boolean(flag)) => Value::Flag(*flag),
        Some(toml::Value::String(word)) => Value::Word(word.clone()),
        Some(toml::Value::Integer(ticks)) if is_duration(field) => {
            Value::Duration(Duration::Ticks(number(*ticks)))
        }
        Some(toml::Value::Integer(count)) => Value::Number(number(*count)),
        _ => Value::None,
    }
}

/// A policy as files have it, a table of all fields; what is `None` is not in it.
pub(super) fn table(policy: &Policy) -> Table {
    let fields = |(name, group)| match group {
        toml::Value::Table(fields) => fields,
        _ => broken(format_args!("the group {name} of a policy is no table")),
    };
    as_table(policy).into_iter().flat_map(fields).collect()
}

/// The fields of a policy or of a group are numbers, flags and words, which a table can hold.
fn as_table(of: impl Serialize) -> Table {
    Table::try_from(of).unwrap_or_else(|error| broken(format_args!("a policy is no table: {error}")))
}

/// The policy of a table of all fields.
pub(super) fn policy_of(mut table: Table) -> Result<Policy, toml::de::Error> {
    let groups = GROUPS.iter().map(|group| {
        let fields = group.fields.iter().filter_map(|name| table.remove_entry(*name));
        (group.name.to_owned(), toml::Value::Table(fields.collect()))
    });
    groups.collect::<Table>().try_into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(key: &str, value: impl Into<toml::Value>) -> Result<Value, String> {
        check_field(key, &value.into()).map(|(_, value)| value)
    }

    #[test]
    fn every_field_has_a_name_and_lengths_of_time_are_among_them() {
        let names = field_names();
        assert!(durations().all(|(name, _)| names.contains(&name)));
        assert!(OF_OPENINGS.iter().chain(&OF_CASES).all(|name| names.contains(name)));
        assert!(GROUPS.iter().map(|group| &group.name).eq(serde_introspect::<Policy>()));
        assert_eq!(table(&with_every_field()).len(), names.len());
    }

    /// A policy that leaves no field out.
    fn with_every_field() -> Policy {
        Policy::rfc9293(1).with(|policy| {
            policy.retransmission.retries = Some(1);
            policy.retransmission.orphan_retries = Some(1);
            policy.wait.fin_wait_2_timeout = Some(1);
            policy.wait.last_ack_timeout = Some(1);
            policy.acks.delayed_ack = Some(1);
            policy.persist.closing_silence = Some(1);
            policy.persist.persist_first = Some(1);
            policy.opening.syn_rto = Some(1);
            policy.opening.syn_retries = Some(1);
            policy.opening.syn_ack_retries = Some(1);
        })
    }

    /// A length of time that was left out would make another world of finer ticks.
    #[test]
    fn finer_ticks_are_more_in_every_length_of_time_and_in_nothing_else() {
        let policy = with_every_field().with(|policy| policy.timers.timer_slack = 1);
        let mut expected = table(&policy);
        for (field, value) in
            expected.iter_mut().filter(|(field, _)| is_duration(field) && scope_of(field) != FieldScope::Cases)
        {
            let ticks = value.as_integer().filter(|ticks| *ticks > 0).expect(field);
            *value = (3 * ticks).into();
        }
        assert_eq!(table(&policy.scaled(3)), expected);
    }

    #[test]
    fn values_are_what_their_field_takes() {
        assert_eq!(checked("rto", "200 ms"), Ok(Value::Duration(Duration::Milliseconds(200))));
        assert_eq!(checked("rto", 3), Ok(Value::Duration(Duration::Ticks(3))));
        assert_eq!(checked("backoff", true), Ok(Value::Flag(true)));
        assert_eq!(checked("retries", 3), Ok(Value::Number(3)));
        assert_eq!(checked("retries", "none"), Ok(Value::None));
        assert_eq!(checked("delayed_ack", "none"), Ok(Value::None));
        assert_eq!(checked("out_of_order", "hold-text"), Ok(Value::Word("hold-text".to_owned())));
        let mistakes = [
            checked("rot", 3),
            checked("rto", "none"),
            checked("delayed_ack", "soon"),
            checked("backoff", "none"),
            checked("retries", -1),
            checked("retries", 4_294_967_296_i64),
            checked("retries", "many"),
            checked("out_of_order", "keep"),
            checked("out_of_order", 1),
            checked("backoff", 1.5),
            checked("backoff", vec![true]),
        ];
        let mistakes: Vec<String> = mistakes.into_iter().map(Result::unwrap_err).collect();
        insta::assert_snapshot!(mistakes.join("\n"));
    }
}
