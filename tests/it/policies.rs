//! Policies of one's own, from the command line, and what a stack brings by its name.

use std::fs;

use crate::folder::Folder;
use insta::assert_snapshot;

/// lwIP with a shorter wait, and what no good stack does.
const MINE: &str = r#"about = "My stack: lwIP, patched."
extends = "lwip"
sources = ["mine.c"]

time_wait = { value = "5 s", source = "mine.h, TIME_WAIT_LEN" }
rst_in_time_wait = "close"
"#;

const CASE: &str = r#"{"id":"mine/reset","profile":"mine","start_state":"TIME_WAIT","events":["rcv RST seq=RCV.NXT"],"expect_segments":["@1 none"],"expect_end_state":"CLOSED"}
"#;

fn folder(name: &str, policy: &str) -> Folder {
    let folder = Folder::new(name);
    fs::create_dir(folder.0.join("mine")).unwrap();
    fs::write(folder.0.join("mine/mine.toml"), policy).unwrap();
    fs::write(folder.0.join("cases.jsonl"), CASE).unwrap();
    folder
}

/// What a command says, on either stream, and its exit code.
fn said(folder: &Folder, args: &[&str]) -> String {
    let output = folder.command(args).output().unwrap();
    let seconds = |line: &str| match line.rsplit_once(' ') {
        // How long it took, and how fast it was, differs from run to run.
        Some((rest, "s")) if rest.contains(" transitions ") => {
            rest.trim_end_matches(|char: char| char.is_ascii_digit() || char == '.').trim_end().to_owned()
        }
        _ if line.contains("transitions a second") || line.contains("bytes a state") => "  …".to_owned(),
        _ => line.to_owned(),
    };
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let text: Vec<String> = text.lines().map(seconds).collect();
    format!("$ lastack {}\n{}\nexit code {}\n", args.join(" "), text.join("\n"), output.status.code().unwrap())
}

#[test]
fn a_policy_of_ones_own_is_listed_checked_shown_and_replayed() {
    let folder = folder("own-policy", MINE);
    let own = ["--policies", "mine"];
    assert_snapshot!("list", said(&folder, &[&["list", "--policy", "mine"], &own[..]].concat()));
    let world = ["--set", "tcp.policy=mine", "--set", "b.tcp.policy=linux", "--set", "b.tcp.time_wait=2 msl"];
    let check = [&["check", "lossless", "-p", "no-premature-closed", "-v"], &world[..], &own].concat();
    assert_snapshot!("check", said(&folder, &check));
    let show = [&["show", "lossless", "no-premature-closed@A"], &world[..], &own].concat();
    assert_snapshot!("show", said(&folder, &show));
    assert_snapshot!(
        "conform",
        [
            said(&folder, &["conform", "cases.jsonl", "--policies", "mine"]),
            said(&folder, &["conform", "cases.jsonl", "--policies", "mine", "--policy", "mine"]),
            said(&folder, &["conform", "cases.jsonl", "--policy", "lwip"]),
            said(&folder, &["conform", "cases.jsonl"]),
            said(&folder, &["conform", "cases.jsonl", "--policy", "lwpi"]),
        ]
        .join("\n")
    );
    // What `check` tells to type works.
    let said = said(&folder, &check);
    assert!(said.contains("lastack show lossless no-premature-closed@A --policies mine --set"), "{said}");
}

#[test]
fn mistakes_have_a_place() {
    let folder = folder("mistaken-policies", "about = 'x'\ntime_wiat = '60 s'\nrto = 3\n");
    let own = ["--policies", "mine"];
    let commands: [&[&str]; 6] = [
        &["list", "--policies", "mine"],
        &["conform", "cases.jsonl", "--policies", "mine"],
        &["list", "--policy", "lunix"],
        &["check", "lossless", "--set", "tcp.policy=lunix"],
        &["check", "lossless", "--set", "tcp.policy=linux", "--set", "network.msl_seconds=0.1"],
        &["check", "lossless", "--set", "tcp.rst_in_windw=close"],
    ];
    let refused: Vec<String> = commands.iter().map(|args| said(&folder, args)).collect();
    assert!(refused.iter().all(|said| said.ends_with("exit code 2\n")), "{refused:#?}");
    assert_snapshot!(refused.join("\n"));
    for command in ["check", "show lossless no-reset", "explore lossless"] {
        let args: Vec<&str> = command.split(' ').chain(own).collect();
        let said = said(&folder, &args);
        assert!(said.contains("there is `time_wait`") && said.ends_with("exit code 2\n"), "{said}");
    }
}
