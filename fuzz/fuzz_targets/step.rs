//! Any lines as those of a session of `step`: each is obeyed or changes nothing, and the way back from what it has
//! done leads to the same state. The first byte selects the scenario.
//!
//! `cargo fuzz run step`

#![no_main]

use std::sync::{Arc, LazyLock};

use lastack::check::Library;
use lastack::diagnostic::SourceFile;
use lastack::report::terminal::Terminal;
use lastack::report::trace::saved::SavedTrace;
use lastack::scenario::{Scenario, WorldKind};
use lastack::stepping::{Reply, Session};
use libfuzzer_sys::fuzz_target;

static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::shipped().expect("they are right"));

static SCENARIOS: LazyLock<Vec<Arc<Scenario>>> = LazyLock::new(|| {
    let names: Vec<String> = LIBRARY.scenarios.iter().map(|file| file.name().to_owned()).collect();
    let all = LIBRARY.scenarios(&names, &[], 1).expect("they are right");
    all.into_iter().filter(|scenario| scenario.kind == WorldKind::Timed).collect()
});

/// Longer sessions find no more, and take long.
const MOST_LINES: usize = 40;

/// What is shown of a session: the steps so far, the state, and what may happen. How long a time is offered may
/// change: moments that a step has made finer stay so.
fn shown(session: &Session<'_>) -> Vec<String> {
    let mut session = session.clone();
    let mut lines = Vec::new();
    for line in ["path", "state"] {
        let Ok(Reply::Text(text)) = session.obey(line) else { panic!("{line} shows something") };
        lines.extend(text.lines().filter(|line| !line.contains("time passes")).map(str::to_owned));
    }
    lines
}

/// How many steps there are so far, of those that were not undone: the refusal to go back further ends with it.
fn steps(session: &Session<'_>) -> usize {
    let refusal = session.clone().obey(&format!("undo {}", usize::MAX)).expect_err("no run is as long");
    let number = refusal.0.first().and_then(|mistake| mistake.title.rsplit(' ').next()?.parse().ok());
    number.expect("it ends with the number")
}

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, lines)) = bytes.split_first() else { return };
    let Some(scenario) = SCENARIOS.get(usize::from(*choice) % SCENARIOS.len()) else { return };
    let instances = LIBRARY.instances("no-premature-closed").expect("it is shipped");
    let mut session = Session::new(scenario, instances, Terminal::PLAIN);
    let mut saved = None;
    for line in String::from_utf8_lossy(lines).lines().take(MOST_LINES) {
        let (before, steps_before) = (shown(&session), steps(&session));
        match session.obey(line) {
            Ok(Reply::Quit) => return,
            Ok(Reply::Text(_)) => {
                let (mut back, now) = (session.clone(), steps(&session));
                let way = if now >= steps_before {
                    format!("undo {}", now - steps_before)
                } else {
                    format!("redo {}", steps_before - now)
                };
                back.obey(&way).expect("there is a way back");
                assert_eq!(shown(&back), before, "{line} can be taken back");
            }
            Ok(Reply::Save(_, text, _)) => {
                let trace = SavedTrace::parse(&SourceFile::new("saved.json", text)).expect("it can be read");
                let mut other = session.clone();
                other.load(&trace, None).expect("what is saved can be opened");
                assert_eq!(shown(&other), before, "what is saved is the same run");
                saved = Some(trace);
            }
            Ok(Reply::Load(_, step)) => {
                if let Some(Err(mistakes)) = saved.as_ref().map(|trace| session.load(trace, step)) {
                    let _ = mistakes.render(true);
                }
            }
            Err(mistakes) => {
                let _ = mistakes.render(true);
                assert_eq!(shown(&session), before, "what is refused changes nothing");
            }
        }
    }
});
