//! The command as people and scripts meet it: what it writes where, and the exit code.
//!
//! Shipped scenarios may change; the snapshots here are of worlds of the tests' own.

mod arguments;
mod check;
mod conform;
mod expectations;
mod library;
mod limits;
mod list;
mod liveness;
mod mistakes;
mod output;
mod show;
#[cfg(unix)]
mod signals;

use std::collections::BTreeSet;
use std::process::{Child, Output};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::folder::Folder;
use crate::run::{Run, without_seconds};

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
/// Liveness that holds in [`MINE`], and not where a FIN is lost forever.
const ACKED: (&str, &str) = ("properties/fins-are-acked.toml", "self.fin_sent leads to self.fin_acked");
/// Liveness that is violated by every behaviour of [`MINE`]: each comes to an end, and that is another state.
const COMES_BACK: (&str, &str) = ("properties/comes-back.toml", "always eventually self.state == ESTABLISHED");

/// [`MINE`], where every segment to A may be lost forever.
const DEAF: &str = r#"
about = "Only what is sent to B gets through."
extends = "mine"

[network]
losses = "unlimited"

[fairness]
network = ["ACK to B", "FIN to B"]
"#;

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

/// What is in flight along a run is decided in whole ticks alone.
fn in_ticks(scenario: &str) -> String {
    scenario.replace("duplicates = 0", "duplicates = 0\ndelays = 'whole-ticks'")
}
