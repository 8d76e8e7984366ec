//! What a limit leaves undecided.

use std::collections::BTreeSet;
use std::process::Command;

use insta::assert_snapshot;

use super::{ENDS_STAY, HUGE, IS_REACHED, NEVER_CLOSES, ONE_LOSS, expecting, own, property, verdicts};
use crate::folder::Folder;
use crate::run::Run;

/// A property of runs that speaks of what is in flight is undecided in any graph of zones: the second and larger
/// one, for which there is no room here, is not built for it.
#[test]
fn what_no_graph_decides_meets_no_limit() {
    let folder = Folder::new("in-flight")
        .with("properties/drains.toml", property("always eventually not in_flight(ANY, A)"));
    let check = |most| {
        folder.run(&["check", "simultaneous", "-p", "drains", "--properties", "properties", "--max-states", most])
    };
    let [first_fits, none_fits] = ["8000", "1000"].map(check);
    assert!(first_fits.stdout.contains("  open        in real time"), "{first_fits:?}");
    assert!(none_fits.stdout.contains("--max-states was reached"), "{none_fits:?}");
}

#[test]
fn a_limit_leaves_undecided() {
    let folder = Folder::new("limits");
    let big = ["--set", "network.losses=3", "--set", "network.duplicates=3"];
    let cases: [(&[&str], &str); 4] = [
        (&["sequential", "--max-states", "100"], "the limit of --max-states was reached"),
        (&["simultaneous", "--max-states", "1000", "--threads", "4"], "the limit of --max-states was reached"),
        (&[&["sequential", "--timeout", "1ms"], &big[..]].concat(), "the limit of --timeout was reached"),
        (&[&HUGE[..], &["--max-memory", "1MiB"]].concat(), "the limit of --max-memory was reached"),
    ];
    for (args, why) in cases {
        let args = [&["check"], args].concat();
        let run = folder.run(&args);
        assert_eq!((run.code, run.says_holds()), (2, false), "{run:?}");
        assert!(run.stdout.contains(why), "{run:?}");
        let report = folder.report(&args);
        assert_eq!((&report["exit_code"], &report["passed"]), (&2.into(), &false.into()));
        let scenario = &report["scenarios"][0];
        assert_eq!(scenario["stopped"], why);
        // How far it came. The time may be up before anything is begun.
        let found = scenario.get("zones").or(scenario.get("states"));
        assert!(found.unwrap().as_u64().unwrap() > 0 || args.contains(&"--timeout"), "{scenario}");
        // A part of a world has no behaviours that liveness could be decided on.
        let of_liveness =
            ["both-close", "fin-is-answered", "half-close-drains", "last-ack-ends", "time-wait-ends"];
        let undecided = |name: &&str| verdicts(&report).contains(&("undecided".to_owned(), (*name).to_owned()));
        assert!(of_liveness.iter().all(undecided), "{report}");
        let verdicts: BTreeSet<String> = verdicts(&report).into_iter().map(|(verdict, _)| verdict).collect();
        assert!(!verdicts.contains("holds") && !verdicts.contains("impossible"), "{verdicts:?}");
    }
}

#[test]
fn what_was_found_before_the_limit_stays() {
    let folder = Folder::new("found-before")
        .with("scenarios/mine.toml", expecting("nobody-gets-far", "violated", "B closes second."))
        .with("scenarios/decided.toml", expecting("b-never-closes", "violated", "It does."))
        .with_properties(&[ONE_LOSS, NEVER_CLOSES, ENDS_STAY, IS_REACHED]);
    let check = |properties: &[&'static str]| {
        folder.run(&own(&[&["check", "mine", "--max-states", "200"], properties].concat()))
    };
    let undecided = check(&["-p", "one-loss-at-most", "-p", "nobody-gets-far", "-p", "last-ack"]);
    assert_eq!(undecided.code, 2);
    assert_snapshot!("limit-after-expected-violation", undecided.transcript());
    // An unexpected violation is one, even if something else is undecided.
    let violated = check(&["-p", "one-loss-at-most", "-p", "b-never-closes"]);
    assert_eq!(violated.code, 1);
    assert_snapshot!("limit-after-violation", violated.transcript());
    // All that was asked is decided, but the run did not come to its end.
    let decided = folder.run(&own(&["check", "decided", "--max-states", "150", "-p", "b-never-closes"]));
    assert_eq!(decided.code, 2, "{decided:?}");
    assert!(decided.stdout.ends_with("not explored to the end\n"), "{decided:?}");
    // One end of two: the other is undecided, and is named.
    let folder =
        folder.with("scenarios/mine.toml", expecting("nobody-gets-far@B", "violated", "B closes second."));
    let one_end = folder.run(&own(&["check", "mine", "--max-states", "150", "-p", "nobody-gets-far"]));
    assert_eq!(one_end.code, 2, "{one_end:?}");
    assert!(one_end.stdout.contains("undecided   nobody-gets-far@A\n"), "{one_end:?}");
    assert!(one_end.stdout.ends_with("1 undecided\n"), "{one_end:?}");
}

/// stateright does not report its memory: it is stopped by an estimate.
#[test]
fn memory_is_bounded_where_stateright_explores() {
    let folder = Folder::new("stateright-memory");
    let run = folder.run(&["check", "asynchronous", "--max-memory", "1MiB"]);
    assert!(run.code == 2 && !run.says_holds(), "{run:?}");
    assert!(run.stdout.contains("the limit of --max-memory was reached"), "{run:?}");
}

#[test]
fn a_world_too_large_for_a_state() {
    let crowded = r#"
about = "A FIN is duplicated again and again."

[network]
msl = 1
losses = 0
duplicates = 255

[b]
closes = "never"
"#;
    let folder = Folder::new("crowded").with("scenarios/crowded.toml", crowded).with_properties(&[ONE_LOSS]);
    let run = folder.run(&own(&["check", "crowded", "-p", "one-loss-at-most"]));
    assert_eq!(run.code, 2);
    assert_snapshot!(run.transcript());
    let report = folder.report(&own(&["check", "crowded"]));
    assert!(verdicts(&report).iter().all(|(verdict, _)| !["holds", "impossible"].contains(&verdict.as_str())));
    let shown = folder.run(&own(&["show", "crowded", "one-loss-at-most"]));
    assert_eq!(shown.code, 2);
    assert!(shown.stdout.contains("undecided in crowded: more than"), "{shown:?}");
}

/// `ulimit -v` and `ulimit -d`: an allocation beyond them fails, and that would be the end of the process.
#[test]
#[cfg(target_os = "linux")]
fn memory_that_a_process_may_not_have_leaves_undecided() {
    let folder = Folder::new("may-not-have");
    let limited = |limit: &str, args: &[&str]| {
        let command = format!("ulimit {limit}; exec \"$0\" check -p no-reset \"$@\"");
        let mut sh = Command::new("sh");
        sh.args(["-c", &command, env!("CARGO_BIN_EXE_lastack")]).args(args).current_dir(&folder.0);
        let run = Run::of(&mut sh);
        assert_eq!(run.stderr, "", "{limit} {args:?}");
        run
    };
    for (limit, threads) in [("-v 100000", "1"), ("-v 400000", "1"), ("-v 600000", "64"), ("-d 100000", "2")] {
        let run = limited(limit, &[&HUGE[..], &["--threads", threads]].concat());
        assert!(run.code == 2 && !run.says_holds(), "{limit}: {run:?}");
        assert!(run.stdout.contains("the limit of --max-memory was reached"), "{limit}: {run:?}");
    }
    for limit in ["-v 100000", "-v 200000"] {
        let run = limited(limit, &["asynchronous"]);
        assert!(run.code == 2 && run.stdout.contains("the limit of --max-memory was reached"), "{limit}: {run:?}");
    }
    assert_eq!(limited("-v 1000000", &["asynchronous", "one-msl"]).code, 0);
}
