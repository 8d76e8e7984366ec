//! Files, and folders of TOML files.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile, Span};

/// No property or scenario is anywhere near as long, in bytes; what is, was not meant to be read.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Reads every `*.toml` of a folder, sorted by name, or one file; `what` they are is for the diagnostics, in the
/// plural.
///
/// # Errors
/// If the folder or a file cannot be read, or there is no such file.
pub fn read_sources(folder: &Path, what: &str) -> Result<Vec<Arc<SourceFile>>, Diagnostics> {
    if folder.is_file() {
        return Ok(vec![read_source(folder)?]);
    }
    let unreadable = |error: &io::Error| {
        let title = format!("cannot read the folder of {what} `{}`: {error}", folder.display());
        Diagnostics::from(Diagnostic::new(title))
    };
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| unreadable(&error))? {
        let path = entry.map_err(|error| unreadable(&error))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    if paths.is_empty() {
        let title = format!("the folder `{}` has no {what}", folder.display());
        return Err(Diagnostic::new(title).help("they are its files `*.toml`").into());
    }
    paths.sort();

    let mut mistakes = Diagnostics::default();
    let files = paths.iter().filter_map(|path| mistakes.take(read_source(path))).collect();
    mistakes.or(files)
}

/// Reads one file of at most 1 MiB of UTF-8.
///
/// # Errors
/// If it cannot be read, is larger, or is no UTF-8.
pub fn read_source(path: &Path) -> Result<Arc<SourceFile>, Diagnostic> {
    let name = path.display();
    let file = open(path)?;
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| unreadable(path, &error))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(Diagnostic::new(format!("cannot read `{name}`: it is longer than 1 MiB")));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let byte = error.utf8_error().valid_up_to();
        Diagnostic::new(format!("cannot read `{name}`: byte {byte} is not UTF-8"))
    })?;
    Ok(SourceFile::new(name.to_string(), text))
}

/// Opens a file that is to be read.
///
/// # Errors
/// If it does not exist, is a folder, or may not be read.
pub fn open(path: &Path) -> Result<File, Diagnostic> {
    // To open a pipe would wait for its writer.
    if !fs::metadata(path).map_err(|error| unreadable(path, &error))?.is_file() {
        return Err(Diagnostic::new(format!("cannot read `{}`: it is not a file", path.display())));
    }
    File::open(path).map_err(|error| unreadable(path, &error))
}

/// The names that a TOML file lists under a key of a table, each with its place: one name, or a list of at least
/// one. `None` if the key is not there; `what` they are is for the diagnostics.
///
/// # Errors
/// A value of another kind, or an empty list or name.
pub fn names(
    file: &Arc<SourceFile>,
    table: &DeTable<'_>,
    key: &str,
    what: &str,
) -> Result<Option<Vec<(String, Span)>>, Diagnostic> {
    let Some(value) = table.get(key) else {
        return Ok(None);
    };
    let values = match value.get_ref() {
        DeValue::Array(array) => array.iter().collect(),
        _ => vec![value],
    };
    let name = |value: &toml::Spanned<DeValue<'_>>| match value.get_ref() {
        DeValue::String(name) => Some((name.to_string(), value.span())),
        _ => None,
    };
    let names: Option<Vec<(String, Span)>> = values.into_iter().map(name).collect();
    names.filter(|names| !names.is_empty()).map(Some).ok_or_else(|| {
        let title = format!("`{key}` names {what}");
        Diagnostic::new(title).at(file, value.span(), "expected a name, or a list of names")
    })
}

/// Opens a file, a pipe or, as `-`, standard input, to be read once from beginning to end.
///
/// # Errors
/// If it cannot be opened.
pub fn open_stream(path: &Path) -> Result<Box<dyn Read + Send>, Diagnostic> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin()));
    }
    if fs::metadata(path).map_err(|error| unreadable(path, &error))?.is_dir() {
        return Err(Diagnostic::new(format!("cannot read `{}`: it is a folder", path.display())));
    }
    Ok(Box::new(File::open(path).map_err(|error| unreadable(path, &error))?))
}

fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::new(format!("cannot read `{}`: {error}", path.display()))
}

/// Lower case with hyphens: the names of what is in files.
#[must_use]
pub fn is_kebab_case(name: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.split('-').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kebab_case() {
        for good in ["a", "both-close", "msl2", "no-2-fins"] {
            assert!(is_kebab_case(good), "{good}");
        }
        for bad in ["", "-", "a-", "-a", "a--b", "A", "a_b", "2-fins", "é", "a b"] {
            assert!(!is_kebab_case(bad), "{bad}");
        }
    }
}
