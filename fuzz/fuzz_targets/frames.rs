//! Any frames of any link type are read or counted: tunnels in tunnels, fragments that overlap, headers that are
//! cut off.
//!
//! `cargo fuzz run frames`

#![no_main]

use lastack::capture::{Capture, Selection, findings};
use libfuzzer_sys::fuzz_target;

/// Link types of which a header is known.
const LINKS: [u8; 24] =
    [0, 1, 9, 10, 12, 14, 50, 51, 100, 101, 104, 105, 108, 109, 113, 117, 119, 122, 127, 163, 204, 219, 228, 239];

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, frames)) = bytes.split_first() else { return };
    let link = LINKS[usize::from(*choice) % LINKS.len()];
    let mut file = Vec::new();
    for word in [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 0x0004_0000, u32::from(link)] {
        file.extend(word.to_le_bytes());
    }
    let mut rest = frames;
    let mut seconds = 0_u32;
    // The first octet of each frame says how long it is.
    while let Some((length, more)) = rest.split_first() {
        let (frame, after) = more.split_at(usize::from(*length).min(more.len()));
        let captured = u32::try_from(frame.len()).unwrap_or_default();
        for word in [seconds, 0, captured, captured] {
            file.extend(word.to_le_bytes());
        }
        file.extend(frame);
        (rest, seconds) = (after, seconds + 1);
    }
    let capture = Capture::read(file.as_slice());
    assert_eq!(capture.fault, None);
    let seen: u64 = capture.connections.iter().flat_map(|connection| connection.sent).sum();
    let carried: u64 = capture.passed_over.carried.values().sum();
    let over = carried + capture.passed_over.fragments + capture.passed_over.cut_off;
    assert!(seen + over <= capture.packets, "every packet is counted once");
    let _ = findings(&capture, &Selection::default());
});
