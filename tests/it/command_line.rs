//! The page of the command line: `--help` of each command, as it prints it.

use std::fmt::Write;
use std::process::Command;

use crate::generated;

const HEAD: &str = "\
# The command line

<!-- Written by tests/it/command_line.rs: INSTA_UPDATE=always cargo test --test it command_line -->

What `--help` prints. Where a page explains more, it is named.
";

/// The commands, and where there is more about each.
const COMMANDS: [(&str, &str); 11] = [
    (
        "check",
        "[The gate](check.md) explains verdicts, exit codes and second opinions, [formats](formats.md) what is written.",
    ),
    ("show", "[Counterexamples](counterexamples.md) explains how to read what it draws, and each format."),
    ("simulate", "[Random runs](simulation.md) explains what they show, and what they do not."),
    ("sweep", "[Sweeps](sweeps.md) explains the table, the least value, and what is kept."),
    ("merge", "[Sweeps](sweeps.md#more-than-one-machine) shows it with several machines."),
    ("explore", "[In a browser](explorer.md) explains what the page shows."),
    ("step", "[Step by step](step.md) shows a session, and lists its commands."),
    ("conform", "[Held against real TCP](conform.md) explains cases, scripts and the kernel."),
    ("replay", "[What the model makes of a capture](replay.md) explains the report."),
    (
        "list",
        "[Properties](properties.md) and [the fields of a policy](policy-fields.md) have the same with examples.",
    ),
    (
        "completions",
        "[A project's configuration](configuration.md#completion-and-the-manual) says where pages of the manual are.",
    ),
];

fn help(args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lastack"));
    let output = command.args(args).arg("--help").env("COLUMNS", "80").output().unwrap();
    assert!(output.status.success(), "{args:?}");
    // What is wrapped may leave a space at the end of a line.
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().flat_map(|line| [line.trim_end(), "\n"]).collect()
}

#[test]
fn the_page_of_the_command_line_is_current() {
    let all = help(&[]);
    let mut page = format!("{HEAD}\n```text\n{all}```\n");
    for (command, more) in COMMANDS {
        let _ = write!(page, "\n## {command}\n\n{more}\n\n```text\n{}```\n", help(&[command]));
    }
    let listed = all.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let listed: Vec<&str> = listed
        .filter_map(|line| line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')))
        .filter_map(|line| line.split(' ').next())
        .collect();
    let shown: Vec<&str> = COMMANDS.iter().map(|(command, _)| *command).chain(["help"]).collect();
    assert_eq!(listed, shown, "a command has no section, or another place");
    generated::assert_page_is_current("command-line.md", &page);
}
