//! What a signal leaves undecided.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::{HUGE, wait};
use crate::folder::Folder;
use crate::run::Run;

/// What a process does that is sent a signal long after its start and long before its end.
fn signalled(folder: &Folder, signal: &str, args: &[&str]) -> Run {
    let mut command = folder.command(args);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(1));
    let kill = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(kill.success(), "{args:?} has ended by itself");
    Run::ended(&wait(child, Duration::from_secs(20)))
}

#[test]
fn a_signal_ends_a_run_as_undecided() {
    let folder = Folder::new("signals");
    let (scenario, settings) = HUGE.split_first().unwrap();
    let commands: [(&str, &str, &[&str]); 4] = [
        ("-INT", "check", &["-p", "no-reset"]),
        ("-TERM", "check", &["-p", "no-reset"]),
        ("-HUP", "check", &["-p", "no-reset"]),
        ("-TERM", "show", &["no-reset"]),
    ];
    for (signal, command, property) in commands {
        // Who has it ignored, as `nohup` does, is obeyed.
        if signal == "-HUP" && has_hangup_ignored() {
            continue;
        }
        let run = signalled(&folder, signal, &[&[command, scenario], property, settings].concat());
        assert_eq!((run.code, run.says_holds()), (2, false), "{signal} {run:?}");
        for part in ["interrupted", "simultaneous", "undecided"] {
            assert!(run.stdout.contains(part), "{part}: {run:?}");
        }
    }
}

/// Bit 0 is signal 1.
fn has_hangup_ignored() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap_or("0");
    u64::from_str_radix(mask.trim(), 16).unwrap() & 1 != 0
}

/// What comes after the end is counted, and not listed as if something were known of it.
#[test]
fn what_was_not_begun_is_not_listed() {
    let folder = Folder::new("not-begun");
    let settings = ["network.losses=3", "network.duplicates=3", "network.msl=4", "network.delays=\"whole-ticks\""];
    let mut args = vec!["check", "sequential", "simultaneous", "two-losses", "--threads", "1", "-p", "no-reset"];
    args.extend(settings.iter().flat_map(|setting| ["--set", setting]));
    let run = signalled(&folder, "-INT", &args);
    assert_eq!(run.code, 2);
    assert!(
        run.stdout.starts_with("sequential ") && run.stdout.contains("not begun: 2 scenarios: interrupted\n"),
        "{run:?}"
    );
    assert!(!run.stdout.contains("simultaneous") && !run.stdout.contains("two-losses"), "{run:?}");
    let timeout = folder.report(&[&args[..], &["--timeout", "1ms"]].concat());
    assert_eq!(timeout["scenarios"][2]["stopped"], "the limit of --timeout was reached");
    assert_eq!(timeout["scenarios"][2]["properties"][0]["verdict"], "undecided");
}
