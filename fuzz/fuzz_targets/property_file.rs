//! Any text is a property file or is refused, and what is said of it can be shown.
//!
//! `cargo fuzz run property_file`

#![no_main]

use lastack::diagnostic::SourceFile;
use lastack::property::Property;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    if let Err(mistakes) = Property::from_source(SourceFile::new("properties/fuzzed.toml", text)) {
        let _ = mistakes.render(true);
    }
});
