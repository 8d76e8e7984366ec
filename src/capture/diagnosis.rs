//! The diagnosis of a connection: from the explanation of its ends to its ending.

use super::captured_packet::{Packet, Side};
use super::connection::Connection;
use super::ending::{Ending, Handshake};
use super::explanation::{Explanation, SILENCE_NANOSECONDS, explain};
use super::hypothesis::Cause;
use super::opening::FollowedOpening;
use super::peer::{OUT_OF_ORDER, hold};
use super::progress::DOUBLED;
use super::resets::{ended_by_reset, reset};
use super::unexplained::Unexplained;
use crate::tcp::{EndedBy, Held, Segment, Seq, State};

/// What the model makes of one connection.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// The end that is called A: the one that closed first; if neither did, the one that sent the first packet.
    pub a: Side,
    /// Each end's explanation; that of the end that sent the first packet comes first.
    pub explanations: [Explanation; 2],
    /// How each end was opened, in the same order.
    pub openings: [FollowedOpening; 2],
    /// Who closed first.
    pub first: FirstToClose,
    /// What each end sent again in the closing phase.
    pub again: [Retransmitted; 2],
    /// How it ended.
    pub ending: Ending,
    /// The number of the first packet that was not looked at because there are too many.
    pub not_kept: Option<u64>,
}

/// Who closed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FirstToClose {
    /// Neither has sent a FIN, or a reset that ended the connection.
    Nobody,
    /// This end, with the packet of this index.
    One(Side, usize),
    /// This end, whose FIN is not in the capture; the packet of this index shows that it has arrived.
    Unseen(Side, usize),
    /// Neither knew of the other's FIN when it sent its own: this end with the packet of the first index, the
    /// other with that of the second.
    Both(Side, usize, usize),
    /// This end, with the packet of this index, unless the other had closed before the capture began, which does
    /// not show.
    OrBefore(Side, usize),
}

/// What an end sent again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retransmitted {
    /// Segments with text that had all been captured before.
    pub text: usize,
    /// The times between one FIN and the next, in nanoseconds.
    pub fin_gaps: Vec<i64>,
    /// When its FIN was captured first and last, in nanoseconds since 1970.
    pub fin: Option<(i64, i64)>,
}

impl Diagnosis {
    /// Explains a connection of a capture that ends at `end`, in nanoseconds since 1970.
    #[must_use]
    pub fn of(connection: &Connection, end: i64) -> Self {
        let mut explanations = Side::BOTH.map(|side| explain(connection, side, end));
        agree(&mut explanations);
        let reset = reset(connection, &explanations);
        let first = match first(connection, &explanations, reset) {
            FirstToClose::One(side, index) if may_have_closed_before(&explanations, side.other()) => {
                FirstToClose::OrBefore(side, index)
            }
            first => first,
        };
        let a = match first {
            FirstToClose::One(side, _) | FirstToClose::Unseen(side, _) | FirstToClose::OrBefore(side, _)
                if connection.is_established() =>
            {
                side
            }
            FirstToClose::Both(side, ..) => side,
            FirstToClose::One(..)
            | FirstToClose::Unseen(..)
            | FirstToClose::OrBefore(..)
            | FirstToClose::Nobody => Side::First,
        };
        let again = Side::BOTH.map(|side| again(connection, side));
        let openings = Side::BOTH.map(|side| FollowedOpening::of(connection, side));
        let not_kept = connection.not_kept;
        let mut diagnosis = Self { a, explanations, openings, first, again, ending: Ending::Unknown, not_kept };
        diagnosis.ending = diagnosis.ended(connection, reset, end);
        diagnosis
    }

    /// The explanation of an end.
    #[must_use]
    pub fn explanation(&self, side: Side) -> &Explanation {
        side.of(&self.explanations)
    }

    /// How an end was opened.
    #[must_use]
    pub fn opening(&self, side: Side) -> &FollowedOpening {
        side.of(&self.openings)
    }

    /// What an end sent again.
    #[must_use]
    pub fn again(&self, side: Side) -> &Retransmitted {
        side.of(&self.again)
    }

    /// Numbers of an end that its peer has acknowledged, and that the capture has missed.
    #[must_use]
    pub fn missed(&self, side: Side) -> u32 {
        self.explanation(side).missed.max(self.explanation(side.other()).missed_of_peer)
    }

    /// The first packet that no path of the model explains, and who sent it.
    #[must_use]
    pub fn unexplained(&self) -> Option<(Side, &Unexplained)> {
        let of_side = |side| self.explanation(side).unexplained.as_ref().map(|unexplained| (side, unexplained));
        Side::BOTH.into_iter().filter_map(of_side).min_by_key(|(_, unexplained)| unexplained.index)
    }

    /// The number of the first packet of the opening that no path of the model explains, and who sent it.
    #[must_use]
    pub fn unexplained_opening(&self) -> Option<(Side, u64)> {
        let of_side = |side| self.opening(side).unexplained.map(|number| (side, number));
        Side::BOTH.into_iter().filter_map(of_side).min_by_key(|(_, number)| *number)
    }

    /// The model explains every packet of the opening and of the closing phase.
    #[must_use]
    pub fn is_explained(&self) -> bool {
        self.unexplained().is_none() && self.unexplained_opening().is_none() && !self.is_cut_short()
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
            return Ending::NotEstablished(handshake(connection, end));
        }
        if let Some(storm) = connection.storm.filter(|storm| storm.last == connection.last.0) {
            return Ending::Storm(storm);
        }
        if let Some(clean) = self.clean(connection) {
            return clean;
        }
        if let Some(index) = reset {
            return ended_by_reset(connection, &self.explanations, index);
        }
        if let Some(unanswered) = self.unanswered(connection, end) {
            return unanswered;
        }
        if self.first == FirstToClose::Nobody {
            return self.perhaps_closed(connection, end).unwrap_or(Ending::Open);
        }
        self.waiting(connection, end)
    }

    /// Both ends have come to `TIME_WAIT` or out of `LAST_ACK`. A reset that comes later ends nothing but
    /// `TIME_WAIT`.
    fn clean(&self, connection: &Connection) -> Option<Ending> {
        let is_filtered = connection.is_filtered();
        let is_over = |side: Side| {
            let end = self.explanation(side).end.as_ref()?;
            let waited = end.state == State::TimeWait || end.left == Some(State::TimeWait);
            let acknowledged = end.ended_by == Some(EndedBy::Fin) && (is_filtered || !self.left_unseen(side));
            Some(waited || acknowledged)
        };
        let both = Side::BOTH.map(is_over);
        if !both.contains(&Some(true)) || both.contains(&Some(false)) {
            return None;
        }
        let resets = connection.packets.iter().enumerate().filter(|(_, packet)| packet.segment.flags.rst);
        // Where no FIN was captured, the FINs show in what acknowledges them, and none has reset before that.
        let last_fin = connection.packets.iter().rposition(|packet| packet.segment.flags.fin);
        let mut later = resets.filter(|(index, _)| last_fin.is_none_or(|fin| *index >= fin));
        Some(Ending::Clean { reset: later.next().map(|(index, _)| index), is_filtered })
    }
}

/// Of two ends that were captured, one had received a FIN before the capture began only if the other had sent it.
/// A FIN that was sent and had not arrived is sent again in the capture.
fn agree(explanations: &mut [Explanation; 2]) {
    let [first, second] = explanations;
    if first.changes.is_empty() || second.changes.is_empty() {
        return;
    }
    for sender in Side::BOTH {
        let is_sent = sender.of(explanations).may_have_closed_before();
        let is_received = sender.other().of(explanations).peer_may_have_closed_before();
        if !(is_sent && is_received) {
            sender.of_mut(explanations).closed_before.retain(|account| !account.own);
            sender.other().of_mut(explanations).closed_before.retain(|account| !account.peers);
        }
    }
}

/// An end may have sent its FIN before the capture began.
fn may_have_closed_before(explanations: &[Explanation; 2], side: Side) -> bool {
    let (own, others) = (side.of(explanations), side.other().of(explanations));
    if own.changes.is_empty() { others.peer_may_have_closed_before() } else { own.may_have_closed_before() }
}

/// How long after `time` the capture ends; its times may go backwards.
pub(super) fn passed(time: i64, end: i64) -> i64 {
    end.saturating_sub(time).max(0)
}

/// How the handshake of a connection ended that was not established.
fn handshake(connection: &Connection, end: i64) -> Handshake {
    let opens = |packet: &&Packet| packet.segment.flags.syn && !packet.segment.flags.ack;
    let opener = connection.packets.iter().find(opens).map(|packet| packet.from);
    let is_answered = connection.before.iter().all(|before| before.syn.is_some());
    let reset = connection.packets.iter().enumerate().find(|(_, packet)| packet.segment.flags.rst);
    match (reset, connection.old_answer) {
        (Some((index, packet)), _) if Some(packet.from) == opener || is_answered => Handshake::GivenUp(index),
        (Some((index, _)), _) => Handshake::Refused(index),
        (None, Some(old)) if !is_answered => Handshake::OldConnection(old),
        (None, _) => {
            let is_answered = is_answered || opener.is_none();
            let since = passed(connection.first.1, end);
            match is_answered {
                // A port that is used again is not waiting any more.
                _ if since < SILENCE_NANOSECONDS && connection.anew.is_none() => {
                    Handshake::TooEarly { is_answered, since }
                }
                true => Handshake::Unfinished,
                false => Handshake::Unanswered,
            }
        }
    }
}

fn first(connection: &Connection, explanations: &[Explanation; 2], reset: Option<usize>) -> FirstToClose {
    if let Some(unseen) = closed_unseen(connection, explanations) {
        return unseen;
    }
    let mut packets = connection.packets.iter().enumerate();
    let Some((one, first)) = packets.find(|(index, packet)| packet.segment.flags.fin || reset == Some(*index))
    else {
        return FirstToClose::Nobody;
    };
    if let Some((other, second)) =
        packets.find(|(_, packet)| packet.from != first.from && packet.segment.flags.fin)
        && first.segment.flags.fin
        && !number_of_fin(&first.segment).precedes(second.segment.ack)
    {
        // Captured in another order than they were sent in, the second may have been the first.
        let knew = number_of_fin(&second.segment).precedes(first.segment.ack);
        return if knew {
            FirstToClose::One(second.from, other)
        } else {
            FirstToClose::Both(first.from, one, other)
        };
    }
    FirstToClose::One(first.from, one)
}

/// An end has acknowledged the other's FIN before it sent its own, and that FIN is not in the capture.
fn closed_unseen(connection: &Connection, explanations: &[Explanation; 2]) -> Option<FirstToClose> {
    Side::BOTH.into_iter().find_map(|side| {
        let explanation = side.of(explanations);
        let entered = explanation.changes.iter().find(|change| change.state == State::CloseWait)?;
        let is_captured = connection.packets.iter().any(|packet| packet.from != side && packet.segment.flags.fin);
        let is_shown = explanation.changes.iter().any(|change| change.state == State::LastAck);
        (!is_captured && is_shown && entered.cause == Cause::Unseen)
            .then_some(FirstToClose::Unseen(side.other(), entered.index))
    })
}

fn number_of_fin(segment: &Segment) -> Seq {
    segment.seq + segment.len
}

fn again(connection: &Connection, side: Side) -> Retransmitted {
    let mut again = Retransmitted { text: *side.of(&connection.repeated), ..Retransmitted::default() };
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
            let first = again.fin.map_or(packet.time, |(first, _)| first);
            again.fin = Some((first, packet.time));
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
            Self::Gone => "gone",
        }
    }
}
