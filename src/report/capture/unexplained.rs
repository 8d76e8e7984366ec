//! The first packet that is not explained, for people.

use super::view::{View, plural};
use crate::capture::{Side, Unexplained, Why};
use crate::tcp::Seq;

impl View<'_> {
    /// The first packet that is not explained, and why not.
    pub(super) fn unexplained(&self, side: Side, unexplained: &Unexplained) -> String {
        let Some(packet) = self.packet(unexplained.index) else { return String::new() };
        let name = self.name(side);
        let states: Vec<&str> = unexplained.states.iter().map(|state| state.name()).collect();
        let instead: Vec<String> =
            unexplained.instead.iter().map(|segment| self.relative(side, segment).to_string()).collect();
        let instead =
            if instead.is_empty() { String::new() } else { format!(" It could send {}.", instead.join(" or ")) };
        format!(
            "{} of {name}: {}. {} {name} is in {}.{instead}",
            self.at(unexplained.index),
            self.relative(side, &packet.segment),
            self.reason(side, unexplained),
            states.join(" or ")
        )
    }

    /// Why the packet is not explained.
    pub(super) fn reason(&self, side: Side, unexplained: &Unexplained) -> String {
        let name = self.name(side);
        let own = |seq: Seq| seq.since(self.origin(side));
        let peers = |seq: Seq| seq.since(self.origin(side.other()));
        match unexplained.why {
            Why::AcknowledgesUnseen(end) => format!(
                "It acknowledges text that is not in the capture, which lacks the number {} of the other end.",
                peers(end)
            ),
            Why::AfterFin(fin) => {
                format!("{name}'s FIN has the number {}, and nothing comes after a FIN.", own(fin))
            }
            Why::LeavesOut(next) => format!(
                "{name}'s next number is {}, and the numbers between that and this packet are not in the capture.",
                own(next)
            ),
            Why::FinInText(end) => {
                format!("{name} has sent text up to the number {}, and a FIN comes after it.", own(end))
            }
            Why::Missed(next) => format!(
                "{name}'s next number is {}; the numbers between that and this packet are not in the capture, and the \
                 other end acknowledges them: the capture has missed them.",
                own(next)
            ),
            Why::ResetNumber(next) => format!(
                "A reset has the number that is its sender's next, {}, or that the segment acknowledges which it \
                 answers.{}",
                own(next),
                self.packet(unexplained.index).map_or_else(String::new, |packet| beyond(packet.segment.seq, next))
            ),
            Why::Closed => format!("{name} is CLOSED, and sends resets at most."),
            Why::NoAck => {
                "Every segment of a connection that is established carries an acknowledgment.".to_owned()
            }
            Why::Other => "No state has these numbers.".to_owned(),
        }
    }
}

/// The possible causes of a reset whose number comes after the next.
fn beyond(seq: Seq, next: Seq) -> String {
    if !next.precedes(seq) {
        return String::new();
    }
    let octets = plural(u64::from(seq.since(next)), "octet");
    format!(
        " This one is {octets} beyond: those between were lost before they could be captured, or it is forged."
    )
}
