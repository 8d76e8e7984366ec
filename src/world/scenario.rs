//! Scenario files: one closed world to explore, and what is expected of it.
//!
//! A file is checked for its shape by itself, so that a mistake is shown where it stands; then the layers (the
//! scenario it extends, the file, the settings of the command line) are merged key by key and resolved.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use toml::Table;
use toml::de::{DeTable, DeValue};

use super::scenario_values::{Duration, Limited, Optional};
use super::{Application, Closes, ClosesWith, Config, EndConfig, SegmentCopy, Timers};
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile, Span, nearest};
use crate::tcp::{OutOfOrder, Policy, RstInTimeWait};

/// A scenario, resolved: ready to be explored.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// What it is called: the stem of its file.
    pub name: String,
    /// The one insight that it is there for.
    pub about: String,
    /// Its file.
    pub source: Arc<SourceFile>,
    /// Which of the two worlds it runs on.
    pub kind: WorldKind,
    /// The world.
    pub config: Config,
    /// Where it departs from "every property holds"; empty when the world was changed.
    pub expectations: Vec<Expectation>,
    /// Settings or a scale have changed the world: nothing is expected of it.
    pub is_changed: bool,
}

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

/// What a scenario expects of a property, or of one of its instances (`name@A`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// The property or instance.
    pub property: String,
    /// What is expected.
    pub verdict: Expected,
    /// Why.
    pub because: String,
    /// Where the file says so.
    pub span: Span,
}

/// A verdict that can be expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expected {
    /// The property is true of every behaviour.
    Holds,
    /// It is not.
    Violated,
    /// Some reachable state is such.
    Possible,
    /// None is.
    Impossible,
}

/// A scenario's file, of the right shape but not resolved.
#[derive(Clone, Debug)]
pub struct ScenarioFile {
    source: Arc<SourceFile>,
    table: Table,
    shape: Shape,
}

/// One `KEY=VALUE` of the command line.
#[derive(Clone, Debug)]
pub struct Setting {
    source: Arc<SourceFile>,
    table: Table,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Shape {
    about: Option<String>,
    extends: Option<String>,
    world: WorldKind,
    network: NetworkShape,
    tcp: TcpShape,
    a: EndShape,
    b: EndShape,
    expect: BTreeMap<String, ExpectationShape>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct NetworkShape {
    msl: Option<u32>,
    losses: Option<Limited>,
    duplicates: Option<u32>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct EndShape {
    closes: Option<Closes>,
    closes_with: Option<ClosesWith>,
    sends: Option<u32>,
    aborts: Option<bool>,
    tcp: TcpShape,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TcpShape {
    policy: Option<PolicyName>,
    rto: Option<Duration>,
    backoff: Option<bool>,
    rto_max: Option<Duration>,
    retries: Option<Optional<u32>>,
    time_wait: Option<Duration>,
    restart_time_wait: Option<bool>,
    rst_in_time_wait: Option<RstInTimeWait>,
    out_of_order: Option<OutOfOrder>,
    fin_wait_2_timeout: Option<Optional<Duration>>,
    delayed_ack: Option<Optional<Duration>>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum PolicyName {
    Rfc9293,
    Rfc1337,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectationShape {
    verdict: Expected,
    because: String,
}

impl ScenarioFile {
    /// Reads a file and checks its shape.
    pub fn parse(source: Arc<SourceFile>) -> Result<Self, Diagnostics> {
        let parse = || -> Result<(Shape, Table), toml::de::Error> {
            Ok((toml::from_str(&source.text)?, toml::from_str(&source.text)?))
        };
        let (shape, table) = parse().map_err(|error| Diagnostic::from_toml(&source, &error))?;
        let file = Self { source, table, shape };
        let name = file.name();
        let kebab = name.split('-').all(|word| {
            !word.is_empty() && word.chars().all(|char| char.is_ascii_lowercase() || char.is_ascii_digit())
        });
        if !kebab {
            return Err(Diagnostic::new(format!("`{name}` is no name for a scenario"))
                .at(&file.source, 0..0, "")
                .help("a scenario is named after its file, in kebab-case: `my-scenario.toml`")
                .into());
        }
        let mut mistakes = Diagnostics::default();
        if file.shape.about.as_deref().is_none_or(|about| about.trim().is_empty()) {
            mistakes.0.push(Diagnostic::new("a scenario says what it is about").at(
                &file.source,
                0..0,
                "expected `about = \"…\"`: the one insight that it is there for",
            ));
        }
        for (property, expectation) in &file.shape.expect {
            if expectation.because.trim().is_empty() {
                mistakes.0.push(Diagnostic::new("an expectation has a reason").at(
                    &file.source,
                    file.span_of(&["expect", property, "because"]),
                    "expected why this is TCP's doing and not the model's",
                ));
            }
        }
        if mistakes.0.is_empty() { Ok(file) } else { Err(mistakes) }
    }

    /// What the scenario is called: the stem of its file.
    #[must_use]
    pub fn name(&self) -> &str {
        self.source.stem()
    }

    /// Where the scenario comes from.
    #[must_use]
    pub fn source(&self) -> &Arc<SourceFile> {
        &self.source
    }

    /// Resolves the scenario among all that it may extend, with settings on top and every duration multiplied
    /// by `scale`.
    pub fn resolve(&self, all: &[Self], settings: &[Setting], scale: u32) -> Result<Scenario, Diagnostics> {
        let mut layers = Vec::new();
        if let Some(base) = self.base(all)? {
            layers.push((&base.source, &base.table));
        }
        layers.push((&self.source, &self.table));
        layers.extend(settings.iter().map(|setting| (&setting.source, &setting.table)));

        let mut merged = Table::new();
        for (_, table) in &layers {
            merge(&mut merged, table);
        }
        // Of what a scenario extends, only the world is taken over: another world has other exceptions.
        merged.remove("expect");
        let shape: Shape =
            merged.try_into().map_err(|error: toml::de::Error| Diagnostic::from_toml(&self.source, &error))?;
        let config = resolve(&shape, scale).map_err(|mistake| {
            let find =
                |path: &[&str]| layers.iter().rev().find_map(|(source, _)| Some((*source, locate(source, path)?)));
            // An end's own policy may also be set for both.
            let place = find(&mistake.path).or_else(|| match mistake.path.as_slice() {
                ["a" | "b", shared @ ..] => find(shared),
                _ => None,
            });
            let (source, span) = place.unwrap_or((&self.source, 0..0));
            let scaled = if scale == 1 { String::new() } else { format!(" after scaling by {scale}") };
            Diagnostic::new(mistake.title + &scaled).at(source, span, mistake.label)
        })?;
        let is_changed = !settings.is_empty() || scale != 1;
        let expectations = if is_changed { Vec::new() } else { self.expectations() };
        Ok(Scenario {
            name: self.name().to_owned(),
            about: shape.about.unwrap_or_default(),
            source: Arc::clone(&self.source),
            kind: shape.world,
            config,
            expectations,
            is_changed,
        })
    }

    fn base<'a>(&self, all: &'a [Self]) -> Result<Option<&'a Self>, Diagnostics> {
        let Some(name) = &self.shape.extends else {
            return Ok(None);
        };
        let span = self.span_of(&["extends"]);
        let Some(base) = all.iter().find(|file| file.name() == name) else {
            let unknown =
                Diagnostic::new(format!("there is no scenario `{name}`")).at(&self.source, span, "extends it");
            return Err(match nearest(name, all.iter().map(Self::name)) {
                Some(near) => unknown.help(format!("there is `{near}`")),
                None => unknown,
            }
            .into());
        };
        if base.shape.extends.is_some() {
            return Err(Diagnostic::new(format!("`{name}` extends another scenario itself"))
                .at(&self.source, span, "expected a scenario that extends none")
                .also(&base.source, base.span_of(&["extends"]), "here")
                .into());
        }
        Ok(Some(base))
    }

    fn expectations(&self) -> Vec<Expectation> {
        let expectation = |(property, shape): (&String, &ExpectationShape)| Expectation {
            property: property.clone(),
            verdict: shape.verdict,
            because: shape.because.clone(),
            span: self.span_of(&["expect", property]),
        };
        self.shape.expect.iter().map(expectation).collect()
    }

    fn span_of(&self, path: &[&str]) -> Span {
        locate(&self.source, path).unwrap_or(0..0)
    }
}

impl Setting {
    /// Reads `KEY=VALUE`, as in `network.losses=2` or `b.closes=never`: words need no quotes.
    pub fn parse(text: &str) -> Result<Self, Diagnostics> {
        let source = SourceFile::new("--set", text);
        let refused = |label: &str| {
            Diagnostic::new("a setting is a key and a value").at(&source, 0..text.len(), label).into()
        };
        let Some((key, value)) = text.split_once('=') else {
            return Err(refused("expected KEY=VALUE, as in network.losses=2"));
        };
        if text.contains(['\n', '\r']) {
            return Err(refused("expected one line"));
        }
        if let Some(name) = ["about", "extends", "expect"].iter().find(|name| key.trim().starts_with(**name)) {
            return Err(Diagnostic::new(format!("`{name}` cannot be set"))
                .at(&source, 0..key.len(), "expected a field of the world, as in network.losses=2")
                .into());
        }
        // A word needs no quotes here.
        let is_word = value.contains(char::is_alphabetic)
            && value.chars().all(|char| char.is_alphanumeric() || " -".contains(char));
        let (source, table) = match toml::from_str::<Table>(text) {
            Ok(table) => (source, table),
            Err(error) => {
                let quoted = SourceFile::new("--set", format!("{key} = {}", toml::Value::from(value.trim())));
                match toml::from_str::<Table>(&quoted.text) {
                    Ok(table) if is_word => (quoted, table),
                    _ => return Err(Diagnostic::from_toml(&source, &error).into()),
                }
            }
        };
        match toml::from_str::<Shape>(&source.text) {
            Ok(_) => Ok(Self { source, table }),
            Err(error) => Err(Diagnostic::from_toml(&source, &error).into()),
        }
    }
}

/// A value that does not fit, and the keys that lead to it.
struct Mistake {
    path: Vec<&'static str>,
    title: String,
    label: String,
}

fn resolve(shape: &Shape, scale: u32) -> Result<Config, Mistake> {
    let network = &shape.network;
    if shape.world == WorldKind::Asynchronous {
        let keys = [
            ("msl", network.msl.is_some()),
            ("losses", network.losses.is_some()),
            ("duplicates", network.duplicates.is_some()),
        ];
        if let Some((key, _)) = keys.into_iter().find(|(_, is_set)| *is_set) {
            return Err(Mistake {
                path: vec!["network", key],
                title: format!("the asynchronous world has no `{key}`"),
                label: "it loses and duplicates without bound, and has no clock".to_owned(),
            });
        }
    }
    let msl = network.msl.unwrap_or(2).saturating_mul(scale);
    let msl = within("msl", msl, 1..=SegmentCopy::MAX_AGE + 1, &["network"])?;
    let losses = match network.losses.unwrap_or(Limited::To(1)) {
        Limited::To(most) => Some(small("losses", most, &["network"])?),
        Limited::Unlimited => None,
    };
    let duplicates = small("duplicates", network.duplicates.unwrap_or(1), &["network"])?;
    let end = |name: &'static str, end: &EndShape| -> Result<EndConfig, Mistake> {
        // The last octet has number `sends`, the FIN the next, and what acknowledges it the one after that.
        let sends = within("sends", end.sends.unwrap_or(0), 0..=SegmentCopy::MAX_NUMBER - 2, &[name])?;
        let application = Application {
            closes: end.closes.unwrap_or(Closes::AnyTime),
            closes_with: end.closes_with.unwrap_or(ClosesWith::Shutdown),
            sends,
            aborts: end.aborts.unwrap_or(false),
        };
        Ok(EndConfig { policy: policy(&shape.tcp, (name, &end.tcp), msl, scale)?, application })
    };
    Ok(Config { msl, losses, duplicates, a: end("a", &shape.a)?, b: end("b", &shape.b)? })
}

fn policy(
    both: &TcpShape,
    (name, own): (&'static str, &TcpShape),
    msl: u32,
    scale: u32,
) -> Result<Policy, Mistake> {
    let base = match own.policy.or(both.policy).unwrap_or(PolicyName::Rfc1337) {
        PolicyName::Rfc9293 => Policy::rfc9293(msl),
        PolicyName::Rfc1337 => Policy::rfc1337(msl),
    };
    let path: &[&'static str] = &[name, "tcp"];
    // Every limit applies to the product: what is set, times the scale.
    let ticks = |key, given: Option<Duration>, base: u32, least: u32| match given {
        None => within(key, base, least..=Timers::MAX, path),
        Some(duration) => within(key, duration.ticks(msl, scale), least..=Timers::MAX, path),
    };
    let optional_ticks = |key, given: Option<Optional<Duration>>, base: Option<u32>| match given {
        None => Ok(base),
        Some(Optional::None) => Ok(None),
        Some(Optional::Some(duration)) => ticks(key, Some(duration), 0, 1).map(Some),
    };
    let retries = match own.retries.or(both.retries) {
        None => base.retries,
        Some(Optional::None) => None,
        Some(Optional::Some(retries)) => Some(within("retries", retries, 0..=SegmentCopy::MAX_NUMBER, path)?),
    };
    let rto = ticks("rto", own.rto.or(both.rto), base.rto, 1)?;
    let backoff = own.backoff.or(both.backoff).unwrap_or(base.backoff);
    let least_max = if backoff { rto } else { 1 };
    Ok(Policy {
        rto,
        backoff,
        rto_max: ticks("rto_max", own.rto_max.or(both.rto_max), base.rto_max.max(least_max), least_max)?,
        retries,
        time_wait: ticks("time_wait", own.time_wait.or(both.time_wait), base.time_wait, 0)?,
        restart_time_wait: own.restart_time_wait.or(both.restart_time_wait).unwrap_or(base.restart_time_wait),
        rst_in_time_wait: own.rst_in_time_wait.or(both.rst_in_time_wait).unwrap_or(base.rst_in_time_wait),
        out_of_order: own.out_of_order.or(both.out_of_order).unwrap_or(base.out_of_order),
        fin_wait_2_timeout: optional_ticks(
            "fin_wait_2_timeout",
            own.fin_wait_2_timeout.or(both.fin_wait_2_timeout),
            base.fin_wait_2_timeout,
        )?,
        delayed_ack: optional_ticks("delayed_ack", own.delayed_ack.or(both.delayed_ack), base.delayed_ack)?,
    })
}

fn within(
    key: &'static str,
    value: u32,
    range: std::ops::RangeInclusive<u32>,
    path: &[&'static str],
) -> Result<u32, Mistake> {
    if range.contains(&value) {
        return Ok(value);
    }
    Err(Mistake {
        path: path.iter().copied().chain([key]).collect(),
        title: format!("`{key}` is out of range: {value}"),
        label: format!("expected {} to {}", range.start(), range.end()),
    })
}

fn small(key: &'static str, value: u32, path: &[&'static str]) -> Result<u8, Mistake> {
    within(key, value, 0..=u32::from(u8::MAX), path).map(|value| u8::try_from(value).unwrap_or(u8::MAX))
}

/// Lays one table over another, key by key.
fn merge(under: &mut Table, over: &Table) {
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (Some(toml::Value::Table(under)), toml::Value::Table(over)) => merge(under, over),
            _ => {
                under.insert(key.clone(), value.clone());
            }
        }
    }
}

/// Where a file sets the value that these keys lead to.
fn locate(source: &SourceFile, path: &[&str]) -> Option<Span> {
    let document = DeTable::parse(&source.text).ok()?;
    let (last, tables) = path.split_last()?;
    let mut table = document.get_ref();
    for key in tables {
        table = match table.get(*key)?.get_ref() {
            DeValue::Table(table) => table,
            _ => return None,
        };
    }
    Some(table.get(*last)?.span())
}
