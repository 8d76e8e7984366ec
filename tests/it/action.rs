//! The scripts of `action.yml`, run as a job runs them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::folder::Folder;
use crate::run::Run;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The script of a step, by the step's name.
fn script(step: &str) -> String {
    let action = fs::read_to_string(Path::new(ROOT).join("action.yml")).unwrap();
    let step = action.split(&format!("- name: {step}\n")).nth(1).unwrap();
    let script = step.split("      run: |\n").nth(1).unwrap();
    script
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with("        "))
        .fold(String::new(), |script, line| script + line.strip_prefix("        ").unwrap_or_default() + "\n")
}

/// A job's step in a folder that has `lastack` where the cache has put it.
fn step(folder: &Folder, name: &str, variables: &[(&str, &str)]) -> Run {
    let mut command = Command::new("bash");
    command.arg("-c").arg(script(name)).current_dir(&folder.0);
    for (variable, value) in
        [("GITHUB_OUTPUT", "output"), ("GITHUB_STEP_SUMMARY", "summary.md"), ("FOLDER", "tool")]
    {
        command.env(variable, folder.0.join(value));
    }
    Run::of(command.envs(variables.iter().copied()))
}

const INPUTS: [(&str, &str); 6] = [
    ("SCENARIOS", ""),
    ("PROPERTIES", ""),
    ("POLICIES", ""),
    ("OWN", "false"),
    ("ARGS", ""),
    ("REPORTS", "lastack-reports"),
];

#[test]
fn the_action_checks_annotates_and_reports() {
    let folder = Folder::new("action-check");
    fs::create_dir_all(folder.0.join("tool/bin")).unwrap();
    symlink(env!("CARGO_BIN_EXE_lastack"), folder.0.join("tool/bin/lastack")).unwrap();
    fs::create_dir(folder.0.join("mine")).unwrap();
    let hasty = "about = \"Hasty.\"\nextends = \"sequential\"\nproperties = [\"no-premature-closed\"]\n\n\
                 [tcp]\ntime_wait = \"1 msl\"\n";
    fs::write(folder.0.join("mine/hasty.toml"), hasty).unwrap();
    let own = [&INPUTS[..], &[("SCENARIOS", "mine"), ("OWN", "true"), ("ARGS", "--threads 1")]].concat();
    let run = step(&folder, "Check", &own);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""), "{}", run.stdout);
    assert!(run.stdout.starts_with("::error file=mine/hasty.toml,line=1,"), "{}", run.stdout);
    let read = |file: &str| fs::read_to_string(folder.0.join(file)).unwrap();
    assert!(read("summary.md").contains("```mermaid\nsequenceDiagram\n"));
    assert!(read("output").starts_with("reports=/"));
    for report in ["lastack.xml", "lastack.json", "lastack.sarif"] {
        assert!(read(&format!("lastack-reports/{report}")).contains("hasty"), "{report}");
    }
    // With a configuration nothing else is needed.
    fs::write(folder.0.join("lastack.toml"), "scenarios = [\"mine\"]\nown = true\n").unwrap();
    let run = step(&folder, "Check", &INPUTS);
    assert_eq!(run.code, 1);
    // In a folder of the repository, files are named from its root on.
    let root = folder.0.parent().unwrap().to_str().unwrap();
    let run = step(&folder, "Check", &[&INPUTS[..], &[("GITHUB_WORKSPACE", root)]].concat());
    assert!(run.stdout.starts_with("::error file=action-check/mine/hasty.toml,line=1,"), "{}", run.stdout);
    assert!(read("lastack-reports/lastack.sarif").contains("\"action-check/mine/hasty.toml\""));
}

/// A release is fetched, and refused if it is not what its checksum says.
#[test]
#[cfg(target_os = "linux")]
fn the_action_fetches_a_release() {
    let folder = Folder::new("action-fetch");
    let release = folder.0.join("me/lastack/releases/download/v9.9.9");
    let name = "lastack-9.9.9-x86_64-unknown-linux-musl";
    fs::create_dir_all(release.join(name)).unwrap();
    fs::create_dir_all(folder.0.join("tool/bin")).unwrap();
    fs::write(release.join(name).join("lastack"), "#!/bin/sh\n").unwrap();
    let packed = Command::new("bash")
        .args(["-c", &format!("tar -czf {name}.tar.gz {name} && sha256sum {name}.tar.gz > {name}.tar.gz.sha256")])
        .current_dir(&release)
        .status();
    assert!(packed.unwrap().success());
    let server = format!("file://{}", folder.0.display());
    let variables = [
        ("VERSION", "9.9.9"),
        ("REPOSITORY", "me/lastack"),
        ("SERVER", server.as_str()),
        ("SYSTEM", "Linux-X64"),
        ("ACTION", ROOT),
    ];
    let run = step(&folder, "Build or fetch it", &variables);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert!(folder.0.join("tool/bin/lastack").is_file());

    fs::remove_file(folder.0.join("tool/bin/lastack")).unwrap();
    fs::write(release.join(format!("{name}.tar.gz")), "something else").unwrap();
    assert_ne!(step(&folder, "Build or fetch it", &variables).code, 0);
    assert!(!folder.0.join("tool/bin/lastack").exists());
    let other = [&variables[..], &[("SYSTEM", "Linux-PPC")]].concat();
    assert!(step(&folder, "Build or fetch it", &other).stdout.contains("::error::there is no binary"));
}

/// The key of the cache names what the binary is built of.
#[test]
fn another_revision_has_another_key() {
    let folder = Folder::new("action-key");
    let action = folder.0.join("action");
    for inner in ["src", "scenarios", "properties", "policies"] {
        fs::create_dir_all(action.join(inner)).unwrap();
    }
    for file in ["Cargo.toml", "Cargo.lock", "src/main.rs"] {
        fs::write(action.join(file), file).unwrap();
    }
    let key = || {
        let path = action.display().to_string();
        let temp = folder.0.display().to_string();
        let variables =
            [("VERSION", "source"), ("ACTION", path.as_str()), ("SYSTEM", "Linux-X64"), ("TOOLS", temp.as_str())];
        let run = step(&folder, "Look where the binary goes", &variables);
        assert_eq!(run.code, 0, "{}", run.stderr);
        let output = fs::read_to_string(folder.0.join("output")).unwrap();
        output.lines().rev().find_map(|line| line.strip_prefix("key=")).unwrap().to_owned()
    };
    let (first, again) = (key(), key());
    fs::write(action.join("src/main.rs"), "another").unwrap();
    assert_eq!(first, again);
    assert!(first.starts_with("lastack-Linux-X64-source-") && first != key(), "{first}");
}
