//! The keys of scenarios and their types.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;
use toml::de::{DeTable, Deserializer};

use super::keys::{KEYS, NOT_SET};
use super::tcp::TcpShape;
use super::values::{AfterTicks, Limited, Seconds};
use crate::diagnostic::Diagnostic;
use crate::model::{Closes, ClosesWith, Deliveries, Fairness, Iss, Opens};

/// Which world a scenario runs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorldKind {
    /// The network and the clock of `TimedWorld`.
    #[default]
    Timed,
    /// stateright's `ActorModel`: no clock, no budgets.
    Asynchronous,
}

/// Which delays there are between the sending of a copy and its arrival.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delays {
    /// Every real time below the MSL.
    #[default]
    Any,
    /// Whole ticks: 0 to MSL − 1 of them.
    WholeTicks,
}

/// A verdict that can be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expected {
    /// The property is true of every run.
    Holds,
    /// It is not.
    Violated,
    /// Some reachable state is such.
    Possible,
    /// None is.
    Impossible,
}

/// A scenario's file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table")]
pub(super) struct Shape {
    pub(super) about: Option<String>,
    pub(super) extends: Option<String>,
    /// Read apart: one name, or a list.
    #[serde(rename = "properties")]
    _properties: Option<IgnoredAny>,
    pub(super) world: WorldKind,
    pub(super) network: NetworkShape,
    fairness: FairnessShape,
    pub(super) tcp: TcpShape,
    pub(super) a: EndShape,
    pub(super) b: EndShape,
    pub(super) expect: BTreeMap<String, ExpectationShape>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table, as in `[network]`")]
pub(super) struct NetworkShape {
    pub(super) msl: Option<u32>,
    pub(super) msl_seconds: Option<Seconds>,
    pub(super) losses: Option<Limited>,
    pub(super) duplicates: Option<Limited>,
    delays: Option<Delays>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table, as in `[fairness]`")]
struct FairnessShape {
    applications: Option<bool>,
    network: Option<Deliveries>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, expecting = "a table, as in `[a]`")]
pub(super) struct EndShape {
    pub(super) closes: Option<Closes>,
    pub(super) closes_with: Option<ClosesWith>,
    pub(super) sends: Option<u32>,
    pub(super) aborts: Option<bool>,
    pub(super) opens: Option<Opens>,
    pub(super) iss: Option<Iss>,
    pub(super) reuse_time_wait: Option<AfterTicks>,
    pub(super) tcp: TcpShape,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table with `verdict` and `because`")]
pub(super) struct ExpectationShape {
    pub(super) verdict: Expected,
    pub(super) because: String,
    pub(super) steps: Option<u32>,
}

/// Every key that can be set, those of one end for A alone.
pub(super) fn keys() -> impl Iterator<Item = String> {
    let is_set = |path: &&str| !NOT_SET.contains(&path.split('.').next().unwrap_or(path));
    let listed = KEYS.iter().map(|key| key.path).filter(is_set).filter(|path| !path.starts_with("tcp."));
    listed.map(str::to_owned).chain(TcpShape::keys().map(|key| format!("tcp.{key}")))
}

/// The key that can be set of which this is the last part.
pub(super) fn key_that_ends_with(last: &str) -> Option<String> {
    keys().find(|key| key.rsplit('.').next() == Some(last))
}

/// Names the table that has an unknown key, where another than that in which it stands does.
pub(super) fn with_its_table(mistake: Diagnostic) -> Diagnostic {
    let unknown = mistake.title.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
    let Some((key, known)) = unknown.and_then(|key| Some((key.to_owned(), key_that_ends_with(key)?))) else {
        return mistake;
    };
    mistake.help(match known.split_once('.') {
        Some(("tcp", _)) => format!("`{key}` is a key of `[tcp]`, for one end of `[a.tcp]` or `[b.tcp]`"),
        Some(("a", _)) => format!("`{key}` is a key of `[a]` and of `[b]`"),
        Some((table, _)) => format!("`{key}` is a key of `[{table}]`"),
        None => format!("`{key}` stands before all tables"),
    })
}

impl Shape {
    /// The shape of a text that is parsed already.
    ///
    /// # Errors
    /// An unknown key, or a value of another type.
    pub(super) fn of(parsed: &Spanned<DeTable<'_>>) -> Result<Self, toml::de::Error> {
        Self::deserialize(Deserializer::from(parsed.clone()))
    }

    /// Which delays there are. A scale is one of ticks.
    pub(super) fn delays(&self, scale: u32) -> Delays {
        let otherwise = if scale == 1 { Delays::default() } else { Delays::WholeTicks };
        self.network.delays.unwrap_or(otherwise)
    }

    /// What may not be postponed forever.
    pub(super) fn fairness(&self) -> Fairness {
        let default = Fairness::default();
        Fairness {
            applications: self.fairness.applications.unwrap_or(default.applications),
            network: self.fairness.network.unwrap_or(default.network),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_aux::serde_introspection::serde_introspect;

    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::scenario::keys::ScenarioKey;

    #[test]
    fn everything_is_fair_by_default() {
        let fairness = |text: &str| toml::from_str::<Shape>(text).unwrap().fairness();
        assert_eq!(fairness(""), Fairness { applications: true, network: Deliveries::ALL });
        assert_eq!(fairness("fairness.applications = false"), Fairness { applications: false, ..fairness("") });
        assert_eq!(fairness("fairness.network = false"), Fairness { network: Deliveries::NONE, ..fairness("") });
    }

    /// What the types read is what the table of keys has, in the same order; of `[tcp]` it has some.
    #[test]
    fn the_table_has_every_key() {
        let listed = |table: &str| {
            let of_table = KEYS.iter().map(ScenarioKey::table_and_name).filter(move |(its, _)| *its == table);
            of_table.map(|(_, name)| name).collect::<Vec<_>>()
        };
        let read = |keys: &[&'static str], tables: &[&str]| {
            keys.iter().copied().filter(|key| !tables.contains(key)).collect::<Vec<_>>()
        };
        let tables = ["network", "fairness", "tcp", "a", "b", "expect"];
        assert_eq!(listed(""), read(serde_introspect::<Shape>(), &tables));
        assert_eq!(listed("network"), read(serde_introspect::<NetworkShape>(), &[]));
        assert_eq!(listed("fairness"), read(serde_introspect::<FairnessShape>(), &[]));
        assert_eq!(listed("a"), read(serde_introspect::<EndShape>(), &["tcp"]));
        assert_eq!(listed("expect.NAME"), read(serde_introspect::<ExpectationShape>(), &[]));
        let of_tcp = listed("tcp");
        assert!(of_tcp[0] == "policy" && of_tcp.iter().all(|key| TcpShape::keys().any(|known| known == *key)));
        let each_of = ["", "network", "fairness", "a", "expect.NAME", "tcp"].map(|table| listed(table).len());
        assert_eq!(each_of.iter().sum::<usize>(), KEYS.len(), "a key of another table");
    }

    #[test]
    fn every_key_is_known() {
        for key in keys() {
            let message = toml::from_str::<Shape>(&format!("{key} = [1.5]")).unwrap_err().message().to_owned();
            assert!(!message.starts_with("unknown field"), "{key}: {message}");
            let last = key.rsplit('.').next().unwrap();
            assert!(key_that_ends_with(last).is_some_and(|known| known.ends_with(last)));
        }
        assert_eq!(key_that_ends_with("b"), None);
    }

    #[test]
    fn a_key_that_another_table_has_is_named_with_it() {
        let help = |text: &str| {
            let error = toml::from_str::<Shape>(text).unwrap_err();
            with_its_table(Diagnostic::from_toml(&SourceFile::new("x.toml", text), &error))
                .help
                .unwrap_or_default()
        };
        for (text, tables) in [
            ("a.policy = 'lwip'", "`policy` is a key of `[tcp]`, for one end of `[a.tcp]` or `[b.tcp]`"),
            ("a.losses = 1", "`losses` is a key of `[network]`"),
            ("network.sends = 1", "`sends` is a key of `[a]` and of `[b]`"),
            ("a.world = 'timed'", "`world` stands before all tables"),
            ("tcp.delays = 'any'", "`delays` is a key of `[network]`"),
        ] {
            assert_eq!(help(text), tables, "{text}");
        }
        assert_eq!(help("network.looses = 1"), "there is `losses`");
    }
}
