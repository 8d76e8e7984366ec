//! What a command line names: scenarios and properties, by name or by the path of a file or folder.

use std::fs;
use std::path::{Path, PathBuf, is_separator};
use std::sync::Arc;

use crate::check::Library;
use crate::cli::{LibraryArgs, WorldArgs};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::property::{Instance, Property};
use crate::scenario::{Scenario, Setting};
use crate::source::read_sources;

/// All that there is, and which of it is selected.
#[derive(Debug)]
pub(super) struct Selection {
    /// The files that are compiled in, and those that options and paths have added.
    pub(super) library: Library,
    /// Names of scenarios.
    pub(super) scenarios: Vec<String>,
    /// Names of properties and instances.
    pub(super) properties: Vec<String>,
    /// The folders and files of scenarios that were added.
    pub(super) scenario_paths: Vec<PathBuf>,
    /// Those of properties.
    pub(super) property_paths: Vec<PathBuf>,
}

impl Selection {
    /// Reads what is compiled in, what the options add, and what is named by its path.
    pub(super) fn read(
        args: &LibraryArgs,
        scenarios: &[String],
        properties: &[String],
    ) -> Result<Self, Diagnostics> {
        let (scenario_paths, scenarios) = by_path(&args.scenario_folders, scenarios, "scenarios")?;
        let (property_paths, properties) = by_path(&args.property_folders, properties, "properties")?;
        let library = Library::read(&property_paths, &scenario_paths, &args.policy_folders)?;
        Ok(Self { library, scenarios, properties, scenario_paths, property_paths })
    }

    /// The scenarios that are named, in the world that the options make of each.
    pub(super) fn resolved(&self, world: &WorldArgs) -> Result<Vec<Arc<Scenario>>, Diagnostics> {
        self.library.scenarios(&self.scenarios, &Setting::parse_all(&world.settings)?, world.scale)
    }
}

/// The properties of instances that stand property by property, each once.
pub(super) fn properties_of(instances: &[Instance]) -> Vec<Arc<Property>> {
    let mut properties: Vec<_> = instances.iter().map(|instance| Arc::clone(&instance.property)).collect();
    properties.dedup_by(|one, other| one.name == other.name);
    properties
}

/// The only name that there is, where `given` was: a folder has any number.
pub(super) fn one<'n>(names: &'n [String], what: &str, given: &str) -> Result<&'n String, Diagnostics> {
    match names {
        [name] => Ok(name),
        _ => Err(Diagnostic::new(format!("`{given}` is more than one {what}")).help("name one of them").into()),
    }
}

/// The paths that were given, those among the names added, and all the names, a path's being those of its files.
fn by_path(given: &[PathBuf], names: &[String], what: &str) -> Result<(Vec<PathBuf>, Vec<String>), Diagnostics> {
    let mut paths = given.to_vec();
    let mut all = Vec::new();
    for name in names {
        let path = PathBuf::from(name);
        // No name has a dot or a separator.
        if path.extension().is_none_or(|extension| extension != "toml") && !name.contains(is_separator) {
            all.push(name.clone());
            continue;
        }
        if !path.exists() {
            let title = format!("there is no file or folder `{name}`");
            return Err(Diagnostic::new(title).help("a name has no `.toml` and no folder before it").into());
        }
        all.extend(read_sources(&path, what)?.iter().map(|source| source.stem().to_owned()));
        if !paths.iter().any(|given| holds(given, &path)) {
            paths.retain(|given| !holds(&path, given));
            paths.push(path);
        }
    }
    Ok((paths, all))
}

/// Whether a folder has the file in it, or both are the same.
fn holds(given: &Path, path: &Path) -> bool {
    match (fs::canonicalize(given), fs::canonicalize(path)) {
        (Ok(given), Ok(path)) => path == given || path.parent() == Some(&given),
        _ => false,
    }
}
