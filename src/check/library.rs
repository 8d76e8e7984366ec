//! The properties, scenarios and policies there are: those compiled in, and those in the folders of a user.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::shipped;
use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile, nearest, unique_names};
use crate::policy::Policies;
use crate::property::Instance;
use crate::property::{self, Property};
use crate::scenario::{Scenario, ScenarioFile, Setting};
use crate::source::read_sources;

/// All properties, scenarios and policies, each sorted by name.
#[derive(Clone, Debug)]
pub struct Library {
    /// The properties.
    pub properties: Vec<Arc<Property>>,
    /// The scenarios.
    pub scenarios: Vec<ScenarioFile>,
    /// The policies.
    pub policies: Policies,
    own_scenarios: Vec<String>,
}

impl Library {
    /// Reads what is compiled in, and then these folders or files.
    ///
    /// # Errors
    /// What cannot be read, and every mistake in a file, with its place.
    ///
    /// ```
    /// use lastack::check::Library;
    ///
    /// let library = Library::read(&[], &[])?;
    /// assert!(library.properties.iter().any(|property| property.name == "both-close"));
    /// # Ok::<(), lastack::diagnostic::Diagnostics>(())
    /// ```
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
        for (path, text) in shipped::SCENARIOS.iter().chain(shipped::PAIRS) {
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
        let policies = Policies::shipped()?;
        mistakes.or(Self {
            properties: properties.into_iter().map(Arc::new).collect(),
            scenarios,
            policies,
            own_scenarios,
        })
    }

    /// The same, and the policies of these folders.
    ///
    /// # Errors
    /// The mistakes in the files of the folders.
    pub fn with_policies(self, folders: &[PathBuf]) -> Result<Self, Diagnostics> {
        Ok(Self { policies: Policies::read(folders)?, ..self })
    }

    /// The names of the scenarios that are not compiled in.
    #[must_use]
    pub fn own_scenarios(&self) -> &[String] {
        &self.own_scenarios
    }

    /// The scenarios of these names, resolved; all of them if there are no names.
    ///
    /// # Errors
    /// A name that no scenario has, and the mistakes in resolving them.
    pub fn scenarios(
        &self,
        names: &[String],
        settings: &[Setting],
        scale: u32,
    ) -> Result<Vec<Arc<Scenario>>, Diagnostics> {
        let mut mistakes = Diagnostics::default();
        let mut found = Vec::new();
        let selected = self.select("scenario", names, &self.scenarios, ScenarioFile::name, &mut mistakes);
        for file in selected {
            keep(
                file.resolve(&self.scenarios, &self.policies, settings, scale).map(|one| vec![Arc::new(one)]),
                &mut found,
                &mut mistakes,
            );
        }
        mistakes.or(found)
    }

    /// The scenarios in which a key that is set changes nothing, each with the reason.
    ///
    /// # Errors
    /// The scenarios that extend one that does not exist.
    pub fn lacking(&self, settings: &[Setting]) -> Result<BTreeMap<String, String>, Diagnostics> {
        let mut mistakes = Diagnostics::default();
        let mut lacking = BTreeMap::new();
        for file in &self.scenarios {
            match file.lacks(&self.scenarios, settings) {
                Ok(reason) => lacking.extend(reason.map(|reason| (file.name().to_owned(), reason))),
                Err(more) => mistakes.0.extend(more.0),
            }
        }
        mistakes.or(lacking)
    }

    /// The properties of these names; all of them if there are no names.
    ///
    /// # Errors
    /// A name that no property has.
    pub fn properties(&self, names: &[String]) -> Result<Vec<Arc<Property>>, Diagnostics> {
        let mut mistakes = Diagnostics::default();
        let selected = self.select("property", names, &self.properties, |property| &property.name, &mut mistakes);
        let found = selected.into_iter().cloned().collect();
        mistakes.or(found)
    }

    /// The instances that a name means: all of a property's, or one (`name@A`).
    ///
    /// # Errors
    /// A name that no property has, or an end that its formula does not mention.
    pub fn instances(&self, name: &str) -> Result<Vec<Instance>, Diagnostics> {
        let meant: Vec<Instance> = Instance::named(&self.properties, name).collect();
        if meant.is_empty() {
            let all = self.properties.iter().flat_map(Instance::all);
            let names: Vec<String> = all.flat_map(|one| [one.property.name.clone(), one.name()]).collect();
            return Err(self.unknown("property", name, names.iter().map(String::as_str)).into());
        }
        Ok(meant)
    }

    /// The instances that any of these names means.
    ///
    /// # Errors
    /// As for one.
    pub fn all_instances(&self, names: &[String]) -> Result<Vec<Instance>, Diagnostics> {
        let mut mistakes = Diagnostics::default();
        let mut all = Vec::new();
        for name in names {
            keep(self.instances(name), &mut all, &mut mistakes);
        }
        mistakes.or(all)
    }

    fn unknown<'a>(&self, what: &str, name: &str, names: impl Iterator<Item = &'a str>) -> Diagnostic {
        let is_property = || Instance::named(&self.properties, name).next().is_some();
        let is_scenario = || self.scenarios.iter().any(|scenario| scenario.name() == name);
        Diagnostic::new(format!("there is no {what} `{name}`")).help(match (what, nearest(name, names)) {
            ("scenario", _) if is_property() => {
                format!("`{name}` is a property, which stands behind a scenario or `--property`")
            }
            ("property", _) if is_scenario() => {
                format!("`{name}` is a scenario, which stands by itself, without `--property`")
            }
            (_, Some(near)) => format!("there is `{near}`"),
            _ if Path::new(name).exists() => {
                format!(
                    "if you mean the file or folder of that name, write `{}`",
                    Path::new(".").join(name).display()
                )
            }
            _ => "`lastack list` shows what there is".to_owned(),
        })
    }

    /// Those of these names, in their order and each once; all if there are no names.
    fn select<'a, T>(
        &self,
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
                mistakes.0.push(self.unknown(what, name, all.iter().map(&name_of)));
            }
        }
        all.iter().filter(|one| names.iter().any(|name| name == name_of(one))).collect()
    }
}

fn keep<T>(result: Result<Vec<T>, Diagnostics>, kept: &mut Vec<T>, mistakes: &mut Diagnostics) {
    match result {
        Ok(more) => kept.extend(more),
        Err(more) => mistakes.0.extend(more.0),
    }
}
