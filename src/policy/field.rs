//! The fields of a policy by name: which there are, and what each can be set to.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_aux::serde_introspection::serde_introspect;
use toml::Table;

use super::{Duration, Value};
use crate::diagnostic::in_words_of_files;
use crate::tcp::Policy;

/// The fields that are lengths of time; a policy has them in ticks, a file in ticks, segment lifetimes or seconds.
pub(super) const DURATIONS: [&str; 9] = [
    "rto",
    "rto_max",
    "time_wait",
    "fin_wait_2_timeout",
    "persist_first",
    "persist_min",
    "persist_max",
    "closing_silence",
    "delayed_ack",
];

/// Some policy; a field that is not in it need not be there.
static ANY: LazyLock<Table> = LazyLock::new(|| table(&Policy::rfc9293(1)));

/// The names of a policy's fields, in the order of [`Policy`].
#[must_use]
pub fn field_names() -> &'static [&'static str] {
    static NAMES: LazyLock<&[&str]> = LazyLock::new(serde_introspect::<Policy>);
    &NAMES
}

/// The field with this name, and its value; the mistake says what is wrong, in a line.
pub fn check_field(key: &str, value: &toml::Value) -> Result<(&'static str, Value), String> {
    let field = known(key)?;
    let is_optional = !ANY.contains_key(field);
    if is_optional && value.as_str() == Some("none") {
        return Ok((field, Value::None));
    }
    let or_none = |message: &str| {
        let or = if is_optional { ", or \"none\"" } else { "" };
        format!("{}{or}", in_words_of_files(message.trim()))
    };
    if DURATIONS.contains(&field) {
        let duration = Duration::deserialize(value.clone()).map_err(|error| or_none(error.message()))?;
        return Ok((field, Value::Duration(duration)));
    }
    let takes_words = ANY.get(field).is_some_and(toml::Value::is_str);
    if takes_words && !value.is_str() {
        return Err("invalid type: expected a word in quotes".to_owned());
    }
    let mut table = ANY.clone();
    table.insert(field.to_owned(), value.clone());
    Policy::deserialize(table).map_err(|error| or_none(error.message()))?;
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

/// The field with this name.
fn known(key: &str) -> Result<&'static str, String> {
    let names = field_names();
    names.iter().find(|name| **name == key).copied().ok_or_else(|| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
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
        Some(toml::Value::Integer(ticks)) if DURATIONS.contains(&field) => {
            Value::Duration(Duration::Ticks(number(*ticks)))
        }
        Some(toml::Value::Integer(count)) => Value::Number(number(*count)),
        _ => Value::None,
    }
}

/// A policy as a table; what is `None` is not in it.
pub(super) fn table(policy: &Policy) -> Table {
    // Its fields are numbers, flags and words, which a table can hold.
    Table::try_from(policy).unwrap_or_default()
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
        assert!(DURATIONS.iter().all(|name| names.contains(name)));
        let policy = Policy {
            retries: Some(1),
            orphan_retries: Some(1),
            fin_wait_2_timeout: Some(1),
            delayed_ack: Some(1),
            closing_silence: Some(1),
            persist_first: Some(1),
            ..Policy::rfc9293(1)
        };
        assert_eq!(table(&policy).len(), names.len());
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
