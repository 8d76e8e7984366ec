//! How a connection ended.

use super::connection::{Connection, Packet, Side};
use super::ending::{Ending, Handshake, ResetMeaning};
use super::explanation::{Explanation, SILENCE, explain};
use super::hypothesis::Cause;
use super::peer::{OUT_OF_ORDER, hold};
use crate::tcp::{EndedBy, Held, Segment, Seq, State};

/// No end sends the same segment again as soon as this, in nanoseconds: the network or the capture has doubled it.
/// RFC 6298 §2.4 wants a second, and stacks leave it at 30 ms at least.
const DOUBLED: i64 = 1_000_000;

/// What the model makes of one connection.
#[derive(Clone, Debug)]
pub struct Closing {
    /// Which end is called A: who closed first; if nobody did, who sent the first packet.
    pub a: Side,
    /// Each end's explanation; that of the end that sent the first packet comes first.
    pub explanations: [Explanation; 2],
    /// Who closed first.
    pub first: First,
    /// What each end sent again in the closing phase.
    pub again: [Again; 2],
    /// How it ended.
    pub ending: Ending,
    /// The number of the first packet that was not looked at because there are too many.
    pub not_kept: Option<u64>,
}

/// Who closed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum First {
    /// Neither has sent a FIN, or a reset that ended the connection.
    Nobody,
    /// This end, with the packet of this index.
    One(Side, usize),
    /// Neither knew of the other's FIN when it sent its own; the packets have these indices.
    Both(usize, usize),
}

/// What an end sent again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Again {
    /// Segments with text that had all been captured before.
    pub text: usize,
    /// The times between one FIN and the next, in nanoseconds.
    pub fin_gaps: Vec<i64>,
}

impl Closing {
    /// Explains a connection of a capture that ends at `end`, in nanoseconds since 1970.
    #[must_use]
    pub fn of(connection: &Connection, end: i64) -> Self {
        let silence = passed(connection.last.1, end);
        let explanations = [explain(connection, 0, silence), explain(connection, 1, silence)];
        let reset = reset(connection, &explanations);
        let first = first(connection, reset);
        let a = match first {
            First::One(side, _) if connection.is_established() => side,
            First::Both(index, _) => packet(connection, index).map_or(0, |packet| packet.from),
            First::One(..) | First::Nobody => 0,
        };
        let again = [again(connection, 0), again(connection, 1)];
        let mut closing =
            Self { a, explanations, first, again, ending: Ending::Unknown, not_kept: connection.not_kept };
        closing.ending = closing.ended(connection, reset, end);
        closing
    }

    /// The explanation of an end.
    #[must_use]
    pub fn explanation(&self, side: Side) -> &Explanation {
        let [first, second] = &self.explanations;
        if side == 0 { first } else { second }
    }

    /// What an end sent again.
    #[must_use]
    pub fn again(&self, side: Side) -> &Again {
        let [first, second] = &self.again;
        if side == 0 { first } else { second }
    }

    /// The first packet that no path of the model explains, and who sent it.
    #[must_use]
    pub fn unexplained(&self) -> Option<(Side, &super::Unexplained)> {
        let of_side = |side| self.explanation(side).unexplained.as_ref().map(|unexplained| (side, unexplained));
        [of_side(0), of_side(1)].into_iter().flatten().min_by_key(|(_, unexplained)| unexplained.index)
    }

    /// The model explains every packet of the closing phase.
    #[must_use]
    pub fn is_explained(&self) -> bool {
        self.unexplained().is_none() && !self.is_cut_short()
    }

    /// There was too much to explain, or too much was possible.
    #[must_use]
    pub fn is_cut_short(&self) -> bool {
        self.not_kept.is_some() || self.too_many().is_some()
    }

    /// Where too much was possible: the index of a packet.
    #[must_use]
    pub fn too_many(&self) -> Option<usize> {
        self.explanations.iter().filter_map(|explanation| explanation.too_many).min()
    }

    fn ended(&self, connection: &Connection, reset: Option<usize>, end: i64) -> Ending {
        if !connection.is_established() {
            return Ending::NotEstablished(handshake(connection));
        }
        let is_over = |side: Side| {
            let ended_by = self.explanation(side).end.as_ref().and_then(|end| end.ended_by);
            self.explanation(side).state().map(|state| state == State::TimeWait || ended_by == Some(EndedBy::Fin))
        };
        let clean = [is_over(0), is_over(1)];
        if clean.contains(&Some(true)) && !clean.contains(&Some(false)) {
            return Ending::Clean;
        }
        if let Some(index) = reset {
            return self.reset(connection, index);
        }
        if self.first == First::Nobody {
            return Ending::Open;
        }
        // Who waits for an ACK is worse off than who waits for an application.
        let waiting = [
            State::FinWait1,
            State::LastAck,
            State::Closing,
            State::CloseWait,
            State::FinWait2,
            State::Established,
        ];
        let of_state =
            |state| [self.a, 1 - self.a].into_iter().find(|side| self.explanation(*side).state() == Some(state));
        let gave_up = |side: &Side| {
            let ended_by = self.explanation(*side).end.as_ref().and_then(|end| end.ended_by);
            // The timeout of FIN_WAIT_2 is no giving up: everything of it was acknowledged.
            let left = self.explanation(*side).end.as_ref().and_then(|end| end.left);
            ended_by == Some(EndedBy::GiveUp) && left != Some(State::FinWait2)
        };
        if let Some(side) = [0, 1].into_iter().find(gave_up) {
            let left = self.explanation(side).end.as_ref().and_then(|end| end.left);
            let state = left.unwrap_or(State::Closed);
            return Ending::GaveUp { side, state, silence: passed(connection.last.1, end) };
        }
        let found = waiting.into_iter().find_map(|state| of_state(state).map(|side| (side, state)));
        let Some((side, state)) = found else { return Ending::Unknown };
        let silence = passed(connection.last.1, end);
        if matches!(state, State::FinWait1 | State::LastAck | State::Closing)
            && let Some(gap) = self.again(side).fin_gaps.last()
            && silence > gap.saturating_mul(2).max(SILENCE)
        {
            return Ending::GaveUp { side, state, silence };
        }
        let entered = self.explanation(side).changes.last().map_or(0, |change| change.index);
        let since = packet(connection, entered).map_or(0, |packet| passed(packet.time, end));
        let later = connection.packets.iter().skip(entered + 1);
        let text = later.filter(|packet| packet.from == side && packet.segment.len > 1).count();
        Ending::Waiting { side, state, since, text }
    }

    fn reset(&self, connection: &Connection, index: usize) -> Ending {
        let Some(&Packet { number, from: by, segment: reset, .. }) = packet(connection, index) else {
            return Ending::Unknown;
        };
        let speaks = |packet: &Packet| packet.from == by && !packet.segment.flags.rst;
        let is_untold = connection.begins_midway() && !connection.packets.iter().any(speaks);
        let is_anew = connection.anew.is_some_and(|(side, syn)| side == by && syn < number);
        let from = self.explanation(by).state_before(index).filter(|_| !is_untold && !is_anew);
        let to = self.explanation(1 - by).state_before(index);
        let earlier = || connection.packets.iter().take(index).filter(|packet| packet.from != by);
        // A FIN does, too, beyond a hole: it tells that there is text before it.
        let drew = |packet: &Packet| packet.segment.sequence_length() > 0 && packet.segment.ack == reset.seq;
        let meaning = match from {
            None if is_anew => ResetMeaning::OtherConnection,
            None => ResetMeaning::Untold,
            Some(State::Closed) => ResetMeaning::NoConnection,
            Some(State::FinWait1 | State::FinWait2) if !reset.flags.ack && earlier().any(drew) => {
                ResetMeaning::TextAfterClose
            }
            // Before the closing phase, text has moved the number on from the one after the SYN.
            _ if connection.begins_midway() || has_text(connection, 1 - by) => ResetMeaning::UnreadOrAbort,
            _ => ResetMeaning::Abort,
        };
        Ending::Reset { by, index, from, to, meaning }
    }
}

fn packet(connection: &Connection, index: usize) -> Option<&Packet> {
    connection.packets.get(index)
}

/// How long after `time` the capture ends; its times may go backwards.
fn passed(time: i64, end: i64) -> i64 {
    end.saturating_sub(time).max(0)
}

/// The reset that ended the connection: an end has become CLOSED with it, or was CLOSED when it sent it. A reset without
/// effect is none.
fn reset(connection: &Connection, explanations: &[Explanation; 2]) -> Option<usize> {
    let closed_with = |explanation: &Explanation| {
        let end = explanation.end.as_ref()?;
        let last = explanation.changes.last().filter(|change| change.state == State::Closed)?;
        match (end.ended_by?, last.cause) {
            (EndedBy::Rst, Cause::Received(index)) => Some(index),
            (EndedBy::Abort, Cause::Sent) => Some(last.index),
            _ => None,
        }
    };
    let [first, second] = explanations;
    let ended = [first, second].into_iter().filter_map(closed_with).min();
    ended.or_else(|| {
        connection.packets.iter().enumerate().position(|(index, packet)| {
            let explanation = if packet.from == 0 { first } else { second };
            packet.segment.flags.rst && explanation.state_before(index) == Some(State::Closed)
        })
    })
}

/// How the handshake of a connection ended that was not established.
fn handshake(connection: &Connection) -> Handshake {
    let opens = |packet: &&Packet| packet.segment.flags.syn && !packet.segment.flags.ack;
    let opener = connection.packets.iter().find(opens).map(|packet| packet.from);
    let is_answered = connection.before(0).syn.is_some() && connection.before(1).syn.is_some();
    let reset = connection.packets.iter().position(|packet| packet.segment.flags.rst);
    match reset.and_then(|index| Some((index, packet(connection, index)?.from))) {
        Some((index, from)) if Some(from) == opener || is_answered => Handshake::GivenUp(index),
        Some((index, _)) => Handshake::Refused(index),
        None if is_answered || opener.is_none() => Handshake::Unfinished,
        None => Handshake::Unanswered,
    }
}

fn has_text(connection: &Connection, side: Side) -> bool {
    let before = connection.before(side);
    let moved = before.next.is_some_and(|next| before.syn.is_none_or(|syn| next != syn + 1));
    moved || connection.packets.iter().any(|packet| packet.from == side && packet.segment.len > 0)
}

fn first(connection: &Connection, reset: Option<usize>) -> First {
    let fin = connection.packets.iter().position(|packet| packet.segment.flags.fin);
    let Some(one) = fin.into_iter().chain(reset).min() else { return First::Nobody };
    let Some(first) = packet(connection, one) else { return First::Nobody };
    let fin_of_other = |packet: &Packet| packet.from != first.from && packet.segment.flags.fin;
    let other = connection.packets.iter().position(fin_of_other);
    if let Some(other) = other
        && let Some(second) = packet(connection, other)
        && first.segment.flags.fin
        && !number_of_fin(&first.segment).precedes(second.segment.ack)
    {
        // Captured in another order than they were sent in, the second may have been the first.
        let knew = number_of_fin(&second.segment).precedes(first.segment.ack);
        return if knew { First::One(second.from, other) } else { First::Both(one, other) };
    }
    First::One(first.from, one)
}

fn number_of_fin(segment: &Segment) -> Seq {
    segment.seq + segment.len
}

fn again(connection: &Connection, side: Side) -> Again {
    let mut again = Again::default();
    let mut text = Held::default();
    let mut fin: Option<(Seq, i64)> = None;
    for (index, packet) in connection.packets.iter().enumerate().filter(|(_, packet)| packet.from == side) {
        let earlier = connection.packets.range(index.saturating_sub(OUT_OF_ORDER)..index);
        let is_double = |known: &Packet| {
            (known.from, known.segment) == (side, packet.segment)
                && packet.time.saturating_sub(known.time).abs() < DOUBLED
        };
        if earlier.into_iter().any(is_double) {
            continue;
        }
        let Segment { flags, seq, len, .. } = packet.segment;
        let end = seq + len;
        let known = text.text().iter().any(|&(from, to)| !seq.precedes(from) && !to.precedes(end));
        if flags.fin {
            if let Some((number, time)) = fin
                && number == end
            {
                again.fin_gaps.push(packet.time.saturating_sub(time));
            }
            fin = Some((end, packet.time));
        } else if len > 1 && known {
            again.text += 1;
        }
        if len > 0 {
            hold(&mut text, seq, end);
        }
    }
    again
}

/// What led to a change of state, for people.
impl Cause {
    /// The name that JSON has for it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Sent => "sent",
            Self::Received(_) => "received",
            Self::Unseen => "unseen",
            Self::TimeWait => "2MSL",
            Self::FinWait2 => "FIN_WAIT_2 timeout",
            Self::GaveUp => "gave up",
            Self::UnseenReset => "unseen reset",
        }
    }
}
