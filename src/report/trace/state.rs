//! A state as names and values, for a page and for a terminal.

use serde::Serialize;

use super::words::{held_beyond_a_hole, ticks};
use crate::model::{Config, End, InFlightSegment, Incarnation, Observed, Snapshot};
use crate::tcp::{EndedBy, Endpoint, State, Timer};
use crate::trace::Trace;
use crate::trace::timeline::SegmentTimeline;

/// A name and a value, as text.
pub(crate) type Row = (&'static str, String);

/// A state.
#[derive(Serialize)]
pub(crate) struct StateView {
    pub(crate) ends: Vec<EndView>,
    /// The copies in flight.
    copies: Vec<CopyView>,
    /// `losses` and `duplicates`: how many were used of how many, or that they are unlimited.
    pub(crate) network: [Row; 2],
}

/// An end.
#[derive(Serialize)]
pub(crate) struct EndView {
    pub(crate) end: String,
    /// What a formula can observe, by its names; the state is the first.
    pub(crate) observations: Vec<Row>,
    /// How long it is until its timers are due, and of those that are, until they have to expire.
    pub(crate) timers: Vec<Row>,
    /// The variables that no formula observes; none in a run that is shown without its world.
    pub(crate) variables: Vec<Row>,
}

#[derive(Serialize)]
struct CopyView {
    label: String,
    segment: String,
    from: String,
    to: String,
    age: String,
    is_duplicate: bool,
}

impl StateView {
    /// A state of a trace in the world of `config`. `copies` are those in flight, by their names; `endpoints` what
    /// is known of the ends beyond observations.
    pub(crate) fn of(
        state: &Snapshot,
        trace: &Trace,
        (timeline, copies): (&SegmentTimeline, &[(InFlightSegment, usize)]),
        endpoints: Option<[Endpoint; 2]>,
        config: &Config,
    ) -> Self {
        let opens = trace.steps.iter().any(|step| step.after.is_opened());
        let [of_a, of_b] = endpoints.map_or([None, None], |endpoints| endpoints.map(Some));
        let timers = state.timers.unwrap_or_default();
        let timers = timers.into_iter().zip(trace.slack);
        let ends = End::BOTH.into_iter().zip(&state.ends).zip(timers).zip([of_a, of_b]);
        let ends = ends.map(|(((end, observed), (timers, slack)), endpoint)| {
            let left = |timer: Timer| {
                let left = timers.get(timer)?;
                let words = match left.checked_sub(slack) {
                    Some(until_due) if until_due > 0 => ticks(trace.time(until_due)),
                    _ if left > 0 => format!("due, in {} at the latest", ticks(trace.time(left))),
                    _ => "due".to_owned(),
                };
                Some((timer.name(), words))
            };
            EndView {
                end: end.to_string(),
                observations: observations(observed, opens),
                timers: Timer::ALL.into_iter().filter_map(left).collect(),
                variables: endpoint.map_or_else(Vec::new, |endpoint| variables(&endpoint)),
            }
        });
        let copy = |(flight, copy): &(InFlightSegment, usize)| CopyView {
            label: timeline.label(*copy).to_owned(),
            segment: flight.segment.to_string(),
            from: flight.to.peer().to_string(),
            to: flight.to.to_string(),
            age: flight.age.map_or_else(String::new, |age| ticks(trace.time(age))),
            is_duplicate: flight.is_duplicate,
        };
        Self {
            ends: ends.collect(),
            copies: copies.iter().map(copy).collect(),
            network: [
                ("losses", budget(state.losses, config.losses)),
                ("duplicates", budget(state.duplicates, config.duplicates)),
            ],
        }
    }
}

/// How many were used of a budget. Of an unlimited one nothing is counted, and 0 would be no number of these.
fn budget(used: u32, most: Option<u8>) -> String {
    most.map_or_else(|| "unlimited".to_owned(), |most| format!("{used} of {most}"))
}

/// What a formula can observe of an end. Taken apart by name, so that a new observation cannot be forgotten.
fn observations(observed: &Observed, opens: bool) -> Vec<Row> {
    let Observed {
        state,
        left,
        ended_by,
        sent,
        acked,
        delivered,
        fin_sent,
        fin_acked,
        fin_received,
        close_called,
        retransmissions,
        incarnation,
        old_octets,
        old_acked,
        ended_by_old,
    } = *observed;
    let mut rows = vec![
        ("state", state.name().to_owned()),
        ("left", left.map_or("NONE", State::name).to_owned()),
        ("ended_by", ended_by.map_or("NONE", EndedBy::name).to_owned()),
        ("close_called", close_called.to_string()),
        ("fin_sent", fin_sent.to_string()),
        ("fin_acked", fin_acked.to_string()),
        ("fin_received", fin_received.to_string()),
        ("sent", sent.to_string()),
        ("acked", acked.to_string()),
        ("delivered", delivered.to_string()),
        ("retransmissions", retransmissions.to_string()),
    ];
    if opens || incarnation != Incarnation::First {
        rows.extend([
            ("incarnation", (incarnation as u32).to_string()),
            ("old_octets", old_octets.to_string()),
            ("old_acked", old_acked.to_string()),
            ("ended_by_old", ended_by_old.to_string()),
        ]);
    }
    rows
}

/// What an end has beyond its observations.
fn variables(endpoint: &Endpoint) -> Vec<Row> {
    let mut rows = vec![
        ("SND.UNA", endpoint.snd_una.to_string()),
        ("SND.NXT", endpoint.snd_nxt.to_string()),
        ("RCV.NXT", endpoint.rcv_nxt.to_string()),
    ];
    let held: Vec<String> = held_beyond_a_hole(&endpoint.held).collect();
    let facts = [
        ("reader", endpoint.reader_gone, "the application reads no more".to_owned()),
        ("unread", endpoint.unread > 0, endpoint.unread.to_string()),
        ("ACK", endpoint.ack_delayed, "delayed".to_owned()),
        ("sent again", endpoint.resent > 0, endpoint.resent.to_string()),
        ("doublings", endpoint.doublings > 0, endpoint.doublings.to_string()),
        (
            "recover",
            endpoint.recover.is_some(),
            endpoint.recover.map_or_else(String::new, |recover| recover.to_string()),
        ),
        ("held", !held.is_empty(), held.join("; ")),
    ];
    rows.extend(facts.into_iter().filter(|(_, is_so, _)| *is_so).map(|(name, _, value)| (name, value)));
    rows
}
