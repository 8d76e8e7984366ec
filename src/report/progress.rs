//! How far a run has come, on a terminal.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal};
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use crate::check::Extent;
use crate::world::Scenario;

/// A line on stderr that tells what is being explored; none where stderr is no terminal.
#[derive(Debug)]
pub struct Progress {
    bar: ProgressBar,
    /// States found so far, by scenario.
    exploring: Mutex<BTreeMap<String, usize>>,
}

impl Progress {
    /// Progress on stderr, if somebody can see it.
    #[must_use]
    pub fn on_stderr() -> Self {
        let bar = if io::stderr().is_terminal() { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg} {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar, exploring: Mutex::default() }
    }

    /// Tells how far the exploration of a scenario has come.
    pub fn update(&self, scenario: &Scenario, extent: &Extent) {
        if self.bar.is_hidden() {
            return;
        }
        let Ok(mut exploring) = self.exploring.lock() else {
            return;
        };
        exploring.insert(scenario.name.clone(), extent.states);
        let told: Vec<String> = exploring
            .iter()
            .map(|(name, states)| format!("{name}: {} states", HumanCount(*states as u64)))
            .collect();
        self.bar.set_message(told.join(", "));
    }

    /// A scenario is done; `report` may write to the terminal.
    pub fn done(&self, scenario: &Scenario, report: impl FnOnce()) {
        if let Ok(mut exploring) = self.exploring.lock() {
            exploring.remove(&scenario.name);
        }
        self.bar.suspend(report);
    }

    /// Takes the line away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
