//! The traces of `show`.

use insta::assert_snapshot;

use super::{ENDS_STAY, IS_REACHED, MINE, NEVER_CLOSES, ONE_LOSS, expecting, own, property};
use crate::folder::Folder;

#[test]
fn a_limit_of_the_search_for_a_trace() {
    let folder = Folder::new("show-limits").with("scenarios/mine.toml", MINE).with_properties(&[ONE_LOSS]);
    let run = folder.run(&own(&["show", "mine", "one-loss-at-most", "--max-states", "10"]));
    assert_snapshot!(run.transcript(), @r"
    one-loss-at-most is undecided in mine: the limit of --max-states was reached
    exit code 2
    ");
}

/// What is found at the limit is shown; where nothing is found the search was stopped. Neither is a panic.
#[test]
fn a_trace_that_is_found_when_the_search_stops() {
    let folder = Folder::new("found-at-the-limit")
        .with("properties/full.toml", property("never (in_flight(FIN, B) == 19 and in_flight(ACK, A) == 1)"));
    let settings = [
        "network.delays=\"whole-ticks\"",
        "network.duplicates=20",
        "network.losses=0",
        "b.closes=never",
        "tcp.rto=254",
        "network.msl=1",
    ];
    let mut args = vec!["show", "sequential", "full", "--properties", "properties"];
    args.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    let shown = folder.run(&args);
    assert!(shown.code == 0 && shown.stdout.contains("full is violated"), "{shown:?}");
    for milliseconds in ["1ms", "5ms", "20ms", "40ms", "60ms", "80ms", "100ms", "150ms"] {
        let stopped = folder.run(&["show", "half-close", "no-premature-closed", "--timeout", milliseconds]);
        assert!([0, 2].contains(&stopped.code) && stopped.stderr.is_empty(), "{milliseconds}: {stopped:?}");
    }
}

/// In a world that no search exhausts, `show` draws what `check` names.
#[test]
fn what_is_violated_before_a_limit_is_shown() {
    let folder = Folder::new("before-a-limit");
    let set = ["--set", "tcp.retries='none'"];
    let checked = folder.run(&[&["check", "rfc1337-old-reset"][..], &set].concat());
    let violated = "violated    no-old-segment-ends-the-new@B";
    assert!(checked.code == 1 && checked.stdout.contains("  stopped  ") && checked.stdout.contains(violated));
    let shown = folder.run(&[&["show", "rfc1337-old-reset", "no-old-segment-ends-the-new@B"][..], &set].concat());
    assert!(shown.code == 0 && shown.stdout.contains("no-old-segment-ends-the-new@B is violated"), "{shown:?}");
}

#[test]
fn traces() {
    let asynchronous = "about = \"No clock.\"\nworld = \"asynchronous\"\n[b]\ncloses = \"after-eof\"\n";
    let folder = Folder::new("traces")
        .with("scenarios/mine.toml", expecting("nobody-gets-far@B", "violated", "B closes second."))
        .with("scenarios/timeless.toml", asynchronous)
        .with_properties(&[ONE_LOSS, NEVER_CLOSES, ENDS_STAY, IS_REACHED])
        .with_properties(&[
            ("properties/time-wait-never-ends.toml", "never self.left == TIME_WAIT"),
            ("properties/aborts-end.toml", "always (self.ended_by == ABORT implies self.state == CLOSED)"),
        ]);
    let show = |args: &[&'static str]| folder.run(&own(&[&["show"], args].concat())).transcript();
    assert_snapshot!("show-violated", show(&["mine", "b-never-closes"]));
    assert_snapshot!("show-expected", show(&["mine", "nobody-gets-far"]));
    assert_snapshot!("show-possible", show(&["mine", "last-ack"]));
    assert_snapshot!("show-asynchronous", show(&["timeless", "b-never-closes"]));
    // Twice the three ticks, and no `because`.
    let changed = ["mine", "time-wait-never-ends", "--set", "tcp.time_wait=3", "--scale", "2"];
    assert_snapshot!("show-changed", show(&changed));
    let nothing =
        ["one-loss-at-most", "nobody-gets-far@A", "last-ack@A", "aborts-end"].map(|name| show(&["mine", name]));
    assert_snapshot!("show-nothing", nothing.concat());
    assert_snapshot!("show-not-applicable", folder.refusals(&[&own(&["show", "timeless", "one-loss-at-most"])]));
}
