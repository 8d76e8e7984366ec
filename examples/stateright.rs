//! Explores a shipped scenario with stateright's own checker, to be timed beside `lastack check`.
//!
//! ```sh
//! cargo run --release --example stateright -- simultaneous --set network.losses=2 --threads 2
//! ```

#![allow(clippy::missing_docs_in_private_items, clippy::panic, reason = "a program with one user")]

use std::time::Instant;

use clap::Parser;
use lastack::check::Library;
use lastack::model::{End, Kind, Observe, TimedWorld, WorldState};
use lastack::scenario::{Setting, WorldKind};
use lastack::tcp::State;
use stateright::{Checker, Model, Property};

/// Prints states, transitions and seconds of a breadth-first search for no-premature-closed.
#[derive(Parser)]
struct Options {
    scenario: String,
    /// As `lastack check` takes them.
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    #[arg(long, default_value_t = 1)]
    threads: usize,
}

/// The timed world, with a property that stateright can decide.
struct Checked(TimedWorld);

impl Model for Checked {
    type State = WorldState;
    type Action = <TimedWorld as Model>::Action;

    fn init_states(&self) -> Vec<WorldState> {
        self.0.init_states()
    }

    fn actions(&self, state: &WorldState, actions: &mut Vec<Self::Action>) {
        self.0.actions(state, actions);
    }

    fn next_state(&self, state: &WorldState, action: Self::Action) -> Option<WorldState> {
        self.0.next_state(state, action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("no-premature-closed", |_, state: &WorldState| {
                End::BOTH.into_iter().all(|end| {
                    state.end(end).left != Some(State::TimeWait) || state.in_flight(Some(Kind::Fin), end) == 0
                })
            }),
            // stateright stops when it has discovered something of every property: of this one, never.
            Property::sometimes("exhausted", |_, _| false),
        ]
    }
}

fn main() {
    let options = Options::parse();
    let library = Library::shipped().unwrap_or_else(|mistakes| panic!("{mistakes}"));
    let settings: Vec<Setting> = options
        .set
        .iter()
        .map(|text| Setting::parse(text).unwrap_or_else(|mistakes| panic!("{mistakes}")))
        .collect();
    let scenarios =
        library.scenarios(&[options.scenario], &settings, 1).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    for scenario in scenarios {
        assert_eq!(scenario.kind, WorldKind::Timed, "{} is not a timed world", scenario.name);
        let start = Instant::now();
        let world = Checked(TimedWorld::new(scenario.config));
        let checker = world.checker().threads(options.threads).spawn_bfs().join();
        let seconds = start.elapsed().as_secs_f64();
        if let Some(limit) = checker.model().0.limit() {
            panic!("{limit}");
        }
        let verdict = if checker.discovery("no-premature-closed").is_some() { "violated" } else { "holds" };
        // stateright counts the initial state as generated.
        let (states, transitions) = (checker.unique_state_count(), checker.state_count() - 1);
        println!("states={states} transitions={transitions} verdict={verdict} seconds={seconds:.3}");
    }
}
