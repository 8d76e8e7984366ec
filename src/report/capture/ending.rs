//! How a connection ended, for people.

use std::fmt::Write;

use super::view::{View, plural, seconds};
use crate::capture::{Ending, Forged, Handshake, Side, Unacknowledged};
use crate::tcp::State;

impl View<'_> {
    pub(super) fn ending(&self) -> String {
        let ending = &self.diagnosis.ending;
        let state = |side: Side, state: &Option<State>| {
            state.map_or("an unknown state".to_owned(), |state| self.state_of(side, state))
        };
        let what = match ending {
            Ending::NotEstablished(Handshake::Refused(index)) => format!("refused ({})", self.at(*index)),
            Ending::NotEstablished(Handshake::GivenUp(index)) => {
                format!("not established: a reset ended the handshake ({})", self.at(*index))
            }
            Ending::NotEstablished(Handshake::OldConnection(answer)) => {
                format!("not established: an old connection answered (packet {})", answer.number)
            }
            Ending::NotEstablished(Handshake::TooEarly { is_answered, since }) => {
                let answer = if *is_answered { "answered, and the answer was not" } else { "not answered" };
                format!("too early. The SYN was {answer}, but the capture ends {} after it", seconds(*since))
            }
            Ending::NotEstablished(Handshake::Unanswered | Handshake::Unfinished) => self.attempts(),
            Ending::Open => "not at all".to_owned(),
            Ending::Clean { .. } => "cleanly".to_owned(),
            Ending::Reset { by, index, from, to, .. } => format!(
                "by a reset of {} ({}) in {}; {} was in {}",
                self.name(*by),
                self.at(*index),
                state(*by, from),
                self.name(by.other()),
                state(by.other(), to)
            ),
            Ending::GaveUp { side, state, silence } => format!(
                "{} gave up in {}: the capture goes on for {} in silence",
                self.name(*side),
                self.state_of(*side, *state),
                seconds(*silence)
            ),
            Ending::Unanswered { side, state: of, what, repeated, is_before_fin, .. } => {
                let what = match what {
                    Unacknowledged::KeepAlive => "keep-alives".to_owned(),
                    _ => format!("{} of text", plural(u64::from(repeated.len), "octet")),
                };
                let fin = if *is_before_fin { ", and its FIN waits behind that" } else { "" };
                format!(
                    "unanswered: {} is in {} and has sent {what} {} times in {} (packets {} to {}); nothing \
                     acknowledges it{fin}",
                    self.name(*side),
                    state(*side, of),
                    repeated.times,
                    seconds(repeated.lasts()),
                    repeated.first.0,
                    repeated.last.0,
                )
            }
            Ending::ClosedWindow { side, since, probes } => format!(
                "stuck: {} has offered no window for {}, and {} has asked {}",
                self.name(*side),
                seconds(*since),
                self.name(side.other()),
                plural(u64::from(*probes), "time")
            ),
            Ending::TooEarly { side, state, since }
            | Ending::HalfClosed { side, state, since }
            | Ending::Stuck { side, state, since } => format!(
                "{}: {} is in {}, {} before the capture ends",
                ending.kind().name().replace('-', " "),
                self.name(*side),
                self.state_of(*side, *state),
                seconds(*since)
            ),
            Ending::NotShown { side, state, .. } | Ending::BeginsLate { side, state } => format!(
                "the capture does not show it: {} was last seen in {}",
                self.name(*side),
                self.state_of(*side, *state)
            ),
            Ending::Storm(storm) => format!(
                "in a storm: packets {} to {} repeat the same two segments {} times in {}",
                storm.first,
                storm.last,
                storm.packets / 2,
                seconds(storm.lasts)
            ),
            Ending::Unknown => "in an unknown way".to_owned(),
        };
        if let Ending::Reset { by, forged: Some(forged), .. } = ending {
            return format!("{what}. {}", self.forged(*by, *forged));
        }
        let mut sentence = format!("{what}. {}", ending.meaning());
        if let Ending::Clean { reset: Some(index), .. } = ending {
            let _ = write!(
                sentence,
                " A reset comes later ({}), which can end nothing but TIME_WAIT.",
                self.at(*index)
            );
        }
        sentence
    }

    /// The number of attempts of the end that opens, or of the one that answers.
    fn attempts(&self) -> String {
        let tries = Side::BOTH.into_iter().filter_map(|side| {
            let repeated = self.connection.progress(side).unacknowledged?;
            (repeated.times > 1).then_some((side, repeated))
        });
        match tries.max_by_key(|(_, repeated)| repeated.times) {
            Some((side, repeated)) => format!(
                "not established, though {} has tried {} times in {}",
                self.name(side),
                repeated.times,
                seconds(repeated.lasts())
            ),
            None => "not established".to_owned(),
        }
    }

    /// The evidence that a reset is not from the end that it names.
    pub(super) fn forged(&self, by: Side, forged: Forged) -> String {
        let name = self.name(by);
        match forged {
            Forged::HopLimit { is, usual } => format!(
                "Its hop limit is {is}, that of {name}'s other packets {usual}: something on the way has sent it."
            ),
            Forged::Identification { is, last } => format!(
                "Its IP identification is {is}, that of {name}'s packet before {last}, and {name} counts them: something \
                 on the way has sent it."
            ),
            Forged::GoesOn { number } => {
                format!("{name} goes on with packet {number}: something on the way has sent the reset.")
            }
        }
    }

    /// The state of an end, and those that it may be in as well if an end had closed before the capture began.
    fn state_of(&self, side: Side, state: State) -> String {
        let others = self.alternatives(side, state);
        [state].iter().chain(&others).map(|state| state.name()).collect::<Vec<&str>>().join(" or ")
    }
}
