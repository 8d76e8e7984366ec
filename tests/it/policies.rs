//! Policies of one's own, from the command line, and what a stack brings by its name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::folder::Folder;
use insta::assert_snapshot;
use lastack::check::{Library, Options, check};
use lastack::conform::recorded::{CaseOutcome, Profile, parse, replay};
use lastack::diagnostic::SourceFile;
use lastack::policy::{Policies, Value};
use lastack::scenario::{ScenarioFile, Setting};
use lastack::source::read_source;

/// lwIP with a shorter wait, and what no good stack does.
const MINE: &str = r#"about = "My stack: lwIP, patched."
extends = "lwip"
sources = ["mine.c"]

time_wait = { value = "5 s", source = "mine.h, TIME_WAIT_LEN" }
rst_in_time_wait = "close"
"#;

const CASE: &str = r#"{"id":"mine/reset","profile":"mine","start_state":"TIME_WAIT","events":["rcv RST seq=RCV.NXT"],"expect_segments":["@1 none"],"expect_end_state":"CLOSED"}
"#;

fn folder(name: &str, policy: &str) -> Folder {
    let folder = Folder::new(name);
    fs::create_dir(folder.0.join("mine")).unwrap();
    fs::write(folder.0.join("mine/mine.toml"), policy).unwrap();
    fs::write(folder.0.join("cases.jsonl"), CASE).unwrap();
    folder
}

/// The output of a command, on either stream, and its exit code.
fn transcript(folder: &Folder, args: &[&str]) -> String {
    let output = folder.command(args).output().unwrap();
    let seconds = |line: &str| match line.rsplit_once(' ') {
        // How long it took, and how fast it was, differs from run to run.
        Some((rest, "s")) if rest.contains(" transitions ") => {
            rest.trim_end_matches(|char: char| char.is_ascii_digit() || char == '.').trim_end().to_owned()
        }
        _ if line.contains("transitions a second") || line.contains("bytes a state") => "  …".to_owned(),
        _ => line.to_owned(),
    };
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let text: Vec<String> = text.lines().map(seconds).collect();
    format!("$ lastack {}\n{}\nexit code {}\n", args.join(" "), text.join("\n"), output.status.code().unwrap())
}

#[test]
fn a_policy_of_ones_own_is_listed_checked_shown_and_replayed() {
    let folder = folder("own-policy", MINE);
    let own = ["--policies", "mine"];
    assert_snapshot!("list", transcript(&folder, &[&["list", "--policy", "mine"], &own[..]].concat()));
    let world = ["--set", "tcp.policy=mine", "--set", "b.tcp.policy=linux", "--set", "b.tcp.time_wait=2 msl"];
    let check = [&["check", "lossless", "-p", "no-premature-closed", "-v"], &world[..], &own].concat();
    assert_snapshot!("check", transcript(&folder, &check));
    let show = [&["show", "lossless", "no-premature-closed@A"], &world[..], &own].concat();
    assert_snapshot!("show", transcript(&folder, &show));
    assert_snapshot!(
        "conform",
        [
            transcript(&folder, &["conform", "cases.jsonl", "--policies", "mine"]),
            transcript(&folder, &["conform", "cases.jsonl", "--policies", "mine", "--policy", "mine"]),
            transcript(&folder, &["conform", "cases.jsonl", "--policy", "lwip"]),
            transcript(&folder, &["conform", "cases.jsonl"]),
            transcript(&folder, &["conform", "cases.jsonl", "--policy", "lwpi"]),
        ]
        .join("\n")
    );
    // What `check` tells to type works.
    let printed = transcript(&folder, &check);
    assert!(printed.contains("lastack show lossless no-premature-closed@A --policies mine --set"), "{printed}");
}

#[test]
fn mistakes_have_a_place() {
    let folder = folder("mistaken-policies", "about = 'x'\ntime_wiat = '60 s'\nrto = 3\n");
    let own = ["--policies", "mine"];
    let commands: [&[&str]; 6] = [
        &["list", "--policies", "mine"],
        &["conform", "cases.jsonl", "--policies", "mine"],
        &["list", "--policy", "lunix"],
        &["check", "lossless", "--set", "tcp.policy=lunix"],
        &["check", "lossless", "--set", "tcp.policy=linux", "--set", "network.msl_seconds=0.01"],
        &["check", "lossless", "--set", "tcp.rst_in_windw=close"],
    ];
    let refused: Vec<String> = commands.iter().map(|args| transcript(&folder, args)).collect();
    assert!(refused.iter().all(|printed| printed.ends_with("exit code 2\n")), "{refused:#?}");
    assert_snapshot!(refused.join("\n"));
    for command in ["check", "show lossless no-reset", "explore lossless"] {
        let args: Vec<&str> = command.split(' ').chain(own).collect();
        let printed = transcript(&folder, &args);
        assert!(printed.contains("there is `time_wait`") && printed.ends_with("exit code 2\n"), "{printed}");
    }
}

/// A value that a field cannot have is refused where it stands, in a policy and in a scenario.
#[test]
fn every_field_has_its_range() {
    let policies = Policies::shipped().unwrap();
    let refused = |file: &str, text: &str| {
        let place = format!(" --> {file}:2:");
        let source = SourceFile::new(file, text);
        let mistakes = if file == "policies/mine.toml" {
            Policies::with(source).err()
        } else {
            ScenarioFile::parse(source).and_then(|scenario| scenario.resolve(&[], &policies, &[], 1)).err()
        };
        let mistakes = mistakes.unwrap_or_else(|| panic!("{file}: {text} is taken")).to_string();
        assert!(mistakes.contains(&place) && mistakes.contains('^'), "{text}:\n{mistakes}");
    };
    for field in policies.get("rfc9293").unwrap().each_field() {
        let name = field.name;
        let least_is_0 = ["time_wait", "persist_min", "timer_slack"].contains(&name);
        let (in_files, in_worlds): (&[&str], &[&str]) = match field.value {
            Value::Flag(_) => (&["3", "'yes'", "'none'", "[true]"], &["'yes'"]),
            Value::Word(_) => (&["3", "true", "'nonsense'", "'none'", ""], &["'nonsense'"]),
            _ if name.ends_with("retries") => {
                (&["-1", "4294967296", "true", "'many'", "'3 s'", "1.5"], &["16", "-1"])
            }
            _ if least_is_0 => (&["3", "true", "'3 h'", "'-1 s'", "'99999999999 s'"], &["8192", "-1"]),
            _ => (&["3", "true", "'0 s'", "'3 h'", "'-1 s'", "'99999999999 s'"], &["0", "8192", "'9999999 s'"]),
        };
        for value in in_files {
            refused("policies/mine.toml", &format!("about = 'Mine.'\n{name} = {value}"));
        }
        // A field that means nothing in a world is refused there with any value.
        for value in in_worlds {
            refused("any.toml", &format!("about = 'Any.'\ntcp.{name} = {value}"));
        }
    }
}

/// A field that would change nothing in a world is refused there where it stands, with any value; a policy that
/// has it is not.
#[test]
fn what_means_nothing_in_a_world_is_refused() {
    let policies = Policies::shipped().unwrap();
    let resolved = |text: String| {
        ScenarioFile::parse(SourceFile::new("any.toml", text))
            .and_then(|scenario| scenario.resolve(&[], &policies, &[], 1))
    };
    let mut refused = String::new();
    for field in policies.get("linux").unwrap().each_field() {
        let value = match &field.value {
            Value::Flag(_) | Value::Number(_) => field.value.to_string(),
            other => format!("'{other}'"),
        };
        let setting = format!("{} = {value}", field.name);
        // A tick of 10 ms, which all of Linux's timers are multiples of.
        let clock = "network = { msl = 200, msl_seconds = 2 }";
        if let Err(mistake) = resolved(format!("about = 'Any.'\n{clock}\n[tcp]\npolicy = 'generic'\n{setting}")) {
            let text = mistake.to_string();
            let means_nothing = format!("error: `{}` means nothing in a world", field.name);
            if text.starts_with(&means_nothing) {
                assert!(text.contains(" --> any.toml:5:"), "{text}");
                refused += &text;
                refused.push('\n');
            }
        }
    }
    assert_snapshot!(refused);
    for policy in policies.iter() {
        let named = format!("about = 'Any.'\nnetwork = {{ msl = 200 }}\ntcp.policy = '{}'", policy.name);
        assert!(resolved(named).is_ok(), "{}", policy.name);
    }
}

/// The example answers public bug reports of picoTCP: each case names its report.
#[test]
fn the_cases_of_the_example_match_and_are_of_public_reports() {
    let policies = Policies::read(&[PathBuf::from("examples/policies")]).unwrap();
    let file = read_source(Path::new("examples/policies/picotcp.jsonl")).unwrap();
    let (cases, mistakes) = parse(&file, Profile::Named(&policies));
    assert!(mistakes.0.is_empty(), "{mistakes}");
    for case in &cases {
        assert_eq!(
            (case.policy.name.as_str(), replay(case).outcome),
            ("picotcp", CaseOutcome::Match),
            "{}",
            case.name
        );
    }
    let reports: BTreeSet<&str> = file
        .text
        .split("https://github.com/tass-belgium/picotcp/issues/")
        .skip(1)
        .filter_map(|rest| rest.split(|char: char| !char.is_ascii_digit()).next())
        .collect();
    assert_eq!(reports, BTreeSet::from(["10", "21", "34", "248", "527"]));
    // They are picoTCP's, not everybody's: under plain RFC 9293 some of them differ.
    let (plain, _) = parse(&file, Profile::One(policies.get("rfc9293").unwrap()));
    assert!(plain.iter().any(|case| matches!(replay(case).outcome, CaseOutcome::Differs(_))));
}

/// What was asked about worlds: each question, and what a verdict answers.
#[test]
fn the_policy_of_the_example_answers_questions_about_worlds() {
    let library = Library::read(&[], &[], &[PathBuf::from("examples/policies")]).unwrap();
    let verdict = |scenario: &str, instance: &str, settings: &[&str]| {
        let settings: Vec<Setting> = settings.iter().map(|text| Setting::parse(text).unwrap()).collect();
        let scenarios = library.scenarios(&[scenario.to_owned()], &settings, 1).unwrap();
        let mut found = None;
        check(&scenarios, &library.properties, &Options::PLAIN, &|_, _, _| {}, |checked| {
            let mut judged = checked.results.iter().flat_map(|outcome| &outcome.instances);
            found = judged
                .find(|judged| judged.instance.name() == instance)
                .map(|judged| judged.verdict.name().to_owned());
        });
        found.unwrap()
    };
    let both = "tcp.policy=picotcp";
    // #10: what ends LAST_ACK when its last ACK never comes? Nothing, by RFC 9293; the linger timer, in picoTCP.
    assert_eq!(verdict("dead-network", "last-ack-ends@B", &["tcp.policy=rfc9293"]), "violated");
    assert_eq!(verdict("dead-network", "last-ack-ends@B", &[both]), "holds");
    // #60, #15: the peer never closes. A leaves FIN_WAIT_2, which it does not without the timer.
    let close = "a.closes_with=close";
    assert_eq!(verdict("never-closes", "fin-wait-2-is-left@A", &[both, close]), "holds");
    // #483: is a FIN given up if its retries are not counted? No.
    assert_eq!(verdict("dead-network", "fin-is-answered@A", &[both]), "holds");
    assert_eq!(verdict("dead-network", "fin-is-answered@A", &[both, "tcp.retries=none"]), "violated");
    // #6: a FIN is sent once; one that is late costs the connection a reset.
    let quiet = "network.duplicates=0";
    assert_eq!(verdict("sequential", "no-reset@A", &[quiet]), "holds");
    assert_eq!(verdict("sequential", "no-reset@A", &[both, quiet]), "violated");
}
