//! What `check` compares with what is expected.

use insta::assert_snapshot;
use serde_json::Value;

use super::{COMES_BACK, ENDS_STAY, IS_REACHED, MINE, ONE_LOSS, expecting, in_ticks, own, verdicts};
use crate::folder::Folder;

/// Half of the truth where both ends close.
const EXPECTED_OF_A: &str = "[expect.\"nobody-closes@A\"]\nverdict = \"violated\"\nbecause = \"A closes.\"\n";

/// The truth where both ends close.
const STARTS: &str =
    "[expect.nobody-starts]\nverdict = \"violated\"\nsteps = 1\nbecause = \"Either closes first.\"\n";

/// The last line counts the verdicts that were compared, those that were not, and all that keeps the gate from
/// passing.
#[test]
fn what_is_not_compared_is_counted() {
    let folder = Folder::new("counted").with(
        "scenarios/mine.toml",
        "about = 'x'\n[b]\ncloses = 'never'\n[expect.both-close]\nverdict = 'violated'\nbecause = 'B does not.'\n",
    );
    let run = folder.run(&["check", "--scenarios", "scenarios", "mine"]);
    assert_eq!(run.code, 0);
    assert_snapshot!(run.transcript());
    let counts = &folder.report(&["check", "--scenarios", "scenarios", "mine"])["counts"];
    let of = |kind: &str| counts[kind].as_u64().unwrap();
    let parts = ["compared", "possible", "impossible"];
    assert_eq!(of("verdicts"), parts.iter().map(|kind| of(kind)).sum::<u64>());
    // A violation, and what is undecided beside it.
    let cut = folder.run(&[
        "check",
        "--scenarios",
        "scenarios",
        "mine",
        "sequential",
        "--max-states",
        "9",
        "--set",
        "tcp.time_wait=0",
        "-p",
        "fin-wait-1-is-reached",
        "-p",
        "no-reset",
    ]);
    assert_eq!(cut.code, 2);
    assert!(cut.stdout.contains("undecided; "), "{cut:?}");
}

#[test]
fn a_shipped_scenario_is_as_expected() {
    let report = Folder::new("shipped").report(&["check", "sequential"]);
    assert_eq!((&report["exit_code"], &report["passed"]), (&0.into(), &true.into()));
    let verdicts = verdicts(&report);
    assert!(verdicts.contains(&("holds".to_owned(), "no-premature-closed".to_owned())), "{verdicts:?}");
    assert!(!verdicts.iter().any(|(verdict, _)| verdict == "undecided"), "{verdicts:?}");
}

#[test]
fn expectations_that_are_wrong() {
    let folder = Folder::new("wrong")
        .with("scenarios/hopes.toml", expecting("one-loss-at-most", "violated", "There are more."))
        .with("scenarios/hopes-for-a.toml", expecting("nobody-gets-far@A", "violated", "A closes last."))
        .with("scenarios/impossible.toml", expecting("last-ack@B", "impossible", "B never waits."))
        .with("scenarios/says-nothing.toml", MINE)
        .with("scenarios/says-so.toml", expecting("nobody-gets-far@B", "violated", "B closes second."))
        .with_properties(&[ONE_LOSS, ENDS_STAY, IS_REACHED]);
    let properties = ["-p", "one-loss-at-most", "-p", "nobody-gets-far", "-p", "last-ack"];
    let check =
        |names: &[&'static str]| folder.run(&own(&[&["check"], names, &["--threads", "1"], &properties].concat()));
    let run = check(&["hopes", "hopes-for-a", "impossible", "says-nothing", "says-so"]);
    assert_eq!(run.code, 1);
    assert_snapshot!(run.transcript());
    assert_eq!(check(&["says-so"]).code, 0);
}

/// What is expected of a property is expected of both ends.
#[test]
fn an_expectation_means_each_end() {
    let folder = Folder::new("each-end")
        .with("scenarios/mine.toml", expecting("nobody-gets-far", "violated", "B closes second."))
        .with("scenarios/both.toml", format!("about = 'x'\n{STARTS}"))
        .with_properties(&[ENDS_STAY, ("properties/nobody-starts.toml", "never self.state == FIN_WAIT_1")]);
    let check = |args: &[&'static str]| folder.run(&own(&[&["check"], args].concat()));
    let half = check(&["mine", "-p", "nobody-gets-far"]);
    assert_eq!(half.code, 1);
    assert_snapshot!(half.transcript());
    assert_eq!(check(&["both", "-p", "nobody-starts"]).code, 0);
}

/// A counterexample, or an example, of another length has another reason.
#[test]
fn steps_of_the_shortest_trace() {
    let with_steps = |verdict: &str, property: &str, steps: usize| {
        format!("{}steps = {steps}\n", expecting(property, verdict, "A closes, and then B."))
    };
    let folder = Folder::new("steps")
        .with("scenarios/right.toml", with_steps("violated", "nobody-gets-far@B", 3))
        .with("scenarios/wrong.toml", with_steps("violated", "nobody-gets-far@B", 4))
        .with("scenarios/example.toml", with_steps("possible", "last-ack@B", 2))
        .with("scenarios/lasso.toml", in_ticks(&with_steps("violated", "comes-back", 12)))
        .with_properties(&[ENDS_STAY, IS_REACHED, COMES_BACK]);
    let check = |name, property| folder.run(&own(&["check", name, "-p", property]));
    assert_eq!(check("right", "nobody-gets-far").code, 0);
    let wrong = [check("wrong", "nobody-gets-far"), check("example", "last-ack")];
    assert_eq!(wrong.each_ref().map(|run| run.code), [1, 1]);
    assert_snapshot!(wrong.map(|run| run.transcript()).concat());
    // What is drawn has as many steps as are counted.
    let report = folder.report(&own(&["check", "lasso", "-p", "comes-back"]));
    for (end, instance) in
        ["A", "B"].iter().zip(report["scenarios"][0]["properties"][0]["instances"].as_array().unwrap())
    {
        let shown = folder.run(&own(&["show", "lasso", &format!("comes-back@{end}"), "--format", "json"]));
        let trace: Value = serde_json::from_str(&shown.stdout).unwrap();
        assert_eq!(instance["steps"].as_u64().unwrap(), trace["steps"].as_array().unwrap().len() as u64);
    }
    // In real time, steps are what ends do.
    let real = |steps| {
        let scenario = with_steps("violated", "nobody-gets-far@B", steps);
        let folder =
            Folder::new("steps-in-real-time").with("scenarios/real.toml", scenario).with_properties(&[ENDS_STAY]);
        let code = folder.run(&own(&["check", "real", "-p", "nobody-gets-far"])).code;
        let shown = folder.run(&own(&["show", "real", "nobody-gets-far@B", "--format", "json"]));
        let trace: Value = serde_json::from_str(&shown.stdout).unwrap();
        let is_act =
            |step: &&Value| ["call", "deliver", "timeout"].contains(&step["event"]["kind"].as_str().unwrap());
        (code, trace["steps"].as_array().unwrap().iter().filter(is_act).count())
    };
    assert_eq!((real(3), real(4)), ((0, 3), (1, 3)));
    // Where stateright explores, too.
    let timeless = |steps| {
        let expected =
            format!("[expect.no-premature-closed]\nverdict = 'violated'\nsteps = {steps}\nbecause = 'x'\n");
        let folder = Folder::new("timeless-steps")
            .with("scenarios/timeless.toml", format!("about = 'x'\nworld = 'asynchronous'\n{expected}"));
        folder.run(&["check", "--scenarios", "scenarios", "timeless", "-p", "no-premature-closed"]).code
    };
    assert_eq!((timeless(5), timeless(6)), (0, 1));
}

#[test]
fn settings_drop_expectations() {
    let folder = Folder::new("changed")
        .with("scenarios/mine.toml", expecting("nobody-gets-far", "violated", "B closes second."))
        .with_properties(&[ONE_LOSS, ENDS_STAY, IS_REACHED]);
    let properties = ["-p", "one-loss-at-most", "-p", "nobody-gets-far", "-p", "last-ack"];
    let check = |setting| folder.run(&own(&[&["check", "mine", "--set", setting], &properties[..]].concat()));
    let violated = check("network.losses=2");
    assert_eq!(violated.code, 1);
    assert_snapshot!("settings-violate", violated.transcript());
    // Now what was expected to be violated holds, and what was possible is impossible.
    let holds = check("a.closes=never");
    assert_eq!(holds.code, 0);
    assert_snapshot!("settings-violate-nothing", holds.transcript());
}

#[test]
fn an_expectation_that_is_met_is_not_blamed() {
    let folder = Folder::new("blame")
        .with("scenarios/mine.toml", format!("about = 'x'\n{EXPECTED_OF_A}"))
        .with_properties(&[("properties/nobody-closes.toml", "never self.state == FIN_WAIT_1")]);
    let run = folder.run(&own(&["check", "mine", "-p", "nobody-closes"]));
    // Nothing is stated of B, and both violate it.
    assert_eq!(run.code, 1);
    assert!(!run.stdout.contains("not as expected of nobody-closes@A"), "{run:?}");
}

#[test]
fn a_scale_drops_expectations() {
    let folder = Folder::new("scaled")
        .with("scenarios/mine.toml", expecting("one-loss-at-most", "violated", "It is not."))
        .with_properties(&[ONE_LOSS]);
    let check = |scale| folder.run(&own(&["check", "mine", "-p", "one-loss-at-most", "--scale", scale])).code;
    assert_eq!((check("1"), check("2")), (1, 0));
}
