//! What editors say of TOML files: taplo, by the schemas of docs/.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::folder::Folder;
use crate::{Missing, needs};

/// Files that are shipped are right, and a mistake is shown where it stands, by a schema that the file names.
pub(crate) fn taplo_reads_the_schemas() -> Result<(), Missing> {
    needs("taplo")?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let schema = |name: &str| format!("file://{}", root.join(format!("docs/{name}.schema.json")).display());
    for (name, folder) in [("scenario", "scenarios"), ("property", "properties"), ("policy", "policies")] {
        let mut taplo = Command::new("taplo");
        taplo.args(["lint", "--no-auto-config", "--schema", &schema(name)]).arg(format!("{folder}/*.toml"));
        let output = taplo.current_dir(root).output().unwrap();
        assert!(output.status.success(), "{folder}: {output:?}");
    }
    let folder = Folder::new("taplo");
    for (name, text, mistake) in [
        ("scenario", "about = \"x\"\n[network]\nlosses = -1\n", "losses = -1"),
        ("property", "about = \"x\"\nformulas = \"always true\"\n", "formulas"),
        ("policy", "about = \"x\"\nrto = \"soon\"\n", "rto = \"soon\""),
        ("lastack", "threads = 0\n", "threads = 0"),
    ] {
        fs::write(folder.0.join("mine.toml"), format!("#:schema {}\n{text}", schema(name))).unwrap();
        let output = Command::new("taplo").args(["lint", "mine.toml"]).current_dir(&folder.0).output().unwrap();
        let shown = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && shown.contains(mistake), "{name}: {shown}");
    }
    Ok(())
}

/// The workflows and the action have none of the weaknesses that zizmor knows.
pub(crate) fn zizmor_finds_nothing() -> Result<(), Missing> {
    needs("zizmor")?;
    let mut zizmor = Command::new("zizmor");
    zizmor.args(["--offline", "--no-progress", "action.yml", ".github/workflows"]);
    let output = zizmor.current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    Ok(())
}
