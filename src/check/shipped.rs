//! The files that are compiled in: `properties/` and `scenarios/`, so that an installed `lastack` needs no files.

use crate::diagnostic::SourceFile;

macro_rules! files {
    ($folder:literal: $($name:literal)*) => {
        &[$((concat!($folder, "/", $name, ".toml"), include_str!(concat!("../../", $folder, "/", $name, ".toml")))),*]
    };
}

/// Path and text of each file of `properties/`.
pub(super) const PROPERTIES: &[(&str, &str)] = files!("properties":
    "a-duplicate-may-vanish"
    "a-late-abort-resets-nobody"
    "a-loss-costs-a-segment"
    "a-new-connection-opens"
    "a-new-connection-resets-the-former"
    "a-reset-is-in-vain"
    "a-reset-overtakes"
    "acknowledged-means-received"
    "an-abort-is-noticed"
    "both-close"
    "both-leave-closing"
    "both-reach-closing"
    "close-wait-is-reached"
    "closed-is-final"
    "closed-is-reached"
    "closed-means-both-fins"
    "closed-means-delivered"
    "closing-is-reached"
    "compatible-states"
    "eof-means-everything"
    "fin-beyond-a-hole-is-answered"
    "fin-carries-the-ack"
    "fin-is-answered"
    "fin-wait-1-is-reached"
    "fin-wait-2-is-left"
    "fin-wait-2-is-reached"
    "half-close-drains"
    "half-open-is-reached"
    "last-ack-ends"
    "last-ack-is-reached"
    "no-old-ack-counts"
    "no-old-octet-is-delivered"
    "no-old-segment-ends-the-new"
    "no-premature-closed"
    "no-reset"
    "nobody-gives-up-on-time-wait"
    "nobody-gives-up"
    "nobody-waits-for-the-gone"
    "nothing-is-left"
    "nothing-outlives-time-wait"
    "stale-fin-meets-closed"
    "text-beyond-a-hole-is-answered"
    "text-is-acknowledged"
    "time-passes"
    "time-wait-ends"
    "time-wait-is-reached"
);

/// Path and text of each file of `scenarios/`.
pub(super) const SCENARIOS: &[(&str, &str)] = files!("scenarios":
    "abort"
    "asynchronous"
    "backoff-capped"
    "backoff-for-ever"
    "backoff"
    "close-with-late-data"
    "counted-losses"
    "data-in-flight"
    "dead-network-close"
    "dead-network"
    "delayed-ack-of-text"
    "delayed-ack-too-long"
    "delayed-ack-two-losses"
    "delayed-ack"
    "freebsd-numbers"
    "gives-up-in-time"
    "gives-up-late"
    "gives-up"
    "half-close"
    "half-open-reopens"
    "karn"
    "late-abort"
    "late-timers"
    "least-fairness"
    "linux-numbers-rfc1337"
    "linux-numbers"
    "lossless"
    "lossy-for-ever"
    "lossy-text"
    "nat-reuses-a-port"
    "never-closes"
    "no-promises"
    "no-restart"
    "no-time-wait"
    "old-ack"
    "one-msl"
    "only-fins-bsd"
    "only-fins"
    "out-of-order-drop"
    "reopen-early-above"
    "reopen-early"
    "reopen"
    "reordering"
    "reset-beyond-a-hole"
    "reset-in-vain"
    "rfc1337-above"
    "rfc1337-ack-loop"
    "rfc1337-old-octet"
    "rfc1337-old-reset"
    "sequential"
    "simultaneous-for-ever"
    "simultaneous"
    "syn-in-close-wait"
    "syn-in-last-ack"
    "syn-in-time-wait-reopens"
    "syn-in-time-wait"
    "three-flights"
    "time-wait-assassination"
    "time-wait-reused-any"
    "time-wait-reused"
    "two-duplicates"
    "two-losses"
);

/// Path and text of each file of `scenarios/pairs/`: the shipped stacks with themselves and with RFC 9293.
pub(super) const PAIRS: &[(&str, &str)] = files!("scenarios/pairs":
    "cs144-meets-rfc9293"
    "demikernel-meets-rfc9293"
    "freebsd-meets-rfc9293"
    "fuchsia-meets-rfc9293"
    "generic-meets-rfc9293"
    "gvisor-meets-rfc9293"
    "libtpa-meets-rfc9293"
    "linux-meets-rfc9293"
    "lwip-meets-rfc9293"
    "netx-meets-rfc9293"
    "rfc793-meets-rfc9293"
    "smoltcp-meets-rfc9293"
    "two-cs144"
    "two-demikernel"
    "two-freebsd"
    "two-fuchsia"
    "two-generic"
    "two-gvisor"
    "two-libtpa"
    "two-linux"
    "two-lwip"
    "two-netx"
    "two-rfc793"
    "two-rfc9293"
    "two-smoltcp"
    "two-zephyr"
    "zephyr-meets-rfc9293"
);

/// The file is one of `properties/` or `scenarios/` that is compiled in.
#[must_use]
pub fn is_shipped(file: &SourceFile) -> bool {
    let is_it = |(path, text): &(&str, &str)| *path == file.path && *text == file.text;
    PROPERTIES.iter().chain(SCENARIOS).chain(PAIRS).any(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folders_is_compiled_in() {
        for (folder, files) in [("properties", PROPERTIES), ("scenarios", SCENARIOS), ("scenarios/pairs", PAIRS)] {
            let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
            let mut there: Vec<String> = std::fs::read_dir(root.join(folder))
                .unwrap()
                .map(Result::unwrap)
                .filter(|entry| entry.file_type().unwrap().is_file())
                .map(|entry| format!("{folder}/{}", entry.file_name().to_str().unwrap()))
                .collect();
            there.sort();
            assert_eq!(files.iter().map(|(path, _)| *path).collect::<Vec<_>>(), there);
        }
    }
}
