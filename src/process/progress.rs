//! How far a run has come, on a terminal.

use std::io::{self, IsTerminal};
use std::sync::Mutex;
use std::time::Duration;

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressStyle};

use crate::explore::{ExplorationStats, Phase};
use crate::report::quantity::per_second;
use crate::scenario::Scenario;

/// Lines on stderr that show what is being explored; none where stderr is no terminal.
#[derive(Debug)]
pub(crate) struct Progress {
    bar: ProgressBar,
    /// The scenarios that are being explored, the longest first.
    exploring: Mutex<Vec<(Scenario, Phase, ExplorationStats)>>,
}

impl Progress {
    /// Progress on stderr, if it is wanted and stderr is a terminal.
    #[must_use]
    pub(crate) fn on_stderr(is_wanted: bool) -> Self {
        let bar = if is_wanted && io::stderr().is_terminal() {
            ProgressBar::new_spinner()
        } else {
            ProgressBar::hidden()
        };
        // The cursor waits at the right edge, so that the `^C` that a terminal echoes begins a line of its own. To
        // take the lines away then begins one line too low and leaves the first: it is empty.
        if let Ok(style) = ProgressStyle::with_template("\n{spinner} {elapsed_precise}  {prefix}\n  {wide_msg}") {
            bar.set_style(style.tick_chars("-\\|/ "));
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar, exploring: Mutex::default() }
    }

    /// Shows how far the exploration of a scenario has come.
    pub(crate) fn update(&self, scenario: &Scenario, phase: Phase, stats: &ExplorationStats) {
        if self.bar.is_hidden() {
            return;
        }
        let Ok(mut exploring) = self.exploring.lock() else {
            return;
        };
        match exploring.iter_mut().find(|(one, ..)| one.name == scenario.name) {
            Some(known) => (known.1, known.2) = (phase, *stats),
            None => exploring.push((scenario.clone(), phase, *stats)),
        }
        self.show(&exploring);
    }

    /// A scenario is done; `report` may write to the terminal.
    pub(crate) fn done(&self, scenario: &Scenario, report: impl FnOnce()) {
        if let Ok(mut exploring) = self.exploring.lock() {
            exploring.retain(|(one, ..)| one.name != scenario.name);
            self.show(&exploring);
        }
        self.bar.suspend(report);
    }

    /// Takes the lines away.
    pub(crate) fn finish(&self) {
        self.bar.finish_and_clear();
    }

    fn show(&self, exploring: &[(Scenario, Phase, ExplorationStats)]) {
        let [head, line] = match exploring {
            [] => [String::new(), String::new()],
            [(scenario, phase, stats), others @ ..] => {
                [head(&scenario.name, *phase, stats, others.len()), line(stats, scenario.unit())]
            }
        };
        self.bar.set_prefix(head);
        self.bar.set_message(line);
    }
}

/// The phase, and the memory that it takes.
fn head(name: &str, phase: Phase, stats: &ExplorationStats, others: usize) -> String {
    let phase = match phase {
        Phase::Exploration => "exploring",
        Phase::Cycles => "looking for cycles",
        Phase::CrossCheck => "stateright explores it, too",
    };
    let memory = match stats.bytes {
        0 => String::new(),
        bytes => format!(", {}", HumanBytes(bytes as u64)),
    };
    let others = if others == 0 { String::new() } else { format!("; {others} more") };
    format!("{name}: {phase}{memory}{others}")
}

/// How far it has come, the most important first: a narrow terminal cuts the rest off.
fn line(stats: &ExplorationStats, unit: &str) -> String {
    let mut parts = vec![
        format!("{} {unit}s", HumanCount(stats.states as u64)),
        format!("{} transitions/s", HumanCount(per_second(stats.transitions, stats.elapsed))),
        format!("frontier {}", HumanCount(stats.frontier as u64)),
    ];
    parts.extend(stats.depth.map(|depth| format!("depth {depth}")));
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_two_lines() {
        let stats = ExplorationStats {
            states: 123_456_789,
            frontier: 3_456_789,
            transitions: 723_456_789,
            depth: Some(45),
            bytes: 12 << 30,
            elapsed: Duration::from_mins(5),
        };
        insta::assert_snapshot!(line(&stats, "state"), @"123,456,789 states, 2,411,522 transitions/s, frontier 3,456,789, depth 45");
        // stateright reports neither.
        let asynchronous = ExplorationStats { depth: None, bytes: 0, ..stats };
        insta::assert_snapshot!(line(&asynchronous, "state"), @"123,456,789 states, 2,411,522 transitions/s, frontier 3,456,789");
        insta::assert_snapshot!(head("asynchronous", Phase::Exploration, &asynchronous, 3), @"asynchronous: exploring; 3 more");
        insta::assert_snapshot!(head("two-losses", Phase::Exploration, &stats, 0), @"two-losses: exploring, 12.00 GiB");
        insta::assert_snapshot!(head("two-losses", Phase::Cycles, &stats, 3), @"two-losses: looking for cycles, 12.00 GiB; 3 more");
    }
}
