//! Where output goes, and what is never in it.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{ENDS_STAY, IS_REACHED, MINE, ONE_LOSS, expecting, own, property, wait};
use crate::folder::Folder;
use crate::run::Run;

/// As with `cat`: who has not read everything must not take it for a success.
#[test]
#[cfg(unix)]
fn a_reader_that_goes_away_ends_the_process() {
    use std::os::unix::process::ExitStatusExt;

    let folder = Folder::new("broken-pipe")
        .with("scenarios/good.toml", MINE)
        .with("scenarios/bad.toml", expecting("one-loss-at-most", "violated", "It is not."))
        .with_properties(&[ONE_LOSS, ENDS_STAY]);
    let cases: [&[&str]; 8] = [
        &["check", "good", "-p", "one-loss-at-most"],
        &["check", "good", "bad", "-p", "one-loss-at-most"],
        &["check", "good", "-p", "one-loss-at-most", "--format", "json"],
        &["check", "good", "-p", "one-loss-at-most", "--max-states", "9"],
        &["show", "good", "nobody-gets-far"],
        &["show", "good", "nobody-gets-far", "--format", "svg"],
        &["list"],
        &["--help"],
    ];
    for args in cases {
        let mut command = if args == ["--help"] { folder.command(args) } else { folder.command(&own(args)) };
        // It has gone away before anything can be written.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let output = wait(child, Duration::from_secs(20));
        // SIGPIPE.
        assert_eq!((output.status.signal(), output.stderr), (Some(13), Vec::new()), "{args:?}");
    }
}

/// Text of a file speaks to no terminal, and reads in the order that it is written in: every byte of output is
/// looked at.
#[test]
fn hidden_characters_are_shown_as_escapes() {
    let evil = "ab\u{202e}cd \u{2066}\u{200f} \\u001b[2J \\u009b2J e";
    let hidden = |text: &str| {
        let is = |char: &char| char.is_control() && *char != '\n' || ('\u{200b}'..='\u{206f}').contains(char);
        text.chars().find(is)
    };
    let folder = Folder::new("hidden")
        .with(
            "scenarios/mine.toml",
            format!(
                "about = \"{evil}\"\n[expect.\"nobody-gets-far@A\"]\nverdict = 'violated'\nbecause = \"{evil}\"\n\
                 [expect.\"nobody-gets-far@B\"]\nverdict = 'violated'\nbecause = \"{evil}\"\n\
                 [expect.last-ack]\nverdict = 'impossible'\nbecause = \"{evil}\"\n"
            ),
        )
        .with(
            "properties/nobody-gets-far.toml",
            format!("about = \"{evil}\"\nformula = 'never self.state == LAST-ACK'\nsources = [\"{evil}\"]\n"),
        )
        .with_properties(&[IS_REACHED])
        .with("bad/wrong.toml", format!("about = \"{evil}\"\n[network] # {evil}\nlosses = \"{evil}\"\n"))
        .with("bad/unknown.toml", format!("about = 'x'\n\"{evil}\" = 1\n"))
        .with("bad/name.toml", format!("about = 'x'\n[expect.\"{evil}\"]\nverdict = \"{evil}\"\nbecause = 'x'\n"))
        .with("worse/formula.toml", format!("about = 'x'\nformula = \"always {evil}\"\n"));
    let properties = ["-p", "nobody-gets-far", "-p", "last-ack"];
    let check = |more: &[&'static str]| own(&[&["check", "mine"], &properties[..], more].concat());
    let commands = [
        check(&["--verbose"]),
        check(&["--format", "github"]),
        check(&["--format", "junit"]),
        own(&["list"]),
        own(&["show", "mine", "nobody-gets-far"]),
        own(&["show", "mine", "nobody-gets-far", "--format", "svg"]),
        vec!["check", "--scenarios", "bad"],
        vec!["check", "--properties", "worse"],
    ];
    for args in commands {
        let summary = folder.0.join("summary.md");
        let output = folder.command(&args).env("GITHUB_STEP_SUMMARY", &summary).output().unwrap();
        let run = Run::ended(&output);
        let all = run.stdout.clone() + &run.stderr + &fs::read_to_string(&summary).unwrap_or_default();
        assert_eq!(hidden(&all), None, "{args:?} {all}");
        assert!(all.contains("u{202e}") || all.contains(r"u\{202e\}"), "{args:?} {all}");
    }
}

#[test]
#[cfg(target_os = "linux")] // Others have no /dev/full.
fn verdicts_that_cannot_be_written() {
    let folder = Folder::new("full");
    for args in [&["check", "sequential"][..], &["check", "sequential", "--format", "json"], &["list"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let run = Run::of(folder.command(args).stdout(full));
        assert_eq!(run.code, 2, "{args:?}");
        assert!(run.stderr.starts_with("error: cannot write to stdout: "), "{run:?}");
    }
}

#[test]
fn colours_only_where_they_are_wanted() {
    let folder = Folder::new("colours").with("properties/bad.toml", property("always CLOSD"));
    let commands: [&[&str]; 5] = [
        &["check", "sequential", "--set", "tcp.time_wait=0"],
        &["show", "no-time-wait", "no-premature-closed"],
        &["list"],
        &["check", "--properties", "properties"],
        &["chek"],
    ];
    let is_coloured = |command: &mut Command| {
        let output = command.output().unwrap();
        [output.stdout, output.stderr].concat().contains(&b'\x1b')
    };
    for args in commands {
        assert!(!is_coloured(&mut folder.command(args)), "{args:?}");
    }
    let forced = |args| {
        let mut command = folder.command(args);
        command.env("CLICOLOR_FORCE", "1");
        command
    };
    assert!(is_coloured(&mut forced(commands[0])));
    assert!(!is_coloured(forced(commands[0]).env("NO_COLOR", "1")));
}
