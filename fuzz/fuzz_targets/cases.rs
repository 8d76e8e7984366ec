//! Any text as a file of recorded cases: cases that can be replayed, or diagnostics that can be rendered.
//!
//! `cargo fuzz run cases`

#![no_main]

use lastack::conform::recorded::{Profile, parse, replay};
use lastack::diagnostic::SourceFile;
use lastack::policy::Policies;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let policies = Policies::shipped().expect("they are right");
    let (cases, mistakes) = parse(&SourceFile::new("fuzzed.jsonl", text), Profile::Named(&policies));
    for case in &cases {
        let _ = replay(case);
    }
    let _ = mistakes.render(true);
});
