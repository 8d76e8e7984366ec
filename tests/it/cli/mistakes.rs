//! Files of one's own that are wrong.

use insta::assert_snapshot;

use super::{ACKED, ENDS_STAY, IS_REACHED, MINE, ONE_LOSS, expecting, own, property};
use crate::folder::Folder;

/// What [`MINE`] does not count.
const RETRANSMITS: (&str, &str) = ("properties/few-retransmissions.toml", "never self.retransmissions > 3");

#[test]
fn properties_with_mistakes() {
    // All the mistakes of a folder in one go.
    let folder = Folder::new("bad-properties")
        .with("properties/a-key.toml", "about = 'x'\nformla = 'always true'\nsources = ['me']\n")
        .with("properties/b-type.toml", "about = 1\nformula = 'always true'\nsources = ['me']\n")
        .with_properties(&[
            ("properties/c-names.toml", "never self.state == TIMEWAIT and per.acked < lossses"),
            ("properties/d-balance.toml", "always (self.fin_sent or (peer.fin_sent)"),
            ("properties/e-types.toml", "always self.state < 3"),
            ("properties/F_name.toml", "always self.sent >= 0"),
        ]);
    assert_snapshot!(folder.refusals(&[&["check", "sequential", "--properties", "properties"]]));
}

#[test]
fn scenarios_with_mistakes() {
    let folder = Folder::new("bad-scenarios")
        .with("scenarios/a-key.toml", "about = 'x'\n[network]\nloses = 1\n")
        .with("scenarios/b-type.toml", "about = 'x'\n[network]\nlosses = true\n")
        .with("scenarios/c-word.toml", "about = 'x'\n[b]\ncloses = 'after-fin'\n")
        .with("scenarios/d-about.toml", "[network]\nlosses = 1\n")
        .with("scenarios/e-reason.toml", expecting("no-reset", "violated", " "))
        .with("scenarios/f-verdict.toml", expecting("no-reset", "undecided", "It is hard."))
        .with("scenarios/G_name.toml", MINE)
        .with("scenarios/h-steps.toml", expecting("no-reset", "holds", "It does.") + "steps = 3\n")
        .with("scenarios/i-steps.toml", expecting("no-reset", "violated", "It is.") + "steps = -3\n")
        .with(
            "scenarios/j-both.toml",
            expecting("no-reset", "violated", "It is.")
                + "[expect.'no-reset@B']\nverdict = 'holds'\nbecause = 'x'\n",
        )
        .with("scenarios/k-none.toml", "about = 'x'\nproperties = []\n")
        .with("scenarios/l-list.toml", "about = 'x'\nproperties = 'no-reset'\n");
    assert_snapshot!(folder.refusals(&[&["check", "sequential", "--scenarios", "scenarios"]]));
}

#[test]
fn scenarios_that_do_not_resolve() {
    // Also when none of them is selected.
    let folder = Folder::new("unresolved")
        .with("scenarios/base.toml", "about = 'x'\nextends = 'sequential'\n")
        .with("scenarios/a-chain.toml", "about = 'x'\nextends = 'base'\n")
        .with("scenarios/b-nothing.toml", "about = 'x'\nextends = 'sequentail'\n")
        .with("scenarios/c-range.toml", "about = 'x'\n[network]\nmsl = 17\n")
        .with("scenarios/d-range.toml", "about = 'x'\n[a.tcp]\nrto = 0\n")
        .with("scenarios/e-range.toml", "about = 'x'\n[a]\nsends = 1000\n")
        .with("scenarios/f-range.toml", "about = 'x'\n[tcp]\nbackoff = true\nrto = 4\nrto_max = 2\n")
        .with("scenarios/g-opens.toml", "about = 'x'\nworld = 'asynchronous'\n[a]\nopens = 'connect'\n")
        .with("scenarios/h-opens.toml", "about = 'x'\n[a]\nopens = 'listen'\niss = 'any'\n")
        .with("scenarios/i-opens.toml", "about = 'x'\n[a]\nreuse_time_wait = 1\n")
        .with("scenarios/j-range.toml", "about = 'x'\n[a]\nopens = 'connect'\nreuse_time_wait = 5\n");
    let folders = ["--scenarios", "scenarios"];
    assert_snapshot!(folder.refusals(&[&[&["check"], &folders[..]].concat()]));
    let stderr = |args: &[&str]| folder.run(&[args, &folders].concat()).stderr;
    assert_eq!(stderr(&["check"]), stderr(&["list"]));
    assert_eq!(stderr(&["check"]), stderr(&["check", "sequential"]));
}

#[test]
fn expectations_with_mistakes() {
    let folder = Folder::new("bad-expectations")
        .with("scenarios/a-name.toml", expecting("no-premature-close", "violated", "It is not."))
        .with("scenarios/b-end.toml", expecting("nobody-gets-far@C", "violated", "It is not."))
        .with("scenarios/c-kind.toml", expecting("last-ack", "holds", "It does."))
        .with("scenarios/d-kind.toml", expecting("one-loss-at-most", "impossible", "It is."))
        .with("scenarios/e-end.toml", expecting("one-loss-at-most@A", "holds", "It names no end."))
        .with("scenarios/f-kind.toml", expecting("fins-are-acked", "possible", "It is."))
        .with("scenarios/g-about.toml", "about = 'x'\nproperties = ['no-reset', 'both-closed', 'last-ack']\n")
        .with(
            "scenarios/h-about.toml",
            format!("properties = ['no-reset']\n{}", expecting("last-ack@B", "possible", "It is.")),
        )
        .with_properties(&[ONE_LOSS, ENDS_STAY, IS_REACHED, ACKED]);
    // In any file, whichever is selected.
    assert_snapshot!(folder.refusals(&[&own(&["check", "sequential", "--property", "no-reset"])]));
}

#[test]
fn fairness_with_mistakes() {
    let folder = Folder::new("bad-fairness")
        .with("scenarios/a-key.toml", "about = 'x'\n[fairness]\nnetwrok = false\n")
        .with("scenarios/b-word.toml", "about = 'x'\n[fairness]\nnetwork = ['PSH to A']\n")
        .with("scenarios/c-type.toml", "about = 'x'\n[fairness]\napplications = 'yes'\n")
        .with("clockless/mine.toml", "about = 'x'\nworld = 'asynchronous'\n[fairness]\nnetwork = false\n");
    assert_snapshot!(folder.refusals(&[
        &["check", "sequential", "--scenarios", "scenarios"],
        &["check", "sequential", "--scenarios", "clockless"],
        &["check", "asynchronous", "--set", "fairness.applications=false"],
        &["check", "sequential", "--set", "fairness.network=no"],
    ]));
}

#[test]
fn what_a_scenario_does_not_count() {
    let folder = Folder::new("counts")
        .with("scenarios/mine.toml", MINE)
        .with("scenarios/unlimited.toml", "about = 'x'\n[network]\nlosses = 'unlimited'\n")
        .with("scenarios/one-retries.toml", "about = 'x'\n[a.tcp]\nretries = 1\n")
        .with_properties(&[ONE_LOSS, RETRANSMITS])
        .with("properties/few-fins.toml", property("never in_flight(FIN, A) > 2"));
    let loss = ["-p", "one-loss-at-most"];
    let retransmissions = ["-p", "few-retransmissions"];
    // Nor does `mine` get its verdict, where nothing is wrong with losses.
    assert_snapshot!(folder.refusals(&[
        &own(&[&["check", "mine", "unlimited"], &loss[..]].concat()),
        &own(&[&["check", "mine", "--set", "network.losses=unlimited"], &loss[..]].concat()),
        &own(&[&["check", "mine"], &retransmissions[..]].concat()),
        &own(&[&["check", "one-retries"], &retransmissions[..]].concat()),
        &own(&["show", "unlimited", "one-loss-at-most"]),
        &own(&["check", "mine", "--set", "network.duplicates=unlimited", "-p", "few-fins"]),
    ]));
    let counted = [&["check", "mine", "--set", "tcp.retries=2"], &retransmissions[..]].concat();
    assert_eq!(folder.run(&own(&counted)).code, 0);
}
