//! Any bytes behind the header of gzip are unpacked or refused: a little that becomes much, members behind each
//! other.
//!
//! `cargo fuzz run compressed`

#![no_main]

use lastack::capture::{Capture, Selection, findings};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut file = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    file.extend(bytes);
    let capture = Capture::read(file.as_slice());
    let _ = findings(&capture, &Selection::default());
    let _ = capture.mistakes();
});
