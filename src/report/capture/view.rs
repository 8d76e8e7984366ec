//! A connection as it is reported, for every format.

use crate::capture::{
    Capture, Change, Connection, Diagnosis, Ending, Finding, FindingKind, Packet, Reuse, Side, state_before,
};
use crate::report::quantity::counted;
use crate::tcp::{Segment, Seq, State};

/// A number that is further than this beyond an end's next one is none of its own.
const NEAR: u32 = 1 << 16;

/// A connection and what the model makes of it.
pub(super) struct View<'a> {
    pub(super) capture: &'a Capture,
    /// Its number in the capture, from 1.
    pub(super) number: usize,
    pub(super) connection: &'a Connection,
    pub(super) diagnosis: &'a Diagnosis,
    /// What it found on its ports.
    pub(super) reuse: Option<Reuse>,
}

pub(super) fn plural(count: u64, what: &str) -> String {
    counted(usize::try_from(count).unwrap_or(usize::MAX), what)
}

/// Nanoseconds as seconds.
pub(super) fn seconds(nanoseconds: i64) -> String {
    let milliseconds = nanoseconds.unsigned_abs() / 1_000_000;
    let sign = if nanoseconds < 0 { "-" } else { "" };
    format!("{sign}{}.{:03} s", milliseconds / 1000, milliseconds % 1000)
}

impl<'a> View<'a> {
    /// One of each finding.
    pub(super) fn all(capture: &'a Capture, findings: &'a [Finding]) -> Vec<Self> {
        let view = |finding: &'a Finding| {
            let connection = capture.connections.get(finding.number.checked_sub(1)?)?;
            Some(Self {
                capture,
                number: finding.number,
                connection,
                diagnosis: &finding.diagnosis,
                reuse: finding.reuse,
            })
        };
        findings.iter().filter_map(view).collect()
    }

    /// Its number and its ends.
    pub(super) fn ends(&self) -> String {
        let [a, b] = self.sides().map(|side| *side.of(&self.connection.ends));
        format!("{}: A {a}  B {b}{}", self.number, self.inside())
    }

    /// The tags and tunnels around the packets, if they distinguish the connection from others between the same
    /// ends.
    fn inside(&self) -> String {
        if self.connection.namesakes == 0 {
            return String::new();
        }
        let [a, b] = self.sides().map(|side| side.of(&self.connection.inside));
        match (a, b) {
            (Some(a), Some(b)) if a != b => format!("  A in {a}, B in {b}"),
            (Some(inside), _) | (None, Some(inside)) => format!("  in {inside}"),
            (None, None) => String::new(),
        }
    }

    /// It is of one of these kinds; without any, it is.
    pub(super) fn is_any_of(&self, kinds: &[FindingKind]) -> bool {
        kinds.is_empty() || self.diagnosis.kinds().any(|kind| kinds.contains(&kind))
    }

    pub(super) fn name(&self, side: Side) -> char {
        if side == self.diagnosis.a { 'A' } else { 'B' }
    }

    pub(super) fn packet(&self, index: usize) -> Option<&Packet> {
        self.connection.packets.get(index)
    }

    /// A packet's number and time, in parentheses.
    pub(super) fn at(&self, index: usize) -> String {
        self.packet(index).map_or_else(String::new, |packet| {
            format!("packet {}, {}", packet.number, seconds(packet.time.saturating_sub(self.capture.start)))
        })
    }

    /// The states in which an end may be or have been as well as in this one, if an end had closed before the
    /// capture began.
    pub(super) fn alternatives(&self, side: Side, state: State) -> Vec<State> {
        let in_which = |path: &[Change]| match &self.diagnosis.ending {
            Ending::Reset { index, .. } => state_before(path, *index),
            // Who gave up is CLOSED by now.
            Ending::GaveUp { .. } => {
                path.iter().rev().map(|change| change.state).find(|one| *one != State::Closed)
            }
            _ => path.last().map(|change| change.state),
        };
        let awaits_ack = |state| matches!(state, State::FinWait1 | State::LastAck | State::Closing);
        let sends_fin =
            matches!(self.diagnosis.ending, Ending::GaveUp { .. } | Ending::Stuck { .. }) && awaits_ack(state);
        let mut others = Vec::new();
        let accounts = self.diagnosis.explanation(side).closed_before.iter();
        for other in accounts.filter_map(|account| in_which(&account.changes)) {
            // Who sends its FIN again and again is in none of the others.
            if other != state && !others.contains(&other) && (awaits_ack(other) || !sends_fin) {
                others.push(other);
            }
        }
        others
    }

    /// The number from which an end's own numbers count: its SYN's, or one before the first that was seen.
    pub(super) fn origin(&self, side: Side) -> Seq {
        let before = self.connection.before(side);
        let of_first = || {
            let mut packets = self.connection.packets.iter();
            let acked = packets.clone().find(|packet| packet.from != side && packet.segment.flags.ack);
            let own = packets.find(|packet| packet.from == side);
            own.map(|packet| packet.segment.seq).or(acked.map(|packet| packet.segment.ack))
        };
        let first = before.next.or_else(of_first).map(|first| first + u32::MAX);
        before.syn.or(first).unwrap_or_default()
    }

    /// A segment with its numbers as the world writes them: its sender's first octet is 1.
    pub(super) fn relative(&self, side: Side, segment: &Segment) -> Segment {
        let number = |seq: Seq, side| Seq(seq.since(self.origin(side)));
        // A reset from nowhere has the number 0, which is no number of the connection, unless the end has come
        // near it: numbers wrap.
        let is_near = |seq| {
            let next = self.connection.progress(side).next;
            next.is_some_and(|next| number(seq, side).0 <= number(next, side).0.saturating_add(NEAR))
        };
        let is_of_nowhere = segment.flags.rst && segment.seq == Seq(0) && !is_near(segment.seq);
        Segment {
            seq: if is_of_nowhere { Seq(0) } else { number(segment.seq, side) },
            ack: if segment.flags.ack { number(segment.ack, side.other()) } else { Seq(0) },
            ..*segment
        }
    }
}
