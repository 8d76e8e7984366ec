//! The properties and scenarios there are: those compiled in, and those in the folders of a user.

use std::path::PathBuf;
use std::sync::Arc;

use super::{Instance, shipped};
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile, nearest, unique_names};
use crate::property::{self, Property};
use crate::source::read_sources;
use crate::world::{Scenario, ScenarioFile, Setting};

/// All properties and scenarios, each sorted by name.
#[derive(Clone, Debug)]
pub struct Library {
    /// The properties.
    pub properties: Vec<Arc<Property>>,
    /// The scenarios.
    pub scenarios: Vec<ScenarioFile>,
    own_scenarios: Vec<String>,
}

impl Library {
    /// Reads what is compiled in, and then these folders.
    pub fn read(property_folders: &[PathBuf], scenario_folders: &[PathBuf]) -> Result<Self, Diagnostics> {
        let mut mistakes = Diagnostics::default();
        let mut properties = Vec::new();
        let mut scenarios = Vec::new();
        for (path, text) in shipped::PROPERTIES {
            keep(
                Property::from_source(SourceFile::new(*path, *text)).map(|one| vec![one]),
                &mut properties,
                &mut mistakes,
            );
        }
        for (path, text) in shipped::SCENARIOS {
            keep(
                ScenarioFile::parse(SourceFile::new(*path, *text)).map(|one| vec![one]),
                &mut scenarios,
                &mut mistakes,
            );
        }
        for folder in property_folders {
            keep(property::read_folder(folder), &mut properties, &mut mistakes);
        }
        let shipped = scenarios.len();
        for folder in scenario_folders {
            match read_sources(folder, "scenarios") {
                Ok(sources) => {
                    for source in sources {
                        keep(ScenarioFile::parse(source).map(|one| vec![one]), &mut scenarios, &mut mistakes);
                    }
                }
                Err(more) => mistakes.0.extend(more.0),
            }
        }
        let named = scenarios.iter().map(|scenario| (scenario.name(), scenario.source(), 0..0));
        for result in [property::unique_names(&properties), unique_names("scenarios", named)] {
            if let Err(more) = result {
                mistakes.0.extend(more.0);
            }
        }
        let own_scenarios = scenarios.iter().skip(shipped).map(|file| file.name().to_owned()).collect();
        properties.sort_by(|one, other| one.name.cmp(&other.name));
        scenarios.sort_by(|one, other| one.name().cmp(other.name()));
        mistakes.or(Self { properties: properties.into_iter().map(Arc::new).collect(), scenarios, own_scenarios })
    }

    /// The names of the scenarios that are not compiled in.
    #[must_use]
    pub fn own_scenarios(&self) -> &[String] {
        &self.own_scenarios
    }

    /// The scenarios of these names, resolved; all of them if there are no names.
    pub fn scenarios(
        &self,
        names: &[String],
        settings: &[Setting],
        scale: u32,
    ) -> Result<Vec<Arc<Scenario>>, Diagnostics> {
        let mut mistakes = Diagnostics::default();
        let mut found = Vec::new();
        let selected = select("scenario", names, &self.scenarios, ScenarioFile::name, &mut mistakes);
        for file in selected {
            keep(
                file.resolve(&self.scenarios, settings, scale).map(|one| vec![Arc::new(one)]),
                &mut found,
                &mut mistakes,
            );
        }
        mistakes.or(found)
    }

    /// The properties of these names; all of them if there are no names.
    pub fn properties(&self, names: &[String]) -> Result<Vec<Arc<Property>>, Diagnostics> {
        let mut mistakes = Diagnostics::default();
        let selected = select("property", names, &self.properties, |property| &property.name, &mut mistakes);
        let found = selected.into_iter().cloned().collect();
        mistakes.or(found)
    }

    /// The instances that a name means: all of a property's, or one (`name@A`).
    pub fn instances(&self, name: &str) -> Result<Vec<Instance>, Diagnostics> {
        let all: Vec<Instance> = self.properties.iter().flat_map(Instance::all).collect();
        let names: Vec<String> = all.iter().flat_map(|one| [one.property.name.clone(), one.name()]).collect();
        let meant: Vec<Instance> =
            all.into_iter().filter(|one| one.property.name == name || one.name() == name).collect();
        if meant.is_empty() {
            return Err(unknown("property", name, names.iter().map(String::as_str)).into());
        }
        Ok(meant)
    }
}

fn unknown<'a>(what: &str, name: &str, names: impl Iterator<Item = &'a str>) -> Diagnostic {
    let mistake = Diagnostic::new(format!("there is no {what} `{name}`"));
    match nearest(name, names) {
        Some(near) => mistake.help(format!("there is `{near}`")),
        None => mistake.help("`lastack list` shows what there is"),
    }
}

fn keep<T>(result: Result<Vec<T>, Diagnostics>, kept: &mut Vec<T>, mistakes: &mut Diagnostics) {
    match result {
        Ok(more) => kept.extend(more),
        Err(more) => mistakes.0.extend(more.0),
    }
}

/// Those of these names, in their order and each once; all if there are no names.
fn select<'a, T>(
    what: &str,
    names: &[String],
    all: &'a [T],
    name_of: impl Fn(&T) -> &str,
    mistakes: &mut Diagnostics,
) -> Vec<&'a T> {
    if names.is_empty() {
        return all.iter().collect();
    }
    for name in names {
        if !all.iter().any(|one| name_of(one) == name) {
            mistakes.0.push(unknown(what, name, all.iter().map(&name_of)));
        }
    }
    all.iter().filter(|one| names.iter().any(|name| name == name_of(one))).collect()
}
