//! Any bytes are a capture or are refused, and what is made of a capture can be said.
//!
//! `cargo fuzz run capture`

#![no_main]

use lastack::capture::{Capture, Closing};
use lastack::report::terminal::Terminal;
use lastack::report::{replay, replay_json};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let capture = Capture::read(bytes);
    let closings: Vec<Closing> = capture.connections.iter().map(|one| Closing::of(one, capture.end)).collect();
    let _ = replay::human(&capture, &closings, Terminal::PLAIN);
    let _ = replay_json::report("fuzzed", &capture, &closings);
    let _ = capture.mistakes();
});
