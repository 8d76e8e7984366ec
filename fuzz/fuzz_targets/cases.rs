//! Any text is a file of cases or is refused, and what is read can be replayed.
//!
//! `cargo fuzz run cases`

#![no_main]

use lastack::conform::{read_cases, replay};
use lastack::diagnostic::SourceFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match read_cases(&SourceFile::new("cases.jsonl", String::from_utf8_lossy(bytes))) {
        Ok(cases) => {
            for case in cases {
                let _ = replay(&case, None);
            }
        }
        Err(mistakes) => {
            let _ = mistakes.render(true);
        }
    }
});
