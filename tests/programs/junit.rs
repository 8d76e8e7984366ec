//! JUnit reports under the schema of Jenkins's xunit plugin, which most readers are built after.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::folder::Folder;
use crate::{Missing, needs};

/// Every kind of result: expected and unexpected verdicts, vacuous ones, and an exploration that was cut short.
const RUNS: [(&[&str], i32); 6] = [
    (&["one-msl"], 0),
    (&["slow-retransmission", "one-msl", "asynchronous", "--coverage", "--cross-check"], 1),
    (&["sequential", "--set", "network.losses=2"], 1),
    (&["sequential", "--scale", "2"], 1),
    (&["sequential", "--max-states", "100"], 2),
    (&["sequential", "--coverage", "--cross-check", "--max-states", "100"], 2),
];

pub(crate) fn junit_is_as_its_schema_says() -> Result<(), Missing> {
    needs("xmllint")?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = root.join("examples");
    let folder = Folder::new("xsd");
    let report = folder.0.join("a.xml");
    let validate = || {
        let mut xmllint = Command::new("xmllint");
        xmllint.args(["--noout", "--schema"]).arg(root.join("tests/junit-10.xsd")).arg(&report);
        xmllint.output().unwrap()
    };
    for (args, code) in RUNS {
        let mut command = folder.command(&[&["check"], args, &["--format", "junit", "-o", "a.xml"]].concat());
        command.arg("--scenarios").arg(examples.join("scenarios"));
        command.arg("--properties").arg(examples.join("properties"));
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
        let output = validate();
        assert!(output.status.success(), "{args:?}: {output:?}");
    }
    let broken = fs::read_to_string(&report).unwrap().replacen("<testcase ", "<testcase expected='holds' ", 1);
    fs::write(&report, &broken).unwrap();
    assert!(!validate().status.success());
    Ok(())
}
