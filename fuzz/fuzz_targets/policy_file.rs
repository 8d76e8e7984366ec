//! Any bytes as a policy file: a policy that a scenario can have, or diagnostics that can be rendered.
#![no_main]

use lastack::diagnostic::SourceFile;
use lastack::policy::Policies;
use lastack::scenario::{ScenarioFile, Setting};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mistakes = match Policies::with(SourceFile::new("policies/fuzzed.toml", text)) {
        Err(mistakes) => mistakes,
        Ok(policies) => {
            let scenario = ScenarioFile::parse(SourceFile::new("any.toml", "about = 'Any.'")).expect("it is right");
            let set = Setting::parse("tcp.policy=fuzzed").expect("it is right");
            match scenario.resolve(&[], &policies, &[set], 1) {
                Err(mistakes) => mistakes,
                Ok(_) => return,
            }
        }
    };
    let _ = mistakes.render(true);
});
