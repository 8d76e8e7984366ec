//! The timed world counted by tools that share no code with lastack: SPIN, TLC and a brute-force explorer in
//! Python (`benches/peers`). They keep exactly the same state, so the numbers have to be equal, and so have the
//! verdicts of safety and liveness.

use std::collections::HashSet;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use lastack::check::Library;
use lastack::realtime::{DiscretePart, SearchOptions, ZoneLimits, explore};
use lastack::scenario::Setting;
use serde_json::Value;

use crate::{Missing, needs};

/// A shipped scenario with settings on top, as `check` takes them.
type World = (&'static str, &'static [&'static str]);

const NO_DUPLICATES: &str = "network.duplicates=0";

/// From 19,000 to 193,000 states each, with both verdicts among them.
const WORLDS: [World; 7] = [
    ("simultaneous", &[]),
    ("simultaneous", &["tcp.rst_in_time_wait=close", "tcp.time_wait=1", "tcp.restart_time_wait=false"]),
    ("sequential", &["network.msl=3", "tcp.rto=2"]),
    ("sequential", &["network.msl=3", "tcp.rto=3", "tcp.time_wait=3"]),
    ("sequential", &["a.sends=3", "network.losses=2", NO_DUPLICATES]),
    ("sequential", &["a.sends=3", "network.losses=2", NO_DUPLICATES, "tcp.out_of_order=drop"]),
    ("half-close", &["network.losses=unlimited", "tcp.retries=1"]),
];

/// From 6,000 to 43,000 states each: TLC is slow to start, and slow.
const WORLDS_FOR_TLC: [World; 5] = [
    ("sequential", &["a.sends=2", NO_DUPLICATES]),
    ("simultaneous", &[NO_DUPLICATES, "network.losses=unlimited", "tcp.retries=2"]),
    ("simultaneous", &[]),
    ("simultaneous", &["network.losses=2", "tcp.retries=1"]),
    ("simultaneous", &["tcp.rst_in_time_wait=close", "tcp.time_wait=1", "tcp.restart_time_wait=false"]),
];

/// What only `world.py` knows: from 5,000 to 43,000 states each.
const WORLDS_FOR_PYTHON: [World; 8] = [
    ("sequential", &["tcp.delayed_ack=1"]),
    // A's FIN may overtake its octet: what fills the hole is acknowledged at once, everything else later.
    ("sequential", &["tcp.delayed_ack=1", "a.sends=1"]),
    ("sequential", &["tcp.delayed_ack=1", "a.sends=2", NO_DUPLICATES, "tcp.out_of_order=drop"]),
    ("half-close", &["a.closes_with=close", NO_DUPLICATES]),
    ("simultaneous", &["a.closes_with=close", "tcp.fin_wait_2_timeout=4"]),
    ("sequential", &["tcp.backoff=true", "network.losses=2", NO_DUPLICATES, "a.sends=1"]),
    ("sequential", &["a.aborts=true", "a.sends=1", NO_DUPLICATES]),
    ("half-close", &["b.closes=never"]),
];

const UNFAIR: &str = "fairness.network=false";

/// Both ends have an octet outstanding when they close, in a world that is small as nothing lasts.
const DATA_IN_FLIGHT: [&str; 5] = ["a.sends=1", "b.sends=1", NO_DUPLICATES, "network.msl=1", "tcp.rto=1"];

/// The same, or less, between two ends that answer a FIN beyond a hole with a FIN.
const fn war(a_sends: &'static str, b_sends: &'static str, losses: &'static str) -> [&'static str; 11] {
    let [_, _, duplicates, msl, rto] = DATA_IN_FLIGHT;
    let timers = ["tcp.time_wait=2", "tcp.backoff=false", "tcp.retries=none", "tcp.fin_wait_2_timeout=none"];
    let [time_wait, backoff, retries, fin_wait_2] = timers;
    let policy = "tcp.policy=freebsd";
    [a_sends, b_sends, losses, duplicates, msl, rto, time_wait, backoff, retries, fin_wait_2, policy]
}

/// From 3,549 to 9,554 states each. SPIN knows no fair network, which matters only where losses are unlimited.
const LIVELY_WORLDS: [World; 5] = [
    ("sequential", &[]),
    ("lossy-for-ever", &[UNFAIR]),
    ("simultaneous", &["network.losses=2", NO_DUPLICATES, "tcp.retries=1"]),
    ("simultaneous", &["a.aborts=true", NO_DUPLICATES]),
    ("simultaneous", &war("a.sends=1", "b.sends=1", "network.losses=0")),
];

/// TLC gets fairness word for word, which takes it long: from 190 to a few thousand states.
const LIVELY_WORLDS_FOR_TLC: [World; 4] = [
    ("lossy-for-ever", &[NO_DUPLICATES]),
    ("lossy-for-ever", &[NO_DUPLICATES, UNFAIR]),
    ("sequential", &["b.closes=never", "tcp.retries=1", "network.losses=unlimited"]),
    ("sequential", &["a.aborts=true", NO_DUPLICATES, UNFAIR]),
];

/// From 247 to 6,716 states each, with each kind of fairness and without.
const LIVELY_WORLDS_FOR_PYTHON: [World; 17] = [
    ("lossy-for-ever", &[]),
    ("lossy-for-ever", &[UNFAIR]),
    ("lossy-for-ever", &["fairness.applications=false"]),
    // No end has to close, so that the first world may be the last.
    ("sequential", &["fairness.applications=false"]),
    ("simultaneous", &["network.losses=unlimited", NO_DUPLICATES, "tcp.retries=2"]),
    ("simultaneous", &["network.losses=unlimited", NO_DUPLICATES, "a.aborts=true"]),
    ("simultaneous", &["network.losses=unlimited", NO_DUPLICATES, "a.closes_with=close"]),
    ("simultaneous", &["network.losses=unlimited", NO_DUPLICATES, "a.closes_with=close", UNFAIR]),
    ("sequential", &["b.closes=never", "a.closes_with=close", "tcp.fin_wait_2_timeout=6"]),
    ("lossy-for-ever", &["a.closes_with=close", "tcp.fin_wait_2_timeout=4"]),
    ("lossy-for-ever", &["tcp.backoff=true", NO_DUPLICATES, "a.sends=1"]),
    ("lossy-for-ever", &["tcp.delayed_ack=1", NO_DUPLICATES, "a.sends=1"]),
    // The reset of an abort may be lost, and fairness does not promise another abort.
    ("simultaneous", &["a.aborts=true", "b.aborts=true", NO_DUPLICATES]),
    ("simultaneous", &["a.aborts=true", "b.aborts=true", NO_DUPLICATES, "a.closes_with=close"]),
    // Nothing is promised at all: the first world may be the last.
    ("simultaneous", &["a.closes=never", "b.closes=never", "a.aborts=true", "b.sends=1", NO_DUPLICATES]),
    ("simultaneous", &DATA_IN_FLIGHT),
    // The ends may answer each other forever at one instant, which is no run.
    ("simultaneous", &war("a.sends=1", "b.sends=1", "network.losses=2")),
];

/// Up to 33,537 states each. Two ends with `FreeBSD`'s rules answer each other forever while both lack text.
const TIMELESS_WORLDS: [World; 8] = [
    ("sequential", &[]),
    ("simultaneous", &[NO_DUPLICATES]),
    ("lossy-for-ever", &[UNFAIR]),
    ("simultaneous", &[NO_DUPLICATES, "a.aborts=true"]),
    ("simultaneous", &DATA_IN_FLIGHT),
    ("simultaneous", &war("a.sends=1", "b.sends=1", "network.losses=0")),
    ("simultaneous", &war("a.sends=1", "b.sends=1", "network.losses=2")),
    ("simultaneous", &war("a.sends=1", "b.sends=0", "network.losses=2")),
];

/// 6,215, 2,009 and 5,191 states.
const TIMELESS_WORLDS_FOR_SPIN_AND_TLC: [World; 3] = [TIMELESS_WORLDS[0], TIMELESS_WORLDS[1], TIMELESS_WORLDS[5]];

/// In real time, each with the room that `TChecker`'s automaton needs for copies; with both verdicts of each
/// property among them.
const REAL_TIME_WORLDS: [(World, u32); 9] = [
    (("sequential", &[]), 6),
    (("simultaneous", &[NO_DUPLICATES]), 6),
    (("sequential", &["network.losses=2"]), 6),
    // L · RTO = MSL, and a little more.
    (("sequential", &["network.losses=2", NO_DUPLICATES, "network.msl=4", "tcp.rto=2", "tcp.time_wait=8"]), 8),
    (("sequential", &["network.losses=2", NO_DUPLICATES, "network.msl=5", "tcp.rto=3", "tcp.time_wait=10"]), 8),
    // Three flights take up to 3 MSL.
    (("sequential", &["tcp.time_wait=6"]), 6),
    (("sequential", &["tcp.time_wait=5"]), 6),
    (("simultaneous", &["tcp.restart_time_wait=false", NO_DUPLICATES]), 6),
    (("sequential", &["tcp.rst_in_time_wait=close", "tcp.time_wait=2"]), 6),
];

/// What is asked of both ends: a property, and the labels of a state of `close_tck.py` that refutes it.
const REFUTED_BY: [(&str, [&str; 2]); 3] = [
    ("no-premature-closed", ["goneA,finA", "goneB,finB"]),
    ("nothing-outlives-time-wait", ["goneA,busy", "goneB,busy"]),
    ("nobody-waits-for-the-gone", ["waitsA,goneB", "waitsB,goneA"]),
];

/// The verdicts of a checker of timed automata, for an automaton of the same world that was written apart.
pub(crate) fn tchecker_says_the_same() -> Result<(), Missing> {
    needs("python3")?;
    needs("tck-reach")?;
    for (world, slots) in &REAL_TIME_WORLDS {
        let automaton = automaton(world, *slots);
        assert!(!tck_reaches("overflow", &automaton), "{world:?}: more than {slots} copies");
        for (property, labels) in REFUTED_BY {
            let verdicts = lastack_in_real_time(property, world);
            for (verdict, labels) in verdicts.iter().zip(labels) {
                let is_violated = tck_reaches(labels, &automaton);
                assert_eq!(verdict == "violated", is_violated, "{property} in {world:?}: {labels} is reached");
            }
        }
    }
    Ok(())
}

/// As many different states without their times: what both ends know, and which segments are in flight.
pub(crate) fn tchecker_meets_the_same_parts() -> Result<(), Missing> {
    needs("python3")?;
    needs("tck-reach")?;
    let library = Library::shipped().unwrap();
    for (world, slots) in &REAL_TIME_WORLDS {
        let (scenario, settings) = *world;
        if settings.contains(&"tcp.rst_in_time_wait=close") {
            // Whether a reset or the timer has ended TIME_WAIT is one to TChecker's automaton.
            continue;
        }
        let settings: Vec<Setting> = settings.iter().map(|text| Setting::parse(text).unwrap()).collect();
        let scenario = library.scenarios(&[scenario.to_owned()], &settings, 1).unwrap().remove(0);
        let explored =
            explore(&scenario.config, &[], SearchOptions::default(), &ZoneLimits::NONE, &|_| {}).unwrap();
        assert_eq!(explored.stopped(), None);
        let parts: HashSet<DiscretePart> = explored.parts().collect();
        assert_eq!(parts.len(), tck_parts(&automaton(world, *slots)), "lastack (left) and TChecker in {world:?}");
    }
    Ok(())
}

/// How many discrete parts `TChecker` meets, whatever was lost and duplicated until then: locations of both ends,
/// and numbers of segments in flight, each in a place of its own. What an end is about to send is a part that
/// lastack does not have, and so is the moment in which `net` is looked at.
fn tck_parts(automaton: &[u8]) -> usize {
    let graph = tck_reach(&["-a", "covreach", "-C", "graph"], automaton);
    let attribute = |line: &str, name: &str| {
        let (_, rest) = line.split_once(&format!("{name}=\"")).unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    let nodes = graph.lines().filter(|line| line.contains("vloc="));
    let parts = nodes.filter_map(|node| {
        let locations = attribute(node, "vloc");
        let is_moment = ["<fin", ",send.", ",kept", ",overflow"].iter().any(|name| locations.contains(name));
        let numbers = attribute(node, "intval");
        let slots: Vec<String> =
            numbers.split(',').filter(|one| one.starts_with('s')).map(str::to_owned).collect();
        (!is_moment).then_some((locations, slots))
    });
    parts.collect::<HashSet<_>>().len()
}

/// The verdicts on a property of A and of B.
fn lastack_in_real_time(property: &str, (scenario, settings): &World) -> [String; 2] {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lastack"));
    command.args(["check", scenario, "--property", property, "--format", "json"]);
    command.args(settings.iter().flat_map(|setting| ["--set", setting]));
    let report = json(&command.output().unwrap());
    let scenario = &report["scenarios"][0];
    assert_eq!(scenario["stopped"], Value::Null);
    let instances = &scenario["properties"][0]["instances"];
    [0, 1].map(|end| instances[end]["verdict"].as_str().unwrap().to_owned())
}

/// The world as a network of timed automata.
fn automaton((scenario, settings): &World, slots: u32) -> Vec<u8> {
    let mut command = Command::new("python3");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers/close_tck.py"));
    command.args(["--slots", &slots.to_string()]);
    command.args((*scenario == "sequential").then_some("--b-closes=after-eof"));
    command.args(settings.iter().filter_map(|setting| option(setting)));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Whether `TChecker` reaches a state with these labels.
fn tck_reaches(labels: &str, automaton: &[u8]) -> bool {
    let output = tck_reach(&["-a", "covreach", "-l", labels], automaton);
    let reached = output.lines().find_map(|line| line.strip_prefix("REACHABLE "));
    // If no location has one of them, there is no answer: B, which closes second, is never in TIME_WAIT.
    reached.is_some_and(|reached| reached.parse().unwrap())
}

/// What `tck-reach` prints, unless it fails for another reason than a label that no location has.
fn tck_reach(arguments: &[&str], automaton: &[u8]) -> String {
    let mut command = Command::new("tck-reach");
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(automaton).unwrap();
    let Output { stdout, stderr, .. } = child.wait_with_output().unwrap();
    let (output, problems) = (String::from_utf8(stdout).unwrap(), String::from_utf8_lossy(&stderr));
    assert!(output.contains("REACHABLE ") || problems.contains("Unknown label"), "{problems}");
    output
}

pub(crate) fn spin_counts_the_same() -> Result<(), Missing> {
    compare("spin", "no-premature-closed", &WORLDS)
}

pub(crate) fn tlc_counts_the_same() -> Result<(), Missing> {
    compare("tlc", "no-premature-closed", &WORLDS_FOR_TLC)
}

pub(crate) fn python_counts_the_same() -> Result<(), Missing> {
    compare("python", "no-premature-closed", &WORLDS_FOR_PYTHON)
}

pub(crate) fn spin_says_the_same_of_liveness() -> Result<(), Missing> {
    compare("spin", "both-close", &LIVELY_WORLDS)
}

pub(crate) fn tlc_says_the_same_of_liveness() -> Result<(), Missing> {
    compare("tlc", "both-close", &LIVELY_WORLDS_FOR_TLC)
}

pub(crate) fn python_says_the_same_of_liveness() -> Result<(), Missing> {
    compare("python", "both-close", &LIVELY_WORLDS_FOR_PYTHON)
}

pub(crate) fn spin_says_the_same_of_time() -> Result<(), Missing> {
    compare("spin", "time-passes", &TIMELESS_WORLDS_FOR_SPIN_AND_TLC)
}

pub(crate) fn tlc_says_the_same_of_time() -> Result<(), Missing> {
    compare("tlc", "time-passes", &TIMELESS_WORLDS_FOR_SPIN_AND_TLC)
}

pub(crate) fn python_says_the_same_of_time() -> Result<(), Missing> {
    compare("python", "time-passes", &TIMELESS_WORLDS)
}

fn compare(tool: &str, property: &str, worlds: &[World]) -> Result<(), Missing> {
    needs("python3")?;
    for world in worlds {
        let report = peer(tool, property, world);
        if let Some(why) = report.get("skipped") {
            return Err(Missing(why.as_str().unwrap().to_owned()));
        }
        let counted = ["states", "transitions", "verdict"].map(|key| report[key].clone());
        assert_eq!(lastack(property, world), counted, "lastack (left) and {tool} (right) differ in {world:?}");
    }
    Ok(())
}

/// States, transitions and whether the property holds, by lastack, in whole ticks as the others have them.
fn lastack(property: &str, (scenario, settings): &World) -> [Value; 3] {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lastack"));
    command.args(["check", scenario, "--property", property, "--format", "json"]);
    command.args(["--set", "network.delays=\"whole-ticks\""]);
    command.args(settings.iter().flat_map(|setting| ["--set", setting]));
    let report = json(&command.output().unwrap());
    let scenario = &report["scenarios"][0];
    assert_eq!(scenario["stopped"], Value::Null);
    let verdict = match &scenario["properties"][0]["verdict"] {
        // Its premise is never true, which the other tools just report as true.
        Value::String(vacuous) if vacuous == "vacuous" => Value::from("holds"),
        verdict => verdict.clone(),
    };
    [scenario["states"].clone(), scenario["transitions"].clone(), verdict]
}

/// The report of `benches/peers/count`.
fn peer(tool: &str, property: &str, (scenario, settings): &World) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers");
    let of_the_scenario: &[&str] = match *scenario {
        "simultaneous" => &[],
        "sequential" => &["b.closes=after-eof"],
        "half-close" => &["b.closes=after-eof", "b.sends=1"],
        "lossy-for-ever" => &["b.closes=after-eof", "network.losses=unlimited"],
        _ => panic!("{scenario}: what is it for count?"),
    };
    let mut command = Command::new("python3");
    command.arg(folder.join("count")).args(["--tool", tool, "--property", property, "--json"]);
    command.args(of_the_scenario.iter().chain(*settings).filter_map(|setting| option(setting)));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    json(&output)
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// A setting as an option of `count`: `a.sends=1` is `--sends-a=1`, `tcp.delayed_ack=1` is `--delayed-ack=1`.
fn option(setting: &str) -> Option<String> {
    let (key, value) = setting.split_once('=').unwrap();
    let name = match key.split_once('.').unwrap() {
        ("network" | "tcp", name) => name.to_owned(),
        ("fairness", name) => format!("fairness-{name}"),
        (end, "sends") => format!("sends-{end}"),
        (end, name) => format!("{end}-{name}"),
    };
    let name = name.replace('_', "-");
    match (name.as_str(), value) {
        (_, "true") => Some(format!("--{name}")),
        ("restart-time-wait" | "fairness-network" | "fairness-applications", "false") => {
            Some(format!("--{name}=no"))
        }
        (_, "false") => None,
        _ => Some(format!("--{name}={value}")),
    }
}
