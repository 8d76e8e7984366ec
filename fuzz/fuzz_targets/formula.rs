//! Any text is a formula or is refused, and a formula's canonical form means the same.
//!
//! `cargo fuzz run formula`

#![no_main]

use lastack::diagnostic::SourceFile;
use lastack::property::Formula;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let parse = |text: &str| Formula::parse(&SourceFile::new("formula", text), 0..text.len(), text);
    match parse(&text) {
        Ok(formula) => {
            let canonical = formula.to_string();
            // Spaces around operators can make it longer than a formula may be.
            if canonical.len() <= 4096 {
                let again = parse(&canonical).expect("the canonical form is a formula");
                assert_eq!(formula.claim(), again.claim());
                assert_eq!(canonical, again.to_string());
            }
        }
        Err(mistakes) => {
            let _ = mistakes.render(true);
        }
    }
});
