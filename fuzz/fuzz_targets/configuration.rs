//! Any text as `lastack.toml`: a configuration, or diagnostics that can be rendered.
//!
//! `cargo fuzz run configuration`

#![no_main]

use lastack::configuration::Configuration;
use lastack::diagnostic::SourceFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    if let Err(mistakes) = Configuration::parse(SourceFile::new("lastack.toml", text)) {
        let _ = mistakes.render(true);
    }
});
