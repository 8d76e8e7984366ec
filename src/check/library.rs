//! The properties, scenarios and policies there are: those compiled in, and those in the folders of a user.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::shipped;
use super::which::Which;
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
    /// What is compiled in.
    ///
    /// # Errors
    /// The mistakes in it; a test excludes any.
    ///
    /// ```
    /// use lastack::check::Library;
    ///
    /// let library = Library::shipped()?;
    /// assert!(library.properties.iter().any(|property| property.name == "both-close"));
    /// # Ok::<(), lastack::diagnostic::Diagnostics>(())
    /// ```
    pub fn shipped() -> Result<Self, Diagnostics> {
        Self::read(&[], &[], &[])
    }

    /// What is compiled in, and what is in these folders or files: of properties, of scenarios and of policies.
    ///
    /// # Errors
    /// What cannot be read, and every mistake in a file, with its place.
    pub fn read(
        property_folders: &[PathBuf],
        scenario_folders: &[PathBuf],
        policy_folders: &[PathBuf],
    ) -> Result<Self, Diagnostics> {
        let mut mistakes = Diagnostics::default();
        let mut properties = Vec::new();
        let mut scenarios = Vec::new();
        for (path, text) in shipped::PROPERTIES {
            properties.extend(mistakes.take(Property::from_source(SourceFile::new(*path, *text))));
        }
        for (path, text) in shipped::SCENARIOS.iter().chain(shipped::PAIRS) {
            scenarios.extend(mistakes.take(ScenarioFile::parse(SourceFile::new(*path, *text))));
        }
        for folder in property_folders {
            properties.extend(mistakes.take(property::read_folder(folder)).into_iter().flatten());
        }
        let shipped = scenarios.len();
        for folder in scenario_folders {
            for source in mistakes.take(read_sources(folder, "scenarios")).into_iter().flatten() {
                scenarios.extend(mistakes.take(ScenarioFile::parse(source)));
            }
        }
        let named = scenarios.iter().map(|scenario| (scenario.name(), scenario.source(), 0..0));
        mistakes.take(property::unique_names(&properties));
        mistakes.take(unique_names("scenarios", named));
        let policies = mistakes.take(Policies::read(policy_folders));
        let own_scenarios = scenarios.iter().skip(shipped).map(|file| file.name().to_owned()).collect();
        properties.sort_by(|one, other| one.name.cmp(&other.name));
        scenarios.sort_by(|one, other| one.name().cmp(other.name()));
        match policies {
            Some(policies) if mistakes.0.is_empty() => {
                let properties = properties.into_iter().map(Arc::new).collect();
                Ok(Self { properties, scenarios, policies, own_scenarios })
            }
            _ => Err(mistakes),
        }
    }

    /// The names of the scenarios that are not compiled in.
    #[must_use]
    pub fn own_scenarios(&self) -> &[String] {
        &self.own_scenarios
    }

    /// The scenarios of these names, or all of them, resolved, with `settings` on top. Every duration is
    /// multiplied by `scale`, which is at least 1; where it is more, delays are whole ticks.
    ///
    /// # Errors
    /// Each name that no scenario has, and the mistakes in resolving the others.
    pub fn scenarios<'n>(
        &self,
        names: impl Into<Which<'n>>,
        settings: &[Setting],
        scale: u32,
    ) -> Result<Vec<Arc<Scenario>>, Diagnostics> {
        let mut mistakes = Diagnostics::default();
        let selected = self.select("scenario", names.into(), &self.scenarios, ScenarioFile::name, &mut mistakes);
        let resolve = |file: &ScenarioFile| file.resolve(&self.scenarios, &self.policies, settings, scale);
        let found = selected.into_iter().filter_map(|file| mistakes.take(resolve(file)).map(Arc::new)).collect();
        mistakes.or(found)
    }

    /// The scenarios in which a key that is set changes nothing, each with the reason. One that extends what does
    /// not exist is not among them: to resolve it is the mistake.
    #[must_use]
    pub fn scenarios_lacking(&self, settings: &[Setting]) -> BTreeMap<String, String> {
        let reason = |file: &ScenarioFile| file.lacks(&self.scenarios, settings).ok().flatten();
        self.scenarios.iter().filter_map(|file| Some((file.name().to_owned(), reason(file)?))).collect()
    }

    /// The properties of these names, or all of them.
    ///
    /// # Errors
    /// A name that no property has.
    pub fn properties<'n>(&self, names: impl Into<Which<'n>>) -> Result<Vec<Arc<Property>>, Diagnostics> {
        let mut mistakes = Diagnostics::default();
        let names = names.into();
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
    /// For each of the names: that no property has it, or that its formula does not mention the end.
    pub fn all_instances(&self, names: &[String]) -> Result<Vec<Instance>, Diagnostics> {
        let mut mistakes = Diagnostics::default();
        let all = names.iter().filter_map(|name| mistakes.take(self.instances(name))).flatten().collect();
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

    /// Those of these names, in the order of all and each once.
    fn select<'a, T>(
        &self,
        what: &str,
        names: Which<'_>,
        all: &'a [T],
        name_of: impl Fn(&T) -> &str,
        mistakes: &mut Diagnostics,
    ) -> Vec<&'a T> {
        let Which::These(names) = names else {
            return all.iter().collect();
        };
        for name in names {
            if !all.iter().any(|one| name_of(one) == name) {
                mistakes.0.push(self.unknown(what, name, all.iter().map(&name_of)));
            }
        }
        all.iter().filter(|one| names.iter().any(|name| name == name_of(one))).collect()
    }
}
