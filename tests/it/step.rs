//! `lastack step`: whole sessions, as people and scripts have them.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use insta::assert_snapshot;
use lastack::stepping::CommandName;
use strum::VariantArray as _;

use crate::folder::Folder;
use crate::run::Run;

impl Folder {
    /// A session that is told these lines.
    fn step(&self, args: &[&str], lines: &str) -> Run {
        let mut command = self.command(&[&["step"], args].concat());
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A session that has ended already reads no more.
        let _ = child.stdin.take().unwrap().write_all(lines.as_bytes());
        Run::ended(&child.wait_with_output().unwrap())
    }

    fn run_show(&self, args: &[&str]) -> Run {
        Run::of(&mut self.command(&[&["show"], args].concat()))
    }
}

/// By hand to the violation, back, and another way; then what was saved is a run of the model.
#[test]
fn a_session_as_it_is_read() {
    let folder = Folder::new("step-session");
    let session = folder.step(
        &["one-msl"],
        "A calls shutdown\n#1 FIN seq=1 ack=1 arrives at B\nB calls\n1\ntimer\nundo\npath\neval B.state == LAST_ACK\n\
         save walked.json\nundo 2\nredo\nhelp\nquit\nnever read\n",
    );
    assert_eq!((session.code, &*session.stderr), (0, ""), "{}", session.stdout);
    assert_snapshot!(session.stdout);
    let replayed = folder.run_show(&["--replay", "walked.json"]);
    assert_eq!((replayed.code, &*replayed.stdout), (0, "The 4 steps are a run of one-msl.\n"));
}

/// A counterexample of halves of a tick, and one that goes on forever: each is saved by `show`, opened in its
/// middle, and gone on from.
#[test]
fn a_counterexample_is_gone_on_from() {
    let folder = Folder::new("step-counterexample");
    let settings =
        ["--set", "network.msl=3", "--set", "network.duplicates=0", "--set", "tcp.time_wait=7"].as_slice();
    let shown = [&["sequential", "nothing-outlives-time-wait@A"], settings].concat();
    for (format, file) in [("json", "halves.json"), ("itf", "halves.itf.json")] {
        let saved = folder.run_show(&[shown.as_slice(), &["--format", format, "-o", file]].concat());
        assert_eq!(saved.code, 0, "{saved:?}");
        // An editor may leave no end of the last line.
        let text = fs::read_to_string(folder.0.join(file)).unwrap();
        fs::write(folder.0.join(file), text.trim_end()).unwrap();
        // The scenario is the trace's, with its settings.
        let session = folder.step(&["--load", file, "--step", "5"], "pass 1/4\nsave further.json\n");
        assert_eq!((session.code, &*session.stderr), (0, ""), "{}", session.stdout);
        assert!(session.stdout.contains("set network.msl=3"), "{}", session.stdout);
        assert!(session.stdout.contains("after step 6:"), "{}", session.stdout);
        let replayed = folder.run_show(&["--replay", "further.json"]);
        assert_eq!((replayed.code, &*replayed.stdout), (0, "The 6 steps are a run of sequential.\n"));
    }
    let found = folder.step(&[&shown[..1], settings, &["-p", shown[1]]].concat(), "save again.json\n");
    assert!(found.stdout.contains("after which nothing-outlives-time-wait@A is violated"), "{}", found.stdout);
    let replayed = folder.run_show(&["--replay", "again.json"]);
    assert!(replayed.code == 0 && replayed.stdout.contains("is violated there"), "{replayed:?}");

    let lasso = folder.step(&["dead-network", "-p", "last-ack-ends@B"], "properties\ngoto 5\ntimer\n");
    assert_eq!(lasso.code, 0, "{lasso:?}");
    assert_snapshot!(lasso.stdout);
}

/// A person may go on; of a script, a line that cannot be done is its end.
#[test]
fn what_cannot_be_done_ends_a_script() {
    let folder = Folder::new("step-refused");
    fs::write(folder.0.join("none.json"), "{}").unwrap();
    fs::write(folder.0.join("long.txt"), "a".repeat(70_000)).unwrap();
    let long = fs::read_to_string(folder.0.join("long.txt")).unwrap();
    assert_eq!(
        folder.run_show(&["one-msl", "no-premature-closed@A", "--format", "json", "-o", "one-msl.json"]).code,
        0
    );
    let mut text = String::new();
    for (args, lines) in [
        (&["sequential"][..], "1\n9\nquit\n"),
        (&["sequential"], "eval A.state == CLOSD\n"),
        (&["sequential"], "load none.json\n"),
        (&["sequential"], "load nowhere.json\n"),
        (&["sequential"], "save .\n"),
        (&["sequential"], "load one-msl.json\n"),
        (&["sequential"], long.as_str()),
        (&["sequential", "--load", "one-msl.json"], ""),
        (&["--load", "one-msl.json", "--step", "99"], ""),
        (&["--load", "one-msl.json", "--set", "network.msl=3"], ""),
        (&["sequential", "-p", "no-premature-closed"], ""),
        (&["sequential", "--step", "3"], ""),
        (&["asynchronous"], ""),
        (&["nowhere"], ""),
    ] {
        let run = folder.step(args, lines);
        assert_eq!(run.code, 2, "{args:?} {}: {run:?}", lines.lines().next().unwrap_or_default());
        writeln!(text, "$ lastack step {}\n{}", args.join(" "), run.stderr).unwrap();
    }
    assert_snapshot!(text);
    // The end of the input is the end of the session, also within a line.
    let ended = folder.step(&["sequential"], "1\nundo");
    assert!(ended.code == 0 && ended.stdout.ends_with("> \n"), "{ended:?}");
}

/// The page has each command with what may follow it, in the order of `help`.
#[test]
fn the_page_has_every_command() {
    let page = include_str!("../../docs/step.md");
    let rows = page.split("| command | does |").nth(1).unwrap().lines().skip(2);
    let first_cells = rows.take_while(|row| row.starts_with("| ")).map(|row| row.split(" | ").next().unwrap());
    let documented: Vec<&str> = first_cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        // Another name of `help`.
        .filter(|usage| *usage != "?")
        .collect();
    let forms = CommandName::VARIANTS.iter().flat_map(|command| {
        let (name, arguments) = (command.name(), command.arguments());
        let short = arguments.split('[').next().unwrap().trim();
        let long = arguments.replace(['[', ']'], "");
        let mut forms =
            vec![format!("{name} {short}").trim_end().to_owned(), format!("{name} {long}").trim_end().to_owned()];
        forms.dedup();
        forms
    });
    assert_eq!(documented, forms.collect::<Vec<_>>());
}
