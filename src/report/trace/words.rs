//! Steps in words: what happens, and what it changes.

use crate::model::{End, Event, InFlightSegment, Snapshot, Step};
use crate::tcp::{Held, Timer};
use crate::trace::Ticks;
use crate::trace::Trace;
use crate::trace::timeline::{SegmentTimeline, StepCopies};

/// What is said of time that passes and changes nothing.
pub(crate) const NO_TIMER_IS_DUE: &str = "no timer is due";

/// A step in words, its copies by their names.
pub(crate) fn step(event: &Event, part: &StepCopies, timeline: &SegmentTimeline, trace: &Trace) -> String {
    let label = part.subject.map_or("", |subject| timeline.label(subject));
    event_in_words(event, label, trace.parts)
}

/// An event in words; `label` names the copy that it is about, if there is one.
pub(crate) fn event_in_words(event: &Event, label: &str, per_tick: u32) -> String {
    match event {
        Event::Call(end, call) => format!("{end} calls {}", call.name()),
        Event::Timeout(end, timer) => format!("{end}'s {} timer expires", timer.name()),
        Event::Deliver(flight) => format!("{label} {} arrives at {}", flight.segment, flight.to),
        Event::Lose(flight) => format!("{label} {} to {} is lost", flight.segment, flight.to),
        Event::Duplicate(flight) => format!("{label} {} to {} is duplicated", flight.segment, flight.to),
        Event::Pass(parts) => format!("time passes: {}", ticks(Ticks { parts: *parts, per_tick })),
    }
}

/// What kind of a thing happens: the page has a sign for each.
pub(crate) fn kind(event: &Event) -> &'static str {
    match event {
        Event::Call(..) => "call",
        Event::Timeout(..) => "timer",
        Event::Deliver(_) => "arrival",
        Event::Lose(_) => "loss",
        Event::Duplicate(_) => "duplicate",
        Event::Pass(_) => "time",
    }
}

/// A length of time with its unit.
pub(crate) fn ticks(time: Ticks) -> String {
    format!("{time} tick{}", if (1..=time.per_tick).contains(&time.parts) { "" } else { "s" })
}

/// What a step changes, apart from what happens: a line each. `slack` is how late the timers of A and B may be;
/// durations are in ticks that have so many parts.
pub(crate) fn changes(before: &Snapshot, step: &Step, slack: [u32; 2], per_tick: u32) -> String {
    let ticks = |parts: u32| ticks(Ticks { parts, per_tick });
    let is_passing = matches!(step.event, Event::Pass(_));
    let mut changes = Vec::new();
    for ((end, was), is) in End::BOTH.into_iter().zip(&before.ends).zip(&step.after.ends) {
        if was.state != is.state {
            changes.push(format!("{end} {} → {}", was.state, is.state));
        }
        let octets = is.delivered.saturating_sub(was.delivered);
        if octets > 0 {
            changes.push(format!("{end} reads {octets} octet{}", if octets == 1 { "" } else { "s" }));
        }
    }
    changes.extend(step.sent.map(|flight| format!("{} sends {}", flight.to.peer(), flight.segment)));
    let lost = step.expired.iter().filter(|flight| !flight.is_duplicate);
    changes.extend(lost.map(|flight| format!("{} reaches the MSL: it is lost", way(flight))));
    let gone = step.expired.iter().filter(|flight| flight.is_duplicate);
    changes.extend(gone.map(|flight| format!("{} (duplicate) reaches the MSL", way(flight))));
    let timers = before.timers.unwrap_or_default().into_iter().zip(step.after.timers.unwrap_or_default());
    for ((end, slack), (was, is)) in End::BOTH.into_iter().zip(slack).zip(timers) {
        for timer in Timer::ALL {
            let name = timer.name();
            match (was.get(timer), is.get(timer)) {
                (Some(was), Some(left)) if is_passing && was > slack && left <= slack => {
                    changes.push(format!("{end}'s {name} timer is due"));
                }
                (Some(_), Some(_)) if is_passing => {}
                // One that expires is set again, or has had its turn.
                (Some(_), None) if step.event == Event::Timeout(end, timer) => {}
                (was, is) if was == is => {}
                (_, Some(left)) => {
                    changes.push(format!("{end}'s {name} timer is set: {}", ticks(left.saturating_sub(slack))));
                }
                (_, None) => changes.push(format!("{end}'s {name} timer stops")),
            }
        }
    }
    if changes.is_empty() {
        changes.push(if is_passing { NO_TIMER_IS_DUE } else { "nothing changes at either end" }.to_owned());
    }
    changes.join("\n")
}

fn way(flight: &InFlightSegment) -> String {
    format!("{} → {} → {}", flight.to.peer(), flight.segment, flight.to)
}

/// What has arrived beyond a hole.
pub(crate) fn held_beyond_a_hole(held: &Held) -> impl Iterator<Item = String> + '_ {
    let text = held.text().iter().map(|(from, to)| format!("text is held from {from} up to {to}, without that"));
    text.chain(held.fin().map(|fin| format!("FIN {fin} is held")))
}
