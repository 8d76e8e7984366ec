//! Reports for code scanning and for pages: SARIF and Markdown, several at once.

use insta::assert_snapshot;
use serde_json::Value;

use crate::folder::Folder;
use crate::run::{Run, without_seconds};

const HASTY: &str = "about = \"Hasty.\"\nextends = \"sequential\"\n\n[tcp]\ntime_wait = \"1 msl\"\n\n\
                     [expect.no-reset]\nverdict = \"holds\"\nbecause = \"It hopes so.\"\n";

fn hasty(name: &str) -> Folder {
    let folder = Folder::new(&format!("sarif-{name}"));
    std::fs::create_dir(folder.0.join("my scenarios")).unwrap();
    std::fs::write(folder.0.join("my scenarios/hasty.toml"), HASTY).unwrap();
    folder
}

/// Of several formats each is the same as by itself.
#[test]
fn several_reports_are_written_at_once() {
    let folder = hasty("several");
    let check = ["check", "--own", "--scenarios", "my scenarios"];
    let reports = ["--report", "sarif=a.sarif", "--report", "markdown=a.md", "--report", "junit=a.xml"];
    let run = Run::of(&mut folder.command(&[&check[..], &reports].concat()));
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let written = |file: &str| std::fs::read_to_string(folder.0.join(file)).unwrap();
    for (format, file) in [("sarif", "a.sarif"), ("markdown", "a.md")] {
        let alone = Run::of(&mut folder.command(&[&check[..], &["--format", format]].concat()));
        assert_eq!(seconds_apart(&alone.stdout), seconds_apart(&written(file)), "{format}");
    }
    assert!(written("a.xml").starts_with("<?xml"));

    let schema: Value = serde_json::from_str(include_str!("../sarif-schema-2.1.0.json")).unwrap();
    let log: Value = serde_json::from_str(&written("a.sarif")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mistakes: Vec<String> = validator.iter_errors(&log).map(|mistake| mistake.to_string()).collect();
    assert!(mistakes.is_empty(), "{mistakes:#?}");
    assert_snapshot!("sarif", serde_json::to_string_pretty(&log["runs"][0]["results"]).unwrap());
    assert_snapshot!("markdown", seconds_apart(&written("a.md")));

    for wrong in ["junit", "nothing=a", "junit=", "junit=/nowhere/a.xml"] {
        let run = Run::of(&mut folder.command(&[&check[..], &["--report", wrong]].concat()));
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{wrong}");
    }
}

/// The second report would take the place of the first.
#[test]
fn no_file_gets_two_reports() {
    let folder = hasty("twice");
    let check = ["check", "--own", "--scenarios", "my scenarios"];
    for twice in [
        &["--report", "sarif=a", "--report", "junit=a"][..],
        &["--report", "sarif=a", "--report", "junit=my scenarios/../a"],
        &["--format", "json", "-o", "./a", "--report", "junit=a"],
    ] {
        let run = Run::of(&mut folder.command(&[&check[..], twice].concat()));
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{twice:?}");
        assert!(run.stderr.contains("would be written twice"), "{}", run.stderr);
        assert!(!folder.0.join("a").exists(), "{twice:?}");
    }
}

/// The times of a table in Markdown, left out.
fn seconds_apart(text: &str) -> String {
    let line = |line: &str| match line.rsplit_once(" s |") {
        Some((before, after)) => {
            let number = |char: char| char.is_ascii_digit() || char == '.';
            format!("{}… s |{after}\n", before.trim_end_matches(number))
        }
        None => format!("{line}\n"),
    };
    without_seconds(text).lines().map(line).collect()
}
