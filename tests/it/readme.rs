//! The README and `docs/` are what really happens: transcripts, files that are shown, links and paths.
//!
//! `INSTA_UPDATE=always cargo test --test it readme` writes the transcripts anew.

use std::fs;
use std::path::{Path, PathBuf};
#[cfg(unix)]
use std::process::Command;

#[cfg(unix)]
use crate::run::without_seconds;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(path)).unwrap()
}

/// Every page: those at the root, and those in `docs/`, by their paths from the root.
fn pages() -> Vec<String> {
    let mut pages = Vec::new();
    for folder in ["", "docs/", "docs/decisions/"] {
        for entry in fs::read_dir(Path::new(ROOT).join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
                pages.push(format!("{folder}{name}"));
            }
        }
    }
    pages.sort();
    pages
}

/// The blocks of a Markdown text that are fenced as this.
fn blocks<'a>(text: &'a str, fence: &str) -> Vec<&'a str> {
    let open = format!("```{fence}\n");
    text.split(&open).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// A Markdown text without its fenced blocks.
fn prose(text: &str) -> String {
    text.split("\n```").step_by(2).collect::<Vec<_>>().join("\n")
}

/// They are a shell's.
#[cfg(unix)]
#[test]
fn the_transcripts_are_what_happens() {
    let is_update = crate::writes_what_is_new();
    let mut commands = Vec::new();
    for page in pages() {
        let text = read(&page);
        let mut current = text.clone();
        for transcript in blocks(&text, "console").iter().flat_map(|block| transcripts(block)) {
            let happened = run(transcript.command);
            if without_seconds(&happened) == without_seconds(transcript.output) {
                commands.push(page.clone());
                continue;
            }
            assert!(is_update, "{page}: $ {}\n{happened}", transcript.command);
            let shown = |output: &str| format!("$ {}\n{output}", transcript.command);
            current = current.replacen(shown(transcript.output).trim_end(), shown(&happened).trim_end(), 1);
        }
        if current != text {
            fs::write(Path::new(ROOT).join(&page), current).unwrap();
        }
    }
    let of = |prefix: &str| commands.iter().filter(|page| page.starts_with(prefix)).count();
    assert!(is_update || of("README.md") == 2 && of("docs/") >= 10, "{commands:?}");
}

/// A command, and what it writes.
#[cfg(unix)]
struct Transcript<'a> {
    command: &'a str,
    output: &'a str,
}

#[cfg(unix)]
fn transcripts(block: &str) -> Vec<Transcript<'_>> {
    let parts = block.strip_prefix("$ ").unwrap().split("\n$ ");
    parts
        .map(|part| {
            let (command, output) = part.split_once('\n').unwrap_or((part, ""));
            Transcript { command, output: output.trim_end() }
        })
        .collect()
}

/// What a shell command writes.
#[cfg(unix)]
fn run(command: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_lastack"));
    let path = format!("{}:{}", binary.parent().unwrap().display(), std::env::var("PATH").unwrap());
    let output = Command::new("sh")
        .args(["-c", &format!("({}) 2>&1", command.replace("cargo run --release", "lastack"))])
        .env("PATH", &path)
        .env("LC_ALL", "C.UTF-8")
        .env_remove("COLUMNS")
        .current_dir(ROOT)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

#[test]
fn the_files_that_are_shown_are_the_examples() {
    for (page, file) in [
        ("docs/properties.md", "examples/properties/both-reach-time-wait.toml"),
        ("docs/scenarios.md", "examples/scenarios/slow-retransmission.toml"),
    ] {
        let text = read(page);
        assert!(blocks(&text, "toml").contains(&read(file).as_str()), "{page} does not show {file} as it is");
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

/// Who opens the README wants to know within some screens what this is.
#[test]
fn the_readme_is_short() {
    let lines = read("README.md").lines().count();
    assert!(lines <= 200, "{lines} lines: what is more belongs into docs/");
}

#[test]
fn the_readme_names_the_minimal_rust_version() {
    let manifest = read("Cargo.toml");
    let version = manifest.split("rust-version = \"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    assert!(read("README.md").contains(&format!("Rust {version} or later")), "the README does not name {version}");
}

#[test]
fn links_lead_to_files_and_headings() {
    let mut broken = Vec::new();
    for page in pages() {
        let text = read(&page);
        for (target, fragment) in links(&prose(&text)) {
            let path = match target.as_str() {
                "" => page.clone(),
                target => resolved(&page, target),
            };
            let is_there = Path::new(ROOT).join(&path).exists() || is_left_out_of_the_package(&path);
            let leads = fragment.is_empty() || is_there && headings(&read(&path)).contains(&fragment);
            if !is_there || !leads {
                broken.push(format!("{page}: {target}#{fragment}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// Links to other files, each as path and fragment.
fn links(text: &str) -> Vec<(String, String)> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let inner = targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:"));
    inner
        .map(|target| {
            let (path, fragment) = target.split_once('#').unwrap_or((target, ""));
            (path.to_owned(), fragment.to_owned())
        })
        .collect()
}

/// A link of a page, as a path from the root.
fn resolved(page: &str, target: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// The fragments that GitHub gives the headings of a page.
fn headings(text: &str) -> Vec<String> {
    let text = prose(text);
    let headings =
        text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let kept = |char: char| char.is_alphanumeric() || matches!(char, '-' | '_');
    headings
        .map(|line| line.to_lowercase().replace(' ', "-").chars().filter(|char| kept(*char)).collect())
        .collect()
}

#[test]
fn every_page_is_in_the_index() {
    let linked = |index: &str| {
        let links = links(&read(index));
        links.into_iter().map(|(target, _)| resolved(index, &target)).collect::<Vec<_>>()
    };
    let (index, decisions) = (linked("docs/README.md"), linked("docs/decisions/README.md"));
    for page in pages().iter().filter(|page| page.starts_with("docs/") && !page.ends_with("/README.md")) {
        let index = if page.starts_with("docs/decisions/") { &decisions } else { &index };
        assert!(index.contains(page), "{page} is not in the index of its folder");
    }
}

/// A path in `code` that begins with a folder of the repository is one that exists; a `*` or a `<name>` stands for
/// anything.
#[test]
fn paths_that_are_named_exist() {
    const FOLDERS: [&str; 11] = [
        "src/",
        "tests/",
        "docs/",
        "properties/",
        "scenarios/",
        "policies/",
        "examples/",
        "benches/",
        "fuzz/",
        ".ci/",
        ".github/",
    ];
    let mut missing = Vec::new();
    for page in pages() {
        let text = prose(&read(&page));
        for code in text.split('`').skip(1).step_by(2).filter(|code| !code.contains(char::is_whitespace)) {
            let is_pattern = |part: &&str| part.contains(['*', '<', '…', '{']);
            let is_path = FOLDERS.iter().any(|folder| code.starts_with(folder));
            let path: PathBuf = code.split('/').take_while(|part| !is_pattern(part)).collect();
            if is_path && !Path::new(ROOT).join(&path).exists() && !is_left_out_of_the_package(code) {
                missing.push(format!("{page}: {code}"));
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

/// In the package that `cargo package` makes, what `Cargo.toml` excludes is missing.
fn is_left_out_of_the_package(path: &str) -> bool {
    let is_package = !Path::new(ROOT).join("fuzz").exists();
    is_package && [".github", "fuzz"].iter().any(|folder| path.starts_with(folder))
}
