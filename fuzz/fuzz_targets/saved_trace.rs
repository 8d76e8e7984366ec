//! Any text as a saved trace: a run of the model, which can be saved and replayed again, the step at which it
//! parts from one, or a diagnostic that can be rendered.
//!
//! `cargo fuzz run saved_trace`

#![no_main]

use std::slice::from_ref;
use std::sync::LazyLock;

use lastack::check::Library;
use lastack::diagnostic::{Diagnostics, SourceFile};
use lastack::report::terminal::Terminal;
use lastack::report::trace::TraceFormat;
use lastack::report::trace::saved::{SavedReplay, SavedTrace};
use lastack::scenario::{Setting, WorldKind};
use lastack::stepping::Session;
use libfuzzer_sys::fuzz_target;

static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::shipped().expect("they are right"));

fn replay(text: &str) -> Result<(), Diagnostics> {
    let saved = SavedTrace::parse(&SourceFile::new("fuzzed.json", text))?;
    let settings = Setting::parse_all(&saved.settings)?;
    let scenarios = LIBRARY.scenarios(from_ref(&saved.scenario), &settings, saved.scale)?;
    let scenario = scenarios.first().expect("it was named");
    if scenario.kind != WorldKind::Timed {
        return Ok(());
    }
    let instances = saved.instance.as_ref().map(|name| LIBRARY.instances(name)).transpose()?.unwrap_or_default();
    let instance = instances.first();
    let SavedReplay { trace, saved: length, parted, .. } = saved.replay(scenario, instance);
    let mut session = Session::new(scenario, instances.clone(), Terminal::PLAIN);
    if let Some((step, differences)) = parted {
        assert!((1..=length).contains(&step), "it parts at step {step} of {length}");
        assert!(!differences.is_empty(), "it parts somehow");
        assert!(session.load(&saved, None).is_err(), "it is no run");
        return Ok(());
    }
    assert_eq!(trace.steps.len(), length, "it is replayed to its end");
    if let Some(instance) = instance {
        for format in [TraceFormat::Json, TraceFormat::Itf] {
            let bytes = format.write(scenario, instance, &trace, Terminal::PLAIN)?;
            let source = SourceFile::new("again.json", String::from_utf8_lossy(&bytes));
            let again = SavedTrace::parse(&source).expect("what is written can be read").replay(scenario, None);
            assert_eq!((again.parted, again.saved), (None, length));
        }
    }
    session.load(&saved, None)?;
    session.obey("path")?;
    session.obey("properties")?;
    Ok(())
}

fuzz_target!(|bytes: &[u8]| {
    if let Err(mistakes) = replay(&String::from_utf8_lossy(bytes)) {
        let _ = mistakes.render(true);
    }
});
