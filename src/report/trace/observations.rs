//! An end and a segment as other programs read them, by the names that properties use.

use std::borrow::Cow;

use serde::Serialize;

use crate::model::{Kind, Observed, Timers};
use crate::tcp::{EndedBy, Segment, State, Timer};

const NONE: &str = "NONE";

/// What can be observed of an end.
#[derive(Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is an observation with a name of its own")]
pub(super) struct EndRecord {
    state: &'static str,
    left: &'static str,
    ended_by: &'static str,
    sent: u32,
    acked: u32,
    delivered: u32,
    fin_sent: bool,
    fin_acked: bool,
    fin_received: bool,
    close_called: bool,
    retransmissions: u32,
    /// Absent where no new connection is opened.
    #[serde(flatten)]
    opening: Option<OpeningRecord>,
}

/// What can be observed of an end where a new connection is opened.
#[derive(Serialize)]
struct OpeningRecord {
    incarnation: u32,
    old_octets: u32,
    old_acked: bool,
    ended_by_old: bool,
}

impl EndRecord {
    pub(super) fn of(end: &Observed, opens: bool) -> Self {
        let opening = OpeningRecord {
            incarnation: end.incarnation as u32,
            old_octets: end.old_octets,
            old_acked: end.old_acked,
            ended_by_old: end.ended_by_old,
        };
        Self {
            state: end.state.name(),
            left: end.left.map_or(NONE, State::name),
            ended_by: end.ended_by.map_or(NONE, EndedBy::name),
            sent: end.sent,
            acked: end.acked,
            delivered: end.delivered,
            fin_sent: end.fin_sent,
            fin_acked: end.fin_acked,
            fin_received: end.fin_received,
            close_called: end.close_called,
            retransmissions: end.retransmissions,
            opening: opens.then_some(opening),
        }
    }
}

/// A segment, as the world's endpoints send them.
#[derive(Serialize)]
pub(super) struct SegmentRecord {
    kind: Cow<'static, str>,
    seq: u32,
    ack: u32,
}

impl From<&Segment> for SegmentRecord {
    fn from(segment: &Segment) -> Self {
        // These worlds' endpoints send no others than those that have a kind.
        let kind = Kind::of(segment).map_or_else(|| segment.to_string().into(), |kind| kind.name().into());
        Self { kind, seq: segment.seq.0, ack: segment.ack.0 }
    }
}

/// That a timer expires, and how late.
pub(in crate::report::trace) fn expires(timer: Timer, late: Option<String>) -> String {
    let name = timer.name();
    late.map_or_else(|| format!("{name} timer expires"), |late| format!("{name} timer expires ({late} late)"))
}

/// The timers that run, and what each has left at the latest, in ticks or parts of a tick.
pub(super) fn running(timers: &Timers) -> impl Iterator<Item = (&'static str, u32)> {
    Timer::ALL.into_iter().filter_map(|timer| Some((timer.name(), timers.get(timer)?)))
}
