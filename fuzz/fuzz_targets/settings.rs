//! Any lines as settings of the command line: settings, or diagnostics that can be rendered.
#![no_main]

use lastack::diagnostic::SourceFile;
use lastack::policy::Policies;
use lastack::scenario::{ScenarioFile, Setting};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let policies = Policies::shipped().expect("they are right");
    let texts: Vec<String> = String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect();
    let resolved = Setting::parse_all(&texts).and_then(|settings| {
        let file = ScenarioFile::parse(SourceFile::new("fuzzed.toml", "about = 'Fuzzed.'\n"))?;
        let _ = file.lacks(std::slice::from_ref(&file), &settings);
        file.resolve(std::slice::from_ref(&file), &policies, &settings, 1)
    });
    if let Err(mistakes) = resolved {
        let _ = mistakes.render(true);
    }
});
