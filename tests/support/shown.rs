//! The counterexamples and examples that are written in every form.

use std::sync::{Arc, LazyLock};

use lastack::check::{Library, Which, shortest_trace};
use lastack::explore::Limits;
use lastack::property::Instance;
use lastack::report::trace::{itf, mermaid};
use lastack::scenario::{Expected, Scenario, Setting};
use lastack::trace::Trace;
use serde_json::Value;

/// A trace and what it is of.
pub(crate) struct Shown {
    pub(crate) scenario: Arc<Scenario>,
    pub(crate) instance: Instance,
    pub(crate) trace: Trace,
}

impl Shown {
    pub(crate) fn name(&self) -> String {
        format!("{} in {} {:?}", self.instance.name(), self.scenario.name, self.scenario.changes)
    }

    pub(crate) fn itf(&self) -> Value {
        serde_json::from_str(&itf::trace(&self.scenario, &self.instance, &self.trace)).unwrap()
    }

    pub(crate) fn mermaid(&self) -> String {
        mermaid::diagram(&self.scenario, &self.instance, &self.trace)
    }
}

pub(crate) fn shown(library: &Library, scenario: &str, property: &str, settings: &[&str]) -> Shown {
    let settings: Vec<Setting> = settings.iter().map(|text| Setting::parse(text).unwrap()).collect();
    let scenario = library.scenarios(&[scenario.to_owned()], &settings, 1).unwrap().remove(0);
    let instances = library.instances(property).unwrap();
    let (instance, trace) = shortest_trace(&scenario, &instances, Limits::NONE).unwrap().found().unwrap();
    Shown { scenario, instance, trace }
}

/// The trace of every verdict `violated` or `possible` that a shipped scenario states, and some more with several
/// duplicates, and in real time.
pub(crate) static GALLERY: LazyLock<Vec<Shown>> = LazyLock::new(|| {
    let library = Library::shipped().unwrap();
    let mut gallery = Vec::new();
    for scenario in library.scenarios(Which::All, &[], 1).unwrap() {
        for stated in &scenario.expectations {
            if matches!(stated.verdict, Expected::Violated | Expected::Possible) {
                gallery.push(shown(&library, &scenario.name, &stated.property, &[]));
            }
        }
    }
    let more = ["network.duplicates=3", "network.losses=2"];
    gallery.push(shown(&library, "one-msl", "no-premature-closed", &more));
    gallery.push(shown(&library, "no-time-wait", "no-reset", &more));
    let thirds = ["network.msl=4", "network.duplicates=0", "tcp.time_wait=11", REAL_TIME];
    gallery.push(shown(&library, "sequential", "nothing-outlives-time-wait", &thirds));
    gallery.push(shown(&library, "dead-network", "last-ack-ends", &[REAL_TIME]));
    gallery.push(shown(&library, "one-msl", "no-premature-closed", &[more[0], more[1], REAL_TIME]));
    gallery
});

const REAL_TIME: &str = "network.delays=\"any\"";

pub(crate) fn of(scenario: &str, property: &str) -> &'static Shown {
    let is_it = |shown: &&Shown| shown.scenario.name == scenario && shown.instance.property.name == property;
    GALLERY.iter().find(is_it).unwrap()
}
