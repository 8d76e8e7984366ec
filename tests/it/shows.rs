//! `show` with another trace than the shortest, and with one that was saved; and random runs.

use std::fs;

use insta::assert_snapshot;

use crate::folder::Folder;
use crate::run::Run;

fn run(folder: &Folder, args: &[&str]) -> Run {
    Run::of(&mut folder.command(args))
}

fn printed(folder: &Folder, args: &[&str], code: i32) -> String {
    let run = run(folder, args);
    assert_eq!((run.code, run.stderr.as_str()), (code, ""), "{args:?}\n{}", run.stdout);
    run.stdout
}

const ONE: [&str; 3] = ["show", "one-msl", "no-premature-closed@A"];

/// What each end does in a ladder: the lines without moments and arrows in flight.
#[test]
fn another_counterexample_is_another() {
    let folder = Folder::new("show-nth");
    let json = |more: &[&str]| printed(&folder, &[&ONE[..], &["--format", "json"], more].concat(), 0);
    assert_eq!(json(&["--nth", "1"]), json(&[]));
    let all: Vec<String> = ["1", "2", "3", "4", "5"].map(|nth| json(&["--nth", nth])).into();
    for (place, one) in all.iter().enumerate() {
        assert!(!all[..place].contains(one), "{}", place + 1);
        // Each is a counterexample, and not a shorter one than those before it.
        folder.write("one.json", one);
        let replayed = printed(&folder, &["show", "--replay", "one.json"], 0);
        assert!(replayed.ends_with("no-premature-closed@A is violated there.\n"), "{replayed}");
    }
    assert_snapshot!("second", printed(&folder, &[&ONE[..], &["--nth", "2"]].concat(), 0));
}

#[test]
fn a_transition_is_avoided() {
    let folder = Folder::new("show-avoid");
    let shown = ["show", "simultaneous", "time-wait-is-reached@A"];
    let avoided = |more: &[&str]| printed(&folder, &[&shown[..], more].concat(), 0);
    let through = |text: &str, state: &str| text.contains(state);
    let usual = avoided(&["--avoid", "FIN_WAIT_2:TIME_WAIT", "--avoid", "FIN_WAIT_1:TIME_WAIT"]);
    assert!(through(&usual, "CLOSING"), "{usual}");
    let other = avoided(&["--avoid", "FIN-WAIT-1:CLOSING@A"]);
    assert!(!through(&other, "CLOSING"), "{other}");
    // There is no other way.
    let none = avoided(&["--avoid", "ESTABLISHED:FIN_WAIT_1@A"]);
    assert_eq!(none, "time-wait-is-reached@A has no such trace in simultaneous\n");
}

#[test]
fn a_saved_trace_is_replayed() {
    let folder = Folder::new("show-replay");
    for (place, args) in [
        &["show", "one-msl", "no-premature-closed@A"][..],
        &["show", "sequential", "closed-is-reached@A", "--set", "network.delays=whole-ticks"],
        &["show", "two-losses", "no-premature-closed@A", "--set", "tcp.rto=3"],
        &["show", "rfc1337-old-octet", "no-old-octet-is-delivered"],
        &["show", "dead-network", "both-close"],
    ]
    .iter()
    .enumerate()
    {
        for format in ["json", "itf"] {
            let file = format!("{place}.{format}");
            printed(&folder, &[*args, &["--format", format, "-o", &file]].concat(), 0);
            let replayed = printed(&folder, &["show", "--replay", &file], 0);
            assert!(replayed.starts_with("The ") && replayed.contains(" are a run of "), "{args:?}: {replayed}");
            // A lasso is judged as well.
            let decided = if place == 1 { "possible there.\n" } else { "violated there.\n" };
            assert!(replayed.ends_with(decided), "{args:?}: {replayed}");
        }
    }
    let saved = fs::read_to_string(folder.0.join("0.json")).unwrap();
    folder.write("state.json", saved.replacen("\"LAST_ACK\"", "\"CLOSE_WAIT\"", 1));
    // The same steps where the network is fair, and as if nothing happened after them.
    let lasso = fs::read_to_string(folder.0.join("4.json")).unwrap();
    folder.write("fair.json", lasso.replace("\"name\": \"dead-network\"", "\"name\": \"lossy-for-ever\""));
    folder.write("ended.json", lasso.replace("\"kind\": \"repeats\"", "\"kind\": \"stops\""));
    // A cycle that is none, whether or not a property is asked.
    let mut unasked: serde_json::Value = serde_json::from_str(&lasso).unwrap();
    unasked["ending"]["from"] = 3.into();
    for key in ["property", "instance"] {
        unasked.as_object_mut().unwrap().remove(key).unwrap();
    }
    folder.write("unasked.json", unasked.to_string());
    folder.write("late.json", saved.replacen("\"parts\": 2", "\"parts\": 9", 1));
    folder.write("long.json", saved.replacen("\"parts\": 2", "\"parts\": 4294967295", 1));
    folder.write("world.json", saved.replace("\"name\": \"one-msl\"", "\"name\": \"sequential\""));
    let itf = fs::read_to_string(folder.0.join("0.itf")).unwrap();
    folder.write("state.itf", itf.replacen("\"LAST_ACK\"", "\"CLOSE_WAIT\"", 1));
    let parted: Vec<String> = [
        "state.json",
        "late.json",
        "long.json",
        "world.json",
        "state.itf",
        "fair.json",
        "ended.json",
        "unasked.json",
    ]
    .map(|file| printed(&folder, &["show", "--replay", file], 1))
    .into();
    folder.write("none.json", "{ \"version\": 2 }");
    folder.write("broken.json", "{ \"version\": \n");
    folder.write("old.json", saved.replacen("\"version\": 2", "\"version\": 1", 1));
    folder.write("gone.json", saved.replace("\"name\": \"one-msl\"", "\"name\": \"gone\""));
    let refused: Vec<String> = [
        &["--replay", "none.json"][..],
        &["--replay", "broken.json"],
        &["--replay", "old.json"],
        &["--replay", "gone.json"],
        &["--replay", "missing.json"],
        &["--replay", "0.json", "one-msl"],
        &["one-msl"],
        &["one-msl", "no-premature-closed", "--avoid", "FIN_WAIT_1"],
        &["one-msl", "no-premature-closed", "--avoid", "FIN_WAIT_1:NOWHERE"],
        &["one-msl", "no-premature-closed", "--nth", "0"],
        &["dead-network", "both-close", "--nth", "2"],
        &["one-msl", "no-premature-closed", "--nth", "2", "--set", "network.delays=whole-ticks"],
    ]
    .iter()
    .map(|args| {
        let run = run(&folder, &[&["show"], *args].concat());
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
        format!("$ lastack show {}\n{}", args.join(" "), run.stderr)
    })
    .collect();
    assert_snapshot!("parted", parted.join("\n"));
    assert_snapshot!("refused", refused.join("\n"));
}

/// `-o` alone is enough; what is asked for goes before the name, and a name that says nothing leaves the default.
#[test]
fn a_file_is_written_in_the_format_of_its_name() {
    let folder = Folder::new("show-named");
    let written = |file: &str, more: &[&str]| {
        printed(&folder, &[&ONE[..], &["-o", file], more].concat(), 0);
        fs::read(folder.0.join(file)).unwrap()
    };
    for (file, format) in [
        ("one.svg", "svg"),
        ("one.json", "json"),
        ("one.itf.json", "itf"),
        ("one.pcap", "pcap"),
        ("one.mmd", "mermaid"),
    ] {
        assert!(written(file, &[]) == written("other", &["--format", format]), "{file}");
    }
    assert_eq!(written("one.txt", &[]), written("other", &["--format", "text"]));
    assert_eq!(written("other.svg", &["--format", "json"]), written("one.json", &[]));
}

const SIMULATED: [&str; 8] = ["simulate", "one-msl", "--runs", "400", "--seed", "3", "--set", "network.losses=3"];

#[test]
fn random_runs_are_those_of_their_seed() {
    let folder = Folder::new("simulate");
    let on =
        |threads: &str| printed(&folder, &[&SIMULATED[..], &["--coverage", "--threads", threads]].concat(), 1);
    let report = on("1");
    assert_eq!(report, on("4"));
    let other = printed(&folder, &["simulate", "one-msl", "--runs", "400", "--seed", "4"], 1);
    assert_ne!(report, other);
    assert!(!report.contains("  holds"), "{report}");
    let short = ["simulate", "one-msl", "-p", "no-premature-closed@A", "--runs", "400"];
    assert_snapshot!("found", printed(&folder, &short, 1));
}

/// What is shown is a run of the model, and the exploration agrees.
#[test]
fn what_random_runs_show_is_so() {
    let folder = Folder::new("simulate-shown");
    for (scenario, property, code) in [
        ("two-losses", "no-premature-closed@A", 1),
        ("gives-up", "both-close", 1),
        ("simultaneous", "closing-is-reached@A", 0),
        ("no-time-wait", "no-premature-closed@A", 1),
    ] {
        let args =
            ["simulate", scenario, "-p", property, "--runs", "1000", "--format", "json", "-o", "found.json"];
        printed(&folder, &args, code);
        let replayed = printed(&folder, &["show", "--replay", "found.json"], 0);
        assert!(replayed.contains(&format!("are a run of {scenario}")), "{replayed}");
    }
    // Nothing is violated there: that is no verdict.
    let none = printed(&folder, &["simulate", "lossless", "-p", "no-premature-closed@A", "--runs", "300"], 0);
    assert!(none.contains("What no run has shown is undecided"), "{none}");
    let stopped = printed(&folder, &["simulate", "lossless", "-p", "both-close", "--timeout", "0s"], 2);
    assert!(stopped.contains("stopped"), "{stopped}");
    let ticks = run(&folder, &["simulate", "lossless", "--set", "network.delays=whole-ticks"]);
    assert_eq!((ticks.code, ticks.stderr.contains("network.delays")), (2, true), "{ticks:?}");
    // That world has no delays to set.
    let no_clock = run(&folder, &["simulate", "asynchronous"]);
    assert_eq!((no_clock.code, no_clock.stderr.contains("network.delays")), (2, false), "{no_clock:?}");
}
