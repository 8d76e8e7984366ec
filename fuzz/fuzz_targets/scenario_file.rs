//! Any bytes as a scenario file: a scenario, or diagnostics that can be rendered.
#![no_main]

use lastack::diagnostic::SourceFile;
use lastack::policy::Policies;
use lastack::scenario::ScenarioFile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let policies = Policies::shipped().expect("they are right");
    let resolved = ScenarioFile::parse(SourceFile::new("fuzzed.toml", text))
        .and_then(|file| file.resolve(std::slice::from_ref(&file), &policies, &[], 1).map(|_| ()));
    if let Err(mistakes) = resolved {
        let _ = mistakes.render(true);
    }
});
