//! How a connection was opened, and what was on its ports before, for people.

use std::fmt::Write;

use super::view::{View, seconds};
use crate::capture::{Reuse, Side};
use crate::tcp::State;

impl View<'_> {
    /// What the connection found on its ports.
    pub(super) fn reuses(&self, reuse: &Reuse) -> String {
        let Reuse { connection, states, since, above } = *reuse;
        let mut text = format!("the ports of connection {connection}, {} after its last packet", seconds(since));
        let were: Vec<String> = Side::BOTH
            .into_iter()
            .zip(states)
            .filter_map(|(side, state)| {
                let (end, state) = (self.name(side), state?);
                let sends_a_syn = matches!(state, State::Closed | State::Listen | State::TimeWait);
                Some(if side == Side::First && !sends_a_syn {
                    format!("{end} was last seen in {state} there, and has forgotten it")
                } else {
                    format!("{end} was in {state} there")
                })
            })
            .collect();
        if !were.is_empty() {
            let _ = write!(text, ": {}", were.join(", "));
        }
        let [opener, other] = Side::BOTH.map(|side| self.name(side));
        let found = match (states, above) {
            ([_, Some(State::TimeWait)], Some(true)) => format!(
                ". The SYN has a number above all that {opener} used there, and TIME_WAIT may give way to it (RFC 9293 \
                 section 3.6.1)."
            ),
            ([_, Some(State::TimeWait)], Some(false)) => format!(
                ". The SYN has no number above all that {opener} used there: TIME_WAIT does not give way to it, but \
                 answers with an ACK (RFC 9293 section 3.10.7.4)."
            ),
            ([_, None | Some(State::Closed | State::TimeWait)], _) => ".".to_owned(),
            ([_, Some(state)], _) => format!(
                ". {state} answers the SYN with an ACK, whatever its number (RFC 5961 section 4), which {opener} answers \
                 with a reset; that ends what {other} has left of connection {connection}."
            ),
        };
        text + &found
    }

    /// The packets of the connection before that were captured after this one began.
    pub(super) fn old_copies(&self) -> String {
        let numbers: Vec<String> = self.connection.old_copies.iter().map(ToString::to_string).collect();
        let before = self.reuse.map_or_else(String::new, |reuse| format!(" of connection {}", reuse.connection));
        format!("packet {}: of the numbers{before}, captured after this one had begun", numbers.join(", "))
    }

    /// The states that an end went through until it was ESTABLISHED, if it came there.
    pub(super) fn opening(&self, side: Side) -> String {
        let changes = &self.diagnosis.opening(side).changes;
        let states: Vec<String> = changes
            .iter()
            .map(|change| match change.at {
                Some((number, time)) => {
                    let time = seconds(time.saturating_sub(self.capture.start));
                    format!("{} (packet {number}, {time})", change.state)
                }
                None => change.state.name().to_owned(),
            })
            .collect();
        states.join(" → ")
    }

    /// The first packet of the opening that is not explained.
    pub(super) fn unexplained_opening(&self, side: Side, number: u64) -> String {
        let packet = self.connection.opening().into_iter().find(|packet| packet.number == number);
        packet.map_or_else(String::new, |packet| {
            format!(
                "packet {number}, {} of {}: {}. Neither its own SYN nor what it had received by then leads to it.",
                seconds(packet.time.saturating_sub(self.capture.start)),
                self.name(side),
                self.relative(side, &packet.segment)
            )
        })
    }
}
