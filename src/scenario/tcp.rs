//! A scenario's TCP: a policy by name, any of its fields, and their values in ticks.

use std::fmt;
use std::iter;
use std::sync::Arc;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::mistake::KeyMistake;
use crate::diagnostic::{SourceFile, Span};
use crate::invariant::broken;
use crate::policy::{
    self, Bounds, Clock, Duration, FieldScope, FieldSetting, NamedPolicy, Origin, Policies, Value, check_field,
    scope_of,
};
use crate::tcp::Policy;

/// The policy of a scenario that names none.
const DEFAULT: &str = "rfc1337";

/// `[tcp]`, `[a.tcp]` or `[b.tcp]`.
#[derive(Clone, Debug, Default)]
pub(super) struct TcpShape {
    policy: Option<String>,
    fields: Vec<(&'static str, Value)>,
}

impl TcpShape {
    /// The keys of such a table: the policy's name, and its fields.
    pub(super) fn keys() -> impl Iterator<Item = &'static str> {
        iter::once("policy").chain(policy::field_names().iter().copied())
    }
}

/// The policy that an end has in a scenario, with the origin of each field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndPolicy {
    /// The policy's name.
    pub name: String,
    /// What the end asks, in ticks.
    pub policy: Policy,
    /// Each field once, in the order of [`Policy`], as it is set last.
    pub fields: Vec<FieldSetting>,
    /// Where the command line names the policy: its fields that the scenario's file sets otherwise.
    pub replaced: Vec<FieldSetting>,
    /// How long a tick is.
    pub clock: Clock,
}

impl EndPolicy {
    /// What the end has in this field, which is what the field is set to, in ticks.
    #[must_use]
    pub fn in_force(&self, field: &FieldSetting) -> Value {
        policy::value_in(&self.policy, field.name)
    }

    /// The fields that are a length of time of no whole number of ticks.
    pub fn rounded(&self) -> impl Iterator<Item = &FieldSetting> {
        self.fields.iter().filter(|field| match field.value {
            Value::Duration(duration) => !self.clock.is_exact(duration),
            _ => false,
        })
    }
}

/// Where the layers of a scenario set a key, if any does.
pub(super) type Places<'a> = &'a dyn Fn(&[&str]) -> Option<(Arc<SourceFile>, Span)>;

/// The policy of an end. Weakest first: the policy that both have by name, the fields that are set for both, the
/// policy that the end has by name, which is all of it, and the end's own fields. `opens`: an end opens a new
/// connection.
pub(super) fn policy(
    both: &TcpShape,
    (end, own): (&'static str, &TcpShape),
    policies: &Policies,
    (clock, bounds, opens): (Clock, Bounds, bool),
    places: Places<'_>,
) -> Result<EndPolicy, KeyMistake> {
    let shared = named(both.policy.as_deref().unwrap_or(DEFAULT), vec!["tcp", "policy"], policies)?;
    let (named, layers) = match &own.policy {
        Some(name) => (named(name, vec![end, "tcp", "policy"], policies)?, vec![(vec![end, "tcp"], own)]),
        None => (shared, vec![(vec!["tcp"], both), (vec![end, "tcp"], own)]),
    };
    let mut fields = named.fields.clone();
    // What means nothing in a world is as in the base there.
    fields.retain(|field| field.origin == Origin::Base || is_in_vain(field.name, opens).is_none());
    for (path, (name, value)) in
        layers.iter().flat_map(|(path, shape)| shape.fields.iter().map(move |field| (path, field)))
    {
        let path: Vec<&'static str> = path.iter().copied().chain([*name]).collect();
        if let Some((world, why)) = is_in_vain(name, opens) {
            return Err(KeyMistake::new(path, format!("`{name}` means nothing in {world}"), why));
        }
        let place = places(&path);
        let (file, span) =
            place.unwrap_or_else(|| broken(format_args!("`{}` is set at no place", path.join("."))));
        let source = Some(file.path.clone());
        fields.push(FieldSetting { name, value: value.clone(), source, origin: Origin::Scenario, file, span });
    }
    let policy =
        policy::resolve(&fields, clock, bounds).map_err(|mistake| out_of_range(end, &fields, clock, mistake))?;
    let last = |fields: &[FieldSetting], name| fields.iter().rfind(|field| field.name == name).cloned();
    let set: Vec<FieldSetting> = policy::field_names().iter().filter_map(|name| last(&fields, *name)).collect();
    let name = if own.policy.is_some() { &[end, "tcp", "policy"][..] } else { &["tcp", "policy"] };
    let is_chosen = places(name).is_some_and(|(file, _)| file.is_of_an_option());
    let of_file = |field: &&FieldSetting| field.origin == Origin::Scenario && !field.file.is_of_an_option();
    let replaced = set.iter().filter(|field| is_chosen && of_file(field)).filter_map(|field| {
        last(&named.fields, field.name).filter(|own| own.origin != Origin::Base && own.value != field.value)
    });
    Ok(EndPolicy { name: named.name.clone(), policy, replaced: replaced.collect(), fields: set, clock })
}

/// In which worlds a field means nothing, if this is one, and why. An end of the world may open a new connection,
/// or none does.
fn is_in_vain(field: &str, opens: bool) -> Option<(&'static str, &'static str)> {
    match scope_of(field) {
        FieldScope::Worlds => None,
        FieldScope::Openings if opens => None,
        FieldScope::Openings => Some((
            "a world that opens no connection",
            "no SYN arrives there, and no segment of a former connection",
        )),
        FieldScope::Cases => Some((
            "a world",
            "no window closes there, no driver polls an end, what arrives is read at once, and each segment takes at most one number",
        )),
    }
}

fn named<'a>(name: &str, path: Vec<&'static str>, policies: &'a Policies) -> Result<&'a NamedPolicy, KeyMistake> {
    let named = policies.named(name).map_err(|unknown| KeyMistake {
        help: unknown.help,
        ..KeyMistake::new(path, unknown.title, "expected the name of a policy")
    })?;
    Ok(named)
}

fn out_of_range(end: &'static str, fields: &[FieldSetting], clock: Clock, mistake: policy::Mistake) -> KeyMistake {
    let policy::Mistake { field, title, label } = mistake;
    let set = fields.iter().rfind(|set| set.name == field);
    let mistake = KeyMistake {
        place: set.map(|set| (Arc::clone(&set.file), set.span.clone())),
        ..KeyMistake::new(vec![end, "tcp", field], title, label)
    };
    match set.map(|set| &set.value) {
        Some(Value::Duration(time @ Duration::Milliseconds(_))) => KeyMistake {
            title: format!("{}, the ticks of {} in {time}", mistake.title, clock.tick()),
            help: Some(
                "`network.msl_seconds` and `network.msl` determine the length of a tick, and `tcp.…` sets any field"
                    .to_owned(),
            ),
            ..mistake
        },
        _ => mistake,
    }
}

impl<'de> Deserialize<'de> for TcpShape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TcpVisitor)
    }
}

struct TcpVisitor;

impl<'de> Visitor<'de> for TcpVisitor {
    type Value = TcpShape;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a table, as in `[tcp]`")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<TcpShape, M::Error> {
        let mut shape = TcpShape::default();
        while let Some(Key(key)) = map.next_key()? {
            if key == "policy" {
                shape.policy = Some(map.next_value()?);
            } else {
                shape.fields.push(map.next_value_seed(ValueOf(key))?);
            }
        }
        Ok(shape)
    }
}

/// `policy`, or the name of a field.
struct Key(&'static str);

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = String::deserialize(deserializer)?;
        TcpShape::keys().find(|name| *name == key).map(Self).ok_or_else(|| {
            let names: Vec<String> = TcpShape::keys().map(|name| format!("`{name}`")).collect();
            D::Error::custom(format!("unknown field `{key}`, expected one of {}", names.join(", ")))
        })
    }
}

/// The value of a field.
struct ValueOf(&'static str);

impl<'de> serde::de::DeserializeSeed<'de> for ValueOf {
    type Value = (&'static str, Value);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let value = toml::Value::deserialize(deserializer)?;
        check_field(self.0, &value).map_err(D::Error::custom)
    }
}
