//! `lastack conform --kernel`, and what is left of it.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

fn conform(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lastack"));
    command.args(["conform", "--kernel"]).args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The network namespaces that threads are in: those of a process, or all.
fn namespaces(process: Option<u32>) -> BTreeSet<PathBuf> {
    let processes = match process {
        Some(process) => vec![PathBuf::from(format!("/proc/{process}"))],
        None => fs::read_dir("/proc").unwrap().map(|entry| entry.unwrap().path()).collect(),
    };
    let threads =
        processes.iter().filter_map(|process| fs::read_dir(process.join("task")).ok()).flatten().flatten();
    threads.filter_map(|thread| fs::read_link(thread.path().join("ns/net")).ok()).collect()
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

/// Waits until the process is in namespaces of its own, and says which they are.
fn made(child: &Child) -> BTreeSet<PathBuf> {
    let outside = namespaces(Some(std::process::id()));
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let made: BTreeSet<PathBuf> = namespaces(Some(child.id())).difference(&outside).cloned().collect();
        // While it looks whether there is what it takes, there is one.
        if made.len() > 1 {
            return made;
        }
        assert!(Instant::now() < deadline, "no namespace is made");
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

#[test]
fn the_kernel_does_what_the_endpoint_does() {
    let Some(_guard) = crate::available() else { return };
    let before = surroundings();
    let [capture, record] = ["run.pcap", "run.jsonl"].map(|name| folder("kernel").join(name));
    let files = ["--capture", capture.to_str().unwrap(), "--record", record.to_str().unwrap()];
    let child = conform(&files).spawn().unwrap();
    let made = made(&child);
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    assert_eq!((status.code(), text(&stderr)), (Some(0), ""), "{}", text(&stdout));
    assert!(namespaces(None).is_disjoint(&made));
    assert_eq!(surroundings(), before);
    // Each of hundreds of paths opens a connection.
    assert!(fs::metadata(&capture).unwrap().len() > 100_000);
    // What was written down are cases, and they match.
    assert!(fs::read_to_string(&record).unwrap().lines().count() > 150);
    let replayed = Command::new(env!("CARGO_BIN_EXE_lastack")).arg("conform").arg(&record).output().unwrap();
    assert_eq!(replayed.status.code(), Some(0), "{}", text(&replayed.stdout));
}

#[test]
fn nothing_is_left_when_it_is_stopped() {
    let Some(_guard) = crate::available() else { return };
    let before = surroundings();
    for signal in ["-INT", "-TERM", "-KILL"] {
        let mut child = conform(&[]).spawn().unwrap();
        let made = made(&child);
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), None, "{signal} ends it");
        assert!(namespaces(None).is_disjoint(&made), "{signal}");
        assert_eq!(surroundings(), before, "{signal}");
    }
}

#[test]
fn what_cannot_be_done_is_said() {
    let Some(_guard) = crate::available() else { return };
    let before = (namespaces(None), surroundings());
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
    assert_eq!((namespaces(None), surroundings()), before);
}
