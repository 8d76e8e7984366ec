//! The transcripts and files of the README and of `docs/` are what really happens.

use std::path::Path;
use std::process::Command;

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The blocks of a Markdown text that are fenced as this.
fn blocks<'a>(text: &'a str, fence: &str) -> Vec<&'a str> {
    let open = format!("```{fence}\n");
    text.split(&open).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// Seconds differ from run to run.
fn without_seconds(text: &str) -> String {
    let lines = text.lines().map(|line| match line.rsplit_once(' ') {
        Some((rest, "s")) => rest.trim_end_matches(|char: char| char.is_ascii_digit() || char == '.').trim_end(),
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_transcripts_are_what_happens() {
    assert!(transcripts("README.md") >= 5);
    let mut commands = 0;
    for page in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")).unwrap() {
        let page = page.unwrap().path();
        if page.extension().is_some_and(|extension| extension == "md") {
            commands += transcripts(page.to_str().unwrap());
        }
    }
    assert!(commands >= 3, "only {commands} transcripts in docs");
}

/// How many commands a page shows, each with what it says.
fn transcripts(page: &str) -> usize {
    let text = read(page);
    let binary = Path::new(env!("CARGO_BIN_EXE_lastack"));
    let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let mut commands = 0;
    for block in blocks(&text, "console") {
        for transcript in format!("\n{block}").split("\n$ ").skip(1) {
            let (command, told) = transcript.split_once('\n').unwrap();
            let output = Command::new("sh")
                .args(["-c", &format!("({}) 2>&1", command.replace("cargo run --release", "lastack"))])
                .env("PATH", &path)
                .env("LC_ALL", "C.UTF-8")
                .env_remove("COLUMNS")
                .current_dir(env!("CARGO_MANIFEST_DIR"))
                .output()
                .unwrap();
            let happened = String::from_utf8(output.stdout).unwrap();
            assert_eq!(
                without_seconds(happened.trim_end()),
                without_seconds(told.trim_end()),
                "{page}: $ {command}"
            );
            commands += 1;
        }
    }
    commands
}

#[test]
fn the_files_that_are_shown_are_the_examples() {
    let readme = read("README.md");
    let shown = blocks(&readme, "toml");
    for file in ["examples/properties/both-reach-time-wait.toml", "examples/scenarios/slow-retransmission.toml"] {
        assert!(shown.contains(&read(file).as_str()), "{file} is not shown as it is");
    }
}

/// Two commands are promised, and the second is what CI calls.
#[test]
fn ci_calls_the_test_command() {
    let readme = read("README.md");
    let commands: Vec<&str> = blocks(&readme, "sh").first().unwrap().lines().collect();
    assert_eq!(commands.len(), 2);
    assert!(commands[0].starts_with("cargo run --release check"));
    let test = commands[1].split('#').next().unwrap().trim();
    assert!(read(".ci/run").lines().any(|line| line == test), "{test}");
}
