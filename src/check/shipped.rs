//! What is compiled in: `properties/` and `scenarios/`, so that an installed `lastack` needs no files.

macro_rules! files {
    ($folder:literal: $($name:literal)*) => {
        &[$((concat!($folder, "/", $name, ".toml"), include_str!(concat!("../../", $folder, "/", $name, ".toml")))),*]
    };
}

/// Path and text of each file of `properties/`.
pub(super) const PROPERTIES: &[(&str, &str)] = files!("properties":
    "acknowledged-means-received"
    "both-close"
    "both-reach-closing"
    "close-wait-is-reached"
    "closed-is-final"
    "closed-is-reached"
    "closed-means-both-fins"
    "closed-means-delivered"
    "closing-is-reached"
    "compatible-states"
    "eof-means-everything"
    "fin-is-answered"
    "fin-wait-1-is-reached"
    "fin-wait-2-is-reached"
    "half-close-drains"
    "half-open-is-reached"
    "last-ack-ends"
    "last-ack-is-reached"
    "no-premature-closed"
    "no-reset"
    "nobody-waits-for-the-gone"
    "nothing-outlives-time-wait"
    "stale-fin-meets-closed"
    "time-passes"
    "time-wait-ends"
    "time-wait-is-reached"
);

/// Path and text of each file of `scenarios/`.
pub(super) const SCENARIOS: &[(&str, &str)] = files!("scenarios":
    "abort"
    "asynchronous"
    "backoff"
    "close-with-late-data"
    "data-in-flight"
    "dead-network"
    "delayed-ack"
    "gives-up-in-time"
    "gives-up"
    "half-close"
    "lossless"
    "lossy-for-ever"
    "never-closes"
    "no-restart"
    "no-time-wait"
    "one-msl"
    "sequential"
    "simultaneous"
    "three-flights"
    "time-wait-assassination"
    "two-losses"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folders_is_compiled_in() {
        for (folder, files) in [("properties", PROPERTIES), ("scenarios", SCENARIOS)] {
            let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
            let mut there: Vec<String> = std::fs::read_dir(root.join(folder))
                .unwrap()
                .map(|entry| format!("{folder}/{}", entry.unwrap().file_name().to_str().unwrap()))
                .collect();
            there.sort();
            assert_eq!(files.iter().map(|(path, _)| *path).collect::<Vec<_>>(), there);
        }
    }
}
