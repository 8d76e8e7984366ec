//! lastack on a terminal, that is one which `script` of util-linux makes.

use std::io::Write;
use std::num::NonZero;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Duration;

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

/// A terminal echoes Ctrl-C as `^C`; of the progress nothing is left beside that.
pub(crate) fn ctrl_c_leaves_no_progress_behind() -> Result<(), Missing> {
    needs("script")?;
    let folder = Folder::new("stale");
    let large = "simultaneous --set network.losses=3 --set network.duplicates=3 --set network.msl=4 \
                 --set network.delays=whole-ticks -p no-reset";
    let command = format!("stty cols 80 rows 24; '{}' check {large}", env!("CARGO_BIN_EXE_lastack"));
    let mut script = Command::new("script");
    script.args(["-qec", &command, "/dev/null"]).current_dir(&folder.0).env("TERM", "xterm");
    let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut keyboard = child.stdin.take().unwrap();
    // Long after its start, long before its end.
    thread::sleep(Duration::from_secs(2));
    keyboard.write_all(b"\x03").unwrap();
    let output = child.wait_with_output().unwrap();
    drop(keyboard);
    let [rows, columns] = [24, 80].map(|size| NonZero::new(size).unwrap());
    let mut terminal = vt100::Parser::new(rows, columns, 0);
    terminal.process(&output.stdout);
    let screen = terminal.screen().contents();
    assert!(String::from_utf8_lossy(&output.stdout).contains("transitions/s"), "no progress: {output:?}");
    for part in ["transitions/s", "exploring"] {
        assert!(!screen.contains(part), "{part}: {screen}");
    }
    assert!(screen.contains("stopped     interrupted"), "{screen}");
    Ok(())
}
