//! A file that lines are added to as soon as they are known, so that a run that is stopped loses nothing.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::output::{Output, cannot_write};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// No file of results is anywhere near as long, in bytes.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// A file that is open for more lines. No other run adds to it at the same time.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    /// What was in it, up to its last end of a line.
    text: String,
    /// What followed that.
    rest: Vec<u8>,
}

impl Journal {
    /// Opens a file, or makes an empty one. What follows its last end of a line was being written when a run was
    /// stopped.
    ///
    /// # Errors
    /// If it cannot be read or written, or another run is writing to it.
    pub(crate) fn open(path: &Path) -> Result<Self, Diagnostics> {
        if path.exists() && !path.is_file() {
            return Err(Diagnostic::new(format!("cannot write `{}`: it is not a file", path.display())).into());
        }
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = options.map_err(|error| cannot_write(path, &error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let title = format!("another run is writing to `{}`", path.display());
                return Err(Diagnostic::new(title)
                    .help("wait for its end, or give each run a file of its own")
                    .into());
            }
            // Some file systems have no locks.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(cannot_write(path, &error)),
        }
        let (text, rest) = read(&mut file, path)?;
        Ok(Self { path: path.to_owned(), file, text, rest })
    }

    /// What was in it when it was opened, up to the last end of a line.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Begins an empty file with a line; of any other, takes away what follows the last end of a line.
    ///
    /// # Errors
    /// If it has something else than the beginning of that line, or cannot be written.
    pub(crate) fn begin(&mut self, first_line: &str) -> Result<(), Diagnostics> {
        if self.text.is_empty() && !first_line.as_bytes().starts_with(&self.rest) {
            let title = format!("`{}` is no file of this sweep, and would be overwritten", self.path.display());
            return Err(Diagnostic::new(title).help("give the results a file of their own").into());
        }
        let length = self.text.len() as u64;
        let cut = self.file.set_len(length).and_then(|()| self.file.seek(SeekFrom::End(0)));
        cut.map_err(|error| cannot_write(&self.path, &error))?;
        if self.text.is_empty() { self.add(first_line) } else { Ok(()) }
    }

    /// Adds a line, with its end.
    pub(crate) fn add(&mut self, line: &str) -> Result<(), Diagnostics> {
        self.file.write_all(line.as_bytes()).map_err(|error| cannot_write(&self.path, &error))
    }

    /// Writes all of it anew, in one piece.
    pub(crate) fn end(self, text: &str) -> Result<(), Diagnostics> {
        Output::new(&self.path)?.write(text.as_bytes())
    }
}

/// Reads a file of results, lines or a document, up to its last end of a line: what follows was being written when
/// a run was stopped.
///
/// # Errors
/// If it cannot be read, is too long, or is no UTF-8.
pub(crate) fn read_results(path: &Path) -> Result<String, Diagnostics> {
    Ok(read(&mut crate::source::open(path)?, path)?.0)
}

/// Reads a document to its end, whether a line ends there or not.
///
/// # Errors
/// If it cannot be read, is too long, or is no UTF-8.
pub(crate) fn read_document(path: &Path) -> Result<String, Diagnostics> {
    text(all(&mut crate::source::open(path)?, path)?, path)
}

/// What is in a file up to its last end of a line, and what follows that.
fn read(file: &mut File, path: &Path) -> Result<(String, Vec<u8>), Diagnostics> {
    let mut bytes = all(file, path)?;
    let end = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1);
    // A line that was cut off may end in half a character.
    let rest = bytes.split_off(end);
    Ok((text(bytes, path)?, rest))
}

fn all(file: &mut File, path: &Path) -> Result<Vec<u8>, Diagnostics> {
    let mut bytes = Vec::new();
    file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| refuse(path, &error.to_string()))?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err(refuse(path, "it is longer than 64 MiB"));
    }
    Ok(bytes)
}

fn text(bytes: Vec<u8>, path: &Path) -> Result<String, Diagnostics> {
    String::from_utf8(bytes)
        .map_err(|error| refuse(path, &format!("byte {} is not UTF-8", error.utf8_error().valid_up_to())))
}

fn refuse(path: &Path, why: &str) -> Diagnostics {
    Diagnostic::new(format!("cannot read `{}`: {why}", path.display())).into()
}
