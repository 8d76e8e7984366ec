//! Any bytes are a capture or are refused, and what is made of a capture can be said.
//!
//! `cargo fuzz run capture`

#![no_main]

use lastack::capture::{Capture, Selection, findings};
use lastack::report::capture::{human, json};
use lastack::report::terminal::Terminal;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let capture = Capture::read(bytes);
    let findings = findings(&capture, &Selection::default());
    let detail = human::Listing { verbose: true, only: Vec::new() };
    let _ = human::report(&capture, &findings, &detail, Terminal::PLAIN);
    let _ = json::report("fuzzed", &capture, &findings, &[]);
    let _ = capture.mistakes();
});
