//! States and steps of the timed world in words.

use std::fmt::Write;

use crate::model::{
    Action, End, Incarnation, Layout, Observe, OldCopies, TimedWorld, Timers, World, WorldEnd, WorldState,
};
use crate::report::trace::words::{changes, held_beyond_a_hole};
use crate::tcp::{Endpoint, Timer};

/// All of a state: two different states have different descriptions.
pub(super) fn state<L: Layout>(state: &WorldState<L>) -> String {
    let mut text = String::new();
    for each in End::BOTH {
        let (known, timers) = state.world_end(each);
        end(&mut text, each, &known, &timers);
        if L::OPENS {
            opening(&mut text, &known);
        }
    }
    text.push_str("in flight\n");
    let is_opened = End::BOTH.iter().any(|end| state.end(*end).incarnation == Incarnation::Second);
    for copy in state.network().copies() {
        let old = if is_opened && copy.incarnation() == Incarnation::First { "old " } else { "" };
        let _ = writeln!(text, "  {old}{copy}, age {}", ticks(copy.age()));
    }
    if state.network().is_empty() {
        text.push_str("  nothing\n");
    }
    // A budget that is unlimited counts nothing, and the state does not know whether it is: 0 is not shown.
    let budgets = [("losses", state.losses()), ("duplicates", state.duplicates())];
    let used = budgets.iter().filter(|(_, used)| *used > 0).map(|(name, used)| format!("{name} {used}"));
    text.push_str(&used.collect::<Vec<_>>().join(", "));
    text
}

fn end(text: &mut String, end: End, known: &WorldEnd, timers: &Timers) {
    // Taken apart by name, so that a new field cannot be forgotten. The fields that are left out are the same in
    // every world.
    let Endpoint {
        state,
        left,
        ended_by,
        listens: _,
        iss: _,
        irs: _,
        snd_una,
        snd_nxt,
        rcv_nxt,
        fin_sent,
        fin_received,
        close_called,
        reader_gone,
        unread,
        held,
        ack_delayed,
        retransmissions,
        doublings,
        resent,
        recover,
        transfer: _,
    } = &known.endpoint;
    let _ = write!(text, "{end} {state}");
    if let Some(left) = left {
        let _ = write!(text, ", from {left}");
    }
    if let Some(ended_by) = ended_by {
        let _ = write!(text, ", ended by {}", ended_by.name());
    }
    let _ = writeln!(text, "\n  SND.UNA {snd_una}, SND.NXT {snd_nxt}, RCV.NXT {rcv_nxt}");
    let facts = [
        (*close_called, "the application has closed"),
        (*fin_sent, "its FIN is sent"),
        (known.endpoint.fin_acked(), "its FIN is acknowledged"),
        (*fin_received, "the peer's FIN is received"),
        (*reader_gone, "the application reads no more"),
        (*unread > 0, "text is unread"),
        (*ack_delayed, "an ACK is delayed"),
        (*resent > 0, "SND.UNA was sent again"),
    ];
    for (_, fact) in facts.iter().filter(|(is_so, _)| *is_so) {
        let _ = writeln!(text, "  {fact}");
    }
    if let Some(recover) = recover {
        let _ = writeln!(text, "  segments before {recover} are sent again as ACKs arrive");
    }
    for held in held_beyond_a_hole(held) {
        let _ = writeln!(text, "  {held}");
    }
    for (number, what) in [(*retransmissions, "retransmissions"), (*doublings, "doublings of the timeout")] {
        if number > 0 {
            let _ = writeln!(text, "  {what}: {number}");
        }
    }
    for timer in Timer::ALL {
        match timers.get(timer) {
            Some(0) => {
                let _ = writeln!(text, "  {} timer: due", timer.name());
            }
            Some(left) => {
                let _ = writeln!(text, "  {} timer: {} left", timer.name(), ticks(left));
            }
            None => {}
        }
    }
}

/// What only worlds that open a connection have to tell of an end.
fn opening(text: &mut String, known: &WorldEnd) {
    let WorldEnd { endpoint, incarnation, old } = known;
    let OldCopies { octets, acked, ended, .. } = *old;
    // Until the peer's SYN is there, it is the number before the first.
    let irs = if endpoint.irs.0 == u32::MAX { "none yet".to_owned() } else { endpoint.irs.to_string() };
    let _ = writeln!(text, "  incarnation {}, ISS {}, IRS {irs}", *incarnation as u8, endpoint.iss);
    let facts = [
        (endpoint.listens, "a passive OPEN stands for its port"),
        (acked, "an old ACK has counted"),
        (ended, "an old segment has ended it"),
    ];
    for (_, fact) in facts.iter().filter(|(is_so, _)| *is_so) {
        let _ = writeln!(text, "  {fact}");
    }
    if octets > 0 {
        let _ = writeln!(text, "  old octets delivered: {octets}");
    }
    for number in old.held_numbers(endpoint.irs) {
        let _ = writeln!(text, "  {number} is held, and old");
    }
}

/// What a step changes, apart from its action; durations are in ticks of which the world has so many.
pub(super) fn step<L: Layout>(
    world: &TimedWorld<L>,
    before: &WorldState<L>,
    action: Action,
    after: &WorldState<L>,
    per_tick: u32,
) -> String {
    changes(&world.snapshot(before), &world.describe_step(before, &action, after), world.slack(), per_tick)
}

fn ticks(number: u32) -> String {
    format!("{number} tick{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use std::collections::{HashMap, HashSet};

    use insta::assert_snapshot;

    use super::*;
    use crate::check::Library;
    use crate::model::{Config, TwoIncarnations};

    fn world(scenario: &str) -> TimedWorld {
        TimedWorld::new(config(scenario))
    }

    fn config(scenario: &str) -> Config {
        let library = Library::shipped().unwrap();
        library.scenarios(&[scenario.to_owned()], &[], 1).unwrap()[0].config
    }

    /// In the first states of a world no two descriptions are equal, nor are those of two actions of a state.
    fn are_different<L: Layout>(world: &TimedWorld<L>) {
        let mut described = HashMap::new();
        let mut seen = HashSet::new();
        let mut pending = vec![world.initial().unwrap()];
        while let Some(next) = pending.pop() {
            if seen.len() > 30_000 || !seen.insert(next) {
                continue;
            }
            let other = described.insert(state(&next), next);
            assert!(other.is_none_or(|other| other == next), "{}", state(&next));
            let mut actions = Vec::new();
            world.enabled(&next, &mut actions);
            // Copies of different age are told apart by what is in flight.
            let apart =
                |action: &Action| !matches!(action, Action::Deliver(_) | Action::Lose(_) | Action::Duplicate(_));
            let names: Vec<String> = actions.iter().filter(|one| apart(one)).map(ToString::to_string).collect();
            assert_eq!(names.len(), names.iter().collect::<HashSet<_>>().len(), "{names:?}");
            pending.extend(actions.into_iter().map(|action| world.step(&next, action).unwrap()));
        }
    }

    /// In worlds that use every part of an endpoint.
    #[test]
    fn different_states_have_different_descriptions() {
        for scenario in ["backoff", "gives-up", "delayed-ack", "close-with-late-data", "one-msl"] {
            are_different(&world(scenario));
        }
        for scenario in ["old-ack", "rfc1337-old-octet", "half-open-reopens"] {
            are_different(&TimedWorld::<TwoIncarnations>::with_layout(config(scenario)));
        }
    }

    /// A copy of the former connection that finds the new one.
    #[test]
    fn an_old_copy_is_called_old() {
        let world = TimedWorld::<TwoIncarnations>::with_layout(config("rfc1337-old-reset"));
        let mut now = world.initial().unwrap();
        for wanted in ["A calls shutdown", "A → FIN seq=1 ack=1 → B is duplicated", "A → FIN seq=1 ack=1 → B"]
        {
            let mut actions = Vec::new();
            world.enabled(&now, &mut actions);
            now = world.step(&now, *actions.iter().find(|one| one.to_string() == wanted).unwrap()).unwrap();
        }
        let mut seen = HashSet::new();
        let mut pending = std::collections::VecDeque::from([now]);
        let opened = loop {
            let next = pending.pop_front().unwrap();
            if state(&next).contains("  old ") && state(&next).contains("(new)") {
                break next;
            }
            let mut actions = Vec::new();
            world.enabled(&next, &mut actions);
            for action in actions {
                let after = world.step(&next, action).unwrap();
                if seen.insert(after) {
                    pending.push_back(after);
                }
            }
        };
        assert_snapshot!(state(&opened));
    }

    /// A connection that loses its last ACK, as the explorer describes it.
    #[test]
    fn steps_are_described() {
        let world = world("sequential");
        let mut now = world.initial().unwrap();
        let mut text = String::new();
        for wanted in [
            "A calls shutdown",
            "A → FIN seq=1 ack=1 → B is duplicated",
            "A → FIN seq=1 ack=1 → B",
            "B → ACK seq=1 ack=2 → A",
            "B calls shutdown",
            "B → FIN seq=1 ack=2 → A",
            "tick",
            "A → ACK seq=2 ack=2 → B is lost",
            "tick",
            "B's retransmission timer expires",
            "B → FIN seq=1 ack=2 → A",
        ] {
            let mut actions = Vec::new();
            world.enabled(&now, &mut actions);
            let action = actions.into_iter().find(|action| action.to_string() == wanted);
            let action = action.unwrap_or_else(|| panic!("not enabled: {wanted}"));
            let next = world.step(&now, action).unwrap();
            let _ = writeln!(text, "{action}\n  {}", step(&world, &now, action, &next, 1).replace('\n', "\n  "));
            now = next;
        }
        let _ = writeln!(text, "\n{}", state(&now));
        assert_snapshot!(text);
    }
}
