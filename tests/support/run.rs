//! A run of lastack in a test's folder.

use std::fs;
use std::process::{Command, Output};

use crate::folder::Folder;

/// What a command has written, and its exit code.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(command: &mut Command) -> Self {
        Self::ended(&command.output().unwrap())
    }

    pub(crate) fn ended(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let code = output.status.code().unwrap_or_else(|| panic!("{output:?}"));
        Self { code, stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }
}

impl Folder {
    pub(crate) fn write(&self, file: &str, content: impl AsRef<[u8]>) {
        let path = self.0.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}

/// The seconds at the end of a line are never the same.
pub(crate) fn without_seconds(text: &str) -> String {
    let is_time = |word: &str| word.parse::<f64>().is_ok();
    let line = |line: &str| match line.strip_suffix(" s").and_then(|rest| rest.rsplit_once(' ')) {
        Some((before, time)) if is_time(time) => format!("{} … s\n", before.trim_end()),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}
