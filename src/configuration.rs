//! `lastack.toml`: what a project sets for every command.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile, Span};
use crate::source::read_source;

/// The name of the file.
pub const FILE_NAME: &str = "lastack.toml";

/// What a project sets for every command. The command line adds folders, and overrides the rest.
#[derive(Clone, Debug)]
pub struct Configuration {
    /// The file, with a path from the working folder.
    pub file: Arc<SourceFile>,
    /// Folders and files of scenarios.
    pub scenarios: Vec<PathBuf>,
    /// Folders and files of properties.
    pub properties: Vec<PathBuf>,
    /// Folders of policies.
    pub policies: Vec<PathBuf>,
    /// `check` without the name of a scenario checks those of `scenarios` alone.
    pub own: bool,
    /// The number of threads, 1 to 1024.
    pub threads: Option<u16>,
    /// The most states or zones that an exploration expands.
    pub max_states: Option<u64>,
    /// The most memory that all explorations take, in bytes.
    pub max_memory: Option<usize>,
    /// The longest that a command runs.
    pub timeout: Option<Duration>,
}

/// The keys of the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a table")]
struct Shape {
    #[serde(default)]
    scenarios: Vec<Spanned<PathBuf>>,
    #[serde(default)]
    properties: Vec<Spanned<PathBuf>>,
    #[serde(default)]
    policies: Vec<Spanned<PathBuf>>,
    own: Option<Spanned<bool>>,
    threads: Option<Spanned<i64>>,
    max_states: Option<Spanned<i64>>,
    max_memory: Option<Spanned<String>>,
    timeout: Option<Spanned<String>>,
}

impl Configuration {
    /// Reads the file of the folder, or of the nearest folder above it that has one.
    ///
    /// # Errors
    /// A file that cannot be read, or has a mistake.
    pub fn of_folder(folder: &Path) -> Result<Option<Self>, Diagnostics> {
        // Paths are shown, and annotated, as they are from where the command runs.
        let mut up = PathBuf::new();
        for above in folder.ancestors() {
            if above.join(FILE_NAME).is_file() {
                return Self::read(&up.join(FILE_NAME)).map(Some);
            }
            up.push("..");
        }
        Ok(None)
    }

    /// Reads a file. The paths in it begin where it lies.
    ///
    /// # Errors
    /// A file that cannot be read, or has a mistake: each with its place.
    pub fn read(path: &Path) -> Result<Self, Diagnostics> {
        Self::parse(read_source(path)?)
    }

    /// Reads the text of a file. The paths in it begin where the source's path says that it lies.
    ///
    /// # Errors
    /// The mistakes, each with its place: also a path where there is nothing.
    pub fn parse(file: Arc<SourceFile>) -> Result<Self, Diagnostics> {
        let shape: Shape = toml::from_str(&file.text).map_err(|error| Diagnostic::from_toml(&file, &error))?;
        let mut mistakes = Diagnostics::default();
        let folder = Path::new(&file.path).parent().unwrap_or(Path::new(""));
        let mut paths = |listed: Vec<Spanned<PathBuf>>| {
            let from_here = |entry: Spanned<PathBuf>| {
                let path = folder.join(entry.get_ref());
                if !path.exists() {
                    let title = format!("there is no file or folder `{}`", path.display());
                    mistakes.0.push(Diagnostic::new(title).at(
                        &file,
                        entry.span(),
                        "paths begin where this file is",
                    ));
                }
                path
            };
            listed.into_iter().map(from_here).collect::<Vec<_>>()
        };
        let (scenarios, properties, policies) =
            (paths(shape.scenarios), paths(shape.properties), paths(shape.policies));
        let mut wrong = |span: Span, what: &str, expected: &str| {
            mistakes.0.push(Diagnostic::new(what).at(&file, span, expected));
        };
        if let Some(own) = shape.own.as_ref().filter(|own| *own.get_ref() && scenarios.is_empty()) {
            wrong(own.span(), "there are no scenarios of one's own", "`scenarios` names them");
        }
        let threads = shape.threads.and_then(|threads| {
            let number = u16::try_from(*threads.get_ref()).ok().filter(|number| (1..=1024).contains(number));
            if number.is_none() {
                wrong(threads.span(), "this is no number of threads", "expected 1 to 1024");
            }
            number
        });
        let max_states = shape.max_states.and_then(|states| {
            let number = u64::try_from(*states.get_ref()).ok().filter(|number| *number > 0);
            if number.is_none() {
                wrong(states.span(), "this is no number of states", "expected 1 or more");
            }
            number
        });
        let max_memory = shape.max_memory.and_then(|memory| {
            size(memory.get_ref()).map_err(|why| wrong(memory.span(), "this is no size", &why)).ok()
        });
        let timeout = shape.timeout.and_then(|time| {
            duration(time.get_ref()).map_err(|why| wrong(time.span(), "this is no time", &why)).ok()
        });
        let own = shape.own.is_some_and(Spanned::into_inner);
        mistakes.or(Self { file, scenarios, properties, policies, own, threads, max_states, max_memory, timeout })
    }
}

/// Numbers with their units, as in `1m30s`; a number alone is one of seconds.
///
/// # Errors
/// What was expected instead.
pub fn duration(text: &str) -> Result<Duration, String> {
    match text.parse() {
        Ok(seconds) => Ok(Duration::from_secs(seconds)),
        Err(_) => humantime::parse_duration(text).map_err(|error| match error {
            humantime::DurationError::NumberOverflow => "that is too long".to_owned(),
            _ => "expected a time, as in 500ms, 1m30s, or 30 for 30s".to_owned(),
        }),
    }
}

/// A number of bytes and its unit: `KiB`, `MiB` or `GiB`.
///
/// # Errors
/// What was expected instead.
pub fn size(text: &str) -> Result<usize, String> {
    let digits = text.trim_end_matches(char::is_alphabetic);
    let unit: usize = match text.get(digits.len()..) {
        Some("KiB") => 1 << 10,
        Some("MiB") => 1 << 20,
        Some("GiB") => 1 << 30,
        _ => return Err("expected a number with a unit: KiB, MiB or GiB".to_owned()),
    };
    let number: usize = digits.parse().map_err(|_| "expected a whole number, as in 500MiB".to_owned())?;
    number.checked_mul(unit).ok_or_else(|| "that is too much".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        assert_eq!(size("7KiB"), Ok(7 << 10));
        assert_eq!(size("500MiB"), Ok(500 << 20));
        assert_eq!(size("8GiB"), Ok(8 << 30));
        for wrong in ["", "8", "GiB", "8GB", "-1MiB", "0.5GiB", "99999999999GiB", "18446744073709551616KiB"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("30"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("2m"), Ok(Duration::from_mins(2)));
        assert_eq!(duration("1m30s"), Ok(Duration::from_secs(90)));
        for wrong in ["", "s", "-1s", "-1", "5 blinks", "99999999999999999999s", "18446744073709551615h", "１s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
