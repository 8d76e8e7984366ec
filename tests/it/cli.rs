//! The command as people and scripts meet it: what it writes where, and the exit code.
//!
//! Shipped scenarios may change; the snapshots here are of worlds of the tests' own.

use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::folder::Folder;
use crate::run::{Run, without_seconds};
use insta::assert_snapshot;
use serde_json::Value;

/// A world of 619 states.
const MINE: &str = r#"
about = "A world of my own."

[network]
duplicates = 0

[b]
closes = "after-eof"
"#;

/// True of [`MINE`].
const ONE_LOSS: (&str, &str) = ("properties/one-loss-at-most.toml", "always losses <= 1");
/// Violated by [`MINE`]; not about an end.
const NEVER_CLOSES: (&str, &str) = ("properties/b-never-closes.toml", "never B.state == CLOSED");
/// Violated by B in [`MINE`].
const ENDS_STAY: (&str, &str) = ("properties/nobody-gets-far.toml", "never self.state == LAST_ACK");
/// Possible for B in [`MINE`].
const IS_REACHED: (&str, &str) = ("properties/last-ack.toml", "possible self.state == LAST_ACK");
/// What [`MINE`] does not count.
const RETRANSMITS: (&str, &str) = ("properties/few-retransmissions.toml", "never self.retransmissions > 3");

/// Liveness that holds in [`MINE`], and not where a FIN is lost forever.
const ACKED: (&str, &str) = ("properties/fins-are-acked.toml", "self.fin_sent leads to self.fin_acked");
/// Liveness that holds in [`MINE`], and not where something is sent again forever.
const FALLS_SILENT: (&str, &str) = ("properties/falls-silent.toml", "eventually always not in_flight(ANY, self)");
/// Liveness that is violated by every behaviour of [`MINE`]: each comes to an end, and that is another state.
const COMES_BACK: (&str, &str) = ("properties/comes-back.toml", "always eventually self.state == ESTABLISHED");
/// Its premise is never true in [`MINE`].
const SAYS_NOTHING: (&str, &str) =
    ("properties/closing-is-late.toml", "always (self.state == CLOSING implies self.fin_acked)");

/// [`MINE`], where every segment to A may be lost forever.
const DEAF: &str = r#"
about = "Only what is sent to B gets through."
extends = "mine"

[network]
losses = "unlimited"

[fairness]
network = ["ACK to B", "FIN to B"]
"#;

/// Half of the truth where both ends close.
const EXPECTED_OF_A: &str = "[expect.\"nobody-closes@A\"]\nverdict = \"violated\"\nbecause = \"A closes.\"\n";

/// The truth where both ends close.
const STARTS: &str =
    "[expect.nobody-starts]\nverdict = \"violated\"\nsteps = 1\nbecause = \"Either closes first.\"\n";

/// Too large to be explored to the end.
const HUGE: [&str; 9] = [
    "simultaneous",
    "--set",
    "network.losses=3",
    "--set",
    "network.duplicates=3",
    "--set",
    "network.msl=4",
    "--set",
    "network.delays=\"whole-ticks\"",
];

impl Folder {
    fn with(self, file: &str, content: impl AsRef<[u8]>) -> Self {
        self.write(file, content);
        self
    }

    fn with_properties(self, properties: &[(&str, &str)]) -> Self {
        properties.iter().fold(self, |folder, (file, formula)| folder.with(file, property(formula)))
    }

    fn run(&self, args: &[&str]) -> Run {
        Run::of(&mut self.command(args))
    }

    /// The JSON report, whose exit code is that of the process.
    fn report(&self, args: &[&str]) -> Value {
        let run = self.run(&[args, &["--format", "json"]].concat());
        let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"));
        assert_eq!(report["exit_code"], run.code, "{args:?}");
        report
    }

    /// The diagnostics of commands that are wrong: on stderr, with exit code 2, and no verdict.
    fn refusals(&self, commands: &[&[&str]]) -> String {
        let refusal = |args: &&[&str]| {
            let run = self.run(args);
            assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
            format!("$ lastack {}\n{}\n", args.join(" "), run.stderr)
        };
        commands.iter().map(refusal).collect()
    }
}

impl Run {
    /// Stdout and the exit code, of a command that writes nothing to stderr.
    fn transcript(&self) -> String {
        assert_eq!(self.stderr, "");
        format!("{}exit code {}\n", without_seconds(&self.stdout), self.code)
    }

    fn says_holds(&self) -> bool {
        self.stdout.lines().any(|line| line.trim_start().starts_with("holds"))
    }
}

fn property(formula: &str) -> String {
    format!("about = \"A property of my own.\"\nformula = \"{formula}\"\nsources = [\"me\"]\n")
}

/// A scenario like [`MINE`], with an expectation.
fn expecting(property: &str, verdict: &str, because: &str) -> String {
    format!("{MINE}\n[expect.\"{property}\"]\nverdict = \"{verdict}\"\nbecause = \"{because}\"\n")
}

fn own<'a>(args: &[&'a str]) -> Vec<&'a str> {
    [args, &["--scenarios", "scenarios", "--properties", "properties"]].concat()
}

/// Its verdict, and its name, for each property of a report's scenarios.
fn verdicts(report: &Value) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    report["scenarios"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|scenario| scenario["properties"].as_array().unwrap())
        .map(|property| (text(&property["verdict"]), text(&property["name"])))
        .collect()
}

/// What is still running after this long never ends.
fn wait(mut child: Child, patience: Duration) -> Output {
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > patience {
            child.kill().unwrap();
            panic!("still running after {patience:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    child.wait_with_output().unwrap()
}

// The command line.

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

// Folders of one's own.

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

// Verdicts and exit codes.

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

/// What is in flight along a run is decided in whole ticks alone.
fn in_ticks(scenario: &str) -> String {
    scenario.replace("duplicates = 0", "duplicates = 0\ndelays = 'whole-ticks'")
}

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

/// stateright does not report its memory: it is stopped by an estimate.
#[test]
fn memory_is_bounded_where_stateright_explores() {
    let folder = Folder::new("stateright-memory");
    let run = folder.run(&["check", "asynchronous", "--max-memory", "1MiB"]);
    assert!(run.code == 2 && !run.says_holds(), "{run:?}");
    assert!(run.stdout.contains("the limit of --max-memory was reached"), "{run:?}");
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

#[test]
fn a_limit_of_the_search_for_a_trace() {
    let folder = Folder::new("show-limits").with("scenarios/mine.toml", MINE).with_properties(&[ONE_LOSS]);
    let run = folder.run(&own(&["show", "mine", "one-loss-at-most", "--max-states", "10"]));
    assert_snapshot!(run.transcript(), @r"
    one-loss-at-most is undecided in mine: the limit of --max-states was reached
    exit code 2
    ");
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

/// What a process does that is sent a signal long after its start and long before its end.
#[cfg(unix)]
fn signalled(folder: &Folder, signal: &str, args: &[&str]) -> Run {
    let mut command = folder.command(args);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(1));
    let kill = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(kill.success(), "{args:?} has ended by itself");
    Run::ended(&wait(child, Duration::from_secs(20)))
}

#[test]
#[cfg(unix)]
fn a_signal_ends_a_run_as_undecided() {
    let folder = Folder::new("signals");
    let (scenario, settings) = HUGE.split_first().unwrap();
    let commands: [(&str, &str, &[&str]); 4] = [
        ("-INT", "check", &["-p", "no-reset"]),
        ("-TERM", "check", &["-p", "no-reset"]),
        ("-HUP", "check", &["-p", "no-reset"]),
        ("-TERM", "show", &["no-reset"]),
    ];
    for (signal, command, property) in commands {
        // Who has it ignored, as `nohup` does, is obeyed.
        if signal == "-HUP" && has_hangup_ignored() {
            continue;
        }
        let run = signalled(&folder, signal, &[&[command, scenario], property, settings].concat());
        assert_eq!((run.code, run.says_holds()), (2, false), "{signal} {run:?}");
        for part in ["interrupted", "simultaneous", "undecided"] {
            assert!(run.stdout.contains(part), "{part}: {run:?}");
        }
    }
}

/// Bit 0 is signal 1.
#[cfg(unix)]
fn has_hangup_ignored() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or("0");
    u64::from_str_radix(mask.trim(), 16).unwrap() & 1 != 0
}

/// What comes after the end is counted, and not listed as if something were known of it.
#[test]
#[cfg(unix)]
fn what_was_not_begun_is_not_listed() {
    let folder = Folder::new("not-begun");
    let settings = ["network.losses=3", "network.duplicates=3", "network.msl=4", "network.delays=\"whole-ticks\""];
    let mut args = vec!["check", "sequential", "simultaneous", "two-losses", "--threads", "1", "-p", "no-reset"];
    args.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    let run = signalled(&folder, "-INT", &args);
    assert_eq!(run.code, 2);
    assert!(
        run.stdout.starts_with("sequential ") && run.stdout.contains("not begun: 2 scenarios: interrupted\n"),
        "{run:?}"
    );
    assert!(!run.stdout.contains("simultaneous") && !run.stdout.contains("two-losses"), "{run:?}");
    let timeout = folder.report(&[&args[..], &["--timeout", "1ms"]].concat());
    assert_eq!(timeout["scenarios"][2]["stopped"], "the limit of --timeout was reached");
    assert_eq!(timeout["scenarios"][2]["properties"][0]["verdict"], "undecided");
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

// Where output goes.

/// As with `cat`: who has not read everything must not take it for a success.
#[test]
#[cfg(unix)]
fn a_reader_that_goes_away_ends_the_process() {
    use std::os::unix::process::ExitStatusExt;

    let folder = Folder::new("broken-pipe")
        .with("scenarios/good.toml", MINE)
        .with("scenarios/bad.toml", expecting("one-loss-at-most", "violated", "It is not."))
        .with_properties(&[ONE_LOSS, ENDS_STAY]);
    let cases: [&[&str]; 8] = [
        &["check", "good", "-p", "one-loss-at-most"],
        &["check", "good", "bad", "-p", "one-loss-at-most"],
        &["check", "good", "-p", "one-loss-at-most", "--format", "json"],
        &["check", "good", "-p", "one-loss-at-most", "--max-states", "9"],
        &["show", "good", "nobody-gets-far"],
        &["show", "good", "nobody-gets-far", "--format", "svg"],
        &["list"],
        &["--help"],
    ];
    for args in cases {
        let mut command = if args == ["--help"] { folder.command(args) } else { folder.command(&own(args)) };
        // It has gone away before anything can be written.
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let child = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
        let output = wait(child, Duration::from_secs(20));
        // SIGPIPE.
        assert_eq!((output.status.signal(), output.stderr), (Some(13), Vec::new()), "{args:?}");
    }
}

/// Text of a file speaks to no terminal, and reads in the order that it is written in: every byte of output is
/// looked at.
#[test]
fn hidden_characters_are_shown_as_escapes() {
    let evil = "ab\u{202e}cd \u{2066}\u{200f} \\u001b[2J \\u009b2J e";
    let hidden = |text: &str| {
        let is = |char: &char| char.is_control() && *char != '\n' || ('\u{200b}'..='\u{206f}').contains(char);
        text.chars().find(is)
    };
    let folder = Folder::new("hidden")
        .with(
            "scenarios/mine.toml",
            format!(
                "about = \"{evil}\"\n[expect.\"nobody-gets-far@A\"]\nverdict = 'violated'\nbecause = \"{evil}\"\n\
                 [expect.\"nobody-gets-far@B\"]\nverdict = 'violated'\nbecause = \"{evil}\"\n\
                 [expect.last-ack]\nverdict = 'impossible'\nbecause = \"{evil}\"\n"
            ),
        )
        .with(
            "properties/nobody-gets-far.toml",
            format!("about = \"{evil}\"\nformula = 'never self.state == LAST-ACK'\nsources = [\"{evil}\"]\n"),
        )
        .with_properties(&[IS_REACHED])
        .with("bad/wrong.toml", format!("about = \"{evil}\"\n[network] # {evil}\nlosses = \"{evil}\"\n"))
        .with("bad/unknown.toml", format!("about = 'x'\n\"{evil}\" = 1\n"))
        .with("bad/name.toml", format!("about = 'x'\n[expect.\"{evil}\"]\nverdict = \"{evil}\"\nbecause = 'x'\n"))
        .with("worse/formula.toml", format!("about = 'x'\nformula = \"always {evil}\"\n"));
    let properties = ["-p", "nobody-gets-far", "-p", "last-ack"];
    let check = |more: &[&'static str]| own(&[&["check", "mine"], &properties[..], more].concat());
    let commands = [
        check(&["--verbose"]),
        check(&["--format", "github"]),
        check(&["--format", "junit"]),
        own(&["list"]),
        own(&["show", "mine", "nobody-gets-far"]),
        own(&["show", "mine", "nobody-gets-far", "--format", "svg"]),
        vec!["check", "--scenarios", "bad"],
        vec!["check", "--properties", "worse"],
    ];
    for args in commands {
        let summary = folder.0.join("summary.md");
        let output = folder.command(&args).env("GITHUB_STEP_SUMMARY", &summary).output().unwrap();
        let run = Run::ended(&output);
        let all = run.stdout.clone() + &run.stderr + &fs::read_to_string(&summary).unwrap_or_default();
        assert_eq!(hidden(&all), None, "{args:?} {all}");
        assert!(all.contains("u{202e}") || all.contains(r"u\{202e\}"), "{args:?} {all}");
    }
}

#[test]
#[cfg(target_os = "linux")] // Others have no /dev/full.
fn verdicts_that_cannot_be_written() {
    let folder = Folder::new("full");
    for args in [&["check", "sequential"][..], &["check", "sequential", "--format", "json"], &["list"]] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let run = Run::of(folder.command(args).stdout(full));
        assert_eq!(run.code, 2, "{args:?}");
        assert!(run.stderr.starts_with("error: cannot write to stdout: "), "{run:?}");
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

#[test]
fn vocabulary() {
    assert_snapshot!(Folder::new("vocabulary").run(&["list", "--vocabulary"]).transcript());
}

#[test]
fn colours_only_where_they_are_wanted() {
    let folder = Folder::new("colours").with("properties/bad.toml", property("always CLOSD"));
    let commands: [&[&str]; 5] = [
        &["check", "sequential", "--set", "tcp.time_wait=0"],
        &["show", "no-time-wait", "no-premature-closed"],
        &["list"],
        &["check", "--properties", "properties"],
        &["chek"],
    ];
    let is_coloured = |command: &mut Command| {
        let output = command.output().unwrap();
        [output.stdout, output.stderr].concat().contains(&b'\x1b')
    };
    for args in commands {
        assert!(!is_coloured(&mut folder.command(args)), "{args:?}");
    }
    let forced = |args| {
        let mut command = folder.command(args);
        command.env("CLICOLOR_FORCE", "1");
        command
    };
    assert!(is_coloured(&mut forced(commands[0])));
    assert!(!is_coloured(forced(commands[0]).env("NO_COLOR", "1")));
}

/// Recorded cases, each of which comes out differently.
const RECORDED: &str = r#"
{"id": "mine/one", "profile": "linux", "start_state": "ESTABLISHED", "events": ["app close", "rcv FIN,ACK seq=1 ack=2"], "expect_segments": ["@1 FIN,ACK seq=1 ack=1", "@2 ACK seq=2 ack=2"], "expect_end_state": "TIME_WAIT"}
{"id": "mine/two", "profile": "freebsd", "start_state": "ESTABLISHED", "events": ["app close", "rcv FIN,ACK seq=1 ack=1"], "expect_segments": ["@2 ACK seq=2 ack=2"], "expect_end_state": "CLOSING"}
{"id": "mine/three", "profile": "linux", "start_state": "ESTABLISHED", "events": ["timer KEEPALIVE"], "expect_end_state": "CLOSED"}

{"start_state": "CLOSE_WAIT", "event": "RST+ACK seq=RCV.NXT", "sent": [], "end_state": "CLOSED", "so_error": "EPIPE"}
"#;

#[test]
fn recorded_cases_are_replayed() {
    let folder = Folder::new("conform").with("cases.jsonl", RECORDED);
    assert_snapshot!("conform", folder.run(&["conform", "cases.jsonl"]).transcript());
    // Under RFC 9293 FINs that cross are answered as `mine/two` wants it.
    let run = folder.run(&["conform", "cases.jsonl", "cases.jsonl", "--policy", "rfc9293"]);
    // What the reset is to the application is Linux's own.
    assert_eq!(run.stdout.lines().last(), Some("8 cases: 4 match, 2 differ, 2 out of scope"));
    assert_eq!(run.code, 1);

    let report = folder.report(&["conform", "cases.jsonl"]);
    let cases: Vec<_> = report["cases"].as_array().unwrap().iter().map(|case| case["outcome"].as_str()).collect();
    assert_eq!(cases, [Some("match"), Some("differs"), Some("out of scope"), Some("match")]);
    assert_eq!(report["cases"][1]["differences"][0]["step"], 2);
    let schema: Value = serde_json::from_str(include_str!("../../docs/conform.schema.json")).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let traced = folder.report(&["conform", "cases.jsonl", "--trace"]);
    for report in [&report, &traced] {
        let mistakes: Vec<String> = jsonschema::validator_for(&schema)
            .unwrap()
            .iter_errors(report)
            .map(|error| error.to_string())
            .collect();
        assert_eq!(mistakes, Vec::<String>::new());
    }
    assert_eq!(report["cases"][1]["line"], 3);
    assert_eq!(report["exit_code"], 1);
    assert_eq!(traced["cases"][0]["steps"][1]["sent"][0], "FIN,ACK seq=1 ack=1 win=65535");
    assert_eq!(traced["cases"][2]["steps"], serde_json::json!([]));
}

/// Each step is shown, and every difference, not the first alone.
#[test]
fn a_case_is_traced() {
    let case = r#"{"id": "both", "profile": "linux", "start_state": "CLOSE_WAIT", "events": ["rcv FIN,ACK seq=2 ack=1", "app send 3 -> EPIPE", "app close", "wait 200ms"], "expect_segments": ["@2 ACK seq=1 ack=2 len=2", "@4 FIN,ACK seq=4 ack=2"], "state_checks": ["@3 LAST_ACK"], "expect_end_state": "CLOSED"}"#;
    let folder = Folder::new("conform-trace").with("case.jsonl", case);
    assert_snapshot!("conform-differences", folder.run(&["conform", "case.jsonl"]).transcript());
    assert_snapshot!("conform-trace", folder.run(&["conform", "case.jsonl", "-v"]).transcript());
}

/// What cannot be read keeps nothing else from being replayed.
#[test]
fn what_can_be_read_is_replayed() {
    let pretty = RECORDED.replace("{\"id\": \"mine/three\"", "{\n  \"id\": \"mine/three\"");
    let folder = Folder::new("conform-keep-going")
        .with("cases.jsonl", pretty)
        .with("good.jsonl", RECORDED.lines().nth(1).unwrap());
    let files = ["conform", "cases.jsonl", "nowhere.jsonl", "good.jsonl"];
    assert_eq!(folder.run(&files).stdout, "");
    let run = folder.run(&[&files[..], &["--keep-going"]].concat());
    assert_snapshot!("conform-keep-going", format!("{}---\n{}", run.stdout, run.stderr));
    assert_eq!(run.code, 2);
    let report = folder.report(&[&files[..], &["--keep-going"]].concat());
    assert_eq!((report["cases"].as_array().unwrap().len(), &report["exit_code"]), (4, &serde_json::json!(2)));
}

#[test]
fn recorded_cases_with_mistakes() {
    let case = |change: &str| {
        let case = r#"{"id": "x", "profile": "linux", "start_state": "CLOSING", "events": ["timer RTO"], "expect_end_state": "CLOSING"}"#;
        let (from, to) = change.split_once(" => ").unwrap();
        assert!(case.contains(from), "{from}");
        format!("{case}\n{}\n", case.replace(from, to))
    };
    let folder = Folder::new("conform-mistakes")
        .with("verb.jsonl", case("timer RTO => timr RTO"))
        .with("length.jsonl", case("timer RTO => rcv ACK seq=1 ack=1 len=-1"))
        .with("profile.jsonl", case("linux => linus"))
        .with("state.jsonl", case("\"CLOSING\", \"events => \"CLOSED_WAIT\", \"events"))
        .with("json.jsonl", case("\"], => \","))
        .with("missing.jsonl", case("\"profile\": \"linux\",  => ").replace("  ", " "))
        .with("neither.jsonl", case("events => evens"))
        .with("step.jsonl", case("\"expect_end => \"state_checks\": [\"@2 CLOSED\"], \"expect_end"))
        .with("number.jsonl", case("\"x\" => 7"))
        .with(
            "row.jsonl",
            "{\"start_state\": \"CLOSING\", \"event\": \"RST seq=RCV.NXT sooner\", \"end_state\": \"CLOSED\"}",
        )
        .with(
            "null.jsonl",
            "{\"start_state\": \"CLOSING\", \"event\": \"RST\", \"sent\": null, \"end_state\": \"CLOSED\"}",
        )
        .with("empty.jsonl", "\n\n")
        .with("folder/file", "");
    let files = [
        "verb.jsonl",
        "length.jsonl",
        "profile.jsonl",
        "state.jsonl",
        "json.jsonl",
        "missing.jsonl",
        "neither.jsonl",
        "step.jsonl",
        "number.jsonl",
        "row.jsonl",
        "null.jsonl",
        "empty.jsonl",
        "folder",
        "nowhere.jsonl",
    ];
    let commands: Vec<Vec<&str>> = files.iter().map(|file| vec!["conform", file]).collect();
    let commands: Vec<&[&str]> = commands.iter().map(Vec::as_slice).collect();
    assert_snapshot!(folder.refusals(&commands));
    assert_eq!(folder.run(&["conform", "profile.jsonl", "--policy", "linux"]).code, 0);
    assert_eq!(folder.run(&["conform", "verb.jsonl", "--policy", "linus"]).code, 2);
    assert_eq!(folder.run(&["conform"]).code, 2);
}
