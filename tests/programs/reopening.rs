//! Worlds that open a second connection, counted by SPIN and TLC (`benches/peers/reopen.pml`, `Reopen.tla`), which
//! share no code with lastack or each other.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use lastack::check::{Library, Options, check_one};
use lastack::model::{Closes, Config, End, Iss, Opens};
use lastack::scenario::{Scenario, Setting};
use lastack::tcp::{RstInTimeWait, SynInTimeWait};
use serde_json::{Value, json};

use crate::{Missing, needs};

/// What is asked of both ends.
const PROPERTIES: [&str; 2] = ["no-old-ack-counts", "no-old-segment-ends-the-new"];

/// A shipped scenario without octets, with settings on top. Both verdicts of each property are among them, and
/// every way to open: after `TIME_WAIT`, out of it, against `LAST_ACK`, a half-open peer and `TIME_WAIT`, and both
/// at once.
const WORLDS: [(&str, &[&str]); 7] = [
    ("syn-in-last-ack", &[]),
    ("half-open-reopens", &[]),
    ("syn-in-time-wait-reopens", &[]),
    ("time-wait-reused-any", &[]),
    ("nat-reuses-a-port", &[]),
    ("rfc1337-old-reset", &["network.duplicates=0"]),
    ("old-ack", &["network.msl=1", "tcp.rto=2", "tcp.time_wait=1", "a.reuse_time_wait=0"]),
];

pub(crate) fn spin_counts_the_same() -> Result<(), Missing> {
    compare("spin")
}

pub(crate) fn tlc_counts_the_same() -> Result<(), Missing> {
    compare("tlc")
}

fn compare(tool: &str) -> Result<(), Missing> {
    needs("python3")?;
    let mut verdicts = BTreeSet::new();
    for (scenario, settings) in WORLDS {
        let config = config(scenario, settings);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/count-reopening");
        let mut command = Command::new("python3");
        let output = command.arg(script).args([tool, &constants(&config).to_string()]).output().unwrap();
        assert!(output.status.success(), "{scenario}: {}", String::from_utf8_lossy(&output.stderr));
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        if let Some(why) = report.get("skipped") {
            return Err(Missing(why.as_str().unwrap().to_owned()));
        }
        let ours = lastack(scenario, settings);
        assert_eq!(ours, report, "lastack (left) and {tool} (right) differ in {scenario} {settings:?}");
        verdicts.extend(PROPERTIES.map(|property| (property, ours["verdicts"][property].to_string())));
    }
    assert_eq!(verdicts.len(), 4, "{verdicts:?}");
    Ok(())
}

fn settings_of(settings: &[&str]) -> Vec<Setting> {
    let whole_ticks = "network.delays=whole-ticks";
    settings.iter().chain([&whole_ticks]).map(|text| Setting::parse(text).unwrap()).collect()
}

fn config(scenario: &str, settings: &[&str]) -> Config {
    let library = Library::shipped().unwrap();
    library.scenarios(&[scenario.to_owned()], &settings_of(settings), 1).unwrap().remove(0).config
}

/// States, transitions and verdicts by lastack.
fn lastack(scenario: &str, settings: &[&str]) -> Value {
    let library = Library::shipped().unwrap();
    let scenario = library.scenarios(&[scenario.to_owned()], &settings_of(settings), 1).unwrap().remove(0);
    let asked = library.properties(&PROPERTIES.map(str::to_owned)).unwrap();
    let scenario = Arc::new(Scenario { properties: None, ..Scenario::clone(&scenario) });
    let checked = check_one(&scenario, &asked, &Options::PLAIN, &|_, _| {});
    assert_eq!(checked.stopped, None);
    let verdict = |name: &str| {
        let outcome = checked.results.iter().find(|outcome| outcome.property.name == name).unwrap();
        // Its premise is never true, which the other tools just report as true.
        if outcome.verdict.name() == "vacuous" { "holds" } else { outcome.verdict.name() }
    };
    let verdicts: Value = PROPERTIES.iter().map(|name| ((*name).to_owned(), Value::from(verdict(name)))).collect();
    json!({ "states": checked.stats.states, "transitions": checked.stats.transitions, "verdicts": verdicts })
}

/// The world as both models name it; what they do not know is not there.
fn constants(config: &Config) -> Value {
    let policy = config.a.policy;
    assert_eq!(policy, config.b.policy);
    assert!(!policy.retransmission.backoff && policy.opening.syn_rto.is_none());
    assert_eq!(policy.opening.syn_ack_retries, None);
    let retries = policy.retransmission.retries.unwrap();
    let end = |end| {
        let application = config.end(end).application;
        assert_eq!((application.sends, application.aborts), (0, false));
        let closes = match application.closes {
            Closes::Never => 0,
            Closes::AfterEof => 1,
            Closes::AnyTime => 2,
        };
        let opens = match application.opening.opens {
            Opens::Never => 0,
            Opens::Connect => 1,
            Opens::Listen => 2,
        };
        let is_any = application.opening.iss == Iss::Any;
        (closes, opens, is_any, application.opening.reuse_time_wait.unwrap_or(255))
    };
    let ((a_closes, a_opens, a_any, a_reuse), (b_closes, b_opens, b_any, b_reuse)) = (end(End::A), end(End::B));
    json!({
        "MSL": config.msl,
        "RTO": policy.retransmission.rto,
        "TW": policy.wait.time_wait,
        "RETRIES": retries,
        "SYN_RETRIES": policy.opening.syn_retries.unwrap_or(retries),
        "LOSSES": config.losses.unwrap(),
        "DUPLICATES": config.duplicates.unwrap(),
        "RESTART": policy.wait.restart_time_wait,
        "IGNORE_RST": policy.wait.rst_in_time_wait == RstInTimeWait::Ignore,
        "REOPEN_IF_ABOVE": policy.opening.syn_in_time_wait == SynInTimeWait::ReopenIfAbove,
        "A_CLOSES": a_closes, "B_CLOSES": b_closes, "A_OPENS": a_opens, "B_OPENS": b_opens,
        "A_ANY": a_any, "B_ANY": b_any, "A_REUSE": a_reuse, "B_REUSE": b_reuse,
    })
}
