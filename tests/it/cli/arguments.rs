//! Words, values and settings of the command line.

use insta::assert_snapshot;

use super::{ENDS_STAY, ONE_LOSS, expecting, own};
use crate::folder::Folder;

#[test]
fn unknown_words() {
    let folder = Folder::new("unknown-words");
    assert_snapshot!(folder.refusals(&[
        &["chek"],
        &["check", "--lossless"],
        &["check", "sequentail"],
        &["check", "nothing-like-it", "sequential"],
        &["check", "sequential", "--property", "no-premature-close"],
        &["check", "sequential", "--property", "no-reset@C"],
        &["show", "simultanous", "no-reset"],
        &["show", "sequential", "no-reset@C"],
        &["check", "no-reset"],
        &["check", "-p", "sequential"],
        &["show", "no-reset@A", "sequential"],
        &["explore", "no-reset"],
    ]));
    assert_eq!(folder.run(&[]).code, 2);
}

#[test]
fn values_that_are_none() {
    let folder = Folder::new("values");
    assert_snapshot!(folder.refusals(&[
        &["check", "--scale", "0"],
        &["check", "--scale", "17"],
        &["check", "--timeout", "3 blinks"],
        &["check", "--timeout", "soon"],
        &["check", "--timeout", "18446744073709551615h"],
        &["check", "--max-memory", "8"],
        &["check", "--max-states", "0"],
        &["check", "--threads", "0"],
        &["check", "--format", "xml"],
        &["show", "sequential"],
    ]));
}

#[test]
fn settings() {
    let folder = Folder::new("settings");
    let set = ["check", "sequential", "--set"];
    let refused: Vec<Vec<&str>> = [
        "losses",
        "=2",
        "network.loses=1",
        "a.tpc.rto=1",
        "network.losses=many",
        "network.losses=-1",
        "network.losses=256",
        "network.msl=8192",
        "network.msl=2.5",
        "a.tcp.rto=0",
        "a.aborts=yes",
        "a.closes=before-eof",
        "tcp.time_wait=2 days",
        "tcp.time_wait=5000 msl",
        "expect.no-reset.verdict=violated",
        "extends=simultaneous",
        "about=",
    ]
    .iter()
    .map(|setting| [&set[..], &[setting]].concat())
    .chain([
        vec!["check", "sequential", "--set", "network.msl=9", "--scale", "2"],
        vec!["check", "asynchronous", "--set", "network.losses=1"],
        vec!["show", "sequential", "no-reset", "--set", "network.losses"],
        vec!["check", "--set", "network.losses=1", "--set", "a.sends=1", "--set", "network.losses=2"],
        vec!["check", "--set", "network.losses=1", "--set", "network.losses=1"],
    ])
    .collect();
    assert_snapshot!(folder.refusals(&refused.iter().map(Vec::as_slice).collect::<Vec<_>>()));
}

#[test]
fn an_empty_name_selects_nothing() {
    let folder = Folder::new("nothing");
    let transcript = folder.refusals(&[&["check", ""], &["check", "--property", ""], &["show", "", ""]]);
    assert!(!transcript.contains("panicked"), "{transcript}");
}

/// `network.losses` is no key of the asynchronous world: if it is not named it is left out, with a message.
#[test]
fn settings_of_every_scenario_that_has_the_key() {
    let folder = Folder::new("settings-of-all");
    let args = [
        "check",
        "--set",
        "network.losses=0",
        "-p",
        "time-wait-is-reached",
        "-p",
        "no-reset",
        "--max-states",
        "9",
    ];
    let run = folder.run(&args[..]);
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines.first(), Some(&"not checked: asynchronous, which has no `network.losses`"));
    // Several shipped scenarios name the few properties that they are about: they are counted.
    assert!(
        lines.len() == 2 && lines[1].ends_with(" scenarios, which are about none of these properties"),
        "{run:?}"
    );
    assert!(run.stdout.contains("\nsequential ") && !run.stdout.contains("\nasynchronous "), "{run:?}");
    let report = folder.report(&["check", "--set", "tcp.rto=3", "--max-states", "9"]);
    let names: Vec<_> = report["scenarios"].as_array().unwrap().iter().map(|one| &one["name"]).collect();
    assert!(names.iter().any(|name| *name == "asynchronous"), "{names:?}");
    // A world of one's own, and none besides that has the key.
    let timeless = "about = 'x'\nworld = 'asynchronous'\n";
    let own = folder.with("scenarios/timeless.toml", timeless);
    let refused = own.run(&["check", "--own", "--scenarios", "scenarios", "--set", "network.losses=1"]);
    assert_eq!((refused.code, refused.stdout.as_str()), (2, ""));
    assert!(refused.stderr.contains("the asynchronous world has no `network.losses`"), "{refused:?}");
}

#[test]
fn one_instance_of_a_property() {
    let folder = Folder::new("one-instance")
        .with("scenarios/mine.toml", expecting("nobody-gets-far@B", "violated", "B closes second."))
        .with_properties(&[ONE_LOSS, ENDS_STAY]);
    let check = |name| folder.run(&own(&["check", "mine", "--verbose", "-p", name])).stdout;
    let (a, b) = (check("nobody-gets-far@A"), check("nobody-gets-far@B"));
    // Not as if it were the whole property's.
    let brief = folder.run(&own(&["check", "mine", "-p", "nobody-gets-far@A"])).stdout;
    assert!(brief.contains("holds       nobody-gets-far@A"), "{brief}");
    assert!(a.contains("holds       nobody-gets-far@A") && !a.contains("nobody-gets-far@B"), "{a}");
    assert!(b.contains("violated    nobody-gets-far@B") && !b.contains("nobody-gets-far@A"), "{b}");
    let both = folder.report(&own(&["check", "mine", "-p", "nobody-gets-far@B", "-p", "nobody-gets-far@A"]));
    assert_eq!(both, {
        let mut all = folder.report(&own(&["check", "mine", "-p", "nobody-gets-far"]));
        all["scenarios"][0]["seconds"] = both["scenarios"][0]["seconds"].clone();
        all
    });
}
