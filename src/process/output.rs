//! Where a report goes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf, is_separator};

use tempfile::{Builder, NamedTempFile};

use super::signals::end_by_closed_pipe;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// As many links may lead to a file as Linux follows.
const MOST_LINKS: u32 = 40;

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
                    temporary.persist(target(&self.path)).map(drop).map_err(|error| error.error)
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

    /// A file beside it, which is gone when it is dropped.
    fn temporary(&self) -> io::Result<NamedTempFile> {
        let target = target(&self.path);
        let mut builder = Builder::new();
        builder.prefix(".lastack-");
        // As for any new file; what is temporary is as a rule for its owner alone.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        builder.tempfile_in(folder(&target))
    }
}

/// Makes sure that no file is written twice: the second report would take the place of the first.
///
/// # Errors
/// If two of the paths are one file, whatever they are called.
pub(crate) fn written_once<'a>(paths: impl IntoIterator<Item = &'a Path>) -> Result<(), Diagnostics> {
    let mut targets = Vec::new();
    for path in paths {
        // A terminal, a pipe or the like takes one after the other.
        if path.exists() && !path.is_file() {
            continue;
        }
        let target = target(path);
        if targets.contains(&target) {
            let twice = Diagnostic::new(format!("`{}` would be written twice", path.display()));
            return Err(twice.help("give each output a file of its own").into());
        }
        targets.push(target);
    }
    Ok(())
}

/// The file itself, whether it is there already or not, if the path is a link.
fn target(path: &Path) -> PathBuf {
    if let Ok(target) = fs::canonicalize(path) {
        return target;
    }
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&target) {
            Ok(next) => target = folder(&target).join(next),
            Err(_) => break,
        }
    }
    match (fs::canonicalize(folder(&target)), target.file_name()) {
        (Ok(folder), Some(name)) => folder.join(name),
        _ => target,
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
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

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_stays_one_whether_its_file_is_there_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let [link, other, file] = ["link", "other", "file"].map(|name| folder.path().join(name));
        symlink("other", &link).unwrap();
        symlink("file", &other).unwrap();
        for text in ["first", "second"] {
            Output::new(&link).unwrap().write(text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&file).unwrap(), text);
            assert!(link.is_symlink() && other.is_symlink());
        }
        assert!(written_once([link.as_path(), &other]).is_err());
        assert!(written_once([link.as_path(), &folder.path().join("else")]).is_ok());
        assert!(written_once([Path::new("/dev/null"); 2]).is_ok());
        symlink("round", folder.path().join("round")).unwrap();
        assert!(Output::new(&folder.path().join("round")).is_err());
    }
}
