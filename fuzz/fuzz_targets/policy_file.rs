//! Any bytes as a policy file: a policy that a scenario can have, or diagnostics that can be rendered.
//!
//! `cargo fuzz run policy_file`
#![no_main]

use std::sync::LazyLock;

use lastack::diagnostic::SourceFile;
use lastack::policy::Policies;
use lastack::scenario::{ScenarioFile, Setting};
use libfuzzer_sys::fuzz_target;

static SCENARIO: LazyLock<ScenarioFile> =
    LazyLock::new(|| ScenarioFile::parse(SourceFile::new("any.toml", "about = 'Any.'")).expect("it is right"));

static SETTINGS: LazyLock<[Setting; 1]> =
    LazyLock::new(|| [Setting::parse("tcp.policy=fuzzed").expect("it is right")]);

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mistakes = match Policies::with(SourceFile::new("policies/fuzzed.toml", text)) {
        Err(mistakes) => mistakes,
        Ok(policies) => match SCENARIO.resolve(&[], &policies, &*SETTINGS, 1) {
            Err(mistakes) => mistakes,
            Ok(_) => return,
        },
    };
    let _ = mistakes.render(true);
});
