//! What `check` decides, and what it reports of that.

use insta::assert_snapshot;

use super::{ACKED, ENDS_STAY, IS_REACHED, MINE, ONE_LOSS, expecting, own, property};
use crate::folder::Folder;

/// Its premise is never true in [`MINE`].
const SAYS_NOTHING: (&str, &str) =
    ("properties/closing-is-late.toml", "always (self.state == CLOSING implies self.fin_acked)");

/// A property with `applies_to` does not end the gate where it does not apply.
#[test]
fn where_a_property_applies() {
    let applies = |formula: &str, to: &str| format!("{}applies_to = {to}\n", property(formula));
    let folder = Folder::new("applies")
        .with("scenarios/mine.toml", MINE)
        .with("scenarios/unlimited.toml", "about = 'x'\nextends = 'mine'\n[network]\nlosses = 'unlimited'\n")
        .with("properties/one-loss-at-most.toml", applies("always losses <= 1", "'counts-losses'"))
        .with(
            "properties/few.toml",
            applies("never self.retransmissions > 2 + losses", "['retries', 'counts-losses']"),
        );
    let check = |args: &[&'static str]| {
        folder.run(&own(&[&["check"], args, &["-p", "one-loss-at-most", "-p", "few", "--threads", "1"]].concat()))
    };
    let both = check(&["mine", "unlimited"]);
    assert_eq!(both.code, 0, "{both:?}");
    assert_snapshot!(both.transcript());
    let retries = check(&["mine", "--set", "tcp.retries=2"]);
    assert!(retries.stdout.contains("few, one-loss-at-most") && !retries.stdout.contains("n/a"), "{retries:?}");

    let folder = folder
        .with("scenarios/expects.toml", "about = 'x'\n[expect.few]\nverdict = 'holds'\nbecause = 'x'\n")
        .with("properties/none.toml", applies("always losses <= 1", "'retries'"));
    assert_snapshot!(
        "applies-to-mistakes",
        folder.refusals(&[
            &own(&["check", "mine", "-p", "few"]),
            &own(&["check", "unlimited", "-p", "none", "--set", "tcp.retries=2"]),
        ])
    );
}

/// A scenario may be about a few properties alone.
#[test]
fn properties_that_a_scenario_is_about() {
    let folder = Folder::new("about")
        .with(
            "scenarios/few.toml",
            format!(
                "properties = ['nobody-gets-far', 'one-loss-at-most']\n{}",
                expecting("nobody-gets-far@B", "violated", "B closes second.")
            ),
        )
        .with("scenarios/heir.toml", "about = 'x'\nextends = 'few'\n")
        .with_properties(&[ONE_LOSS, ENDS_STAY, IS_REACHED]);
    let names = |args: &[&str]| -> Vec<String> {
        let report = folder.report(&own(args));
        let properties = report["scenarios"][0]["properties"].as_array().unwrap();
        properties.iter().map(|property| property["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&["check", "few"]), ["nobody-gets-far", "one-loss-at-most"]);
    assert_eq!(names(&["check", "few", "-p", "last-ack", "-p", "nobody-gets-far"]), ["nobody-gets-far"]);
    assert_eq!(names(&["check", "few", "--set", "network.losses=0"]), ["nobody-gets-far", "one-loss-at-most"]);
    // Another world is about other properties.
    assert!(names(&["check", "heir"]).len() > 20);
    let none = folder.refusals(&[&own(&["check", "few", "-p", "last-ack"])]);
    assert_snapshot!(none);
    // Who asks for one by name gets it.
    assert!(folder.run(&own(&["show", "few", "last-ack"])).stdout.contains("last-ack@B is possible in few"));
    // A mistake is shown, even if no name is right.
    let folder = folder.with("scenarios/none.toml", "about = 'x'\nproperties = ['nobody-gets-fat']\n");
    let misspelt = folder.run(&own(&["check", "none"]));
    assert_eq!((misspelt.code, misspelt.stderr.contains("there is `nobody-gets-far`")), (2, true));
}

#[test]
fn more_threads_than_there_is_work_are_no_mistake() {
    let run = Folder::new("many-threads").run(&["check", "never-closes", "one-msl", "--threads", "1024"]);
    assert!(run.code == 0 && run.stderr.is_empty(), "{run:?}");
}

#[test]
fn coverage_of_the_asynchronous_world() {
    let folder = Folder::new("timeless-coverage");
    let run = folder.run(&["check", "asynchronous", "--coverage", "-p", "no-reset"]);
    assert!(
        run.code == 0 && run.stdout.contains("not counted: asynchronous, which stateright explores"),
        "{run:?}"
    );
    assert!(!run.stdout.contains("never"), "{run:?}");
}

#[test]
fn a_second_opinion() {
    let folder = Folder::new("cross-check").with("scenarios/mine.toml", MINE).with_properties(&[ONE_LOSS, ACKED]);
    let args = ["check", "mine", "--cross-check", "-p", "one-loss-at-most", "-p", "fins-are-acked"];
    // One verdict of two: stateright is not asked about liveness.
    assert_snapshot!(folder.run(&own(&args)).transcript());
    let opinion = |more: &[&'static str]| {
        let report = folder.report(&own(&[&args, more].concat()));
        let mut opinion = report["scenarios"][0]["cross_check"].clone();
        let ticks = opinion.as_object_mut().unwrap().remove("ticks").unwrap();
        assert_eq!(ticks["verdicts"].as_u64().unwrap() > 0, more.is_empty(), "{ticks}");
        (report["exit_code"].clone(), opinion)
    };
    let agreed = serde_json::json!({ "stopped": null, "verdicts": 1, "differences": [] });
    assert_eq!(opinion(&[]), (0.into(), agreed));
    let cut_short = ["--max-states", "100"];
    let stopped = "the limit of --max-states was reached";
    let open = serde_json::json!({ "stopped": stopped, "verdicts": 0, "differences": [] });
    assert_eq!(opinion(&cut_short), (2.into(), open));
    let run = folder.run(&own(&[&args[..], &cut_short].concat()));
    assert!(run.stdout.contains("unchecked   stateright: the limit of --max-states was reached\n"), "{run:?}");
    assert!(!run.stdout.contains("  checked") && !run.says_holds(), "{run:?}");
    // Real time has room for a longer timer than whole ticks: without a second opinion nothing is cut short.
    let run = folder.run(&own(&[&args[..], &["--set", "tcp.time_wait=300"]].concat()));
    let why = "  unchecked   whole ticks have no room for it: an endpoint's 2MSL timer is set";
    assert!(run.code == 0 && run.stdout.contains(why) && !run.stdout.contains("  checked"), "{run:?}");
}

#[test]
fn coverage() {
    let folder = Folder::new("coverage").with("scenarios/mine.toml", MINE).with_properties(&[
        ONE_LOSS,
        ACKED,
        SAYS_NOTHING,
    ]);
    let properties = ["-p", "one-loss-at-most", "-p", "fins-are-acked", "-p", "closing-is-late"];
    assert_snapshot!(folder.run(&own(&[&["check", "mine", "--coverage"], &properties[..]].concat())).transcript());

    // Each transition of a world is one action of one kind; some are steps of an endpoint.
    for scenario in [&["mine"][..], &["data-in-flight"], &["sequential", "--set", "a.aborts=true"]] {
        let whole_ticks = ["--set", "network.delays=\"whole-ticks\""];
        let report =
            folder.report(&own(&[&["check", "--coverage"], scenario, &properties, &whole_ticks].concat()));
        let scenario = &report["scenarios"][0];
        let counts = |what: &str| -> Vec<(String, u64)> {
            let all = scenario["coverage"][what].as_array().unwrap().iter();
            all.map(|one| (one["action"].as_str().unwrap_or("").to_owned(), one["times"].as_u64().unwrap()))
                .collect()
        };
        let sum = |counts: &[(String, u64)]| counts.iter().map(|(_, times)| times).sum::<u64>();
        let actions = counts("actions");
        assert_eq!(sum(&actions), scenario["transitions"]);
        let (of_the_network, at_an_end): (Vec<_>, Vec<_>) = actions.into_iter().partition(|(action, _)| {
            action == "tick" || action.starts_with("lose ") || action.starts_with("duplicate ")
        });
        assert!(sum(&of_the_network) > 0);
        assert_eq!(sum(&at_an_end), sum(&counts("transitions")));
    }
}

/// If no scenario is named, one that passes is a line, and what is not as expected is shown with its command.
#[test]
fn a_scenario_that_passes_is_a_line() {
    let folder = Folder::new("a-line")
        .with("scenarios/mine.toml", expecting("nobody-gets-far@B", "violated", "B closes second."))
        .with("scenarios/wrong.toml", MINE)
        .with_properties(&[ONE_LOSS, ENDS_STAY]);
    let check = |args: &[&'static str]| {
        let asked = ["-p", "one-loss-at-most", "-p", "nobody-gets-far", "--threads", "1"];
        folder.run(&own(&[&["check"], args, &asked].concat())).stdout
    };
    let brief = check(&["--own"]);
    let lines: Vec<&str> = brief.lines().collect();
    assert!(lines[0].starts_with("mine ") && lines[1].starts_with("wrong "), "{brief}");
    let reason = "as expected: B closes second.";
    assert!(!brief.contains("holds ") && !brief.contains(reason), "{brief}");
    assert!(
        brief.contains("lastack show wrong nobody-gets-far@B") && brief.contains("1 not as expected"),
        "{brief}"
    );
    for every in [check(&["--own", "-v"]), check(&["mine", "wrong"])] {
        assert!(every.contains("holds ") && every.contains(reason), "{every}");
    }
}

#[test]
fn json_has_what_the_report_for_people_has() {
    let folder = Folder::new("json")
        .with("scenarios/mine.toml", expecting("nobody-gets-far@B", "violated", "B closes second."))
        .with_properties(&[ONE_LOSS, ENDS_STAY, IS_REACHED]);
    let properties = ["-p", "one-loss-at-most", "-p", "nobody-gets-far", "-p", "last-ack"];
    let mut report = folder.report(&own(&[&["check", "mine"], &properties[..]].concat()));
    let mut measured = |field: &str| report["scenarios"][0].as_object_mut().unwrap().remove(field).unwrap();
    assert!(measured("seconds").as_f64().unwrap() >= 0.0);
    // Bounds, and where they are: 30 for each zone at least.
    assert!(measured("bytes").as_u64().unwrap() > 243 * 30);
    assert_eq!(report["lastack"].take(), env!("CARGO_PKG_VERSION"));
    assert_snapshot!(serde_json::to_string_pretty(&report).unwrap());

    // `report` compares the field with the process.
    for (args, code) in [
        (&["check", "sequential"][..], 0),
        (&["check", "sequential", "--set", "tcp.time_wait=0"], 1),
        (&["check", "sequential", "--max-states", "9"], 2),
    ] {
        assert_eq!(folder.report(args)["exit_code"], code);
    }
}

#[test]
fn the_same_on_every_run() {
    let folder = Folder::new("determinism");
    let names = ["check", "asynchronous", "half-close", "sequential", "simultaneous"];
    let report = |more: &[&'static str], without: &[&str]| {
        let mut report = folder.report(&[&names, more].concat());
        for scenario in report["scenarios"].as_array_mut().unwrap() {
            for field in without {
                scenario.as_object_mut().unwrap().remove(*field);
            }
        }
        report
    };
    let seconds = &["seconds"];
    let one = report(&["--threads", "1"], seconds);
    assert_eq!(one, report(&[], seconds));
    assert_eq!(one, report(&[], seconds));
    assert_eq!(one["scenarios"].as_array().unwrap().len(), 4);
    // The asynchronous world is explored by stateright, whose threads do not search breadth-first. Where lastack
    // explores, how much is reserved depends on who comes first.
    let any_order = &["seconds", "bytes", "depth"];
    assert_eq!(report(&[], any_order), report(&["--threads", "8"], any_order));
}

/// lastack's own search is breadth-first on any number of threads.
#[test]
fn threads_change_nothing() {
    let folder = Folder::new("threads");
    let report = |threads: &str| {
        let args = ["check", "simultaneous", "half-close", "--coverage", "--threads", threads];
        let mut report = folder.report(&args);
        for scenario in report["scenarios"].as_array_mut().unwrap() {
            assert!(scenario["zones"].as_u64().unwrap() > 0, "{scenario}");
            for field in ["seconds", "bytes"] {
                scenario.as_object_mut().unwrap().remove(field).unwrap();
            }
        }
        report
    };
    let one = report("1");
    for threads in ["2", "5", "16"] {
        assert_eq!(one, report(threads), "{threads} threads");
    }
}
