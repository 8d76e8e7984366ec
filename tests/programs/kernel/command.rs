//! `lastack conform --kernel`, and what is left of it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use crate::Missing;

fn conform(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lastack"));
    command.args(["conform", "--kernel"]).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The network namespaces that the threads of a process are in.
fn namespaces(process: &Path) -> BTreeSet<PathBuf> {
    let threads = fs::read_dir(process.join("task")).ok().into_iter().flatten().flatten();
    threads.filter_map(|thread| fs::read_link(thread.path().join("ns/net")).ok()).collect()
}

/// The network namespaces, other than ours, that a lastack is in. Others' do not count: the kernel gives the
/// number of one that is gone to the next that is made.
fn left() -> BTreeSet<PathBuf> {
    let lastack = fs::canonicalize(env!("CARGO_BIN_EXE_lastack")).unwrap();
    let processes = fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path());
    let runs_lastack = |process: &PathBuf| fs::read_link(process.join("exe")).is_ok_and(|exe| exe == lastack);
    let left: BTreeSet<PathBuf> =
        processes.filter(runs_lastack).flat_map(|process| namespaces(&process)).collect();
    &left - &namespaces(Path::new("/proc/self"))
}

/// The devices and the settings of TCP outside.
fn surroundings() -> (BTreeSet<String>, Vec<(PathBuf, String)>) {
    let devices = fs::read_to_string("/proc/self/net/dev").unwrap();
    let names = devices.lines().filter_map(|line| Some(line.split_once(':')?.0.trim().to_owned()));
    let mut settings: Vec<(PathBuf, String)> = fs::read_dir("/proc/sys/net/ipv4")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter_map(|path| fs::read_to_string(&path).ok().map(|value| (path, value)))
        .collect();
    settings.sort();
    (names.collect(), settings)
}

/// Waits until the process is in namespaces of its own. How long it takes there depends on what else the machine
/// does.
fn wait_for_namespaces(child: &mut Child) {
    let outside = namespaces(Path::new("/proc/self"));
    let process = PathBuf::from(format!("/proc/{}", child.id()));
    // While it looks whether there is what it takes, there is one.
    while (&namespaces(&process) - &outside).len() < 2 {
        assert_eq!(child.try_wait().unwrap(), None, "it ends without a namespace");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn text(output: &[u8]) -> &str {
    std::str::from_utf8(output).unwrap()
}

/// A folder of its own for a test; the system's temporary one may be cleared at any time.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    folder
}

pub(crate) fn the_kernel_does_what_the_endpoint_does() -> Result<(), Missing> {
    let _guard = super::available()?;
    let before = surroundings();
    let [capture, record] = ["run.pcap", "run.jsonl"].map(|name| folder("kernel").join(name));
    let files = ["--capture", capture.to_str().unwrap(), "--record", record.to_str().unwrap()];
    let mut child = conform(&files).spawn().unwrap();
    wait_for_namespaces(&mut child);
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    assert_eq!((status.code(), text(&stderr)), (Some(0), ""), "{}", text(&stdout));
    assert_eq!(left(), BTreeSet::new());
    assert_eq!(surroundings(), before);
    // Each of hundreds of paths opens a connection.
    assert!(fs::metadata(&capture).unwrap().len() > 100_000);
    // What was written down are cases, and they match.
    assert!(fs::read_to_string(&record).unwrap().lines().count() > 150);
    let replayed = Command::new(env!("CARGO_BIN_EXE_lastack")).arg("conform").arg(&record).output().unwrap();
    assert_eq!(replayed.status.code(), Some(0), "{}", text(&replayed.stdout));
    Ok(())
}

pub(crate) fn nothing_is_left_when_it_is_stopped() -> Result<(), Missing> {
    let _guard = super::available()?;
    let before = surroundings();
    for signal in ["-INT", "-TERM", "-KILL"] {
        let mut child = conform(&[]).spawn().unwrap();
        wait_for_namespaces(&mut child);
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), None, "{signal} ends it");
        assert_eq!(left(), BTreeSet::new(), "{signal}");
        assert_eq!(surroundings(), before, "{signal}");
    }
    Ok(())
}

pub(crate) fn what_cannot_be_done_is_said() -> Result<(), Missing> {
    let _guard = super::available()?;
    let before = surroundings();
    let wrong = conform(&["--capture", "/nonexistent/run.pcap"]).output().unwrap();
    assert_eq!((wrong.status.code(), text(&wrong.stdout)), (Some(2), ""));
    assert!(text(&wrong.stderr).contains("cannot write /nonexistent/run.pcap"), "{}", text(&wrong.stderr));

    let capture = folder("kernel").join("none.pcap");
    let nobody = conform(&["--capture", capture.to_str().unwrap()]).uid(65_534).output();
    // Where the folder of the build is root's alone, nobody cannot even begin.
    if let Ok(Output { status, stdout, stderr }) = nobody {
        assert_eq!((status.code(), text(&stdout)), (Some(2), ""));
        assert!(text(&stderr).contains("takes root"), "{}", text(&stderr));
        assert!(!capture.exists());
    }
    assert_eq!((left(), surroundings()), (BTreeSet::new(), before));
    Ok(())
}
