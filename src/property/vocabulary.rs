//! The words that formulas are made of.

use std::fmt;

use strum::IntoStaticStr;

use super::syntax::Temporal;

/// Something of a world that a formula can speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Observation {
    /// `state`
    State,
    /// `left`
    Left,
    /// `ended_by`
    EndedBy,
    /// `sent`
    Sent,
    /// `acked`
    Acked,
    /// `delivered`
    Delivered,
    /// `fin_sent`
    FinSent,
    /// `fin_acked`
    FinAcked,
    /// `fin_received`
    FinReceived,
    /// `close_called`
    CloseCalled,
    /// `retransmissions`
    Retransmissions,
    /// `incarnation`
    Incarnation,
    /// `old_octets`
    OldOctets,
    /// `old_acked`
    OldAcked,
    /// `ended_by_old`
    EndedByOld,
    /// `in_flight(KIND, END)`
    InFlight,
    /// `in_flight_old(KIND, END)`
    InFlightOld,
    /// `losses`
    Losses,
    /// `duplicates`
    Duplicates,
}

impl Observation {
    /// What is observed of an end, written behind it: `self.state`.
    pub const OF_AN_END: [Self; 15] = [
        Self::State,
        Self::Left,
        Self::EndedBy,
        Self::Sent,
        Self::Acked,
        Self::Delivered,
        Self::FinSent,
        Self::FinAcked,
        Self::FinReceived,
        Self::CloseCalled,
        Self::Retransmissions,
        Self::Incarnation,
        Self::OldOctets,
        Self::OldAcked,
        Self::EndedByOld,
    ];

    /// What is observed of the network.
    pub const OF_THE_NETWORK: [Self; 4] = [Self::InFlight, Self::InFlightOld, Self::Losses, Self::Duplicates];

    /// What there is only in a world that opens a new connection.
    pub const OF_AN_OPENING: [Self; 5] =
        [Self::Incarnation, Self::OldOctets, Self::OldAcked, Self::EndedByOld, Self::InFlightOld];

    /// The name in formulas.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.into()
    }

    #[expect(clippy::too_many_lines, reason = "a row for each observation")]
    fn term(self) -> Term {
        let (term, meaning, example) = match self {
            Self::State => (
                "self.state",
                "The state that the end is in.",
                "possible self.state == CLOSING and peer.state == CLOSING",
            ),
            Self::Left => (
                "self.left",
                "The state from which the end became CLOSED; NONE until then, and again once it opens a new connection.",
                "always self.left != NONE implies self.state in {CLOSED, LISTEN}",
            ),
            Self::EndedBy => (
                "self.ended_by",
                "How the end became CLOSED: FIN by the ACK of its FIN in LAST_ACK or by 2MSL, RST by a reset \
                 received, ABORT by a reset sent, GIVE_UP by its last retry or the timeout of FIN_WAIT_2 or LAST_ACK; \
                 NONE until then.",
                "never self.ended_by in {RST, ABORT}",
            ),
            Self::Sent => (
                "self.sent",
                "Octets that the end has sent, each counted once, without the FIN.",
                "always self.sent <= 2",
            ),
            Self::Acked => (
                "self.acked",
                "Octets that the end has sent and the peer has acknowledged, without the FIN.",
                "always self.acked <= peer.delivered",
            ),
            Self::Delivered => (
                "self.delivered",
                "Octets that the end has received in order, without the FIN.",
                "always self.fin_received implies self.delivered == peer.sent",
            ),
            Self::FinSent => (
                "self.fin_sent",
                "True once the end has sent its FIN.",
                "always self.fin_acked implies self.fin_sent",
            ),
            Self::FinAcked => (
                "self.fin_acked",
                "True once the end's own FIN has been acknowledged to it.",
                "always self.fin_acked implies peer.fin_received",
            ),
            Self::FinReceived => (
                "self.fin_received",
                "True once the end has consumed the peer's FIN, and so everything before it.",
                "always self.ended_by == FIN implies self.fin_received and self.fin_acked",
            ),
            Self::CloseCalled => (
                "self.close_called",
                "True once the end's application has called shutdown or close, or its TCP has closed for it \
                 (closes_on_fin).",
                "always self.fin_sent implies self.close_called",
            ),
            Self::Retransmissions => (
                "self.retransmissions",
                "Retransmissions by the end since something it sent was last acknowledged; \
                 a type error in a scenario without retries.",
                "always self.retransmissions <= 3",
            ),
            Self::Incarnation => (
                "self.incarnation",
                "Which connection the end is in, or was in last: 1, or 2 once it has opened a new one on the same ports; \
                 a type error in a scenario that opens none, as are the next four.",
                "always self.state == SYN_SENT implies self.incarnation == 2",
            ),
            Self::OldOctets => (
                "self.old_octets",
                "Octets of the former incarnation that were delivered to the end in the new one.",
                "always self.old_octets <= self.delivered",
            ),
            Self::OldAcked => (
                "self.old_acked",
                "True once an ACK of the former incarnation has acknowledged something that the end sent in the new one.",
                "always self.old_acked implies self.incarnation == 2",
            ),
            Self::EndedByOld => (
                "self.ended_by_old",
                "True once a segment of the former incarnation has ended the end's new connection, or its FIN was taken for \
                 that of the new peer.",
                "never self.ended_by_old and self.ended_by == NONE and not self.fin_received",
            ),
            Self::InFlightOld => (
                "in_flight_old(KIND, END)",
                "The same of those copies that the peer sent in its former incarnation.",
                "possible self.state == ESTABLISHED and self.incarnation == 2 and in_flight_old(ANY, self)",
            ),
            Self::InFlight => (
                "in_flight(KIND, END)",
                "Copies of segments in flight to END that are of KIND (FIN, DATA, ACK, RST, SYN or ANY); \
                 as a truth value, whether there are any.",
                "always self.left == TIME_WAIT implies not in_flight(FIN, self)",
            ),
            Self::Losses => (
                "losses",
                "Losses of originals so far; a type error in a scenario where they are unlimited.",
                "always losses == 0 implies A.state != LAST_ACK",
            ),
            Self::Duplicates => (
                "duplicates",
                "Duplicates that the network has made so far; a type error in a scenario where they are unlimited.",
                "always in_flight(ANY, A) > 3 implies duplicates > 0",
            ),
        };
        Term { term, meaning, example }
    }
}

impl fmt::Display for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A term of the language, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// How it is written.
    pub term: &'static str,
    /// A sentence, with the unit of what is counted.
    pub meaning: &'static str,
    /// A formula that uses it.
    pub example: &'static str,
}

/// Every term of the language.
#[must_use]
pub fn vocabulary() -> Vec<Term> {
    let observations = Observation::OF_AN_END.into_iter().chain(Observation::OF_THE_NETWORK);
    Temporal::ALL
        .iter()
        .map(|temporal| temporal.term())
        .chain(ENDS)
        .chain(observations.map(Observation::term))
        .chain(CONSTANTS)
        .chain(OPERATORS)
        .collect()
}

impl Temporal {
    fn term(self) -> Term {
        match self {
            Self::Always => Term {
                term: "always p",
                meaning: "□p: p is true in every state that can be reached.",
                example: "always self.acked <= self.sent",
            },
            Self::Never => Term {
                term: "never p",
                meaning: "□¬p: p is true in no state that can be reached.",
                example: "never self.ended_by == RST",
            },
            Self::Possible => Term {
                term: "possible p",
                meaning: "EF p: p is true in some state that can be reached.",
                example: "possible self.state == TIME_WAIT",
            },
            Self::Eventually => Term {
                term: "eventually p",
                meaning: "◇p: on every fair run p is true at some moment.",
                example: "eventually A.state == CLOSED and B.state == CLOSED",
            },
            Self::AlwaysEventually => Term {
                term: "always eventually p",
                meaning: "□◇p: on every fair run p is true again and again; if the run ends, in its last state.",
                example: "always eventually self.state != CLOSE_WAIT",
            },
            Self::EventuallyAlways => Term {
                term: "eventually always p",
                meaning: "◇□p: on every fair run p is true from some moment on.",
                example: "eventually always self.state == CLOSED",
            },
            Self::LeadsTo => Term {
                term: "p leads to q",
                meaning: "□(p → ◇q): on every fair run, whenever p is true, q is true then or later.",
                example: "self.state == LAST_ACK leads to self.state == CLOSED",
            },
            Self::TimePasses => Term {
                term: "time passes",
                meaning: "Nothing goes on forever at one instant, as two ends do that answer each other's answers; fair or not.",
                example: "time passes",
            },
        }
    }
}

const ENDS: [Term; 2] = [
    Term {
        term: "self, peer",
        meaning: "An end and the other one: the formula is about A with peer B, and about B with peer A.",
        example: "always self.acked <= peer.delivered",
    },
    Term {
        term: "A, B",
        meaning: "One of the two ends, named as in the scenario.",
        example: "possible A.state == TIME_WAIT and B.state == CLOSED",
    },
];

const CONSTANTS: [Term; 6] = [
    Term {
        term: "ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT, CLOSED",
        meaning: "The states, for state and left.",
        example: "always self.state in {ESTABLISHED, FIN_WAIT_1, FIN_WAIT_2, CLOSE_WAIT, CLOSING, LAST_ACK, TIME_WAIT, CLOSED}",
    },
    Term {
        term: "LISTEN, SYN_SENT, SYN_RECEIVED",
        meaning: "The states before them, which an end goes through only where it opens a new connection.",
        example: "never self.state in {LISTEN, SYN_SENT, SYN_RECEIVED}",
    },
    Term {
        term: "FIN, RST, ABORT, GIVE_UP",
        meaning: "The ways to become CLOSED, for ended_by.",
        example: "always self.ended_by in {FIN, RST, ABORT, GIVE_UP} implies self.state == CLOSED",
    },
    Term {
        term: "NONE",
        meaning: "The value of left and ended_by as long as a connection has not ended; it equals no state.",
        example: "always self.left == NONE implies self.ended_by == NONE",
    },
    Term { term: "0, 1, 2", meaning: "Numbers, from 0 to 4294967295.", example: "always self.sent in {0, 1, 2}" },
    Term { term: "true, false", meaning: "The truth values.", example: "always true != false" },
];

const OPERATORS: [Term; 8] = [
    Term {
        term: "p implies q",
        meaning: "q is true, or p is not; binds weakest, and to the right.",
        example: "always self.fin_acked implies self.fin_sent",
    },
    Term {
        term: "p or q",
        meaning: "p is true, or q, or both.",
        example: "always self.left == NONE or self.state == CLOSED",
    },
    Term {
        term: "p and q",
        meaning: "Both are true; binds more tightly than or.",
        example: "never self.state == CLOSED and self.left == NONE",
    },
    Term {
        term: "not p",
        meaning: "p is not true; binds more tightly than and, less than comparisons.",
        example: "always not self.ended_by == RST",
    },
    Term {
        term: "==, !=",
        meaning: "Whether two values of one type are the same.",
        example: "always self.fin_sent == self.close_called or self.sent != 0",
    },
    Term {
        term: "<, <=, >, >=",
        meaning: "Whether a number is less or greater than another.",
        example: "always self.sent >= 0 and losses < 2 and duplicates <= 1 and not self.acked > self.sent",
    },
    Term {
        term: "in {a, b}",
        meaning: "Whether a value is one of these, which are names or numbers.",
        example: "possible self.left in {LAST_ACK, NONE}",
    },
    Term {
        term: "+, -",
        meaning: "The sum and the difference of numbers, which may be below 0.",
        example: "always self.sent - self.acked + 1 > -1",
    },
];

#[cfg(test)]
mod tests {
    use super::super::formula::Formula;
    use super::*;
    use crate::diagnostic::SourceFile;
    use crate::tcp::{EndedBy, State};

    fn parsed(formula: &str) -> Formula {
        let file = SourceFile::new("a formula", formula);
        Formula::parse(&file, 0..formula.len(), formula).unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    #[test]
    fn every_example_parses_and_uses_its_term() {
        for Term { term, example, .. } in vocabulary() {
            let formula = parsed(example);
            let holes = ["p", "q", "KIND", "END", "a", "b"];
            for word in term.split([',', '(', ')', '{', '}', ' ']) {
                let used = holes.contains(&word) || example.contains(word);
                assert!(used, "`{word}` of `{term}` in `{example}`");
            }
            assert!(formula.to_string().len() >= term.len(), "{term}");
        }
    }

    #[test]
    fn every_observation_is_listed_and_understood() {
        let all = Observation::OF_AN_END.into_iter().chain(Observation::OF_THE_NETWORK);
        for observation in all {
            let listed = observation.term();
            assert!(vocabulary().contains(&listed), "{observation}");
            assert!(listed.term.contains(observation.name()), "{observation}");
            assert!(parsed(listed.example).mentions(observation).is_some(), "{observation}");
        }
    }

    #[test]
    fn every_constant_is_listed() {
        let listed: Vec<&str> = CONSTANTS.iter().flat_map(|term| term.term.split(", ")).collect();
        for name in State::ALL.map(State::name).into_iter().chain(EndedBy::ALL.map(EndedBy::name)) {
            assert!(listed.contains(&name), "{name}");
        }
    }

    #[test]
    fn every_meaning_is_a_sentence() {
        for Term { term, meaning, .. } in vocabulary() {
            assert!(meaning.ends_with('.'), "{term}");
        }
    }
}
