//! Where a report goes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf, is_separator};

use tempfile::{Builder, NamedTempFile};

use super::signals::end_by_closed_pipe;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// A file that is written whole or not at all.
#[derive(Debug)]
pub(crate) struct Output {
    path: PathBuf,
}

impl Output {
    /// Makes sure, before there is anything to lose, that the file can be written.
    pub(crate) fn new(path: &Path) -> Result<Self, Diagnostics> {
        let output = Self { path: path.to_owned() };
        let check = || -> io::Result<()> {
            match output.known()? {
                // It is kept as it is until it is replaced.
                Some(metadata) if metadata.is_file() => drop(OpenOptions::new().append(true).open(path)?),
                Some(metadata) if metadata.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
                Some(_) => return Ok(()),
                None if path.to_string_lossy().ends_with(is_separator) => {
                    return Err(io::ErrorKind::IsADirectory.into());
                }
                None => {}
            }
            output.temporary().map(drop)
        };
        check().map_err(|error| cannot_write(path, &error))?;
        Ok(output)
    }

    /// Writes all of the file, in place of what was there.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<(), Diagnostics> {
        let write = || -> io::Result<()> {
            match self.known()? {
                // A terminal, a pipe or the like cannot be replaced.
                Some(metadata) if !metadata.is_file() => File::create(&self.path)?.write_all(bytes),
                known => {
                    let mut temporary = self.temporary()?;
                    temporary.write_all(bytes)?;
                    if let Some(metadata) = known {
                        temporary.as_file().set_permissions(metadata.permissions())?;
                    }
                    temporary.as_file().sync_all()?;
                    temporary.persist(self.target()).map(drop).map_err(|error| error.error)
                }
            }
        };
        write().map_err(|error| cannot_write(&self.path, &error))
    }

    /// What there is already.
    fn known(&self) -> io::Result<Option<fs::Metadata>> {
        match fs::metadata(&self.path) {
            Ok(metadata) => Ok(Some(metadata)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The file itself, if the path is a link.
    fn target(&self) -> PathBuf {
        fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone())
    }

    /// A file beside it, which is gone when it is dropped.
    fn temporary(&self) -> io::Result<NamedTempFile> {
        let target = self.target();
        let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty());
        let mut builder = Builder::new();
        builder.prefix(".lastack-");
        // As for any new file; what is temporary is as a rule for its owner alone.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        builder.tempfile_in(folder.unwrap_or(Path::new(".")))
    }
}

/// The file that GitHub Actions shows on a job's page, open for a summary that is to be added to it.
pub(crate) fn step_summary() -> Result<Option<(PathBuf, File)>, Diagnostics> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else {
        return Ok(None);
    };
    let path = PathBuf::from(path);
    match OpenOptions::new().create(true).append(true).open(&path) {
        Ok(file) => Ok(Some((path, file))),
        Err(error) => Err(cannot_write(&path, &error)),
    }
}

pub(crate) fn cannot_write(path: &Path, error: &io::Error) -> Diagnostics {
    Diagnostic::new(format!("cannot write `{}`: {error}", path.display())).into()
}

/// Writes for people to stdout, in colours where it wants them.
pub(crate) fn print(text: &str) -> Result<(), Diagnostics> {
    written(anstream::stdout().write_all(text.as_bytes()))
}

/// Writes to stdout what is for programs.
pub(crate) fn write_stdout(bytes: &[u8]) -> Result<(), Diagnostics> {
    written(io::stdout().write_all(bytes))
}

/// If the reader has gone away, the process ends, so that an unread report does not look like a success.
fn written(result: io::Result<()>) -> Result<(), Diagnostics> {
    match result.and_then(|()| io::stdout().flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => end_by_closed_pipe(),
        Err(error) => Err(Diagnostic::new(format!("cannot write to stdout: {error}")).into()),
    }
}
