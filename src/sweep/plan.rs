//! The worlds of a sweep, and what is asked of them.

use std::sync::Arc;

use super::axis::{Axis, MAX_WORLDS};
use super::head::{AxisHead, Head, KIND, VERSION};
use super::part::{Part, digest};
use crate::check::{Library, unobservable, validate_asked};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::property::{Instance, Property, Temporal};
use crate::scenario::{Scenario, Setting};

/// What a command line asks for.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The scenario's name.
    pub scenario: &'a str,
    /// The name of a property, or of one of its instances.
    pub property: &'a str,
    /// `KEY=VALUE`: what is set in every world.
    pub settings: &'a [String],
    /// What every duration is multiplied by.
    pub scale: u32,
    /// `KEY=VALUES`: what is varied.
    pub vary: &'a [String],
    /// The key of which the least value is looked for.
    pub least: Option<&'a str>,
    /// Count the steps of shortest counterexamples.
    pub steps: bool,
    /// The limit of each exploration.
    pub max_states: Option<u64>,
    /// Which share of it.
    pub part: Part,
}

/// The worlds of a sweep.
#[derive(Debug)]
pub struct Plan {
    /// What tells it from other sweeps.
    pub head: Head,
    /// The instances whose verdicts together are that of a world.
    pub instances: Vec<Instance>,
    /// The world of each combination of values.
    pub worlds: Vec<PlannedWorld>,
}

/// The world that a combination of values comes to.
#[derive(Clone, Debug)]
pub enum PlannedWorld {
    /// It can be explored.
    Ready(Arc<Scenario>),
    /// These values do not go together: why.
    Refused(String),
}

impl Plan {
    /// Reads what is varied, and makes every world.
    ///
    /// # Errors
    /// A mistake in the request; a value that is refused in every world that has it; a property that no world can
    /// be asked.
    pub fn new(library: &Library, request: &Request<'_>) -> Result<Self, Diagnostics> {
        let instances = library.instances(request.property)?;
        let properties: Vec<Arc<Property>> =
            instances.iter().take(1).map(|instance| Arc::clone(&instance.property)).collect();
        let settings = Setting::parse_all(request.settings)?;
        let axes = axes(request.vary, &settings)?;
        let least = least(request.least, &axes, &properties)?;
        let mut head = head(request, &axes, &properties, least);
        if head.size() > MAX_WORLDS {
            let title = format!("a sweep has {MAX_WORLDS} worlds at most");
            return Err(Diagnostic::new(title)
                .help("set some of the keys with `--set`, or take larger steps")
                .into());
        }
        let mut refusals = Refusals::default();
        let mut worlds = Vec::new();
        for number in 0..head.size() {
            let values = axes.iter().zip(head.places(number)).filter_map(|(axis, place)| axis.values.get(place));
            let all: Vec<Setting> = settings.iter().chain(values.map(|value| &value.setting)).cloned().collect();
            worlds.push(match world(library, request, &all, &properties) {
                Ok(scenario) => PlannedWorld::Ready(scenario),
                Err(mistakes) => PlannedWorld::Refused(refusals.add(number, mistakes)),
            });
        }
        refusals.of_a_value(&head, &worlds)?;
        let ready: Vec<Arc<Scenario>> = worlds.iter().filter_map(|world| world.ready().cloned()).collect();
        validate_asked(library, &ready, &properties)?;
        head.worlds = digest_of(&worlds);
        Ok(Self { head, instances, worlds })
    }
}

impl PlannedWorld {
    /// The world, if there is one.
    #[must_use]
    pub fn ready(&self) -> Option<&Arc<Scenario>> {
        match self {
            Self::Ready(scenario) => Some(scenario),
            Self::Refused(_) => None,
        }
    }
}

fn head(request: &Request<'_>, axes: &[Axis], properties: &[Arc<Property>], least: Option<String>) -> Head {
    let values = |axis: &Axis| axis.values.iter().map(|value| value.text.clone()).collect();
    let is_liveness = properties.iter().any(|property| property.formula.temporal().is_liveness());
    Head {
        kind: KIND.to_owned(),
        version: VERSION,
        lastack: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: request.scenario.to_owned(),
        settings: request.settings.to_vec(),
        scale: request.scale,
        property: request.property.to_owned(),
        formula: properties.iter().map(|property| property.formula.to_string()).collect(),
        vary: axes.iter().map(|axis| AxisHead { key: axis.key.clone(), values: values(axis) }).collect(),
        // A lasso is not replayed elsewhere, and neither is a shortest run.
        bisects: least.is_some() && !is_liveness && !request.steps,
        least,
        steps: request.steps,
        max_states: request.max_states,
        worlds: String::new(),
        partition: request.part,
    }
}

fn axes(texts: &[String], settings: &[Setting]) -> Result<Vec<Axis>, Diagnostics> {
    let mut mistakes = Diagnostics::default();
    let axes: Vec<Axis> = texts.iter().filter_map(|text| mistakes.take(Axis::parse(text))).collect();
    let varied = axes.iter().filter_map(|axis| axis.values.first()).map(|value| value.setting.clone());
    mistakes.0.extend(Setting::set_twice(&settings.iter().cloned().chain(varied).collect::<Vec<_>>()));
    mistakes.or(axes)
}

/// The key of which the least value is looked for, if it is one that is varied and has a least value.
fn least(key: Option<&str>, axes: &[Axis], properties: &[Arc<Property>]) -> Result<Option<String>, Diagnostics> {
    let Some(key) = key else {
        return Ok(None);
    };
    let Some(varied) = axes.iter().find(|one| one.key == key) else {
        let keys: Vec<String> = axes.iter().map(|one| format!("`{}`", one.key)).collect();
        let mistake = Diagnostic::new(format!("`{key}` is not varied"));
        return Err(mistake.help(format!("`--vary` varies {}", keys.join(", "))).into());
    };
    if !varied.is_ascending() {
        let mistake = Diagnostic::new(format!("the values of `{key}` have no order"));
        return Err(mistake.help("`--least` needs numbers that grow, all of one unit").into());
    }
    if properties.iter().any(|property| property.formula.temporal() == Temporal::Possible) {
        let mistake = Diagnostic::new("what is possible neither holds nor is violated");
        return Err(mistake.help("`--least` needs a property of another form").into());
    }
    Ok(Some(varied.key.clone()))
}

/// The world of these settings, where the properties can be asked.
fn world(
    library: &Library,
    request: &Request<'_>,
    settings: &[Setting],
    properties: &[Arc<Property>],
) -> Result<Arc<Scenario>, Diagnostics> {
    let scenario = library.scenarios(&[request.scenario.to_owned()], settings, request.scale)?;
    let scenario = scenario.into_iter().next().ok_or_else(|| Diagnostic::new("there is no such scenario"))?;
    match properties.iter().find_map(|property| unobservable(&scenario, property)) {
        Some(mistake) => Err(mistake.into()),
        None => Ok(scenario),
    }
}

/// Why worlds are refused.
#[derive(Default)]
struct Refusals {
    /// Of each world, by its number.
    all: Vec<(usize, Diagnostics)>,
}

impl Refusals {
    /// The reason in a line.
    fn add(&mut self, index: usize, mistakes: Diagnostics) -> String {
        let title = mistakes.0.first().map_or_else(String::new, |mistake| mistake.title.clone());
        self.all.push((index, mistakes));
        title
    }

    /// The mistake, if a value is refused with all others: then it is the value's.
    fn of_a_value(mut self, head: &Head, worlds: &[PlannedWorld]) -> Result<(), Diagnostics> {
        for (axis, AxisHead { values, .. }) in head.vary.iter().enumerate() {
            for place in 0..values.len() {
                let has = |number: usize| head.places(number).get(axis) == Some(&place);
                let mut with_it = worlds.iter().enumerate().filter(|(number, _)| has(*number));
                if with_it.all(|(_, world)| world.ready().is_none()) {
                    let found = self.all.iter().position(|(number, _)| has(*number));
                    return found.map_or(Ok(()), |found| Err(self.all.swap_remove(found).1));
                }
            }
        }
        Ok(())
    }
}

/// What the worlds come to, in short.
fn digest_of(worlds: &[PlannedWorld]) -> String {
    digest(worlds.iter().map(|world| match world {
        PlannedWorld::Ready(scenario) => scenario.world_in_words(),
        PlannedWorld::Refused(_) => String::new(),
    }))
}
