//! Folders and files of one's own.

use std::collections::BTreeSet;
use std::fs;

use insta::assert_snapshot;

use super::{DEAF, ENDS_STAY, IS_REACHED, MINE, ONE_LOSS, expecting, own, verdicts};
use crate::folder::Folder;

#[test]
fn files_of_ones_own_are_picked_up() {
    let folder = Folder::new("own")
        .with("scenarios/mine.toml", expecting("nobody-gets-far@B", "violated", "B closes second."))
        .with_properties(&[ONE_LOSS, ENDS_STAY, IS_REACHED]);
    let properties = ["--property", "one-loss-at-most", "-p", "nobody-gets-far", "-p", "last-ack"];
    assert_snapshot!(folder.run(&own(&[&["check", "mine"], &properties[..]].concat())).transcript());

    let listed = folder.run(&own(&["list"])).stdout;
    for line in ["  mine\n    A world of my own.\n", "  one-loss-at-most\n    A property of my own.\n"] {
        assert!(listed.contains(line), "{listed}");
    }
    // They add to what is shipped.
    for name in ["  sequential\n", "  no-premature-closed\n"] {
        assert!(listed.contains(name), "{listed}");
    }
    let all = folder.report(&own(&["check", "mine"]));
    let names: BTreeSet<String> = verdicts(&all).into_iter().map(|(_, name)| name).collect();
    assert!(names.contains("one-loss-at-most") && names.contains("no-premature-closed"), "{names:?}");
}

/// Where a name is expected, the path of a file or a folder is one.
#[test]
fn a_file_is_named_by_its_path() {
    let folder = Folder::new("by-path")
        .with("scenarios/mine.toml", expecting("nobody-gets-far@B", "violated", "B closes second."))
        .with("scenarios/deaf.toml", DEAF)
        .with_properties(&[ONE_LOSS, ENDS_STAY]);
    let names = |args: &[&str]| {
        let report = folder.report(args);
        let names =
            report["scenarios"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned());
        (names.collect::<Vec<_>>(), verdicts(&report).into_iter().map(|(_, name)| name).collect::<Vec<_>>())
    };
    let expected = |scenarios: &[&str], properties: &[&str]| {
        let all = |names: &[&str]| names.iter().copied().map(str::to_owned).collect::<Vec<_>>();
        (all(scenarios), all(properties))
    };
    let (mine, far) = ("scenarios/mine.toml", "properties/nobody-gets-far.toml");
    assert_eq!(names(&["check", mine, "-p", far]), expected(&["mine"], &["nobody-gets-far"]));
    let all = ["deaf", "mine"];
    assert_eq!(names(&["check", "./scenarios", "-p", "no-reset", "-p", far]).0, all);
    // A file of a folder that is added is in it once.
    assert_eq!(names(&["check", mine, "--scenarios", "scenarios", "-p", far]).0, ["mine"]);
    assert_eq!(
        names(&["check", "--own", "--scenarios", mine, "--properties", far, "-p", "nobody-gets-far"]).0,
        ["mine"]
    );
    let unexpected = folder.run(&["check", mine, "-p", far, "--set", "network.losses=2"]);
    let hint = "lastack show mine nobody-gets-far@B --scenarios scenarios/mine.toml --properties properties/nobody-gets-far.toml \
                --set 'network.losses=2'\n";
    assert!(unexpected.code == 1 && unexpected.stdout.contains(hint), "{unexpected:?}");
    let shown = folder.run(&["show", mine, far]);
    assert!(shown.code == 0 && shown.stdout.starts_with("nobody-gets-far@B is violated in mine\n"), "{shown:?}");

    let folder = folder.with("mine/README.md", "");
    assert_snapshot!(folder.refusals(&[
        &["check", far],
        &["check", "sequential", "-p", mine],
        &["check", "scenarios/yours.toml"],
        &["check", "scenarios/deaf.toml"],
        &["check", "mine"],
        &["check", "--scenarios", "properties"],
        &["check", "--properties", "scenarios"],
        &["show", "./scenarios", far],
        &["show", far, mine],
    ]));
}

#[test]
#[cfg(unix)] // The system's message about a folder differs elsewhere.
fn folders_that_cannot_be_read() {
    let folder = Folder::new("unreadable")
        .with("empty/README.md", "No file of TOML.")
        .with("file.toml", "")
        .with("bytes/latin-1.toml", b"about = 'caf\xe9'\n");
    fs::create_dir_all(folder.0.join("folders/a.toml")).unwrap();
    assert_snapshot!(folder.refusals(&[
        &["check", "--properties", "nowhere", "--scenarios", "nowhere-else"],
        &["list", "--properties", "file.toml"],
        &["show", "sequential", "no-reset", "--scenarios", "empty"],
        &["check", "--properties", "empty"],
        &["check", "--scenarios", "bytes", "--properties", "bytes"],
        &["check", "--scenarios", "folders"],
    ]));
}

#[test]
fn two_of_one_name() {
    let folder = Folder::new("two-of-one-name")
        .with("scenarios/mine.toml", MINE)
        .with_properties(&[ONE_LOSS, ("others/one-loss-at-most.toml", "always losses < 2")]);
    assert_snapshot!(folder.refusals(&[
        &["check", "--properties", "properties", "--properties", "others"],
        &["check", "--properties", "properties", "--properties", "properties"],
        &["check", "--scenarios", "scenarios", "--scenarios", "scenarios"],
    ]));
    // The shipped files' text is not for a snapshot.
    let folder = Folder::new("shipped-names")
        .with("scenarios/sequential.toml", MINE)
        .with_properties(&[("properties/no-reset.toml", "never self.ended_by == RST")]);
    let transcript = folder.refusals(&[&own(&["check", "sequential"])]);
    for part in [
        "two properties are named `no-reset`",
        "two scenarios are named `sequential`",
        "--> properties/no-reset.toml:2:",
        "scenarios/sequential.toml:",
    ] {
        assert!(transcript.contains(part), "{part}: {transcript}");
    }
}

/// Only the scenarios that were added, not those that are compiled in.
#[test]
fn own_scenarios_alone() {
    let folder = Folder::new("own-alone").with("scenarios/mine.toml", MINE).with_properties(&[ONE_LOSS]);
    let report = folder.report(&own(&["check", "--own", "-p", "one-loss-at-most"]));
    let names: Vec<_> = report["scenarios"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert_eq!(names, ["mine"]);
    let refused = folder.run(&["check", "--own"]);
    assert!(refused.code == 2 && refused.stdout.is_empty(), "{refused:?}");
}
