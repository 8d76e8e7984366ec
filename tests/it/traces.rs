//! The shortest counterexample of every scenario that has one, as its reader sees it.

use std::fmt::Write;

use lastack::check::{Library, shortest_trace};
use lastack::explore::Limits;
use lastack::model::{Action, End, Observe, TimedWorld};
use lastack::report::terminal::Terminal;
use lastack::report::trace::ladder;
use lastack::tcp::{AfterTimeout, Call, State};

/// The ladder of a scenario's property, and the number of its steps.
fn ladder_of(scenario: &str, property: &str, terminal: Terminal) -> String {
    let library = Library::shipped().unwrap();
    let scenario = library.scenarios(&[scenario.to_owned()], &[], 1).unwrap().remove(0);
    let instances = library.instances(property).unwrap();
    let (instance, trace) =
        shortest_trace(&scenario, &instances, Limits::NONE).unwrap().found().expect("there is a trace");
    let ladder = ladder::draw(&scenario, &instance, &trace, terminal);
    assert!(ladder.lines().all(|line| line.chars().count() <= terminal.width), "{ladder}");
    assert!(terminal.utf8 || ladder.is_ascii(), "{ladder}");
    format!("{} steps\n{ladder}", trace.steps.len())
}

macro_rules! pinned {
    ($($test:ident: $scenario:literal $property:literal;)*) => {
        $(#[test]
        fn $test() {
            insta::assert_snapshot!(ladder_of($scenario, $property, Terminal::PLAIN));
        })*
    };
}

pinned! {
    one_msl: "one-msl" "no-premature-closed";
    no_time_wait: "no-time-wait" "no-premature-closed";
    no_time_wait_no_reset: "no-time-wait" "no-reset";
    no_restart: "no-restart" "no-premature-closed";
    two_losses: "two-losses" "no-premature-closed";
    backoff: "backoff" "no-premature-closed";
    half_close: "half-close" "no-premature-closed";
    data_in_flight: "data-in-flight" "no-premature-closed";
    lossy_for_ever: "lossy-for-ever" "nobody-waits-for-the-gone";
    gives_up: "gives-up" "half-open-is-reached";
    time_wait_assassination: "time-wait-assassination" "no-reset";
    time_wait_assassination_no_premature_closed: "time-wait-assassination" "no-premature-closed";
    three_flights: "sequential" "nothing-outlives-time-wait";
    abort: "abort" "no-reset";
    close_with_late_data: "close-with-late-data" "closed-means-delivered";
    asynchronous: "asynchronous" "no-premature-closed";
    simultaneous: "simultaneous" "both-reach-closing";
    sequential: "sequential" "stale-fin-meets-closed";
    dead_network: "dead-network" "both-close";
    dead_network_last_ack: "dead-network" "last-ack-ends";
    dead_network_time_wait: "dead-network" "time-wait-ends";
    never_closes: "never-closes" "both-close";
    gives_up_forever: "gives-up" "both-close";
    close_with_late_data_half_close: "close-with-late-data" "half-close-drains";
}

/// A lasso with a duplicate, a loss and a delivery that is late, on terminals of every kind.
#[test]
fn terminals_of_every_kind() {
    let of = |width, utf8| ladder_of("dead-network", "time-wait-ends", Terminal { width, utf8 });
    insta::assert_snapshot!("ascii_80", of(80, false));
    insta::assert_snapshot!("ascii_120", of(120, false));
    insta::assert_snapshot!("utf8_120", of(120, true));
    // Of every world: no character is left that such a terminal cannot show.
    for (scenario, property) in [("simultaneous", "both-reach-closing"), ("asynchronous", "no-premature-closed")] {
        ladder_of(scenario, property, Terminal { width: 80, utf8: false });
    }
}

/// A sends three octets and a FIN, which are all lost, and from then on nothing is: what is sent, and in which
/// tick.
fn four_lost(after_timeout: AfterTimeout) -> String {
    let library = Library::shipped().unwrap();
    let mut config = library.scenarios(&["sequential".to_owned()], &[], 1).unwrap().remove(0).config;
    config.losses = Some(4);
    config.duplicates = Some(0);
    config.a.application.sends = 3;
    config.a.policy.retransmission.after_timeout = after_timeout;
    let world = TimedWorld::new(config);
    let mut state = world.initial().unwrap();
    let mut actions = String::new();
    let mut tick = 0;
    let mut enabled = Vec::new();
    while state.end(End::A).state != State::FinWait2 {
        enabled.clear();
        world.enabled(&state, &mut enabled);
        let first = |wanted: fn(&Action) -> bool| enabled.iter().copied().find(wanted);
        let burst = state.losses() < 4;
        let action = first(|action| matches!(action, Action::Call(End::A, Call::Send)))
            .or_else(|| first(|action| matches!(action, Action::Call(End::A, Call::Shutdown))))
            .or_else(|| first(|action| matches!(action, Action::Lose(_))).filter(|_| burst))
            .or_else(|| first(|action| matches!(action, Action::Deliver(_))))
            .or_else(|| first(|action| matches!(action, Action::Timeout(..))))
            .unwrap_or(Action::Tick);
        if action == Action::Tick {
            tick += 1;
        } else {
            writeln!(actions, "{tick:>2}  {action}").unwrap();
        }
        state = world.step(&state, action).unwrap();
    }
    actions
}

/// RFC 5681 §3.1: a FIN behind lost octets waits for one timeout, and then for the ACKs of the octets.
#[test]
fn a_fin_behind_lost_octets() {
    insta::assert_snapshot!("a_fin_behind_lost_octets", four_lost(AfterTimeout::NextOnAck));
    insta::assert_snapshot!("a_fin_behind_lost_octets_one_per_timeout", four_lost(AfterTimeout::OnePerTimeout));
}
