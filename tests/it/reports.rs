//! The reports that other programs read, how people's text fits their terminal, and where it all goes.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::folder::Folder;
use crate::run::{Run, without_seconds};
use insta::assert_snapshot;
use roxmltree::{Document, Node};
use serde_json::{Value, json};

/// A world of 619 states, and text that no format may take for its own markup. Nothing is as it expects.
const MINE: &str = r#"
about = "Mine: 100 % | `so`, <b>\u001b[31m</b> → \"&\" ]]>."

[network]
duplicates = 0

[b]
closes = "after-eof"

[expect."nobody-gets-far@A"]
verdict = "violated"
because = "100 %, | `so`, <b>::error::</b> → \"&\" ]]>, FIN_WAIT_1.\n::error::here"
"#;

/// The same world, where all is as expected.
const FINE: &str = r#"
about = "As mine, and nothing is unexpected."
extends = "mine"

[expect."nobody-gets-far@B"]
verdict = "violated"
because = "B closes second → it gets there."

[expect.b-never-closes]
verdict = "violated"
because = "It does."
"#;

/// What the shell would not leave as it is.
const FOLDER: &str = "my $properties";

impl Folder {
    fn mine(name: &str) -> Self {
        let folder = Self::new(&format!("reports-{name}"));
        folder.write("scenarios/mine.toml", MINE);
        folder.write("scenarios/fine.toml", FINE);
        for (name, formula) in [
            ("one-loss-at-most", "\"always losses <= 1\""),
            ("b-never-closes", "\"never B.state == CLOSED\""),
            ("nobody-gets-far", "\"\"\"\nnever\n  self.state == LAST_ACK\"\"\""),
            ("last-ack", "\"possible self.state == LAST_ACK\""),
            ("fins-are-acked", "\"self.fin_sent leads to self.fin_acked\""),
        ] {
            let text = format!("about = \"A property.\"\nformula = {formula}\nsources = [\"me\"]\n");
            folder.write(&format!("{FOLDER}/{name}.toml"), text);
        }
        folder
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.0.join(file)).unwrap()
    }

    /// `check` of these scenarios and the folder's properties, one after the other.
    fn check(&self, args: &[&str]) -> Command {
        let properties = ["one-loss-at-most", "b-never-closes", "nobody-gets-far", "last-ack", "fins-are-acked"];
        let mut command = self.command(&["check", "--scenarios", "./scenarios", "--properties", FOLDER]);
        command.args(properties.iter().flat_map(|name| ["-p", name])).args(args);
        command
    }

    fn run_check(&self, args: &[&str]) -> Run {
        Run::of(&mut self.check(args))
    }
}

/// Runs whose reports have everything that a report can have.
const RUNS: [(&[&str], i32); 9] = [
    (&["mine"], 1),
    (&["fine"], 0),
    (&["mine", "asynchronous"], 1),
    (&["fine", "--set", "network.losses=2"], 1),
    (&["fine", "--scale", "2"], 1),
    (&["fine", "--cross-check", "--set", "tcp.time_wait=300"], 1),
    (&["fine", "--max-states", "100"], 2),
    (&["mine", "fine", "asynchronous", "--coverage", "--cross-check"], 1),
    (&["fine", "--coverage", "--cross-check", "--max-states", "100"], 2),
];

// JSON.

#[test]
fn json_is_as_its_schema_says() {
    let folder = Folder::mine("json");
    let schema = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/check.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    jsonschema::meta::validate(&schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut last = Value::Null;
    for (args, code) in RUNS {
        let run = folder.run_check(&[args, &["--format", "json"]].concat());
        assert_eq!((run.code, run.stderr.as_str()), (code, ""), "{args:?}");
        last = serde_json::from_str(&run.stdout).unwrap();
        let mistakes: Vec<_> = validator.iter_errors(&last).map(|error| error.to_string()).collect();
        assert_eq!(mistakes, Vec::<String>::new(), "{args:?}");
    }

    // And no other document is.
    let broken: [(&str, Value); 9] = [
        ("/version", json!(1)),
        ("/exit_code", json!(3)),
        ("/scenarios", json!([])),
        ("/scenarios/0/zones", json!(-1)),
        ("/scenarios/0/stopped", json!(false)),
        ("/scenarios/0/properties/0/verdict", json!("true")),
        ("/scenarios/0/properties/0/instances", json!([])),
        ("/scenarios/0/cross_check/differences", json!([{ "what": "states" }])),
        ("/scenarios/0/coverage/transitions/0/from", json!("LISTEN")),
    ];
    for (place, value) in broken {
        let mut document = last.clone();
        *document.pointer_mut(place).unwrap() = value;
        assert!(!validator.is_valid(&document), "{place}");
    }
    let instance = "/scenarios/0/properties/0/instances/0";
    let comparison = format!("{instance}/expected");
    let objects = ["", "/scenarios/0", "/scenarios/0/properties/0", instance, &comparison];
    for place in objects {
        let mut document = last.clone();
        document.pointer_mut(place).unwrap().as_object_mut().unwrap().insert("more".to_owned(), json!(1));
        assert!(!validator.is_valid(&document), "{place}");
    }
}

// JUnit.

#[test]
fn junit_has_a_suite_a_scenario_and_a_case_a_property() {
    let folder = Folder::mine("junit");
    for (args, code) in RUNS {
        let report = |format| {
            let run = folder.run_check(&[args, &["--format", format]].concat());
            assert_eq!((run.code, run.stderr.as_str()), (code, ""), "{args:?}");
            run.stdout
        };
        let (xml, json) = (report("junit"), report("json"));
        let json: Value = serde_json::from_str(&json).unwrap();
        let document = Document::parse(&xml).unwrap();
        let root = document.root_element();
        let named =
            |node: Node, name: &str| -> usize { node.descendants().filter(|one| one.has_tag_name(name)).count() };
        let number = |node: Node, name: &str| -> usize { node.attribute(name).unwrap().parse().unwrap() };
        let suites: Vec<Node> = root.children().filter(Node::is_element).collect();
        let scenarios = json["scenarios"].as_array().unwrap();
        assert_eq!(suites.len(), scenarios.len());
        for (node, scenario) in suites.iter().zip(scenarios) {
            assert_eq!(node.attribute("name").unwrap(), scenario["name"]);
            // The exploration, and stateright's opinion, are cases, too.
            let more = 1 + usize::from(scenario.get("cross_check").is_some());
            let properties = scenario["properties"].as_array().unwrap();
            assert_eq!(number(*node, "tests"), properties.len() + more);
            let missed = |one: &&Value| {
                let is_changed = scenario["changes"][0].is_string();
                let instances = one["instances"].as_array().unwrap();
                instances.iter().any(|one| one["expected"]["is_missed"] == true)
                    || is_changed && one["verdict"] == "violated"
            };
            assert_eq!(number(*node, "failures"), properties.iter().filter(missed).count(), "{xml}");
            let foreign = properties.iter().filter(|one| one["verdict"] == "not applicable").count();
            let has_no_room = args.contains(&"tcp.time_wait=300");
            assert_eq!(number(*node, "skipped"), foreign + usize::from(has_no_room));
            // What was cut short is an error, even if every property is decided.
            assert_eq!(number(*node, "errors") > 0, scenario["stopped"].is_string());
        }
        for node in suites.into_iter().chain([root]) {
            assert_eq!(number(node, "tests"), named(node, "testcase"));
            assert_eq!(number(node, "failures"), named(node, "failure"));
            assert_eq!(number(node, "errors"), named(node, "error"));
        }
    }
}

#[test]
fn junit() {
    let folder = Folder::mine("junit-text");
    let times = |xml: &str| {
        let mut parts = xml.split(" time=\"");
        let first = parts.next().unwrap().to_owned();
        parts.fold(first, |text, part| text + " time=\"…" + &part[part.find('"').unwrap()..])
    };
    assert_snapshot!(
        "junit",
        times(&folder.run_check(&["mine", "fine", "--format", "junit", "--threads", "1"]).stdout)
    );
    let cut_short = ["fine", "--max-states", "100", "--cross-check", "--format", "junit"];
    assert_snapshot!("junit-cut-short", times(&folder.run_check(&cut_short).stdout));
}

// GitHub Actions.

#[test]
fn annotations() {
    let folder = Folder::mine("github");
    let mut output = String::new();
    for (args, code) in RUNS {
        let args = [args, &["--format", "github", "--threads", "1"]].concat();
        let run = folder.run_check(&args);
        assert_eq!((run.code, run.stderr.as_str()), (code, ""), "{args:?}");
        // Each line is a command, and nothing else is.
        assert!(run.stdout.lines().all(|line| line.starts_with("::error ") || line.starts_with("::warning ")));
        assert_eq!(run.stdout.is_empty(), code == 0, "{args:?}");
        output.extend(["$ ", &args.join(" "), "\n", &run.stdout]);
    }
    assert_snapshot!("github-annotations", output);
}

#[test]
fn a_job_s_summary_is_added_to_what_there_is() {
    let folder = Folder::mine("summary");
    folder.write("summary.md", "An earlier summary.\n");
    for args in [&["mine", "fine"][..], &["fine", "--scale", "2"], &["fine", "--max-states", "100"]] {
        let summarised = |format: &str| {
            let mut command = folder.check(&[args, &["--format", format, "--threads", "1"]].concat());
            Run::of(command.env("GITHUB_STEP_SUMMARY", "summary.md"));
            folder.read("summary.md")
        };
        assert_eq!(summarised("json"), summarised("human"));
        summarised("github");
    }
    let without_seconds = |line: &str| match line.rsplit_once(" s |") {
        Some((before, after)) => {
            let digits = |char: char| char.is_ascii_digit() || char == '.';
            format!("{}… s |{after}\n", before.trim_end_matches(digits))
        }
        None => format!("{line}\n"),
    };
    assert_snapshot!("github-summary", folder.read("summary.md").lines().map(without_seconds).collect::<String>());
}

/// Where the property is compiled in, they point at the scenario: a reader's repository does not have the
/// property's file.
#[test]
fn annotations_point_into_the_reader_s_files() {
    let folder = Folder::new("reports-own");
    folder.write(
        "scenarios/hasty.toml",
        "about = \"Hasty.\"\nextends = \"sequential\"\n\n[tcp]\ntime_wait = \"1 msl\"\n",
    );
    let own = ["check", "--own", "--scenarios", "scenarios", "--format", "github"];
    let run = Run::of(&mut folder.command(&own));
    assert_eq!((run.code, run.stderr.as_str()), (1, ""));
    let places: Vec<&str> = run.stdout.lines().map(|line| line.split(",title").next().unwrap()).collect();
    assert_eq!(places, ["::error file=scenarios/hasty.toml,line=1,endLine=1"; 4], "{}", run.stdout);
    assert!(
        run.stdout.contains("title=no-premature-closed@A is violated in hasty::expected holds"),
        "{}",
        run.stdout
    );
    // A scenario that is compiled in stands in the repository that has the property, too.
    let shipped =
        ["check", "one-msl", "--set", "network.losses=2", "-p", "no-premature-closed@A", "--format", "github"];
    let run = Run::of(&mut folder.command(&shipped));
    assert!(run.stdout.starts_with("::error file=properties/no-premature-closed.toml,line=2,"), "{}", run.stdout);
}

/// A counterexample without end is a lasso, of which some steps repeat, or a run that stops.
#[test]
fn annotations_and_results_say_how_a_run_goes_on_forever() {
    let folder = Folder::new("reports-endings");
    for (scenario, setting, ending) in [
        ("dead-network", "b.closes=never", "steps 3 to 5 of 5 are repeated forever"),
        (
            "never-closes",
            "tcp.retries=2",
            "nothing is enabled any more: A stays in FIN_WAIT_2, B stays in CLOSE_WAIT",
        ),
    ] {
        let args = ["check", scenario, "-p", "both-close", "--set", setting, "--report", "sarif=a.sarif"];
        let run = Run::of(&mut folder.command(&[&args[..], &["--format", "github"]].concat()));
        assert_eq!(run.code, 1, "{}", run.stderr);
        assert!(run.stdout.contains(&format!("%0A{ending}")), "{}", run.stdout);
        assert!(folder.read("a.sarif").contains(&format!("\\n{ending}")), "{}", folder.read("a.sarif"));
    }
    // A state is enough to show what a safety property excludes.
    let args = ["check", "one-msl", "-p", "no-premature-closed@A", "--set", "network.losses=2"];
    let run = Run::of(&mut folder.command(&[&args[..], &["--format", "github"]].concat()));
    assert!(!run.stdout.contains("forever") && !run.stdout.contains("nothing is enabled"), "{}", run.stdout);
}

/// The verdicts are those that are compared, and those that are listed as not compared; nothing else is among
/// them.
#[test]
fn the_numbers_of_the_total_add_up() {
    let folder = Folder::mine("total");
    for args in [&["mine"][..], &["fine", "--set", "network.losses=2"], &["mine", "fine", "--max-states", "100"]] {
        let text = folder.run_check(&[args, &["--threads", "1"]].concat()).stdout;
        let total = text
            [text.rfind(" verdicts in ").map(|at| text[..at].rfind('\n').map_or(0, |line| line + 1)).unwrap()..]
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let (size, rest) = total.split_once(": ").unwrap();
        let verdicts: usize = size.split(' ').next().unwrap().parse().unwrap();
        let of = |kind: &str| -> usize {
            let parts = rest.split([',', ';']).map(|part| part.rsplit(": ").next().unwrap().trim());
            parts.filter_map(|part| part.strip_suffix(kind)?.trim_end().parse::<usize>().ok()).sum()
        };
        let not_compared = ["hold", "holds", "possible", "impossible", "violated", "undecided"];
        let others = ["other violated", "others violated", "other undecided", "others undecided"];
        let sum = match of("compared") {
            0 => not_compared.map(of).iter().sum(),
            compared => compared + not_compared[..4].iter().chain(&others).map(|kind| of(kind)).sum::<usize>(),
        };
        assert_eq!(sum, verdicts, "{args:?}: {total}");
    }
}

/// Annotations point at the lines that state the expectation or the formula.
#[test]
fn annotations_point_at_what_is_expected() {
    let folder = Folder::mine("places");
    let annotations = folder.run_check(&["mine", "--format", "github"]).stdout;
    let mut places = Vec::new();
    for annotation in annotations.lines() {
        let properties = annotation.strip_prefix("::error ").unwrap().split("::").next().unwrap();
        let of = |name: &str| properties.split(',').find_map(|one| one.strip_prefix(name)).unwrap();
        let text = folder.read(of("file="));
        let line = |name| text.lines().nth(of(name).parse::<usize>().unwrap() - 1).unwrap().to_owned();
        places.push((line("line="), line("endLine=")));
    }
    let place = |first: &str, last: &str| (first.to_owned(), last.to_owned());
    assert_eq!(
        places,
        [
            place("formula = \"never B.state == CLOSED\"", "formula = \"never B.state == CLOSED\""),
            place("[expect.\"nobody-gets-far@A\"]", "[expect.\"nobody-gets-far@A\"]"),
            place("formula = \"\"\"", "  self.state == LAST_ACK\"\"\""),
        ]
    );
}

// People.

/// At 80 and 120 columns, with and without colour, in UTF-8 and in ASCII.
#[test]
fn people() {
    let folder = Folder::mine("people");
    for (name, columns, locale, is_coloured) in [
        ("80-utf8", "80", "C.UTF-8", false),
        ("80-ascii", "80", "C", false),
        ("120-utf8", "120", "C.UTF-8", false),
        ("120-ascii-colour", "120", "C", true),
        ("80-utf8-colour", "80", "C.UTF-8", true),
    ] {
        let (mut output, mut is_ascii) = (String::new(), true);
        for args in [&["mine", "fine"][..], &["fine", "--cross-check", "--coverage", "--max-states", "100"]] {
            let mut command = folder.check(&[args, &["--threads", "1"]].concat());
            command.env("COLUMNS", columns).env("LANG", locale);
            if is_coloured {
                command.env("CLICOLOR_FORCE", "1");
            }
            let run = Run::of(&mut command);
            is_ascii &= run.stdout.is_ascii();
            output += &without_seconds(&run.stdout);
        }
        assert_eq!(is_ascii, locale == "C", "{output}");
        // Escapes are made visible; those of a scenario's text never get so far.
        assert_eq!(output.contains('\x1b'), is_coloured);
        let commands = |line: &&str| !line.trim_start().starts_with("lastack show");
        let width = |line: &str| {
            let plain = anstream::adapter::strip_str(line).to_string();
            plain.chars().count()
        };
        let widest = output.lines().filter(commands).map(width).max().unwrap();
        assert!(widest <= columns.parse().unwrap(), "{widest}: {output}");
        assert_snapshot!(format!("people-{name}"), output.replace('\x1b', "ESC"));
    }
}

#[test]
fn more_and_less() {
    let folder = Folder::mine("detail");
    let output = |args: &[&str]| {
        let run = folder.run_check(&[args, &["--threads", "1"]].concat());
        let without_speed = |line: &str| match line.split_whitespace().next() {
            Some(name @ ("memory" | "speed")) => format!("  {name:<12}…\n"),
            _ => format!("{line}\n"),
        };
        assert_eq!(run.stderr, "");
        without_seconds(&run.stdout).lines().map(without_speed).collect::<String>()
    };
    assert_snapshot!("verbose", output(&["mine", "fine", "-v"]));
    assert_snapshot!("quiet", output(&["mine", "fine", "--cross-check", "--quiet"]));
    assert_snapshot!("quiet-cut-short", output(&["fine", "-q", "--max-states", "100"]));
    assert_snapshot!(output(&["fine", "-q"]), @r"
    8 verdicts in 1 scenario, 243 zones and 627 transitions:
    6 compared, each is the expected one; not compared: 1 possible, 1 impossible
    ");
    let run = folder.run_check(&["-q", "-v"]);
    assert!(run.code == 2 && run.stdout.is_empty(), "{run:?}");
}

/// A shell reads the commands of a report as they are meant: they see the same files and the same world.
#[test]
#[cfg(unix)]
fn commands_that_are_shown_work() {
    let folder = Folder::mine("commands");
    let binary = Path::new(env!("CARGO_BIN_EXE_lastack")).parent().unwrap();
    let path = format!("{}:{}", binary.display(), std::env::var("PATH").unwrap());
    let mut seen = 0;
    for args in [
        &["mine"][..],
        &["fine", "--set", "network.losses=2", "--set", "fairness.network=['FIN to A', \"FIN to B\"]"],
        &["fine", "--scale", "2"],
    ] {
        let run = folder.run_check(args);
        for command in run.stdout.lines().filter(|line| line.trim_start().starts_with("lastack show")) {
            let mut shell = Command::new("sh");
            shell.args(["-c", command]).current_dir(&folder.0).env("PATH", &path);
            let shown = Run::of(&mut shell);
            assert!(shown.code == 0 && shown.stdout.contains("is violated in"), "{command}: {shown:?}");
            let changes = args.get(2).copied().unwrap_or_default();
            assert!(shown.stdout.contains(changes), "{command}: {shown:?}");
            seen += 1;
        }
    }
    assert!(seen >= 6, "{seen}");
}

// Files.

#[test]
fn a_file_gets_the_report_and_the_terminal_what_people_read() {
    let folder = Folder::mine("files");
    let people = without_seconds(&folder.run_check(&["mine"]).stdout);
    for format in ["json", "junit", "github"] {
        let file = format!("report.{format}");
        let run = folder.run_check(&["mine", "--format", format, "--output", &file]);
        assert_eq!((run.code, without_seconds(&run.stdout)), (1, people.clone()));
        let first = |text: &str| text.lines().next().unwrap().to_owned();
        assert_eq!(first(&folder.read(&file)), first(&folder.run_check(&["mine", "--format", format]).stdout));
    }
    // Without colour, also if the terminal gets colours, and in place of the old file.
    folder.write("report.txt", "x".repeat(1 << 16));
    let mut command = folder.check(&["mine", "-o", "report.txt"]);
    let run = Run::of(command.env("CLICOLOR_FORCE", "1").env("COLUMNS", "120").env("LANG", "C"));
    assert!(run.stdout.contains('\x1b'));
    assert_eq!(without_seconds(&folder.read("report.txt")), people);
    // Nothing else is left beside it.
    let mut names: Vec<_> = fs::read_dir(&folder.0).unwrap().map(|one| one.unwrap().file_name()).collect();
    names.sort();
    let expected = [FOLDER, "report.github", "report.json", "report.junit", "report.txt", "scenarios"];
    assert_eq!(names, expected);
}

#[test]
#[cfg(target_os = "linux")] // The system's message differs elsewhere, and others have no /dev/full.
fn a_file_that_cannot_be_written_is_a_mistake() {
    let folder = Folder::mine("unwritable");
    let refused = |command: &mut Command| {
        let run = Run::of(command);
        assert_eq!(run.code, 2, "{run:?}");
        (run.stdout, run.stderr)
    };
    // Before anything is explored: nothing else is on stdout.
    let endless = ["fine", "--set", "network.losses=255", "--set", "network.duplicates=9"];
    for file in ["nowhere/report.json", "nowhere/", "scenarios", "scenarios/mine.toml/report.json"] {
        let (stdout, stderr) = refused(&mut folder.check(&[&endless[..], &["-o", file]].concat()));
        assert!(stdout.is_empty() && stderr.starts_with(&format!("error: cannot write `{file}`: ")), "{stderr}");
        let mut command = folder.check(&[&endless[..], &["--format", "github"]].concat());
        let (stdout, stderr) = refused(command.env("GITHUB_STEP_SUMMARY", file));
        assert!(stdout.starts_with(&format!("::error title=cannot write `{file}`%3A ")), "{stdout}");
        assert!(stdout.lines().count() == 1 && stderr.starts_with(&format!("error: cannot write `{file}`: ")));
    }
    // What is no file is written to, not replaced.
    let (_, stderr) = refused(&mut folder.check(&["fine", "--format", "json", "-o", "/dev/full"]));
    assert!(stderr.starts_with("error: cannot write `/dev/full`: "), "{stderr}");
    let run = folder.run_check(&["fine", "-q", "--format", "github", "-o", "/dev/stdout"]);
    assert_eq!((run.code, run.stdout.lines().count()), (0, 2), "{run:?}");
}

/// A mistake, and a report that was not asked for, leave a file as it was.
#[test]
fn a_file_stays_as_it_was_when_nothing_is_checked() {
    let folder = Folder::mine("kept");
    folder.write("report.json", "before");
    let run = folder.run_check(&["nothing-like-it", "--format", "json", "-o", "report.json"]);
    assert_eq!((run.code, folder.read("report.json").as_str()), (2, "before"));
}
