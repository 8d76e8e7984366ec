//! Any text as a packetdrill script: a case that can be replayed, or a diagnostic that can be rendered.
//!
//! `cargo fuzz run packetdrill`

#![no_main]

use std::sync::{Arc, LazyLock};

use lastack::conform::recorded::{parse_packetdrill, replay};
use lastack::diagnostic::SourceFile;
use lastack::policy::{NamedPolicy, Policies};
use libfuzzer_sys::fuzz_target;

/// What opens a connection, so that what follows is about closing.
const OPENING: &str = include_str!("../../examples/cases/half-close.pkt");

static LINUX: LazyLock<Arc<NamedPolicy>> = LazyLock::new(|| {
    let policies = Policies::shipped().expect("they are right");
    Arc::clone(policies.named("linux").expect("it is there"))
});

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    for script in [text.to_string(), format!("{OPENING}\n{text}")] {
        match parse_packetdrill(&SourceFile::new("fuzzed.pkt", script), &LINUX) {
            Ok(case) => drop(replay(&case)),
            Err(mistakes) => {
                let _ = mistakes.render(true);
            }
        }
    }
});
