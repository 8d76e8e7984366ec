//! The end that waits when the capture ends, and what it waits for.
//!
//! RFC 9293 §3.8.1, RFC 6298 §5: a TCP sends again what is not acknowledged. So an end waits for an ACK only if it
//! does that; one that is silent has been answered, and the answer was not captured.

use super::captured_packet::{Packet, Side};
use super::connection::Connection;
use super::diagnosis::{Diagnosis, passed};
use super::ending::{Ending, Unacknowledged};
use super::explanation::SILENCE_NANOSECONDS;
use super::hypothesis::{Cause, Change};
use super::progress::Repeated;
use crate::tcp::{EndedBy, State};

/// RFC 1122 §4.2.3.5: before three retransmissions, a TCP does not even ask for another way. Fewer do not make an
/// end stuck.
const TRIES: usize = 3;
/// Text that was sent so often has been sent again [`TRIES`] times.
const COPIES: u32 = 4;
/// So many probes of a closed window have shown that it stays closed.
const PROBES: u32 = 2;
/// Text of fewer octets fits through every link, in one packet: RFC 1122 §3.3.2.
const FITS_EVERYWHERE: u32 = 536;

/// An end in the last of its states, by the simplest account.
#[derive(Clone, Copy)]
struct InState {
    side: Side,
    /// What led to the state.
    change: Change,
    /// When that was captured, in nanoseconds since 1970.
    since: i64,
}

impl Diagnosis {
    /// An end that has closed its window, or that is sent the same again and again.
    pub(super) fn unanswered(&self, connection: &Connection, end: i64) -> Option<Ending> {
        let closed_window = |side: Side| {
            let (_, time) = connection.progress(side).closed_window?;
            let (since, probes) = (passed(time, end), connection.progress(side.other()).probes);
            (since >= SILENCE_NANOSECONDS && probes >= PROBES).then_some(Ending::ClosedWindow {
                side,
                since,
                probes,
            })
        };
        let unanswered = |side: Side| self.unanswered_of(connection, side);
        Side::BOTH.into_iter().find_map(closed_window).or_else(|| Side::BOTH.into_iter().find_map(unanswered))
    }

    fn unanswered_of(&self, connection: &Connection, side: Side) -> Option<Ending> {
        let progress = connection.progress(side);
        let is_enough = |repeated: &Repeated| repeated.times >= COPIES && repeated.lasts() >= SILENCE_NANOSECONDS;
        let text = progress.unacknowledged.filter(|repeated| repeated.len > 0 && is_enough(repeated));
        let alive = progress.keep_alives.filter(is_enough);
        let repeated = text.or(alive)?;
        let fits = repeated.len <= progress.longest_acknowledged.max(FITS_EVERYWHERE);
        let what = match text {
            None => Unacknowledged::KeepAlive,
            Some(_) if fits || progress.longest_acknowledged == 0 => Unacknowledged::Text,
            Some(_) => Unacknowledged::LongText,
        };
        // A TCP that receives a FIN beyond what it has acknowledges what it has.
        let is_bare_fin = |packet: &Packet| {
            let is_later = packet.number > repeated.first.0;
            packet.from == side && is_later && packet.segment.flags.fin && packet.segment.len == 0
        };
        let is_short_unanswered = progress.heard == 0 && connection.packets.iter().any(is_bare_fin);
        Some(Ending::Unanswered {
            side,
            state: self.explanation(side).state(),
            what,
            repeated,
            longest_acknowledged: progress.longest_acknowledged,
            // A packet of the other end would have ended a row of keep-alives.
            heard: if text.is_some() { progress.heard } else { 0 },
            is_before_fin: text.is_some() && self.again(side).fin.is_some(),
            is_short_unanswered,
        })
    }

    /// No FIN was captured, but an end has acknowledged, long ago, a number that was not captured either, and may
    /// have been that of a FIN.
    pub(super) fn perhaps_closed(&self, connection: &Connection, end: i64) -> Option<Ending> {
        let is_waiting = |side: &Side| self.explanation(*side).state() == Some(State::CloseWait);
        let side = Side::BOTH.into_iter().find(is_waiting)?;
        let entered = connection.packets.get(self.explanation(side).changes.last()?.index)?;
        (passed(entered.time, end) >= SILENCE_NANOSECONDS).then(|| not_shown(side, State::CloseWait, connection))
    }

    /// Who waits in which state.
    pub(super) fn waiting(&self, connection: &Connection, end: i64) -> Ending {
        let sides = [self.a, self.a.other()];
        if let Some((side, state)) = sides.into_iter().find_map(|side| Some((side, self.has_given_up(side)?))) {
            return Ending::GaveUp { side, state, silence: passed(connection.last.1, end) };
        }
        let in_state = |side: Side| {
            let change = *self.explanation(side).changes.last()?;
            Some(InState { side, change, since: connection.packets.get(change.index)?.time })
        };
        let ends: Vec<InState> = sides.into_iter().filter_map(in_state).collect();
        let awaits_ack =
            |one: &&InState| matches!(one.change.state, State::FinWait1 | State::LastAck | State::Closing);
        // An end that sends its FIN again and again is worse off than one that does not.
        let tries = |one: &&InState| self.again(one.side).fin_gaps.len();
        if let Some(one) = ends.iter().filter(awaits_ack).max_by_key(tries) {
            return self.waiting_for_ack(*one, connection, end);
        }
        for wanted in [State::CloseWait, State::FinWait2, State::Established] {
            if let Some(one) = ends.iter().find(|one| one.change.state == wanted) {
                return self.waiting_for_peer(*one, connection, end);
            }
        }
        // Its FIN was acknowledged by an end that was not captured.
        sides
            .into_iter()
            .find(|side| self.left_unseen(*side))
            .map_or(Ending::Unknown, |side| not_shown(side, State::LastAck, connection))
    }

    /// The state in which it gave up, if it did, as what it did later shows. The timeout of `FIN_WAIT_2` is no
    /// giving up: everything of it was acknowledged.
    fn has_given_up(&self, side: Side) -> Option<State> {
        let end = self.explanation(side).end.as_ref()?;
        end.left.filter(|left| end.ended_by == Some(EndedBy::GiveUp) && *left != State::FinWait2)
    }

    /// It has left `LAST_ACK` with an ACK that was not captured.
    pub(super) fn left_unseen(&self, side: Side) -> bool {
        let explanation = self.explanation(side);
        let ended = explanation.end.as_ref().is_some_and(|end| end.ended_by == Some(EndedBy::Fin));
        let left = explanation.end.as_ref().and_then(|end| end.left);
        let by = explanation.changes.last().map(|change| change.cause);
        ended && left == Some(State::LastAck) && by == Some(Cause::Unseen)
    }

    fn waiting_for_ack(&self, one: InState, connection: &Connection, end: i64) -> Ending {
        let InState { side, change: Change { state, .. }, since: entered } = one;
        let again = self.again(side);
        // A FIN that was lost before it came to where packets are captured shows in the state alone.
        let (first, last) = again.fin.unwrap_or((entered, entered));
        let (since, silence) = (passed(first, end), passed(last, end));
        let due = again
            .fin_gaps
            .last()
            .map_or(SILENCE_NANOSECONDS, |gap| gap.saturating_mul(2).max(SILENCE_NANOSECONDS));
        // RFC 6298 §5.5: the time to the next attempt is as long as all those before it.
        let patience = passed(first, last).saturating_mul(2).saturating_add(SILENCE_NANOSECONDS);
        if again.fin_gaps.len() >= TRIES {
            return if silence > due {
                Ending::GaveUp { side, state, silence }
            } else {
                Ending::Stuck { side, state, since }
            };
        }
        if silence >= patience {
            return not_shown(side, state, connection);
        }
        Ending::TooEarly { side, state, since }
    }

    fn waiting_for_peer(&self, one: InState, connection: &Connection, end: i64) -> Ending {
        let InState { side, change: Change { state, index, cause }, since } = one;
        let since = passed(since, end);
        if since < SILENCE_NANOSECONDS {
            return Ending::TooEarly { side, state, since };
        }
        let peer_is_captured = connection.sent(side.other()) > 0;
        // A single number that an end acknowledges may be that of an octet as well.
        if !peer_is_captured && (state != State::CloseWait || cause == Cause::Unseen) {
            return not_shown(side, state, connection);
        }
        // The other end acknowledges more than was captured: that may have been the FIN.
        let open = if state == State::CloseWait { side } else { side.other() };
        let progress = connection.progress(open);
        if progress.next.zip(progress.acknowledged).is_some_and(|(next, acknowledged)| next.precedes(acknowledged))
        {
            return not_shown(side, state, connection);
        }
        if state == State::CloseWait && is_sending(side, index, connection, end) {
            return Ending::HalfClosed { side, state, since };
        }
        if Side::BOTH.iter().any(|side| !self.explanation(*side).states_if_closed_before().is_empty()) {
            return Ending::BeginsLate { side, state };
        }
        Ending::Stuck { side, state, since }
    }
}

/// The end has sent text after the packet with this index, and has not paused for longer than between two of
/// those.
fn is_sending(side: Side, index: usize, connection: &Connection, end: i64) -> bool {
    let later = connection.packets.iter().skip(index + 1);
    let times: Vec<i64> =
        later.filter(|packet| packet.from == side && packet.segment.len > 1).map(|packet| packet.time).collect();
    let pauses = times.windows(2).map(|pair| match pair {
        [earlier, later] => passed(*earlier, *later),
        _ => 0,
    });
    let longest = pauses.max().unwrap_or(0);
    times.last().is_some_and(|last| passed(*last, end) < longest.saturating_mul(2).max(SILENCE_NANOSECONDS))
}

fn not_shown(side: Side, state: State, connection: &Connection) -> Ending {
    Ending::NotShown { side, state, peer_is_captured: connection.sent(side.other()) > 0 }
}
