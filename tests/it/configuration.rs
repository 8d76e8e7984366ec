//! `lastack.toml`: found upwards, shown, overridden; and each mistake in it.

use std::fs;

use insta::assert_snapshot;

use crate::folder::Folder;
use crate::run::{Run, without_seconds};

const MINE: &str = "about = \"Mine.\"\nextends = \"sequential\"\nproperties = [\"both-close\"]\n";

fn project(name: &str) -> Folder {
    let folder = Folder::new(&format!("configuration-{name}"));
    for inner in ["my-scenarios", "my-properties", "deep/down"] {
        fs::create_dir_all(folder.0.join(inner)).unwrap();
    }
    fs::write(folder.0.join("my-scenarios/mine.toml"), MINE).unwrap();
    let property = "about = \"Mine.\"\nformula = \"always losses <= 1\"\n";
    fs::write(folder.0.join("my-properties/one-loss.toml"), property).unwrap();
    let text = "scenarios = [\"my-scenarios\"]\nproperties = [\"my-properties\"]\nown = true\nthreads = 1\n\
                max_memory = \"1GiB\"\ntimeout = \"1m\"\n";
    fs::write(folder.0.join("lastack.toml"), text).unwrap();
    folder
}

#[test]
fn it_is_found_upwards_and_shown() {
    let folder = project("found");
    let run = Run::of(&mut folder.command(&["check"]));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.starts_with("mine "), "{}", run.stdout);
    let mut deep = folder.command(&["check", "-v"]);
    let run = Run::of(deep.current_dir(folder.0.join("deep/down")));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    let shown = without_seconds(&run.stdout);
    assert_snapshot!(shown.split("\n  memory").next().unwrap());
    // It counts for other commands, too.
    let run = Run::of(&mut folder.command(&["show", "mine", "both-close"]));
    assert_eq!(run.stdout, "both-close holds in mine: there is no counterexample\n");
    // Names of scenarios and `--no-config` go before it.
    let run = Run::of(&mut folder.command(&["check", "one-msl", "-p", "time-passes"]));
    assert!(run.stdout.starts_with("one-msl "), "{}", run.stdout);
    let run = Run::of(&mut folder.command(&["check", "mine", "--no-config"]));
    assert_eq!(run.code, 2);
    // What is given as well is not added twice.
    let run = Run::of(&mut folder.command(&["check", "--scenarios", "./my-scenarios"]));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    // The command line has the last word.
    let run = Run::of(&mut folder.command(&["check", "--max-states", "1"]));
    assert_eq!(run.code, 2);
    let other = folder.0.join("other.toml");
    fs::write(&other, "max_states = 1\n").unwrap();
    let run = Run::of(&mut folder.command(&["check", "one-msl", "--config", "other.toml"]));
    assert!(run.code == 2 && run.stdout.contains("--max-states"), "{}", run.stdout);
}

#[test]
fn mistakes_are_shown_where_they_are() {
    let folder = project("mistakes");
    let mut all = String::new();
    for text in [
        "scenarios = [\"nowhere\"]\n",
        "own = true\n",
        "threads = 0\nmax_states = -1\nmax_memory = \"8GB\"\ntimeout = \"soon\"\n",
        "colour = true\n",
        "threads = \"many\"\n",
        "threads = \n",
    ] {
        fs::write(folder.0.join("lastack.toml"), text).unwrap();
        let run = Run::of(&mut folder.command(&["check", "one-msl"]));
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{text}");
        all.push_str(&run.stderr);
    }
    let run = Run::of(&mut folder.command(&["list", "--config", "nowhere.toml"]));
    assert_eq!(run.code, 2);
    all.push_str(&run.stderr);
    assert_snapshot!(all);
}

/// In a job nobody reads stderr first: a mistake in a file is an annotation, too.
#[test]
fn a_mistake_is_an_annotation() {
    let folder = project("annotated");
    let annotated = |file: &str, text: &str| {
        fs::write(folder.0.join(file), text).unwrap();
        let run = Run::of(&mut folder.command(&["check", "--format", "github"]));
        assert!(run.code == 2 && run.stderr.starts_with("error"), "{}", run.stderr);
        run.stdout
    };
    let mine = annotated("my-scenarios/mine.toml", &MINE.replace("extends", "extents"));
    let place = "::error file=my-scenarios/mine.toml,line=2,col=1,title=unknown field";
    assert!(mine.starts_with(place) && mine.lines().count() == 1, "{mine}");
    let cut_off = annotated("my-scenarios/mine.toml", "about = \"Mine.\"\nextends = \n");
    assert!(cut_off.starts_with("::error file=my-scenarios/mine.toml,line=2,col="), "{cut_off}");
    let file = annotated("lastack.toml", "threads = 0\n");
    assert!(file.starts_with("::error file=lastack.toml,line=1,col=11,title="), "{file}");
    // For people there is stderr alone.
    let run = Run::of(&mut folder.command(&["check"]));
    assert_eq!((run.code, run.stdout.as_str()), (2, ""));
}

/// A shell that starts in the folder of a project still gets its completions.
#[test]
fn a_mistake_does_not_stop_commands_that_take_nothing_from_it() {
    let folder = project("not-read");
    fs::write(folder.0.join("lastack.toml"), "threads = \n").unwrap();
    let run = Run::of(&mut folder.command(&["completions", "bash"]));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.contains("_lastack()"), "{}", run.stdout);
    let capture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/captures/orderly.pcap");
    let run = Run::of(&mut folder.command(&["replay", capture]));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
}

/// The project that docs/ci.md puts together, file by file: its gate passes, and the annotation of the page is
/// that of the change that it describes.
#[test]
fn the_project_of_the_page_passes() {
    let page = include_str!("../../docs/ci.md");
    let folder = Folder::new("configuration-page");
    let files = [
        "lastack.toml",
        "my-scenarios/hasty.toml",
        "my-properties/my-property.toml",
        "my-policies/my-device.toml",
        "my-scenarios/device-closes-first.toml",
    ];
    let blocks = page.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    for (file, text) in files.into_iter().zip(blocks) {
        assert!(page.contains(&format!("`{file}`")), "{file}");
        let path = folder.0.join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let run = Run::of(&mut folder.command(&["check"]));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{}", run.stdout);
    assert!(run.stdout.contains("6 compared, each is the expected one"), "{}", run.stdout);
    let hasty = folder.0.join(files[1]);
    fs::write(&hasty, fs::read_to_string(&hasty).unwrap().replace("\"1 msl\"", "\"2 msl\"")).unwrap();
    let run = Run::of(&mut folder.command(&["check", "--format", "github"]));
    let annotation = run.stdout.lines().find(|line| line.starts_with("::error ")).unwrap();
    assert!(run.code == 1 && page.contains(&format!("\n{annotation}\n")), "{annotation}");
}
