//! The asynchronous world allows everything that the timed world does: it only forgets the time.

use std::collections::BTreeSet;

use lastack::check::Library;
use lastack::model::{End, Observe, TimedWorld, asynchronous_world};
use lastack::tcp::State;
use stateright::{Checker, Expectation, Model, StateRecorder};

type Pairs = BTreeSet<[State; 2]>;

fn pair(state: &impl Observe) -> [State; 2] {
    End::BOTH.map(|end| state.end(end).state)
}

fn timed_pairs(world: &TimedWorld) -> Pairs {
    let mut seen: std::collections::HashSet<_> = world.init_states().into_iter().collect();
    let mut pending: Vec<_> = seen.iter().copied().collect();
    let mut actions = Vec::new();
    while let Some(state) = pending.pop() {
        world.actions(&state, &mut actions);
        for action in actions.drain(..) {
            let next = world.next_state(&state, action).expect("within every bound");
            if seen.insert(next) {
                pending.push(next);
            }
        }
    }
    seen.iter().map(pair).collect()
}

#[test]
fn every_pair_of_states_of_the_timed_world_is_reached_without_a_clock() {
    let library = Library::shipped().unwrap();
    for name in
        ["sequential", "simultaneous", "no-time-wait", "delayed-ack", "time-wait-assassination", "gives-up"]
    {
        let config = library.scenarios(&[name.to_owned()], &[], 1).unwrap().remove(0).config;
        let timed = timed_pairs(&TimedWorld::new(config));

        let (recorder, visited) = StateRecorder::new_with_accessor();
        asynchronous_world(&config)
            // A property that is never decided keeps stateright going to the end.
            .property(Expectation::Sometimes, "never", |_, _| false)
            .checker()
            .visitor(recorder)
            .spawn_bfs()
            .join();
        let asynchronous: Pairs = visited().iter().map(pair).collect();

        assert!(timed.len() >= 9, "{name}: {timed:?}");
        assert!(
            timed.is_subset(&asynchronous),
            "{name}: {:?}",
            timed.difference(&asynchronous).collect::<Vec<_>>()
        );
    }
}
