//! The explanation of a capture, as one JSON document.

use std::collections::BTreeMap;

use serde::Serialize;

use super::view::View;
use crate::capture::{Capture, Ending, Finding, FindingKind, FirstToClose, Handshake, Packet, Side, Unexplained};
use crate::json;
use crate::tcp::State;

/// Raised with every change that a reader could trip over.
const VERSION: u32 = 3;

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    lastack: &'static str,
    file: &'a str,
    explained: bool,
    /// The number of selected connections of each kind. One that is not explained has an ending, too.
    endings: BTreeMap<&'static str, usize>,

    packets: u64,
    passed_over: PassedOverReport,
    /// Why not all of the file was looked at.
    fault: Option<FaultReport>,
    /// The warnings that are written to stderr, too.
    mistakes: Vec<String>,
    connections: Vec<ConnectionReport>,
}

#[derive(Serialize)]
struct PassedOverReport {
    /// How many packets of what kind.
    carried: Vec<CarriedReport>,
    fragments: u64,
    cut_off: u64,
}

#[derive(Serialize)]
struct CarriedReport {
    what: String,
    packets: u64,
    may_hide_tcp: bool,
}

#[derive(Serialize)]
struct FaultReport {
    /// The byte, from 0, from which on it was not read.
    byte: u64,
    what: &'static str,
}

#[derive(Serialize)]
struct ConnectionReport {
    /// Its number in the capture, from 1.
    number: usize,
    a: EndReport,
    b: EndReport,
    first_packet: u64,
    last_packet: u64,
    start_seconds: f64,
    end_seconds: f64,
    /// `A`, `B`, `both`, `nobody`, or `unknown`: an end may have closed before the capture began.
    closed_first: &'static str,
    ended: EndingReport,
    /// The packet at which there was too much to explain.
    given_up_at: Option<u64>,
    /// The first packet of the opening that is not explained.
    unexplained_opening: Option<u64>,
    unexplained: Option<UnexplainedReport>,
    reuses: Option<ReuseReport>,
    /// Packets of the connection before, which had the same ports.
    old_copies: Vec<u64>,
}

#[derive(Serialize)]
struct ReuseReport {
    /// The connection that had the same ports before.
    connection: usize,
    /// The states that its ends were in.
    a: Option<&'static str>,
    b: Option<&'static str>,
    /// Since its last packet.
    seconds: f64,
    /// The number of the SYN is above all that its end had used.
    above: Option<bool>,
}

#[derive(Serialize)]
struct EndReport {
    address: String,
    port: u16,
    packets: u64,
    /// The tags and tunnels that its packets were in, the outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    inside: Vec<String>,
    /// The states until it was ESTABLISHED, if it came there.
    opening: Vec<OpeningReport>,
    states: Vec<ChangeReport>,
    /// Other states in which it may be at the end.
    possibly: Vec<&'static str>,
    text_sent_again: usize,
    fin_sent_again_after_seconds: Vec<f64>,
    /// Numbers of what was lost before it could be captured.
    lost: u32,
    /// Numbers of what the other end acknowledges, and the capture has missed.
    missed: u32,
}

#[derive(Serialize)]
struct ChangeReport {
    state: &'static str,
    packet: u64,
    seconds: f64,
    cause: &'static str,
}

#[derive(Serialize)]
struct OpeningReport {
    state: &'static str,
    /// The packet that it sent or received, and its time; none at first.
    packet: Option<u64>,
    seconds: Option<f64>,
}

#[derive(Serialize)]
struct EndingReport {
    how: &'static str,
    /// The end that sent the reset, gave up or waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    /// The state that it is or was in.
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    /// The reset.
    #[serde(skip_serializing_if = "Option::is_none")]
    packet: Option<u64>,
    /// The evidence that the reset is not from the end that it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    forged: Option<String>,
    meaning: &'static str,
}

#[derive(Serialize)]
struct UnexplainedReport {
    packet: u64,
    from: String,
    segment: String,
    states: Vec<&'static str>,
    could_send: Vec<String>,
    why: String,
}

/// Everything, as one JSON document with a final line break.
#[must_use]
pub fn report(file: &str, capture: &Capture, findings: &[Finding], only: &[FindingKind]) -> String {
    let views = View::all(capture, findings);
    let connections = views.iter().filter(|view| view.is_any_of(only)).map(View::report).collect();
    let over = &capture.passed_over;
    let document = Document {
        version: VERSION,
        lastack: env!("CARGO_PKG_VERSION"),
        file,
        explained: findings.iter().all(|finding| finding.diagnosis.is_explained()),
        endings: counts(findings),

        packets: capture.packets,
        passed_over: PassedOverReport {
            carried: over
                .carried
                .iter()
                .map(|(carried, packets)| CarriedReport {
                    what: carried.to_string(),
                    packets: *packets,
                    may_hide_tcp: carried.may_hide_tcp(),
                })
                .collect(),
            fragments: over.fragments,
            cut_off: over.cut_off,
        },
        fault: capture.fault.as_ref().map(|fault| FaultReport { byte: fault.position, what: fault.what.name() }),
        mistakes: capture.mistakes(),
        connections,
    };
    json::document(&document)
}

fn counts(findings: &[Finding]) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for kind in findings.iter().flat_map(|finding| finding.diagnosis.kinds()) {
        *counts.entry(kind.name()).or_default() += 1;
    }
    counts
}

/// Nanoseconds since the capture began, as seconds.
fn seconds(capture: &Capture, time: i64) -> f64 {
    duration(time.saturating_sub(capture.start))
}

fn duration(nanoseconds: i64) -> f64 {
    // Milliseconds are exact enough, and are numbers of the same length in every document.
    std::time::Duration::from_millis(nanoseconds.unsigned_abs() / 1_000_000).as_secs_f64()
        * if nanoseconds < 0 { -1.0 } else { 1.0 }
}

impl View<'_> {
    fn report(&self) -> ConnectionReport {
        let Self { capture, connection, diagnosis, .. } = self;
        let first_unexplained = diagnosis.unexplained();
        ConnectionReport {
            number: self.number,
            a: self.end(diagnosis.a),
            b: self.end(diagnosis.a.other()),
            first_packet: connection.first.0,
            last_packet: connection.last.0,
            start_seconds: seconds(capture, connection.first.1),
            end_seconds: seconds(capture, connection.last.1),
            closed_first: match diagnosis.first {
                FirstToClose::Nobody => "nobody",
                FirstToClose::Both(..) => "both",
                FirstToClose::OrBefore(..) => "unknown",
                FirstToClose::One(side, _) | FirstToClose::Unseen(side, _) if side == diagnosis.a => "A",
                FirstToClose::One(..) | FirstToClose::Unseen(..) => "B",
            },
            ended: self.ended(),
            given_up_at: diagnosis
                .too_many()
                .and_then(|index| self.packet(index))
                .map(|packet| packet.number)
                .or(connection.not_kept),
            unexplained_opening: diagnosis.unexplained_opening().map(|(_, number)| number),
            unexplained: first_unexplained
                .and_then(|(side, unexplained)| self.unexplained_report(side, unexplained)),
            reuses: self.reuse.map(|reuse| {
                let state = |side: Side| side.of(&reuse.states).map(State::name);
                ReuseReport {
                    connection: reuse.connection,
                    a: state(diagnosis.a),
                    b: state(diagnosis.a.other()),
                    seconds: duration(reuse.since),
                    above: reuse.above,
                }
            }),
            old_copies: connection.old_copies.clone(),
        }
    }

    fn end(&self, side: Side) -> EndReport {
        let (explanation, again) = (self.diagnosis.explanation(side), self.diagnosis.again(side));
        let end = *side.of(&self.connection.ends);
        let change = |change: &crate::capture::Change| {
            self.packet(change.index).map(|packet: &Packet| ChangeReport {
                state: change.state.name(),
                packet: packet.number,
                seconds: seconds(self.capture, packet.time),
                cause: change.cause.name(),
            })
        };
        let opening = self.diagnosis.opening(side).changes.iter().map(|change| OpeningReport {
            state: change.state.name(),
            packet: change.at.map(|(number, _)| number),
            seconds: change.at.map(|(_, time)| seconds(self.capture, time)),
        });
        EndReport {
            address: end.ip().to_string(),
            port: end.port(),
            packets: self.connection.sent(side),
            inside: self.connection.inside(side).iter().map(ToString::to_string).collect(),
            opening: opening.collect(),
            states: explanation.changes.iter().filter_map(change).collect(),
            possibly: explanation
                .possibly
                .iter()
                .chain(&explanation.states_if_closed_before())
                .map(|state| state.name())
                .collect(),
            text_sent_again: again.text,
            fin_sent_again_after_seconds: again.fin_gaps.iter().map(|gap| duration(*gap)).collect(),
            lost: explanation.lost,
            missed: self.diagnosis.missed(side),
        }
    }

    fn ended(&self) -> EndingReport {
        let ending = &self.diagnosis.ending;
        let number = |index: usize| self.packet(index).map(|packet| packet.number);
        let (side, state, packet) = match ending {
            Ending::NotEstablished(Handshake::Refused(index) | Handshake::GivenUp(index)) => {
                (None, None, number(*index))
            }
            Ending::Reset { by, index, from, .. } => (Some(*by), *from, number(*index)),
            Ending::GaveUp { side, state, .. }
            | Ending::TooEarly { side, state, .. }
            | Ending::HalfClosed { side, state, .. }
            | Ending::Stuck { side, state, .. }
            | Ending::NotShown { side, state, .. }
            | Ending::BeginsLate { side, state } => (Some(*side), Some(*state), None),
            Ending::Unanswered { side, state, repeated, .. } => (Some(*side), *state, Some(repeated.first.0)),
            Ending::ClosedWindow { side, .. } => (Some(*side), self.diagnosis.explanation(*side).state(), None),
            Ending::NotEstablished(Handshake::OldConnection(answer)) => (None, None, Some(answer.number)),
            Ending::Clean { reset, .. } => (None, None, reset.and_then(number)),
            Ending::Storm(storm) => (None, None, Some(storm.first)),
            Ending::NotEstablished(_) | Ending::Open | Ending::Unknown => (None, None, None),
        };
        // Several states may be as likely: `possibly` of the end has them.
        let state = state.filter(|state| side.is_none_or(|side| self.alternatives(side, *state).is_empty()));
        EndingReport {
            how: ending.kind().name(),
            end: side.map(|side| self.name(side).to_string()),
            state: state.map(State::name),
            packet,
            forged: match ending {
                Ending::Reset { by, forged, .. } => forged.map(|forged| self.forged(*by, forged)),
                _ => None,
            },
            meaning: ending.meaning(),
        }
    }

    fn unexplained_report(&self, side: Side, unexplained: &Unexplained) -> Option<UnexplainedReport> {
        let packet = self.packet(unexplained.index)?;
        Some(UnexplainedReport {
            packet: packet.number,
            from: self.name(side).to_string(),
            segment: self.relative(side, &packet.segment).to_string(),
            states: unexplained.states.iter().map(|state| state.name()).collect(),
            could_send: unexplained
                .instead
                .iter()
                .map(|segment| self.relative(side, segment).to_string())
                .collect(),
            why: self.reason(side, unexplained),
        })
    }
}
