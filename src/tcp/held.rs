//! Text and FIN that arrived before what precedes them.

use super::segment::Seq;

/// What an endpoint holds beyond a hole in the sequence space.
///
/// RFC 9293 §3.10.7.4, seventh step: segments with higher beginning numbers are held for later processing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Held {
    /// Text as half-open ranges of numbers: sorted, disjoint, not adjacent, all beyond RCV.NXT.
    text: Vec<(Seq, Seq)>,
    /// The number of a FIN.
    fin: Option<Seq>,
}

impl Held {
    /// Nothing is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.fin.is_none()
    }

    /// The held text, as half-open ranges of numbers in order.
    #[must_use]
    pub fn text(&self) -> &[(Seq, Seq)] {
        &self.text
    }

    /// The number of the held FIN.
    #[must_use]
    pub fn fin(&self) -> Option<Seq> {
        self.fin
    }

    /// Holds the text from `start` up to, but not including, `end`; `start` precedes `end`. What is held already
    /// may overlap it.
    pub fn hold_text(&mut self, start: Seq, end: Seq) {
        let (mut start, mut end) = (start, end);
        self.text.retain(|&(held_start, held_end)| {
            let apart = end.precedes(held_start) || held_end.precedes(start);
            if !apart {
                if held_start.precedes(start) {
                    start = held_start;
                }
                end = end.max(held_end);
            }
            apart
        });
        let place = self.text.iter().take_while(|(held_start, _)| held_start.precedes(start)).count();
        self.text.insert(place, (start, end));
    }

    /// Holds a FIN with this number.
    pub fn hold_fin(&mut self, number: Seq) {
        self.fin = Some(number);
    }

    /// Takes out the text that continues at `next` and returns where it ends.
    pub fn take_text(&mut self, next: Seq) -> Seq {
        let mut next = next;
        self.text.retain(|&(start, end)| {
            let reached = !next.precedes(start);
            if reached {
                next = next.max(end);
            }
            !reached
        });
        next
    }

    /// Takes out the FIN if its turn has come: if it has the number `next`. One that text has run over is
    /// forgotten.
    pub fn take_fin(&mut self, next: Seq) -> bool {
        self.fin.take_if(|number| !next.precedes(*number)) == Some(next)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Against a set of single octets.
        #[test]
        fn is_a_set_of_octets(pieces in prop::collection::vec((1u32..40, 1u32..6), 0..12), next in 1u32..40) {
            let mut held = Held::default();
            let mut octets = std::collections::BTreeSet::new();
            for (start, len) in pieces {
                held.hold_text(Seq(start), Seq(start + len));
                octets.extend(start..start + len);
            }
            let of_ranges = |held: &Held| -> Vec<u32> {
                held.text().iter().flat_map(|(start, end)| start.0..end.0).collect()
            };
            prop_assert_eq!(of_ranges(&held), octets.iter().copied().collect::<Vec<_>>());
            prop_assert!(held.text().windows(2).all(|pair| pair[0].1.precedes(pair[1].0)));

            // Ranges that begin before `next` do not occur in an endpoint.
            octets.retain(|octet| *octet >= next);
            let mut held = Held::default();
            for octet in &octets {
                held.hold_text(Seq(*octet), Seq(octet + 1));
            }
            let mut reached = next;
            while octets.remove(&reached) {
                reached += 1;
            }
            prop_assert_eq!(held.take_text(Seq(next)), Seq(reached));
            prop_assert_eq!(of_ranges(&held), octets.into_iter().collect::<Vec<_>>());
        }
    }
}
