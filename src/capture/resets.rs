//! The reset that ended a connection, and what it shows.

use super::captured_packet::{Packet, Side};
use super::connection::Connection;
use super::ending::{Ending, ResetMeaning};
use super::explanation::Explanation;
use super::hypothesis::{Cause, Change};
use super::progress::Forged;
use super::sending::LATE_AT_MOST;
use crate::tcp::{EndedBy, State};

/// So many keep-alives or copies of the same text without an answer are why an end gives up.
const UNANSWERED: u32 = 3;

/// The reset that ended the connection: an end has become CLOSED with it, or was CLOSED when it sent it. A reset
/// without effect is none.
pub(super) fn reset(connection: &Connection, explanations: &[Explanation; 2]) -> Option<usize> {
    let closed_with = |explanation: &Explanation| {
        let end = explanation.end.as_ref()?;
        let last = explanation.changes.last().filter(|change| change.state == State::Closed)?;
        match (end.ended_by?, last.cause) {
            (EndedBy::Rst, Cause::Received(index)) => Some(index),
            (EndedBy::Abort, Cause::Sent) => Some(last.index),
            _ => None,
        }
    };
    let ended = explanations.iter().filter_map(closed_with).min();
    ended.or_else(|| {
        connection.packets.iter().enumerate().position(|(index, packet)| {
            let explanation = packet.from.of(explanations);
            packet.segment.flags.rst && explanation.state_before(index) == Some(State::Closed)
        })
    })
}

/// What the reset with this index shows.
pub(super) fn ended_by_reset(connection: &Connection, explanations: &[Explanation; 2], index: usize) -> Ending {
    let Some(&Packet { from: by, .. }) = connection.packets.get(index) else { return Ending::Unknown };
    let (own, others) = (by.of(explanations), by.other().of(explanations));
    let meaning = meaning(connection, own, index);
    let from = match meaning {
        ResetMeaning::Unknown | ResetMeaning::OtherConnection => None,
        _ => own.state_before(index),
    };
    Ending::Reset { by, index, from, to: others.state_before(index), meaning, forged: forged(connection, index) }
}

fn meaning(connection: &Connection, own: &Explanation, index: usize) -> ResetMeaning {
    let Some(&Packet { number, from: by, segment: reset, .. }) = connection.packets.get(index) else {
        return ResetMeaning::Unknown;
    };
    let speaks = |packet: &Packet| packet.from == by && !packet.segment.flags.rst;
    if connection.begins_midway() && !connection.packets.iter().any(speaks) {
        return ResetMeaning::Unknown;
    }
    if connection.anew.is_some_and(|(side, syn)| side == by && syn < number) {
        return ResetMeaning::OtherConnection;
    }
    let progress = connection.progress(by);
    let is_unanswered = [progress.unacknowledged, progress.keep_alives]
        .into_iter()
        .flatten()
        .any(|repeated| repeated.times >= UNANSWERED && repeated.last.0 < number);
    let drew = |packet: &&Packet| {
        // A FIN does, too, beyond a hole: it shows that there is text before it.
        packet.from != by && packet.segment.sequence_length() > 0 && packet.segment.ack == reset.seq
    };
    let is_gone = |change: &Change| change.cause == Cause::Gone && change.index <= index;
    match own.state_before(index) {
        Some(State::Closed) if own.changes.iter().any(is_gone) => ResetMeaning::UnknownThere,
        Some(State::Closed) => ResetMeaning::NoConnection,
        None => ResetMeaning::Unknown,
        Some(State::FinWait1 | State::FinWait2)
            if !reset.flags.ack && connection.packets.iter().take(index).any(|packet| drew(&packet)) =>
        {
            ResetMeaning::TextAfterClose
        }
        Some(_) if is_unanswered => ResetMeaning::NoAnswer,
        // Before the closing phase, text has moved the number on from the one after the SYN.
        _ if connection.begins_midway() || has_text(connection, by.other()) => ResetMeaning::UnreadOrAbort,
        _ => ResetMeaning::Abort,
    }
}

/// What shows that the reset is not from the end that it names.
fn forged(connection: &Connection, index: usize) -> Option<Forged> {
    let reset = connection.packets.get(index)?;
    let goes_on = connection.packets.iter().skip(index + 1).find(|packet| {
        let Packet { from, time, segment, .. } = **packet;
        let is_late = time.saturating_sub(reset.time) > LATE_AT_MOST;
        from == reset.from && is_late && !segment.flags.rst && !segment.flags.syn
    });
    connection
        .progress(reset.from)
        .forged(reset)
        .or(goes_on.map(|packet| Forged::GoesOn { number: packet.number }))
}

fn has_text(connection: &Connection, side: Side) -> bool {
    let before = connection.before(side);
    let moved = before.next.is_some_and(|next| before.syn.is_none_or(|syn| next != syn + 1));
    moved || connection.packets.iter().any(|packet| packet.from == side && packet.segment.len > 0)
}
