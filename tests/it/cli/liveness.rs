//! Properties of runs, and fairness.

use insta::assert_snapshot;

use super::{ACKED, COMES_BACK, DEAF, expecting, in_ticks, own, verdicts};
use crate::folder::Folder;

/// Liveness that holds in [`MINE`], and not where something is sent again forever.
const FALLS_SILENT: (&str, &str) = ("properties/falls-silent.toml", "eventually always not in_flight(ANY, self)");

#[test]
fn liveness_of_ones_own() {
    let folder = Folder::new("liveness")
        .with("scenarios/mine.toml", in_ticks(&expecting("comes-back", "violated", "Both stay CLOSED.")))
        .with("scenarios/deaf.toml", DEAF)
        .with_properties(&[ACKED, FALLS_SILENT, COMES_BACK]);
    let properties = ["-p", "fins-are-acked", "-p", "falls-silent", "-p", "comes-back"];
    let check = |scenario: &[&'static str]| folder.run(&own(&[&["check"], scenario, &properties].concat()));
    let expected = check(&["mine"]);
    assert_eq!(expected.code, 0, "{expected:?}");
    let unexpected = check(&["mine", "deaf", "--threads", "1"]);
    assert_eq!(unexpected.code, 1, "{unexpected:?}");
    assert_snapshot!("liveness", unexpected.transcript());

    let show = |args: &[&'static str]| folder.run(&own(&[&["show"], args].concat())).transcript();
    assert_snapshot!("show-lasso", show(&["deaf", "fins-are-acked@A"]));
    assert_snapshot!("show-ending", show(&["mine", "comes-back@B"]));
    // If no application has to close, B may stay in CLOSE_WAIT forever: beside a cycle, and at an end.
    let idle = "fairness.applications=false";
    assert_snapshot!("show-lasso-without-a-close", show(&["deaf", "fins-are-acked@A", "--set", idle]));
    assert_snapshot!("show-ending-without-a-close", show(&["mine", "both-close", "--set", idle]));
    assert_snapshot!(show(&["mine", "fins-are-acked"]), @"
    fins-are-acked holds in mine: there is no counterexample
    exit code 0
    ");
}

/// A copy that is a duplicate in one round of a cycle may be an original in the next.
#[test]
fn a_cycle_may_begin_a_round_later() {
    let folder = Folder::new("rounds");
    let settings = ["network.losses=unlimited", "fairness.network=false", "a.tcp.rto=2", "b.tcp.rto=5"];
    let settings = settings.iter().chain(&["a.tcp.delayed_ack=1"]).flat_map(|setting| ["--set", *setting]);
    let world = ["check", "simultaneous", "-p", "fin-is-answered@B"];
    let run = folder.run(&world.into_iter().chain(settings).collect::<Vec<_>>());
    assert_eq!(run.code, 1, "{run:?}");
}

/// No fairness makes an end connect: a run may end in CLOSED and LISTEN, counted in ticks as well.
#[test]
fn a_connect_need_not_come() {
    let folder = Folder::new("connect");
    let world = ["check", "sequential", "-p", "both-close", "--set", "network.losses=0"];
    for (opens, holds) in [
        (&["a.opens=connect", "b.opens=listen"][..], false),
        (&["b.opens=listen"], false),
        (&["a.opens=connect"], true),
    ] {
        let settings: Vec<&str> = opens.iter().flat_map(|setting| ["--set", *setting]).collect();
        for delays in ["network.delays=any", "network.delays=whole-ticks"] {
            let run = folder.run(&[&world[..], &settings, &["--set", delays]].concat());
            assert_eq!((run.code, run.says_holds()), (i32::from(!holds), holds), "{opens:?} {delays}: {run:?}");
        }
    }
}

/// `lossy-for-ever` promises that its network delivers what is sent again and again.
#[test]
fn fairness_decides_liveness() {
    let folder = Folder::new("fairness");
    let check =
        |settings: &[&str]| folder.run(&[&["check", "lossy-for-ever", "-p", "both-close"], settings].concat());
    assert!(check(&[]).says_holds());
    for (setting, code) in [
        ("fairness.network=true", 0),
        ("fairness.network=false", 1),
        // Without B's FIN nothing ends. Without the first ACK, B's FIN acknowledges A's; without the RST nothing
        // ends B's wait.
        ("fairness.network=['FIN to B', 'ACK to A', 'ACK to B', 'RST to B']", 1),
        ("fairness.network=['FIN to A', 'FIN to B', 'ACK to B', 'RST to B']", 0),
        ("fairness.network=['FIN to A', 'FIN to B', 'ACK to A', 'ACK to B']", 1),
        ("fairness.applications=false", 1),
    ] {
        let run = check(&["--set", setting]);
        assert_eq!((run.code, run.says_holds()), (code, code == 0), "{setting}: {run:?}");
    }
}

#[test]
fn liveness_needs_a_clock() {
    let folder = Folder::new("timeless")
        .with("scenarios/timeless.toml", "about = 'x'\nworld = 'asynchronous'\n[b]\ncloses = 'after-eof'\n")
        .with_properties(&[ACKED, COMES_BACK]);
    let report = folder.report(&own(&["check", "timeless", "-p", "comes-back", "-p", "no-premature-closed"]));
    assert!(verdicts(&report).contains(&("not applicable".to_owned(), "comes-back".to_owned())), "{report}");
    assert_snapshot!(folder.refusals(&[
        &own(&["check", "timeless", "-p", "comes-back"]),
        &own(&["show", "timeless", "fins-are-acked@B"]),
    ]));
    // Nothing is expected of what is not decided.
    let expects = "about = 'x'\nworld = 'asynchronous'\n[expect.comes-back]\nverdict = 'holds'\nbecause = 'x'\n";
    let folder = folder.with("scenarios/timeless.toml", expects);
    assert_snapshot!("liveness_is_not_expected", folder.refusals(&[&own(&["check", "timeless"])]));
}
