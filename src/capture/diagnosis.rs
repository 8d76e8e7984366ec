//! The diagnosis of a connection: from the explanation of its ends to its ending.

use super::captured_packet::{Packet, Side};
use super::connection::Connection;
use super::ending::{Ending, Handshake};
use super::explanation::{Explanation, SILENCE, explain};
use super::hypothesis::Cause;
use super::opening::FollowedOpening;
use super::peer::{OUT_OF_ORDER, hold};
use super::progress::DOUBLED;
use super::resets::{ended_by_reset, reset};
use crate::tcp::{EndedBy, Held, Segment, Seq, State};

/// What the model makes of one connection.
#[derive(Clone, Debug)]
pub struct Closing {
    /// The end that is called A: the one that closed first; if neither did, the one that sent the first packet.
    pub a: Side,
    /// Each end's explanation; that of the end that sent the first packet comes first.
    pub explanations: [Explanation; 2],
    /// How each end was opened, in the same order.
    pub openings: [FollowedOpening; 2],
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
    /// This end, whose FIN is not in the capture; the packet of this index shows that it has arrived.
    Unseen(Side, usize),
    /// Neither knew of the other's FIN when it sent its own; the packets have these indices.
    Both(usize, usize),
    /// This end, with the packet of this index, unless the other had closed before the capture began, which does
    /// not show.
    OrBefore(Side, usize),
}

/// What an end sent again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Again {
    /// Segments with text that had all been captured before.
    pub text: usize,
    /// The times between one FIN and the next, in nanoseconds.
    pub fin_gaps: Vec<i64>,
    /// When its FIN was captured first and last, in nanoseconds since 1970.
    pub fin: Option<(i64, i64)>,
}

impl Closing {
    /// Explains a connection of a capture that ends at `end`, in nanoseconds since 1970.
    #[must_use]
    pub fn of(connection: &Connection, end: i64) -> Self {
        let mut explanations = [explain(connection, 0, end), explain(connection, 1, end)];
        agree(&mut explanations);
        let reset = reset(connection, &explanations);
        let first = match first(connection, &explanations, reset) {
            First::One(side, index) if may_have_closed_before(&explanations, 1 - side) => {
                First::OrBefore(side, index)
            }
            first => first,
        };
        let a = match first {
            First::One(side, _) | First::Unseen(side, _) | First::OrBefore(side, _)
                if connection.is_established() =>
            {
                side
            }
            First::Both(index, _) => connection.packets.get(index).map_or(0, |packet| packet.from),
            First::One(..) | First::Unseen(..) | First::OrBefore(..) | First::Nobody => 0,
        };
        let again = [again(connection, 0), again(connection, 1)];
        let openings = [FollowedOpening::of(connection, 0), FollowedOpening::of(connection, 1)];
        let not_kept = connection.not_kept;
        let mut closing = Self { a, explanations, openings, first, again, ending: Ending::Unknown, not_kept };
        closing.ending = closing.ended(connection, reset, end);
        closing
    }

    /// The explanation of an end.
    #[must_use]
    pub fn explanation(&self, side: Side) -> &Explanation {
        let [first, second] = &self.explanations;
        if side == 0 { first } else { second }
    }

    /// How an end was opened.
    #[must_use]
    pub fn opening(&self, side: Side) -> &FollowedOpening {
        let [first, second] = &self.openings;
        if side == 0 { first } else { second }
    }

    /// What an end sent again.
    #[must_use]
    pub fn again(&self, side: Side) -> &Again {
        let [first, second] = &self.again;
        if side == 0 { first } else { second }
    }

    /// Numbers of an end that its peer has acknowledged, and that the capture has missed.
    #[must_use]
    pub fn missed(&self, side: Side) -> u32 {
        self.explanation(side).missed.max(self.explanation(1 - side).missed_of_peer)
    }

    /// The first packet that no path of the model explains, and who sent it.
    #[must_use]
    pub fn unexplained(&self) -> Option<(Side, &super::Unexplained)> {
        let of_side = |side| self.explanation(side).unexplained.as_ref().map(|unexplained| (side, unexplained));
        [of_side(0), of_side(1)].into_iter().flatten().min_by_key(|(_, unexplained)| unexplained.index)
    }

    /// The number of the first packet of the opening that no path of the model explains, and who sent it.
    #[must_use]
    pub fn unexplained_opening(&self) -> Option<(Side, u64)> {
        let of_side = |side| self.opening(side).unexplained.map(|number| (side, number));
        [of_side(0), of_side(1)].into_iter().flatten().min_by_key(|(_, number)| *number)
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
        if self.first == First::Nobody {
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
        let both = [is_over(0), is_over(1)];
        if !both.contains(&Some(true)) || both.contains(&Some(false)) {
            return None;
        }
        let last_fin = connection.packets.iter().rposition(|packet| packet.segment.flags.fin).unwrap_or(0);
        let resets = connection.packets.iter().enumerate().skip(last_fin);
        let reset = resets.into_iter().find(|(_, packet)| packet.segment.flags.rst).map(|(index, _)| index);
        Some(Ending::Clean { reset, is_filtered })
    }
}

/// Of two ends that were captured, one had received a FIN before the capture began only if the other had sent it.
/// A FIN that was sent and had not arrived is sent again in the capture.
fn agree(explanations: &mut [Explanation; 2]) {
    let [first, second] = explanations;
    if first.changes.is_empty() || second.changes.is_empty() {
        return;
    }
    for (sender, receiver) in [(0, 1), (1, 0)] {
        let is_sent = explanations.get(sender).is_some_and(Explanation::may_have_closed_before);
        let is_received = explanations.get(receiver).is_some_and(Explanation::peer_may_have_closed_before);
        if is_sent && is_received {
            continue;
        }
        if let Some(sender) = explanations.get_mut(sender) {
            sender.closed_before.retain(|account| !account.own);
        }
        if let Some(receiver) = explanations.get_mut(receiver) {
            receiver.closed_before.retain(|account| !account.peers);
        }
    }
}

/// An end may have sent its FIN before the capture began.
fn may_have_closed_before(explanations: &[Explanation; 2], side: Side) -> bool {
    let [first, second] = explanations;
    let (own, others) = if side == 0 { (first, second) } else { (second, first) };
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
    let is_answered = connection.before(0).syn.is_some() && connection.before(1).syn.is_some();
    let reset = connection.packets.iter().position(|packet| packet.segment.flags.rst);
    match reset.and_then(|index| Some((index, connection.packets.get(index)?.from))) {
        Some((index, from)) if Some(from) == opener || is_answered => Handshake::GivenUp(index),
        Some((index, _)) => Handshake::Refused(index),
        None if connection.old_answer.is_some() && !is_answered => {
            connection.old_answer.map_or(Handshake::Unanswered, Handshake::OldConnection)
        }
        None => {
            let is_answered = is_answered || opener.is_none();
            let since = passed(connection.first.1, end);
            match is_answered {
                // A port that is used again is not waiting any more.
                _ if since < SILENCE && connection.anew.is_none() => Handshake::TooEarly { is_answered, since },
                true => Handshake::Unfinished,
                false => Handshake::Unanswered,
            }
        }
    }
}

fn first(connection: &Connection, explanations: &[Explanation; 2], reset: Option<usize>) -> First {
    if let Some(unseen) = closed_unseen(connection, explanations) {
        return unseen;
    }
    let fin = connection.packets.iter().position(|packet| packet.segment.flags.fin);
    let Some(one) = fin.into_iter().chain(reset).min() else { return First::Nobody };
    let Some(first) = connection.packets.get(one) else { return First::Nobody };
    let fin_of_other = |packet: &Packet| packet.from != first.from && packet.segment.flags.fin;
    let other = connection.packets.iter().position(fin_of_other);
    if let Some(other) = other
        && let Some(second) = connection.packets.get(other)
        && first.segment.flags.fin
        && !number_of_fin(&first.segment).precedes(second.segment.ack)
    {
        // Captured in another order than they were sent in, the second may have been the first.
        let knew = number_of_fin(&second.segment).precedes(first.segment.ack);
        return if knew { First::One(second.from, other) } else { First::Both(one, other) };
    }
    First::One(first.from, one)
}

/// An end has acknowledged the other's FIN before it sent its own, and that FIN is not in the capture.
fn closed_unseen(connection: &Connection, explanations: &[Explanation; 2]) -> Option<First> {
    let [of_first, of_second] = explanations;
    [(0, of_first), (1, of_second)].into_iter().find_map(|(side, explanation)| {
        let entered = explanation.changes.iter().find(|change| change.state == State::CloseWait)?;
        let is_captured = connection.packets.iter().any(|packet| packet.from != side && packet.segment.flags.fin);
        let is_shown = explanation.changes.iter().any(|change| change.state == State::LastAck);
        (!is_captured && is_shown && entered.cause == Cause::Unseen)
            .then_some(First::Unseen(1 - side, entered.index))
    })
}

fn number_of_fin(segment: &Segment) -> Seq {
    segment.seq + segment.len
}

fn again(connection: &Connection, side: Side) -> Again {
    let text_again = connection.repeated.get(side).copied().unwrap_or_default();
    let mut again = Again { text: text_again, ..Again::default() };
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
