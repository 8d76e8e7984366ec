//! lastack on a terminal, that is one which `script` of util-linux makes.

use std::process::{Command, Output, Stdio};

use crate::folder::Folder;
use crate::{Missing, needs};

pub(crate) fn no_color_on_a_terminal() -> Result<(), Missing> {
    needs("script")?;
    let folder = Folder::new("terminal");
    std::fs::write(folder.0.join("bad.toml"), "about = \"A property.\"\nformula = \"always CLOSD\"\n").unwrap();
    for args in ["check sequential", "check --properties .", "chek"] {
        let on_a_terminal = |no_color: bool| {
            let mut command = Command::new("script");
            command.args(["-qec", &format!("'{}' {args}", env!("CARGO_BIN_EXE_lastack")), "/dev/null"]);
            command.current_dir(&folder.0).stdin(Stdio::null()).env("TERM", "xterm-256color");
            command.env_remove("NO_COLOR");
            if no_color {
                command.env("NO_COLOR", "1");
            }
            command.output().unwrap()
        };
        let (with, without) = (on_a_terminal(false), on_a_terminal(true));
        // Sequences that end in `m` are colours; progress also moves the cursor.
        let is_coloured = |output: &Output| {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            text.split("\x1b[").skip(1).any(|rest| {
                rest.trim_start_matches(|char: char| char.is_ascii_digit() || char == ';').starts_with('m')
            })
        };
        assert!(is_coloured(&with), "{args}: {with:?}");
        assert!(!is_coloured(&without), "{args}: {without:?}");
    }
    Ok(())
}
