//! `sweep` and `merge` as people and scripts meet them.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use roxmltree::Document;
use serde_json::Value;

use crate::folder::Folder;
use crate::run::Run;

/// Ten worlds, some of which hold.
const GRID: [&str; 10] = [
    "sweep",
    "sequential",
    "-p",
    "no-premature-closed@A",
    "--vary",
    "tcp.time_wait=2..6",
    "--vary",
    "network.losses=0,2",
    "--set",
    "network.duplicates=0",
];

/// The least `TIME_WAIT` in six rows.
const LEAST: [&str; 14] = [
    "sweep",
    "sequential",
    "-p",
    "no-premature-closed@A",
    "--vary",
    "tcp.time_wait=0..12",
    "--vary",
    "tcp.rto=1..3",
    "--vary",
    "network.losses=0,1",
    "--least",
    "tcp.time_wait",
    "--set",
    "network.duplicates=0",
];

fn run(folder: &Folder, args: &[&[&str]]) -> Run {
    Run::of(&mut folder.command(&args.concat()))
}

/// Stdout of a run with this exit code that writes nothing to stderr.
fn printed(folder: &Folder, args: &[&[&str]], code: i32) -> String {
    let run = run(folder, args);
    assert_eq!((run.code, run.stderr.as_str()), (code, ""), "{args:?}\n{}", run.stdout);
    run.stdout
}

fn refused(folder: &Folder, args: &[&[&str]]) -> String {
    let run = run(folder, args);
    assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{args:?}");
    format!("$ lastack {}\n{}\n", args.concat().join(" "), run.stderr)
}

#[test]
fn a_sweep_is_a_table_of_signs() {
    let folder = Folder::new("sweep-table");
    let three = ["--vary", "network.msl=2,3"];
    assert_snapshot!(
        [
            printed(&folder, &[&GRID], 1),
            printed(&folder, &[&GRID, &three], 1),
            printed(&folder, &[&LEAST], 0),
            // One row, and it has no value that holds.
            printed(&folder, &[&LEAST[..6], &["--least", "tcp.time_wait", "--set", "network.losses=9"]], 1),
            printed(&folder, &[&LEAST[..6], &["--least", "tcp.time_wait"]], 0),
            // Undecided is no verdict.
            printed(&folder, &[&GRID, &["--max-states", "40"]], 2),
            // Some values do not go together, and some worlds are not what the property is about.
            printed(
                &folder,
                &[
                    &["sweep", "reopen", "-p", "no-old-octet-is-delivered@A", "--set", "network.losses=0"],
                    &["--vary", "a.reuse_time_wait=0,3", "--vary", "tcp.time_wait=1,4", "--max-states", "50"]
                ],
                2,
            ),
            printed(
                &folder,
                &[&["sweep", "abort", "-p", "half-open-is-reached@A", "--vary", "a.aborts=true,false"]],
                0
            ),
        ]
        .join("\n")
    );
}

#[test]
fn every_format_of_a_sweep() {
    let folder = Folder::new("sweep-formats");
    let csv = printed(&folder, &[&GRID, &["--steps", "--format", "csv"]], 1);
    let least_csv = printed(&folder, &[&LEAST, &["--format", "csv"]], 0);
    assert_snapshot!(format!("{csv}\n{least_csv}"));

    let schema = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/sweep.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for (args, code) in [
        ([&GRID[..], &["--steps"]], 1),
        ([&LEAST[..], &["--partition", "2/4"]], 0),
        ([&GRID[..], &["--max-states=40"]], 2),
    ] {
        let document = printed(&folder, &[args[0], args[1], &["--format", "json"]], code);
        let document: Value = serde_json::from_str(&document).unwrap();
        assert_eq!(document["exit_code"], code);
        let mistakes: Vec<_> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert_eq!(mistakes, Vec::<String>::new(), "{args:?}");
    }
}

#[test]
fn a_heat_map_says_everything_in_words_and_signs() {
    let folder = Folder::new("sweep-map");
    for (name, args) in [("grid", &GRID[..]), ("least", &LEAST[..])] {
        let code = i32::from(name == "grid");
        // The name of the file is enough.
        printed(&folder, &[args, &["-o", "map.svg"]], code);
        let picture = fs::read_to_string(folder.0.join("map.svg")).unwrap();
        let document = Document::parse(&picture).unwrap();
        let root = document.root_element();
        assert_eq!(root.attribute("role"), Some("img"));
        let titles: Vec<&str> = document
            .descendants()
            .filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "title")))
            .filter_map(|node| node.text())
            .collect();
        let texts: Vec<&str> = document
            .descendants()
            .filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "text")))
            .filter_map(|node| node.text())
            .collect();
        assert!(picture.contains("<desc>") && picture.contains("prefers-color-scheme: dark"));
        assert_snapshot!(name, format!("{}\n\n{}", titles.join("\n"), texts.join("\n")));
    }
}

/// Killed by a signal that nothing can catch, and in the middle of a line.
#[test]
fn a_sweep_that_was_killed_is_taken_up() {
    let folder = Folder::new("sweep-resumed");
    let sweep: Vec<&str> = [
        "sweep",
        "two-losses",
        "-p",
        "no-premature-closed@A",
        "--vary",
        "tcp.time_wait=2..13",
        "--vary",
        "tcp.rto=2..5",
        "--vary",
        "network.losses=1..2",
    ]
    .into();
    let whole = printed(&folder, &[&sweep, &["--format", "jsonl"]], 1);
    let resumed = [&sweep[..], &["--resume", "kept.jsonl", "--threads", "2"]].concat();
    let mut killed = folder.command(&resumed).stdout(Stdio::null()).spawn().unwrap();
    let kept = folder.0.join("kept.jsonl");
    let lines = || fs::read_to_string(&kept).map_or(0, |text| text.lines().count());
    let deadline = Instant::now() + Duration::from_mins(2);
    while lines() < 10 {
        assert!(Instant::now() < deadline, "nothing is kept");
        thread::sleep(Duration::from_millis(1));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    let text = fs::read_to_string(&kept).unwrap();
    assert!(text.lines().count() < whole.lines().count(), "it was faster than the signal");
    // As if the power had failed while a line was written.
    fs::write(&kept, format!("{text}{{\"world\":9")).unwrap();
    // What was found is no answer as long as worlds are open.
    assert!(text.contains("violated"));
    printed(&folder, &[&resumed, &["--timeout", "0s"]], 2);
    printed(&folder, &[&resumed], 1);
    assert_eq!(fs::read_to_string(&kept).unwrap(), whole);
    // There is nothing left to do, and nothing changes.
    printed(&folder, &[&resumed, &["--timeout", "0s"]], 1);
    assert_eq!(fs::read_to_string(&kept).unwrap(), whole);
}

/// What holds vacuously has no least value: nothing was shown.
#[test]
fn a_vacuous_row_has_no_least_value() {
    let folder = Folder::new("sweep-vacuous");
    let sweep = ["sweep", "sequential", "-p", "no-premature-closed@B", "--vary", "tcp.time_wait=0..2"];
    printed(&folder, &[&sweep, &["--least", "tcp.time_wait"]], 1);
    printed(&folder, &[&sweep], 0);
}

/// A value of so many seconds may be no whole number of ticks, and then the world is another.
#[test]
fn what_is_rounded_is_shown() {
    let folder = Folder::new("sweep-rounded");
    let sweep = ["sweep", "sequential", "-p", "no-premature-closed@A", "--set", "tcp.policy=linux", "--vary"];
    let table = printed(&folder, &[&sweep, &["tcp.time_wait=30,31,60 s"]], 1);
    assert!(table.contains("rounded     in 3 of 3 worlds; in the first, "), "{table}");
    let csv = run(&folder, &[&sweep, &["tcp.time_wait=30,31,60 s", "--format", "csv"]]);
    assert!(csv.stderr.starts_with("rounded: in 3 of 3 worlds"), "{}", csv.stderr);
    let exact = printed(&folder, &[&GRID], 1);
    assert!(!exact.contains("rounded"), "{exact}");
}

/// A file of something else may be one line without an end, as is a line that was being written.
#[test]
fn no_other_file_is_overwritten() {
    let folder = Folder::new("sweep-over");
    let kept = folder.0.join("kept.jsonl");
    let resumed = [&GRID[..], &["--resume", "kept.jsonl"]].concat();
    for other in ["{\"not\": \"ours\"}", "{", "x"] {
        fs::write(&kept, other).unwrap();
        if other == "{" {
            // That is how the first line begins.
            printed(&folder, &[&resumed], 1);
            continue;
        }
        refused(&folder, &[&resumed]);
        assert_eq!(fs::read_to_string(&kept).unwrap(), other);
    }
    let said = refused(&folder, &[&resumed[..], &["-o", "./kept.jsonl", "--format", "csv"]]);
    assert!(said.contains("would be written twice"), "{said}");
    assert_eq!(fs::read_to_string(&kept).unwrap(), "x");
}

/// What is not explored before the end of the time is not kept as undecided.
#[test]
fn what_the_end_of_the_time_leaves_open_is_taken_up() {
    let folder = Folder::new("sweep-timeout");
    let resumed = [&GRID[..], &["--resume", "kept.jsonl"]].concat();
    let stopped = printed(&folder, &[&resumed, &["--timeout", "0s"]], 2);
    assert!(stopped.ends_with("the same command goes on from here\n"), "{stopped}");
    assert_eq!(fs::read_to_string(folder.0.join("kept.jsonl")).unwrap().lines().count(), 1);
    printed(&folder, &[&resumed], 1);
    let whole = printed(&folder, &[&GRID, &["--format", "jsonl"]], 1);
    assert_eq!(fs::read_to_string(folder.0.join("kept.jsonl")).unwrap(), whole);
}

#[test]
fn parts_merged_are_the_whole() {
    let folder = Folder::new("sweep-parts");
    for (sweep, code) in [(&GRID[..], 1), (&LEAST[..], 0)] {
        for part in ["1/3", "2/3", "3/3"] {
            let file = format!("part-{}.jsonl", &part[..1]);
            run(&folder, &[sweep, &["--partition", part, "--resume", &file]]);
        }
        let parts = ["part-2.jsonl", "part-1.jsonl", "part-3.jsonl"];
        for format in ["jsonl", "csv", "json", "svg", "human"] {
            let merged = printed(&folder, &[&["merge"], &parts, &["--format", format]], code);
            assert_eq!(merged, printed(&folder, &[sweep, &["--format", format]], code), "{format}");
        }
        assert_eq!(
            printed(&folder, &[&["merge"], &parts], code),
            printed(&folder, &[sweep, &["--format", "jsonl"]], code)
        );
        for part in parts {
            fs::remove_file(folder.0.join(part)).unwrap();
        }
    }
}

#[test]
fn a_part_without_a_world_passes() {
    let folder = Folder::new("sweep-empty-part");
    let two = ["sweep", "one-msl", "-p", "no-premature-closed@A", "--vary", "network.losses=0,1"];
    let parts = ["1.jsonl", "2.jsonl", "3.jsonl"];
    for (part, code) in [("1/3", 1), ("2/3", 1), ("3/3", 0)] {
        let file = format!("{}.jsonl", &part[..1]);
        let said = printed(&folder, &[&two, &["--partition", part, "--resume", &file]], code);
        assert_eq!(said.ends_with("no world is in the part 3/3\n"), part == "3/3", "{said}");
    }
    let merged = printed(&folder, &[&["merge"], &parts], 1);
    assert_eq!(merged, printed(&folder, &[&two, &["--format", "jsonl"]], 1));
}

#[test]
fn a_check_in_parts_is_the_whole_check() {
    let folder = Folder::new("check-parts");
    let scenarios = ["lossless", "one-msl", "never-closes", "abort", "half-close"];
    let check = [&["check"], &scenarios[..], &["--threads", "1", "--format", "json"]].concat();
    for (parts, options) in [(2, &[][..]), (7, &["-p", "both-close"][..])] {
        let mut files = Vec::new();
        for number in 1..=parts {
            let (part, file) = (format!("{number}/{parts}"), format!("report-{number}.json"));
            printed(&folder, &[&check, options, &["--partition", &part, "-o", &file, "-q"]], 0);
            files.push(file);
        }
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let timeless = |report: &str| {
            let is_timeless = |line: &&str| !line.trim_start().starts_with("\"seconds\":");
            report.lines().filter(is_timeless).collect::<Vec<_>>().join("\n")
        };
        let merged = printed(&folder, &[&["merge"], &files], 0);
        assert_eq!(timeless(&merged), timeless(&printed(&folder, &[&check, options], 0)));
    }
}

#[test]
fn what_does_not_belong_together_is_refused() {
    let folder = Folder::new("sweep-refused");
    for part in ["1/2", "2/2"] {
        run(&folder, &[&GRID, &["--partition", part, "--resume", &format!("part-{}.jsonl", &part[..1])]]);
    }
    run(&folder, &[&LEAST, &["--partition", "2/2", "--resume", "least.jsonl"]]);
    run(&folder, &[&GRID, &["--partition", "2/3", "--resume", "third.jsonl"]]);
    let part = fs::read_to_string(folder.0.join("part-2.jsonl")).unwrap();
    let (head, rest) = part.split_once('\n').unwrap();
    folder.write("open.jsonl", format!("{head}\n"));
    folder.write(
        "old.jsonl",
        part.replace(&format!("\"lastack\":\"{}\"", env!("CARGO_PKG_VERSION")), "\"lastack\":\"0.0.9\""),
    );
    folder.write("form.jsonl", part.replace("\"version\":1", "\"version\":7"));
    folder.write("damaged.jsonl", format!("{head}\n{{\"world\":1}}\n"));
    folder.write("foreign.jsonl", format!("{head}\n{{\"world\":2,\"verdict\":\"holds\"}}\n"));
    folder.write("twice.jsonl", format!("{head}\n{0}\n{0}\n", rest.lines().next().unwrap()));
    folder.write("vast.jsonl", part.replace("\"of\":2", "\"of\":4000000000"));
    folder.write("empty.jsonl", "");
    run(&folder, &[&["check", "lossless", "--format", "json", "-o", "whole.json", "-q"]]);
    run(&folder, &[&["check", "lossless", "--format", "json", "--partition", "1/1", "-o", "one.json", "-q"]]);
    run(&folder, &[&["check", "abort", "--format", "json", "--partition", "1/1", "-o", "other.json", "-q"]]);
    run(&folder, &[&["check", "abort", "--format", "json", "--partition", "1/2", "-o", "half.json", "-q"]]);
    let merges: Vec<String> = [
        &["part-1.jsonl"][..],
        &["part-1.jsonl", "part-1.jsonl"],
        &["part-1.jsonl", "least.jsonl"],
        &["part-1.jsonl", "third.jsonl"],
        &["part-1.jsonl", "open.jsonl"],
        &["part-1.jsonl", "old.jsonl"],
        &["part-1.jsonl", "form.jsonl"],
        &["damaged.jsonl"],
        &["foreign.jsonl"],
        &["twice.jsonl"],
        &["vast.jsonl"],
        &["empty.jsonl"],
        &["missing.jsonl"],
        &["whole.json"],
        &["one.json", "other.json"],
        &["half.json"],
        &["half.json", "half.json"],
        &["half.json", "part-1.jsonl"],
        &["one.json", "--format", "svg"],
    ]
    .iter()
    .map(|files| refused(&folder, &[&["merge"], files]))
    .collect();
    assert_snapshot!("merges", merges.join("\n"));
    let sweep = &GRID[..4];
    let sweeps: Vec<String> = [
        &["--vary", "network.losses=0..300"][..],
        &["--vary", "network.losses=0..200", "--vary", "network.duplicates=0..200"],
        &["--vary", "network.losses=1,2", "--set", "network.losses=3"],
        &["--vary", "network.losses=1,2", "--vary", "network.losses=3"],
        &["--vary", "network.losses=1,2", "--least", "tcp.time_wait"],
        &["--vary", "a.closes=any-time,never", "--least", "a.closes"],
        &["--vary", "network.looses=1,2"],
        &["--vary", "network.losses=1,2", "--partition", "3/2"],
        &["--vary", "network.losses=1,2", "--resume", "part-1.jsonl"],
        &["--vary", "network.losses=1,2", "--resume", "no/such/folder.jsonl"],
        &["--vary", "network.losses=1,2", "--resume", "."],
        &["--vary", "network.losses=1,2", "--resume", "one.json"],
        &["--vary", "tcp.policy=linux,lunix"],
        &[],
    ]
    .iter()
    .map(|args| refused(&folder, &[sweep, args]))
    .collect();
    assert_snapshot!("sweeps", sweeps.join("\n"));
}
