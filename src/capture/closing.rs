//! How a connection ended.

use super::belief::Cause;
use super::connection::{Connection, Packet, Side};
use super::explain::{SILENCE, Story, explain};
use super::heard::hold;
use crate::tcp::{EndedBy, Held, Segment, Seq, State};

/// What the model makes of one connection.
#[derive(Clone, Debug)]
pub struct Closing {
    /// Which end is called A: who closed first; if nobody did, who sent the first packet.
    pub a: Side,
    /// Each end's story; that of the end that sent the first packet comes first.
    pub stories: [Story; 2],
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
    /// Neither has sent a FIN or a reset.
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

/// Why a reset was sent, as a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetMeaning {
    /// The end was CLOSED when a segment arrived.
    NoConnection,
    /// Text has arrived for an application that has closed.
    TextAfterClose,
    /// The application has closed or was ended with text unread, or has asked for a reset; the peer had sent text.
    UnreadOrAbort,
    /// The application has asked for a reset, or was ended; the peer had sent no text.
    Abort,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It has not been established: nobody answered the SYN, or a reset did, which is the packet of this index.
    NotEstablished(Option<usize>),
    /// It is open: nothing in the capture closes it.
    Open,
    /// Both FINs were sent and acknowledged.
    Clean,
    /// An end sent a reset.
    Reset {
        /// Who.
        by: Side,
        /// The index of the packet.
        index: usize,
        /// Its state when it did; none if it cannot be told.
        from: Option<State>,
        /// The other end's state; none if it cannot be told.
        to: Option<State>,
        /// What it usually means.
        meaning: ResetMeaning,
    },
    /// An end sent its FIN again and again, and then there is silence.
    GaveUp {
        /// Who.
        side: Side,
        /// The state that it was in.
        state: State,
        /// The silence, in nanoseconds.
        silence: i64,
    },
    /// An end waits in a state.
    Waiting {
        /// Who.
        side: Side,
        /// In which state.
        state: State,
        /// How long it has been there when the capture ends, in nanoseconds.
        since: i64,
        /// Segments with text that it has sent since.
        text: usize,
    },
    /// Nothing can be said.
    Unknown,
}

impl Ending {
    /// The name that JSON has for it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotEstablished(_) => "not-established",
            Self::Open => "open",
            Self::Clean => "clean",
            Self::Reset { .. } => "reset",
            Self::GaveUp { .. } => "gave-up",
            Self::Waiting { since, .. } if *since < SILENCE => "too-early",
            Self::Waiting { state: State::CloseWait, text: 1.., .. } => "half-closed",
            Self::Waiting { .. } => "stuck",
            Self::Unknown => "unknown",
        }
    }

    /// What it usually means, in a sentence or two.
    #[must_use]
    pub fn meaning(&self) -> &'static str {
        match self {
            Self::NotEstablished(Some(_)) => "Nobody listens on the port, or something on the way refuses.",
            Self::NotEstablished(None) => "The SYN was not answered: it or its answer was lost or filtered.",
            Self::Open => "There is no FIN and no reset in the capture.",
            Self::Clean => "Both FINs are acknowledged.",
            Self::Reset { meaning, .. } => match meaning {
                ResetMeaning::NoConnection => {
                    "Its end of the connection did not exist any more when a segment arrived."
                }
                ResetMeaning::TextAfterClose => {
                    "The application had called close(), and text arrived that nobody was going to read."
                }
                ResetMeaning::UnreadOrAbort => {
                    "Usually the application called close() or exited without having read all that had arrived, or \
                     it closed with SO_LINGER 0."
                }
                ResetMeaning::Abort => {
                    "The other end had sent no text that could be unread: usually the application closed with \
                     SO_LINGER 0, or was made to end."
                }
            },
            Self::GaveUp { .. } => {
                "It sent its FIN again without an answer, and then no more: it gave up, or the capture does not show \
                 its next attempt. The other end is gone, or the way to it or back is cut."
            }
            Self::Waiting { since, .. } if *since < SILENCE => "That is too early to tell more.",
            Self::Waiting { state, text, .. } => match (state, text) {
                (State::CloseWait, 0) => {
                    "The other end has closed and this application has not: usually it has forgotten a socket, or \
                     hangs."
                }
                (State::CloseWait, _) => "The other end has sent all of its text, and this one is still sending.",
                (State::FinWait2, _) => {
                    "It has closed, and the other end has acknowledged that but has not closed: usually its \
                     application has forgotten the socket, or hangs."
                }
                (State::FinWait1 | State::LastAck | State::Closing, _) => {
                    "It has sent its FIN, and the ACK does not arrive: the other end is gone, or the way to it or \
                     back is cut."
                }
                _ => "It has not closed.",
            },
            Self::Unknown => "Too little was captured.",
        }
    }
}

impl Closing {
    /// Explains a connection of a capture that ends at `end`, in nanoseconds since 1970.
    #[must_use]
    pub fn of(connection: &Connection, end: i64) -> Self {
        let silence = end.saturating_sub(connection.last.1);
        let stories = [explain(connection, 0, silence), explain(connection, 1, silence)];
        let first = first(connection);
        let a = match first {
            First::One(side, _) if connection.is_established() => side,
            First::Both(index, _) => packet(connection, index).map_or(0, |packet| packet.from),
            First::One(..) | First::Nobody => 0,
        };
        let again = [again(connection, 0), again(connection, 1)];
        let mut closing =
            Self { a, stories, first, again, ending: Ending::Unknown, not_kept: connection.not_kept };
        closing.ending = closing.ended(connection, end);
        closing
    }

    /// The story of an end.
    #[must_use]
    pub fn story(&self, side: Side) -> &Story {
        let [first, second] = &self.stories;
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
        let of_side = |side| self.story(side).unexplained.as_ref().map(|unexplained| (side, unexplained));
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
        self.stories.iter().filter_map(|story| story.too_many).min()
    }

    fn ended(&self, connection: &Connection, end: i64) -> Ending {
        let reset = connection.packets.iter().position(|packet| packet.segment.flags.rst);
        if !connection.is_established() {
            return Ending::NotEstablished(reset);
        }
        let is_over = |side: Side| {
            let ended_by = self.story(side).end.as_ref().and_then(|end| end.ended_by);
            self.story(side).state().map(|state| state == State::TimeWait || ended_by == Some(EndedBy::Fin))
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
            |state| [self.a, 1 - self.a].into_iter().find(|side| self.story(*side).state() == Some(state));
        let gave_up = |side: &Side| {
            let ended_by = self.story(*side).end.as_ref().and_then(|end| end.ended_by);
            ended_by == Some(EndedBy::GiveUp)
        };
        if let Some(side) = [0, 1].into_iter().find(gave_up) {
            let left = self.story(side).end.as_ref().and_then(|end| end.left);
            let state = left.unwrap_or(State::Closed);
            return Ending::GaveUp { side, state, silence: end.saturating_sub(connection.last.1) };
        }
        let found = waiting.into_iter().find_map(|state| of_state(state).map(|side| (side, state)));
        let Some((side, state)) = found else { return Ending::Unknown };
        let silence = end.saturating_sub(connection.last.1);
        if matches!(state, State::FinWait1 | State::LastAck | State::Closing)
            && let Some(gap) = self.again(side).fin_gaps.last()
            && silence > gap.saturating_mul(2).max(SILENCE)
        {
            return Ending::GaveUp { side, state, silence };
        }
        let entered = self.story(side).changes.last().map_or(0, |change| change.index);
        let since = packet(connection, entered).map_or(0, |packet| end.saturating_sub(packet.time));
        let later = connection.packets.iter().skip(entered + 1);
        let text = later.filter(|packet| packet.from == side && packet.segment.len > 1).count();
        Ending::Waiting { side, state, since, text }
    }

    fn reset(&self, connection: &Connection, index: usize) -> Ending {
        let Some(&Packet { from: by, segment: reset, .. }) = packet(connection, index) else {
            return Ending::Unknown;
        };
        let (from, to) = (self.story(by).state_before(index), self.story(1 - by).state_before(index));
        let earlier = || connection.packets.iter().take(index).filter(|packet| packet.from != by);
        let drew = |packet: &Packet| packet.segment.len > 0 && packet.segment.ack == reset.seq;
        let meaning = match from {
            Some(State::Closed) | None => ResetMeaning::NoConnection,
            Some(State::FinWait1 | State::FinWait2) if !reset.flags.ack && earlier().any(drew) => {
                ResetMeaning::TextAfterClose
            }
            // Before the closing phase, text has moved the number on from the one after the SYN.
            _ if has_text(connection, 1 - by) => ResetMeaning::UnreadOrAbort,
            _ => ResetMeaning::Abort,
        };
        Ending::Reset { by, index, from, to, meaning }
    }
}

fn packet(connection: &Connection, index: usize) -> Option<&Packet> {
    connection.packets.get(index)
}

fn has_text(connection: &Connection, side: Side) -> bool {
    let before = connection.before(side);
    let moved = before.next.is_some_and(|next| before.syn.is_none_or(|syn| next != syn + 1));
    moved || connection.packets.iter().any(|packet| packet.from == side && packet.segment.len > 0)
}

fn first(connection: &Connection) -> First {
    let closes = |packet: &Packet| packet.segment.flags.fin || packet.segment.flags.rst;
    let Some(one) = connection.packets.iter().position(closes) else { return First::Nobody };
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
    for packet in connection.packets.iter().filter(|packet| packet.from == side) {
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
