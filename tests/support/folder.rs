//! A working folder of a test's own, and lastack in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What changes how and where lastack writes.
const VARIABLES: [&str; 10] = [
    "NO_COLOR",
    "CLICOLOR",
    "CLICOLOR_FORCE",
    "COLUMNS",
    "LC_ALL",
    "LC_CTYPE",
    "LANG",
    "RUST_BACKTRACE",
    "GITHUB_STEP_SUMMARY",
    "GITHUB_WORKSPACE",
];

/// Gone afterwards. Paths in it are short and the same on every computer.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// lastack in this folder, independent of the terminal and the locale of the surroundings.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lastack"));
        command.current_dir(&self.0).args(args).stdin(Stdio::null());
        for variable in VARIABLES {
            command.env_remove(variable);
        }
        command
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
