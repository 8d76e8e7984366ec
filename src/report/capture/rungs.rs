//! The packets of a connection with the states that they lead to: what both drawings of a connection are made
//! from.

use super::view::{View, plural, seconds};
use crate::capture::{Cause, Packet, Side};
use crate::tcp::{Segment, State};

/// No more packets than this are drawn.
const MOST_PACKETS: usize = 400;

/// A packet, and what it leads to.
pub(super) struct Rung<'a> {
    pub(super) packet: &'a Packet,
    /// In nanoseconds since the capture began.
    pub(super) time: i64,
    /// In nanoseconds since the packet before.
    pub(super) pause: i64,
    /// The segment, with numbers as the world writes them, and whether it was captured before.
    pub(super) label: String,
    /// What happened before it, or by then, that no packet shows.
    pub(super) before: Vec<Change>,
    /// What it leads to, and what the end that sent it comes to by an answer that no packet shows.
    pub(super) after: Vec<Change>,
    /// Which of the rungs it arrived at, if that is a later one.
    pub(super) arrives: Option<usize>,
    /// Why the model does not explain it.
    pub(super) unexplained: Option<String>,
}

/// An end comes to a state.
#[derive(Clone, Copy)]
pub(super) struct Change {
    pub(super) side: Side,
    pub(super) state: State,
    /// The cause of it, if that is no packet.
    pub(super) by: &'static str,
}

/// The drawing of a connection.
pub(super) struct Drawing<'a> {
    /// The states of A and B at first; none of an end that the model does not follow.
    pub(super) start: [Option<State>; 2],
    pub(super) rungs: Vec<Rung<'a>>,
    /// The lines above: what came before.
    pub(super) head: Vec<String>,
    /// The lines below: what follows, and how it ended.
    pub(super) foot: Vec<String>,
}

impl View<'_> {
    /// The ends as they are drawn: A at the left.
    pub(super) fn sides(&self) -> [Side; 2] {
        [self.diagnosis.a, self.diagnosis.a.other()]
    }

    pub(super) fn drawing(&self) -> Drawing<'_> {
        let mut rungs: Vec<Rung<'_>> = Vec::new();
        let mut seen: Vec<(Side, Segment)> = Vec::new();
        let mut last = None;
        for (index, packet) in self.connection.packets.iter().enumerate().take(MOST_PACKETS) {
            let time = packet.time.saturating_sub(self.capture.start);
            let key = (packet.from, Segment { ack: packet.segment.ack, ..packet.segment });
            let counts = packet.segment.sequence_length() > 0;
            let again = if counts && seen.contains(&key) { ", again" } else { "" };
            seen.push(key);
            rungs.push(Rung {
                packet,
                time,
                pause: last.map_or(0, |last| time.saturating_sub(last)),
                label: format!("{}{again}", self.relative(packet.from, &packet.segment)),
                before: self.changes(index, false),
                after: self.changes(index, true),
                arrives: self.arrival(index),
                unexplained: self.why_unexplained(index),
            });
            last = Some(time);
        }
        let all = self.connection.packets.len();
        let earlier = self.connection.packets.front().filter(|packet| packet.number != self.connection.first.0);
        let mut head: Vec<String> = earlier
            .map(|packet| format!("drawn from packet {} on, which comes before the close", packet.number))
            .into_iter()
            .collect();
        if self.diagnosis.explanations.iter().any(|one| !one.states_if_closed_before().is_empty()) {
            head.push("drawn as if no end had closed before the capture began, which does not show".to_owned());
        }
        let mut foot = Vec::new();
        if all > MOST_PACKETS {
            foot.push(format!(
                "{} that follow these {MOST_PACKETS} are left out",
                plural((all - MOST_PACKETS) as u64, "packet")
            ));
        }
        let end = self.capture.end.saturating_sub(self.connection.last.1);
        if end > 0 {
            foot.push(format!("the capture goes on for {}", seconds(end)));
        }
        foot.push(format!("ended {}", self.ending()));
        Drawing { start: self.sides().map(|side| self.start(side)), rungs, head, foot }
    }

    /// The state of an end before the first packet that is drawn.
    fn start(&self, side: Side) -> Option<State> {
        let is_drawn = self.packet(0).is_some_and(|packet| packet.number == self.connection.first.0);
        let opening = self.diagnosis.opening(side).changes.first().filter(|_| is_drawn);
        if let Some(change) = opening {
            return Some(change.state);
        }
        self.diagnosis.explanation(side).changes.first().map(|change| change.state)
    }

    /// The changes at a packet: those that follow it, or the others.
    fn changes(&self, index: usize, is_after: bool) -> Vec<Change> {
        let mut all = Vec::new();
        let number = self.packet(index).map(|packet| packet.number);
        for side in self.sides() {
            let opens = self.diagnosis.opening(side).changes.iter().filter(|_| is_after);
            let here = opens.filter(|change| change.at.is_some_and(|(at, _)| Some(at) == number));
            all.extend(here.map(|change| Change { side, state: change.state, by: "" }));
            let explanation = self.diagnosis.explanation(side);
            for (number, change) in explanation.changes.iter().enumerate() {
                let by = match change.cause {
                    Cause::Start => continue,
                    Cause::Sent | Cause::Received(_) => "",
                    Cause::Unseen => "not captured",
                    Cause::TimeWait => "2MSL have passed",
                    Cause::FinWait2 => "FIN_WAIT_2 timeout",
                    Cause::GaveUp => "gave up",
                    Cause::Gone => "knows of no such connection",
                };
                if change.index == index && explanation.follows_its_packet(number) == is_after {
                    all.push(Change { side, state: change.state, by });
                }
            }
        }
        all
    }

    /// At which later packet this one arrived, as far as it changed a state.
    fn arrival(&self, index: usize) -> Option<usize> {
        let packet = self.packet(index)?;
        let changes = &self.diagnosis.explanation(packet.from.other()).changes;
        let change = changes.iter().find(|change| change.cause == Cause::Received(index))?;
        (change.index > index).then_some(change.index)
    }

    fn why_unexplained(&self, index: usize) -> Option<String> {
        self.sides().into_iter().find_map(|side| {
            let unexplained = self.diagnosis.explanation(side).unexplained.as_ref()?;
            (unexplained.index == index).then(|| self.reason(side, unexplained))
        })
    }
}
